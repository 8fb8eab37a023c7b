"""Servers and one queue: M/M/c, M/G/1, M/D/c and D/M/1."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

from tools.validation import theory
from tools.validation.case import Brought, QueueingCase
from tools.validation.cases.common import MEAN, QUEUE_TIME, TURNAROUND, single, warm_up
from tools.validation.measures import (
    longer_than,
    queue_time,
    turnaround,
)
from tools.validation.scenarios import (
    exponential,
    poisson,
)

#: Servers and load, with jobs to measure and to leave out: what 1 % takes.
_MMC = {
    (1, 0.3): 90_000,
    (1, 0.5): 150_000,
    (1, 0.7): 200_000,
    (1, 0.8): 230_000,
    (1, 0.9): 150_000,
    (1, 0.95): 600_000,
    (2, 0.8): 400_000,
    (4, 0.8): 650_000,
}
#: Many servers: waits are rare and short, the time in the system is what is measured.
_MMC_TURNAROUND = {
    (10, 0.9): 220_000,
    (20, 0.9): 130_000,
    (100, 0.9): 40_000,
    (200, 0.9): 40_000,
}


def mmc() -> Iterator[QueueingCase]:
    """M/M/c: queue time where there are few servers, turnaround where there are many; how many wait."""
    for (servers, load), jobs in {**_MMC, **_MMC_TURNAROUND}.items():
        rate = load * servers / MEAN
        known = partial(theory.mmc_queue_time, servers, rate, MEAN)
        few = (servers, load) in _MMC
        yield QueueingCase(
            name=f"M/M/{servers}, load {load}",
            group="M/M/c",
            scenario=single(exponential(MEAN), poisson(rate), servers),
            jobs_per_s=rate,
            theory=known if few else lambda known=known: known() + MEAN,  # type: ignore[misc]
            source="Erlang 1917",
            quantity=QUEUE_TIME if few else TURNAROUND,
            measure=queue_time() if few else turnaround(),
            jobs=jobs,
            warm_up=warm_up(servers, load),
            between_s=1 / rate,
            brings=(Brought(MEAN, servers, square=2 * MEAN**2),),
            few=servers - 1,
        )
    for servers, load, jobs in ((4, 0.8, 60_000), (20, 0.9, 520_000)):
        rate = load * servers / MEAN
        yield QueueingCase(
            name=f"M/M/{servers}, load {load}: jobs that wait",
            group="M/M/c",
            scenario=single(exponential(MEAN), poisson(rate), servers),
            jobs_per_s=rate,
            theory=partial(theory.erlang_c, servers, rate * MEAN),
            source="Erlang 1917",
            quantity="share of the jobs that wait",
            measure=longer_than(0.0),
            jobs=jobs,
            warm_up=warm_up(servers, load),
            between_s=1 / rate,
            brings=(Brought(MEAN, servers, square=2 * MEAN**2),),
            few=servers - 1,
        )
    for servers, load, over, jobs in ((1, 0.7, 5 * MEAN, 1_600_000), (4, 0.8, MEAN, 1_500_000)):
        rate = load * servers / MEAN
        yield QueueingCase(
            name=f"M/M/{servers}, load {load}: jobs that wait longer than {over / MEAN:.0f} min",
            group="M/M/c",
            scenario=single(exponential(MEAN), poisson(rate), servers),
            jobs_per_s=rate,
            theory=partial(theory.mmc_longer, servers, rate, MEAN, over),
            source="Erlang 1917",
            quantity=f"share of the jobs that wait longer than {over:.0f} s",
            measure=longer_than(over),
            jobs=jobs,
            warm_up=warm_up(servers, load),
            between_s=1 / rate,
            brings=(Brought(MEAN, servers, square=2 * MEAN**2),),
            few=servers - 1,
        )


def general() -> Iterator[QueueingCase]:
    """M/G/1 and M/D/c."""
    spreads: list[tuple[str, Any, float, float, int]] = [
        ("constant", MEAN, 0.0, 0.5, 50_000),
        ("constant", MEAN, 0.0, 0.8, 200_000),
        ("constant", MEAN, 0.0, 0.9, 280_000),
        ("gamma, cv 0.5", {"gamma": {"mean": MEAN, "cv": 0.5}}, 0.5, 0.7, 170_000),
        ("gamma, cv 0.5", {"gamma": {"mean": MEAN, "cv": 0.5}}, 0.5, 0.9, 310_000),
        ("uniform", {"uniform": {"min": 0, "max": 2 * MEAN}}, 1 / math.sqrt(3), 0.8, 370_000),
        ("lognormal, cv 1.2", {"lognormal": {"mean": MEAN, "cv": 1.2}}, 1.2, 0.7, 210_000),
        ("gamma, cv 1.5", {"gamma": {"mean": MEAN, "cv": 1.5}}, 1.5, 0.8, 120_000),
        ("gamma, cv 2", {"gamma": {"mean": MEAN, "cv": 2}}, 2.0, 0.5, 280_000),
        ("two values", {"empirical": {"values": [20, 420], "weights": [9, 1]}}, 2.0, 0.7, 100_000),
    ]
    for words, runtime, cv, load, jobs in spreads:
        rate = load / MEAN
        yield QueueingCase(
            name=f"M/{'D' if cv == 0 else 'G'}/1, {words}, load {load}",
            group="M/D/c and M/G/1",
            scenario=single(runtime, poisson(rate), 1),
            jobs_per_s=rate,
            theory=partial(theory.mg1_queue_time, rate, MEAN, MEAN**2 * (1 + cv**2)),
            source="Pollaczek 1930, Khinchine 1932",
            quantity=QUEUE_TIME,
            measure=queue_time(),
            jobs=jobs,
            warm_up=math.ceil(warm_up(1, load) * (1 + cv**2) / 2),
            between_s=1 / rate,
            brings=(Brought(MEAN, square=MEAN**2 * (1 + cv**2)),),
        )
    for servers, load, jobs in ((2, 0.8, 350_000), (5, 0.9, 550_000)):
        rate = load * servers / MEAN
        yield QueueingCase(
            name=f"M/D/{servers}, load {load}",
            group="M/D/c and M/G/1",
            scenario=single(MEAN, poisson(rate), servers),
            jobs_per_s=rate,
            theory=partial(theory.mdc_queue_time, servers, rate, MEAN),
            source="Crommelin 1932, Spitzer 1956",
            quantity=QUEUE_TIME,
            measure=queue_time(),
            jobs=jobs,
            warm_up=warm_up(servers, load),
            between_s=1 / rate,
            brings=(Brought(MEAN, servers),),
            few=servers - 1,
        )
    for load in (0.5, 0.8, 0.9):
        between = MEAN / load
        yield QueueingCase(
            name=f"D/M/1, load {load}",
            group="D/M/1",
            scenario=single(exponential(MEAN), {"every": between}, 1),
            jobs_per_s=1 / between,
            theory=partial(theory.dm1_queue_time, between, MEAN),
            source="Kendall 1953",
            quantity=QUEUE_TIME,
            measure=queue_time(),
            jobs=60_000,
            warm_up=warm_up(1, load),
            brings=(Brought(MEAN, square=2 * MEAN**2),),
        )
