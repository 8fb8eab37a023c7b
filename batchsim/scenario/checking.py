"""Checking a scenario's document: every section's shape, then its meaning; all faults in one go."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from batchsim.catalog.catalog import BUNDLED, Catalog
from batchsim.catalog.prices import regions
from batchsim.catalog.user_catalog import read_catalog
from batchsim.errors import Finding, ScenarioError, Severity, nearest
from batchsim.scenario import rules, silencing
from batchsim.scenario.batch import service_model
from batchsim.scenario.document.access import dig
from batchsim.scenario.document.document import Document, Where
from batchsim.scenario.rules.context import Context, Stage
from batchsim.scenario.sections.models import Frame, TraceSource, Workflow, WorkflowJob
from batchsim.spec.fields import Section
from batchsim.spec.objectives import Objective, parse_objective
from batchsim.spec.stated_prices import cures

#: What a region of AWS is called, known or not.
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d")

#: Members of a scenario that are checked piece by piece.
_PIECES = ("batch", "workload", "variants", "objectives", "search", "versions")


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
    """

    document: Document
    frame: Frame | None
    workload: tuple[Workflow | TraceSource, ...]
    objectives: tuple[Objective, ...]
    findings: tuple[Finding, ...]
    catalog: Catalog = BUNDLED


def check(document: Document, stages: Sequence[Stage] = ("simulation",), *, base: Path | None = None) -> Checked:
    """Check every section of a document.

    Parameters
    ----------
    stages : sequence of str
        Which rules of meaning are looked at; see `batchsim.scenario.rules`.
    base : Path, optional
        Folder that the path of a catalog is relative to; that of the document's file without it.
    """
    findings: list[Finding] = []
    values = document.values
    frame = _model(Frame, {k: v for k, v in values.items() if k not in _PIECES}, (), document, findings, known=_PIECES)
    findings += check_batch(document)
    workload = tuple(_workload(document, findings))
    catalog = _catalog(document, Path(document.file).parent if base is None else base, findings)
    findings += rules.check_all(document, stages, catalog=catalog)
    objectives = tuple(_objectives(document, findings))
    findings += _unknown_region(document, catalog)
    findings += silencing.unknown(document)
    if frame is not None and frame.duration is None:
        findings += _endless(workload, document)
    if not isinstance(values.get("variants", {}), (dict, type(None))):
        findings.append(document.finding(("variants",), "wrong-type", "not a mapping", expected="name: {path: value}"))
    return Checked(document, frame, workload, objectives, tuple(findings), catalog)


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


def _model(
    kind: type[Section],
    value: Any,
    where: Where,
    document: Document,
    findings: list[Finding],
    *,
    known: tuple[str, ...] = (),
) -> Any:
    """A model of a value, or None and findings that say what is wrong where."""
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False)
        findings += [_finding(fault, kind, where, document, known) for fault in faults]
    return None


def _finding(fault: Any, kind: type[Section], where: Where, document: Document, known: tuple[str, ...]) -> Finding:
    """One of pydantic's errors as a finding."""
    # A step such as <figure> is a tag: which of several forms was taken.
    loc = tuple(step for step in fault["loc"] if not re.fullmatch("<.*>", str(step)))
    # Steps that are not in the document name a member of a union or a validator: leave them out.
    place, value = where, _at(document.values, where)
    for step in loc:
        if isinstance(value, dict) and (step in value or step == loc[-1]):
            place, value = (*place, str(step)), value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            place, value = (*place, step), value[step]
    message = str(fault["msg"]).removeprefix("Value error, ")
    if fault["type"] == "extra_forbidden":
        words = [*_members(kind, loc[:-1]), *(known if len(loc) == 1 else ())]
        near = nearest(str(loc[-1]), words)
        expected = f"one of {', '.join(words)}" if words and len(words) < 12 and not near else ""
        return document.finding(place, "unknown-key", "unknown key", suggestion=near, expected=expected, key=True)
    if fault["type"] == "missing":
        return document.finding(
            place[:-1] if place and place[-1] == loc[-1] else place, "missing-key", f"{loc[-1]} is missing"
        )
    if fault["type"] == "literal_error":
        words = [
            word.strip().strip("'") for word in message.partition("should be ")[2].replace(" or ", ", ").split(",")
        ]
        given = fault["input"]
        return document.finding(
            place,
            "unknown-word",
            f"{given!r} is not one of the allowed words",
            expected=f"one of {', '.join(words)}",
            suggestion=nearest(str(given), words),
        )
    problem, expected, suggestion = _parts(message)
    problem = problem or f"{_short(fault['input'])} does not fit"
    if fault["type"] == "finite_number" or fault["input"] in (float("inf"), float("-inf")):
        return document.finding(place, "not-finite", f"{fault['input']} is not a figure", expected="a finite number")
    if not expected and message.startswith("Input should be"):
        problem, expected = f"{_short(fault['input'])} does not fit", _bound(message.removeprefix("Input should be "))
    return document.finding(place, "wrong-value", problem, expected=expected, suggestion=suggestion)


