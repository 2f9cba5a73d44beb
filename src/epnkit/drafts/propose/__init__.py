"""Proposals for the columns of EPNcore, each with its evidence."""
