"""Arrow columns, and what rows are called in them: numbers, nulls, texts of any length, ids, reasons, prices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.recording import EXITED, FAILED_TO_START, Status, instance_id, task_id
from batchsim.results.arrow import NOBODY, coded, column, hexadecimal, joined, masked, named, numbers, texts
from batchsim.results.row_texts import RowTexts
from batchsim.results.tables import Tables
from batchsim.spec.configuration import ComputeEnvironment, FargatePrices, Shape
from batchsim.spec.workload import JobGroup
from tests.unit.results import recorded
from tests.unit.results.recorded import attempt, instance, outcome
from tests.worlds import LARGE, XLARGE, fleet, jobs, servers

TASKS = ComputeEnvironment("tasks", "FARGATE", True, 64, fargate={"X86_64": FargatePrices(0.04, 0.004, 0.0001)})
WHOLE = st.lists(st.integers(-(2**31), 2**31 - 1), max_size=30)


@given(WHOLE, st.data())
def test_numbers_are_what_they_were_and_null_where_they_are_not_valid(values, data):
    valid = data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values)))
    for kind in (np.int32, np.int64, np.float64):
        found = numbers(np.array(values, kind), np.array(valid, bool))
        found.validate(full=True)
        assert found.to_pylist() == [value if ok else None for value, ok in zip(values, valid, strict=True)]
        assert found.null_count == valid.count(False)
        assert numbers(np.array(values, kind)).to_pylist() == values


def test_a_slice_of_a_column_is_the_slice_and_not_its_beginning():
    rows = np.arange(12, dtype=float)
    assert numbers(rows[3:9:2]).to_pylist() == [3, 5, 7]
    assert masked(np.array([3, -1, 0, -7])).to_pylist() == [3, None, 0, None]


@given(st.lists(st.text("aß€😀,", max_size=4), max_size=12))
def test_texts_are_what_they_were_in_any_alphabet(values):
    found = texts(values)
    found.validate(full=True)
    assert found.to_pylist() == values
    assert joined(found, texts(["b"] * len(values)), "-").to_pylist() == [f"{value}-b" for value in values]


@given(st.lists(st.integers(0, 5) | st.just(int(NOBODY)), max_size=20))
def test_names_are_asked_for_once_and_nobody_has_none(codes):
    asked = []

    def name(code: int) -> str:
        asked.append(code)
        return f"number {code}"

    found = named(np.array(codes, np.int64), name)
    assert found.to_pylist() == [None if code == NOBODY else f"number {code}" for code in codes]
    assert asked == list(dict.fromkeys(code for code in codes if code != NOBODY))


@given(st.lists(st.integers(0, 2**62), max_size=8))
def test_a_number_s_digits_are_hexadecimal(values):
    assert hexadecimal("i-0", np.array(values, np.int64)).to_pylist() == [f"i-0{value:016x}" for value in values]


def test_a_column_is_of_its_kind_and_what_is_no_number_in_it_is_null():
    assert column(np.array([1.5, np.nan]), pa.float64()).to_pylist() == [1.5, None]
    assert column(np.array([1, 2]), pa.int32()).type == pa.int32()
    ready = coded(np.array([0]), ["a"])
    assert column(ready, ready.type) is ready


def rows(batches) -> list[dict]:
    return [row for batch in batches for row in batch.to_pylist()]


def test_hosts_are_instances_tasks_or_nobody():
    # On an instance, on Fargate, on processors; and a job that never ran.
    attempts = [
        attempt(0, 0, 0, 0, 10, instance=0),
        attempt(1, 0, 0, 0, 10, environment=1),
        attempt(2, 0, 0, 0, 10, environment=2),
    ]
    made = outcome(jobs([0] * 4, 60), fleet(), TASKS, servers(4), attempts=attempts, instances=[instance(0, 0, 0, 50)])
    ids = [instance_id(0), task_id(1), None]
    assert [row["instance_id"] for row in rows(Tables(made).jobs())] == [*ids, None]
    assert [row["instance_id"] for row in rows(Tables(made).attempts())] == ids
    texts_of = RowTexts(made)
    for chosen in ([0], [1], [2], [1, 0], [2, 1, 1]):
        hosts = texts_of.hosts(np.array(chosen))
        assert texts_of.host_ids(hosts).to_pylist() == [ids[number] for number in chosen]


def test_a_reason_names_each_row_s_own_instance(monkeypatch):
    monkeypatch.setattr(recorded, "REASONS", ("", "Host EC2 ({instance}) terminated.", "cancelled"))
    attempts = [
        attempt(0, 0, 0, 0, 10, instance=1, reason=1, status=Status.FAILED),
        attempt(1, 0, 0, 0, 10, instance=0, reason=1, status=Status.FAILED),
        attempt(2, 0, 0, 0, 10, instance=1, reason=1, status=Status.FAILED),
        attempt(3, 0, 0, 0, 10, instance=1, reason=2, status=Status.FAILED),
        attempt(4, 0, 0, 0, 10, instance=1),
        attempt(5, 0, 0, 0, 10, environment=1, reason=1, status=Status.FAILED),
    ]
    made = outcome(
        jobs([0] * 6, 60), fleet(), servers(4), attempts=attempts,
        instances=[instance(0, 0, 0, 50, reason=0), instance(0, 0, 0, 50)],
    )  # fmt: skip
    first, second = instance_id(0), instance_id(1)
    assert [row["status_reason"] for row in rows(Tables(made).attempts())] == [
        f"Host EC2 ({second}) terminated.", f"Host EC2 ({first}) terminated.", f"Host EC2 ({second}) terminated.",
        "cancelled", None, "Host EC2 () terminated.",
    ]  # fmt: skip
    assert [row["termination_reason"] for row in rows(Tables(made).instances())] == [None, "cancelled"]


def test_only_a_container_that_failed_by_itself_says_why(monkeypatch):
    monkeypatch.setattr(recorded, "REASONS", ("", EXITED, FAILED_TO_START, "Host EC2 terminated."))
    groups = [JobGroup("a", "queue", "one", failure_reason="OutOfMemoryError"), JobGroup("b", "queue", "two")]
    failed = {"status": Status.FAILED}
    attempts = [
        attempt(0, 0, 0, 0, 10, reason=1, **failed),
        attempt(1, 0, 0, 0, 10, reason=2, **failed),
        attempt(2, 0, 0, 0, 10, reason=3, **failed),
        attempt(3, 0, 0, 0, 10, reason=1),
        attempt(4, 0, 0, 0, 10, reason=1, **failed),
    ]
    work = jobs([0] * 5, 60, groups=groups, group=[0, 0, 0, 0, 1])
    found = rows(Tables(outcome(work, servers(9), attempts=attempts)).attempts())
    said = "OutOfMemoryError"
    assert [row["reason"] for row in found] == [said, said, None, None, None]


def test_an_array_s_children_have_their_index_in_their_id():
    work = replace(
        jobs([0] * 3, 60, groups=[JobGroup("flow", "queue", "definition", share_identifier="a")]),
        array_index=np.array([-1, 0, 12], np.int32),
        run=np.array([0, 3, 3], np.int32),
    )
    found = rows(Tables(outcome(work, servers(1))).jobs())
    assert [row["job_id"] for row in found] == ["flow/0/job", "flow/3/job:0", "flow/3/job:12"]
    assert [row["array_index"] for row in found] == [None, 0, 12]
    assert {row["share_identifier"] for row in found} == {"a"}


def test_memory_is_told_as_it_was_asked_for_and_as_it_was_held():
    # 200 MiB more than it was placed with.
    work = replace(jobs([0], 60), shapes=(Shape(1, 1000, beyond_mib=200),))
    made = outcome(work, fleet(), attempts=[attempt(0, 0, 0, 0, 10, instance=0)], instances=[instance(0, 0, 0, 50)])
    assert [row["memory_mib"] for row in rows(Tables(made).jobs())] == [1200]
    assert [row["memory_mib"] for row in rows(Tables(made).attempts())] == [1000]


def test_a_price_is_that_of_the_request_and_zones_are_the_environment_s_own():
    moving = replace(LARGE, price_steps=((0.0, 0.03), (100.0, 0.05), (200.0, 0.04)))
    spot = fleet("spot", purchase_option="SPOT", offerings=(XLARGE, moving), zones=("c", "d"))
    instances = [
        instance(at, at, at, 500, environment=1, offering=1, zone=number % 2)
        for number, at in enumerate((0, 99, 100, 250))
    ]
    made = outcome(
        jobs([0], 60), fleet(zones=("a", "b")), spot,
        instances=[instance(0, 0, 0, 500, zone=1), *instances, instance(0, 0, 0, 500, environment=1)],
    )  # fmt: skip
    found = rows(Tables(made).instances())
    assert [row["price_usd_per_hour"] for row in found] == [0.085, 0.03, 0.03, 0.05, 0.04, 0.17]
    assert [row["availability_zone"] for row in found] == ["b", "c", "d", "c", "d", "c"]
    assert [row["instance_type"] for row in found] == ["c6i.large"] * 5 + ["c6i.xlarge"]


def test_a_multi_node_job_counts_on_each_of_its_instances(monkeypatch):
    wide = Shape(4, 2000, nodes=(Shape(2, 1000), Shape(2, 1000)))
    made = outcome(
        jobs([0] * 3, 60, [1, 4, 1], nodes={4: wide}),
        fleet(),
        attempts=[
            attempt(0, 0, 0, 0, 10, instance=0),
            attempt(1, 0, 20, 20, 40, instance=1),
            attempt(2, 0, 50, 50, 60, instance=0),
        ],
        instances=[instance(0, 0, 0, 90) for _ in range(3)],
        nodes=[(1, 0)],
    )
    for size in (65_536, 2):
        monkeypatch.setattr("batchsim.results.tables.SLICE", size)
        assert [row["jobs"] for row in rows(Tables(made).instances())] == [3, 1, 0]


def test_a_task_that_the_end_cuts_off_ends_with_the_run():
    cut = attempt(0, 0, 30, np.nan, np.nan, pull_at=40.0, status=Status.STARTING)
    (row,) = rows(Tables(outcome(jobs([0], 60), TASKS, attempts=[cut], ended_at=100)).instances())
    assert (row["requested_at"], row["running_at"], row["registered_at"], row["terminated_at"]) == (30, 40, None, 100)
    assert row["cost_usd"] == pytest.approx(60 * (0.04 + 1000 / 1024 * 0.004) / 3600)
