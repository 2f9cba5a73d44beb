"""Following the links of datalink documents to files, and opening these."""

from __future__ import annotations

import gzip
import json
from io import BytesIO
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import cdflib
import requests
from astropy.io import fits
from astropy.io.votable import parse
from astropy.table import Table
from PIL import Image
from pyvo.dal.adhoc import DatalinkResults

#: Links that lead to files of the service, not to another site or another granule.
FILES = {
    "#this",
    "#auxiliary",
    "#progenitor",
    "#preview",
    "#preview-image",
    "#thumbnail",
    "#derivation",
    "#detached-header",
}


def read_links(url: str) -> list[Any]:
    """Fetch a datalink document."""
    return list(DatalinkResults.from_result_url(url))


def read_files(url: str, **query: str) -> Table:
    """Fetch the list of the files that a part of a data set needs."""
    answer = requests.get(url, query, timeout=60)
    answer.raise_for_status()
    return parse(BytesIO(answer.content)).get_first_table().to_table(use_names_over_ids=True)


def open_links(url: str) -> list[str]:
    """Open every file that a datalink document leads to; give their semantics."""
    found = [
        link
        for link in read_links(url)
        if link["semantics"] in FILES and link["content_type"] != "text/html"
    ]
    for link in found:
        answer = requests.get(link["access_url"], timeout=30)
        answer.raise_for_status()
        _open(answer.content, link["content_type"])
        if link["content_length"] is not None and link["content_length"] > 0:
            assert len(answer.content) == link["content_length"]
    return [link["semantics"] for link in found]


def _open(content: bytes, kind: str) -> None:
    if kind.startswith("image/"):
        with Image.open(BytesIO(content)) as image:
            assert f"image/{image.format.lower()}" == kind
            image.load()
    elif kind == "application/x-gzip":
        inner = gzip.decompress(content)
        _open(inner, "application/json" if inner.startswith(b"{") else "application/fits")
    elif kind.endswith("json"):
        json.loads(content)
    elif kind == "application/x-cdf":
        with NamedTemporaryFile(suffix=".cdf") as file:
            Path(file.name).write_bytes(content)
            assert cdflib.CDF(file.name).cdf_info().zVariables
    elif kind == "application/pdf":
        assert content.startswith(b"%PDF-")
        assert content.endswith(b"%%EOF\n")
    elif kind == "application/x-asdf":
        assert content.startswith(b"#ASDF 1.0.0\n")
    elif kind == "video/mp4":
        assert content[4:8] == b"ftyp"
    elif kind == "text/plain":
        assert content.decode("ascii").strip()
    elif kind == "application/octet-stream":
        # What an instrument wrote, in a form of its own.
        assert content
    else:
        assert kind == "application/fits", kind
        with fits.open(BytesIO(content)) as file:
            assert any(hdu.data is not None for hdu in file)
