"""Examining a DaCHS and its services: what would fail, or let others in, and what cures it."""
