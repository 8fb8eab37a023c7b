from __future__ import annotations

import pytest

from batchsim.spec.assumptions import Assumptions, RatePerHour, measured

#: What docs/defaults.md holds the defaults against: megabytes of an image, and seconds from created to started.
MEASURED_STARTS = {
    "a series of ten tasks, 2024-04-10": (413, 53, 62),
    "the web servers of AWS's own pages, 2019 to 2025": (55, 20, 31),
}


@pytest.mark.parametrize(("megabytes", "shortest", "longest"), MEASURED_STARTS.values(), ids=MEASURED_STARTS.keys())
def test_the_steps_of_a_start_on_fargate_add_up_to_what_was_measured(megabytes, shortest, longest):
    settings = measured()
    pull_s = megabytes * 1e6 / 2**20 / settings.image.fargate_pull_rate

    assert shortest <= settings.fargate.start.median + pull_s + settings.image.container_start <= longest


@pytest.mark.parametrize(
    ("spot", "fargate_hazard", "together"),
    [
        ({}, 0.01, 0.9),
        ({"interruptions": "none"}, 0.0, 0.0),  # of Fargate Spot too
        ({"interruptions": "none", "fargateRatePerHour": 0.5}, 0.0, 0.0),
        ({"interruptions": {"ratePerHour": 0.2}}, 0.01, 0.9),
        ({"interruptions": {"ratePerHour": 0.2}, "fargateRatePerHour": 0.5, "together": 0.3}, 0.5, 0.3),
        ({"interruptions": {"trace": "market.json"}}, 0.01, 0.0),  # the recording says what goes together
    ],
)
def test_what_has_no_effect_beside_the_market_is_none(spot, fargate_hazard, together):
    found = Assumptions.model_validate({"spot": spot}).spot
    assert (found.fargate_hazard_per_hour, found.together) == (fargate_hazard, together)


def test_of_an_ideal_world_only_what_is_stated_takes_time_or_is_interrupted():
    ideal = Assumptions.model_validate({"preset": "ideal"})
    assert ideal.spot.interruptions == RatePerHour(rate_per_hour=0.0)
    assert ideal.spot.fargate_hazard_per_hour == ideal.spot.together == 0.0
    delays = [ideal.ec2.launch, ideal.ec2.register_, ideal.managed_instances.launch, ideal.fargate.start]
    assert [each.mean_s() for each in delays] == [0.0] * 4
    assert ideal.image.size == ideal.scheduler.dispatch_interval == 0.0
    # What is stated holds, and what stands beside it is as ideal as before.
    stated = {"preset": "ideal", "ec2": {"launch": "30s"}, "spot": {"fargateRatePerHour": 0.5}}
    found = Assumptions.model_validate(stated)
    assert (found.ec2.launch.mean_s(), found.ec2.register_.mean_s()) == (30.0, 0.0)
    assert found.spot.fargate_hazard_per_hour == 0.5
    # Prices are those of the world as it is.
    assert ideal.prices == measured().prices


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ({"spot": {"interruptions": "non"}}, "did you mean none?"),
        ({"spot": {"interruptions": {"ratePerHour": 61}}}, "ratePerHour: 0 to 60"),
        ({"spot": {"interruptions": {"trace": "a", "ratePerHour": 1}}}, "expected advisor, none, ratePerHour"),
        ({"spot": {"prices": 0.3}}, "expected advisor, discount: 0 to 1, or history: a file"),
        ({"spot": {"prices": {"discont": 0.3}}}, "did you mean discount?"),
        ({"spot": {"together": 1.1}}, "less than or equal to 1"),
        ({"prices": {"savingsPlan": 0.28}}, "expected usdPerHour: the commitment"),  # a share commits to nothing
        ({"prices": {"savingsPlan": {"usdPerHour": -1}}}, "expected usdPerHour: the commitment"),
        ({"capacity": {"pools": [{}]}}, "expected vcpus, a schedule, or both"),
        ({"capacity": {"pools": [{"schedule": [{"at": 5, "vcpus": 1}, {"at": 5, "vcpus": 2}]}]}}, "not in order"),
        ({"capacity": {"accountvCpus": {"EC3": 5}}}, "EC3"),
        ({"fargate": {"launchBurst": 0}}, "greater than or equal to 1"),
        ({"fargate": {"launchesPerSecond": 0}}, "greater than 0"),
    ],
)
def test_a_world_that_can_t_be_is_refused_with_what_is_expected(section, told):
    with pytest.raises(ValueError, match=told):
        Assumptions.model_validate(section)
