"""Histories that nobody planned for: each oddity is counted and named, and the rest is replayed."""

from __future__ import annotations

import json

import batchsim as bs
from batchsim.aws.importers.jobs import import_jobs
from tests.builders import definition, scenario, unmanaged

START = 1_793_584_800_000


def detail(job_id, **members):
    """A job that waited for a minute and ran for ten."""
    job = {"jobId": job_id, "jobName": job_id, "jobQueue": "queue", "jobDefinition": "task:1", "status": "SUCCEEDED",
           "createdAt": START, "startedAt": START + 60_000, "stoppedAt": START + 660_000,
           "container": {"vcpus": 1, "memory": 512, "exitCode": 0}}  # fmt: skip
    return {name: value for name, value in {**job, **members}.items() if value is not None}


def attempt(begun, ended, code=None):
    container = {} if code is None else {"exitCode": code}
    return {"startedAt": START + begun * 1000, "stoppedAt": START + ended * 1000, "container": container}


HISTORY = [
    detail("twice"),
    detail("twice", stoppedAt=START + 700_000),
    detail("running", status="RUNNING", stoppedAt=None),
    detail("no-start", status="FAILED", startedAt=None),
    detail("clock-went-back", createdAt=START + 100_000),
    detail("no-attempt", attempts=["x", None, attempt(60, 90, 0)]),
    detail("never-ran", attempts=[{"startedAt": 0, "stoppedAt": 0}, attempt(60, 90, 0)]),
    detail("ended-before", attempts=[attempt(60, 50, 3), attempt(60, 90, 0)]),
    detail("codes", attempts=[attempt(60, 80, "1"), attempt(90, 95, -3), attempt(96, 99, 0)]),
]


def test_they_are_counted_and_named(tmp_path):
    path = tmp_path / "history.json"
    path.write_text(json.dumps({"jobs": HISTORY}))
    imported = import_jobs([path])
    assert imported.skipped == {"described more than once": 1, "not ended yet": 1, "no run time": 1}
    assert [note.partition(",")[0] for note in imported.notes] == ["4 attempts never ran"]
    imported.write(tmp_path / "history.csv")
    made = scenario(
        {"trace": {"format": "csv", "path": "history.csv"}},
        environments=[unmanaged(99)],
        definitions=[definition(retryStrategy={"attempts": 3})],
        base=tmp_path,
    )
    result = bs.run(made)
    # Of six jobs five have times that can be.
    assert result.summary["recorded"]["jobs"] == 5
    assert list(result.summary["noted"].values()) == [1]  # the clock
    attempts = dict(zip(result.jobs["job_name"], result.jobs["attempts"], strict=True))
    assert attempts == {
        **dict.fromkeys(["twice", "clock-went-back", "no-attempt", "never-ran", "ended-before"], 1),
        "codes": 3,
    }
    assert result.summary["jobs"]["succeeded"] == 6
