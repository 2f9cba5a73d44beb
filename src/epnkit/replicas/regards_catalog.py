"""Products of a project of REGARDS, as a replica of its gateway gives them.

What is answered, and what is refused, follows the source of regards-backend of January 2025
(``SearchEngineController``, ``EntityFeature``, ``DataFile``, ``CatalogDownloadController``).
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from epnkit.replicas.regards_queries import (
    AttributeType,
    QueryRefusedError,
    parse_query,
    read_value,
)

#: How many products a page has at most (Spring's default), and how long a token lives, in seconds.
LARGEST_PAGE, TOKEN_LIFE = 2000, 7200

#: Which user may search in a replica.
USER, PASSWORD = "reader@epnkit.example", "replica"

#: Where files are that the archive keeps.
DOWNLOADS = "/api/v1/rs-catalog/downloads/"

_CLIENT = "Basic " + base64.b64encode(b"client:secret").decode()

#: What all products have, by the names of queries.
_STATIC: dict[str, AttributeType] = {
    "id": "text",
    "providerId": "text",
    "virtualId": "text",
    "label": "text",
    "model": "text",
    "tags": "text",
    "version": "number",
    "last": "boolean",
}


class GatewayError(Exception):
    """What a gateway answers instead of what was asked for.

    Parameters
    ----------
    status : int
        The status.
    text : str
        The message.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True)
class RegardsFile:
    """A file of a product.

    Parameters
    ----------
    kind : str
        REGARDS's ``DataType``.
    name : str
        Its name.
    media_type : str
        Its media type.
    content : bytes
        What is in it.
    url : str, optional
        Where it is, if the archive only refers to it.
    online : bool
        Whether it can be had at once.
    """

    kind: str
    name: str
    media_type: str
    content: bytes = b""
    url: str | None = None
    online: bool = True

    @property
    def checksum(self) -> str:
        """Its MD5."""
        return hashlib.md5(self.content, usedforsecurity=False).hexdigest()

    def describe(self, urn: str, base: str) -> dict[str, Any]:
        """Describe it as REGARDS does."""
        return {
            "dataType": self.kind,
            "reference": self.url is not None,
            "uri": self.url or f"{base}{DOWNLOADS}{urn}/files/{self.checksum}",
            "mimeType": self.media_type,
            "online": self.online,
            "checksum": self.checksum,
            "digestAlgorithm": "MD5",
            "filesize": len(self.content),
            "filename": self.name,
            "types": [],
        }


@dataclass(frozen=True)
class RegardsProduct:
    """A version of a product.

    Parameters
    ----------
    provider_id : str
        The name of all its versions.
    properties : mapping
        What its model describes, perhaps nested.
    files : tuple of RegardsFile
        Its files.
    version : int
        Which version it is.
    last : bool
        Whether there is no newer one.
    tags : tuple of str
        Its tags.
    model : str
        The name of its model.
    """

    provider_id: str
    properties: Mapping[str, Any]
    files: tuple[RegardsFile, ...] = ()
    version: int = 1
    last: bool = True
    tags: tuple[str, ...] = ()
    model: str = "solar"

    def name(self, tenant: str, version: str | None = None) -> str:
        """Return its URN: the versions of a product differ in the last part alone."""
        digest = hashlib.md5(self.provider_id.encode(), usedforsecurity=False).digest()
        number = uuid.UUID(bytes=digest, version=3)
        return f"URN:AIP:DATA:{tenant}:{number}:{version or f'V{self.version}'}"

    def describe(self, tenant: str, base: str) -> dict[str, Any]:
        """Describe it as a search does."""
        urn = self.name(tenant)
        files: dict[str, list[dict[str, Any]]] = {}
        for each in self.files:
            files.setdefault(each.kind, []).append(each.describe(urn, base))
        virtual = {"virtualId": self.name(tenant, "LAST")} if self.last else {}
        return {
            **virtual,
            "providerId": self.provider_id,
            "entityType": "DATA",
            "label": self.provider_id,
            "model": self.model,
            "files": files,
            "tags": list(self.tags),
            "last": self.last,
            "version": self.version,
            "id": urn,
            "geometry": None,
            "properties": self.properties,
            "type": "Feature",
        }


