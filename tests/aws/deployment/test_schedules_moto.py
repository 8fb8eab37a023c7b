"""The schedules of `updates:` deployed to a server that speaks EventBridge Scheduler, changed, and removed again."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

import batchsim as bs
from batchsim.aws.client import AwsAccount
from batchsim.aws.deployment.apply import Deployer
from batchsim.aws.deployment.inventory import take_inventory
from batchsim.aws.deployment.plan import plan, plan_destroy
from batchsim.aws.deployment.schedules import ScheduleDeployer, take_schedules, with_schedules, without_schedules
from batchsim.aws.schedules.schedule import schedules_of
from tests.aws.configurations import UPDATES, everything, scheduled, small

ROLE = "arn:aws:iam::123456789012:role/updates"
BEFORE = datetime(2025, 12, 31, tzinfo=UTC)
MINIMUM = "batch.computeEnvironments.spot.computeResources.minvCpus"


@pytest.fixture
def account(moto):
    return AwsAccount(region="us-east-1", endpoint_url=moto.url)


@pytest.fixture
def configured(moto):
    def make(updates=None, values=None):
        return scheduled({**(values or small()), "deployment": moto.deployment}, updates, ROLE)

    return make


def planned(account, configuration, now=BEFORE):
    there = take_schedules(account, schedules_of(configuration))
    return with_schedules(plan(configuration, take_inventory(account)), configuration, there, now)


def carried_out(account, configuration, now=BEFORE):
    """What the command does, without waiting; what was said."""
    todo, said = planned(account, configuration, now), []
    schedules = ScheduleDeployer(account, said.append)
    schedules.remove(todo)
    Deployer(account, said.append, sleep=lambda _: None).carry_out(todo)
    schedules.make(todo, configuration)
    return said


def actions(todo, *kinds):
    return {step.name: step.action for step in todo.steps if step.kind in kinds}


def there(account):
    client = account.client("scheduler")
    names = [each["Name"] for each in client.list_schedules(GroupName="small")["Schedules"]]
    return {name: client.get_schedule(GroupName="small", Name=name) for name in names}


def test_schedules_are_created_after_what_they_change_and_are_there_once(account, configured):
    said = carried_out(account, configured())
    assert said[-3:] == ["created schedule group small", "created schedule 1-spot", "created schedule 2-nightly"]
    found = there(account)
    assert found["1-spot"]["ScheduleExpression"] == "cron(0 20 ? * MON-FRI *)"
    assert found["1-spot"]["ScheduleExpressionTimezone"] == "Europe/Berlin"
    target = found["1-spot"]["Target"]
    assert target["Arn"] == "arn:aws:scheduler:::aws-sdk:batch:updateComputeEnvironment"
    assert json.loads(target["Input"]) == {"ComputeEnvironment": "spot", "ComputeResources": {"MinvCpus": 64}}
    assert target["RoleArn"] == ROLE
    again = planned(account, configured())
    assert {step.action for step in again.steps} == {"leave"}


def test_a_changed_schedule_is_updated_and_one_that_is_no_longer_there_is_deleted(account, configured):
    carried_out(account, configured())
    earlier = {**UPDATES[0], "cron": "0 18 * * 1-5", "set": {MINIMUM: 32}}
    todo = planned(account, configured([earlier]))
    assert actions(todo, "updates") == {"1-spot": "update", "2-nightly": "delete"}
    (step,) = todo.of("updates", "update")
    assert [".".join(change.path) for change in step.changes] == ["ScheduleExpression", "Target.Input"]
    assert carried_out(account, configured([earlier])) == ["deleted schedule 2-nightly", "updated schedule 1-spot"]
    (left,) = there(account).values()
    assert left["ScheduleExpression"] == "cron(0 18 ? * MON-FRI *)"


def test_a_scenario_without_updates_any_more_has_its_group_deleted(account, configured):
    carried_out(account, configured())
    todo = planned(account, configured([]))
    assert actions(todo, "updates", "scheduleGroups") == {"small": "delete", "1-spot": "delete", "2-nightly": "delete"}
    assert carried_out(account, configured([])) == ["deleted schedule group small, and the schedules in it"]
    assert take_schedules(account, schedules_of(configured([]))).group is None


def test_a_removal_removes_schedules_first(account, configured):
    carried_out(account, configured())
    said = []
    inventory, found = take_inventory(account), take_schedules(account, schedules_of(configured()))
    todo = without_schedules(plan_destroy("small", "us-east-1", inventory), found)
    ScheduleDeployer(account, said.append).remove(todo)
    Deployer(account, said.append, sleep=lambda _: None).carry_out(todo)
    assert said[0] == "deleted schedule group small, and the schedules in it"
    assert "deleted compute environment spot" in said
    assert take_schedules(account, schedules_of(configured())).schedules == ()


def test_a_time_that_has_passed_is_left_out_and_said(account, configured):
    # small() begins with 2026: six hours later is past by then, the evenings are not.
    todo = planned(account, configured(), now=datetime(2026, 1, 1, 7, tzinfo=UTC))
    assert actions(todo, "updates") == {"1-spot": "create", "2-nightly": "leave"}
    (left,) = todo.of("updates", "leave")
    assert left.why == "at(2026-01-01T06:00:00) has passed: it is not made"


def test_a_group_of_others_is_not_touched(account, configured):
    account.client("scheduler").create_schedule_group(Name="small", Tags=[{"Key": "team", "Value": "them"}])
    todo = planned(account, configured())
    assert [finding.code for finding in todo.conflicts] == ["not-ours"]
    with pytest.raises(bs.ScenarioError):
        carried_out(account, configured())
    assert there(account) == {}
    assert planned(account, configured([])).conflicts == ()
    found = take_schedules(account, schedules_of(configured()))
    assert without_schedules(plan_destroy("small", "us-east-1", take_inventory(account)), found).steps == ()


def test_a_policy_is_named_by_its_arn(account, configured):
    update = {"at": "8h", "set": {"batch.schedulingPolicies.fair.fairsharePolicy.shareDecaySeconds": 60}}
    values = everything()
    for kind in ("consumableResources", "jobDefinitions"):  # moto has no consumable resources, and fewer definitions
        values["batch"][kind] = values["batch"][kind][:2] if kind == "jobDefinitions" else []
    configuration = configured([update], values)
    carried_out(account, configuration)
    arn = json.loads(there(account)["1-fair"]["Target"]["Input"])["Arn"]
    assert arn.startswith("arn:aws:batch:us-east-1:")
    assert arn.endswith(":scheduling-policy/fair")
    assert actions(planned(account, configuration), "updates") == {"1-fair": "leave"}


def test_without_a_role_nothing_is_planned(account, configured):
    with pytest.raises(bs.ScenarioError, match="needs a role"):
        planned(account, replace(configured(), scheduler_role=None))
