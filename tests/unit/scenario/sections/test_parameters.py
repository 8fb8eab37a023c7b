"""What a scenario varies: the forms of values, and every fault in them at its place."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import batchsim as bs
from batchsim.scenario.document.document import Document
from batchsim.scenario.loading import loads
from batchsim.scenario.sections.parameters import label_of, parameters
from tests.builders import scenario

MAX = "batch.computeEnvironments.fleet.computeResources.maxvCpus"
MIN = "batch.computeEnvironments.fleet.computeResources.minvCpus"
TYPES = "batch.computeEnvironments.fleet.computeResources.instanceTypes"
TEXT = """name: test
batch:
  computeEnvironments:
    - computeEnvironmentName: fleet
      type: MANAGED
      computeResources: {type: EC2, minvCpus: 0, maxvCpus: 64, instanceTypes: [c6i.large]}
  jobQueues:
    - {jobQueueName: q, priority: 1, computeEnvironmentOrder: [{order: 1, computeEnvironment: fleet}]}
  jobDefinitions:
    - jobDefinitionName: task
      type: container
      containerProperties:
        image: busybox
        resourceRequirements: [{type: VCPU, value: "1"}, {type: MEMORY, value: "1024"}]
workload:
  - {workflow: w, jobs: [{jobName: j, jobQueue: q, jobDefinition: task, runtime: 60}]}
