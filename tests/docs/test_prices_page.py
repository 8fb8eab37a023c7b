"""The page on prices shows, of large regions and common families, how many sizes have a figure of their own."""

from __future__ import annotations

import os
import re

from batchsim.catalog.instance_types import expand
from batchsim.catalog.prices import derived_prices, offered_without_price, on_demand_usd_per_hour
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "prices.md"
MADE = re.compile(r"(?<=<!-- made from the tables -->\n).*(?=<!-- end -->)", re.DOTALL)
FAMILIES = ("c5", "m5", "r5", "c6i", "m6i", "r6i", "c7i", "m6g", "c6g", "r6g", "c7g")
REGIONS = (
    "us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1", "eu-west-1", "eu-west-2",
    "eu-central-1", "eu-north-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1", "ap-northeast-2",
)  # fmt: skip


def counted(region: str, family: str) -> tuple[int, int, int, int]:
    """Sizes of a family with a figure, derived from the family, derived from another, without a price."""
    names = [kind.name for kind in expand(family)]
    priced, derived = on_demand_usd_per_hour(region), derived_prices(region)
    figures = sum(name in priced and name not in derived for name in names)
    own = sum(derived.get(name) == family for name in names)
    other = sum(name in derived and derived[name] != family for name in names)
    return figures, own, other, sum(name in offered_without_price(region) for name in names)


def test_the_table_is_that_of_the_prices():
    lines = [f"| region | {' | '.join(FAMILIES)} |", "|---" * (len(FAMILIES) + 1) + "|"]
    for region in REGIONS:
        cells = [" + ".join(str(n) for n in counted(region, family)[:3]) for family in FAMILIES]
        lines.append(f"| {region} | {' | '.join(cells)} |")
    made = "\n" + "\n".join(lines) + "\n\n"
    if os.environ.get("BATCHSIM_REWRITE_EXPECTED"):
        PAGE.write_text(MADE.sub(lambda _: made, PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    assert MADE.search(PAGE.read_text(encoding="utf-8"))[0] == made


def test_no_size_of_a_common_family_lacks_a_price():
    for region in REGIONS:
        for family in FAMILIES:
            figures, own, other, missing = counted(region, family)
            assert missing == 0, (region, family)
            assert figures + own + other == len(expand(family)), (region, family)
