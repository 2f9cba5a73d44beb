"""DaCHS grammar: the documents of a search in Elasticsearch or OpenSearch, row by row."""

from epnkit.loading.grammar import rows

RowIterator = rows("elasticsearch")
