"""Recorded logs and workflow executions, replayed: each start is that of a loop that knows nothing of batchsim."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from pathlib import Path
from typing import Any

import numpy as np

import batchsim as bs
from batchsim.arrays import Floats
from tools.validation.scenarios import scenario, unmanaged

ROOT = Path(__file__).resolve().parents[2]
#: Submitted at, run time, processors.
Row = tuple[float, float, int]

#: Logs with the processors of their machines; the last is replayed on half of them.
LOGS = (
    ("NASA-iPSC-1993-3.1-cln", 128),
    ("lublin_256", 256),
    ("HPC2N-2002-first-3170", 240),
    ("nasa-ipsc-1993.csv, shipped", 128),
)
#: Real executions of workflows, and how many processors they are replayed on.
WORKFLOWS = (
    ("1000genome-chameleon-16ch-100k-001", 48),
    ("airrflow-dirt02-001", 8),
    ("atacseq-dirt02-001", 8),
    ("blast-chameleon-medium-001", 24),
    ("bwa-chameleon-large-004", 24),
    ("montage-chameleon-dss-05d-001", 8),
    ("rnaseq-dirt02-001", 8),
    ("sarek-dirt02-001", 4),
    ("scrnaseq-dirt02-001", 4),
    ("seismology-chameleon-200p-001", 48),
)


def first_come_first_served(jobs: Sequence[Row], processors: int) -> list[float]:
    """Start times of jobs in their order: one starts when it and all before it have room."""
    running: list[tuple[float, int]] = []
    free, now, starts = processors, 0.0, []
    for submitted, runtime, width in jobs:
        now = max(now, submitted)
        while running and running[0][0] <= now:
            free += heappop(running)[1]
        while free < width:
            now = max(now, running[0][0])
            while running and running[0][0] <= now:
                free += heappop(running)[1]
        free -= width
        heappush(running, (now + runtime, width))
        starts.append(now)
    return starts


def in_order_of_listing(runtimes: Sequence[float], parents: Sequence[Sequence[int]], processors: int) -> list[float]:
    """Start times of tasks of one processor: the first of those that are ready starts when a processor is free."""
    open_parents = [len(each) for each in parents]
    children: list[list[int]] = [[] for _ in runtimes]
    for task, needed in enumerate(parents):
        for parent in needed:
            children[parent].append(task)
    ready = [task for task, count in enumerate(open_parents) if not count]
    heapify(ready)
    running: list[tuple[float, int]] = []
    starts, now = [0.0] * len(runtimes), 0.0
    while ready or running:
        while ready and len(running) < processors:
            task = heappop(ready)
            starts[task] = now
            heappush(running, (now + runtimes[task], task))
        now = running[0][0]
        while running and running[0][0] <= now:
            for child in children[heappop(running)[1]]:
                open_parents[child] -= 1
                if not open_parents[child]:
                    heappush(ready, child)
    return starts


def swf(path: Path) -> list[Row]:
    """Jobs of a log in the Standard Workload Format that ran on processors."""
    with gzip.open(path, "rt") as file:
        fields = [line.split() for line in file if line.strip() and not line.startswith(";")]
    rows = [(float(f[1]), float(f[3]), int(f[4]) if int(f[4]) > 0 else int(f[7])) for f in fields]
    return sorted((row for row in rows if row[1] > 0 and row[2] > 0), key=lambda row: row[0])


def shipped() -> list[Row]:
    """Jobs of the log that comes with batchsim."""
    with gzip.open(ROOT / "scenarios" / "traces" / "nasa-ipsc-1993.csv.gz", "rt") as file:
        rows = [
            (float(row["submitted_at"]), float(row["runtime_s"]), int(row["vcpus"])) for row in csv.DictReader(file)
        ]
    return sorted(rows, key=lambda row: row[0])


def _replayed(format_: str, path: Path, processors: int) -> Floats:
    trace: dict[str, Any] = {"format": format_, "path": str(path), "jobQueue": "queue", "jobDefinition": "task"}
    return np.asarray(
        bs.run(scenario(None, {"trace": trace}, environments=[unmanaged(processors)])).jobs["starting_at"], float
    )


def log(name: str, processors: int, data: Path) -> dict[str, Any]:
    """A log replayed, held against the loop."""
    if name.endswith("shipped"):
        jobs = shipped()
        starts = _replayed("csv", ROOT / "scenarios" / "traces" / "nasa-ipsc-1993.csv.gz", processors)
    else:
        path = data / "workloads" / f"{name}.swf.gz"
        jobs, starts = swf(path), _replayed("swf", path, processors)
    expected = np.array(first_come_first_served(jobs, processors))
    return {
        "log": name,
        "processors": processors,
        "jobs": len(jobs),
        "replayed": len(starts),
        "same": int((starts == expected).sum()) if len(starts) == len(jobs) else 0,
        "mean_wait_s": float(np.mean(expected - np.array([row[0] for row in jobs]))),
    }


def execution(name: str, processors: int, data: Path) -> dict[str, Any]:
    """A workflow's execution replayed on so many processors and without limit, held against loop and critical path."""
    path = data / "workloads" / "workflows" / f"{name}.json.gz"
    with gzip.open(path, "rt") as file:
        content = json.load(file)["workflow"]
    ran = {task["id"]: float(task["runtimeInSeconds"]) for task in content["execution"]["tasks"]}
    tasks = content["specification"]["tasks"]
    places = {task["id"]: place for place, task in enumerate(tasks)}
    runtimes = [ran[task["id"]] for task in tasks]
    parents = [[places[parent] for parent in task["parents"]] for task in tasks]
    found: dict[str, Any] = {"workflow": name, "tasks": len(tasks), "processors": processors}
    for words, count in (("limited", processors), ("unlimited", 10_000)):
        starts = _replayed("wfformat", path, count)
        expected = np.array(in_order_of_listing(runtimes, parents, count))
        same = np.isclose(starts, expected, rtol=1e-12, atol=1e-6) if len(starts) == len(tasks) else np.zeros(1)
        found[f"{words}_same"] = int(same.sum())
        found[f"{words}_s"] = float(np.max(expected + np.array(runtimes)))
    found["work_s"], found["recorded_s"] = sum(runtimes), content["execution"]["makespanInSeconds"]
    return found
