"""Secrets: whatever a password is made of, no message shows it."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from epnkit.sources.config.credentials import Secret

CANARIES = [
    "s3c/ret",
    "s3c:ret",
    "s3c;ret",
    "s3c#ret",
    "s3c?ret",
    "s3c@ret",
    "s12/34@ret",
    "s3c%ret",
]


@pytest.mark.parametrize("password", [*CANARIES, *(quote(each, safe="") for each in CANARIES)])
@pytest.mark.parametrize(
    "address",
    [
        "mysql+pymysql://bob:{}@db.host/hfc",
        "https://bob:{}@db.host/tap",
        "mongodb://bob:{}@a,b/d",
        "postgresql://bob@corp:{}@db.host/hfc",
    ],
)
def test_a_url_is_shown_without_its_password(address: str, password: str) -> None:
    secret = Secret("archive", address.format(password))
    assert secret.masked == address.format("***")
    assert secret.has_password
    assert password not in repr(secret)
    assert password not in secret.scrub(f"access denied, using password {password}")


def test_a_password_is_scrubbed_whichever_at_ends_it() -> None:
    secret = Secret("archive", "mysql://bob:canary-7@db.host/hfc?keeper=a@b")
    assert "canary-7" not in secret.masked
    assert secret.scrub("access denied for canary-7") == "access denied for ***"


@pytest.mark.parametrize(
    "address",
    [
        "https://db.host/tap",
        "http://db.host:8080/a@b",
        "http://[::1]:8080/a@b",
        "https://db.host/a:b@c",
        "sqlite:////data/a.db",
        "postgresql://bob@db.host:5432/hfc",
    ],
)
def test_an_address_without_a_password_is_shown_as_it_is(address: str) -> None:
    secret = Secret("archive", address)
    assert secret.masked == address
    assert not secret.has_password
