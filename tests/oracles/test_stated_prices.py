"""Prices that a scenario states itself, worked by hand: a stated price is a price, of instances and of tasks."""

from __future__ import annotations

import json

import pytest

import batchsim as bs
from batchsim.errors import ScenarioError
from batchsim.spec.stated_prices import OTHER_KEYS
from batchsim.validation.validate import validate
from tests.builders import definition, environment, job, scenario, workflow
from tests.catalogs import write_catalog

C6I_LARGE = 0.085  # USD per hour in us-east-1
SAVINGS = 0.63  # of the Spot Instance Advisor, for c6i.large there
FARGATE_VCPU, FARGATE_GB = 0.04048, 0.004445
ARM_VCPU, ARM_GB = 0.03238, 0.00356
CURES = "environment.prices.overrides", "`batchsim prices refresh`"
#: A region that no catalog has.
NOWHERE = "eu-nowhere-1"


def made(overrides, kind="EC2", types=("c6i.large",), *, task=None, settings=None, **members):
    spot = {"allocationStrategy": "SPOT_CAPACITY_OPTIMIZED"} if kind == "SPOT" else {}
    resources = {"instanceTypes": list(types), "maxvCpus": 2, **spot, **members.pop("resources", {})}
    settings = {"ec2": {"rootVolume": 0}, **(settings or {})}
    settings["prices"] = {"overrides": overrides, **settings.get("prices", {})}
    return scenario(
        workflow(job(runtime=3600)),
        environments=[environment(type=kind, **resources)],
        definitions=[task or definition()],
        settings=settings,
        **members,
    )


def hour(overrides, kind="EC2", **members):
    """What an hour of one instance, or of one task, costs."""
    return bs.run(made(overrides, kind, **members)).summary["cost_usd"]["total"]


@pytest.mark.parametrize(
    ("overrides", "on_demand", "spot"),
    [
        ({}, C6I_LARGE, C6I_LARGE * (1 - SAVINGS)),
        ({"c6i.large": 0.05}, 0.05, 0.05 * (1 - SAVINGS)),
        # A family's figure is per vCPU-hour, and c6i.large has two.
        ({"c6i": 0.03}, 2 * 0.03, 2 * 0.03 * (1 - SAVINGS)),
        ({"c6i.large": {"spot": 0.02}}, C6I_LARGE, 0.02),
        ({"c6i": {"onDemand": 0.03, "spot": 0.011}}, 2 * 0.03, 2 * 0.011),
        ({"c6i.large": {"discount": 0.1}}, 0.9 * C6I_LARGE, 0.9 * C6I_LARGE * (1 - SAVINGS)),
        ({"c6i": {"discount": 0.1}}, 0.9 * C6I_LARGE, 0.9 * C6I_LARGE * (1 - SAVINGS)),
        ({"EC2": {"discount": 0.1}}, 0.9 * C6I_LARGE, C6I_LARGE * (1 - SAVINGS)),
        ({"SPOT": {"discount": 0.1}}, C6I_LARGE, 0.9 * C6I_LARGE * (1 - SAVINGS)),
        # The nearer key holds, figure by figure: the type's Spot price, the family's on-demand price.
        ({"c6i.large": {"spot": 0.02}, "c6i": 0.03, "EC2": {"discount": 0.5}}, 2 * 0.03, 0.02),
        ({"c6i.large": {"discount": 0.2}, "c6i": 0.03}, 0.8 * C6I_LARGE, 0.8 * C6I_LARGE * (1 - SAVINGS)),
        ({"c6i.large": {"discount": 0.2}, "EC2": {"discount": 0.5}}, 0.8 * C6I_LARGE, 0.8 * C6I_LARGE * (1 - SAVINGS)),
        # A stated price is what is paid: no discount is taken off it.
        ({"c6i.large": 0.05, "EC2": {"discount": 0.5}}, 0.05, 0.05 * (1 - SAVINGS)),
        # Another size of the family.
        ({"c6i.xlarge": 9.0}, C6I_LARGE, C6I_LARGE * (1 - SAVINGS)),
        ({"c6i.large": 0}, 0, 0),
    ],
)
def test_an_hour_of_an_instance(overrides, on_demand, spot):
    assert hour(overrides) == pytest.approx(on_demand, abs=1e-12)
    assert hour(overrides, "SPOT") == pytest.approx(spot, abs=1e-12)


