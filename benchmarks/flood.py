"""How long the images of a long observation take: read for the first time, and again.

``python -m benchmarks.flood`` makes 432,000 images, without their data, of ten sub-bands in one
directory: an observation of twelve hours with an image a second.  It reads them as the service
lofar_sun does, with a record an image and with a record a sub-band.  Then it looks for what
changed: images after the last one less the lag of the service, or sub-bands whose digest differs.
All files are read once before, so that the disk is warm.  At last both forms are loaded into a
DaCHS, first whole and then again.  ``python -m benchmarks.flood DIRECTORY`` makes the images there,
and keeps them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
from tests.conftest import throw_away_dachs

from benchmarks import memory
from epnkit.deploy import inputs
from epnkit.loading.prepare.preparation import Preparation
from epnkit.replicas.sources import load_replica
from epnkit.service import read_service
from epnkit.sources import open_source
from epnkit.sources.base import ALL, BATCH_SIZE, Reconcilable, Window

#: Sub-bands, and images of each.
BANDS, STEPS = 10, 43_200

_START = datetime(2024, 5, 14, 6, 0, 0)

FOLDER = Path(__file__).resolve().parent.parent / "resources" / "lofar_sun"


def main(words: list[str]) -> None:
    """Measure, or with ``read DIRECTORY FORM`` read the images in one form."""
    if words[:1] == ["read"]:
        print(json.dumps(read(Path(words[1]), words[2])))
        return
    with tempfile.TemporaryDirectory(prefix="epnkit-flood-") as name:
        directory = Path(words[0] if words else name)
        make(directory)
        directory.chmod(0o755)
        for form in ("image", "band"):
            show(directory, form)
            load(directory, form)


def make(directory: Path) -> None:
    """Make the images that are not there; each is as old as its observation."""
    replica = load_replica(FOLDER / "replica" / "make.py")
    (directory / "L999999").mkdir(parents=True, exist_ok=True)
    for band in range(58, 58 + BANDS):
        for step in range(STEPS):
            path = directory / "L999999" / f"SB{band:03d}-t{step:05d}-image.fits"
            if not path.exists():
                taken = _START + timedelta(seconds=step)
                path.write_bytes(replica.image_header(replica.Image(taken, band, "L999999")))
                os.utime(path, (taken.timestamp(), taken.timestamp()))
    for path in directory.rglob("*.fits"):
        path.read_bytes()


def show(directory: Path, form: str) -> None:
    """Read in a process of its own, and print how that went."""
    argv = [sys.executable, "-m", "benchmarks.flood", "read", str(directory), form]
    told = json.loads(subprocess.run(argv, check=True, capture_output=True, text=True).stdout)
    count = BANDS * STEPS
    assert (told["records"], told["refused"]) == (count, 0)
    assert told["granules"] == (count if form == "image" else BANDS)
    work, again = count / told["work"], told["again work"] / told["work"]
    print(
        f"a record {'an image' if form == 'image' else 'a sub-band'}: {count} files read in"
        f" {told['first']:.1f} s ({count / told['first']:.0f} a second, {work:.0f} a second of the"
        f" processor's time); looked at again in {told['again']:.1f} s ({again:.2f} of the work),"
        f" {told['changed']} changed; granules made of all in {told['making']:.1f} s of work;"
        f" peak {told['peak']} KiB"
    )


def read(directory: Path, form: str) -> dict[str, float]:
    """Read all images, then make granules of them, then read what changed."""
    with tempfile.TemporaryDirectory(prefix="epnkit-flood-") as name:
        folder = copy_service(Path(name), directory, form)
        service = read_service(folder)
        source = open_source(service.source_file, service.order)
        source.schema()
        began, work = time.perf_counter(), time.process_time()
        batches, last = [], datetime(1970, 1, 1)
        for batch in source.batches(ALL, BATCH_SIZE):
            batches.append(batch)
            last = max(last, batch["modified"].max())  # type: ignore[type-var,assignment]
        told = {"first": time.perf_counter() - began, "work": time.process_time() - work}
        assert service.cursor is not None
        assert isinstance(service.cursor.lag, timedelta)
        began, work = time.perf_counter(), time.process_time()
        if form == "band":
            assert isinstance(source, Reconcilable)
            told["changed"] = BANDS - len(source.keys(None, None))
        else:
            later = Window(last - service.cursor.lag)
            told["changed"] = sum(map(len, source.batches(later, BATCH_SIZE)))
        told["again"] = time.perf_counter() - began
        told["again work"] = time.process_time() - work
        work = time.process_time()
        made = list(Preparation(service).batches(Given(batches), ALL))
        return {
            **told,
            "records": sum(map(len, batches)),
            "making": time.process_time() - work,
            "granules": sum(len(each.granules) for each in made),
            "refused": sum(len(each.refusals) for each in made),
            "peak": memory.peak(),
        }


def load(directory: Path, form: str) -> None:
    """Load the images into a DaCHS of its own, whole and again, and print how long it took."""
    with tempfile.TemporaryDirectory(prefix="epnkit-flood-") as name, throw_away_dachs() as dachs:
        folder = copy_service(Path(name), directory, form)
        shutil.copytree(
            folder.parent / "credentials", dachs.root / "credentials", dirs_exist_ok=True
        )
        dachs.account.create_owned(dachs.root / "credentials")
        inputs.install(dachs, folder)
        first = measure(lambda: run(dachs.root, "load"))
        # What has a cursor is loaded again, what has none is compared by keys and digests.
        verb = "load" if form == "image" else "reconcile"
        again = measure(lambda: run(dachs.root, verb))
        with dachs.cluster.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {FOLDER.name}.epn_core")
            (granules,) = cursor.fetchone() or (0,)
    assert granules == (BANDS * STEPS if form == "image" else BANDS)
    print(
        f"  epnkit load, from the files to {granules} granules that are indexed in DaCHS:"
        f" {first:.1f} s ({BANDS * STEPS / first:.0f} files a second); epnkit {verb} after that"
        f" {again:.1f} s ({again / first:.2f})",
        flush=True,
    )


def run(root: Path, verb: str) -> None:
    """Run a command of epnkit on the service, as an operator does."""
    words = [str(Path(sys.executable).with_name("epnkit")), verb, FOLDER.name, "--dachs", str(root)]
    subprocess.run(words, check=True, capture_output=True)


def measure(work: Callable[[], object]) -> float:
    """Do something, and give the seconds that it took."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


class Given:
    """A source whose batches were read before."""

    label = "given"

    def __init__(self, batches: list[pl.DataFrame]) -> None:
        self._batches = batches

    def schema(self) -> dict[str, str]:
        """Give the fields of the first batch."""
        return {name: str(dtype) for name, dtype in self._batches[0].schema.items()}

    def count(self, window: Window = ALL) -> int:
        """Count the records."""
        return sum(map(len, self._batches))

    def batches(self, window: Window = ALL, size: int = BATCH_SIZE) -> Iterator[pl.DataFrame]:
        """Give the batches."""
        return iter(self._batches)


def copy_service(into: Path, directory: Path, form: str) -> Path:
    """Copy the service with another choice of granules, and let it read the directory."""
    folder = Path(shutil.copytree(FOLDER, into / FOLDER.name))
    (folder / "granule.json").write_text(json.dumps({"images": form}))
    credential = into / "credentials" / FOLDER.name
    credential.parent.mkdir()
    credential.write_text(f"directory={directory};address=https://archive.example/")
    credential.chmod(0o600)
    os.environ["EPNKIT_CREDENTIALS"] = str(credential.parent)
    return folder


if __name__ == "__main__":
    main(sys.argv[1:])
