"""Searching EPN-TAP services: what ``epnkit search`` does, for notebooks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from astropy.table import Table

from epnkit.client.ask import RequestLimits, TableAnswer, ask_all
from epnkit.client.results import merge_answers
from epnkit.client.targets import REGISTRY, EpnTable, ask_registry
from epnkit.client.terms import read_terms


@dataclass(frozen=True)
class SearchResult:
    """What a search found.

    Parameters
    ----------
    table : astropy.table.Table
        The rows of all tables, as :func:`epnkit.client.results.merge_answers` gives them.
    answers : tuple of Answer
        What each table answered, in the order in which they came.
    """

    table: Table
    answers: tuple[TableAnswer, ...] = field(repr=False)

    @property
    def incomplete(self) -> tuple[TableAnswer, ...]:
        """The answers that are not whole: of services that are down, and of those with more."""
        return tuple(answer for answer in self.answers if answer.state != "whole")


def search(
    tap: str | Iterable[str | EpnTable] = (),
    *,
    registry: str = REGISTRY,
    columns: Sequence[str] = (),
    sort: str = "time_min",
    limit: int = RequestLimits.limit,
    timeout: float = RequestLimits.timeout,
    report: Callable[[TableAnswer], None] | None = None,
    **terms: Any,
) -> SearchResult:
    """Search many EPN-TAP services at once.

    Parameters
    ----------
    tap : str or iterable of str or EpnTable
        TAP services, whose EPN-TAP tables are asked, or tables of them; by default those of a
        registry.
    registry : str
        The TAP service of the registry.
    columns : sequence of str
        The columns to fetch; by default those of EPNcore that a table has, ``*`` all it has.
    sort : str
        The column to sort by.
    limit : int
        How many rows of each table at most.
    timeout : float
        How long each service may take, in seconds.
    report : callable, optional
        Called with each answer as it comes.
    terms : dict
        What is asked for: `time`, `target`, `kind`, `frequency`, `instrument`, `host`, `level`,
        `cone`, `box` or `polygon` with `frame`, `text`, `where`, as in
        :class:`epnkit.client.terms.SearchTerms`, or as texts in the forms of the command.

    Returns
    -------
    SearchResult
        One table, and what became of each service: one that fails costs its own rows only.

    Raises
    ------
    ConfigurationError
        If a term cannot be read.
    CheckError
        If no service is named and the registry does not answer.
    """
    asked = read_terms(**terms)
    targets = _name_targets(tap) or ask_registry(registry)
    answers = []
    limits = RequestLimits(limit, timeout)
    for answer in ask_all(targets, asked, columns=columns, order=sort, limits=limits):
        answers.append(answer)
        if report is not None:
            report(answer)
    return SearchResult(merge_answers(answers, sort), tuple(answers))


def _name_targets(tap: str | Iterable[str | EpnTable]) -> list[EpnTable]:
    named = [tap] if isinstance(tap, str) else list(tap)
    return [each if isinstance(each, EpnTable) else EpnTable(each.rstrip("/")) for each in named]
