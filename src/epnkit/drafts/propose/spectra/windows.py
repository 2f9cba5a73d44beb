"""Spectral windows that are numbered, as in headers of spectrographs: ``TWMIN1``, ``TWMIN2``."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.propose.code import call, column, greatest_of, least_of
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.propose.spectra.units import Quantity, find_spectral_unit
from epnkit.drafts.recognise.meanings import find_candidates
from epnkit.mapping.spectral import hertz_limits

_RANGE = ("spectral_range_min", "spectral_range_max")

#: A name with a number at its end.
_NUMBERED = re.compile(r"^(.*[A-Za-z])_?(\d{1,2})$")

#: The most that a range of several windows is sure: there are gaps between them.
_MOST = 0.85


def propose_windows(sample: Sample) -> Iterator[Proposal]:
    """Propose what reaches from the least to the greatest end of numbered windows.

    Parameters
    ----------
    sample : Sample
        The records.
    """
    windows = _find_numbered(sample)
    stems = {stem: fields[0].aligned_numbers for stem, fields in windows.items()}
    named = replace(sample, records=pl.DataFrame(stems))
    quantities: tuple[Quantity, ...] = ("frequency", "wavelength", "wavenumber", "energy")
    for quantity in quantities if stems else ():
        ends = [find_candidates(named, f"{quantity}_{end}")[:1] for end in ("min", "max")]
        low, high = (next(iter(each), None) for each in ends)
        if low is None or high is None or low.field.name == high.field.name:
            continue
        unit = find_spectral_unit(named, quantity, low.field)
        lows, highs = windows[low.field.name], windows[high.field.name]
        if isinstance(unit.given, str) and not unit.is_field and len(lows) == len(highs):
            first = least_of([column(each.name) for each in lows])
            last = greatest_of([column(each.name) for each in highs])
            made = call(hertz_limits, first, last, unit=unit.given)
            names = tuple(each.name for each in (*lows, *highs))
            score = min(_MOST, low.score, high.score, unit.confidence)
            reason = f"from the least to the greatest of {len(lows)} windows; {unit.reason}"
            yield Proposal(_RANGE, made, names, score, reason)
            return


def _find_numbered(sample: Sample) -> dict[str, list[Field]]:
    """Return the fields of numbers whose names differ only by a number, by what they share."""
    found: dict[str, list[Field]] = defaultdict(list)
    for field in sample:
        numbered = _NUMBERED.match(field.name)
        if numbered and field.given.dtype.is_numeric():
            found[numbered[1]].append(field)
    return found
