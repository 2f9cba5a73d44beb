"""From a record to a granule: a mapping is declared column by column."""
