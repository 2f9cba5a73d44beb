"""Performing the steps of a deployment, or telling them."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from epnkit.errors import DeployError

if TYPE_CHECKING:
    from epnkit.dachs.instance import Place
    from epnkit.deploy.deploy import Deployment
    from epnkit.deploy.steps import Step


def place_of(directory: Path | None, inputs: Path | None) -> Place:
    """Find the DaCHS that is meant by its directory, by its inputs directory, or by neither.

    Raises
    ------
    DeployError
        Where there is none, or it finds its services elsewhere.
    """
    from epnkit.dachs.instance import Place

    if directory is None and inputs is not None and (inputs.parent / "gavo.rc").is_file():
        directory = inputs.parent
    place = Place.find(directory)
    if inputs is not None and inputs.resolve() != place.inputs.resolve():
        raise DeployError(
            "DaCHS does not find its services there",
            where=str(inputs),
            why=f"{place.settings} says {place.inputs}",
            cure="Name that directory, or with --dachs another DaCHS.",
        )
    return place


def perform(
    deployment: Deployment, plans: Mapping[str, Callable[[], list[Step]]], *, dry_run: bool
) -> None:
    """Carry the steps of one service after the other out, or print them.

    Parameters
    ----------
    deployment : Deployment
        What is done.
    plans : dict
        What gives the steps, by service.
    dry_run : bool
        Whether they are only printed.
    """
    from epnkit.deploy.steps import carry_out

    if dry_run:
        for name, plan in plans.items():
            for number, step in enumerate(plan(), 1):
                click.echo(f"{name} {number}: {step.plan}")
        return
    with _interruptible(), deployment.alone(), deployment.place.running():
        for name, plan in plans.items():
            carry_out(plan(), partial(_say, name))


@contextmanager
def telling_permissions() -> Iterator[None]:
    """Turn a lack of rights into an error that tells who has them.

    Raises
    ------
    DeployError
        With the file or directory that is closed to us.
    """
    try:
        yield
    except PermissionError as error:
        raise DeployError(
            "this account may not do that",
            where=error.filename,
            why=error.strerror,
            cure="Run it as root, or as the account that DaCHS's files belong to.",
        ) from None


def _say(name: str, said: str) -> None:
    click.echo(f"{name}: {said}")


@contextmanager
def _interruptible() -> Iterator[None]:
    """Make an end by SIGTERM one that undoes what was begun."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
