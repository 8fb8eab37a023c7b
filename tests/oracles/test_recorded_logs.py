"""Real logs on a machine of their size, without delays: every start is that of a plain strict FCFS loop."""

from __future__ import annotations

import csv
import gzip
from heapq import heappop, heappush

import numpy as np
import pytest

import batchsim as bs
from tests.builders import queue, scenario, unmanaged
from tests.conftest import ROOT


def first_come_first_served(jobs, processors):
    """Start times of (submitted, runtime, width) in their order: a job starts when it and all before it have room."""
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


def replayed(path, format_, processors):
    trace = {"format": format_, "path": str(path), "jobQueue": "queue", "jobDefinition": "task"}
    return bs.run(scenario({"trace": trace}, environments=[unmanaged(processors)], queues=[queue("queue", "servers")]))


def swf(path):
    with gzip.open(path, "rt") as file:
        fields = [line.split() for line in file if line.strip() and not line.startswith(";")]
    rows = [(float(f[1]), float(f[3]), int(f[4]) if int(f[4]) > 0 else int(f[7])) for f in fields]
    return sorted((row for row in rows if row[1] > 0 and row[2] > 0), key=lambda row: row[0])


def assert_same_starts(result, jobs, processors):
    expected = first_come_first_served(jobs, processors)
    assert len(result.jobs) == len(jobs)
    assert np.array_equal(result.jobs["starting_at"].to_numpy(), expected)


@pytest.mark.parametrize(
    ("name", "processors", "usable"),
    [("NASA-iPSC-1993-3.1-cln", 128, 18_066), ("lublin_256", 256, 10_000), ("HPC2N-2002-first-3170", 240, 3_145)],
)
def test_swf_log_starts_first_come_first_served(shared_data, name, processors, usable):
    path = shared_data / "workloads" / f"{name}.swf.gz"
    jobs = swf(path)
    assert len(jobs) == usable
    assert_same_starts(replayed(path, "swf", processors), jobs, processors)


def test_shipped_nasa_log_starts_first_come_first_served():
    path = ROOT / "scenarios" / "traces" / "nasa-ipsc-1993.csv.gz"
    with gzip.open(path, "rt") as file:
        rows = list(csv.DictReader(file))
    jobs = [(float(row["submitted_at"]), float(row["runtime_s"]), int(row["vcpus"])) for row in rows]
    assert len(jobs) == 18_066
    assert_same_starts(replayed(path, "csv", 128), sorted(jobs, key=lambda job: job[0]), 128)
    # On 64 processors, with the widest jobs left out, it really queues.
    narrow = sorted((job for job in jobs if job[2] <= 64), key=lambda job: job[0])
    assert np.mean(np.array(first_come_first_served(narrow, 64)) - [job[0] for job in narrow]) > 60


def test_the_shipped_log_is_the_public_one(shared_data):
    with gzip.open(ROOT / "scenarios" / "traces" / "nasa-ipsc-1993.csv.gz", "rt") as file:
        shipped = [(float(r["submitted_at"]), float(r["runtime_s"]), int(r["vcpus"])) for r in csv.DictReader(file)]
    assert shipped == swf(shared_data / "workloads" / "NASA-iPSC-1993-3.1-cln.swf.gz")
