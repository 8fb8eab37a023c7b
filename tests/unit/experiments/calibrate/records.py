"""Jobs of a history, of what matters alone."""

from __future__ import annotations

import math
from dataclasses import replace

from batchsim.aws.histories.records import History, RecordedAttempt, RecordedJob

#: 2026-11-02T00:00:00Z, a Monday.
MONDAY = 1_793_577_600.0


def attempt(started=0.0, stopped=100.0, **more):
    return RecordedAttempt(MONDAY + started, MONDAY + stopped, **{"exit_code": 0, **more})


def job(job_id="a", *attempts, at=0.0, name="work", **more):
    """A job that ran once from its submission on for 100 s, unless it is said otherwise."""
    ran = attempts or (attempt(at, at + 100, succeeded=True),)
    if more.get("size"):
        ran = ()
    return RecordedJob(job_id, name, more.pop("definition", "def"), more.pop("queue", "high"), "SUCCEEDED", MONDAY + at,
                       attempts=ran, **more)  # fmt: skip


def running(started=0.0, seen=50.0, **more):
    return replace(attempt(started, math.nan, **more), exit_code=None, seen_at=MONDAY + seen)


def history(*jobs, **more):
    return History(tuple(sorted(jobs, key=lambda each: (each.created_at, each.job_id))), **more)
