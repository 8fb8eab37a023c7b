"""The updates of a scenario as schedules: when, which call, with which parameters."""

from __future__ import annotations

import json

import boto3
import pytest
from botocore.validate import validate_parameters

from batchsim.aws.cloudformation_names import from_upper_camel
from batchsim.aws.schedules.schedule import Reference, schedules_of
from batchsim.aws.schedules.target import input_text, schedule_request, statements
from tests.aws.configurations import UPDATES, everything, scheduled, small

SPOT = "batch.computeEnvironments.spot"


def made(values, *updates):
    return schedules_of(scheduled(values, list(updates)))


def only(values, update):
    (schedule,) = made(values, update).schedules
    return schedule


def by_name(schedule):
    return json.loads(input_text(schedule, lambda each: each.name))


def at(when, **more):
    return {"at": when, "set": {f"{SPOT}.state": "DISABLED"}, **more}


@pytest.mark.parametrize(
    ("when", "expression"),
    [
        ("2026-11-02T20:00:00Z", "at(2026-11-02T20:00:00)"),
        ("2026-11-02T20:00:00+01:00", "at(2026-11-02T19:00:00)"),
        # small() has no start: 2026-01-01T00:00:00Z is what is simulated.
        ("6h", "at(2026-01-01T06:00:00)"),
        (90, "at(2026-01-01T00:01:30)"),
        ("1.6s", "at(2026-01-01T00:00:02)"),
    ],
)
def test_an_instant_is_said_in_utc(when, expression):
    schedule = only(small(), at(when))
    assert (schedule.expression, schedule.timezone) == (expression, "UTC")


def test_a_time_relative_to_the_start_is_said_to_be_one():
    values = {**small(), "start": "2026-11-02T00:00:00Z"}
    schedule = only(values, at("6h"))
    assert schedule.expression == "at(2026-11-02T06:00:00)"
    assert schedule.remark == "Update 1 of the scenario small, 6 h 00 min after its start, 2026-11-02T00:00:00Z"
    assert only(values, at("2026-11-02T06:00:00Z")).remark == "Update 1 of the scenario small"


def test_a_cron_keeps_its_time_zone():
    schedule = made(small(), *UPDATES).schedules[0]
    assert (schedule.expression, schedule.timezone) == ("cron(0 20 ? * MON-FRI *)", "Europe/Berlin")


def test_what_scheduler_can_t_say_is_found_at_its_place_and_the_others_are_made():
    found = made(small(), {"cron": "0 6 1 * MON", "set": {f"{SPOT}.state": "DISABLED"}}, at("6h"))
    (finding,) = found.findings
    assert (finding.code, finding.path) == ("not-in-scheduler", "updates.0.cron")
    assert finding.expected == "two updates, one for each field"
    assert [each.name for each in found.schedules] == ["2-spot"]


def test_an_update_of_several_objects_is_a_schedule_for_each():
    changes = {
        f"{SPOT}.computeResources.minvCpus": 64,
        "batch.jobQueues.urgent.priority": 1,
        f"{SPOT}.state": "ENABLED",
    }
    found = made(small(), {"at": "6h", "set": changes}).schedules
    assert [(each.name, each.operation) for each in found] == [
        ("1-spot", "UpdateComputeEnvironment"),
        ("1-urgent", "UpdateJobQueue"),
    ]
    assert by_name(found[0]) == {
        "ComputeEnvironment": "spot",
        "ComputeResources": {"MinvCpus": 64},
        "State": "ENABLED",
    }


def test_names_are_scheduler_s_and_each_is_there_once():
    values = small()
    values["batch"]["jobQueues"][0]["jobQueueName"] = "spot"
    values["workload"][0]["jobs"][1]["jobQueue"] = values["workload"][0]["jobs"][2]["jobQueue"] = "spot"
    changes = {f"{SPOT}.state": "DISABLED", "batch.jobQueues.spot.state": "DISABLED"}
    found = made(values, {"at": "6h", "set": changes}).schedules
    assert [each.name for each in found] == ["1-spot", "1-spot-2"]


def test_a_long_name_is_cut_to_the_limit():
    values, long = small(), "e" * 100
    values["batch"]["computeEnvironments"][1]["computeEnvironmentName"] = long
    for queue in values["batch"]["jobQueues"]:
        queue["computeEnvironmentOrder"][-1]["computeEnvironment"] = long
    schedule = only(values, {"at": "6h", "set": {f"batch.computeEnvironments.{long}.state": "DISABLED"}})
    assert schedule.name == ("1-" + long)[:64]
    assert schedule.request["computeEnvironment"].name == long


