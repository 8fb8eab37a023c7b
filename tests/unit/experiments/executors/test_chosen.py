"""Which executor runs are executed by: as many processes as were asked for, or as there are cores, or as runs."""

from __future__ import annotations

import pytest

from batchsim.experiments.executors import chosen
from batchsim.experiments.executors.chosen import executor_for
from batchsim.experiments.executors.dask import DaskExecutor


@pytest.fixture
def processes(monkeypatch):
    """How many processes are asked for of a machine with eight cores."""
    monkeypatch.setattr(chosen, "cores", lambda: 8)
    monkeypatch.setattr(chosen, "LocalExecutor", lambda workers: workers)
    return executor_for


@pytest.mark.parametrize(
    ("asked", "runs", "expected"), [(None, None, 8), (3, None, 3), (None, 5, 5), (3, 5, 3), (20, 5, 5), (20, None, 20)]
)
def test_a_process_a_core_and_no_more_than_runs(processes, asked, runs, expected):
    assert processes(asked, runs=runs) == expected


@pytest.mark.parametrize("workers", [0, -1])
def test_none_are_no_number_of_processes(workers):
    with pytest.raises(ValueError, match="workers must be 1 or more"):
        executor_for(workers, runs=5)


def test_a_cluster_that_is_named_is_meant():
    executor = executor_for(dask="tcp://127.0.0.1:8786")
    assert isinstance(executor, DaskExecutor)
    assert executor.address == "tcp://127.0.0.1:8786"
