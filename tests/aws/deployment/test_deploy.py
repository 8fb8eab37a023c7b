"""Deployments to an endpoint that keeps AWS's documented states and refuses what AWS refuses."""

from __future__ import annotations

import pytest

import batchsim as bs
from batchsim.aws.deployment.apply import Deployer
from batchsim.aws.deployment.inventory import OWNER, take_inventory
from batchsim.aws.deployment.plan import Plan, plan, plan_destroy
from batchsim.aws.deployment.rendering import lines
from batchsim.aws.deployment.submit import planned, submission_id, submit
from tests.aws.configurations import everything, managed, prepared, small
from tests.aws.fake_batch import FakeBatch


@pytest.fixture
def aws():
    with FakeBatch() as endpoint:
        yield endpoint


def deployer(aws: FakeBatch, said: list[str] | None = None) -> Deployer:
    heard = [] if said is None else said
    return Deployer(aws.account(), say=heard.append, sleep=lambda _seconds: None)


def planned_for(aws: FakeBatch, values: dict) -> Plan:
    return plan(prepared(values), take_inventory(aws.account()))


def deploy(aws: FakeBatch, values: dict) -> Plan:
    todo = planned_for(aws, values)
    deployer(aws).carry_out(todo)
    return todo


def destroy(aws: FakeBatch, scenario: str = "small") -> None:
    deployer(aws).carry_out(plan_destroy(scenario, "us-east-1", take_inventory(aws.account())))


def send(aws: FakeBatch, values: dict, submission: str = "") -> int:
    configuration = prepared(values)
    calls = planned(configuration.workload)
    name = submission or submission_id(configuration.name, calls)
    return submit(deployer(aws), configuration.name, calls, name, 50.0)


def actions(todo: Plan) -> dict[str, str]:
    return {step.name: step.action for step in todo.steps if step.action != "leave"}


def resources_of(aws: FakeBatch, name: str) -> dict:
    return aws.environments[name].values["computeResources"]


@pytest.mark.parametrize("values", [small(), everything(), managed()], ids=["small", "everything", "managed"])
def test_deployed_once_and_nothing_the_second_time(aws, values):
    assert set(actions(deploy(aws, values)).values()) == {"create"}
    there, before = aws.resources(), len(aws.changes())
    assert actions(deploy(aws, values)) == {}
    assert len(aws.changes()) == before
    assert aws.resources() == there
    assert {each.values["status"] for each in (*aws.environments.values(), *aws.queues.values())} == {"VALID"}


def test_objects_are_created_in_the_order_in_which_they_depend_on_each_other(aws):
    deploy(aws, everything())
    order = [call.operation for call in aws.changes()]
    kinds = [
        "CreateSchedulingPolicy",
        "CreateConsumableResource",
        "CreateComputeEnvironment",
        "CreateJobQueue",
        "RegisterJobDefinition",
    ]
    assert list(dict.fromkeys(order)) == kinds


def test_everything_is_tagged(aws):
    deploy(aws, everything())
    objects = [each.values for each in (*aws.environments.values(), *aws.queues.values())]
    objects += [*aws.policies.values(), *aws.consumables.values(), *aws.definitions]
    assert len(objects) == 15
    assert all(each["tags"][OWNER] == "small" and each["tags"]["team"] == "data" for each in objects)


def test_a_changed_limit_is_one_update_in_place(aws):
    deploy(aws, small())
    values = small()
    values["batch"]["computeEnvironments"][0]["computeResources"]["maxvCpus"] = 512
    before = len(aws.changes())
    assert actions(deploy(aws, values)) == {"spot": "update"}
    assert [call.operation for call in aws.changes()[before:]] == ["UpdateComputeEnvironment"]
    assert aws.changes()[-1].parameters == {"computeEnvironment": "spot", "computeResources": {"maxvCpus": 512}}
    assert resources_of(aws, "spot")["maxvCpus"] == 512


def test_an_infrastructure_update_is_in_place_where_aws_makes_it(aws):
    deploy(aws, small())
    values = small()
    values["batch"]["computeEnvironments"][0]["computeResources"]["instanceTypes"] = ["r6i"]
    assert actions(deploy(aws, values)) == {"spot": "update"}
    assert resources_of(aws, "spot")["instanceTypes"] == ["r6i"]


