"""The folder of a run's results as a history: what a damaged table is refused for, by its name and row."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest
from pyarrow import parquet

import batchsim as bs
from batchsim.aws.histories.answers import read_history
from batchsim.experiments.run_store import write_run
from tests.builders import job, scenario, workflow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("results") / "run"
    write_run(bs.run(scenario(workflow(job(), arrivals={"at": [0, 600]}))), place)
    return place


@pytest.fixture
def table(folder, tmp_path):
    """Puts other cells into a column of a copy of the folder, and gives what is then read."""

    def read(name, **columns):
        place = tmp_path / "run"
        place.mkdir()
        for each in folder.iterdir():
            place.joinpath(each.name).write_bytes(each.read_bytes())
        cells = parquet.read_table(place / f"{name}.parquet").to_pydict()
        made = {**cells, **{key: [cell] * len(cells["job_id"]) for key, cell in columns.items()}}
        parquet.write_table(pa.table({k: v for k, v in made.items() if v[:1] != [...]}), place / f"{name}.parquet")
        return read_history([place])

    return read


def test_a_folder_that_is_whole(folder):
    assert [job.status for job in read_history([folder]).jobs] == ["SUCCEEDED", "SUCCEEDED"]


@pytest.mark.parametrize(
    ("name", "columns", "message"),
    [
        ("jobs", {"array_index": "[1]"}, r"jobs.parquet: \[history\] the column array_index: Failed to parse string"),
        ("jobs", {"vcpus": "[1.0]"}, "jobs.parquet: .* the column vcpus"),
        ("jobs", {"memory_mib": 0.5}, "jobs.parquet: .* the column memory_mib: Float value 0.5"),
        ("jobs", {"job_id": None}, "jobs.parquet: .* row 1: job_id is empty"),
        ("jobs", {"submitted_at": ...}, "jobs.parquet: .* the column submitted_at is missing"),
        ("jobs", {"submitted_at": math.inf}, "jobs.parquet: .* row 1: submitted_at is inf; expected seconds since"),
        ("attempts", {"stopped_at": -1e300}, r"attempts.parquet: .* row 1: stopped_at is -1e\+300"),
        ("attempts", {"attempt": ...}, "attempts.parquet: .* the column attempt is missing"),
    ],
)
def test_a_table_that_no_run_wrote(table, name, columns, message):
    with pytest.raises(bs.ScenarioError, match=message):
        table(name, **columns)


def test_a_table_without_times_of_attempts_tells_jobs_that_did_not_run(table):
    with pytest.raises(bs.ScenarioError, match="none of 2 jobs in it ran"):
        table("attempts", started_at=..., stopped_at=...)


@pytest.mark.parametrize("asked", [{"vcpus": 0.0}, {"vcpus": 1e-320}, {"vcpus": 1e300}, {"memory_mib": 0}])
def test_what_no_job_can_have_asked_for_is_not_known(table, asked):
    job = table("jobs", **asked).jobs[0]
    assert all(math.isnan(getattr(job.asked, name)) for name in asked)


def test_a_scenario_whose_start_is_no_instant(folder, tmp_path):
    place = tmp_path / "run"
    place.mkdir()
    for each in folder.iterdir():
        place.joinpath(each.name).write_bytes(each.read_bytes())
    place.joinpath("scenario.yaml").write_text("start: yesterday\n")
    with pytest.raises(bs.ScenarioError, match=r"scenario.yaml: \[history\] start: "):
        read_history([place])
