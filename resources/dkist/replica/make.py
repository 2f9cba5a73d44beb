"""A synthetic bucket of DKIST's data centre: data sets that were never observed, in the real form.

Two inventories have the values of public records (BRMQY, BKEWK), and hardly more: their ASDF files
are made up, as all others are.  The files lie as the archive names them, below ``data``.  The same
files come out every time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from epnkit.replicas.archive import write_file
from epnkit.replicas.datasets import Mosaic, Tile, write_bare, write_dataset, write_inversion
from epnkit.replicas.synthetic import write_fits, write_pdf

Inventory = dict[str, Any]

#: What public records say (their other fields are those of :func:`_inventory`).
PUBLIC: dict[str, Inventory] = {
    "BRMQY": {
        "asdfObjectKey": "pid_2_67/BRMQY/VISP_L1_20230828T203650_BRMQY.asdf",
        "boundingBox": "(0.64,-3.28),(-237.69,-20.61)",
        "startTime": "2023-08-28T20:36:50.909000",
        "endTime": "2023-08-28T20:39:30.631000",
        "exposureTime": 120.00180281690142,
        "wavelengthMin": 392.89672415383905,
        "wavelengthMax": 393.9221094537096,
        "frameCount": 400,
        "datasetSize": 0,
        "targetTypes": ["sunspot"],
    },
    "BKEWK": {
        "asdfObjectKey": "pid_1_123/BKEWK/VISP_L1_20221024T185745_BKEWK.asdf",
        "boundingBox": "(-389.9,239.08),(-426.56,163.59)",
        "startTime": "2022-10-24T18:57:45.633500",
        "endTime": "2022-10-24T19:33:26.865000",
        "exposureTime": 48.00811267605634,
        "wavelengthMin": 630.2424776472172,
        "wavelengthMax": 631.826964866207,
        "frameCount": 2752,
        "datasetSize": 5,
        "targetTypes": ["unknown"],
    },
}

#: Instruments, with wavelengths in nm: shortest, longest, and the step; one wavelength of cameras.
_INSTRUMENTS = (
    ("VISP", 630.24, 631.83, 0.0016),
    ("VBI", 656.28, 656.28, None),
    ("CRYO-NIRSP", 1074.2, 1075.4, 0.0065),
    ("DL-NIRSP", 1564.1, 1566.0, 0.005),
    ("VTF", 630.1, 630.4, 0.003),
)

_FIRST = datetime(2024, 3, 1, 17, 0, 0)
_COUNT, _TOGETHER = 1000, 100

#: A data set of as many files as real ones have: polarisation, map, step of the slit.
LARGE = ("ALRGE", (4, 128, 19))

#: One whose files are all there.
SMALL = ("ASMLL", (4, 12), (6, 8))


def files(directory: Path) -> None:
    """Write inventories, ASDF files, and what they name."""
    for number in range(0, _COUNT, _TOGETHER):
        listed = [_numbered(k) for k in range(number, number + _TOGETHER)]
        _write_json(directory / "inventories" / f"{number:04d}.json", listed)
    for identifier, known in PUBLIC.items():
        _write_public(directory, identifier, known)
    _write_large(directory)
    _write_small(directory)
    _write_mosaic(directory)
    for name, content in _traps():
        _write_json(directory / "inventories" / f"{name}.json", content)
        for inventory in content:
            _write_described(directory, inventory)
    for number in (*range(20), *range(_COUNT - 20, _COUNT)):
        _write_bare(directory, _numbered(number))
    _write_bare(directory, _inventory("AECSV", "VISP", datetime(2024, 4, 2, 17, 0, 0), **_FOUND))
    write_file(directory / "inventories" / "broken.json", b'{"datasetId": "ABROK", "startT')
    # A table that somebody found, in the other words for the same.
    write_file(directory / "inventories" / "found.ecsv", _ECSV.encode())
    write_file(
        directory / "data/pid_0_9/ADMGD/VISP_L1_20240401T170000_ADMGD.asdf", b"#ASDF 1.0.0\n--- {"
    )


def _inventory(identifier: str, instrument: str, start: datetime, **more: Any) -> Inventory:
    """Make an inventory as those that are public look."""
    kind, short, long, step = next(each for each in _INSTRUMENTS if each[0] == instrument)
    proposal = more.get("primaryProposalId", "pid_0_1")
    name = f"{kind}_L1_{start:%Y%m%dT%H%M%S}_{identifier}_metadata.asdf"
    return {
        "asdfObjectKey": f"{proposal}/{identifier}/{name}",
        "averageDatasetSpectralSampling": step,
        "averageDatasetTemporalSampling": 30.0,
        "boundingBox": "(-100.0,-100.0),(-40.0,-20.0)",
        "browseMovieObjectKey": f"{proposal}/{identifier}/{identifier}.mp4",
        "bucket": "data",
        "calibrationDocumentationUrl": "https://docs.dkist.nso.edu/",
        "contributingExperimentIds": [proposal.replace("pid", "eid")],
        "contributingProposalIds": [proposal],
        "datasetId": identifier,
        "datasetSize": 12,
        "endTime": f"{(start + timedelta(minutes=20)).isoformat()}",
        "exposureTime": 25.5,
        "frameCount": 400,
        "hasAllStokes": kind != "VBI",
        "hasSpectralAxis": step is not None,
        "hasTemporalAxis": True,
        "headerDocumentationUrl": "https://docs.dkist.nso.edu/",
        "instrumentName": kind,
        "isEmbargoed": False,
        "observingProgramExecutionId": f"eid_0_1_op_{start:%Y%m%d_%H}_{identifier[:3]}",
        "primaryExperimentId": proposal.replace("pid", "eid"),
        "primaryProposalId": proposal,
        "productId": f"L1-{identifier}",
        "qualityReportObjectKey": f"{proposal}/{identifier}/{identifier}.pdf",
        "spectralLines": ["Fe I (630.15 nm)"] if kind == "VISP" else [],
        "startTime": start.isoformat(),
        "status": "ACTIVE",
        "stokesParameters": "I" if kind == "VBI" else "IQUV",
        "targetTypes": ["quietsun", "unknown"],
        "wavelengthMax": long,
        "wavelengthMin": short,
        "workflowName": f"l0_to_l1_{kind.lower().replace('-', '')}",
        "workflowVersion": "3.1.4",
        **more,
    }


def _numbered(number: int) -> Inventory:
    """Make one of many data sets: observed by all instruments in turn, all over the disc."""
    start = _FIRST + timedelta(hours=6 * (number // 5), milliseconds=number)
    x, y = (number * 97) % 1500 - 750, (number * 61) % 1100 - 550
    return _inventory(
        f"B{number:04d}",
        _INSTRUMENTS[number % 5][0],
        start,
        # Corners come in any order.
        boundingBox=f"({x + 60}.5,{y}.25),({x}.0,{y + 70}.0)",
        asdfObjectKey=f"pid_0_1/B{number:04d}/B{number:04d}.asdf",
        browseMovieObjectKey=None,
        qualityReportObjectKey=None,
    )


def _write_described(directory: Path, inventory: Inventory) -> None:
    """Write what an inventory of the odd ones names."""
    if "inversionId" not in inventory:
        _write_bare(directory, inventory)
        return
    tile = Tile(_names("inv.SYNTH", (4, 3)), (6, 8), (10.0, 10.0), (50.0, 70.0))
    path = directory / inventory["bucket"] / inventory["asdfObjectKey"]
    write_file(path, write_inversion(inventory, _FIRST, tile))


def _write_bare(directory: Path, inventory: Inventory) -> None:
    """Write an ASDF file that has no world coordinates."""
    path = directory / inventory["bucket"] / inventory["asdfObjectKey"]
    write_file(path, write_bare([f"{inventory.get('datasetId', 'INV')}.fits"]))
    for name, content in (("browseMovie", _MOVIE), ("qualityReport", write_pdf("Synthetic"))):
        if key := inventory.get(f"{name}ObjectKey"):
            write_file(directory / "data" / key, content)


def _write_json(path: Path, content: Any) -> None:
    write_file(path, json.dumps(content, indent=1).encode())


def _write_set(directory: Path, inventory: Inventory, described: bytes) -> None:
    """Write the inventory of a data set, its ASDF file, movie and report."""
    bucket = directory / inventory["bucket"]
    _write_json(directory / "inventories" / f"{inventory['datasetId']}.json", inventory)
    write_file(bucket / inventory["asdfObjectKey"], described)
    if inventory["browseMovieObjectKey"]:
        write_file(bucket / inventory["browseMovieObjectKey"], _MOVIE)
    if inventory["qualityReportObjectKey"]:
        report = write_pdf(f"Synthetic report of {inventory['datasetId']}")
        write_file(bucket / inventory["qualityReportObjectKey"], report)


def _write_public(directory: Path, identifier: str, known: Inventory) -> None:
    start = datetime.fromisoformat(known["startTime"])
    proposal = known["asdfObjectKey"].partition("/")[0]
    inventory = _inventory(identifier, "VISP", start, primaryProposalId=proposal, **known)
    grid = (4, known["frameCount"] // 4)
    left, low = (-237.69, -20.61) if identifier == "BRMQY" else (-426.56, 163.59)
    size = (238.33, 17.33) if identifier == "BRMQY" else (36.66, 75.49)
    tile = Tile(_names(identifier, grid), (981, 2555), (left, low), size)
    _write_set(directory, inventory, write_dataset(inventory, tile))


def _names(identifier: str, grid: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Name the files of a data set as the archive does, in the order of its array."""
    count = int(np.prod(grid))
    names = [
        f"VISP_2024_03_01T17_{k // 3600:02d}_{k % 3600:04d}_{identifier}_L1.fits"
        for k in range(count)
    ]
    return np.array(names).reshape(grid)


