"""``epnkit schedule``: print or install a timer that imports a service regularly."""

from __future__ import annotations

import getpass
import shutil
import sys
from pathlib import Path

import click

from epnkit.cli._completion import SERVICE
from epnkit.cli._output import echo


@click.command()
@click.argument("service", type=SERVICE)
@click.option("--every", required=True, help="How often: 15min, 1h, 1d.")
@click.option("--cron", is_flag=True, help="Print a line for a crontab instead of systemd's units.")
@click.option("--user", help="The account that imports; by default yours.")
@click.option(
    "--credential",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True, path_type=Path),
    help="The file with the source's connection string, for systemd's LoadCredential; of mode 600.",
)
@click.option(
    "--settings",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True, path_type=Path),
    help="DaCHS's rc file, if it is not /etc/gavo.rc.",
)
@click.option(
    "--install",
    "directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Write the units into this directory, such as /etc/systemd/system.",
)
def command(
    service: str,
    every: str,
    cron: bool,
    user: str | None,
    credential: Path | None,
    settings: Path | None,
    directory: Path | None,
) -> None:
    """Print (or install) a timer that imports SERVICE regularly.

    An import that fails exits with status 1, says why in one line, and leaves the table unchanged;
    two imports of one service never overlap.
    """
    from epnkit.dachs.instance import SYSTEM, DachsInstance
    from epnkit.deploy.schedule import Schedule, parse_interval
    from epnkit.sources.config.credentials import require_private

    if credential is not None:
        require_private(credential)
    program = shutil.which("epnkit") or str(Path(sys.argv[0]).resolve())
    plan = Schedule(
        service,
        parse_interval(every),
        Path(program),
        user or getpass.getuser(),
        credential,
        settings,
        DachsInstance(settings or SYSTEM, None).root,
    )
    if cron:
        echo(plan.cron())
        return
    for name, text in plan.units().items():
        if directory is None:
            echo(f"# {name}\n{text}")
        else:
            (directory / name).write_text(text)
            echo(f"wrote {directory / name}")
    if directory is not None:
        echo(f"Now: systemctl daemon-reload && systemctl enable --now epnkit-{service}.timer")
