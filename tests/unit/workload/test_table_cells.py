"""What single cells of CSV and Parquet traces mean, and what is refused of them, by its line."""

from __future__ import annotations

import io
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchsim.spec.configuration import Shape
from batchsim.workload.build import build_workload
from tests.builders import definition, environment, scenario
from tests.unit.workload.test_traces import ends, findings_of, line, work_of

HEADER = "job_name,submitted_at,runtime_s"


def one(tmp_path, column, cell):
    """The only job of a table with one column more."""
    work = work_of(tmp_path, "csv", f"{HEADER},{column}\na,0,1,{cell}\n")
    return work, work.shapes[work.shape[0]]


@pytest.mark.parametrize(
    ("column", "cell", "shape"),
    [
        ("vcpus", "0.25", Shape(0.25, 1024)),
        ("vcpus", " 2 ", Shape(2.0, 1024)),
        ("vcpus", "1e1", Shape(10.0, 1024)),
        ("vcpus", "NaN", Shape(1.0, 1024)),
        ("vcpus", "null", Shape(1.0, 1024)),
        ("memory_mib", "1", Shape(1.0, 1)),
        ("memory_mib", "2048.0", Shape(1.0, 2048)),
        ("memory_mib", "100.1", Shape(1.0, 101)),  # a MiB that is begun is asked for
        ("gpus", "2", Shape(1.0, 1024, 2)),
        ("gpus", "0", Shape(1.0, 1024)),
    ],
)
def test_what_a_job_asks_for(tmp_path, column, cell, shape):
    assert one(tmp_path, column, cell)[1] == shape


@pytest.mark.parametrize(
    ("column", "cell", "expected"),
    [
        ("vcpus", "0", "a finite number above 0"),
        ("vcpus", "-1", "a finite number above 0"),
        ("vcpus", "1e-12", "a finite number above 0"),
        ("vcpus", "0x10", "a finite number above 0"),
        ("vcpus", "two", "a finite number above 0"),
        ("vcpus", "true", "a finite number above 0"),
        ("memory_mib", "0.5", "a finite number of 1 or more"),
        ("memory_mib", "512MiB", "MiB, without a unit"),
        ("memory_mib", '"1,5"', "MiB with a decimal point and no comma"),
        ("memory_mib", "1:30", "MiB, not hours, minutes and seconds"),
        ("gpus", "0.5", "a whole number of 0 or more"),  # half a GPU is none that a container can have
        ("gpus", "-1", "a finite number of 0 or more"),
        ("array_size", "2.5", "a whole number of 0 or more"),
        ("array_size", "1", "2 to 10000, or nothing"),
        ("array_size", "10001", "2 to 10000, or nothing"),
        ("exit_code", "0.5", "a whole number of 0 to 2147483647"),
        ("exit_code", "2147483648", "a whole number of 0 to 2147483647"),
        ("exit_code", "-9", "a finite number of 0 or more"),
        ("scheduling_priority", "1.5", "a whole number of 0 to 9999"),
        ("scheduling_priority", "10000", "a whole number of 0 to 9999"),
        ("started_at", "-5", "a finite number of 0 or more"),
        ("earlier_runtimes_s", "5", "as many of each"),
        ("earlier_exit_codes", "1", "as many of each"),
    ],
)
def test_a_cell_that_means_nothing_is_refused_by_its_line(tmp_path, column, cell, expected):
    content = f"{HEADER},{column}\nfirst,0,1,\nsecond,0,1,{cell}\nthird,0,1,\n"
    ((number, told),) = findings_of(tmp_path, "csv", content)
    assert number == 3
    assert told.endswith(f"expected {expected}")
    assert column in told


@pytest.mark.parametrize(
    ("column", "cell"),
    [("array_size", "2"), ("array_size", "10000"), ("exit_code", "2147483647"), ("scheduling_priority", "9999")],
)
def test_what_is_just_within_is_taken(tmp_path, column, cell):
    work, _ = one(tmp_path, column, cell)
    figures = {
        "array_size": len(work),
        "exit_code": int(work.exit_code[0]),
        "scheduling_priority": work.groups[0].scheduling_priority,
    }
    assert figures[column] == int(cell)


