"""The tables by which fields are recognised: packaged data, read once."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def read_table(name: str) -> dict[str, Any]:
    """Read ``data/<name>.toml``."""
    text = (files("epnkit.drafts") / "data" / f"{name}.toml").read_text("utf-8")
    return tomllib.loads(text)
