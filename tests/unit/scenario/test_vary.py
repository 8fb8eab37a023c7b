"""What a command varies: values, ranges, and faults shown under the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.scenario.vary import varied, varied_by_command
from tests.builders import scenario

MAX = "batch.computeEnvironments.fleet.computeResources.maxvCpus"
TYPES = "batch.computeEnvironments.fleet.computeResources.instanceTypes"
CHECKED = scenario().checked


def read(*texts):
    findings = []
    parameters = varied_by_command(CHECKED, texts, findings)
    assert not findings
    return parameters


def fault(*texts):
    findings = []
    varied_by_command(CHECKED, texts, findings)
    (finding,) = findings
    return finding


def values(text):
    (parameter,) = read(text)
    return [value.overrides[parameter.name] for value in parameter.values]


def test_values_are_read_as_yaml_reads_them():
    assert values(f"{MAX}=64,128, 256") == [64, 128, 256]
    assert values("environment.spot.hazardScale=0.5,1e1") == [0.5, 10.0]
    assert values("environment.ec2.launch=10m,'90s',{uniform: {min: 1m, max: 2m}}") == [
        "10m",
        "90s",
        {"uniform": {"min": "1m", "max": "2m"}},
    ]


def test_lists_keep_their_commas():
    assert values(f"{TYPES}=[c6i.large],[m6i.large, m6a]") == [["c6i.large"], ["m6i.large", "m6a"]]


def test_ranges():
    assert values(f"{MAX}=32..128..32") == [32, 64, 96, 128]
    assert values("environment.spot.hazardScale=0.1..0.3..0.1") == [0.1, 0.2, 0.3]


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=20, unique=True))
def test_a_command_says_what_a_section_says(numbers):
    findings = []
    (section,) = varied(CHECKED, {MAX: numbers}, findings)
    assert (section,) == read(f"{MAX}={','.join(map(str, numbers))}")
    assert not findings


def test_a_program_may_give_a_range_or_a_tuple():
    findings = []
    parameters = varied(CHECKED, {MAX: range(32, 97, 32), TYPES: (["c6i"], ["m6i"])}, findings)
    assert [value.number for value in parameters[0].values] == [32, 64, 96]
    assert [value.label for value in parameters[1].values] == ["[c6i]", "[m6i]"]


@pytest.mark.parametrize(
    ("text", "code", "told", "at"),
    [
        ("maxvCpus", "usage", "expected PATH=VALUE,VALUE", 8),
        ("=64", "usage", "expected PATH=VALUE,VALUE", 0),
        (f"{MAX}=", "no-values", "there is no value to take", len(MAX) + 1),
        (f"{MAX}=64,", "no-values", "there is no value at the end", len(MAX) + 4),
        (f"{MAX}=64,,128", "syntax", "expected the node content", len(MAX) + 4),
        (f"{MAX}=[64,128", "syntax", "expected", len(MAX) + 8),
        (f"{MAX}=64,lots", "wrong-type", "'lots' does not fit", len(MAX) + 4),
        (f"{MAX}=64,32,64", "duplicate-value", "64 comes twice", len(MAX) + 7),
        (f"{MAX}=64..32..8", "wrong-value", "32 is below 64", len(MAX) + 5),
        (f"{MAX}=64..100..32", "wrong-value", "do not reach 100", len(MAX) + 5),
        (f"{MAX}=64..128..0", "wrong-value", "expected more than 0", len(MAX) + 10),
        (f"{MAX}=64..128", "missing-key", "step is missing", len(MAX) + 1),
    ],
)
def test_faults_are_shown_under_the_text(text, code, told, at):
    finding = fault(text)
    assert finding.code == code
    assert told in str(finding)
    assert str(finding).startswith("--vary: ")
    assert finding.excerpt.splitlines() == [f"    {text}", f"    {' ' * at}^"]


@pytest.mark.parametrize(
    ("path", "marks"),
    [
        (
            "batch.computeEnvironments.flete.computeResources.maxvCpus",
            "                          ^^^^^",
        ),
        (
            f"{MAX}x",
            "                                                 ^^^^^^^^^",
        ),
        ("environmen.spot", "^^^^^^^^^^"),
        ("maxvCpus", "^^^^^^^^"),
    ],
)
def test_the_step_of_a_path_that_is_wrong_is_shown(path, marks):
    assert fault(f"{path}=1").excerpt.splitlines() == [f"    {path}", f"    {marks}"]


def test_a_path_that_comes_twice():
    assert fault(f"{MAX}=1", f"{MAX}=2").code == "duplicate-path"


def test_every_text_with_a_fault_is_told():
    findings = []
    assert varied_by_command(CHECKED, ["x", f"{MAX}=1,,2"], findings) == ()
    assert [finding.code for finding in findings] == ["usage", "syntax"]
