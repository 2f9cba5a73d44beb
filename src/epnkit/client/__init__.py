"""The astronomer's side: one search over many EPN-TAP services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from epnkit.client.samp import send_table
    from epnkit.client.searches import SearchResult, search

__all__ = ["SearchResult", "search", "send_table"]

_HOMES = {
    "SearchResult": "epnkit.client.searches:SearchResult",
    "search": "epnkit.client.searches:search",
    "send_table": "epnkit.client.samp:send_table",
}


def __getattr__(name: str) -> Any:
    from epnkit.modules import import_attribute

    return import_attribute(__name__, _HOMES, name)
