"""One load: from the source into the table, in one transaction, every record accounted for."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import polars as pl
from psycopg2 import sql

from epnkit.errors import LoadError, MappingError
from epnkit.loading.prepare import windows
from epnkit.loading.prepare.preparation import CONTENT, KEY, REFUSAL, Preparation, Prepared
from epnkit.loading.progress.lines import Progress, silent
from epnkit.loading.request import Request
from epnkit.loading.state import cursor as cursors
from epnkit.loading.state import declarations as versions
from epnkit.loading.state import kept_records as records
from epnkit.loading.state import ledger
from epnkit.loading.table.merge import Refused, clear_repeated, delete_granules, merge
from epnkit.loading.table.parallel_copy import Copied, Parts, clear
from epnkit.loading.table.target import Target
from epnkit.service import Service
from epnkit.sources.base import Reconcilable, Source, Window
from epnkit.sources.transport.prefetch import ahead

#: A load is judged by the share of its refusals when it has read so many records: of three that
#: came since the last hour one may be bad.
_ENOUGH = 100


@dataclass
class Load:
    """A load of one service.

    Parameters
    ----------
    preparation : Preparation
        What is loaded, and how its records are prepared.
    source : Source
        Where it comes from.
    target : Target
        Where it goes, in the transaction that is open there; who opened it ends it.
    run : Run
        The entry in the ledger.
    request : Request
        How it departs from the ordinary.
    anew : bool
        Whether the table was just made, so that its indices come after the data.
    progress : Progress
        Told what goes on.
    connect : callable, optional
        Opens another connection of the same role; without it one connection copies all.
    declared : dict of str to str
        The hashes of the service's declaration when it was read; by default, of what it is now.
    """

    preparation: Preparation
    source: Source
    target: Target
    run: ledger.Run
    request: Request = field(default_factory=Request)
    anew: bool = False
    progress: Progress = silent
    connect: Callable[[], Any] | None = None
    declared: versions.Hashes = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Hash the declaration now, unless it was before it was read: it may change meanwhile."""
        self.declared = self.declared or versions.declared(self.service.folder)

    @property
    def service(self) -> Service:
        """What is loaded."""
        return self.preparation.service

    @property
    def parallel(self) -> bool:
        """Whether several connections copy."""
        return self.request.jobs > 1 and self.connect is not None

    def execute(self) -> None:
        """Load, and write cursor, quarantine and ledger with the data.

        Raises
        ------
        LoadError
            Where the source gives nothing at all, or too many of its records are refused.
        """
        require_fields(self.service, self.source)
        clear(self.run.own, self.service.name)
        empty = self.target.empty
        # What an earlier table held is no matter of this one's.
        self.target.open_book(anew=self.anew or empty)
        if self.request.full or (self.anew and not self.request.remap):
            self._forget()
        before = cursors.position(self.target, self.service)
        cursors.require_kind(before, self.service, self.source)
        window = self._window(before)
        # One that was there already has its indices, which take a granule but once.
        direct = self.anew and empty and not self.parallel
        if not direct:
            if empty:
                self.target.index_book()
            self.target.make_staging()
        self.run.stage("start")
        highest = self._copy_all(window, direct=direct)
        self._require_something(window)
        self.progress.stage("merging")
        self._finish(direct=direct, few=empty or self.request.whole)
        # A part may have left out records that lie further back.
        if self.request.kind in ("load", "full") and self.request.limit is None:
            cursors.advance(self.target, self.service, before, highest, self.run.number)
        if empty or self.request.whole:
            versions.note(self.target, self.service, self.run.number, self.declared)
        self.run.stage("finish")
        self.run.succeed(self.target.connection)
        # Only now it is known which of the records of this run wait in quarantine.
        records.tidy(self.target, self.service.name, self.run.number)
        self.progress.done(self.run.counts.summary())

    def _forget(self) -> None:
        """Forget what earlier loads wrote down: this one reads all."""
        name = self.service.name
        self.target.execute("DELETE FROM epnkit.cursors WHERE service = %s", (name,))
        records.forget(self.target, name)

    def _window(self, before: cursors.Position | None) -> Window:
        asked = self.request
        if asked.kind == "load":
            window = cursors.next_window(self.service, before)
        else:
            window = Window(low=asked.low, high=asked.high, nulls=asked.kind == "full")
        self.run.low = None if window.low is None else str(window.low)
        self.run.high = None if window.high is None else str(window.high)
        return window

    def _batches(self, window: Window) -> Generator[Prepared]:
        if self.request.kind in ("retry", "reconcile"):
            for fetched in _reconcilable(self.source).fetch(list(self.request.keys)):
                yield self.preparation.prepare(fetched)
            return
        count = self.run.source_count = self.source.count(window)
        self.progress.expect(count)
        if self.request.jobs > 1:
            jobs = self.request.jobs
            yield from windows.batches(self.preparation, self.source, window, count, jobs)
        else:
            yield from self.preparation.batches(self.source, window, limit=self.request.limit)

    def _copy_all(self, window: Window, *, direct: bool) -> Any:
        highest = None
        self.progress.stage("reading")
        with (
            closing(self._prepared(window)) as batches,
            closing(self._copied(batches, direct=direct)) as settled,
        ):
            for prepared, copied, refused in settled:
                self._account(prepared, copied, refused, direct=direct)
                reached = [each for each in (highest, prepared.highest) if each is not None]
                highest = max(reached, default=None)
                self.progress.advance(prepared.counts.read)
        self.run.stage("read and map")
        return highest

    def _prepared(self, window: Window) -> Generator[Prepared]:
        if self.request.remap:
            # They come on the connection that takes them in, which two threads would confuse.
            return self._batches(window)
        # While PostgreSQL takes one batch in, the next is read and mapped.
        return ahead(self._batches(window))

    def _copied(self, batches: Iterator[Prepared], *, direct: bool) -> Generator[Copied]:
        if self.connect is not None and self.parallel:
            with Parts(self.target, self.connect, self.request.jobs) as parts:
                yield from parts.copied(batches)
                self.run.stage("read, map and copy")
                parts.take_over()
                self.run.stage("copy")
            return
        for prepared in batches:
            self.run.stage("read and map")
            copied, refused = self.target.refused_by_database(prepared.granules, direct=direct)
            self.run.stage("copy")
            yield prepared, copied, refused

    def _account(
        self, prepared: Prepared, copied: int, refused: list[tuple[int, str]], *, direct: bool
    ) -> None:
        counts = self.run.counts
        counts.add(prepared.counts)
        if direct:
            counts.loaded += copied
        self.run.refusals.append(prepared.refusals)
        if refused:
            self.run.refusals.append(_of_database(prepared.granules, refused))
            counts.quarantined += len(refused)
        if not self.request.remap:
            records.keep(self.target, self.service.name, self.run.number, prepared.batch)
        self._stop_if_broken()

    def _stop_if_broken(self, *, few: bool = False) -> None:
        """Stop a load of which too much is refused; few records decide where they are all."""
        counts = self.run.counts
        share = self.service.refuse_share
        enough = counts.read >= _ENOUGH or few
        if self.request.kind in ("retry", "reconcile"):
            return  # what waits in quarantine, or was odd before, is no sign of a broken load
        if enough and counts.quarantined > share * counts.read:
            first = self.run.refusals.first
            raise LoadError(
                f"{counts.quarantined} of {counts.read} records are refused,"
                f" more than the share of {share:g} that the service allows",
                where=self.service.name,
                why=f"the first is {first['record_key']}: {first['reason']}",
                cure="The table is as it was. See epnkit quarantine list; correct the mapping or"
                " the source, or raise refuse_share in service.py.",
            )

    def _require_something(self, window: Window) -> None:
        counts = self.run.counts
        if counts.read == 0 and window.everything and self.request.limit != 0:
            raise LoadError(
                "the source gives no record",
                where=self.source.label,
                cure="Look at the query in the source file, and at the catalogue itself.",
            )
        expected = self.run.source_count
        complete = self.request.limit is None and expected is not None
        if complete and counts.read < (expected or 0):
            raise LoadError(
                f"the source gave {counts.read} records of the {expected} that it counted",
                where=self.source.label,
                why="it was cut short, or records left it in between",
                cure="The table is as it was. Run the load again.",
            )

    def _finish(self, *, direct: bool, few: bool) -> None:
        counts = self.run.counts
        if direct:
            self.target.execute("ANALYZE {book}")
            taken = clear_repeated(self.target, counts)
            self.target.index_book()
        else:
            given = set(self.service.mapping.names)
            kept = {"creation_date", *({"release_date"} - given)}
            modified = None if "modification_date" in given else self.preparation.now
            gone = None if self.request.whole else self.request.gone
            taken = merge(self.target, counts, kept=kept, modified=modified, gone=gone)
            if self.request.whole:
                self._delete_absent()
            self._delete_gone()
        self._settle_quarantine(direct=direct)
        self.run.refusals.append(_uid_taken(taken))
        counts.quarantined += len(taken)
        self._stop_if_broken(few=few)
        self.run.stage("merge")

    def _delete_absent(self) -> None:
        absent = self.target.query(
            "SELECT granule_uid FROM {book} b WHERE NOT EXISTS"
            " (SELECT FROM epnkit_staging s WHERE s.granule_uid = b.granule_uid)"
        )
        self.run.counts.deleted += delete_granules(self.target, [uid for (uid,) in absent])

    def _delete_gone(self) -> None:
        gone = self.target.query(
            "SELECT granule_uid FROM {book} b WHERE epnkit_key = ANY(%s) AND NOT EXISTS"
            " (SELECT FROM epnkit_staging s WHERE s.granule_uid = b.granule_uid)",
            (list(self.request.gone),),
        )
        self.run.counts.deleted += delete_granules(self.target, [uid for (uid,) in gone])

    def _settle_quarantine(self, *, direct: bool) -> None:
        loaded = self.target.book if direct else sql.Identifier("epnkit_staging")
        self.target.execute(
            "UPDATE epnkit.quarantine q SET resolved = 'loaded' FROM {loaded} s"
            " WHERE q.service = %s AND q.resolved IS NULL AND q.record_key = s.epnkit_key"
            # What a failed run refused is newer than what is kept.
            " AND NOT (%s AND q.run IN (SELECT run FROM epnkit.runs WHERE state = 'failed'))",
            (self.service.name, self.request.remap),
            loaded=loaded,
        )
        # What was looked for and did not come is not at the source any more.
        asked = [*self.request.keys, *self.request.gone]
        everything = self.request.full and self.request.limit is None
        self.target.execute(_GONE, (self.service.name, everything, asked, self.run.number))


