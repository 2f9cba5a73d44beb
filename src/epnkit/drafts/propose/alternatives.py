"""What else a column could be made of, and what a person chooses instead."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.propose.code import column, constant, number, numbers_of
from epnkit.drafts.propose.draft import Draft, propose
from epnkit.drafts.propose.proposal import Proposal, validate
from epnkit.drafts.recognise.lengths import kilometres_of
from epnkit.drafts.recognise.units import KILOMETRES, SECONDS
from epnkit.epncore.columns import COLUMNS, polars_type
from epnkit.errors import ConfigurationError
from epnkit.mapping.spectral import unit_of

#: How sure something is that a person chose.
CHOSEN = 1.0

#: The columns of spectral ranges, which are made together.
SPECTRAL = ("spectral_range_min", "spectral_range_max")

#: The columns of lengths: of heights, and of positions on axes.
_LENGTHS = {f"c{axis}{end}" for axis in (1, 2, 3) for end in ("min", "max")}


def list_alternatives(
    sample: Sample, draft: Draft, columns: tuple[str, ...], most: int = 3
) -> list[Proposal]:
    """List what would be proposed for a column without the fields that are proposed.

    Parameters
    ----------
    sample : Sample
        The records.
    draft : Draft
        The draft.
    columns : tuple of str
        The columns.
    most : int
        How many at most.
    """
    found: list[Proposal] = []
    records, current = sample.records, draft.of(columns[0])
    while current is not None and current.fields and len(found) < most:
        records = records.drop(current.fields, strict=False)
        if records.width < 2:
            break
        current = propose(replace(sample, records=records), draft.name).of(columns[0])
        if current is not None and current.fields and current.columns == columns:
            found.append(current)
    return found


def take_field(sample: Sample, name: str, field: str) -> Proposal:
    """Propose a field as it is for a column, since a person says so.

    Raises
    ------
    ConfigurationError
        If there is no such field, or it does not fit the column.
    """
    if field not in sample.fields:
        raise ConfigurationError(
            f"there is no field {field!r}", cure=f"Fields: {', '.join(sample.fields)}"
        )
    is_text = polars_type(name) == pl.String
    made = column(field) if is_text else number(numbers_of(sample.fields[field]))
    return _require_fit(Proposal((name,), made, (field,), CHOSEN, "chosen"), sample)


def take_constant(sample: Sample, name: str, text: str) -> Proposal:
    """Propose one value for all granules, since a person says so.

    Raises
    ------
    ConfigurationError
        If the value is none of the column's type, or of its closed list.
    """
    allowed = COLUMNS[name].allowed_values
    if allowed and text not in allowed:
        raise ConfigurationError(
            f"{text!r} is no value of {name}", cure=f"Values: {', '.join(allowed)}"
        )
    value: str | int | float = text
    kind = polars_type(name)
    try:
        if kind != pl.String:
            value = int(text) if kind.is_integer() else float(text)
    except ValueError:
        raise ConfigurationError(f"{text!r} is no number", cure=f"{name} holds numbers") from None
    return _require_fit(Proposal((name,), constant(value), (), CHOSEN, "chosen"), sample)


def take_unit(sample: Sample, proposal: Proposal, unit: str) -> Proposal:
    """Return a proposal for a spectral range, a duration or a height with the unit that is said.

    Parameters
    ----------
    sample : Sample
        The records.
    proposal : Proposal
        What is proposed, with a unit that is a guess; one that is no guess stays as it is.
    unit : str
        The unit.

    Raises
    ------
    ConfigurationError
        If it is no unit of that.
    """
    if proposal.with_unit is None:
        return proposal
    _require_unit(proposal.columns, unit)
    reason = f"in {unit}, as was said"
    chosen = replace(
        proposal, value=proposal.with_unit(unit), confidence=CHOSEN, reason=reason, with_unit=None
    )
    return _require_fit(chosen, sample)


def _require_unit(columns: tuple[str, ...], unit: str) -> None:
    if columns == SPECTRAL:
        if unit_of(unit) is None:
            raise ConfigurationError(
                f"{unit!r} is no unit of wavelength, frequency or energy",
                cure="Give a name such as nm, Angstrom, MHz or keV",
            )
        return
    is_length = bool(_LENGTHS & {*columns})
    kind, known = ("length", KILOMETRES) if is_length else ("time", SECONDS)
    if unit.lower() not in known and not (is_length and kilometres_of(unit)):
        raise ConfigurationError(
            f"{unit!r} is no unit of {kind}", cure=f"Units: {', '.join(known)}"
        )


def _require_fit(proposal: Proposal, sample: Sample) -> Proposal:
    fitting = validate(proposal, sample)
    if fitting is None:
        raise ConfigurationError(
            f"it does not fit {', '.join(proposal.columns)}",
            cure="Choose another field or value; service.py can convert it later",
        )
    return fitting