def test_a_fixed_discount_of_the_market_is_on_the_stated_price():
    market = {"spot": {"interruptions": "none", "prices": {"discount": 0.25}}}
    assert hour({"c6i.large": 1.0}, "SPOT", settings=market) == pytest.approx(0.75)
    assert hour({"c6i.large": {"spot": 0.04}}, "SPOT", settings=market) == pytest.approx(0.04)


X86, ARM = FARGATE_VCPU + 2 * FARGATE_GB, ARM_VCPU + 2 * ARM_GB  # an hour of 1 vCPU and 2 GB


@pytest.mark.parametrize(
    ("overrides", "fargate", "spot", "arm", "arm_spot"),
    [
        ({}, X86, 0.3 * X86, ARM, 0.3 * ARM),
        # Fargate Spot follows the stated price by its discount, as it would the catalog's.
        ({"FARGATE": {"vcpuHour": 0.05, "gbHour": 0.01}}, 0.07, 0.3 * 0.07, ARM, 0.3 * ARM),
        ({"FARGATE_ARM": {"vcpuHour": 0.05, "gbHour": 0.01}}, X86, 0.3 * X86, 0.07, 0.3 * 0.07),
        ({"FARGATE": {"discount": 0.1}}, 0.9 * X86, 0.3 * X86, 0.9 * ARM, 0.3 * ARM),
        ({"FARGATE_SPOT": {"discount": 0.1}}, X86, 0.9 * 0.3 * X86, ARM, 0.9 * 0.3 * ARM),
        ({"FARGATE": {"discount": 0.1}, "FARGATE_ARM": {"discount": 0.2}}, 0.9 * X86, 0.3 * X86, 0.8 * ARM, 0.3 * ARM),
    ],
)
def test_an_hour_of_a_task(overrides, fargate, spot, arm, arm_spot):
    market = {"spot": {"interruptions": "none", "fargateDiscount": 0.7}}
    task, of_arm = (definition(vcpus="1", memory="2048", platformCapabilities=["FARGATE"]) for _ in range(2))
    of_arm["containerProperties"]["runtimePlatform"] = {"cpuArchitecture": "ARM64"}
    paid = [
        hour(overrides, kind, task=each, settings=market)
        for each in (task, of_arm)
        for kind in ("FARGATE", "FARGATE_SPOT")
    ]
    assert paid == pytest.approx([fargate, spot, arm, arm_spot], abs=1e-12)


def test_fargate_spot_may_be_stated_too():
    task = definition(vcpus="1", memory="2048", platformCapabilities=["FARGATE"])
    stated = {"FARGATE_SPOT": {"vcpuHour": 0.013, "gbHour": 0.0014}}
    assert hour(stated, "FARGATE_SPOT", task=task) == pytest.approx(0.013 + 2 * 0.0014)
    arm = {"FARGATE_SPOT_ARM": {"vcpuHour": 0.011, "gbHour": 0.001}}
    task["containerProperties"]["runtimePlatform"] = {"cpuArchitecture": "ARM64"}
    assert hour(arm, "FARGATE_SPOT", task=task) == pytest.approx(0.011 + 2 * 0.001)


def test_the_price_of_root_volumes():
    settings = {"ec2": {"rootVolume": "73GiB"}}
    assert hour({"c6i.large": 0, "gp3": {"gbMonth": 0.1}}, settings=settings) == pytest.approx(0.01)
    assert hour({"c6i.large": 0, "gp3": {"discount": 0.25}}, settings=settings) == pytest.approx(0.006)


# Where the catalog has no price


@pytest.mark.parametrize(
    ("kind", "overrides", "usd"),
    [
        ("EC2", {"c6i.large": 0.34}, 0.34),
        ("EC2", {"c6i": 0.1}, 0.2),
        ("SPOT", {"c6i.large": {"spot": 0.2}}, 0.2),
        ("SPOT", {"c6i.large": {"onDemand": 0.34, "spot": 0.2}}, 0.2),
    ],
)
def test_a_region_without_prices_runs_on_those_that_are_stated(kind, overrides, usd):
    given = made(overrides, kind, region=NOWHERE)
    assert [warning.code for warning in given.warnings] == ["unknown-region"]
    assert bs.run(given).summary["cost_usd"]["total"] == pytest.approx(usd)


