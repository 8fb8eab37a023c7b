"""Checking a scenario's document: every section's shape, then its meaning; all faults in one go."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from batchsim.catalog.catalog import BUNDLED, Catalog
from batchsim.catalog.prices import regions
from batchsim.catalog.user_catalog import read_catalog
from batchsim.errors import ExpressionError, Finding, ScenarioError, Severity, nearest, pointed_out
from batchsim.scenario import rules, silencing
from batchsim.scenario.document.access import dig
from batchsim.scenario.document.document import Document
from batchsim.scenario.document.overrides import apply
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.registry import Stage
from batchsim.scenario.sections.batch import check_batch
from batchsim.scenario.sections.launch_templates import check_launch_templates
from batchsim.scenario.sections.model_errors import message_parts, validated
from batchsim.scenario.sections.models import Frame, TraceSource, Workflow
from batchsim.scenario.sections.parameters import Parameter, Requirements, parameters, requirements
from batchsim.scenario.sections.warm_up import no_warm_up
from batchsim.scenario.sections.workload import endless, workload_entries
from batchsim.scenario.updates.checking import check_updates, read_updates
from batchsim.scenario.updates.timeline import ReadUpdate
from batchsim.spec.objectives import Objective, parse_objective
from batchsim.spec.stated_prices import cures

#: What a region of AWS is called, known or not.
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d")

#: Members of a scenario that are checked piece by piece.
_PIECES = ("batch", "launchTemplates", "workload", "updates", "variants", "objectives", "sweep", "search", "versions")

#: Of more values of a parameter only the first and the last are put into the scenario to see whether they fit.
MOST_TRIED = 100


@dataclass(frozen=True)
class Checked:
    """A document that has been looked at; what could be made of its sections, and what was found.

    Attributes
    ----------
    frame : Frame or None
        The scenario's own members; None when they have faults.
    workload, objectives : tuple
        The entries without faults.
    findings : tuple of Finding
        In no order.
    catalog : Catalog
        The one that the document names, or the bundled one.
    sweep, search : tuple of Parameter
        What the sections of these names vary; those without faults.
    requirements : Requirements or None
        What ``search.require`` says.
    updates : tuple of ReadUpdate
        The entries without faults.
    """

    document: Document
    frame: Frame | None
    workload: tuple[Workflow | TraceSource, ...]
    objectives: tuple[Objective, ...]
    findings: tuple[Finding, ...]
    catalog: Catalog = BUNDLED
    sweep: tuple[Parameter, ...] = ()
    search: tuple[Parameter, ...] = ()
    requirements: Requirements | None = None
    updates: tuple[ReadUpdate, ...] = ()

    def __getstate__(self) -> dict[str, Any]:
        # Identities mean nothing in another process.
        return {name: value for name, value in self.__dict__.items() if name != "right"}

    @cached_property
    def right(self) -> _Right:
        """What needs no second look in a document that shares it; nothing where an error was found."""
        values = self.document.values
        if self.frame is None or any(finding.severity == "error" for finding in self.findings):
            return _Right()
        entries = zip(values["workload"], self.workload, strict=True)
        return _Right(
            _own(values),
            self.frame,
            frozenset(id(request) for requests in values["batch"].values() for request in requests),
            {id(entry): model for entry, model in entries},
        )


@dataclass(frozen=True)
class _Right:
    """What is known to have the shape that it should have, by identity: objects of a document that is still there.

    Attributes
    ----------
    own : dict
        The scenario's own members, of which `frame` was made.
    requests : frozenset of int
        Requests of the ``batch:`` section.
    entries : dict
        Models of the entries of the workload.
    """

    own: dict[str, Any] = field(default_factory=dict)
    frame: Frame | None = None
    requests: frozenset[int] = frozenset()
    entries: dict[int, Workflow | TraceSource] = field(default_factory=dict)

    def is_own(self, values: dict[str, Any]) -> bool:
        """Whether these are the members that the frame was made of."""
        return values.keys() == self.own.keys() and all(values[key] is self.own[key] for key in values)


def _own(values: dict[str, Any]) -> dict[str, Any]:
    """The members that the frame is made of."""
    return {key: value for key, value in values.items() if key not in _PIECES}


def check(
    document: Document,
    stages: Sequence[Stage] = ("simulation",),
    *,
    base: Path | None = None,
    before: Checked | None = None,
) -> Checked:
    """Check every section of a document.

    Parameters
    ----------
    stages : sequence of str
        Which rules of meaning are looked at; see `batchsim.scenario.rules`.
    base : Path, optional
        Folder that the path of a catalog is relative to; that of the document's file without it.
    before : Checked, optional
        A document without errors that this one was made from by changes: what both share, being the same objects, has
        the shape that it should have. Rules of meaning are looked at again, as they see everything together.
    """
    findings: list[Finding] = []
    values = document.values
    right = _Right() if before is None else before.right
    frame, workload, updates = _sections(document, right, findings)
    catalog = _catalog(document, Path(document.file).parent if base is None else base, findings)
    findings += rules.check_all(document, stages, catalog=catalog)
    objectives = tuple(_objectives(document, findings))
    findings += _unknown_region(document, catalog)
    findings += silencing.unknown(document)
    if frame is not None and frame.duration is None:
        findings += endless(workload, document)
    if frame is not None:
        findings += no_warm_up(frame, workload, document)
        findings += check_updates(document, updates, frame, stages, catalog, tuple(findings))
    findings += _no_variants(document)
    sweep, search = (parameters(document, section, findings) for section in ("sweep", "search"))
    required = requirements(document, findings)
    checked = Checked(document, frame, workload, objectives, tuple(findings), catalog, sweep, search, required, updates)
    known = {} if before is None else before.document.values
    for section, each in (("sweep", sweep), ("search", search)):
        if values.get(section) is not known.get(section):
            findings += misfits(checked, each, section)
    return replace(checked, findings=tuple(findings))


def _sections(
    document: Document, right: _Right, findings: list[Finding]
) -> tuple[Frame | None, tuple[Workflow | TraceSource, ...], tuple[ReadUpdate, ...]]:
    """The scenario's own members, its workload and its updates, those and the requests looked at for their shape."""
    frame = right.frame if right.is_own(_own(document.values)) else None
    if frame is None:
        frame = validated(Frame, _own(document.values), (), document, findings, known=_PIECES)
    findings += check_batch(document, right.requests)
    findings += check_launch_templates(document)
    workload = tuple(workload_entries(document, findings, right.entries))
    return frame, workload, read_updates(document, findings)


