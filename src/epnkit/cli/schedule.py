"""``epnkit schedule``: print or install a timer that imports a service regularly."""

from __future__ import annotations

import getpass
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from epnkit.cli._completion import SERVICE
from epnkit.cli._options import dachs_option
from epnkit.cli._output import echo

if TYPE_CHECKING:
    from epnkit.dachs.instance import DachsInstance
    from epnkit.deploy.schedule import Schedule


@click.command()
@click.argument("service", type=SERVICE)
@click.option("--every", required=True, help="How often: 15min, 1h, 1d.")
@click.option("--cron", is_flag=True, help="A line for cron instead of systemd's units.")
@click.option("--user", help="The account that imports; by default DaCHS's, or yours.")
@click.option(
    "--credential",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True, path_type=Path),
    help="The file with the source's connection string, for systemd's LoadCredential; of mode 600.",
)
@click.option(
    "--settings",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True, path_type=Path),
    help="DaCHS's rc file, as another way to choose the DaCHS.",
)
@click.option(
    "--on-failure",
    metavar="COMMAND",
    help="A shell command that gets what a failed import printed: a mail, a webhook.",
)
@click.option(
    "--notify",
    multiple=True,
    metavar="TARGET",
    help="Whom an import notifies if it fails or quarantines more than before; see epnkit load.",
)
@click.option(
    "--install",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Write into this directory: /etc/systemd/system, or for cron /etc/cron.d.",
)
@dachs_option
def command(
    service: str,
    every: str,
    cron: bool,
    user: str | None,
    credential: Path | None,
    settings: Path | None,
    on_failure: str | None,
    notify: tuple[str, ...],
    folder: Path | None,
    directory: Path | None,
) -> None:
    """Print (or install) a timer that imports SERVICE regularly into the DaCHS that is named.

    An import that fails exits with status 1, says why in one line, and leaves the table unchanged;
    two imports of one service never overlap.
    """
    from epnkit.dachs.instance import DachsInstance
    from epnkit.deploy.schedule import Schedule, parse_interval
    from epnkit.sources.config.credentials import require_private

    if credential is not None and cron:
        raise click.UsageError("--credential is for systemd; cron reads it where it is")
    if credential is not None:
        require_private(credential)
    instance = DachsInstance.find(directory, settings)
    plan = Schedule(
        service,
        parse_interval(every),
        Path(shutil.which("epnkit") or Path(sys.argv[0]).resolve()),
        user or _choose_user(instance),
        credential,
        None if instance.is_default else instance.settings,
        instance.root,
        on_failure,
        notify,
    )
    (_show_cron if cron else _show_units)(plan, folder)


def _choose_user(instance: DachsInstance) -> str:
    """Choose the account that imports: a private DaCHS switches to its own by itself."""
    return instance.account.name if instance.private is None else getpass.getuser()


def _show_cron(plan: Schedule, folder: Path | None) -> None:
    if folder is None:
        echo(plan.cron())
        return
    path = folder / f"epnkit-{plan.service}"
    path.write_text(plan.cron(user=True) + "\n")
    echo(f"wrote {path}")


def _show_units(plan: Schedule, folder: Path | None) -> None:
    for name, text in plan.units().items():
        if folder is None:
            echo(f"# {name}\n{text}")
        else:
            (folder / name).write_text(text)
            echo(f"wrote {folder / name}")
    if folder is not None:
        echo(f"Now: systemctl daemon-reload && systemctl enable --now epnkit-{plan.service}.timer")
