"""Secrets: whatever a password is made of, no message shows it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from epnkit.sources.config.credentials import Secret, credential_paths, look_in

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


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (
            "mongodb://h/d?tls=true&tlsCertificateKeyFilePassword=canary-7&appName=x",
            "mongodb://h/d?tls=true&tlsCertificateKeyFilePassword=***&appName=x",
        ),
        ("Driver={X};Server=h;Token=canary-7;UID=bob", "Driver={X};Server=h;Token=***;UID=bob"),
        ("Driver=X;Encryption Key={can;ary-7};Port=1", "Driver=X;Encryption Key=***;Port=1"),
        ("Driver=X; Access_Token = canary-7 ;DB=a", "Driver=X; Access_Token = ***;DB=a"),
        ("postgresql://h/d?sslmode=require&sslpassword=canary%2D7",) * 2,
        ("mysql://h/d?charset=utf8&whatever=canary-7", "mysql://h/d?charset=utf8&whatever=***"),
        ("https://h/tap Token canary-7", "https://h/tap Token ***"),
        ("https://h/tap?api_key=canary-7", "https://h/tap?api_key=***"),
    ],
)
def test_what_is_not_known_to_be_harmless_is_masked(line: str, shown: str) -> None:
    secret = Secret("archive", line)
    if line != shown:
        assert secret.masked == shown
    assert secret.has_password
    assert "ary-7" not in secret.masked
    assert "ary%2D7" not in secret.masked
    for written in ("canary-7", "can;ary-7"):
        if written in line:
            assert "ary-7" not in secret.scrub(f"access denied, sent {written}")


def test_a_value_that_says_nothing_stays_in_messages() -> None:
    secret = Secret("archive", "Driver=X;Odd=1;Other=yes")
    assert secret.masked == "Driver=X;Odd=***;Other=***"
    assert secret.scrub("1 row, yes") == "1 row, yes"


def test_a_folder_is_looked_into_until_the_context_ends() -> None:
    folder = Path("/srv/dachs/credentials")
    usual = credential_paths("archive", {})
    with look_in(folder):
        assert credential_paths("archive", {}) == [folder / "archive", *usual]
        # What the environment names goes before.
        named = credential_paths("archive", {"EPNKIT_CREDENTIALS": "/etc/own"})
        assert named == [Path("/etc/own/archive"), *usual]
    assert credential_paths("archive", {}) == usual
