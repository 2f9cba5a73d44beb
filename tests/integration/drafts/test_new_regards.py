"""``epnkit new`` on REGARDS: what it writes passes a real DaCHS, and is reconciled with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from epnkit.cli.new import command
from epnkit.dachs.private import PrivateDachs
from epnkit.deploy import inputs
from epnkit.replicas.regards import write_credential
from tests.support.commands import run_epnkit
from tests.support.regards import Changing, make_product, serve_catalog
from tests.support.services import Served

COUNT = 1200


def keep_credential(dachs: PrivateDachs, port: int) -> None:
    """Keep the credential of a gateway where the DaCHS finds it."""
    path = dachs.root / "credentials" / "regards_maps"
    path.write_text(write_credential(port))
    path.chmod(0o600)
    dachs.account.create_owned(path.parent)


def test_products_that_came_and_went_are_found(
    dachs: PrivateDachs, serving: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAVOSETTINGS", str(dachs.settings))
    monkeypatch.setenv("EPNKIT_CREDENTIALS", str(dachs.root / "credentials"))
    source = tmp_path / "source.toml"
    source.write_text('kind = "regards"\nconnection = "regards_maps"\ntenant = "Solar"\n')
    catalog = Changing("Solar", [make_product(number) for number in range(COUNT)])
    with serve_catalog(catalog) as port:
        keep_credential(dachs, port)
        words = ["regards_maps", "--from", str(source), "--into", str(tmp_path)]
        done = CliRunner().invoke(command, words)
        assert done.exit_code == 0, done.output
        rd = inputs.install(dachs, tmp_path / "regards_maps")
        dachs.run("imp", rd)
        served = Served("regards_maps", dachs, serving)
        assert served.count_granules() == COUNT
        # Two of them go, and three come that are of long ago.
        late = [make_product(number) for number in range(-3, 0)]
        catalog.set_products([*late, *catalog.products[2:]])
        done_by_command = run_epnkit("reconcile", "regards_maps", "--dachs", str(dachs.root))
        assert done_by_command.exit_code == 0, done_by_command.output
        assert served.count_granules() == COUNT + 1
        first = served.query("SELECT MIN(time_min) AS low FROM {table}")["low"][0]
        # Three minutes before 2023-03-17, and its milliseconds.
        assert first == pytest.approx(2460020.5 + (-180 + 0.622) / 86400, abs=1e-8)
