"""What JHelioviewer is sent by SAMP: of a table, what it can show."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.table import MaskedColumn, Table
from pyvo.samp import SAMPHubServer, SAMPIntegratedClient

from epnkit.client import send_table
from epnkit.errors import ConfigurationError

#: What JHelioviewer subscribes to in its release 2.15.4, and what it said in 2026 that it accepts.
RELEASED = ("image.load.fits", "table.load.fits", "jhv.load.image", "jhv.load.request")
DOCUMENTED = (
    *RELEASED,
    "table.load.votable",
    "table.load.cdf",
    "jhv.load.cdf",
    "jhv.load.hapi",
    "jhv.load.state",
    "jhv.load.sunjson",
)

IMAGES = [f"http://localhost/{number}.fits" for number in range(2)]
SQUARE = "Polygon UNKNOWNFrame 350 -10 10 -10 10 10 350 10"


def write_rows(**changed: Any) -> Table:
    """Write two rows: an image and a footprint of the Sun each."""
    columns = {
        "granule_uid": ["a", "b"],
        "target_name": ["Sun", "Earth#Sun"],
        "dataproduct_type": ["im", "ma#ci"],
        "access_format": ["application/fits", "image/fits"],
        "access_url": IMAGES,
        "time_min": [2456171.25, 2456170.0],
        "spatial_frame_type": ["body", "body"],
        "s_region": [SQUARE, SQUARE],
    }
    return Table(columns | changed)


class JHelioviewer:
    """A program with its name and its subscriptions, which notes what it is told."""

    def __init__(self, kinds: tuple[str, ...]) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.arrived = threading.Event()
        self.client = SAMPIntegratedClient(name="JHelioviewer")
        self.client.connect()
        for kind in kinds:
            self.client.bind_receive_notification(kind, self._take)

    def _take(self, key: str, sender: str, kind: str, given: dict[str, Any], more: object) -> None:
        self.told.append((kind, given))
        self.arrived.set()


@pytest.fixture(autouse=True)
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Run a hub that this test alone finds."""
    monkeypatch.setenv("SAMP_HUB", f"std-lockurl:{(tmp_path / 'samp').as_uri()}")
    running = SAMPHubServer(web_profile=False)
    running.start()
    yield
    running.stop()


@pytest.mark.parametrize("kinds", [RELEASED, DOCUMENTED], ids=["released", "documented"])
def test_it_gets_images_and_footprints_and_no_table(kinds: tuple[str, ...]) -> None:
    program = JHelioviewer(kinds)
    assert send_table(write_rows(), "jhelioviewer", wait=2) == ["JHelioviewer"]
    assert program.arrived.wait(10)
    program.client.disconnect()
    expected = {kind for kind in ("jhv.load.image", "jhv.load.sunjson") if kind in kinds}
    assert {kind for kind, _ in program.told} == expected
    assert dict(program.told)["jhv.load.image"] == {"url": IMAGES}


def test_footprints_are_drawn_at_their_times_over_the_sun() -> None:
    program = JHelioviewer(DOCUMENTED)
    send_table(write_rows(access_url=["", IMAGES[1]]), wait=2)
    program.client.disconnect()
    assert ("jhv.load.image", {"url": IMAGES[1]}) in program.told  # one is no list
    drawn = [json.loads(given["value"]) for kind, given in program.told if kind != "jhv.load.image"]
    assert {each["type"] for each in drawn} == {"SunJSON"}
    assert {each["time"] for each in drawn} == {"2012-08-30T12:00:00", "2012-08-31T18:00:00"}
    (line,) = drawn[0]["geometry"]
    radius, longitude, latitude = np.array(line["coordinates"]).T
    assert line["type"] == "line"
    assert (radius > 1).all()
    assert np.allclose(line["coordinates"][0], line["coordinates"][-1])
    assert np.cos(np.radians(longitude)).min() > 0.98  # 20 degrees across the meridian 0, not 340
    lon, lat = np.radians([longitude, latitude])
    points = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    assert np.linalg.norm(np.diff(points), axis=0).max() < np.radians(2.1)
    assert latitude.max() > 10.1  # edges are great circles


def test_a_place_is_a_point() -> None:
    program = JHelioviewer(DOCUMENTED)
    point = MaskedColumn(["", ""], mask=[True, True])
    places = {"c1min": [30.5] * 2, "c1max": [30.5] * 2, "c2min": [-5.0] * 2, "c2max": [-5.0, -4.0]}
    send_table(write_rows(s_region=point, **places), wait=2)
    program.client.disconnect()
    shapes = [given["value"] for kind, given in program.told if kind == "jhv.load.sunjson"]
    (shape,) = [shape for each in shapes for shape in json.loads(each)["geometry"]]
    assert (shape["type"], shape["coordinates"]) == ("point", [[1.001, 30.5, -5.0]])


def test_what_is_not_of_the_sun_is_nothing_for_it() -> None:
    program = JHelioviewer(DOCUMENTED)
    with pytest.raises(ConfigurationError, match="did not come"):
        send_table(write_rows(target_name=["Jupiter", "Sunflower"]), "jhelioviewer", wait=1)
    program.client.disconnect()
    assert program.told == []