def _write_large(directory: Path) -> None:
    identifier, grid = LARGE
    inventory = _inventory(
        identifier, "VISP", _FIRST, frameCount=9728, boundingBox="(10,10),(60,80)"
    )
    tile = Tile(_names(identifier, grid), (976, 2555), (10.0, 10.0), (50.0, 70.0))
    _write_set(directory, inventory, write_dataset(inventory, tile))


def _write_small(directory: Path) -> None:
    """Write a data set with all its files; the numbers in each tell which it is."""
    identifier, grid, frame = SMALL
    inventory = _inventory(identifier, "VISP", _FIRST, frameCount=48, boundingBox="(10,10),(60,80)")
    tile = Tile(_names(identifier, grid), frame, (10.0, 10.0), (50.0, 70.0))
    _write_set(directory, inventory, write_dataset(inventory, tile))
    folder = directory / "data" / "pid_0_1" / identifier
    for number, name in enumerate(tile.names.ravel().tolist()):
        image = fits.ImageHDU(np.full((1, *frame), number, dtype=np.float64))
        image.add_checksum()
        write_file(folder / name, write_fits({"DSETID": identifier}, tables=[image]))


def _write_mosaic(directory: Path) -> None:
    """Write a mosaic of nine tiles, of which the one in a corner is missing."""
    tiles = {}
    for row in range(3):
        for column in range(3):
            names = _names(f"AMOSC_{row}{column}", (2,))
            corner = (-220.0 + 36 * column, 20.0 + 37 * row)
            tiles[row, column] = Tile(names, (4096, 4096), corner, (43.0, 44.0))
    del tiles[2, 2]
    inventory = _inventory(
        "AMOSC", "VBI", _FIRST, frameCount=16, boundingBox="(-105,138),(-220,20)"
    )
    _write_set(directory, inventory, write_dataset(inventory, Mosaic(tiles)))


