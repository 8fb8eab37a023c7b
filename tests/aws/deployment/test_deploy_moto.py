"""The shipped ETL sent to a server that speaks Batch, its jobs submitted, and all of it removed again."""

from __future__ import annotations

import json

import boto3
import pytest
from ruamel.yaml import YAML

from batchsim.cli.main import main
from tests.aws.configurations import managed
from tests.conftest import ROOT


@pytest.fixture
def etl(moto, tmp_path):
    """`etl.yaml` with a deployment section."""
    text = (ROOT / "scenarios" / "etl.yaml").read_text()
    path = tmp_path / "etl.yaml"
    path.write_text(f"{text}\ndeployment: {json.dumps(moto.deployment)}\n")
    return path


@pytest.fixture
def batch(moto):
    client = boto3.client("batch", endpoint_url=moto.url, region_name="us-east-1")
    yield client
    client.close()


def jobs_of(batch) -> dict[str, dict]:
    listed = batch.list_jobs(jobQueue="nightly", filters=[{"name": "JOB_NAME", "values": ["*"]}])["jobSummaryList"]
    listed = [job for job in listed if ":" not in job["jobId"]]
    described = batch.describe_jobs(jobs=[job["jobId"] for job in listed])["jobs"]
    return {job["jobName"]: job for job in described}


def test_deployed_submitted_described_and_removed(moto, etl, batch, capsys):
    foreign = {
        "computeEnvironmentName": "theirs",
        "type": "MANAGED",
        "serviceRole": moto.deployment["serviceRole"],
        "computeResources": {
            "type": "FARGATE",
            "maxvCpus": 4,
            "subnets": moto.deployment["subnets"],
            "securityGroupIds": moto.deployment["securityGroupIds"],
        },
    }
    batch.create_compute_environment(**foreign)
    order = [{"order": 1, "computeEnvironment": "theirs"}]
    batch.create_job_queue(jobQueueName="theirs", state="ENABLED", priority=1, computeEnvironmentOrder=order)
    arguments = ["deploy", str(etl), "--endpoint-url", moto.url, "--rate", "50", "--yes"]

    assert main([*arguments, "--submit"]) == 0
    environments = {
        each["computeEnvironmentName"]: each["computeResources"]
        for each in batch.describe_compute_environments()["computeEnvironments"]
    }
    assert environments["spot"]["maxvCpus"] == 192
    assert environments["spot"]["subnets"] == moto.deployment["subnets"]
    jobs = jobs_of(batch)
    assert set(jobs) == {"extract", "transform", "load", "report"}
    assert jobs["extract"]["arrayProperties"]["size"] == 200
    assert jobs["transform"]["dependsOn"] == [{"jobId": jobs["extract"]["jobId"], "type": "N_TO_N"}]
    assert jobs["load"]["dependsOn"] == [{"jobId": jobs["transform"]["jobId"]}]
    assert jobs["report"]["tags"]["batchsim:job"] == "nightly-etl/report"

    capsys.readouterr()
    assert main([*arguments, "--submit"]) == 0
    output = capsys.readouterr()
    assert "7 unchanged" in output.out
    assert "4 of 4 jobs" in output.err
    assert "created" not in output.err
    assert {job["jobId"] for job in jobs_of(batch).values()} == {job["jobId"] for job in jobs.values()}
    active = batch.describe_job_definitions(status="ACTIVE")["jobDefinitions"]
    assert sorted(definition["revision"] for definition in active) == [1, 1, 1, 1]

    assert main([*arguments, "--destroy"]) == 0
    left = [each["computeEnvironmentName"] for each in batch.describe_compute_environments()["computeEnvironments"]]
    assert left == ["theirs"]
    assert [each["jobQueueName"] for each in batch.describe_job_queues()["jobQueues"]] == ["theirs"]
    assert batch.describe_job_definitions(status="ACTIVE")["jobDefinitions"] == []


def test_nothing_is_done_without_yes(moto, etl, batch, capsys):
    assert main(["deploy", str(etl), "--endpoint-url", moto.url]) == 0
    assert "7 to create" in capsys.readouterr().out
    assert batch.describe_compute_environments()["computeEnvironments"] == []


def test_what_is_there_and_not_ours_is_a_conflict(moto, etl, batch, capsys):
    theirs = {"computeEnvironmentName": "spot", "type": "UNMANAGED", "state": "ENABLED"}
    batch.create_compute_environment(**theirs, serviceRole=moto.deployment["serviceRole"])
    assert main(["deploy", str(etl), "--endpoint-url", moto.url, "--yes"]) == 2
    error = capsys.readouterr().err
    assert "[not-ours] compute environment spot" in error
    assert batch.describe_job_queues()["jobQueues"] == []


def test_account_ids_are_not_printed(moto, etl, capsys):
    main(["deploy", str(etl), "--endpoint-url", moto.url, "--yes"])
    main(["deploy", str(etl), "--endpoint-url", moto.url, "--yes", "--json"])
    output = capsys.readouterr()
    assert "123456789012" not in output.out + output.err


def test_results_hold_no_account_ids_and_run_again_to_the_same_bytes(moto, etl, tmp_path):
    for folder in ("first", "second"):
        source = etl if folder == "first" else tmp_path / "first" / "scenario.yaml"
        assert main(["run", str(source), "--out", str(tmp_path / folder), "--quiet"]) == 0
    written = YAML(typ="safe", pure=True).load(tmp_path / "first" / "scenario.yaml")
    assert "deployment" not in written
    assert (tmp_path / "first" / "summary.json").read_bytes() == (tmp_path / "second" / "summary.json").read_bytes()


def test_what_the_server_does_not_know_stops_with_what_it_said(moto, tmp_path, batch, capsys):
    """Moto has no managed instances: it asks for what AWS refuses of them (findings/moto-ecs-properties.sh)."""
    values = managed()
    values["deployment"] = moto.deployment
    path = tmp_path / "managed.json"
    path.write_text(json.dumps(values))
    assert main(["deploy", str(path), "--endpoint-url", moto.url, "--yes"]) == 2
    error = capsys.readouterr().err
    assert "CreateComputeEnvironment" in error
    assert "Instance role is required" in error
    assert batch.describe_compute_environments()["computeEnvironments"] == []
