"""The trees of ASDF files, without their arrays, and tags as what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from epnkit.modules import requires_extra
from epnkit.sources.files.limits import LARGEST_TREE, open_file, require_bounded
from epnkit.sources.values.documents import flatten
from epnkit.sources.values.extended_json import to_plain

#: Where the YAML of an ASDF file ends and its blocks begin (ASDF 1.5, "Low-level file layout").
_END_OF_TREE = b"\n..."


def read_asdf(path: Path) -> Iterator[dict[str, Any]]:
    """Read the tree of an ASDF file, also a compressed one.

    Raises
    ------
    ValueError
        If the tree is longer than it may be, not YAML, or no map.
    """
    with open_file(path) as stream:
        yield flatten(to_plain(load_tree(stream)[0]))


def load_tree(stream: IO[bytes]) -> tuple[dict[str, Any], int]:
    """Load the tree at the beginning of a stream; each tag is the plain value under it.

    Parameters
    ----------
    stream : binary file
        An ASDF file at its first byte; more than the tree is read from it.

    Returns
    -------
    tree : dict
        The tree.
    end : int
        How many bytes the tree has, its mark of the end not counted.

    Raises
    ------
    ValueError
        As for :func:`read_asdf`.
    """
    with requires_extra("asdf"):
        import yaml

    text = _read_tree(stream)
    if not text.strip():
        raise ValueError("it is empty")
    try:
        tree = yaml.load(text, _plain_loader())  # noqa: S506 (a SafeLoader that knows no objects)
    except yaml.YAMLError as error:
        raise ValueError(str(error).splitlines()[0]) from error
    require_bounded(tree)
    if not isinstance(tree or {}, dict):
        raise ValueError("its tree is no map")
    return tree or {}, len(text)


def _read_tree(stream: IO[bytes]) -> bytes:
    found = bytearray()
    while chunk := stream.read(65536):
        begin = max(0, len(found) - len(_END_OF_TREE))
        found += chunk
        end = found.find(_END_OF_TREE, begin)
        if end >= 0:
            return bytes(found[:end])
        if len(found) > LARGEST_TREE:
            raise ValueError("the tree has no end")
    return bytes(found)


def _plain_loader() -> Any:
    """Make a loader that takes every tag for the plain map, list or text under it."""
    with requires_extra("asdf"):
        import yaml

    # The same rules in C, ten times as fast, if the library was built with it.
    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        pass

    def construct(loader: Loader, _: str, node: yaml.Node) -> Any:
        if isinstance(node, yaml.MappingNode):
            return loader.construct_mapping(node, deep=True)
        if isinstance(node, yaml.SequenceNode):
            return loader.construct_sequence(node, deep=True)
        return loader.construct_scalar(node)

    def construct_time(loader: Loader, node: yaml.ScalarNode) -> Any:
        try:
            return loader.construct_yaml_timestamp(node)
        except ValueError:  # 2001-02-30 costs itself alone
            return loader.construct_scalar(node)

    Loader.add_constructor("tag:yaml.org,2002:timestamp", construct_time)
    Loader.add_multi_constructor("", construct)
    return Loader
