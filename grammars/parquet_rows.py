"""DaCHS grammar: the rows of Parquet files, row by row."""

from epnkit.loading.grammar import rows

RowIterator = rows("parquet")
