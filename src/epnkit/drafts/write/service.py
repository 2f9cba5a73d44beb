"""Writing a draft down: the folder of a service, which imports at once and is then a person's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Literal

from epnkit.drafts.inspect.origin import Origin
from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.propose.code import text
from epnkit.drafts.propose.draft import Draft
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.write.rd import resource_descriptor
from epnkit.epncore import columns as epncore

#: Below which confidence a person has to decide.
DECIDE = 0.8

#: Columns that a catalogue mostly has something for, and a person may know it.
_WANTED = (
    "target_name",
    "time_min",
    "time_max",
    "spectral_range_min",
    "instrument_host_name",
    "instrument_name",
    "measurement_type",
)

#: What goes with access_url (EPN-TAP 2.0, section 2.2.1).
_BESIDE_ACCESS = ("access_format", "access_estsize")

#: Where the functions that a draft declares come from.
_HOMES = {
    "epnkit.datalink.links": ("Link", "granule", "this"),
    "epnkit.mapping.declare": ("Mapping", "of"),
    "epnkit.mapping.identifiers": ("joined", "last_part", "safe", "stamp", "without_ending"),
    "epnkit.mapping.media_types": ("media_type",),
    "epnkit.mapping.named_times": ("named_interval",),
    "epnkit.mapping.spectral": ("hertz_band", "hertz_limits"),
    "epnkit.mapping.texts": ("clean", "hash_list"),
    "epnkit.mapping.times": (
        "julian_date",
        "julian_date_after",
        "julian_date_not_before",
        "julian_date_of_date_and_time",
        "julian_date_of_pair",
    ),
    "epnkit.service": ("Cursor", "Service"),
}

#: The characters that an entry may have in one line.
_WIDTH = 88

Fate = Literal["written", "unchanged", "kept"]


@dataclass(frozen=True)
class Papers:
    """All that a service's files are made of.

    Parameters
    ----------
    draft : Draft
        What is proposed.
    origin : Origin
        Where the records come from.
    sample : Sample
        What was looked at.
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

    def files(self) -> dict[str, str]:
        """Give the text of each file of the service's folder."""
        return {
            "q.rd": resource_descriptor(
                self.draft, self.origin, self.sample, self.title, self.creator
            ),
            "service.py": self.service(),
            self.origin.file_name: self.origin.text,
            "README.md": self.readme(),
        }

    def service(self) -> str:
        """Write ``service.py``."""
        draft = self.draft
        columns, links = "\n".join(_columns(draft)), _links(draft)
        more = "\n".join(_more(draft, self.origin))
        said = "\n".join([columns, links, more])
        return _template("service.py").substitute(
            title=_docstring(self.title),
            looked=len(self.sample.records),
            count=self.sample.count,
            imports=_imports(said),
            columns=columns,
            links=links,
            name=draft.name,
            frame=draft.frame,
            key=_tuple(draft.key),
            more=more + "\n" if more else "",
        )

    def readme(self) -> str:
        """Write ``README.md``."""
        draft = self.draft
        rows = [
            f"| {', '.join(f'`{c}`' for c in each.columns)} | {_named(each.fields)} "
            f"| {each.confidence:.2f} | {_cell(each.reason)} |"
            for each in ordered(draft)
        ]
        decisions = [f"- {line}" for line in decisions_of(draft)] or ["- nothing"]
        unused = _named(draft.unused) or "none"
        return _template("README.md").substitute(
            name=draft.name,
            title=_cell(self.title),
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


def write(folder: Path, papers: dict[str, str]) -> dict[str, Fate]:
    """Write the files that are missing, and leave those that are there.

    Returns
    -------
    dict
        What became of each file: written; unchanged; or kept, since what is there differs from
        what would be written now.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return {name: _write(folder / name, content) for name, content in papers.items()}


def _write(path: Path, content: str) -> Fate:
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(content)
    except FileExistsError:
        return "unchanged" if path.read_text(encoding="utf-8") == content else "kept"
    return "written"


def ordered(draft: Draft) -> list[Proposal]:
    """List the proposals in the order of EPNcore's columns."""
    place = {name: number for number, name in enumerate(epncore.COLUMNS)}
    return sorted(draft.proposals, key=lambda each: place[each.columns[0]])


def decisions_of(draft: Draft) -> list[str]:
    """List what a person has to decide, a line each."""
    unsure = [
        f"{', '.join(each.columns)} ({each.confidence:.2f}): {_line(each.reason)}"
        for each in ordered(draft)
        if each.confidence < DECIDE
    ]
    return unsure + [f"{name}: nothing in the records tells" for name in _missing(draft)]


def _missing(draft: Draft) -> list[str]:
    wanted = _WANTED + (_BESIDE_ACCESS if draft.of("access_url") else ())
    return [name for name in wanted if draft.of(name) is None]


def _columns(draft: Draft) -> Iterator[str]:
    for each in ordered(draft):
        yield f"        # {_comment(each)}"
        key = text(each.columns[0]) if len(each.columns) == 1 else _tuple(each.columns)
        yield from _entry(key, each.made.code)
    for name in _missing(draft):
        yield f"        # DECIDE {name}: nothing in the records tells. {_about(name)}"


def _entry(key: str, code: str) -> Iterator[str]:
    """Write an entry of the mapping, over several lines where it is long."""
    if len(code) + len(key) < _WIDTH or not code.startswith("of("):
        yield f"        {key}: {code},"
        return
    function, _, rest = code.removeprefix("of(").removesuffix(")").partition(", ")
    yield from (f"        {key}: of(", f"            {function}, {rest}", "        ),")


def _comment(proposal: Proposal) -> str:
    mark = "DECIDE " if proposal.confidence < DECIDE else ""
    source = f"from {', '.join(proposal.fields)}: " if proposal.fields else ""
    return _line(f"{mark}{proposal.confidence:.2f} {source}{proposal.reason}")


def _about(name: str) -> str:
    return _line(epncore.COLUMNS[name].description)


def _links(draft: Draft) -> str:
    found = []
    if draft.of("access_url") and draft.of("access_format"):
        found.append('    this("The data"),')
    elif draft.of("access_url"):
        found.append('    Link("#this", granule("access_url"), "The data"),')
    if draft.of("thumbnail_url"):
        found.append('    Link("#preview", granule("thumbnail_url"), "A picture of the data"),')
    return "\n" + "\n".join(found) + "\n" if found else ""


def _more(draft: Draft, origin: Origin) -> Iterator[str]:
    if origin.file_name != "source.toml":
        yield f"    source={text(origin.file_name)},"
    if draft.cursor:
        yield "    # By when records were changed; those of the last week are read again."
        yield f"    cursor=Cursor({text(draft.cursor)}, lag=timedelta(days=7)),"


def _imports(said: str) -> str:
    used = set(re.findall(r"\w+", re.sub(r'"(?:[^"\\]|\\.)*"|#.*', "", said)))
    used |= {"Mapping", "Service"}
    lines = ["from datetime import timedelta", ""] if "timedelta" in used else []
    lines += ["import polars as pl", ""] if "pl" in used else []
    for home, names in _HOMES.items():
        wanted = [name for name in names if name in used]
        if wanted:
            lines.append(f"from {home} import {', '.join(wanted)}")
    return "\n".join(lines)


def _template(name: str) -> Template:
    return Template(
        (files("epnkit.drafts") / "templates" / f"{name}.txt").read_text(encoding="utf-8")
    )


def _tuple(names: tuple[str, ...]) -> str:
    return f"({', '.join(map(text, names))}{',' if len(names) == 1 else ''})"


def _line(value: str) -> str:
    """Keep a text that the source gave on one line, with nothing in it that isn't seen."""
    return "".join(c for c in " ".join(value.split()) if c.isprintable())[:300]


def _docstring(value: str) -> str:
    return _line(value).replace("\\", "/").replace('"', "'")


def _cell(value: str) -> str:
    return _line(value).replace("|", "\\|")


def _named(fields: tuple[str, ...]) -> str:
    return ", ".join(f"`{_cell(name)}`" for name in fields)
