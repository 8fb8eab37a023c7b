from __future__ import annotations

import re

import pytest

from batchsim.scenario.scenario import as_written
from batchsim.spec.assumption_ranges import RANGES
from batchsim.spec.assumptions import Assumptions, stated_by_preset
from batchsim.spec.distributions import Lognormal

EACH = pytest.mark.parametrize("each", RANGES, ids=lambda each: each.key)


def stating(key, value):
    section, member = key.split(".")
    return Assumptions.model_validate({section: {member: value}})


def of(key, assumptions):
    """The value of a key as it is held, a distribution by its median."""
    section, member = key.split(".")
    sections = {info.alias or name: name for name, info in type(assumptions).model_fields.items()}
    held = getattr(assumptions, sections[section])
    names = {info.alias or name: name for name, info in type(held).model_fields.items()}
    value = getattr(held, names[member])
    return value.median if isinstance(value, Lognormal) else value


@EACH
def test_the_default_is_the_default(each):
    assert as_written(stating(each.key, each.default)) == as_written(Assumptions())


@EACH
def test_others_are_other_values_that_a_scenario_may_state(each):
    others = [of(each.key, stating(each.key, value)) for value in each.others]
    default = of(each.key, Assumptions())
    assert default not in others
    # Two ends lie around it; the Spot prices of the Advisor are one by one for each type, and no figure.
    if len(others) == 2 and each.key != "spot.prices":
        assert min(others) < default < max(others)


@EACH
def test_the_evidence_has_a_date(each):
    assert re.search(r"\b20[12]\d\b", each.evidence)


def test_keys_are_told_once():
    assert len({each.key for each in RANGES}) == len(RANGES)


def test_a_preset_states_what_it_sets():
    assert "scheduler.scaleDownIdle" in stated_by_preset("ideal")
    assert "image.pullRate" not in stated_by_preset("ideal")  # of images of no size
    assert stated_by_preset("measured") == frozenset()