def test_a_fixed_discount_needs_no_statistics_of_the_region():
    market = {"spot": {"interruptions": "none", "prices": {"discount": 0.5}}}
    assert hour({"c6i.large": 0.34}, "SPOT", region=NOWHERE, settings=market) == pytest.approx(0.17)


@pytest.mark.parametrize("kind", ["FARGATE", "FARGATE_SPOT"])
def test_fargate_where_there_is_no_price_of_it(kind):
    task = definition(vcpus="1", memory="2048", platformCapabilities=["FARGATE"])
    stated = {kind: {"vcpuHour": 0.05, "gbHour": 0.01}}
    assert hour(stated, kind, task=task, region=NOWHERE) == pytest.approx(0.05 + 2 * 0.01)
    # ARM64 alone may be stated.
    task["containerProperties"]["runtimePlatform"] = {"cpuArchitecture": "ARM64"}
    assert hour({f"{kind}_ARM": stated[kind]}, kind, task=task, region=NOWHERE) == pytest.approx(0.05 + 2 * 0.01)


def test_a_type_that_a_region_has_no_price_of(tmp_path):
    prices = "instance_type,us-east-1\nc6i.large,0.1\nc6i.xlarge,\n"
    settings = {"prices": {"catalog": str(write_catalog(tmp_path / "live", on_demand_prices=prices))}}
    with pytest.raises(ScenarioError) as caught:
        made({}, types=["c6i.xlarge"], settings=settings)
    (finding,) = caught.value.findings
    assert finding.code == "instance-type"
    assert all(cure in finding.expected for cure in CURES)
    assert hour({"c6i.xlarge": 0.8}, types=["c6i.xlarge"], settings=settings) == pytest.approx(0.8)
    # The Advisor's savings in that catalog are 75 %.
    assert hour({"c6i.xlarge": 0.8}, "SPOT", types=["c6i.xlarge"], settings=settings) == pytest.approx(0.2)
    # A family has the sizes of which there is a price.
    of_family = made({"c6i": 0.2}, types=["c6i"], settings=settings).configuration.environments[0].offerings
    assert {o.instance_type: o.price_usd_per_hour for o in of_family} == {"c6i.large": 0.4, "c6i.xlarge": 0.8}


def test_the_hazard_of_a_type_without_statistics_is_the_worst():
    known, unknown = (
        made({"c6i.large": {"spot": 0.02}}, "SPOT", region=region, settings={"spot": {"interruptions": "advisor"}})
        for region in ("us-east-1", NOWHERE)
    )
    assert sorted(warning.code for warning in unknown.warnings) == ["spot-statistics", "unknown-region"]
    assert known.warnings == ()
    (offering,) = unknown.configuration.environments[0].offerings
    assert offering.interruption_bucket == 4
    # Where interruptions do not follow the Advisor, there is nothing to say.
    none = {"spot": {"interruptions": {"ratePerHour": 0.1}}}
    stated = made({"c6i.large": {"spot": 0.02}}, "SPOT", region=NOWHERE, settings=none)
    assert [warning.code for warning in stated.warnings] == ["unknown-region"]


@pytest.mark.parametrize(
    ("example", "given"),
    [
        ("{c6i.large: USD per hour}", {"overrides": {}, "region": NOWHERE}),
        ("{c6i.large: USD per hour}", {"overrides": {"c6i.xlarge": 1}, "region": NOWHERE}),
        ("{c6i: USD per vCPU-hour}", {"overrides": {"m6i": 1}, "region": NOWHERE, "types": ["c6i"]}),
        # A discount on nothing is no price.
        ("{c6i.large: USD per hour}", {"overrides": {"c6i": {"discount": 0.1}}, "region": NOWHERE}),
        # A Spot price says nothing of on demand.
        ("{c6i.large: USD per hour}", {"overrides": {"c6i": {"spot": 0.1}}, "region": NOWHERE}),
        ("{c6i.large: {spot: USD per hour}}", {"overrides": {"c6i": 1}, "region": NOWHERE, "kind": "SPOT"}),
        ("{FARGATE: {vcpuHour: USD, gbHour: USD}}", {"overrides": {"EC2": {"discount": 0}}, "region": NOWHERE,
                                                     "kind": "FARGATE"}),
    ],
)  # fmt: skip
def test_what_lacks_a_price_names_the_cures(example, given):
    task = definition(platformCapabilities=["FARGATE"], vcpus="1", memory="2048")
    with pytest.raises(ScenarioError) as caught:
        made(**given, task=task if given.get("kind") == "FARGATE" else None)
    told = [finding for finding in caught.value.findings if finding.severity == "error"]
    assert told
    for finding in told:
        assert all(cure in finding.expected for cure in CURES), str(finding)
        assert example in finding.expected


