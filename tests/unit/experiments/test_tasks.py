"""A run as a task: its key is of what decides the result and of nothing else; executing it gives what a run does."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import batchsim as bs
from batchsim.errors import ScenarioError, SimulationError
from batchsim.experiments import tasks, trace_files
from batchsim.experiments.run import run_once
from batchsim.experiments.tasks import Task, execute, execute_sent
from batchsim.file_content import file_bytes
from batchsim.scenario.scenario import Scenario
from batchsim.spec.assumption_ranges import RANGES
from tests.builders import definition, environment, job, queue, scenario, workflow
from tests.conftest import ROOT

LOGNORMAL = {"lognormal": {"median": "5m", "p95": "20m"}}
MAX_VCPUS = "batch.computeEnvironments.fleet.computeResources.maxvCpus"


@pytest.fixture(scope="module")
def etl() -> Scenario:
    return bs.load(ROOT / "scenarios" / "etl.yaml")


def small(**members: Any) -> Scenario:
    return scenario(workflow(job(runtime=LOGNORMAL, arrayProperties={"size": 20})), ideal=False, **members)


def key(made: Scenario, seed: int = 1, replication: int = 0) -> str:
    return Task(made, seed, replication).key


def replaying(folder: Path, rows: str = "a,0,60\nb,10,30\n", **members: Any) -> Scenario:
    (folder / "jobs.csv").write_text("job_name,submitted_at,runtime_s\n" + rows)
    entry = {"format": "csv", "path": "jobs.csv", "jobQueue": "queue", "jobDefinition": "task", **members}
    return scenario({"trace": entry}, base=folder)


@pytest.mark.parametrize(
    "besides",
    [
        {"name": "other"},
        {"seed": 77},
        {"variants": {"small": {MAX_VCPUS: 8}}},
        {"sweep": {MAX_VCPUS: [32, 64]}},
        {"search": {MAX_VCPUS: [32, 64]}},
        {"deployment": {"instanceRole": "arn:aws:iam::123456789012:instance-profile/batch"}},
    ],
    ids=lambda members: next(iter(members)),
)
def test_what_does_not_decide_the_result_is_not_in_the_key(besides):
    assert key(small(**besides)) == key(small())


@pytest.mark.parametrize(
    "members",
    [
        {"environments": [environment(maxvCpus=63)]},
        {"environments": [environment(instanceTypes=["c6i.xlarge"])]},
        {"definitions": [definition(memory="1025")]},
        {"definitions": [definition(retryStrategy={"attempts": 2})]},
        {"queues": [queue(priority=2)]},
        {"objectives": ["cost <= 5"]},
        {"duration": "1d"},
        {"horizon": "2d"},
        {"start": "2026-03-01T00:00:00Z"},
        {"settings": {"ec2": {"register": "3m"}}},
        {"settings": {"prices": {"overrides": {"c6i.large": 0.05}}}},
    ],
    ids=str,
)
def test_what_decides_the_result_is_in_the_key(members):
    assert key(small(**members)) != key(small())


def test_seed_replication_and_version_are_in_the_key(monkeypatch):
    made = small()
    keys = {key(made), key(made, seed=2), key(made, replication=1), key(made, seed=1, replication=2)}
    # 1 and 12 are not 11 and 2.
    keys |= {key(made, 1, 12), key(made, 11, 2)}
    assert len(keys) == 6
    monkeypatch.setattr(tasks, "__version__", "9.9.9")
    assert key(made) not in keys


def test_a_key_is_the_same_whatever_way_a_scenario_was_made():
    changed = small().with_(maxvCpus=32)
    assert key(changed) == key(small(environments=[environment(maxvCpus=32)]))
    assert key(changed.with_(maxvCpus=64)) == key(small())
    # 5m and 300 are the same median.
    seconds = {"lognormal": {"median": 300, "p95": 1200}}
    other = scenario(workflow(job(runtime=seconds, arrayProperties={"size": 20})), ideal=False)
    assert key(other) == key(small())


def test_a_key_is_the_same_in_another_process(etl):
    code = (
        "import batchsim as bs; from batchsim.experiments.tasks import Task;"
        "print(Task(bs.load('scenarios/etl.yaml'), 1, 0).key)"
    )
    variables = {**os.environ, "PYTHONHASHSEED": "7"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=variables, capture_output=True, check=True)
    assert done.stdout.decode().strip() == key(etl)


@given(st.lists(st.tuples(st.integers(1, 512), st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=2))
def test_equal_keys_are_of_equal_runs(pairs):
    (one, *first), (other, *second) = pairs
    made = [small(environments=[environment(maxvCpus=vcpus)]) for vcpus in (one, other)]
    assert (key(made[0], *first) == key(made[1], *second)) == ((one, *first) == (other, *second))


def test_a_trace_is_in_the_key_by_its_content_and_by_how_it_is_read(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    first, second = replaying(tmp_path / "one"), replaying(tmp_path / "two")
    assert key(first) == key(second)
    assert key(replaying(tmp_path / "two", name="other")) != key(first)
    assert key(replaying(tmp_path / "two", "a,0,60\nb,10,31\n")) != key(first)


def test_a_trace_is_hashed_once(tmp_path, monkeypatch):
    made = replaying(tmp_path)
    read = []
    monkeypatch.setattr(trace_files, "file_bytes", lambda path: read.append(path) or file_bytes(path))
    for replication in range(5):
        _ = key(made, replication=replication)
    assert read == [tmp_path / "jobs.csv"]


def test_a_trace_that_is_not_there_is_told_before_the_run(tmp_path):
    made = replaying(tmp_path)
    (tmp_path / "jobs.csv").unlink()
    with pytest.raises(ScenarioError, match=r"jobs\.csv.*No such file"):
        key(made)


def test_executing_gives_the_summary_of_a_run_without_a_name(etl):
    finished = execute(Task(etl, 3, 1))
    assert finished.status == "done"
    assert json.loads(finished.summary) == {**run_once(etl, 3, 1).summary, "scenario": ""}
    assert execute_sent(Task(etl, 3, 1).sent) == finished


def test_what_is_sent_is_small(etl):
    sent = pickle.dumps(Task(etl, 1, 0).sent)
    assert len(sent) < 10_000
    assert b"document" not in sent


def test_a_replayed_trace_is_read_once_and_gives_the_same_each_time(tmp_path, monkeypatch):
    made = replaying(tmp_path)
    read = []
    read_as = trace_files.read_as
    monkeypatch.setattr(trace_files, "read_as", lambda *given: read.append(given) or read_as(*given))
    found = {execute(Task(made, 1, 0)).summary for _ in range(3)}
    assert len(read) == 1
    assert found == {json.dumps({**run_once(made, 1, 0).summary, "scenario": ""}, separators=(",", ":"))}


def test_contents_that_were_sent_need_no_file(tmp_path):
    made = replaying(tmp_path, "a,0,60\nb,10,33\n")
    task = Task(made, 1, 0)
    sent, content = task.sent, task.traces[0].content()
    (tmp_path / "jobs.csv").unlink()
    assert execute_sent(sent, {task.traces[0].digest: content}).status == "done"


def test_a_trace_that_changed_since_its_key_was_made_is_not_run(tmp_path):
    task = Task(replaying(tmp_path, "a,0,60\nb,10,34\n"), 1, 0)
    _ = task.key
    replaying(tmp_path, "a,0,60\nb,10,35\n")
    os.utime(tmp_path / "jobs.csv", ns=(0, 0))
    finished = execute(task)
    assert finished.status == "failed"
    assert "changed while runs were made of it" in finished.error


def test_a_trace_that_is_wrong_makes_a_failed_run_with_the_first_of_its_faults(tmp_path):
    finished = execute(Task(replaying(tmp_path, "a,0,60\nb,x,30\nc,y,2\n"), 1, 0))
    assert finished.status == "failed"
    assert "jobs.csv:3" in finished.error
    assert finished.error.endswith("(and 1 more)")
    assert "\n" not in finished.error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (SimulationError("a job ran twice", 5.0, "j1"), "a job ran twice (at 5.0 s, job j1, instance -)"),
        (ZeroDivisionError("division by zero"), r"ZeroDivisionError: division by zero (in "),
        (MemoryError(), "MemoryError:"),
    ],
)
def test_what_goes_wrong_in_a_run_is_told_in_one_line(monkeypatch, error, told):
    def fails(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(tasks, "simulated", fails)
    finished = execute(Task(small(), 1, 0))
    assert (finished.status, finished.summary) == ("failed", None)
    assert finished.error.startswith(told)
    assert "\n" not in finished.error


def test_an_interrupt_is_no_failed_run(monkeypatch):
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tasks, "simulated", interrupted)
    with pytest.raises(KeyboardInterrupt):
        execute(Task(small(), 1, 0))


@pytest.fixture(scope="module")
def fleets() -> Scenario:
    """EC2, Spot and Fargate beside each other, none of whose assumptions is stated."""
    environments = [
        environment("fleet"),
        environment("spot", type="SPOT", allocationStrategy="SPOT_CAPACITY_OPTIMIZED"),
        environment("tasks", type="FARGATE_SPOT"),
    ]
    task = definition("task", memory="2048", platformCapabilities=["EC2"])
    fargate = definition("fargate", memory="2048", platformCapabilities=["FARGATE"])
    return scenario(
        workflow(job(), {**job("other"), "jobQueue": "tasks", "jobDefinition": "fargate"}),
        environments=environments,
        queues=[queue("queue", "fleet"), queue("spot", "spot"), queue("tasks", "tasks")],
        definitions=[task, fargate],
        ideal=False,
    )


USED = [each for each in RANGES if not each.key.startswith("ec2.managed")]


@pytest.mark.parametrize("assumption", USED, ids=lambda each: each.key)
def test_every_other_value_of_an_assumption_is_another_run_and_its_default_stated_is_the_same(fleets, assumption):
    path = f"environment.{assumption.key}"
    assert key(fleets.with_({path: assumption.default})) == key(fleets)
    others = {key(fleets.with_({path: value})) for value in assumption.others}
    assert len(others | {key(fleets)}) == 1 + len(assumption.others)
