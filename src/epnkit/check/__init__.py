"""Checking what is published: a file, a service folder or a served table, by the rules of EPNcore.

What the rules are, and how columns are checked by them, is in :mod:`epnkit.epncore`.
"""
