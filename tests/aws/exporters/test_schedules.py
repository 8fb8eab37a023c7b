"""Exports hold the schedules of ``updates:``, in what their readers take, and their own objects are meant."""

from __future__ import annotations

import json

import pytest

import batchsim as bs
from batchsim.aws.exporters import export
from batchsim.aws.importers.config import import_config
from tests.aws.configurations import UPDATES, everything, scheduled, small
from tests.aws.exporters.provider_schema import Schema
from tests.aws.exporters.test_export import for_terraform, lint, read_template

ROLE = "arn:aws:iam::123456789012:role/updates"
OF_EVERYTHING = [
    *UPDATES,
    {"at": "8h", "set": {"batch.schedulingPolicies.fair.fairsharePolicy.shareDecaySeconds": 60}},
    {"at": "9h", "set": {"batch.jobQueues.shared.schedulingPolicyArn": "fair"}},
]
LICENCES = {"at": "9h", "set": {"batch.consumableResources.licence.totalQuantity": 8}}


def resources(configuration, resource_type):
    found = read_template(export(configuration, "cloudformation")["template.yaml"])["Resources"]
    return {logical: each["Properties"] for logical, each in found.items() if each["Type"] == resource_type}


def blocks(configuration):
    return json.loads(export(configuration, "terraform")["main.tf.json"])["resource"]


def test_cfn_lint_finds_nothing_in_a_template_with_schedules():
    configuration = scheduled(everything(), [*OF_EVERYTHING, LICENCES])
    assert lint(export(configuration, "cloudformation")["template.yaml"]) == []


def test_a_template_without_updates_has_none_of_it():
    assert "Scheduler" not in export(scheduled(small(), []), "cloudformation")["template.yaml"]
    assert not any("scheduler" in resource for resource in blocks(scheduled(for_terraform(small()), [])))


def test_a_schedule_of_a_template_means_the_template_s_own_environment():
    schedule = resources(scheduled(small()), "AWS::Scheduler::Schedule")["ScheduledUpdate1"]
    assert schedule["Target"]["Input"] == {
        "Fn::Sub": '{"ComputeEnvironment": "${Spot}", "ComputeResources": {"MinvCpus": 64}}'
    }
    assert schedule["Target"]["Arn"] == {
        "Fn::Sub": "arn:${AWS::Partition}:scheduler:::aws-sdk:batch:updateComputeEnvironment"
    }
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}


def test_a_call_is_not_tried_for_a_day():
    # By default it is: the minimum of the evening, refused then, would be set when the night is over.
    for schedule in resources(scheduled(small()), "AWS::Scheduler::Schedule").values():
        assert schedule["Target"]["RetryPolicy"]["MaximumEventAgeInSeconds"] == 900


def test_a_template_s_role_is_for_its_schedules_only():
    (role,) = resources(scheduled(small()), "AWS::IAM::Role").values()
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"]["StringEquals"]["aws:SourceArn"] == {"Fn::GetAtt": ["ScheduledUpdates", "Arn"]}
    first, second = role["Policies"][0]["PolicyDocument"]["Statement"]
    assert first == {"Effect": "Allow", "Action": "batch:UpdateComputeEnvironment", "Resource": [{"Ref": "Spot"}]}
    assert second["Resource"] == [{"Ref": "Nightly"}, {"Ref": "Spot"}, {"Ref": "OnDemand"}]


def test_a_role_that_is_given_is_taken():
    configuration = scheduled(small(), role=ROLE)
    assert resources(configuration, "AWS::IAM::Role") == {}
    for schedule in resources(configuration, "AWS::Scheduler::Schedule").values():
        assert schedule["Target"]["RoleArn"] == ROLE
    made = blocks(scheduled(for_terraform(small()), role=ROLE))
    assert "aws_iam_role" not in made
    assert {each["target"]["role_arn"] for each in made["aws_scheduler_schedule"].values()} == {ROLE}


def test_an_environment_with_the_name_of_a_resource_of_ours_keeps_it():
    values = small()
    values["batch"]["computeEnvironments"][0]["computeEnvironmentName"] = "scheduled-updates"
    values["batch"]["jobQueues"][0]["computeEnvironmentOrder"][0]["computeEnvironment"] = "scheduled-updates"
    configuration = scheduled(
        values, [{"at": "6h", "set": {"batch.computeEnvironments.scheduled-updates.state": "DISABLED"}}]
    )
    assert set(resources(configuration, "AWS::Batch::ComputeEnvironment")) == {"ScheduledUpdates", "OnDemand"}
    assert set(resources(configuration, "AWS::Scheduler::ScheduleGroup")) == {"ScheduledUpdates2"}
    assert lint(export(configuration, "cloudformation")["template.yaml"]) == []


