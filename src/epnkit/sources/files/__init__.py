"""Files of a directory as records."""
