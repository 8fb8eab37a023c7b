"""What was paid for what, by hand: an instance of two vCPUs at $3.60 an hour, a tenth of a cent a second."""

from __future__ import annotations

import numpy as np
import pytest

from batchsim.columns import PURCHASE_OPTIONS
from batchsim.recording import Status
from batchsim.results.cost.totals import CostTotals
from batchsim.spec.workload import JobGroup
from tests.unit.results.recorded import attempt, instance, outcome
from tests.worlds import fleet, jobs, offering

#: 9 v + m of 9 V + M with no memory to speak of: half of it for one vCPU.
HALF = offering("half", 2, 0, 3.6)
USD = 0.001


def made(attempts, **members):
    """One job of a vCPU for each attempt, on an instance that boots from 0 to 100 s and is there until 1,000 s."""
    known = {"instances": [instance(0, 40, 100, 1000)], **members}
    workload = known.pop("workload", None) or jobs([0] * len(attempts), 60, memory_mib=0)
    return outcome(workload, fleet(offerings=(HALF,)), attempts=attempts, **known)


def on(job: int, starting: float, started: float, stopped: float, **members):
    """An attempt on the instance."""
    return attempt(job, 0, starting, started, stopped, instance=0, **members)


def test_an_instance_is_paid_from_running_to_its_end():
    costs = made([on(0, 100, 110, 300)]).costs
    assert costs.instance_total.tolist() == pytest.approx([960 * USD])
    assert costs.instance["boot"].tolist() == pytest.approx([60 * USD])
    assert costs.instance["minimum"].tolist() == [0]


def test_an_attempt_pays_half_of_it_while_it_starts_and_runs():
    costs = made([on(0, 100, 110, 300)]).costs
    assert costs.attempt("boot").tolist() == pytest.approx([10 * USD / 2])
    assert costs.attempt("useful").tolist() == pytest.approx([190 * USD / 2])
    assert costs.attempt("rework").tolist() == [0]
    # Half of 100 to 300 s, and all of 300 to 1,000 s.
    assert costs.instance["idle"].tolist() == pytest.approx([100 * USD + 700 * USD])


def test_what_failed_was_rework_and_what_never_ran_was_boot():
    failed = on(0, 100, 110, 300, status=Status.FAILED, exit_code=1)
    never_ran = on(1, 100, float("nan"), 150, status=Status.FAILED)
    costs = made([failed, never_ran]).costs
    assert costs.attempt("rework").tolist() == pytest.approx([190 * USD / 2, 0])
    assert costs.attempt("boot").tolist() == pytest.approx([10 * USD / 2, 50 * USD / 2])
    assert costs.attempt("useful").tolist() == [0, 0]


def test_room_is_stranded_while_the_engine_says_so():
    # Stranded from 200 to 400 s: half of it until 300 s, then all.
    costs = made([on(0, 100, 110, 300)], stranded=[(200, 0, 1), (400, 0, 0)]).costs
    assert costs.instance["stranded"].tolist() == pytest.approx([100 * USD / 2 + 100 * USD])
    assert costs.instance["idle"].tolist() == pytest.approx([800 * USD - 150 * USD])


def test_every_dollar_has_one_purpose():
    found = made([on(0, 100, 110, 300), on(1, 300, 310, 450, status=Status.FAILED)], stranded=[(200, 0, 1)])
    totals = CostTotals(found)
    assert sum(totals.by_purpose(0).values()) == pytest.approx(totals.of_environment(0)) == pytest.approx(960 * USD)
    assert totals.by_purpose_in_all() == totals.by_purpose(0)
    assert totals.by_purchase_option() == {**dict.fromkeys(PURCHASE_OPTIONS, 0), "EC2": pytest.approx(0.96)}
    assert found.costs.total == pytest.approx(0.96)


def test_owners_bear_what_is_beyond_attempts_by_what_theirs_cost():
    # Both jobs have half; one runs 300 s, the other 100 s: three quarters and one of what is beyond.
    groups = [JobGroup("work", "queue", "definition"), JobGroup("other", "queue", "definition")]
    workload = jobs([0, 0], 60, memory_mib=0, groups=groups, group=[0, 1])
    found = made([on(0, 100, 100, 400), on(1, 100, 100, 200)], workload=workload)
    borne = CostTotals(found).by_owner(np.array([0, 1]), 2, [[]])
    assert borne["useful"] == pytest.approx([150 * USD, 50 * USD])
    assert borne["boot"] == pytest.approx([0.75 * 60 * USD, 0.25 * 60 * USD])
    assert sum(borne.values()).sum() == pytest.approx(0.96)


def test_what_none_used_is_borne_by_those_attached_alike():
    borne = CostTotals(made([], workload=jobs([0], 60))).by_owner(np.array([0]), 3, [[0, 2]])
    assert sum(borne.values()) == pytest.approx([0.48, 0, 0.48])


def test_a_job_costs_what_its_attempts_do():
    first = on(0, 100, 100, 200, status=Status.FAILED)
    again = on(0, 200, 200, 300, number=2)
    found = made([first, again], workload=jobs([0], 60, memory_mib=0))
    assert found.job_costs.tolist() == pytest.approx([2 * 50 * USD])
