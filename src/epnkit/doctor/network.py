"""Checks across the network: what the web server can reach, and what granules lead to."""

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
from epnkit.doctor.patient import Finding, Patient

#: How long an answer may take, in seconds.
_PATIENCE = 10

#: The columns of a granule that lead to something.
_COLUMNS = ("access_url", "thumbnail_url", "datalink_url")

#: Opens a connection, says nothing, and closes it; run by any Python 3, under any account.
_CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 10)"

#: Answers to what others open go out as before; PostgreSQL may be reached over this machine's TCP.
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

#: Said of a DaCHS that listens to its own machine.
_PRIVATE = (
    " A private DaCHS answers to this machine alone, and the rules hold for whatever else the"
    " account runs: do it where others can reach it."
)


def egress(patient: Patient) -> Iterator[Finding]:
    """Find out whether the web server's account can open connections, to here and outward.

    DaCHS 2.7 fetches whatever address somebody names as a table to upload (TAP UPLOAD), and
    follows where that redirects to: whoever may query reaches what this account reaches.
    """
    place = patient.place
    cure = egress_cure(place.server_account, private=place.private is not None)
    yield from reachable(place.server_account, patient.reach, cure)


def egress_rules(account: Account) -> tuple[str, ...]:
    """Give the commands that keep an account from opening connections."""
    return tuple(rule.format(account=account.name) for rule in _RULES)


def egress_cure(account: Account, *, private: bool) -> str:
    """Say how to keep an account from opening connections."""
    rules = "; ".join(egress_rules(account))
    return _CURE.format(account=account.name, rules=rules, only=_PRIVATE if private else "")


def reachable(account: Account, reach: str, cure: str) -> Iterator[Finding]:
    """Try what an account can reach outside, and on this machine.

    Parameters
    ----------
    account : Account
        The account of the web server.
    reach : str
        ``HOST:PORT`` outside.
    cure : str
        What to do where it reaches that.
    """
    host, _, port = reach.rpartition(":")
    host = host.strip("[]")
    if _connects(account, host, port):
        yield Finding(
            f"the web server's account {account.name} can open connections outward",
            reach,
            "through TAP UPLOAD anybody can let it fetch any address",
            cure,
        )
    with closing(socket()) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        here = listening.getsockname()
        if _connects(account, here[0], str(here[1])):
            yield Finding(
                f"the web server's account {account.name} can open connections to this machine",
                here[0],
                "through TAP UPLOAD anybody can let it fetch what only this machine should see",
                cure,
            )


def links(patient: Patient) -> Iterator[Finding]:
    """Follow the links of a sample of granules."""
    with patient.place.connection() as connection, requests.Session() as session:
        silent: dict[str, str] = {}
        for service in patient.services:
            for column in _columns(connection, service.name):
                urls = _sample(connection, service.name, column, patient.sample)
                broken = {url: why for url in urls if (why := _broken(session, url, silent))}
                answered = {u: why for u, why in broken.items() if urlsplit(u).netloc not in silent}
                yield from _told(service.name, column, len(urls), answered)
        yield from _silent(patient.place.url, silent)


def _silent(own: str, silent: dict[str, str]) -> Iterator[Finding]:
    """Tell of each host that did not answer, once."""
    for host, why in silent.items():
        if host == urlsplit(own).netloc:
            cure = "It is DaCHS's own web server: start it, with dachs serve start."
        else:
            cure = "Look whether it runs, or ask who keeps it."
        yield Finding(f"{host or 'no host'} does not answer", "the links of granules", why, cure)


def _connects(account: Account, host: str, port: str) -> bool:
    words = account.command(["/usr/bin/python3", "-I", "-c", _CONNECT, host, port])
    done = subprocess.run(words, check=False, capture_output=True, cwd="/")  # noqa: S603 - ours
    return done.returncode == 0


def _told(service: str, column: str, tried: int, broken: dict[str, str]) -> Iterator[Finding]:
    """Tell of broken links once for each reason, with one of them."""
    for why in sorted(set(broken.values())):
        like = [url for url, each in broken.items() if each == why]
        yield Finding(
            f"{len(like)} of {tried} {column} of {service} lead nowhere",
            like[0],
            why,
            f"Correct how {service} makes {column}, or ask who keeps the files.",
        )


def _columns(connection: Any, service: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = %s"
            " AND table_name = 'epn_core' AND column_name = ANY(%s) ORDER BY 1",
            (service, list(_COLUMNS)),
        )
        return [name for (name,) in cursor.fetchall()]


def _sample(connection: Any, service: str, column: str, count: int) -> list[str]:
    """Take links at random; a second time, other ones."""
    query = sql.SQL(
        "SELECT {column} FROM {table} WHERE {column} IS NOT NULL ORDER BY random() LIMIT %s"
    ).format(column=sql.Identifier(column), table=sql.Identifier(service, "epn_core"))
    with connection.cursor() as cursor:
        cursor.execute(query, (count,))
        return [url for (url,) in cursor.fetchall()]


def _broken(session: requests.Session, url: str, silent: dict[str, str]) -> str | None:
    """Say what is wrong with what a link leads to; nothing of it is read but the beginning.

    Parameters
    ----------
    session : requests.Session
        What asks.
    url : str
        The link.
    silent : dict
        The hosts that did not answer, and why: they are asked once.
    """
    host = urlsplit(url).netloc
    if host not in silent:
        try:
            with session.get(url, timeout=_PATIENCE, stream=True) as answer:
                told = f"{host} answers {answer.status_code} {answer.reason}"
                return told if answer.status_code >= 400 else None
        except requests.RequestException as error:
            silent[host] = f"{url}: {type(error).__name__}"
    return silent[host]