@pytest.mark.parametrize(
    ("times", "codes", "told"),
    [
        ("5;-1", "1;1", "numbers joined by ;"),
        ("5;x", "1;1", "numbers joined by ;"),
        ("5", "0", "1 to 255: attempts that were followed by another failed"),
        ("5", "256", "1 to 255"),
        ("5;6", "1;1.5", "1 to 255"),
        ("5;6", "1", "as many of each"),
    ],
)
def test_attempts_before_the_last_that_can_t_be(tmp_path, times, codes, told):
    content = f"{HEADER},earlier_runtimes_s,earlier_exit_codes\na,0,1,{times},{codes}\n"
    ((number, found),) = findings_of(tmp_path, "csv", content)
    assert number == 2
    assert told in found


def test_attempts_before_the_last_are_replayed_in_their_order(tmp_path):
    table = f"{HEADER},exit_code,earlier_runtimes_s,earlier_exit_codes\na,0,30,0,10;20,1;137\nb,0,5,3,,\n"
    (tmp_path / "t.csv").write_text(table)
    entry = {"trace": {"format": "csv", "path": "t.csv", "jobQueue": "queue", "jobDefinition": "task"}}

    def attempts(allowed):
        work = build_workload(
            scenario(entry, definitions=[definition(retryStrategy={"attempts": allowed})], base=tmp_path)
        )
        first = (float(work.runtime_s[0]), int(work.exit_code[0]))
        return [first, *(work.later_attempt(0, number) for number in (2, 3, 4))], work

    made, work = attempts(3)
    # What comes after the record, should it be asked for, is the last again; and a job with one attempt repeats it.
    assert made == [(10, 1), (20, 137), (30, 0), (30, 0)]
    assert work.later_attempt(1, 2) == (5, 3)
    assert work.notes == {}
    # With two attempts the first of the record is left out, with one both are: how it ended stays.
    made, work = attempts(2)
    assert made[:3] == [(20, 137), (30, 0), (30, 0)]
    assert list(work.notes.values()) == [1]
    made, work = attempts(1)
    assert made[:2] == [(30, 0), (30, 0)]
    assert list(work.notes.values()) == [2]


def described(**members):
    """Details of a job that ran for ten seconds, from the scenario's start."""
    at = 1_767_225_600_000  # 2026-01-01
    told = {"jobId": "1", "jobName": "a", "jobQueue": "queue", "jobDefinition": "task", "status": "SUCCEEDED"}
    times = {"createdAt": at, "startedAt": at, "stoppedAt": at + 10_000}
    return json.dumps({"jobs": [{**told, **times, **members}]})


GPU = definition()
GPU["containerProperties"] = {
    **GPU["containerProperties"],
    "resourceRequirements": [*GPU["containerProperties"]["resourceRequirements"], {"type": "GPU", "value": "1"}],
}


@pytest.mark.parametrize(
    ("format_", "content", "gpus"),
    [
        ("csv", f"{HEADER}\na,0,1\n", [1]),
        ("csv", f"{HEADER},gpus\na,0,1,\nb,0,1,0\nc,0,1,2\n", [1, 0, 2]),
        ("swf", line(1), [1]),
        ("wfformat", '{"workflow": {"tasks": [{"name": "a", "runtimeInSeconds": 1}]}}', [1]),
        ("describe-jobs", described(), [1]),
        # What says what it asked for, and nothing of GPUs, had none.
        ("describe-jobs", described(container={"vcpus": 1, "memory": 512}), [0]),
    ],
    ids=["csv without the column", "csv", "swf", "wfformat", "details without a container", "details"],
)
def test_gpus_that_a_trace_does_not_tell_of_are_the_definition_s(tmp_path, format_, content, gpus):
    # As vCPUs and memory are; without them a job would share a GPU instance with as many as its vCPUs hold.
    (tmp_path / "trace").write_text(content)
    entry = {"trace": {"format": format_, "path": "trace", "jobQueue": "queue", "jobDefinition": "task"}}
    made = scenario(
        entry, definitions=[GPU], environments=[environment(instanceTypes=["g4dn.12xlarge"])], base=tmp_path
    )
    work = build_workload(made)
    assert [work.shapes[shape].gpus for shape in work.shape] == gpus


