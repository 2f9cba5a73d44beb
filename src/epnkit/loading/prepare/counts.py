"""The counts of a run."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass
class Counts:
    """The counts of the ledger, by which every record that was read is accounted for.

    ``extra``: granules beyond the first that one record made; ``folded``: records merged into
    another; ``deleted``: granules deleted from the table; ``null_cursors``: records without a
    cursor, which are counted elsewhere too. ``read + extra`` is ``folded + loaded + changed +
    unchanged + repeated + quarantined``.
    """

    read: int = 0
    folded: int = 0
    extra: int = 0
    loaded: int = 0
    changed: int = 0
    unchanged: int = 0
    repeated: int = 0
    quarantined: int = 0
    deleted: int = 0
    null_cursors: int = 0

    @property
    def balanced(self) -> bool:
        """Whether every record is accounted for."""
        granules = self.loaded + self.changed + self.unchanged + self.repeated
        return self.read + self.extra == self.folded + granules + self.quarantined

    def add(self, other: Counts) -> None:
        """Add the counts of a part."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))

    def summary(self) -> str:
        """Write the counts in one line, for a terminal or a mail."""
        words = [f"{self.read} read"]
        for each in fields(self)[1:]:
            number = getattr(self, each.name)
            if number:
                words.append(f"{number} {each.name.replace('_', ' ')}")
        return ", ".join(words)
