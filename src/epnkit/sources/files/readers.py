"""What a file says of itself, by its format, without its data."""

from __future__ import annotations

import csv
import gzip
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from epnkit.sources.values.documents import flat, parsed
from epnkit.sources.values.extended_json import plain

#: Reads one file and gives its documents, mostly one.
Reader = Callable[[Path], Iterator[dict[str, Any]]]

#: Where the YAML of an ASDF file ends and its blocks begin (ASDF 1.5, "Low-level file layout").
_END_OF_TREE = b"\n..."

#: How much of an ASDF file is read at most to find the end of its tree, in bytes.
_LARGEST_TREE = 64 * 1024 * 1024


def fits_reader(extension: int | str = 0) -> Reader:
    """Make a reader of FITS headers (also ``.gz``), of one extension.

    Parameters
    ----------
    extension : int or str
        The number or name of the header-data unit.
    """

    def read(path: Path) -> Iterator[dict[str, Any]]:
        from astropy.io import fits
        from astropy.utils.exceptions import AstropyWarning

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AstropyWarning)  # real headers are full of oddities
            try:
                found = _cards_of(path, extension)
            except fits.VerifyError as error:
                raise ValueError(str(error)) from error
        yield found

    return read


def _cards_of(path: Path, extension: int | str) -> dict[str, Any]:
    from astropy.io import fits

    if extension == 0:
        return _cards(_primary_header(path))
    with fits.open(path, memmap=True, lazy_load_hdus=True) as units:
        return _cards(units[extension].header)


def _primary_header(path: Path) -> Any:
    """Read the first header, and not a byte of the data behind it."""
    from astropy.io import fits

    with _opened(path) as stream:
        return fits.Header.fromfile(stream)


def _opened(path: Path) -> IO[bytes]:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _cards(header: Any) -> dict[str, Any]:
    """Take the cards of a header that have a value; of a keyword told twice, the first.

    A card that is none (``EXPTIME = 12,5``) has no value: the others are as good as ever.
    """
    found: dict[str, Any] = {}
    for card in header.cards:
        value = _value_of(card)
        known = isinstance(value, str | bool | int | float)
        if card.keyword in {"", "COMMENT", "HISTORY", "END"} or not known:
            continue
        found.setdefault(card.keyword, value.rstrip() if isinstance(value, str) else value)
    return found


def _value_of(card: Any) -> Any:
    from astropy.io.fits import VerifyError

    try:
        return card.value
    except VerifyError:
        return None


def cdf_reader(limits: tuple[str, ...] = ()) -> Reader:
    """Make a reader of a CDF file's global attributes, first and last time, and limits.

    The times are fields ``epoch_first`` and ``epoch_last``, texts of UTC, taken from the first
    variable of an epoch's type that has records.

    Parameters
    ----------
    limits : tuple of str
        Variables whose least and greatest value are wanted, as fields ``NAME.min``, ``NAME.max``
        and ``NAME.unit``; such as the frequencies of a dynamic spectrum.
    """

    def read(path: Path) -> Iterator[dict[str, Any]]:
        import cdflib

        with cdflib.CDF(path) as cdf:
            attributes = {name: _one(value) for name, value in cdf.globalattsget().items()}
            ends = {key: end for name in limits for key, end in _limits(cdf, name).items()}
            yield attributes | _epochs(cdf) | ends

    return read


def _limits(cdf: Any, name: str) -> dict[str, Any]:
    """Give the least and the greatest value of a variable; what only fills it up is left out."""
    if name not in cdf.cdf_info().zVariables:
        return {}
    values, told = cdf.varget(name), cdf.varattsget(name)
    real = values[(values != told.get("FILLVAL")) & np.isfinite(values)]
    if not real.size:
        return {}
    unit = {f"{name}.unit": told["UNITS"]} if "UNITS" in told else {}
    return {f"{name}.min": float(real.min()), f"{name}.max": float(real.max()), **unit}


def _one(value: Any) -> Any:
    """Take an attribute's only entry for the attribute."""
    entries = [plain(entry.item() if hasattr(entry, "item") else entry) for entry in value]
    return entries[0] if len(entries) == 1 else entries


def _epochs(cdf: Any) -> dict[str, str]:
    import cdflib

    info = cdf.cdf_info()
    for name in [*info.zVariables, *info.rVariables]:
        told = cdf.varinq(name)
        if told.Data_Type_Description not in {"CDF_EPOCH", "CDF_EPOCH16", "CDF_TIME_TT2000"}:
            continue
        last = told.Last_Rec
        if last >= 0:
            ends = [cdf.varget(name, startrec=n, endrec=n) for n in (0, last)]
            texts = [str(cdflib.cdfepoch.encode(end.flat[0])) for end in ends]
            return dict(zip(("epoch_first", "epoch_last"), texts, strict=True))
    return {}


def read_asdf(path: Path) -> Iterator[dict[str, Any]]:
    """Read the tree of an ASDF file (also ``.gz``) without its arrays, tags as what they hold.

    Raises
    ------
    ValueError
        When the tree is longer than 64 MB, or not YAML.
    """
    import yaml

    with _opened(path) as stream:
        text = _tree(stream)
    try:
        tree = yaml.load(text, _plain_loader())  # noqa: S506 (a SafeLoader that knows no objects)
    except yaml.YAMLError as error:
        raise ValueError(str(error).splitlines()[0]) from error
    yield flat(plain(tree or {}))


def _tree(stream: IO[bytes]) -> bytes:
    found = b""
    while chunk := stream.read(65536):
        found += chunk
        end = found.find(_END_OF_TREE)
        if end >= 0:
            return found[:end]
        if len(found) > _LARGEST_TREE:
            raise ValueError("the tree has no end")
    return found


def _plain_loader() -> Any:
    """Make a loader that takes every tag for the plain map, list or text under it."""
    import yaml

    class Loader(yaml.SafeLoader):
        pass

    def construct(loader: Loader, _: str, node: yaml.Node) -> Any:
        if isinstance(node, yaml.MappingNode):
            return loader.construct_mapping(node, deep=True)
        if isinstance(node, yaml.SequenceNode):
            return loader.construct_sequence(node, deep=True)
        return loader.construct_scalar(node)  # type: ignore[arg-type]

    Loader.add_multi_constructor("", construct)
    return Loader


def read_nothing(path: Path) -> Iterator[dict[str, Any]]:
    """Take a file for there, without opening it: its name says all."""
    yield {}


def read_json(path: Path) -> Iterator[dict[str, Any]]:
    """Read a JSON file: one document, or a list of them."""
    told = parsed(path.read_bytes())
    for document in told if isinstance(told, list) else [told]:
        yield flat(plain(document))


def csv_reader(separator: str = ",", encoding: str = "utf-8") -> Reader:
    """Make a reader of tables in text, one document a line, all values texts.

    Parameters
    ----------
    separator : str
        What stands between two values.
    encoding : str
        The file's encoding.
    """

    def read(path: Path) -> Iterator[dict[str, Any]]:
        with path.open(encoding=encoding, newline="") as stream:
            for row in csv.DictReader(stream, delimiter=separator, strict=True):
                if None in row or None in row.values():
                    raise ValueError("a line has another number of values than the first one")
                yield {str(name).strip(): value.strip() or None for name, value in row.items()}

    return read
