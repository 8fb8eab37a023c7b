"""``batchsim import jobs``: what a user types and gets."""

from __future__ import annotations

import json

import pytest

import batchsim as bs
from batchsim.cli.main import main


def described(number: int, created: int, started: int, stopped: int, **members) -> dict:
    """One job of two vCPUs as describe-jobs prints it; times in seconds."""
    requirements = [{"type": "VCPU", "value": "2"}, {"type": "MEMORY", "value": "1024"}]
    return {
        "jobId": f"job-{number}",
        "jobName": f"step{number}",
        "jobQueue": "arn:aws:batch:us-east-1:123456789012:job-queue/nightly",
        "jobDefinition": "arn:aws:batch:us-east-1:123456789012:job-definition/task:7",
        "status": "SUCCEEDED",
        "createdAt": 1_790_000_000_000 + created * 1000,
        "startedAt": 1_790_000_000_000 + started * 1000,
        "stoppedAt": 1_790_000_000_000 + stopped * 1000,
        "container": {"exitCode": 0, "resourceRequirements": requirements},
        **members,
    }


SCENARIO = """\
name: replayed
batch:
  computeEnvironments:
    - {computeEnvironmentName: servers, type: UNMANAGED, unmanagedvCpus: 64}
  jobQueues:
    - jobQueueName: nightly
      priority: 1
      computeEnvironmentOrder: [{order: 1, computeEnvironment: servers}]
  jobDefinitions:
    - jobDefinitionName: task
      type: container
      containerProperties:
        image: busybox
        resourceRequirements: [{type: VCPU, value: "1"}, {type: MEMORY, value: "1024"}]
environment: {preset: ideal}
workload:
"""


def test_what_is_imported_is_replayed_as_it_ran(tmp_path, capsys):
    jobs = [
        described(1, 0, 100, 400),
        described(2, 10, 420, 500, dependsOn=[{"jobId": "job-1"}]),
        described(3, 60, 90, 150),
    ]
    source = tmp_path / "jobs.json"
    source.write_text(json.dumps({"jobs": jobs}))
    assert main(["import", "jobs", str(source), "--out", str(tmp_path / "trace.csv")]) == 0
    output = capsys.readouterr()
    assert "3 jobs" in output.err
    assert "123456789012" not in output.out + output.err + (tmp_path / "trace.csv").read_text()
    entry = "".join(f"  {line}\n" for line in output.out.splitlines())
    (tmp_path / "scenario.yaml").write_text(SCENARIO + entry)
    result = bs.run(bs.load(tmp_path / "scenario.yaml")).jobs.set_index("job_name")
    # 300 s at once; 80 s when the first has ended; 60 s at once.
    assert result["stopped_at"].to_dict() == {"step1": 300.0, "step2": 380.0, "step3": 120.0}
    assert result["vcpus"].tolist() == [2.0] * 3


@pytest.mark.parametrize(
    "arguments",
    [[], ["--live"], ["x.json", "--queue", "q"], ["x.json", "--since", "2026-11-01"], ["x.json", "--since", "monday"]],
)
def test_wrong_usage_is_told(arguments, tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["import", "jobs", *arguments, "--out", str(tmp_path / "trace.csv")])
    assert caught.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_a_file_that_is_there_is_not_written_over(tmp_path, capsys):
    source = tmp_path / "jobs.json"
    source.write_text(json.dumps({"jobs": [described(1, 0, 1, 2)]}))
    (tmp_path / "trace.csv").write_text("mine")
    assert main(["import", "jobs", str(source), "--out", str(tmp_path / "trace.csv")]) == 2
    assert (tmp_path / "trace.csv").read_text() == "mine"


def test_a_configuration_is_no_jobs(tmp_path, capsys):
    source = tmp_path / "queue.json"
    source.write_text(json.dumps({"jobQueueName": "nightly", "priority": 1}))
    assert main(["import", "jobs", str(source), "--out", str(tmp_path / "trace.csv")]) == 2
    assert "describe-jobs" in capsys.readouterr().err
