"""The links of granules, from one declaration per service."""
