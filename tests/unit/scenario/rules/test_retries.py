"""What is retried: patterns that AWS takes, and what becomes of interruptions by the entries of evaluateOnExit.

UG *Job retries*, *Best practices*: the first entry whose conditions all match decides, and what none matches is
retried. An interruption has a status reason, and neither an exit code nor a reason.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchsim.engine.retries import is_retried
from batchsim.recording import TASK_INTERRUPTED
from batchsim.scenario.batch.job_groups import retry_rules
from tests.scenarios.rules.base import EXIT_OTHERWISE, GONE, full, of_rule
from tests.scenarios.rules.changes import (
    FARGATE_SPOT,
    MANAGED,
    OTHER_QUEUE,
    RETRY_HOSTS,
    RETRY_TASKS,
    SPOT,
    Change,
    behind,
    beside,
    job,
    order,
    retried,
)
from tests.scenarios.rules.of_managed_instances import options

ENTRY = "task.retryStrategy.evaluateOnExit.0"


# Patterns


@pytest.mark.parametrize(
    ("member", "pattern"),
    [
        ("onExitCode", "137"),
        ("onExitCode", "13*"),
        ("onExitCode", "*"),
        ("onReason", "CannotPullContainerError:*"),
        ("onReason", "AGENT"),
        ("onReason", "DockerTimeoutError: 5.0"),
        ("onReason", "tab\tand\nline"),
        ("onStatusReason", "Task failed to start"),
        ("onStatusReason", "*"),
    ],
)
def test_patterns_that_aws_takes(member, pattern):
    assert of_rule("attempts", retried({member: pattern, "action": "RETRY"})) == []


@pytest.mark.parametrize(
    ("member", "pattern"),
    [
        ("onExitCode", "-1"),
        ("onExitCode", "1.0"),
        ("onExitCode", "one"),
        ("onExitCode", "*37"),
        ("onExitCode", "1**"),
        ("onReason", "*Error"),
        ("onReason", "Cannot*Error"),
        ("onReason", "Error**"),
        ("onReason", "a-b"),
        ("onStatusReason", "Host EC2 (instance*"),
        ("onStatusReason", "Host EC2?"),
    ],
)
def test_patterns_that_aws_refuses(member, pattern):
    (finding,) = of_rule("attempts", retried({member: pattern, "action": "RETRY"}))
    assert finding.path == full(f"{ENTRY}.{member}")
    assert "and a final *" in finding.expected


def test_what_is_wrong_with_a_pattern_that_is_too_long_is_its_length():
    (finding,) = of_rule("attempts", retried({"onReason": "x" * 513, "action": "EXIT"}))
    assert finding.expected.endswith(", 512 characters at most")
    (finding,) = of_rule("attempts", retried({"onReason": "*" + "x" * 511, "action": "EXIT"}))
    assert "512" not in finding.expected
    # It is not shown whole.
    assert len(finding.message) < 200


def test_every_fault_of_a_strategy_is_told():
    strategy = {
        "evaluateOnExit": [{"action": "EXIT"}, {"onReason": "*x", "onExitCode": "x", "action": "EXIT"}, EXIT_OTHERWISE]
    }
    assert {
        each.path.partition("retryStrategy")[2] for each in of_rule("attempts", {"job.retryStrategy": strategy})
    } == {
        "",
        ".evaluateOnExit.0",
        ".evaluateOnExit.1.onReason",
        ".evaluateOnExit.1.onExitCode",
    }


# Failures that no entry matches


@pytest.mark.parametrize(
    ("entries", "attempts", "told"),
    [
        ([RETRY_HOSTS], 2, True),
        ([RETRY_HOSTS], 1, False),  # nothing is retried at all
        ([RETRY_HOSTS, EXIT_OTHERWISE], 2, False),
        ([{**RETRY_HOSTS, "action": "retry"}, {**EXIT_OTHERWISE, "action": "exit"}], 2, False),
        ([RETRY_HOSTS, {"onStatusReason": "*", "action": "EXIT"}], 2, False),
        ([RETRY_HOSTS, {"onStatusReason": "*", "onReason": "*", "onExitCode": "*", "action": "EXIT"}], 2, False),
        ([RETRY_HOSTS, {"onReason": "Cannot*", "action": "EXIT"}], 2, True),
        ([RETRY_HOSTS, {"onReason": "*", "action": "RETRY"}], 2, True),
        ([{"onExitCode": "1", "action": "EXIT"}], 2, False),  # there is no list of what is retried
        ([], 2, False),
    ],
)
def test_a_list_of_what_is_retried_ends_with_an_exit(entries, attempts, told):
    place = full("task.retryStrategy.evaluateOnExit")
    found = of_rule("retries-everything", retried(*entries, attempts=attempts))
    assert [each.path for each in found] == ([place] if told else [])


def test_a_strategy_without_attempts_retries_nothing():
    given = {"task.retryStrategy": {"evaluateOnExit": [RETRY_HOSTS]}}
    assert of_rule("retries-everything", given) == []


# Interruptions


ENDS, BY_CHANCE = "ends the job", "is retried only because no entry matches"
TASK_LOST, HOST_LOST = "Your Spot Task was interrupted*", "Host EC2*"


@pytest.mark.parametrize(
    ("environment", "entries", "becomes"),
    [
        (SPOT, [RETRY_HOSTS, EXIT_OTHERWISE], ""),
        (SPOT, [EXIT_OTHERWISE], ENDS),
        (SPOT, [{"onStatusReason": "*", "action": "EXIT"}], ENDS),
        (SPOT, [RETRY_TASKS, EXIT_OTHERWISE], ENDS),
        (SPOT, [{"onStatusReason": "Host EC2*", "action": "EXIT"}], ENDS),
        (SPOT, [{"onStatusReason": "Host EC2*", "action": "exit"}], ENDS),
        (SPOT, [{"onStatusReason": "Host EC2", "action": "RETRY"}, EXIT_OTHERWISE], ENDS),  # no prefix: the whole text
        (SPOT, [{"onStatusReason": "Host EC3*", "action": "RETRY"}, EXIT_OTHERWISE], ENDS),
        (SPOT, [{"onStatusReason": "host ec2*", "action": "RETRY"}, EXIT_OTHERWISE], ENDS),
        (SPOT, [{**RETRY_HOSTS, "onReason": "*"}, EXIT_OTHERWISE], ""),
        (SPOT, [{**RETRY_HOSTS, "onExitCode": "1"}, EXIT_OTHERWISE], ENDS),  # it has no exit code
        (SPOT, [{**RETRY_HOSTS, "onReason": "Host*"}, EXIT_OTHERWISE], ENDS),
        (SPOT, [{"onExitCode": "1", "action": "EXIT"}], ""),
        (SPOT, [{"onStatusReason": "Essential container in task exited", "action": "EXIT"}], ""),
        (SPOT, [], ""),
        (FARGATE_SPOT, [RETRY_TASKS, EXIT_OTHERWISE], ""),
        (FARGATE_SPOT, [{"onStatusReason": "Your Spot*", "action": "RETRY"}, EXIT_OTHERWISE], ""),
        (FARGATE_SPOT, [{"onStatusReason": "Your Spot Task was interrupted.", "action": "RETRY"}, EXIT_OTHERWISE], ""),
        (FARGATE_SPOT, [{"onStatusReason": "Your Spot Task was interrupted.", "action": "EXIT"}], ENDS),
        (FARGATE_SPOT, [RETRY_HOSTS, EXIT_OTHERWISE], ENDS),
        (FARGATE_SPOT, [RETRY_HOSTS], BY_CHANCE),
        (FARGATE_SPOT, [RETRY_HOSTS, {"onReason": "Cannot*", "action": "RETRY"}], ""),
        (FARGATE_SPOT, [RETRY_HOSTS, {"onExitCode": "1", "action": "EXIT"}], BY_CHANCE),
        (FARGATE_SPOT, [{"onExitCode": "1", "action": "EXIT"}], ""),
    ],
)
def test_what_becomes_of_an_interruption(environment, entries, becomes):
    found = of_rule("spot-retry", environment, retried(*entries))
    assert [each.path for each in found] == ([full("task.retryStrategy.evaluateOnExit")] if becomes else [])
    kind, pattern = ("SPOT", HOST_LOST) if environment is SPOT else ("FARGATE_SPOT", TASK_LOST)
    for each in found:
        assert each.message.startswith(f"an interruption of {kind} ")
        assert each.message.endswith(becomes)
        assert f'onStatusReason: "{pattern}"' in each.expected


CONDITIONS = st.fixed_dictionaries(
    {"action": st.sampled_from(["RETRY", "EXIT", "retry", "exit"])},
    optional={
        "onExitCode": st.sampled_from(["*", "1*", "137"]),
        "onReason": st.sampled_from(["*", "Host*", "AGENT"]),
        "onStatusReason": st.sampled_from(["*", "Host*", "Host EC2", "Your Spot*", "Your Spot Task was interrupted."]),
    },
)


@given(environment=st.sampled_from([SPOT, FARGATE_SPOT]), entries=st.lists(CONDITIONS, min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_the_rule_and_the_simulation_read_a_strategy_alike(environment, entries):
    lost = TASK_INTERRUPTED if environment is FARGATE_SPOT else "Host EC2 (instance i-0123456789abcdef0) terminated."
    strategy = retried(*entries)
    _, rules = retry_rules(strategy["task.retryStrategy"])
    retries = is_retried(rules, exit_code=None, reason=None, status_reason=lost)
    found = of_rule("spot-retry", environment, strategy)
    assert any(each.message.endswith(ENDS) for each in found) == (not retries)


def test_an_interruption_that_is_never_retried_needs_no_entry():
    assert of_rule("spot-retry", SPOT, retried(EXIT_OTHERWISE, attempts=1)) == []
    assert len(of_rule("spot-retry", SPOT, retried(EXIT_OTHERWISE, attempts=2))) == 1


def test_a_queue_of_both_kinds_of_spot_is_told_of_each():
    tasks = {**beside(), "computeResources": FARGATE_SPOT["resources"]}
    found = of_rule("spot-retry", SPOT, behind(tasks), retried(EXIT_OTHERWISE))
    assert [each.message.split()[3] for each in found] == ["SPOT", "FARGATE_SPOT"]


def test_a_strategy_is_told_once_for_all_jobs_that_have_it():
    three = {"workload.work.jobs.+": job(), **retried(EXIT_OTHERWISE)}
    own = {"workload.work.jobs.next.retryStrategy": {"attempts": 2, "evaluateOnExit": [EXIT_OTHERWISE]}}
    assert len(of_rule("spot-retry", SPOT, three)) == 1
    assert [each.path for each in of_rule("spot-retry", SPOT, three, own)] == [
        full("task.retryStrategy.evaluateOnExit"),
        "workload.work.jobs.next.retryStrategy.evaluateOnExit",
    ]


# One attempt


def test_a_job_without_a_strategy_or_without_its_attempts_has_one():
    (finding,) = of_rule("spot-attempts", SPOT, {"task.retryStrategy": GONE})
    assert (finding.path, finding.expected) == (full("task"), "retryStrategy: {attempts: 3}")
    assert "can run it on SPOT" in finding.message
    assert len(of_rule("spot-attempts", SPOT, {"task.retryStrategy": {"evaluateOnExit": [RETRY_HOSTS]}})) == 1


@pytest.mark.parametrize(("attempts", "told"), [(1, True), (2, False)])
def test_a_second_attempt_outlives_an_interruption(attempts, told):
    assert bool(of_rule("spot-attempts", SPOT, {"task.retryStrategy": {"attempts": attempts}})) == told
    own = {"task.retryStrategy": {"attempts": 3 - attempts}, "job.retryStrategy": {"attempts": attempts}}
    assert bool(of_rule("spot-attempts", SPOT, own)) == told


def test_spot_behind_on_demand_interrupts_too():
    behind_it = behind(beside(type="SPOT", allocationStrategy="SPOT_CAPACITY_OPTIMIZED"))
    assert len(of_rule("spot-attempts", behind_it, {"task.retryStrategy": GONE})) == 1
    assert of_rule("spot-attempts", {"task.retryStrategy": GONE}) == []


def test_managed_instances_are_called_by_how_they_are_bought():
    (finding,) = of_rule("spot-attempts", options("SPOT"), {"task.retryStrategy": GONE})
    assert "on ECS_MANAGED_INSTANCES of capacityOptionType SPOT" in finding.message
    assert of_rule("spot-attempts", MANAGED, {"task.retryStrategy": GONE}) == []


def test_a_definition_is_told_once_for_each_queue():
    second: Change = {
        "batch.jobQueues.+": {**OTHER_QUEUE, "computeEnvironmentOrder": order("fleet")},
        "workload.work.jobs": [job(), job("b"), job("c", jobQueue="second"), job("d", jobQueue="second")],
        "task.retryStrategy": GONE,
    }
    assert [each.message.split()[0] for each in of_rule("spot-attempts", SPOT, second)] == ["queue", "second"]
