"""Schedules that others wrote, as updates: what is read, and what is named as not read."""

from __future__ import annotations

import json

import pytest

from batchsim.aws.importers.config import import_config
from batchsim.aws.schedules.reading import OtherTargetError, UnreadError, together, update_of

KNOWN = {
    ("computeEnvironments", "fleet"),
    ("computeEnvironments", "spare"),
    ("jobQueues", "bulk"),
    ("schedulingPolicies", "fair"),
    ("consumableResources", "licence"),
}
MINIMUM = {"ComputeEnvironment": "fleet", "ComputeResources": {"MinvCpus": 64}}


def schedule(call="updateComputeEnvironment", parameters=MINIMUM, when="cron(0 20 * * ? *)", **more):
    text = parameters if isinstance(parameters, str) else json.dumps(parameters)
    target = {"Arn": f"arn:aws:scheduler:::aws-sdk:batch:{call}", "Input": text}
    return {"ScheduleExpression": when, "Target": target, **more}


@pytest.mark.parametrize(
    ("call", "parameters", "changes"),
    [
        (
            "updateComputeEnvironment",
            {
                "ComputeEnvironment": "arn:aws:batch:us-east-1:123456789012:compute-environment/fleet",
                "State": "ENABLED",
                "ComputeResources": {"MinvCpus": 0, "Tags": {"team": "Data"}},
            },
            {
                "batch.computeEnvironments.fleet.state": "ENABLED",
                "batch.computeEnvironments.fleet.computeResources.minvCpus": 0,
                "batch.computeEnvironments.fleet.computeResources.tags": {"team": "Data"},
            },
        ),
        (
            "updateJobQueue",
            {
                "JobQueue": "bulk",
                "ComputeEnvironmentOrder": [
                    {"Order": 1, "ComputeEnvironment": "arn:aws:batch:us-east-1:1:compute-environment/spare"},
                    {"Order": 2, "ComputeEnvironment": "arn:aws:batch:us-east-1:1:compute-environment/theirs"},
                ],
            },
            {
                "batch.jobQueues.bulk.computeEnvironmentOrder": [
                    {"order": 1, "computeEnvironment": "spare"},
                    {"order": 2, "computeEnvironment": "arn:aws:batch:us-east-1:1:compute-environment/theirs"},
                ]
            },
        ),
        (
            "updateConsumableResource",
            {"ConsumableResource": "licence", "Operation": "SET", "Quantity": 8},
            {"batch.consumableResources.licence.totalQuantity": 8},
        ),
        (
            "updateSchedulingPolicy",
            {
                "Arn": "arn:aws:batch:us-east-1:1:scheduling-policy/fair",
                "FairsharePolicy": {"ShareDecaySeconds": 60},
            },
            {"batch.schedulingPolicies.fair.fairsharePolicy": {"shareDecaySeconds": 60}},
        ),
    ],
)
def test_a_call_sets_what_it_changes(call, parameters, changes):
    assert update_of(schedule(call, parameters), KNOWN) == {"cron": "0 20 * * *", "set": changes}


@pytest.mark.parametrize(
    ("when", "zone", "expected"),
    [
        ("cron(0 20 ? * 2-6 *)", "Europe/Berlin", {"cron": "0 20 * * MON-FRI", "timezone": "Europe/Berlin"}),
        ("at(2026-11-02T20:00:00)", None, {"at": "2026-11-02T20:00:00Z"}),
        # Berlin is an hour ahead in November, and two in July.
        ("at(2026-11-02T20:00:00)", "Europe/Berlin", {"at": "2026-11-02T19:00:00Z"}),
        ("at(2026-07-02T20:00:00)", "Europe/Berlin", {"at": "2026-07-02T18:00:00Z"}),
    ],
)
def test_when_it_is_due(when, zone, expected):
    found = update_of(schedule(when=when, **({"ScheduleExpressionTimezone": zone} if zone else {})), KNOWN)
    assert {key: value for key, value in found.items() if key != "set"} == expected


