"""``python -m benchmarks``: measure, and hold the figures against what is promised."""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.measure import Measured, measured, started
from benchmarks.targets import COMPILED, TARGETS, Subject, Target

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- benchmarks -->", "<!-- /benchmarks -->"
#: Runs of more jobs than this are made once.
LONG = 400_000


def main() -> None:
    """Measure what is asked for and print, and write, the table."""
    arguments = _arguments()
    wanted = [target for target in TARGETS if not arguments.only or _matches(target, arguments.only)]
    if arguments.compiled is None:
        wanted = [target for target in wanted if not str(target.of[0]).startswith(COMPILED)]
    if find_spec("ciw") is None:
        wanted = [target for target in wanted if target.to is None or target.to[0] != "Ciw"]
        print("Ciw is not installed and left out", file=sys.stderr)
    if not wanted:
        sys.exit("nothing is named so; names are parts of the table's lines")
    results = _measure(wanted, arguments)
    rows = [(target, target.figure(results)) for target in wanted]
    Console().print(_table(rows))
    if arguments.json:
        arguments.json.write_text(json.dumps(_content(rows, results), indent=2) + "\n", encoding="utf-8")
    if arguments.readme:
        _write_readme(rows)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="TEXT", help="lines of the table that have one of these in them")
    parser.add_argument("--repeat", type=int, default=3, help="the best of so many (default: 3); long runs once")
    parser.add_argument("--divide", type=int, default=1, metavar="N", help="a quick look: with an Nth of the jobs")
    parser.add_argument(
        "--compiled",
        metavar="PYTHON",
        help="a Python in which batchsim is installed with its engine compiled: its lines are measured too",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    parser.add_argument("--readme", action="store_true", help="write the table into README.md")
    return parser.parse_args()


def _matches(target: Target, texts: list[str]) -> bool:
    return any(text in target.title for text in texts)


def _measure(targets: list[Target], arguments: argparse.Namespace) -> dict[Subject, Measured]:
    """The best of several runs, taken in turns, so that both sides of a ratio see the same machine."""
    subjects = dict.fromkeys(subject for target in targets for subject in (target.of, target.to) if subject)
    turns = [subject for turn in range(arguments.repeat) for subject in subjects if turn == 0 or not _is_long(subject)]
    best: dict[Subject, Measured] = {}
    with tempfile.TemporaryDirectory() as folder:
        for subject in track(turns, "measuring", console=Console(stderr=True), transient=True):
            found = _once(subject, arguments, Path(folder))
            known = best.get(subject, found)
            best[subject] = Measured(min(found.cpu_s, known.cpu_s), min(found.peak_mib, known.peak_mib))
    return best


def _is_long(subject: Subject) -> bool:
    return isinstance(subject[1], int) and subject[1] > LONG


def _once(subject: Subject, arguments: argparse.Namespace, folder: Path) -> Measured:
    case, jobs = str(subject[0]), subject[1]
    if isinstance(jobs, int):
        jobs = max(jobs // arguments.divide, 1)
        if case.startswith(COMPILED):
            # Away from the sources, which would be found first.
            shutil.copytree(Path(__file__).parent, folder / "benchmarks", dirs_exist_ok=True)
            found = measured(case.removeprefix(COMPILED), jobs, python=arguments.compiled, folder=folder)
        else:
            found = measured(case, jobs)
        return Measured(found.cpu_s * arguments.divide, found.peak_mib)
    words = [str(part) for part in subject]
    return started(*words, *(["--out", str(folder / "results")] if "run" in words else []))


def _table(rows: list[tuple[Target, float]]) -> Table:
    table = Table("", "measured", "promised", "kept", box=None)
    for target, figure in rows:
        table.add_row(target.title, _shown(target, figure), _limit(target), "yes" if target.is_met(figure) else "no")
    return table


def _shown(target: Target, figure: float) -> str:
    return f"{figure:.0f}" if target.quantity == "memory" else f"{figure:.2f}"


def _limit(target: Target) -> str:
    return f"{'≥' if target.quantity == 'speed' else '≤'} {target.limit:g}"


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version(), "machine": f"{platform.system()} {platform.machine()}"}
    for name in ("batchsim", "simpy", "numpy", "ciw"):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


def _content(rows: list[tuple[Target, float]], results: dict[Subject, Measured]) -> dict[str, object]:
    return {
        "versions": _versions(),
        "targets": [
            {
                "title": target.title,
                "quantity": target.quantity,
                "figure": figure,
                "limit": target.limit,
                "kept": target.is_met(figure),
            }
            for target, figure in rows
        ],
        "measurements": [
            {
                "case": " ".join(map(str, subject)),
                "cpu_s": found.cpu_s,
                "peak_mib": found.peak_mib,
                **({"jobs_per_cpu_s": subject[1] / found.cpu_s} if isinstance(subject[1], int) else {}),
            }
            for subject, found in results.items()
        ],
    }


def _write_readme(rows: list[tuple[Target, float]]) -> None:
    """Put the table between the two marks."""
    lines = ["| | measured | promised |", "|---|---:|---:|"]
    lines += [f"| {target.title} | {_shown(target, figure)} | {_limit(target)} |" for target, figure in rows]
    told = ", ".join(f"{name} {text}" for name, text in _versions().items())
    text = README.read_text(encoding="utf-8")
    before, after = text[: text.index(BEGIN)], text[text.index(END) :]
    README.write_text(before + "\n".join([BEGIN, *lines, "", f"({told})", ""]) + after, encoding="utf-8")


if __name__ == "__main__":
    main()
