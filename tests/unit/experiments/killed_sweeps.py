"""A sweep that is killed again and again and always resumed: a script.

Its arguments: a folder to make, what is killed (``parent``, ``worker``, ``none``), how often, and how many workers.

Each sweep is a fork of this process, which has imported all that it needs. It notes every key that it gives to its
executor, before it does, and every run that it was given, after it was: what was stored before is not in the first, and
all of the second is stored. Prints what it counted, as JSON.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from batchsim.experiments.executors.local import LocalExecutor
from batchsim.experiments.finished_runs import FinishedRuns
from batchsim.experiments.runner import Runner
from batchsim.experiments.tasks import Task
from batchsim.scenario.scenario import Scenario
from tests.builders import environment, job, scenario, workflow

REPLICATIONS = 5
RUNTIME = {"lognormal": {"median": "5m", "p95": "20m"}}


def tasks(made: Scenario) -> Iterator[Task]:
    """The 200 runs: 40 limits, each with five replications."""
    for vcpus in range(2, 82, 2):
        changed = made.with_(maxvCpus=vcpus)
        for replication in range(REPLICATIONS):
            yield Task(changed, 1, replication, {"maxvCpus": str(vcpus)})


def swept() -> Scenario:
    jobs = job(runtime=RUNTIME, arrayProperties={"size": 300}, failure={"probability": 0.05})
    return scenario(workflow(jobs), environments=[environment(type="SPOT", minvCpus=2)], ideal=False)


def sweep(folder: Path, workers: int, made: Scenario) -> None:
    """One attempt at all of it, its notes appended to two files."""
    submitted = os.open(folder / "submitted", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    given = os.open(folder / "given", os.O_CREAT | os.O_APPEND | os.O_WRONLY)

    class Noting(LocalExecutor):
        def submit(self, task: Task) -> None:
            os.write(submitted, f"{task.key}\n".encode())
            super().submit(task)

    with FinishedRuns(folder / "sweep.sqlite") as store, Noting(workers) as executor:
        for task, _ in Runner(store, executor, retry_failed=True).finish(tasks(made)):
            os.write(given, f"{task.key}\n".encode())


def table(folder: Path) -> str:
    """All that is stored, in one order, as a digest."""
    with FinishedRuns(folder / "sweep.sqlite") as store:
        rows = [
            (dict(run.labels), run.seed, run.replication, run.finished.status, run.finished.summary) for run in store
        ]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def stored(folder: Path) -> set[str]:
    if not (folder / "sweep.sqlite").exists():
        return set()
    with FinishedRuns(folder / "sweep.sqlite") as store:
        return {run.finished.key for run in store}


def failures(folder: Path) -> int:
    with FinishedRuns(folder / "sweep.sqlite") as store:
        return sum(run.finished.status == "failed" for run in store)


def noted(folder: Path, name: str) -> list[str]:
    path = folder / name
    return path.read_text().split() if path.exists() else []


def begun(folder: Path, workers: int, made: Scenario) -> int:
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        sweep(folder, workers, made)
        code = 0
    finally:
        os._exit(code)


def is_over(process: int) -> bool:
    return os.waitpid(process, os.WNOHANG)[0] == process


def killed(folder: Path, kills: int, workers: int, chance: random.Random) -> dict[str, Any]:
    """Kill a sweep so often, each time after some more runs and a moment, and resume it; then let it end."""
    made, counted = swept(), {"kills": 0, "repeated": 0, "lost": 0, "over": 0, "partly": 0}
    while counted["kills"] < kills:
        before = stored(folder)
        already, notes = len(noted(folder, "given")), len(noted(folder, "submitted"))
        process = begun(folder, workers, made)
        # It is given what is stored first, then so many new runs, and then comes any moment of the next.
        wanted = already + len(before) + chance.randrange(5)
        while len(noted(folder, "given")) < wanted and not (over := is_over(process)):
            time.sleep(0.001)
        time.sleep(chance.random() * 0.05)
        if over or is_over(process):
            counted["over"] += 1
            for each in folder.iterdir():
                each.unlink()
            continue
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        after = stored(folder)
        counted["kills"] += 1
        counted["partly"] += before < after
        counted["repeated"] += len(before & set(noted(folder, "submitted")[notes:]))
        counted["lost"] += len((before | set(noted(folder, "given"))) - after)
    return counted


def workers_of(process: int) -> list[int]:
    """The processes that a sweep has started, but for the one that watches over names."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [int(child) for child in children if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text()]


def with_killed_workers(folder: Path, kills: int, workers: int, chance: random.Random) -> dict[str, Any]:
    """Kill workers of sweeps so often, any of them at any moment; each sweep has to end by itself.

    A run whose process is killed twice has failed: it is tried again when the sweep is asked for it.
    """
    made, counted = swept(), {"kills": 0, "repeated": 0, "lost": 0, "failed": 0, "tables": []}
    while counted["kills"] < kills:
        here = folder / str(len(counted["tables"]))
        here.mkdir()
        process = begun(here, workers, made)
        while not is_over(process):
            time.sleep(chance.random())
            try:
                found = workers_of(process) if counted["kills"] < kills else []
                os.kill(chance.choice(found), signal.SIGKILL)
            except (OSError, IndexError):
                continue
            counted["kills"] += 1
        counted["lost"] += len(set(noted(here, "given")) ^ stored(here))
        counted["repeated"] += len(noted(here, "submitted")) - len(set(noted(here, "submitted")))
        counted["failed"] += failures(here)
        sweep(here, workers, made)
        counted["tables"].append(table(here))
    return counted


def main() -> None:
    folder, what, kills, workers = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    folder.mkdir(parents=True)
    made, chance = swept(), random.Random(7)  # noqa: S311 (no secret)
    counted: dict[str, Any] = {}
    if what == "worker":
        counted = with_killed_workers(folder, kills, workers, chance)
    elif what == "parent":
        counted = killed(folder, kills, workers, chance)
    sweep(folder, workers, made)
    print(json.dumps({**counted, "runs": len(stored(folder)), "table": table(folder)}))  # noqa: T201


if __name__ == "__main__":
    main()