def _traps() -> Iterator[tuple[str, Any]]:
    """Make files of inventories that are odd, each with its name."""
    start = datetime(2024, 4, 1, 17, 0, 0)
    yield "old", _old_traps(start)
    yield "embargo", _embargo_traps(start)
    yield "inversion", [_INVERSION]


def _old_traps(start: datetime) -> list[Inventory]:
    """Make inventories of an older form, and with values that are none."""
    return [
        # Lists for texts, another word for the size, fields that are not there.
        _without(
            _inventory(
                "AOLDS",
                "VISP",
                start,
                boundingBox=[[30.5, -40.0], [-30.5, 40.0]],
                stokesParameters=["I", "Q", "U", "V"],
                dataset_size=7339.5,
                browseMovieObjectKey=None,
            ),
            *("datasetSize", "isEmbargoed", "status", "productId", "spectralLines"),
        ),
        # A turn around the Sun is none, and NaN is no number.
        _inventory(
            "AWRAP",
            "VISP",
            start,
            boundingBox=[[-30.0, 0.0], [90.0, 1296000.0 - 50.0]],
            averageDatasetSpectralSampling=float("nan"),
        ),
        _inventory("AOFFL", "CRYO-NIRSP", start, boundingBox="(-1275.06,117.87),(-1011.06,370.57)"),
        _inventory("ALIMB", "DL-NIRSP", start, boundingBox="(980,-40),(900,40)"),
        _inventory("ANOBX", "VTF", start, boundingBox=None),
        _inventory("APLHD", "VBI", start, calibrationDocumentationUrl="CALURL"),
        _inventory("ABACK", "VISP", start, endTime="2024-03-31T17:00:00"),
        _inventory(
            "ADMGD", "VISP", start, asdfObjectKey="pid_0_9/ADMGD/VISP_L1_20240401T170000_ADMGD.asdf"
        ),
    ]


