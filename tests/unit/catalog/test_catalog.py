from __future__ import annotations

import csv
import math
from datetime import date

import numpy as np
import pytest

from batchsim.catalog import billing, fargate, prices, spot_advisor
from batchsim.catalog.catalog import NotInCatalogError
from batchsim.catalog.instance_types import expand, instance_types, known_entries
from batchsim.catalog.memory import usable_memory_mib


def families(entry, **options):
    return {kind.family for kind in expand(entry, **options)}


def test_all_types_and_prices_are_there():
    assert len(instance_types()) == 1424
    assert len(prices.on_demand_usd_per_hour("us-east-1")) == 1367
    assert len(prices.regions()) == 35
    assert prices.on_demand_usd_per_hour("us-east-1")["c6i.large"] == 0.085


def test_the_tables_are_the_public_figures(shared_data):
    # Of the public prices those that are no family's factor are replaced, and of several families the factor.
    with (shared_data / "ec2_on_demand_prices.csv").open() as file:
        rows = list(csv.DictReader(file))
    ours = [prices.on_demand_usd_per_hour(row["region"])[row["instance_type"]] for row in rows]
    same = sum(abs(usd / float(row["usd_per_hour"]) - 1) < 0.002 for usd, row in zip(ours, rows, strict=True))
    assert same > 0.94 * len(rows)
    with (shared_data / "spot_advisor.csv").open() as file:
        for row in csv.DictReader(file):
            ours = spot_advisor.spot_advice(row["region"])[row["instance_type"]]
            assert ours == (int(row["interruption_bucket"]), int(row["savings_percent"]) / 100)
    with (shared_data / "ec2_instance_types.csv").open() as file:
        for row in csv.DictReader(file):
            kind = instance_types()[row["instance_type"]]
            assert (kind.vcpus, kind.memory_mib, kind.gpus) == (
                int(row["vcpus"]),
                int(row["memory_mib"]),
                int(row["gpus"]),
            )


def test_entries_expand_as_aws_does():
    assert [kind.name for kind in expand("m6i.4xlarge")] == ["m6i.4xlarge"]
    assert families("c6i") == {"c6i"}
    assert not any(kind.bare_metal for kind in expand("c6i"))
    assert [kind.name for kind in expand("m6i.metal")] == ["m6i.metal"]
    assert families("default_x86_64") == {"m6i", "c6i", "r6i", "c7i"}
    assert families("default_arm64") == {"m6g", "c6g", "r6g", "c7g"}
    assert families("optimal") == families("default_x86_64")
    assert families("optimal", on=date(2025, 10, 31)) == {"c4", "m4", "r4"}
    assert [kind.vcpus for kind in expand("c6i")] == [2, 4, 8, 16, 32, 48, 64, 96, 128]
    assert {"optimal", "c6i", "c6i.large"} <= set(known_entries())
    with pytest.raises(NotInCatalogError, match="c6j"):
        expand("c6j")


@pytest.mark.parametrize(
    ("name", "usable"),
    [
        ("c6i.large", 3775), ("c6i.xlarge", 7738), ("c6i.2xlarge", 15663), ("c6i.4xlarge", 31514),
        ("c6i.8xlarge", 63214), ("c6i.32xlarge", 253783), ("m6i.large", 7739), ("m6i.xlarge", 15664),
        ("m6i.2xlarge", 31515), ("m6i.4xlarge", 63218), ("m6i.8xlarge", 126718), ("m6i.32xlarge", 507799),
        ("r6i.large", 15665), ("r6i.xlarge", 31516), ("r6i.4xlarge", 126722), ("c7i.large", 3759),
        ("m7g.large", 7724), ("g4dn.xlarge", 15636), ("r6id.xlarge", 31516), ("r6id.4xlarge", 126722),
    ],
)  # fmt: skip
def test_usable_memory_is_the_measured_one(name, usable):
    # r6id was seen at 31,517 and 126,722 in ECS.
    assert usable_memory_mib(instance_types()[name]) == usable


def test_usable_memory_is_less_than_installed_and_grows_with_it():
    for kind in instance_types().values():
        assert 0.84 * kind.memory_mib - 200 < usable_memory_mib(kind) < kind.memory_mib
    c6i = [usable_memory_mib(kind) for kind in expand("c6i")]
    assert c6i == sorted(c6i)
    large = instance_types()["c6i.large"]
    assert usable_memory_mib(large, reserved_mib=132) == usable_memory_mib(large) - 100


def test_hazard_gives_back_the_monthly_share():
    for bucket, share in enumerate([0.025, 0.075, 0.125, 0.175, 0.30]):
        assert 1 - math.exp(-spot_advisor.interruption_hazard_per_hour(bucket) * 730) == pytest.approx(share)


def test_what_the_catalog_lacks_is_named():
    with pytest.raises(NotInCatalogError, match="no on-demand prices for mars-north-1"):
        prices.on_demand_usd_per_hour("mars-north-1")
    with pytest.raises(NotInCatalogError, match="no Fargate price for us-gov-west-1"):
        fargate.price("us-gov-west-1", "X86_64")


def test_fargate_sizes():
    assert sum(len(sizes) for sizes in fargate.SIZES.values()) == 77
    assert fargate.is_legal(0.25, 512)
    assert not fargate.is_legal(0.25, 4096)
    assert fargate.nearest_legal(1, 9000) == (2, 9216)
    assert fargate.nearest_legal(3, 8000) == (4, 8192)
    assert fargate.nearest_legal(64, 512) is None


def test_billing_rules():
    assert list(billing.billed_instance_s(np.array([10.0, 60.0, 61.5]))) == [60, 60, 61.5]
    assert list(billing.billed_task_s(np.array([10.0, 60.0, 61.5, 62.0 + 1e-9]))) == [60, 60, 62, 62]
    assert list(billing.is_free_spot(np.array([3599.0, 3600.0]))) == [True, False]
