from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import batchsim as bs
from batchsim.catalog import prices, spot_advisor
from batchsim.catalog.catalog import BUNDLED
from batchsim.catalog.instance_types import expand, known_entries
from batchsim.catalog.user_catalog import TABLES as NAMES
from batchsim.catalog.user_catalog import read_catalog
from batchsim.scenario.checking import check
from batchsim.scenario.document.document import Document
from tests.builders import definition, environment, scenario
from tests.catalogs import TABLES, write_catalog

USES = {"settings": {"prices": {"catalog": "live"}}}
FARGATE = {
    "environments": [environment(type="FARGATE")],
    "definitions": [definition(platformCapabilities=["FARGATE"], memory="2048")],
}
SPOT = {
    "type": "SPOT", "allocationStrategy": "SPOT_PRICE_CAPACITY_OPTIMIZED", "instanceTypes": ["c6i.large", "c6i.xlarge"],
}  # fmt: skip


def fleet(base, settings=None, region="us-east-1", **resources):
    """The offerings of one environment with the catalog ``live``."""
    chosen = {"prices": {"catalog": "live"}, **(settings or {})}
    made = scenario(environments=[environment(**resources)], base=base, settings=chosen, region=region)
    return {each.instance_type: each for each in made.configuration.environments[0].offerings}


def findings_of(base, **members):
    with pytest.raises(bs.ScenarioError) as caught:
        scenario(base=base, **{**USES, **members})
    return caught.value.findings


def test_a_scenario_uses_the_catalog_that_it_names(tmp_path):
    write_catalog(tmp_path / "live")
    assert fleet(tmp_path)["c6i.large"].price_usd_per_hour == 0.1
    made = scenario(base=tmp_path, **USES)
    assert made.configuration.environments[0].root_volume_usd_per_hour == pytest.approx(30 * 0.073 / 730)
    fargate = scenario(base=tmp_path, **USES, **FARGATE).configuration.environments[0].fargate
    assert {name: prices.usd_per_vcpu_hour for name, prices in fargate.items()} == {"X86_64": 0.05}


def test_a_scenario_that_names_none_has_the_bundled_one(tmp_path):
    before = scenario(base=tmp_path)
    write_catalog(tmp_path / "live")
    after = scenario(base=tmp_path)
    assert (after.catalog, after.digest, after.to_yaml()) == (BUNDLED, before.digest, before.to_yaml())
    assert "catalog" not in after.to_yaml()
    assert after.configuration.environments[0].offerings[0].price_usd_per_hour == 0.085
    assert prices.on_demand_usd_per_hour("us-east-1")["c6i.large"] == 0.085


def test_types_that_only_the_catalog_knows(tmp_path):
    write_catalog(tmp_path / "live")
    assert fleet(tmp_path, instanceTypes=["z9x"])["z9x.large"].price_usd_per_hour == 0.3
    assert {"z9x", "z9x.large"} <= set(known_entries(read_catalog(tmp_path / "live")))
    assert not {"z9x", "z9x.large"} & set(known_entries())
    # Of AWS's sets there is what the catalog has.
    catalog = read_catalog(tmp_path / "live")
    assert [kind.name for kind in expand("default_x86_64", catalog=catalog)] == ["c6i.large", "c6i.xlarge"]
    (finding,) = findings_of(tmp_path, environments=[environment(instanceTypes=["m6i"])])
    assert (finding.code, finding.path.rpartition(".")[0]) == (
        "instance-type",
        "batch.computeEnvironments.fleet.computeResources.instanceTypes",
    )
    assert str(tmp_path / "live") in finding.message


def test_overrides_come_on_top(tmp_path):
    write_catalog(tmp_path / "live")
    found = fleet(tmp_path, {"prices": {"catalog": "live", "overrides": {"z9x.large": 0.7}}}, instanceTypes=["z9x"])
    assert found["z9x.large"].price_usd_per_hour == 0.7


def test_spot_prices_are_the_market_s_and_interruptions_the_advisor_s(tmp_path):
    write_catalog(tmp_path / "live")
    large, xlarge = fleet(tmp_path, {"spot": {"interruptions": "advisor"}}, **SPOT).values()
    assert (large.price_usd_per_hour, large.interruption_bucket) == (0.04, 1)
    # Without a price of its own a type has the Advisor's saving on the catalog's on-demand price.
    assert (xlarge.price_usd_per_hour, xlarge.interruption_bucket) == (pytest.approx(0.2 * 0.25), 2)
    hazard = spot_advisor.interruption_hazard_per_hour(1)
    assert large.interruptions_per_hour == pytest.approx(hazard * 10 * 0.7)