def test_arm_tasks_without_a_price_name_the_cures_in_traces_too(tmp_path):
    catalog = str(write_catalog(tmp_path / "live"))  # has Fargate prices of X86_64 alone
    task = definition(vcpus="1", memory="2048", platformCapabilities=["FARGATE"])
    task["containerProperties"]["runtimePlatform"] = {"cpuArchitecture": "ARM64"}
    (tmp_path / "jobs.csv").write_text("job_name,submitted_at,runtime_s\na,0,3600\n")
    replayed = {"format": "csv", "path": "jobs.csv", "jobQueue": "queue", "jobDefinition": "task"}
    given = {"environments": [environment(type="FARGATE")], "definitions": [task], "base": tmp_path}
    for work in workflow(job(runtime=3600)), {"trace": replayed}:
        with pytest.raises(ScenarioError) as caught:
            scenario(work, settings={"prices": {"catalog": catalog}}, **given)
        assert all(cure in str(caught.value) for cure in (*CURES, "FARGATE_ARM"))
        stated = {"FARGATE_ARM": {"vcpuHour": 0.04, "gbHour": 0.004}}
        result = bs.run(scenario(work, settings={"prices": {"catalog": catalog, "overrides": stated}}, **given))
        assert result.summary["cost_usd"]["total"] == pytest.approx(0.04 + 2 * 0.004)


def test_what_a_catalog_of_ones_own_lacks_may_be_stated(tmp_path):
    # It has no volumes of the region, no Spot prices, no statistics.
    folder = write_catalog(tmp_path / "live", ebs_prices=None, spot_prices=None, spot_advisor=None)
    settings = {"ec2": {"rootVolume": "73GiB"}, "prices": {"catalog": str(folder)}}
    stated = {"c6i.large": {"spot": 0.02}, "gp3": {"gbMonth": 0.1}}
    assert hour(stated, "SPOT", settings=settings) == pytest.approx(0.02 + 0.01)
    for missing in stated:
        with pytest.raises(ScenarioError) as caught:
            made({key: entry for key, entry in stated.items() if key != missing}, "SPOT", settings=settings)
        assert missing in str(caught.value)
        assert all(cure in str(caught.value) for cure in CURES)


def test_a_live_spot_price_gives_way_to_a_stated_one_and_takes_a_discount(tmp_path):
    settings = {"prices": {"catalog": str(write_catalog(tmp_path / "live"))}}  # c6i.large: 0.1, on Spot 0.04
    assert hour({"c6i.large": {"spot": 0.03}}, "SPOT", settings=settings) == pytest.approx(0.03)
    assert hour({"c6i": {"discount": 0.1}}, "SPOT", settings=settings) == pytest.approx(0.9 * 0.04)


# Bids and histories


def test_a_discount_is_not_the_markets():
    # The Advisor's savings are 63 %: the market price is 37 % of on demand, whatever is paid of it.
    bid = {"bidPercentage": 37}
    assert hour({"c6i": {"discount": 0.5}}, "SPOT", resources=bid) == pytest.approx(0.5 * 0.37 * C6I_LARGE)
    assert hour({"EC2": {"discount": 0.9}}, "SPOT", resources=bid) == pytest.approx(0.37 * C6I_LARGE)


