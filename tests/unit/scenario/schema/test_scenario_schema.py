"""The schema takes what is valid, refuses wrong forms that ``validate`` refuses, and is the one that is committed."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from batchsim.errors import ScenarioError
from batchsim.scenario.batch.service_model import botocore_version, shape_named
from batchsim.scenario.document.document import Document, parse, read
from batchsim.scenario.loading import from_mapping
from batchsim.scenario.scenario import from_document
from batchsim.scenario.schema.own_sections import DISTRIBUTION_EXAMPLES, keys
from batchsim.scenario.schema.requests import plain
from batchsim.scenario.schema.scenario_schema import EXAMPLES, scenario_schema, scenario_schema_json
from batchsim.scenario.sections.keys import KEYS
from batchsim.spec.distributions import DISTRIBUTIONS, as_distribution
from batchsim.spec.objectives import DISTRIBUTED, FILTERS, PLAIN, STATISTICS, parse_objective
from tests.conftest import ROOT
from tests.scenarios.rules.base import BASE
from tests.scenarios.rules.base import changed as of_rules
from tests.scenarios.rules.examples import EXAMPLES as RULE_EXAMPLES
from tests.unit.scenario.schema.rich import GONE, RICH, SCHEMA, VALIDATOR, changed, errors, refusals
from tests.unit.scenario.schema.wrong import WRONG

COMMITTED = ROOT / "docs" / "scenario.schema.json"
#: Findings about form alone, whatever the rest of a scenario says.
OF_FORM = {"missing-key", "not-finite", "objective", "out-of-range", "unknown-key", "unknown-word", "wrong-type"}
OF_FORM |= {"wrong-value", "name", "ignore", "no-values"}


def test_it_is_a_schema():
    Draft7Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"
    named = set(re.findall(r'"#/definitions/([^"]+)"', json.dumps(SCHEMA)))
    assert named == set(SCHEMA["definitions"])


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios").glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_scenarios_pass_and_name_it(path):
    assert refusals(read(path, path.name).values) == []
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", path.read_text(encoding="utf-8"))
    assert (path.parent / named[1]).resolve() == COMMITTED


@pytest.mark.parametrize("page", ["docs/environment.md", "docs/workload.md", "README.md"])
def test_examples_of_pages_pass(page):
    examples = re.findall(r"^```yaml\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert examples
    for example in examples:
        assert refusals({**BASE, **parse(example, page).values}) == []


@pytest.mark.parametrize("number", RULE_EXAMPLES)
def test_what_loads_passes(number):
    for example in RULE_EXAMPLES[number]:
        for values in (of_rules(example.good), of_rules(example.bad)):
            try:
                from_document(Document(values, "<mapping>"), Path())
            except ScenarioError:
                continue
            assert refusals(values) == []


def test_the_scenario_of_results_passes():
    for name in ("etl", "transactions"):
        scenario = from_document(read(ROOT / "scenarios" / f"{name}.yaml", name), ROOT / "scenarios")
        assert refusals(parse(scenario.to_yaml(), name).values) == []


def test_the_rich_scenario_is_valid(tmp_path):
    assert errors(RICH, tmp_path) == ()
    assert refusals(RICH) == []
    assert set(SCHEMA["properties"]) - set(RICH) <= {"versions"}


def test_there_are_a_hundred_wrong_forms():
    assert len(WRONG) > 100


@pytest.mark.parametrize(
    ("path", "value"), WRONG, ids=[f"{path}={'gone' if value is GONE else json.dumps(value)}" for path, value in WRONG]
)
def test_a_wrong_form_is_refused_by_both(path, value, tmp_path):
    values = changed(path, value)
    assert {finding.code for finding in errors(values, tmp_path)} & OF_FORM
    assert refusals(values)


def places(value, done=()):
    """The path of everything in a value."""
    for key, each in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield "/".join(map(str, (*done, key)))
        yield from places(each, (*done, key))


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-2, 400)
    | st.floats(0, 3)
    | st.sampled_from(
        [
            "",
            "5m",
            "30GiB",
            "queue",
            "1",
            "120/h",
            "none",
            "advisor",
            "RETRY",
            "c6i",
            "2026-11-02T00:00:00Z",
            "EC2",
            "task",
        ]
    )
)
VALUES = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.sampled_from(["mean", "type", "x"]), SCALARS)


@given(st.sampled_from(sorted(places(RICH))), VALUES)
def test_nothing_that_loads_is_refused(path, value):
    values = changed(path, value)
    # What is wrong with a variant is told where it is run.
    if path.startswith("variants") or not refusals(values):
        return
    with pytest.raises(ScenarioError):
        from_mapping(values)


def test_what_is_wrong_with_the_bad_scenarios_is_seen():
    bad = ROOT / "tests" / "scenarios" / "bad"
    for name, least in (("shapes", 5), ("environment", 10), ("workload", 3)):
        assert len(refusals(read(bad / f"{name}.yaml", name).values)) >= least


def test_every_key_has_a_meaning_and_every_meaning_a_key():
    own = {name for name in SCHEMA["definitions"] if not name.startswith("aws.")} - {"WorkflowJob", "Distribution"}
    for name in own:
        for key, value in SCHEMA["definitions"][name].get("properties", {}).items():
            assert value.get("description") or "$ref" in value or "$ref" in str(value.get("anyOf")), (name, key)
    there = {f"{name}.{key}" for name in own for key in SCHEMA["definitions"][name].get("properties", {})}
    there |= {f"Frame.{key}" for key in SCHEMA["properties"]} | {"WorkflowJob.runtime", "WorkflowJob.failure"}
    assert set(KEYS) <= there
    assert {key.name for key in keys()} == set(KEYS)


def test_every_distribution_has_an_example_that_is_one():
    assert set(DISTRIBUTION_EXAMPLES) == set(DISTRIBUTIONS)
    for name, parameters in DISTRIBUTION_EXAMPLES.items():
        as_distribution({name: parameters})
    for example in EXAMPLES:
        parse_objective(example)


@given(
    st.sampled_from([*STATISTICS, *DISTRIBUTED, *PLAIN, "minimise", "median"]),
    st.lists(st.sampled_from([*DISTRIBUTED, *PLAIN, *(f"{name}=x y" for name in FILTERS), "queue=x", ""]), max_size=3),
    st.booleans(),
    st.sampled_from(["<= 10", "< 1%", ">= 06:00", "= 5", ""]),
)
def test_an_objective_that_is_read_passes(word, asked, minimise, limit):
    inner = f"({', '.join(asked)})" if asked else ""
    text = f"{'minimise ' if minimise else ''}{word}{inner} {limit}"
    try:
        parse_objective(text)
    except ValueError:
        return
    assert not list(VALIDATOR.descend([text], SCHEMA["properties"]["objectives"]))


def test_the_committed_file_is_as_the_code_has_it():
    made = scenario_schema_json()
    if os.environ.get("BATCHSIM_REWRITE_EXPECTED"):
        COMMITTED.write_text(made, encoding="utf-8")
    committed = json.loads(COMMITTED.read_text(encoding="utf-8"))
    if f"botocore {botocore_version()}." in committed["$comment"]:
        assert COMMITTED.read_text(encoding="utf-8") == made
    # Another botocore has other shapes; what is ours is the same.
    ours = [{name: value for name, value in schema["definitions"].items() if not name.startswith("aws.")}
            for schema in (committed, SCHEMA)]  # fmt: skip
    assert {name: value for name, value in ours[0].items() if name != "WorkflowJob"} == {
        name: value for name, value in ours[1].items() if name != "WorkflowJob"
    }


def test_words_of_aws_are_added_on_request_and_not_committed():
    shape = shape_named("ComputeResource")
    said = scenario_schema(aws_texts=True)["definitions"]["aws.ComputeResource"]["properties"]
    assert plain(shape.members["maxvCpus"].documentation)[:60] in said["maxvCpus"]["markdownDescription"]
    text = COMMITTED.read_text(encoding="utf-8")
    assert "markdownDescription" not in text
    for name, member in shape.members.items():
        first = plain(member.documentation).split("\n")[0]
        assert len(first) < 40 or first not in text, name


def test_html_becomes_markdown():
    html = "<p>The <code>state</code>.\nOne of:</p> <ul> <li> <p> <b>A</b> (no): <a href='x'>see</a> it</p> </li></ul>"
    assert plain(html) == "The `state`. One of:\n- **A** (no): see it"


def test_what_is_refused_is_not_suggested():
    member = SCHEMA["definitions"]["aws.RegisterJobDefinitionRequest"]["properties"]["eksProperties"]
    assert member["doNotSuggest"] is True
    assert member["description"].startswith("refused")
