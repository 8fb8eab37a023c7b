"""What a deployment would do, from small inventories made by hand: a step for each object, and the conflicts."""

from __future__ import annotations

import copy

import pytest

from batchsim.aws.deployment.inventory import OWNER, Existing, Inventory
from batchsim.aws.deployment.plan import Step, attached, plan, plan_destroy, remaining_order, requests
from batchsim.aws.objects import OBJECTS
from tests.aws.configurations import UPDATES, prepared, scheduled, small

ARN = "arn:aws:batch:us-east-1:123456789012:"


def there(*existing: Existing) -> Inventory:
    """An account that holds these and nothing else."""
    objects: dict[str, dict[str, Existing]] = {section: {} for section in OBJECTS}
    for each in existing:
        objects[each.kind][each.name] = each
    return Inventory(objects)


def described(kind: str, name: str, request: dict, status: str = "VALID", **more) -> Existing:
    """What AWS would describe of a request."""
    described = {**copy.deepcopy(request), "status": status, **more}
    return Existing(
        kind, name, f"{ARN}{OBJECTS[kind].arn_word}/{name}", described, status, more.get("statusReason", "")
    )


def deployed(values: dict | None = None) -> dict[tuple[str, str], Existing]:
    """Everything of a configuration as it is after its deployment."""
    return {
        (kind, name): described(kind, name, request, revision=1)
        for kind, name, request in requests(prepared(values or small()))
    }


def steps(inventory: Inventory, values: dict | None = None) -> dict[str, Step]:
    return {step.name: step for step in plan(prepared(values or small()), inventory).steps}


def actions(inventory: Inventory, values: dict | None = None) -> dict[str, str]:
    return {name: step.action for name, step in steps(inventory, values).items()}


def invalid(existing: dict, *path: str) -> dict:
    """The same account, one object INVALID."""
    each = existing[path]
    return {**existing, path: described(each.kind, each.name, each.description, "INVALID", statusReason="no role")}


def with_members(kind: str, name: str, **members) -> Inventory:
    """The account after its deployment, and after somebody changed an object."""
    existing = deployed()
    request = existing[kind, name].description
    resources = {**request.get("computeResources", {}), **members.pop("computeResources", {})}
    changed = {**request, **members, **({"computeResources": resources} if resources else {})}
    return there(*{**existing, (kind, name): described(kind, name, changed, revision=1)}.values())


@pytest.mark.parametrize(
    ("minimum", "updates", "action"),
    [
        (64, UPDATES, "leave"),  # what the schedule sets at 20:00
        (0, UPDATES, "leave"),
        (8, UPDATES, "update"),  # what somebody else did
        (64, [], "update"),
    ],
)
def test_what_a_schedule_has_set_is_not_taken_back(minimum, updates, action):
    inventory = with_members("computeEnvironments", "spot", computeResources={"minvCpus": minimum})
    found = {step.name: step.action for step in plan(scheduled(small(), updates), inventory).steps}
    assert found["spot"] == action
    assert {found[name] for name in found if name != "spot"} == {"leave"}


def test_an_order_that_a_schedule_has_set_is_not_taken_back():
    order = [{"order": 1, "computeEnvironment": "on-demand"}]
    described_ = [{"order": 1, "computeEnvironment": f"{ARN}compute-environment/on-demand"}]
    update = {"at": "6h", "set": {"batch.jobQueues.nightly.computeEnvironmentOrder": order}}
    inventory = with_members("jobQueues", "nightly", computeEnvironmentOrder=described_)
    for updates, action in (([update], "leave"), ([], "update")):
        found = {step.name: step.action for step in plan(scheduled(small(), updates), inventory).steps}
        assert found["nightly"] == action


def test_in_an_empty_account_everything_is_created_environments_before_queues():
    found = plan(prepared(small()), there())
    assert {step.action for step in found.steps} == {"create"}
    order = list(OBJECTS)
    assert [order.index(step.kind) for step in found.steps] == sorted(order.index(step.kind) for step in found.steps)
    assert found.changes
    assert not found.conflicts


def test_every_request_says_whose_it_is_and_keeps_its_own_tags():
    for _, _, request in requests(prepared(small())):
        assert request["tags"][OWNER] == "small"
        assert request["tags"]["team"] == "data"


def test_after_its_deployment_nothing_is_left_to_do():
    found = plan(prepared(small()), there(*deployed().values()))
    assert {step.action for step in found.steps} == {"leave"}
    assert not found.changes


def test_what_is_going_already_is_created_anew():
    existing = deployed()
    spot = existing["computeEnvironments", "spot"]
    existing["computeEnvironments", "spot"] = described(spot.kind, spot.name, spot.description, "DELETING")
    found = steps(there(*existing.values()))["spot"]
    assert (found.action, found.existing.status) == ("create", "DELETING")


def test_what_is_invalid_is_replaced_and_says_why():
    found = steps(there(*invalid(deployed(), "computeEnvironments", "spot").values()))
    assert (found["spot"].action, found["spot"].why) == ("replace", "it is INVALID: no role")
    # nightly has on-demand besides: it is detached for the time being.
    assert (found["nightly"].action, found["nightly"].why) == ("update", "detached from spot while it is replaced")
    assert found["urgent"].action == "leave"


