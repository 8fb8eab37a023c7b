"""Capacity that comes and goes: Fargate, instances that boot, Spot instances that are taken back."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from batchsim.catalog import fargate
from batchsim.scenario.scenario import Scenario
from batchsim.units import HOUR
from tools.validation import theory
from tools.validation.case import Brought, QueueingCase
from tools.validation.cases.common import MEAN, QUEUE_TIME, TURNAROUND
from tools.validation.measures import (
    attempts_per_job,
    cost_of_an_hours_jobs,
    cost_per_hour,
    cost_per_job,
    instances_on,
    queue_time,
    running,
    turnaround,
    workflow_turnaround,
)
from tools.validation.scenarios import (
    Mapping,
    definition,
    exponential,
    fleet,
    job,
    poisson,
    scenario,
    workflow,
)


def capacity() -> Iterator[QueueingCase]:
    """Fargate, instances that are started for a job, and Spot instances that are taken back and repaired."""
    yield from _on_fargate()
    yield from _on_instances()
    yield from _on_spot()


def _on_fargate() -> Iterator[QueueingCase]:
    rate, mean = 1 / 30, 90.0
    prices = fargate.price("us-east-1", "X86_64")
    per_s = (prices.usd_per_vcpu_hour + 2 * prices.usd_per_gb_hour) / HOUR
    on_fargate = definition(platformCapabilities=["FARGATE"])

    def simple(runtime: Any) -> Callable[[float], Scenario]:
        return lambda duration: scenario(
            duration,
            workflow(poisson(rate), job(runtime)),
            environments=[fleet("FARGATE", 0, 10_000)],
            definitions=[on_fargate],
        )

    known: Mapping = {"jobs_per_s": rate, "between_s": 1 / rate, "group": "Fargate: M/G/∞"}
    yield QueueingCase(
        name="M/M/∞, running tasks",
        scenario=simple(exponential(mean)),
        theory=lambda: rate * mean,
        source="Erlang 1917",
        quantity="mean number of running tasks",
        measure=running,
        jobs=40_000,
        warm_up=200,
        brings=(Brought(mean, 10_000),),
        few=10**9,
        **known,
    )
    yield QueueingCase(
        name="M/G/∞, running tasks, lognormal, cv 1.5",
        scenario=simple({"lognormal": {"mean": mean, "cv": 1.5}}),
        theory=lambda: rate * mean,
        source="Takács 1962",
        quantity="mean number of running tasks",
        measure=running,
        jobs=60_000,
        warm_up=500,
        brings=(Brought(mean, 10_000),),
        few=10**9,
        **known,
    )
    yield QueueingCase(
        name="M/M/∞, cost of a job, a minute at least",
        scenario=simple(exponential(mean)),
        theory=lambda: theory.billed(mean, 60.0) * per_s,
        source="AWS's prices, renewal-reward",
        quantity="USD a job",
        measure=cost_per_job,
        jobs=40_000,
        brings=(Brought(mean, 10_000),),
        few=10**9,
        **known,
    )
    yield QueueingCase(
        name="M/D/∞, cost of an hour",
        scenario=simple(mean),
        theory=lambda: rate * mean * HOUR * per_s,
        source="AWS's prices, renewal-reward",
        quantity="USD an hour",
        measure=cost_of_an_hours_jobs,
        jobs=30_000,
        **known,
    )
    size = 16
    yield QueueingCase(
        name="arrays of 16, the slowest",
        group="Fargate: M/G/∞",
        scenario=lambda duration: scenario(
            duration,
            workflow(poisson(rate / 10), job(exponential(mean), arrayProperties={"size": size})),
            environments=[fleet("FARGATE", 0, 10_000)],
            definitions=[on_fargate],
        ),
        jobs_per_s=size * rate / 10,
        theory=lambda: theory.slowest(size, mean),
        source="Rényi 1953",
        quantity="mean turnaround of the array, s",
        measure=workflow_turnaround,
        jobs=80_000,
        brings=(Brought(size * mean, 10_000),),
        few=10**9,
    )


def _on_instances() -> Iterator[QueueingCase]:
    setup, rate = 90.0, 0.5 / MEAN

    def booted(duration: float) -> Scenario:
        return scenario(
            duration,
            workflow(poisson(rate), job(exponential(MEAN))),
            environments=[fleet("EC2", 0, 2)],
            definitions=[definition(vcpus=2)],
            settings={
                "ec2": {"register": setup, "rootVolume": 0},
                "scheduler": {"scaleUpInterval": 0.0},
                "prices": {"overrides": {"c6i.large": 0.1}},
            },
        )

    known: Mapping = {
        "scenario": booted,
        "plan": "M/M/1 on an instance",
        "jobs_per_s": rate,
        "between_s": 1 / rate,
        "brings": (Brought(2 * MEAN, 2, square=8 * MEAN**2),),
    }
    yield QueueingCase(
        name="M/M/1 on an instance that is booted for each busy time",
        group="EC2: M/G/1 with setup",
        theory=lambda: theory.setup_queue_time(rate, MEAN, 2 * MEAN**2, setup),
        source="Welch 1964",
        quantity=QUEUE_TIME,
        measure=queue_time(),
        jobs=60_000,
        warm_up=200,
        **known,
    )
    yield QueueingCase(
        name="M/M/1 on such an instance: what it costs",
        group="EC2: M/G/1 with setup",
        theory=lambda: 0.1 * theory.setup_share_on(rate, MEAN, setup),
        source="Welch 1964, renewal-reward",
        quantity="USD an hour",
        measure=cost_per_hour,
        jobs=60_000,
        warm_up=200,
        **known,
    )


def _on_spot() -> Iterator[QueueingCase]:
    hazard, repair, count = 0.5, 600.0, 20
    yield QueueingCase(
        name="20 Spot instances, each taken back every 2 h and replaced in 10 min",
        group="Spot: machine repair",
        scenario=lambda duration: scenario(
            duration,
            workflow({"at": [0]}, job(1)),
            environments=[fleet("SPOT", 2 * count, 2 * count)],
            settings={
                "ec2": {"spotFulfilment": repair},
                "spot": {"interruptions": {"ratePerHour": hazard}, "notice": 0},
                "scheduler": {"scaleUpInterval": 0},
            },
            horizon=duration,
        ),
        jobs_per_s=count * hazard / HOUR,
        theory=lambda: count * (HOUR / hazard) / (HOUR / hazard + repair),
        source="Palm 1947, renewal-reward",
        quantity="mean number of registered instances",
        measure=instances_on,
        jobs=12_000,
        warm_up=100,
        few=None,
    )
    runtime, most = 3_000.0, 10

    def taken_back(duration: float) -> Scenario:
        return scenario(
            duration,
            workflow(poisson(1 / 100), job(runtime)),
            environments=[fleet("SPOT", 0, 10_000)],
            definitions=[definition(vcpus=2, retryStrategy={"attempts": most})],
            settings={
                "spot": {"interruptions": {"ratePerHour": hazard}, "notice": 0},
                "scheduler": {"scaleUpInterval": 0},
            },
        )

    known: Mapping = {
        "scenario": taken_back,
        "plan": "jobs that start over",
        "jobs_per_s": 1 / 100,
        "jobs": 60_000,
        "warm_up": 200,
    }
    attempts = partial(theory.restarted_attempts, hazard / HOUR, runtime, most)
    yield QueueingCase(
        name="jobs of 50 min that start over when their Spot instance is taken back: attempts",
        group="Spot: machine repair",
        theory=attempts,
        source="Kulkarni, Nicola and Trivedi 1987",
        quantity="mean attempts a job",
        measure=attempts_per_job,
        **known,
    )
    yield QueueingCase(
        name="the same: turnaround",
        group="Spot: machine repair",
        theory=lambda: attempts() * HOUR / hazard * (1 - math.exp(-hazard / HOUR * runtime)),
        source="Kulkarni, Nicola and Trivedi 1987",
        quantity=TURNAROUND,
        measure=turnaround(),
        **known,
    )
