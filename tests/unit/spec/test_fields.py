"""The kinds of value that batchsim's own sections are made of, and what is said of others."""

from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import BeforeValidator, ValidationError

from batchsim.spec.fields import (
    MiB,
    MiBPerSecond,
    Names,
    Probability,
    Seconds,
    Section,
    none_beside,
    one_of,
    one_or_more,
)


class Own(Section):
    """A section of each kind."""

    boot_delay: Seconds = 0.0
    image_size: MiB = 0.0
    pull_rate: MiBPerSecond = 45.0
    only: Names = ()
    chance: Probability = 0.0
    at: Annotated[tuple[int, ...], BeforeValidator(one_or_more)] = ()


def read(**members: object) -> Own:
    return Own.model_validate(members)


@pytest.mark.parametrize(
    ("member", "given", "value"),
    [
        ("bootDelay", "1h30m", 5400.0),
        ("bootDelay", 90, 90.0),
        ("bootDelay", "250ms", 0.25),
        ("imageSize", "30GiB", 30 * 1024.0),
        ("imageSize", 500, 500.0),
        ("pullRate", "45MiB/s", 45.0),
        ("only", ["a", "b"], ("a", "b")),
        ("chance", 1, 1.0),
        ("at", 7, (7,)),
        ("at", [7, 8], (7, 8)),
    ],
)
def test_a_value_is_kept_in_the_unit_of_its_kind(member, given, value):
    (kept,) = [each for each in read(**{member: given}).model_dump(by_alias=True).items() if each[0] == member]
    assert kept == (member, value)


@pytest.mark.parametrize(
    ("member", "given"),
    [
        ("bootDelay", -1),
        ("bootDelay", "soon"),
        ("bootDelay", float("inf")),
        ("bootDelay", True),
        ("imageSize", "30GB/s"),
        ("pullRate", 0),
        ("only", "a"),  # a list is meant, and a text would be one of letters
        ("only", [1]),
        ("chance", 1.01),
        ("chance", float("nan")),
        ("at", ["now"]),
        ("bootdelay", 1),
    ],
)
def test_others_are_refused(member, given):
    with pytest.raises(ValidationError):
        read(**{member: given})


def test_a_section_is_equal_by_value_and_never_changes():
    assert read(bootDelay="1m") == read(boot_delay=60)
    with pytest.raises(ValidationError):
        read().boot_delay = 1.0


def test_the_schema_says_which_members_exclude_each_other():
    assert one_of("at", "every") == {"oneOf": [{"required": ["at"]}, {"required": ["every"]}]}
    condition = {"required": ["trace"]}
    assert none_beside(condition, "count", "until") == {
        "if": condition,
        "then": {"properties": {"count": False, "until": False}},
    }
