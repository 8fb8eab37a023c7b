"""The store of finished runs: what is in it stays, one process writes it, and other batchsims' runs are left alone."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from batchsim._version import __version__
from batchsim.errors import OutputError
from batchsim.experiments import finished_runs
from batchsim.experiments.finished_runs import FinishedRuns, StoredRun
from batchsim.experiments.tasks import Finished, Task
from tests.builders import scenario
from tests.conftest import ROOT


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "out" / "sweep.sqlite"


def task(seed: int = 1, replication: int = 0, **labels: str) -> Task:
    return Task(scenario(), seed, replication, labels)


def done(of: Task, summary: str = '{"cost": 1}') -> Finished:
    return Finished(of.key, "done", summary)


def failed(of: Task, error: str = "killed by signal 9") -> Finished:
    return Finished(of.key, "failed", error=error)


def test_what_was_added_is_there_and_in_the_next_process_too(path):
    one, two = task(1, 2, size="64"), task(3, 0)
    with FinishedRuns(path) as store:
        store.add(one, done(one))
        store.add(two, failed(two))
        assert store.get(one.key) == done(one)
        assert store.get("0" * 64) is None
    with FinishedRuns(path) as store:
        assert len(store) == 2
        both = [StoredRun(done(one), {"size": "64"}, 1, 2), StoredRun(failed(two), {}, 3, 0)]
        assert list(store) == sorted(both, key=lambda each: each.finished.key)


def test_a_store_that_is_closed_is_one_file_and_an_empty_lock(path):
    with FinishedRuns(path) as store:
        store.add(task(), done(task()))
    sizes = {each.name: each.stat().st_size for each in path.parent.iterdir()}
    assert sizes.pop("sweep.sqlite-lock") == 0
    assert set(sizes) == {"sweep.sqlite"}


def test_what_is_done_stays_and_a_failure_may_be_mended(path):
    with FinishedRuns(path) as store:
        store.add(task(), failed(task()))
        store.add(task(), done(task()))
        assert store.get(task().key) == done(task())
        store.add(task(), done(task(), "{}"))
        store.add(task(), failed(task()))
        assert store.get(task().key) == done(task())
        assert len(store) == 1


def test_only_one_may_write_it(path):
    with FinishedRuns(path), pytest.raises(OutputError, match="another process writes it"):
        FinishedRuns(path)
    FinishedRuns(path).close()


OTHER = """
import sys, time
from pathlib import Path
from batchsim.experiments.finished_runs import FinishedRuns
from batchsim.experiments.tasks import Finished
from tests.unit.experiments.test_finished_runs import done, task
store = FinishedRuns(Path(sys.argv[1]))
store.add(task(5), done(task(5)))
print("added", flush=True)
sys.stdin.read()
"""


def test_another_process_is_refused_until_it_ends_and_its_death_loses_nothing(path):
    other = subprocess.Popen(
        [sys.executable, "-c", OTHER, str(path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with other:
        assert other.stdout.readline() == b"added\n"
        with pytest.raises(OutputError, match="another process writes it"):
            FinishedRuns(path)
        os.kill(other.pid, signal.SIGKILL)
    with FinishedRuns(path) as store:
        assert store.get(task(5).key) == done(task(5))


@pytest.mark.parametrize(("member", "value"), [("__version__", "0.0.9"), ("FORMAT", "0")])
def test_a_store_of_another_version_is_kept_and_not_mixed(path, monkeypatch, member, value):
    with monkeypatch.context() as then:
        then.setattr(finished_runs, member, value)
        with FinishedRuns(path) as store:
            store.add(task(), done(task()))
    before = path.read_bytes()
    with pytest.raises(OutputError) as caught:
        FinishedRuns(path)
    assert value in str(caught.value)
    assert f"this batchsim {__version__}" in str(caught.value)
    assert "give another folder" in str(caught.value)
    assert path.read_bytes() == before
    monkeypatch.setattr(finished_runs, member, value)
    FinishedRuns(path).close()


def test_a_file_that_is_no_store_is_refused_and_left(path):
    path.parent.mkdir()
    path.write_text("jobs,cost\n" * 100)
    with pytest.raises(OutputError, match="no store of finished runs"):
        FinishedRuns(path)
    assert path.read_text() == "jobs,cost\n" * 100


def test_a_database_of_somebody_else_is_refused_and_left(path):
    path.parent.mkdir()
    with sqlite3.connect(path) as theirs:
        theirs.execute("CREATE TABLE runs (of_theirs TEXT)")
    theirs.close()
    with pytest.raises(OutputError, match="no store of finished runs"):
        FinishedRuns(path)
    FinishedRuns(path.with_name("other.sqlite")).close()


def test_an_empty_file_is_a_store_that_was_begun(path):
    path.parent.mkdir()
    path.touch()
    with FinishedRuns(path) as store:
        assert len(store) == 0


def test_a_folder_that_can_t_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="can't be written"):
        FinishedRuns(tmp_path / "file" / "sweep.sqlite")


def test_a_full_disk_is_told_and_what_was_there_stays(path):
    with FinishedRuns(path) as store:
        store.add(task(1), done(task(1)))
        store._file.execute(f"PRAGMA max_page_count = {store._file.execute('PRAGMA page_count').fetchone()[0]}")
        with pytest.raises(OutputError, match="full"):
            store.add(task(2), done(task(2), "x" * 100_000))
        assert store.get(task(1).key) == done(task(1))
        assert store.get(task(2).key) is None


@pytest.mark.parametrize(
    "damage",
    [
        "summary = '{\"cost\": 7}'",
        "summary = '{\"cost\": '",
        "summary = NULL",
        "summary = CAST(x'7bff' AS TEXT)",
        "summary = x'7b22'",
        "labels = x'7b7d'",
        "status = 'failed'",
        "seed = 5",
        "digest = ''",
    ],
)
def test_a_run_that_is_not_as_it_was_written_is_executed_again(path, damage):
    one, two = task(1), task(2)
    with FinishedRuns(path) as store:
        store.add(one, done(one))
        store.add(two, done(two))
    with sqlite3.connect(path) as file:
        file.execute(f"UPDATE runs SET {damage} WHERE key = ?", (one.key,))  # noqa: S608
    file.close()
    with FinishedRuns(path) as store:
        assert [each.finished for each in store] == [done(two)]
        assert store.get(one.key) is None
        assert store.get(two.key) == done(two)
        store.add(one, done(one))
        assert store.get(one.key) == done(one)


def test_a_damaged_file_is_told_with_what_helps(path):
    with FinishedRuns(path) as store:
        for seed in range(200):
            store.add(task(seed), done(task(seed), '{"cost": 1}' * 100))
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)  # all pages but the first
    path.write_bytes(bytes(content))
    told = r"sweep.sqlite: \[output\] can't be read: it is damaged \(.*\): remove the file, and its runs"
    with pytest.raises(OutputError, match=told), FinishedRuns(path) as store:
        store.get(task(0).key)
