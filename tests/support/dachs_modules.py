"""DaCHS's modules in the process of a test, without what they change for the others."""

from __future__ import annotations

import importlib
import locale
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def import_dachs(name: str) -> Any:
    """Import a module of DaCHS.

    DaCHS sets the locale to C, in which Python reads and writes files as ASCII, and variables of
    the environment, by which astropy and matplotlib find their files; 2.11 opens its database
    meanwhile.
    """
    with _keep_process():
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
