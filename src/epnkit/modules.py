"""Modules: running a file as one, and importing many without delay."""

from __future__ import annotations

import gc
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from epnkit.errors import ConfigurationError
from epnkit.garbage import put_off


def run_file(path: Path, name: str) -> ModuleType:
    """Run a Python file, and give what it defines.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    name : str
        What the module is called; it is registered so, which its dataclasses and pickle need.

    Raises
    ------
    ConfigurationError
        Where the file is no Python by its name. What the file itself raises is passed on.
    """
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ConfigurationError(
            "it cannot be read as Python", where=str(path), cure="Let its name end in .py."
        )
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@contextmanager
def uncollected() -> Iterator[None]:
    """Import without a search for garbage.

    Modules leave none, and Python would search all of DaCHS's objects again and again: it takes
    half of the time of importing them.  What is there then stays until the process ends, and is not
    searched later either.
    """
    with put_off():
        try:
            yield
        finally:
            gc.freeze()
