"""``epnkit sip``: send granules as packages to a REGARDS archive, and read its answers."""

from __future__ import annotations

import json
import logging
import sys
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from epnkit.cli._completion import SERVICE
from epnkit.cli._options import dachs_option
from epnkit.cli._output import echo

if TYPE_CHECKING:
    from epnkit.regards.broker import BrokerAddress
    from epnkit.regards.settings import PackageSettings
    from epnkit.regards.state import PackageState


@click.command()
@click.argument("service", type=SERVICE)
@click.option(
    "--to",
    "broker",
    help="The RabbitMQ: amqp://… or amqps://… without a password, or the name of a credential.",
)
@click.option(
    "--settings",
    "path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What packages say; by default sip.toml in the folder of the deployed service.",
)
@click.option(
    "--archive",
    "archives",
    multiple=True,
    metavar="ADDRESS=DIRECTORY",
    help="Where files under an address are on this machine, for their checksums.",
)
@click.option(
    "--retry", is_flag=True, help="Send again what the archive refused, or has not answered."
)
@click.option("--again", is_flag=True, help="Send everything again, as new versions.")
@click.option("--answers", is_flag=True, help="Send nothing; read the answers that have come.")
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=60.0,
    show_default=True,
    help="For how many seconds without an answer to wait for the missing ones.",
)
@click.option("--limit", type=click.IntRange(1), help="Look at this many granules at most.")
@click.option("--show", type=click.IntRange(1), help="Print so many packages, and send nothing.")
@click.option(
    "--delete",
    "rest",
    metavar="CREDENTIAL",
    help="Ask the archive to delete packages whose granules are gone: the credential of its REST"
    " interface.",
)
@dachs_option
def command(
    service: str,
    broker: str | None,
    path: Path | None,
    archives: tuple[str, ...],
    retry: bool,
    again: bool,
    answers: bool,
    wait: float,
    limit: int | None,
    show: int | None,
    rest: str | None,
    directory: Path | None,
) -> None:
    """Send the granules of SERVICE as packages (OAIS SIPs) to a REGARDS archive.

    Only what is new or has changed is sent, and a run goes on where the last one was cut. Exit
    status 1 if a package could not be made, or the archive refused one.
    """
    from epnkit.api import open_dachs
    from epnkit.regards.settings import read_package_settings
    from epnkit.regards.state import PackageState

    if broker is None and show is None:
        raise click.UsageError("--to is missing: where is the RabbitMQ?")
    with open_dachs(directory) as instance, instance.use_credentials():
        settings = read_package_settings(path or instance.inputs / service / "sip.toml", service)
        with ExitStack() as stack:
            # One for each thread: sending, preparing, and reading answers.
            state, reading, answered = (
                PackageState(stack.enter_context(instance.connect()), service) for _ in range(3)
            )
            sender = _make_sender(reading, state, settings, archives, retry, again)
            if show is not None or broker is None:
                _show(sender, show or 1)
                return
            with state.lock():
                _exchange(sender, answered, broker, not answers, wait, limit)
                if rest is not None:
                    _delete(state, rest, settings.tenant)
            sys.exit(_summarize(state))


def _make_sender(
    reading: PackageState,
    state: PackageState,
    settings: PackageSettings,
    archives: tuple[str, ...],
    retry: bool,
    again: bool,
) -> Any:
    from epnkit.regards.checksums import Checksums
    from epnkit.regards.sending import EVERY, REFUSED, Sender

    known = dict(_split(each) for each in archives)
    chosen = EVERY if again else REFUSED if retry else ()
    return Sender(reading, state, settings, Checksums(known, settings.fetch), chosen)


def _exchange(
    sender: Any, answered: PackageState, named: str, sending: bool, wait: float, limit: int | None
) -> None:
    """Send what is due, and read answers."""
    from epnkit.regards.answers import AnswerReader
    from epnkit.regards.broker import find_broker

    # What pika logs as errors is tried again, or said in a sentence.
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    address = find_broker(named, sender.settings.authority)
    reader = AnswerReader(address, answered, sender.settings.tenant)
    reader.bind()
    if sending:
        with reader.read_aside(wait, _warn) as reading:
            _send(sender, address, limit)
        read = reading.result()
    else:
        read = reader.read(wait, _warn)
    echo(f"{answered.service}: {read} answers read")


def _send(sender: Any, address: BrokerAddress, limit: int | None) -> None:
    from epnkit.regards.broker import Publisher
    from epnkit.regards.sending import INGESTION, INGESTION_TYPE

    headers = {"regards.tenant": sender.settings.tenant, "regards.type": INGESTION_TYPE}
    with closing(Publisher(address, INGESTION, headers, report=_warn)) as publisher:
        counts = sender.send(publisher, limit, _report_sent)
    echo(
        f"{sender.state.service}: {counts.sent} packages sent, {counts.unchanged} granules changed"
        f" without their package, {counts.unready} not ready"
    )


def _delete(state: PackageState, credential: str, tenant: str) -> None:
    from epnkit.regards.deletion import delete_gone

    deleted = delete_gone(state, credential, tenant)
    echo(f"{state.service}: {deleted} packages to be deleted by the archive")


def _show(sender: Any, count: int) -> None:
    """Print the first packages that would be sent."""
    from epnkit.regards.package import UnreadyError

    for page in sender.read_pages(count):
        for pending in page:
            try:
                package = sender.build(pending)
                shown = json.loads(package.message("shown", b"{}"))["sip"]
                echo(json.dumps(shown, ensure_ascii=False, indent=1))
            except UnreadyError as error:
                echo(f"{pending.row['granule_uid']}: not ready: {error}", err=True)


def _summarize(state: PackageState) -> int:
    counts = state.count()
    listed = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    echo(f"{state.service}: {listed or 'no packages'}")
    for name, reason, count, uid in state.list_reasons():
        echo(f"{count} {name}, such as {uid}: {reason}", err=True)
    return int(any(counts.get(name) for name in ("unready", "denied", "failed")))


def _warn(text: str) -> None:
    echo(text, err=True)


def _report_sent(counts: Any) -> None:
    if sys.stderr.isatty():
        echo(f"\r{counts.sent} packages sent", err=True, nl=False)


def _split(archive: str) -> tuple[str, Path]:
    address, _, directory = archive.rpartition("=")
    if not address or not Path(directory).is_dir():
        raise click.BadParameter(
            f"{archive} is not ADDRESS=DIRECTORY with a directory that exists",
            param_hint="--archive",
        )
    return address, Path(directory)
