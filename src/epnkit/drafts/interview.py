"""Asking a person what a draft could not decide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.propose.alternatives import (
    CHOSEN,
    list_alternatives,
    take_constant,
    take_field,
    take_unit,
)
from epnkit.drafts.propose.draft import Draft
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.write.service import DECIDE, list_missing, sort_proposals
from epnkit.epncore.columns import COLUMNS
from epnkit.epncore.ucd_search import find_ucds
from epnkit.errors import ConfigurationError
from epnkit.mapping.declare import evaluate
from epnkit.mapping.outcome import Outcome

#: How many values, and how much of each, are shown.
_EXAMPLES, _SHOWN = 3, 28

#: The columns whose values are UCDs.
_OF_UCDS = "measurement_type"


@dataclass(frozen=True)
class Interview:
    """A person who is asked.

    Parameters
    ----------
    sample : Sample
        The records.
    say : callable
        Shows a text.
    ask : callable
        Shows a question, and returns the answer without blanks around it.
    """

    sample: Sample
    say: Callable[[str], None]
    ask: Callable[[str], str]

    def run(self, draft: Draft) -> Draft:
        """Ask about each column that is to be decided, and about those of which nothing is known.

        Parameters
        ----------
        draft : Draft
            What is proposed.

        Returns
        -------
        Draft
            The draft with what was chosen; Enter leaves a column as it is, to be decided later.
        """
        self.say(
            "Some columns are to be decided. Answer with a number, the name of a field, =VALUE for"
            "\none value of all granules, - to leave the column out, or Enter to decide later."
        )
        unsure = [each for each in sort_proposals(draft) if each.confidence < DECIDE]
        for alike in _group_ends(unsure):
            first, *others = alike
            answered = self._ask(draft, *alike)
            draft = _replace(draft, first, answered)
            for other in others:
                draft = _replace(draft, other, self._repeat(draft, first, other, answered))
        for name in list_missing(draft):
            made = self._ask_missing(name)
            draft = draft if made is None else replace(draft, proposals=(*draft.proposals, made))
        return draft

    def _repeat(
        self, draft: Draft, first: Proposal, other: Proposal, answered: Proposal | None
    ) -> Proposal | None:
        """Take for the other end what was said of the first one, unless that was something else."""
        if answered is first:
            return other
        if answered is None or answered.fields != first.fields:
            return self._ask(draft, other)
        return replace(answered, columns=other.columns)

    def _ask(self, draft: Draft, proposal: Proposal, *others: Proposal) -> Proposal | None:
        """Ask about one proposal, and others that are alike; None if the column is left out."""
        candidates = [proposal, *list_alternatives(self.sample, draft, proposal.columns)]
        self._show_question(
            (*proposal.columns, *(name for each in others for name in each.columns))
        )
        for number, each in enumerate(candidates, 1):
            source = ", ".join(each.fields) or each.value.code
            self.say(f"  {number}  {source}: {_list_examples(each, self.sample)}")
            self.say(f"     {each.confidence:.2f}, {each.reason}")

        def understand(answer: str) -> Proposal | None:
            if answer in {str(number) for number in range(1, len(candidates) + 1)}:
                chosen = candidates[int(answer) - 1]
                return replace(chosen, confidence=CHOSEN, reason=f"chosen; {chosen.reason}")
            return self._understand(proposal.columns, answer)

        answered = self._prompt_until(proposal.columns, proposal, understand)
        if answered is None or answered is proposal:  # left out, or for later
            return answered
        return self._ask_unit(answered)

    def _ask_missing(self, name: str) -> Proposal | None:
        self._show_question((name,))
        self.say("  nothing was recognised for it")
        return self._prompt_until((name,), None, lambda text: self._understand((name,), text))

    def _show_question(self, columns: tuple[str, ...]) -> None:
        self.say("")
        self.say(f"{', '.join(columns)} - {COLUMNS[columns[0]].description}")
        if COLUMNS[columns[0]].allowed_values:
            self.say(f"  values: {', '.join(COLUMNS[columns[0]].allowed_values)}")
        if columns == (_OF_UCDS,):
            self.say("  ? and words finds UCDs: ?magnetic field")

    def _prompt_until(
        self,
        columns: tuple[str, ...],
        kept: Proposal | None,
        understand: Callable[[str], Proposal | None],
    ) -> Proposal | None:
        """Ask until an answer is understood."""
        while True:
            answer = self.ask(columns[0])
            if not answer:
                return kept
            try:
                if answer.startswith("?"):
                    found = self._choose_ucd(answer[1:])
                    if found:
                        return take_constant(self.sample, columns[0], found)
                    continue
                return understand(answer)
            except ConfigurationError as error:
                self.say(f"  {error}")

    def _understand(self, columns: tuple[str, ...], answer: str) -> Proposal | None:
        if answer == "-":
            return None
        if len(columns) > 1:
            raise ConfigurationError(
                f"{answer!r} is none of the numbers",
                cure="These columns are made together: choose a number, -, or edit service.py",
            )
        if answer.startswith("="):
            return take_constant(self.sample, columns[0], answer[1:].strip())
        return take_field(self.sample, columns[0], answer)

    def _ask_unit(self, proposal: Proposal) -> Proposal:
        """Ask for the unit of a field if it was guessed; Enter takes the guess."""
        if proposal.with_unit is None:
            return proposal
        while answer := self.ask(f"unit of {', '.join(proposal.fields)}"):
            try:
                return take_unit(self.sample, proposal, answer)
            except ConfigurationError as error:
                self.say(f"  {error}")
        return proposal

    def _choose_ucd(self, words: str) -> str | None:
        """Search for UCDs by words, and let one be chosen."""
        found = find_ucds(words, 9)
        for number, each in enumerate(found, 1):
            self.say(f"  {number}  {each.ucd:<32} {each.description}".rstrip())
        if not found:
            self.say(f"  no UCD has these words: {words}")
            return None
        answer = self.ask("which")
        known = {str(number): each.ucd for number, each in enumerate(found, 1)}
        return known.get(answer)


def _group_ends(proposals: list[Proposal]) -> list[list[Proposal]]:
    """Put both ends of a range together where they come of one value."""
    alike: dict[tuple[str, str], list[Proposal]] = {}
    for each in proposals:
        value = each.value.code if each.fields else each.columns[0]
        stem = each.columns[0].removesuffix("min").removesuffix("max")
        alike.setdefault((stem, value), []).append(each)
    return list(alike.values())


def _replace(draft: Draft, old: Proposal, new: Proposal | None) -> Draft:
    kept = (new if each is old else each for each in draft.proposals)
    return replace(draft, proposals=tuple(each for each in kept if each is not None))


def _list_examples(proposal: Proposal, sample: Sample) -> str:
    """List some values that a proposal gives."""
    made = evaluate(proposal.value.value, sample.records)
    first = next(iter(made.values())) if isinstance(made, dict) else made
    first = getattr(first, "low", first)
    values = first.values if isinstance(first, Outcome) else first
    some = values.drop_nulls().unique(maintain_order=True).head(_EXAMPLES)
    return ", ".join(str(value)[:_SHOWN] for value in some)
