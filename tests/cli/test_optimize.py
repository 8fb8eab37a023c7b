"""``batchsim optimize``: what it prints and writes, and how it ends."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import batchsim as bs
from batchsim.cli.main import main

TEXT = """\
# A burst every six hours.
name: small
region: us-east-1
duration: 12h
seed: 5
batch:
  computeEnvironments:
    - computeEnvironmentName: fleet # all there is
      type: MANAGED
      computeResources:
        type: EC2
        allocationStrategy: BEST_FIT_PROGRESSIVE
        minvCpus: 0
        maxvCpus: 32 # to be found out
        instanceTypes: [c6i.large]
  jobQueues:
    - jobQueueName: queue
      priority: 1
      computeEnvironmentOrder: [{ order: 1, computeEnvironment: fleet }]
  jobDefinitions:
    - jobDefinitionName: task
      type: container
      containerProperties:
        image: busybox
        resourceRequirements: [{ type: VCPU, value: "1" }, { type: MEMORY, value: "1500" }]
workload:
  - workflow: work
    arrivals: { every: 6h }
    jobs:
      - jobName: job
        jobQueue: queue
        jobDefinition: task
        arrayProperties: { size: 12 }
        runtime: { lognormal: { median: 10m, p95: 20m } }
objectives:
  - p95(queue_time, jobQueue=queue) <= LIMIT
  - minimise cost
search:
  batch.computeEnvironments.fleet.computeResources.maxvCpus: { from: 2, to: 14, step: 2 }
