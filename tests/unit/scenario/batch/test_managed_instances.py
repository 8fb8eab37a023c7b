"""What a managedInstancesProvider is resolved to."""

from __future__ import annotations

import math

import pytest

from batchsim.catalog.instance_types import allowed
from batchsim.errors import ScenarioError
from batchsim.scenario.batch.managed_instances import reservation_use
from batchsim.spec.reservations import ReservationUse
from tests.builders import environment, queue, scenario
from tests.managed import managed_definition, managed_environment


def resolved(settings=None, **changes):
    made = scenario(
        environments=[managed_environment(**changes)],
        queues=[queue("queue", "managed")],
        definitions=[managed_definition()],
        settings=settings,
    )
    return made.configuration.environments[0]


def names(environment):
    return [offering.instance_type for offering in environment.offerings]


def test_exact_types_families_and_wildcards():
    assert names(resolved(types=["c6i.large", "c6a.2xlarge"])) == ["c6i.large", "c6a.2xlarge"]
    family = names(resolved(types=["c6i"]))
    assert "c6i.large" in family
    assert "c6i.32xlarge" in family
    assert "c6i.metal" not in family
    # ECS Developer Guide, Amazon ECS Managed Instances instance types: c6i.* are all sizes of a family, m6*.* those of
    # a generation. A type that two entries stand for is there once.
    assert [kind.name for kind in allowed("c6i.*")] == family
    families = {kind.family for kind in allowed("m6*.*")}
    assert {"m6i", "m6a", "m6g"} <= families
    assert "m5" not in families
    assert names(resolved(types=["c6i.*"])) == family
    assert names(resolved(types=["c6i.large", "c6i"]))[0] == "c6i.large"
    assert len(names(resolved(types=["c6i.large", "c6i"]))) == len(family)


def test_without_types_any_general_purpose_one_of_both_architectures():
    environment = resolved(types=())
    assert {offering.architecture for offering in environment.offerings} == {"x86_64", "arm64"}
    assert {name[0] for name in names(environment)} == {"c", "m", "r"}
    assert not any(offering.gpus for offering in environment.offerings)
    assert not any("metal" in name for name in names(environment))


def test_the_options():
    assert resolved().purchase_option == "MANAGED_INSTANCES"
    assert resolved(spot=True).purchase_option == "MANAGED_INSTANCES_SPOT"
    assert resolved(capacityOptionType="ON_DEMAND").purchase_option == "MANAGED_INSTANCES"
    assert resolved().is_spot is False
    assert resolved(spot=True).is_spot is True


@pytest.mark.parametrize(("said", "seconds"), [(None, None), (-1, math.inf), (0, 0.0), (600, 600.0)])
def test_scale_in_after(said, seconds):
    assert resolved(after=said).scale_in_after_s == seconds


def test_the_volume_is_what_is_stated():
    small, large = resolved(), resolved(storageConfiguration={"storageSizeGiB": 300})
    assert large.root_volume_usd_per_hour == pytest.approx(10 * small.root_volume_usd_per_hour)


GROUP = "arn:aws:resource-groups:us-east-1:123456789012:group/reserved"


@pytest.mark.parametrize(
    ("said", "use"),
    [
        (None, ReservationUse()),
        ({"reservationPreference": "RESERVATIONS_ONLY"}, ReservationUse("only")),
        ({"reservationPreference": "RESERVATIONS_FIRST"}, ReservationUse("open")),
        ({"reservationPreference": "RESERVATIONS_EXCLUDED"}, ReservationUse("none")),
        (
            {"reservationPreference": "RESERVATIONS_ONLY", "reservationGroupArn": GROUP},
            ReservationUse("only", (GROUP,)),
        ),
    ],
)
def test_capacity_reservations(said, use):
    made = managed_environment(**({} if said is None else {"capacityReservations": said}))
    assert reservation_use(made["computeResources"]) == use


@pytest.mark.parametrize(("said", "built_for"), [("", "x86_64"), ("X86_64", "x86_64"), ("ARM64", "arm64")])
def test_a_job_is_built_for_its_architecture(said, built_for):
    made = scenario(
        environments=[managed_environment(types=["c6i", "c6g"])],
        queues=[queue("queue", "managed")],
        definitions=[managed_definition(architecture=said)],
    )
    assert made.configuration.definitions[0].shape.architecture == built_for
    assert made.sources[0].jobs[0].shape.architecture == built_for
    held = {
        o.architecture for o in made.configuration.environments[0].offerings if o.holds(made.sources[0].jobs[0].shape)
    }
    assert held == {built_for}


def test_a_wildcard_that_nothing_is_like_is_told():
    with pytest.raises(ScenarioError, match="no instance type or family 'c6x"):
        resolved(types=["c6x.*"])


def test_wildcards_are_for_managed_instances_alone():
    with pytest.raises(ScenarioError, match=r"no instance type or family 'c6i\.\*'"):
        scenario(environments=[environment(instanceTypes=["c6i.*"])])


def test_a_fee_is_a_share_of_a_price_that_is_known():
    # A region that the catalog lacks, where only the Spot price is stated: nobody knows what the fee is a share of.
    stated = {"c6i.large": {"spot": 0.03}, "gp3": {"gbMonth": 0.1}}

    def there(overrides):
        return scenario(
            environments=[managed_environment(types=["c6i.large"], spot=True)],
            queues=[queue("queue", "managed")],
            definitions=[managed_definition()],
            region="cn-north-1",
            settings={"prices": {"overrides": overrides}},
        )

    with pytest.raises(ScenarioError, match="of which its management fee is a share"):
        there(stated)
    made = there({**stated, "c6i.large": {"spot": 0.03, "managementFee": 0.01}})
    assert made.configuration.environments[0].offerings[0].management_usd_per_hour == 0.01
    assert not [each for each in made.warnings if each.code == "price-override"]
