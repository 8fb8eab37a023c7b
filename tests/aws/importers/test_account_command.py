"""``batchsim import account``: a configuration and its history in one step, from files and from an account."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from botocore.stub import Stubber

import batchsim as bs
from batchsim.aws.client import AwsAccount
from batchsim.aws.histories.answers import read_history
from batchsim.aws.histories.live import live_answers
from batchsim.cli.main import main
from tests.aws.histories.said import CLUSTER, UUID, activity, container_instance, instance_arn, task, task_arn, undated
from tests.aws.importers.test_jobs_command import SCENARIO, described

TEMPLATE = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Resources": {
        "Servers": {
            "Type": "AWS::Batch::ComputeEnvironment",
            "Properties": {"ComputeEnvironmentName": "servers", "Type": "UNMANAGED", "UnmanagedvCpus": 64},
        },
        "Nightly": {
            "Type": "AWS::Batch::JobQueue",
            "Properties": {
                "JobQueueName": "nightly",
                "Priority": 1,
                "ComputeEnvironmentOrder": [{"Order": 1, "ComputeEnvironment": "servers"}],
            },
        },
        "Task": {
            "Type": "AWS::Batch::JobDefinition",
            "Properties": {
                "JobDefinitionName": "task",
                "Type": "container",
                "ContainerProperties": {
                    "Image": "busybox",
                    "ResourceRequirements": [{"Type": "VCPU", "Value": "2"}, {"Type": "MEMORY", "Value": "1024"}],
                },
            },
        },
    },
}


@pytest.fixture
def jobs(tmp_path):
    path = tmp_path / "jobs.json"
    made = [described(number, number * 60, number * 60 + 30, number * 60 + 90) for number in range(20)]
    path.write_text(json.dumps({"jobs": made}))
    return path


@pytest.mark.parametrize("order", [1, -1])
def test_files_are_told_by_what_is_in_them(jobs, tmp_path, capsys, order):
    template, tasks, out = tmp_path / "template.json", tmp_path / "tasks.json", tmp_path / "scenario.yaml"
    template.write_text(json.dumps(TEMPLATE))
    tasks.write_text(json.dumps({"tasks": [task(1)]}))
    sources = [str(each) for each in (template, jobs, tasks)][::order]
    assert main(["import", "account", *sources, "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "20 jobs" in told
    assert str(out) in re.sub(r"\s", "", told)  # however wide the terminal is
    result = bs.run(bs.load(out))
    assert result.summary["jobs"]["succeeded"] == 20
    assert result.jobs["job_queue"].unique().tolist() == ["nightly"]


def test_a_scenario_s_surroundings_are_kept(jobs, tmp_path):
    scenario, out = tmp_path / "config.yaml", tmp_path / "scenario.yaml"
    scenario.write_text(SCENARIO.replace("workload:\n", ""))
    assert main(["import", "account", str(scenario), str(jobs), "--out", str(out), "--quiet"]) == 0
    assert bs.load(out).environment.preset == "ideal"


@pytest.mark.parametrize(("which", "told"), [("jobs", "no configuration in it"), ("template", "no job that ran in it")])
def test_one_of_both_is_not_enough(jobs, tmp_path, capsys, which, told):
    template = tmp_path / "template.json"
    template.write_text(json.dumps(TEMPLATE))
    source = jobs if which == "jobs" else template
    assert main(["import", "account", str(source), "--out", str(tmp_path / "x.yaml")]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "x.yaml").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "a SOURCE or --live is needed"),
        (["x.json", "--since", "2026-11-01"], "need --live"),
        (["x.json", "--queue", "q"], "need --live"),
    ],
)
def test_what_does_not_go_together(arguments, told, tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["import", "account", *arguments, "--out", str(tmp_path / "x.yaml")])
    assert caught.value.code == 2
    assert told in capsys.readouterr().err


def test_an_account_of_moto(moto, tmp_path, capsys):
    account = AwsAccount(region="us-east-1", endpoint_url=moto.url)
    batch = account.client()
    resources = {"type": "EC2", "allocationStrategy": "BEST_FIT_PROGRESSIVE", "minvCpus": 0, "maxvCpus": 8,
                 "instanceTypes": ["m6i.large"], "subnets": moto.deployment["subnets"],
                 "securityGroupIds": moto.deployment["securityGroupIds"],
                 "instanceRole": moto.deployment["instanceRole"]}  # fmt: skip
    batch.create_compute_environment(
        computeEnvironmentName="servers", type="MANAGED", computeResources={**resources, "desiredvCpus": 0},
        serviceRole=moto.deployment["serviceRole"],
    )  # fmt: skip
    order = [{"order": 1, "computeEnvironment": "servers"}]
    for name in ("nightly", "other"):
        batch.create_job_queue(jobQueueName=name, priority=1, state="ENABLED", computeEnvironmentOrder=order)
    needs = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "512"}]
    batch.register_job_definition(
        jobDefinitionName="task", type="container",
        containerProperties={"image": "busybox", "command": ["true"], "resourceRequirements": needs},
    )  # fmt: skip
    for number, queue in enumerate(["nightly", "nightly", "other"]):
        batch.submit_job(jobName=f"job-{number}", jobQueue=queue, jobDefinition="task")

    live = ["--live", "--region", "us-east-1", "--endpoint-url", moto.url]
    assert main(["import", "account", *live, "--out", str(tmp_path / "all.yaml"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["history"]["jobs"], told["history"]["attempts"]) == (3, 3)
    assert len(bs.load(tmp_path / "all.yaml").configuration.queues) == 2
    one = [*live, "--queue", "nightly", "--since", "2020-01-01"]
    assert main(["import", "account", *one, "--out", str(tmp_path / "one.yaml")]) == 0
    assert "2 jobs" in capsys.readouterr().out
    assert [queue.name for queue in bs.load(tmp_path / "one.yaml").configuration.queues] == ["nightly"]
    assert bs.run(bs.load(tmp_path / "one.yaml")).summary["jobs"]["succeeded"] == 2
    late = [*live, "--since", "2199-01-01", "--out", str(tmp_path / "late.yaml")]
    assert main(["import", "account", *late]) == 2
    assert "no job in it" in capsys.readouterr().err


class Stubbed:
    """An account whose services give the answers they were told."""

    def __init__(self):
        account = AwsAccount(region="us-east-1", endpoint_url="http://127.0.0.1:9")
        self._clients = {name: account.client(name) for name in ("batch", "ecs", "autoscaling")}
        self.stubs = {name: Stubber(client) for name, client in self._clients.items()}
        for stub in self.stubs.values():
            stub.activate()

    def client(self, service="batch"):
        return self._clients[service]

    def says(self, service, operation, answer):
        self.stubs[service].add_response(operation, answer)


@pytest.fixture
def stubbed(credentials):
    account = Stubbed()
    job = described(1, 0, 30, 90)
    summary = {"jobId": "job-1", "jobName": "step1", "status": "SUCCEEDED", "createdAt": job["createdAt"]}
    for found in ([], [summary], []):  # RUNNING, SUCCEEDED, FAILED
        account.says("batch", "list_jobs", {"jobSummaryList": found})
    account.says("batch", "describe_jobs", {"jobs": [job]})
    environment = {"computeEnvironmentName": "fleet", "computeEnvironmentArn": "arn:x",
                   "ecsClusterArn": f"arn:cluster/{CLUSTER}"}  # fmt: skip
    account.says("batch", "describe_compute_environments", {"computeEnvironments": [environment]})
    return account


def test_what_jobs_ran_on_is_asked_of_ecs_and_auto_scaling(stubbed):
    stubbed.says("ecs", "list_container_instances", {"containerInstanceArns": [instance_arn(1)]})
    stubbed.says("ecs", "describe_container_instances", {"containerInstances": [undated(container_instance(1))]})
    for found in ([task_arn(7)], []):
        stubbed.says("ecs", "list_tasks", {"taskArns": found})
        if found:
            stubbed.says("ecs", "describe_tasks", {"tasks": [undated(task(7))]})
    groups = [{"AutoScalingGroupName": name, "MinSize": 0, "MaxSize": 1, "DesiredCapacity": 0, "DefaultCooldown": 1,
               "AvailabilityZones": ["a"], "HealthCheckType": "EC2", "CreatedTime": datetime(2026, 1, 1, tzinfo=UTC)}
              for name in (f"fleet-asg-{UUID}", f"another-asg-{UUID}", "web")]  # fmt: skip
    stubbed.says("autoscaling", "describe_auto_scaling_groups", {"AutoScalingGroups": groups})
    stubbed.says("autoscaling", "describe_scaling_activities", {"Activities": [undated(activity(1))]})
    answers, notes = live_answers(stubbed, ["nightly"], ["fleet"])
    assert notes == ()
    found = read_history([], answers)
    assert [each.job_id for each in found.jobs] == ["job-1"]
    assert (found.tasks[0].task, found.instances[0].instance) == (task_arn(7), instance_arn(1))
    assert found.instances[0].registered_at == found.activities[0].begun_at + 60
    for stub in stubbed.stubs.values():
        stub.assert_no_pending_responses()


def test_who_may_not_ask_them_learns_without(stubbed):
    stubbed.stubs["ecs"].add_client_error("list_container_instances", "AccessDeniedException", "no")
    stubbed.stubs["autoscaling"].add_client_error("describe_auto_scaling_groups", "AccessDenied", "no")
    answers, notes = live_answers(stubbed, ["nightly"], ["fleet"])
    assert len(read_history([], answers).jobs) == 1
    assert [note.severity for note in notes] == ["info", "info"]
    assert "left out: container instances and tasks of ECS: " in notes[0].message
    assert "AccessDenied" in notes[1].message
