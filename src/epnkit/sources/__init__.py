"""Where records come from: one module a kind of source, one protocol for all."""

from __future__ import annotations

import importlib
from pathlib import Path

from epnkit.sources.base import UNORDERED, Order, Source
from epnkit.sources.config.settings import read_settings

#: The kinds of source: what ``kind`` in a source file says, the module, and its class.
KINDS = {
    "sql": ("sql.source", "SqlSource"),
    "elasticsearch": ("search.source", "SearchSource"),
    "mongodb": ("mongo.source", "MongoSource"),
    "restheart": ("mongo.restheart", "RestheartSource"),
    "tap": ("tap", "TapSource"),
    "records": ("records", "RecordsSource"),
    "files": ("files.source", "FilesSource"),
}

#: The kind of a ``source.json``, which holds a query as Elasticsearch takes it.
_OF_JSON = "elasticsearch"


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
        When the file, or the credential it names, is wrong.
    """
    kind = _OF_JSON if path.suffix == ".json" else read_settings(path).choice("kind", tuple(KINDS))
    module, name = KINDS[kind]
    kept: type[Source] = getattr(importlib.import_module(f"{__name__}.{module}"), name)
    source: Source = kept.from_file(path, order)  # type: ignore[attr-defined]
    return source
