"""Proposals for coordinates, outlines and angles."""