@pytest.mark.parametrize(
    ("properties", "what"),
    [
        (schedule("submitJob", {"JobName": "settle"}), "it submits jobs"),
        (schedule("tagResource", {}), "tagResource changes no part"),
        ({"Target": {"Arn": "arn:aws:lambda:us-east-1:1:function:night"}}, "not AWS Batch"),
        ({}, "not AWS Batch"),
        (schedule(State="DISABLED"), "DISABLED"),
    ],
)
def test_what_is_no_update_is_told_so(properties, what):
    with pytest.raises(OtherTargetError, match=what):
        update_of(properties, KNOWN)


@pytest.mark.parametrize(
    ("properties", "what"),
    [
        (schedule(when="rate(12 hours)"), "counts from when it was made"),
        (schedule(when="cron(0 20 * * ? 2027)"), "the year 2027"),
        (schedule(when="at(tomorrow)"), "no cron of six fields"),
        (schedule(when=None), "when it is due is not known"),
        (schedule(ScheduleExpressionTimezone="Europe/Berln"), "did you mean Europe/Berlin"),
        (schedule(StartDate="2026-11-02T00:00:00Z"), "it has a StartDate"),
        (schedule(parameters="{"), "no JSON object"),
        (schedule(parameters="[]"), "no JSON object"),
        (schedule(parameters={"ComputeEnvironment": "fleet"}), "it changes nothing"),
        (schedule(parameters={"ComputeEnvironment": "theirs", "State": "DISABLED"}), "theirs is not in the same"),
        # As the API spells it; EventBridge Scheduler does not.
        (schedule(parameters={"computeEnvironment": "fleet", "state": "DISABLED"}), "its Input has computeEnvironment"),
        (
            schedule("updateConsumableResource", {"ConsumableResource": "licence", "Operation": "ADD", "Quantity": 1}),
            "adds to or removes",
        ),
    ],
)
def test_what_no_update_can_say_is_told_so(properties, what):
    with pytest.raises(UnreadError, match=what):
        update_of(properties, KNOWN)


def test_updates_at_one_time_are_one_unless_they_set_the_same():
    one, other, again = ({"cron": "0 6 * * *", "set": {path: value}} for path, value in [("a", 1), ("b", 2), ("a", 3)])
    later = {"cron": "0 7 * * *", "set": {"c": 4}}
    assert together([one, later, other, again]) == [{"cron": "0 6 * * *", "set": {"a": 1, "b": 2}}, later, again]


TEMPLATE = """
Resources:
  Fleet:
    Type: AWS::Batch::ComputeEnvironment
    Properties: {Type: UNMANAGED, UnmanagedvCpus: 8, ServiceRole: role}
  Up:
    Type: AWS::Scheduler::Schedule
    Properties:
      ScheduleExpression: cron(0 20 * * ? *)
      FlexibleTimeWindow: {Mode: 'OFF'}
      Target:
        Arn: !Sub arn:${AWS::Partition}:scheduler:::aws-sdk:batch:updateComputeEnvironment
        RoleArn: arn:aws:iam::123456789012:role/updates
        Input: !Sub '{"ComputeEnvironment": "${Fleet}", "UnmanagedvCpus": 16}'
  Hourly:
    Type: AWS::Scheduler::Schedule
    Properties:
      ScheduleExpression: rate(1 hour)
      FlexibleTimeWindow: {Mode: 'OFF'}
      Target:
        Arn: arn:aws:scheduler:::aws-sdk:batch:updateComputeEnvironment
        RoleArn: arn:aws:iam::123456789012:role/updates
        Input: !Sub '{"ComputeEnvironment": "${Fleet}", "UnmanagedvCpus": 8}'
  Secret:
    Type: AWS::Scheduler::Schedule
    Properties:
      ScheduleExpression: cron(0 20 * * ? *)
      FlexibleTimeWindow: {Mode: 'OFF'}
      Target:
        Arn: arn:aws:scheduler:::aws-sdk:batch:updateComputeEnvironment
        RoleArn: arn:aws:iam::123456789012:role/updates
        Input: '{{resolve:ssm:night}}'
  Function:
    Type: AWS::Scheduler::Schedule
    Properties:
      ScheduleExpression: rate(1 hour)
      FlexibleTimeWindow: {Mode: 'OFF'}
      Target: {Arn: !GetAtt Night.Arn, RoleArn: arn:aws:iam::123456789012:role/updates}
  Night:
    Type: AWS::Lambda::Function
    Properties: {}
"""


