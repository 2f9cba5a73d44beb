"""Replicas: sources of real form and synthetic content, filled for demonstrations and tests."""
