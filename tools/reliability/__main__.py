"""Disturbs batchsim, and writes what came of it into docs/reliability.md: ``python -m tools.reliability [PART…]``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.reliability import deploy, disks, inputs, limits, model, page, signals
from tools.reliability.page import ROOT
from tools.reliability.trials import of_commands

#: Of each command, in the full form.
SIGNALS, DISKS = 27, 10
#: Scenarios, in the full form.
SCENARIOS = 10_000


@dataclass(frozen=True)
class Form:
    """In what form a part is run.

    Attributes
    ----------
    share : float
        Of what is tried in the full form.
    at_once : int
        How much of it is done at the same time.
    """

    share: float
    at_once: int


def _inputs(folder: Path, form: Form) -> Iterator[str]:
    yield from inputs.of_inputs(inputs.tried(folder, form.share, at_once=form.at_once, say=_say))


def _signals(folder: Path, form: Form) -> Iterator[str]:
    count = max(1, round(SIGNALS * form.share))
    yield from page.of_trials(of_commands(signals.trials, folder, count, at_once=form.at_once, say=_say))


def _disks(folder: Path, form: Form) -> Iterator[str]:
    if not disks.can_mount(folder / "disk"):
        raise SystemExit("disks: mounting a disk takes root: not run, the page is left as it is")
    count = max(2, round(DISKS * form.share))
    yield from page.of_trials(of_commands(disks.trials, folder, count, at_once=form.at_once, say=_say))


def _deploy(folder: Path, form: Form) -> Iterator[str]:
    every = max(1, round(1 / form.share))
    yield from page.of_cases(deploy.of_kinds(folder, every=every, at_once=form.at_once, say=_say))


def _model(folder: Path, form: Form) -> Iterator[str]:
    count = max(1, round(SCENARIOS * form.share))
    yield from model.rows(model.trials(folder, range(count), at_once=form.at_once, say=_say))


def _limits(folder: Path, form: Form) -> Iterator[str]:
    yield from limits.table(list(limits.outcomes(folder, form.share, _say)))


#: What can be run: each gives the lines of its part of the page.
PARTS: dict[str, Callable[[Path, Form], Iterator[str]]] = {
    "inputs": _inputs,
    "model": _model,
    "signals": _signals,
    "disks": _disks,
    "deploy": _deploy,
    "limits": _limits,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run parts, and write their tables."""
    parser = argparse.ArgumentParser(prog="python -m tools.reliability", description=__doc__.partition(":")[0])
    parser.add_argument("parts", metavar="PART", nargs="*", help=f"{', '.join(PARTS)} (default: all)")
    parser.add_argument("--share", type=float, default=1.0, help="of what is tried, for a quick look (default: 1)")
    parser.add_argument(
        "--at-once", type=int, default=4, help="commands or kinds of faults at the same time (default: 4)"
    )
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "reliability.md", help="where tables are written")
    given = parser.parse_args(arguments)
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"there is no part {min(unknown)}; there are {', '.join(PARTS)}")
    if given.at_once < 1:
        parser.error(f"--at-once is 1 or more, not {given.at_once}")
    if not 0 < given.share <= 1:
        parser.error(f"--share is above 0 and at most 1, not {given.share:g}")
    for part in given.parts or PARTS:
        with tempfile.TemporaryDirectory(prefix="reliability-") as folder:
            lines = list(PARTS[part](Path(folder) / part, Form(given.share, given.at_once)))
        text = given.page.read_text(encoding="utf-8")
        given.page.write_text(page.with_part(text, part, lines), encoding="utf-8")
        _say(f"{given.page}: {part} written")
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