def test_a_recorded_price_is_paid_less_the_discount_and_gives_way_to_a_stated_one(tmp_path):
    entry = {
        "InstanceType": "c6i.large", "AvailabilityZone": "us-east-1a", "ProductDescription": "Linux/UNIX",
        "SpotPrice": "0.040000", "Timestamp": "2025-12-31T00:00:00+00:00",
    }  # fmt: skip
    (tmp_path / "history.json").write_text(json.dumps({"SpotPriceHistory": [entry]}))
    market = {"spot": {"interruptions": "none", "prices": {"history": "history.json"}}}
    given = {"settings": market, "base": tmp_path}
    assert hour({}, "SPOT", **given) == pytest.approx(0.04)
    assert hour({"SPOT": {"discount": 0.25}}, "SPOT", **given) == pytest.approx(0.03)
    assert hour({"c6i.large": {"spot": 0.02}}, "SPOT", **given) == pytest.approx(0.02)
    # What the recording lacks may be stated.
    assert hour({"c6i.xlarge": {"spot": 0.07}}, "SPOT", types=["c6i.xlarge"], **given) == pytest.approx(0.07)


# What is wrong with an entry


@pytest.mark.parametrize(
    ("overrides", "at", "words"),
    [
        ({"c6i.lrge": 1}, "c6i.lrge", "did you mean c6i.large?"),
        ({"c6": 1}, "c6", "did you mean c6"),
        ({"C6I": 1}, "C6I", "did you mean c6i?"),
        ({"FARGATE_X86": {"discount": 0.1}}, "FARGATE_X86", "did you mean FARGATE"),
        ({"optimal": 1}, "optimal", "there is no"),
        ({"c6i.large": -1}, "c6i.large", "expected 0 or more"),
        ({"c6i.large": "0.1"}, "c6i.large", "expected"),
        ({"c6i.large": {}}, "c6i.large", "expected a price, or a discount"),
        ({"c6i.large": {"ondemand": 1}}, "c6i.large.ondemand", "did you mean onDemand?"),
        ({"c6i.large": {"onDemand": 1, "discount": 0.1}}, "c6i.large", "expected one of them"),
        ({"c6i.large": {"discount": 10}}, "c6i.large.discount", "expected 1 or less"),
        ({"c6i.large": {"vcpuHour": 1, "gbHour": 1}}, "c6i.large", "expected USD per hour"),
        ({"c6i": {"gbMonth": 1}}, "c6i", "expected USD per vCPU-hour"),
        ({"FARGATE": 0.04}, "FARGATE", "expected {vcpuHour: USD, gbHour: USD}"),
        ({"FARGATE": {"vcpuHour": 0.04}}, "FARGATE", "expected both vcpuHour and gbHour"),
        ({"FARGATE": {"onDemand": 0.04}}, "FARGATE", "expected {vcpuHour: USD, gbHour: USD}"),
        ({"EC2": 0.05}, "EC2", "expected {discount: 0 to 1}"),
        ({"gp3": 0.08}, "gp3", "expected {gbMonth: USD, iopsMonth: USD, throughputMonth: USD}"),
        ({"gp2": {"iopsMonth": 0.08}}, "gp2", "expected {gbMonth: USD}"),
    ],
)
def test_a_wrong_entry_is_told_where_it_is_and_what_would_be_right(overrides, at, words):
    with pytest.raises(ScenarioError) as caught:
        made(overrides)
    told = [str(f) for f in caught.value.findings if f.path == f"environment.prices.overrides.{at}"]
    assert told, str(caught.value)
    assert any(words in text for text in told), told


@pytest.mark.parametrize(
    "key", ["m6i.large", "m6i", "c6i.xlarge", *(key for key in OTHER_KEYS if key not in {"EC2", "gp3"})]
)
def test_an_entry_that_nothing_uses_is_a_warning(key):
    entry = {"discount": 0.1} if key in OTHER_KEYS else 1.0
    assert [(w.code, w.path) for w in made({key: entry}).warnings] == [
        ("price-override", f"environment.prices.overrides.{key}")
    ]


