"""The resource descriptor of a draft, with regression tests of the first granule it saw."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from string import Template
from typing import Any

import polars as pl

from epnkit.drafts.inspect.origin import Origin
from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.propose.draft import Draft
from epnkit.epncore import columns as epncore
from epnkit.epncore.characters import find_beyond_ascii
from epnkit.errors import ConfigurationError
from epnkit.loading.prepare.preparation import Preparation
from epnkit.mapping.declare import Mapping
from epnkit.quoting import python_value, rd_text, xml_text
from epnkit.service import Service

#: What the regression test looks at, as far as the draft has it.
_ASSERTED = ("target_name", "time_min", "spectral_range_min", "instrument_name", "file_name")

#: The types of the service's own columns, as DaCHS names them.
_OWN_TYPES = {
    "text": "text",
    "integer": "bigint",
    "float": "double precision",
    "double": "double precision",
    "timestamp": "timestamp",
}

#: Texts that mean nothing but themselves in XML, ADQL, URLs, Python and to DaCHS.
_PLAIN = re.compile(r"[A-Za-z0-9._~-]+( [A-Za-z0-9._~-]+)*")


def render_rd(draft: Draft, origin: Origin, sample: Sample, title: str, creator: str) -> str:
    """Write ``q.rd``.

    Parameters
    ----------
    draft : Draft
        The mapping that is proposed.
    origin : Origin
        The source, and the file that describes it.
    sample : Sample
        What was read of it; the regression test asserts values of its first granule.
    title, creator : str
        Metadata of the service.

    Raises
    ------
    ConfigurationError
        If not one record of the sample becomes a granule.
    """
    granules = make_granules(draft, sample)
    first = choose_granule(granules)
    asked = [
        name
        for name in _ASSERTED
        if first.get(name) is not None and _comes_from_record(draft, name)
    ]
    uid = first["granule_uid"]
    return Template(_read_template("q.rd")).substitute(
        name=draft.name,
        today=datetime.now(UTC).strftime("%Y-%m-%dT00:00:00Z"),
        title=rd_text(title),
        count=sample.count,
        subject="solar-system-astronomy",
        creator=rd_text(creator),
        frame=draft.frame,
        optional=" ".join(optional_columns(draft)),
        feeds="\n".join([*_column_lines(granules), *_feed_lines(draft), *_own_lines(draft)]),
        source=origin.file_name,
        kind=origin.kind,
        tests=_render_tests(draft, first, asked) if _PLAIN.fullmatch(uid) else "",
    )


def _render_tests(draft: Draft, first: dict[str, Any], asked: list[str]) -> str:
    """Write the tests that ask for a granule by its uid, which is plain."""
    return Template(_read_template("tests")).substitute(
        name=draft.name,
        asked=", ".join(asked or ["granule_uid"]),
        uid=first["granule_uid"],
        asserts="\n".join(_assertion_lines(first, asked or ["granule_uid"])),
        semantics=_semantics(draft, first),
    )


def _comes_from_record(draft: Draft, name: str) -> bool:
    """Return whether a column comes from the record, so that no decision changes it."""
    proposal = draft.of(name)
    return proposal is not None and bool(proposal.fields)


def optional_columns(draft: Draft) -> list[str]:
    """List the columns that the table has beyond the mandatory ones."""
    made = [name for each in draft.proposals for name in each.columns]
    optional = [name for name in made if not epncore.COLUMNS[name].mandatory]
    return list(dict.fromkeys([*optional, "datalink_url"]))


def make_granules(draft: Draft, sample: Sample) -> pl.DataFrame:
    """Make the granules of the sample that the rules let pass.

    Raises
    ------
    ConfigurationError
        If there is none.
    """
    columns: dict[str | tuple[str, ...], Any] = {
        each.columns if len(each.columns) > 1 else each.columns[0]: each.value.value
        for each in draft.proposals
    }
    columns |= {name: pl.col(name) for name in draft.own}
    # The key plays no part in what a granule is.
    mapping = Mapping(columns, own_columns=draft.own)
    service = Service(draft.name, draft.frame, mapping, (sample.records.columns[0],))
    prepared = Preparation(service).prepare(sample.records)
    if prepared.granules.is_empty():
        reasons = prepared.refusals["reason"].unique().head(3).to_list()
        raise ConfigurationError(
            "no record of the sample can become a granule",
            why="; ".join(map(str, reasons)),
            cure="Write the service by hand, or give a --query with a key and a time",
        )
    return prepared.granules


def choose_granule(granules: pl.DataFrame) -> dict[str, Any]:
    """Choose the granule of which the tests ask: the first whose uid needs no quoting, if any."""
    uids = granules["granule_uid"]
    plain = (number for number, uid in enumerate(uids) if _PLAIN.fullmatch(uid))
    return granules.row(next(plain, 0), named=True)


def _column_lines(granules: pl.DataFrame) -> Iterator[str]:
    """Write the columns of texts beyond ASCII, which a VOTable of ``char`` would mangle."""
    names = find_beyond_ascii(granules)
    if names:
        yield "    <!-- Texts beyond ASCII, which the mixin's type would serve as ?. -->"
    for name in names:
        known = epncore.COLUMNS[name]
        yield (
            f'    <column name="{name}" type="unicode" ucd="{known.ucd}"\n'
            f'      description="{xml_text(known.description)}"/>'
        )


def _own_lines(draft: Draft) -> Iterator[str]:
    """Write the service's own columns, whose meaning a person describes."""
    for name, kind in draft.own.items():
        words = f'name="{name}" type="{_OWN_TYPES[kind]}"'
        text = f"As the source has it in {name}."
        if kind == "integer":
            yield f'    <column {words} required="False" description="{text}">'
            yield '      <values nullLiteral="-2147483648"/>\n    </column>'
        else:
            yield f'    <column {words} description="{text}"/>'


def _feed_lines(draft: Draft) -> Iterator[str]:
    streams = [
        ("times", draft.of("time_min")),
        ("spectrum", draft.of("spectral_range_min")),
        ("place", draft.of("c1min")),
    ]
    for name, proposal in streams:
        if proposal is not None:
            yield f'    <FEED source="epnkit/q#{name}"/>'


def _assertion_lines(first: dict[str, Any], asked: list[str]) -> Iterator[str]:
    for name in asked:
        value = first[name]
        if name == "time_min":
            yield f'        self.assertAlmostEqual(row["{name}"], {value!r}, places=8)'
        elif isinstance(value, float):
            scale = 10.0 ** math.floor(math.log10(abs(value))) if value else 1.0
            yield (
                f'        self.assertAlmostEqual(row["{name}"]/{scale!r}, {value / scale!r},'
                " places=6)"
            )
        else:
            yield f"        self.assertEqual({_assert_text(name, value)})"


def _assert_text(name: str, value: Any) -> str:
    """Write what a test compares: nothing of a text that is not plain stands in it as it is."""
    text = str(value)
    if _PLAIN.fullmatch(text):
        return f'row["{name}"], "{text}"'
    return f'row["{name}"].encode("utf-8").hex(), "{text.encode().hex()}"'


def _semantics(draft: Draft, first: dict[str, Any]) -> str:
    pairs = (("access_url", "#this"), ("thumbnail_url", "#preview"))
    columns = [word for name, word in pairs if first.get(name)]
    others = [each.semantics for each in draft.links if each.is_address]
    return python_value([*columns, *others])


def _read_template(name: str) -> str:
    path = files("epnkit.drafts") / "templates" / f"{name}.txt"
    return path.read_text(encoding="utf-8")
