"""UCDs by words, as people who look for one write them."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from epnkit.cli.ucd import command
from epnkit.epncore.ucd import find_fault
from epnkit.epncore.ucd_search import find_ucds


@pytest.mark.parametrize(
    ("words", "ucd"),
    [
        ("magnetic field", "phys.magField"),
        ("exposure time", "time.duration;obs.exposure;stat.max"),
        ("temperature", "phys.temperature"),
        ("signal to noise", "stat.snr"),
        ("identifier", "meta.id"),
        ("polarization", "phys.polarization"),
        ("longitude on the body", "pos.bodyrc.lon"),
    ],
)
def test_the_word_is_among_the_first(words: str, ucd: str) -> None:
    assert ucd in [each.ucd for each in find_ucds(words, 8)]


def test_what_is_found_is_valid() -> None:
    for each in find_ucds("time", 40):
        assert each.place in ("leads", "follows", "leads or follows", "whole")
        if each.place != "follows":
            assert find_fault(each.ucd) == ""


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["phys.temperature;stat.max"], 0, "is valid"),
        (["phys.temprature"], 1, "not a word of UCD1+"),
        (["stat.max;phys.temperature"], 1, "may only"),
        (["xyzzy"], 1, "no UCD has these words"),
        (["magnetic", "field", "-n", "2"], 0, "phys.magField"),
    ],
)
def test_the_command(words: list[str], status: int, said: str) -> None:
    done = CliRunner().invoke(command, words)
    assert (done.exit_code, said in done.output) == (status, True), done.output