"""
#: The line after the text.
LINE = TEXT.count("\n") + 1


def swept(**sections):
    return scenario(**sections).sweep


def values(form, path=MAX):
    (parameter,) = swept(sweep={path: form})
    return [value.overrides[path] for value in parameter.values]


def faults(text, section="sweep"):
    with pytest.raises(bs.ScenarioError) as error:
        loads(f"{TEXT}{section}:\n{text}\n")
    return error.value.findings


def fault(text, section="sweep"):
    (finding,) = faults(text, section)
    return finding


def test_a_range_has_both_its_ends():
    assert values({"from": 32, "to": 128, "step": 32}) == [32, 64, 96, 128]
    assert values({"from": 8, "to": 8, "step": 1}) == [8]


def test_tenths_add_up():
    hazard = values({"from": 0.1, "to": 0.3, "step": 0.1}, "environment.spot.hazardScale")
    assert hazard == [0.1, 0.2, 0.3]


@given(first=st.integers(1, 1000), step=st.integers(1, 50), more=st.integers(0, 30), tenths=st.booleans())
def test_a_range_is_an_arithmetic_progression(first, step, more, tenths):
    scale = Fraction(1, 10) if tenths else Fraction(1)
    exact = [(first + number * step) * scale for number in range(more + 1)]
    given_as = [float(each) if tenths else int(each) for each in (exact[0], exact[-1], step * scale)]
    form = dict(zip(("from", "to", "step"), given_as, strict=True))
    findings = []
    document = Document({"environment": {"spot": {}}, "sweep": {"environment.spot.hazardScale": form}})
    (parameter,) = parameters(document, "sweep", findings)
    assert not findings
    assert [value.number for value in parameter.values] == [float(each) if tenths else int(each) for each in exact]


def test_lists_bare_or_not_are_the_same():
    assert swept(sweep={MAX: [64, 128]}) == swept(sweep={MAX: {"values": [64, 128]}})


def test_numbers_are_known_as_such_and_all_values_have_a_label():
    (parameter,) = swept(sweep={TYPES: [["c6i.large", "m6i.large"], ["c6i"]]})
    assert [value.label for value in parameter.values] == ["[c6i.large, m6i.large]", "[c6i]"]
    assert [value.number for value in parameter.values] == [None, None]
    (parameter,) = swept(sweep={MAX: [64, 128]})
    assert [(value.label, value.number) for value in parameter.values] == [("64", 64), ("128", 128)]


def test_labels_are_what_a_person_writes():
    assert label_of({"lognormal": {"median": "8m", "p95": [True, None, 0.5]}}) == (
        "{lognormal: {median: 8m, p95: [true, null, 0.5]}}"
    )


def test_choices_set_several_paths_together():
    (parameter,) = swept(sweep={"size": {"choices": {"small": {MIN: 0, MAX: 16}, "as it is": {}}}})
    assert parameter.name == "size"
    assert [(value.label, dict(value.overrides)) for value in parameter.values] == [
        ("small", {MIN: 0, MAX: 16}),
        ("as it is", {}),
    ]


def test_the_search_section_has_requirements_beside_its_parameters():
    required = {"instanceTypes": 2, "families": 2, "onDemandShare": "25%"}
    made = scenario(search={MAX: [64], "require": required})
    assert [parameter.name for parameter in made.search] == [MAX]
    assert made.requirements is not None
    assert (made.requirements.instance_types, made.requirements.families) == (2, 2)
    assert made.requirements.on_demand_share == 0.25
    assert scenario(search={MAX: [64]}).requirements is None


def test_sections_that_say_nothing_vary_nothing():
    assert swept() == swept(sweep=None) == swept(sweep={}) == ()


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        # The fault is at the bar.
        (f"  {MAX}: |64", "wrong-type", "64 does not fit; expected {from, to, step}"),
        (f"  {MAX}: |[]", "no-values", "there is no value to take"),
        (f"  {MAX}: |{{}}", "no-values", "there is no value to take"),
        (f"  {MAX}: |{{values: []}}", "no-values", "there is no value to take"),
        (f"  {MAX}: {{|valuse: [1]}}", "unknown-key", "did you mean values?"),
        (f"  {MAX}: {{values: [1], |step: 2}}", "unknown-key", "unknown key; expected one of values"),
        (f"  {MAX}: |{{from: 1, to: 3}}", "missing-key", "step is missing"),
        (f"  {MAX}: {{from: 1, to: 3, step: |0}}", "wrong-value", "0 does not fit; expected more than 0"),
        (f"  {MAX}: {{from: 1, to: 3, step: |-1}}", "wrong-value", "expected more than 0"),
        (f"  {MAX}: {{from: 3, to: |1, step: 1}}", "wrong-value", "1 is below 3"),
        (
            f"  {MAX}: {{from: 32, to: |100, step: 32}}",
            "wrong-value",
            "steps of 32 from 32 do not reach 100; expected to: 96 or to: 128",
        ),
        (f"  {MAX}: {{from: 1, to: 10000000, step: |1}}", "too-large", "10,000,000 values are too many"),
        (f"  {MAX}: {{from: 1, to: 9e307, step: |1}}", "too-large", "some 9e+307 values are too many"),
        (f"  {MAX}: {{from: 0, to: 1, step: |1e-320}}", "too-large", "some 1e+320 values are too many"),
        (f"  {MAX}: [64, 128, |64]", "duplicate-value", "64 comes twice"),
        (f"  {MAX}: [64, |64.0]", "duplicate-value", "64.0 comes twice"),
        (f"  {MAX}: [64, |lots]", "wrong-type", "in sweep: 'lots' does not fit; expected a whole number"),
        (f"  {MAX}s: [|1]", "unknown-key", "did you mean maxvCpus?"),
        ("  |batch.computeEnvironments.flete.type: [MANAGED]", "unknown-path", "did you mean batch"),
        ("  |maxvCpus: [64]", "unknown-path", f"did you mean {MAX}?"),
        ("  size: [|64]", "unknown-key", "in sweep: unknown key"),
        ("  |name: [a, b]", "without-effect", "name bears on no result"),
        (f"  |{MAX}: {{choices: {{a: {{{MAX}: 1}}}}}}", "wrong-value", "expected a word"),
        ("  size: |{choices: {}}", "no-values", "there is no value to take"),
        ("  size: {choices: {a: |5}}", "wrong-value", "5 does not fit"),
        (
            "  size: {choices: {a: {|batch.computeEnvironments.flete.type: MANAGED}}}",
            "unknown-path",
            "batch.computeEnvironments.flete.type leads nowhere",
        ),
        (f"  size: {{choices: {{a: |{{{MAX}: lots}}}}}}", "wrong-type", "expected a whole number"),
    ],
)
def test_faults(text, code, told):
    column = text.index("|") + 1
    finding = fault(text.replace("|", ""))
    assert finding.code == code
    assert told in str(finding)
    assert (finding.file, finding.line, finding.column) == ("<text>", LINE + 1, column)


def test_a_section_that_is_no_mapping():
    with pytest.raises(bs.ScenarioError, match="sweep: a list does not fit"):
        scenario(sweep=[MAX])


@pytest.mark.parametrize(
    "other",
    [
        f"size: {{choices: {{a: {{{MAX}: 1}}}}}}",
        "batch.computeEnvironments.0.computeResources.maxvCpus: [128]",
        "batch.computeEnvironments.fleet.computeResources: [{type: EC2, maxvCpus: 8, instanceTypes: [c6i]}]",
    ],
)
def test_two_parameters_that_set_the_same_path(other):
    finding = fault(f"  {MAX}: [64]\n  {other}")
    assert finding.code == "duplicate-path"
    assert f"{MAX} sets " in finding.message
    assert finding.line == LINE + 2


@pytest.mark.parametrize(
    ("required", "told"),
    [
        ("{instanceType: 2}", "did you mean instanceTypes?"),
        ("{families: 0}", "0 does not fit"),
        ("{onDemandShare: 130%}", "does not fit"),
        ("{onDemandShare: some}", "does not fit"),
    ],
)
def test_faults_in_requirements(required, told):
    assert told in str(fault(f"  require: {required}", "search"))


def test_requirements_are_of_a_search_alone():
    assert fault("  require: {families: 2}").code == "unknown-key"


def test_the_step_of_a_path_that_leads_nowhere_is_pointed_out():
    lines = str(fault("  batch.computeEnvironments.flete.type: [MANAGED]")).splitlines()
    assert lines[1:] == [
        "    batch.computeEnvironments.flete.type",
        "                              ^^^^^",
    ]


def test_a_key_that_all_values_miss_is_told_once():
    assert len(faults(f"  {MAX}s: [1, 2, 3]")) == 1


def test_a_fault_that_comes_of_several_values_together_is_none_of_a_value():
    assert values([8], MIN) == [8]
    assert [value.number for value in swept(sweep={MIN: [128], MAX: [256]})[0].values] == [128]


def test_validate_finds_it_too(tmp_path):
    path = tmp_path / "scenario.yaml"
    path.write_text(f"{TEXT}sweep:\n  {MAX}: [64, lots]\n")
    assert [finding.code for finding in bs.validate(path).errors] == ["wrong-type"]


def test_a_changed_scenario_still_has_what_it_varies_and_a_run_of_it_alone_has_not():
    made = scenario(sweep={MAX: [64]}, search={MAX: [64]}, variants={"small": {MAX: 8}})
    assert made.with_({MIN: 4}).sweep == made.sweep
    alone = made.without_experiments()
    assert (alone.sweep, alone.search, dict(alone.variants)) == ((), (), {})
    assert alone == scenario() == alone.with_({MAX: 64})


def test_files_among_the_values_are_found_from_another_folder_too():
    path = "environment.spot.interruptions.trace"
    sweep = {path: ["a.csv"], "market": {"choices": {"b": {path: "b.csv"}}}}
    made = scenario(sweep={path: sweep[path]}, search={"market": sweep["market"]}, base="/somewhere/here")
    written = made.to_yaml(relative_to=Path("/somewhere/else"))
    assert "../here/a.csv" in written
    assert "../here/b.csv" in written
    assert made.document.values["sweep"] == {path: ["a.csv"]}
