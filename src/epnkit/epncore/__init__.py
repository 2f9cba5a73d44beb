"""The standard as data: EPNcore columns, vocabularies and numbered rules, and their use."""
