"""Examining a DaCHS and its services: what would fail or is insecure, and how to fix it."""
