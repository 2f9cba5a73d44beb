"""HTTP, retries and reading ahead, for every kind of source."""