#: Records in quarantine that were asked for, or all, and that a run did not read.
_GONE = """
    UPDATE epnkit.quarantine q SET resolved = 'gone'
    WHERE service = %s AND resolved IS NULL AND (%s OR record_key = ANY(%s))
      AND NOT EXISTS (SELECT FROM epnkit.records r, unnest(r.keys) AS read (key)
                      WHERE r.service = q.service AND r.run = %s AND read.key = q.record_key)
"""


def require_fields(service: Service, source: Source) -> None:
    """Compare what the service reads with what the source has, before a record is read.

    Raises
    ------
    MappingError
        Where a field is missing.
    """
    schema = source.schema()
    missing = sorted(service.fields - set(schema))
    if missing and schema:
        raise MappingError(
            f"the source has no field {', '.join(missing)}",
            where=f"{service.source_file}",
            why=f"it has {', '.join(sorted(schema))}",
            cure="Correct the query in the source file, or what service.py reads.",
        )


def _reconcilable(source: Source) -> Reconcilable:
    if isinstance(source, Reconcilable):
        return source
    raise LoadError(
        "single records cannot be read again from this kind of source",
        where=source.label,
        cure="Load in full: epnkit load SERVICE --full.",
    )


def _of_database(granules: pl.DataFrame, refused: list[tuple[int, str]]) -> pl.DataFrame:
    rows = granules[[number for number, _ in refused]]
    return pl.DataFrame(
        {
            "record_key": rows[KEY],
            "granule_uid": rows["granule_uid"],
            "rule": [None] * len(rows),
            "field": [None] * len(rows),
            "reason": [f"PostgreSQL refuses it: {reason}" for _, reason in refused],
            "record": [row.drop(CONTENT).write_ndjson().strip() for row in rows.iter_slices(1)],
        },
        schema=REFUSAL,
    )


#: Why a granule is refused whose uid is taken: by another record, or by its own once more.
_TAKEN = {
    False: "another record has the same granule_uid; if that one is gone at the source, run epnkit"
    " reconcile; if the service's key was changed, epnkit load --full",
    True: "the record came once more and said otherwise, and what came last is in the table: it"
    " changed while it was read, or the service's key or granule_uid does not tell two apart",
}


def _uid_taken(taken: Refused) -> pl.DataFrame:
    rows = [(key, uid, 30, "granule_uid", _TAKEN[own], granule) for uid, key, granule, own in taken]
    return pl.DataFrame(rows, schema=REFUSAL, orient="row")
