"""What an export to requests needs and is not there: told all together, each at its place, with what it should be."""

from __future__ import annotations

import pytest

from batchsim.cli.main import main

TEXT = """\
name: small
region: us-east-1
duration: 12h
batch:
  computeEnvironments:
    - computeEnvironmentName: fleet
      type: MANAGED
      computeResources:
        type: EC2
        allocationStrategy: BEST_FIT_PROGRESSIVE
        minvCpus: 0
        maxvCpus: 32
        instanceTypes: [c6i.large]
    - computeEnvironmentName: tasks
      type: MANAGED
      computeResources: { type: FARGATE, maxvCpus: 16 }
  schedulingPolicies:
    - name: fair
      fairsharePolicy: { shareDecaySeconds: 600 }
  jobQueues:
    - jobQueueName: shared
      priority: 1
      schedulingPolicyArn: fair
      computeEnvironmentOrder: [{ order: 1, computeEnvironment: fleet }]
    - jobQueueName: plain
      priority: 2
      computeEnvironmentOrder: [{ order: 1, computeEnvironment: tasks }]
  jobDefinitions:
    - jobDefinitionName: task
      type: container
      platformCapabilities: [EC2]
      containerProperties:
        image: busybox
        resourceRequirements: [{ type: VCPU, value: "1" }, { type: MEMORY, value: "1500" }]
    - jobDefinitionName: small
      type: container
      platformCapabilities: [FARGATE]
      containerProperties:
        image: busybox
        resourceRequirements: [{ type: VCPU, value: "0.25" }, { type: MEMORY, value: "512" }]
workload:
  - workflow: work
    arrivals: { every: 6h }
    jobs:
      - { jobName: job, jobQueue: shared, jobDefinition: task, runtime: 60, shareIdentifier: a,
          schedulingPriorityOverride: 1 }
      - { jobName: light, jobQueue: plain, jobDefinition: small, runtime: 60 }
updates:
  - at: 2h
    set: { batch.schedulingPolicies.fair.fairsharePolicy.shareDecaySeconds: 60 }
  - at: 3h
    set: { batch.jobQueues.plain.priority: 3 }
"""
ENVIRONMENTS = "batch.computeEnvironments"
NETWORK = ("subnets", "securityGroupIds")
EVERYTHING = {
    *((f"{ENVIRONMENTS}.{name}.computeResources", member) for name in ("fleet", "tasks") for member in NETWORK),
    (f"{ENVIRONMENTS}.fleet.computeResources", "instanceRole"),
    ("batch.jobDefinitions.small.containerProperties", "executionRoleArn"),
    ("batch.jobQueues.shared.schedulingPolicyArn", "arn:aws:batch:us-east-1:<account>:scheduling-policy/fair"),
    ("updates", "schedulerRole"),
    ("updates", "another format"),
}
STATED = {
    "subnets": "[subnet-0a1b2c3d]",
    "securityGroupIds": "[sg-0a1b2c3d]",
    "instanceRole": "ecsInstanceRole",
    "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
    "schedulerRole": "arn:aws:iam::123456789012:role/scheduler",
}
POLICY = "arn:aws:batch:us-east-1:123456789012:scheduling-policy/fair"


def told(tmp_path, capsys, text=TEXT, deployment=(), code=2):
    """The places that are told, each with the first words of what is expected."""
    path = tmp_path / "small.yaml"
    stated = "".join(f"  {name}: {STATED[name]}\n" for name in deployment)
    path.write_text(text + (f"deployment:\n{stated}" if stated else ""), encoding="utf-8")
    assert main(["export", str(path), "--format", "boto3", "--out", str(tmp_path / "requests")]) == code
    lines = [line.partition("[deployment-value] ")[2] for line in capsys.readouterr().err.splitlines()]
    found = set()
    for line in filter(None, lines):
        message, _, expected = line.rpartition("; expected ")
        found.add((message.partition(": ")[0], next(each for each in (*STATED, expected) if each in expected)))
    return {(where, "another format" if what.startswith("another format") else what) for where, what in found}


def test_everything_that_is_missing_is_told_in_one_go(tmp_path, capsys):
    assert told(tmp_path, capsys) == EVERYTHING
    assert not (tmp_path / "requests").exists()


@pytest.mark.parametrize("name", STATED)
def test_what_the_deployment_states_is_not_missing(tmp_path, capsys, name):
    gone = {(where, what) for where, what in EVERYTHING if what == name}
    assert told(tmp_path, capsys, deployment=[name]) == EVERYTHING - gone


def test_with_all_of_it_requests_are_written(tmp_path, capsys):
    # Without the update of the policy, which other formats can name.
    first, later = TEXT.index("  - at: 2h"), TEXT.index("  - at: 3h")
    text = (TEXT[:first] + TEXT[later:]).replace("schedulingPolicyArn: fair", f"schedulingPolicyArn: {POLICY}")
    assert told(tmp_path, capsys, text, deployment=STATED, code=0) == set()
    assert (tmp_path / "requests").is_dir()
