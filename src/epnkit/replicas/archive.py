"""The small files that a replica's records link to, served by the DaCHS itself.

A service's ``replica/make.py`` that has ``archive(directory)`` writes them there; its records name
them as ``https://synthetic.example/SERVICE/…``, which becomes the address where they are served.
Where the files are the source itself, ``files(directory)`` writes them.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

from epnkit.dachs.private import PrivateDachs
from epnkit.modules import requires_extra

#: The host in a replica's links, instead of that of the real archive.
SYNTHETIC = "https://synthetic.example/"


def publish(dachs: PrivateDachs, name: str, make: ModuleType) -> str | None:
    """Write the files of a service's replica to where DaCHS serves them.

    Parameters
    ----------
    dachs : Dachs
        The DaCHS, started.
    name : str
        The service.
    make : module
        The service's ``replica/make.py``.

    Returns
    -------
    str, optional
        The address of the files; None if the replica has none.
    """
    fill = getattr(make, "archive", None) or getattr(make, "files", None)
    if fill is None:
        return None
    directory = archive_directory(dachs, name)
    directory.mkdir(parents=True, exist_ok=True)
    fill(directory)
    dachs.account.create_owned(dachs.root / "web")
    return f"{dachs.url}/static/replica/{name}/"


def archive_directory(dachs: PrivateDachs, name: str) -> Path:
    """Return the directory of a service's files."""
    return dachs.root / "web" / "nv_static" / "replica" / name


def replace_host(value: Any, name: str, address: str | None) -> Any:
    """Replace the synthetic host by an address, in texts at any depth.

    Parameters
    ----------
    value
        A text, or lists and dictionaries of anything.
    name : str
        The service.
    address : str, optional
        The address from :func:`publish`; without one nothing changes.
    """
    if address is None:
        return value
    if isinstance(value, str):
        return value.replace(f"{SYNTHETIC}{name}/", address)
    if isinstance(value, list | tuple):
        return [replace_host(each, name, address) for each in value]
    if isinstance(value, dict):
        return {key: replace_host(each, name, address) for key, each in value.items()}
    return value


def draw_picture(form: str, *, frames: int = 1, size: int = 32, brightness: int = 200) -> bytes:
    """Draw a disc, as a small picture that shows nothing real.

    Parameters
    ----------
    form : str
        GIF, PNG or JPEG.
    frames : int
        How many; more than one make a movie (only GIF).
    size : int
        Pixels of a side.
    brightness : int
        Of the disc, 0 to 255.
    """
    with requires_extra("demo"):
        from PIL import Image, ImageDraw

    drawn = []
    for number in range(frames):
        image = Image.new("L", (size, size))
        grey = max(0, brightness - 20 * number)
        ImageDraw.Draw(image).ellipse((2, 2, size - 3, size - 3), fill=grey)
        drawn.append(image)
    written = BytesIO()
    more = {"save_all": True, "append_images": drawn[1:]} if frames > 1 else {}
    drawn[0].save(written, form, **more)
    return written.getvalue()


def draw_spectrogram(width: int = 96, height: int = 64) -> bytes:
    """Draw three bursts that drift down in frequency, as a PNG that shows nothing real.

    Parameters
    ----------
    width, height : int
        Pixels: time to the right, frequency upward.
    """
    import numpy as np

    with requires_extra("demo"):
        from PIL import Image

    from epnkit.replicas.synthetic import make_bursts

    values = make_bursts(width, height).T[::-1]
    written = BytesIO()
    Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)).save(written, "PNG")
    return written.getvalue()


def write_file(path: Path, content: bytes) -> None:
    """Write a file and its directories; a file with the same content is left alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_bytes() != content:
        path.write_bytes(content)
