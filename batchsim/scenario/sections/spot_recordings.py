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
from batchsim.scenario.document.content import decoded, documents, read_content, refuse_longer
from batchsim.scenario.document.document import Document, Where
from batchsim.spec.configuration import SpotTrace
from batchsim.units import parse_instant

#: Of a file: of capacity a century of ticks, of prices a hundred thousand changes.
MOST_CHARACTERS = 16_000_000


class _NoRecordingError(ValueError):
    """A file is no recording: what is wrong, and what would be right."""


def spot_trace(path: Path, document: Document, findings: list[Finding]) -> SpotTrace | None:
    """Read a recording; None, and a finding, if it is none."""
    place: Where = ("environment", "spot", "interruptions", "trace")
    content = _json(path, document, place, findings)
    if content is None:
        return None
    try:
        tick_s, runs = _runs(content)
    except _NoRecordingError as error:
        message, expected = error.args
        findings.append(document.finding(place, "trace", f"{path}: {message}", expected=expected))
        return None
    ends = list(accumulate(ticks * tick_s for _, ticks in runs))
    return SpotTrace((0.0, *ends[:-1]), tuple(count for count, _ in runs), ends[-1])


def _runs(content: list[Any]) -> tuple[float, list[tuple[int, int]]]:
    """How long a tick is, and how many instances there were for how many of them.

    Raises
    ------
    _NoRecordingError
        If the documents are anything else than one recording.
    """
    if len(content) > 1:
        raise _NoRecordingError(f"{len(content)} JSON documents", "one recording")
    tick_s = _tick_s(content[0])
    listed = [name for name in ("data", "runs") if name in content[0]]
    if len(listed) != 1:
        told = "both data and runs, which say the same" if listed else "neither data nor runs"
        raise _NoRecordingError(told, "data: [instances, …], one number a tick, or runs: [[instances, ticks], …]")
    if listed == ["data"]:
        counts = groupby(map(_count, entries(content[0], "data")))
        runs = [(count, len(list(ticks))) for count, ticks in counts]
        one_each = "[instances, …], one whole number of 0 or more a tick, or runs: [[instances, ticks], …]"
        fault = "data are not numbers of instances", one_each
    else:
        runs = [_run(run) for run in entries(content[0], "runs")]
        fault = "runs are not pairs of instances and ticks", "[[instances, ticks], …]"
    return tick_s, _complete(runs, _NoRecordingError(*fault))


def _tick_s(recording: Any) -> float:
    tick_s = figure(dig(recording, "metadata", "gap_seconds"))
    if not tick_s or tick_s <= 0:
        told = "no metadata.gap_seconds" if tick_s is None else f"metadata.gap_seconds is {tick_s:g}"
        raise _NoRecordingError(told, "the length of a tick in seconds, above 0")
    return tick_s


def _complete(runs: list[tuple[int | None, int]], fault: _NoRecordingError) -> list[tuple[int, int]]:
    """The same, where there are some and each says how many instances there were and for how long."""
    known = [(count, ticks) for count, ticks in runs if count is not None and ticks > 0]
    if not known or len(known) < len(runs):
        raise fault
    return known


def _run(value: Any) -> tuple[int | None, int]:
    """Instances, and for how many ticks; none of either where it is no pair."""
    return (_count(value[0]), _count(value[1]) or 0) if isinstance(value, list) and len(value) == 2 else (None, 0)


def _count(value: Any) -> int | None:
    """A whole number of 0 or more, also where it is written as 4.0; None for anything else."""
    number = None if isinstance(value, str) else figure(value)
    return int(number) if number is not None and number >= 0 and number.is_integer() else None


def _json(path: Path, document: Document, place: Where, findings: list[Finding]) -> list[Any] | None:
    """The JSON documents in a file; None, and a finding, if it has none."""
    shown = str(path)
    try:
        text = decoded(read_content(path, shown), shown)
        refuse_longer(text, MOST_CHARACTERS, shown)
        return documents(text, shown)
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
        price = _price(entry, start)
        if price is None:
            message = f"{path}: SpotPriceHistory[{index}] is no price"
            expected = "InstanceType, AvailabilityZone, SpotPrice and Timestamp"
            findings.append(document.finding(place, "trace", message, expected=expected))
            return None
        kind, at, usd = price
        if entry.get("ProductDescription", LINUX[0]) in LINUX:
            changes.setdefault(kind, {}).setdefault(str(entry.get("AvailabilityZone")), []).append((at, usd))
    if not changes:
        message, expected = f"{path} has no prices of Linux/UNIX", "what `aws ec2 describe-spot-price-history` writes"
        findings.append(document.finding(place, "trace", message, expected=expected))
        return None
    return {kind: _mean_of_zones(list(zones.values())) for kind, zones in changes.items()}


def _price(entry: Any, start: datetime) -> tuple[str, float, float] | None:
    """Type, second of the simulation and USD per hour of an entry; None for what is no price."""
    usd, kind = figure(dig(entry, "SpotPrice")), dig(entry, "InstanceType")
    try:
        at = (parse_instant(dig(entry, "Timestamp")) - start).total_seconds()
    except ValueError:
        return None
    return (kind, at, usd) if isinstance(kind, str) and usd is not None and usd >= 0 else None


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
