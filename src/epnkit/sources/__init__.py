"""Where records come from: one package for each kind of source, one protocol for all."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from epnkit.sources.base import UNORDERED, Order, Source, SourceClass
from epnkit.sources.config.settings import read_settings

#: The kinds of source: what a source file says as its ``kind``, the module, and the class in it.
KINDS = {
    "sql": ("sql.source", "SqlSource"),
    "elasticsearch": ("search.source", "SearchSource"),
    "mongodb": ("mongo.source", "MongoSource"),
    "restheart": ("mongo.restheart", "RestheartSource"),
    "tap": ("tap.source", "TapSource"),
    "records": ("records.source", "RecordsSource"),
    "regards": ("regards.source", "RegardsSource"),
    "httplist": ("httplist.source", "HttpListSource"),
    "files": ("files.source", "FilesSource"),
    "parquet": ("parquet.source", "ParquetSource"),
    "rucio": ("rucio.source", "RucioSource"),
    "tfcat": ("tfcat.source", "TfcatSource"),
    "union": ("union.source", "UnionSource"),
}

#: The kind of a ``source.json``, which holds a query as Elasticsearch takes it.
_KIND_OF_JSON = "elasticsearch"


def open_source(path: Path, order: Order = UNORDERED) -> Source:
    """Build the source that a source file describes.

    Parameters
    ----------
    path : pathlib.Path
        ``source.toml`` or ``source.json``.
    order : Order
        The cursor column and the key, as the service's mapping names them; a key that it doesn't
        name is taken from the source file.

    Raises
    ------
    ConfigurationError
        If the file, or the credential it names, is wrong.
    """
    if path.suffix == ".json":
        kind = _KIND_OF_JSON
    else:
        kind = read_settings(path).take_choice("kind", tuple(KINDS))
    return source_class(kind).from_file(path, order)


def source_class(kind: str) -> SourceClass:
    """Import the class of a kind of source.

    Parameters
    ----------
    kind : str
        A key of :data:`KINDS`.
    """
    module, name = KINDS[kind]
    found: SourceClass = getattr(import_module(f"{__name__}.{module}"), name)
    return found
