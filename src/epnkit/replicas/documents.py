"""Filling a MongoDB with a replica: the documents of a collection, and pictures in GridFS.

A service's ``replica/make.py`` that has ``COLLECTION`` (database and collection) and
``observations()`` is filled this way, and read through RESTHeart.  If it has ``previews()``, which
gives identifier and content of each picture, they go into the bucket ``previews`` of the database;
the documents name them as ``https://synthetic.example/previews/DATABASE/…``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from epnkit.modules import requires_extra
from epnkit.replicas.archive import SYNTHETIC

#: What stands for the address of a picture in GridFS, before its database and identifier.
PREVIEWS = f"{SYNTHETIC}previews/"

#: Documents that are inserted at a time.
_BULK = 5000


def fill(
    url: str,
    collection: tuple[str, str],
    documents: Sequence[Mapping[str, Any]],
    previews: Iterable[tuple[str, bytes]] = (),
) -> int:
    """Create a collection again and fill it, with its bucket of pictures.

    Parameters
    ----------
    url : str
        The MongoDB.
    collection : tuple of str
        Database and collection.
    documents : sequence of mapping
        The documents.
    previews : iterable of tuple
        Identifier and content of each picture, PNG.

    Returns
    -------
    int
        How many documents it has now.
    """
    with requires_extra("mongodb"):
        import gridfs
        import pymongo

    database, name = collection
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(url)
    try:
        client.drop_database(database)
        for first in range(0, len(documents), _BULK):
            part = [dict(each) for each in documents[first : first + _BULK]]
            client[database][name].insert_many(part)
        bucket = gridfs.GridFS(client[database], "previews")
        for identifier, content in previews:
            bucket.put(content, _id=identifier, filename=identifier, contentType="image/png")
        return client[database][name].estimated_document_count()
    finally:
        client.close()


def replace_previews(value: Any, restheart: str) -> Any:
    """Replace what stands for addresses of pictures by those at a RESTHeart, at any depth.

    Parameters
    ----------
    value
        A text, or lists and dictionaries of anything.
    restheart : str
        Its URL.
    """
    if isinstance(value, str):
        return _locate_preview(value, restheart) if value.startswith(PREVIEWS) else value
    if isinstance(value, list):
        return [replace_previews(each, restheart) for each in value]
    if isinstance(value, dict):
        return {key: replace_previews(each, restheart) for key, each in value.items()}
    return value


def _locate_preview(text: str, restheart: str) -> str:
    database, _, identifier = text.removeprefix(PREVIEWS).partition("/")
    return f"{restheart}/{database}/previews.files/{identifier}/binary"
