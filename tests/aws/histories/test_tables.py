"""Histories from CSV and Parquet, and from the folder of a run's results."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import pytest

import batchsim as bs
from batchsim.aws.histories.answers import read_history
from batchsim.aws.histories.known_jobs import (
    AGAIN,
    AMONG_ZONED,
    BACKWARDS,
    BEFORE_CREATED,
    NEVER_RAN,
    NO_SUBMISSION,
    WITHOUT_ZONE,
)
from batchsim.aws.histories.tables import NAMES_TWICE, NO_START, RELATIVE, UNKNOWN_START
from batchsim.errors import ScenarioError
from batchsim.experiments.run_store import write_run
from tests.aws.histories.said import MONDAY
from tests.conftest import ROOT
from tests.histories import details, events, write_events, write_pages


@pytest.fixture
def history(tmp_path):
    def read(text, name="jobs.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return read_history([path])

    return read


def test_a_row_is_a_job(history):
    found = history(
        "job_name,submitted_at,started_at,stopped_at,exit_code,job_queue,job_definition,vcpus,memory_mib\n"
        "a,2026-11-02T00:00:00Z,2026-11-02T00:01:00Z,2026-11-02T00:03:00Z,0,q,d,2,4096\n"
        "b,2026-11-02T01:00:00+01:00,2026-11-02 00:02:00,1793577780,3,q,d,2,4096\n"
    )
    a, b = found.jobs
    assert (a.name, a.queue, a.definition, a.asked.vcpus, a.asked.memory_mib) == ("a", "q", "d", 2.0, 4096.0)
    assert (a.created_at, a.attempts[0].started_at, a.attempts[0].stopped_at) == (MONDAY, MONDAY + 60, MONDAY + 180)
    assert (a.status, a.attempts[0].succeeded) == ("SUCCEEDED", True)
    assert (b.created_at, b.attempts[0].length_s, b.status) == (MONDAY, 60.0, "FAILED")
    assert (b.attempts[0].exit_code, b.attempts[0].succeeded) == (3, False)
    assert found.notes == {AMONG_ZONED: 1}


def test_times_without_a_zone_are_utc_and_more_doubtful_among_others_with_one(history):
    header = "job_name,submitted_at,runtime_s\n"
    alone = history(f"{header}a,2026-11-02T00:00:00,1\nb,2026-11-02T01:00:00,1\n")
    assert (alone.notes[WITHOUT_ZONE], alone.notes.get(AMONG_ZONED)) == (2, None)
    mixed = history(f"{header}a,2026-11-02T00:00:00,1\nb,2026-11-02T02:00:00+02:00,1\n")
    assert (mixed.notes[AMONG_ZONED], mixed.notes.get(WITHOUT_ZONE)) == (1, None)
    assert {job.created_at for job in mixed.jobs} == {MONDAY}


def test_a_row_is_an_attempt_where_there_is_such_a_column(history):
    found = history(
        "job_id,attempt,job_name,submitted_at,started_at,stopped_at,status,exit_code,status_reason\n"
        "j,2,work,1793577600,1793577700,1793577760,SUCCEEDED,0,\n"
        "j,1,work,1793577600,1793577660,1793577690,FAILED,9,Essential container in task exited\n"
    )
    (only,) = found.jobs
    assert [(each.length_s, each.exit_code, each.succeeded) for each in only.attempts] == [
        (30, 9, False),
        (60, 0, True),
    ]
    assert found.notes == {}


def test_a_trace_is_a_history_with_its_failed_attempts(history):
    found = history(
        "job_name,submitted_at,runtime_s,exit_code,started_at,stopped_at,earlier_runtimes_s,earlier_exit_codes\n"
        "a,0,50,0,10,100,20;5,1;2\n"
        "b,1,30,0,,,,\n"
    )
    a, b = found.jobs
    assert [(each.length_s, each.exit_code) for each in a.attempts] == [(20, 1), (5, 2), (50, 0)]
    assert a.attempts[-1].stopped_at - a.created_at == 100
    assert (b.attempts[0].length_s, b.attempts[0].started_at) == (30, b.created_at)
    assert a.created_at == UNKNOWN_START.timestamp()
    assert found.notes == {RELATIVE: 1, NO_START: 1}


def test_what_is_odd_is_counted_and_nothing_is_lost(history):
    found = history(
        "job_id,job_name,submitted_at,started_at,stopped_at,status,depends_on\n"
        "1,a,1793577600,1793577610,1793577620,SUCCEEDED,\n"
        "1,a,1793577600,1793577610,1793577620,SUCCEEDED,\n"  # comes twice
        "2,b,1793577600,1793577630,1793577620,SUCCEEDED,a;1\n"  # the clock went back
        "3,c,,1793577630,1793577640,SUCCEEDED,\n"  # nobody knows when it was submitted
        "4,d,1793577600,,,FAILED,nobody\n"  # without a start
        "5,e,1793577600,1793577590,1793577640,SUCCEEDED,\n"  # before it was submitted
        "6,f,1793577600,1793577630,,RUNNING,\n"
    )
    assert found.notes == {AGAIN: 1, BACKWARDS: 1, NO_SUBMISSION: 1, NEVER_RAN: 2, BEFORE_CREATED: 1, NAMES_TWICE: 1}
    jobs = {each.job_id: each for each in found.jobs}
    assert sorted(jobs) == ["1", "2", "4", "5", "6"]
    assert jobs["2"].depends_on == (("1", ""), ("1", ""))
    assert math.isnan(jobs["6"].attempts[0].stopped_at)
    assert jobs["6"].attempts[0].length_s == 10.0  # until 1793577640, the last instant of the file


def test_an_array_is_its_children(history):
    found = history("job_name,submitted_at,runtime_s,array_size\na,1793577600,5,3\n")
    parent, *children = found.jobs
    assert (parent.size, parent.attempts) == (3, ())
    assert [(each.array, each.index, each.attempts[0].length_s) for each in children] == [
        (parent.job_id, index, 5.0) for index in range(3)
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("job_name,submitted_at,runtime\na,0,1\n", "no column 'runtime'"),
        ("job_name,runtime_s\na,1\n", "the column submitted_at is missing"),
        ("job_name,submitted_at\na,1\n", "run times are missing"),
        ("job_name,submitted_at,runtime_s\na,yesterday,1\n", "submitted_at 'yesterday'"),
        ("job_name;submitted_at;runtime_s\na;0;1\n", "separated by ';'"),
        ("JobID,JobName,Submit,ElapsedRaw\n1,a,0,1\n", "Slurm"),
        ("job_name,submitted_at,runtime_s\na,1793577600,1\nb,0,1\n", "csv:3.*submitted_at '0'"),
        ("job_name,submitted_at,runtime_s\na,9999999999,1\n", "submitted_at '9999999999'"),
        ("job_name,submitted_at,runtime_s\na,0,-1\n", "runtime_s '-1'"),
        ("job_name,submitted_at,runtime_s\n", "no job in it; expected jobs that ran$"),
    ],
)
def test_faults_are_told(history, text, told):
    with pytest.raises(ScenarioError, match=told):
        history(text)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    result = bs.run(bs.load(ROOT / "scenarios" / "etl.yaml").with_({"duration": "1d"}))
    write_run(result, folder / "results")
    write_pages(details(result), folder / "jobs.json")
    write_events(events(result), folder / "events.jsonl")
    return folder


def seconds(job):
    """A job with instants as coarse as those of events, without what answers of DescribeJobs do not say."""
    attempts = tuple(
        replace(each, started_at=round(each.started_at), stopped_at=round(each.stopped_at), status_reason="",
                instance=each.instance.rpartition("/")[2])
        for each in job.attempts
    )  # fmt: skip
    asked = replace(job.asked, timeout_s=0.0, retry=None, priority=0.0)
    return replace(job, created_at=round(job.created_at), attempts=attempts, asked=asked, runnable=(), starting=())


def test_a_run_s_folder_tells_what_the_account_would(run):
    account = read_history([run / "jobs.json", run / "events.jsonl"])
    folder = read_history([run / "results"])
    mine, theirs = ({each.job_id: each for each in found.jobs} for found in (folder, account))
    assert mine.keys() == theirs.keys()
    for job_id, job in mine.items():
        assert seconds(job) == seconds(theirs[job_id])
        assert [math.floor(each) for each in job.starting] == list(theirs[job_id].starting)
    assert (folder.events, folder.region) == (account.events, account.region)
    assert len(folder.instances) == len(pd.read_parquet(run / "results" / "instances.parquet"))


def test_a_table_of_the_run_is_read_too(run):
    found = read_history([run / "results" / "jobs.parquet"])
    folder = read_history([run / "results"])
    assert [each.job_id for each in found.jobs] == [each.job_id for each in folder.jobs if not each.size]


def test_another_folder_is_none(tmp_path):
    with pytest.raises(ScenarioError, match=r"a folder without jobs\.parquet"):
        read_history([tmp_path])
