"""Judging a draft: what its mapping makes of the first record, beside what it ought to be."""

from __future__ import annotations

import math
from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from astropy.io import fits

from epnkit.drafts.inspect.sample import Sample, read_sample
from epnkit.drafts.propose.draft import Draft, propose
from epnkit.mapping.declare import Mapping
from epnkit.sources import open_source
from epnkit.sources.values.documents import build_frame, flatten, infer_types
from epnkit.sources.values.extended_json import to_plain

#: What a column ought to be: a value, or one of several that are right.
Expected = Dictionary[str, Any]


@dataclass(frozen=True)
class Judgement:
    """How a draft did on one schema.

    Parameters
    ----------
    right, wrong : list of str
        The columns, by whether the value is one that is right.
    misled : list of str
        Those that are wrong and of which the draft was sure.
    """

    right: list[str]
    wrong: list[str]
    misled: list[str]

    @property
    def share(self) -> float:
        """The share of the columns that are right."""
        return len(self.right) / (len(self.right) + len(self.wrong))


def of_documents(documents: Sequence[Dictionary[str, Any]], kind: str) -> Sample:
    """Make a sample of documents."""
    bare = [flatten(to_plain(document)) for document in documents]
    return Sample(kind, build_frame(bare, infer_types(bare), "documents"), len(bare))


def of_headers(directory: Path, *texts: Path) -> Sample:
    """Make a sample of FITS files that have the headers given as texts."""
    for text in texts:
        lines = text.read_text(encoding="utf-8", errors="replace").splitlines()
        header = fits.Header.fromstring("".join(line.ljust(80)[:80] for line in lines))
        path = directory / f"{text.stem}.fits"
        path.write_bytes(header.tostring(padding=True).encode("ascii", "replace"))
    return of_files(directory, directory, "fits", "*.fits")


def of_files(directory: Path, files: Path, form: str, glob: str) -> Sample:
    """Make a sample of a directory of files."""
    source = directory / "source.toml"
    lines = [
        'kind = "files"',
        f'directory = "{files}"',
        f'format = "{form}"',
        f'files = ["{glob}"]',
    ]
    source.write_text("\n".join(lines))
    return read_sample(open_source(source), "files")


def judge_draft(sample: Sample, name: str, expected: Expected) -> Judgement:
    """Compare a draft's first granule with what it ought to be."""
    draft = propose(sample, name)
    row = _first(draft, sample)
    right = [column for column, value in expected.items() if _fits(row.get(column), value)]
    wrong = [column for column in expected if column not in right]
    return Judgement(right, wrong, [column for column in wrong if _is_sure(draft, column)])


def _is_sure(draft: Draft, column: str) -> bool:
    proposal = draft.of(column)
    return proposal is not None and proposal.sure


def _first(draft: Draft, sample: Sample) -> dict[str, Any]:
    columns = {
        each.columns if len(each.columns) > 1 else each.columns[0]: each.value.value
        for each in draft.proposals
    }
    made = Mapping(columns).apply(sample.records)
    return made.granules.row(0, named=True)


def _fits(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, set):
        return any(_fits(value, each) for each in wanted)
    if isinstance(wanted, tuple):
        return value is not None and wanted[0] <= value <= wanted[1]
    if isinstance(wanted, float) and value is not None:
        near = 1e-14 if 2.3e6 < wanted < 2.6e6 else 1e-6  # a Julian date, to 20 µs
        return math.isclose(float(value), wanted, rel_tol=near)
    return bool(value == wanted)
