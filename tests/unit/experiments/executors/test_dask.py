"""Runs on a Dask cluster: a real scheduler and real workers, of which one is killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from batchsim.errors import ExecutionError
from batchsim.experiments.executors import dask
from batchsim.experiments.executors.dask import DaskExecutor, execute_beside, versions
from batchsim.experiments.executors.local import LocalExecutor
from batchsim.experiments.finished_runs import FinishedRuns
from batchsim.experiments.runner import Runner
from batchsim.experiments.tasks import Finished, Task, execute
from tests.builders import scenario
from tests.conftest import ROOT
from tests.unit.experiments.executors.deadly import killing, quick
from tests.unit.experiments.killed_sweeps import swept, tasks

pytest.importorskip("distributed")
# Its sockets and loops are closed when the interpreter is: not this package's to warn of.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_what_differs_is_named_and_not_run(monkeypatch):
    expected = {**versions(), "batchsim": "9.9.9"}
    with pytest.raises(ExecutionError, match=r"the worker on .* has batchsim .* where 9\.9\.9 is needed"):
        execute_beside(quick(1)[0].sent, expected)
    assert execute_beside(quick(1)[0].sent, versions()) == execute(quick(1)[0])


def test_contents_go_to_the_traces_that_have_them(tmp_path):
    entries = []
    for name, rows in (("a", "a,0,60\n"), ("b", "b,0,90\n"), ("c", "a,0,60\n")):
        (tmp_path / f"{name}.csv").write_text("job_name,submitted_at,runtime_s\n" + rows)
        entry = {"format": "csv", "path": f"{name}.csv", "jobQueue": "queue", "jobDefinition": "task"}
        entries.append({"trace": entry})
    task = Task(scenario(*entries, base=tmp_path), 1, 0)
    sent, expected = task.sent, execute(task)
    contents = list(dict.fromkeys(file.content() for file in task.traces))
    for path in tmp_path.iterdir():
        path.unlink()
    assert len(contents) == 2
    assert execute_beside(sent, versions(), *contents) == expected


@pytest.mark.parametrize(
    ("address", "told"), [("nonsense", "missing port number"), ("foo://here:1", "unknown address scheme 'foo'")]
)
def test_what_is_no_address_is_told(address, told):
    with pytest.raises(ExecutionError, match=told) as caught:
        DaskExecutor(address).__enter__()
    assert str(caught.value).startswith(f"{address}: [execution] no Dask scheduler answers")


def test_a_server_that_is_no_scheduler_is_told():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 4)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(ExecutionError, match="no Dask scheduler answers"):
            DaskExecutor(address).__enter__()
        thread.join(10)


def test_a_missing_package_is_told(monkeypatch):
    monkeypatch.setattr(dask, "find_spec", lambda name: None)
    with pytest.raises(ExecutionError, match=r"pip install 'batchsim\[dask\]'"):
        DaskExecutor("tcp://127.0.0.1:8786").__enter__()


class Cluster:
    """A scheduler and workers, each a process group of its own: a worker's nanny dies with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Cluster:
        host, port = self.address.removeprefix("tcp://").split(":")
        self.scheduler = self._start("scheduler", "--host", host, "--port", port)
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._processes):
            self.kill(process)

    def worker(self, threads: int = 1) -> subprocess.Popen[bytes]:
        folder = self.folder / f"worker-{len(self._processes)}"
        return self._start(
            "worker", self.address, "--nthreads", str(threads), "--nworkers", "1", "--local-directory", str(folder)
        )

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _start(self, what: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *arguments, "--no-dashboard"]
        variables = {**os.environ, "PYTHONPATH": str(ROOT)}
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                command, env=variables, cwd=self.folder, stdout=log, stderr=log, start_new_session=True
            )
        self._processes.append(process)
        return process


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[Cluster]:
    """With two workers."""
    with Cluster(tmp_path_factory.mktemp("dask")) as made:
        made.worker()
        made.worker()
        yield made


def threads(executor: DaskExecutor, wanted: int) -> None:
    """Wait for so many threads."""
    executor._client.wait_for_workers(wanted, timeout=60)
    executor._look()
    assert executor._threads == wanted


