"""Recordings of the Spot market: how many instances could be had, and what they cost.

Availability is JSON ``{"metadata": {"gap_seconds": 300}, "runs": [[instances, ticks], …]}``, the run-length form of
skypilot-org/spot-traces (Wu et al., *Can't Be Late: Optimizing Spot Instance Savings under Deadlines*, NSDI 2024).
Prices are what EC2's DescribeSpotPriceHistory answers: ``{"SpotPriceHistory": [{"InstanceType": …, …}, …]}``.
"""

from __future__ import annotations

import json
import math
from datetime import datetime
from itertools import accumulate
from pathlib import Path
from typing import Any

from batchsim.errors import Finding
from batchsim.scenario.configuration import SpotTrace
from batchsim.scenario.document import Document, Where
from batchsim.scenario.reading import dig, entries, figure, whole
from batchsim.units import parse_instant


def spot_trace(path: Path, document: Document, findings: list[Finding]) -> SpotTrace | None:
    """Read a recording; None, and a finding, if it is none."""
    place: Where = ("environment", "spot", "interruptions", "trace")

    def wrong(message: str, expected: str) -> None:
        findings.append(document.finding(place, "trace", f"{path}: {message}", expected=expected))

    content = _json(path, document, place, findings)
    if content is None:
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


def _json(path: Path, document: Document, place: Where, findings: list[Finding]) -> Any:
    """The content of a JSON file; None, and a finding, if it has none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = error.strerror or str(error)
    except ValueError as error:
        message = f"not JSON: {error}"
    findings.append(document.finding(place, "trace", f"{path}: {message}"))
    return None


#: From when on, in seconds of the simulation, how many USD per hour.
PriceSteps = tuple[tuple[float, float], ...]

#: Linux, as everything here; the second is from when there was a network beside VPCs.
LINUX = ("Linux/UNIX", "Linux/UNIX (Amazon VPC)")


def spot_prices(
    path: Path, start: datetime, document: Document, findings: list[Finding]
) -> dict[str, PriceSteps] | None:
    """Read recorded Spot prices by instance type; None, and a finding, if there are none.

    A price holds until the next; of a type's zones the mean is taken of those whose price is known at that moment, as
    which zone an instance is in is not known before it runs. The last change before the start counts for it (EC2 API,
    DescribeSpotPriceHistory).
    """
    place: Where = ("environment", "spot", "prices", "history")
    content = _json(path, document, place, findings)
    if content is None:
        return None
    changes: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for index, entry in enumerate(entries(content, "SpotPriceHistory")):
        usd, kind = figure(dig(entry, "SpotPrice")), dig(entry, "InstanceType")
        try:
            at = (parse_instant(dig(entry, "Timestamp")) - start).total_seconds()
        except ValueError:
            at = None
        if usd is None or usd < 0 or at is None or not isinstance(kind, str):
            message = f"{path}: SpotPriceHistory[{index}] is no price"
            expected = "InstanceType, AvailabilityZone, SpotPrice and Timestamp"
            findings.append(document.finding(place, "trace", message, expected=expected))
            return None
        if entry.get("ProductDescription", LINUX[0]) in LINUX:
            changes.setdefault(kind, {}).setdefault(str(entry.get("AvailabilityZone")), []).append((at, usd))
    if not changes:
        message, expected = f"{path} has no prices of Linux/UNIX", "what `aws ec2 describe-spot-price-history` writes"
        findings.append(document.finding(place, "trace", message, expected=expected))
        return None
    return {kind: _mean_of_zones(list(zones.values())) for kind, zones in changes.items()}


def _mean_of_zones(zones: list[list[tuple[float, float]]]) -> PriceSteps:
    """The mean of the zones' prices from 0 on; what was last before 0 is taken there."""
    known: dict[int, float] = {}
    steps: dict[float, float] = {}
    for at, zone, usd in sorted((at, zone, usd) for zone, changes in enumerate(zones) for at, usd in changes):
        known[zone] = usd
        steps[max(at, 0.0)] = math.fsum(known.values()) / len(known)
    return tuple(steps.items())
