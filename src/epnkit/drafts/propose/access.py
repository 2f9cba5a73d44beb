"""Proposals for where the data are: addresses, files, sizes, formats; and dates of the record."""

from __future__ import annotations

from collections.abc import Iterator

from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.propose.code import call, column, kilobytes, number
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.recognise.meanings import Candidate, find_candidates, words_that_exclude
from epnkit.drafts.recognise.values import (
    are_addresses,
    are_data_files,
    are_media_types,
    are_pictures,
    share_matching,
    time_form,
)
from epnkit.mapping.identifiers import last_part
from epnkit.mapping.media_types import media_type
from epnkit.mapping.texts import clean

#: An address whose path ends in the name of a file, and asks nothing.
_ENDS_IN_FILE = r"^[a-z]+://[^?#]+/[^/?#]+\.[A-Za-z0-9]{1,5}$"


def propose_access(sample: Sample) -> Iterator[Proposal]:
    """Propose the optional columns that lead to the data."""
    url = _propose_url(sample)
    if url is not None:
        yield url
        yield from _propose_format(sample, url)
        yield from _propose_size(sample)
    yield from _propose_thumbnail(sample)
    yield from _propose_file_name(sample, url)
    yield from _propose_references(sample)


def _propose_url(sample: Sample) -> Proposal | None:
    named = [c for c in find_candidates(sample, "access_url") if are_addresses(c.field)]
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
    return _propose_url_by_values(sample)


def _propose_url_by_values(sample: Sample) -> Proposal | None:
    """Propose addresses of files of data; or else the only addresses that differ by record."""
    elsewhere = words_that_exclude("access_url")
    lead = [f for f in sample if are_addresses(f) and not are_pictures(f)]
    data = [f for f in lead if are_data_files(f)]
    own = [f for f in lead if f.unique and not elsewhere & {*f.words, *f.context}]
    if data:
        name, score, reason = data[0].name, 0.8, "its values are addresses of data"
    elif len(own) == 1:
        name, score, reason = own[0].name, 0.7, "the only addresses, another one for each record"
    else:
        return None
    return Proposal(("access_url",), column(name), (name,), score, reason)


def _propose_format(sample: Sample, url: Proposal) -> Iterator[Proposal]:
    typed = [c for c in find_candidates(sample, "access_format") if are_media_types(c.field)]
    if typed:
        name = typed[0].field.name
        yield Proposal(
            ("access_format",), column(name), (name,), typed[0].score, "its values are media types"
        )
        return
    kinds = media_type(sample.records[url.fields[0]])
    if not kinds.null_count():
        yield Proposal(
            ("access_format",),
            call(media_type, url.fields[0]),
            url.fields,
            0.92,
            "by the endings of the files",
        )


def _propose_size(sample: Sample) -> Iterator[Proposal]:
    ready = [c for c in find_candidates(sample, "access_estsize") if len(c.field.numbers)]
    if ready:
        name = ready[0].field.name
        yield Proposal(("access_estsize",), number(name), (name,), ready[0].score, "by its name")
        return
    for candidate in find_candidates(sample, "size_bytes")[:1]:
        if len(candidate.field.numbers):
            name = candidate.field.name
            large = float(str(candidate.field.numbers.median())) > 20_000
            score = candidate.score if large else 0.6
            yield Proposal(
                ("access_estsize",), kilobytes(name), (name,), score, "by its name, taken for bytes"
            )


def _propose_thumbnail(sample: Sample) -> Iterator[Proposal]:
    named = [c for c in find_candidates(sample, "thumbnail_url") if are_addresses(c.field)]
    named = [c for c in named if not share_matching(c.field.texts, "/$")]  # a directory's
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


def _propose_file_name(sample: Sample, url: Proposal | None) -> Iterator[Proposal]:
    found = [c for m in ("file_name", "file_named") for c in find_candidates(sample, m)]
    for candidate in sorted(found, key=lambda c: -c.score):
        field = candidate.field
        if share_matching(field.texts, r"\.[A-Za-z0-9]{1,5}$") > 0.9:
            inside = share_matching(field.texts, "/") > 0
            made = call(last_part, field.name) if inside else column(field.name)
            yield Proposal(("file_name",), made, (field.name,), candidate.score, "by its name")
            return
    if url is not None and share_matching(sample.fields[url.fields[0]].texts, _ENDS_IN_FILE) == 1:
        made, reason = call(last_part, url.fields[0]), "the last part of the address"
        yield Proposal(("file_name",), made, url.fields, min(url.confidence, 0.92), reason)


def _propose_references(sample: Sample) -> Iterator[Proposal]:
    for candidate in find_candidates(sample, "access_md5")[:1]:
        if share_matching(candidate.field.texts, r"^[0-9a-fA-F]{32}$") > 0.9:
            name = candidate.field.name
            yield Proposal(
                ("access_md5",), column(name), (name,), candidate.score, "32 hexadecimal figures"
            )
    for candidate in find_candidates(sample, "bib_reference")[:1]:
        if len(candidate.field.texts):
            name = candidate.field.name
            yield Proposal(
                ("bib_reference",), call(clean, name), (name,), candidate.score, "by its name"
            )


def choose_cursor(sample: Sample) -> str | None:
    """Choose the field with the time at which a record was changed, for incremental updates."""
    if sample.kind == "files":
        return "modified"
    found = [c for m in ("changed", "changed_too") for c in find_candidates(sample, m)]
    found += [Candidate(f, 0.97) for f in sample if f.name in sample.declared.changed]
    timed = [c for c in found if time_form(c.field) == "text"]
    best = max(timed, key=lambda c: c.score, default=None)
    return best.field.name if best is not None and best.score >= 0.85 else None
