"""Data sets described by one ASDF file, without the many files that hold their data."""
