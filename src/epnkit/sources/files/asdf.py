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
    with requires_extra("asdf"):
        import yaml

    with open_file(path) as stream:
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
    yield flatten(to_plain(tree or {}))


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

    class Loader(yaml.SafeLoader):
        pass

    def construct(loader: Loader, _: str, node: yaml.Node) -> Any:
        if isinstance(node, yaml.MappingNode):
            return loader.construct_mapping(node, deep=True)
        if isinstance(node, yaml.SequenceNode):
            return loader.construct_sequence(node, deep=True)
        return loader.construct_scalar(node)  # type: ignore[arg-type]

    def construct_time(loader: Loader, node: yaml.ScalarNode) -> Any:
        try:
            return loader.construct_yaml_timestamp(node)
        except ValueError:  # 2001-02-30 costs itself alone
            return loader.construct_scalar(node)

    Loader.add_constructor("tag:yaml.org,2002:timestamp", construct_time)
    Loader.add_multi_constructor("", construct)
    return Loader
