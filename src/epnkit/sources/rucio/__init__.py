"""Rucio: the files of observations, from the names of their data sets."""