def test_a_discount_leaves_the_market_aside(tmp_path):
    write_catalog(tmp_path / "live")
    large, _ = fleet(tmp_path, {"spot": {"prices": {"discount": 0.9}}}, **SPOT).values()
    assert large.price_usd_per_hour == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("table", "members"),
    [
        ("instance_types", {}),
        ("on_demand_prices", {}),
        ("ebs_prices", {}),
        ("spot_prices", {"environments": [environment(**SPOT)]}),
        ("spot_advisor", {"environments": [environment(**SPOT)]}),
        ("fargate_prices", FARGATE),
    ],
)
def test_a_table_that_is_missing_is_told_and_not_replaced(tmp_path, table, members):
    write_catalog(tmp_path / "live", **{table: None})
    (finding,) = findings_of(tmp_path, **members)
    assert finding.code == "not-in-catalog"
    assert finding.message == f"no table {table}.csv in the catalog {tmp_path / 'live'}"


def test_what_is_not_needed_may_be_missing(tmp_path):
    write_catalog(tmp_path / "live", fargate_prices=None, spot_prices=None, spot_advisor=None)
    assert fleet(tmp_path)["c6i.large"].price_usd_per_hour == 0.1


@pytest.mark.parametrize(
    ("table", "members", "said"),
    [
        ("on_demand_prices", {}, "no prices of 'us-east-1' in the catalog"),
        ("ebs_prices", {}, "no price of gp3 volumes for us-east-1 in the catalog"),
        ("spot_prices", {"environments": [environment(**SPOT)]}, "no Spot prices for us-east-1 in the catalog"),
        ("spot_advisor", {"environments": [environment(**SPOT)]}, "no Spot statistics for us-east-1 in the catalog"),
        ("fargate_prices", FARGATE, "no Fargate price for us-east-1 (X86_64) in the catalog"),
    ],
)
def test_a_region_that_is_missing_is_told_and_not_replaced(tmp_path, table, members, said):
    write_catalog(tmp_path / "live", **{table: TABLES[f"{table}.csv"].replace("us-east-1", "eu-west-1")})
    (finding,) = [each for each in findings_of(tmp_path, **members) if each.code == "not-in-catalog"]
    assert f"{said} {tmp_path / 'live'}" in finding.message


def test_an_architecture_that_is_missing(tmp_path):
    write_catalog(tmp_path / "live")
    arm = definition(platformCapabilities=["FARGATE"], memory="2048")
    arm["containerProperties"]["runtimePlatform"] = {"cpuArchitecture": "ARM64"}
    (finding,) = findings_of(tmp_path, environments=FARGATE["environments"], definitions=[arm])
    assert finding.message == f"no Fargate price for us-east-1 (ARM64) in the catalog {tmp_path / 'live'}"


TYPES = TABLES["instance_types.csv"]


@pytest.mark.parametrize(
    ("changes", "file", "line", "said"),
    [
        ({"on_demand_prices": "instance_type,us-east-1\nc6i.large,0.1\nm5,x\n"}, "on_demand_prices.csv", 3, "'x'"),
        ({"on_demand_prices": "instance_type,us-east-1\nc6i.large,nan\n"}, "on_demand_prices.csv", 2, "'nan'"),
        ({"on_demand_prices": "instance_type,us-east-1\nc6i.large,-1\n"}, "on_demand_prices.csv", 2, "'-1'"),
        ({"on_demand_prices": "instance_type,us-east-1\nc6i.large,1,2\n"}, "on_demand_prices.csv", 2, "3 columns"),
        ({"on_demand_prices": "type,us-east-1\n"}, "on_demand_prices.csv", 1, "expected instance_type,us-east-1"),
        ({"spot_prices": "instance_type,us-east-1,us-east-1\n"}, "spot_prices.csv", 1, "each once"),
        ({"spot_prices": ""}, "spot_prices.csv", 1, "it is empty"),
        ({"spot_prices": "\n" * 4_000_000}, "spot_prices.csv", 1, "it is empty"),
        ({"spot_prices": "\n" * 4_000_001}, "spot_prices.csv", 0, "4,000,001 bytes; expected 4,000,000 at most"),
        ({"spot_advisor": "instance_type,us-east-1\nc6i.large,5:10\n"}, "spot_advisor.csv", 2, "'5:10'"),
        ({"instance_types": TYPES.replace(",2,4096", ",0,4096")}, "instance_types.csv", 2, "vcpus '0'"),
        ({"instance_types": TYPES.replace("c6i.xlarge", "c6i.large")}, "instance_types.csv", 3, "twice"),
        ({"instance_types": TYPES.replace("vcpus", "cpus")}, "instance_types.csv", 1, "the columns are"),
        ({"fargate_prices": TABLES["fargate_prices.csv"].replace("X86", "x86")}, "fargate_prices.csv", 2, "x86_64"),
        ({"ebs_prices": "region,gp3_usd_per_gb_month\nus-east-1,\n"}, "ebs_prices.csv", 2, "expected USD"),
        ({"catalog": '{"date":\n'}, "catalog.json", 2, "not JSON"),
        ({"catalog": '{"date": "today"}'}, "catalog.json", 0, "of which day"),
        ({"catalog": "[]"}, "catalog.json", 0, "of which day"),
    ],
)
def test_faults_come_with_file_and_line(tmp_path, changes, file, line, said):
    write_catalog(tmp_path / "live", **changes)
    found = [each for each in findings_of(tmp_path) if each.code == "catalog"]
    assert {(each.file, each.path) for each in found} == {
        (str(tmp_path / "live" / file), "environment.prices.catalog"),
    }
    assert line in [each.line for each in found]
    assert said in "\n".join(map(str, found))


