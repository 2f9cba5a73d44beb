"""Proposals for spectral ranges, steps and resolutions."""
