"""DaCHS grammar: the documents of a search in Elasticsearch or OpenSearch, loaded in bulk."""

from epnkit.loading.grammar import bulk

RowIterator = bulk("elasticsearch")
