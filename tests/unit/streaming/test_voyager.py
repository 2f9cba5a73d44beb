"""Voyager's PRA: lines typed by hand, and files that are not as they should be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from epnkit.streaming.readers.base import DamagedFileError
from epnkit.streaming.readers.tables import TableFile
from epnkit.streaming.readers.voyager import VoyagerLowBand, read_figures, read_voyager_summary
from epnkit.streaming.times import write_time


def make_line(date: str = "790306", second: int = 86352, status: int = 2048) -> str:
    """Make a line: each sweep has its number in its first channel, the channel in the others."""
    sweeps = (
        f"{status:4d}{number:4d}" + "".join(f"{channel:4d}" for channel in range(1, 70))
        for number in range(8)
    )
    return f"{date}{second:6d}" + "".join(sweeps)


def write(path: Path, *lines: str, end: str = "\r\n") -> Path:
    path.write_bytes("".join(f"{line}{end}" for line in lines).encode())
    return path


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_times_of_sweeps(tmp_path: Path, end: str) -> None:
    path = write(tmp_path / "a", make_line(), make_line("000101", 48), end=end)
    with VoyagerLowBand().open(path) as file:
        assert len(file.times) == 16
        assert [write_time(int(file.times[n])) for n in (0, 7, 8)] == [
            "1979-03-06T23:59:15.900Z",
            "1979-03-06T23:59:57.900Z",
            "2000-01-01T00:00:51.900Z",
        ]


def test_values_are_hundredths_of_decibels(tmp_path: Path) -> None:
    with VoyagerLowBand().open(write(tmp_path / "a", make_line(), make_line())) as file:
        power = file.read("power", 6, 9)
        assert power.shape == (3, 70)
        # The first sweep of the second line has a zero, which is no value.
        assert power[:2, 0].tolist() == [0.06, 0.07]
        assert np.isnan(power[2, 0])
        assert power[:, 69].tolist() == [0.69] * 3
        axis = file.read_axis("frequency")
    assert (axis[0], len(axis)) == (1326.0, 70)
    assert axis[-1] == pytest.approx(1.2)


@pytest.mark.parametrize(
    ("status", "first", "attenuation"),
    [(2048, "RH", 0), (513, "LH", 15), (1024 + 2, "LH", 30), (1536 + 4, "RH", 45), (3, "RH", 15)],
)
def test_the_status_word_says_hand_and_attenuator(
    tmp_path: Path, status: int, first: str, attenuation: int
) -> None:
    other = "LH" if first == "RH" else "RH"
    with VoyagerLowBand().open(write(tmp_path / "a", make_line(status=status))) as file:
        even, odd = file.read(first, 0, 1)[0], file.read(other, 0, 1)[0]
        assert file.read("attenuation", 0, 1).tolist() == [attenuation]
    assert np.isnan(even[1::2]).all()
    assert np.isnan(odd[0::2]).all()
    assert (even[2], odd[3]) == (0.02, 0.03)


def test_a_sweep_without_a_status_is_none(tmp_path: Path) -> None:
    with VoyagerLowBand().open(write(tmp_path / "a", make_line(status=0))) as file:
        for name in ("power", "RH", "LH", "attenuation"):
            assert np.isnan(file.read(name, 0, 8)).all()


def test_numbers_have_blanks_or_a_minus_before_them() -> None:
    text = np.frombuffer(b"   0  129999  -7-100", np.uint8).reshape(-1, 4)
    assert read_figures(text).tolist() == [0, 12, 9999, -7, -100]


@pytest.mark.parametrize("text", ["1 23", "12  ", "1-23", "ab12", "    ", "1.25"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(DamagedFileError):
        read_figures(np.frombuffer(text.encode(), np.uint8).reshape(1, -1))


@pytest.mark.parametrize(
    "content",
    [make_line(), f"{make_line()}\n\n", f"{make_line()[:-4]}\n", "short\n", make_line() * 3],
)
def test_lines_of_another_length_are_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "a").write_text(content)
    with pytest.raises(DamagedFileError, match="2284"), VoyagerLowBand().open(tmp_path / "a"):
        pass


@pytest.mark.parametrize("date", ["791306", "790300", "7903ab"])
def test_dates_that_are_none_are_refused(tmp_path: Path, date: str) -> None:
    with (
        VoyagerLowBand().open(write(tmp_path / "a", make_line(date))) as file,
        pytest.raises(DamagedFileError),
    ):
        assert file.times.size


def test_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(DamagedFileError), VoyagerLowBand().open(tmp_path / "a"):
        pass


def test_other_names_are_refused(tmp_path: Path) -> None:
    with VoyagerLowBand().open(write(tmp_path / "a", make_line())) as file:
        with pytest.raises(DamagedFileError):
            file.read("flux", 0, 1)
        with pytest.raises(DamagedFileError):
            file.read_axis("time")


def make_record(*clock: int, channels: tuple[int, int] = (131, 200), value: int = 2345) -> bytes:
    """Make a record of 48 s: the left hand has a value, the right one counts."""
    head = np.array([*clock, 1, 0, *channels], ">i2")
    return (
        head.tobytes() + np.full(70, value, ">i2").tobytes() + np.arange(70, dtype=">i2").tobytes()
    )


def test_means_of_48_seconds_are_read(tmp_path: Path) -> None:
    # 6 March is the 65th day of 1979.
    (tmp_path / "a").write_bytes(make_record(79, 65, 23, 59, 12) + make_record(79, 66, 0, 0, 0))
    table = read_voyager_summary(tmp_path / "a")
    assert [write_time(int(each), 0) for each in table.times] == [
        "1979-03-06T23:59:12Z",
        "1979-03-07T00:00:00Z",
    ]
    assert table.read("LH", 0, 1)[0].tolist() == [23.45] * 70
    right = table.read("RH", 1, 2)[0]
    assert np.isnan(right[0])
    assert right[1:].tolist() == [number / 100 for number in range(1, 70)]
    axis = table.read_axis("frequency")
    assert (axis[0], len(axis)) == (1326.0, 70)
    assert axis[-1] == pytest.approx(1.2)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (make_record(79, 65, 0, 0, 0)[:-1], "not whole records of 298"),
        (make_record(79, 65, 0, 0, 0, channels=(130, 199)), "not of the channels 131 to 200"),
        (make_record(79, 367, 0, 0, 0), "its day is none"),
        (make_record(79, 65, 24, 0, 0), "its hour is none"),
        (make_record(79, 65, 0, 60, 0), "its minute is none"),
        (make_record(79, 65, 0, 0, -1), "its second is none"),
        # Bytes in the other order.
        (np.frombuffer(make_record(79, 65, 0, 0, 0), "<i2").astype(">i2").tobytes(), "131 to 200"),
    ],
)
def test_means_that_are_not_as_they_should_be(content: bytes, why: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(content)
    with (
        pytest.raises(DamagedFileError, match=why),
        TableFile(read_voyager_summary).open(tmp_path / "a"),
    ):
        pass


def test_a_day_without_means_has_no_record(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    assert not read_voyager_summary(tmp_path / "a").times.size