def test_the_provider_s_schema_takes_the_schedules():
    schema = Schema()
    for role in (None, ROLE):
        made = blocks(scheduled(for_terraform(everything()), OF_EVERYTHING, role))
        ours = [resource for resource in made if "batch" not in resource]
        assert "aws_scheduler_schedule" in ours
        faults = [fault for each in ours for block in made[each].values() for fault in schema.faults(each, block)]
        assert faults == []


def test_terraform_means_its_own_objects_and_takes_back_no_update():
    made = blocks(scheduled(for_terraform(small()), UPDATES))
    schedule = made["aws_scheduler_schedule"]["update-1-spot"]
    assert json.loads(schedule["target"]["input"]) == {
        "ComputeEnvironment": "${aws_batch_compute_environment.spot.arn}",
        "ComputeResources": {"MinvCpus": 64},
    }
    # An apply in the night would set the minimum of the day.
    environment = made["aws_batch_compute_environment"]["spot"]
    assert environment["lifecycle"] == {"ignore_changes": ["compute_resources[0].min_vcpus"]}
    assert "lifecycle" not in made["aws_batch_compute_environment"]["on-demand"]
    assert made["aws_batch_job_queue"]["nightly"]["lifecycle"] == {"ignore_changes": ["priority"]}


def test_requests_create_the_group_and_the_schedules():
    files = export(scheduled(small(), role=ROLE), "boto3")
    assert json.loads(files["create-schedule-group/small.json"]) == {
        "Name": "small",
        "Tags": [{"Key": "team", "Value": "data"}],
    }
    request = json.loads(files["create-schedule/1-spot.json"])
    assert (request["GroupName"], request["Target"]["RoleArn"]) == ("small", ROLE)
    assert json.loads(request["Target"]["Input"])["ComputeEnvironment"] == "spot"


def test_requests_need_a_role_and_the_arn_of_a_policy():
    configuration = scheduled(everything(), OF_EVERYTHING)
    configuration.batch["jobQueues"][2]["schedulingPolicyArn"] = "arn:aws:batch:us-east-1:1:scheduling-policy/fair"
    with pytest.raises(bs.ScenarioError) as caught:
        export(configuration, "boto3")
    told = [finding.message for finding in caught.value.findings]
    assert sum("needs a role" in each for each in told) == 1
    # The one that changes the policy, and the one that gives it to a queue.
    assert sum("the ARN of the policy fair" in each for each in told) == 2


@pytest.mark.parametrize("format_", ["cloudformation", "terraform", "boto3"])
def test_times_that_scheduler_does_not_have_are_refused(format_):
    update = {"cron": "0 6 1 * MON", "set": {"batch.jobQueues.nightly.priority": 3}}
    with pytest.raises(bs.ScenarioError, match="a day of the month or a day of the week"):
        export(scheduled(for_terraform(small()), [update], ROLE), format_)


GIVEN_BACK = [{**UPDATES[0], "cron": "0 20 * * MON-FRI"}, {**UPDATES[1], "at": "2026-01-01T06:00:00Z"}]


@pytest.mark.parametrize("format_", ["cloudformation", "terraform", "boto3"])
def test_an_export_of_ours_gives_the_updates_back(tmp_path, format_):
    def written(name, updates):
        for path, text in export(scheduled(for_terraform(small()), updates, ROLE), format_).items():
            file = tmp_path / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return import_config([tmp_path / name])

    once = written("once", UPDATES)
    assert once.notes == ()
    assert list(once.updates) == GIVEN_BACK
    assert written("again", list(once.updates)).updates == once.updates


def test_what_a_template_of_everything_updates_is_given_back(tmp_path):
    path = tmp_path / "template.yaml"
    path.write_text(export(scheduled(everything(), [LICENCES]), "cloudformation")["template.yaml"])
    assert list(import_config([path]).updates) == [{**LICENCES, "at": "2026-01-01T09:00:00Z"}]
