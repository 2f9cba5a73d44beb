"""HTTP, paging, retries and prefetching, for every kind of source."""
