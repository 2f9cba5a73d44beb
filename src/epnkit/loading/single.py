"""The old name of :mod:`epnkit.loading.rowmaker`, which deployed RDs import."""

from __future__ import annotations

from epnkit.loading.rowmaker import RowmakerGranules, rowmaker_granules, singles

__all__ = ["RowmakerGranules", "rowmaker_granules", "singles"]
