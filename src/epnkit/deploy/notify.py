"""Notices of a load that failed, or that quarantined more than before: a line with the cure.

A target that does not answer never fails a load: it is named in a warning.
"""

from __future__ import annotations

import os
import re
import smtplib
import ssl
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from epnkit.errors import ConfigurationError, EpnkitError
from epnkit.sources.config.credentials import read_credential

if TYPE_CHECKING:
    from epnkit.dachs.instance import DachsInstance
    from epnkit.loading.request import Request

#: How long a target may take, in seconds.
TIMEOUT = 10

#: The variable with the server that takes mails: ``smtp://USER:PASSWORD@HOST:PORT``.
SMTP_VARIABLE = "EPNKIT_SMTP"

#: Hosts that are reached without a network.
_LOCAL = {"localhost", "127.0.0.1", "::1"}

#: What a command begins with.
_COMMAND = "command:"

#: An address of mail, without anything that could be another header.
_ADDRESS = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+")


@dataclass(frozen=True)
class Notice:
    """What is said of a load.

    Parameters
    ----------
    service : str
        The service.
    event : str
        ``failed`` or ``quarantined``.
    text : str
        What happened.
    cure : str
        What to do.
    """

    service: str
    event: str
    text: str
    cure: str

    @property
    def line(self) -> str:
        """All of it in one line."""
        return " ".join(f"{self.service}: {self.text.removesuffix('.')}. {self.cure}".split())


def require_target(target: str) -> str:
    """Return a target if it is one: a URL, ``mailto:``, ``command:``, or a credential's name.

    Raises
    ------
    ConfigurationError
        If it is none.
    """
    _choose_sender(target)
    return target


def notify(targets: Sequence[str], notice: Notice) -> list[str]:
    """Send a notice to all targets.

    Parameters
    ----------
    targets : sequence of str
        A webhook's URL, ``mailto:ADDRESS``, ``command:SHELL COMMAND`` (the line is its standard
        input), or the name of a credential that holds one of these.
    notice : Notice
        What is sent.

    Returns
    -------
    list of str
        A line for each target that could not be reached; no part of it is secret.
    """
    problems = []
    for target in targets:
        try:
            _choose_sender(target)(notice)
        except (EpnkitError, OSError, smtplib.SMTPException, subprocess.SubprocessError) as error:
            problems.append(f"{_mask(target)} was not notified: {_describe(error)}")
    return problems


def _choose_sender(target: str) -> Callable[[Notice], None]:
    if target.startswith(("http://", "https://")):
        return lambda notice: _post(target, notice)
    if target.startswith("mailto:"):
        address = unquote(target.removeprefix("mailto:"))
        if not _ADDRESS.fullmatch(address):
            raise ConfigurationError(f"{address!r} is no address", cure="Write mailto:NAME@HOST")
        return lambda notice: _mail(address, notice)
    if target.startswith(_COMMAND):
        return lambda notice: _run(target.removeprefix(_COMMAND), notice)
    held = read_credential(target).reveal()
    if ":" not in held:
        raise ConfigurationError(
            "this credential holds no target",
            where=target,
            cure="Write a webhook's URL, mailto:ADDRESS or command:SHELL COMMAND into it",
        )
    return _choose_sender(held)


def _post(url: str, notice: Notice) -> None:
    """Post a notice as JSON; ``text`` is all of it in one line."""
    import requests

    content = {
        "text": notice.line,
        "service": notice.service,
        "event": notice.event,
        "cure": notice.cure,
    }
    try:
        answer = requests.post(url, json=content, timeout=TIMEOUT, allow_redirects=False)
    except requests.Timeout:
        raise OSError("no answer") from None
    except requests.RequestException:  # its text may hold the URL
        raise OSError("it cannot be reached") from None
    if not answer.ok or answer.is_redirect:
        raise OSError(f"it answered with status {answer.status_code}")


