"""What a scheduling pass leaves alone changes nothing: an engine that tries every queue each time records the same."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.engine import simulation
from batchsim.engine.processes import simulate_with
from batchsim.engine.queues.fifo import FifoQueue
from batchsim.engine.scheduling.scheduling_pass import SchedulingPass
from batchsim.recording import Recording
from batchsim.spec.assumptions import Assumptions
from batchsim.spec.configuration import ComputeEnvironment, JobQueue
from batchsim.spec.fair_share import FairShare
from batchsim.spec.updates import JobAction, Update, Updates
from batchsim.spec.workload import JobGroup
from tests.worlds import IDEAL, LARGE, XLARGE, configuration, fleet, jobs, servers

pytestmark = pytest.mark.skipif(not simulation.__file__.endswith(".py"), reason="a compiled class can't be changed")


class World:
    """A small one in which jobs wait for one another, are cancelled, and find few launch tokens; by a number."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.chance = chance = random.Random(number)  # noqa: S311 (no secret)
        self.environments = [self._environment(f"e{place}") for place in range(chance.randint(1, 4))]
        self.names = [each.name for each in self.environments]
        self.queues = [self._queue(f"q{place}") for place in range(chance.randint(1, 3))]
        self.groups = [self._group(place) for place in range(3 * len(self.queues))]

    def _environment(self, name: str) -> ComputeEnvironment:
        chance, most = self.chance, self.chance.choice([2, 4, 6, 8])
        offerings = chance.choice([(LARGE,), (XLARGE,), (LARGE, XLARGE)])
        kind = chance.choice(["EC2", "SPOT", "MANAGED_INSTANCES", "FARGATE", "FARGATE_SPOT", "UNMANAGED"])
        if kind == "EC2":
            strategy = chance.choice(["BEST_FIT", "BEST_FIT_PROGRESSIVE"])
            return fleet(name, max_vcpus=most, offerings=offerings, allocation_strategy=strategy)
        if kind == "SPOT":
            frequent = tuple(replace(each, interruptions_per_hour=5.0) for each in offerings)
            return fleet(name, max_vcpus=most, purchase_option="SPOT", offerings=frequent)
        if kind == "MANAGED_INSTANCES":
            return ComputeEnvironment(name, kind, True, most, offerings=offerings, zones=("us-east-1a",))
        if kind == "UNMANAGED":
            return servers(most, name)
        return ComputeEnvironment(name, kind, True, most, interruptions_per_hour=20.0 * (kind == "FARGATE_SPOT"))

    def _queue(self, name: str) -> JobQueue:
        chance = self.chance
        share = chance.choice([None, None, FairShare(), FairShare(compute_reservation=30)])
        environments = tuple(chance.sample(self.names, chance.randint(1, len(self.names))))
        return JobQueue(name, chance.randint(1, 2), True, environments, fair_share=share)

    def _group(self, place: int) -> JobGroup:
        chance, queue = self.chance, self.queues[place % len(self.queues)].name
        attempts, share, priority = chance.choice([1, 3]), chance.choice("abc"), chance.choice([0, 5])
        return JobGroup(
            f"w{place}", queue, "d", attempts=attempts, share_identifier=share, scheduling_priority=priority
        )

    def run(self) -> Recording:
        """Run it."""
        chance = random.Random(-1 - self.number)  # noqa: S311
        count = chance.randint(5, 60)
        pairs = [sorted(chance.sample(range(count), 2)) for _ in range(chance.choice([0, count // 2]))]
        work = jobs(
            sorted(float(chance.randrange(0, 3000, 10)) for _ in range(count)),
            [float(chance.choice([5, 60, 100, 600, 1500])) for _ in range(count)],
            [float(chance.choice([1, 1, 2, 4])) for _ in range(count)],
            groups=self.groups,
            group=[chance.randrange(len(self.groups)) for _ in range(count)],
            exit_code=[chance.choice([0, 0, 0, 1]) for _ in range(count)],
            waits_for=sorted({(last, first) for first, last in pairs}),
        )
        scheduler = {
            "overtake": chance.choice(["none", "fitting"]),
            "dispatchInterval": chance.choice([0, 1, 5]),
            "scaleUpReaction": 10,
            "scaleUpInterval": 60,
        }
        tokens = {"launchBurst": chance.choice([1, 3, 100]), "launchesPerSecond": chance.choice([0.01, 0.1, 3])}
        settings = Assumptions.model_validate({**IDEAL, "scheduler": scheduler, "fargate": tokens})
        updates = Updates(entries=tuple(self._cancels(chance) for _ in range(chance.choice([0, 3]))))
        made = configuration(*self.environments, queues=self.queues)
        processes = [self._drains(chance)] * chance.choice([0, 0, 1])
        _, recording = simulate_with(processes, work, made, settings, seed=self.number, horizon_s=2e5, updates=updates)
        return recording

    def _cancels(self, chance: random.Random) -> Update:
        at, workflow = float(chance.randrange(0, 3000, 10)), chance.choice(self.groups).workflow
        return Update(
            "cancel", at=at, action=JobAction(chance.choice(["CancelJob", "TerminateJob"]), workflow=workflow)
        )

    def _drains(self, chance: random.Random) -> Callable[[Any], Generator[Any, Any, None]]:
        acts = [(chance.randrange(0, 400, 10), chance.choice(["drain", "reopen"])) for _ in range(6)]
        of = chance.choice(self.names)

        def process(live: Any) -> Generator[Any, Any, None]:
            for seconds, act in acts:
                yield live.timeout(seconds)
                getattr(live, act)(of)

        return process


def assert_same(one: Recording, other: Recording) -> None:
    for part in ("attempts", "instances", "causes", "stranded"):
        for name, column in vars(getattr(one, part)).items():
            np.testing.assert_array_equal(column, getattr(getattr(other, part), name), err_msg=f"{part}.{name}")
    np.testing.assert_array_equal(one.stopped_at, other.stopped_at)


@given(number=st.integers(0, 10**6))
def test_what_is_left_alone_would_have_found_nothing(number):
    found = World(number).run()
    with mock.patch.object(SchedulingPass, "_note_blocked"):
        assert_same(found, World(number).run())


def judged(passes: SchedulingPass, queue: FifoQueue, now: float) -> None:
    passes._attribution[queue.index].judge(now)


@given(number=st.integers(0, 10**6))
def test_causes_that_are_not_judged_again_have_not_changed(number):
    found = World(number).run()
    with mock.patch.object(SchedulingPass, "_say_why", judged):
        assert_same(found, World(number).run())
