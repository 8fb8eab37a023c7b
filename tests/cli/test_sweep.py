"""The command: what it prints and leaves, what it asks and refuses, and how it goes on."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager

import pandas as pd
import pytest

from batchsim.cli import sweep as command
from batchsim.cli.main import main
from tests.cli.test_cli import SMALL

MAX = "batch.computeEnvironments.fleet.computeResources.maxvCpus"
TYPES = "batch.computeEnvironments.fleet.computeResources.instanceTypes"


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "small.yaml"
    file.write_text(
        SMALL.partition("variants:")[0] + f"objectives: [p95(queue_time) <= 10m]\nvariants: {{wide: {{{MAX}: 64}}}}\n"
    )
    return file


def swept(path, *arguments, workers="1"):
    return main(["sweep", str(path), "--out", str(path.parent / "out"), "--workers", workers, *arguments])


def test_it_prints_the_answer_and_leaves_a_folder(path, capsys):
    assert swept(path, "--vary", f"{MAX}=2,4,8", "--vary", f"{TYPES}=[c6i.large],[m6i.large, c6i.large]") == 0
    told = capsys.readouterr()
    assert "cheapest" in told.out
    assert "holds report.html, runs.parquet, sweep.png and the finished runs" in told.out
    runs = pd.read_parquet(path.parent / "out" / "runs.parquet")
    assert runs[TYPES].unique().tolist() == ["[c6i.large]", "[m6i.large, c6i.large]"]
    assert len(runs) == 6
    assert (path.parent / "out" / "sweep.png").stat().st_size > 10_000


def test_a_grid_without_a_valid_point_is_refused_by_the_fault_of_the_first(path, capsys):
    assert swept(path, "--vary", f"{MAX}=-1,-2") == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"{path}: [no-valid-point] sweep: none of 2 points is a valid scenario; of the first: ")
    assert f"{MAX}: -1 is negative; expected 0 or more" in told.err
    assert not (path.parent / "out" / "runs.parquet").exists()


def test_a_point_that_is_no_valid_scenario_leaves_the_others(path, capsys):
    assert swept(path, "--vary", f"{MAX}=-1,4", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["points"], told["runs"]["done"]) == (2, 1)
    assert told["best"]["set"] == {MAX: 4}


def test_json_is_all_there_is_on_standard_output(path, capsys):
    assert swept(path, "--vary", f"{MAX}=2,4", "--replications", "2", "--json", "--seed", "9") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["seed"], told["points"], told["runs"]) == (9, 2, {"done": 4, "failed": 0, "not_run": 0})
    assert told["best"]["cost_usd"]["n"] == 2
    assert list(told["best"]["set"]) == [MAX]


def test_quiet_says_nothing(path, capsys):
    assert swept(path, "--vary", f"{MAX}=2", "--quiet") == 0
    told = capsys.readouterr()
    assert told.out == told.err == ""


def test_csv_is_the_same_table(path):
    assert swept(path, "--vary", f"{MAX}=2,4", "--export", "csv", "--quiet") == 0
    folder = path.parent / "out"
    pd.testing.assert_frame_equal(
        pd.read_csv(folder / "runs.csv"), pd.read_parquet(folder / "runs.parquet"), check_dtype=False
    )


def test_a_variant_and_set_come_first(path, capsys):
    assert swept(path, "--variant", "wide", "--set", "duration=30m", "--vary", "seed=1,2", "--quiet") == 0
    runs = pd.read_parquet(path.parent / "out" / "runs.parquet")
    assert runs.submitted.tolist() == [3, 3]


def test_check_is_for_a_point_that_meets_the_objectives(path):
    strict = ["--set", "objectives=[p95(queue_time) <= 1s]", "--quiet", "--vary", f"{MAX}=2,4"]
    assert swept(path, *strict, "--check") == 1
    assert swept(path, *strict) == 0
    assert swept(path, "--vary", f"{MAX}=2,4", "--quiet", "--check") == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "there is nothing to vary"),
        (("--vary", f"{MAX}=2,lots"), "'lots' does not fit"),
        (("--vary", "maxvCpus=2"), f"did you mean {MAX}?"),
        (("--vary", f"{MAX}=1..400..1", "--vary", "seed=1..400..1"), "these are 160,000 runs; expected fewer values"),
        (("--vary", f"{MAX}=0", "--set", f"{MAX.replace('max', 'min')}=2"), "none of 1 points is a valid scenario"),
    ],
)
def test_what_is_refused(path, capsys, arguments, told):
    assert swept(path, *arguments) == 2
    shown = capsys.readouterr()
    assert told in shown.err
    assert shown.out == ""


def test_many_runs_are_asked_for_where_somebody_can_answer(path, capsys, monkeypatch):
    class Terminal:
        def __init__(self, answer):
            self.answer = answer

        def isatty(self):
            return True

        def readline(self):
            return self.answer

    monkeypatch.setattr(command, "MOST_UNASKED", 2)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", Terminal("\n"))
    assert swept(path, "--vary", f"{MAX}=2,4,8") == 0
    assert "These are 3 runs. Begin? [y/N] nothing was run" in capsys.readouterr().err
    assert not (path.parent / "out").exists()
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    assert swept(path, "--vary", f"{MAX}=2,4,8", "--quiet") == 0
    assert (path.parent / "out" / "runs.parquet").exists()


def test_yes_is_an_answer(path, monkeypatch):
    monkeypatch.setattr(command, "MOST_UNASKED", 2)
    assert swept(path, "--vary", f"{MAX}=2,4,8", "--quiet", "--yes") == 0


def test_where_no_run_is_done_it_has_failed(path, capsys, monkeypatch):
    def fails(*_, **__):
        raise RuntimeError("broken")

    monkeypatch.setattr("batchsim.experiments.tasks.simulated", fails)
    assert swept(path, "--vary", f"{MAX}=2,4") == 1
    shown = capsys.readouterr()
    assert "RuntimeError: broken" in shown.out
    assert "failed: no run was done" in shown.err


def test_a_folder_that_can_not_be_written(path, capsys):
    (path.parent / "out").write_text("")
    assert swept(path, "--vary", f"{MAX}=2") == 2
    assert "out" in capsys.readouterr().err


def test_an_interrupt_keeps_what_is_finished_and_the_same_command_goes_on(path, capsys, monkeypatch):
    @contextmanager
    def interrupted(what, steps, *, quiet):
        def advance(finished):
            if finished == 3:
                raise KeyboardInterrupt

        yield advance

    arguments = ("--vary", f"{MAX}=2,4,6,8", "--replications", "2", "--quiet")
    with monkeypatch.context() as patch:
        patch.setattr("batchsim.report.progress.progress", interrupted)
        assert swept(path, *arguments) == 130
    folder = path.parent / "out"
    told = f"interrupted: {folder} keeps the 3 runs that are done; the same command goes on from there"
    assert told in capsys.readouterr().err
    assert len(pd.read_parquet(folder / "runs.parquet")) == 3
    assert swept(path, *arguments) == 0
    runs = (folder / "runs.parquet").read_bytes()
    assert main(["sweep", str(path), *arguments, "--workers", "1", "--out", str(path.parent / "undisturbed")]) == 0
    assert (path.parent / "undisturbed" / "runs.parquet").read_bytes() == runs


def test_a_range_to_a_number_of_five_thousand_digits(path, capsys):
    # Python reads no whole number of more than 4,300 digits.
    assert main(["sweep", str(path), f"--vary=duration=1..{'9' * 5000}..1"]) == 2
    assert "[not-finite] duration.to: inf is not a figure" in capsys.readouterr().err