def test_a_queue_whose_only_environment_is_replaced_is_replaced_with_its_jobs():
    found = steps(there(*invalid(deployed(), "computeEnvironments", "on-demand").values()))
    assert (found["urgent"].action, found["nightly"].action) == ("replace", "update")
    assert found["urgent"].why == "on-demand is replaced, and a queue needs an environment; its jobs are ended"


def test_a_queue_that_gets_another_environment_keeps_its_jobs():
    values = small()
    values["batch"]["jobQueues"][1]["computeEnvironmentOrder"] = [{"order": 1, "computeEnvironment": "spot"}]
    found = steps(there(*invalid(deployed(), "computeEnvironments", "on-demand").values()), values)
    assert (found["urgent"].action, found["urgent"].why) == ("update", "detached from on-demand while it is replaced")


def test_what_the_scenario_has_no_longer_is_deleted_and_what_is_another_s_is_left():
    values = small()
    del values["batch"]["jobQueues"][1]
    theirs = described("jobQueues", "theirs", {"jobQueueName": "theirs", "tags": {OWNER: "other"}})
    job = {"jobName": "load", "jobQueue": "nightly", "jobDefinition": "load", "runtime": "1m"}
    values["workload"] = [{"workflow": "etl", "jobs": [job]}]
    found = steps(there(*deployed().values(), theirs), values)
    assert (found["urgent"].action, found["urgent"].why) == (
        "delete", "the scenario has it no longer; its jobs are ended",
    )  # fmt: skip
    assert "theirs" not in found


@pytest.mark.parametrize(
    ("tags", "whose"), [({}, "it has no tag batchsim:scenario"), ({OWNER: "other"}, "it belongs to the scenario other")]
)
def test_a_name_that_is_taken_by_somebody_else_is_a_conflict(tags, whose):
    existing = deployed()
    queue = existing["jobQueues", "nightly"]
    existing["jobQueues", "nightly"] = described("jobQueues", "nightly", {**queue.description, "tags": tags})
    found = plan(prepared(small()), there(*existing.values()))
    (conflict,) = found.conflicts
    assert (conflict.code, conflict.path) == ("not-ours", "job queue nightly")
    assert whose in conflict.message
    step = next(step for step in found.steps if step.name == "nightly")
    assert (step.action, step.changes) == ("conflict", ())


def queue_of(name: str, *environments: str, owner: str | None = None) -> Existing:
    order = [
        {"order": at, "computeEnvironment": f"{ARN}compute-environment/{each}"} for at, each in enumerate(environments)
    ]
    tags = {OWNER: owner} if owner else {}
    return described("jobQueues", name, {"jobQueueName": name, "computeEnvironmentOrder": order, "tags": tags})


@pytest.mark.parametrize(
    ("foreign", "message"),
    [
        (["b"], "it can't go while the job queue b of others uses it"),
        (["b", "a"], "it can't go while the job queues a, b of others use it"),
    ],
)
def test_an_environment_that_queues_of_others_have_can_t_go(foreign, message):
    queues = [queue_of(name, "spot") for name in foreign]
    found = plan_destroy("small", "us-east-1", there(*deployed().values(), *queues))
    (conflict,) = found.conflicts
    assert (conflict.path, conflict.message) == ("compute environment spot", message)
    assert {step.action for step in found.steps} == {"delete", "conflict"}


def test_all_of_a_deployment_is_removed_and_nothing_else():
    existing = deployed()
    found = plan_destroy("small", "us-east-1", there(*existing.values(), queue_of("theirs", owner="other")))
    assert {(step.kind, step.name) for step in found.steps} == set(existing)
    assert {step.action for step in found.steps} == {"delete"}
    assert not plan_destroy("other", "us-east-1", there(*existing.values())).changes


def test_a_queue_s_environments_in_their_order():
    queue = queue_of("q", "a", "b")
    queue.description["computeEnvironmentOrder"].reverse()
    assert attached(queue) == ["a", "b"]


@pytest.mark.parametrize(
    ("has", "wants", "going", "expected"),
    [
        (["a", "b"], ["a", "b"], {"a"}, ["b"]),  # what it has and is not replaced
        (["a"], ["a", "b"], {"a"}, ["b"]),  # else what it shall have and is there
        (["a"], ["a", "new"], {"a"}, []),  # what is not there yet is no help
        (["b", "a"], ["a"], set(), ["b", "a"]),
    ],
)
def test_what_a_queue_keeps_while_environments_are_replaced(has, wants, going, expected):
    order = [{"order": at, "computeEnvironment": each} for at, each in enumerate(wants, 1)]
    step = Step("update", "jobQueues", "q", {"computeEnvironmentOrder": order}, existing=queue_of("q", *has))
    kept = remaining_order(step, going, {"a", "b"})
    assert [entry["computeEnvironment"] for entry in kept] == expected
    assert [entry["order"] for entry in kept] == list(range(1, len(expected) + 1))
