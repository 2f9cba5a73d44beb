"""The target as titles of observations name it: ``Jupiter UV aurora, north``."""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.propose.code import CodeValue, call, constant
from epnkit.drafts.propose.proposal import Proposal, abbreviate
from epnkit.drafts.recognise.bodies import body_of, class_of
from epnkit.mapping.translations import translate
from epnkit.quoting import python_text

#: Words of names of fields that say in free text what a record is about.
_TITLES = frozenset(
    ["title", "titel", "titre", "titolo", "titulo", "caption", "subject", "description", "purpose"]
)

#: How sure a body is that each title names.
_TITLED = 0.72

#: The fewest letters of a name that is looked for within a text.
_SHORTEST = 4


def propose_titled(sample: Sample) -> Iterator[Proposal]:
    """Propose the one body that each title names, as target_name and target_class.

    Parameters
    ----------
    sample : Sample
        The records.
    """
    for field in sample:
        if not _TITLES & {*field.words} or not field.complete:
            continue
        named = [_find_bodies(text) for text in field.texts.unique()]
        if named and all(len(each) == 1 for each in named):
            words = {word: body for each in named for word, body in each.items()}
            yield from _propose(field, words)
            return


def _find_bodies(text: str) -> dict[str, str]:
    """Return the words of a text that are names of bodies, one for each body."""
    words = (word for word in re.findall(r"[^\W\d_]+", text) if len(word) >= _SHORTEST)
    named = {body: word for word in words if word[0].isupper() and (body := body_of(word))}
    return {word: body for body, word in named.items()}


def _propose(field: Field, words: dict[str, str]) -> Iterator[Proposal]:
    bodies, reason = {*words.values()}, f"each {field.name} names {abbreviate(words.values())}"
    classes = {word: class_of(body) for word, body in words.items()}
    if len(bodies) == 1:
        (body,) = bodies
        yield Proposal(("target_name",), constant(body), (), _TITLED, reason)
        yield Proposal(("target_class",), constant(class_of(body)), (), _TITLED, reason)
        return
    pattern = rf"\b({'|'.join(sorted(words))})\b"
    code = f"pl.col({python_text(field.name)}).str.extract({python_text(pattern)}, 1)"
    found = CodeValue(pl.col(field.name).str.extract(pattern, 1), code)
    for column, known in (("target_name", words), ("target_class", classes)):
        made = call(translate, found, words=known)
        yield Proposal((column,), made, (field.name,), _TITLED, reason)
