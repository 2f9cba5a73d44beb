"""Proposals for what else datalink may lead to: movies, reports, documentation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.recognise.values import are_addresses, share_matching

#: How values lie that are keys of a store of files, or paths in a directory: with an ending.
_PATH = r"^[^\s:?#]*[^\s/:?#]\.[A-Za-z0-9]{2,5}$"


@dataclass(frozen=True)
class _Kind:
    """A kind of link: its term of datalink, and the words and the endings by which it is known."""

    semantics: str
    description: str
    words: frozenset[str]
    endings: str


#: The kinds, with terms of the IVOA's vocabulary of datalink (datalink/core).
_KINDS = (
    _Kind(
        "#preview",
        "A movie of the data",
        frozenset(["movie", "video", "animation", "film"]),
        r"(?i)\.(mp4|m4v|mpe?g|avi|mov|webm)$",
    ),
    _Kind(
        "#auxiliary",
        "A report on the quality of the data",
        frozenset(["quality", "report"]),
        r"(?i)\.(pdf|html?|txt|json)$",
    ),
    _Kind(
        "#documentation",
        "Documentation",
        frozenset(["documentation", "doc", "docs", "help", "readme", "manual"]),
        r"(?i)(\.(pdf|html?|txt|md)$|^https?://)",
    ),
)


@dataclass(frozen=True)
class ProposedLink:
    """A link of datalink that a field leads to.

    Parameters
    ----------
    field : str
        The field.
    semantics : str
        A term of datalink's vocabulary.
    description : str
        What is there.
    is_address : bool
        Whether the values are URLs; else they are paths below an address that nothing says.
    """

    field: str
    semantics: str
    description: str
    is_address: bool


def propose_links(sample: Sample, used: set[str]) -> Iterator[ProposedLink]:
    """Propose links for fields that hold addresses, or paths of files, and are named for one.

    Parameters
    ----------
    sample : Sample
        The records.
    used : set of str
        The fields of the key and of what is proposed for columns: no link is proposed for these.
    """
    for field in sample:
        if field.name in used or not len(field.texts):
            continue
        kind = next((kind for kind in _KINDS if _is_of_kind(field, kind)), None)
        if kind is not None:
            yield ProposedLink(field.name, kind.semantics, kind.description, are_addresses(field))


def _is_of_kind(field: Field, kind: _Kind) -> bool:
    named = bool(kind.words & {*field.words, *field.context})
    leads = are_addresses(field) or share_matching(field.texts, _PATH) == 1.0
    # The tests of a draft know the links of its first granule only if all granules have them.
    known = field.complete or not are_addresses(field)
    return named and leads and known and share_matching(field.texts, kind.endings) == 1.0
