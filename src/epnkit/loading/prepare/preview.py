"""The first granules that a load would make, checked by the rules; nothing is stored."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from epnkit.epncore import rules
from epnkit.loading.prepare.columns import REFUSAL, TRACKING_COLUMNS
from epnkit.loading.prepare.counts import Counts
from epnkit.loading.prepare.preparation import Preparation
from epnkit.loading.prepare.refuse import check_granules
from epnkit.service import Service
from epnkit.sources.base import ALL, Source, Window, describe_skipped


@dataclass(frozen=True)
class Preview:
    """The granules that a load would make of the first records.

    Parameters
    ----------
    granules : polars.DataFrame
        The granules that would go into the table, in EPNcore's columns.
    findings : polars.DataFrame
        The rules that they break although they would be loaded, as `epnkit.epncore.rules.FINDINGS`;
        ``row`` is the number of the granule.
    refusals : polars.DataFrame
        The records that would go into quarantine, as `epnkit.loading.prepare.columns.REFUSAL`.
    counts : Counts
        The counts of the records.
    note : str
        What the source left out, since it is no record; empty if nothing.
    """

    granules: pl.DataFrame
    findings: pl.DataFrame
    refusals: pl.DataFrame
    counts: Counts
    note: str = ""

    @property
    def has_violations(self) -> bool:
        """Whether a record is refused, or a granule breaks a MUST."""
        return len(self.refusals) > 0 or "MUST" in self.findings["level"]


def preview(service: Service, source: Source, count: int, window: Window = ALL) -> Preview:
    """Map the first records of a source, and check the granules; refused records count as well.

    Parameters
    ----------
    service : Service
        Whose mapping is applied.
    source : Source
        Where the records come from.
    count : int
        The maximum number of granules and refusals.
    window : Window
        Which records to begin with.
    """
    granules: list[pl.DataFrame] = []
    refused, counts = [pl.DataFrame(schema=REFUSAL)], Counts()
    for prepared in Preparation(service).batches(source, window, count):
        granules.append(prepared.granules.drop(*TRACKING_COLUMNS))
        refused.append(prepared.refusals)
        counts.add(prepared.counts)
        if sum(map(len, granules)) + sum(map(len, refused)) >= count:
            break
    refusals = pl.concat(refused).head(count)
    shown = pl.concat(granules).head(count - len(refusals)) if granules else pl.DataFrame()
    note = describe_skipped(source)
    return Preview(shown, _check_rules(service, shown), refusals, counts, note)


def _check_rules(service: Service, granules: pl.DataFrame) -> pl.DataFrame:
    if not granules.width:
        return pl.DataFrame(schema=rules.FINDINGS)
    return check_granules(granules, service)
