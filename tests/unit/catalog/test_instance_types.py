"""What entries of instanceTypes and allowedInstanceTypes stand for, on which day and in whose catalog."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.catalog import fargate, prices
from batchsim.catalog.catalog import Catalog, NotInCatalogError
from batchsim.catalog.instance_types import (
    allowed,
    expand,
    instance_types,
    known_entries,
    missing_families,
    natural_key,
)
from batchsim.catalog.tables import cells_if_any, derived, figure
from tests.catalogs import TABLES

OWN = Catalog(folder="mine", day=date(2026, 11, 23), texts=TABLES)


@pytest.mark.parametrize(
    ("day", "families"),
    [
        (date(2025, 10, 31), ["c4", "m4", "r4"]),
        (date(2025, 11, 1), ["m6i", "c6i", "r6i", "c7i"]),  # AWS changed it in November 2025
        (date(2010, 1, 1), ["c4", "m4", "r4"]),  # before AWS Batch was there
        (None, ["m6i", "c6i", "r6i", "c7i"]),
    ],
)
def test_optimal_is_what_it_was_on_the_day(day, families):
    found = expand("optimal", on=day)
    assert list(dict.fromkeys(kind.family for kind in found)) == families
    # All sizes of each but bare metal, the smallest first.
    assert found == tuple(kind for family in families for kind in expand(family))


def test_a_catalog_of_ones_own_may_lack_families_of_a_set():
    assert [kind.name for kind in expand("optimal", catalog=OWN)] == ["c6i.large", "c6i.xlarge"]
    assert missing_families("optimal", OWN) == ["m6i", "r6i", "c7i"]
    assert missing_families("optimal") == missing_families("c6i", OWN) == []
    with pytest.raises(NotInCatalogError, match="no instance type or family 'm6i' in the catalog mine"):
        expand("m6i", catalog=OWN)


@pytest.mark.parametrize(
    ("entry", "names"),
    [
        ("m6i.large", ["m6i.large"]),
        ("m6i.metal", ["m6i.metal"]),  # where it is named
        ("c6i.*xlarge", ["c6i.xlarge", *(f"c6i.{n}xlarge" for n in (2, 4, 8, 12, 16, 24, 32))]),
        ("c?i.large", []),  # a star alone is a wildcard
        ("*.nothing", []),
        ("r6i.metal*", []),  # bare metal is named or not meant
    ],
)
def test_wildcards_stand_for_sizes_the_smallest_first(entry, names):
    if names:
        assert [kind.name for kind in allowed(entry)] == names
    else:
        with pytest.raises(NotInCatalogError, match="no instance type"):
            allowed(entry)


def test_a_wildcard_without_a_size_stands_for_families():
    assert allowed("c6*") == allowed("c6*.*")
    found = list(dict.fromkeys(kind.family for kind in allowed("c6*")))
    assert found == sorted(found, key=natural_key)
    assert {"c6i", "c6a", "c6g", "c6gn"} <= set(found)
    assert "c5" not in found


@given(st.lists(st.sampled_from(sorted(instance_types())), min_size=2, max_size=2))
def test_numbers_in_names_are_compared_as_numbers(names):
    assert natural_key("c6i.2xlarge") < natural_key("c6i.16xlarge")
    assert (natural_key(names[0]) == natural_key(names[1])) == (names[0] == names[1])


def test_an_entry_that_is_offered_as_known_leads_somewhere():
    entries = known_entries()
    metal_alone = [entry for entry in entries if "." not in entry and not _sizes(entry)]
    # Families of nothing but bare metal are entries that AWS refuses: their sizes have to be named.
    assert all(all(kind.bare_metal for kind in instance_types().values() if kind.family == f) for f in metal_alone)
    assert len(entries) == len(set(entries))


def _sizes(entry):
    try:
        return expand(entry)
    except NotInCatalogError:
        return ()


@pytest.mark.parametrize(
    ("cell", "said", "family"),
    [
        ("0.34", "0.34", None),
        ("~0.34", "0.34", "c5"),  # derived of the type's own family
        ("~0.34:c6i", "0.34", "c6i"),
        ("1:65", "1:65", None),
        ("~1:65:m7i-flex", "1:65", "m7i-flex"),
        ("~1:65", "1:65", "c5"),
        ("1:-20", "1:-20", None),  # dearer on Spot than on demand
        ("~", "", None),  # offered, and no price of it
    ],
)
def test_marks_of_cells(cell, said, family):
    assert figure(cell) == said
    assert derived([("c5.large", cell)]) == ({"c5.large": family} if family else {})


def test_cells_of_a_region_that_a_catalog_lacks_are_none_where_none_are_needed():
    assert cells_if_any("on_demand_prices.csv", "mars-north-1", OWN) == ()
    assert cells_if_any("spot_prices.csv", "us-east-1", OWN) == (("c6i.large", "0.04"),)  # an empty one is no figure
    assert prices.spot_usd_per_hour("us-east-1", OWN) == {"c6i.large": 0.04}


def test_prices_are_of_a_day():
    assert prices.as_of("us-east-1", OWN) == date(2026, 11, 23)
    assert prices.as_of("us-east-1") == prices.NEWEST
    assert prices.as_of("eu-west-1") < prices.NEWEST


@pytest.mark.parametrize(
    ("vcpus", "memory_mib", "nearest"),
    [
        (0.25, 512, (0.25, 512)),
        (0.25, 513, (0.25, 1024)),
        (0.25, 2049, (0.5, 3072)),
        (0.26, 512, (0.5, 1024)),
        (1, 8192, (1, 8192)),
        (1, 8193, (2, 9216)),
        (8, 61_441, (16, 65_536)),
        (16, 122_881, (32, 249_856)),
        (32, 249_856, (32, 249_856)),
        (32, 249_857, None),
        (32.01, 512, None),
    ],
)
def test_the_smallest_task_that_holds_a_request(vcpus, memory_mib, nearest):
    assert fargate.nearest_legal(vcpus, memory_mib) == nearest
    assert fargate.is_legal(vcpus, memory_mib) == (nearest == (vcpus, memory_mib))


def test_an_hour_of_a_task_is_that_of_the_pricing_page():
    # us-east-1: 0.04048 USD per vCPU-hour and 0.004445 per GB-hour on x86, 0.03238 and 0.00356 on ARM.
    x86, arm = (fargate.price("us-east-1", architecture) for architecture in ("X86_64", "ARM64"))
    assert 2 * x86.usd_per_vcpu_hour + 4 * x86.usd_per_gb_hour == pytest.approx(0.09874)
    assert 2 * arm.usd_per_vcpu_hour + 4 * arm.usd_per_gb_hour == pytest.approx(0.079, abs=1e-4)
    assert not fargate.is_derived("us-east-1")
    assert fargate.is_derived("ap-south-2")
    with pytest.raises(NotInCatalogError, match=r"no Fargate price for us-east-1 \(ARM64\) in the catalog mine"):
        fargate.price("us-east-1", "ARM64", OWN)
