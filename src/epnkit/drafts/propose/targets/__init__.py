"""Proposals for what was looked at, and what looked at it."""
