"""Who bears what was paid, by hand: queues and workflows, environments, purchase options."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from batchsim.columns import PURPOSES
from batchsim.recording import Status
from batchsim.results.cost.totals import CostTotals
from batchsim.results.outcome import Outcome
from batchsim.spec.configuration import ComputeEnvironment, FargatePrices, SavingsPlan
from batchsim.spec.workload import JobGroup
from tests.unit.results.recorded import attempt, instance, outcome
from tests.worlds import fleet, jobs, offering, servers

#: A tenth of a cent a second, and half of it for a job of one vCPU.
HALF, USD = offering("half", 2, 0, 3.6), 0.001
#: A hundredth of a cent a second for a vCPU; jobs ask for no memory.
TASKS = ComputeEnvironment("tasks", "FARGATE", True, 64, fargate={"X86_64": FargatePrices(0.36, 0.0, 0.0)})
CENT = 0.0001
GROUPS = tuple(JobGroup(name, "queue", "definition") for name in "abc")
OWNERS = np.arange(3, dtype=np.int32)


def made(*of_jobs: tuple[int, dict], environments=(), instances=(), plan=None) -> Outcome:
    """Attempts, each of a job of its own in one of three groups."""
    group = [number for number, _ in of_jobs]
    work = jobs([0] * len(of_jobs), 60, memory_mib=0, groups=GROUPS, group=group)
    attempts = [{**row, "job": number} for number, (_, row) in enumerate(of_jobs)]
    found = outcome(work, *(environments or (fleet(offerings=(HALF,)),)), attempts=attempts, instances=instances)
    return replace(found, configuration=replace(found.configuration, savings_plan=plan))


def on(start: float, stop: float, number: int = 0, **members) -> dict:
    return attempt(0, 0, start, start, stop, instance=number, **members)


def task(start: float, stop: float, **members) -> dict:
    return attempt(0, 0, start, start, stop, **members)


def borne(found: Outcome, attached=((0, 1, 2),)) -> dict[str, list[float]]:
    by_purpose = CostTotals(found).by_owner(OWNERS, 3, [list(each) for each in attached])
    assert list(by_purpose) == list(PURPOSES)
    return {purpose: usd.tolist() for purpose, usd in by_purpose.items() if usd.any()}


ALWAYS = instance(0, 0, 0, 1000)


def test_rework_is_borne_by_whose_attempts_failed():
    failed, worked = on(0, 300, status=Status.FAILED), on(300, 400)
    found = borne(made((0, failed), (0, worked), (2, on(0, 100)), instances=[ALWAYS]))
    assert found["rework"] == pytest.approx([150 * USD, 0, 0])
    assert found["useful"] == pytest.approx([50 * USD, 0, 50 * USD])
    # Idle is 1,000 s less two halves of 400 and 100 s: by what each cost, four parts and one.
    assert found["idle"] == pytest.approx([0.8 * 750 * USD, 0, 0.2 * 750 * USD])


def test_each_environment_is_divided_among_those_that_used_it():
    environments = [fleet("one", offerings=(HALF,)), fleet("other", offerings=(HALF,))]
    instances = [ALWAYS, instance(0, 0, 0, 500, environment=1)]
    there = [(0, on(0, 1000)), (1, on(0, 500, 1, environment=1))]
    found = borne(made(*there, environments=environments, instances=instances), attached=[[0, 1], [0, 1]])
    assert found["idle"] == pytest.approx([500 * USD, 250 * USD, 0])


def test_what_nobody_used_is_borne_by_the_queues_that_are_attached_or_by_all():
    unused = made((0, task(0, 600, environment=1)), environments=[fleet(offerings=(HALF,)), TASKS], instances=[ALWAYS])
    assert borne(unused, attached=[[1, 2], [0]])["idle"] == pytest.approx([0, 500 * USD, 500 * USD])
    # Workflows are attached to nothing.
    assert borne(unused, attached=[[], []])["idle"] == pytest.approx([1000 / 3 * USD] * 3)


def test_a_task_s_minimum_is_its_owner_s():
    found = borne(made((1, task(0, 600)), (2, task(0, 20)), environments=[TASKS]))
    assert found == {
        "useful": pytest.approx([0, 600 * CENT, 20 * CENT]),
        "minimum": pytest.approx([0, 0, 40 * CENT]),
    }


def test_a_plan_covers_a_task_s_minimum_too():
    # Half a second and 20 s of the tasks' cents, a minute each; half off of all of it.
    tasks = (0, task(0, 0.5)), (0, task(0, 20))
    found = borne(made(*tasks, environments=[TASKS], plan=SavingsPlan(0.0216, 0.5)))
    assert found["useful"] == pytest.approx([0.5 * 20.5 * CENT, 0, 0])
    assert found["minimum"] == pytest.approx([0.5 * (59.5 + 40) * CENT, 0, 0])
    # The run's 1,000 s commit just that.
    assert "idle" not in found or found["idle"] == pytest.approx([0, 0, 0], abs=1e-12)


def test_an_unused_commitment_is_borne_by_what_each_cost_anywhere():
    # 0.9 USD an hour over 1,000 s are 0.25; half off, they would buy 0.5 of use. The tasks used 400 s of a cent a
    # hundred seconds, three quarters of them the first's.
    plan = SavingsPlan(0.9, 0.5)
    found = borne(made((0, task(0, 300)), (1, task(0, 100)), environments=[TASKS], plan=plan))
    unused = 0.25 - 0.5 * 400 * CENT
    assert found["useful"] == pytest.approx([0.5 * 300 * CENT, 0.5 * 100 * CENT, 0])
    assert found["idle"] == pytest.approx([0.75 * unused, 0.25 * unused, 0])
    # Of nothing that cost anything, by all alike.
    nothing = borne(made((0, task(0, 300)), environments=[servers(4)], plan=plan))
    assert nothing["idle"] == pytest.approx([0.25 / 3] * 3)


def test_options_are_those_of_environments_and_what_is_unused_is_on_demand():
    environments = [
        fleet("sure", offerings=(HALF,)),
        fleet("spot", offerings=(HALF,), purchase_option="SPOT"),
        TASKS,
        replace(TASKS, name="spot tasks", purchase_option="FARGATE_SPOT"),
        fleet("managed", offerings=(HALF,), purchase_option="MANAGED_INSTANCES"),
        servers(4),
    ]
    instances = [instance(0, 0, 0, 100 * (number + 1), environment=number) for number in (0, 1, 4)]
    attempts = [(0, task(0, 600, environment=2)), (0, task(0, 700, environment=3)), (0, task(0, 900, environment=5))]
    found = made(*attempts, environments=environments, instances=instances, plan=SavingsPlan(0.36, 0.0))
    totals = CostTotals(found)
    assert totals.by_purchase_option() == pytest.approx(
        {
            "EC2": 100 * USD,  # the plan commits 0.1 and the use is more
            "SPOT": 200 * USD,
            "FARGATE": 600 * CENT,
            "FARGATE_SPOT": 700 * CENT,
            "MANAGED_INSTANCES": 500 * USD,
            "MANAGED_INSTANCES_SPOT": 0,
        }
    )
    lost = made(*attempts, environments=environments, instances=instances, plan=SavingsPlan(36.0, 0.0))
    assert CostTotals(lost).by_purchase_option()["EC2"] == pytest.approx(100 * USD + 10 - 600 * USD - 600 * CENT)
    assert [totals.of_environment(index) for index in range(6)] == pytest.approx(
        [100 * USD, 200 * USD, 600 * CENT, 700 * CENT, 500 * USD, 0]
    )


SPANS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 900), st.integers(0, 400), st.booleans()), max_size=12)


@example([(1, 0, 20, False)], 0, [[], []])
@given(SPANS, st.integers(0, 40), st.sampled_from([[[0, 1, 2], [1]], [[], []]]))
def test_everything_that_was_paid_is_somebody_s(spans, committed, attached):
    attempts = [
        (
            owner,
            task(
                start,
                start + length,
                environment=1,
                started_at=start + length / 4,
                status=Status.FAILED if failed else Status.SUCCEEDED,
            ),
        )
        for owner, start, length, failed in spans
    ]
    found = made(
        *attempts,
        environments=[fleet(offerings=(HALF,)), TASKS],
        instances=[instance(0, 40, 100, 1000)],
        plan=SavingsPlan(committed / 10, 0.3),
    )
    totals, by_owner = CostTotals(found), CostTotals(found).by_owner(OWNERS, 3, attached)
    in_all = totals.by_purpose_in_all()
    assert {purpose: float(usd.sum()) for purpose, usd in by_owner.items()} == pytest.approx(in_all, abs=1e-12)
    assert (
        math.fsum(in_all.values())
        == pytest.approx(found.costs.total)
        == pytest.approx(math.fsum(totals.by_purchase_option().values()))
    )
    assert all((usd >= 0).all() for usd in by_owner.values())


def test_who_owns_no_group_bears_nothing_that_was_used():
    # Two groups of one workflow, and a third owner without any.
    found = made((0, on(0, 300)), (1, on(300, 1000)), instances=[ALWAYS])
    by_owner = CostTotals(found).by_owner(np.array([1, 1, 1], np.int32), 3, [[0, 1, 2]])
    assert sum(by_owner.values()).tolist() == pytest.approx([0, 1000 * USD, 0])
