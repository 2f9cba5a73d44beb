"""Proposals for what identifies a granule: its own name, its group, its observation; its key."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import polars as pl

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.propose.code import CodeValue, call, column, constant, literal
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.recognise.features import is_of_features
from epnkit.drafts.recognise.meanings import Candidate, find_candidates
from epnkit.drafts.recognise.values import (
    are_addresses,
    are_data_files,
    are_pictures,
    are_times_of_day,
    share_matching,
    time_form,
)
from epnkit.mapping.identifiers import compact_time, identifier, safe, without_ending

#: The kinds of sources that keep an index of their documents' ``_id``, and order by it.
_HAVE_ID = {"mongodb", "restheart"}

#: The field by which a kind of source identifies its records, whatever other names look like.
_BEST = {"regards": "providerId"}

#: The names of files, in records of files.
_OF_FILES = ("file_name", "path")

#: Words of fields by which a document may be called.
_NAMING = frozenset(["name", "label", "title", "code", "product", "granule", "observation"])

#: The fields that the reader of files adds: where a record lies.
_PLACES = {*_OF_FILES, "line", "size", "modified", "digest", "directory"}

#: From how many records on it is no chance that all values of a field differ.
_ENOUGH = 10

#: How sure a primary key is, and an identifier after which the files of documents are named.
_DECLARED, _NAMED_AFTER = 0.93, 0.93

#: The names of files of documents that say what they are of.
_DOCUMENT = r"(?i)\.json$"

#: How sure the name of a JSON document's file is where the document has a key of its own, whose
#: name is one that is known, and how sure that key is at most.
_BESIDE_KEY, _KNOWN_KEY, _OWN_KEY = 0.8, 0.9, 0.89

#: How sure an observation is that no two granules share.
_UNGROUPED = 0.88

#: How sure the name of a file identifies the row that has it, where there is another name, and
#: where there is none; and how sure a number does beside it.
_OF_FILE, _NAMED_FILE, _NUMBER = 0.8, 0.88, 0.85

#: How few records say nothing of what is different in all, and how sure an identifier is then.
_FEW, _BY_FEW = 2, 0.8

#: How sure an identifier is that a machine made, where there is a name that a person knows.
_MACHINE = 0.8

#: The confidence of a field whose values all differ, though nothing in its name says so.
_BY_VALUES = 0.55

#: How many fields may make an identifier together.
_TOGETHER = 4


def choose_key(sample: Sample) -> tuple[str, ...]:
    """Choose the fields that identify a record; some field if none do."""
    if sample.kind in _HAVE_ID and "_id" in sample.fields:
        return ("_id",)
    if sample.declared.key and set(sample.declared.key) <= set(sample.fields):
        return sample.declared.key
    if sample.kind == "files" and "path" in sample.fields:
        # Only by these is a file found again without a look into it.
        return ("path", "line") if sample.of_table else ("path",)
    single = [each for each in _find_identifiers(sample) if each.field.name != "_id"]
    if single:
        return (single[0].field.name,)
    return _choose_several(sample)


def propose_identity(sample: Sample, name: str, key: tuple[str, ...]) -> Iterator[Proposal]:
    """Propose granule_uid, granule_gid and obs_id.

    Parameters
    ----------
    sample : Sample
        What was read of the source.
    name : str
        The service's name, which identifiers begin with if a field gives numbers alone.
    key : tuple of str
        The fields that identify a record; none if that is not known.
    """
    uid = _propose_uid(sample, name, key)
    if len(sample.records) <= _FEW:
        uid = uid.cap(_BY_FEW, f"{uid.reason}; few records show that it is different in all")
    yield uid
    yield _propose_group(sample, name)
    yield _propose_observation(sample, uid)


def _find_identifiers(sample: Sample) -> list[Candidate]:
    """List the fields that identify a record by name and by value, the best first."""
    found = [c for c in find_candidates(sample, "granule_uid") if c.field.unique]
    found += [Candidate(sample.fields[name], _DECLARED) for name in _declared_key(sample)]
    if sample.kind == "files" and not sample.of_table:
        if inner := _find_in_documents(sample, found):
            return sorted(inner, key=lambda c: -c.score)
        own = _find_own_keys(sample, found)
        score = _BESIDE_KEY if own else 0.96
        named = [sample.fields[n] for n in _OF_FILES if n in sample.fields]
        found = own + [Candidate(each, score) for each in named if each.unique] or found
    best = sample.fields.get(_BEST.get(sample.kind, ""))
    if best is not None and best.unique:
        return [Candidate(best, 0.96)]
    files = _find_named_files(sample, found)
    found = [_doubt_number(c, sample) for c in found] + files if files else found
    found = found or _find_by_values(sample)
    if all(c.field.name == "_id" for c in found):
        found += _find_own_names(sample)
    made = [Candidate(c.field, _MACHINE) if c.field.name == "_id" else c for c in found]
    # What a product calls itself comes before what a database calls its record.
    return sorted(made, key=lambda c: (c.field.name == "_id", -c.score))


def _find_own_names(sample: Sample) -> list[Candidate]:
    """List names, labels and codes that differ in all records of a store of documents."""
    if sample.kind not in _HAVE_ID or sample.records.height < _ENOUGH:
        return []
    named = (f for f in sample if _NAMING & {*f.words} and not f.context)
    return [Candidate(f, _BY_VALUES) for f in named if f.unique and _is_word(f)]


def _find_named_files(sample: Sample, others: list[Candidate]) -> list[Candidate]:
    """List names of files, which say more than numbers and less than other names."""
    named = [c for m in ("file_name", "file_named") for c in find_candidates(sample, m)]
    worded = any(c.field.is_words and c.field.name != "_id" for c in others)
    most = _OF_FILE if worded else _NAMED_FILE
    return [Candidate(c.field, min(c.score, most)) for c in named if c.field.unique]


def _doubt_number(candidate: Candidate, sample: Sample) -> Candidate:
    """Cap a number where there are names of files; they may name those that features are in."""
    field = candidate.field
    own = field.name in _declared_key(sample) and is_of_features(sample)
    known = field.is_words or own
    return candidate if known else Candidate(field, min(candidate.score, _NUMBER))


def _declared_key(sample: Sample) -> tuple[str, ...]:
    """Return the primary key that a table declares, if it is one column that is unique."""
    key = sample.declared.key
    single = len(key) == 1 and key[0] in sample.fields and sample.fields[key[0]].unique
    return key if single else ()


def _find_in_documents(sample: Sample, found: list[Candidate]) -> list[Candidate]:
    """Find the identifiers within documents after which their files are named.

    A header of FITS has no better name than its file; a JSON document says itself what it is of,
    and ``inventory_ABC.json`` is the inventory of ABC.
    """
    files = sample.fields["file_name"].texts
    if share_matching(files, _DOCUMENT) != 1.0 or len(files) < _FEW:
        return []
    stems = files.str.replace(r"\.[A-Za-z]+$", "").to_list()
    named = [c for c in found if c.field.name not in _PLACES and _are_named_after(stems, c.field)]
    return [Candidate(c.field, max(c.score, _NAMED_AFTER)) for c in named]


def _find_own_keys(sample: Sample, found: list[Candidate]) -> list[Candidate]:
    """Find the keys that documents say are their own, whatever their files are called."""
    if share_matching(sample.fields["file_name"].texts, _DOCUMENT) != 1.0:
        return []
    keys = (c for c in found if c.field.name not in _PLACES and c.score >= _KNOWN_KEY)
    return [Candidate(c.field, min(c.score, _OWN_KEY)) for c in keys]


def _are_named_after(stems: list[str], field: Field) -> bool:
    values = field.given.cast(pl.String, strict=False)
    pairs = zip(stems, values, strict=False)
    return len(values) == len(stems) and all(v and (v in stem or stem in v) for stem, v in pairs)


def _find_by_values(sample: Sample) -> list[Candidate]:
    """List the fields that identify the records of one file, which else have a line number only."""
    if sample.kind != "files" or sample.records.height < _ENOUGH:
        return []
    fields = [f for f in sample if f.unique and f.name not in _PLACES and _is_word(f)]
    fields.sort(key=lambda field: not field.name.lower().endswith("id"))
    return [Candidate(field, _BY_VALUES) for field in fields]


def _is_word(field: Field) -> bool:
    """Return whether the values are short words or whole numbers, and no times."""
    if field.given.dtype != pl.String:
        return field.given.dtype.is_integer() and time_form(field) is None
    return share_matching(field.texts, r"^[^\s/]\S{0,100}$") == 1.0 and not (
        share_matching(field.texts, r"^[-+]?\d*\.\d*([eE][-+]?\d+)?$")
        or time_form(field)
        or are_addresses(field)
        or are_times_of_day(field)
    )


def _choose_several(sample: Sample) -> tuple[str, ...]:
    """Choose the fewest fields that identify a record together."""
    useful = [f for f in sample if f.complete and f.distinct > 1 and _is_plain(f)]
    useful.sort(key=lambda field: -field.distinct)
    for count in range(1, _TOGETHER + 1):
        for fields in combinations(useful[:8], count):
            names = [field.name for field in fields]
            if not sample.records.select(names).is_duplicated().any():
                return tuple(names)
    return (sample.records.columns[0],)


def _is_plain(field: Field) -> bool:
    dtype = field.given.dtype
    return dtype == pl.String or dtype.is_integer() or dtype.is_temporal()


def _propose_uid(sample: Sample, name: str, key: tuple[str, ...]) -> Proposal:
    columns = ("granule_uid",)
    single = _find_identifiers(sample)
    if single:
        field = single[0].field
        return Proposal(
            columns,
            _uid_value(field, name),
            (field.name,),
            single[0].score,
            f"{_name_evidence(single[0])}; {field.distinct} different values",
        )
    parts = [_uid_part(sample.fields[each]) for each in key]
    made = call(identifier, literal(name), *parts)
    if sample.records.select(key).is_duplicated().any():
        return Proposal(
            columns,
            made,
            key,
            0.1,
            "no fields were found that identify a record: choose them here and for the key",
        )
    return Proposal(columns, made, key, 0.6, "these fields together are different in all records")


def _name_evidence(candidate: Candidate) -> str:
    return "by its values alone" if candidate.score == _BY_VALUES else "by its name"


def _uid_value(field: Field, name: str) -> CodeValue:
    if field.given.dtype.is_integer() or share_matching(field.texts, r"^\d{1,12}$") == 1.0:
        return call(identifier, literal(name), field.name)
    if _are_files(field) or field.name in _OF_FILES:
        return call(without_ending, field.name)
    return call(safe, field.name, distinct=True)


def _are_files(field: Field) -> bool:
    named = "file" in field.words and share_matching(field.texts, r"\.[A-Za-z]{1,4}$") == 1.0
    return named or are_data_files(field) or are_pictures(field)


def _uid_part(field: Field) -> str | CodeValue:
    return call(compact_time, field.name) if time_form(field) == "text" else field.name


def _propose_group(sample: Sample, name: str) -> Proposal:
    few = max(2, len(sample.records) // 4)
    for candidate in find_candidates(sample, "granule_gid"):
        field = candidate.field
        if field.complete and field.distinct <= few and field.given.dtype == pl.String:
            return Proposal(
                ("granule_gid",),
                column(field.name),
                (field.name,),
                candidate.score,
                f"by its name; {field.distinct} different values",
            )
    return Proposal(
        ("granule_gid",), constant(name), (), 0.5, "what products of one kind have in common"
    )


def _propose_observation(sample: Sample, uid: Proposal) -> Proposal:
    for candidate in find_candidates(sample, "obs_id"):
        field = candidate.field
        if field.complete and not field.given.dtype.is_nested() and not field.constant:
            made = Proposal(
                ("obs_id",), call(safe, field.name), (field.name,), candidate.score, "by its name"
            )
            return made.cap(_UNGROUPED, "by its name; it groups nothing") if field.unique else made
    return Proposal(
        ("obs_id",),
        uid.value,
        uid.fields,
        min(uid.confidence, 0.7),
        "each granule taken for an observation of its own",
    )
