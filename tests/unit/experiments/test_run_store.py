"""Folders of runs and experiments: what may be replaced, and that what can't be written leaves the old as it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import batchsim as bs
from batchsim.errors import OutputError
from batchsim.experiments import run_store
from batchsim.experiments.result import Result
from tests.builders import job, scenario, workflow

FILES = ("rows.json",)


@pytest.fixture(scope="module")
def result() -> Result:
    return bs.run(scenario(workflow(job(runtime=60))))


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def text(words: str) -> run_store.Writer:
    return lambda path: path.write_text(words)


def test_an_experiment_holds_a_results_folder_for_each_run_and_its_files(result, tmp_path):
    folder = tmp_path / "out"
    run_store.write_experiment({"a": result, "b": result}, folder, {"rows.json": text("[]")})
    assert sorted(path.name for path in folder.iterdir()) == ["a", "b", "rows.json"]
    assert bs.read(folder / "a").summary == result.summary
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


def test_runs_of_earlier_experiments_stay_and_those_of_the_same_name_are_replaced(result, tmp_path):
    folder = tmp_path / "out"
    run_store.write_experiment({"a": result, "b": result}, folder, {"rows.json": text("first")})
    before = content(folder / "a")
    other = bs.run(scenario(workflow(job(runtime=120))))
    run_store.write_experiment({"b": other}, folder, {"rows.json": text("second")})
    assert content(folder / "a") == before
    assert bs.read(folder / "b").summary["makespan_s"] == 120
    assert (folder / "rows.json").read_text() == "second"


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_what_breaks_off_leaves_the_old_folder_whole(result, tmp_path, fault):
    def broken(_path: Path) -> None:
        raise fault

    folder = tmp_path / "out"
    run_store.write_experiment({"a": result}, folder, {"rows.json": text("first")})
    before = content(folder)
    with pytest.raises(OutputError if isinstance(fault, OSError) else KeyboardInterrupt):
        run_store.write_experiment({"a": result, "b": result}, folder, {"rows.json": broken})
    assert content(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("fault", [OSError(5, "Input/output error"), KeyboardInterrupt()])
def test_a_swap_that_breaks_off_puts_the_old_folder_back(result, tmp_path, fault, monkeypatch):
    folder = tmp_path / "out"
    run_store.write_run(result, folder)
    before = content(folder)
    rename = Path.rename

    def breaks(self: Path, target: Path) -> Path:
        if Path(target).name == "out" and self.name != "before":
            raise fault
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", breaks)
    with pytest.raises(OutputError if isinstance(fault, OSError) else KeyboardInterrupt):
        run_store.write_run(result, folder)
    assert content(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_others_put_there_is_not_replaced(result, tmp_path):
    folder = tmp_path / "out"
    run_store.write_experiment({"a": result}, folder, {"rows.json": text("first")})
    (folder / "a" / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"notes\.txt|such as a"):
        run_store.check_experiment(folder, ["a"], FILES)
    # It is no results folder any more: an experiment of other runs would lose it.
    with pytest.raises(OutputError, match="such as a"):
        run_store.check_experiment(folder, ["b"], FILES)


@pytest.mark.parametrize("name", ["", ".", "..", "../elsewhere", "a/b", "a\\b", "rows.json"])
def test_a_run_that_no_folder_can_be_named_after_is_refused(tmp_path, name):
    with pytest.raises(OutputError, match="can't have a folder of that name"):
        run_store.check_experiment(tmp_path / "out", [name], FILES)


def test_a_comparison_writes_its_rows_and_picture(tmp_path):
    made = scenario(variants={"long": {"workload.work.jobs.job.runtime": 120}})
    comparison = bs.compare(made)
    run_store.write_comparison(comparison, tmp_path / "out")
    assert json.loads((tmp_path / "out" / "comparison.json").read_text()) == comparison.rows
    names = {"test", "long", *run_store.OF_COMPARISON}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names


def test_a_comparison_of_nothing_writes_nothing(tmp_path):
    run_store.write_comparison(bs.Comparison({}, interrupted=True), tmp_path / "out")
    assert not (tmp_path / "out").exists()
