"""What is pasted by mistake is told by its name, with the next step."""

from __future__ import annotations

import json

import pytest

import batchsim as bs
from batchsim.aws.importers.config import import_config

HCL = 'resource "aws_batch_job_queue" "q" {\n  name = "q"\n}\n'
FILES = {
    "main.tf": (HCL, "Terraform's HCL"),
    "late.txt": ("\n" * 300_000 + HCL, "Terraform's HCL"),  # whose lines are looked at once each
    "copied.txt": ('variable "x" {\n  default = "a: b"\n}\n' + HCL, "Terraform's HCL"),
    "values.tfvars": ('name = "q"\n', "Terraform's variables"),
    "app.ts": ("import * as cdk from 'aws-cdk-lib';\n", "a CDK app"),
    "list.json": ({"jobSummaryList": []}, "list-jobs output"),
    "submit.json": ({"jobName": "a", "jobQueue": "b", "jobDefinition": "c"}, "a submit-job request"),
    "event.json": ({"detail-type": "Batch Job State Change", "detail": {}}, "an EventBridge event"),
    "update.json": ({"computeEnvironment": "pool", "state": "DISABLED"}, "an update-compute-environment request"),
    "task.json": ({"family": "x", "containerDefinitions": []}, "an ECS task definition"),
    "machine.json": ({"StartAt": "a", "States": {}}, "a state machine of Step Functions"),
    "pod.yaml": ("apiVersion: v1\nkind: Pod\n", "a manifest of Kubernetes"),
    "cluster.yaml": ("HeadNode: {}\nScheduling: {}\n", "AWS ParallelCluster"),
    "etl.yaml": ("name: etl\nbatch: {}\nworkload: []\n", "a scenario of batchsim"),
    "stacks.json": ({"Stacks": []}, "describe-stacks output"),
}


def test_a_stream_that_is_too_long_is_not_taken_apart(tmp_path):
    # 2,500,001 documents of nothing; what is refused for its length need not be a list of them first.
    (tmp_path / "long.yaml").write_text("---\n" * 2_500_001)
    with pytest.raises(bs.ScenarioError, match=r"\[too-large\] 10,000,004 characters of YAML"):
        import_config([tmp_path / "long.yaml"])


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_refused_by_name_with_the_next_step(name, tmp_path):
    content, what = FILES[name]
    (tmp_path / name).write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(bs.ScenarioError) as caught:
        import_config([tmp_path / name])
    (finding,) = caught.value.findings
    assert (finding.code, what in finding.message, bool(finding.expected)) == ("not-a-configuration", True, True)


def test_a_saved_plan_is_an_archive(tmp_path):
    (tmp_path / "tfplan").write_bytes(b"PK\x03\x04\xff\xfe")
    with pytest.raises(bs.ScenarioError, match="terraform show -json"):
        import_config([tmp_path / "tfplan"])


def test_a_folder_without_a_configuration_says_what_it_looks_for(tmp_path):
    (tmp_path / "main.tf").write_text(HCL)
    with pytest.raises(bs.ScenarioError, match="Terraform's HCL"):
        import_config([tmp_path])
    (tmp_path / "main.tf").unlink()
    with pytest.raises(bs.ScenarioError, match=r"\.json, \.yaml"):
        import_config([tmp_path])


QUEUE = {"Type": "AWS::Batch::JobQueue", "Properties": {"JobQueueName": "q", "Priority": 1}}


@pytest.mark.parametrize("body", [{"Resources": {"Q": QUEUE}}, json.dumps({"Resources": {"Q": QUEUE}})])
def test_what_get_template_prints_is_a_template(body, tmp_path):
    (tmp_path / "answer.json").write_text(json.dumps({"TemplateBody": body, "StagesAvailable": ["Original"]}))
    assert import_config([tmp_path / "answer.json"]).batch == {"jobQueues": [{"jobQueueName": "q", "priority": 1}]}
