"""Keys of records in files, as a service names them: a file's path, or its path and a line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from epnkit.errors import SourceError
from epnkit.sources.values.keys import read_key, write_key

#: What keys can be told of without looking into what a file holds, beside its number of lines.
_KNOWN = [{"path"}, {"path", "line"}, {"group"}]


@dataclass(frozen=True)
class FileKeys:
    """How a service writes the keys of records in files.

    Parameters
    ----------
    fields : tuple of str
        The key's fields, in the service's order.
    where : str
        The source, for messages.
    """

    fields: tuple[str, ...]
    where: str

    @property
    def by_line(self) -> bool:
        """Whether each line of a file has a key of its own."""
        return "line" in self.fields

    @property
    def by_group(self) -> bool:
        """Whether the files of a group have one key."""
        return self.fields == ("group",)

    def require_known(self) -> None:
        """Refuse keys that stand in the files.

        Raises
        ------
        SourceError
            When the key is neither the path, nor path and line.
        """
        if len(set(self.fields)) != len(self.fields) or set(self.fields) not in _KNOWN:
            raise SourceError(
                "the files cannot be compared with the table",
                where=self.where,
                why=f"the key {', '.join(self.fields)} is only known once all files are read",
                cure='Take the key ("path",), or ("path", "line") for tables, or load in full',
            )

    def write_keys(self, path: str, lines: Iterable[int]) -> list[str]:
        """Write the keys of a file's lines, or of its group, as the tracking table holds them."""
        if not self.by_line:
            return [write_key([path])]
        return [write_key(self._values(path, line)) for line in lines]

    def path_of(self, key: str) -> str:
        """Take the path, or the group, out of a key."""
        values = dict(zip(self.fields, read_key(key, len(self.fields)), strict=False))
        return values.get("group" if self.by_group else "path") or ""

    def _values(self, path: str, line: int) -> list[str | int]:
        return [path if name == "path" else line for name in self.fields]
