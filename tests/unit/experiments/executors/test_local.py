"""Runs in processes of this machine: the same bytes as here, whatever dies, and nothing left behind."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import batchsim as bs
from batchsim.errors import ExecutionError
from batchsim.experiments.executors.local import AHEAD, FAILED_STARTS, LocalExecutor, cores
from batchsim.experiments.executors.worker import WorkerProcess
from batchsim.experiments.tasks import Finished, Task, execute
from tests.conftest import ROOT
from tests.unit.experiments.executors.deadly import doing, killing, killing_once, quick


def by_key(found: Iterator[Finished]) -> dict[str, Finished]:
    finished = list(found)
    assert len({each.key for each in finished}) == len(finished)
    return {each.key: each for each in finished}


@pytest.fixture(scope="module")
def here() -> dict[str, Finished]:
    with LocalExecutor(1) as executor:
        return by_key(executor.finished(quick(12)))


def test_one_worker_is_this_process_and_asks_for_one_task_at_a_time(here):
    asked = []

    def tasks() -> Iterator[Task]:
        for task in quick(12):
            asked.append(task.key)
            yield task

    with LocalExecutor(1) as executor:
        for number, finished in enumerate(executor.finished(tasks()), 1):
            assert asked[number - 1] == finished.key
            assert len(asked) <= number + 1
        assert executor._workers == []
    assert here == {task.key: execute(task) for task in quick(12)}


def test_several_processes_give_the_same_bytes(here):
    with LocalExecutor(2) as executor:
        assert by_key(executor.finished(quick(12))) == here
        assert len(executor._workers) == 2


def test_one_process_of_its_own_when_asked(here):
    with LocalExecutor(1, isolated=True) as executor:
        assert by_key(executor.finished(quick(3))).items() <= here.items()
        assert [process.tasks for process in executor._workers] == [type(executor._workers[0].tasks)()]


def test_a_window_of_tasks_is_asked_for(here):
    asked = []

    def many() -> Iterator[Task]:
        for task in quick(12):
            asked.append(task)
            yield task

    with LocalExecutor(2) as executor:
        found = executor.finished(many())
        next(found)
        assert len(asked) <= 2 * AHEAD + 1
        assert len(list(found)) == 11


def test_no_more_processes_than_tasks():
    with LocalExecutor(8) as executor:
        assert len(list(executor.finished(quick(2)))) == 2
        assert len(executor._workers) == 2


def test_traces_are_read_from_their_files(tmp_path):
    from tests.builders import scenario

    (tmp_path / "jobs.csv").write_text("job_name,submitted_at,runtime_s\na,0,60\n")
    entry = {"format": "csv", "path": "jobs.csv", "jobQueue": "queue", "jobDefinition": "task"}
    task = Task(scenario({"trace": entry}, base=tmp_path), 1, 0)
    with LocalExecutor(1, isolated=True) as executor:
        assert list(executor.finished([task])) == [execute(task)]


def test_a_run_that_kills_its_process_costs_itself_only(here):
    tasks = quick(12)
    deadly = killing()
    with LocalExecutor(2) as executor:
        found = by_key(executor.finished([*tasks[:3], deadly, *tasks[3:]]))
    lost = found.pop(deadly.key)
    assert lost == Finished(deadly.key, "failed", error="killed by signal 9 (SIGKILL), twice: out of memory?")
    assert found == here


def test_what_was_killed_once_is_tried_once_more_alone_and_last(here, tmp_path):
    tasks = quick(6)
    unlucky = killing_once(tmp_path)
    with LocalExecutor(2) as executor:
        found = list(executor.finished([unlucky, *tasks]))
        assert len(executor._workers) == 1
    assert found[-1].key == unlucky.key
    assert found[-1].status == "done"
    assert {each.key: each for each in found[:-1]} == {task.key: here[task.key] for task in tasks}


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("__import__('signal').raise_signal(11)", "killed by signal 11 (SIGSEGV), twice"),
        ("__import__('os')._exit(3)", "ended its process with exit code 3, twice"),
    ],
)
def test_how_a_process_ended_is_told(code, told):
    with LocalExecutor(1, isolated=True) as executor:
        (found,) = executor.finished([doing(code)])
    assert (found.status, found.error) == ("failed", told)


def test_what_a_run_raises_is_its_failure_and_ends_no_process(here):
    with LocalExecutor(2) as executor:
        found = by_key(executor.finished([doing("1 / 0"), *quick(4)]))
        assert all(process.is_ready for process in executor._workers)
    assert found.pop(doing("1 / 0").key).error.startswith("ZeroDivisionError: division by zero (in ")
    assert found.items() <= here.items()


def test_a_process_that_is_killed_while_it_has_nothing_to_do_is_replaced(here):
    with LocalExecutor(1, isolated=True) as executor:
        first = list(executor.finished(quick(1)))
        os.kill(executor._workers[0]._process.pid, signal.SIGKILL)
        executor._workers[0]._process.join()
        assert [*first, *executor.finished(quick(2)[1:])] == [here[task.key] for task in quick(2)]


def test_processes_that_do_not_start_are_told(monkeypatch):
    started = []

    class Stillborn(WorkerProcess):
        def __init__(self) -> None:
            started.append(self)
            super().__init__()
            self._process.kill()

    monkeypatch.setattr("batchsim.experiments.executors.local.WorkerProcess", Stillborn)
    with LocalExecutor(1, isolated=True) as executor, pytest.raises(ExecutionError, match="before the first run"):
        list(executor.finished(quick(1)))
    assert len(started) == FAILED_STARTS


def test_numbers_of_workers(monkeypatch):
    with pytest.raises(ValueError, match="workers must be 1 or more, not 0"):
        LocalExecutor(0)
    assert 1 <= cores() <= (os.cpu_count() or 1)


def test_variables_are_set_for_processes_and_not_for_this_one(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("MKL_NUM_THREADS", "5")
    variables = "__import__('os').environ"
    right = f"{variables}['OMP_NUM_THREADS'] == '1' and {variables}['MKL_NUM_THREADS'] == '5' or 1 / 0"
    with LocalExecutor(1, isolated=True) as executor:
        (found,) = executor.finished([doing(right)])
    assert found.status == "done"
    assert "OMP_NUM_THREADS" not in os.environ


def test_a_process_imports_nothing_heavy():
    names = ["scipy", "pandas", "matplotlib", "pyarrow", "botocore", "ruamel", "rich"]
    code = f"[name for name in {names} if name in __import__('sys').modules] and 1 / 0"
    etl = bs.load(ROOT / "scenarios" / "etl.yaml")
    with LocalExecutor(1, isolated=True) as executor:
        assert [each.status for each in executor.finished([Task(etl, 1, 0)])] == ["done"]
        (after,) = executor.finished([doing(code)])
    assert after.status == "done", after.error


SCRIPT = """
import json, os, signal, sys
from batchsim.experiments.executors.local import LocalExecutor
from tests.unit.experiments.executors.deadly import doing, quick

