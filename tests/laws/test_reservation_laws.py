"""Laws of capacity reservations, on worlds that Hypothesis makes up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batchsim.results.outcome import Outcome
from batchsim.spec.reservations import ReservationUse
from batchsim.units import HOUR
from tests.laws.test_engine_laws import ON_DEMAND, assert_laws, reservations, worlds
from tests.worlds import configuration, fleet, jobs, run

ON_DEMAND_STRATEGIES = ("BEST_FIT", "BEST_FIT_PROGRESSIVE", "BEST_FIT_PROGRESSIVE_ORDERED")
MADE_UP = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)


def assert_reservation_laws(recording, built, reserved):
    """What holds of who is in which reservation."""
    stays, instances = recording.reservations, recording.instances
    kinds = [
        built[e].offerings[o].instance_type for e, o in zip(instances.environment, instances.offering, strict=True)
    ]
    zones = [built[e].zones[z] for e, z in zip(instances.environment, instances.zone, strict=True)]
    uses = [built[e].reservation_use if built[e].launches_on_demand_instances else ReservationUse("none")
            for e in instances.environment]  # fmt: skip

    def suits(instance, spec):
        return (kinds[instance], zones[instance]) == (spec.instance_type, spec.zone) and spec.takes(uses[instance])

    # Who is in one matches it, and is there while both are.
    for instance, index, since, until in zip(stays.instance, stays.reservation, stays.since, stays.until, strict=True):
        assert suits(instance, reserved[index])
        assert max(instances.requested_at[instance], reserved[index].starts_at) <= since < until
        assert until <= min(instances.terminated_at[instance], reserved[index].closes_at)
    # At every moment: none holds more than it has, nobody is in two, and nobody is outside one that would take it.
    edges = np.unique(np.concatenate([stays.since, stays.until, instances.requested_at, instances.terminated_at]))
    for at in (edges[:-1] + edges[1:]) / 2:
        now = (stays.since <= at) & (at < stays.until)
        assert len(set(stays.instance[now])) == now.sum()
        there = np.flatnonzero((instances.requested_at <= at) & (at < instances.terminated_at))
        outside = set(there.tolist()) - set(stays.instance[now].tolist())
        for index, spec in enumerate(reserved):
            held = np.count_nonzero(now & (stays.reservation == index))
            assert held <= spec.instances
            is_there = spec.starts_at <= at < spec.closes_at
            if is_there and held < spec.instances and not spec.is_block:
                assert not any(suits(instance, spec) for instance in outside)


@given(world=worlds(), seed=st.integers(0, 3))
@MADE_UP
def test_what_is_reserved_is_used_first_and_costs_what_is_not_used(world, seed):
    workload, built, queues, environment = world
    built = [each for each in built if each.fargate is None and each.launches_instances]
    queues = [replace(each, environments=tuple(e for e in each.environments if e in {b.name for b in built}))
              for each in queues]  # fmt: skip
    reserved = environment.pop("reservations")
    recording = run(workload, *built, queues=queues, seed=seed, duration_s=600.0, reservations=reserved, **environment)
    others = [replace(each, reservation_use=ReservationUse()) for each in built]
    without = run(workload, *others, queues=queues, seed=seed, duration_s=600.0, **environment)
    assert_reservation_laws(recording, built, reserved)

    # Where capacity is unlimited, a reservation changes nothing but the zone: the bill is that without it, and what of
    # it is not used.
    for column in ("environment", "offering", "requested_at", "running_at", "terminated_at"):
        found, expected = getattr(recording.instances, column), getattr(without.instances, column)
        assert np.array_equal(found, expected, equal_nan=column == "running_at")
    made = configuration(*built, queues=queues, reservations=reserved)
    costs = Outcome(workload, made, recording).costs
    plain = Outcome(workload, configuration(*built, queues=queues), without).costs
    assert costs.total == pytest.approx(plain.total + costs.unused_reservations)
    for each in costs.reservations:
        there_s = max(min(each.spec.ends_at, recording.ended_at) - min(each.spec.starts_at, recording.ended_at), 0.0)
        assert each.reserved_s == pytest.approx(there_s * each.spec.instances)
        unused_h = (each.reserved_s - each.used_s) / HOUR
        assert each.unused_usd == pytest.approx(unused_h * each.spec.usd_per_hour, abs=1e-9)
        assert unused_h >= -1e-9


@st.composite
def confined(draw):
    """Environments that launch in reservations only, blocks among them, where little or nothing else is to be had."""
    reserved = draw(reservations(blocks=True).filter(bool))
    built = []
    for name in ("first", "second"):
        targets = draw(st.sampled_from([(), ("group",), *((each.name,) for each in reserved)]))
        preference = draw(st.sampled_from(["open", "only", "only"]))
        built.append(
            fleet(
                name,
                offerings=ON_DEMAND,
                zones=("a", "b"),
                max_vcpus=draw(st.integers(2, 24)),
                min_vcpus=draw(st.sampled_from([0, 0, 4])),
                allocation_strategy=draw(st.sampled_from(ON_DEMAND_STRATEGIES)),
                reservation_use=ReservationUse(preference, targets),
            )
        )
    n = draw(st.integers(1, 12))
    each = st.lists(st.sampled_from([0.0, 61.7, 600.0, 1800.0, 4000.0]), min_size=n, max_size=n)
    workload = jobs(sorted(draw(each)), draw(each), draw(st.lists(st.sampled_from([1, 2, 4]), min_size=n, max_size=n)),
                    attempts=draw(st.integers(1, 3)))  # fmt: skip
    capacity = draw(st.sampled_from([{}, {"pools": [{"vcpus": 4}]}, {"accountvCpus": {"EC2": 16}}]))
    return workload, built, reserved, {"capacity": capacity, "preset": draw(st.sampled_from(["ideal", "measured"]))}


@given(world=confined(), seed=st.integers(0, 3))
@MADE_UP
def test_what_is_confined_to_reservations_begins_in_one(world, seed):
    workload, built, reserved, environment = world
    recording = run(workload, *built, seed=seed, duration_s=3000.0, reservations=reserved, **environment)
    assert_laws(recording, workload, built)
    assert_reservation_laws(recording, built, reserved)
    stays, instances = recording.reservations, recording.instances
    begun = {(int(i), float(since)) for i, since in zip(stays.instance, stays.since, strict=True)}
    groups = {group for each in reserved for group in each.groups}
    for number, index in enumerate(instances.environment):
        use = built[index].reservation_use
        if use.preference == "only" or any(target not in groups for target in use.targets):
            gone_at_once = instances.requested_at[number] == instances.terminated_at[number]
            assert gone_at_once or (number, float(instances.requested_at[number])) in begun
    # A Capacity Block's price is paid, to the cent, whatever became of it.
    outcome = Outcome(workload, configuration(*built, reservations=reserved), recording)
    for index, each in enumerate(outcome.costs.reservations):
        if each.spec.is_block:
            inside = np.unique(stays.instance[stays.reservation == index])
            used = outcome.costs.instance_total[inside].sum()
            hours = (each.spec.ends_at - each.spec.starts_at) / HOUR
            assert used + each.unused_usd == pytest.approx(each.spec.instances * hours * each.spec.usd_per_hour)


@given(world=confined())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=15)
def test_the_same_seed_gives_the_same_stays(world):
    workload, built, reserved, environment = world
    first, second = (run(workload, *built, seed=5, reservations=reserved, **environment) for _ in range(2))
    for column, values in vars(first.reservations).items():
        assert values.tobytes() == getattr(second.reservations, column).tobytes()
