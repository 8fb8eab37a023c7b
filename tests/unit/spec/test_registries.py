"""What is registered once, and everybody who reads it."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

import pytest
from pydantic import ValidationError

from batchsim.engine.compute.allocation_strategies import STRATEGIES
from batchsim.scenario.batch.service_model import shape_named
from batchsim.spec.allocation_strategies import ALLOCATION_STRATEGIES, NO_STRATEGY, strategy_named
from batchsim.spec.configuration import Shape
from batchsim.spec.traces import FORMATS, Trace, is_uniform
from tests.worlds import LARGE, XLARGE, fleet


def test_every_strategy_of_aws_has_its_traits_and_its_choice():
    words = set(shape_named("CRAllocationStrategy").enum)
    assert words == set(ALLOCATION_STRATEGIES) == set(STRATEGIES)
    assert strategy_named("") == NO_STRATEGY


def test_only_best_fit_on_demand_keeps_below_the_limit():
    # API ComputeResource.maxvCpus: all others may pass it, by less than one instance.
    for name in ALLOCATION_STRATEGIES:
        assert fleet(allocation_strategy=name).overshoots == (name != "BEST_FIT")
        assert fleet(allocation_strategy=name, purchase_option="SPOT").overshoots
    small = fleet(allocation_strategy="BEST_FIT", max_vcpus=3, offerings=(XLARGE,))
    whole = Shape(LARGE.vcpus, LARGE.memory_mib)
    assert not small.can_hold(whole)
    assert replace(small, allocation_strategy="BEST_FIT_PROGRESSIVE").can_hold(whole)


def test_traits_are_those_of_the_words():
    assert [name for name, traits in ALLOCATION_STRATEGIES.items() if traits.keeps_type] == ["BEST_FIT"]
    ordered = {name for name, traits in ALLOCATION_STRATEGIES.items() if traits.is_ordered}
    assert ordered == {"BEST_FIT_PROGRESSIVE_ORDERED", "SPOT_CAPACITY_OPTIMIZED_PRIORITIZED"}
    # Who asks for capacity is interrupted less, who asks for the lowest price more.
    factors = {name: traits.hazard_factor for name, traits in ALLOCATION_STRATEGIES.items()}
    assert factors["SPOT_CAPACITY_OPTIMIZED"] < factors["SPOT_PRICE_CAPACITY_OPTIMIZED"] < 1 < factors["BEST_FIT"]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_a_reader_and_is_a_word_of_the_model(name):
    assert callable(import_module(f"batchsim.workload.traces.{FORMATS[name].reader}").read)
    assert Trace.model_validate({"format": name, "path": "x"}).format == name
    assert all(option in Trace.model_fields for option in FORMATS[name].options)


def test_other_formats_are_refused_by_name():
    with pytest.raises(ValidationError) as caught:
        Trace.model_validate({"format": "xlsx", "path": "x"})
    (fault,) = caught.value.errors()
    assert (fault["type"], fault["loc"]) == ("literal_error", ("format",))
    assert all(repr(name) in fault["msg"] for name in FORMATS)
    assert [name for name in FORMATS if is_uniform(name)] == ["swf", "wfformat"]
    assert not is_uniform("xlsx")
    assert not is_uniform(None)


@pytest.mark.parametrize("member", [{"memoryPerVcpu": 1000}, {"queues": {"1": "a"}}, {"leaveOut": ["tooWide"]}])
def test_an_option_is_of_its_format_only(member):
    Trace.model_validate({"format": "swf", "path": "x", **member})
    with pytest.raises(ValidationError, match=f"{next(iter(member))} is of the format swf; a trace of csv has no use"):
        Trace.model_validate({"format": "csv", "path": "x", **member})