def misfits(checked: Checked, varied: Iterable[Parameter], section: str = "") -> Iterator[Finding]:
    """Values of parameters that have not the shape that is wanted where they are put; nothing of a faulty document.

    Parameters
    ----------
    section : str
        Of the scenario in which the parameters stand.
    """
    right, where = checked.right, f"in {section}: " if section else ""
    for parameter in varied if right.frame is not None else ():
        tried = parameter.values if len(parameter.values) <= MOST_TRIED else (parameter.values[0], parameter.values[-1])
        told: set[tuple[str, str]] = set()
        for value in tried:
            found: list[Finding] = []
            _sections(apply(checked.document, value.overrides.items(), value.place), right, found)
            for finding in found:
                if (finding.path, finding.message) not in told:
                    told.add((finding.path, finding.message))
                    yield replace(finding, message=f"{where}{finding.message}")


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Findings in the order of their places, each once."""
    return sorted(dict.fromkeys(findings), key=lambda f: (f.file, f.line, f.column, f.code, f.path))


def raise_errors(findings: Iterable[Finding]) -> None:
    """Raise all findings when one of them is an error."""
    findings = tuple(findings)
    if any(finding.severity == "error" for finding in findings):
        raise ScenarioError(in_order(findings))


def _catalog(document: Document, base: Path, findings: list[Finding]) -> Catalog:
    """The catalog that a document names; with findings the bundled one, so that the rest can be checked."""
    where = ("environment", "prices", "catalog")
    path = dig(document.values, *where)
    if not isinstance(path, str) or not path:
        return BUNDLED
    try:
        return read_catalog(base / path)
    except ScenarioError as error:
        for finding in error.findings:
            placed = finding if finding.file else finding.at(*document.place(where))
            findings.append(replace(placed, path=document.path(where)))
    return BUNDLED


def _unknown_region(document: Document, catalog: Catalog) -> Iterator[Finding]:
    """A region without figures; a catalog of the user's need not have the default one either."""
    region = document.values.get("region", None if catalog.is_bundled else Frame.model_fields["region"].default)
    if not isinstance(region, str) or region in regions(catalog):
        return
    code, message = "unknown-region", f"the catalog has no region {region!r}"
    expected, near = cures("c6i.large: USD per hour"), nearest(region, regions(catalog))
    if not catalog.is_bundled:
        code, message = "not-in-catalog", f"no prices of {region!r} in the catalog {catalog.folder}"
        expected, near = f"one of {', '.join(regions(catalog))}; {expected}", ""
    severity: Severity = "error"
    if _REGION.fullmatch(region) and dig(document.values, "environment", "prices", "overrides"):
        severity, expected = "warning", ""
        message += ": what environment.prices.overrides states is all that can be had"
    yield document.finding(("region",), code, message, expected=expected, suggestion=near, severity=severity)