def test_what_aws_can_t_change_is_replaced_and_said_before(aws):
    deploy(aws, small())
    values = small()
    values["batch"]["computeEnvironments"][1]["serviceRole"] = "arn:aws:iam::123456789012:role/batch"
    todo = planned_for(aws, values)
    steps = {step.name: step for step in todo.steps}
    assert (steps["on-demand"].action, steps["on-demand"].why) == (
        "replace",
        "a service-linked role can't be exchanged",
    )
    # nightly keeps spot meanwhile; urgent has no other environment and goes with its only one.
    assert steps["nightly"].action == "update"
    assert steps["nightly"].why == "detached from on-demand while it is replaced"
    assert steps["urgent"].action == "replace"
    assert "its jobs are ended" in steps["urgent"].why
    assert "on-demand is replaced" in steps["urgent"].why

    deployer(aws).carry_out(todo)
    assert aws.environments["on-demand"].values["serviceRole"].endswith("role/batch")
    order = aws.queues["nightly"].values["computeEnvironmentOrder"]
    assert [entry["computeEnvironment"].rpartition("/")[2] for entry in order] == ["spot", "on-demand"]
    assert actions(planned_for(aws, values)) == {}


def test_what_the_scenario_has_no_longer_goes(aws):
    deploy(aws, small())
    values = small()
    del values["batch"]["jobQueues"][1], values["batch"]["jobDefinitions"][0]
    values["batch"]["computeEnvironments"].pop()
    values["batch"]["jobQueues"][0]["computeEnvironmentOrder"].pop()
    values["workload"][0]["jobs"] = [
        {"jobName": "load", "jobQueue": "nightly", "jobDefinition": "load", "runtime": "1m"}
    ]
    todo = deploy(aws, values)
    assert actions(todo) == {"nightly": "update", "on-demand": "delete", "urgent": "delete", "extract": "delete"}
    assert (set(aws.environments), set(aws.queues)) == ({"spot"}, {"nightly"})
    assert [each["jobDefinitionName"] for each in aws.resources()["definitions"]] == ["load"]


def test_a_setting_taken_out_of_the_scenario_is_taken_back(aws):
    deploy(aws, small())
    values = small()
    resources = values["batch"]["computeEnvironments"][0]["computeResources"]
    del resources["bidPercentage"], resources["scalingPolicy"]
    assert actions(deploy(aws, values)) == {"spot": "update"}
    assert resources_of(aws, "spot")["bidPercentage"] == 100
    assert resources_of(aws, "spot")["scalingPolicy"] == {"minScaleDownDelayMinutes": 0}
    assert actions(planned_for(aws, values)) == {}


def test_a_definition_gets_a_revision_only_when_it_differs(aws):
    deploy(aws, small())
    values = small()
    values["batch"]["jobDefinitions"][1]["timeout"] = {"attemptDurationSeconds": 600}
    assert actions(deploy(aws, values)) == {"load": "update"}
    assert [(d["jobDefinitionName"], d["revision"]) for d in aws.definitions] == [
        ("extract", 1),
        ("load", 1),
        ("load", 2),
    ]


def test_other_policies_and_quantities_are_updated_in_place(aws):
    deploy(aws, everything())
    values = everything()
    values["batch"]["schedulingPolicies"][0]["fairsharePolicy"]["computeReservation"] = 50
    values["batch"]["consumableResources"][0]["totalQuantity"] = 8
    assert actions(deploy(aws, values)) == {"fair": "update", "licence": "update"}
    assert aws.policies["fair"]["fairsharePolicy"]["computeReservation"] == 50
    assert aws.consumables["licence"]["totalQuantity"] == 8
    assert actions(planned_for(aws, values)) == {}


def test_destroy_leaves_nothing_of_ours_and_all_of_theirs(aws):
    aws.create_environment(
        {
            "computeEnvironmentName": "theirs",
            "type": "MANAGED",
            "computeResources": {
                "type": "FARGATE",
                "maxvCpus": 4,
                "subnets": ["subnet-1"],
                "securityGroupIds": ["sg-1"],
            },
        }
    )
    for _ in range(4):
        aws.describe_environments({})
    theirs = {"jobQueueName": "theirs", "priority": 1}
    aws.create_queue(theirs | {"computeEnvironmentOrder": [{"order": 1, "computeEnvironment": "theirs"}]})
    deploy(aws, everything())
    send(aws, small())
    destroy(aws)
    left = aws.resources()
    assert (list(left["environments"]), list(left["queues"])) == (["theirs"], ["theirs"])
    assert (left["policies"], left["consumables"], left["definitions"]) == ({}, {}, [])
    assert actions(plan_destroy("small", "us-east-1", take_inventory(aws.account()))) == {}


def test_an_object_of_the_same_name_that_is_not_ours_is_not_touched(aws):
    deploy(aws, small())
    other = small() | {"name": "other"}
    before = aws.resources()
    todo = planned_for(aws, other)
    # Nothing is said to be replaced that never will be.
    assert {step.action for step in todo.steps if step.existing is not None} == {"conflict"}
    assert not any(line.startswith("  !") for line in lines(todo, "us-east-1"))
    with pytest.raises(bs.ScenarioError) as caught:
        deployer(aws).carry_out(todo)
    assert {finding.code for finding in caught.value.findings} == {"not-ours"}
    assert len(caught.value.findings) == 6
    assert aws.resources() == before