def _mail(address: str, notice: Notice) -> None:
    server = urlsplit(os.environ.get(SMTP_VARIABLE, "smtp://localhost:25"))
    message = EmailMessage()
    message["Subject"] = f"epnkit: {notice.service} {notice.event}"
    message["To"] = address
    message["From"] = f"epnkit@{os.uname().nodename}"
    message.set_content(notice.line + "\n")
    host = server.hostname or "localhost"
    with smtplib.SMTP(host, server.port or 25, timeout=TIMEOUT) as session:
        session.ehlo_or_helo_if_needed()
        # This machine's own server has mostly a certificate that nobody signed.
        if host not in _LOCAL and session.has_extn("starttls"):
            session.starttls(context=ssl.create_default_context())
        elif host not in _LOCAL and server.password:
            raise OSError(f"{host} offers no TLS, without which it gets no password")
        if server.username and server.password:
            session.login(unquote(server.username), unquote(server.password))
        session.send_message(message)


def _run(command: str, notice: Notice) -> None:
    done = subprocess.run(  # noqa: S602 - what an operator wrote, for a shell
        command,
        shell=True,
        input=notice.line + "\n",
        text=True,
        capture_output=True,
        timeout=TIMEOUT,
        check=False,
        env={**os.environ, "EPNKIT_SERVICE": notice.service, "EPNKIT_EVENT": notice.event},
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or [""])[-1]
        raise OSError(f"it ended with status {done.returncode} {last}".strip())


def _mask(target: str) -> str:
    """Return what may be shown of a target: a webhook's path is its password."""
    parts = urlsplit(target)
    return f"{parts.scheme}://{parts.hostname}" if parts.scheme in {"http", "https"} else target


def _describe(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def load_and_notify(
    instance: DachsInstance,
    service: str,
    request: Request,
    targets: Sequence[str],
    warn: Callable[[str], None],
) -> bool:
    """Load a service, and send a notice if that fails or quarantines more than before.

    Parameters
    ----------
    instance : DachsInstance
        The DaCHS, which runs.
    service : str
        The service.
    request : Request
        What to load.
    targets : sequence of str
        Whom to notify, as for :func:`notify`.
    warn : callable
        Gets a line for each target that cannot be reached.

    Returns
    -------
    bool
        Whether the load succeeded.

    Raises
    ------
    DeployError
        If the coverage cannot be computed; that is notified, too.
    """
    from epnkit.deploy.imports import run_load

    before = _count_waiting(instance, service) if targets else 0
    try:
        succeeded = run_load(instance, service, request)
    except EpnkitError as error:
        _send(targets, Notice(service, "failed", _strip_cure(error), error.cure), warn)
        raise
    if targets:
        notice = _find_notice(instance, service, before, succeeded=succeeded)
        if notice is not None:
            _send(targets, notice, warn)
    return succeeded


def _send(targets: Sequence[str], notice: Notice, warn: Callable[[str], None]) -> None:
    for problem in notify(targets, notice):
        warn(problem)


def _strip_cure(error: EpnkitError) -> str:
    return ": ".join(part for part in (error.where, error.what, error.why) if part)


def _find_notice(
    instance: DachsInstance, service: str, before: int, *, succeeded: bool
) -> Notice | None:
    """Return what is to be said of a load that ended, if anything is."""
    after = _count_waiting(instance, service)
    if not succeeded:
        reason = _last_reason(instance, service)
        cure = f"The table is as it was; epnkit status {service} shows the ledger."
        return Notice(service, "failed", f"the load failed: {reason}", cure)
    if after <= before:
        return None
    return Notice(
        service,
        "quarantined",
        f"{_count_more(after - before)} in quarantine, {after} in all",
        f"epnkit quarantine list {service} says why.",
    )


def _count_more(count: int) -> str:
    return "1 more record is" if count == 1 else f"{count} more records are"


def _count_waiting(instance: DachsInstance, service: str) -> int:
    query = "SELECT count(*) FROM epnkit.quarantine WHERE service = %s AND resolved IS NULL"
    return int(_query(instance, "quarantine", query, service) or 0)


def _last_reason(instance: DachsInstance, service: str) -> str:
    query = "SELECT reason FROM epnkit.runs WHERE service = %s ORDER BY run DESC LIMIT 1"
    return str(_query(instance, "runs", query, service) or "DaCHS says why in its log")


def _query(instance: DachsInstance, table: str, query: str, service: str) -> Any:
    from epnkit.loading.table.catalog import table_exists

    with instance.connect() as connection, connection.cursor() as cursor:
        if not table_exists(connection, "epnkit", table):
            return None
        cursor.execute(query, (service,))
        row = cursor.fetchone()
        return None if row is None else row[0]
