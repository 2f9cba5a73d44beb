"""Packages sent through a real RabbitMQ to a stand-in of REGARDS's ingestion."""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from scripts.servers.processes import Server
from scripts.servers.rabbitmq import start_rabbitmq

from epnkit.dachs.ports import free_port
from epnkit.dachs.private import PrivateDachs
from epnkit.regards.answers import ANSWERS, AnswerReader
from epnkit.regards.broker import BrokerAddress, Publisher
from epnkit.regards.checksums import Checksums
from epnkit.regards.sending import INGESTION, INGESTION_TYPE, Sender, SendingCounts
from epnkit.regards.settings import read_package_settings
from epnkit.regards.state import ArchiveAnswer, PackageEntry, PackageState
from epnkit.sources.config.credentials import Secret
from epnkit.sources.transport.retry import RetryPolicy
from tests.support.commands import Ended, run_epnkit
from tests.support.ingestion import QUEUE, Ingestion, open_channel
from tests.support.packaged import Packaged, open_packaged, write_settings
from tests.support.proxy import Proxy

if TYPE_CHECKING:
    from tests.support.servers import Keep

pytest_plugins = ["tests.support.servers"]

# pika leaves the socket of a connection that failed to the collector of garbage.
pytestmark = pytest.mark.filterwarnings(
    "ignore:unclosed <socket:ResourceWarning",
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning",
)

#: The command line, in a process that can be killed.
MAIN = "from epnkit.cli import main; main()"

HEADERS = {"regards.tenant": "Solar", "regards.type": INGESTION_TYPE}


@pytest.fixture
def maps(dachs: PrivateDachs) -> Iterator[Packaged]:
    with open_packaged(dachs, 300) as made:
        yield made


@pytest.fixture
def ingestion(broker: Server) -> Ingestion:
    with open_channel(broker.url) as channel:
        channel.queue_delete(QUEUE)
        channel.queue_delete("epnkit.Solar.maps.answers")
    made = Ingestion(broker.url)
    made.declare()
    return made


@pytest.fixture
def sip(dachs: PrivateDachs, broker: Server, keep: Keep, tmp_path: Path) -> Callable[..., Ended]:
    """Give the command, with the broker's address in a credential."""
    keep("regards", broker.url)
    path = write_settings(tmp_path)

    def run(*words: str) -> Ended:
        known = ["maps", "--settings", str(path), "--dachs", str(dachs.root)]
        return run_epnkit("sip", *known, "--to", "regards", *words)

    return run


def test_every_granule_is_stored_once(
    maps: Packaged, ingestion: Ingestion, sip: Callable[..., Ended]
) -> None:
    with ingestion.running():
        first, second = sip(), sip()
    assert first.exit_code == second.exit_code == 0, first.output
    assert "maps: 300 packages sent" in first.output
    assert "maps: 0 packages sent" in second.output
    assert maps.states() == {"stored": 300}
    assert [len(each) for each in ingestion.products.values()] == [1] * 300
    properties, body = ingestion.messages[0]
    assert properties.headers == HEADERS
    assert (properties.content_type, properties.content_encoding) == ("application/json", "UTF-8")
    assert body["sip"]["id"] == "maps:map-0000000"
    (urn,) = maps.query("SELECT urn FROM epnkit.packages WHERE granule_uid = 'map-0000000'")[0]
    assert urn.startswith("URN:SIP:DATA:Solar:")
    assert urn.endswith(":V1")


def test_a_changed_granule_is_a_new_version(
    maps: Packaged, ingestion: Ingestion, sip: Callable[..., Ended]
) -> None:
    with ingestion.running():
        sip()
        maps.change("map-0000007", "HMI")
        done = sip()
    assert "maps: 1 packages sent" in done.output
    assert len(ingestion.products["maps:map-0000007"]) == 2
    versions = maps.query(
        "SELECT version, current, state, right(urn, 2) FROM epnkit.packages"
        " WHERE granule_uid = 'map-0000007' ORDER BY version"
    )
    assert versions == [(1, False, "stored", "V1"), (2, True, "stored", "V2")]


def test_a_change_that_is_taken_back_is_a_version_too(
    maps: Packaged, ingestion: Ingestion, sip: Callable[..., Ended]
) -> None:
    with ingestion.running():
        sip()
        ((before,),) = maps.query(
            "SELECT instrument_name FROM maps.epn_core WHERE granule_uid = 'map-0000007'"
        )
        for name in ("HMI", before):
            maps.change("map-0000007", name)
            assert "maps: 1 packages sent" in sip().output
    assert len(ingestion.products["maps:map-0000007"]) == 3
    versions = maps.query(
        "SELECT version, current, state, right(urn, 2) FROM epnkit.packages"
        " WHERE granule_uid = 'map-0000007' ORDER BY version"
    )
    assert versions[-1] == (3, True, "stored", "V3")


