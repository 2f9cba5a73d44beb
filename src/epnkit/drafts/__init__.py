"""Drafting a service for a source that nobody has mapped yet: what ``epnkit new`` writes."""
