"""Variants and overrides: in which order they hold, and whose fault is told where."""

from __future__ import annotations

import pytest

import batchsim as bs
from batchsim.scenario.loading import document_of, load, loads, variant_findings
from tests.unit.scenario.sections.test_parameters import LINE, MAX, MIN, TEXT

VARIANTS = f"""variants:
  small: {{{MAX}: 8, seed: 2}}
  wrong: {{{MAX}: lots}}
  lost: {{{MAX}x.y: 2}}
  none:
  listed: [1]
  unsound: {{{MIN}: 65}}
"""
#: The line of a variant's name, by the name.
LINES = {line.strip().partition(":")[0]: LINE + at for at, line in enumerate(VARIANTS.splitlines())}


@pytest.fixture
def path(tmp_path):
    def written(text=TEXT + VARIANTS):
        (tmp_path / "scenario.yaml").write_text(text, encoding="utf-8")
        return tmp_path / "scenario.yaml"

    return written


def told(load_it):
    """File, line, code and message of what is found."""
    with pytest.raises(bs.ScenarioError) as caught:
        load_it()
    return [(each.file.rpartition("/")[2], each.line, each.code, each.message) for each in caught.value.findings]


def limits(made):
    (fleet,) = made.configuration.environments
    return fleet.max_vcpus, made.seed


@pytest.mark.parametrize(
    ("variant", "overrides", "expected"),
    [
        (None, [], (64, 0)),
        ("small", [], (8, 2)),
        ("none", [], (64, 0)),
        # Overrides come after the variant, the last of one path last.
        ("small", [("seed", 9)], (8, 9)),
        ("small", [(MAX, 16), (MAX, 32)], (32, 2)),
        (None, [(MAX, 16)], (16, 0)),
    ],
)
def test_a_variant_then_the_overrides_in_their_order(path, variant, overrides, expected):
    made = load(path(), variant=variant, overrides=overrides)
    assert limits(made) == expected
    assert limits(loads(TEXT + VARIANTS, variant=variant, overrides=overrides)) == expected
    # A variant has no variants of its own; a changed scenario has the ones that it had.
    assert made.variant_names == (() if variant else ("small", "wrong", "lost", "none", "listed", "unsound"))


def test_an_override_of_a_variant_changes_what_the_variant_is(path):
    made = load(path(), overrides=[(f"variants.small.{MAX}", 24)])
    assert limits(made) == (64, 0)
    assert limits(made.variant("small")) == (24, 2)


def test_a_fault_of_a_variant_stands_at_the_variant_and_says_its_name(path):
    expected = "'lots' does not fit"
    assert told(lambda: load(path(), variant="wrong")) == [
        ("scenario.yaml", LINES["wrong"], "wrong-type", f"in variant wrong: {expected}")
    ]
    unsound = told(lambda: load(path(), variant="unsound"))
    assert unsound == [
        ("scenario.yaml", LINES["unsound"], "vcpu-bounds", "in variant unsound: minvCpus 65 is above maxvCpus 64")
    ]
    assert told(lambda: load(path()).variant("unsound")) == unsound


def test_a_fault_of_the_scenario_is_told_of_the_scenario_whatever_variant_is_asked_for(path):
    broken = TEXT.replace("priority: 1", "priority: high") + VARIANTS
    line = next(number for number, text in enumerate(broken.splitlines(), 1) if "high" in text)
    own = ("scenario.yaml", line, "wrong-type", "'high' does not fit")
    assert told(lambda: load(path(broken), variant="small")) == [own]
    assert told(lambda: load(path(broken), variant="wrong")) == [
        own,
        ("scenario.yaml", LINES["wrong"], "wrong-type", "in variant wrong: 'lots' does not fit"),
    ]