def test_a_change_that_is_in_no_package_sends_nothing(
    maps: Packaged, ingestion: Ingestion, sip: Callable[..., Ended]
) -> None:
    with ingestion.running():
        sip()
        # As after a load whose links changed: the granule's hash is another one.
        maps.execute("UPDATE epnkit.granules_maps SET epnkit_content = md5('x')::uuid")
        once, twice = sip(), sip()
    assert "0 packages sent, 300 granules changed without their package" in once.output
    assert "0 packages sent, 0 granules changed" in twice.output


def test_what_the_archive_refuses_is_known_and_sent_again_if_asked(
    maps: Packaged, ingestion: Ingestion, sip: Callable[..., Ended]
) -> None:
    ingestion.fails = lambda sip: "disk full" if sip["id"].endswith("5") else None
    maps.execute("UPDATE maps.epn_core SET access_format = 'broken' WHERE granule_uid ~ '01$'")
    with ingestion.running():
        done = sip()
        assert done.exit_code == 1
        assert maps.states() == {"stored": 267, "failed": 30, "denied": 3}
        assert "30 failed, such as map-0000005: disk full" in done.output
        assert "the media type is required" in done.output
        ingestion.fails = lambda sip: None
        assert "maps: 0 packages sent" in sip().output
        assert "maps: 33 packages sent" in sip("--retry").output
    assert maps.states() == {"stored": 297, "denied": 3}


def test_a_granule_without_checksum_is_not_ready_until_its_file_is_there(
    maps: Packaged, ingestion: Ingestion, sip: Callable[..., Ended], tmp_path: Path
) -> None:
    maps.execute("UPDATE maps.epn_core SET access_md5 = NULL WHERE granule_uid = 'map-0000003'")
    with ingestion.running():
        done = sip()
        assert done.exit_code == 1
        assert "1 not ready" in done.output
        assert "1 unready, such as map-0000003: https://synthetic.example/maps/" in done.output
        (tmp_path / "map-0000003.fits").write_bytes(b"SIMPLE")
        assert sip("--archive", f"https://synthetic.example/maps/={tmp_path}").exit_code == 0
    (found,) = ingestion.products["maps:map-0000003"]
    given = found["properties"]["contentInformations"][0]["dataObject"]
    assert (given["checksum"], given["fileSize"]) == ("e5564829e2f85f6a6873a9d5c4f26d09", 6)


def test_a_poisoned_answer_stops_nothing_and_is_kept(
    maps: Packaged, ingestion: Ingestion, sip: Callable[..., Ended], broker: Server
) -> None:
    sip("--wait", "0")
    with open_channel(broker.url) as channel:
        for body in (b"\xff not JSON", b"[]", b'{"requestId": 3}', b'{"state": "SUCCESS"}'):
            channel.basic_publish(ANSWERS, "", body)
        stranger = {"requestId": "8d3f1d8e-1111-4222-8333-123456789abc", "state": "SUCCESS"}
        channel.basic_publish(ANSWERS, "", json.dumps(stranger).encode())
    with ingestion.running():
        assert sip("--answers").exit_code == 0
    assert maps.states() == {"stored": 300}
    kept = maps.query("SELECT body FROM epnkit.odd_answers ORDER BY number")
    assert [bytes(body) for (body,) in kept] == [
        b"\xff not JSON",
        b"[]",
        b'{"requestId": 3}',
        b'{"state": "SUCCESS"}',
    ]


def test_answers_that_come_twice_or_late_change_nothing(
    maps: Packaged, ingestion: Ingestion, sip: Callable[..., Ended], broker: Server
) -> None:
    with ingestion.running():
        sip()
    ((request,),) = maps.query(
        "SELECT request::text FROM epnkit.packages WHERE granule_uid = 'map-0000000'"
    )
    with open_channel(broker.url) as channel:
        for state in ("GRANTED", "DENIED", "ERROR", "SUCCESS"):
            event = {"requestId": request, "state": state, "errors": ["late"]}
            channel.basic_publish(ANSWERS, "", json.dumps(event).encode())
    assert "4 answers read" in sip("--answers", "--wait", "1").output
    assert maps.states() == {"stored": 300}


