"""Checks batchsim against what is known, and writes docs/validation.md: ``python -m tools.validation``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tools.validation import page, pictures
from tools.validation.pieces import ROOT, computed, pieces

DATA = ROOT.parent / "shared" / "data"


def _told(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Compute what is not kept, and write page and pictures."""
    parser = argparse.ArgumentParser(prog="python -m tools.validation", description=__doc__.partition(":")[0])
    parser.add_argument("--workers", type=int, default=2, help="processes (default: 2); 0: what is kept alone")
    parser.add_argument(
        "--kept",
        type=Path,
        default=Path(tempfile.gettempdir()) / "batchsim-validation",
        help="where what is computed is kept, so that an interrupted run goes on (default: a temporary folder)",
    )
    parser.add_argument("--data", type=Path, default=DATA, help="the folder of public logs and executions")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where the page goes (default: docs)")
    parser.add_argument("--part", type=float, default=1.0, help="of the jobs of each case, for a quick look")
    given = parser.parse_args(arguments)
    if not 0 < given.part <= 1:
        parser.error(f"--part is above 0 and at most 1, not {given.part:g}")
    if not (given.data / "workloads").is_dir():
        parser.error(f"no public logs in {given.data}; expected a folder with workloads/, by --data")
    found = computed(given.kept, given.data, given.workers, list(pieces(given.part)), _told)
    cases, told = page.measured(found), page.with_faults(found)
    (given.docs / "images").mkdir(parents=True, exist_ok=True)
    pictures.theory(given.docs / "images" / "validation-theory.png", cases)
    groups = list(dict.fromkeys(each.case.group for each in cases))
    largest = {
        fault: {
            group: max(errors, key=abs)
            for group in groups
            if (errors := [100 * (e.estimate.mean / e.theory - 1) for e in some if e.case.group == group])
        }
        for fault, some in told.items()
    }
    if largest:
        pictures.faults(given.docs / "images" / "validation-faults.png", largest, groups)
    (given.docs / "validation.md").write_text(page.text(found, cases, told, given.part), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
