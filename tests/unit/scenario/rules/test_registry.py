"""The registry: what a rule's findings are told as, and which of them stop a simulation."""

from __future__ import annotations

import pytest

from batchsim.scenario.document.document import Document
from batchsim.scenario.rules import registry
from batchsim.scenario.rules.registry import RULES, check_all, declare, rule, rule_of, stage_of


@pytest.fixture
def alone(monkeypatch):
    """A registry of its own."""
    monkeypatch.setattr(registry, "RULES", [])
    return registry.RULES


def test_a_finding_is_told_as_its_rule_says(alone):
    @rule("long", "Names are short", "a page", severity="warning", stage="review", number="V-99")
    def short_names(context):
        """Both of them."""
        yield context.finding(("name",), "too long")
        yield context.finding(("name",), "long", severity="info", source="another page")

    document = Document({"name": "x"}, "x.yaml", {("name",): ("x.yaml", 3, 7)})
    assert list(check_all(document, ["simulation"])) == []
    first, second = check_all(document, ["simulation", "review"])
    assert (first.code, first.severity, first.source, first.line, first.column) == ("long", "warning", "a page", 3, 7)
    # A finding may be milder than its rule, and know better where AWS says so.
    assert (second.code, second.severity, second.source) == ("long", "info", "another page")
    assert stage_of(first) == "review"


def test_what_stops_a_simulation_are_errors_that_every_run_looks_at(alone):
    declare("a", "…")
    declare("b", "…", severity="warning")
    declare("c", "…", stage="deployment")
    declare("d", "…", stops=False)
    assert {each.code: each.stops for each in alone} == {"a": True, "b": False, "c": False, "d": False}
    assert rule_of("e") is None


def test_parts_of_a_rule_are_looked_at_in_one_stage():
    for each in RULES:
        assert rule_of(each.code).stage == each.stage, each.code