def test_what_was_never_answered_is_sent_again_if_asked(
    maps: Packaged, ingestion: Ingestion, sip: Callable[..., Ended], broker: Server
) -> None:
    with ingestion.running():
        sip()
    maps.execute("UPDATE epnkit.packages SET state = 'sent' WHERE granule_uid ~ '1$'")
    with ingestion.running():
        assert "maps: 0 packages sent" in sip("--wait", "0").output
        assert "maps: 30 packages sent" in sip("--retry").output
    assert maps.states() == {"stored": 300}
    # The archive knew the requests, and made nothing again.
    assert [len(each) for each in ingestion.products.values()] == [1] * 300


def test_an_exchange_that_nobody_listens_to_takes_nothing(
    maps: Packaged, ingestion: Ingestion, sip: Callable[..., Ended], broker: Server
) -> None:
    with open_channel(broker.url) as channel:
        channel.queue_delete(QUEUE)
    done = sip()
    assert done.exit_code != 0
    assert "no queue is bound to the exchange" in done.output
    assert maps.states() == {"sending": 300}
    # What was not confirmed is sent by the next run, with the same requests.
    with ingestion.running():
        assert sip().exit_code == 0
    assert maps.states() == {"stored": 300}


def test_a_wrong_password_is_said_without_it(
    maps: Packaged, ingestion: Ingestion, sip: Callable[..., Ended], keep: Keep, broker: Server
) -> None:
    keep("regards", broker.url.replace("canary-7fe1", "wrong-word"))
    done = sip()
    assert done.exit_code != 0
    assert "the broker refuses the account" in done.output
    assert "wrong-word" not in done.output


def make_parts(
    dachs: PrivateDachs, directory: Path, maps: Packaged, url: str, page: int
) -> tuple[Sender, Publisher, AnswerReader, Any]:
    """Make what the command is made of, with small pages and short pauses."""
    settings = read_package_settings(write_settings(directory), "maps")
    other = dachs.cluster.connect()
    other.cursor().execute("SET ROLE gavoadmin")
    state, policy = PackageState(maps.connection, "maps"), RetryPolicy(30, 0.1, longest=1.0)
    address = BrokerAddress(Secret("regards", url))
    sender = Sender(PackageState(other, "maps"), state, settings, Checksums(), page=page)
    publisher = Publisher(address, INGESTION, HEADERS, policy, report=lambda _: None)
    return sender, publisher, AnswerReader(address, state, "Solar", policy), other


def test_a_queue_that_is_full_is_waited_for(
    maps: Packaged, dachs: PrivateDachs, broker: Server, tmp_path: Path
) -> None:
    limits = {"x-max-length": 50, "x-overflow": "reject-publish"}
    with open_channel(broker.url) as channel:
        channel.queue_delete(QUEUE)
    ingestion = Ingestion(broker.url, answers=False)
    ingestion.declare(**limits)
    sender, publisher, _, other = make_parts(dachs, tmp_path, maps, broker.url, 100)
    emptied = threading.Event()

    def empty() -> None:
        with open_channel(broker.url) as channel:
            while not emptied.is_set():
                method, _, body = channel.basic_get(QUEUE, auto_ack=True)
                if method:
                    ingestion.requests[json.loads(body)["requestId"]] += 1
                else:
                    time.sleep(0.05)

    thread = threading.Thread(target=empty)
    thread.start()
    try:
        with closing(other), closing(publisher):
            assert sender.send(publisher) == SendingCounts(sent=300)
    finally:
        emptied.set()
        thread.join()
    with open_channel(broker.url) as channel:
        while (found := channel.basic_get(QUEUE, auto_ack=True))[0]:
            ingestion.requests[json.loads(found[2])["requestId"]] += 1
        channel.queue_delete(QUEUE)
    assert len(ingestion.requests) == 300


def test_a_broker_that_restarts_loses_nothing(
    maps: Packaged, dachs: PrivateDachs, server_directory: Path, tmp_path: Path
) -> None:
    port, directory = free_port(), server_directory / "restarted"
    server = start_rabbitmq(port, directory)
    ingestion = Ingestion(server.url)
    sender, publisher, reader, other = make_parts(dachs, tmp_path, maps, server.url, 50)
    restarted: list[Server] = []

    def restart(counts: SendingCounts) -> None:
        if counts.sent == 100:
            server.stop()
            restarted.append(start_rabbitmq(port, directory))

    try:
        with closing(other), closing(publisher), ingestion.running():
            reader.bind()
            assert sender.send(publisher, report=restart) == SendingCounts(sent=300)
            reader.read(wait=20, report=lambda _: None)
        assert len(restarted) == 1
        assert maps.states() == {"stored": 300}
        assert [len(each) for each in ingestion.products.values()] == [1] * 300
    finally:
        (restarted or [server])[-1].stop()