@dataclass
class RegardsCatalog:
    """The products of a project.

    Parameters
    ----------
    tenant : str
        The project.
    products : sequence of RegardsProduct
        All versions of its products.
    datasets : sequence of mapping
        The properties of its data sets.
    public : bool
        Whether products are found without a token, by ``scope``.
    token_life : float
        How many seconds a token lives.
    largest : int
        How many products a page has at most.
    deep : int
        From which product on an unsorted answer has another order, as REGARDS's search has it.
    """

    tenant: str
    products: Sequence[RegardsProduct]
    datasets: Sequence[Mapping[str, Any]] = ()
    public: bool = False
    token_life: float = TOKEN_LIFE
    largest: int = LARGEST_PAGE
    deep: int = 10_000
    tokens: dict[str, float] = field(default_factory=dict, repr=False)

    def give_token(self, asked: Mapping[str, str], authorization: str) -> dict[str, Any]:
        """Give a token for a password.

        Raises
        ------
        GatewayError
            If user, password, project or client are others.
        """
        expected = {"grant_type": "password", "username": USER, "password": PASSWORD}
        if authorization != _CLIENT or asked != {**expected, "scope": self.tenant}:
            raise GatewayError(401, "Bad credentials")
        token = secrets.token_urlsafe(24)
        self.tokens[token] = time.monotonic() + self.token_life
        return {
            "access_token": token,
            "token_type": "bearer",
            "expires_in": round(self.token_life),
            "scope": self.tenant,
            "sub": USER,
        }

    def authorize(self, authorization: str, asked: Mapping[str, str]) -> None:
        """Let a request through, or not.

        Raises
        ------
        GatewayError
            If its token is unknown or too old, or it has none where one is needed.
        """
        kind, _, token = authorization.partition(" ")
        if not authorization and self.public and asked.get("scope") == self.tenant:
            return
        if kind != "Bearer" or self.tokens.get(token, 0.0) <= time.monotonic():
            raise GatewayError(401, "Invalid or expired token")

    def search(self, asked: Mapping[str, str], sort: Sequence[str], base: str) -> dict[str, Any]:
        """Answer a search for products.

        Raises
        ------
        GatewayError
            If REGARDS would refuse it.
        """
        number, size = int(asked.get("page", 0)), min(int(asked.get("size", 20)), self.largest)
        try:
            found = self._select(asked.get("q", ""), sort)
        except QueryRefusedError as error:
            raise GatewayError(422, str(error)) from None
        if not sort and number * size >= self.deep:
            found = sorted(found, key=lambda each: each.name(self.tenant))
        page = found[number * size : (number + 1) * size]
        features = (each.describe(self.tenant, base) for each in page)
        return {
            "facets": [],
            "content": [{"content": feature, "links": []} for feature in features],
            "metadata": _describe_page(number, size, len(found)),
            "links": [],
        }

    def list_datasets(self) -> dict[str, Any]:
        """List the data sets, as ``rs-dam`` does."""
        entries = [
            {"content": {"feature": {"label": each.get("label"), "properties": dict(each)}}}
            for each in self.datasets
        ]
        return {"content": entries, "metadata": _describe_page(0, 100, len(entries)), "links": []}

    def read_file(self, urn: str, checksum: str) -> RegardsFile:
        """Find a file that the archive keeps.

        Raises
        ------
        GatewayError
            If there is none, or it has to be restored first.
        """
        for product in self.products:
            if product.name(self.tenant) == urn:
                for each in product.files:
                    if each.checksum == checksum and each.url is None:
                        if not each.online:
                            raise GatewayError(202, "The file is being restored")
                        return each
        raise GatewayError(404, "There is no such file")

    def _select(self, query: str, sort: Sequence[str]) -> list[RegardsProduct]:
        """Select products; the last selection is kept, since pages of it follow."""
        asked = (query, *sort)
        if asked not in self._selected:
            found = self._find(query, sort)
            self._selected.clear()
            self._selected[asked] = found
        return self._selected[asked]

    def _find(self, query: str, sort: Sequence[str]) -> list[RegardsProduct]:
        condition = parse_query(query, self._attributes)
        found = [each for each in self._flat if condition(each[1])]
        for each in reversed(sort):
            name, _, direction = each.partition(",")
            if name not in self._attributes:
                raise QueryRefusedError(f"Unknown parameter {name}")
            found.sort(key=lambda one: self._sort_value(one[1], name), reverse=direction == "DESC")
        return [product for product, _ in found]

    def _sort_value(self, record: Mapping[str, Any], name: str) -> tuple[bool, Any]:
        value = record.get(name)
        return value is None, None if value is None else read_value(value, self._attributes[name])

    @cached_property
    def _selected(self) -> dict[tuple[str, ...], list[RegardsProduct]]:
        return {}

    @cached_property
    def _flat(self) -> list[tuple[RegardsProduct, dict[str, Any]]]:
        """The products by URN, each as a query sees it."""
        made = []
        for each in sorted(self.products, key=lambda each: each.name(self.tenant)):
            described = each.describe(self.tenant, "")
            flat = {name: described.get(name) for name in _STATIC}
            made.append((each, flat | _flatten(each.properties)))
        return made

    @cached_property
    def _attributes(self) -> dict[str, AttributeType]:
        found: dict[str, AttributeType] = {}
        for _, record in self._flat:
            for name, value in record.items():
                if value is not None and name not in found:
                    found[name] = _find_type(value)
        return found | _STATIC


def _describe_page(number: int, size: int, total: int) -> dict[str, int]:
    return {"size": size, "totalElements": total, "totalPages": -(-total // size), "number": number}


def _flatten(properties: Mapping[str, Any], prefix: str = "properties.") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in properties.items():
        if isinstance(value, Mapping):
            found |= _flatten(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = value
    return found


def _find_type(value: Any) -> AttributeType:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    try:
        read_value(value, "date")
    except QueryRefusedError:
        return "text"
    return "date"