def test_faults_of_all_tables_come_at_once(tmp_path):
    folder = write_catalog(tmp_path / "live", ebs_prices="x\n", spot_prices="y\n", on_demand_prices=None)
    (folder / "fargate_prices.csv").write_bytes(b"\xff")
    found = findings_of(tmp_path)
    broken = {"ebs_prices.csv", "spot_prices.csv", "fargate_prices.csv"}
    assert {Path(each.file).name for each in found if each.code == "catalog"} == broken
    assert {each.code for each in found} == {"catalog", "not-in-catalog"}


def test_a_folder_that_is_no_catalog(tmp_path):
    (finding,) = findings_of(tmp_path)
    assert (finding.code, finding.path) == ("catalog", "environment.prices.catalog")
    assert f"no catalog in {tmp_path / 'live'}: No such file" in finding.message
    (tmp_path / "live").mkdir()
    assert "is no catalog: it has no catalog.json" in findings_of(tmp_path)[0].message
    assert [each.code for each in findings_of(tmp_path, settings={"prices": {"catalog": ""}})] == ["wrong-value"]


def test_the_digest_is_of_the_tables(tmp_path):
    write_catalog(tmp_path / "live")
    first = scenario(base=tmp_path, **USES)
    write_catalog(tmp_path / "live", catalog='{"date": "2026-11-24"}')
    assert scenario(base=tmp_path, **USES) == first
    write_catalog(tmp_path / "live", spot_prices="instance_type,us-east-1\n")
    assert scenario(base=tmp_path, **USES) != first
    # A figure that has changed on the way counts at once.
    write_catalog(tmp_path / "live", on_demand_prices="instance_type,us-east-1\nc6i.large,0.5\n")
    assert fleet(tmp_path)["c6i.large"].price_usd_per_hour == 0.5


def test_the_digest_does_not_depend_on_where_the_scenario_lies(tmp_path):
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        write_catalog(tmp_path / place / "live")
    assert scenario(base=tmp_path / "a", **USES) == scenario(base=tmp_path / "b", **USES)


def test_the_stored_scenario_finds_the_catalog_again(tmp_path):
    write_catalog(tmp_path / "live")
    made = scenario(base=tmp_path, **USES)
    folder = tmp_path / "results" / "test"
    folder.mkdir(parents=True)
    (folder / "scenario.yaml").write_text(made.to_yaml(relative_to=folder))
    again = bs.load(folder / "scenario.yaml")
    assert again.environment.prices.catalog == "../../live"
    assert again.catalog.digest == made.catalog.digest
    assert again.configuration == made.configuration


def test_a_variant_can_name_a_catalog(tmp_path):
    write_catalog(tmp_path / "live")
    variants = {"live": {"environment.prices.catalog": "live"}}
    made = scenario(base=tmp_path, settings={"prices": {}}, variants=variants)
    assert made.configuration.environments[0].offerings[0].price_usd_per_hour == 0.085
    assert made.variant("live").configuration.environments[0].offerings[0].price_usd_per_hour == 0.1
    # Stored elsewhere, the variant still finds it.
    (tmp_path / "results").mkdir()
    stored = tmp_path / "results" / "scenario.yaml"
    stored.write_text(made.to_yaml(relative_to=stored.parent))
    assert bs.load(stored).variant("live").configuration == made.variant("live").configuration


def test_a_document_alone_is_checked_with_its_catalog(tmp_path):
    write_catalog(tmp_path / "live")
    made = scenario(base=tmp_path, **USES, environments=[environment(instanceTypes=["z9x"])])
    document = Document(made.document.values, str(tmp_path / "scenario.yaml"))
    assert [each for each in check(document).findings if each.severity == "error"] == []


def test_every_table_but_the_spot_prices_has_a_bundled_twin():
    for name in NAMES:
        if name != "spot_prices.csv":
            assert BUNDLED.text(name).partition("\n")[0].split(",")[0] == TABLES[name].split(",")[0]


def test_the_bundled_tables_would_pass_as_a_folder(tmp_path):
    tables = {name: BUNDLED.text(name) for name in NAMES if name != "spot_prices.csv"}
    folder = write_catalog(tmp_path / "live", **{name.removesuffix(".csv"): text for name, text in tables.items()})
    catalog = read_catalog(folder)
    for region in ("us-east-1", "eu-central-1"):
        assert prices.on_demand_usd_per_hour(region, catalog) == prices.on_demand_usd_per_hour(region)
        assert spot_advisor.spot_advice(region, catalog) == spot_advisor.spot_advice(region)
    assert prices.as_of("us-east-1", catalog) == date(2026, 11, 23)