def test_a_quantity_is_set():
    schedule = only(everything(), {"at": "6h", "set": {"batch.consumableResources.licence.totalQuantity": 8}})
    assert schedule.action == "updateConsumableResource"
    assert by_name(schedule) == {"ConsumableResource": "licence", "Operation": "SET", "Quantity": 8}


def test_a_policy_is_sent_whole_because_aws_takes_it_whole():
    path = "batch.schedulingPolicies.fair.fairsharePolicy.shareDecaySeconds"
    schedule = only(everything(), {"at": "6h", "set": {path: 60}})
    assert by_name(schedule) == {
        "Arn": "fair",
        "FairsharePolicy": {
            "ShareDecaySeconds": 60,
            "ComputeReservation": 25,
            "ShareDistribution": [{"ShareIdentifier": "research*", "WeightFactor": 0.5}],
        },
    }


def test_two_updates_of_parts_of_what_is_sent_whole_are_refused():
    # What the second sends would take back what the first changed.
    policy = "batch.schedulingPolicies.fair.fairsharePolicy"
    decay, reservation = f"{policy}.shareDecaySeconds", f"{policy}.computeReservation"
    found = made(everything(), {"at": "6h", "set": {decay: 60}}, {"at": "8h", "set": {reservation: 50}})
    assert [each.path for each in found.findings] == [f"updates.0.set.{decay}", f"updates.1.set.{reservation}"]
    again = made(everything(), {"at": "6h", "set": {decay: 60}}, {"at": "8h", "set": {decay: 600}})
    assert again.findings == ()


def test_a_queue_s_environments_and_policy_are_references():
    arn = "arn:aws:batch:us-east-1:123456789012:compute-environment/spot"
    order = [{"order": 1, "computeEnvironment": "on-demand"}, {"order": 2, "computeEnvironment": arn}]
    changes = {
        "batch.jobQueues.shared.computeEnvironmentOrder": order,
        "batch.jobQueues.shared.schedulingPolicyArn": "fair",
    }
    request = only(everything(), {"at": "6h", "set": changes}).request
    assert [each["computeEnvironment"] for each in request["computeEnvironmentOrder"]] == [
        Reference("computeEnvironments", "on-demand", "on-demand"),
        Reference("computeEnvironments", "spot", arn),
    ]
    assert request["schedulingPolicyArn"] == Reference("schedulingPolicies", "fair", "fair")


def test_a_name_of_an_entry_is_the_schedule_s():
    schedule = only(small(), at("6h", name="end of the day"))
    assert schedule.name == "end-of-the-day-spot"
    assert schedule.remark.startswith("Update end of the day of the scenario small")


def test_texts_are_escaped_and_references_are_not():
    changes = {f"{SPOT}.computeResources.tags": {"path": "${HOME}"}}
    text = input_text(
        only(small(), {"at": "6h", "set": changes}), lambda _: "${Spot}", lambda text: text.replace("${", "!")
    )
    parameters = {"ComputeEnvironment": "${Spot}", "ComputeResources": {"Tags": {"path": "!HOME}"}}}
    assert json.loads(text) == parameters


def test_the_role_is_allowed_what_the_calls_touch_and_no_more():
    updates = [
        *UPDATES,
        {"at": "7h", "set": {f"{SPOT}.serviceRole": "BatchRole", "batch.jobQueues.shared.priority": 2}},
    ]
    configuration = scheduled(everything(), updates)
    allowed = {
        each.action: {one.name if isinstance(one, Reference) else one for one in each.on}
        for each in statements(configuration, schedules_of(configuration).schedules)
    }
    assert allowed == {
        "batch:UpdateComputeEnvironment": {"spot"},
        # The queues, their environments, and the policy of one of them.
        "batch:UpdateJobQueue": {"nightly", "spot", "on-demand", "shared", "fair"},
        "iam:PassRole": {"BatchRole"},
    }


@pytest.mark.parametrize("region", ["us-east-1", "cn-north-1", "us-gov-west-1"])
def test_requests_are_what_scheduler_and_batch_take(region):
    model = boto3.client("scheduler", region_name=region).meta.service_model
    batch = boto3.client("batch", region_name=region).meta.service_model
    role = "arn:aws:iam::123456789012:role/updates"
    planned = schedules_of(scheduled(small(), role=role))
    for schedule in planned.schedules:
        request = schedule_request(schedule, planned, region, lambda each: each.name)
        validate_parameters(request, model.shape_for("CreateScheduleInput"))
        validate_parameters(request, model.shape_for("UpdateScheduleInput"))
        parameters = from_upper_camel(json.loads(request["Target"]["Input"]), f"{schedule.operation}Request")
        validate_parameters(parameters, batch.operation_model(schedule.operation).input_shape)
        partition = request["Target"]["Arn"].split(":")[1]
        assert partition == {"us-east-1": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov"}[region]
