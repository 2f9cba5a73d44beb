"""HAPI's status codes (HAPI 3.3.1, section 4.2)."""

from __future__ import annotations

from typing import Any

#: The version of HAPI that is spoken.
VERSION = "3.3"

#: What each code means.
MESSAGES = {
    1200: "OK",
    1201: "OK - no data for time range",
    1400: "Bad request - user input error",
    1401: "Bad request - unknown API parameter name",
    1402: "Bad request - syntax error in start time",
    1403: "Bad request - syntax error in stop time",
    1404: "Bad request - start equal to or after stop",
    1405: "Bad request - start < startDate and/or stop > stopDate",
    1406: "Bad request - unknown dataset id",
    1407: "Bad request - unknown dataset parameter",
    1408: "Bad request - too much time or data requested",
    1409: "Bad request - unsupported output format",
    1410: "Bad request - unsupported include value",
    1411: "Bad request - out-of-order or duplicate parameters",
    1412: "Bad request - unsupported resolve_references value",
    1413: "Bad request - unsupported depth value",
    1500: "Internal server error",
    1501: "Internal server error - upstream request error",
}

_NOT_FOUND = (1406, 1407)


class HapiError(Exception):
    """A request that cannot be answered.

    Parameters
    ----------
    code : int
        HAPI's status code.
    detail : str
        What more is to be said; nothing that the request contains.
    """

    def __init__(self, code: int, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code, self.detail = code, detail

    @property
    def http_status(self) -> int:
        """The status code of HTTP."""
        return http_status(self.code)


def http_status(code: int) -> int:
    """Return HTTP's status code for one of HAPI's."""
    if code < 1400:
        return 200
    if code >= 1500:
        return 500
    return 404 if code in _NOT_FOUND else 400


def status_object(code: int, detail: str = "") -> dict[str, Any]:
    """Make what begins each of HAPI's documents."""
    message = f"{MESSAGES[code]}: {detail}" if detail else MESSAGES[code]
    return {"HAPI": VERSION, "status": {"code": code, "message": message}}
