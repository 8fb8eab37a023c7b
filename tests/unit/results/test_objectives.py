"""What objectives look at, by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

import batchsim as bs
from batchsim.recording import Status
from batchsim.results.objectives import chosen, first_shown, makespan
from batchsim.spec.objectives import parse_objective
from batchsim.spec.workload import JobGroup
from tests.builders import job, scenario, unmanaged, workflow
from tests.unit.results.recorded import NAN, attempt, outcome
from tests.worlds import jobs, servers

ALL = slice(None)


def test_the_span_of_jobs_is_from_the_first_submission_to_the_last_end():
    attempts = [attempt(0, 5, 5, 5, 60), attempt(1, 9, 9, 9, 30)]
    made = outcome(jobs([5, 9], 60), servers(2), attempts=attempts)
    assert makespan(made, ALL) == (55, None)
    assert makespan(made, np.array([1])) == (21, None)
    assert makespan(made, np.array([], int)) == (None, None)


def test_while_one_has_not_ended_it_is_a_bound():
    made = outcome(jobs([5, 9], 60), servers(2), attempts=[attempt(0, 5, 5, 5, 60)], stopped_at=[60, NAN])
    assert makespan(made, ALL) == (None, 995)


def test_filters_choose_jobs_by_their_group():
    groups = [JobGroup("a", "queue", "one"), JobGroup("b", "queue", "two"), JobGroup("b", "other", "two")]
    workload = jobs([0, 0, 0], 60, groups=groups, group=[0, 1, 2])
    assert chosen(parse_objective("failed <= 0"), workload).tolist() == [True, True, True]
    assert chosen(parse_objective("failed(workflow=b) <= 0"), workload).tolist() == [False, True, True]
    assert chosen(parse_objective("failed(workflow=b, jobQueue=queue) <= 0"), workload).tolist() == [False, True, False]


def entries(*expressions: str, jobs_: list | None = None, **members):
    work = workflow(*(jobs_ or [job("a", 100), job("b", 100)]))
    return bs.run(scenario(work, environments=[unmanaged(1)], objectives=list(expressions), **members)).summary[
        "objectives"
    ]


def test_an_objective_is_met_by_all_jobs_in_its_scope():
    # One server: the second job waits 100 s for the first.
    met, missed = entries("max(queue_time) <= 100s", "max(queue_time) <= 99s")
    assert (met["kept"], met["value"], met["jobs"], met["missing"]) == (True, 100, 2, 0)
    assert (missed["kept"], missed["value"]) == (False, 100)


def test_jobs_that_did_not_get_so_far_are_missing():
    (entry,) = entries("max(turnaround) <= 1d", horizon=150)
    assert entry["kept"] is False
    assert entry["missing_by"] == {"never_ran": 0, "unfinished": 1, "failed": 0}
    (entry,) = entries("max(queue_time) <= 1d", horizon=50)
    assert entry["missing_by"] == {"never_ran": 1, "unfinished": 0, "failed": 0}
    assert (entry["value"], entry["at_least"]) == (None, 50)


def test_a_time_of_day_is_the_first_after_the_arrival():
    # The run starts at 22:00 UTC, which is 23:00 in Berlin in winter: 04:00 there is five hours later.
    start, berlin = datetime(2026, 11, 1, 22, tzinfo=UTC), ZoneInfo("Europe/Berlin")
    after = np.array([0.0, 5 * 3600.0 - 1, 5 * 3600.0, 30 * 3600.0])
    assert first_shown(4 * 3600, berlin, start, after).tolist() == [18000, 18000, 18000 + 86400, 18000 + 2 * 86400]


def test_states_before_the_last_are_unfinished():
    made = outcome(jobs([0], 60), servers(1), status=[Status.RUNNABLE])
    assert makespan(made, np.array([0])) == (None, 1000)