signal.signal(signal.SIGINT, signal.default_int_handler)  # which what runs in a background ignores
wait = "__import__('time').sleep(600)"
executor = LocalExecutor(2).__enter__()
for task in (doing(wait, 1), doing(wait, 2)):
    executor.submit(task)
while not all(worker.is_ready for worker in executor._workers):
    list(executor.take_ready())
try:
    print(json.dumps([worker._process.pid for worker in executor._workers]), flush=True)
    executor.take()
except KeyboardInterrupt:
    executor.__exit__(None, None, None)
    print("interrupted", flush=True)
"""


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], list[int]]]:
    """A script without a guard around its main part, and the processes that execute its tasks."""
    (tmp_path / "script.py").write_text(SCRIPT)
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    with subprocess.Popen(
        [sys.executable, str(tmp_path / "script.py")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=variables,
        start_new_session=True,
    ) as process:
        yield process, json.loads(process.stdout.readline())
        process.kill()


linux = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for processes as Linux has it")


@linux
def test_an_interrupt_reaches_the_parent_alone_and_no_process_is_left(waiting):
    process, workers = waiting
    os.killpg(process.pid, signal.SIGINT)
    assert process.stdout.readline() == b"interrupted\n"
    assert process.stderr.read() == b""
    assert process.wait() == 0
    for each in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(each, 0)


FIRST = """
import signal
from batchsim.experiments.executors.worker import WorkerProcess

worker = WorkerProcess()
with open(f"/proc/{worker._process.pid}/status") as status:
    blocked = int(next(line for line in status if line.startswith("SigBlk")).split()[1], 16)
print(blocked >> signal.SIGINT - 1 & 1)
worker.close()
"""


@linux
def test_an_interrupt_does_not_reach_the_first_process_while_it_starts():
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run([sys.executable, "-c", FIRST], env=variables, capture_output=True)
    assert (done.stdout, done.stderr) == (b"1\n", b"")


@linux
def test_no_process_outlives_a_parent_that_is_killed(waiting):
    process, workers = waiting
    descriptors = [os.pidfd_open(each) for each in workers]
    os.kill(process.pid, signal.SIGKILL)
    for descriptor in descriptors:
        assert select.select([descriptor], [], [], 60)[0], "it goes on"
        os.close(descriptor)
