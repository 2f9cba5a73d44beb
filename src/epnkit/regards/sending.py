"""Sending what is new: granules page by page, each page entered, published, confirmed, noted."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

import orjson

from epnkit.regards.broker import Publisher
from epnkit.regards.checksums import Checksums
from epnkit.regards.package import Package, UnreadyError, build_package, make_request_id
from epnkit.regards.settings import PackageSettings
from epnkit.regards.state import PackageEntry, PackageState, PendingGranule
from epnkit.sources.transport.prefetch import prefetch

#: The exchange that takes packages, and REGARDS's name of what is in a message.
INGESTION_TYPE = "fr.cnes.regards.modules.ingest.dto.sip.flow.IngestRequestFlowItem"
INGESTION = f"regards.broadcast.{INGESTION_TYPE}"

#: How many granules are read, entered and published at a time.
PAGE = 5000

#: For how many seconds a thread works before it lets the other one work, if that wants to.
_TURN = 0.0002

#: The states of packages that are sent again if one asks for it: refused, or never answered.
REFUSED = ("denied", "failed", "sent")
EVERY = (*REFUSED, "granted", "stored")

#: Packages in these states go on with the request that they have: it was perhaps never received.
_UNANSWERED = ("sending", "sent")


@dataclass
class SendingCounts:
    """What became of the granules that were looked at.

    Parameters
    ----------
    sent, unchanged, unready : int
        Packages that the broker confirmed; those that are as they were sent last; and granules of
        which no package could be made.
    """

    sent: int = 0
    unchanged: int = 0
    unready: int = 0


@dataclass
class Sender:
    """Sends the packages of a service that were not sent yet, or have changed.

    Parameters
    ----------
    reading, state : PackageState
        What was sent before, over two connections: the next page is read and entered over the
        first, while the second notes what the broker confirms.
    settings : PackageSettings
        How packages are made.
    checksums : Checksums
        Gives the checksums of files.
    again : sequence of str
        States in which packages are sent again although they did not change.
    page : int
        How many granules are read at a time.
    """

    reading: PackageState
    state: PackageState
    settings: PackageSettings
    checksums: Checksums
    again: Sequence[str] = ()
    page: int = PAGE
    counts: SendingCounts = field(default_factory=SendingCounts)

    def __post_init__(self) -> None:
        self._metadata = orjson.dumps(self.settings.metadata)

    def send(
        self,
        publisher: Publisher,
        limit: int | None = None,
        report: Callable[[SendingCounts], None] = lambda _: None,
    ) -> SendingCounts:
        """Send all packages that are due.

        A page of packages is entered in the state tables before it is published, so that none is
        forgotten if the process is killed; those that were not confirmed are published again with
        the same request, and the archive takes them once.

        Parameters
        ----------
        publisher : Publisher
            Publishes the messages.
        limit : int, optional
            How many granules are looked at, at most.
        report : callable
            Called after each page.

        Raises
        ------
        PublishError
            If the broker cannot be reached, or takes nothing.
        """
        with _switch_often(), closing(prefetch(self._enter_pages(limit))) as pages:
            for messages in pages:
                publisher.publish(list(messages.values()))
                self.state.mark_sent(messages)
                self.counts.sent += len(messages)
                report(self.counts)
        return self.counts

    def _enter_pages(self, limit: int | None) -> Iterator[dict[str, bytes]]:
        """Enter the packages of each page, and give their messages by request.

        It works on the next page while one is published, over a connection of its own.
        """
        for page in self.read_pages(limit):
            prepared = [self._prepare(each) for each in page]
            self._note_unchanged(page, prepared)
            entries = [each for each in prepared if each is not None]
            if entries:
                self.reading.enter([entry for entry, _ in entries], self.settings.hash)
            ready = {entry.request: text for entry, text in entries if text is not None}
            self.counts.unready += len(entries) - len(ready)
            yield ready

    def read_pages(self, limit: int | None = None) -> Iterator[list[PendingGranule]]:
        """Read the granules whose package may be due, page by page."""
        columns, last, left = self.reading.read_columns(), "", limit
        while left is None or left > 0:
            size = self.page if left is None else min(self.page, left)
            page = self.reading.list_pending(columns, self.settings.hash, last, size, self.again)
            if not page:
                return
            yield page
            last = str(page[-1].row["granule_uid"])
            left = None if left is None else left - len(page)

    def build(self, pending: PendingGranule) -> Package:
        """Build the package of a granule.

        Raises
        ------
        UnreadyError
            If there can be none yet.
        """
        links = orjson.loads(pending.links)
        return build_package(pending.row, links, self.settings, self.checksums)

    def _prepare(self, pending: PendingGranule) -> tuple[PackageEntry, bytes | None] | None:
        """Write the message, and the entry that goes before it; None if nothing changed."""
        try:
            package = self.build(pending)
        except UnreadyError as error:
            return self._enter_unready(pending, str(error)), None
        same = pending.content == package.content
        if same and pending.state not in ("sending", "deleted", *self.again):
            return None
        goes_on = same and pending.state in _UNANSWERED
        entry = self._enter(pending, package, pending.request if goes_on else None)
        return entry, package.message(entry.request, self._metadata)

    def _enter(
        self, pending: PendingGranule, package: Package, request: str | None
    ) -> PackageEntry:
        """Enter a package, as a new version unless it goes on with a request."""
        before = pending.version or 0
        # What was sent before, once more or after a change, is another request: by its number.
        return PackageEntry(
            request or self._make_request(package.provider_id, package.content, before),
            pending.row["granule_uid"],
            package.provider_id,
            before if request else before + 1,
            pending.granule,
            package.content,
            "sending",
            replaces=pending.request is not None,
        )

    def _enter_unready(self, pending: PendingGranule, reason: str) -> PackageEntry:
        uid, version = pending.row["granule_uid"], pending.version or 0
        provider_id = self.settings.prefix + uid
        return PackageEntry(
            self._make_request(provider_id, "", version),
            uid,
            provider_id,
            version,
            pending.granule,
            None,
            "unready",
            reason,
            replaces=pending.request is not None,
        )

    def _make_request(self, provider_id: str, content: str, attempt: int) -> str:
        return make_request_id(self.settings.tenant, provider_id, content, attempt)

    def _note_unchanged(
        self, page: list[PendingGranule], prepared: list[tuple[PackageEntry, bytes | None] | None]
    ) -> None:
        same = [
            (str(each.row["granule_uid"]), each.granule)
            for each, made in zip(page, prepared, strict=True)
            if made is None
        ]
        if same:
            self.reading.mark_unchanged(same, self.settings.hash)
            self.counts.unchanged += len(same)


@contextmanager
def _switch_often() -> Iterator[None]:
    """Let threads take turns more often: each short wait for the broker ends sooner."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(_TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
