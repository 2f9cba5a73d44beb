"""What the doctor does where it may not look."""

from __future__ import annotations

from pathlib import Path

import pytest

from epnkit.dachs.instance import DachsInstance
from epnkit.doctor import imports
from epnkit.doctor.checks import CheckContext
from epnkit.doctor.examination import Diagnosis, examine

#: A file that nobody can ask for, be it as root: its name is too long.
HIDDEN = Path("/tmp") / ("n" * 300)


@pytest.fixture
def instance(tmp_path: Path) -> DachsInstance:
    settings = tmp_path / "gavo.rc"
    settings.write_text(f"[general]\nrootDir: {tmp_path}\n")
    return DachsInstance(settings, None)


def run_checks(context: CheckContext, *names: str) -> Diagnosis:
    return list(examine(context, names))[-1][1]


def test_what_cannot_be_looked_at_is_told_and_the_other_checks_are_made(
    instance: DachsInstance,
) -> None:
    context = CheckContext(
        instance, broken={Path("bad"): "SyntaxError"}, units=(), crontabs=(HIDDEN,)
    )
    diagnosis = run_checks(context, "timers", "services")
    assert "could not be read: File name too long" in diagnosis.failed["timers"]
    assert [finding.why for finding in diagnosis.findings["services"]] == ["SyntaxError"]


def test_a_directory_that_may_not_be_listed_is_told_with_a_cure(
    instance: DachsInstance, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    # Root may list any directory, so that the refusal itself is made here.
    monkeypatch.setattr(Path, "iterdir", refuse)
    diagnosis = run_checks(CheckContext(instance, units=(), crontabs=(tmp_path,)), "timers")
    assert diagnosis.failed["timers"].endswith("Permission denied. Run this as root.")
    assert diagnosis.status == 2


def test_a_service_that_may_not_be_read_is_broken() -> None:
    found, broken = imports.read_services([HIDDEN])
    assert found == ()
    assert "File name too long" in broken[HIDDEN]
