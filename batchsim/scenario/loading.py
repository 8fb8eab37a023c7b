"""Loading a scenario: read, override, check everything, resolve; all faults in one go."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from batchsim.errors import Finding, ScenarioError, nearest
from batchsim.scenario import overrides as changes
from batchsim.scenario.checking import check, in_order, raise_errors
from batchsim.scenario.document import Document, parse, read
from batchsim.scenario.model import NAME
from batchsim.scenario.resolve import resolve
from batchsim.scenario.scenario import Scenario
from batchsim.units import parse_instant


def load(path: str | Path, *, overrides: changes.Overrides = (), variant: str | None = None) -> Scenario:
    """Load a scenario file.

    Parameters
    ----------
    path : str or Path
        YAML (or JSON) file; paths of traces in it are relative to its folder.
    overrides : iterable of (path, value)
        Changes by dotted path, applied after the variant, in their order.
    variant : str, optional
        The variant to apply.

    Raises
    ------
    ScenarioError
        With every finding, in the order of their places.

    Examples
    --------
    >>> load("scenarios/etl.yaml").variant_names  # doctest: +SKIP
    ('under-provisioned', 'right-sized', 'over-provisioned')
    """
    overrides = tuple(overrides)
    document = document_of(path, overrides=overrides, variant=variant)
    # Variants are changes to the scenario as it was written; with other changes they need not make sense.
    return from_document(document, Path(path).parent, variants=not overrides)


def document_of(path: str | Path, *, overrides: changes.Overrides = (), variant: str | None = None) -> Document:
    """A scenario file as plain values, a variant and overrides applied, not checked; see `load`."""
    return _changed(read(Path(path), str(path)), tuple(overrides), variant)


def loads(
    text: str, *, base: str | Path = ".", overrides: changes.Overrides = (), variant: str | None = None
) -> Scenario:
    """Load a scenario from a text; see `load`."""
    overrides = tuple(overrides)
    return from_document(_changed(parse(text, "<text>"), overrides, variant), Path(base), variants=not overrides)


def from_mapping(values: Mapping[str, Any], *, base: str | Path = ".") -> Scenario:
    """Make a scenario from plain values, as a YAML reader would give them; see `load`."""
    return from_document(Document(dict(values), "<mapping>"), Path(base))


def _changed(document: Document, overrides: tuple[tuple[str, Any], ...], variant: str | None) -> Document:
    if variant is not None:
        variants = document.values.get("variants") or {}
        if not isinstance(variants, dict) or variant not in variants:
            near = nearest(variant, variants)
            message = f"the scenario has no variant {variant!r}"
            finding = Finding("unknown-variant", "variants", message, suggestion=near)
            raise ScenarioError([finding.at(*document.place(("variants",)))])
        document = applied(document, variant)
    return changes.apply(document, overrides, ("--set", 0, 0)) if overrides else document


def applied(document: Document, variant: str) -> Document:
    """A document with one of its variants applied; it has no variants of its own."""
    overrides = document.values["variants"][variant] or {}
    changed = changes.apply(document, overrides.items(), document.place(("variants", variant)))
    values = {key: value for key, value in changed.values.items() if key != "variants"}
    return Document(values, changed.file, changed.places)


def from_document(document: Document, base: Path, *, variants: bool = True) -> Scenario:
    """Check a document and make the scenario.

    Parameters
    ----------
    variants : bool
        Whether the variants are checked too.

    Raises
    ------
    ScenarioError
        With every finding.
    """
    checked = check(document, base=base)
    findings = list(checked.findings)
    raise_errors(findings)
    frame = checked.frame
    assert frame is not None  # noqa: S101 (a frame that is None has findings)
    start = parse_instant(frame.start)
    configuration, more = resolve(document, frame.region, start, frame.environment, base, checked.catalog)
    findings += more
    raise_errors(findings)
    scenario = Scenario(
        name=frame.name,
        region=frame.region,
        start=start,
        duration_s=frame.duration,
        horizon_s=frame.horizon,
        seed=frame.seed,
        batch=document.values["batch"],
        workload=checked.workload,
        environment=frame.environment,
        variants=document.values.get("variants") or {},
        objectives=checked.objectives,
        configuration=configuration,
        warnings=tuple(in_order(findings)),
        base=base,
        document=document,
        catalog=checked.catalog,
    )
    if variants and "variants" in document.values:
        _check_variants(scenario)
    return scenario


def _check_variants(scenario: Scenario) -> None:
    """Each variant is a scenario too; its faults are told at its place."""
    findings: list[Finding] = []
    document = scenario.document
    for name, overrides in scenario.variants.items():
        place = document.place(("variants", name))
        if not re.fullmatch(NAME, name):
            # Its results get a folder of that name.
            expected = "letters, digits, - _ . and a letter or digit first"
            findings.append(
                document.finding(("variants", name), "name", f"{name!r} is no name", expected=expected, key=True)
            )
            continue
        if not isinstance(overrides, (dict, type(None))):
            findings.append(document.finding(("variants", name), "wrong-type", "not a mapping", expected="path: value"))
            continue
        try:
            from_document(changes.apply(document, (overrides or {}).items(), place), scenario.base, variants=False)
        except ScenarioError as error:
            findings += error.findings
    raise_errors(findings)
