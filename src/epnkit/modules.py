"""Importing: files as modules, many modules quickly, and packages of optional extras."""

from __future__ import annotations

import configparser
import gc
import importlib
import importlib.util
import locale
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from epnkit.errors import ConfigurationError
from epnkit.garbage import gc_paused


def run_file(path: Path, name: str) -> ModuleType:
    """Run a Python file as a module.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    name : str
        The name of the module; it is registered as such, which its dataclasses and pickle need.

    Raises
    ------
    ConfigurationError
        If the file's name does not end in ``.py``. What the file itself raises is passed on.
    """
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ConfigurationError(
            "it cannot be read as Python", where=str(path), cure="Give it a name that ends in .py."
        )
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def import_attribute(package: str, homes: Mapping[str, str], name: str) -> Any:
    """Import a name that a package offers from one of its modules (PEP 562).

    Parameters
    ----------
    package : str
        The package that is asked for the name; it keeps the name, and is asked once.
    homes : dict of str to str
        Where each name is defined, as ``module:name``.
    name : str
        The name.

    Raises
    ------
    AttributeError
        If the package offers no such name.

    Examples
    --------
    >>> import_attribute("epnkit", {"path_like": "os:PathLike"}, "path_like")
    <class 'os.PathLike'>
    """
    if name not in homes:
        raise AttributeError(f"module {package!r} has no attribute {name!r}")
    module, _, attribute = homes[name].partition(":")
    value = getattr(importlib.import_module(module), attribute)
    setattr(sys.modules[package], name, value)
    return value


@contextmanager
def imports_without_gc() -> Iterator[None]:
    """Import modules without garbage collection.

    Importing leaves no garbage, and the collector would search all of DaCHS's objects again and
    again, which takes half of the time.  What has been imported then stays until the process ends,
    and is not searched later either.
    """
    with gc_paused():
        try:
            yield
        finally:
            gc.freeze()


@contextmanager
def requires_extra(name: str) -> Iterator[None]:
    """Import packages that an extra of epnkit brings.

    Parameters
    ----------
    name : str
        The extra, as in pyproject.toml.

    Raises
    ------
    ConfigurationError
        If a package is not installed.

    Examples
    --------
    >>> with requires_extra("mongodb"):
    ...     import pymongo
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "epnkit").partition(".")[0] == "epnkit":
            raise
        raise ConfigurationError(
            f"the Python package {error.name} is not installed",
            where=f"epnkit[{name}]",
            cure=f'Install it with epnkit: pip install "epnkit[{name}]"',
        ) from error


#: The settings that DaCHS was first imported with in this process, which it keeps.
_FIRST: list[Path] = []


def read_dachs_profile(name: str, settings: Path, directory: Path | None = None) -> dict[str, Any]:
    """Read how a profile of a DaCHS connects, also if DaCHS was imported for another one.

    Parameters
    ----------
    name : str
        The profile: ``feed`` is the administrator's.
    settings : pathlib.Path
        DaCHS's rc file.
    directory : pathlib.Path, optional
        Where the profile lies, if not where the settings say.

    Returns
    -------
    dict
        Arguments of ``psycopg2.connect``.

    Raises
    ------
    ValueError
        If there is no such profile, or it cannot be read: in DaCHS's words.
    SystemExit
        If DaCHS does not accept its settings.
    """
    config = import_dachs("gavo.base.config", settings)
    try:
        return dict(_find_profile(config, name, settings, directory).getArgs())
    except (config.utils.Error, OSError) as error:
        raise ValueError(str(error)) from error


def _find_profile(config: Any, name: str, settings: Path, directory: Path | None) -> Any:
    """Find a profile in a directory, or where these settings look for it."""
    if directory is not None:
        return config.ProfileParser([str(directory)]).parse(name, name)
    if [settings] == _FIRST:
        return config.getDBProfile(name)
    own = configparser.ConfigParser(interpolation=None)
    own.read(settings)
    root = Path(own.get("general", "rootDir", fallback="/var/gavo"))
    own_directory = root / own.get("general", "configDir", fallback="etc")
    path = own.get("db", "profilePath", fallback="~/.gavo:$configDir")
    places = path.replace("$configDir", str(own_directory)).split(":")
    return config.ProfileParser([str(Path(place).expanduser()) for place in places]).parse(
        name, name
    )


def import_dachs(name: str, settings: Path | None = None) -> Any:
    """Import a module of DaCHS, without what that changes for the whole process.

    DaCHS sets the locale to C, in which Python reads and writes files as ASCII, and variables of
    the environment, by which astropy and matplotlib find their files; 2.11 opens its database
    meanwhile.

    Parameters
    ----------
    name : str
        The module, ``gavo.base``.
    settings : pathlib.Path, optional
        DaCHS's rc file. Those of the first import in a process count.
    """
    if not _FIRST:
        _FIRST.append(settings or Path(os.environ.get("GAVOSETTINGS", "/etc/gavo.rc")))
    with _keep_process():
        if settings is not None:
            os.environ["GAVOSETTINGS"] = str(settings)
            os.environ.setdefault("GAVOCUSTOM", "/nonexistent")
        os.environ["GAVO_INIT_RUNNING"] = "1"
        return importlib.import_module(name)


@contextmanager
def _keep_process() -> Iterator[None]:
    """Set locale and environment back, for this process and for those that it starts."""
    before, variables = locale.setlocale(locale.LC_ALL), dict(os.environ)
    try:
        yield
    finally:
        locale.setlocale(locale.LC_ALL, before)
        for name in os.environ.keys() - variables.keys():
            del os.environ[name]
        os.environ.update(variables)