"""
MAX = "batch.computeEnvironments.fleet.computeResources.maxvCpus"


def written(folder: Path, text: str = TEXT, limit: str = "15m") -> str:
    path = folder / "small.yaml"
    path.write_text(text.replace("LIMIT", limit), encoding="utf-8")
    return str(path)


def asked(*arguments: str) -> int:
    return main(["optimize", *arguments, "--budget", "30"])


def test_the_recommendation_is_printed_and_written(tmp_path, capsys):
    recommended = tmp_path / "recommended.yaml"
    path = written(tmp_path)
    assert asked(path, "--out", str(tmp_path / "out"), "--write", str(recommended), "--workers", "1") == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert f"change {MAX}: 32 → " in printed
    assert "kept with 95 % confidence" in printed
    assert "cheaper maxvCpus" in printed or "cheaper fleet.maxvCpus" in printed
    assert "by require or a bound (a proof)" in printed
    assert (tmp_path / "out" / "frontier.png").read_bytes().startswith(b"\x89PNG")
    found = json.loads((tmp_path / "out" / "optimize.json").read_text())
    # The user's file, with that value changed and nothing else.
    value = found["recommendation"]["set"][MAX]
    expected = Path(path).read_text().replace("maxvCpus: 32 #", f"maxvCpus: {value} #")
    assert recommended.read_text() == expected
    assert bs.load(recommended).batch["computeEnvironments"][0]["computeResources"]["maxvCpus"] == value


def test_objectives_that_no_run_can_measure_are_told_together(tmp_path, capsys):
    # The only arrival is in June; the twelve hours are of January.
    path = written(tmp_path, TEXT.replace("{ every: 6h }", '{ cron: "0 0 15 6 *" }'))
    assert asked(path, "--out", str(tmp_path / "out")) == 2
    told = capsys.readouterr().err.splitlines()
    lines = Path(path).read_text().splitlines()
    places = [lines.index(f"  - {each}") + 1 for each in ("p95(queue_time, jobQueue=queue) <= 15m", "minimise cost")]
    expected = "expected filters that some job passes, and jobs that arrive within the duration"
    assert [line.partition(": [")[0] for line in told] == [f"{path}:{place}:5" for place in places]
    assert all("[unmeasurable]" in line and line.endswith(expected) for line in told)


def test_what_is_written_is_exported_as_it_is(tmp_path, capsys):
    recommended = tmp_path / "recommended.yaml"
    deployment = "deployment: { subnets: [subnet-0a1b2c3d], securityGroupIds: [sg-0a1b2c3d], instanceRole: role }\n"
    path = written(tmp_path, TEXT + deployment)
    assert asked(path, "--out", str(tmp_path / "out"), "--write", str(recommended), "--quiet") == 0
    assert capsys.readouterr().out == ""
    value = bs.load(recommended).batch["computeEnvironments"][0]["computeResources"]["maxvCpus"]
    assert main(["export", str(recommended), "--format", "boto3", "--out", str(tmp_path / "export")]) == 0
    exported = "".join(file.read_text() for file in (tmp_path / "export").rglob("*.json"))
    assert f'"maxvCpus": {value}' in exported


def test_json_has_the_keys_that_users_rely_on_and_nothing_else_is_printed(tmp_path, capsys):
    assert asked(written(tmp_path), "--out", str(tmp_path / "out"), "--json") == 0
    found = json.loads(capsys.readouterr().out)
    keys = {"recommendation", "binding", "next_cheaper", "frontier", "simulations", "excluded", "candidates"}
    assert keys <= found.keys()
    assert found["binding"] is None
    assert set(found["excluded"]) == {"bound", "monotone", "surrogate"}
    assert {"set", "cost_usd", "objectives"} <= found["recommendation"].keys()
    assert {"mean", "low", "high", "n"} <= found["recommendation"]["cost_usd"].keys()
    (objective,) = found["recommendation"]["objectives"]
    assert {"expression", "value", "limit", "kept"} <= objective.keys()
    assert objective["kept"] is True
    assert {"mean", "low", "high", "n"} <= objective["value"].keys()
    for point in found["frontier"]:
        assert {"set", "cost_usd", "queue_time_p95_s"} <= point.keys()
    assert {"set", "why"} <= found["next_cheaper"].keys()


def test_what_nothing_keeps_exits_with_1_and_writes_no_scenario(tmp_path, capsys):
    recommended = tmp_path / "recommended.yaml"
    path = written(tmp_path, limit="1s")
    assert asked(path, "--out", str(tmp_path / "out"), "--write", str(recommended)) == 1
    printed = " ".join(capsys.readouterr().out.split())
    assert "none nothing is shown to keep the objectives" in printed
    assert "binding p95(queue_time, jobQueue=queue) <= 1s" in printed
    assert not recommended.exists()


def test_a_value_that_was_set_is_in_what_is_written(tmp_path, capsys):
    recommended = tmp_path / "recommended.yaml"
    types = "batch.computeEnvironments.fleet.computeResources.instanceTypes=[m6i.large]"
    arguments = (written(tmp_path), "--set", types, "--vary", f"{MAX}=12", "--out", str(tmp_path / "out"), "--quiet")
    assert asked(*arguments, "--write", str(recommended)) == 0
    resources = bs.load(recommended).batch["computeEnvironments"][0]["computeResources"]
    assert (resources["maxvCpus"], resources["instanceTypes"]) == (12, ["m6i.large"])
    assert "# all there is" in recommended.read_text()


@pytest.mark.parametrize(
    ("change", "arguments", "words"),
    [
        (("search:", "ignored:"), [], "ignored"),
        (("search:\n  batch", "sweep:\n  batch"), [], "no search: section"),
        (("LIMIT", "10m\n  - max(finished_at, workflow=other) <= 1h"), [], "other"),
        (("", ""), ["--vary", "batch.computeEnvironments.flet.computeResources.maxvCpus=2,4"], "fleet"),
        (("from: 2, to: 14, step: 2", "from: 2, to: 14, step: 5"), [], "step"),
    ],
)
def test_wrong_input_is_told_and_exits_with_2(tmp_path, capsys, change: Any, arguments: list[str], words: str):
    path = written(tmp_path, TEXT.replace(*change) if change[0] else TEXT)
    assert asked(path, *arguments, "--out", str(tmp_path / "out")) == 2
    told = capsys.readouterr().err
    assert words in told
    assert "Traceback" not in told


@pytest.mark.parametrize(
    "arguments", [["--budget", "5"], ["--confidence", "2"], ["--confidence", "x"], ["--workers", "0"]]
)
def test_numbers_that_make_no_sense_are_refused(tmp_path, capsys, arguments):
    with pytest.raises(SystemExit) as ended:
        main(["optimize", written(tmp_path), *arguments])
    assert ended.value.code == 2
    assert arguments[0] in capsys.readouterr().err


def test_a_place_that_can_not_be_written_is_told_before_anything_runs(tmp_path, capsys):
    assert (
        asked(written(tmp_path), "--write", str(tmp_path / "nowhere" / "x.yaml"), "--out", str(tmp_path / "out")) == 2
    )
    assert "nowhere" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("there", ["hello", "- 1", "{", "name: other"])
def test_a_file_that_is_no_scenario_is_not_replaced(tmp_path, capsys, there):
    (tmp_path / "notes.txt").write_text(there)
    assert asked(written(tmp_path), "--write", str(tmp_path / "notes.txt"), "--out", str(tmp_path / "out")) == 2
    assert "is no scenario; expected a new file, or a scenario" in capsys.readouterr().err
    assert (tmp_path / "notes.txt").read_text() == there


def test_the_scenario_itself_is_not_replaced_and_an_earlier_recommendation_is(tmp_path, capsys):
    path = written(tmp_path)
    assert asked(path, "--write", path, "--out", str(tmp_path / "out")) == 2
    assert "is the scenario that is searched" in capsys.readouterr().err
    for _ in range(2):
        assert asked(path, "--write", str(tmp_path / "new.yaml"), "--out", str(tmp_path / "out"), "--quiet") == 0


def test_paths_in_a_scenario_that_is_written_elsewhere_still_lead_to_their_files(tmp_path):
    (tmp_path / "jobs.csv").write_text("job_name,submitted_at,runtime_s\n" + "".join(f"j{n},0,300\n" for n in range(8)))
    start = TEXT.index("workload:")
    text = (
        TEXT[:start]
        + "workload:\n  - trace: { format: csv, path: jobs.csv, jobQueue: queue, jobDefinition: task } # recorded\n"
        + TEXT[TEXT.index("objectives:") :]
    )
    (tmp_path / "other").mkdir()
    recommended = tmp_path / "other" / "recommended.yaml"
    assert asked(written(tmp_path, text), "--out", str(tmp_path / "out"), "--quiet", "--write", str(recommended)) == 0
    assert 'path: "../jobs.csv"' in recommended.read_text()
    assert bs.run(bs.load(recommended)).summary["jobs"]["submitted"] == 8


def test_lists_stand_in_the_table_of_the_frontier_with_their_brackets(tmp_path, capsys):
    path = written(tmp_path, limit="40m")
    types = "batch.computeEnvironments.fleet.computeResources.instanceTypes=[c6i.large],[c6i.xlarge]"
    assert (
        asked(path, "--vary", f"{MAX}=4,8,16", "--vary", types, "--out", str(tmp_path / "out"), "--workers", "1") == 0
    )
    _, _, table = capsys.readouterr().out.partition("queue time p95")
    assert "[c6i." in table


def test_what_bears_on_no_figure_is_said(tmp_path, capsys):
    vary = "batch.jobQueues.queue.priority=1,2"
    assert asked(written(tmp_path), "--vary", vary, "--out", str(tmp_path / "out"), "--workers", "1") == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "attention batch.jobQueues.queue.priority changed nothing in 1 pair of candidates" in printed
    assert "in 12 h" in printed  # what the money is paid for


def test_too_many_candidates_of_the_command_line_are_not_said_to_stand_in_the_file(tmp_path, capsys):
    assert asked(written(tmp_path), "--vary", f"{MAX}=1..60000..1") == 2
    assert capsys.readouterr().err.startswith("[too-large] --vary: 60,000 candidates are too many")


def test_what_is_minimised_has_its_unit(tmp_path, capsys):
    text = TEXT.replace("minimise cost", "minimise max(queue_time)")
    arguments = ("--vary", f"{MAX}=8,16", "--out", str(tmp_path / "out"), "--workers", "1")
    assert asked(written(tmp_path, text), *arguments) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert re.search(r"minimised max\(queue_time\): [\d.]+ (s|min)", printed)


def test_an_interrupt_keeps_what_is_finished_and_the_same_command_goes_on(tmp_path, capsys, monkeypatch):
    @contextmanager
    def interrupted(what, steps, *, quiet):
        def advance(simulated):
            if simulated >= 3:
                raise KeyboardInterrupt

        yield advance

    folder = tmp_path / "out"
    arguments = (written(tmp_path), "--out", str(folder), "--workers", "1", "--json")
    with monkeypatch.context() as patch:
        patch.setattr("batchsim.report.progress.progress", interrupted)
        assert asked(*arguments) == 130
    told = f"interrupted: {folder} keeps the runs that are done; the same command goes on from there"
    assert told in capsys.readouterr().err
    assert (folder / "sweep.sqlite").exists()
    assert asked(*arguments) == 0
