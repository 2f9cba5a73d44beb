"""One load: from the source into the table in one transaction, with every record accounted for."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl
from psycopg2 import sql

from epnkit.errors import LoadError
from epnkit.loading.parallel.coordinator import Coordinator
from epnkit.loading.parallel.queue import forget_parts
from epnkit.loading.prepare.columns import list_kept_dates
from epnkit.loading.prepare.preparation import Preparation, PreparedBatch
from epnkit.loading.prepare.refuse import database_refusals, duplicate_uid_refusals
from epnkit.loading.progress.lines import SILENT, Progress
from epnkit.loading.request import Request
from epnkit.loading.require import describe_excess, require_any_record, require_fields
from epnkit.loading.state import cursor as cursors
from epnkit.loading.state import declarations, embargoes, kept_records, ledger
from epnkit.loading.table.loaded_records import LoadedRecords, can_skip_unchanged
from epnkit.loading.table.merge import delete_granules, merge, read_refused, remove_repeated
from epnkit.loading.table.target import BatchEncoder, EncodedBatch, Target
from epnkit.loading.table.validated_polygons import choose_encoder, find_obstacle, polygon_columns
from epnkit.service import Service
from epnkit.sources.base import Reconcilable, Source, Window, describe_skipped
from epnkit.sources.transport.prefetch import map_ahead, prefetch

#: How many batches are prepared at the same time: most of it is done by libraries that let go of
#: the interpreter, and with more than two the copying would wait for it.
_THREADS = 2

#: A batch, and what of it is encoded already, to be copied straight into the table.
ReadyBatch = tuple[PreparedBatch, EncodedBatch | None]

#: A batch, how many of its granules were copied, and those that PostgreSQL refused, with reasons.
CopiedBatch = tuple[PreparedBatch, int, list[tuple[int, str]]]


@dataclass
class Load:
    """A load of one service.

    Parameters
    ----------
    preparation : Preparation
        What is loaded, and how its records are prepared.
    source : Source
        Where the records come from.
    target : Target
        The table, with an open transaction that the caller commits.
    run : Run
        The entry in the ledger.
    request : Request
        How the load differs from an ordinary one.
    new_table : bool
        Whether the table was just created, so that its indices are created after the data.
    progress : Progress
        Is notified of each stage.
    coordinator : Coordinator, optional
        Shares the work among several processes; without it, this one does all.
    declaration : dict of str to str
        Hashes of the service's declaration as it was read; by default, as it is now.
    """

    preparation: Preparation
    source: Source
    target: Target
    run: ledger.Run
    request: Request = field(default_factory=Request)
    new_table: bool = False
    progress: Progress = SILENT
    coordinator: Coordinator | None = None
    declaration: declarations.Hashes = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Hash the declaration now unless the caller did before reading it; it may change."""
        self.declaration = self.declaration or declarations.hash_declaration(self.service.folder)

    @property
    def service(self) -> Service:
        """What is loaded."""
        return self.preparation.service

    def execute(self) -> None:
        """Load, and write cursor, quarantine and ledger with the data.

        Raises
        ------
        LoadError
            If the source gives no record or fewer than it counted, or too many of its records are
            refused.
        """
        require_fields(self.service, self.source)
        forget_parts(self.run.connection, self.service.name)
        empty = self.target.empty
        # That of an earlier table, which was dropped, is of no use.
        self.target.open_tracking(new_table=self.new_table or empty)
        if self.request.reads_everything or (self.new_table and not self.request.from_kept):
            self._forget_state()
        previous = cursors.read_position(self.target, self.service)
        window = cursors.choose_window(self.service, previous, self.source, self.request)
        self.run.low = None if window.low is None else str(window.low)
        self.run.high = None if window.high is None else str(window.high)
        makes_the_same = not empty and self._makes_the_same()
        if makes_the_same:
            self._leave_out_unchanged()
        # An existing tracking table has unique indices, which a direct copy would violate.
        direct = self.new_table and empty
        if not direct:
            if empty:
                self.target.index_tracking()
            self.target.make_staging()
        self.run.add_time("start")
        highest = self._copy_all(window, direct=direct)
        if note := describe_skipped(self.source):
            self.progress.notify(note)
        self._require_records(window)
        self.progress.start_stage("merging")
        self.merge_and_resolve(direct=direct, even_if_few=empty or self.request.replaces_all)
        # A partial load may have skipped earlier records.
        if self.request.kind in ("load", "full") and self.request.limit is None:
            cursors.advance(self.target, self.service, previous, highest, self.run.number)
        if empty or self.request.replaces_all:
            declarations.save_declaration(
                self.target,
                self.service,
                self.run.number,
                self.declaration,
                self.preparation.datalink,
            )
        elif not makes_the_same:
            declarations.forget_maker(self.target, self.service.name)
        self.run.add_time("finish")
        self.run.succeed(self.target.connection)
        # Compacting needs the quarantine of this run, which has just been written.
        kept_records.compact(self.target, self.service.name, self.run.number)
        self.progress.finish(self.run.counts.summary())

    def _makes_the_same(self) -> bool:
        """Return whether granules are made now as all of the table were."""
        return declarations.would_make_the_same(
            self.target.connection, self.service.name, self.declaration, self.preparation.datalink
        )

    def _leave_out_unchanged(self) -> None:
        """Map no record again that has not changed since it was loaded, as far as that is known."""
        if not can_skip_unchanged(self.service, self.source, self.request):
            return
        loaded, own = (
            LoadedRecords(connection, self.service.name)
            for connection in (self.run.connection, self.target.connection)
        )
        # Whoever reads a table that this transaction has replaced would wait for its end.
        if loaded.table is not None and loaded.table == own.table:
            self.preparation = replace(self.preparation, find_loaded=loaded.find)

    def _find_validated_columns(self) -> None:
        """Find the columns whose validated polygons can be copied as bytes, if this server can."""
        columns = polygon_columns(self.target, self.service.mapping.names)
        if not columns:
            return
        obstacle = find_obstacle(self.target)
        if obstacle is None:
            self.target = replace(self.target, validated_columns=columns)
        else:
            self.progress.notify(f"polygons are checked again by pgsphere, slowly: {obstacle}")

    def _forget_state(self) -> None:
        """Delete the cursor and the kept records of earlier loads: this load reads everything."""
        name = self.service.name
        self.target.execute("DELETE FROM epnkit.cursors WHERE service = %s", (name,))
        kept_records.forget(self.target, name)
        embargoes.forget(self.target, name)

    def _prepare_batches(
        self, window: Window, encoder: BatchEncoder | None
    ) -> Generator[ReadyBatch]:
        def encode(prepared: PreparedBatch) -> ReadyBatch:
            return prepared, None if encoder is None else encoder.encode(prepared.granules)

        def prepare(records: pl.DataFrame) -> ReadyBatch:
            return encode(self.preparation.prepare(records))

        if self.request.kind in ("retry", "reconcile"):
            keys = list(self.request.keys)
            yield from map(prepare, _require_reconcilable(self.source).fetch(keys))
            return
        count = self.run.source_count = self.source.count(window)
        self.progress.expect(count)
        if self.coordinator is None:
            read = self.preparation.read(self.source, window, limit=self.request.limit)
            with closing(read) as records:
                yield from map_ahead(prepare, records, _THREADS)
        else:
            prepared = self.coordinator.prepare(
                self.preparation,
                self.source,
                window,
                records=count,
                run=self.run.number,
                declaration=self.declaration,
                progress=self.progress,
            )
            with closing(prepared) as batches:
                yield from map(encode, batches)

    def _copy_all(self, window: Window, *, direct: bool) -> Any:
        highest = None
        self.progress.start_stage("reading")
        with (
            closing(self._prefetch_batches(window, direct=direct)) as batches,
            closing(self._copy_batches(batches, direct=direct)) as copied_batches,
        ):
            for prepared, copied, refused in copied_batches:
                self._save_outcome(prepared, copied, refused, direct=direct)
                highest = cursors.find_highest(highest, prepared.highest)
                self.progress.advance(prepared.counts.read)
        self.run.add_time("read and map")
        return highest

    def _prefetch_batches(self, window: Window, *, direct: bool) -> Generator[ReadyBatch]:
        # What is staged is encoded as it is copied.
        encoder = choose_encoder(self.target, self.service.mapping.names) if direct else None
        batches = self._prepare_batches(window, encoder)
        # While PostgreSQL copies one batch, the next is read and mapped.  Kept records come over
        # the connection that copies them, which is not for two threads.
        return batches if self.request.from_kept else prefetch(batches)

    def _copy_batches(
        self, batches: Iterator[ReadyBatch], *, direct: bool
    ) -> Generator[CopiedBatch]:
        # While the first records are read.
        self._find_validated_columns()
        for prepared, encoded in batches:
            self.run.add_time("read and map")
            copied, refused = self.target.copy_accepted(
                prepared.granules, direct=direct, encoded=encoded
            )
            self.run.add_time("copy")
            yield prepared, copied, refused

    def _save_outcome(
        self, prepared: PreparedBatch, copied: int, refused: list[tuple[int, str]], *, direct: bool
    ) -> None:
        counts = self.run.counts
        counts.add(prepared.counts)
        if direct:
            counts.loaded += copied
        self.run.refusals.append(prepared.refusals)
        if refused:
            self.run.refusals.append(database_refusals(prepared.granules, refused))
            counts.quarantined += len(refused)
        name = self.service.name
        if not self.request.from_kept and prepared.batch.keys:
            kept_records.keep(self.target, name, self.run.number, prepared.batch)
        if self.service.embargo:
            embargoes.save(self.target, name, prepared.batch.keys, prepared.embargoed)
        self._refuse_excess()

    def _refuse_excess(self, *, even_if_few: bool = False) -> None:
        """End a load with too many refusals; of a small load only if ``even_if_few``."""
        if self.request.kind in ("retry", "reconcile", "release"):
            return  # records that were refused before may well be refused again
        excess = describe_excess(
            self.run.counts, self.service.refuse_share, even_if_few=even_if_few
        )
        if excess:
            raise LoadError(
                excess,
                where=self.service.name,
                why=self.run.refusals.count_reasons(),
                cure="The table is unchanged. See epnkit quarantine list; correct the mapping or"
                " the source, or raise refuse_share in service.py.",
            )

    def _require_records(self, window: Window) -> None:
        counts = self.run.counts
        if self.request.release:
            return  # records whose release is due may be gone from the source
        require_any_record(counts, window, self.request, self.source)
        expected = self.run.source_count
        complete = self.request.limit is None and expected is not None
        if complete and counts.read < (expected or 0):
            raise LoadError(
                f"the source gave {counts.read} records of the {expected} that it counted",
                where=self.source.label,
                why="the reading ended early, or records were deleted meanwhile",
                cure="The table is unchanged. Run the load again.",
            )

    def merge_and_resolve(self, *, direct: bool, even_if_few: bool) -> None:
        """Merge the copied granules, and resolve entries of the quarantine.

        Parameters
        ----------
        direct : bool
            Whether they were copied into the table itself, so that nothing is left to merge.
        even_if_few : bool
            Whether the share of refusals is checked even if there were few records.

        Raises
        ------
        LoadError
            If too many records are refused.
        """
        counts = self.run.counts
        self.target.attach_partitions(direct=direct)
        if direct:
            self.target.execute("ANALYZE {tracking}")
            remove_repeated(self.target, counts)
            self.target.index_tracking()
        else:
            given = self.service.given_columns
            modified = None if "modification_date" in given else self.preparation.now
            gone = None if self.request.replaces_all else self.request.gone
            merge(
                self.target,
                counts,
                kept=list_kept_dates(given),
                modified=modified,
                gone=gone,
                embargoed=self.service.embargo is not None,
            )
            if self.request.replaces_all:
                self._delete_unread()
            self._delete_gone()
        counts.deleted += embargoes.delete_embargoed(self.target, self.service)
        self._resolve_quarantine(direct=direct)
        for duplicates in read_refused(self.target):
            self.run.refusals.append(duplicate_uid_refusals(duplicates))
            counts.quarantined += len(duplicates)
        self._refuse_excess(even_if_few=even_if_few)
        self.run.add_time("merge")

    def _delete_unread(self) -> None:
        unread = self.target.query(
            "SELECT granule_uid FROM {tracking} tracked WHERE NOT EXISTS"
            " (SELECT FROM epnkit_staging s WHERE s.granule_uid = tracked.granule_uid)"
        )
        self.run.counts.deleted += delete_granules(self.target, [uid for (uid,) in unread])

    def _delete_gone(self) -> None:
        gone = self.target.query(
            "SELECT granule_uid FROM {tracking} tracked WHERE epnkit_key = ANY({texts}) AND NOT"
            " EXISTS (SELECT FROM epnkit_staging s WHERE s.granule_uid = tracked.granule_uid)",
            (list(self.request.gone),),
        )
        self.run.counts.deleted += delete_granules(self.target, [uid for (uid,) in gone])
        # Otherwise the end of the embargo would load a record again that the source deleted.
        embargoes.forget(self.target, self.service.name, self.request.gone)

    def _resolve_quarantine(self, *, direct: bool) -> None:
        loaded = self.target.tracking if direct else sql.Identifier("epnkit_staging")
        self.target.execute(
            "UPDATE epnkit.quarantine q SET resolved = 'loaded' FROM {loaded} s"
            " WHERE q.service = %s AND q.resolved IS NULL AND q.record_key = s.epnkit_key"
            # Records that a failed run refused are newer than the kept ones.
            " AND NOT (%s AND q.run IN (SELECT run FROM epnkit.runs WHERE state = 'failed'))",
            (self.service.name, self.request.from_kept),
            loaded=loaded,
        )
        # A record that was requested and not read is no longer at the source.
        requested = [*self.request.keys, *self.request.gone]
        everything = self.request.reads_everything
        self.target.execute(_GONE, (self.service.name, everything, requested, self.run.number))


#: Resolves entries of records that this run should have read (the requested ones, or all) and did
#: not.
_GONE = """
    UPDATE epnkit.quarantine q SET resolved = 'gone'
    WHERE service = %s AND resolved IS NULL AND (%s OR record_key = ANY({texts}))
      AND NOT EXISTS (SELECT FROM epnkit.records r, unnest(r.keys) AS read (key)
                      WHERE r.service = q.service AND r.run = %s AND read.key = q.record_key)
"""


def _require_reconcilable(source: Source) -> Reconcilable:
    if isinstance(source, Reconcilable):
        return source
    raise LoadError(
        "single records cannot be read again from this kind of source",
        where=source.label,
        cure="Load in full: epnkit load SERVICE --full.",
    )
