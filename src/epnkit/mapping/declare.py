"""Declaring a mapping: which column of EPNcore is made from which fields of a record, and how."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Dictionary
from dataclasses import InitVar, dataclass, field, is_dataclass, replace
from typing import Any

import polars as pl

from epnkit.epncore import columns as epncore
from epnkit.epncore.columns import EpnType
from epnkit.errors import MappingError
from epnkit.mapping.fitting import fit_type
from epnkit.mapping.folding import Fold
from epnkit.mapping.null_values import set_null_values
from epnkit.mapping.outcome import Conversion, Outcome
from epnkit.mapping.reading import first_reason


@dataclass(frozen=True)
class Computed:
    """One column, or a group of them, made by a function.

    Parameters
    ----------
    function : callable
        Takes a :class:`polars.Series` an argument and gives a series, an
        :class:`~epnkit.mapping.outcome.Outcome`, or for a group of columns a dictionary, a tuple
        or a dataclass of them.
    arguments : tuple
        Each the name of a field, an expression over fields, or another such value.
    settings : dict
        Keyword arguments of the function.
    """

    function: Conversion
    arguments: tuple[str | pl.Expr | Computed, ...]
    settings: Dictionary[str, Any] = field(default_factory=dict)

    @property
    def fields(self) -> list[str]:
        """The fields of a record that it reads."""
        named = ([each] if isinstance(each, str) else fields_of(each) for each in self.arguments)
        return [name for names in named for name in names]

    def __call__(self, records: pl.DataFrame) -> Any:
        """Apply the function to a batch; what an argument could not read, the result cannot."""
        given = [_evaluate_argument(each, records) for each in self.arguments]
        result = self.function(*(each.values for each in given), **self.settings)
        troubled = [each.reasons for each in given if each.reasons.null_count() < len(records)]
        return _add_reasons(result, troubled) if troubled else result


def compute(
    function: Conversion, *arguments: str | pl.Expr | Computed, **settings: object
) -> Computed:
    """Declare a value as a function of fields, or of values made of fields.

    Parameters
    ----------
    function : callable
        Takes a :class:`polars.Series` an argument, and the settings as keywords. It is called for
        two batches at the same time, and so keeps nothing between them.
    *arguments : str, polars.Expr or Computed
        Each the name of a field, an expression over fields, or another such value.
    **settings
        Keyword arguments of the function, the same for all records.

    Examples
    --------
    >>> from epnkit.mapping import compact_time, identifier
    >>> uid = compute(identifier, pl.lit("ar"), compute(compact_time, "date_obs"), "x")
    >>> uid.fields
    ['date_obs', 'x']
    >>> uid(pl.DataFrame({"date_obs": ["2012-05-01T07:46:59"], "x": [7]})).values.to_list()
    ['ar_20120501_074659_7']
    """
    return Computed(function, arguments, settings)


#: Its name in services that were written for epnkit 0.1.
of = compute


#: How the loader holds the service's own columns, by the type that they are declared with.
_TYPES: dict[str, Any] = {
    "text": pl.String,
    "integer": pl.Int64,
    "float": pl.Float64,
    "double": pl.Float64,
    "timestamp": pl.Datetime("us"),
}


@dataclass(frozen=True)
class Product:
    """One of several granules made from each record: a file in another format, a preview.

    Parameters
    ----------
    columns : dict
        The columns in which this product differs from the mapping's common ones.
    when : polars.Expr, optional
        Which records have it; by default each has.

    Examples
    --------
    >>> text = Product({"access_format": "text/csv"}, when=pl.col("has_text"))
    >>> mapping = Mapping({"obs_id": pl.col("id")}, products=(Product({}), text))
    >>> mapping.apply(pl.DataFrame({"id": ["a"], "has_text": [True]})).granules.rows()
    [('a', None), ('a', 'text/csv')]
    """

    columns: Dictionary[str | tuple[str, ...], Any]
    when: pl.Expr | None = None


@dataclass(frozen=True)
class MappingResult:
    """What a mapping made of a batch.

    Parameters
    ----------
    granules : polars.DataFrame
        The granules, in EPNcore's types, one column a declared one.
    origin : polars.Series
        For each granule the number of its record in the batch.
    refusals : polars.DataFrame
        ``record`` (number in the batch), ``column``, ``reason`` and, if it breaks one, ``rule`` of
        each record that could not be mapped; it has no granule.
    """

    granules: pl.DataFrame
    origin: pl.Series
    refusals: pl.DataFrame


@dataclass(frozen=True)
class Mapping:
    """How a record becomes a granule, column by column.

    Parameters
    ----------
    columns : dict
        For each column, or tuple of columns made together, its value: a constant, an expression
        over fields, or :func:`compute` with a function and the fields it reads.
    own_columns : dict of str to str
        The columns that EPNcore does not have, each with its type (``text``, ``integer``,
        ``float``, ``double`` or ``timestamp``); the RD declares them too, with unit and UCD.
    products : tuple of Product
        If a record yields several granules: in what they differ.
    fold : Fold, optional
        Which records belong together.
    null_values : dict of str to a number, a text, or a tuple of them
        For each field the values that say that there is none, such as -999.99 or ``N/A``: they are
        null before anything is made of the field. Numbers are also found in texts.
    extra : dict of str to str
        What ``own_columns`` was called before 0.2.

    Raises
    ------
    MappingError
        At once, if a column is neither EPNcore's nor declared as the service's own.

    Examples
    --------
    >>> mapping = Mapping({"target_name": "Sun", "obs_id": pl.col("id")})
    >>> mapping.apply(pl.DataFrame({"id": ["a", "b"]})).granules.rows()
    [('Sun', 'a'), ('Sun', 'b')]
    """

    columns: Dictionary[str | tuple[str, ...], Any]
    own_columns: Dictionary[str, EpnType] = field(default_factory=dict)
    products: tuple[Product, ...] = ()
    fold: Fold | None = None
    null_values: Dictionary[str, Any] = field(default_factory=dict)
    extra: InitVar[Dictionary[str, EpnType] | None] = None

    def __post_init__(self, extra: Dictionary[str, EpnType] | None) -> None:
        if extra is not None:
            object.__setattr__(self, "own_columns", {**self.own_columns, **extra})
        unknown = [n for n in self.names if n not in epncore.COLUMNS and n not in self.own_columns]
        if unknown:
            raise MappingError(
                f"EPNcore has no column {', '.join(unknown)}",
                cure="Correct the name, or declare it in the mapping's own_columns and in the RD.",
            )

    @property
    def described_columns(self) -> dict[str, epncore.Column]:
        """The service's own columns, as the rules want them described."""
        return {name: epncore.free_column(name, kind) for name, kind in self.own_columns.items()}

    @property
    def names(self) -> list[str]:
        """The columns that are declared, each once, in order."""
        declared = [self.columns, *(product.columns for product in self.products)]
        keys = [key for columns in declared for key in columns]
        return list(dict.fromkeys(n for key in keys for n in _column_names(key)))

    @property
    def fields(self) -> set[str]:
        """The fields of a record that the mapping reads."""
        values = [*self.columns.values(), *(p.when for p in self.products if p.when is not None)]
        values += [value for product in self.products for value in product.columns.values()]
        used = {name for value in values for name in fields_of(value)}
        folded = self.fold.by + self.fold.collect if self.fold else ()
        return used.union(folded, self.null_values)

    def polars_type(self, name: str) -> Any:
        """Return the type in which the loader holds a column."""
        if name in self.own_columns:
            return _TYPES[self.own_columns[name]]
        return epncore.polars_type(name)

    def apply(self, records: pl.DataFrame) -> MappingResult:
        """Make the granules of a batch.

        Raises
        ------
        MappingError
            If a column cannot be made of the fields that it reads.
        """
        given = set_null_values(records, self.null_values)
        numbered = given.with_columns(pl.int_range(pl.len(), dtype=pl.UInt32).alias(_NUMBER))
        parts = [
            self._make_granules(numbered, product) for product in self.products or (Product({}),)
        ]
        refusals = pl.concat([part.refusals for part in parts])
        granules = pl.concat([part.granules for part in parts])
        origin = pl.concat([part.origin for part in parts])
        mapped = ~origin.is_in(refusals["record"].unique().implode())
        return MappingResult(granules.filter(mapped), origin.filter(mapped), refusals)

    def _make_granules(self, records: pl.DataFrame, product: Product) -> MappingResult:
        if product.when is not None:
            records = records.filter(product.when)
            if not len(records):  # nothing to evaluate: few records have all products
                empty = pl.DataFrame(schema={name: self.polars_type(name) for name in self.names})
                return MappingResult(empty, records[_NUMBER], _NO_REFUSALS)
        made: dict[str, Outcome] = {}
        for key, value in {**self.columns, **product.columns}.items():
            made |= self._evaluate(key, value, records)
        origin = records[_NUMBER]
        refusals = [_list_refusals(name, outcome, origin) for name, outcome in made.items()]
        series = [made[name].values for name in self.names if name in made]
        granules = pl.DataFrame(series).select(
            *(n if n in made else pl.lit(None, self.polars_type(n)).alias(n) for n in self.names)
        )
        return MappingResult(granules, origin, pl.concat([_NO_REFUSALS, *refusals]))

    def _evaluate(
        self, key: str | tuple[str, ...], value: object, records: pl.DataFrame
    ) -> dict[str, Outcome]:
        try:
            result = evaluate(value, records)
            group = _name_group(key, result) if isinstance(key, tuple) else {key: result}
            checked = {name: _check_source(name, value, group[name]) for name in _column_names(key)}
            return {name: self._cast(name, made) for name, made in checked.items()}
        except (pl.exceptions.PolarsError, TypeError, ValueError, KeyError) as error:
            raise MappingError(
                f"column {key if isinstance(key, str) else ', '.join(key)} cannot be made",
                why=" ".join(f"{type(error).__name__}: {error}".split()),
                cure="Correct its declaration in service.py. A word that replace_strict does not"
                " know is named, and its record alone refused, by compute(translate, field,"
                " words=…).",
            ) from error

    def _cast(self, name: str, result: pl.Series | Outcome) -> Outcome:
        outcome = result if isinstance(result, Outcome) else Outcome.fine(result)
        fitted = fit_type(outcome, self.polars_type(name))
        return replace(fitted, values=fitted.values.alias(name))


