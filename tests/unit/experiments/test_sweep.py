"""A sweep: the same runs as one by one, the same bytes whoever executes them, and what goes wrong is said."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import batchsim as bs
from batchsim.experiments.executors import chosen
from batchsim.experiments.executors.local import LocalExecutor
from batchsim.experiments.finished_runs import FinishedRuns
from batchsim.experiments.tasks import Finished
from batchsim.results.run_table import figures_of
from tests.builders import environment, job, scenario, workflow

MAX = "batch.computeEnvironments.fleet.computeResources.maxvCpus"
MIN = "batch.computeEnvironments.fleet.computeResources.minvCpus"
TYPES = "batch.computeEnvironments.fleet.computeResources.instanceTypes"
FILES = ("report.html", "runs.parquet", "sweep.png")


def small(**members):
    """Sixteen jobs of about a minute each, on up to 16 vCPUs."""
    tasks = workflow(job(arrayProperties={"size": 16}, runtime={"lognormal": {"median": 60, "p95": 120}}))
    return scenario(tasks, environments=[environment(maxvCpus=16)], **members)


def content(folder):
    return [(folder / name).read_bytes() for name in FILES]


def stored(folder):
    with FinishedRuns(folder / "sweep.sqlite") as store:
        return len(store)


class Interrupting:
    """Interrupts as the user does when so many are finished."""

    def __init__(self, after):
        self.after = after

    def __call__(self, finished, of):
        if finished == self.after:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    return bs.sweep(small(), {MAX: [4, 8, 16], MIN: [0, 2]}, replications=2, workers=1, out=folder), folder


def test_every_run_is_the_one_that_run_gives(undisturbed):
    runs = undisturbed[0].runs
    assert len(runs) == 12
    for row in runs.itertuples(index=False):
        alone = bs.run(small().with_({MAX: row[0], MIN: row[1]}), replications=2)
        figures = figures_of(alone.summaries[row.replication])
        assert [pd.NA if pd.isna(each) else each for each in row[5:]] == figures


def test_runs_are_in_the_order_of_the_values_and_replications(undisturbed):
    runs = undisturbed[0].runs
    expected = [(most, least, number) for most in (4, 8, 16) for least in (0, 2) for number in (0, 1)]
    assert list(runs[[MAX, MIN, "replication"]].itertuples(index=False, name=None)) == expected
    assert set(runs.seed) == {0}
    assert set(runs.status) == {"done"}


def test_replications_see_the_same_at_every_point(undisturbed):
    runs = undisturbed[0].runs
    wide = runs[runs[MAX] == 16]
    # Enough for all at once: what is left is the run times.
    assert wide.groupby("replication").makespan_s.nunique().eq(1).all()
    assert wide.makespan_s.nunique() == 2


def test_two_processes_leave_the_same_bytes(undisturbed, tmp_path):
    bs.sweep(small(), {MAX: [4, 8, 16], MIN: [0, 2]}, replications=2, workers=2, out=tmp_path)
    assert content(tmp_path) == content(undisturbed[1])


@pytest.mark.parametrize("after", [1, 5, 11])
def test_an_interrupted_sweep_goes_on_and_leaves_the_same_bytes(undisturbed, tmp_path, monkeypatch, after):
    grid = {MAX: [4, 8, 16], MIN: [0, 2]}
    begun = bs.sweep(small(), grid, replications=2, workers=1, out=tmp_path, on_finished=Interrupting(after))
    assert begun.interrupted
    assert len(begun.runs) == after == stored(tmp_path)
    executed = []

    class Counting(LocalExecutor):
        def submit(self, task):
            executed.append((task.labels, task.replication))
            super().submit(task)

    monkeypatch.setattr(chosen, "LocalExecutor", Counting)
    resumed = bs.sweep(small(), grid, replications=2, workers=1, out=tmp_path)
    assert not resumed.interrupted
    assert len(executed) == 12 - after
    assert content(tmp_path) == content(undisturbed[1])


def test_more_replications_and_more_values_run_only_what_is_new(undisturbed, tmp_path):
    small_grid = {MAX: [4, 8]}
    bs.sweep(small(), small_grid, workers=1, out=tmp_path)
    told = []
    bs.sweep(small(), {MAX: [4, 8, 16]}, workers=1, out=tmp_path, on_finished=lambda done, of: told.append((done, of)))
    assert stored(tmp_path) == 3
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_the_section_says_what_to_sweep():
    swept = bs.sweep(small(sweep={MAX: {"from": 8, "to": 16, "step": 8}}), workers=1)
    assert swept.runs[MAX].tolist() == [8, 16]
    assert swept.scenario.sweep


def test_the_seed_is_of_all_runs_or_varied():
    one = bs.sweep(small(), {MAX: [16]}, seed=5, workers=1).runs
    varied = bs.sweep(small(), {"seed": [5, 6]}, workers=1).runs
    assert one.seed.tolist() == [5]
    assert varied.seed.tolist() == [5, 6]
    assert one.makespan_s[0] == bs.run(small(), seed=5).summary["makespan_s"] == varied.makespan_s[0]
    assert varied.makespan_s[0] != varied.makespan_s[1]


def test_the_best_is_the_cheapest_that_meets_the_objectives():
    swept = bs.sweep(small(objectives=["makespan <= 4m", "minimise cost"]), {MAX: [4, 8, 16]}, workers=1)
    table = swept.table
    met = table[table.meets]
    assert 0 < len(met) < 3
    assert swept.best == {MAX: met.loc[met.cost_usd.idxmin(), MAX]}


def test_choices_are_a_column_of_their_labels():
    swept = bs.sweep(small(), {"size": {"choices": {"small": {MIN: 0, MAX: 4}, "large": {MIN: 8, MAX: 16}}}}, workers=1)
    assert swept.runs["size"].tolist() == ["small", "large"]
    assert swept.runs.cost_usd[0] != swept.runs.cost_usd[1]


def test_points_that_are_no_scenario_are_not_run(tmp_path):
    told = []
    swept = bs.sweep(
        small(), {MIN: [0, 12], MAX: [8, 16]}, workers=1, out=tmp_path, on_finished=lambda *each: told.append(each)
    )
    assert swept.runs[[MIN, MAX]].to_numpy().tolist() == [[0, 8], [0, 16], [12, 16]]
    assert list(swept.figures.invalid) == [2]
    assert "minvCpus 12 is above maxvCpus 8" in swept.figures.invalid[2]
    assert stored(tmp_path) == 3
    assert told[-1] == (4, 4)


def test_when_no_point_is_a_scenario_nothing_is_left(tmp_path):
    with pytest.raises(bs.ScenarioError, match=r"none of 2 points is a valid scenario.*minvCpus 12 is above maxvCpus"):
        bs.sweep(small(), {MIN: [12], MAX: [4, 8]}, workers=1, out=tmp_path)
    assert not (tmp_path / "runs.parquet").exists()


def test_runs_that_fail_are_kept_with_their_reason(tmp_path, monkeypatch):
    def broken(task, finished):
        return Finished(task.key, "failed", error="killed by signal 9") if task.labels[MAX] == "8" else finished

    class Failing(LocalExecutor):
        def submit(self, task):
            self.tasks = {**getattr(self, "tasks", {}), task.key: task}
            super().submit(task)

        def take(self):
            finished = super().take()
            return broken(self.tasks[finished.key], finished)

    with monkeypatch.context() as patch:
        patch.setattr(chosen, "LocalExecutor", Failing)
        swept = bs.sweep(small(), {MAX: [4, 8]}, replications=2, workers=1, out=tmp_path)
    assert swept.runs.status.tolist() == ["done", "done", "failed", "failed"]
    assert swept.runs.cost_usd.isna().tolist() == [False, False, True, True]
    assert swept.figures.errors == {(1, 0): "killed by signal 9", (1, 1): "killed by signal 9"}
    again = bs.sweep(small(), {MAX: [4, 8]}, replications=2, workers=1, out=tmp_path)
    assert again.runs.status.tolist() == ["done", "done", "failed", "failed"]
    tried = bs.sweep(small(), {MAX: [4, 8]}, replications=2, workers=1, out=tmp_path, retry_failed=True)
    assert set(tried.runs.status) == {"done"}


def test_a_parameter_that_changes_nothing_is_told():
    swept = bs.sweep(small(), {MAX: [16, 32, 64], "environment.ec2.rootVolume": ["0GiB", 0]}, workers=1)
    assert swept.figures.without_effect() == {
        "environment.ec2.rootVolume": "all its values make the same scenario",
        MAX: "the figures are the same whatever its value",
    }


@pytest.mark.parametrize(
    ("vary", "more", "told"),
    [
        ({}, {}, "there is nothing to vary; expected a sweep: section, or --vary"),
        ({"status": {"choices": {"a": {MAX: 8}}}}, {}, "status: runs.parquet has a column of this name"),
        ({"seed": [1, 2]}, {"seed": 3}, "seed: the seed is varied, and given for all"),
        ({MAX: range(1, 30001), "seed": range(1000)}, {}, "30,000,000 runs are too many"),
        ({MAX: [8, "lots"]}, {}, "'lots' does not fit"),
    ],
)
def test_grids_that_are_refused(vary, more, told):
    with pytest.raises(bs.ScenarioError) as error:
        bs.sweep(small(), vary, **more)
    assert told in str(error.value)


def test_what_is_no_scenario_or_no_count_is_refused():
    with pytest.raises(TypeError, match="expected a Scenario"):
        bs.sweep("scenario.yaml")
    with pytest.raises(ValueError, match="replications must be 1 or more"):
        bs.sweep(small(), {MAX: [8]}, replications=0)


def test_points_are_made_when_they_are_due():
    made = []

    def stop(finished, of):
        made.append(of)
        raise KeyboardInterrupt

    swept = bs.sweep(small(), {MAX: range(1, 1001), "seed": range(1000)}, workers=1, on_finished=stop)
    assert swept.interrupted
    assert made == [1_000_000]


def test_it_shows_itself():
    swept = bs.sweep(small(objectives=["makespan <= 4m"]), {MAX: [4, 8, 16]}, replications=2, workers=1)
    assert repr(swept) == "<Sweep test: 3 points, 6 runs done>"
    assert "cheapest" in swept._repr_html_()
    json.dumps(swept.as_json())
    assert swept.as_json()["best"]["set"] == swept.best
