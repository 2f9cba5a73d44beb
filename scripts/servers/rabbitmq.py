"""RabbitMQ on the loopback, with REGARDS's virtual host and a user of the tests' own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from scripts.servers.databases import PASSWORD, USER
from scripts.servers.processes import Server, launch

from epnkit.dachs.account import choose_account
from epnkit.dachs.ports import free_port

#: The virtual host that REGARDS's services share.
VIRTUAL_HOST = "regards.multitenant.manager"

#: Debian's ``rabbitmq-server`` in the path switches to an account of its own; this one does not.
_PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")

#: Erlang's port mapper is a process of the same group: it ends with the server.
_START = 'epmd -port "$ERL_EPMD_PORT" -address 127.0.0.1 & exec "$0"'


def start_rabbitmq(port: int, directory: Path, settings: Mapping[str, str] | None = None) -> Server:
    """Start RabbitMQ with its data in a directory, which a later start takes up again.

    Parameters
    ----------
    port : int
        Where it listens to AMQP.
    directory : pathlib.Path
        Its data, log and configuration.
    settings : mapping, optional
        More lines of ``rabbitmq.conf``: a lower limit of memory, certificates.
    """
    directory.mkdir(parents=True, exist_ok=True)
    configuration, definitions = directory / "rabbitmq.conf", directory / "definitions.json"
    lines = {
        "listeners.tcp.1": f"127.0.0.1:{port}",
        "load_definitions": str(definitions),
        "loopback_users": "none",
        "log.console": "true",
        "log.file": "false",
        # The disk of a test machine may be nearly full; queues are small.
        "disk_free_limit.absolute": "50MB",
        **(settings or {}),
    }
    configuration.write_text("".join(f"{name} = {value}\n" for name, value in lines.items()))
    definitions.write_text(json.dumps(_definitions()))
    choose_account(directory).create_owned(directory)
    url = f"amqp://{USER}:{PASSWORD}@127.0.0.1:{port}/{VIRTUAL_HOST}"
    argv: list[str | Path] = [
        "env",
        f"ERL_EPMD_PORT={free_port()}",
        f"RABBITMQ_DIST_PORT={free_port()}",
        f"RABBITMQ_NODENAME=epnkit-{port}@localhost",
        f"RABBITMQ_CONFIG_FILE={configuration}",
        f"RABBITMQ_MNESIA_BASE={directory / 'data'}",
        f"RABBITMQ_LOG_BASE={directory / 'log'}",
        f"RABBITMQ_ENABLED_PLUGINS_FILE={directory / 'plugins'}",
        "RABBITMQ_CONF_ENV_FILE=/dev/null",
        # Erlang keeps a secret below it; that of DaCHS belongs to another account.
        f"XDG_CONFIG_HOME={directory / 'config'}",
        "sh",
        "-c",
        _START,
        _PROGRAM,
    ]
    return launch("rabbitmq", argv, port, directory, url)


def _definitions() -> dict[str, object]:
    permissions = {"configure": ".*", "write": ".*", "read": ".*"}
    return {
        "vhosts": [{"name": VIRTUAL_HOST}],
        "users": [{"name": USER, "password": PASSWORD, "tags": ""}],
        "permissions": [{"user": USER, "vhost": VIRTUAL_HOST, **permissions}],
    }
