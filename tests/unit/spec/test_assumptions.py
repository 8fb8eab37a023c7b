from __future__ import annotations

import pytest

from batchsim.spec.assumptions import measured

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
