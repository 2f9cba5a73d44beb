"""Importing DaCHS's modules into the tests' own process."""

from __future__ import annotations

import importlib
import locale
import os
from types import ModuleType


def import_dachs(name: str) -> ModuleType:
    """Import a module of DaCHS, which sets the locale to C, and set it back.

    DaCHS 2.11 would also open its database; there is none in the tests' own process.
    """
    before, variable = locale.setlocale(locale.LC_ALL), os.environ.get("LC_ALL")
    os.environ["GAVO_INIT_RUNNING"] = "1"
    try:
        module = importlib.import_module(name)
    finally:
        del os.environ["GAVO_INIT_RUNNING"]
    locale.setlocale(locale.LC_ALL, before)
    if variable is None:
        os.environ.pop("LC_ALL", None)
    else:
        os.environ["LC_ALL"] = variable
    return module
