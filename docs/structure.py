"""Draws which package imports which, read from the code itself: ``python docs/structure.py``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

SOURCE = Path(__file__).parent.parent / "src" / "epnkit"
PICTURE = Path(__file__).parent / "images" / "structure.png"

#: Modules that nearly every package imports: arrows to them would hide the others.
_EVERYWHERE = {"errors", "modules"}

_GREY, _LINE = "#eef1f4", "#8795a1"


def read_imports() -> dict[str, set[str]]:
    """Give the packages of epnkit that each package imports when it runs."""
    found: dict[str, set[str]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        package = path.relative_to(SOURCE).with_suffix("").parts[0]
        if package not in ("__init__", "cli"):
            imported = {name for name in _imported(path) if name != package}
            found.setdefault(package, set()).update(imported)
    return {
        package: {name for name in names if name in found} - _EVERYWHERE
        for package, names in found.items()
        if package not in _EVERYWHERE
    }


def _imported(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("epnkit"):
            parts = (node.module or "").split(".")
            yield from [parts[1]] if len(parts) > 1 else [each.name for each in node.names]


def reduce_arrows(imports: dict[str, set[str]]) -> dict[str, set[str]]:
    """Leave out each arrow that a longer way says already."""
    reached: dict[str, set[str]] = {}
    for package in TopologicalSorter(imports).static_order():
        reached[package] = set().union(*({n} | reached[n] for n in imports[package]), set())
    return {
        package: {n for n in names if not any(n in reached[other] for other in names - {n})}
        for package, names in imports.items()
    }


def find_levels(imports: dict[str, set[str]]) -> dict[str, int]:
    """Give each package the level above all that it imports."""
    levels: dict[str, int] = {}
    for package in TopologicalSorter(imports).static_order():
        levels[package] = max((levels[name] + 1 for name in imports[package]), default=0)
    return levels


def draw() -> Figure:
    """Draw the packages, each above what it imports."""
    imports = read_imports()
    levels = find_levels(imports)
    places = _place(levels)
    figure = Figure(figsize=(9, 7.5), layout="constrained")
    axes = figure.add_subplot(xlim=(-4.7, 4.7), ylim=(-0.6, max(levels.values()) + 0.6))
    axes.set_axis_off()
    for package, names in reduce_arrows(imports).items():
        for name in sorted(names):
            _draw_arrow(axes, places[package], places[name])
    for package, (x, y) in places.items():
        axes.text(
            x,
            y,
            package,
            ha="center",
            va="center",
            fontsize=11,
            zorder=2,
            bbox={"boxstyle": "round,pad=0.45", "facecolor": _GREY, "edgecolor": _LINE},
        )
    return figure


def _place(levels: dict[str, int]) -> dict[str, tuple[float, float]]:
    places = {}
    for level in set(levels.values()):
        row = sorted(package for package, each in levels.items() if each == level)
        for number, package in enumerate(row):
            shift = 0.7 * (-1) ** level if len(row) == 1 else 0.0
            step = min(2.4, 8.4 / len(row))
            places[package] = (step * (number - (len(row) - 1) / 2) + shift, float(level))
    return places


def _draw_arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    axes.annotate(
        "",
        xy=(end[0], end[1] + 0.22),
        xytext=(start[0], start[1] - 0.2),
        zorder=1,
        arrowprops={"arrowstyle": "->", "color": _LINE, "connectionstyle": "arc3,rad=0.08"},
    )


def write() -> None:
    """Write the picture."""
    draw().savefig(PICTURE, dpi=110)


if __name__ == "__main__":
    write()
