"""What a run pays where a region's prices are derived, and that it says so."""

from __future__ import annotations

import json

import batchsim as bs
from batchsim.catalog.user_catalog import read_catalog
from batchsim.report import narrative
from tests.builders import definition, environment, job, scenario, workflow
from tests.catalogs import write_catalog


def of(*types, vcpus="2", memory="7000", kind="EC2", runtime=3600, **members):
    chosen = environment(type=kind, instanceTypes=list(types), allocationStrategy="BEST_FIT")
    return bs.run(
        scenario(
            workflow(job(runtime=runtime)),
            environments=[chosen],
            definitions=[definition(vcpus=vcpus, memory=memory)],
            **members,
        )
    )


def launched(result):
    return [(each.instance_type, each.price_usd_per_hour) for each in result.instances.itertuples()]


def test_a_size_without_a_figure_is_launched_at_its_share_of_the_family():
    # m6i.xlarge is 0.224 in us-west-1, and m6i.large half of it.
    west = of("m6i", region="us-west-1")
    assert launched(west) == [("m6i.large", 0.112)]
    assert launched(of("c6i", vcpus="8", region="us-west-2")) == [("c6i.2xlarge", 0.34)]
    assert west.summary["prices"] == {
        "region": "us-west-1", "as_of": "2025-03-02", "old": True, "catalog": "bundled", "fargate_derived": False,
        "stated": [],
        "candidates_derived": 3,
        "types": [{
            "instance_type": "m6i.large", "on_demand_usd_per_hour": 0.112, "price_derived_from": "m6i",
            "spot_derived_from": None,
        }],
    }  # fmt: skip
    assert (
        narrative.prices_sentence(west.summary["prices"])
        == "us-west-1, of 2025-03-02, over a year old; 1 derived: m6i.large ~0.112"
    )


def test_a_price_that_the_scenario_states_is_not_the_catalogs():
    stated = of("m6i", region="us-west-1", settings={"prices": {"overrides": {"m6i.large": 0.1}}})
    assert launched(stated) == [("m6i.large", 0.1)]
    assert stated.summary["prices"]["types"] == []
    assert stated.summary["prices"]["stated"] == ["m6i.large"]
    assert narrative.prices_sentence(stated.summary["prices"]).endswith("; 1 stated: m6i.large")


def test_prices_of_a_region_that_the_catalog_lacks_are_of_no_day():
    overrides = {"c6i.large": 0.1, "gp3": {"gbMonth": 0.08}}
    prices = of(
        "c6i.large", memory="1024", region="mx-central-9", settings={"prices": {"overrides": overrides}}
    ).summary["prices"]
    assert (prices["as_of"], prices["old"], prices["types"]) == (None, False, [])
    assert narrative.prices_sentence(prices) == "mx-central-9, all stated"


def test_statistics_of_a_neighbour_are_told():
    result = of("m8a", kind="SPOT", region="us-east-1", settings={"spot": {"prices": "advisor"}})
    (kind,) = result.summary["prices"]["types"]
    assert (kind["price_derived_from"], kind["spot_derived_from"]) == (None, "m7a")
    assert "Spot by a neighbour: m8a." in narrative.prices_sentence(result.summary["prices"])


def test_prices_are_old_by_the_start_of_the_scenario_or_beside_the_newest():
    # Those of us-east-1 are of 2026-07-20: 365 days before 2027-07-20, and 505 after those of eu-west-1.
    for region, start, old in (
        ("us-east-1", "2027-07-20T00:00:00Z", False),
        ("us-east-1", "2027-07-21T00:00:00Z", True),
        ("eu-west-1", "2025-04-01T00:00:00Z", True),
    ):
        prices = of("c6i.large", memory="1024", region=region, start=start).summary["prices"]
        assert prices["old"] is old
        assert ("over a year old" in narrative.prices_sentence(prices)) is old


def test_prices_of_replications_are_those_of_each():
    loaded = scenario(environments=[environment(instanceTypes=["m6i"])], region="us-west-1")
    several = bs.run(loaded, replications=3).summary
    assert several["prices"] == bs.run(loaded).summary["prices"]
    assert json.dumps(several["prices"])


def test_a_catalog_of_ones_own_is_never_filled(tmp_path):
    prices = "instance_type,us-east-1\nc6i.large,0.1\n"
    folder = write_catalog(tmp_path / "live", on_demand_prices=prices)
    settings = {"prices": {"catalog": "live"}}
    result = of("c6i", memory="1024", base=tmp_path, settings=settings)
    assert {each.instance_type for each in result.scenario.configuration.environments[0].offerings} == {"c6i.large"}
    told = result.summary["prices"]
    assert (told["as_of"], told["catalog"], told["types"]) == ("2026-11-23", read_catalog(folder).digest, [])


def test_fargate_says_where_its_price_is_derived():
    fargate = definition(vcpus="1", memory="2048", platformCapabilities=["FARGATE"])
    for region, derived in (("us-east-1", False), ("me-central-1", True)):
        loaded = scenario(environments=[environment(type="FARGATE")], definitions=[fargate], region=region)
        assert bs.run(loaded).summary["prices"]["fargate_derived"] is derived