def test_a_broker_without_memory_is_waited_for(
    maps: Packaged, dachs: PrivateDachs, server_directory: Path, tmp_path: Path
) -> None:
    port, directory = free_port(), server_directory / "alarmed"
    servers = [start_rabbitmq(port, directory, {"vm_memory_high_watermark.absolute": "1MB"})]
    ingestion = Ingestion(servers[0].url)
    sender, publisher, reader, other = make_parts(dachs, tmp_path, maps, servers[0].url, 100)
    said, waited = [], threading.Event()

    def note(text: str) -> None:
        said.append(text)
        if "takes no messages" in text:
            waited.set()

    def give_memory() -> None:
        waited.wait(60)
        time.sleep(2)  # while which it waits
        servers.pop().stop()
        servers.append(start_rabbitmq(port, directory))

    thread = threading.Thread(target=give_memory)
    thread.start()
    try:
        with closing(other), closing(publisher), ingestion.running():
            publisher.report = note
            reader.bind()
            assert sender.send(publisher) == SendingCounts(sent=300)
            thread.join()
            reader.read(wait=20, report=lambda _: None)
        assert "the broker takes no messages (low on memory); waiting" in said
        assert maps.states() == {"stored": 300}
        assert [len(each) for each in ingestion.products.values()] == [1] * 300
    finally:
        waited.set()
        thread.join()
        servers[0].stop()


def test_a_slow_broker_is_waited_for(
    maps: Packaged, ingestion: Ingestion, dachs: PrivateDachs, broker: Server, tmp_path: Path
) -> None:
    with Proxy(broker.port, pause=0.5) as proxy:
        url = broker.url.replace(f":{broker.port}", f":{proxy.port}")
        sender, publisher, reader, other = make_parts(dachs, tmp_path, maps, url, 50)
        with closing(other), closing(publisher), ingestion.running():
            reader.bind()
            assert sender.send(publisher) == SendingCounts(sent=300)
            reader.read(wait=20, report=lambda _: None)
    assert maps.states() == {"stored": 300}
    assert [len(each) for each in ingestion.products.values()] == [1] * 300


def test_answers_are_read_while_packages_are_sent(
    maps: Packaged, ingestion: Ingestion, dachs: PrivateDachs, broker: Server, tmp_path: Path
) -> None:
    sender, publisher, reader, other = make_parts(dachs, tmp_path, maps, broker.url, 100)
    seen = []

    def wait_for_answers(counts: SendingCounts) -> None:
        while maps.states().get("stored", 0) < counts.sent:
            time.sleep(0.05)
        seen.append(maps.states())

    with closing(other), closing(publisher), ingestion.running():
        reader.bind()
        with reader.read_aside(20) as reading:
            # Nothing is missing yet, for longer than it is looked after that.
            time.sleep(1)
            sender.send(publisher, report=wait_for_answers)
    assert [each["stored"] for each in seen] == [100, 200, 300]
    assert reading.result() == 600


def test_an_answer_that_comes_while_a_package_is_prepared_again_stays(maps: Packaged) -> None:
    state = PackageState(maps.connection, "maps")
    request, content = (
        "8d3f1d8e-1111-4222-8333-123456789abc",
        "46ce6e5a-bb41-c27b-00f0-733ce3f9c2fb",
    )
    names = ("map-0000000", "maps:map-0000000")
    # As a run that was killed left it, and as the next one goes on with it.
    entry = PackageEntry(request, *names, 1, content, content, "sending")
    state.enter([entry], content)
    assert state.apply([ArchiveAnswer(request, "stored", "URN:SIP:DATA:Solar:x:V1")]) == 1
    state.enter([entry], content)
    state.mark_sent([request])
    assert maps.states() == {"stored": 1}


def test_sending_that_fails_ends_the_reading_of_answers_at_once(
    maps: Packaged, ingestion: Ingestion, dachs: PrivateDachs, broker: Server, tmp_path: Path
) -> None:
    sender, publisher, reader, other = make_parts(dachs, tmp_path, maps, broker.url, 100)
    with closing(other), closing(publisher):
        reader.bind()

        def fail(counts: SendingCounts) -> None:
            raise ZeroDivisionError

        # Its packages are never answered, and yet nobody waits for that.
        with pytest.raises(ZeroDivisionError), reader.read_aside(1e9) as reading:
            sender.send(publisher, report=fail)
    assert reading.result() == 0
    # What comes later is read as ever, and a wait without an end ends when all have been answered.
    with ingestion.running():
        assert reader.read(math.inf) == 200
    assert maps.states()["stored"] == 100


