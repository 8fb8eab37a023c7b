"""Loading a scenario: read, override, check everything, resolve; all faults in one go."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from batchsim.errors import Finding, ScenarioError, nearest
from batchsim.scenario.checking import check, in_order, raise_errors
from batchsim.scenario.document import overrides as changes
from batchsim.scenario.document.document import Document, parse, read
from batchsim.scenario.resolve import resolve
from batchsim.scenario.scenario import Scenario
from batchsim.scenario.sections.models import NAME
from batchsim.scenario.silencing import silence, with_ignored
from batchsim.units import parse_instant


def load(
    path: str | Path,
    *,
    overrides: changes.Overrides = (),
    variant: str | None = None,
    ignore: Iterable[str] = (),
) -> Scenario:
    """Load a scenario file.

    Faults of its variants are told where they are run or looked at: `Scenario.variant`, `compare`, `validate`.

    Parameters
    ----------
    path : str or Path
        YAML (or JSON) file; paths of traces in it are relative to its folder.
    overrides : iterable of (path, value)
        Changes by dotted path, applied after the variant, in their order.
    variant : str, optional
        The variant to apply.
    ignore : iterable of str
        Codes of rules that are ignored besides those that the scenario ignores itself.

    Raises
    ------
    ScenarioError
        With every finding, in the order of their places.

    Examples
    --------
    >>> load("scenarios/etl.yaml").variant_names  # doctest: +SKIP
    ('under-provisioned', 'right-sized', 'over-provisioned')
    """
    document = document_of(path, overrides=overrides, variant=variant, ignore=ignore)
    return from_document(document, Path(path).parent)


def document_of(
    path: str | Path,
    *,
    overrides: changes.Overrides = (),
    variant: str | None = None,
    ignore: Iterable[str] = (),
) -> Document:
    """A scenario file as plain values, a variant and overrides applied, not checked; see `load`."""
    return with_ignored(_changed(read(Path(path), str(path)), tuple(overrides), variant), ignore)


def loads(
    text: str, *, base: str | Path = ".", overrides: changes.Overrides = (), variant: str | None = None
) -> Scenario:
    """Load a scenario from a text; see `load`."""
    return from_document(_changed(parse(text, "<text>"), tuple(overrides), variant), Path(base))


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


def from_document(document: Document, base: Path) -> Scenario:
    """Check a document and make the scenario; its variants are not looked at.

    Raises
    ------
    ScenarioError
        With every finding.
    """
    checked = check(document, base=base)
    findings = list(checked.findings)
    raise_errors(silence(findings, document))
    frame = checked.frame
    assert frame is not None  # noqa: S101 (a frame that is None has findings)
    start = parse_instant(frame.start)
    resolved = resolve(document, checked.workload, frame.region, start, frame.environment, base, checked.catalog)
    findings += resolved.findings
    told = silence(findings, document)
    raise_errors(told)
    return Scenario(
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
        sources=resolved.sources,
        configuration=resolved.configuration,
        warnings=tuple(in_order(told)),
        silenced=tuple(finding for finding in in_order(findings) if finding not in told),
        base=base,
        document=document,
        catalog=checked.catalog,
    )


def variant_of(document: Document, name: str, base: Path) -> Scenario:
    """The scenario that a document's variant is.

    Raises
    ------
    ScenarioError
        With every finding, at the variant's place and by its name.
    """
    findings = list(_no_name(document, name))
    try:
        made = from_document(applied(document, name), base)
    except ScenarioError as error:
        findings += error.findings
    if findings:
        raise ScenarioError([_in_variant(document, name, finding) for finding in findings])
    return made


def variant_findings(document: Document, base: Path, known: Iterable[Finding]) -> list[Finding]:
    """What is found in the variants of a document, what is ignored too, at the place of each and by its name.

    Parameters
    ----------
    known : iterable of Finding
        What is found in the scenario itself: its variants may have it too, and it is not told again.
    """
    variants = document.values.get("variants")
    known = list(known)
    found: list[Finding] = []
    for name in variants if isinstance(variants, dict) else ():
        told = {replace(_in_variant(document, name, finding), severity="error") for finding in known}
        try:
            made = variant_of(document, name, base)
            more = [_in_variant(document, name, finding) for finding in (*made.warnings, *made.silenced)]
        except ScenarioError as error:
            more = list(error.findings)
        found += [finding for finding in more if replace(finding, severity="error") not in told]
    return found


def _no_name(document: Document, variant: str) -> Iterator[Finding]:
    """A variant whose results can't get a folder of its name."""
    if not re.fullmatch(NAME, variant):
        expected = "letters, digits, - _ . and a letter or digit first"
        yield document.finding(("variants", variant), "name", f"{variant!r} is no name", expected=expected)


def _in_variant(document: Document, name: str, finding: Finding) -> Finding:
    placed = finding.at(*document.place(("variants", name), key=True))
    return replace(placed, message=f"in variant {name}: {finding.message}")
