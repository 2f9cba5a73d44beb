"""A server that has read an RD of epnkit leaves what lives long out of garbage collections."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator

import pytest

from epnkit.dachs.private import PrivateDachs
from tests.support.waiting import wait_until

#: A service that says how many objects are left out. It reads the RD that all services share.
PROBE = """
<resource schema="probe">
  <meta name="title">What the collector leaves out</meta>
  <service id="s" allowed="api">
    <meta name="description">How many objects garbage collections leave out.</meta>
    <pythonCore>
      <inputTable/>
      <coreProc><setup imports="gc"/><code>
        rd = base.caches.getRD("epnkit/q")
        return ("text/plain", str(gc.get_freeze_count()).encode("ascii"))
      </code></coreProc>
    </pythonCore>
  </service>
</resource>
"""


@pytest.fixture
def probe(dachs: PrivateDachs, hfc1ar: str) -> Iterator[str]:
    """Serve the probe beside a service of epnkit; give its URL."""
    folder = dachs.inputs / "probe"
    folder.mkdir()
    (folder / "q.rd").write_text(PROBE)
    dachs.account.create_owned(folder)
    yield f"{dachs.url}/probe/q/s/api"
    (folder / "q.rd").unlink()
    folder.rmdir()


def count_left_out(url: str) -> int:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return int(answer.read())


def test_what_lives_long_is_left_out(probe: str) -> None:
    count_left_out(probe)
    # The server itself is some 10⁵ objects.
    wait_until(lambda: count_left_out(probe) > 50_000)
