"""Loading a scenario: from a file, a text or plain values, with a variant and overrides applied."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from batchsim.errors import Finding, ScenarioError
from batchsim.scenario.document.document import Document, parse, read
from batchsim.scenario.document.overrides import COMMAND_LINE, Overrides, apply
from batchsim.scenario.document.variants import applied, in_variant, require
from batchsim.scenario.scenario import Scenario, from_document, variant_of
from batchsim.scenario.sections.launch_template_files import with_launch_template_files
from batchsim.scenario.silencing import with_ignored


def load(
    path: str | Path,
    *,
    overrides: Overrides = (),
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
    overrides, ignore, base = tuple(overrides), tuple(ignore), Path(path).parent
    document = document_of(path, overrides=overrides, variant=variant, ignore=ignore)
    try:
        return from_document(document, base)
    except ScenarioError as error:
        if variant is None:
            raise
        raise ScenarioError(_of_variant(document_of(path), overrides, base, variant, error.findings)) from None


def _of_variant(
    document: Document, overrides: tuple[tuple[str, Any], ...], base: Path, name: str, findings: Iterable[Finding]
) -> list[Finding]:
    """Findings of a variant: those of the scenario itself and of the command line as they are, others at its place."""
    known: set[tuple[str, str]] = set()
    try:
        from_document(_changed(document, overrides, None), base)
    except ScenarioError as error:
        known = {(finding.code, finding.path) for finding in error.findings}
    return [
        each if each.file == COMMAND_LINE or (each.code, each.path) in known else in_variant(document, name, each)
        for each in findings
    ]


def document_of(
    path: str | Path,
    *,
    overrides: Overrides = (),
    variant: str | None = None,
    ignore: Iterable[str] = (),
) -> Document:
    """A scenario file as plain values, a variant and overrides applied, not checked; see `load`."""
    document = with_launch_template_files(read(Path(path), str(path)), Path(path).parent)
    return with_ignored(_changed(document, tuple(overrides), variant), ignore)


def loads(text: str, *, base: str | Path = ".", overrides: Overrides = (), variant: str | None = None) -> Scenario:
    """Load a scenario from a text; see `load`."""
    document = with_launch_template_files(parse(text, "<text>"), Path(base))
    return from_document(_changed(document, tuple(overrides), variant), Path(base))


def from_mapping(values: Mapping[str, Any], *, base: str | Path = ".") -> Scenario:
    """Make a scenario from plain values, as a YAML reader would give them; see `load`."""
    return from_document(Document(copy.deepcopy(dict(values)), "<mapping>"), Path(base))


def _changed(document: Document, overrides: tuple[tuple[str, Any], ...], variant: str | None) -> Document:
    if variant is not None:
        require(document, variant)
        document = applied(document, variant)
    return apply(document, overrides, (COMMAND_LINE, 0, 0)) if overrides else document


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
        told = {replace(in_variant(document, name, finding), severity="error") for finding in known}
        try:
            made = variant_of(document, name, base)
            more = [in_variant(document, name, finding) for finding in (*made.warnings, *made.silenced)]
        except ScenarioError as error:
            more = list(error.findings)
        found += [finding for finding in more if replace(finding, severity="error") not in told]
    return found
