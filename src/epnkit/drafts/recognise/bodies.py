"""Bodies of the solar system by the names that catalogues have for them, and their classes."""

from __future__ import annotations

from functools import cache

import polars as pl

from epnkit.drafts.inspect.sample import Field
from epnkit.drafts.inspect.tables import read_table
from epnkit.drafts.recognise.meanings import plain_name
from epnkit.mapping.texts import ascii_of

#: Words of names that fields of bodies have, and fields of spacecraft too.
_EITHER = frozenset(["source", "satellite"])


def may_name_body(field: Field) -> bool:
    """Return whether a field named as one of hosts may be one of bodies: a source, a satellite."""
    last = field.name.rsplit(".", 1)[-1]
    return bool(_EITHER & {*plain_name(last).split("_")})


def body_of(value: str) -> str | None:
    """Return the body that a text names, or a list of them joined by ``#``; None if unknown."""
    parts = [_find_body(part.strip().lower()) for part in value.strip("#").split("#")]
    return None if None in parts else "#".join(dict.fromkeys(p for p in parts if p))


def _find_body(name: str) -> str | None:
    return _body_names().get(name) or _body_names().get(ascii_of(name))


def are_mostly_bodies(texts: pl.Series) -> bool:
    """Return whether most of the different texts name bodies: another one may be in a language."""
    different = texts.unique().to_list()
    return sum(body_of(text) is not None for text in different) > len(different) / 2


def class_of(body: str) -> str:
    """Return the class of a body, or of several joined by ``#``."""
    return "#".join(dict.fromkeys(_class_table()[part] for part in body.split("#")))


def read_missions() -> dict[str, list[str]]:
    """Return the spacecraft that were sent to one body, by body."""
    return dict(read_table("targets")["missions"])


def read_letters() -> dict[str, list[str]]:
    """Return the letters of bodies in identifiers of PDS3, by body."""
    return dict(read_table("targets")["letters"])


@cache
def read_instruments() -> dict[str, list[str]]:
    """Return the instruments that looked at one body alone, by body."""
    table = read_table("targets")
    sent = {craft: body for body, crafts in read_missions().items() for craft in crafts}
    found = {body: [*names] for body, names in table["instruments"].items()}
    for host, aboard in table["hosts"].items():
        if host in sent:
            found.setdefault(sent[host], []).extend(aboard)
    return found


@cache
def _class_table() -> dict[str, str]:
    classes = read_table("targets")["bodies"]
    return {name: kind for kind, names in classes.items() for name in names}


@cache
def _body_names() -> dict[str, str]:
    spellings = read_table("targets")["spellings"]
    own = {name.lower(): name for name in _class_table()}
    return own | {other: name for name, others in spellings.items() for other in others}
