"""What jobs name and wait for: references of jobs and traces, names of their own, dependencies and their cycles."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchsim.scenario.document.document import Document
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.workload import dependencies
from tests.scenarios.rules.base import changed, full, of_rule
from tests.scenarios.rules.changes import Change, job, order

JOBS = "workload.work.jobs"


# References


def test_a_trace_names_queue_and_definition_too():
    def trace(**members: Any) -> Change:
        given = {"format": "swf", "path": "log", "jobQueue": "queue", "jobDefinition": "task", **members}
        return {"workload": [{"trace": given}]}

    assert of_rule("reference", trace(queues={"1": "queue", "2": "arn:aws:batch:us-east-1:1:job-queue/queue"})) == []
    found = of_rule("reference", trace(jobQueue="quee", jobDefinition="tusk", queues={"1": "queue", "2": "qeue"}))
    assert [(each.path, each.suggestion) for each in found] == [
        ("workload.0.trace.jobQueue", "queue"),
        ("workload.0.trace.jobDefinition", "task"),
        ("workload.0.trace.queues.2", "queue"),
    ]


def test_each_reference_of_each_job_is_told_in_one_go():
    more = {f"{JOBS}.+": job(jobQueue="quue", jobDefinition="tsk:4"), "job.jobQueue": "nowhere"}
    found = of_rule("reference", more)
    assert [(each.path, each.message) for each in found] == [
        (full("job.jobQueue"), "there is no job queue 'nowhere'"),
        (f"{JOBS}.next.jobQueue", "there is no job queue 'quue'"),
        (f"{JOBS}.next.jobDefinition", "there is no job definition 'tsk'"),
    ]
    # Nothing is like the first one.
    assert [each.suggestion for each in found] == ["", "queue", "task"]


@pytest.mark.parametrize("name", ["task", "task:1", "arn:aws:batch:us-east-1:123456789012:job-definition/task:7"])
def test_a_definition_goes_by_its_name_with_revision_and_arn(name):
    assert of_rule("reference", {"job.jobDefinition": name}) == []


# Names


def test_names_are_ones_own_in_a_workflow_and_of_a_workflow():
    second = {"workflow": "again", "jobs": [job("job"), job("other")]}
    # Jobs of two workflows may have one name.
    assert of_rule("duplicate-job", {"workload.+": second}) == []
    (finding,) = of_rule("duplicate-job", {"workload.+": {**second, "workflow": "work"}})
    assert finding.message == "the workflow 'work' comes twice"
    thrice = {"workload.+": {**second, "jobs": [job("a"), job("b"), job("a"), job("a")]}}
    found = of_rule("duplicate-job", thrice)
    assert [each.message for each in found] == ["the job 'a' comes twice in the workflow"] * 2


# Dependencies


def waiting(*entries: dict[str, Any], size: int | None = None, of: int | None = None) -> Change:
    """A second job that waits for something, as an array of a size; the size of the job that is there."""
    members: dict[str, Any] = {"dependsOn": list(entries)}
    members |= {} if size is None else {"arrayProperties": {"size": size}}
    first = {} if of is None else {"job.arrayProperties": {"size": of}}
    return {**first, f"{JOBS}.+": job(**members)}


ITS_JOB = {"jobName": "job"}


@pytest.mark.parametrize(
    ("entry", "size", "of"),
    [
        (ITS_JOB, None, None),
        (ITS_JOB, 5, None),
        (ITS_JOB, None, 5),
        (ITS_JOB, 5, 7),  # all of one after all of the other
        ({**ITS_JOB, "type": "SEQUENTIAL"}, 5, 7),
        ({**ITS_JOB, "type": "N_TO_N"}, 5, 5),
        ({"type": "SEQUENTIAL"}, 5, None),
    ],
)
def test_what_a_job_or_an_array_may_wait_for(entry, size, of):
    assert of_rule("dependency", waiting(entry, size=size, of=of)) == []


@pytest.mark.parametrize(
    ("entry", "size", "of", "message"),
    [
        ({**ITS_JOB, "type": "N_TO_N"}, 5, 6, "N_TO_N needs arrays of one size; next has 5, job has 6"),
        ({**ITS_JOB, "type": "N_TO_N"}, 5, 4, "N_TO_N needs arrays of one size; next has 5, job has 4"),
        ({**ITS_JOB, "type": "N_TO_N"}, None, 5, "N_TO_N is between two arrays"),
        ({**ITS_JOB, "type": "N_TO_N"}, 5, None, "N_TO_N is between two arrays"),
        ({"type": "N_TO_N"}, 5, None, "the job that is waited for is missing"),
        ({}, 5, None, "the job that is waited for is missing"),
        ({"type": "SEQUENTIAL"}, None, None, "SEQUENTIAL without a job is for arrays: child by child"),
    ],
)
def test_what_does_not_suit_arrays(entry, size, of, message):
    (finding,) = of_rule("dependency", waiting(entry, size=size, of=of))
    assert finding.message == message
    assert finding.path.startswith(f"{JOBS}.next.dependsOn.")


def test_each_entry_is_told():
    found = of_rule("dependency", waiting(ITS_JOB, {"jobName": "jb"}, {"jobId": "1"}, {"type": "SEQUENTIAL"}))
    assert [each.path.partition("dependsOn.")[2] for each in found] == ["jb.jobName", "2.jobId", "3"]
    # Of a job of another workflow nothing is known here.
    other = {"workload.+": {"workflow": "other", "jobs": [job("there", dependsOn=[ITS_JOB])]}}
    (finding,) = of_rule("dependency", other)
    assert finding.message == "there is no job of this workflow named 'job'"


def graph(needs: dict[str, list[str]]) -> list[Any]:
    """What is found of jobs that wait for each other so."""
    jobs = [job(name, dependsOn=[{"jobName": each} for each in waited]) for name, waited in needs.items()]
    return list(dependencies(Context(Document(changed({JOBS: jobs}), "<mapping>"))))


@pytest.mark.parametrize(
    ("needs", "cycle"),
    [
        ({"a": [], "b": ["a"], "c": ["a", "b"]}, ""),
        ({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}, ""),
        ({"a": ["a"]}, "a → a"),
        ({"a": [], "b": ["a", "c"], "c": ["b"]}, "b → c → b"),
        ({"a": ["b"], "b": ["c"], "c": ["d"], "d": ["b"]}, "b → c → d → b"),
        ({"a": [], "b": ["a"], "c": ["b", "e"], "d": ["c"], "e": ["d"]}, "c → e → d → c"),
    ],
)
def test_jobs_that_wait_for_each_other_are_named_in_their_order(needs, cycle):
    found = graph(needs)
    assert [each.message for each in found] == (
        [f"{cycle} wait for each other in the workflow 'work'"] if cycle else []
    )
    assert [each.path for each in found] == ([f"{JOBS}.{cycle[0]}.dependsOn"] if cycle else [])


@given(
    st.integers(1, 7).flatmap(
        lambda count: st.lists(
            st.lists(st.integers(0, count - 1), max_size=2, unique=True), min_size=count, max_size=count
        )
    )
)
@settings(max_examples=80, deadline=None)
def test_a_cycle_is_told_where_there_is_one_and_is_one(waited):
    needs = {f"j{number}": [f"j{each}" for each in listed] for number, listed in enumerate(waited)}
    try:
        list(TopologicalSorter(needs).static_order())
        has_cycle = False
    except CycleError:
        has_cycle = True
    found = graph(needs)
    assert len(found) == has_cycle
    for finding in found:
        named = finding.message.partition(" wait for")[0].split(" → ")
        assert named[0] == named[-1]
        assert all(following in needs[name] for name, following in pairwise(named))


def test_each_workflow_has_its_own_cycle():
    loop = [job("a", dependsOn=[{"jobName": "b"}]), job("b", dependsOn=[{"jobName": "a"}])]
    found = of_rule("dependency", {JOBS: loop, "workload.+": {"workflow": "other", "jobs": loop}})
    assert [each.path for each in found] == [f"{JOBS}.a.dependsOn", "workload.other.jobs.a.dependsOn"]


# Consumable resources that somebody asks for


def wants(quantity: int, name: str = "licence") -> dict[str, Any]:
    return {"consumableResourceList": [{"consumableResource": name, "quantity": quantity}]}


LICENCES = {"batch.consumableResources": [{"consumableResourceName": "licence", "totalQuantity": 5}]}


def test_a_jobs_own_quantity_is_looked_at_beside_its_definitions():
    given = {
        **LICENCES,
        "task.consumableResourceProperties": wants(6),
        "job.consumableResourcePropertiesOverride": wants(7),
    }
    listed = "consumableResourceList.0.quantity"
    assert [(each.path, each.message) for each in of_rule("consumable-quantity", given)] == [
        (full(f"task.consumableResourceProperties.{listed}"), "6 of licence can't be had: there are 5"),
        (full(f"job.consumableResourcePropertiesOverride.{listed}"), "7 of licence can't be had: there are 5"),
    ]
    within = {**given, "task.consumableResourceProperties": wants(5)}
    assert of_rule("consumable-quantity", {**within, "job.consumableResourcePropertiesOverride": wants(0)}) == []


def test_a_range_of_nodes_asks_too():
    container = {"image": "busybox", "resourceRequirements": []}
    group = {"targetNodes": "0:", "container": container, "consumableResourceProperties": wants(6)}
    properties = {"numNodes": 2, "mainNode": 0, "nodeRangeProperties": [group]}
    given = {"task": {"jobDefinitionName": "task", "type": "multinode", "nodeProperties": properties}}
    (finding,) = of_rule("consumable-quantity", LICENCES, given)
    assert finding.path.startswith(full("task.nodeProperties.nodeRangeProperties.0.consumableResourceProperties"))
    assert finding.expected == "5 at most"


@pytest.mark.parametrize(
    ("kind", "meant"),
    [("REPLENISHABLE", None), ("NON_REPLENISHABLE", None), ("REPLENISHIBLE", "REPLENISHABLE"), ("COUNTER", "")],
)
def test_a_resource_is_given_back_or_not(kind, meant):
    found = of_rule("consumable-quantity", LICENCES, {"batch.consumableResources.licence.resourceType": kind})
    assert [each.suggestion for each in found] == ([] if meant is None else [meant])
    assert all(each.expected == "REPLENISHABLE or NON_REPLENISHABLE" for each in found)


# Queues


def test_a_queue_of_environments_that_are_not_there_tells_each():
    found = of_rule("environment-order", {"queue.computeEnvironmentOrder": order("flet", "fleet", "feet")})
    assert [(each.path.rpartition("Order.")[2], each.suggestion) for each in found] == [
        ("0.computeEnvironment", "fleet"),
        ("2.computeEnvironment", "fleet"),
    ]
