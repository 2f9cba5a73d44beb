"""Java programs: jars fetched once by Maven's own client, our launchers compiled."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from epnkit.errors import DeployError

#: Where Debian and Temurin put Java.
JAVA_HOMES = Path("/usr/lib/jvm")

#: The folder with the sources of our launchers.
SOURCES = Path(__file__).parent / "java"


@dataclass(frozen=True)
class Artifact:
    """A jar that Maven's own client fetches, and what it leaves out of what it depends on.

    Parameters
    ----------
    group, name, version : str
        Its coordinates.
    without : tuple of str
        Groups that it names as needed, and that it runs without.
    """

    group: str
    name: str
    version: str
    without: tuple[str, ...] = ()

    def xml(self) -> str:
        """Write it as a dependency of a project."""
        left_out = "".join(
            f"<exclusion><groupId>{group}</groupId><artifactId>*</artifactId></exclusion>"
            for group in self.without
        )
        return (
            f"<dependency><groupId>{self.group}</groupId><artifactId>{self.name}</artifactId>"
            f"<version>{self.version}</version><exclusions>{left_out}</exclusions></dependency>"
        )


def find_java_home(release: int) -> Path:
    """Find a Java of this release, or else the next newer one.

    Raises
    ------
    DeployError
        When there is none.
    """
    found = sorted(
        (_read_release(home), home) for home in JAVA_HOMES.glob("*") if not home.is_symlink()
    )
    fitting = [home for number, home in found if number >= release]
    if not fitting:
        raise DeployError(
            f"there is no Java {release} or newer",
            where=str(JAVA_HOMES),
            cure=f"Install a JDK {release}, for instance temurin-{release}-jdk",
        )
    return fitting[0]


def _read_release(home: Path) -> int:
    """Read a Java's release number; 0 for what is no JDK."""
    file = home / "release"
    if not file.is_file() or not (home / "bin/javac").exists():
        return 0
    lines = dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)
    return int(lines["JAVA_VERSION"].strip('"').split(".")[0])


def fetch(artifacts: Iterable[Artifact], directory: Path) -> Path:
    """Fetch jars with everything they need, once, by Maven's own client and its settings.

    Returns
    -------
    pathlib.Path
        The folder that holds them.

    Raises
    ------
    DeployError
        When Maven is missing or fails.
    """
    jars = directory / "jars"
    if jars.is_dir():
        return jars
    directory.mkdir(parents=True, exist_ok=True)
    needed = "".join(artifact.xml() for artifact in artifacts)
    (directory / "pom.xml").write_text(
        "<project xmlns='http://maven.apache.org/POM/4.0.0'><modelVersion>4.0.0</modelVersion>"
        "<groupId>epnkit</groupId><artifactId>servers</artifactId><version>1</version>"
        f"<dependencies>{needed}</dependencies></project>"
    )
    partial = directory / "jars.partial"
    run(
        [
            "mvn",
            "-q",
            "-B",
            "dependency:copy-dependencies",
            "-DincludeScope=runtime",
            f"-DoutputDirectory={partial}",
        ],
        directory,
    )
    partial.rename(jars)
    return jars


def compile_java(sources: dict[str, str], release: int, classpath: Path, target: Path) -> None:
    """Compile Java sources, given by file name."""
    folder = target.with_name(f"{target.name}-sources")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, text in sources.items():
        (folder / name).write_text(text)
    files = [folder / name for name in sources]
    home = find_java_home(release)
    run(
        [
            home / "bin/javac",
            "-nowarn",
            "-Xlint:-options",
            "--release",
            str(release),
            "-cp",
            f"{classpath}/*",
            "-d",
            target,
            *files,
        ],
        folder,
    )


def run(argv: Sequence[str | Path], directory: Path) -> None:
    """Run a tool, and make its words the reason when it fails."""
    if shutil.which(str(argv[0])) is None:
        raise DeployError(f"{argv[0]} is not installed", cure="Run scripts/setup --tests")
    done = subprocess.run(  # noqa: S603 (our own words, no shell)
        [str(word) for word in argv], cwd=directory, capture_output=True, text=True, check=False
    )
    if done.returncode:
        words = " ".join((done.stdout + done.stderr).split())[-600:]
        raise DeployError(
            f"{argv[0]} failed", where=str(directory), why=words, cure="Fix what it names."
        )
