"""Requests of several sources put together: names once, the newest revision, references by name, the API's order."""

from __future__ import annotations

from itertools import permutations

from batchsim.aws.importers.found_requests import REFERENCES, FoundRequest, left_out, merged, ordered
from batchsim.scenario.batch.service_model import request_shape

ARN = "arn:aws:batch:us-east-1:123456789012:"


def definition(revision: int, image: str, line: int = 1) -> FoundRequest:
    request = {"jobDefinitionName": "load", "containerProperties": {"image": image}}
    return FoundRequest("jobDefinitions", "load", request, ("a.json", line, 1), revision)


def queue(name: str, *environments: str, **more) -> FoundRequest:
    order = [{"order": at, "computeEnvironment": each} for at, each in enumerate(environments, 1)]
    request = {"jobQueueName": name, "computeEnvironmentOrder": order, **more}
    return FoundRequest("jobQueues", name, request, ("a.json", 7, 1))


def environment(name: str) -> FoundRequest:
    return FoundRequest("computeEnvironments", name, {"computeEnvironmentName": name}, ("a.json", 3, 1))


def test_of_revisions_the_newest_is_taken_whatever_the_order():
    for revisions in permutations([definition(1, "old"), definition(3, "new"), definition(2, "older")]):
        batch, (note,) = merged(revisions)
        assert batch["jobDefinitions"][0]["containerProperties"] == {"image": "new"}
        assert (note.severity, note.message) == ("info", "left out: 2 older revisions of job definitions")


def test_two_of_one_name_are_a_fault_with_both_places():
    _, (fault,) = merged([definition(0, "a", line=4), definition(0, "b", line=9)])
    assert (fault.code, fault.path, fault.line) == ("duplicate-name", "batch.jobDefinitions.load", 9)
    assert fault.message == "there are two of this name, the first in a.json:4"


def test_the_same_name_of_two_kinds_is_no_fault():
    _, findings = merged([environment("x"), queue("x", "x")])
    assert findings == []


def test_what_the_section_has_is_referred_to_by_name_and_the_rest_stays():
    found = queue("q", f"{ARN}compute-environment/spot", f"{ARN}compute-environment/theirs", "plain",
                  schedulingPolicyArn=f"{ARN}scheduling-policy/spot")  # fmt: skip
    batch, _ = merged([environment("spot"), found])
    order = batch["jobQueues"][0]["computeEnvironmentOrder"]
    assert [entry["computeEnvironment"] for entry in order] == ["spot", f"{ARN}compute-environment/theirs", "plain"]
    # An environment of that name is no policy of that name.
    assert batch["jobQueues"][0]["schedulingPolicyArn"] == f"{ARN}scheduling-policy/spot"


def test_the_section_has_its_lists_in_one_order_and_none_that_is_empty():
    batch, _ = merged([queue("q"), environment("spot")])
    assert list(batch) == ["computeEnvironments", "jobQueues"]


def test_members_in_the_order_of_the_api_unknown_ones_last():
    order = [{"computeEnvironment": "a", "order": 1}]
    request = {"mine": 1, "priority": 2, "computeEnvironmentOrder": order, "jobQueueName": "q"}
    again = ordered(request, request_shape("jobQueues"))
    assert again == request
    assert list(again) == ["jobQueueName", "priority", "computeEnvironmentOrder", "mine"]
    assert list(again["computeEnvironmentOrder"][0]) == ["order", "computeEnvironment"]


def test_what_was_left_out_is_counted():
    notes = left_out({"jobQueues": 1, "jobDefinitions": 2}, "INACTIVE", ("a.json", 1, 1))
    assert [note.message for note in notes] == ["left out: 1 job queue INACTIVE", "left out: 2 of them INACTIVE"]


def test_the_members_that_refer_to_others():
    assert REFERENCES == {
        "computeEnvironment": "computeEnvironments",
        "schedulingPolicyArn": "schedulingPolicies",
        "consumableResource": "consumableResources",
    }
