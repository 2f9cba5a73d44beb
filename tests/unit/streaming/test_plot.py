"""Pictures: the right colours in the right places, and requests that are not understood."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from PIL import Image
from tests.support.streams import HOUR, SPECTRA, ask, make_archive, make_feeds, serve, shorten

from epnkit.streaming.datasets import DataSetFeed
from epnkit.streaming.plot import Picture, choose_ticks, make_image
from epnkit.streaming.pyramid import Pyramid
from epnkit.streaming.readers.tables import Table, TableFile
from epnkit.streaming.views import make_view

SPAN = {"start": "2016-12-30T00:00Z", "stop": "2016-12-31T00:00Z"}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    archive = tmp_path_factory.mktemp("archive")
    with (
        closing(Pyramid(archive / "reductions.sqlite")) as pyramid,
        serve(make_feeds(archive, make_archive(archive)), pyramid=pyramid) as address,
    ):
        yield address


def read_picture(answer: requests.Response) -> np.ndarray[Any, Any]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "image/png"
    return np.asarray(Image.open(BytesIO(answer.content)).convert("RGB"))


@pytest.mark.parametrize("parameter", [None, "flux", "raw", "level"])
def test_a_picture_has_the_size_that_was_asked_for(base: str, parameter: str | None) -> None:
    query = {"dataset": "spectra", **SPAN, **({"parameter": parameter} if parameter else {})}
    assert read_picture(ask(base, "plot", **query)).shape == (500, 1000, 3)
    small = read_picture(ask(base, "plot", width="400", height="200", **query))
    assert small.shape == (200, 400, 3)
    assert len(np.unique(small.reshape(-1, 3), axis=0)) > 20


def test_a_picture_without_room_for_labels_is_the_spectrum_alone(base: str) -> None:
    found = read_picture(ask(base, "plot", dataset="spectra", width="200", height="100", **SPAN))
    assert found.shape == (100, 200, 3)
    # It has colours to its edges; letters and frames would be black.
    assert not (found[:, [0, -1]].reshape(-1, 3) == 255).all(axis=1).any()
    assert not (found.reshape(-1, 3) < 30).all(axis=1).any()


def test_without_a_span_the_first_records_are_drawn(base: str) -> None:
    assert read_picture(ask(base, "plot", dataset="spectra")).shape == (500, 1000, 3)


def test_a_span_without_records_says_so(base: str) -> None:
    query = {"dataset": "spectra", "start": "2030-01-01Z", "stop": "2030-01-02Z"}
    empty = read_picture(ask(base, "plot", **query))
    assert (empty.reshape(-1, 3) == 255).all(axis=1).mean() > 0.9


@pytest.mark.parametrize(
    "query",
    [
        {"dataset": "none"},
        {"dataset": "synthetic/availability"},
        {"dataset": "spectra", "parameter": "none"},
        {"dataset": "spectra", "start": "yesterday", "stop": "2017Z"},
        {"dataset": "spectra", "start": "2017Z", "stop": "2016Z"},
        {"dataset": "spectra", "width": "5"},
        {"dataset": "spectra", "width": "99999"},
        {"dataset": "spectra", "height": "many"},
        {"dataset": "spectra", "colour": "red"},
    ],
)
def test_what_is_not_understood_is_refused(base: str, query: dict[str, str]) -> None:
    answer = ask(base, "plot", **query)
    assert (answer.status_code, answer.headers["Content-Type"][:10]) == (400, "text/plain")


def test_each_pixel_has_the_value_of_its_time_and_frequency(tmp_path: Path) -> None:
    index = make_archive(tmp_path, 1, 2)
    start = index.granules[0].start
    # An hour of minutes, without those from 20 to 40; high frequencies are ten times as bright.
    minutes = np.r_[0:20, 40:60]
    values = minutes[:, None] + np.array([100.0, 1000.0])
    frequencies = np.array([10.0, 20.0])
    table = Table(start + minutes * 60 * 10**9, {"Data": values}, {"Frequency": frequencies})
    dataset = shorten(
        SPECTRA, reader=TableFile(lambda path: table), variables=SPECTRA.variables[:1]
    )
    feed = make_feeds(tmp_path, index, dataset)["spectra"]
    assert isinstance(feed, DataSetFeed)
    picture = Picture(feed, dataset.variables[0], start, start + HOUR, width=810, height=414)
    view = make_view(feed, picture.variable, picture.start, picture.stop, 3, None)
    image, limits = make_image(picture, view)
    assert limits == (10.0, 20.0)
    assert image.shape == (300, 600)
    middles = (np.arange(600) + 0.5) / 10
    expected = np.floor(middles)
    gap = (middles > 21.7) & (middles < 40)
    assert np.isnan(image[:, gap]).all()
    shown = (middles < 20) | (middles > 40.2)
    np.testing.assert_allclose(image[0, shown], 100 + expected[shown], atol=1.0)
    np.testing.assert_allclose(image[-1, shown], 1000 + expected[shown], atol=1.0)
    assert (image[:, shown] > 500).mean(axis=1).tolist() == [0.0] * 150 + [1.0] * 150


@pytest.mark.parametrize(
    ("low", "high", "some"),
    [
        (4.65e-19, 5.47e-19, {4.8e-19, 5.1e-19}),
        (3.0, 29.0, {5.0, 10.0, 20.0}),
        (20.0, 1040.0, {20.0, 50.0, 100.0, 1000.0}),
        (3.6, 16100.0, {10.0, 100.0, 1000.0, 10000.0}),
        (1e-18, 1e-10, {1e-16, 1e-14}),
    ],
)
def test_each_logarithmic_axis_has_numbers(low: float, high: float, some: set[float]) -> None:
    ticks = np.asarray(choose_ticks(low, high).tick_values(low, high))
    inside = ticks[(ticks >= low) & (ticks <= high)]
    assert 3 <= len(inside) <= 12
    for number in some:
        assert np.isclose(inside, number, rtol=1e-9, atol=0).any(), inside


def test_the_page_shows_what_is_offered(base: str) -> None:
    page = requests.get(f"{base}/", timeout=10)
    assert page.url == f"{base}/hapi"
    assert page.headers["Content-Type"].startswith("text/html")
    assert 'src="plot?dataset=spectra&amp;start=' in page.text
    assert "<code>synthetic/availability</code>" in page.text
    assert "server, dataset = &quot;http://127.0.0.1/hapi&quot;, &quot;spectra&quot;" in page.text
