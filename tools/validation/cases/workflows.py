"""Jobs that come together, follow each other, or come back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from batchsim.scenario.scenario import Scenario
from tools.validation import theory
from tools.validation.case import Brought, QueueingCase
from tools.validation.cases.common import MEAN, QUEUE_TIME, TURNAROUND, single, warm_up
from tools.validation.measures import (
    queue_time,
    turnaround,
    workflow_turnaround,
)
from tools.validation.scenarios import (
    Mapping,
    definition,
    exponential,
    job,
    poisson,
    queue,
    scenario,
    unmanaged,
    workflow,
)


def batches() -> Iterator[QueueingCase]:
    """Arrays: jobs that come together."""
    for size, load, runtime, second, jobs in (
        (5, 0.5, exponential(MEAN), 2 * MEAN**2, 130_000),
        (20, 0.7, exponential(MEAN), 2 * MEAN**2, 1_900_000),
        (10, 0.7, MEAN, MEAN**2, 330_000),
    ):
        rate = load / MEAN / size
        is_random = second > MEAN**2
        yield QueueingCase(
            name=f"arrays of {size}, {'M' if is_random else 'D'}, one server, load {load}",
            group="Batch arrivals",
            scenario=single(runtime, poisson(rate), 1, arrayProperties={"size": size}),
            jobs_per_s=rate * size,
            theory=partial(theory.batch_queue_time, rate, size, MEAN, second),
            source="Burke 1975",
            quantity=QUEUE_TIME,
            measure=queue_time(),
            jobs=jobs,
            warm_up=size * warm_up(1, load),
            between_s=1 / rate,
            brings=(Brought(size * MEAN, square=size * second + size * (size - 1) * MEAN**2),),
        )
    size, servers, rate = 8, 4, 0.6 * 4 / 8 / MEAN
    yield QueueingCase(
        name="arrays of 8, M, four servers, load 0.6",
        group="Batch arrivals",
        scenario=single(exponential(MEAN), poisson(rate), servers, arrayProperties={"size": size}),
        jobs_per_s=rate * size,
        theory=lambda: theory.batch_servers_in_system(servers, rate, size, MEAN, 2_000) / (rate * size),
        source="balance equations, Little 1961",
        quantity=TURNAROUND,
        measure=turnaround(),
        jobs=180_000,
        warm_up=size * warm_up(servers, 0.6),
        between_s=1 / rate,
        brings=(Brought(size * MEAN, servers, square=size * (size + 1) * MEAN**2),),
        few=servers - 1,
    )


def networks() -> Iterator[QueueingCase]:
    """Workflows: one queue after another, two at once, and retries."""
    for loads, servers, jobs in (((0.7, 0.8), (1, 1), 780_000), ((0.8, 0.7), (2, 4), 290_000)):
        rate = loads[0] * servers[0] / MEAN
        means = (MEAN, loads[1] * servers[1] / rate)
        queues = list(zip(servers, means, strict=True))
        yield QueueingCase(
            name=f"tandem of M/M/{servers[0]} and M/M/{servers[1]}, loads {loads[0]} and {loads[1]}",
            group="Workflows and retries",
            scenario=partial(_two_jobs, rate, queues, True),
            jobs_per_s=2 * rate,
            theory=partial(
                lambda rate, queues: sum(theory.mmc_queue_time(c, rate, m) + m for c, m in queues), rate, queues
            ),
            source="Burke 1956, Jackson 1957",
            quantity="mean turnaround of the workflow, s",
            measure=workflow_turnaround,
            jobs=jobs,
            warm_up=4 * warm_up(1, max(loads)),
            between_s=1 / rate,
            brings=tuple(
                Brought(m, c, job, 2 * m**2) for m, c, job in zip(means, servers, ("first", "second"), strict=True)
            ),
        )
    rate = 0.7 / MEAN
    yield QueueingCase(
        name="fork and join of two M/M/1, load 0.7",
        group="Workflows and retries",
        scenario=partial(_two_jobs, rate, [(1, MEAN), (1, MEAN)], False),
        jobs_per_s=2 * rate,
        theory=partial(theory.fork_join_turnaround, rate, MEAN),
        source="Flatto and Hahn 1984",
        quantity="mean turnaround of the workflow, s",
        measure=workflow_turnaround,
        jobs=250_000,
        warm_up=4 * warm_up(1, 0.7),
        between_s=1 / rate,
        brings=tuple(Brought(MEAN, 1, job, 2 * MEAN**2) for job in ("first", "second")),
    )
    for count, failing, most, load, jobs in ((1, 0.4, 3, 0.7, 230_000), (4, 0.25, 10, 0.8, 520_000)):
        mean, second = theory.retried_moments(MEAN, failing, most)
        rate = load * count / mean
        yield QueueingCase(
            name=f"M/M/{count}, {failing:.0%} of attempts fail, {most} attempts, load {load}",
            group="Workflows and retries",
            scenario=_retried(rate, failing, most, count),
            jobs_per_s=rate,
            theory=partial(theory.mg1_queue_time, rate, mean, second)
            if count == 1
            else partial(theory.mmc_queue_time, count, rate, mean),
            source="Takács 1963",
            quantity=QUEUE_TIME,
            measure=queue_time(),
            jobs=jobs,
            warm_up=2 * warm_up(count, load),
            between_s=1 / rate,
            brings=(Brought(mean, count, square=second),),
            few=count - 1,
        )


def _two_jobs(rate: float, queues: list[tuple[int, float]], in_turn: bool, duration: float) -> Scenario:
    (first, first_mean), (second, second_mean) = queues
    depends: Mapping = {"dependsOn": [{"jobName": "first"}]} if in_turn else {}
    return scenario(
        duration,
        workflow(
            poisson(rate),
            job(exponential(first_mean), "first", jobQueue="first"),
            job(exponential(second_mean), "second", jobQueue="second", **depends),
        ),
        environments=[unmanaged(first, "one"), unmanaged(second, "two")],
        queues=[queue("first", "one"), queue("second", "two")],
    )


def _retried(rate: float, failing: float, most: int, servers: int) -> Callable[[float], Scenario]:
    return lambda duration: scenario(
        duration,
        workflow(poisson(rate), job(exponential(MEAN), failure={"probability": failing})),
        environments=[unmanaged(servers)],
        definitions=[definition(retryStrategy={"attempts": most})],
    )