def test_a_fault_of_the_command_line_is_told_of_the_command_line(path):
    # minvCpus 16 is right in the scenario, and not in the variant with its eight vCPUs.
    assert told(lambda: load(path(), variant="small", overrides=[(MIN, 16)])) == [
        ("--set", 0, "vcpu-bounds", "minvCpus 16 is above maxvCpus 8")
    ]
    assert limits(load(path(), overrides=[(MIN, 16)])) == (64, 0)


@pytest.mark.parametrize(
    ("variant", "line", "code", "suggestion"),
    [
        ("smal", "variants", "unknown-variant", "small"),
        ("lost", "lost", "unknown-path", ""),
        ("listed", "listed", "wrong-type", ""),
    ],
)
def test_a_variant_that_is_none_or_leads_nowhere(path, variant, line, code, suggestion):
    with pytest.raises(bs.ScenarioError) as caught:
        load(path(), variant=variant)
    (finding,) = caught.value.findings
    # The name of the section stands a line above what is in it.
    assert (finding.code, finding.line) == (code, LINES[line] + (line == "variants"))
    assert finding.suggestion.startswith(suggestion)


def test_a_scenario_without_variants_has_none_to_suggest(path):
    with pytest.raises(bs.ScenarioError, match="the scenario has no variant 'small'") as caught:
        load(path(TEXT), variant="small")
    assert caught.value.findings[0].suggestion == ""


def found_in_variants(path, text=TEXT + VARIANTS):
    """What is found in the variants beside what is found in the scenario itself."""
    file = path(text)
    document = document_of(file)
    try:
        made = load(file)
        known = (*made.warnings, *made.silenced)
    except bs.ScenarioError as error:
        known = error.findings
    return [(each.line, each.code, each.severity) for each in variant_findings(document, file.parent, known)]


def test_all_variants_are_looked_at_together(path):
    assert found_in_variants(path) == [
        (LINES["wrong"], "wrong-type", "error"),
        (LINES["lost"], "unknown-path", "error"),
        (LINES["listed"], "wrong-type", "error"),
        (LINES["unsound"], "vcpu-bounds", "error"),
    ]


def test_what_is_found_in_the_scenario_is_not_told_again_of_each_variant(path):
    # A warning of the scenario, and an error of it, that its variants have as well.
    spare = "variants:\n  small: {seed: 2}\n  moved: {region: eu-west-1}\n"
    warned = TEXT + "warmUp: 6h\nduration: 1h\n" + spare
    assert told(lambda: load(path(warned)))
    assert found_in_variants(path, warned) == []
    best_fit = TEXT.replace("{type: EC2,", "{type: EC2, allocationStrategy: BEST_FIT,")
    assert found_in_variants(path, best_fit + spare) == []


def test_a_warning_that_only_a_variant_has_is_told_of_it(path):
    # The variant alone has an update after the scenario's end.
    update = "{at: 2h, set: {batch.jobQueues.q.priority: 2}}"
    text = f"{TEXT}duration: 1h\nvariants:\n  late: {{updates: [{update}]}}\n  early: {{seed: 1}}\n"
    text = text.replace("runtime: 60}]", "runtime: 60}], arrivals: {every: 10m}")
    ((line, code, severity),) = found_in_variants(path, text)
    assert (line, code, severity) == (LINE + 2, "update-outside-run", "warning")


def test_rules_that_are_ignored_are_those_of_the_scenario_and_of_the_command(path):
    # An environment of a template that is not held, and an update after the end.
    text = TEXT.replace("{type: EC2,", "{type: EC2, launchTemplate: {launchTemplateName: gone},")
    text += "horizon: 1h\nupdates: [{at: 2h, set: {batch.jobQueues.q.priority: 2}}]\n"
    both = {"launch-template-held", "update-outside-run"}
    assert {each.code for each in load(path(text)).warnings} == both
    made = load(path(f"{text}ignore: [launch-template-held]\n"), ignore=["update-outside-run"])
    assert (made.warnings, {each.code for each in made.silenced}) == ((), both)
    # What changes it keeps ignoring.
    assert {each.code for each in made.with_({"seed": 4}).silenced} == both
