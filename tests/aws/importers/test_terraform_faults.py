"""Whatever a plan, a state or a configuration of Terraform holds, only findings come of it."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchsim.aws.importers.config import together
from batchsim.aws.importers.terraform import convert
from batchsim.errors import ScenarioError
from batchsim.scenario.document.document import Document, compose
from tests.aws.importers.test_terraform import ALL, resource, shown, state

ORDER = "compute_environment_order"
PLAN = {
    **json.loads(shown(*(resource(kind, values, index=0) for kind, values in ALL.items()))),
    "resource_changes": [
        {
            "address": "aws_batch_job_queue.x",
            "change": {"after_unknown": {"arn": True, ORDER: [{"compute_environment": True}]}},
        }
    ],
    "configuration": {
        "root_module": {
            "resources": [
                {
                    "type": "aws_batch_job_queue",
                    "name": "x",
                    "expressions": {
                        ORDER: [{"compute_environment": {"references": ["aws_batch_compute_environment.x[0].arn"]}}]
                    },
                }
            ],
            "module_calls": {"inner": {"module": {"resources": []}}},
        }
    },
}
PLAN["planned_values"]["root_module"]["child_modules"] = [
    {"address": "module.inner[0]", "resources": [resource("aws_batch_job_queue", ALL["aws_batch_job_queue"], "y")]}
]
CONFIGURATION = {
    "variable": {"size": {"default": 64}, "types": {"type": "list(string)", "default": ["c6i"]}},
    "locals": {"name": "etl-${var.size}"},
    "resource": {
        "aws_batch_compute_environment": {"x": {"name": "${local.name}", "compute_resources": {"type": "SPOT"}}},
        "aws_batch_job_queue": {"x": {"count": "1", "priority": "${var.size}", "compute_environments": ["a"]}},
    },
}
SEEDS = [PLAN, json.loads(state(**ALL)), CONFIGURATION]
ODD = [None, 0, 1, -1, True, "", "x", "${var.size}", "${local.name}", [], {}, [[]], [None], {"a": {}}, ["x"], [{}]]


def places(value, where=()):
    yield where
    if isinstance(value, (dict, list)):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*where, key))


def replaced(document, where, value):
    document = copy.deepcopy(document)
    holder = document
    for step in where[:-1]:
        holder = holder[step]
    holder[where[-1]] = copy.deepcopy(value)
    return document


def outcome(document):
    """What is imported of a document, or the error; anything else would be a traceback."""
    try:
        return together([convert(Document(document, "terraform.json"), {})])
    except ScenarioError as error:
        return error


ONE_BY_ONE = [(seed, where) for seed, document in enumerate(SEEDS) for where in places(document) if where]


@pytest.mark.parametrize("odd", [None, 0, "x", [], {}, [["x"]], {"a": {}}], ids=repr)
def test_each_place_in_turn(odd):
    for seed, where in ONE_BY_ONE:
        found = outcome(replaced(SEEDS[seed], where, odd))
        assert bool(getattr(found, "batch", None)) is not isinstance(found, ScenarioError)


@settings(max_examples=50)
@given(st.sampled_from(SEEDS), st.data())
def test_several_places_at_once(document, data):
    for _ in range(data.draw(st.integers(2, 4))):
        where = data.draw(st.sampled_from([each for each in places(document) if each] or [()]))
        if where:
            document = replaced(document, where, data.draw(st.sampled_from(ODD)))
    found = outcome(document)
    if isinstance(found, ScenarioError):
        assert any(finding.severity == "error" for finding in found.findings)
    else:
        assert compose(found.to_yaml(), "x")[0] == {"batch": found.batch}


@pytest.mark.parametrize("values", ["x", ["x"], 1])
def test_values_that_are_no_mapping_are_a_finding_with_their_place(values):
    where = ("planned_values", "root_module", "resources", 1, "values")
    found = outcome(replaced(PLAN, where, values))
    (finding,) = (each for each in found.findings if each.severity == "error")
    assert (finding.code, finding.path) == ("wrong-type", "planned_values.root_module.resources.x.values")
