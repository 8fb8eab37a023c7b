"""Whatever finishes first, and whenever somebody interrupts: the same answer, and nothing that was computed is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import batchsim as bs
from batchsim.experiments import sweep as sweep_module
from batchsim.experiments.finished_runs import FinishedRuns
from batchsim.experiments.run_store import STORE
from batchsim.experiments.tasks import Finished, execute
from tests.builders import environment, job, scenario, workflow
from tests.unit.experiments.optimize.figured import LIMIT, Said, figures, fleet, optimized
from tests.unit.experiments.waiting_tasks import WaitingTasks

MAX = "batch.computeEnvironments.fleet.computeResources.maxvCpus"
GRID = {MAX: [2, 4, 6, 8], "seed": [1, 2]}


class AtRandom(WaitingTasks):
    """Executes in this process, in a random order, as many at a time as there is room for; a user may interrupt it.

    Parameters
    ----------
    interrupted_at : int
        How many it gives before it is interrupted; what it has finished by then and not given is ready to be taken.
    """

    known: dict[str, Finished] = {}  # noqa: RUF012 (equal keys have equal results, in all tests)

    def __init__(self, seed: int, room: int, interrupted_at: int = -1, ready: int = 0) -> None:
        super().__init__(room)
        self.random = np.random.default_rng(seed)
        self.executed: list[str] = []
        self.left, self.ready = interrupted_at, ready

    def take(self) -> Finished:
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        task = self.waiting.pop(int(self.random.integers(len(self.waiting))))
        self.executed.append(task.key)
        if task.key not in self.known:
            self.known[task.key] = execute(task)
        return self.known[task.key]

    def take_ready(self) -> Iterator[Finished]:
        self.left = -1
        while self.waiting and self.ready:
            self.ready -= 1
            yield self.take()


def small() -> bs.Scenario:
    """Six jobs of chance on two to eight vCPUs."""
    tasks = workflow(job(arrayProperties={"size": 6}, runtime={"lognormal": {"median": 60, "p95": 120}}))
    return scenario(tasks, environments=[environment(maxvCpus=8)])


def swept(executor: AtRandom, folder: Path) -> bs.Sweep:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweep_module, "executor_for", lambda *_: executor)
        patch.setattr(sweep_module, "write_sweep", lambda *_: None)  # its picture takes longer than the runs
        return bs.sweep(small(), GRID, replications=2, out=folder)


@pytest.fixture(scope="module")
def undisturbed() -> bs.Sweep:
    return bs.sweep(small(), GRID, replications=2, workers=1)


@settings(deadline=None, max_examples=6)
@given(st.integers(0, 1000), st.integers(1, 20), st.integers(0, 15), st.integers(0, 5))
def test_a_sweep_is_the_same_in_any_order_and_after_an_interruption(undisturbed, seed, room, given_, ready):
    with TemporaryDirectory() as name:
        folder = Path(name)
        begun = AtRandom(seed, room, given_, ready)
        assert swept(begun, folder).interrupted
        with FinishedRuns(folder / STORE) as store:
            # All that was finished by then is there, also what nobody had taken yet.
            assert {each.finished.key for each in store} == set(begun.executed)
        resumed = AtRandom(seed + 1, room)
        found = swept(resumed, folder)
        assert not found.interrupted
        assert len(resumed.executed) == len(set(resumed.executed)) == 16 - len(begun.executed)
        assert not set(resumed.executed) & set(begun.executed)
        assert found.figures.arrow().equals(undisturbed.figures.arrow())
        assert found.best == undisturbed.best


# Optimisations of which the figures are said


def figured(most: int, replication: int) -> dict:
    swing = 1 + 0.03 * (-1) ** replication
    return figures(5.0 + most / 4, 6000.0 / most * swing)


SIZES = list(range(2, 26, 2))


@pytest.fixture(scope="module")
def answer() -> str:
    with pytest.MonkeyPatch.context() as patch:
        return optimized(patch, figured, fleet(LIMIT), SIZES)[0].to_json()


class Interrupted(Said):
    """Interrupted when so many have been given, in the middle of what it executes beside each other."""

    after = 0

    def take(self) -> Finished:
        if len(self.ran) == self.after:
            self.after = -1
            raise KeyboardInterrupt
        return super().take()


def test_an_optimisation_may_be_interrupted_anywhere_and_runs_nothing_twice(monkeypatch, tmp_path, answer):
    total = json.loads(answer)["simulations"]
    for after in range(0, total, 9):
        folder = tmp_path / f"{after}"
        begun = Interrupted(figured)
        begun.after = after
        monkeypatch.setattr("batchsim.experiments.optimize.optimize.executor_for", lambda *_, begun=begun: begun)
        with pytest.raises(KeyboardInterrupt):
            bs.optimize(fleet(LIMIT), {MAX: SIZES}, out=folder, sensitivity=False)
        resumed, said = optimized(monkeypatch, figured, fleet(LIMIT), SIZES, out=folder)
        assert resumed.to_json() == answer
        assert sorted([*begun.ran, *said.ran]) == sorted(set(begun.ran) | set(said.ran))
        assert len(begun.ran) + len(said.ran) == total


def test_an_optimisation_says_the_same_whatever_finishes_first(monkeypatch, answer):
    class First(Said):
        """Gives the first that was submitted, of more at a time."""

        def take(self) -> Finished:
            self.waiting.append(self.waiting.pop(0))
            return super().take()

    said = First(figured)
    said.room = 8
    monkeypatch.setattr("batchsim.experiments.optimize.optimize.executor_for", lambda *_: said)
    assert bs.optimize(fleet(LIMIT), {MAX: SIZES}, sensitivity=False).to_json() == answer


def test_what_an_optimisation_has_run_is_not_run_for_other_objectives_of_no_other_runs(monkeypatch, tmp_path, answer):
    """The key holds the objectives: other promises are other summaries. A name or what is searched is none of it."""
    first, ran = optimized(monkeypatch, figured, fleet(LIMIT), SIZES, out=tmp_path)
    assert first.to_json() == answer
    _, again = optimized(monkeypatch, figured, fleet(LIMIT, name="other", search={MAX: [2, 4]}), SIZES, out=tmp_path)
    assert again.ran == []
    _, other = optimized(monkeypatch, figured, fleet("p95(queue_time) <= 11m"), SIZES, out=tmp_path)
    assert len(other.ran) > 0
    assert {replication for _, replication in ran.ran} >= {0, 1, 2, 3, 4, 5}
