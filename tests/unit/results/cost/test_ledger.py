"""The bill against one worked out second by second, whatever instances, attempts, prices and windows there are."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchsim.columns import PURPOSES
from batchsim.recording import Status
from batchsim.results.cost.totals import CostTotals
from batchsim.results.outcome import Outcome
from batchsim.results.spending import spent
from batchsim.results.window import Window
from batchsim.spec.configuration import ComputeEnvironment, FargatePrices, SavingsPlan
from tests.unit.results.cost.ledger import HOUR, Ledger
from tests.unit.results.recorded import NAN, attempt, instance, outcome
from tests.worlds import fleet, jobs, offering

#: No memory to speak of: a job of one vCPU has half of an instance. The Spot price changes after half an hour and two.
ON_DEMAND = offering("half", 2, 0, 3.6)
MOVING = replace(offering("moving", 2, 0, 0.9), price_steps=((0.0, 0.9), (1800.0, 1.8), (7200.0, 0.6)))
PRICES = {"X86_64": FargatePrices(0.04, 0.004, 0.0001)}
ENVIRONMENTS = (
    fleet("sure", offerings=(ON_DEMAND,), root_volume_usd_per_hour=0.36),
    fleet("spot", offerings=(MOVING,), purchase_option="SPOT"),
    ComputeEnvironment("tasks", "FARGATE", True, 64, fargate=PRICES),
    ComputeEnvironment("spot tasks", "FARGATE_SPOT", True, 64, fargate=PRICES),
)
ENDED_AT, SECONDS = 3 * HOUR - 500, 3 * HOUR + 600
PLAN = SavingsPlan(1.5, 0.3)
#: A little, and now and then an hour: minimums and hours of a plan both matter.
SOME = st.integers(0, 90) | st.integers(0, 4000)


@dataclass
class Rows:
    """What is drawn, as the columns of a recording have it."""

    attempts: list[dict]
    instances: list[dict]


@st.composite
def rows(draw) -> Rows:
    """Instances, each with up to two attempts at a time, and tasks."""
    made = Rows([], [])
    for number in range(draw(st.integers(0, 4))):
        requested = draw(st.integers(0, ENDED_AT))
        running = requested + draw(SOME)
        registered = running + draw(SOME)
        gone = min(registered + draw(SOME), ENDED_AT)
        times = [float(at) if at < gone else NAN for at in (running, registered)]
        which = draw(st.integers(0, 1))
        reclaimed = which == 1 and draw(st.booleans())
        made.instances.append(instance(requested, *times, gone, environment=which, reclaimed=reclaimed))
        for _ in range(2 if registered < gone else 0):
            at = registered
            while at < gone and draw(st.booleans()):
                at = _one_more(draw, made, at, gone, environment=which, instance=number)
    for _ in range(draw(st.integers(0, 2))):
        _one_more(draw, made, draw(st.integers(0, ENDED_AT - 1)), ENDED_AT, environment=draw(st.integers(2, 3)))
    return made


def _one_more(draw, made: Rows, at: int, latest: int, **where) -> int:
    """An attempt between two instants, which fails, succeeds, never runs, or is cut off by the end of the run."""
    starting = min(at + draw(SOME), latest)
    started = min(starting + draw(SOME), latest)
    stopped = min(started + draw(SOME), latest)
    status = draw(st.sampled_from([Status.SUCCEEDED, Status.FAILED]))
    ran = started < stopped
    cut = stopped == ENDED_AT
    made.attempts.append(
        attempt(
            len(made.attempts), starting, starting, started if ran else NAN, NAN if cut else stopped,
            status=(Status.RUNNING if ran else Status.STARTING) if cut else status, **where,
        )
    )  # fmt: skip
    return stopped


STRANDED = st.lists(st.tuples(st.integers(0, ENDED_AT), st.integers(0, 1), st.integers(0, 1)), max_size=6)


def made_of(drawn: Rows, stranded, plan: SavingsPlan | None, window: Window | None = None) -> Outcome:
    distinct = {(at, which): (at, which, on) for at, which, on in sorted(stranded)}
    found = outcome(
        jobs([0] * len(drawn.attempts), 60, memory_mib=0), *ENVIRONMENTS,
        attempts=drawn.attempts, instances=drawn.instances, stranded=list(distinct.values()), ended_at=ENDED_AT,
    )  # fmt: skip
    if plan is not None:
        found = replace(found, configuration=replace(found.configuration, savings_plan=plan))
    return found if window is None else replace(found, window=window)


def assert_equal(found: Outcome, ledger: Ledger, start: int = 0, end: int | None = None) -> None:
    totals = CostTotals(found)
    for index, environment in enumerate(ENVIRONMENTS):
        expected = ledger.of(index, start, end)
        assert totals.by_purpose(index) == pytest.approx(expected, abs=1e-9), environment.name
        assert totals.of_environment(index) == pytest.approx(sum(expected.values()), abs=1e-9)


@settings(max_examples=25)
@given(rows(), STRANDED)
def test_every_second_is_paid_once_and_for_what_it_was(drawn, stranded):
    found = made_of(drawn, stranded, None)
    ledger = Ledger(found, 0.5, SECONDS)
    assert_equal(found, ledger)
    by_option = CostTotals(found).by_purchase_option()
    expected = {each.purchase_option: sum(ledger.of(index).values()) for index, each in enumerate(ENVIRONMENTS)}
    assert {name: usd for name, usd in by_option.items() if usd} == pytest.approx(
        {name: usd for name, usd in expected.items() if usd}
    )


@settings(max_examples=25)
@given(rows(), STRANDED)
def test_a_plan_takes_off_what_it_covers_in_each_hour(drawn, stranded):
    found = made_of(drawn, stranded, PLAN)
    ledger = Ledger(found, 0.5, SECONDS)
    unused = ledger.with_plan(PLAN.usd_per_hour, PLAN.discount)
    assert_equal(found, ledger)
    assert found.costs.unused_commitment == pytest.approx(unused.sum(), abs=1e-9)
    # What is paid in the end is the commitment, and what it does not cover.
    uncovered = sum(float(paid.sum()) for paid in ledger.paid.values())
    assert found.costs.total == pytest.approx(uncovered + unused.sum(), abs=1e-9)


@settings(max_examples=25)
@given(rows(), STRANDED, st.integers(0, ENDED_AT), st.integers(0, ENDED_AT))
def test_a_window_pays_its_own_seconds(drawn, stranded, one, other):
    start, end = min(one, other), max(one, other)
    found = made_of(drawn, stranded, PLAN, Window(start, end))
    ledger = Ledger(found, 0.5, SECONDS)
    unused = ledger.with_plan(PLAN.usd_per_hour, PLAN.discount)
    assert_equal(found, ledger, start, end)
    assert found.costs.unused_commitment == pytest.approx(unused[start:end].sum(), abs=1e-9)


@settings(max_examples=25)
@given(rows(), STRANDED, st.integers(0, ENDED_AT))
def test_what_was_spent_until_then_is_what_its_seconds_cost(drawn, stranded, until):
    found = made_of(drawn, stranded, PLAN)
    ledger = Ledger(found, 0.5, SECONDS)
    unused = ledger.with_plan(PLAN.usd_per_hour, PLAN.discount)
    usd = unused[:until].sum()
    usd += sum(ledger.paid[purpose][:, :until].sum() for purpose in PURPOSES if purpose != "minimum")
    # The minimum of what had ended is spent at once.
    costs, recording = found.costs, found.recording
    stopped = np.nan_to_num(recording.attempts.stopped_at, nan=ENDED_AT)
    usd += costs.instance["minimum"][recording.instances.terminated_at <= until].sum()
    usd += costs.by_attempt["minimum"][stopped <= until].sum()
    assert spent(found, np.array([float(until)]))[0] == pytest.approx(usd, abs=1e-9)


@settings(max_examples=15)
@given(rows(), STRANDED, st.sampled_from([None, PLAN]))
def test_after_the_end_what_was_spent_is_the_bill(drawn, stranded, plan):
    found = made_of(drawn, stranded, plan)
    at = np.array([ENDED_AT, ENDED_AT + 30.0, 1e7])
    assert spent(found, at) == pytest.approx([found.costs.total] * 3, abs=1e-9)
