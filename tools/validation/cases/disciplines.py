"""Which job is next: priorities, and jobs of different width."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial

from batchsim.scenario.scenario import Scenario
from tools.validation import multiserver_jobs, theory
from tools.validation.case import Brought, QueueingCase
from tools.validation.cases.common import MEAN, QUEUE_TIME, TURNAROUND, warm_up
from tools.validation.measures import (
    ended_per_s,
    queue_time,
    turnaround,
)
from tools.validation.scenarios import (
    definition,
    exponential,
    job,
    poisson,
    queue,
    scenario,
    unmanaged,
    workflow,
)


def priorities() -> Iterator[QueueingCase]:
    """Queues of different priority before the same servers."""
    plans: list[tuple[str, int, list[float], list[float], int]] = [
        ("M/M/1, two priorities, load 0.8", 1, [0.3, 0.5], [MEAN, MEAN], 540_000),
        ("M/M/1, three priorities, load 0.8", 1, [0.2, 0.3, 0.3], [20.0, 60.0, 120.0], 1_200_000),
        ("M/M/4, two priorities, load 0.8", 4, [0.3, 0.5], [MEAN, MEAN], 1_800_000),
    ]
    for words, servers, loads, means, jobs in plans:
        rates = [load * servers / mean for load, mean in zip(loads, means, strict=True)]
        for number in range(len(loads)):
            yield QueueingCase(
                name=f"{words}: {('first', 'second', 'third')[number]}",
                group="Priorities",
                scenario=partial(_prioritised, servers, rates, means),
                jobs_per_s=sum(rates),
                theory=partial(_cobham, servers, loads, rates, means, number),
                source="Cobham 1954",
                quantity=QUEUE_TIME,
                measure=queue_time(f"class{number}"),
                jobs=jobs,
                warm_up=2 * warm_up(servers, sum(loads)),
                between_s=1 / sum(rates),
                brings=(_brought(servers, rates, means),),
                few=servers - 1,
                plan=words,
            )


def _brought(servers: int, rates: list[float], works: list[float]) -> Brought:
    """What a job of one class or another brings, each of an exponential run time."""
    mean = sum(rate * work for rate, work in zip(rates, works, strict=True)) / sum(rates)
    square = sum(rate * 2 * work**2 for rate, work in zip(rates, works, strict=True)) / sum(rates)
    return Brought(mean, servers, square=square)


def _cobham(servers: int, loads: list[float], rates: list[float], means: list[float], number: int) -> float:
    if servers == 1:
        work = sum(rate * mean**2 for rate, mean in zip(rates, means, strict=True))
    else:
        work = theory.erlang_c(servers, sum(loads) * servers) * means[0] / servers
    return theory.priority_queue_times(work, loads)[number]


def _prioritised(servers: int, rates: list[float], means: list[float], duration: float) -> Scenario:
    classes = list(enumerate(zip(rates, means, strict=True)))
    return scenario(
        duration,
        *(
            workflow(poisson(rate), job(exponential(mean), f"class{n}", jobQueue=f"queue{n}"), name=f"work{n}")
            for n, (rate, mean) in classes
        ),
        environments=[unmanaged(servers)],
        queues=[queue(f"queue{n}", priority=10 - n) for n, _ in classes],
    )


def widths() -> Iterator[QueueingCase]:
    """Jobs of different width, first come, first served: those behind one that has no room wait, too."""
    plans: list[tuple[int, tuple[int, ...], list[float], list[float], int]] = [
        (2, (1, 2), [0.4, 0.25], [MEAN, MEAN], 420_000),
        (4, (1, 4), [0.56, 0.14], [MEAN, 2 * MEAN], 300_000),
        (8, (1, 2, 8), [0.9, 0.45, 0.15], [MEAN, MEAN, MEAN], 650_000),
    ]
    for servers, sizes, per_mean, means, jobs in plans:
        rates = [rate / MEAN for rate in per_mean]
        for number, width in enumerate(sizes):
            yield QueueingCase(
                name=f"{servers} servers, jobs of {', '.join(map(str, sizes))} vCPUs: those of {width}",
                group="Jobs of different width",
                scenario=partial(_wide, servers, sizes, rates, means),
                jobs_per_s=sum(rates),
                theory=partial(_wide_turnaround, servers, sizes, tuple(rates), tuple(means), number),
                source="balance equations (Brill and Green 1984)",
                quantity=TURNAROUND,
                measure=turnaround(f"wide{width}"),
                jobs=jobs,
                warm_up=2_000,
                between_s=1 / sum(rates),
                brings=(_brought(servers, rates, [m * w for m, w in zip(means, sizes, strict=True)]),),
                plan=f"{servers} servers, jobs of {', '.join(map(str, sizes))} vCPUs",
            )
    for servers, sizes, mix, means in (
        (4, (1, 4), [0.8, 0.2], [MEAN, 2 * MEAN]),
        (8, (1, 2, 8), [0.6, 0.3, 0.1], [MEAN] * 3),
    ):
        limit = multiserver_jobs.saturation(servers, sizes, mix, means)
        rates = [1.5 * limit * share for share in mix]
        yield QueueingCase(
            name=f"{servers} servers, jobs of {', '.join(map(str, sizes))} vCPUs: the most that end",
            group="Jobs of different width",
            scenario=partial(_wide, servers, sizes, rates, means),
            jobs_per_s=sum(rates),
            theory=partial(multiserver_jobs.saturation, servers, sizes, mix, means),
            source="saturated queue (Grosof, Harchol-Balter and Scheller-Wolf 2020)",
            quantity="jobs that end a second when there are always some",
            measure=ended_per_s,
            jobs=530_000,
            warm_up=1_000,
            few=10**9,
        )


@cache
def _all_wide(servers: int, sizes: tuple[int, ...], rates: tuple[float, ...], means: tuple[float, ...]) -> list[float]:
    return multiserver_jobs.turnarounds(servers, sizes, rates, means, 400 if len(sizes) < 3 else 150)


def _wide_turnaround(
    servers: int, sizes: tuple[int, ...], rates: tuple[float, ...], means: tuple[float, ...], number: int
) -> float:
    return _all_wide(servers, sizes, rates, means)[number]


def _wide(servers: int, sizes: tuple[int, ...], rates: list[float], means: list[float], duration: float) -> Scenario:
    return scenario(
        duration,
        *(
            workflow(
                poisson(rate), job(exponential(mean), f"wide{width}", jobDefinition=f"wide{width}"), name=f"work{width}"
            )
            for width, rate, mean in zip(sizes, rates, means, strict=True)
        ),
        environments=[unmanaged(servers)],
        definitions=[definition(f"wide{width}", width) for width in sizes],
    )
