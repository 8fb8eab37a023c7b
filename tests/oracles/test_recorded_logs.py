"""Real logs on a machine of their size, without delays: every start is that of a plain strict FCFS loop."""

from __future__ import annotations

import csv
import gzip

import numpy as np
import pytest

import batchsim as bs
from tests.builders import queue, scenario, unmanaged
from tests.conftest import ROOT
from tools.validation.recorded import WORKFLOWS, execution, first_come_first_served, in_order_of_listing, swf


def replayed(path, format_, processors):
    trace = {"format": format_, "path": str(path), "jobQueue": "queue", "jobDefinition": "task"}
    return bs.run(scenario({"trace": trace}, environments=[unmanaged(processors)], queues=[queue("queue", "servers")]))


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


def test_the_loop_by_hand():
    # Two processors: the wide job waits for both, the narrow one behind it for the wide one.
    assert first_come_first_served([(0, 10, 1), (1, 5, 2), (2, 1, 1)], 2) == [0, 10, 15]
    # A task of 3 s, one of 1 s, and one that needs both; one processor, then two.
    assert in_order_of_listing([3, 1, 1], [[], [], [0, 1]], 1) == [0, 3, 4]
    assert in_order_of_listing([3, 1, 1], [[], [], [0, 1]], 2) == [0, 0, 3]


@pytest.mark.parametrize(("name", "processors"), WORKFLOWS)
def test_execution_of_a_workflow_starts_as_a_plain_loop_has_it(shared_data, name, processors):
    found = execution(name, processors, shared_data)
    assert found["limited_same"] == found["unlimited_same"] == found["tasks"]
    assert found["unlimited_s"] <= found["limited_s"]
    assert found["limited_s"] >= found["work_s"] / processors