def test_an_entry_is_used_where_a_variant_uses_it():
    given = {"m6i": 1.0, "c6i.large": {"spot": 0.01}, "FARGATE": {"discount": 0.1}}
    at = "batch.computeEnvironments.fleet.computeResources"
    variants = {
        "m": {f"{at}.instanceTypes": ["m6i.large"]},
        "spot": {f"{at}.type": "SPOT", f"{at}.allocationStrategy": "SPOT_CAPACITY_OPTIMIZED"},
    }
    told = [warning.path.rpartition(".")[2] for warning in made(given, variants=variants).warnings]
    assert told == ["FARGATE"]
    assert len(made(given).warnings) == 3


AT = "batch.computeEnvironments.fleet.computeResources"
VARIANTS = {"m": {f"{AT}.instanceTypes": ["m6i.large"]}, "r": {f"{AT}.instanceTypes": ["r6i.large"]}}
USED = {
    "settings": {"ec2": {"rootVolume": 0, "memory": {"c6i.large": 3000, "m6i.large": 7000}}},
    "variants": VARIANTS,
}


def test_what_the_base_or_another_variant_uses_is_used_in_a_variant(tmp_path):
    plan = made({"c6i.large": 0.08, "m6i.large": 0.09}, **USED)
    assert plan.warnings == ()
    assert all(plan.variant(name).warnings == () for name in VARIANTS)
    (tmp_path / "plan.yaml").write_text(plan.to_yaml())
    assert "price-override" not in {each.code for each in validate(tmp_path / "plan.yaml").findings}
    assert "instance-memory" not in {each.code for each in validate(tmp_path / "plan.yaml").findings}
    assert bs.load(tmp_path / "plan.yaml", variant="r").warnings == ()
    assert plan.with_({f"{AT}.instanceTypes": ["m6i.large"]}).warnings == ()


def test_what_a_variant_states_and_nothing_uses_is_told():
    variants = {"m": {**VARIANTS["m"], "environment.prices.overrides": {"m6i": 0.04, "g5": 0.5}}}
    plan = made({"c6i.large": 0.08}, variants=variants)
    assert plan.warnings == ()
    (warning,) = plan.variant("m").warnings
    assert warning.message == "no compute environment runs on g5"


@pytest.mark.parametrize(
    ("overrides", "unused"),
    [
        ({"FARGATE": {"discount": 0.5}}, ["FARGATE"]),
        ({"FARGATE": {"vcpuHour": 0.05, "gbHour": 0.01}}, []),
        ({"FARGATE_SPOT": {"discount": 0.5}}, []),
        # Its own price leaves nothing to follow.
        (
            {kind: {"vcpuHour": 0.05, "gbHour": 0.01} for kind in ("FARGATE", "FARGATE_SPOT")},
            ["FARGATE"],
        ),
    ],
)
def test_what_fargate_spot_does_not_follow_is_unused(overrides, unused):
    task = definition(vcpus="1", memory="2048", platformCapabilities=["FARGATE"])
    plan = made(overrides, "FARGATE_SPOT", task=task)
    told = [each.path.rpartition(".")[2] for each in plan.warnings if each.code == "price-override"]
    assert told == unused
    # And what is unused changes nothing.
    without = {key: entry for key, entry in overrides.items() if key not in unused}
    assert hour(overrides, "FARGATE_SPOT", task=task) == hour(without, "FARGATE_SPOT", task=task)


def test_a_price_by_dotted_path():
    plain = made({})
    for path, value in (
        ("environment.prices.overrides.c6i.large", 0.05),
        ("environment.prices.overrides.c6i", 0.025),
        ("environment.prices.overrides.c6i.large.onDemand", 0.05),
        ("environment.prices.overrides", {"c6i.large": 0.05}),
    ):
        assert bs.run(plain.with_({path: value})).summary["cost_usd"]["total"] == pytest.approx(0.05)
    both = {"environment.prices.overrides.c6i": 1, "environment.prices.overrides.c6i.large": 0.05}
    assert bs.run(plain.with_(both)).summary["cost_usd"]["total"] == pytest.approx(0.05)


def test_stated_prices_are_said_again_as_they_were(tmp_path):
    given = made({"c6i.large": {"onDemand": 0.05, "spot": 0.01}, "EC2": {"discount": 0.1}, "c6i": 0.03})
    path = tmp_path / "scenario.yaml"
    path.write_text(given.to_yaml(relative_to=tmp_path))
    assert bs.load(path).environment.prices.overrides == given.environment.prices.overrides
