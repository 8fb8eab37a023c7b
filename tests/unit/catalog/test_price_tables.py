"""How prices that no source has are derived, and that the bundled tables are what comes of it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.catalog import prices, spot_advisor
from batchsim.catalog.catalog import columns_of, rows
from batchsim.catalog.instance_types import instance_types
from tools.price_tables import (
    HOME,
    factors,
    family_of,
    home_prices,
    is_metal,
    markups,
    nearest_families,
    of_source,
    on_demand_cells,
    spot_cells,
)

TYPES = instance_types()
#: Sizes of one family, their price in us-east-1.
SIZES = {"c6i.large": 0.085, "c6i.xlarge": 0.17, "c6i.2xlarge": 0.34, "c6i.4xlarge": 0.68}


def test_a_size_without_a_figure_costs_its_share_of_the_family():
    # us-west-1: 0.224 for m6i.xlarge, 0.192 in us-east-1: 0.096 × 0.224 / 0.192 = 0.112.
    home = {"m6i.large": 0.096, "m6i.xlarge": 0.192}
    assert on_demand_cells("r", {"m6i.xlarge": 0.224}, {}, home, home, {}) == {
        "m6i.large": "~0.112",
        "m6i.xlarge": "0.224",
    }


def test_a_family_without_figures_goes_by_the_nearest_and_says_so():
    home = {"c7i.large": 0.09, "c6i.large": 0.08, "t3.large": 0.08, "p5.48xlarge": 55.0}
    found = {"c6i.large": 0.1, "t3.large": 0.2}
    cells = on_demand_cells("r", found, {}, {*home, "t8i.nano"}, home, {})
    assert cells["c7i.large"] == f"~{0.09 * 0.1 / 0.08:.4g}:c6i"
    # No other class stands in for an accelerator; what no source prices has no price.
    assert cells["p5.48xlarge"] == cells["t8i.nano"] == "~"


def test_nothing_is_said_of_types_that_are_not_offered():
    assert set(on_demand_cells("r", SIZES, {}, ["c6i.large"], SIZES, {})) == {"c6i.large"}


@given(
    factor=st.floats(0.5, 2), kinds=st.lists(st.sampled_from([0.0, 1.0, 1.1]), min_size=4, max_size=4).filter(
        lambda kinds: 1.0 in kinds
    )
)  # fmt: skip
def test_the_factor_is_found_among_dedicated_and_free_products(factor, kinds):
    found = {name: usd * factor * kind for (name, usd), kind in zip(SIZES.items(), kinds, strict=True)}
    assert factors(found, SIZES, {})["c6i"] == pytest.approx(factor, rel=0.013)


def test_a_family_all_of_whose_figures_are_dedicated_is_seen_by_its_neighbours():
    home = {**SIZES, "c5.large": 0.085, "c5.xlarge": 0.17, "c6in.large": 0.1134, "c6in.xlarge": 0.2268}
    found = {name: usd * (1.1 if name.startswith("c6i.") else 1) for name, usd in home.items()}
    found["c5.xlarge"] *= 1.06
    found["c6in.xlarge"] *= 1.1
    assert factors(found, home, {"c6i": 1.1})["c6i"] == pytest.approx(1)
    # Where its neighbours do not say so, it is dear.
    assert factors({name: found[name] for name in SIZES}, home, {"c6i": 1.1})["c6i"] == pytest.approx(1.1)
    assert markups([found], home) == {"c5": 1.06, "c6in": 1.1}


def test_bare_metal_costs_what_the_other_sizes_cost_per_vcpu():
    prices = {"m6g.large": 0.077, "m6g.xlarge": 0.154, "m6g.metal": 64 * 0.0385 * 1.06, "i3.metal": 4.992}
    cells = home_prices(prices, TYPES, ["r9g.large"])
    assert cells["m6g.metal"] == f"~{64 * 0.0385:.3f}"
    assert cells["i3.metal"] == "4.992"
    assert cells["r9g.large"] == "~"


@pytest.mark.parametrize(
    ("family", "nearest"),
    [
        ("c6id", "c6i"), ("m8a", "m7a"), ("c7gn", "c6gn"), ("r7iz", "r7i"), ("m7i-flex", "m7i"), ("g6e", "g6"),
        ("x8g", "c7g"), ("p5", None), ("u7i-12tb", None), ("hpc7g", None),
    ],
)  # fmt: skip
def test_the_nearest_family(family, nearest):
    known = ["c5d", "c6i", "m7a", "m7i", "m7g", "c6gn", "c7g", "r7i", "g6", "i4i", "t3"]
    assert next(iter(nearest_families(family, known)), None) == nearest


def test_spot_statistics_are_those_of_the_size_nearest_in_vcpus():
    found = {"m7a.large": "0:60", "m7a.48xlarge": "4:80"}
    cells = spot_cells(found, ["m7a.large", "m7a.32xlarge", "m8a.xlarge", "hpc7a.96xlarge"], TYPES)
    assert cells == {**found, "m7a.32xlarge": "~4:80", "m8a.xlarge": "~0:60:m7a"}


# The bundled tables


def marked(table: str) -> dict[str, dict[str, str]]:
    columns: dict[str, dict[str, str]] = {region: {} for region in columns_of(table)}
    for name, *cells in list(rows(table))[1:]:
        for region, cell in zip(columns, cells, strict=True):
            if cell.startswith("~"):
                columns[region][name] = cell
    return columns


ONE_SOURCE = {HOME, "us-gov-east-1", "us-gov-west-1"}


def test_the_derived_prices_are_what_the_figures_give():
    home = dict(prices.on_demand_usd_per_hour(HOME))
    source = of_source("on_demand_prices.csv")
    for region, derived in marked("on_demand_prices.csv").items():
        if region in ONE_SOURCE:
            continue
        figures = {name: float(cell) for name, cell in source[region].items()}
        again = on_demand_cells(region, {}, figures, derived, home, {})
        for name, cell in derived.items():
            figure, _, family = cell.removeprefix("~").partition(":")
            # Of a family all of whose figures were replaced the factor is left, and no trace of where from.
            if name in home and figure and (family or family_of(name)) in {family_of(each) for each in figures}:
                usd = float(again[name].removeprefix("~").partition(":")[0])
                assert usd == pytest.approx(float(figure), rel=0.013, abs=2e-4), (region, name)


def test_the_derived_spot_statistics_are_those_of_neighbours():
    source = of_source("spot_advisor.csv")
    for region, derived in marked("spot_advisor.csv").items():
        again = spot_cells(source[region], derived, TYPES)
        assert {name: again[name] for name in derived} == derived


def test_a_size_costs_its_share_of_the_family_everywhere():
    home = prices.on_demand_usd_per_hour(HOME)
    for region in prices.regions():
        shares: dict[str, list[float]] = {}
        for name, usd in prices.on_demand_usd_per_hour(region).items():
            if name in home and not is_metal(name):
                shares.setdefault(family_of(name), []).append(usd / home[name])
        apart = {family for family, each in shares.items() if max(each) > min(each) * 1.03}
        assert apart == set(), region


#: Of the AWS price list, as a copy of skypilot-org/skypilot-catalog from after November 2025 has it.
LATER = """
r5a.large ap-northeast-1 .137 ap-southeast-1 .136 ca-central-1 .124 eu-central-1 .137 eu-west-1 .127 us-west-1 .126
r5ad.12xlarge ap-northeast-1 3.816 ap-south-1 1.993 eu-west-1 3.504 eu-west-3 3.672 us-west-1 3.552 us-west-2 3.144
r4.large ap-northeast-3 .16 ap-south-1 .137 ap-southeast-2 .1596 ca-central-1 .146 eu-west-1 .1482 us-west-1 .1482
m7a.large ap-northeast-1 .14973 ap-southeast-2 .1449 eu-central-1 .13886 eu-north-1 .12316 eu-south-2 .1292
c3.large ap-northeast-1 .128 ap-southeast-1 .132 eu-central-1 .129 eu-west-1 .12
a1.2xlarge ap-northeast-1 .2568 ap-south-1 .204 eu-central-1 .2328 eu-west-1 .2304
p3.8xlarge eu-west-2 14.356 us-east-2 12.24 us-west-2 12.24
m7a.metal-48xl ap-northeast-1 14.37408 ap-southeast-2 13.9104
p4d.24xlarge eu-central-1 27.43298
p5.48xlarge us-west-2 55.04
"""


def test_prices_are_those_of_a_second_source():
    for name, pairs in re.findall(r"^(\S+) (.+)$", LATER, flags=re.MULTILINE):
        words = pairs.split()
        for region, usd in zip(words[::2], words[1::2], strict=True):
            assert prices.on_demand_usd_per_hour(region)[name] == pytest.approx(float(usd), rel=0.006), (
                name,
                region,
            )


def test_marks_do_not_change_what_is_read():
    west = prices.on_demand_usd_per_hour("us-west-1")
    assert west["m6i.large"] == 0.112
    assert prices.derived_prices("us-west-1")["m6i.large"] == "m6i"
    assert "m6i.xlarge" not in prices.derived_prices("us-west-1")
    assert prices.on_demand_usd_per_hour("us-west-2")["c6i.2xlarge"] == 0.34
    assert "r9g.large" in prices.offered_without_price("us-east-1")
    assert "r9g.large" not in prices.on_demand_usd_per_hour("us-east-1")
    assert spot_advisor.derived_advice("us-east-1")["m8a.large"] == "m7a"
    assert spot_advisor.spot_advice("us-east-1")["m8a.large"].savings > 0
