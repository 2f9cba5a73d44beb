"""The links of a granule, from one declaration a service."""
