"""The order of measurements: in turns, and what others are held against before and after them."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.progress import track

from benchmarks.builds import ROOT, Build
from benchmarks.lines import Line, Subject
from benchmarks.measure import Measured, measured, started

#: Lines with a run of more jobs than this are measured in one round.
LONG = 400_000


def turns(groups: Iterable[list[Line]], rounds: int) -> list[Subject]:
    """What is measured, one after the other.

    In each round each group in turn: what others are held against, what is held against it, and the first again in
    the reverse order.
    """
    order: list[Subject] = []
    groups = list(groups)
    for number in range(rounds):
        for lines in groups:
            now = [line for line in lines if number == 0 or not is_long(line)]
            first = list(dict.fromkeys(line.to for line in now if line.to is not None))
            second = dict.fromkeys(line.of for line in now)
            order += [*first, *(subject for subject in second if subject not in first), *reversed(first)]
    return order


def is_long(line: Line) -> bool:
    """Whether it is measured in one round."""
    return any(subject.jobs > LONG for subject in line.subjects)


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder with what is measured in it and no batchsim, for the first folder is where a Python looks first."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(ROOT / "benchmarks", folder / "benchmarks", ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "scenarios").mkdir()
        shutil.copy(ROOT / "scenarios" / "etl.yaml", folder / "scenarios")
        yield folder


def measure(
    order: list[Subject], builds: Mapping[str, Build], folder: Path, divide: int = 1
) -> dict[Subject, list[Measured]]:
    """Every measurement of each subject."""
    found: dict[Subject, list[Measured]] = {}
    for subject in track(order, "measuring", console=Console(stderr=True), transient=True):
        found.setdefault(subject, []).append(_once(subject, builds[subject.build], folder, divide))
    return found


def _once(subject: Subject, build: Build, folder: Path, divide: int) -> Measured:
    if not isinstance(subject.case, str):
        return started(build, subject.case, folder)
    jobs = max(subject.jobs // divide, 1)
    once = measured(build, subject.case, jobs, folder)
    return replace(once, cpu_s={part: cpu_s * subject.jobs / jobs for part, cpu_s in once.cpu_s.items()})
