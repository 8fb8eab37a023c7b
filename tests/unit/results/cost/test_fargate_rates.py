"""What a Fargate task costs a second, by hand: AWS Fargate pricing, Amazon VPC pricing (public IPv4 addresses)."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from batchsim.results.cost.fargate_rates import fargate_tasks, paid_spans
from batchsim.spec.configuration import FargatePrices
from batchsim.spec.workload import JobGroup
from tests.worlds import configuration, fleet, jobs, run

#: USD per vCPU-hour, per GB-hour of memory, and of storage beyond 20 GB; made up, and easy to add.
X86, ARM = FargatePrices(0.04, 0.004, 0.0001), FargatePrices(0.03, 0.003, 0.0001)
ADDRESS = 0.005


def tasks_of(kind: str = "FARGATE", **members):
    """The task of one job of 2 vCPUs and 4 GB, for 100 s."""
    environment = fleet(
        purchase_option=kind,
        fargate={"X86_64": X86, "ARM64": ARM},
        offerings=(),
        allocation_strategy="",
        public_ipv4_usd_per_hour=ADDRESS,
    )
    work = jobs([0], 100, 2, memory_mib=4096, groups=[JobGroup("work", "queue", "definition", **members)])
    recording = run(work, environment)
    return fargate_tasks(work, configuration(environment), recording), recording


def test_it_pays_for_vcpus_and_memory():
    tasks, _ = tasks_of()
    rate = (2 * 0.04 + 4 * 0.004) / 3600
    assert tasks.attempt.tolist() == [0]
    assert tasks.usd_per_s == pytest.approx([rate])
    assert tasks.eligible_usd_per_s == pytest.approx([rate])


def test_its_architecture_has_prices_of_its_own():
    tasks, _ = tasks_of(architecture="ARM64")
    assert tasks.usd_per_s == pytest.approx([(2 * 0.03 + 4 * 0.003) / 3600])


@pytest.mark.parametrize(("gib", "paid"), [(20, 0), (21, 1), (200, 180)])
def test_storage_is_paid_beyond_20_gib_and_no_plan_covers_it(gib, paid):
    tasks, _ = tasks_of(ephemeral_storage_gib=gib)
    compute = 2 * 0.04 + 4 * 0.004
    assert tasks.usd_per_s == pytest.approx([(compute + paid * 0.0001) / 3600])
    assert tasks.eligible_usd_per_s == pytest.approx([compute / 3600])


def test_a_public_address_is_paid_and_no_plan_covers_it():
    tasks, _ = tasks_of(public_ip=True)
    compute = 2 * 0.04 + 4 * 0.004
    assert tasks.usd_per_s == pytest.approx([(compute + ADDRESS) / 3600])
    assert tasks.eligible_usd_per_s == pytest.approx([compute / 3600])


def test_a_plan_covers_nothing_of_fargate_spot():
    # Savings Plans User Guide: Compute Savings Plans are for Fargate, and not for Fargate Spot.
    tasks, _ = tasks_of("FARGATE_SPOT")
    assert tasks.usd_per_s == pytest.approx([(2 * 0.04 + 4 * 0.004) / 3600])
    assert tasks.eligible_usd_per_s.tolist() == [0.0]


def test_it_is_paid_from_the_pull_to_the_end_or_the_end_of_the_run():
    tasks, recording = tasks_of()
    start, stop = paid_spans(tasks, recording)
    assert (start.tolist(), stop.tolist()) == ([0.0], [100.0])
    unended = replace(recording.attempts, stopped_at=np.array([math.nan]))
    cut = replace(recording, ended_at=60.0, attempts=unended)
    assert paid_spans(tasks, cut)[1].tolist() == [60.0]


def test_what_runs_on_instances_is_no_task():
    work = jobs([0], 100, 2)
    tasks = fargate_tasks(work, configuration(fleet()), run(work, fleet()))
    assert [len(column) for column in (tasks.attempt, tasks.usd_per_s, tasks.eligible_usd_per_s)] == [0, 0, 0]
