"""Refusing a folder that contradicts itself, or that would be published as it was drafted."""

from __future__ import annotations

from epnkit.check.agreement import find_disagreements, find_placeholders
from epnkit.errors import DeployError
from epnkit.service import Service

#: How many open decisions are named.
_NAMED = 3


def require_decided(service: Service, *, publish: bool, undecided: bool) -> str:
    """Check that service.py and q.rd agree, and that nothing is published that is not decided.

    Parameters
    ----------
    service : Service
        The service, with its folder.
    publish : bool
        Whether it is published.
    undecided : bool
        Whether a person wants it published as it is.

    Returns
    -------
    str
        What was found, for a person.

    Raises
    ------
    DeployError
        If they contradict each other, or something is left to decide.
    """
    for wrong in find_disagreements(service):
        raise DeployError(
            " ".join(f"{wrong.column} {wrong.value} {wrong.message}".split()),
            where=str(service.folder),
            cure="Correct one of the two, and deploy again; DaCHS is unchanged.",
        )
    left = find_placeholders(service.folder)
    if left and publish and not undecided:
        raise DeployError(
            f"{len(left)} things in it are not decided, and it would be published",
            where=str(service.folder),
            why="; ".join(left[:_NAMED]) + ("; ..." if len(left) > _NAMED else ""),
            cure="Decide them and remove the marks; or deploy with --no-publish, or as it is with"
            " --undecided.",
        )
    return f"service.py and q.rd agree; {len(left) or 'nothing'} undecided"
