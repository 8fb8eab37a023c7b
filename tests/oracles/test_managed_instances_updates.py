"""Scheduled updates of environments of ECS Managed Instances, and of how types are chosen, by hand."""

from __future__ import annotations

import pytest

import batchsim as bs
from tests.builders import environment, job, scenario, workflow
from tests.managed import managed_definition, managed_environment

MANAGED = "batch.computeEnvironments.managed"
AFTER = f"{MANAGED}.computeResources.managedInstancesProvider.infrastructureOptimization.scaleInAfter"


def instances(path, value, after):
    """A job of a minute every two hours of six, and one update after the first hour."""
    made = scenario(
        workflow(job(runtime=60), arrivals={"every": "2h"}),
        environments=[managed_environment(after=after)],
        definitions=[managed_definition()],
        duration="6h",
        updates=[{"at": "1h", "set": {path: value}}],
    )
    return bs.run(made).instances


@pytest.mark.parametrize(
    ("before", "value", "gone"),
    [
        (-1, 0, [3600, 7260, 14460]),
        (0, -1, [60, 21600]),  # the one of the second job stays, and takes the third
        (-1, 3600, [3600, 7200 + 3660, 14400 + 3660]),
    ],
)
def test_scale_in_after_holds_from_then_on(before, value, gone):
    # It is none of the members of a scaling update, so that what is there is replaced: at once, as it is idle (User
    # Guide, Perform scaling updates, Perform infrastructure updates).
    assert instances(AFTER, value, before).terminated_at.tolist() == gone


def test_a_limit_of_none_lets_no_more_jobs_run():
    found = instances(f"{MANAGED}.computeResources.maxvCpus", 0, 0)
    assert found.requested_at.tolist() == [0]


def test_a_disabled_environment_takes_no_more():
    assert instances(f"{MANAGED}.state", "DISABLED", 0).requested_at.tolist() == [0]


def test_another_allocation_strategy_chooses_from_then_on():
    # In their order c6i.xlarge comes first; by price it is too large for a job of one vCPU, which is half of m5.large.
    made = scenario(
        workflow(job(runtime=60), arrivals={"every": "2h"}),
        environments=[
            environment(instanceTypes=["c6i.xlarge", "m5.large"], allocationStrategy="BEST_FIT_PROGRESSIVE_ORDERED")
        ],
        duration="6h",
        updates=[
            {
                "at": "1h",
                "set": {"batch.computeEnvironments.fleet.computeResources.allocationStrategy": "BEST_FIT_PROGRESSIVE"},
            }
        ],
    )
    assert bs.run(made).instances.instance_type.tolist() == ["c6i.xlarge", "m5.large", "m5.large"]
