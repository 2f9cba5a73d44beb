"""Parquet files of a directory."""
