"""Pools that lose most of their instances at once: when, what is taken, and how long nothing is to be had then."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from batchsim.engine.compute.spot_pools import BAND, LOWEST, MOST_OF_A_POOL, NEVER_S, WITHIN_S, SpotPool
from batchsim.recording import Cause, Status
from tests.unit.engine.parts import context
from tests.worlds import LARGE, XLARGE, fleet, jobs, run

HOUR = 3600.0
RATE = 0.2
SPOT = {"purchase_option": "SPOT", "zones": ("a",)}
HAZARDOUS = replace(LARGE, interruptions_per_hour=RATE * MOST_OF_A_POOL)
TOGETHER = {"spot": {"together": 1, "outage": "40m"}}
WORK = jobs([0], 1)


def pool(rate=RATE, name="c6i.large", zone="a", **spot):
    return SpotPool(context(WORK, spot={"together": 1, "outage": "40m", **spot}), name, 0, zone, rate)


def events(until_h, *args, **kwargs):
    """When the events of a pool are."""
    made, found = pool(*args, **kwargs), []
    while made.next.at < until_h * HOUR:
        found.append(made.next.at)
        made.pass_one()
    return found


@pytest.mark.parametrize("rate", [LOWEST / 3, LOWEST, 0.02, LOWEST * BAND**2, 5.0])
def test_events_come_at_the_rate_that_they_should(rate):
    times = events(900 / rate, rate)
    assert abs(len(times) - 900) < 3 * 30
    # And as a Poisson process does: gaps vary as much as they are long.
    gaps = np.diff(times)
    assert np.std(gaps) / np.mean(gaps) == pytest.approx(1, abs=0.15)


def test_a_higher_rate_has_the_same_events_and_more():
    rates = [0.001, 0.004, 0.1, 0.11, 3.0]
    found = [set(events(5000, rate)) for rate in rates]
    for fewer, more in itertools.pairwise(found):
        assert fewer < more


def test_the_next_event_of_a_rate_near_none_is_not_looked_for_for_ever():
    assert pool(rate=1e-300).next.at > NEVER_S


def test_events_are_those_of_the_pool():
    assert events(500) == events(500)
    assert not set(events(500)) & set(events(500, name="c6i.xlarge"))
    assert not set(events(500)) & set(events(500, zone="b"))
    # How long the outages are moves nothing.
    assert events(500) == events(500, outage="5m")


def test_an_event_during_an_outage_does_not_lengthen_it():
    made, closed_from = pool(rate=6.0), -np.inf
    for _ in range(200):
        at, until = made.next.at, made.closed_until
        made.pass_one()
        if at < closed_from + 2400:
            assert made.closed_until == until
        else:
            closed_from = at
            assert made.closed_until == at + 2400


def taken(launches, environment="fleet"):
    """When the first event is, and by launch when its notice is given; those that are not taken are left out."""
    event = pool().next
    draws = event.taken(environment).column(launches)
    return event.at, {n: event.at + u / MOST_OF_A_POOL * WITHIN_S for n, u in enumerate(draws) if u < MOST_OF_A_POOL}


def test_an_event_takes_most_of_the_pool_within_minutes():
    at, notices = taken(30)
    assert 20 < len(notices) < 30
    # The jobs are not retried, so nothing follows.
    recording = run(jobs([0] * 30, 1e5, 2), fleet(offerings=(HAZARDOUS,), **SPOT), horizon_s=at + 400, **TOGETHER)
    gone = np.flatnonzero(recording.instances.reclaimed)
    assert gone.tolist() == sorted(notices)
    assert recording.instances.terminated_at[gone] == pytest.approx([notices[n] + 120 for n in gone])
    assert (recording.status == Status.FAILED).sum() == len(notices)


def test_what_starts_while_others_go_goes_with_them():
    # The second is launched a minute before the event, and runs four minutes later: when the first has gone or goes,
    # but within two minutes of its own notice it is taken too, else it was not there.
    at, notices = taken(2)
    assert set(notices) == {0, 1}
    for launch_s, gone in ((60.0 + 100.0, True), (60.0 + WITHIN_S + 121.0, False)):
        recording = run(
            jobs([0, at - 60], 1e5, 2),
            fleet(offerings=(HAZARDOUS,), **SPOT),
            horizon_s=at + 900,
            ec2={"launch": launch_s},
            scheduler={"scaleUpInterval": 0},
            **TOGETHER,
        )
        assert recording.instances.reclaimed.tolist() == [True, gone]
        if gone:
            notice_at = max(notices[1], at - 60 + launch_s)
            assert recording.instances.terminated_at[1] == pytest.approx(notice_at + 120)


def waiting(*offerings, zones=("a",), **spec):
    """A job that comes a minute into the outage of an empty fleet: when it starts, on what, and why it waits."""
    at, _ = taken(0)
    environment = fleet(offerings=offerings, purchase_option="SPOT", zones=zones, **spec)
    recording = run(jobs([at + 60], 60, 2), environment, duration_s=at, **TOGETHER)
    (starting_at,) = recording.attempts.starting_at
    causes = {Cause(cause) for cause in recording.causes.cause}
    return starting_at - at, recording.instances, causes


def test_no_more_is_to_be_had_of_a_pool_for_the_length_of_an_outage():
    after_s, _, causes = waiting(HAZARDOUS)
    # The end of the outage is looked at when it comes.
    assert after_s == pytest.approx(2400, abs=60)
    assert Cause.CAPACITY in causes
    # Without a limit of its own the environment waits for nothing else.
    assert Cause.LIMIT not in causes


def test_other_zones_and_other_types_are_launched_meanwhile():
    at, _ = taken(0)
    assert not any(at - 2400 < other < at + 60 for other in events(100, zone="c"))
    after_s, instances, _ = waiting(HAZARDOUS, zones=("a", "c"))
    assert after_s < 120
    assert instances.zone.tolist() == [1]
    after_s, instances, _ = waiting(HAZARDOUS, replace(XLARGE, interruptions_per_hour=0.001))
    assert after_s < 120
    assert instances.offering.tolist() == [1]
    # BEST_FIT waits for the type that it chose.
    assert waiting(HAZARDOUS, XLARGE, allocation_strategy="BEST_FIT")[0] == pytest.approx(2400, abs=60)


def test_jobs_go_to_the_next_environment_meanwhile():
    at, _ = taken(0)
    spot = fleet("spot", offerings=(HAZARDOUS,), **SPOT)
    recording = run(jobs([at + 60], 60, 2), spot, fleet("on-demand"), duration_s=at, **TOGETHER)
    assert recording.instances.environment.tolist() == [1]


def losses(recording, environment=0):
    """When c6i.large was reclaimed in an environment."""
    instances = recording.instances
    ours = (instances.environment == environment) & (instances.offering == 0) & instances.reclaimed
    return np.sort(instances.terminated_at[ours])


def test_capacity_and_other_types_do_not_move_the_storms():
    storms = np.array(events(48))

    def when(**spec):
        """Which of the events ended something."""
        environment = fleet(purchase_option="SPOT", zones=("a",), **spec)
        found = losses(run(jobs([0] * 60, 1e7, 2, attempts=10), environment, horizon_s=48 * HOUR, **TOGETHER))
        belongs = np.searchsorted(storms, found - 120, side="right") - 1
        assert (found - 120 - storms[belongs] <= WITHIN_S).all()
        return set(belongs.tolist())

    few, many = when(offerings=(HAZARDOUS,), max_vcpus=20), when(offerings=(HAZARDOUS,), max_vcpus=120)
    assert few == many
    assert when(offerings=(HAZARDOUS, replace(XLARGE, interruptions_per_hour=0.5)), max_vcpus=120) <= many


def test_environments_that_share_a_pool_lose_instances_at_the_same_moments():
    # The second sees half of the first's events.
    halved = replace(HAZARDOUS, interruptions_per_hour=HAZARDOUS.interruptions_per_hour / 2)
    first, second = fleet("first", offerings=(HAZARDOUS,), **SPOT), fleet("second", offerings=(halved,), **SPOT)
    recording = run(jobs([0] * 64, 1e7, 2, attempts=10), first, second, horizon_s=100 * HOUR, **TOGETHER)
    ours, theirs = losses(recording), losses(recording, 1)
    assert len(theirs) > 10
    nearest = np.abs(theirs[:, None] - ours).min(axis=1)
    assert (nearest <= WITHIN_S).all()


def test_a_pool_keeps_no_run_going_and_none_is_made_where_there_is_no_hazard():
    recording = run(jobs([0], 60, 2), fleet(offerings=(HAZARDOUS,), **SPOT), **TOGETHER)
    assert recording.ended_at == 60
    for quiet in (fleet(**SPOT), fleet(offerings=(HAZARDOUS,), **SPOT)):
        calm = {"spot": {"together": 0}} if quiet.offerings == (HAZARDOUS,) else TOGETHER
        recording = run(jobs([0] * 4, 60, 2), quiet, **calm)
        assert not recording.instances.reclaimed.any()
