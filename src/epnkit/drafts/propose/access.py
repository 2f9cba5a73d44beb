"""Proposals for where the data are: addresses, files, sizes, formats; and dates of the record."""

from __future__ import annotations

from collections.abc import Iterator

from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.propose.code import column, computed, kilobytes, number
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.recognise.meanings import Candidate, candidates
from epnkit.drafts.recognise.values import (
    are_addresses,
    are_data_files,
    are_media_types,
    are_pictures,
    share,
    time_form,
)
from epnkit.mapping.identifiers import last_part
from epnkit.mapping.media_types import media_type
from epnkit.mapping.texts import clean


def access(sample: Sample) -> Iterator[Proposal]:
    """Propose the optional columns that lead to the data."""
    url = _url(sample)
    if url is not None:
        yield url
        yield from _format(sample, url)
        yield from _size(sample)
    yield from _thumbnail(sample)
    yield from _file_name(sample)
    yield from _references(sample)


def _url(sample: Sample) -> Proposal | None:
    named = [c for c in candidates(sample, "access_url") if are_addresses(c.field)]
    named = [c for c in named if not are_pictures(c.field)]
    if named:
        best = named[0]
        return Proposal(
            ("access_url",),
            column(best.field.name),
            (best.field.name,),
            best.score,
            "by its name; its values are addresses",
        )
    lead = [f for f in sample if are_addresses(f) and are_data_files(f) and not are_pictures(f)]
    return next(
        (
            Proposal(
                ("access_url",), column(f.name), (f.name,), 0.8, "its values are addresses of data"
            )
            for f in lead
        ),
        None,
    )


def _format(sample: Sample, url: Proposal) -> Iterator[Proposal]:
    told = [c for c in candidates(sample, "access_format") if are_media_types(c.field)]
    if told:
        name = told[0].field.name
        yield Proposal(
            ("access_format",), column(name), (name,), told[0].score, "its values are media types"
        )
        return
    kinds = media_type(sample.records[url.fields[0]])
    if not kinds.null_count():
        yield Proposal(
            ("access_format",),
            computed(media_type, url.fields[0]),
            url.fields,
            0.92,
            "by the endings of the files",
        )


def _size(sample: Sample) -> Iterator[Proposal]:
    ready = [c for c in candidates(sample, "access_estsize") if len(c.field.numbers)]
    if ready:
        name = ready[0].field.name
        yield Proposal(("access_estsize",), number(name), (name,), ready[0].score, "by its name")
        return
    for candidate in candidates(sample, "size_bytes")[:1]:
        if len(candidate.field.numbers):
            name = candidate.field.name
            large = float(str(candidate.field.numbers.median())) > 20_000
            score = candidate.score if large else 0.6
            yield Proposal(
                ("access_estsize",), kilobytes(name), (name,), score, "by its name, taken for bytes"
            )


def _thumbnail(sample: Sample) -> Iterator[Proposal]:
    named = [c for c in candidates(sample, "thumbnail_url") if are_addresses(c.field)]
    named = [c for c in named if not share(c.field.texts, "/$")]  # a directory's
    shown = [Candidate(f, 0.75) for f in sample if are_addresses(f) and are_pictures(f)]
    for candidate in [*named, *shown][:1]:
        name = candidate.field.name
        yield Proposal(
            ("thumbnail_url",),
            column(name),
            (name,),
            candidate.score,
            "its values are addresses of pictures",
        )


def _file_name(sample: Sample) -> Iterator[Proposal]:
    found = [c for m in ("file_name", "file_named") for c in candidates(sample, m)]
    for candidate in sorted(found, key=lambda c: -c.score):
        field = candidate.field
        if share(field.texts, r"\.[A-Za-z0-9]{1,5}$") > 0.9:
            inside = share(field.texts, "/") > 0
            made = computed(last_part, field.name) if inside else column(field.name)
            yield Proposal(("file_name",), made, (field.name,), candidate.score, "by its name")
            return


def _references(sample: Sample) -> Iterator[Proposal]:
    for candidate in candidates(sample, "access_md5")[:1]:
        if share(candidate.field.texts, r"^[0-9a-fA-F]{32}$") > 0.9:
            name = candidate.field.name
            yield Proposal(
                ("access_md5",), column(name), (name,), candidate.score, "32 hexadecimal figures"
            )
    for candidate in candidates(sample, "bib_reference")[:1]:
        if len(candidate.field.texts):
            name = candidate.field.name
            yield Proposal(
                ("bib_reference",), computed(clean, name), (name,), candidate.score, "by its name"
            )


def changed_by(sample: Sample) -> str | None:
    """Choose the field that tells when a record was changed, for incremental updates."""
    if sample.kind == "files":
        return "modified"
    found = [c for m in ("changed", "changed_too") for c in candidates(sample, m)]
    timed = [c for c in found if time_form(c.field) == "text"]
    best = max(timed, key=lambda c: c.score, default=None)
    return best.field.name if best is not None and best.score >= 0.85 else None
