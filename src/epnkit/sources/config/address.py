"""The address of a service: public in the source file, or in a credential."""

from __future__ import annotations

from epnkit.sources.config.credentials import Secret, read_credential
from epnkit.sources.config.settings import Settings


def take_credential(settings: Settings) -> Secret:
    """Take the credential that a source file names as ``connection``.

    Raises
    ------
    ConfigurationError
        If none is named, or it cannot be read.
    """
    return read_credential(settings.take("connection", str))


def take_address(settings: Settings) -> Secret:
    """Take the address of a service: a public ``url``, or the credential named ``connection``.

    Raises
    ------
    ConfigurationError
        If neither is there, the credential cannot be read, or the URL holds a password.
    """
    url = settings.take_text("url")
    if url is None:
        return take_credential(settings)
    found = Secret("url", url)
    if found.masked != url:
        raise settings.invalid_key_error(
            "url",
            "it holds a password",
            "Move the address into a credential, and name that one as `connection`",
        )
    return found
