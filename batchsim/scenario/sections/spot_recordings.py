"""Recordings of the Spot market: how many instances could be had, and what they cost.

Availability is JSON as skypilot-org/spot-traces publishes it (Wu et al., *Can't Be Late: Optimizing Spot Instance
Savings under Deadlines*, NSDI 2024): ``{"metadata": {"gap_seconds": 300}, "data": [4, 4, 4, 2]}``, the instances that
could be had at each tick; or its run-length form, ``"runs": [[4, 3], [2, 1]]``, instances and for how many ticks.
Prices are what EC2's DescribeSpotPriceHistory answers: ``{"SpotPriceHistory": [{"InstanceType": …, …}, …]}``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from itertools import accumulate, groupby
from pathlib import Path
from typing import Any

from batchsim.errors import Finding, ScenarioError
from batchsim.scenario.document.access import dig, entries, figure
from batchsim.scenario.document.content import decoded, documents, read_content
from batchsim.scenario.document.document import Document, Where
from batchsim.spec.configuration import SpotTrace
from batchsim.units import parse_instant


def spot_trace(path: Path, document: Document, findings: list[Finding]) -> SpotTrace | None:
    """Read a recording; None, and a finding, if it is none."""
    place: Where = ("environment", "spot", "interruptions", "trace")

    def wrong(message: str, expected: str) -> None:
        findings.append(document.finding(place, "trace", f"{path}: {message}", expected=expected))

    content = _json(path, document, place, findings)
    if content is None:
        return None
    if len(content) > 1:
        wrong(f"{len(content)} JSON documents", "one recording")
        return None
    tick_s = figure(dig(content[0], "metadata", "gap_seconds"))
    if not tick_s or tick_s <= 0:
        wrong("no metadata.gap_seconds", "the length of a tick in seconds")
        return None
    listed = [name for name in ("data", "runs") if name in content[0]]
    if len(listed) != 1:
        told = "both data and runs, which say the same" if listed else "neither data nor runs"
        wrong(told, "data: [instances, …], one number a tick, or runs: [[instances, ticks], …]")
        return None
    values = entries(content[0], listed[0])
    if listed == ["data"]:
        fault = "data are not numbers of instances", "[instances, …], one whole number of 0 or more a tick"
        pairs = [(count, len(list(ticks))) for count, ticks in groupby(map(_count, values))]
    else:
        fault = "runs are not pairs of instances and ticks", "[[instances, ticks], …]"
        pairs = [
            (_count(run[0]), _count(run[1]) or 0) if isinstance(run, list) and len(run) == 2 else (None, 0)
            for run in values
        ]
    good = [(count, ticks) for count, ticks in pairs if count is not None and ticks > 0]
    if not good or len(good) < len(pairs):
        wrong(*fault)
        return None
    ends = list(accumulate(ticks * tick_s for _, ticks in good))
    return SpotTrace((0.0, *ends[:-1]), tuple(count for count, _ in good), ends[-1])


def _count(value: Any) -> int | None:
    """A whole number of 0 or more, also where it is written as 4.0; None for anything else."""
    number = None if isinstance(value, str) else figure(value)
    return int(number) if number is not None and number >= 0 and number.is_integer() else None


def _json(path: Path, document: Document, place: Where, findings: list[Finding]) -> list[Any] | None:
    """The JSON documents in a file; None, and a finding, if it has none."""
    shown = str(path)
    try:
        return documents(decoded(read_content(path, shown), shown), shown)
    except ScenarioError as error:
        told = error.findings[0]
        where = f"{path}:{told.line}" if told.line else shown
        findings.append(document.finding(place, "trace", f"{where}: {told.message}", expected=told.expected))
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
    for index, entry in enumerate(_listed_prices(content)):
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


def _listed_prices(content: list[Any]) -> Iterator[Any]:
    """The prices in answers, pages of them, or a bare list."""
    for page in content:
        if isinstance(page, list):
            yield from _listed_prices(page)
        elif isinstance(page, dict) and "SpotPriceHistory" in page:
            yield from entries(page, "SpotPriceHistory")
        else:
            yield page


def _mean_of_zones(zones: list[list[tuple[float, float]]]) -> PriceSteps:
    """The mean of the zones' prices from 0 on; what was last before 0 is taken there."""
    known: dict[int, float] = {}
    steps: dict[float, float] = {}
    for at, zone, usd in sorted((at, zone, usd) for zone, changes in enumerate(zones) for at, usd in changes):
        known[zone] = usd
        steps[max(at, 0.0)] = math.fsum(known.values()) / len(known)
    return tuple(steps.items())
