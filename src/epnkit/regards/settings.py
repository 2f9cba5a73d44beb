"""What ``sip.toml`` of a service says about the packages of its granules."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from epnkit.sources.config.settings import Settings, read_settings

#: The types of files that REGARDS knows (``OAISDataObjectDto``).
DATA_TYPES = (
    "RAWDATA",
    "QUICKLOOK_SD",
    "QUICKLOOK_MD",
    "QUICKLOOK_HD",
    "DOCUMENT",
    "THUMBNAIL",
    "OTHER",
    "AIP",
    "DESCRIPTION",
)

#: What REGARDS does with another package of the same provider id (``IngestMetadataDto``).
VERSIONING = ("INC_VERSION", "REPLACE", "IGNORE", "MANUAL")

#: Which type of file each link of datalink leads to; other links lead to no file of the package.
ROLES = {
    "#this": "RAWDATA",
    "#preview": "QUICKLOOK_MD",
    "#thumbnail": "THUMBNAIL",
    "#auxiliary": "OTHER",
    "#detached-header": "DESCRIPTION",
    "#documentation": "DOCUMENT",
}

#: How long REGARDS's names may be.
_LONGEST = 128


@dataclass(frozen=True)
class PackageSettings:
    """How packages are made, and what REGARDS is to do with them.

    Parameters
    ----------
    tenant : str
        REGARDS's project.
    owner, session : str
        Under which REGARDS lists them.
    chain : str
        The ingestion chain.
    versioning : str
        What becomes of the former version of a package.
    category : str
        The category of the products.
    model : str, optional
        The data model by which REGARDS validates the properties.
    prefix : str
        What stands before ``granule_uid`` in the provider id.
    storages : tuple of dict
        Where REGARDS stores the files: as its ``StorageDto``.
    reference : str, optional
        The storage where the files are already; then they are referred to, and not copied.
    tags : tuple of str
        Tags of each package.
    properties : dict of str to str
        The names of properties, with the column each has its value from; empty takes all columns.
    roles : dict of str to str
        The type of file that a link of each semantics leads to.
    fetch : bool
        Whether files are read over HTTP for their checksums.
    authority : pathlib.Path, optional
        Certificates of the authority that signed the broker's, in PEM.
    """

    tenant: str
    owner: str
    session: str
    chain: str = "DefaultProcessingChain"
    versioning: str = "INC_VERSION"
    category: str = ""
    model: str | None = None
    prefix: str = ""
    storages: tuple[dict[str, Any], ...] = ()
    reference: str | None = None
    tags: tuple[str, ...] = ()
    properties: dict[str, str] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=lambda: dict(ROLES))
    fetch: bool = False
    authority: Path | None = None

    @property
    def metadata(self) -> dict[str, Any]:
        """What accompanies each package (``IngestMetadataDto``)."""
        given = {
            "sessionOwner": self.owner,
            "session": self.session,
            "ingestChain": self.chain,
            "versioningMode": self.versioning,
            "categories": [self.category],
            "storages": list(self.storages),
        }
        return given if self.model is None else {**given, "model": self.model}

    @cached_property
    def hash(self) -> str:
        """A hash of what packages depend on: if it changes, they are made and compared again."""
        parts = [self.metadata, self.tenant, self.prefix, self.reference, self.tags]
        more = [sorted(self.properties.items()), sorted(self.roles.items())]
        text = orjson.dumps([*parts, *more])
        return str(UUID(hashlib.md5(text, usedforsecurity=False).hexdigest()))


def read_package_settings(path: Path, service: str) -> PackageSettings:
    """Read the ``sip.toml`` of a service.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    service : str
        The service, whose name is used where the file says nothing.

    Raises
    ------
    ConfigurationError
        If it is missing, a key is unknown, or a value is none that REGARDS takes.
    """
    settings = read_settings(path)
    made = PackageSettings(
        tenant=_take_name(settings, "tenant"),
        owner=_take_name(settings, "owner", "epnkit"),
        session=_take_name(settings, "session", service),
        chain=_take_name(settings, "chain", PackageSettings.chain),
        versioning=settings.take_choice("versioning", VERSIONING, PackageSettings.versioning),
        category=_take_name(settings, "category", service),
        model=_take_name(settings, "model") if settings.has("model") else None,
        prefix=settings.take("prefix", str, f"{service}:"),
        storages=tuple(
            _read_storage(settings, each) for each in settings.take("storage", list, [])
        ),
        reference=settings.take_text("reference"),
        tags=settings.take_names("tags"),
        properties=settings.take("properties", dict, {}),
        roles={**ROLES, **_take_roles(settings)},
        fetch=settings.take("fetch", bool, False),
        authority=settings.take_path("authority"),
    )
    settings.finish()
    if bool(made.storages) == (made.reference is not None):
        raise settings.invalid_key_error(
            "storage",
            "it says neither or both of where files are stored and where they are already",
            "Write [[storage]] with id, or reference = the storage where the files are",
        )
    return made


def _take_name(settings: Settings, key: str, default: str | None = None) -> str:
    name = settings.take(key, str, default)
    if not name.strip() or len(name) > _LONGEST:
        raise settings.invalid_key_error(
            key, "it is blank or too long", f"Write 1 to {_LONGEST} characters"
        )
    return name


def _take_roles(settings: Settings) -> dict[str, str]:
    roles: dict[str, Any] = settings.take("roles", dict, {})
    for semantics, kind in roles.items():
        if kind not in DATA_TYPES or not semantics.startswith("#"):
            raise settings.invalid_key_error(
                semantics,
                f"{kind!r} is no type of file, or what it is for no semantics",
                f'Write "#preview" = one of {", ".join(DATA_TYPES)}',
            )
    return roles


def _read_storage(settings: Settings, given: object) -> dict[str, Any]:
    """Read one ``[[storage]]``: id, and perhaps path and types."""
    known = {"id", "path", "types"}
    storage = given if isinstance(given, dict) else {}
    types = storage.get("types", [])
    if not isinstance(storage.get("id"), str) or {*storage} - known or {*types} - {*DATA_TYPES}:
        raise settings.invalid_key_error(
            "storage",
            f"{given!r} has no id, a key beside id, path and types, or an unknown type",
            'Write id = "Local", and if needed path = "..." and types = ["RAWDATA"]',
        )
    path = {"storePath": storage["path"]} if "path" in storage else {}
    return {"pluginBusinessId": storage["id"], **path, "targetTypes": sorted(types)}
