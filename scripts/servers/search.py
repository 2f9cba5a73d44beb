"""Elasticsearch and OpenSearch: one node out of their published jars, without security."""

from __future__ import annotations

import os
import shutil
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from scripts.servers.maven import SOURCES, Artifact, compile_java, fetch, find_java_home, run
from scripts.servers.processes import Server, launch

from epnkit.dachs.account import choose_account

#: Memory of the node.
HEAP = "512m"

_ES8_PARAMETERS = (
    "Settings a, NamedWriteableRegistry b, RestController c, ClusterSettings d, "
    "IndexScopedSettings e, SettingsFilter f, IndexNameExpressionResolver g, "
    "Supplier<DiscoveryNodes> h, Predicate<NodeFeature> i"
)
_ES9_PARAMETERS = "RestHandlersServices a, Supplier<DiscoveryNodes> b, Predicate<NodeFeature> c"


@dataclass(frozen=True)
class Distribution:
    """A release of a search server.

    Parameters
    ----------
    name : str
        elasticsearch or opensearch.
    version : str
        Its version.
    transport : str
        The artifact that listens to HTTP.
    release : int
        The Java it needs.
    module : str, optional
        The class of the transport where the node loads it as a module.
    node : str, optional
        The expression that makes the node, for the older ones.
    parameters : str, optional
        What a plugin's handlers are made with, for the newer ones.
    flags : tuple of str
        Flags that its Java needs.
    """

    name: str
    version: str
    transport: str
    release: int
    module: str | None = None
    node: str | None = None
    parameters: str | None = None
    flags: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        """The group of its artifacts, which is also its Java package."""
        return f"org.{self.name}"

    @property
    def artifacts(self) -> list[Artifact]:
        """What is fetched for it."""
        found = [
            Artifact(self.group, self.name, self.version),
            Artifact(f"{self.group}.plugin", self.transport, self.version),
        ]
        if self.name == "opensearch":
            found.append(Artifact("org.apache.logging.log4j", "log4j-core", "2.25.4"))
        return found


_NATIVE = ("--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow")

DISTRIBUTIONS = {
    "es7": Distribution(
        "elasticsearch",
        "7.17.29",
        "transport-netty4-client",
        17,
        module="org.elasticsearch.transport.Netty4Plugin",
        node="new Node(environment)",
    ),
    "es8": Distribution(
        "elasticsearch",
        "8.19.21",
        "transport-netty4",
        17,
        module="org.elasticsearch.transport.netty4.Netty4Plugin",
        parameters=_ES8_PARAMETERS,
    ),
    "es9": Distribution(
        "elasticsearch",
        "9.5.3",
        "transport-netty4",
        21,
        module="org.elasticsearch.transport.netty4.Netty4Plugin",
        parameters=_ES9_PARAMETERS,
        flags=(*_NATIVE, "--add-modules", "jdk.incubator.vector"),
    ),
    "os2": Distribution(
        "opensearch",
        "2.19.6",
        "transport-netty4-client",
        17,
        node="new Node(environment, List.of(org.opensearch.transport.Netty4Plugin.class), false) "
        "{}",
    ),
    "os3": Distribution(
        "opensearch",
        "3.8.0",
        "transport-netty4-client",
        21,
        flags=_NATIVE,
        node='new Node(environment, List.of(new org.opensearch.plugins.PluginInfo("netty", "HTTP", '
        '"1", org.opensearch.Version.CURRENT, "21", '
        '"org.opensearch.transport.Netty4ModulePlugin", null, List.of(), false)), false) {}',
    ),
}

