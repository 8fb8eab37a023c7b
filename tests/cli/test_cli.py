"""The program as a user meets it: exit codes, streams, and what is written."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

import batchsim as bs
from batchsim.cli.main import main
from batchsim.experiments import advice
from tests.conftest import ROOT

SMALL = """
name: small
duration: 1h
batch:
  computeEnvironments:
    - computeEnvironmentName: fleet
      type: MANAGED
      computeResources:
        {type: EC2, allocationStrategy: BEST_FIT_PROGRESSIVE, minvCpus: 0, maxvCpus: 8, instanceTypes: [c6i]}
  jobQueues:
    - jobQueueName: work
      priority: 1
      computeEnvironmentOrder: [{order: 1, computeEnvironment: fleet}]
  jobDefinitions:
    - jobDefinitionName: task
      type: container
      containerProperties:
        image: busybox
        resourceRequirements: [{type: VCPU, value: "1"}, {type: MEMORY, value: "1024"}]
workload:
  - workflow: tasks
    arrivals: {every: 10m}
    jobs:
      - {jobName: task, jobQueue: work, jobDefinition: task, runtime: {lognormal: {median: 5m, p95: 9m}}}
variants:
  same: {}
  twin: {}
objectives: [max(queue_time) <= 1s, minimise cost]
"""


def batchsim(*arguments, cwd, hash_seed="0"):
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "NO_COLOR": "1", "COLUMNS": "120"}
    environment["PYTHONPATH"] = str(ROOT)
    return subprocess.run(
        [sys.executable, "-m", "batchsim", *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def small(tmp_path):
    (tmp_path / "small.yaml").write_text(SMALL)
    return tmp_path


TABLES = ["jobs.parquet", "attempts.parquet", "instances.parquet", "timeline.parquet", "summary.json"]


def test_run_answers_and_writes_the_folder(small):
    done = batchsim("run", "small.yaml", cwd=small)
    assert (done.returncode, done.stderr) == (0, "")
    assert "6 of 6 jobs succeeded" in done.stdout
    written = sorted(path.name for path in (small / "results" / "small").iterdir())
    assert written == sorted([*TABLES, "queue.png", "report.html", "scenario.yaml"])


def test_same_seed_same_bytes_whatever_the_hash_seed(small):
    for name, seed, hash_seed in [("a", "7", "1"), ("b", "7", "2"), ("c", "8", "1")]:
        done = batchsim("run", "small.yaml", "--seed", seed, "--out", name, "--quiet", cwd=small, hash_seed=hash_seed)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    for table in TABLES:
        assert (small / "a" / table).read_bytes() == (small / "b" / table).read_bytes(), table
    assert (small / "a" / "jobs.parquet").read_bytes() != (small / "c" / "jobs.parquet").read_bytes()


def test_the_written_scenario_runs_to_the_same_bytes(small):
    assert batchsim("run", "small.yaml", "--seed", "7", "--out", "a", "--quiet", cwd=small).returncode == 0
    done = batchsim("run", "a/scenario.yaml", "--out", "b", "--quiet", cwd=small)
    assert (done.returncode, done.stderr) == (0, "")
    for table in TABLES:
        assert (small / "a" / table).read_bytes() == (small / "b" / table).read_bytes(), table


def test_json_is_the_summary_and_nothing_else(small):
    done = batchsim("run", "small.yaml", "--json", cwd=small)
    summary = json.loads(done.stdout)
    assert summary["jobs"] == {"submitted": 6, "succeeded": 6, "failed": 0, "unfinished": 0}
    assert summary == json.loads((small / "results" / "small" / "summary.json").read_text())


NARROW = ["--set", "batch.computeEnvironments.fleet.computeResources.instanceTypes=[c6i.large]",
          "--set", "batch.computeEnvironments.fleet.computeResources.minvCpus=8"]  # fmt: skip


def test_advice_that_was_tried_is_printed_and_written(small, monkeypatch, capsys):
    monkeypatch.chdir(small)
    assert main(["run", "small.yaml", *NARROW]) == 0
    printed = capsys.readouterr().out
    summary = json.loads((small / "results" / "small" / "summary.json").read_text())
    (advised,) = summary["advice"]
    assert f"advice     {advised['what']}\n" in printed
    (argument,) = [line.strip() for line in printed.splitlines() if "--set " in line]
    assert advised["set"] == {"batch.computeEnvironments.fleet.computeResources.minvCpus": 0}
    # Applied by hand it gives what it states.
    assert main(["run", "small.yaml", *NARROW, *argument.split(), "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["cost_usd"]["total"] == advised["after"]["cost_usd"]
    assert advised["gain"]["cost_usd"] == advised["before"]["cost_usd"] - advised["after"]["cost_usd"] > 0
    # Or it is left out.
    assert main(["run", "small.yaml", *NARROW, "--no-advice", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["advice"] == []


def test_what_would_take_long_is_tried_when_asked_for(small, monkeypatch, capsys):
    monkeypatch.chdir(small)
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr(advice, "UNASKED", 1)
    assert main(["run", "small.yaml", *NARROW]) == 0
    assert "not tried, since the run is long: --advice tries" in capsys.readouterr().out
    assert main(["run", "small.yaml", *NARROW, "--advice"]) == 0
    assert "not tried" not in (printed := capsys.readouterr().out)
    assert "advice     minvCpus 0 instead of 8 in fleet" in printed


def test_check_turns_a_missed_objective_into_exit_code_1(small):
    assert batchsim("run", "small.yaml", "--quiet", cwd=small).returncode == 0
    assert batchsim("run", "small.yaml", "--quiet", "--check", cwd=small).returncode == 1


def test_set_changes_one_value(small):
    override = "batch.computeEnvironments.fleet.computeResources.maxvCpus=0"
    done = batchsim("run", "small.yaml", "--set", override, "--json", cwd=small)
    assert json.loads(done.stdout)["jobs"]["unfinished"] == 6


def test_replications_give_intervals(small):
    done = batchsim("run", "small.yaml", "--replications", "3", "--json", cwd=small)
    summary = json.loads(done.stdout)
    assert summary["replications"] == 3
    again = batchsim("run", "small.yaml", "--replications", "3", "--workers", "2", "--json", cwd=small)
    assert (again.stdout, again.stderr) == (done.stdout, "")
    cost = summary["cost_usd"]["total"]
    assert cost["n"] == 3
    assert cost["low"] < cost["mean"] < cost["high"]


def test_a_run_to_a_precision_says_so(small):
    done = batchsim("run", "small.yaml", "--precision", "20%", "--no-advice", cwd=small)
    assert (done.returncode, done.stderr) == (0, "")
    (told,) = [line for line in done.stdout.splitlines() if line.startswith("figures ")]
    assert "stopped when the bill and " in told
    summary = json.loads(batchsim("run", "small.yaml", "--precision", "20%", "--no-advice", "--json", cwd=small).stdout)
    assert summary["intervals"]["stopping"]["precision"] == 0.2


def test_equal_variants_differ_by_exactly_zero(small):
    done = batchsim("compare", "small.yaml", "--json", cwd=small)
    rows = json.loads(done.stdout)
    assert [row["variant"] for row in rows] == ["same", "twin"]
    assert {key: value for key, value in rows[0].items() if key != "variant"} == {
        key: value for key, value in rows[1].items() if key != "variant"
    }
    assert rows[1]["cost_usd_difference"] == 0
    assert rows[1]["queue_time_p95_s_difference"] == 0
    assert (small / "results" / "small-compare" / "comparison.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["run", "missing.yaml"], "missing.yaml: [unreadable]"),
        (["run", "small.yaml", "--set", "batch.computeEnvironments.flet.state=DISABLED"], "did you mean"),
        (["run", "small.yaml", "--variant", "twim"], "did you mean twin?"),
        (["run", "small.yaml", "--out", "small.yaml"], "small.yaml: [output] can't be written"),
        (["run", "small.yaml", "--seed", "-1"], "expected a whole number of 0 or more"),
        (["rum", "small.yaml"], "invalid choice"),
    ],
)
def test_wrong_input_is_one_clear_message_and_exit_code_2(small, arguments, expected):
    done = batchsim(*arguments, cwd=small)
    assert done.returncode == 2
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not (small / "results").exists()


def test_every_fault_comes_in_one_go(small):
    text = SMALL.replace("BEST_FIT_PROGRESSIVE", "BOGUS").replace("duration: 1h", "duration: -1h\nduraton: 2h")
    (small / "small.yaml").write_text(text.replace("jobDefinition: task", "jobDefinition: tusk"))
    done = batchsim("run", "small.yaml", cwd=small)
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert len(lines) >= 4
    assert all(line.startswith("small.yaml:") for line in lines)
    for word in ("BOGUS", "duraton", "tusk", "-1h"):
        assert word in done.stderr


def test_help_loads_nothing_heavy():
    code = (
        "import sys, batchsim.cli.main as m\n"
        "try: m.main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'pandas', 'pyarrow', 'matplotlib', 'scipy', 'botocore', 'pydantic', 'ruamel', 'simpy'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_a_run_needs_no_data_frames(tmp_path):
    code = (
        "import sys, batchsim.cli.main as m\n"
        f"status = m.main(['run', 'scenarios/transactions.yaml', '--out', {str(tmp_path / 'out')!r}])\n"
        "print(status, sorted({'pandas', 'boto3'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "0 []"


def test_variants_may_change_between_comparisons(small, tmp_path):
    assert batchsim("compare", "small.yaml", cwd=tmp_path).returncode == 0
    renamed = SMALL.replace("  twin: {}", "  other: {}")
    (tmp_path / "small.yaml").write_text(renamed)
    again = batchsim("compare", "small.yaml", cwd=tmp_path)
    assert (again.returncode, again.stderr) == (0, "")
    assert {path.name for path in (tmp_path / "results" / "small-compare").iterdir() if path.is_dir()} == {
        "same",
        "twin",
        "other",
    }
    # What is not ours is not touched.
    (tmp_path / "results" / "small-compare" / "mine").mkdir()
    refused = batchsim("compare", "small.yaml", cwd=tmp_path)
    assert refused.returncode == 2
    assert "mine" in refused.stderr


def test_a_reader_that_goes_away_is_no_fault(small, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = f"{sys.executable} -m batchsim run small.yaml | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "results" / "small" / "summary.json").is_file()


def test_no_figure_is_cut_on_a_narrow_terminal(small, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "44", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "batchsim", "compare", "small.yaml"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert "…" not in done.stdout


def test_what_is_not_for_a_terminal_is_not_broken(small, tmp_path):
    environment = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    environment["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, "-m", "batchsim", "run", "small.yaml"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert any(line.startswith("queue time p50 ") and "max " in line for line in done.stdout.splitlines())


def test_a_path_is_no_scenario():
    with pytest.raises(TypeError, match="load"):
        bs.run("small.yaml")  # type: ignore[arg-type]


def test_check_says_which_objective_of_which_variant(small):
    done = batchsim("compare", "small.yaml", "--variant", "twin", "--variant", "same", "--check", "--quiet", cwd=small)
    assert (done.returncode, done.stdout) == (1, "")
    lines = done.stderr.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["missed in twin", "missed in same"]
    assert all("max(queue_time) <= 1s  →  " in line for line in lines)
    done = batchsim("run", "small.yaml", "--check", "--json", cwd=small)
    assert done.returncode == 1
    assert json.loads(done.stdout)["objectives"][0]["kept"] is False
    assert done.stderr.startswith("missed: max(queue_time) <= 1s  →  ")


def test_a_comparison_is_printed_as_asked(small):
    done = batchsim("compare", "small.yaml", "--format", "markdown", "--replications", "2", cwd=small)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("| variant | objectives | jobs | queue time p95 | turnaround p95 | cost in 1 h")
    assert lines[2].startswith("| same | **0 of 1 met** | ")
    assert " ± " in lines[2]
    as_json = [
        batchsim("compare", "small.yaml", *form, cwd=small).stdout for form in (["--json"], ["--format", "json"])
    ]
    assert as_json[0] == as_json[1]
    assert json.loads(as_json[0])[0]["objectives"][0]["kept_in"] == 0


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["small.yaml", "--variant", "twim"], "did you mean twin?"),
        (["small.yaml", "small.yaml", "--variant", "twin"], "expected one scenario"),
        (["small.yaml", "--replications", "0"], "expected a whole number of 1 or more"),
        (["small.yaml", "--workers", "0"], "expected a whole number of 1 or more"),
        (["small.yaml", "--precision", "5"], "expected a part such as 5% or 0.05"),
        (["small.yaml", "--precision", "five"], "expected a part such as 5% or 0.05"),
        (["small.yaml", "--precision", "5%", "--replications", "3"], "not allowed with argument --precision"),
        (["small.yaml", "--format", "html"], "invalid choice"),
        (["small.yaml", "--volume", "workload.tasks.arrivals.every=5m"], "expected two values or more"),
        (["small.yaml", "--volume", "workload.tasks.arrivals.evry=5m,9m"], "did you mean"),
        (["small.yaml", "--volume", "workload.tasks.arrivals.every=5m,9m", "--precision", "5%"], "is of one volume"),
    ],
)
def test_a_comparison_that_can_t_be_made_is_refused(small, arguments, expected):
    done = batchsim("compare", *arguments, cwd=small)
    assert (done.returncode, done.stdout) == (2, "")
    assert expected in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["rnu", "small.yaml"], "run"),
        (["run", "small.yaml", "--vairant", "same"], "--variant"),
        (["import", "jbos"], "jobs"),
        (["export", "small.yaml", "--format", "terrafrom"], "terraform"),
    ],
)
def test_a_slip_of_the_command_line_is_told_with_what_was_meant(arguments, meant, small):
    done = batchsim(*arguments, cwd=small)
    assert done.returncode == 2
    assert done.stderr.rstrip().endswith(f"; did you mean {meant}?")


def test_a_path_of_the_help_can_be_copied(small):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "60"}
    command = [sys.executable, "-m", "batchsim", "run", "--help"]
    done = subprocess.run(command, cwd=small, env=environment, capture_output=True, text=True, check=True)
    assert "batch.computeEnvironments.spot.computeResources.maxvCpus=128" in done.stdout


def test_a_run_of_no_jobs_says_so_and_is_no_success(small):
    without = ["--set", "objectives=[]", "--set", "workload.0.arrivals={at: 30m}"]
    done = batchsim("run", "small.yaml", *without, "--set", "duration=7", "--check", cwd=small)
    assert done.returncode == 1
    assert "nothing was submitted: no job arrives in 7 s; a duration without a unit is in seconds" in done.stdout
    assert done.stderr.startswith("missed: nothing was submitted")
    assert batchsim("run", "small.yaml", *without, "--check", cwd=small).returncode == 0


def test_sensitivity_is_printed_and_written(small, monkeypatch, capsys):
    monkeypatch.chdir(small)
    assert main(["run", "small.yaml", "--no-advice", "--sensitivity"]) == 0
    printed = capsys.readouterr().out
    summary = json.loads((small / "results" / "small" / "summary.json").read_text())
    tried = summary["sensitivity"]["assumptions"]
    assert f"assumed    {len(tried)} assumptions not stated by the scenario: " in printed
    assert "scheduler.scaleDownIdle" in printed
    assert summary["sensitivity"]["cost_usd"] == summary["cost_usd"]["total"]
    # Stated by hand, a value gives what is told of it, and is not varied any more.
    key, last = tried[0]["key"], tried[0]["tried"][-1]
    stated = f"{key}={json.dumps(last['value'])}"
    assert main(["run", "small.yaml", "--set", stated, "--sensitivity", "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["cost_usd"]["total"] == last["cost_usd"]
    assert again["sensitivity"]["stated"] == [key]


def test_sensitivity_is_of_runs(small, capsys):
    with pytest.raises(SystemExit) as left:
        main(["run", str(small / "small.yaml"), "--sensitivty"])
    assert left.value.code == 2
    assert "did you mean --sensitivity?" in capsys.readouterr().err
    with pytest.raises(SystemExit) as left:
        main(["compare", str(small / "small.yaml"), "--sensitivity"])
    assert left.value.code == 2
