"""Writing what a dry run found, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from epnkit.loading.dry_run import DryRunResult

#: How much of a value is shown, in characters.
_SHOWN = 40


def describe(found: DryRunResult) -> list[str]:
    """Write a line for each thing that a load would do."""
    counts = found.counts
    return [
        f"{found.service}: {counts.read} records read; nothing was written",
        f"would load      {counts.loaded:>9}{_list(found.loaded, counts.loaded)}",
        f"would change    {counts.changed:>9}",
        *_describe_changes(found),
        f"would delete    {counts.deleted:>9}{_list(found.deleted, counts.deleted)}",
        f"would refuse    {counts.quarantined:>9}",
        *_describe_refusals(found),
        f"unchanged       {counts.unchanged:>9}",
        *([f"under an embargo {found.embargoed:>8}"] if found.embargoed else []),
        *([f"repeated        {counts.repeated:>9}"] if counts.repeated else []),
        *([f"would break a MUST: {found.must_violations} values"] if found.must_violations else []),
        *found.notes,
    ]


def _list(uids: list[str], count: int) -> str:
    if not uids:
        return ""
    return f"  {', '.join(uids)}" + (", ..." if count > len(uids) else "")


def _describe_changes(found: DryRunResult) -> Iterator[str]:
    width = max((len(name) for name in found.changed), default=0)
    for name, changes in sorted(found.changed.items(), key=lambda each: -each[1].count):
        yield f"  {name:<{width}}  in {changes.count}"
        for uid, old, new in changes.examples:
            if (old, new) != (None, None):
                yield f"  {'':<{width}}    {uid}: {_shorten(old)} -> {_shorten(new)}"


def _describe_refusals(found: DryRunResult) -> Iterator[str]:
    for name, refusals in sorted(found.refused.items(), key=lambda each: -each[1].count):
        rule = f"rule {refusals.rule}: " if refusals.rule else ""
        yield f"  {refusals.count:>6}  {rule}{name}"
        yield from (f"          {example}" for example in refusals.examples)


def _shorten(value: str | None) -> str:
    if value is None:
        return "null"
    return value if len(value) <= _SHOWN else f"{value[: _SHOWN - 1]}\N{HORIZONTAL ELLIPSIS}"
