"""Which changes a run gives reason to try, and which it does not, by hand."""

from __future__ import annotations

import pytest

import batchsim as bs
from batchsim.experiments.changes.causes import causes
from batchsim.experiments.changes.evidence import Evidence
from batchsim.experiments.changes.limits import limits
from batchsim.experiments.changes.minimums import minimums
from batchsim.scenario.loading import from_mapping
from batchsim.units import HOUR
from tests.builders import definition, environment, job, queue, scenario, unmanaged, workflow

ENVIRONMENTS = "batch.computeEnvironments"
RESOURCES = f"{ENVIRONMENTS}.fleet.computeResources"
ORDER = "batch.jobQueues.queue.computeEnvironmentOrder"
#: No capacity of the family for two hours.
LATER = [{"at": 7200, "vcpus": 64}]
NONE_OF_C6I = {"capacity": {"pools": [{"instanceTypes": ["c6i"], "vcpus": 0, "schedule": LATER}]}}


def sets(stage, made) -> list[dict[str, object]]:
    return [dict(change.set) for change in stage(Evidence(bs.run(made).run))]


# Limits


@pytest.mark.parametrize(("needed", "raised"), [(4, True), (2, False)], ids=["half of the limit", "a quarter"])
def test_a_limit_is_raised_of_which_half_was_ever_used(needed, raised):
    """Jobs wait for a quota, of 4 or of 2 vCPUs; the fleet has a limit of 8."""
    made = scenario(
        workflow(job(runtime=3600, arrayProperties={"size": 20})),
        environments=[environment(maxvCpus=8)],
        settings={"capacity": {"accountvCpus": {"EC2": needed}}},
    )
    found = sets(limits, made)
    assert ({f"{RESOURCES}.maxvCpus": 16} in found) is raised
    assert {"environment.capacity.accountvCpus.EC2": 2 * needed} in found


def test_only_what_queues_met_that_waited_is_raised():
    # The other queue's fleet is as full and nobody waits for it; the spare one is behind no queue.
    fleets = [environment("fleet", maxvCpus=2), environment("other", maxvCpus=2), environment("spare", maxvCpus=2)]
    made = scenario(
        workflow(job("waits", 3600, arrayProperties={"size": 6}), {**job("runs", 3600), "jobQueue": "calm"}),
        environments=fleets,
        queues=[queue("queue", "fleet"), queue("calm", "other")],
    )
    assert sets(limits, made) == [{f"{RESOURCES}.maxvCpus": 4}]


def test_quotas_are_doubled_once_for_all_environments_of_their_option():
    fleets = [environment("fleet", maxvCpus=2), environment("more", maxvCpus=2)]
    made = scenario(
        workflow(job(runtime=3600, arrayProperties={"size": 20})),
        environments=fleets,
        settings={"capacity": {"accountvCpus": {"EC2": 4, "SPOT": 4}}},
    )
    quotas = [each for each in sets(limits, made) if any(path.startswith("environment.") for path in each)]
    assert quotas == [{"environment.capacity.accountvCpus.EC2": 8}]


def test_nothing_is_raised_where_jobs_hardly_waited():
    # 179 job-seconds of waiting in all are none, 181 are some.
    for seconds, found in ((179, []), (181, [{f"{ENVIRONMENTS}.servers.unmanagedvCpus": 2}])):
        made = scenario(workflow(job("a", seconds), job("b", seconds)), environments=[unmanaged(1)])
        assert sets(limits, made) == found


def licences(total: int, vcpus: int):
    wants = {"consumableResourceList": [{"consumableResource": "licence", "quantity": 1}]}
    made = {
        "computeEnvironments": [unmanaged(vcpus)],
        "consumableResources": [
            {"consumableResourceName": name, "totalQuantity": total} for name in ("licence", "other")
        ],
        "jobQueues": [queue("queue", "servers")],
        "jobDefinitions": [definition(consumableResourceProperties=wants)],
    }
    jobs = [workflow(job(runtime=3600, arrayProperties={"size": 8}))]
    return from_mapping({"name": "test", "batch": made, "workload": jobs, "environment": {"preset": "ideal"}})


def test_of_consumable_resources_those_that_jobs_ask_for_are_raised():
    found = sets(limits, licences(2, 100))
    assert {"batch.consumableResources.licence.totalQuantity": 4} in found
    assert not any("other" in path for each in found for path in each)


# Minimums


