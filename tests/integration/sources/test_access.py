"""Who may read, and who is trusted: keys, certificates, and no secret in any message."""

from __future__ import annotations

import base64
import json
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
from scripts.servers.processes import Server

from epnkit.errors import SourceError
from epnkit.sources import open_source
from epnkit.sources.base import Source
from tests.support.tls_front import TlsFront

if TYPE_CHECKING:
    from tests.support.servers import Keep

pytest_plugins = ["tests.support.servers"]

pytestmark = pytest.mark.parametrize("search_server", ["es8"], indirect=True, scope="module")

CANARY = "canary-9b4e"

BASIC = base64.b64encode(f"reader:{CANARY}".encode()).decode()

#: How each kind of credential is written, and what the server gets to see.
KINDS = [
    ("https://127.0.0.1:{port} ApiKey " + CANARY, f"ApiKey {CANARY}"),
    ("https://127.0.0.1:{port} Bearer " + CANARY, f"Bearer {CANARY}"),
    ("https://reader:" + CANARY + "@127.0.0.1:{port}", f"Basic {BASIC}"),
]


@pytest.fixture(scope="module")
def index(search_server: Server) -> Iterator[str]:
    url = f"{search_server.url}/locked"
    for number in range(3):
        requests.put(f"{url}/_doc/{number}", json={"n": number}, timeout=30).raise_for_status()
    requests.post(f"{url}/_refresh", timeout=30).raise_for_status()
    yield search_server.url
    requests.delete(url, timeout=30).raise_for_status()


def source(keep: Keep, directory: Path, secret: str, authority: Path | None) -> Source:
    keep("locked", secret)
    content = {"connection": "locked", "index": "locked", "key": ["n"], "attempts": 2}
    if authority is not None:
        content["authority"] = str(authority)
    path = directory / "source.json"
    path.write_text(json.dumps(content))
    return open_source(path)


def failure(reading: Source) -> str:
    """Read in vain, and give all that could be printed of it."""
    with pytest.raises(SourceError) as raised:
        list(reading.batches())
    return "".join(traceback.format_exception(raised.value)) + repr(reading)


@pytest.mark.parametrize(("secret", "expected"), KINDS)
def test_the_right_key_opens(
    index: str, keep: Keep, tmp_path: Path, secret: str, expected: str
) -> None:
    with TlsFront(index, expected) as front:
        reading = source(
            keep, tmp_path, secret.format(port=front.port), front.authority(tmp_path / "ca.pem")
        )
        assert sorted(n for batch in reading.batches() for n in batch["n"]) == [0, 1, 2]
        assert CANARY not in reading.label + repr(reading)


@pytest.mark.parametrize("secret", [secret for secret, _ in KINDS])
def test_a_wrong_key_is_reported_without_it(
    index: str, keep: Keep, tmp_path: Path, secret: str
) -> None:
    with TlsFront(index, "ApiKey another") as front:
        authority = front.authority(tmp_path / "ca.pem")
        message = failure(source(keep, tmp_path, secret.format(port=front.port), authority))
    assert "401" in message
    assert "Correct the user, password or key in the credential" in message
    assert CANARY not in message


def test_an_authority_that_is_not_known_is_not_trusted(
    index: str, keep: Keep, tmp_path: Path
) -> None:
    with TlsFront(index) as front:
        secret = f"https://reader:{CANARY}@127.0.0.1:{front.port}"
        message = failure(source(keep, tmp_path, secret, None))
    assert "the server's certificate cannot be trusted" in message
    assert 'authority = "ca.pem"' in message
    assert CANARY not in message


def test_another_one_s_certificate_is_not_trusted(index: str, keep: Keep, tmp_path: Path) -> None:
    with TlsFront(index, name="archive.example") as front:
        secret = f"https://reader:{CANARY}@127.0.0.1:{front.port}"
        message = failure(source(keep, tmp_path, secret, front.authority(tmp_path / "ca.pem")))
    assert "the server's certificate cannot be trusted" in message
    assert CANARY not in message
