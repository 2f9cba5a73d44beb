"""Writing a draft: the folder of a service, which imports at once and is then edited by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Literal

from epnkit.drafts.inspect.origin import Origin
from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.propose.code import COMPUTE
from epnkit.drafts.propose.draft import Draft
from epnkit.drafts.propose.links import ProposedLink
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.write.rd import render_rd
from epnkit.epncore import columns as epncore
from epnkit.quoting import (
    comment,
    markdown_code,
    markdown_text,
    python_docstring,
    python_text,
    python_value,
)

#: Below which confidence a person has to decide.
DECIDE = 0.8

#: Columns that a catalogue mostly has something for, and a person may know it.
_WANTED = (
    "target_name",
    "target_class",
    "time_min",
    "time_max",
    "spectral_range_min",
    "instrument_host_name",
    "instrument_name",
    "measurement_type",
)

#: What goes with access_url (EPN-TAP 2.0, section 2.2.1).
_WITH_ACCESS = ("access_format", "access_estsize")

#: Where a draft takes its names from.
_FACADES = ("epnkit.mapping", "epnkit.service")

#: The characters that an entry, or an import, may have in one line.
_WIDTH = 88

FileStatus = Literal["written", "unchanged", "kept"]


@dataclass(frozen=True)
class ServiceFiles:
    """The files of a service's folder, and what they are made of.

    Parameters
    ----------
    draft : Draft
        What is proposed.
    origin : Origin
        Where the records come from.
    sample : Sample
        The records that were looked at.
    title : str
        What the service is called in the registry.
    creator : str
        Who made the data.
    """

    draft: Draft
    origin: Origin
    sample: Sample
    title: str
    creator: str

    def render(self) -> dict[str, str]:
        """Return the text of each file of the service's folder."""
        return {
            "q.rd": render_rd(self.draft, self.origin, self.sample, self.title, self.creator),
            "service.py": self.render_service(),
            self.origin.file_name: self.origin.text,
            "README.md": self.render_readme(),
        }

    def render_service(self) -> str:
        """Write ``service.py``."""
        draft = self.draft
        columns, links = "\n".join(_column_lines(draft)), _link_lines(draft)
        more = "\n".join(_extra_arguments(draft, self.origin))
        said = "\n".join([columns, links, more])
        return _read_template("service.py").substitute(
            title=python_docstring(comment(self.title)),
            looked=len(self.sample.records),
            count=self.sample.count,
            imports=_import_lines(said),
            columns=columns,
            extra=_own_lines(draft) + _null_lines(draft, self.sample),
            links=links,
            name=draft.name,
            frame=draft.frame,
            key=python_value(draft.key),
            more=more + "\n" if more else "",
        )

    def render_readme(self) -> str:
        """Write ``README.md``."""
        draft = self.draft
        rows = [
            f"| {', '.join(f'`{c}`' for c in each.columns)} | {_format_names(each.fields)} "
            f"| {each.confidence:.2f} | {markdown_text(each.reason)} |"
            for each in sort_proposals(draft)
        ]
        decisions = [f"- {markdown_text(line)}" for line in list_decisions(draft)] or ["- nothing"]
        unused = _format_names(draft.unused) or "none"
        return _read_template("README.md").substitute(
            name=draft.name,
            title=markdown_text(self.title),
            looked=len(self.sample.records),
            count=self.sample.count,
            table="\n".join(rows),
            decisions="\n".join(decisions),
            source=self.origin.file_name,
            credential=self._credential(),
            unused=unused,
        )

    def _credential(self) -> str:
        secret = self.origin.secret
        if secret is None:
            return ""
        return (
            f" What connects is the credential `{secret.name}`, a file of one line and mode 600"
            f" outside the repository: `~/.config/epnkit/credentials/{secret.name}` or"
            f" `/etc/epnkit/credentials/{secret.name}`."
        )


def write_files(folder: Path, papers: dict[str, str]) -> dict[str, FileStatus]:
    """Write the files that are missing, and leave those that are there.

    Returns
    -------
    dict
        What became of each file: written; unchanged; or kept, since what is there differs from
        what would be written now.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return {name: _write_file(folder / name, content) for name, content in papers.items()}


def _write_file(path: Path, content: str) -> FileStatus:
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(content)
    except FileExistsError:
        return "unchanged" if path.read_text(encoding="utf-8") == content else "kept"
    return "written"


def sort_proposals(draft: Draft) -> list[Proposal]:
    """List the proposals in the order of EPNcore's columns."""
    place = {name: number for number, name in enumerate(epncore.COLUMNS)}
    return sorted(draft.proposals, key=lambda each: place[each.columns[0]])


def list_decisions(draft: Draft) -> list[str]:
    """List what a person has to decide, a line each; what is alike of both ends is one."""
    alike: dict[tuple[float, str, tuple[str, ...]], list[str]] = {}
    for each in sort_proposals(draft):
        if each.confidence < DECIDE:
            why = each.confidence, each.reason, each.fields
            alike.setdefault(why, []).extend(each.columns)
    unsure = [
        f"{', '.join(columns)} ({confidence:.2f}): {comment(reason)}"
        for (confidence, reason, _), columns in alike.items()
    ]
    missing = [f"{name}: nothing was recognised for it" for name in list_missing(draft)]
    served = [
        f"{each.semantics} link: the address below which {comment(each.field)} is served"
        for each in draft.links
        if not each.is_address
    ]
    return unsure + missing + served


