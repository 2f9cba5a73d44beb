"""The log of the server."""

from __future__ import annotations

import logging

LOG = logging.getLogger("epnkit.streaming")