def _parts(message: str) -> tuple[str, str, str]:
    """What is wrong, what was expected and what was probably meant, of a ValueError's message."""
    message, _, suggestion = message.partition("; did you mean ")
    before, _, expected = message.partition("expected ")
    return before.strip().rstrip(":;"), expected, suggestion.removesuffix("?")


def _bound(text: str) -> str:
    """A bound as a person says it."""
    for words, said in (("greater than or equal to ", " or more"), ("less than or equal to ", " or less")):
        if text.startswith(words):
            return text.removeprefix(words) + said
    return text.replace("greater than ", "more than ")


def _short(value: Any) -> str:
    if isinstance(value, (dict, list, tuple)):
        return "a mapping" if isinstance(value, dict) else "a list"
    return repr(value)


def _at(value: Any, where: Where) -> Any:
    for step in where:
        value = value[step]
    return value


def _members(kind: type[Section], loc: tuple[Any, ...]) -> list[str]:
    """The keys that the section at a place within a model knows."""
    for step in loc:
        field = next((f for n, f in kind.model_fields.items() if step in (f.alias, n)), None)
        if field is not None:
            options = _sections_in(field.annotation)
            if len(options) != 1:
                return []
            kind = options[0]
    return [field.alias or name for name, field in kind.model_fields.items()]


def _sections_in(annotation: Any) -> list[type[Section]]:
    """The sections that a type is made of, however deep."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return [annotation]
    return [section for inner in get_args(annotation) for section in _sections_in(inner)]


def check_batch(document: Document) -> Iterator[Finding]:
    """Findings about the ``batch:`` section's shapes."""
    batch = document.values.get("batch")
    if not isinstance(batch, dict):
        message = "not a mapping" if "batch" in document.values else "batch is missing"
        yield document.finding(
            ("batch",), "missing-key", message, expected="computeEnvironments, jobQueues, jobDefinitions"
        )
        return
    for kind, objects in batch.items():
        where: Where = ("batch", kind)
        if kind not in service_model.REQUESTS:
            near = nearest(kind, service_model.REQUESTS)
            yield document.finding(where, "unknown-key", "unknown key", suggestion=near, key=True)
        elif not isinstance(objects, list):
            yield document.finding(where, "wrong-type", "not a list", expected="a list of request shapes")
        else:
            for index, value in enumerate(objects):
                yield from service_model.check(value, service_model.REQUESTS[kind], (*where, index), document)
    for kind in ("computeEnvironments", "jobQueues", "jobDefinitions"):
        if not batch.get(kind):
            yield document.finding(("batch",), "missing-key", f"{kind} is missing")


def _workload(document: Document, findings: list[Finding]) -> Iterator[Workflow | TraceSource]:
    entries = document.values.get("workload")
    if not isinstance(entries, list) or not entries:
        message = "workload is missing"
        if "workload" in document.values:
            message = "there is nothing in it" if isinstance(entries, list) else "not a list"
        findings.append(
            document.finding(("workload",), "missing-key", message, expected="a list of workflows and traces")
        )
        return
    for index, entry in enumerate(entries):
        where: Where = ("workload", index)
        if isinstance(entry, dict) and "trace" in entry:
            model = _model(TraceSource, entry, where, document, findings)
        elif isinstance(entry, dict) and "workflow" in entry:
            model = _model(Workflow, _without_jobs(entry), where, document, findings)
            jobs = list(_jobs(entry.get("jobs"), (*where, "jobs"), document, findings))
            if model is not None and jobs:
                model = model.model_copy(update={"jobs": tuple(jobs)})
        else:
            findings.append(document.finding(where, "wrong-type", "not an entry", expected="workflow: … or trace: …"))
            continue
        if model is not None:
            yield model


