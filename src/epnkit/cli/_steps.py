"""Performing or printing the steps of a deployment."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from epnkit.cli._output import echo
from epnkit.errors import DeployError

if TYPE_CHECKING:
    from epnkit.dachs.instance import DachsInstance
    from epnkit.deploy.deploy import Deployment
    from epnkit.deploy.steps import Step


def find_instance(directory: Path | None, inputs: Path | None) -> DachsInstance:
    """Find the DaCHS that is named by its directory, by its inputs directory, or by neither.

    Raises
    ------
    DeployError
        If there is none, or it finds its services elsewhere.
    """
    from epnkit.dachs.instance import DachsInstance

    if directory is None and inputs is not None and (inputs.parent / "gavo.rc").is_file():
        directory = inputs.parent
    instance = DachsInstance.find(directory)
    if inputs is not None and inputs.resolve() != instance.inputs.resolve():
        raise DeployError(
            "DaCHS does not find its services there",
            where=str(inputs),
            why=f"{instance.settings} says {instance.inputs}",
            cure="Name that directory, or with --dachs another DaCHS.",
        )
    return instance


def perform(
    deployment: Deployment, plans: Mapping[str, Callable[[], list[Step]]], *, dry_run: bool
) -> None:
    """Carry out the steps of each service, or print them.

    Parameters
    ----------
    deployment : Deployment
        The deployment.
    plans : dict
        Functions that return the steps, by service.
    dry_run : bool
        Whether to print them only.
    """
    from epnkit.deploy.steps import carry_out

    if dry_run:
        for name, plan in plans.items():
            for number, step in enumerate(plan(), 1):
                echo(f"{name} {number}: {step.plan}")
        return
    with _interrupt_on_sigterm(), deployment.lock(), deployment.instance.ensure_running():
        for name, plan in plans.items():
            carry_out(plan(), partial(_print_step, name))


@contextmanager
def explain_permissions() -> Iterator[None]:
    """Turn a lack of permissions into an error that says who has them.

    Raises
    ------
    DeployError
        With the file or directory that cannot be accessed.
    """
    try:
        yield
    except PermissionError as error:
        raise DeployError(
            "this account lacks the permission",
            where=error.filename,
            why=error.strerror,
            cure="Run it as root, or as the account that DaCHS's files belong to.",
        ) from None


def _print_step(name: str, message: str) -> None:
    echo(f"{name}: {message}")


@contextmanager
def _interrupt_on_sigterm() -> Iterator[None]:
    """Let SIGTERM interrupt as Ctrl-C does, so that the steps so far are undone."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
