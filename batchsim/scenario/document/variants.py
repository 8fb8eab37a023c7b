"""The variants of a document: named overrides, and a document with those of one applied."""

from __future__ import annotations

from dataclasses import replace

from batchsim.errors import Finding, ScenarioError, nearest
from batchsim.scenario.document import overrides as changes
from batchsim.scenario.document.document import Document


def require(document: Document, name: str) -> None:
    """Refuse a name that no variant has.

    Raises
    ------
    ScenarioError
        With what was probably meant.
    """
    variants = document.values.get("variants") or {}
    if not isinstance(variants, dict) or name not in variants:
        message, near = f"the scenario has no variant {name!r}", nearest(name, variants)
        finding = Finding("unknown-variant", "variants", message, suggestion=near)
        raise ScenarioError([finding.at(*document.place(("variants",)))])


def applied(document: Document, variant: str) -> Document:
    """A document with one of its variants applied; it has no variants of its own.

    Raises
    ------
    ScenarioError
        If the variant is no mapping, or a path of it leads nowhere.
    """
    overrides = document.values["variants"][variant] or {}
    if not isinstance(overrides, dict):
        wrong = document.finding(("variants", variant), "wrong-type", "not a mapping", expected="path: value")
        raise ScenarioError([wrong])
    changed = changes.apply(document, overrides.items(), document.place(("variants", variant)))
    values = {key: value for key, value in changed.values.items() if key != "variants"}
    return replace(changed, values=values)


def in_variant(document: Document, name: str, finding: Finding) -> Finding:
    """A finding about a variant, at its place and by its name."""
    placed = finding.at(*document.place(("variants", name), key=True))
    return replace(placed, message=f"in variant {name}: {finding.message}")
