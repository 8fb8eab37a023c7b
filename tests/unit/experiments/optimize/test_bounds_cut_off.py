"""Where attempts are cut off, others start sooner than all that work would let them: no bound is shown of waiting.

Each scenario is simulated: it keeps its objective, or misses it where nothing cuts attempts off.
"""

from __future__ import annotations

from typing import Any

import pytest

from batchsim.experiments.optimize.configurations import Configurations
from batchsim.experiments.parameters import grid_of
from batchsim.experiments.run import run_once
from batchsim.scenario.scenario import Scenario
from tests.builders import environment, job, scenario, unmanaged, workflow

FLEET = "batch.computeEnvironments.fleet"
MAX = f"{FLEET}.computeResources.maxvCpus"
#: Of eight such jobs on four vCPUs the second half waits for ten hours.
TEN_HOURS = workflow(job(runtime="10h", arrayProperties={"size": 8}))


def is_excluded(made: Scenario) -> bool:
    return bool(Configurations(made, grid_of(made, "search"), None, made.seed).excluded)


def keeps(made: Scenario) -> bool:
    return run_once(made, made.seed, 0).summary["objectives"][0]["kept"]


def fleet(*updates: dict[str, Any], **settings: Any) -> Scenario:
    return scenario(
        TEN_HOURS,
        environments=[environment(maxvCpus=4, ec2KeyPair="one")],
        duration="1d",
        objectives=["max(queue_time) <= 40m"],
        updates=list(updates),
        search={MAX: [4]},
        settings=settings,
    )


@pytest.mark.parametrize(
    ("changes", "cuts_off"),
    [
        ({f"{FLEET}.computeResources.ec2KeyPair": "other"}, True),
        ({f"{FLEET}.computeResources.ec2KeyPair": "other", f"{FLEET}.updatePolicy.terminateJobsOnUpdate": True}, True),
        ({f"{FLEET}.computeResources.minvCpus": 2}, False),
        ({f"{FLEET}.state": "DISABLED"}, False),
    ],
    ids=["after half an hour", "at once", "a minimum replaces nothing", "nor does a state"],
)
def test_an_update_that_replaces_instances_ends_their_jobs(changes, cuts_off):
    made = fleet({"at": "5m", "set": changes})
    assert keeps(made) is cuts_off
    assert is_excluded(made) is not cuts_off


def test_an_update_that_terminates_jobs_makes_room_for_others():
    """Four jobs of fifty minutes come each minute to four servers, and are terminated half a minute later."""
    terminated = {"cron": "* * * * *", "terminate": {"jobQueue": "queue"}}
    for updates, is_kept in (([terminated], True), ([], False)):
        made = scenario(
            workflow(job(runtime="50m", arrayProperties={"size": 4}), arrivals={"every": "1m"}),
            environments=[unmanaged(4)],
            duration="1h",
            start="2026-01-05T00:00:30Z",
            objectives=["p95(queue_time) <= 10m"],
            updates=updates,
            search={"batch.computeEnvironments.servers.unmanagedvCpus": [4]},
        )
        assert keeps(made) is is_kept
        assert is_excluded(made) is not is_kept


def test_what_is_terminated_is_not_done_in_time_whoever_starts_the_sooner():
    """Of ends jobs that succeed count: 80 hours on 5 vCPUs, one of which passes the limit, are 16 whatever happens."""
    made = fleet({"at": "5m", "terminate": {"jobName": "job"}}).with_({"objectives": ["makespan <= 15h"]})
    assert not keeps(made)
    assert is_excluded(made)


def test_a_capacity_block_that_ends_takes_its_jobs_with_it():
    """Two instances run in a block that is cleared after ten minutes; others come outside of it at once."""
    group = "arn:aws:resource-groups:us-east-1:123456789012:group/blocks"
    target = {"capacityReservationTarget": {"capacityReservationResourceGroupArn": group}}
    block = {
        "name": "short",
        "kind": "capacity-block",
        "instanceType": "c6i.large",
        "zone": "us-east-1a",
        "instances": 2,
        "until": "40m",
        "price": 1.0,
        "groups": [group],
    }
    made = fleet(capacity={"reservations": [block]}).with_(
        {
            "launchTemplates": [
                {"launchTemplateName": "block", "launchTemplateData": {"capacityReservationSpecification": target}}
            ],
            f"{FLEET}.computeResources.launchTemplate": {"launchTemplateName": "block"},
        }
    )
    assert keeps(made)
    assert not is_excluded(made)
