"""Names within lists of objects, such as ``[{"displayName": "SOHO: LASCO/C2"}]``."""

from __future__ import annotations

import json
import re
from typing import Any, Literal

import polars as pl

from epnkit.drafts.inspect.sample import Field
from epnkit.drafts.propose.code import CodeValue, call
from epnkit.drafts.recognise.meanings import plain_name
from epnkit.mapping.texts import hash_list
from epnkit.quoting import python_text

#: The names of what holds the name of an object, the best first.
_NAMES = ("display_name", "full_name", "name", "short_name", "title", "label", "value", "id")

#: What carries an instrument before the instrument: ``SOHO: LASCO/C2``.
_BOTH = r"^[^:]*[^:\s]:\s+\S[^:]*$"

Part = Literal["host", "instrument"]


def propose_object_names(field: Field, part: Part, *, cut: bool = False) -> CodeValue | None:
    """Declare the names in a field of objects, or of lists of them; None if there are none.

    Parameters
    ----------
    field : Field
        Objects or lists of objects, written as JSON.
    part : str
        What is taken of names that say what carries an instrument before the instrument.
    cut : bool
        Whether other names are not wanted.
    """
    is_list = field.given.dtype == pl.List(pl.String)
    texts = field.given.explode().drop_nulls() if is_list else field.texts
    if texts.dtype != pl.String or not len(texts) or not texts.str.contains(r"^\s*[\[{]").all():
        return None
    objects = [each for text in texts.unique() for each in _read_objects(text)]
    name = _find_name(objects)
    if name is None:
        return None
    both = all(re.match(_BOTH, each[name]) for each in objects)
    if cut and not both:
        return None
    return _declare(field.name, name, is_list, _CUTS[part] if both else "")


def _read_objects(text: str) -> list[Any]:
    try:
        made = json.loads(text)
    except ValueError:
        return []
    return made if isinstance(made, list) else [made]


def _find_name(objects: list[Any]) -> str | None:
    """Find the key of the name, which all objects have."""
    if not objects or not all(isinstance(each, dict) for each in objects):
        return None
    common = set.intersection(*({*each} for each in objects))
    known = {plain_name(key): key for key in common if all(_is_text(each[key]) for each in objects)}
    return next((known[name] for name in _NAMES if name in known), None)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


#: What cuts a name before or behind the colon.
_CUTS: dict[Part, str] = {"host": r"^([^:]+):", "instrument": r":\s*(.+)$"}


def _declare(field: str, name: str, is_list: bool, cut: str) -> CodeValue:
    """Declare the names of all objects in a list; of a list that is one text, of the first."""
    path = f"$.{name}" if is_list else f"$..{name}"
    value, code = pl.element(), "pl.element()"
    if not is_list:
        value, code = pl.col(field), f"pl.col({python_text(field)})"
    value, code = (
        value.str.json_path_match(path),
        f"{code}.str.json_path_match({python_text(path)})",
    )
    if cut:
        value, code = value.str.extract(cut), f"{code}.str.extract({python_text(cut)})"
    if is_list:
        value = pl.col(field).list.eval(value)
        code = f"pl.col({python_text(field)}).list.eval({code})"
    return call(hash_list, CodeValue(value, code))