def test_the_schedules_of_a_template_are_read_or_named(tmp_path):
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE)
    imported = import_config([path])
    assert list(imported.updates) == [
        {"cron": "0 20 * * *", "set": {"batch.computeEnvironments.Fleet.unmanagedvCpus": 16}}
    ]
    told = {(note.path, note.code, note.severity, note.line) for note in imported.notes}
    assert told == {
        ("updates.Hourly", "schedule-unread", "warning", 15),
        ("updates.Secret", "schedule-unread", "warning", 24),
        ("updates.Function", "left-out", "info", 33),
    }
    assert "updates:\n- cron: '0 20 * * *'" in imported.to_yaml()


def test_a_configuration_without_schedules_has_no_updates(tmp_path):
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE[: TEMPLATE.index("  Up:")])
    assert "updates" not in import_config([path]).to_yaml()


QUEUE = {"name": "bulk", "priority": 1, "state": "ENABLED", "compute_environment_order": []}
INPUT = '{"JobQueue": "arn:aws:batch:us-east-1:123456789012:job-queue/bulk", "State": "DISABLED"}'
CLOSED = {"cron": "0 20 * * FRI", "set": {"batch.jobQueues.bulk.state": "DISABLED"}}


def terraform_schedule(**target):
    arn = "arn:aws:scheduler:::aws-sdk:batch:updateJobQueue"
    return {"schedule_expression": "cron(0 20 ? * FRI *)", "state": "ENABLED", "target": [{"arn": arn, **target}]}


def imported(tmp_path, content):
    path = tmp_path / "terraform.json"
    path.write_text(json.dumps(content))
    return import_config([path])


def resource(kind, values, **more):
    return {"address": f"{kind}.this", "mode": "managed", "type": kind, "name": "this", **more, **values}


def test_a_state_of_terraform_has_all_of_a_schedule(tmp_path):
    queue, closed = ("aws_batch_job_queue", QUEUE), ("aws_scheduler_schedule", terraform_schedule(input=INPUT))
    resources = [resource(kind, {"instances": [{"attributes": values}]}) for kind, values in (queue, closed)]
    found = imported(tmp_path, {"version": 4, "terraform_version": "1.9.0", "resources": resources})
    assert list(found.updates) == [CLOSED]


@pytest.mark.parametrize("given", [INPUT, None])
def test_what_a_plan_can_t_know_of_a_schedule_is_told(tmp_path, given):
    closed = terraform_schedule(**({"input": given} if given else {}))
    child = {"resources": [resource("aws_scheduler_schedule", {"values": closed})], "address": "module.night"}
    root = {"resources": [resource("aws_batch_job_queue", {"values": QUEUE})], "child_modules": [child]}
    found = imported(tmp_path, {"format_version": "1.2", "planned_values": {"root_module": root}})
    assert list(found.updates) == ([CLOSED] if given else [])
    told = [note.message for note in found.notes if note.code == "schedule-unread"]
    assert told == ([] if given else ["the schedule this is not read: its Input is not known"])


def test_what_get_schedule_prints_is_read(tmp_path):
    queue = {"jobQueueName": "bulk", "priority": 1, "computeEnvironmentOrder": []}
    printed = {"Name": "closed", "Arn": "arn:…", "ScheduleExpression": "cron(0 20 ? * FRI *)", "State": "ENABLED"}
    printed["Target"] = {"Arn": "arn:aws:scheduler:::aws-sdk:batch:updateJobQueue", "Input": INPUT}
    assert list(imported(tmp_path, [queue, printed]).updates) == [CLOSED]
