"""A server of MongoDB's protocol, and RESTHeart in front of it."""

from __future__ import annotations

from pathlib import Path

from scripts.servers.maven import SOURCES, Artifact, compile_java, fetch, find_java_home
from scripts.servers.processes import Server, launch

MONGO = Artifact("de.bwaldvogel", "mongo-java-server", "1.47.0")

#: The newest whole one on Maven Central; two of its dependencies are taken from elsewhere.
RESTHEART = (
    Artifact("org.restheart", "restheart", "3.2.2", ("com.github.everit-org.json-schema",)),
    Artifact("com.github.erosb", "everit-json-schema", "1.14.4"),
    Artifact("org.mongodb", "mongodb-driver", "3.12.14"),
)

_RESTHEART_SETTINGS = """\
instance-name: epnkit
default-representation-format: {form}
http-listener: true
http-host: 127.0.0.1
http-port: {port}
https-listener: false
ajp-listener: false
mongo-uri: {mongo}
mongo-mounts:
  - what: "*"
    where: /
log-level: WARN
enable-log-console: true
enable-log-file: false
ansi-console: false
io-threads: 2
worker-threads: 8
eager-cursor-allocation-pool-size: 0
idm:
access-manager:
connection-options:
  MAX_HEADER_SIZE: 65536
"""


def start_mongo(port: int, directory: Path, cache: Path, heap: str = "512m") -> Server:
    """Start the server in memory, of which it may take so much; its data go with it."""
    home = cache / f"mongo-{MONGO.version}"
    jars = fetch([MONGO], home)
    if not (home / "classes").is_dir():
        source = {"MongoNode.java": (SOURCES / "MongoNode.java").read_text()}
        compile_java(source, 17, jars, home / "classes")
    directory.mkdir(parents=True, exist_ok=True)
    argv: list[str | Path] = [
        find_java_home(17) / "bin/java",
        f"-Xmx{heap}",
        "-XX:+UseSerialGC",
        "-cp",
        f"{home}/classes:{jars}/*",
        "MongoNode",
        str(port),
    ]
    return launch("mongo", argv, port, directory, f"mongodb://127.0.0.1:{port}/")


def start_restheart(
    port: int, mongo: str, directory: Path, cache: Path, form: str = "PLAIN_JSON"
) -> Server:
    """Start RESTHeart on a MongoDB, in one of its forms: PLAIN_JSON or HAL."""
    jars = fetch(RESTHEART, cache / "restheart-3.2.2")
    directory.mkdir(parents=True, exist_ok=True)
    settings = directory / "restheart.yml"
    settings.write_text(_RESTHEART_SETTINGS.format(form=form, port=port, mongo=mongo))
    argv: list[str | Path] = [
        find_java_home(17) / "bin/java",
        "-Xmx256m",
        "-cp",
        f"{jars}/*",
        "org.restheart.Bootstrapper",
        settings,
    ]
    return launch("restheart", argv, port, directory, f"http://127.0.0.1:{port}")
