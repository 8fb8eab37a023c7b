"""What traces say beyond demands: when jobs ran, and attempts before the last."""

from __future__ import annotations

import numpy as np
import pytest

import batchsim as bs
from batchsim.workload.build import build_workload
from tests.builders import definition, environment, queue, scenario

HEAD = "job_name,submitted_at,runtime_s,exit_code,started_at,stopped_at,earlier_runtimes_s,earlier_exit_codes\n"
JOBS = HEAD + "a,0,600,0,60,800,90;30,1;2\nb,10,5,0,,,,\nc,20,7,0,25,32,,\n"


def work_of(tmp_path, content, format_="csv", retries=None, arrivals=None, **members):
    (tmp_path / "trace").write_text(content)
    entry = {"format": format_, "path": "trace", "jobQueue": "queue", "jobDefinition": "task"}
    entry |= {"arrivals": arrivals} if arrivals else {}
    task = {**definition(), **({"retryStrategy": retries} if retries else {}), **members}
    return build_workload(
        scenario(
            {"trace": entry},
            environments=[environment(maxvCpus=64)],
            queues=[queue("queue")],
            definitions=[task],
            base=tmp_path,
        )
    )


def attempts_of(work, job, count):
    first = (float(work.runtime_s[job]), int(work.exit_code[job]))
    return [first, *(work.later_attempt(job, number) for number in range(2, count + 1))]


def test_failed_attempts_come_before_the_last(tmp_path):
    work = work_of(tmp_path, JOBS, retries={"attempts": 5})
    # Both failures, then the one that succeeded, and that again where the market takes its instance away.
    assert attempts_of(work, 0, 4) == [(90, 1), (30, 2), (600, 0), (600, 0)]
    assert attempts_of(work, 1, 2) == [(5, 0), (5, 0)]
    assert not work.notes


@pytest.mark.parametrize(
    ("strategy", "expected", "untried"),
    [
        ({"attempts": 3}, [(90, 1), (30, 2), (600, 0)], 0),
        # Of two attempts the last two.
        ({"attempts": 2}, [(30, 2), (600, 0), (600, 0)], 1),
        (None, [(600, 0), (600, 0), (600, 0)], 2),
        # What is ended by the rules has not been followed by another attempt.
        ({"attempts": 3, "evaluateOnExit": [{"onExitCode": "1", "action": "EXIT"}]}, [(30, 2), (600, 0), (600, 0)], 1),
        ({"attempts": 3, "evaluateOnExit": [{"onExitCode": "2", "action": "EXIT"}]}, [(600, 0)] * 3, 2),
    ],
)
def test_only_what_the_retry_strategy_allows_is_replayed(tmp_path, strategy, expected, untried):
    work = work_of(tmp_path, JOBS, retries=strategy)
    assert attempts_of(work, 0, 3) == expected
    assert list(work.notes.values()) == [untried][:untried]
    assert all("retryStrategy" in reason for reason in work.notes)


def test_a_job_that_times_out_is_not_retried(tmp_path):
    work = work_of(tmp_path, JOBS, retries={"attempts": 5}, timeout={"attemptDurationSeconds": 60})
    assert attempts_of(work, 0, 2) == [(30, 2), (600, 0)]  # the attempt of 90 s would have ended the job


def test_when_jobs_ran(tmp_path):
    recorded = work_of(tmp_path, JOBS).recorded
    np.testing.assert_equal(recorded.started_at, [60, np.nan, 25])
    np.testing.assert_equal(recorded.stopped_at, [800, np.nan, 32])
    assert work_of(tmp_path, "job_name,submitted_at,runtime_s\na,0,1\n").recorded is None
    assert work_of(tmp_path, "job_name,submitted_at,runtime_s,started_at\na,0,1,\n").recorded is None


def test_each_arrival_has_the_record_and_the_attempts(tmp_path):
    work = work_of(tmp_path, JOBS, retries={"attempts": 3}, arrivals={"at": [0, 1000]})
    np.testing.assert_equal(work.recorded.started_at, [60, np.nan, 25, 1060, np.nan, 1025])
    assert attempts_of(work, 3, 3) == attempts_of(work, 0, 3)
    taken = work.taken(np.array([3, 2]), np.array([0.0, 1.0]))
    assert attempts_of(taken, 0, 3) == attempts_of(work, 0, 3)
    assert taken.recorded.stopped_at.tolist() == [1800, 32]


def test_times_that_can_t_be_are_counted(tmp_path):
    rows = "a,5,1,0,4,8,,\nb,5,1,0,6,5.5,,\nc,5,1,0,6,7,,\nd,5,1,0,,4,,\n"
    work = work_of(tmp_path, HEAD + rows)
    np.testing.assert_equal(work.recorded.started_at, [np.nan, np.nan, 6, np.nan])
    assert list(work.notes.values()) == [3]


def test_swf_says_how_long_jobs_waited(tmp_path):
    # Submit 10, wait 5, run 50; a wait of -1 is not said.
    log = "1 10 5 50 1 -1 -1 1 60 -1 1 1 1 1 1 1 -1 -1\n2 20 -1 30 1 -1 -1 1 60 -1 1 1 1 1 1 1 -1 -1\n"
    recorded = work_of(tmp_path, log, "swf").recorded
    np.testing.assert_equal(recorded.started_at, [15, np.nan])
    np.testing.assert_equal(recorded.stopped_at, [65, np.nan])


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ("90,", "1 earlier_runtimes_s and 0 earlier_exit_codes"),
        ("90;1,2", "2 earlier_runtimes_s and 1 earlier_exit_codes"),
        ("x,1", "'x', '1'"),
        ("-5,1", "'-5', '1'"),
        ("5,0", "earlier_exit_codes '0'"),
        ("5,1.5", "earlier_exit_codes '1.5'"),
        ("inf,1", "'inf', '1'"),
    ],
)
def test_what_is_wrong_of_earlier_attempts_is_told_with_its_line(tmp_path, cells, told):
    with pytest.raises(bs.ScenarioError) as caught:
        work_of(tmp_path, f"{HEAD}a,0,1,0,,,,\nb,0,1,0,,,{cells}\n")
    (finding,) = caught.value.findings
    assert finding.line == 3
    assert told in str(finding)


def test_lists_of_parquet(tmp_path):
    import pyarrow as pa
    from pyarrow import parquet

    table = {"job_name": ["a", "b", "c"], "submitted_at": [0, 1, 2], "runtime_s": [5, 6, 7]}
    table |= {"earlier_runtimes_s": [[1.5, 2.0], [], None], "earlier_exit_codes": [[1, 3], [], None]}
    parquet.write_table(pa.table(table), tmp_path / "own.parquet")
    entry = {"trace": {"format": "parquet", "path": "own.parquet", "jobQueue": "queue", "jobDefinition": "task"}}
    task = {**definition(), "retryStrategy": {"attempts": 3}}
    made = scenario(entry, environments=[environment()], queues=[queue("queue")], definitions=[task], base=tmp_path)
    assert attempts_of(build_workload(made), 0, 3) == [(1.5, 1), (2, 3), (5, 0)]
