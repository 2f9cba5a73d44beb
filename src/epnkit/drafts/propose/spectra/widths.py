"""The width of a band around a wavelength or a frequency, from which come both ends of a range."""

from __future__ import annotations

from dataclasses import dataclass

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.propose.code import CodeValue, number, numbers_of, scale
from epnkit.drafts.propose.spectra.units import SpectralUnit, unit_of_light
from epnkit.drafts.recognise.meanings import find_candidates
from epnkit.drafts.recognise.units import is_in_angstrom
from epnkit.mapping.spectral import unit_of

#: How sure a width is whose unit is said, and one in the unit of what it is around.
_SAID, _BORROWED = 0.85, 0.75

#: Words of names of widths that are spectral whatever else is said, and the word that is not.
_SPECTRAL = {"fwhm", "bandwidth", "bandpass", "passband", "wavelength", "filter", "band"}
_ANY = "width"

#: The share of the middles that have a width.
_SHARE = 0.5


@dataclass(frozen=True)
class SpectralWidth:
    """The full width of a band.

    Parameters
    ----------
    value : CodeValue
        The width in the unit of the middle; none where a record has none.
    field : str
        The field that holds it.
    confidence : float
        From 0 to 1.
    """

    value: CodeValue
    field: str
    confidence: float

    def split(self, middle: str | CodeValue) -> tuple[CodeValue, CodeValue]:
        """Return both ends of the band around a middle: the middle where there is no width."""
        plain = number(middle)
        half = CodeValue(
            self.value.value.fill_null(0.0) / 2.0, f"({self.value.code}).fill_null(0.0) / 2.0"
        )
        return (
            CodeValue(plain.value - half.value, f"{plain.code} - {half.code}"),
            CodeValue(plain.value + half.value, f"{plain.code} + {half.code}"),
        )


def find_width(sample: Sample, middle: Field, unit: SpectralUnit) -> SpectralWidth | None:
    """Find the field of the width of what is around a middle, in a unit of the same quantity.

    Parameters
    ----------
    sample : Sample
        The records.
    middle : Field
        Wavelengths, frequencies or wave numbers.
    unit : SpectralUnit
        Their unit.
    """
    for candidate in find_candidates(sample, "spectral_width"):
        field = candidate.field
        said = unit_of_light(sample, field) or ("Angstrom" if is_in_angstrom(field) else "")
        factor = _find_factor(field, said, _name_unit(sample, unit))
        if factor is not None and field is not middle and _are_around(middle, field, factor):
            score = min(candidate.score, _SAID if said else _BORROWED)
            return SpectralWidth(scale(numbers_of(field), factor), field.name, score)
    return None


def _name_unit(sample: Sample, unit: SpectralUnit) -> str:
    """Return the one unit of all middles; empty if it differs by record."""
    if not isinstance(unit.given, str):
        return ""
    if not unit.is_field:
        return unit.given
    held = sample.fields[unit.field]
    return str(held.texts[0]) if held.distinct == 1 and held.complete and len(held.texts) else ""


def _find_factor(field: Field, said: str, around: str) -> float | None:
    """Return what converts a width to the unit of the middle; None if they are of two kinds."""
    if not said:
        spectral = _ANY not in field.words or {*field.words} & _SPECTRAL
        return 1.0 if spectral else None
    of_width, of_middle = unit_of(said), unit_of(around) if around else None
    if of_width is None or of_middle is None or not of_width.is_equivalent(of_middle):
        return None
    return float(of_width.to(of_middle))


def _are_around(middle: Field, width: Field, factor: float) -> bool:
    """Return whether numbers may be widths of bands: mostly there, and no band reaches to zero."""
    if not len(width.numbers):
        return False
    middles, widths = middle.aligned_numbers, width.aligned_numbers * factor
    both = middles.is_not_null() & widths.is_not_null()
    positive = (widths >= 0) & (widths / 2.0 < middles)
    return both.sum() >= _SHARE * middles.count() and bool(positive.filter(both).all())
