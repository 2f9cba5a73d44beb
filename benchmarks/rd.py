"""What the RDs of benchmarks have in common."""

from __future__ import annotations


def head(name: str, folder: str = "") -> str:
    """Begin an RD, with the metadata that DaCHS asks of a table that is published by TAP.

    Parameters
    ----------
    name : str
        Its schema.
    folder : str, optional
        Its folder in DaCHS's inputs, where that is not called as the schema.
    """
    return f"""
<resource schema="{name}" resdir="{folder or name}">
  <meta name="creationDate">2026-01-01T00:00:00Z</meta>
  <meta name="title">Benchmark</meta>
  <meta name="description">A benchmark.</meta>
  <meta name="subject">solar-physics</meta>
  <meta name="creator.name">epnkit</meta>
"""