def _endless(workload: tuple[Workflow | TraceSource, ...], document: Document) -> Iterator[Finding]:
    """Arrivals that go on for ever need a duration, or an end of their own."""
    for index, entry in enumerate(workload):
        arrivals = entry.arrivals if isinstance(entry, Workflow) else entry.trace.arrivals
        if arrivals is None or arrivals.at is not None or arrivals.trace is not None:
            continue
        if arrivals.count is None and arrivals.until is None:
            message = "these arrivals never end"
            yield document.finding(("workload", index), "endless", message, expected="a duration of the scenario")


def _without_jobs(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A workflow with a stand-in for its jobs, which are checked one by one."""
    stand_in = [{"submit": {}, "runtime": 0}]
    return {**entry, "jobs": stand_in} if isinstance(entry.get("jobs"), list) and entry["jobs"] else dict(entry)


def _jobs(jobs: Any, where: Where, document: Document, findings: list[Finding]) -> Iterator[WorkflowJob]:
    for index, job in enumerate(jobs if isinstance(jobs, list) else []):
        place = (*where, index)
        if not isinstance(job, dict):
            findings.append(
                document.finding(place, "wrong-type", "not a job", expected="a mapping with jobName, runtime …")
            )
            continue
        # In a scenario dependencies go by jobName where SubmitJob has jobId: the model is told so.
        request = {key: value for key, value in job.items() if key not in {"runtime", "failure"}}
        if "dependsOn" in request:
            request["dependsOn"] = list(_dependencies(request["dependsOn"], (*place, "dependsOn"), document, findings))
        own = {"submit": {}, **{key: job[key] for key in ("runtime", "failure") if key in job}}
        model = _model(WorkflowJob, own, place, document, findings)
        findings += _known_runtime(service_model.check(request, "SubmitJobRequest", place, document))
        if model is not None:
            yield model.model_copy(update={"submit": {k: v for k, v in job.items() if k not in {"runtime", "failure"}}})


def _dependencies(given: Any, where: Where, document: Document, findings: list[Finding]) -> Iterator[dict[str, Any]]:
    """The entries of ``dependsOn`` as SubmitJob has them; a bare name is told as what it was meant for."""
    if not isinstance(given, list):
        entry = f"{{jobName: {given}}}" if isinstance(given, str) else "{jobName: …}"
        message = f"{_short(given)} does not fit"
        findings.append(document.finding(where, "wrong-type", message, expected=f"a list: [{entry}]"))
        return
    for index, entry in enumerate(given):
        if isinstance(entry, dict):
            yield {"jobId" if key == "jobName" else key: value for key, value in entry.items()}
        else:
            message, name = f"{_short(entry)} does not fit", entry if isinstance(entry, str) else "…"
            finding = document.finding((*where, index), "wrong-type", message, expected=f"{{jobName: {name}}}")
            findings.append(finding)


def _known_runtime(found: Iterator[Finding]) -> Iterator[Finding]:
    """Suggest batchsim's own members of a job too."""
    for finding in found:
        if finding.code == "unknown-key" and not finding.suggestion:
            word = finding.path.rpartition(".")[2]
            yield replace(finding, suggestion=nearest(word, ["runtime", "failure"]))
        else:
            yield finding


def _objectives(document: Document, findings: list[Finding]) -> Iterator[Objective]:
    entries = document.values.get("objectives") or []
    context = Context(document)
    names = {
        "jobQueue": list(context.queues),
        "jobDefinition": list(context.definitions),
        "workflow": [str(entry.get("workflow")) for _, entry, _ in context.workflows()],
        "jobName": [str(job.get("jobName")) for _, _, jobs in context.workflows() for _, job in jobs],
    }
    for index, text in enumerate(entries if isinstance(entries, list) else [entries]):
        finding = partial(document.finding, ("objectives", index), "objective")
        if not isinstance(text, str):
            findings.append(finding("not an objective", expected="such as p95(queue_time) <= 10m"))
            continue
        try:
            objective = parse_objective(text)
        except ValueError as error:
            problem, expected, suggestion = _parts(str(error))
            findings.append(finding(problem, expected=expected, suggestion=suggestion))
            continue
        known = True
        for key, name in objective.where:
            traced = key in {"workflow", "jobName"} and any(context.traces())
            if name not in names[key] and not traced:
                findings.append(finding(f"there is no {key} {name!r}", suggestion=nearest(name, names[key])))
                known = False
        if known:
            yield objective
