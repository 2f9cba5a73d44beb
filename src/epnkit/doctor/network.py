"""Checks of the network: what the web server can reach, and the links of granules."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing
from socket import socket
from typing import Any
from urllib.parse import urlsplit

import requests
from psycopg2 import sql

from epnkit.dachs.account import Account
from epnkit.doctor.checks import CheckContext, Finding

#: How long an answer may take, in seconds.
_TIMEOUT = 10

#: The columns with links.
_COLUMNS = ("access_url", "thumbnail_url", "datalink_url")

#: Opens and closes a connection; run by any Python 3, under any account.
_CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 10)"

#: Connections that others open are not affected; PostgreSQL on this machine may be reached by TCP.
_RULES = (
    "nft add table inet epnkit",
    "nft add chain inet epnkit output '{{ type filter hook output priority 0; }}'",
    "nft add rule inet epnkit output meta skuid {account} oif lo tcp dport 5432 accept",
    "nft add rule inet epnkit output meta skuid {account} ct state new reject",
)

_CURE = (
    "Refuse the connections that the account {account} opens, as root: {rules}. To keep it after"
    " a restart: nft list table inet epnkit >> /etc/nftables.conf; systemctl enable nftables.{only}"
)

#: Added for a DaCHS that listens to its own machine only.
_PRIVATE = (
    " A private DaCHS answers to this machine only, and the rules apply to whatever else the"
    " account runs: set them only if others can reach it."
)


def check_egress(context: CheckContext) -> Iterator[Finding]:
    """Check whether the web server's account can open connections, to this machine and outward.

    DaCHS 2.7 fetches any address that is named as a table to upload (TAP UPLOAD), and follows
    redirects: whoever may query can reach what this account reaches.
    """
    instance = context.instance
    cure = egress_cure(instance.server_account, private=instance.private is not None)
    yield from find_reachable(instance.server_account, context.reach, cure)


def egress_rules(account: Account) -> tuple[str, ...]:
    """Return the commands that keep an account from opening connections."""
    return tuple(rule.format(account=account.name) for rule in _RULES)


def egress_cure(account: Account, *, private: bool) -> str:
    """Describe how to keep an account from opening connections."""
    rules = "; ".join(egress_rules(account))
    return _CURE.format(account=account.name, rules=rules, only=_PRIVATE if private else "")


def find_reachable(account: Account, reach: str, cure: str) -> Iterator[Finding]:
    """Test what an account can reach outside, and on this machine.

    Parameters
    ----------
    account : Account
        The account of the web server.
    reach : str
        ``HOST:PORT`` outside.
    cure : str
        What to do if it can reach something.
    """
    host, _, port = reach.rpartition(":")
    host = host.strip("[]")
    if _can_connect(account, host, port):
        yield Finding(
            f"the web server's account {account.name} can open connections outward",
            reach,
            "through TAP UPLOAD, anybody can make it fetch any address",
            cure,
        )
    with closing(socket()) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        here = listening.getsockname()
        if _can_connect(account, here[0], str(here[1])):
            yield Finding(
                f"the web server's account {account.name} can open connections to this machine",
                here[0],
                "through TAP UPLOAD, anybody can make it fetch what only this machine should see",
                cure,
            )


def check_links(context: CheckContext) -> Iterator[Finding]:
    """Follow the links of a sample of granules."""
    with context.instance.connect() as connection, requests.Session() as session:
        silent: dict[str, str] = {}
        for service in context.services:
            for column in _list_link_columns(connection, service.name):
                urls = _sample_links(connection, service.name, column, context.sample)
                broken = {url: why for url in urls if (why := _check_link(session, url, silent))}
                answered = {u: why for u, why in broken.items() if urlsplit(u).netloc not in silent}
                yield from _report_broken_links(service.name, column, len(urls), answered)
        yield from _report_silent_hosts(context.instance.url, silent)


def _report_silent_hosts(own: str, silent: dict[str, str]) -> Iterator[Finding]:
    """Report each host that did not answer, once."""
    for host, why in silent.items():
        if host == urlsplit(own).netloc:
            cure = "It is DaCHS's own web server: start it, with dachs serve start."
        else:
            cure = "Check whether it runs, or ask its operator."
        yield Finding(f"{host or 'no host'} does not answer", "the links of granules", why, cure)


def _can_connect(account: Account, host: str, port: str) -> bool:
    words = account.command(["/usr/bin/python3", "-I", "-c", _CONNECT, host, port])
    done = subprocess.run(words, check=False, capture_output=True, cwd="/")  # noqa: S603 - ours
    return done.returncode == 0


def _report_broken_links(
    service: str, column: str, total: int, broken: dict[str, str]
) -> Iterator[Finding]:
    """Report broken links once for each reason, with an example."""
    for why in sorted(set(broken.values())):
        examples = [url for url, each in broken.items() if each == why]
        yield Finding(
            f"{len(examples)} of {total} {column} of {service} lead nowhere",
            examples[0],
            why,
            f"Correct how {service} makes {column}, or ask the operator of the files.",
        )


def _list_link_columns(connection: Any, service: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = %s"
            " AND table_name = 'epn_core' AND column_name = ANY(%s) ORDER BY 1",
            (service, list(_COLUMNS)),
        )
        return [name for (name,) in cursor.fetchall()]


def _sample_links(connection: Any, service: str, column: str, count: int) -> list[str]:
    """Choose links at random."""
    query = sql.SQL(
        "SELECT {column} FROM {table} WHERE {column} IS NOT NULL ORDER BY random() LIMIT %s"
    ).format(column=sql.Identifier(column), table=sql.Identifier(service, "epn_core"))
    with connection.cursor() as cursor:
        cursor.execute(query, (count,))
        return [url for (url,) in cursor.fetchall()]


def _check_link(session: requests.Session, url: str, silent: dict[str, str]) -> str | None:
    """Return what is wrong with a link; only the beginning of the answer is read.

    Parameters
    ----------
    session : requests.Session
        The session for the request.
    url : str
        The link.
    silent : dict
        The hosts that did not answer, and why: each is tried once.
    """
    host = urlsplit(url).netloc
    if host not in silent:
        try:
            with session.get(url, timeout=_TIMEOUT, stream=True) as answer:
                status = f"{host} answers {answer.status_code} {answer.reason}"
                return status if answer.status_code >= 400 else None
        except requests.RequestException as error:
            silent[host] = f"{url}: {type(error).__name__}"
    return silent[host]
