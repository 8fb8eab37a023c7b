"""No credentials, a wrong region, no network, no permission: one line each, and nothing half-done."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from batchsim.cli.main import main
from tests.aws.configurations import DEPLOYMENT, small
from tests.aws.fake_batch import FakeBatch


@pytest.fixture
def scenario(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(json.dumps(small()))
    return str(path)


def failed(capsys, *arguments: str) -> str:
    assert main(["deploy", *arguments, "--yes"]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    return lines[0]


def test_no_credentials(scenario, capsys, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    line = failed(capsys, scenario)
    assert "ListSchedulingPolicies: Unable to locate credentials" in line
    assert "--profile" in line


def test_a_profile_that_there_is_not(scenario, capsys):
    assert "nobodys" in failed(capsys, scenario, "--profile", "nobodys")


def test_a_region_that_there_is_not(scenario, capsys, monkeypatch):
    main(["deploy", scenario, "--region", "us-east1", "--yes"])
    assert "did you mean us-east-1?" in capsys.readouterr().err


def test_nobody_at_the_endpoint(scenario, capsys):
    assert "Could not connect" in failed(capsys, scenario, "--endpoint-url", "http://127.0.0.1:9")


def test_an_endpoint_that_is_no_url(scenario, capsys):
    assert "--endpoint-url" in failed(capsys, scenario, "--endpoint-url", "nonsense")


@pytest.mark.parametrize(("kind", "said"), [("denied", "AccessDeniedException"), ("throttle", "try again later")])
def test_a_refusal_of_aws_is_one_line_and_what_was_done_before_is_continued(scenario, capsys, kind, said):
    with FakeBatch(polls=0) as aws:
        url = str(aws.account().endpoint_url)
        for attempt in range(1, 6):  # boto3 itself tries a throttled call five times
            aws.fail_at(attempt, kind)
        assert said in failed(capsys, scenario, "--endpoint-url", url)
        aws.reset()
        assert main(["deploy", scenario, "--yes", "--endpoint-url", url]) == 0


def test_what_is_missing_is_said_before_anybody_is_asked(tmp_path, capsys):
    values = small()
    values["deployment"] = {key: value for key, value in DEPLOYMENT.items() if key != "subnets"}
    path = tmp_path / "small.yaml"
    path.write_text(json.dumps(values))
    assert main(["deploy", str(path), "--yes"]) == 2
    error = capsys.readouterr().err
    assert error.count("subnets is missing") == 2
    assert "credentials" not in error


def test_importing_batchsim_imports_no_boto3():
    code = "import sys, batchsim, batchsim.cli.main; sys.exit('boto3' in sys.modules or 'botocore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
