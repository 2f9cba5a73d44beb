"""Importing: files as modules, many modules quickly, and packages of optional extras."""

from __future__ import annotations

import gc
import importlib
import importlib.util
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from epnkit.errors import ConfigurationError, EpnkitError
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


def run_declaration(path: Path, name: str) -> ModuleType:
    """Run a Python file that a user wrote; its errors are one line with the number of theirs.

    Parameters
    ----------
    path, name
        As for :func:`run_file`.

    Raises
    ------
    ConfigurationError
        If it is no Python, or running it fails.
    EpnkitError
        What epnkit itself says of what it declares.
    """
    try:
        return run_file(path, name)
    except EpnkitError:
        raise
    except SyntaxError as error:
        text = (error.text or "").strip()
        what, why = "it is no Python", f"{error.msg}: {text}" if text else error.msg
        where = f"{error.filename or path}:{error.lineno}"
    except Exception as error:  # noqa: BLE001 - whatever its author wrote
        what, why = "it cannot be run", " ".join(f"{type(error).__name__}: {error}".split())
        where = _find_line(error, path)
    raise ConfigurationError(what, where=where, why=why, cure="Correct that line.")


def _find_line(error: Exception, path: Path) -> str:
    """Find the last line of a file that led to an error."""
    frames = traceback.extract_tb(error.__traceback__)
    line = next((each.lineno for each in reversed(frames) if each.filename == str(path)), None)
    return str(path) if line is None else f"{path}:{line}"


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
    ImportError
        If the module lacks it, or raises an error of this kind itself: Python would take an
        AttributeError for a name that is not offered, and hide what is wrong.

    Examples
    --------
    >>> import_attribute("epnkit", {"path_like": "os:PathLike"}, "path_like")
    <class 'os.PathLike'>
    """
    if name not in homes:
        raise AttributeError(f"module {package!r} has no attribute {name!r}")
    module, _, attribute = homes[name].partition(":")
    try:
        value = getattr(importlib.import_module(module), attribute)
    except AttributeError as error:
        raise ImportError(f"{module} cannot be imported: {error}") from error
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
