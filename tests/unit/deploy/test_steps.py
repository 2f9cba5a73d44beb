"""Steps done in order, and undone the other way round."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from epnkit.deploy.steps import Step, carry_out
from epnkit.errors import DeployError


def make_recording_step(log: list[str], name: str, *, undone: bool = True) -> Step:
    def undo() -> None:
        log.append(f"undid {name}")

    return Step(name, lambda: f"did {name}", undo if undone else None)


def make_failing(error: BaseException) -> Callable[[], str]:
    def do() -> str:
        raise error

    return do


def test_all_is_done_and_said() -> None:
    said: list[str] = []
    carry_out([make_recording_step(said, "one"), make_recording_step(said, "two")], said.append)
    assert said == ["did one", "did two"]


@pytest.mark.parametrize(
    "error", [DeployError("no", cure="Wait."), KeyboardInterrupt(), ZeroDivisionError()]
)
def test_a_failure_undoes_the_failed_step_and_those_before(error: BaseException) -> None:
    said: list[str] = []
    broken = Step("two", make_failing(error), lambda: said.append("undid two"))
    steps = [make_recording_step(said, "one"), broken, make_recording_step(said, "three")]
    with pytest.raises(type(error)):
        carry_out(steps, said.append)
    assert said == ["did one", "undid two", "undid one"]


def test_an_undoing_that_fails_is_told_and_the_others_go_on() -> None:
    said: list[str] = []

    def fail() -> None:
        raise DeployError("the disk is gone", cure="Bring it back.")

    steps = [
        make_recording_step(said, "one"),
        Step("two", lambda: "did two", fail),
        make_recording_step(said, "three", undone=False),
        Step("four", make_failing(DeployError("no", cure="Wait."))),
    ]
    with pytest.raises(DeployError, match="no"):
        carry_out(steps, said.append)
    assert said[3:] == ["could not be undone (two): the disk is gone. Bring it back.", "undid one"]