def _check_source(name: str, value: object, result: Any) -> Any:
    """Check what only the database would: polygons that epnkit did not draw itself."""
    if name not in epncore.COLUMNS or epncore.COLUMNS[name].dachs_type != "spoly":
        return result
    if isinstance(value, Computed) and value.function.__module__.startswith(_DRAWN):
        return result
    from epnkit.mapping.polygons import POLYGON_RULE, are_polygons

    outcome = result if isinstance(result, Outcome) else Outcome.fine(result)
    drawn = are_polygons(outcome.values)
    return Outcome(drawn.values, first_reason(outcome, drawn), POLYGON_RULE)


#: Where functions are defined whose polygons pgsphere takes.
_DRAWN = ("epnkit.regions", "epnkit.mapping.footprints")

_NUMBER = "epnkit record number"
_NO_REFUSALS = pl.DataFrame(
    schema={"record": pl.UInt32, "column": pl.String, "reason": pl.String, "rule": pl.Int32}
)


def _column_names(key: str | tuple[str, ...]) -> Iterable[str]:
    return (key,) if isinstance(key, str) else key


def fields_of(value: object) -> Iterable[str]:
    """Name the fields of a record that a declared value reads."""
    if isinstance(value, Computed):
        return value.fields
    return value.meta.root_names() if isinstance(value, pl.Expr) else ()


