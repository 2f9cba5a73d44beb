"""What a load would do: new, changed, deleted and refused granules, and nothing written.

The granules are mapped as for a load, and spooled into a file; then they are compared with the
table, some thousand at a time, by PostgreSQL itself and in its types.  So memory is bounded by the
size of a batch.  The connection's transaction only reads, and is rolled back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory

import polars as pl

from epnkit.loading.prepare.columns import KEY, TRACKING_COLUMNS, list_kept_dates
from epnkit.loading.prepare.counts import Counts
from epnkit.loading.prepare.preparation import Preparation, PreparedBatch
from epnkit.loading.prepare.refuse import check_granules, duplicate_uid_refusals
from epnkit.loading.request import Request
from epnkit.loading.require import describe_excess, require_any_record, require_fields
from epnkit.loading.spool import Spool
from epnkit.loading.state import cursor as cursors
from epnkit.loading.state.refusals import name_reason
from epnkit.loading.table.catalog import table_exists
from epnkit.loading.table.compare import CHUNK, TableComparison
from epnkit.loading.table.target import Target
from epnkit.sources.base import Source, Window, describe_skipped

#: The number of examples of each kind.
EXAMPLES = 3


@dataclass
class ColumnChanges:
    """How many values of a column would change.

    Parameters
    ----------
    count : int
        In how many granules.
    examples : list of (str, str or None, str or None)
        ``granule_uid``, old and new value of some of them, as PostgreSQL writes them.
    """

    count: int = 0
    examples: list[tuple[str, str | None, str | None]] = field(default_factory=list)


@dataclass
class RefusalCount:
    """The records that would be refused for one reason.

    Parameters
    ----------
    count : int
        How many.
    rule : int, optional
        The rule of EPN-TAP that they break.
    examples : list of str
        The keys of some of them, each with what is wrong with it.
    """

    count: int = 0
    rule: int | None = None
    examples: list[str] = field(default_factory=list)


@dataclass
class DryRunResult:
    """What a load would do.

    Parameters
    ----------
    service : str
        The service.
    kind : str
        The kind of run, as the ledger would name it.
    counts : Counts
        As the ledger would count.
    loaded, deleted : list of str
        The ``granule_uid`` of some granules that would be new, or deleted.
    changed : dict of str to ColumnChanges
        What would change, column by column.
    refused : dict of str to RefusalCount
        The refusals by field and reason.
    must_violations : int
        How many values of granules that would be loaded break a MUST.
    embargoed : int
        Records under an embargo; those whose granules are hidden are not counted as loaded.
    notes : list of str
        Other messages, such as why the load would fail.
    """

    service: str
    kind: str = "load"
    counts: Counts = field(default_factory=Counts)
    loaded: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    changed: dict[str, ColumnChanges] = field(default_factory=dict)
    refused: dict[str, RefusalCount] = field(default_factory=dict)
    must_violations: int = 0
    embargoed: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def has_violations(self) -> bool:
        """Whether a record would be refused, or a granule breaks a MUST."""
        return self.counts.quarantined > 0 or self.must_violations > 0

    def add_refusals(self, refusals: pl.DataFrame) -> None:
        """Count refusals by their reason."""
        for refusal in refusals.iter_rows(named=True):
            name = name_reason(refusal["field"], refusal["reason"])
            found = self.refused.setdefault(name, RefusalCount(rule=refusal["rule"]))
            found.count += 1
            if len(found.examples) < EXAMPLES:
                found.examples.append(f"{refusal['record_key']}: {refusal['reason']}")

    def add_changes(self, changes: Sequence[tuple[str, str, str | None, str | None]]) -> None:
        """Count values that change: uid, column, old and new value."""
        for uid, name, old, new in changes:
            found = self.changed.setdefault(name, ColumnChanges())
            found.count += 1
            if len(found.examples) < EXAMPLES:
                found.examples.append((uid, old, new))


@dataclass
class DryRun:
    """A load that writes nothing.

    Parameters
    ----------
    preparation : Preparation
        What is loaded, and how its records are prepared.
    source : Source
        Where the records come from.
    target : Target
        The table, over a connection whose transaction the caller rolls back.
    request : Request
        How the load differs from an ordinary one.
    """

    preparation: Preparation
    source: Source
    target: Target
    request: Request = field(default_factory=Request)

    def run(self) -> DryRunResult:
        """Map the granules, and compare them with the table.

        Returns
        -------
        DryRunResult
            What a load would do now.

        Raises
        ------
        LoadError
            If the source gives no record, or the table lacks a column.
        """
        service = self.preparation.service
        require_fields(service, self.source)
        found = DryRunResult(service.name, self.request.kind)
        with TemporaryDirectory(prefix="epnkit-dry-run-") as directory, Spool(directory) as spool:
            window = self._choose_window()
            for prepared in self._prepare_batches(window):
                self._add(prepared, spool, found)
            if note := describe_skipped(self.source):
                found.notes.append(note)
            require_any_record(found.counts, window, self.request, self.source)
            self._classify_granules(spool, found)
        self._predict_failure(found)
        return found

    def _choose_window(self) -> Window:
        service, request = self.preparation.service, self.request
        known = table_exists(self.target.connection, "epnkit", "cursors") and self._has_table()
        forgotten = request.reads_everything or not known
        previous = None if forgotten else cursors.read_position(self.target, service)
        return cursors.choose_window(service, previous, self.source, request)

    def _has_table(self) -> bool:
        return table_exists(self.target.connection, self.target.schema, self.target.table)

    def _prepare_batches(self, window: Window) -> Iterator[PreparedBatch]:
        return self.preparation.batches(self.source, window, limit=self.request.limit)

    def _add(self, prepared: PreparedBatch, spool: Spool, found: DryRunResult) -> None:
        counts, granules = found.counts, self._drop_embargoed(prepared)
        counts.add(prepared.counts)
        found.add_refusals(prepared.refusals)
        if self.target.columns:
            self.target.require_declared(granules.columns)
        if len(granules):
            found.must_violations += self._count_violations(granules.drop(*TRACKING_COLUMNS))
        spool.add(granules)
        spool.add_embargoed(prepared.embargoed["record_key"].to_list())
        found.embargoed += len(prepared.embargoed)

    def _drop_embargoed(self, prepared: PreparedBatch) -> pl.DataFrame:
        """Return the granules that the table would have: without an embargo that hides them."""
        embargo = self.preparation.service.embargo
        if embargo is None or embargo.shown or not len(prepared.embargoed):
            return prepared.granules
        embargoed = prepared.embargoed["record_key"].implode()
        return prepared.granules.filter(~pl.col(KEY).is_in(embargoed))

    def _count_violations(self, granules: pl.DataFrame) -> int:
        findings = check_granules(granules, self.preparation.service)
        return int((findings["level"] == "MUST").sum())

    def _classify_granules(self, spool: Spool, found: DryRunResult) -> None:
        """Count each spooled granule once, as new, changed, unchanged, repeated or refused."""
        counts = found.counts
        repeated, duplicates = spool.remove_repeated()
        counts.repeated += repeated
        for some in duplicates:
            self._refuse(found, duplicate_uid_refusals(some))
        if not self._has_table():
            for chunk in spool.chunks(CHUNK):
                self._count_new(found, [row[1] for row in chunk])
            return
        embargoed = self.preparation.service.embargo is not None
        comparison = TableComparison(self.target, self._list_kept_columns(), embargoed=embargoed)
        for chunk in spool.chunks(CHUNK):
            part = comparison.compare(chunk, spool, replaces_all=self.request.replaces_all)
            self._count_new(found, part.new)
            counts.unchanged += part.unchanged
            counts.changed += part.changed
            found.add_changes(part.changes)
            self._refuse(found, part.refusals)
        gone = comparison.find_gone(spool, replaces_all=self.request.replaces_all)
        for uids in gone:
            counts.deleted += len(uids)
            found.deleted += uids[: EXAMPLES - len(found.deleted)]

    def _list_kept_columns(self) -> set[str]:
        """Return the columns that a change of a granule keeps, or that the loader sets."""
        given = self.preparation.service.given_columns
        return list_kept_dates(given) | ({"modification_date"} - given)

    def _count_new(self, found: DryRunResult, uids: Sequence[str]) -> None:
        found.counts.loaded += len(uids)
        found.loaded += uids[: EXAMPLES - len(found.loaded)]

    def _refuse(self, found: DryRunResult, refusals: pl.DataFrame) -> None:
        found.counts.quarantined += len(refusals)
        found.add_refusals(refusals)

    def _predict_failure(self, found: DryRunResult) -> None:
        even_if_few = self.request.replaces_all or not self._has_table() or self.target.empty
        excess = describe_excess(
            found.counts, self.preparation.service.refuse_share, even_if_few=even_if_few
        )
        if excess:
            found.notes.append(f"the load would fail: {excess}")
