"""The table: on the console, and in README.md."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from rich.table import Table

from benchmarks.builds import BEFORE, COMPILED, ROOT, THIS, Build
from benchmarks.lines import Line, Rounds

README = ROOT / "README.md"
BEGIN, END = "<!-- benchmarks -->", "<!-- /benchmarks -->"


@dataclass(frozen=True)
class Row:
    """A line with its figures, by batchsim: as it is, and compiled."""

    line: Line
    lines: Mapping[str, Line]
    figures: Mapping[str, float]
    rounds: int

    @classmethod
    def of(cls, line: Line, builds: Sequence[str], rounds: Rounds) -> Row:
        """What was measured for it."""
        lines = {build: found for build in builds if (found := line.beside(build)) is not None}
        figures = {build: each.figure(rounds) for build, each in lines.items()}
        return cls(line, lines, figures, min(len(rounds[each.of]) for each in lines.values()))

    def cells(self, builds: Sequence[str]) -> list[str]:
        """As the table has them."""
        cells = [self.line.title]
        for build in builds:
            cells += self._figure(build)
        return [*cells, str(self.rounds)]

    def _figure(self, build: str) -> list[str]:
        if build not in self.lines:
            return ["", "", ""]
        line, figure = self.lines[build], self.figures[build]
        return [line.shown(figure), line.limit(), {True: "met", False: "missed", None: ""}[line.is_met(figure)]]


def heading(builds: Sequence[str]) -> list[str]:
    """Of the table."""
    return [
        "",
        *(cell for build in builds for cell in ("compiled" if build == COMPILED else "measured", "target", "")),
        "rounds",
    ]


def on_console(rows: Sequence[Row], builds: Sequence[str]) -> Table:
    """The table, as rich prints it."""
    table = Table(box=None)
    for number, name in enumerate(heading(builds)):
        table.add_column(name, justify="right" if number else "left")
    for row in rows:
        table.add_row(*row.cells(builds))
    return table


def notes(builds: Mapping[str, Build], modules: Mapping[str, tuple[int, int]], rounds: int) -> list[str]:
    """What has to be known of the figures."""
    turns = "in turns, long runs once; what others are held against is measured before and after them in each round"
    told = [f"Medians of {rounds} rounds {turns}."]
    names = {THIS: "Measured", COMPILED: "Compiled", BEFORE: "Before"}
    for name, build in builds.items():
        compiled, every = modules[name]
        commit = f"commit {build.commit()}, " if name == BEFORE and build.commit() else ""
        how = f"{compiled} of the engine's {every} modules compiled" if compiled else "the engine not compiled"
        told.append(f"{names[name]}: {commit}{how}.")
    return [*told, ", ".join(f"{name} {text}" for name, text in versions().items())]


def versions() -> dict[str, str]:
    """Of what takes part."""
    found = {"python": platform.python_version(), "machine": f"{platform.system()} {platform.machine()}"}
    for name in ("batchsim", "simpy", "numpy", "pyarrow", "ciw"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def write_readme(rows: Sequence[Row], builds: Sequence[str], told: Sequence[str]) -> None:
    """Put the table between the two marks."""
    heads = heading(builds)
    lines = [f"| {' | '.join(heads)} |", "|---|" + "---:|" * (len(heads) - 1)]
    lines += [f"| {' | '.join(row.cells(builds))} |" for row in rows]
    text = README.read_text(encoding="utf-8")
    before, after = text[: text.index(BEGIN)], text[text.index(END) :]
    README.write_text(before + "\n".join([BEGIN, *lines, "", *told, ""]) + after, encoding="utf-8")
