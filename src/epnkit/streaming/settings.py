"""What the server says of itself, and how much it does at a time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Identity:
    """Who offers the data.

    Parameters
    ----------
    id : str
        The server's identifier among HAPI's: ``ObsParis/PADC``.
    title : str
        Its title, in at most 40 characters.
    contact : str
        Whom to write to.
    url : str
        Its public address, without a slash at the end.
    dachs : str
        The public address of the DaCHS whose tables it reads.
    description : str
        What it offers.
    """

    id: str
    title: str
    contact: str
    url: str
    dachs: str
    description: str = "Data of EPN-TAP services, streamed by time from their files."

    #: What explains the tables.
    epntap = "https://www.ivoa.net/documents/EPNTAP/"