def test_tls_is_judged_by_the_authority(
    maps: Packaged, dachs: PrivateDachs, server_directory: Path, keep: Keep, tmp_path: Path
) -> None:
    authority, port, secure = trustme.CA(), free_port(), free_port()
    directory = server_directory / "tls"
    directory.mkdir()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    authority.cert_pem.write_to_path(directory / "ca.pem")
    made = authority.issue_cert("localhost")
    made.cert_chain_pems[0].write_to_path(directory / "cert.pem")
    made.private_key_pem.write_to_path(directory / "key.pem")
    server = start_rabbitmq(
        port,
        directory,
        {
            "listeners.ssl.1": f"127.0.0.1:{secure}",
            "ssl_options.cacertfile": str(directory / "ca.pem"),
            "ssl_options.certfile": str(directory / "cert.pem"),
            "ssl_options.keyfile": str(directory / "key.pem"),
        },
    )
    try:
        address = server.url.replace("amqp://", "amqps://")
        keep("regards", address.replace(f"127.0.0.1:{port}", f"localhost:{secure}"))
        known = ["maps", "--dachs", str(dachs.root), "--to", "regards", "--settings"]
        with Ingestion(server.url).running():
            trusted = write_settings(tmp_path, 'authority = "ca.pem"\n')
            done = run_epnkit("sip", *known, str(trusted))
            assert done.exit_code == 0, done.output
            distrusted = run_epnkit("sip", *known, str(write_settings(tmp_path)))
        assert maps.states() == {"stored": 300}
        assert "certificate cannot be trusted" in distrusted.output
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("kills", "count"), [(2, 8000), pytest.param(10, 40_000, marks=pytest.mark.all)]
)
def test_killed_at_random_every_granule_is_made_once(
    dachs: PrivateDachs,
    broker: Server,
    ingestion: Ingestion,
    keep: Keep,
    tmp_path: Path,
    kills: int,
    count: int,
) -> None:
    keep("regards", broker.url)
    words = [sys.executable, "-c", MAIN, "sip", "maps", "--to", "regards", "--dachs"]
    words += [str(dachs.root), "--settings", str(write_settings(tmp_path))]
    chance = random.Random(7)
    with open_packaged(dachs, count) as maps, ingestion.running():
        for _ in range(kills):
            process = subprocess.Popen(words, start_new_session=True, env=dict(os.environ))
            before = maps.query("SELECT count(*) FROM epnkit.packages WHERE state <> 'sending'")
            # Some time after the first packages of this run are on their way.
            while (
                process.poll() is None
                and maps.query("SELECT count(*) FROM epnkit.packages WHERE state <> 'sending'")
                == before
            ):
                time.sleep(0.05)
            time.sleep(chance.uniform(0, 1.5))
            process.kill()
            process.wait()
        assert subprocess.run(words, check=False).returncode == 0
        assert maps.states() == {"stored": count}
    assert len(ingestion.products) == count
    assert {len(each) for each in ingestion.products.values()} == {1}


class Archive(BaseHTTPRequestHandler):
    """REGARDS's gateway, as far as tokens and deletions go."""

    deleted: list[Any]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("/oauth/token"):
            assert b"scope=Solar" in body
            self.answer({"access_token": "token-1", "expires_in": 60})
            return
        assert self.path == "/api/v1/rs-ingest/aips/delete"
        assert self.headers["Authorization"] == "Bearer token-1"
        self.deleted.append(json.loads(body))
        self.answer({})

    def answer(self, content: object) -> None:
        text = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, form: str, *words: object) -> None:
        pass


def test_packages_of_granules_that_are_gone_are_deleted_if_asked(
    maps: Packaged, ingestion: Ingestion, sip: Callable[..., Ended], keep: Keep
) -> None:
    Archive.deleted = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Archive)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    keep("gateway", f"http://reader:word@127.0.0.1:{server.server_address[1]}")
    with ingestion.running():
        sip()
        maps.delete("map-0000042")
        assert sip().exit_code == 0
        assert Archive.deleted == []
        done = sip("--delete", "gateway")
        assert done.exit_code == 0, done.output
        sip("--delete", "gateway")
    server.shutdown()
    server.server_close()
    assert Archive.deleted == [
        {
            "deletionMode": "BY_STATE",
            "providerIds": {
                "mode": "INCLUDE",
                "matchMode": "STRICT",
                "values": ["maps:map-0000042"],
            },
        }
    ]
    assert maps.states() == {"stored": 299, "deleted": 1}
