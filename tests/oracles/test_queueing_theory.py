"""Queueing theory: cases that are known exactly, in the bounded forms that a test suite has time for.

`python -m tools.validation` runs all of them at full length, to 1 %.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.worlds import jobs, run, servers
from tools.validation import interpreted, pieces
from tools.validation.cases import cases
from tools.validation.experiment import measured
from tools.validation.faults import FAULTS, suspects
from tools.validation.measures import LITTLE, little
from tools.validation.pieces import by_runs

#: Replications of a case here: half of the page's.
REPLICATIONS = 20
#: Runs that are known well enough in half a second or so.
QUICK = (
    "M/M/1, load 0.7",
    "M/M/4, load 0.8",
    "M/M/200, load 0.9",
    "M/D/1, constant, load 0.8",
    "M/G/1, two values, load 0.7",
    "M/D/5, load 0.9",
    "D/M/1, load 0.8",
    "M/M/1, two priorities, load 0.8",
    "2 servers, jobs of 1, 2 vCPUs",
    "arrays of 5, M, one server, load 0.5",
    "fork and join of two M/M/1, load 0.7",
    "M/M/1, 40% of attempts fail, 3 attempts, load 0.7",
    "M/M/∞, cost of a job, a minute at least",
    "M/M/1 on an instance",
    "20 Spot instances, each taken back every 2 h and replaced in 10 min",
)
#: The shortest runs that tell of each fault.
TELLING = {
    "run times are a tenth too long": "M/M/1, load 0.5",
    "an environment has a vCPU less": "M/D/2, load 0.8",
    "the job that came last is served first": "M/M/1, load 0.7: jobs that wait longer than 5 min",
    "jobs behind the head overtake it": "4 servers, jobs of 1, 4 vCPUs",
    "jobs start only every 20 s": "M/M/1, load 0.3",
    "the least urgent queue is served first": "M/M/1, two priorities, load 0.8",
    "failed attempts are not retried": "jobs that start over",
    "jobs do not wait for those that they depend on": "tandem of M/M/1 and M/M/1, loads 0.7 and 0.8",
    "instances are there at once": "M/M/1 on an instance",
    "interruptions are half as frequent": "20 Spot instances, each taken back every 2 h and replaced in 10 min",
    "tasks are paid by the minute": "M/M/∞, cost of a job, a minute at least",
    "tasks have no least time that is paid": "M/M/∞, cost of a job, a minute at least",
    "instances are paid by the hour": "M/M/1 on an instance",
}


def assert_as_theory_has_it(runs, jobs, precision):
    for each in measured(by_runs()[runs], jobs, REPLICATIONS):
        assert not each.is_far, (each.case.name, each.theory, each.estimate)
        # Wide intervals would hold anything.
        assert each.precision < precision, (each.case.name, each.precision)


@pytest.mark.parametrize("runs", QUICK)
def test_short_runs_are_as_theory_has_them(runs):
    assert_as_theory_has_it(runs, min(20_000, 0.2 * by_runs()[runs][0].jobs), 0.12)


@pytest.mark.slow
@pytest.mark.parametrize("runs", [name for name in by_runs() if name not in QUICK])
def test_runs_are_as_theory_has_them(runs):
    # All jobs give 1 %, a tenth in half as many replications 3.5 %, and twice that at the worst of the cases.
    assert_as_theory_has_it(runs, 0.1 * by_runs()[runs][0].jobs, 0.07)


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_planted_faults_are_told(fault):
    runs = by_runs()[TELLING[fault.name]]
    jobs = 0.1 * runs[0].jobs
    assert all(not each.is_far for each in measured(runs, jobs, REPLICATIONS))
    with fault.planted():
        assert any(each.is_far for each in measured(runs, jobs, REPLICATIONS) if suspects(fault, each.case))


@pytest.mark.slow
def test_a_fault_inside_the_engine_is_planted_although_it_is_compiled():
    inside = [fault.name for fault in FAULTS if fault.inside]
    piece = ("fault", inside[0], TELLING[inside[0]])
    assert interpreted.computed(piece, ROOT) == pieces.compute(piece, ROOT)


def test_cases_are_many_and_named_once():
    assert len({case.name for case in cases()}) == len(cases()) >= 40
    assert {case.runs for case in cases()} >= {*QUICK, *TELLING.values()}
    assert {fault.name for fault in FAULTS} == {*TELLING}


def test_cases_in_common_runs_differ_in_what_is_measured_alone():
    for of in by_runs().values():
        for one, other in pairwise(of):
            for name in ("jobs", "warm_up", "jobs_per_s", "between_s", "brings"):
                assert getattr(one, name) == getattr(other, name)


def test_littles_law_is_the_area_under_the_number_of_jobs():
    # Worked by hand: jobs of 3 s at 0 and 1 on one server are there for 3 and 5 s.
    workload = jobs([0, 1], 3)
    recording = run(workload, servers(1))
    assert little(workload, recording) == 0
    late = np.array([3.0, 7.0])
    assert little(workload, _with_ends(recording, late)) <= LITTLE


def _with_ends(recording, stopped_at):
    from dataclasses import replace

    return replace(recording, stopped_at=stopped_at)