def _no_variants(document: Document) -> Iterator[Finding]:
    """A section of variants that has none because it is no mapping."""
    if not isinstance(document.values.get("variants", {}), (dict, type(None))):
        yield document.finding(("variants",), "wrong-type", "not a mapping", expected="name: {path: value}")


def _objectives(document: Document, findings: list[Finding]) -> Iterator[Objective]:
    given = document.values.get("objectives")
    entries = given if isinstance(given, list) else [] if given is None else [given]
    names = _names(Context(document))
    for index, text in enumerate(entries):
        finding = partial(document.finding, ("objectives", index), "objective")
        objective = _objective(text, finding, findings)
        if objective is None:
            continue
        unknown = [(key, name) for key, name in objective.where if key in names and name not in names[key]]
        for key, name in unknown:
            excerpt = pointed_out(objective.expression, objective.place_of(key), len(name))
            message, near = f"there is no {key} {name!r}", nearest(name, names[key])
            findings.append(finding(message, suggestion=near, excerpt=excerpt))
        if not unknown:
            yield objective


def _objective(text: Any, finding: Callable[..., Finding], findings: list[Finding]) -> Objective | None:
    """The objective that an entry states; None where it is none, which is added to the findings."""
    if not isinstance(text, str):
        findings.append(finding("not an objective", expected="such as p95(queue_time) <= 10m"))
        return None
    try:
        return parse_objective(text)
    except ExpressionError as error:
        problem, expected, suggestion = message_parts(str(error))
        excerpt = pointed_out(text.strip(), error.at, error.length)
        findings.append(finding(problem, expected=expected, suggestion=suggestion, excerpt=excerpt))
        return None


def _names(context: Context) -> dict[str, list[str]]:
    """What an objective may name, by the key that it is named by; without those by which it may name anything."""
    names = {"jobQueue": list(context.queues), "jobDefinition": list(context.definitions)}
    # What a trace's jobs are called is known when it is read.
    if any(context.traces()):
        return names
    jobs = [job for _, _, jobs in context.workflows for _, job in jobs]
    return {
        **names,
        "workflow": [str(entry.get("workflow")) for _, entry, _ in context.workflows],
        "jobName": [str(job.get("jobName")) for job in jobs],
    }