def _embargo_traps(start: datetime) -> list[Inventory]:
    """Make inventories of which one is closed, one open, and one closed without an end."""
    return [
        _inventory("AEMBG", "VISP", start, isEmbargoed=True, embargoEndDate="2999-01-01T00:00:00"),
        _inventory("AOPEN", "VISP", start, isEmbargoed=False, embargoEndDate="2025-01-01T00:00:00"),
        _inventory("ANODT", "VISP", start, isEmbargoed=True, embargoEndDate=None),
    ]


#: A data set that was inverted from others.
_INVERSION = {
    "inversionId": "inv.SYNTH",
    "created": "2025-09-03T19:16:58.881809Z",
    "proposalId": "pid_0_1",
    "canonicalDataset": "ASMLL",
    "datasetIds": ["ASMLL", "ALRGE"],
    "spectralLines": ["CaII854", "NaID", "FeI630"],
    "wavelengths": [854.209, 589.899, 630.15],
    "frameCount": 12,
    "bucket": "data",
    "asdfObjectKey": "pid_0_1/inv.SYNTH/INV_L2_20240301T170000_SYNTH_metadata.asdf",
}


def _without(inventory: Inventory, *names: str) -> Inventory:
    return {name: value for name, value in inventory.items() if name not in names}


#: The first bytes of an MP4 file; nothing of it can be played.
_MOVIE = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"synthetic"

#: What the table of :data:`_ECSV` says of its files.
_FOUND = {
    "asdfObjectKey": "pid_0_1/AECSV/VISP_L1_20240402T170000_AECSV.asdf",
    "browseMovieObjectKey": None,
    "qualityReportObjectKey": None,
}

_ECSV = """\
# %ECSV 1.0
# ---
# datatype:
# - {name: Start Time, datatype: string}
# - {name: End Time, datatype: string}
# - {name: Instrument, datatype: string}
# - {name: Wavelength, unit: nm, datatype: string, subtype: 'float64[2]'}
# - {name: Bounding Box, datatype: string}
# - {name: Dataset ID, datatype: string}
# - {name: Exposure Time, unit: s, datatype: float64}
# - {name: Proposal IDs, datatype: string, subtype: 'string[1]'}
# - {name: Primary Proposal ID, datatype: string}
# - {name: Full Stokes, datatype: bool}
# - {name: Stokes Parameters, datatype: string}
# - {name: asdf Filename, datatype: string}
# schema: astropy-2.0
"Start Time" "End Time" Instrument Wavelength "Bounding Box" "Dataset ID" \
"Exposure Time" "Proposal IDs" "Primary Proposal ID" \
"Full Stokes" "Stokes Parameters" "asdf Filename"
2024-04-02T17:00:00.000 2024-04-02T17:30:00.000 VISP [630.2,631.8] (219.9,-350.33),(189.4,-485.3) \
AECSV 48.0 "[""pid_0_1""]" \
pid_0_1 True IQUV pid_0_1/AECSV/VISP_L1_20240402T170000_AECSV.asdf
"""
