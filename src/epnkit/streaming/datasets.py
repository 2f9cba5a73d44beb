"""Data sets as feeds: their axes are read from the newest file that can be read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache

from epnkit.errors import EpnkitError, SourceError
from epnkit.streaming.archive import FileStore, FileUnavailableError
from epnkit.streaming.blocks import Block, Span, read_blocks
from epnkit.streaming.declare import DataSet, Variable
from epnkit.streaming.feeds import About, Bins, Parameter, fill_text
from epnkit.streaming.index import Extent, Granule, Index
from epnkit.streaming.readers.base import DamagedFileError, Floats
from epnkit.streaming.readers.pairs import describe_granule, open_granule

#: How many of the newest files are tried for axes.
_TRIED = 20


class DataSetFeed:
    """A data set that a service declares.

    Parameters
    ----------
    service : str
        The service.
    dataset : DataSet
        What it declares.
    index : Index
        Where granules are looked up.
    store : FileStore
        Where files are.
    """

    def __init__(self, service: str, dataset: DataSet, index: Index, store: FileStore) -> None:
        self.service, self.dataset, self.index, self.store = service, dataset, index, store
        self._shapes = lru_cache(2)(self._read_shapes)

    @property
    def about(self) -> About:
        """What is said of it."""
        declared = self.dataset
        return About(
            declared.dataset,
            declared.title,
            declared.description or declared.title,
            self.service,
            declared.digits,
            declared.longest,
            declared.cadence,
            declared.stamp,
            declared.resource,
        )

    def measure(self) -> Extent | None:
        """Say what it spans; None if it has no granule."""
        return self.index.measure(self.service, self.dataset.selection)

    def find(self, start: int, stop: int) -> Iterator[Granule]:
        """Give the granules that may have records in a span."""
        return self.index.find(self.service, self.dataset.selection, start, stop)

    def list_parameters(self) -> tuple[Parameter, ...]:
        """List its parameters.

        Raises
        ------
        SourceError
            If none of the newest files can be read.
        """
        axes, widths = self.read_shapes()
        return tuple(
            _describe(each, axes, widths[each.name]) for each in self.dataset.all_variables
        )

    def read_shapes(self) -> tuple[dict[str, Floats], dict[str, int]]:
        """Read the axes, and how many values a record of each variable has.

        Raises
        ------
        SourceError
            If none of the newest files can be read.
        """
        newest = self.index.find_newest(self.service, self.dataset.selection, _TRIED)
        return self._shapes(tuple(newest))

    def _read_shapes(self, newest: tuple[Granule, ...]) -> tuple[dict[str, Floats], dict[str, int]]:
        problem: Exception | None = None
        for granule in newest:
            try:
                with open_granule(self.dataset.reader, granule.url, self.store) as file:
                    if not len(file.times):
                        continue
                    axes = {
                        each.axis.name: file.read_axis(each.axis.name)
                        for each in self.dataset.variables
                        if each.axis and not each.axis.varies
                    }
                    first = {v.name: file.read(v.source, 0, 1) for v in self.dataset.all_variables}
                    return axes, {
                        name: values[0].size if values.ndim > 1 else 0
                        for name, values in first.items()
                    }
            except (FileUnavailableError, DamagedFileError) as error:
                problem = error
        raise SourceError(
            "no file of the data set can be read",
            where=self.dataset.dataset,
            why=str(problem) if problem else "none has a record",
            cure="See that the server reads the archive, and the declaration of the data set.",
        )

    def read(self, names: Sequence[str], start: int, stop: int) -> Iterator[Block]:
        """Read some parameters.

        Raises
        ------
        FileUnavailableError, DamagedFileError
            If a file is missing or broken.
        """
        chosen = tuple(each for each in self.dataset.all_variables if each.name in names)
        axes, widths = self.read_shapes()
        span = Span(start, stop, chosen, axes)
        for block in read_blocks(self.dataset, self.find(start, stop), self.store, span):
            _require_widths(block, chosen, widths)
            yield block

    def identify(self, start: int, stop: int) -> tuple[str, str]:
        """Return what changes when the answer does, and the newest modification of its granules."""
        digest, newest = hashlib.sha256(), ""
        for granule in self.find(start, stop):
            seen = self._describe_file(granule)
            digest.update(f"{granule.uid}\0{granule.version}\0{granule.url}\0{seen}\0".encode())
            newest = max(newest, granule.version)
        return digest.hexdigest()[:24], newest

    def _describe_file(self, granule: Granule) -> str:
        try:
            return describe_granule(self.dataset.reader, granule.url, self.store)
        except (EpnkitError, DamagedFileError):
            return "unavailable"


def _describe(variable: Variable, axes: dict[str, Floats], width: int) -> Parameter:
    bins = None
    if variable.axis and not (variable.axis.varies and variable.name == variable.axis.name):
        axis = variable.axis
        centers = axis.name if axis.varies else tuple(float(each) for each in axes[axis.name])
        bins = Bins(axis.name, axis.unit, axis.label or axis.name, centers)
    return Parameter(
        variable.name,
        variable.type,
        variable.unit,
        variable.description,
        variable.label or variable.name,
        width,
        fill=fill_text(variable.type),
        bins=bins,
        scale=variable.scale,
        frame=variable.frame,
        component=variable.component,
    )


def _require_widths(block: Block, variables: Sequence[Variable], widths: dict[str, int]) -> None:
    for variable, values in zip(variables, block.columns, strict=True):
        found = values.shape[1] if values.ndim > 1 else 0
        if found != widths[variable.name] or values.ndim > 2:
            raise DamagedFileError(f"its {variable.source} has {found} values a record")