def list_missing(draft: Draft) -> list[str]:
    """List the columns that a catalogue mostly has something for, and this draft has not."""
    wanted = _WANTED + (_WITH_ACCESS if draft.of("access_url") else ())
    return [name for name in wanted if draft.of(name) is None]


def _column_lines(draft: Draft) -> Iterator[str]:
    for each in sort_proposals(draft):
        yield f"        # {_format_comment(each)}"
        yield from format_entry(each)
    for name in draft.own:
        yield f"        {python_text(name)}: pl.col({python_text(name)}),"
    for name in list_missing(draft):
        yield f"        # DECIDE {name}: nothing was recognised for it. {_describe(name)}"


def format_entry(proposal: Proposal) -> Iterator[str]:
    """Write an entry of the mapping, over several lines if it is long."""
    columns, code = proposal.columns, proposal.value.code
    key = python_text(columns[0]) if len(columns) == 1 else python_value(columns)
    if len(code) + len(key) < _WIDTH or not code.startswith(f"{COMPUTE}("):
        yield f"        {key}: {code},"
        return
    function, _, rest = code.removeprefix(f"{COMPUTE}(").removesuffix(")").partition(", ")
    yield from (f"        {key}: {COMPUTE}(", f"            {function}, {rest}", "        ),")


def _format_comment(proposal: Proposal) -> str:
    mark = "DECIDE " if proposal.confidence < DECIDE else ""
    source = f"from {', '.join(proposal.fields)}: " if proposal.fields else ""
    return comment(f"{mark}{proposal.confidence:.2f} {source}{proposal.reason}")


def _describe(name: str) -> str:
    return comment(epncore.COLUMNS[name].description)


def _own_lines(draft: Draft) -> str:
    """Write the types of the service's own columns."""
    if not draft.own:
        return ""
    types = (f"        {python_text(n)}: {python_text(kind)}," for n, kind in draft.own.items())
    return "\n".join(["    own_columns={", *types, "    },\n"])


def _null_lines(draft: Draft, sample: Sample) -> str:
    """Write which values stand for none in the fields that are used."""
    used = [name for name in sample.null_values if name not in draft.unused]
    if not used:
        return ""
    values = {name: sample.null_values[name] for name in used}
    entries = (
        f"        {python_text(name)}: {python_value(found if len(found) > 1 else found[0])},"
        for name, found in values.items()
    )
    return "\n".join(["    null_values={", *entries, "    },\n"])


def _link_lines(draft: Draft) -> str:
    found = []
    if draft.of("access_url") and draft.of("access_format"):
        found.append('    this("The data"),')
    elif draft.of("access_url"):
        found.append('    Link("#this", granule("access_url"), "The data"),')
    if draft.of("thumbnail_url"):
        found.append('    Link("#preview", granule("thumbnail_url"), "A picture of the data"),')
    found += map(_format_link, draft.links)
    return "\n" + "\n".join(found) + "\n" if found else ""


def _format_link(link: ProposedLink) -> str:
    """Write a link; one whose address nothing says is a decision."""
    column = f"pl.col({python_text(link.field)})"
    address = column if link.is_address else f'pl.format("https://.../{{}}", {column})'
    words = [python_text(link.semantics), address, python_text(link.description)]
    line = f"Link({', '.join(words)}),"
    return f"    {line}" if link.is_address else f"    # {_describe_address(link)}: {line}"


def _describe_address(link: ProposedLink) -> str:
    return comment(f"DECIDE the address below which {link.field} is served")


def _extra_arguments(draft: Draft, origin: Origin) -> Iterator[str]:
    if origin.file_name != "source.toml":
        yield f"    source={python_text(origin.file_name)},"
    if draft.cursor:
        yield "    # By when records were changed; those of the last week are read again."
        yield f"    cursor=Cursor({python_text(draft.cursor)}, lag=timedelta(days=7)),"


def _import_lines(said: str) -> str:
    used = set(re.findall(r"\w+", re.sub(r'"(?:[^"\\]|\\.)*"|#.*', "", said)))
    used |= {"Mapping", "Service"}
    lines = ["from datetime import timedelta", ""] if "timedelta" in used else []
    lines += ["import polars as pl", ""] if "pl" in used else []
    for facade in _FACADES:
        names = [name for name in sorted(import_module(facade).__all__) if name in used]
        lines.append(_format_import(facade, names))
    return "\n".join(lines)


def _format_import(module: str, names: list[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= _WIDTH:
        return line
    return "\n".join([f"from {module} import (", *(f"    {name}," for name in names), ")"])


def _read_template(name: str) -> Template:
    return Template(
        (files("epnkit.drafts") / "templates" / f"{name}.txt").read_text(encoding="utf-8")
    )


def _format_names(fields: tuple[str, ...]) -> str:
    return ", ".join(map(markdown_code, fields))
