"""From a catalogue of observations to a conformant EPN-TAP 2.0 service on GAVO DaCHS."""

from importlib.metadata import version

__version__ = version("epnkit")
