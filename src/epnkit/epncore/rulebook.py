"""The numbered rules of EPN-TAP 2.0: text, level, section, and who decides them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from epnkit.epncore import packaged

Level = Literal["MUST", "SHOULD", "MAY", "FACT"]
#: The levels of findings: a broken statement of fact is reported as a SHOULD.
Severity = Literal["MUST", "SHOULD"]
Evidence = Literal["row", "table", "schema", "votable", "registry"]


@dataclass(frozen=True)
class Rule:
    """One rule of the standard.

    Parameters
    ----------
    number : int
        The number under which epnkit speaks of it, from 1; those from 118 on are epnkit's own.
    level : {'MUST', 'SHOULD', 'MAY', 'FACT'}
        How binding the text is; FACT if it states without a modal verb.
    scope : str
        Letters: S schema, R row, T whole table, V VOTable, G registry, C code.
    section : str
        The sections of EPN-TAP 2.0.
    text : str
        The rule in one line.
    judged_by : tuple of str
        What must be looked at to decide it; empty when it cannot be decided.
    cure : str
        What to do when it is broken.
    reason : str
        Why it cannot be decided, if so.
    refuses : bool
        Whether a row that breaks it is refused by a load.
    """

    number: int
    level: Level
    scope: str
    section: str
    text: str
    judged_by: tuple[Evidence, ...] = ()
    cure: str = ""
    reason: str = ""
    refuses: bool = False

    @property
    def severity(self) -> Severity:
        """The level at which a breach is reported."""
        return "MUST" if self.level == "MUST" else "SHOULD"


def _parse_rule(entry: Mapping[str, object]) -> Rule:
    judged_by = entry.get("judged_by", ())
    return Rule(**{**entry, "judged_by": tuple(judged_by)})  # type: ignore[arg-type]  # packaged


def _read_rules() -> dict[int, Rule]:
    entries = tomllib.loads(packaged.read_text("rules.toml"))["rule"]
    return {entry["number"]: _parse_rule(entry) for entry in entries}


#: Every rule by its number.
RULES: Mapping[int, Rule] = _read_rules()

#: The rules on rows for whose breach a load refuses the row.
ENFORCED: frozenset[int] = frozenset(rule.number for rule in RULES.values() if rule.refuses)
