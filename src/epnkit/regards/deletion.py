"""Deleting packages whose granules are gone, by the REST interface: RabbitMQ takes none.

``POST /api/v1/rs-ingest/aips/delete`` takes an ``OAISDeletionPayloadDto``, with 1,000 provider ids
at most, and answers when the request is taken; it is carried out later.
"""

from __future__ import annotations

from functools import partial

from epnkit.regards.state import PackageState
from epnkit.sources.config.credentials import read_credential
from epnkit.sources.regards.session import RegardsSession
from epnkit.sources.transport.retry import DEFAULT_RETRY, retry

#: How many provider ids a request may have.
_MOST = 1000

_PATH = "/api/v1/rs-ingest/aips/delete"


def delete_gone(state: PackageState, credential: str, tenant: str) -> int:
    """Ask the archive to delete the packages whose granules are gone.

    They stay known there as deleted (``BY_STATE``); a granule that comes back is a new version.

    Parameters
    ----------
    state : PackageState
        What the archive has.
    credential : str
        The name of the credential of REGARDS's REST interface.
    tenant : str
        REGARDS's project.

    Returns
    -------
    int
        How many it was asked to delete.

    Raises
    ------
    SourceError
        If it refuses.
    """
    session, deleted = RegardsSession(read_credential(credential), tenant), 0
    while gone := state.list_gone(_MOST):
        providers = {"mode": "INCLUDE", "matchMode": "STRICT", "values": [each[1] for each in gone]}
        body = {"deletionMode": "BY_STATE", "providerIds": providers}
        retry(partial(session.request, "POST", _PATH, body), DEFAULT_RETRY)
        state.mark_deleted([uid for uid, _ in gone])
        deleted += len(gone)
    return deleted
