"""Importing DaCHS's modules into a process that is not DaCHS's own."""

from __future__ import annotations

import importlib
import locale
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def import_dachs(name: str) -> Any:
    """Import a module of DaCHS, without what that changes for the whole process.

    DaCHS sets the locale to C, in which Python reads and writes files as ASCII, and 2.11 opens its
    database meanwhile.

    Parameters
    ----------
    name : str
        The module, ``gavo.base``. ``GAVOSETTINGS`` counts for the first import in a process.
    """
    with _keep_locale():
        os.environ["GAVO_INIT_RUNNING"] = "1"
        try:
            return importlib.import_module(name)
        finally:
            del os.environ["GAVO_INIT_RUNNING"]


@contextmanager
def _keep_locale() -> Iterator[None]:
    """Set the locale back, for this process and for those that it starts."""
    before, variable = locale.setlocale(locale.LC_ALL), os.environ.get("LC_ALL")
    try:
        yield
    finally:
        locale.setlocale(locale.LC_ALL, before)
        os.environ.pop("LC_ALL", None)
        if variable is not None:
            os.environ["LC_ALL"] = variable