def evaluate(value: object, records: pl.DataFrame) -> Any:
    """Return the values that a declaration makes of a batch, one a record."""
    if isinstance(value, Computed):
        return value(records)
    expression = value if isinstance(value, pl.Expr) else pl.lit(value)
    series = records.select(expression.alias("value")).to_series()
    return series if len(series) == len(records) else series.new_from_index(0, len(records))


def _evaluate_argument(value: str | pl.Expr | Computed, records: pl.DataFrame) -> Outcome:
    made = records[value] if isinstance(value, str) else evaluate(value, records)
    return made if isinstance(made, Outcome) else Outcome.fine(made)


def _add_reasons(result: Any, troubled: list[pl.Series]) -> Any:
    if isinstance(result, (pl.Series, Outcome)):
        made = result if isinstance(result, Outcome) else Outcome.fine(result)
        reasons = pl.DataFrame([*_number_series(troubled), made.reasons.alias("own")])
        return Outcome(made.values, reasons.select(pl.coalesce(pl.all())).to_series())
    first, *others = result.values() if isinstance(result, dict) else _group_values(result)
    names = result.keys() if isinstance(result, dict) else range(len(others) + 1)
    return dict(zip(names, (_add_reasons(first, troubled), *others), strict=True))


def _number_series(series: list[pl.Series]) -> list[pl.Series]:
    return [each.alias(str(number)) for number, each in enumerate(series)]


def _group_values(result: Any) -> tuple[Any, ...]:
    return tuple(vars(result).values()) if is_dataclass(result) else tuple(result)


def _name_group(key: tuple[str, ...], result: Any) -> Any:
    """Return the parts of a group by the names of the columns, however the function gave them."""
    named = isinstance(result, dict) and set(key) <= result.keys()
    parts = result.values() if isinstance(result, dict) else _group_values(result)
    return result if named else dict(zip(key, parts, strict=True))


def _list_refusals(name: str, outcome: Outcome, origin: pl.Series) -> pl.DataFrame:
    bad = outcome.reasons.is_not_null()
    if not bad.any():
        return _NO_REFUSALS
    reasons = outcome.reasons.filter(bad)
    return pl.DataFrame({"record": origin.filter(bad), "reason": reasons}).select(
        "record",
        pl.lit(name).alias("column"),
        "reason",
        pl.lit(outcome.rule, pl.Int32).alias("rule"),
    )
