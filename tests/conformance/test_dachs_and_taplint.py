"""What others say of a service: DaCHS's own validation and regression tests, and taplint."""

from __future__ import annotations

import re
import subprocess

from epnkit.dachs.private import PrivateDachs

#: All but those that try DaCHS's asynchronous jobs, which a service has no part in.
_STAGES = "TMV TME TMS TMC CPV CAP AVV QGE QPO MDQ EXA"

#: Once the statistics of columns are known, DaCHS tells them in attributes of a schema of its own.
_STATISTICS = "Attribute 'g-colstat:"


def test_dachs_finds_nothing_in_the_rd(hfc1ar: str, dachs: PrivateDachs) -> None:
    done = dachs.run("val", "-v", "hfc1ar/q")
    assert done.stdout.strip() == "hfc1ar/q -- OK"
    assert "WARNING" not in done.stdout + done.stderr


def test_the_regression_tests_of_the_rd_pass(hfc1ar: str, dachs: PrivateDachs) -> None:
    done = dachs.run("test", "-v", "hfc1ar/q", "-u", hfc1ar.removesuffix("/tap"))
    assert re.search(r"\b0 of 5 bad", done.stdout), done.stdout + done.stderr


def test_taplint_finds_no_error(hfc1ar: str) -> None:
    done = subprocess.run(
        [
            "stilts",
            "taplint",
            f"tapurl={hfc1ar}",
            "report=EWF",
            "maxrepeat=100000",
            f"stages={_STAGES}",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Totals: Errors: " in done.stdout, done.stdout + done.stderr
    said = [line for line in done.stdout.splitlines() if re.match(r"^[EWF]-", line)]
    errors = [line for line in said if line.startswith("E-") and _STATISTICS not in line]
    assert errors == []
    # It has warnings for DaCHS's own tables and documents; none may be of the service.
    assert [line for line in said if "hfc1ar" in line] == []
