"""Importing DaCHS's modules into the tests' own process."""

from __future__ import annotations

import importlib
import locale
from types import ModuleType


def import_dachs(name: str) -> ModuleType:
    """Import a module of DaCHS, which sets the locale to C, and set it back."""
    before = locale.setlocale(locale.LC_ALL)
    module = importlib.import_module(name)
    locale.setlocale(locale.LC_ALL, before)
    return module
