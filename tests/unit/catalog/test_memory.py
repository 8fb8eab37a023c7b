"""Usable memory between, below and beyond what was measured, and how many jobs fit for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchsim.catalog.instance_types import expand, instance_types
from batchsim.catalog.memory import is_measured, overhead_mib, usable_memory_mib

LARGE = instance_types()["c6i.large"]
GIB = 1024


def sized(gib, name="c6i.other"):
    """A type of a family with so much memory installed."""
    return replace(LARGE, name=name, memory_mib=round(gib * GIB))


@pytest.mark.parametrize(
    ("gib", "loss"),
    [
        # Measured of Ice Lake (6i): 273 MiB of 4 GiB, 406 of 8, 673 of 16, 1,206 of 32, …, 32,697 of 1,024.
        (4, 273),
        (8, 406),
        (6, 340),  # 273 + (406 - 273) / 2 = 339.5
        (20, 806),  # 673 + (1206 - 673) / 4 = 806.25
        (28, 1073),  # 673 + (1206 - 673) × 3 / 4 = 1072.75
        (2048, 2 * 32_697),  # beyond the largest in proportion
        (2, 273),  # below the smallest as much as of that, down to half of it
        (1.99, 225),  # and below as of no generation: 150 + 3.7 % of 2,038 MiB = 225.4
    ],
)
def test_the_loss_of_a_size_that_was_not_measured(gib, loss):
    assert overhead_mib(sized(gib)) == loss


def test_a_type_with_a_figure_of_its_own_has_that():
    # The column shows the largest loss of several types: 406 of 8 GiB, and 405 of an m6i.large.
    assert overhead_mib(instance_types()["m6i.large"]) == 405
    assert overhead_mib(sized(8, "m6i.other")) == 406


def test_an_unknown_generation_loses_what_the_worst_does():
    # 150 MiB and 3.7 %: of 8 GiB 150 + 303.1.
    unknown = sized(8, "z99.large")
    assert overhead_mib(unknown) == 453
    assert not is_measured(unknown)
    assert is_measured(sized(8))
    assert not is_measured(sized(1.99))


@pytest.mark.parametrize(
    ("reserved", "usable"), [(32, 8192 - 406 - 16 - 32), (0, 8192 - 406 - 16), (7770, 0), (9e9, 0)]
)
def test_what_is_reserved_is_taken_off_and_never_more_than_there_is(reserved, usable):
    assert usable_memory_mib(sized(8), reserved_mib=reserved) == usable


@pytest.mark.parametrize(
    ("instance_type", "memory_mib", "fit"),
    [
        ("m6i.large", 3840, 2), ("m6i.large", 4096, 1),
        ("m6i.2xlarge", 3900, 8), ("m6i.2xlarge", 4000, 7),
        ("g4dn.xlarge", 15_636, 1), ("g4dn.xlarge", 16_384, 0),  # all that is installed is more than there is to use
    ],
)  # fmt: skip
def test_so_many_equal_jobs_fit_as_users_of_aws_saw(instance_type, memory_mib, fit):
    assert usable_memory_mib(instance_types()[instance_type]) // memory_mib == fit


@pytest.mark.parametrize("family", ["c6i", "m6i", "r6i", "c7i", "c6g", "m7g", "m5", "r5", "c5", "g5", "t3", "i3", "p5"])
def test_a_larger_size_always_has_more_to_use(family):
    sizes = sorted(expand(family), key=lambda kind: kind.memory_mib)
    usable = [usable_memory_mib(kind) for kind in sizes]
    assert usable == sorted(usable)
    assert all(0 < own < kind.memory_mib for own, kind in zip(usable, sizes, strict=True))
