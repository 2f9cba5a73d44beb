"""Declaring the links of a granule, and compiling them while it is imported."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from epnkit.epncore import vocabularies
from epnkit.epncore.rowrules.access import LINK_SCHEMES, link_pattern
from epnkit.errors import ConfigurationError
from epnkit.mapping.declare import evaluate, fields_of
from epnkit.mapping.media_types import media_type
from epnkit.quoting import XML_FORBIDDEN, printable

#: The prefix of a granule's columns, among the fields of its record.
_OF_GRANULE = "granule."

#: The number of the granule that a link is of.
_GRANULE = "granule"

#: What is wrong with links: the number of the granule, the rule that one breaks, and why.
_PROBLEMS = pl.Schema({"granule": pl.UInt32, "rule": pl.Int32, "reason": pl.String})


#: An address of a granule, by the granule's number.
ADDRESS = pl.Schema({"granule": pl.UInt32(), "url": pl.String()})


@dataclass(frozen=True)
class CompiledLinks:
    """The links of granules, and those that may not be published.

    Parameters
    ----------
    texts : polars.Series
        A JSON array a granule; ``[]`` if there is no link.
    problems : polars.DataFrame
        ``granule`` (its number), ``rule`` and ``reason`` of each link that breaks a rule.
    counts : polars.Series
        How many links each granule has.
    withheld : polars.DataFrame
        ``granule`` and ``url`` of each link that an embargoed granule was not given.
    """

    texts: pl.Series
    problems: pl.DataFrame
    counts: pl.Series
    withheld: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ADDRESS))


@dataclass(frozen=True)
class Link:
    """One link that datalink offers for each granule.

    The values are declared as those of a mapping: a constant, an expression over the fields of the
    record or over columns of its granule (:func:`granule`), or
    :func:`~epnkit.mapping.declare.compute` with a function and the fields it reads.

    Parameters
    ----------
    semantics : str
        A term of the IVOA's datalink vocabulary, with its ``#``: ``#this``, ``#preview``.
    url
        The address; a granule whose value is null or empty has no such link.  A list gives a link
        for each of its items; the other values are then lists of the same length, or one for all.
    description
        What is there, for people.
    content_type : optional
        The media type; by default from the file extension of the URL.
    content_length : optional
        The length in bytes.
    public : bool
        Whether everybody may follow it while the granule is under an embargo: it leads to no data.

    Raises
    ------
    ConfigurationError
        If the vocabulary has no such term.

    Examples
    --------
    >>> plot = Link("#preview", pl.format("https://example.org/{}.png", pl.col("id")), "a plot")
    >>> plot.of(pl.DataFrame({"id": [7]})).select("url", "content_type").row(0)
    ('https://example.org/7.png', 'image/png')
    """

    semantics: str
    url: Any
    description: Any
    content_type: Any = None
    content_length: Any = None
    public: bool = False

    def __post_init__(self) -> None:
        if self.semantics.removeprefix("#") not in vocabularies.load("datalink"):
            raise ConfigurationError(
                f"datalink has no semantics {self.semantics}",
                cure="Use a term of http://www.ivoa.net/rdf/datalink/core, with its #.",
            )

    @property
    def fields(self) -> set[str]:
        """The fields of a record that the link reads."""
        return {name for name in self._names if not name.startswith(_OF_GRANULE)}

    @property
    def columns(self) -> set[str]:
        """The columns of the granule that the link reads."""
        return {name.removeprefix(_OF_GRANULE) for name in self._names - self.fields}

    @property
    def _names(self) -> set[str]:
        return {name for value in self._values.values() for name in fields_of(value)}

    @property
    def _values(self) -> dict[str, Any]:
        return {
            "semantics": self.semantics,
            "url": self.url,
            "description": self.description,
            "content_type": self.content_type,
            "content_length": self.content_length,
        }

    def of(self, records: pl.DataFrame) -> pl.DataFrame:
        """Evaluate the link for each record: a row an address, with the number of its record."""
        values = [_evaluate(name, value, records) for name, value in self._values.items()]
        lists = [each.name for each in values if isinstance(each.dtype, pl.List)]
        numbers = pl.int_range(len(records), dtype=pl.UInt32, eager=True).alias(_GRANULE)
        links = pl.DataFrame([numbers, *values])
        links = links.explode(lists) if lists else links
        if self.content_type is None:
            links = links.with_columns(media_type(links["url"]).alias("content_type"))
        links = links.with_columns(pl.col("url").str.strip_chars(" ").replace("", None))
        return links.filter(pl.col("url").is_not_null())


def granule(column: str) -> pl.Expr:
    """Refer to a column of the granule, where a link is declared."""
    return pl.col(_OF_GRANULE + column)


def this(description: Any, length: pl.Expr | None = None) -> Link:
    """Declare the link to the granule's own file: what access_url and access_format say.

    Parameters
    ----------
    description
        What is there, for people.
    length : polars.Expr, optional
        Its length in bytes; access_estsize is too coarse for it.
    """
    url, kind = granule("access_url"), granule("access_format")
    return Link("#this", url, description, kind, length)


def companion(semantics: str, name: str, description: Any, content_type: str | None = None) -> Link:
    """Declare the link to a companion of a file, as the source of files declares it by name.

    Parameters
    ----------
    semantics : str
        A term of datalink, with its ``#``.
    name : str
        The companion's name in the source file; its address is the field ``<name>.url``, its
        length ``<name>.size``.
    description
        What is there, for people.
    content_type : str, optional
        The media type; by default from the file extension of the URL.
    """
    return Link(semantics, pl.col(f"{name}.url"), description, content_type, pl.col(f"{name}.size"))


def documentation(url: Any, description: Any) -> Link:
    """Declare the link to a page that explains the data, which is shown under an embargo too."""
    return Link("#documentation", url, description, "text/html", public=True)


def helioviewer(time: pl.Expr) -> Link:
    """Declare the link to Helioviewer at a time: what space telescopes saw of the Sun then.

    Parameters
    ----------
    time : polars.Expr
        A text in ISO 8601 or a datetime (UTC); the link is shown under an embargo too.

    Examples
    --------
    >>> link = helioviewer(pl.col("begin"))
    >>> link.of(pl.DataFrame({"begin": ["2017-09-29T09:12:31.250"]}))["url"][0]
    'https://helioviewer.org/?date=2017-09-29T09:12:31Z'
    """
    second = time.cast(pl.String).str.slice(0, 19).str.replace(" ", "T", literal=True)
    url = pl.format("https://helioviewer.org/?date={}Z", second)
    what = "The Sun at that time, seen from space"
    return Link("#auxiliary", url, what, "text/html", public=True)


def compile_links(
    links: tuple[Link, ...],
    records: pl.DataFrame,
    granules: pl.DataFrame,
    origin: pl.Series,
    schemes: tuple[str, ...] = LINK_SCHEMES,
    embargoed: pl.Series | None = None,
) -> CompiledLinks:
    """Write the links of each granule as one JSON array.

    Parameters
    ----------
    links : tuple of Link
        What the service declares.
    records : polars.DataFrame
        The records of a batch.
    granules : polars.DataFrame
        The granules that were made of them.
    origin : polars.Series
        For each granule the number of its record.
    schemes : tuple of str, optional
        The schemes that links may have.
    embargoed : polars.Series, optional
        Which granules are under an embargo: they have their public links only.
    """
    if not links:
        empty = pl.Series(["[]"]).new_from_index(0, len(granules))
        return CompiledLinks(empty, _PROBLEMS.to_frame(), pl.zeros(len(granules), eager=True))
    values = _join_columns(links, records, granules, origin)
    public = [link.of(values) for link in links]
    problems = [_find_problems(each, schemes) for each in public]
    withheld = [pl.DataFrame(schema=ADDRESS)]
    for number, link in enumerate(links):
        if embargoed is not None and not link.public:
            is_embargoed = pl.lit(embargoed).gather(_GRANULE)
            withheld.append(public[number].filter(is_embargoed).select(*ADDRESS))
            public[number] = public[number].filter(~is_embargoed)
    return CompiledLinks(
        _write_arrays(public, len(granules)),
        pl.concat([_PROBLEMS.to_frame(), *problems]),
        _count_links(public, len(granules)),
        pl.concat(withheld),
    )


def _write_arrays(links: list[pl.DataFrame], count: int) -> pl.Series:
    """Write the links of each granule as a JSON array, in the order of their declaration."""
    columns = [_align(each, count).alias(str(number)) for number, each in enumerate(links)]
    joined = pl.concat_str(pl.all(), separator=",", ignore_nulls=True)
    return pl.DataFrame(columns).select(pl.format("[{}]", joined)).to_series()


def _align(links: pl.DataFrame, count: int) -> pl.Series:
    """Write a link as JSON for each granule: several joined, null where a granule has none."""
    written = links.select(
        _GRANULE, pl.struct(pl.exclude(_GRANULE)).struct.json_encode().alias("link")
    )
    if (written[_GRANULE].diff() == 0).any():  # of a list
        written = written.group_by(_GRANULE, maintain_order=True).agg(pl.col("link").str.join(","))
    if len(written) == count:
        return written["link"]
    every = pl.int_range(count, dtype=pl.UInt32, eager=True).alias(_GRANULE).to_frame()
    return every.join(written, on=_GRANULE, how="left", maintain_order="left")["link"]


def _count_links(links: list[pl.DataFrame], count: int) -> pl.Series:
    """Count the links of each granule."""
    numbers = pl.concat([each[_GRANULE] for each in links])
    return pl.Series("counts", np.bincount(numbers.to_numpy(), minlength=count))


def _find_problems(links: pl.DataFrame, schemes: tuple[str, ...]) -> pl.DataFrame:
    """Find addresses that are no links (rule 118), and texts that XML cannot hold (rule 119)."""
    unsafe = ~pl.col("url").str.contains(link_pattern(schemes))
    forbidden = pl.any_horizontal(
        pl.col("description", "content_type").str.contains(XML_FORBIDDEN).fill_null(value=False)
    )
    rule = pl.when(unsafe).then(118).when(forbidden).then(119)
    broken = links.with_columns(rule.alias("rule")).filter(pl.col("rule").is_not_null())
    reasons = [_explain(row, schemes) for row in broken.to_dicts()]
    return broken.select("granule", "rule", pl.Series("reason", reasons, pl.String)).cast(_PROBLEMS)


def _explain(link: dict[str, Any], schemes: tuple[str, ...]) -> str:
    if link["rule"] == 118:
        wrong = f"is not a complete address of {', '.join(schemes)}: {link['url'][:200]}"
    else:
        wrong = f"is described with a character that XML cannot hold: {link['description']}"
    return printable(f"the link {link['semantics']} {wrong}")


def _join_columns(
    links: tuple[Link, ...], records: pl.DataFrame, granules: pl.DataFrame, origin: pl.Series
) -> pl.DataFrame:
    """Join the fields and columns that the links read, one row for each granule."""
    fields = set().union(*(link.fields for link in links))
    columns = set().union(*(link.columns for link in links))
    numbered = pl.DataFrame([origin.alias("number of its record")])
    of_record = records[origin].select(sorted(fields))  # not before: fewer fields, no rows
    of_granule = granules.select(pl.col(name).alias(_OF_GRANULE + name) for name in sorted(columns))
    return pl.concat([numbered, of_record, of_granule], how="horizontal")


def _evaluate(name: str, value: object, records: pl.DataFrame) -> pl.Series:
    made = evaluate(value, records)
    values = made if isinstance(made, pl.Series) else made.values
    kind: pl.DataType = pl.Int64() if name == "content_length" else pl.String()
    return values.cast(pl.List(kind) if isinstance(values.dtype, pl.List) else kind).alias(name)