def test_an_environment_that_a_foreign_queue_uses_can_t_go(aws):
    deploy(aws, small())
    order = [{"order": 1, "computeEnvironment": "spot"}]
    aws.create_queue({"jobQueueName": "theirs", "priority": 1, "computeEnvironmentOrder": order})
    with pytest.raises(bs.ScenarioError, match="job queue theirs"):
        destroy(aws)
    assert "spot" in aws.environments


def test_an_environment_that_turns_invalid_stops_and_says_why(aws):
    aws.broken_roles = {"ecsInstanceRole": "CLIENT_ERROR - not authorized to perform sts:AssumeRole"}
    with pytest.raises(bs.AwsError, match="sts:AssumeRole"):
        deploy(aws, small())
    assert aws.queues == {}
    aws.broken_roles = {}
    for _ in range(4):
        aws.describe_environments({})
    todo = planned_for(aws, small())
    assert [step.why for step in todo.of("computeEnvironments", "replace")] == [
        "it is INVALID: CLIENT_ERROR - not authorized to perform sts:AssumeRole"
    ] * 2
    deployer(aws).carry_out(todo)
    assert actions(planned_for(aws, small())) == {}


def test_what_was_disabled_is_enabled_again(aws):
    deploy(aws, small())
    aws.queues["urgent"].values["state"] = "DISABLED"
    assert actions(deploy(aws, small())) == {"urgent": "update"}
    assert aws.queues["urgent"].values["state"] == "ENABLED"


def test_many_objects_are_read_page_by_page(aws):
    aws.page_size = 1
    deploy(aws, small())
    assert actions(planned_for(aws, small())) == {}


def test_jobs_go_in_the_order_of_their_dependencies_by_id(aws):
    deploy(aws, small())
    assert send(aws, small()) == 3
    jobs = {job["tags"]["batchsim:job"]: job for job in aws.jobs.values()}
    assert list(jobs) == ["etl/extract", "etl/load", "etl/report"]
    extract, load, report = jobs.values()
    assert extract["arrayProperties"] == {"size": 20}
    assert load["dependsOn"] == [{"jobId": extract["jobId"], "type": "N_TO_N"}, {"type": "SEQUENTIAL"}]
    assert report["dependsOn"] == [{"jobId": load["jobId"]}, {"jobId": extract["jobId"]}]


def test_jobs_are_submitted_once_unless_asked_anew(aws):
    deploy(aws, small())
    assert [send(aws, small()), send(aws, small()), send(aws, small(), "again")] == [3, 0, 3]
    assert len(aws.jobs) == 6


def test_jobs_are_submitted_at_a_bounded_rate(aws):
    deploy(aws, small())
    waited = []
    configuration = prepared(small())
    sending = Deployer(aws.account(), say=lambda _text: None, sleep=waited.append)
    submit(sending, "small", planned(configuration.workload), "s", 4.0)
    assert waited == [0.25] * 3


def test_an_update_of_managed_instances_says_less_than_what_made_them(aws):
    deploy(aws, managed({"propagateTags": "CAPACITY_PROVIDER"}, capacityOptionType="ON_DEMAND", fipsEnabled=False))
    wider = {"infrastructureOptimization": {"scaleInAfter": 900}}
    types = {"allowedInstanceTypes": ["c6i", "m6i"]}
    after = managed(wider, capacityOptionType="ON_DEMAND", fipsEnabled=False, instanceRequirements=types)
    assert actions(deploy(aws, after)) == {"on-demand": "update"}
    (call,) = [call for call in aws.changes() if call.operation == "UpdateComputeEnvironment"]
    provider = call.parameters["computeResources"]["managedInstancesProvider"]
    assert set(provider["instanceLaunchTemplate"]) == {
        "ec2InstanceProfileArn",
        "networkConfiguration",
        "instanceRequirements",
    }
    assert (provider["infrastructureOptimization"], provider["propagateTags"]) == ({"scaleInAfter": 900}, "NONE")
    assert actions(deploy(aws, after)) == {}


def test_managed_instances_that_become_spot_are_made_anew(aws):
    deploy(aws, managed())
    values = managed(capacityOptionType="SPOT")
    values["batch"]["computeEnvironments"][1:] = []
    values["batch"]["jobQueues"][0]["computeEnvironmentOrder"][1:] = []
    assert actions(deploy(aws, values))["on-demand"] == "replace"
    launched = resources_of(aws, "on-demand")["managedInstancesProvider"]["instanceLaunchTemplate"]
    assert launched["capacityOptionType"] == "SPOT"
    destroy(aws)
    assert aws.environments == {}
