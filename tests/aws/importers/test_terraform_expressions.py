"""Expressions of a Terraform configuration: each that is followed with its value, each other a hole with its words."""

from __future__ import annotations

import pytest

from batchsim.aws.importers.template_values import FAULTY, Unresolved
from batchsim.aws.importers.terraform_expressions import Expressions
from batchsim.aws.importers.variables import Variables
from batchsim.scenario.document.document import Document

DECLARED = {
    "size": {"default": 64},
    "types": {"default": ["c6i", "m6i"]},
    "tags": {"default": {"team": "data", "my key": "x"}},
    "open": {"type": "string"},
}
LOCALS = {
    "prefix": "etl-${var.size}",
    "deep": {"a": [{"b": "${local.prefix}"}]},
    "egg": "${local.hen}",
    "hen": "${local.egg}",
    "twice": "${local.prefix}${local.prefix}",
}
BLOCKS = {
    ("aws_batch_compute_environment", "spot"): {"compute_environment_name": "${local.prefix}-spot", "type": "MANAGED"},
    ("aws_batch_job_queue", "unnamed"): {"priority": "${var.size}"},
}


def evaluated(value, given=None):
    """A value with its expressions followed, and the codes of the faults."""
    faults: list[str] = []
    expressions = Expressions(
        Variables(Document({}, "main.tf.json"), given or {}, DECLARED),
        LOCALS,
        lambda resource, label: BLOCKS.get((resource, label)),
        lambda where, code, message, expected: faults.append(code),
    )
    return expressions.value(value, ("resource",)), faults


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("", ""),
        ("${var.size}", 64),
        ("${ var.size }", 64),
        ("n-${var.size}-${var.size}", "n-64-64"),
        ("${var.types}", ["c6i", "m6i"]),
        ("${var.types[1]}", "m6i"),
        ("${var.tags.team}", "data"),
        ('${var.tags["my key"]}', "x"),
        ("${local.prefix}", "etl-64"),
        ("${local.deep.a[0].b}!", "etl-64!"),
        ("${local.twice}", "etl-64etl-64"),
        ("$${var.size} %%{if}", "${var.size} %{if}"),
        ("${aws_batch_compute_environment.spot.arn}", "etl-64-spot"),
        ("${aws_batch_compute_environment.spot[0].id}", "etl-64-spot"),
        ("${aws_batch_compute_environment.spot.type}", "MANAGED"),
        ("${aws_batch_job_queue.unnamed.arn}", "unnamed"),
        ("${aws_batch_job_queue.unnamed.priority}", 64),
    ],
)
def test_what_is_followed_has_its_value(text, expected):
    assert evaluated(text) == (expected, [])


def test_values_within_lists_and_mappings():
    value = {"a": ["${var.size}", 1, None], "b": {"c": "${local.prefix}"}}
    assert evaluated(value) == ({"a": [64, 1, None], "b": {"c": "etl-64"}}, [])


def test_a_given_variable_goes_before_its_default():
    assert evaluated("${var.size}-${var.open}", {"size": "8", "open": "x"}) == ("8-x", [])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("${var.open}", "variable open has no default"),
        ("a-${var.open}", "variable open has no default"),
        ("${data.aws_subnets.all.ids}", "data.aws_subnets.all.ids is known to Terraform only"),
        ("${local.nothing}", "local.nothing is known to Terraform only"),
        ("${local.deep.a[5].b}", "local.deep.a[5].b is known to Terraform only"),
        ("${var.types.team}", "var.types.team is known to Terraform only"),
        ("${aws_batch_job_queue.none.arn}", "aws_batch_job_queue.none.arn is known to Terraform only"),
        ("${aws_batch_job_queue.unnamed.state}", "aws_batch_job_queue.unnamed.state is known to Terraform only"),
        ("%{ if true }a%{ endif }", "an expression is known to Terraform only"),
        ("${{a = 1}}", "an expression is known to Terraform only"),
        ("list: ${var.types}", '["c6i", "m6i"] has no text'),
    ],
)
def test_what_is_not_followed_is_a_hole(text, why):
    value, faults = evaluated(text)
    assert isinstance(value, Unresolved)
    assert (value.why, faults) == (why, [])


def test_what_refers_to_itself_is_a_fault():
    assert evaluated("${local.egg}") == (FAULTY, ["circular"])


def test_a_text_that_grows_too_long_is_a_fault():
    long = {"default": "x" * 600_000}
    faults: list[str] = []
    variables = Variables(Document({}, "main.tf.json"), {}, {"long": long})
    expressions = Expressions(
        variables, {}, lambda *_: None, lambda where, code, message, expected: faults.append(code)
    )
    assert expressions.value("${var.long}${var.long}", ()) is FAULTY
    assert faults == ["too-large"]
