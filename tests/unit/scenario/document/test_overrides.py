"""Changes by a dotted path: how things in lists are named, what is meant by a number, and where a fault is told."""

from __future__ import annotations

import pytest

import batchsim as bs
from batchsim.cli.main import main
from batchsim.scenario.document.document import parse, read
from batchsim.scenario.document.overrides import (
    Nowhere,
    apply,
    keys,
    parse_value,
    paths_of_key,
    place_of,
    value_at,
)
from batchsim.scenario.loading import load
from tests.conftest import ROOT

TEXT = """
batch:
  jobDefinitions:
    - jobDefinitionName: align
      containerProperties:
        resourceRequirements: [{type: VCPU, value: "2"}, {type: MEMORY, value: "8192"}]
workload:
  - workflow: nightly
    jobs: [{jobName: align}]
"""
MARKETS = "advisor, none, ratePerHour: 0 to 60, or trace: a file"
NEEDS = "batch.jobDefinitions.align.containerProperties.resourceRequirements"


def changed(path, value):
    return apply(parse(TEXT, "scenario.yaml"), [(path, parse_value(value))], ("--set", 0, 0))


def requirements(document):
    return document.values["batch"]["jobDefinitions"][0]["containerProperties"]["resourceRequirements"]


def test_a_resource_requirement_goes_by_its_type_and_a_number_is_taken_as_aws_writes_it():
    assert requirements(changed(f"{NEEDS}.MEMORY.value", "7700")) == [
        {"type": "VCPU", "value": "2"},
        {"type": "MEMORY", "value": "7700"},
    ]
    assert requirements(changed(f"{NEEDS}.0.value", "0.25"))[0]["value"] == "0.25"
    assert requirements(changed(NEEDS, "[{type: VCPU, value: 4}]")) == [{"type": "VCPU", "value": "4"}]


def test_numbers_stay_numbers_where_aws_has_numbers():
    document = changed("batch.jobDefinitions.align.timeout.attemptDurationSeconds", "3600")
    assert document.values["batch"]["jobDefinitions"][0]["timeout"] == {"attemptDurationSeconds": 3600}
    assert changed("seed", "7").values["seed"] == 7


def test_members_of_submit_job_are_texts_too():
    document = changed("workload.nightly.jobs.align.containerOverrides.resourceRequirements", "[{type: GPU, value: 1}]")
    job = document.values["workload"][0]["jobs"][0]
    assert job["containerOverrides"]["resourceRequirements"] == [{"type": "GPU", "value": "1"}]


def test_what_was_probably_meant_is_a_path_that_works():
    with pytest.raises(bs.ScenarioError) as error:
        changed(f"{NEEDS}.MEMRY.value", "1")
    suggestion = error.value.findings[0].suggestion
    assert requirements(changed(suggestion, "1"))[1]["value"] == "1"


@pytest.mark.parametrize(
    ("path", "value", "expected", "suggestion"),
    [
        ("environment.spot.interruptions", "advisr", MARKETS, "advisor"),
        ("environment.spot.prices.discont", "0.3", "advisor, discount: 0 to 1, or history: a file", "discount"),
        ("environment.schedular.stop", "3", "", "scheduler"),
        ("workload.0.jobs.0.runtime", "{lognormal: {medain: 8m, p95: 20m}}", "", "median"),
        ("workload.0.jobs.0.dependsOn", "[transform]", "{jobName: transform}", ""),
        ("workload.0.jobs.0.dependsOn", "transform", "a list: [{jobName: transform}]", ""),
    ],
)
def test_a_slip_is_told_where_it_was_made_with_what_was_meant(path, value, expected, suggestion):
    with pytest.raises(bs.ScenarioError) as error:
        load(ROOT / "scenarios" / "etl.yaml", overrides=[(path, parse_value(value))])
    (finding,) = error.value.findings
    assert (finding.file, finding.expected, finding.suggestion) == ("--set", expected, suggestion)


