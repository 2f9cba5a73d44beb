"""What the RDs of benchmarks have in common."""

from __future__ import annotations


def head(name: str) -> str:
    """Begin an RD, with the metadata that DaCHS asks of a table that is published by TAP."""
    return f"""
<resource schema="{name}" resdir="{name}">
  <meta name="creationDate">2026-01-01T00:00:00Z</meta>
  <meta name="title">Benchmark</meta>
  <meta name="description">A benchmark.</meta>
  <meta name="subject">solar-physics</meta>
  <meta name="creator.name">epnkit</meta>
"""