_LOGGING = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%c{1.}] %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
"""


def prepare(kind: str, cache: Path) -> Path:
    """Lay a distribution out, once.

    Parameters
    ----------
    kind : str
        es7, es8, es9, os2 or os3.
    cache : pathlib.Path
        Where programs are kept between runs.

    Returns
    -------
    pathlib.Path
        The folder with ``lib``, ``classes``, ``config`` and ``modules``.
    """
    chosen = DISTRIBUTIONS[kind]
    home = cache / f"{kind}-{chosen.version}"
    if (home / "ready").exists():
        return home
    jars = fetch(chosen.artifacts, cache / f"{kind}-{chosen.version}-jars")
    shutil.rmtree(home, ignore_errors=True)
    for folder in ("config", "modules", "plugins", "lib", "classes"):
        (home / folder).mkdir(parents=True)
    for jar in jars.glob("*.jar"):
        shutil.copy(jar, home / "lib")
    compile_java(_read_launcher_sources(chosen), chosen.release, jars, home / "classes")
    _move_module(chosen, home)
    _build_root_plugin(chosen, jars, home)
    _add_native_libraries(kind, home)
    (home / "config/log4j2.properties").write_text(_LOGGING)
    (home / f"config/{chosen.name}.yml").touch()
    (home / "ready").touch()
    return home


def start(kind: str, port: int, directory: Path, cache: Path) -> Server:
    """Start one node with its data in a directory, which may hold those of an earlier run."""
    chosen, home = DISTRIBUTIONS[kind], prepare(kind, cache)
    directory.mkdir(parents=True, exist_ok=True)
    for part in ("config", "modules", "plugins", "lib"):
        link = directory / part
        if not link.exists():
            link.symlink_to(home / part)
    launcher = "ClassicNode" if chosen.node else "ModernNode"
    argv: list[str | Path] = [
        find_java_home(chosen.release) / "bin/java",
        f"-Xms{HEAP}",
        f"-Xmx{HEAP}",
        "-XX:+UseSerialGC",
        "-XX:-UsePerfData",
        f"-Djava.io.tmpdir={directory}",
        "-Djna.tmpdir=/tmp",
        f"-Dlog4j2.configurationFile={home}/config/log4j2.properties",
        f"-D{chosen.name}.path.home={directory}",
        f"-Des.path.home={directory}",
        *chosen.flags,
        "-cp",
        f"{home}/classes:{home}/lib/*",
        launcher,
        directory,
        str(port),
    ]
    url = f"http://127.0.0.1:{port}"
    return launch(kind, argv, port, directory, url, lambda: _is_healthy(url))


def _is_healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_cluster/health", timeout=2) as answer:  # noqa: S310 (http)
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _read_launcher_sources(chosen: Distribution) -> dict[str, str]:
    settings = (SOURCES / "NodeSettings.java").read_text()
    if chosen.node is None:
        modern = (SOURCES / "ModernNode.java").read_text()
        return {"NodeSettings.java": settings, "ModernNode.java": modern}
    classic = (SOURCES / "ClassicNode.java.in").read_text()
    filled = classic.replace("@GROUP@", chosen.group).replace("@NODE@", chosen.node)
    return {"NodeSettings.java": settings, "ClassicNode.java": filled}


def _describe(chosen: Distribution, folder: Path, main: str) -> None:
    folder.mkdir(parents=True)
    java = "1.8" if chosen.version.startswith("7.") else str(chosen.release)
    (folder / "plugin-descriptor.properties").write_text(
        f"name={folder.name}\ndescription={folder.name}\nversion={chosen.version}\n"
        f"{chosen.name}.version={chosen.version}\njava.version={java}\nclassname={main}\n"
    )


def _move_module(chosen: Distribution, home: Path) -> None:
    """Move the transport's jars where the node looks for modules."""
    if chosen.module is None:
        return
    folder = home / "modules" / "transport-netty4"
    _describe(chosen, folder, chosen.module)
    for jar in [*home.glob("lib/netty-*.jar"), *home.glob("lib/transport-netty4-*.jar")]:
        jar.rename(folder / jar.name)


def _build_root_plugin(chosen: Distribution, jars: Path, home: Path) -> None:
    """Build the module that answers GET /."""
    if chosen.parameters is None:
        return
    folder = home / "modules" / "epnkit-root"
    _describe(chosen, folder, "epnkit.root.RootPlugin")
    source = (SOURCES / "RootPlugin.java.in").read_text()
    classes = home / "root-classes"
    filled = source.replace("@PARAMETERS@", chosen.parameters)
    compile_java({"RootPlugin.java": filled}, chosen.release, jars, classes)
    jar = find_java_home(chosen.release) / "bin/jar"
    run([jar, "cf", folder / "epnkit-root.jar", "-C", classes, "epnkit"], home)


def _add_native_libraries(kind: str, home: Path) -> None:
    """Give Elasticsearch 8 and 9 the libraries that their jars leave out."""
    if kind not in {"es8", "es9"}:
        return
    folder = home / "lib/platform/linux-x64"
    folder.mkdir(parents=True)
    zstd = Path("/usr/lib/x86_64-linux-gnu/libzstd.so.1")
    if zstd.exists():
        (folder / "libzstd.so").symlink_to(zstd)
    if kind == "es9":
        # Without a vector library it turns every native call off, so it gets one that says "none".
        source = home / "vec.c"
        source.write_text("int vec_caps(void) { return 0; }\n")
        run(["cc", "-shared", "-fPIC", "-o", folder / "libvec.so", source], home)


def find_cache_directory() -> Path:
    """Tell where programs are kept: ``$EPNKIT_SERVERS``, or ``var/servers`` of the project.

    Elasticsearch does not run in a clone in ``/root``: then it is a directory of the system's.
    """
    named = os.environ.get("EPNKIT_SERVERS")
    own = Path(named) if named else Path(__file__).parents[2] / "var/servers"
    return Path("/var/cache/epnkit/servers") if choose_account(own).by_capability else own
