"""What the page on prices counts: every size of a common family in a large region has a price."""

from __future__ import annotations

import pytest

from batchsim.catalog.instance_types import expand
from tools.reference_pages import FAMILIES, REGIONS, priced_sizes


@pytest.mark.parametrize("region", REGIONS)
def test_no_size_of_a_common_family_lacks_a_price(region):
    for family in FAMILIES:
        figures, own, other, missing = priced_sizes(region, family)
        assert missing == 0, family
        assert figures + own + other == len(expand(family)), family
