"""Drafting a service for a source that is not mapped yet: what ``epnkit new`` writes."""
