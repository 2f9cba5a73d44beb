"""What a second draft adds to a service that is there: only what is new at the source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from epnkit.drafts.propose.draft import Draft
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.write.service import format_entry, sort_proposals


def list_known_fields(folder: Path, fields: tuple[str, ...]) -> set[str]:
    """Return the fields that a folder knows: its service.py reads them, or its README names them.

    Parameters
    ----------
    folder : pathlib.Path
        The service's folder.
    fields : tuple of str
        The fields of the source.
    """
    texts = [
        (folder / name).read_text(encoding="utf-8")
        for name in ("service.py", "README.md")
        if (folder / name).is_file()
    ]
    known = "\n".join(texts)
    return {name for name in fields if re.search(rf'["`]{re.escape(name)}["`]', known)}


def find_additions(draft: Draft, folder: Path, fields: tuple[str, ...]) -> list[Proposal]:
    """Return the proposals that read a field which the folder does not know.

    Parameters
    ----------
    draft : Draft
        What would be drafted now.
    folder : pathlib.Path
        The service's folder, as it was drafted before and edited since.
    fields : tuple of str
        The fields of the source.
    """
    known = list_known_fields(folder, fields)
    new = set(fields) - known
    return [each for each in sort_proposals(draft) if new & set(each.fields)]


def describe_additions(draft: Draft, folder: Path, fields: tuple[str, ...]) -> Iterator[str]:
    """Write what is new, for a terminal; the files stay as they are.

    Yields
    ------
    str
        A line each: the new fields, and the entries for service.py that they suggest.
    """
    known = list_known_fields(folder, fields)
    new = [name for name in fields if name not in known]
    if not new:
        yield "nothing is new at the source since it was drafted"
        return
    yield f"new at the source: {', '.join(new)}"
    for proposal in find_additions(draft, folder, fields):
        source = ", ".join(proposal.fields)
        yield f"  {proposal.confidence:.2f} from {source}: {proposal.reason}"
        yield from format_entry(proposal)
    yield f"{folder / 'service.py'} is as it was: take over there what you want"