def test_all_faults_of_a_table_come_at_once_up_to_twenty(tmp_path):
    rows = "".join(f"j{n},x,1\n" for n in range(30))
    found = findings_of(tmp_path, "csv", f"{HEADER}\n{rows}")
    assert [number for number, _ in found] == list(range(2, 22))
    mixed = findings_of(tmp_path, "csv", f"{HEADER},vcpus\n,0,1,1\na,-1,1,1\nb,0,y,1\nc,0,1,z\n")
    assert sorted(number for number, _ in mixed) == [2, 3, 4, 5]


def test_an_array_waits_and_is_waited_for_as_a_whole(tmp_path):
    table = f"""{HEADER},array_size,depends_on
split,0,10,2,
each,0,5,3,split
one,100,1,,each
late,0,7,,"split; one"
"""
    work = work_of(tmp_path, "csv", table)
    found = ends(work)
    # Children of an array have its name; each waits for both children of the other: 10 + 5, and so on.
    assert found == {"split": 10, "each": 15, "one": 101, "late": 108}
    assert work.nodes == len(work) + 2


def test_a_name_that_comes_twice_can_t_be_waited_for(tmp_path):
    found = findings_of(tmp_path, "csv", f"{HEADER},depends_on\na,0,1,\na,0,1,\nb,0,1,a\n")
    assert found[0][0] == 4
    assert "'b' waits for 'a', a name that comes twice" in found[0][1]


@pytest.mark.parametrize("cell", ["2026-11-02 00:00:00", pd.Timestamp("2026-11-02"), pd.Timedelta("1h")], ids=str)
def test_instants_and_durations_of_pandas_are_no_seconds(tmp_path, cell):
    buffer = io.BytesIO()
    pd.DataFrame({"job_name": ["a"], "submitted_at": [cell], "runtime_s": [1.0]}).to_parquet(buffer)
    ((number, told),) = findings_of(tmp_path, "parquet", buffer.getvalue())
    assert number == 1
    assert "expected seconds since the scenario's start, not a" in told


TABLES = st.lists(
    st.tuples(st.integers(0, 10**6), st.integers(1, 10**5), st.integers(1, 96), st.integers(4, 10**6)),
    min_size=1,
    max_size=12,
)


@given(TABLES)
@settings(max_examples=8)
def test_a_table_is_the_same_as_csv_by_pandas_and_as_parquet(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("tables")
    frame = pd.DataFrame(rows, columns=["submitted_at", "runtime_s", "vcpus", "memory_mib"]) / 4
    frame["vcpus"] = frame["vcpus"].round(0) + 1
    frame["memory_mib"] = frame["memory_mib"].round(0) + 1
    frame.insert(0, "job_name", [f"j{n}" for n in range(len(rows))])
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    csv, parquet = (
        work_of(folder, *given_) for given_ in (("csv", frame.to_csv(index=False)), ("parquet", buffer.getvalue()))
    )
    ordered = frame.sort_values("submitted_at", kind="stable")
    for work in (csv, parquet):
        assert work.submitted_at.tolist() == ordered["submitted_at"].tolist()
        assert work.runtime_s.tolist() == ordered["runtime_s"].tolist()
        asked = np.array([(work.shapes[shape].vcpus, work.shapes[shape].memory_mib) for shape in work.shape])
        assert np.array_equal(asked, ordered[["vcpus", "memory_mib"]].to_numpy())
        # As many shapes as there are different sizes: what is alike is one to the engine.
        assert len(work.shapes) == len(np.unique(asked, axis=0))
