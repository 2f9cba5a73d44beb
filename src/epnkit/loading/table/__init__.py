"""The table of a service: copying into it, merging, adding columns, partitions."""