@pytest.mark.parametrize(
    ("text", "code", "excerpt"),
    [
        ("batch.computeEnvironments.spo.type=SPOT", "unknown-path", ("", "                          ^^^")),
        ("batch.computeEnvironments.spot.typ=SPOT", "unknown-key", ("", "                               ^^^")),
        ("environmen.spot=none", "unknown-key", ("", "^^^^^^^^^^")),
        ("seed=many", "wrong-value", ("=many", "     ^^^^")),
        ("seed=[1,2", "syntax", ("=[1,2", "         ^")),
    ],
)
def test_a_fault_of_the_command_line_is_shown_under_its_text(text, code, excerpt, capsys):
    assert main(["run", str(ROOT / "scenarios" / "etl.yaml"), "--set", text]) == 2
    shown, marks = excerpt
    path, _, _ = text.partition("=")
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith(f"--set: [{code}] ")
    assert told[1:] == [f"    {path}{shown}", f"    {marks}"]


def test_validate_shows_it_too(capsys):
    path = "batch.computeEnvironments.spot.typ"
    assert main(["validate", str(ROOT / "scenarios" / "etl.yaml"), "--set", f"{path}=SPOT", "--quiet"]) == 1
    assert f"    {path}\n    {' ' * path.rindex('typ')}^^^\n" in capsys.readouterr().out


def everything(value, done=()):
    """Every place in some values."""
    for step in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield (*done, step)
        yield from everything(value[step], (*done, step))


DOCUMENTS = [*sorted((ROOT / "scenarios").glob("*.yaml")), ROOT / "tests" / "golden" / "everything.yaml"]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_the_path_that_is_told_of_a_place_leads_there(path):
    document = read(path, path.name)
    for where in everything(document.values):
        assert place_of(document.values, document.path(where)) == where
    # As do the paths of a member that is asked for by its name.
    for key in set(keys(document.values)):
        places = [place_of(document.values, each) for each in paths_of_key(document.values, key)]
        assert len(set(places)) == len(places) > 0
        assert {place[-1] for place in places} == {key}


@pytest.mark.parametrize(
    ("path", "where"),
    [
        # A name may hold dots, be an instance type, or look like an index: the longest name that is there holds.
        ("list.a.b.size", ("list", 0, "size")),
        ("list.a.size", ("list", 1, "size")),
        ("list.c6i.large.size", ("list", 2, "size")),
        ("list.0.size", ("list", 3, "size")),
        ("list.1.size", ("list", 1, "size")),
        ("prices.c6i.large", ("prices", "c6i.large")),
        ("prices.m6id.metal-16xl", ("prices", "m6id.metal-16xl")),
        ("prices.c6i.vcpus", ("prices", "c6i", "vcpus")),
    ],
)
def test_names_with_dots_and_names_like_numbers(path, where):
    names = ("a.b", "a", "c6i.large", "0")
    values = {"list": [{"name": name, "size": 1} for name in names], "prices": {"c6i.large": 1}}
    assert place_of(values, path) == where


@pytest.mark.parametrize("path", ["list.4.size", "list.-1", "list.a.size.more", "list.z.size", "lits.a"])
def test_a_path_through_what_is_not_there_leads_nowhere(path):
    values = {"list": [{"name": "a", "size": 1}]}
    assert isinstance(place_of(values, path), Nowhere)
    assert value_at(values, path) is None


def test_a_section_that_is_not_there_is_made_where_the_change_is_noted():
    document = parse("name: a\n", "x")
    made = apply(document, [("environment.ec2.launch", 5)], ("--set", 0, 0))
    assert made.values["environment"] == {"ec2": {"launch": 5}}
    assert made.place(("environment", "ec2")) == made.place(("environment",), key=True) == ("--set", 0, 0)
    assert made.place(("name",)) == ("x", 1, 7)
    assert (document.values, made.written) == ({"name": "a"}, document)


def test_what_was_within_a_changed_value_has_no_place_of_its_own_any_more():
    document = parse("a:\n  b: [1, 2]\n  c: 3\n", "x")
    made = apply(document, [("a.b", [4, 5, 6]), ("a.b.2", 7)], ("--set", 0, 0))
    assert made.values == {"a": {"b": [4, 5, 7], "c": 3}}
    assert {made.place(("a", "b", index)) for index in range(3)} == {("--set", 0, 0)}
    assert made.place(("a", "c")) == ("x", 3, 6)
