"""Looking at a source: what it is, its fields, and the values that they hold."""
