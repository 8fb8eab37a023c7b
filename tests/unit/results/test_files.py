"""A results folder on disk: what it holds is what the run had, to the last bit, and nothing else is touched."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from pyarrow import parquet

import batchsim as bs
from batchsim.columns import ATTEMPTS, INSTANCES, JOBS, TIMELINE
from batchsim.errors import OutputError
from batchsim.results import store
from batchsim.results.run import Run
from tests.builders import definition, environment, job, queue, scenario, workflow

TABLES = {"jobs": JOBS, "attempts": ATTEMPTS, "instances": INSTANCES, "timeline": TIMELINE}


def world(**members):
    """Instances and tasks, retries, an array, a dependency, a job that never runs, and names that are not ASCII."""
    flow = workflow(
        job("prepare", 30),
        job("shards", 45.125, arrayProperties={"size": 3}, dependsOn=[{"jobName": "prepare"}], jobDefinition="flaky"),
        job("light", 0.1, jobQueue="tasks", jobDefinition="light"),
        job("huge", 10, jobDefinition="huge"),
        name="größe",
    )
    return scenario(
        flow,
        environments=[environment(), environment("tasks", type="FARGATE", maxvCpus=4)],
        queues=[queue("queue", "fleet"), queue("tasks", "tasks")],
        definitions=[
            definition(),
            definition("flaky", retryStrategy={"attempts": 2}),
            definition("light", memory="2048", platformCapabilities=["FARGATE"]),
            definition("huge", vcpus="60", memory="400000"),
        ],
        horizon=400,
        **members,
    )


@pytest.fixture(scope="module")
def result():
    return bs.run(world())


@pytest.fixture(scope="module")
def folder(result, tmp_path_factory):
    place = tmp_path_factory.mktemp("results") / "run"
    store.write(result.run, result.summary, place)
    return place


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_read_as_it_was(result, folder, name):
    read = getattr(store.read(folder), name)
    pd.testing.assert_frame_equal(read, getattr(result.run, name), check_exact=True)
    assert len(read) > 0
    # Not a figure that is none, where there is none to tell.
    assert not read.select_dtypes("float").isin([np.inf, -np.inf]).to_numpy().any()


@pytest.mark.parametrize("name", TABLES)
def test_a_file_says_what_its_columns_are(folder, name):
    found = parquet.read_schema(folder / f"{name}.parquet")
    assert found.names == [column.name for column in TABLES[name]]
    for column in TABLES[name]:
        told = found.field(column.name).metadata
        assert (told[b"unit"].decode(), told[b"meaning"].decode()) == (column.unit, column.meaning)


def test_what_is_not_known_is_null_and_not_a_number(folder):
    jobs = parquet.read_table(folder / "jobs.parquet").to_pylist()
    huge = next(row for row in jobs if row["job_name"] == "huge")
    assert {huge[name] for name in ("starting_at", "stopped_at", "exit_code", "instance_id", "array_index")} == {None}
    assert huge["status"] == "RUNNABLE"
    children = [row for row in jobs if row["job_name"] == "shards"]
    assert [row["job_id"] for row in children] == [f"größe/0/shards:{index}" for index in range(3)]
    assert [row["array_index"] for row in children] == [0, 1, 2]
    assert {row["share_identifier"] for row in jobs} == {None}


def test_the_summary_is_read_as_it_was(result, folder):
    assert store.read(folder).summary == json.loads(json.dumps(result.summary))
    text = (folder / store.MARK).read_text(encoding="utf-8")
    assert text == store.as_text(result.summary)
    assert text.endswith("}\n")


def test_the_money_in_the_files_is_the_summary_s(folder):
    read = store.read(folder)
    total = read.summary["cost_usd"]["total"]
    assert read.instances["cost_usd"].sum() == pytest.approx(total)
    assert read.jobs["cost_usd"].sum() == pytest.approx(read.attempts["cost_usd"].sum())
    purposes = read.summary["cost_usd"]["by_purpose"]
    assert read.instances["idle_cost_usd"].sum() == pytest.approx(purposes["idle"] + purposes["stranded"])


def test_the_same_run_is_the_same_bytes(folder, tmp_path):
    again = bs.run(world())
    store.write(again.run, again.summary, tmp_path / "again")
    # The scenario's paths are relative to its own folder; it has none.
    for path in folder.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes(), path.name


def test_slices_make_the_same_tables(result, folder, tmp_path, monkeypatch):
    for module in ("tables", "store"):
        monkeypatch.setattr(f"batchsim.results.{module}.SLICE", 2)
    again = Run(result.run.scenario, result.run.workload, result.run.recording, result.run.seed)
    store.write(again, result.summary, tmp_path / "run")
    for name in TABLES:
        pd.testing.assert_frame_equal(
            getattr(store.read(tmp_path / "run"), name), getattr(store.read(folder), name), check_categorical=False
        )


def test_a_figure_that_is_no_number_is_not_written(result, folder, tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        store.write(result.run, {"cost_usd": float("nan")}, tmp_path / "run")
    assert not (tmp_path / "run").exists()
    # Nor is what was there before touched.
    kept = tmp_path / "kept"
    store.write(result.run, result.summary, kept)
    with pytest.raises(ValueError, match="JSON"):
        store.write(result.run, {"cost_usd": float("inf")}, kept)
    assert store.read(kept).summary == store.read(folder).summary


def test_an_older_folder_is_replaced_whole(result, tmp_path):
    place = tmp_path / "run"
    store.write(result.run, result.summary, place)
    (place / store.PAGE).write_text("of the run before", encoding="utf-8")
    store.write(result.run, {**result.summary, "seed": 7}, place)
    assert store.read(place).summary["seed"] == 7
    assert not (place / store.PAGE).exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]


def test_a_folder_with_anything_else_in_it_is_left_alone(result, tmp_path):
    place = tmp_path / "run"
    place.mkdir()
    (place / "thesis.tex").write_text("years of work", encoding="utf-8")
    with pytest.raises(OutputError):
        store.write(result.run, result.summary, place)
    assert [path.name for path in place.iterdir()] == ["thesis.tex"]
    assert not store.is_results_folder(place)


@pytest.mark.parametrize(
    ("names", "is_one"),
    [
        ([store.MARK], True),
        ([store.MARK, "jobs.parquet", store.PAGE], True),
        (["jobs.parquet"], False),
        ([store.MARK, "thesis.tex"], False),
        ([], False),
    ],
    ids=["a summary", "and others of ours", "no summary", "a stranger", "empty"],
)
def test_a_results_folder_has_a_summary_and_nothing_that_is_not_ours(tmp_path, names, is_one):
    for name in names:
        (tmp_path / name).write_text("{}", encoding="utf-8")
    assert store.is_results_folder(tmp_path) is is_one


@pytest.mark.parametrize("content", ["[]", '"text"', "{", "\x00"], ids=["a list", "a text", "cut", "a zero byte"])
def test_a_summary_that_is_no_object_is_told(tmp_path, content):
    (tmp_path / store.MARK).write_text(content, encoding="utf-8")
    with pytest.raises(OutputError, match="run the scenario again"):
        _ = store.read(tmp_path).summary


def test_what_was_written_runs_again_to_the_same(folder):
    again = bs.run(bs.load(folder / store.SCENARIO))
    assert json.loads(store.as_text(again.summary)) == store.read(folder).summary
