"""Consumable resources: locked while a job runs, or used up (User Guide, *Resource-aware scheduling*)."""

from __future__ import annotations

import math

from batchsim.engine.scheduling.consumable_resources import ConsumableResources
from batchsim.spec.configuration import Consumable

LICENCES, CREDITS = ("licences", 2), ("credits", 10)


def resources() -> ConsumableResources:
    return ConsumableResources([Consumable("licences", 5), Consumable("credits", 25, replenishable=False)])


def test_all_of_it_has_to_be_there():
    made = resources()
    assert made.available((LICENCES, CREDITS))
    assert not made.available((LICENCES, ("credits", 26)))
    assert made.available(())


def test_for_how_many_jobs_there_is_enough():
    # 5 // 2 licences, 25 // 10 credits.
    assert resources().serves((LICENCES,)) == 2
    assert resources().serves((("licences", 1), CREDITS)) == 2
    assert resources().serves((("licences", 0),)) == math.inf
    assert resources().serves(()) == math.inf


def test_what_is_locked_comes_back_and_what_is_used_up_does_not():
    made = resources()
    for _ in range(2):
        made.acquire((LICENCES, CREDITS))
    assert made.serves((LICENCES,)) == 0
    assert made.release((LICENCES, CREDITS))
    assert made.serves((LICENCES,)) == 1  # 3 licences
    assert made.serves((CREDITS,)) == 0  # 5 credits
    # Nothing of it comes back: no pass need look for who wants it.
    assert not made.release((CREDITS,))


def test_planning_takes_nothing():
    made = resources()
    made.copy().acquire((LICENCES, CREDITS))
    assert made.serves((LICENCES, CREDITS)) == 2
    # What comes back in the plan are the same kinds.
    plan = made.copy()
    assert plan.release((LICENCES,))
    assert not plan.release((CREDITS,))
