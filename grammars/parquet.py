"""DaCHS grammar: the rows of Parquet files, loaded in bulk."""

from epnkit.loading.grammar import bulk

RowIterator = bulk("parquet")
