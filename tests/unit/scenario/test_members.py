"""A member that is changed by its name alone: `Scenario.with_`."""

from __future__ import annotations

import pytest

import batchsim as bs
from tests.builders import environment, scenario


def refusal(made: bs.Scenario, **members: object) -> bs.Finding:
    with pytest.raises(bs.ScenarioError) as caught:
        made.with_(**members)
    (finding,) = caught.value.findings
    return finding


def test_one_that_is_there_once_is_changed():
    changed = scenario().with_(maxvCpus=8)
    assert changed.configuration.environments[0].max_vcpus == 8


def test_one_that_is_there_twice_is_asked_for_by_its_path():
    two = scenario(environments=[environment("first"), environment("second")])
    finding = refusal(two, maxvCpus=8)
    assert (finding.code, finding.path) == ("ambiguous-path", "maxvCpus")
    assert finding.message == "the scenario has it more than once: give a path"
    assert finding.expected == (
        "batch.computeEnvironments.first.computeResources.maxvCpus or "
        "batch.computeEnvironments.second.computeResources.maxvCpus"
    )


def test_a_misspelt_one_is_told_with_what_was_meant():
    finding = refusal(scenario(), maxvCpu=8)
    assert (finding.code, finding.message) == ("unknown-path", "the scenario has no such member")
    assert finding.suggestion == "maxvCpus"
    assert refusal(scenario(), colour="blue").suggestion == ""
