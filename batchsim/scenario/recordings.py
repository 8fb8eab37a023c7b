"""Recordings of the Spot market: run lengths of how many instances could be had.

JSON ``{"metadata": {"gap_seconds": 300}, "runs": [[instances, ticks], …]}``, the run-length form of
skypilot-org/spot-traces (Wu et al., *Can't Be Late: Optimizing Spot Instance Savings under Deadlines*, NSDI 2024).
"""

from __future__ import annotations

import json
from itertools import accumulate
from pathlib import Path

from batchsim.errors import Finding
from batchsim.scenario.configuration import SpotTrace
from batchsim.scenario.document import Document, Where
from batchsim.scenario.reading import dig, figure, whole


def spot_trace(path: Path, document: Document, findings: list[Finding]) -> SpotTrace | None:
    """Read a recording; None, and a finding, if it is none."""

    def wrong(message: str, expected: str = "") -> None:
        place: Where = ("environment", "spot", "interruptions", "trace")
        findings.append(document.finding(place, "trace", f"{path}: {message}", expected=expected))

    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        wrong(error.strerror or str(error))
        return None
    except ValueError as error:
        wrong(f"not JSON: {error}")
        return None
    tick_s, runs = figure(dig(content, "metadata", "gap_seconds")), dig(content, "runs")
    if not tick_s or tick_s <= 0:
        wrong("no metadata.gap_seconds", "the length of a tick in seconds")
        return None
    pairs = [
        (whole(run[0]), whole(run[1])) if isinstance(run, list) and len(run) == 2 else (None, None)
        for run in (runs if isinstance(runs, list) else [])
    ]
    good = [(count, ticks) for count, ticks in pairs if count is not None and ticks is not None]
    if not good or len(good) < len(pairs) or any(count < 0 or ticks < 1 for count, ticks in good):
        wrong("runs are not pairs of instances and ticks", "[[instances, ticks], …]")
        return None
    ends = list(accumulate(ticks * tick_s for _, ticks in good))
    return SpotTrace((0.0, *ends[:-1]), tuple(count for count, _ in good), ends[-1])
