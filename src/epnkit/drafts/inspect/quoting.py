"""Texts as Python and TOML write them."""

from __future__ import annotations

import json


def quote(value: str) -> str:
    r"""Write a text in double quotes, with everything odd escaped.

    Examples
    --------
    >>> quote('a "b"')
    '"a \\"b\\""'
    """
    return json.dumps(value, ensure_ascii=False)
