"""``python -m benchmarks``: measure, and hold the figures against the targets."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

from rich.console import Console

from benchmarks import table
from benchmarks.builds import BEFORE, COMPILED, ROOT, THIS, Build
from benchmarks.lines import Line, Rounds
from benchmarks.measure import described
from benchmarks.targets import GROUPS
from benchmarks.turns import measure, scratch, turns


def main() -> None:
    """Measure what is asked for and print, and write, the table."""
    arguments = _arguments()
    builds = _builds(arguments)
    groups = _chosen(arguments, builds)
    shown = [name for name in (THIS, COMPILED) if name in builds]
    modules, rounds = _measured(groups, shown, builds, arguments)
    rows = [table.Row.of(line, shown, rounds) for lines in groups for line in lines]
    told = table.notes(builds, modules, arguments.rounds)
    console = Console()
    console.print(table.on_console(rows, shown))
    console.print("\n".join(told), highlight=False)
    if arguments.divide > 1:
        print(f"A quick look with 1/{arguments.divide} of the jobs: no figure to quote.")
    if arguments.json:
        arguments.json.write_text(json.dumps(_content(rows, rounds, told), indent=2) + "\n", encoding="utf-8")
    if arguments.readme:
        table.write_readme(rows, shown, told)


def _measured(
    groups: list[list[Line]], shown: Sequence[str], builds: Mapping[str, Build], arguments: argparse.Namespace
) -> tuple[dict[str, tuple[int, int]], Rounds]:
    """How much of each batchsim's engine is compiled, and all measurements."""
    with scratch() as folder:
        modules = {name: described(build, folder) for name, build in builds.items()}
        _check(modules)
        needed = [[found for line in lines for name in shown if (found := line.beside(name))] for lines in groups]
        return modules, measure(turns(needed, arguments.rounds), builds, folder, arguments.divide)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="TEXT", help="lines of the table that have one of these in them")
    parser.add_argument("--all", action="store_true", help="the lines of five million jobs too")
    parser.add_argument("--rounds", type=int, default=3, help="medians of so many (default: 3); long runs once")
    parser.add_argument("--divide", type=int, default=1, metavar="N", help="a quick look: with an Nth of the jobs")
    place = "a folder that has batchsim in it, or a Python that has it installed"
    parser.add_argument("--compiled", metavar="PLACE", help=f"measure the engine compiled too: {place}")
    parser.add_argument("--before", metavar="PLACE", help=f"measure what an older batchsim took too: {place}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures and all measurements")
    parser.add_argument("--readme", action="store_true", help="write the table into README.md")
    arguments = parser.parse_args()
    if arguments.rounds < 1 or arguments.divide < 1:
        parser.error("--rounds and --divide are 1 or more")
    return arguments


def _builds(arguments: argparse.Namespace) -> dict[str, Build]:
    """What is measured, by its name."""
    builds = {THIS: Build(THIS, sys.executable, ROOT)}
    for name in (COMPILED, BEFORE):
        if place := getattr(arguments, name):
            builds[name] = Build.of(name, place)
    return builds


def _check(modules: Mapping[str, tuple[int, int]]) -> None:
    """Say so where what is measured is not what is asked for."""
    if COMPILED in modules and not modules[COMPILED][0]:
        sys.exit("--compiled: no module of that engine is compiled")
    if modules[THIS][0]:
        print("compiled modules lie beside the sources, and are measured instead of them", file=sys.stderr)


def _chosen(arguments: argparse.Namespace, builds: Mapping[str, Build]) -> list[list[Line]]:
    """Lines that are asked for and can be measured, by group."""
    asked = [[line for line in lines if _is_asked(line, arguments)] for lines in GROUPS.values()]
    if not any(asked):
        sys.exit("no line is named so; names are parts of the table's lines")
    chosen = [[line for line in lines if _can(line, builds)] for lines in asked]
    if left_out := _titles(asked) - _titles(chosen):
        print("left out, for want of --before or of Ciw:", *sorted(left_out), sep="\n  ", file=sys.stderr)
    if not any(chosen):
        sys.exit("nothing is left to measure")
    return [lines for lines in chosen if lines]


def _titles(groups: list[list[Line]]) -> set[str]:
    return {line.title for line in chain(*groups)}


def _is_asked(line: Line, arguments: argparse.Namespace) -> bool:
    if arguments.only:
        return any(text in line.title for text in arguments.only)
    return arguments.all or not line.long


def _can(line: Line, builds: Mapping[str, Build]) -> bool:
    has_ciw = find_spec("ciw") is not None
    return all(each.build in builds and (has_ciw or not str(each.case).startswith("Ciw")) for each in line.subjects)


def _content(rows: Sequence[table.Row], rounds: Rounds, told: Sequence[str]) -> dict[str, object]:
    return {
        "versions": table.versions(),
        "notes": list(told),
        "load": os.getloadavg()[0],
        "lines": [
            {
                "title": row.line.title,
                "quantity": row.line.quantity.value,
                "rounds": row.rounds,
                **{
                    name: {"figure": figure, "target": row.lines[name].target, "met": row.lines[name].is_met(figure)}
                    for name, figure in row.figures.items()
                },
            }
            for row in rows
        ],
        "measurements": {str(subject): [asdict(each) for each in found] for subject, found in rounds.items()},
    }


if __name__ == "__main__":
    main()