def idle(**resources):
    """One hour of a job each half a day: much of what is kept does nothing."""
    return scenario(
        workflow(job(runtime=HOUR), arrivals={"every": "12h"}),
        environments=[environment(**resources)],
        duration="2d",
    )


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ({"minvCpus": 8}, [{f"{RESOURCES}.minvCpus": 0}, {f"{RESOURCES}.minvCpus": 4}]),
        (
            {"minvCpus": 8, "desiredvCpus": 12},
            [
                {f"{RESOURCES}.minvCpus": 0, f"{RESOURCES}.desiredvCpus": 0},
                {f"{RESOURCES}.minvCpus": 4, f"{RESOURCES}.desiredvCpus": 4},
            ],
        ),
        (
            {"minvCpus": 8, "scalingPolicy": {"minScaleDownDelayMinutes": 60}},
            [
                {f"{RESOURCES}.minvCpus": 0},
                {f"{RESOURCES}.minvCpus": 4},
                {f"{RESOURCES}.scalingPolicy.minScaleDownDelayMinutes": 0},
            ],
        ),
        ({}, []),
    ],
    ids=["a minimum", "and what is desired", "and a delay", "nothing"],
)
def test_what_is_kept_is_tried_at_none_and_at_half(resources, expected):
    assert sets(minimums, idle(**resources)) == expected


def test_what_is_kept_is_told_by_what_went_to_nothing():
    made = idle(minvCpus=2)
    (first, _) = minimums(Evidence(bs.run(made).run))
    summary = bs.run(made).summary["compute_environments"]["fleet"]["cost_usd"]
    idle_share = summary["by_purpose"]["idle"] / summary["total"]
    assert idle_share > 0.5
    assert "of fleet went to room that nothing used" in first.why


# Causes


def test_another_family_and_another_environment_where_capacity_was_unavailable():
    fleets = [environment("fleet"), environment("spare", instanceTypes=["m6i.large"])]
    made = scenario(environments=fleets, queues=[queue("queue", "fleet")], settings=NONE_OF_C6I)
    order = [{"order": 1, "computeEnvironment": "fleet"}, {"order": 2, "computeEnvironment": "spare"}]
    assert sets(causes, made) == [{f"{RESOURCES}.instanceTypes": ["c6i.large", "c6a"]}, {ORDER: order}]


def test_aws_takes_no_more_than_three_environments_for_a_queue():
    names = ["one", "two", "three"]
    fleets = [*(environment(name) for name in names), environment("spare", instanceTypes=["m6i.large"])]
    three = scenario(environments=fleets, queues=[queue("queue", *names)], settings=NONE_OF_C6I)
    assert not any(ORDER in each for each in sets(causes, three))
    two = scenario(environments=fleets, queues=[queue("queue", *names[:2])], settings=NONE_OF_C6I)
    behind = [each[ORDER][-1]["computeEnvironment"] for each in sets(causes, two) if ORDER in each]
    assert behind == ["three", "spare"]


def test_a_bid_is_raised_before_types_are_changed():
    spot = environment(type="SPOT", allocationStrategy="SPOT_CAPACITY_OPTIMIZED", bidPercentage=90)
    first, second = sets(causes, scenario(environments=[spot], settings=NONE_OF_C6I))
    assert first == {f"{RESOURCES}.bidPercentage": 100}
    assert list(second) == [f"{RESOURCES}.instanceTypes"]


#: An instance takes ten minutes to come, and goes as soon as it is idle.
BOOTS = {"ec2": {"launch": 300, "register": 300}, "scheduler": {"scaleDownIdle": 0}}


@pytest.mark.parametrize(
    ("every", "size", "kept"),
    [
        # Of an hour, an instance is there for 10 min of booting, of which the register's 5 are paid, and 30 of the job.
        ("1h", 1, 2),
        ("1h", 4, 4),
        ("2h", 1, None),
    ],
    ids=["one instance half of the time", "two", "less than half of the time"],
)
def test_what_runs_for_half_of_the_time_may_be_kept(every, size, kept):
    array = {"arrayProperties": {"size": size}} if size > 1 else {}
    made = scenario(
        workflow(job(runtime=1800, **array), arrivals={"every": every}),
        definitions=[definition(vcpus="1", memory="1500")],
        duration="1d",
        settings=BOOTS,
    )
    found = sets(causes, made)
    assert [each[f"{RESOURCES}.minvCpus"] for each in found if f"{RESOURCES}.minvCpus" in each] == (
        [kept] if kept else []
    )
    # AWS's least delay is tried beside it.
    assert {f"{RESOURCES}.scalingPolicy.minScaleDownDelayMinutes": 20} in found


def test_what_is_kept_already_is_not_tried_again():
    made = scenario(
        workflow(job(runtime=1800), arrivals={"every": "1h"}),
        environments=[environment(minvCpus=2, maxvCpus=2, scalingPolicy={"minScaleDownDelayMinutes": 30})],
        duration="1d",
        settings=BOOTS,
    )
    assert sets(causes, made) == []


def test_the_widest_jobs_get_no_queue_of_their_own_where_all_are_as_wide():
    made = scenario(
        workflow(job("a", 3600), job("b", 60, arrayProperties={"size": 20})),
        environments=[unmanaged(2)],
    )
    assert not any("batch.jobQueues" in each for each in sets(causes, made))
