"""Targets of records of many origins: each tells its own in other fields."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.propose.code import CodeValue, by_value, first_value
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.propose.synonyms import COMMON
from epnkit.drafts.propose.targets.signs import MOST, list_observers, list_solar_axes
from epnkit.drafts.recognise.bodies import body_of, class_of
from epnkit.drafts.recognise.meanings import find_candidates
from epnkit.mapping.declare import evaluate

#: How sure targets are that are told by several fields, and the share of the records they are of.
_MERGED, _SHARE = 0.78, 0.5


def propose_merged(sample: Sample) -> Iterator[Proposal]:
    """Propose the target that any of several fields tells, if none tells it of all records.

    Fields of targets count first, then observers of the Sun, then axes of coordinates on it.

    Parameters
    ----------
    sample : Sample
        The records.
    """
    kept: list[tuple[Field, dict[str, str]]] = []
    missing = pl.Series([True]).new_from_index(0, len(sample.records))
    for field, known in _list_known(sample):
        told = field.values.is_in(list(known)).fill_null(value=False)
        if (missing & told).any():
            kept.append((field, known))
            missing &= ~told
    if len(kept) < 2 or missing.sum() > (1.0 - _SHARE) * len(missing):
        return
    names = tuple(field.name for field, _ in kept)
    reason = f"what {', '.join(names)} tell, the first that does"
    for column, write in (("target_name", str), ("target_class", class_of)):
        values = [
            by_value(field.name, {value: write(body) for value, body in known.items()})
            for field, known in kept
        ]
        yield Proposal((column,), first_value(values), names, _MERGED, reason)


def covers_all(sample: Sample, value: CodeValue) -> bool:
    """Return whether nearly all records get a value."""
    made = evaluate(value.value, sample.records)
    values = made if isinstance(made, pl.Series) else made.values
    return int(values.is_not_null().sum()) >= COMMON * len(values)


def _list_known(sample: Sample) -> Iterator[tuple[Field, dict[str, str]]]:
    """List the fields that tell a target, and of which value which."""
    for candidate in find_candidates(sample, "target_name"):
        values = candidate.field.texts.unique().sort()
        if len(values) <= MOST:
            bodies = {value: body_of(value) for value in values}
            known = {value: body for value, body in bodies.items() if body}
            if known:
                yield candidate.field, known
    for field, solar in (*list_observers(sample), *list_solar_axes(sample)):
        yield field, dict.fromkeys(solar, "Sun")
