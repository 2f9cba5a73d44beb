"""What lets a web server pass requests on to the streaming server."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from epnkit.errors import ConfigurationError

_NGINX = """\
location = {path} {{
    return 301 {path}/;
}}
location {path}/ {{
    proxy_pass http://127.0.0.1:{port}/;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_buffering off;
    proxy_read_timeout 300s;
    gzip off;
}}
"""

_APACHE = """\
RedirectMatch 301 ^{path}$ {path}/
<Location {path}/>
    ProxyPass http://127.0.0.1:{port}/ flushpackets=on timeout=300
    ProxyPassReverse http://127.0.0.1:{port}/
    SetEnv no-gzip 1
</Location>
"""


def write_proxy(kind: str, url: str, port: int) -> str:
    """Write what lets a web server pass requests on to the streaming server.

    Parameters
    ----------
    kind : {"nginx", "apache"}
        The web server.
    url : str
        The public address of the streaming server, with a path: ``https://vo.example.org/streams``.
    port : int
        Its port on this machine.

    Raises
    ------
    ConfigurationError
        If the address has no path, or one that needs quotes.
    """
    path = urlsplit(url).path.rstrip("/")
    if not re.fullmatch(r"(/[A-Za-z0-9_-]+)+", path):
        raise ConfigurationError(
            f"{url} has no path that a web server could tell from others",
            cure="Give it one of letters and digits: https://vo.example.org/streams.",
        )
    return {"nginx": _NGINX, "apache": _APACHE}[kind].format(path=path, port=port)
