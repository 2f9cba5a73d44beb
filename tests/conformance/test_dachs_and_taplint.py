"""What others say of a service: DaCHS's own validation and regression tests, and taplint."""

from __future__ import annotations

import re
import subprocess

from epnkit.deploy.dachs import Dachs

#: What taplint says of every DaCHS 2.7, whatever it serves.
_OF_DACHS = re.compile(r"^[WF]-(CAP-CULF|CAP-CPUL|MDQ-CCAS|EXA-EXNO|LOC-\w+|TMV-\w+|CPV-\w+)")

_STAGES = "TMV TME TMS TMC CPV CAP AVV QGE QPO QAS UWS MDQ EXA"


def test_dachs_finds_nothing_in_the_rd(hfc1ar: str, dachs: Dachs) -> None:
    done = dachs.run("val", "-v", "hfc1ar/q")
    assert done.stdout.strip() == "hfc1ar/q -- OK"
    assert "WARNING" not in done.stdout + done.stderr


def test_the_regression_tests_of_the_rd_pass(hfc1ar: str, dachs: Dachs) -> None:
    done = dachs.run("test", "-v", "hfc1ar/q", "-u", hfc1ar.removesuffix("/tap"))
    assert re.search(r"\b0 of 4 bad", done.stdout), done.stdout + done.stderr


def test_taplint_finds_no_error(hfc1ar: str) -> None:
    done = subprocess.run(
        ["stilts", "taplint", f"tapurl={hfc1ar}", "report=EWF", f"stages={_STAGES}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Totals: Errors: 0" in done.stdout, done.stdout + done.stderr
    said = [line for line in done.stdout.splitlines() if re.match(r"^[EWF]-", line)]
    assert [line for line in said if not _OF_DACHS.match(line)] == []
