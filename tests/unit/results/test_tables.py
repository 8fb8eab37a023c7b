"""The tables, row by row, from recordings written by hand."""

from __future__ import annotations

import numpy as np
import pytest

from batchsim.recording import Status, instance_id, task_id
from batchsim.results.arrow import hexadecimal, named, repeated
from batchsim.results.tables import Tables
from batchsim.spec.configuration import ComputeEnvironment, FargatePrices
from batchsim.spec.workload import JobGroup
from tests.unit.results.recorded import NAN, attempt, instance, outcome
from tests.worlds import LARGE, XLARGE, fleet, jobs, servers

TASKS = ComputeEnvironment("tasks", "FARGATE", True, 64, fargate={"X86_64": FargatePrices(0.04, 0.004, 0.0001)})


def rows(batches) -> list[dict]:
    return [row for batch in batches for row in batch.to_pylist()]


def test_a_job_has_what_its_last_attempt_had():
    attempts = [
        attempt(0, 0, 120, 130, 200, instance=0, status=Status.FAILED, exit_code=3, reason=1),
        attempt(0, 200, 210, 220, 300, instance=1, number=2),
    ]
    instances = [instance(0, 40, 100, 400), instance(5, 45, 105, 400)]
    made = outcome(jobs([0], 60), fleet(), attempts=attempts, instances=instances)
    (row,) = rows(Tables(made).jobs())
    assert row["job_id"] == "work/0/job"
    assert (row["starting_at"], row["started_at"], row["stopped_at"]) == (210, 220, 300)
    assert (row["status"], row["exit_code"], row["attempts"]) == ("SUCCEEDED", 0, 2)
    assert (row["compute_environment"], row["instance_id"]) == ("fleet", instance_id(1))
    assert row["wait_retry_s"] == 210 - 120
    assert row["cost_usd"] == pytest.approx(made.costs.of_attempts(slice(None)).sum())


def test_a_job_that_never_ran_has_no_host():
    (row,) = rows(Tables(outcome(jobs([0], 60), servers(1))).jobs())
    assert row["status"] == "RUNNABLE"
    members = "starting_at", "started_at", "stopped_at", "exit_code", "compute_environment", "instance_id"
    assert [row[name] for name in members] == [None] * 6


def test_an_attempt_tells_its_instance_where_the_reason_does():
    groups = [JobGroup("work", "queue", "definition", failure_reason="OutOfMemory")]
    attempts = [
        attempt(0, 0, 120, NAN, 200, instance=0, status=Status.FAILED, exit_code=-1, reason=1),
        attempt(0, 200, 210, 220, 300, instance=0, number=2),
    ]
    made = outcome(jobs([0], 60, groups=groups), fleet(), attempts=attempts, instances=[instance(0, 40, 100, 400)])
    first, second = rows(Tables(made).attempts())
    assert first["status_reason"] == f"Host EC2 ({instance_id(0)}) terminated."
    assert (first["exit_code"], first["started_at"], first["status"]) == (None, None, "FAILED")
    # It was the host's end, not the container's.
    assert first["reason"] is None
    assert (second["status_reason"], second["attempt"]) == (None, 2)


def test_instances_have_their_types_figures():
    spot = fleet("spot", purchase_option="SPOT", offerings=(LARGE, XLARGE), zones=("a", "b"))
    instances = [
        instance(0, 40, 100, 400),
        instance(0, 40, NAN, 400, environment=1, offering=1, zone=1),
    ]
    attempts = [attempt(0, 0, 120, 120, 300, instance=0), attempt(1, 0, 120, 120, 300, instance=0)]
    first, second = rows(
        Tables(outcome(jobs([0, 0], 60), fleet(), spot, attempts=attempts, instances=instances)).instances()
    )
    assert [first[name] for name in ("instance_id", "instance_type", "availability_zone", "purchase_option")] == [
        instance_id(0), "c6i.large", "us-east-1a", "EC2",
    ]  # fmt: skip
    assert [first[name] for name in ("vcpus", "memory_mib", "jobs", "price_usd_per_hour")] == [2, 3775, 2, 0.085]
    assert [second[name] for name in ("compute_environment", "instance_type", "availability_zone")] == [
        "spot", "c6i.xlarge", "b",
    ]  # fmt: skip
    assert (second["registered_at"], second["jobs"], second["termination_reason"]) == (None, 0, "still there")


def test_tasks_stand_after_instances():
    attempts = [
        attempt(0, 0, 120, 120, 300, instance=0),
        attempt(1, 0, 0, 10, 100, environment=1),
    ]
    made = outcome(jobs([0, 0], 60), fleet(), TASKS, attempts=attempts, instances=[instance(0, 40, 100, 400)])
    _, task = rows(Tables(made).instances())
    assert (task["instance_id"], task["instance_type"]) == (task_id(1), "1 x 1000")
    assert (task["requested_at"], task["running_at"], task["registered_at"], task["terminated_at"]) == (0, 0, 10, 100)
    assert task["price_usd_per_hour"] == pytest.approx(0.04 + 1000 / 1024 * 0.004)
    assert task["cost_usd"] == pytest.approx(100 * task["price_usd_per_hour"] / 3600)
    assert (task["availability_zone"], task["idle_cost_usd"]) == (None, 0)
    assert [row["instance_id"] for row in rows(Tables(made).jobs())] == [instance_id(0), task_id(1)]


def test_slices_make_the_same_table(monkeypatch):
    attempts = [attempt(n, 0, 10 * n, 10 * n, 10 * n + 5) for n in range(7)]
    made = outcome(jobs([0] * 7, 60), servers(9), attempts=attempts)
    whole = rows(Tables(made).jobs()), rows(Tables(made).attempts())
    for module in ("tables", "outcome", "cost.bill"):
        monkeypatch.setattr(f"batchsim.results.{module}.SLICE", 3)
    made = outcome(jobs([0] * 7, 60), servers(9), attempts=attempts)
    assert len(list(Tables(made).jobs())) == 3
    assert (rows(Tables(made).jobs()), rows(Tables(made).attempts())) == whole


def test_ids_are_those_that_one_number_makes():
    numbers = np.array([0, 1, 255, 256, 10**6, 2**40 + 7])
    assert hexadecimal("i-0", numbers).to_pylist() == [instance_id(number) for number in numbers.tolist()]
    assert hexadecimal("0" * 16, numbers).to_pylist() == [task_id(number) for number in numbers.tolist()]
    assert hexadecimal("i-0", numbers[:0]).to_pylist() == []
    assert repeated("a", 2).to_pylist() == ["a", "a"]
    assert named(np.array([3, 1, 3]), str).to_pylist() == ["3", "1", "3"]
