"""A run that all tests of the report share."""

from __future__ import annotations

import pytest

import batchsim as bs
from tests.builders import definition, environment, job, queue, scenario, workflow


@pytest.fixture(scope="session")
def mixed():
    """Instances on demand and on Spot, Fargate tasks, retries, jobs that fail, that depend on others, that are cut."""
    retried = definition("retried", vcpus="2", memory="2500", retryStrategy={"attempts": 3})
    task = definition("task-of-its-own", vcpus="0.5", memory="1024", platformCapabilities=["FARGATE"])
    long = {"lognormal": {"median": "10m", "p95": "40m"}}
    return bs.run(
        scenario(
            workflow(
                job("first", long, arrayProperties={"size": 30}, failure={"probability": 0.01}),
                job("second", "40m", jobDefinition="retried", jobQueue="spot", dependsOn=[{"jobName": "first"}]),
                name="etl",
                arrivals={"every": "40m"},
            ),
            workflow(
                job("report", "90s", jobQueue="tasks", jobDefinition="task-of-its-own", arrayProperties={"size": 6}),
                job("retry", "20m", jobDefinition="retried", jobQueue="spot", failure={"probability": 0.5}),
                name="hourly",
                arrivals={"every": "1h"},
            ),
            environments=[
                environment("fleet", minvCpus=2, maxvCpus=16),
                environment("market", type="SPOT", allocationStrategy="SPOT_CAPACITY_OPTIMIZED", maxvCpus=8,
                            instanceTypes=["c6i.large", "m6i.large"]),
                environment("serverless", type="FARGATE", maxvCpus=2),
            ],
            queues=[queue("queue", "fleet"), queue("spot", "market"), queue("tasks", "serverless")],
            definitions=[definition(), retried, task],
            settings={"spot": {"interruptions": {"ratePerHour": 3}}},
            ideal=False,
            duration="4h",
            horizon="235m",
            objectives=["p95(queue_time) <= 10m", "max(turnaround, workflow=hourly) <= 30m", "minimise cost"],
        )
    )  # fmt: skip