@pytest.mark.slow
def test_a_cluster_without_workers_is_refused(tmp_path, monkeypatch):
    with Cluster(tmp_path) as made:
        monkeypatch.setattr(dask, "PATIENCE_S", 60)
        monkeypatch.setattr(DaskExecutor, "_check", lambda executor: None)
        DaskExecutor(made.address).__enter__().__exit__(None, None, None)
        monkeypatch.undo()
        monkeypatch.setattr(dask, "PATIENCE_S", 2)
        with pytest.raises(ExecutionError, match="no workers: start some with `dask worker tcp://"):
            DaskExecutor(made.address).__enter__()


@pytest.mark.slow
def test_workers_of_another_batchsim_are_refused_and_named(cluster, monkeypatch):
    monkeypatch.setattr(dask, "__version__", "9.9.9")
    with pytest.raises(ExecutionError) as caught:
        DaskExecutor(cluster.address).__enter__()
    assert "results would not be the same everywhere: the worker tcp://" in str(caught.value)
    assert "where 9.9.9 is needed" in str(caught.value)


@pytest.mark.slow
def test_a_worker_of_another_batchsim_that_comes_later_ends_the_sweep(cluster):
    with DaskExecutor(cluster.address) as executor:
        executor._versions = {**versions(), "NumPy": "1.0"}
        with pytest.raises(ExecutionError, match=r"NumPy .* where 1\.0 is needed"):
            list(executor.finished(quick(1)))


@pytest.mark.slow
def test_traces_are_sent_and_their_files_not_needed(cluster, tmp_path):
    path = tmp_path / "jobs.csv"
    path.write_text("job_name,submitted_at,runtime_s\na,0,60\n")
    entry = {"format": "csv", "path": "jobs.csv", "jobQueue": "queue", "jobDefinition": "task"}
    made = scenario({"trace": entry}, base=tmp_path)
    given = [Task(made, 1, replication) for replication in range(4)]
    expected = [execute(task) for task in given]
    with DaskExecutor(cluster.address) as executor:
        found = list(executor.finished(given[:2]))
        path.unlink()
        found += executor.finished(given[2:])
    assert {each.key: each for each in found} == {each.key: each for each in expected}


@pytest.mark.slow
def test_a_run_that_ends_its_workers_fails_alone(cluster):
    deadly = killing()
    with DaskExecutor(cluster.address) as executor:
        found = {each.key: each for each in executor.finished([deadly, *quick(8)])}
    assert found.pop(deadly.key) == Finished(deadly.key, "failed", error="8 workers died of it: out of memory?")
    assert found == {task.key: execute(task) for task in quick(8)}


@pytest.mark.slow
def test_threads_of_one_worker_give_the_same_bytes(tmp_path):
    with Cluster(tmp_path) as made:
        made.worker(threads=3)
        with DaskExecutor(made.address) as executor:
            assert executor._threads == 3
            found = {each.key: each for each in executor.finished(quick(12))}
    assert found == {task.key: execute(task) for task in quick(12)}


@pytest.mark.slow
def test_a_sweep_of_which_a_worker_is_killed_gives_the_same_bytes(tmp_path):
    with FinishedRuns(tmp_path / "here.sqlite") as store, LocalExecutor(1) as executor:
        assert len(list(Runner(store, executor).finish(tasks(swept())))) == 200
        expected = list(store)
    (tmp_path / "dask").mkdir()
    with Cluster(tmp_path / "dask") as made:
        first = made.worker()
        made.worker()
        with FinishedRuns(tmp_path / "there.sqlite") as store, DaskExecutor(made.address) as executor:
            threads(executor, 2)
            for number, _ in enumerate(Runner(store, executor).finish(tasks(swept()))):
                if number == 70:
                    made.kill(first)
            assert list(store) == expected


@pytest.mark.slow
def test_a_scheduler_that_ends_is_told_and_what_has_finished_is_stored(tmp_path):
    with Cluster(tmp_path) as made:
        made.worker()
        with FinishedRuns(tmp_path / "runs.sqlite") as store, DaskExecutor(made.address) as executor:
            found = Runner(store, executor).finish(tasks(swept()))
            for _ in range(10):
                next(found)
            made.kill(made.scheduler)
            with pytest.raises(ExecutionError, match="the connection to the cluster is lost"):
                list(found)
            assert len(store) >= 10
