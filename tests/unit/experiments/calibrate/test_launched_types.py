"""Launched types beside those that are to be expected of the jobs that waited."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from batchsim.aws.histories.configuration import AccountConfiguration
from batchsim.aws.histories.records import Asked, RecordedInstance, ScalingActivity
from batchsim.experiments.calibrate.launched_types import learn_types
from tests.unit.experiments.calibrate.records import MONDAY, attempt, history, job

#: c6i has the cheaper vCPU, and holds a job of 15,000 MiB on two vCPUs only where it is eight times as large.
TYPES = ["c6i.2xlarge", "r6i.large"]


def configuration(strategy="BEST_FIT_PROGRESSIVE", types=TYPES, name="fleet"):
    resources = {"type": "EC2", "allocationStrategy": strategy, "minvCpus": 0, "maxvCpus": 64, "instanceTypes": types}
    needs = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "15000"}]
    return AccountConfiguration(
        {
            "computeEnvironments": [
                {"computeEnvironmentName": name, "type": "MANAGED", "computeResources": resources}
            ],
            "jobQueues": [
                {"jobQueueName": "high", "priority": 1,
                 "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": name}]}
            ],
            "jobDefinitions": [
                {"jobDefinitionName": "def", "type": "container",
                 "containerProperties": {"image": "app", "resourceRequirements": needs}}
            ],
        },
        {},
    )  # fmt: skip


def launch(number, at, kind, environment=""):
    name = f"i-{number}"
    activity = ScalingActivity(name, name, True, environment, MONDAY + at, MONDAY + at + 30, "")
    return RecordedInstance(f"arn/{number}", name, instance_type=kind), activity


def waiting(job_id, since, until):
    return job(job_id, attempt(until, until + 100), at=since, asked=Asked(vcpus=1, memory_mib=15000))


def learn(jobs, launches, config):
    machines, activities = zip(*launches, strict=True)
    return list(learn_types(history(*jobs, instances=machines, activities=activities), config))


def test_what_was_launched_tells_which_reading_holds():
    jobs = [waiting("a", 0, 200), waiting("b", 1000, 1200)]
    (found,) = learn(jobs, [launch(1, 60, "r6i.large"), launch(2, 1060, "r6i.large")], configuration())
    assert (found.environment, found.launched, found.n) == ("fleet", {"r6i.large": 2}, 2)
    assert found.expected == {"price": 0, "fit": 2}
    assert "fit is nearer" in found.why
    (found,) = learn(jobs, [launch(1, 60, "c6i.2xlarge"), launch(2, 1060, "r6i.large")], configuration())
    assert found.expected == {"price": 1, "fit": 1}
    assert "nearer" not in found.why


def test_instances_of_one_minute_are_one_decision():
    launches = [launch(1, 60, "r6i.large"), launch(2, 61, "c6i.2xlarge"), launch(3, 119, "r6i.large")]
    (found,) = learn([waiting("a", 0, 200)], launches, configuration())
    assert (found.launched, found.n) == ({"r6i.large": 2, "c6i.2xlarge": 1}, 1)


def test_launches_for_no_known_job_are_told():
    (found,) = learn([waiting("a", 500, 600)], [launch(1, 60, "r6i.large")], configuration())
    assert found.n == 0
    assert "no job is known to have waited" in found.why


def test_without_the_environment_types_are_counted_alone():
    one = [launch(1, 60, "r6i.large", "other")]
    for config, told in ((None, "--config"), (configuration(), "does not have it")):
        (found,) = learn([waiting("a", 0, 200)], one, config)
        assert (found.launched, found.n) == ({"r6i.large": 1}, 0)
        assert told in found.why


def test_a_configuration_that_can_t_be_simulated_stops_nothing():
    (found,) = learn([waiting("a", 0, 200)], [launch(1, 60, "r6i.large")], configuration(types=["zz9.large"]))
    assert "can't be simulated" in found.why


def test_nothing_where_no_type_is_known():
    assert list(learn_types(history(job()), configuration())) == []


@settings(max_examples=30, deadline=None)
@given(
    waits=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 20)), min_size=1, max_size=12),
    decisions=st.lists(st.integers(0, 60), min_size=1, max_size=8, unique=True),
)
def test_a_decision_is_known_where_a_job_waited_at_it(waits, decisions):
    jobs = [waiting(f"job-{number}", 100 * since, 100 * (since + long)) for number, (since, long) in enumerate(waits)]
    launches = [launch(number, 100 * at, "r6i.large") for number, at in enumerate(decisions)]
    (found,) = learn(jobs, launches, configuration())
    assert found.n == sum(any(since <= at < since + long for since, long in waits) for at in decisions)
