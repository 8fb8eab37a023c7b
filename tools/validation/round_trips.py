"""Simulated accounts, learnt and predicted: what `tools.calibration_round_trip` wrote, against what is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from scipy.stats import binom

from tools.calibration_round_trip import RoundTrip, table
from tools.validation.intervals import LEVEL

ROOT = Path(__file__).resolve().parents[2]
#: What the tool wrote, of all accounts.
WRITTEN = Path("tools/validation/round_trips.json")
#: Accounts of each kind that are asked for, and which share of a prediction's days is to be in the band.
ASKED = 20
DAYS_INSIDE = 0.85

Trips = Sequence[Mapping[str, Any]]


def written(path: Path = ROOT / WRITTEN) -> Trips:
    """The accounts as they were written; none where there is no file."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def is_the_same(again: Trips, trips: Trips) -> bool:
    """Whether those that were done again came out as they were written, to the last digit."""
    known = {json.dumps(dict(each), sort_keys=True) for each in trips}
    return all(json.dumps(dict(each), sort_keys=True) in known for each in again)


def short_of(trips: Sequence[RoundTrip]) -> list[str]:
    """What is asked for and does not hold, by kind of account."""
    accounts = dict.fromkeys(each.account for each in trips)
    return [
        f"{account}: {words}" for account in accounts for words in _short([e for e in trips if e.account == account])
    ]


def _short(of: Sequence[RoundTrip]) -> Iterator[str]:
    if len(of) < ASKED:
        yield f"{len(of)} accounts, not {ASKED}"
    if far := sum(each.means > 0.05 for each in of):
        yield f"a mean run time is further than 5 % in {far} of {len(of)}"
    for name in ("failures", "interruptions"):
        held, rates = (sum(each) for each in zip(*(getattr(each, name) for each in of), strict=True))
        if held < rates:
            yield f"{rates - held} of {rates} rates of {name} are neither within 5 % nor in their interval of 95 %"
    if wide := sum(not each.quantiles_hold for each in of):
        yield f"a quantile of queue time is further than 10 % in {wide} of {len(of)}"
    if few := [each.days_inside for each in of if each.days_inside < DAYS_INSIDE]:
        yield f"fewer days than {DAYS_INSIDE:.0%} are in the band in {len(few)} of {len(of)}, {min(few):.0%} at worst"


def section(trips: Trips, again: Trips) -> Iterator[str]:
    """Lines of the page.

    Parameters
    ----------
    again : sequence of mapping
        Those that were done for this page.
    """
    yield (
        "Simulated accounts of 30 days, told as AWS tells of jobs, learnt from their first 20 days without their\n"
        "scenario; the last ten predicted. They take longer than the rest of this page, and are read from\n"
        f"`{WRITTEN.as_posix()}`, as `python -m tools.calibration_round_trip --json` wrote it.\n"
    )
    found = [RoundTrip(**each) for each in trips or again]
    if not found:
        yield "Not run for this page.\n"
        return
    if not trips:
        yield "That file is not there: these were done for this page.\n"
    elif again:
        same = "came out the same" if is_the_same(again, trips) else "**came out otherwise: the file is of other code**"
        yield f"The first {'of each kind was' if len(again) > 1 else 'was'} done again for this page, and {same}.\n"
    yield table(found)
    short = short_of(found)
    yield f"Short of what is asked for: {'; '.join(short)}.\n" if short else "All hold what is asked for.\n"
    yield _by_chance(found)


def _by_chance(trips: Sequence[RoundTrip]) -> str:
    """How many of the intervals miss, and how many of as many would."""
    pairs = [pair for each in trips for pair in (each.failures, each.interruptions)]
    held, rates = (sum(each) for each in zip(*pairs, strict=True))
    least, most = binom.interval(LEVEL, rates, 1 - LEVEL)
    return (
        f"Of the {rates} rates {rates - held} are outside of their intervals of {LEVEL:.0%}, "
        f"where by chance {least:.0f} to {most:.0f} would be.\n"
    )
