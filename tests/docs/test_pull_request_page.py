"""The commands of the workflow on the page on pull requests run, and do what the page says."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from ruamel.yaml import YAML

from tests.cli.test_cli import SMALL
from tests.conftest import ROOT
from tests.docs.blocks import blocks

PAGE = (ROOT / "docs" / "how-to" / "pull-request.md").read_text(encoding="utf-8")
(WORKFLOW,) = (block.text for block in blocks(PAGE) if block.language == "yaml")
#: On two servers jobs wait.
FEWER = SMALL.replace("maxvCpus: 8", "maxvCpus: 2").replace("every: 10m", "every: 1m")


def steps():
    (job,) = YAML(typ="safe").load(WORKFLOW)["jobs"].values()
    return {step.get("name", ""): step for step in job["steps"]}


def test_the_workflow_is_one():
    workflow = YAML(typ="safe").load(WORKFLOW)
    assert workflow["on"]["pull_request"]["paths"] == ["scenarios/etl.yaml"]  # "on" is no truth value in YAML 1.2
    assert all(("uses" in step) != ("run" in step) for step in workflow["jobs"]["compare"]["steps"])
    checked_out = {
        step["with"]["path"] for step in workflow["jobs"]["compare"]["steps"] if "checkout" in step.get("uses", "")
    }
    assert checked_out == {"base", "head"}


@pytest.mark.parametrize(("head", "code"), [(SMALL.replace("<= 1s", "<= 30m"), 0), (FEWER, 1)])
def test_the_commands_of_the_workflow_run(head, code, tmp_path):
    for name, text in (("base", SMALL), ("head", head)):
        (tmp_path / name / "scenarios").mkdir(parents=True)
        (tmp_path / name / "scenarios" / "etl.yaml").write_text(re.sub(r"(?m)^variants:\n(  .*\n)*", "", text))
    python = os.path.dirname(sys.executable)  # noqa: PTH120 (a text for PATH)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    environment["PATH"] = f"{python}:{environment['PATH']}"

    def run(name):
        command = ["bash", "-e", "-c", steps()[name]["run"]]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    compared = run("cost and queue time, before and after")
    assert (compared.returncode, compared.stderr) == (0, "")
    comment = (tmp_path / "comparison.md").read_text()
    assert comment == (tmp_path / "summary.md").read_text()
    assert [line.split(" | ")[0] for line in comment.splitlines()[2:4]] == ["| small (base)", "| small (head)"]
    assert "- missed in small (base): `max(queue_time) <= 1s" in comment
    assert "--body-file comparison.md" in steps()["comment"]["run"]
    checked = run("objectives")
    assert checked.returncode == code
    assert ("missed: " in checked.stderr) == bool(code)
