"""Data of granules as streams by time: HAPI and Das2 from the files that services list."""
