"""Replicas: sources of real form and synthetic content, for demonstrations and tests."""
