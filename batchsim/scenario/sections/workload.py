"""The ``workload:`` section: its workflows and traces as models, each entry and each job checked by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from batchsim.errors import Finding, nearest
from batchsim.scenario.batch import service_model
from batchsim.scenario.document.document import Document, Where
from batchsim.scenario.sections.model_errors import short, validated
from batchsim.scenario.sections.models import TraceSource, Workflow, WorkflowJob

#: Members of a job that only the simulation knows.
OWN_MEMBERS = ("runtime", "failure")


def workload_entries(
    document: Document, findings: list[Finding], right: Mapping[int, Workflow | TraceSource] | None = None
) -> Iterator[Workflow | TraceSource]:
    """The entries without faults; findings for the others.

    Parameters
    ----------
    right : mapping, optional
        Models of entries that are known to have no faults, by the entry's identity.
    """
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
        model = (right or {}).get(id(entry)) or _entry(entry, ("workload", index), document, findings)
        if model is not None:
            yield model


def _entry(entry: Any, where: Where, document: Document, findings: list[Finding]) -> Workflow | TraceSource | None:
    if isinstance(entry, dict) and "trace" in entry:
        return validated(TraceSource, entry, where, document, findings)
    if isinstance(entry, dict) and "workflow" in entry:
        model = validated(Workflow, _without_jobs(entry), where, document, findings)
        jobs = tuple(_jobs(entry.get("jobs"), (*where, "jobs"), document, findings))
        return model.model_copy(update={"jobs": jobs}) if model is not None and jobs else model
    findings.append(document.finding(where, "wrong-type", "not an entry", expected="workflow: … or trace: …"))
    return None


def endless(workload: Iterable[Workflow | TraceSource], document: Document) -> Iterator[Finding]:
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
        submit = {key: value for key, value in job.items() if key not in OWN_MEMBERS}
        request = dict(submit)
        if "dependsOn" in request:
            request["dependsOn"] = list(_dependencies(request["dependsOn"], (*place, "dependsOn"), document, findings))
        own = {"submit": {}, **{key: job[key] for key in OWN_MEMBERS if key in job}}
        model = validated(WorkflowJob, own, place, document, findings)
        findings += _known_runtime(service_model.check(request, "SubmitJobRequest", place, document))
        if model is not None:
            yield model.model_copy(update={"submit": submit})


def _dependencies(given: Any, where: Where, document: Document, findings: list[Finding]) -> Iterator[dict[str, Any]]:
    """The entries of ``dependsOn`` as SubmitJob has them; a bare name is told as what it was meant for."""
    if not isinstance(given, list):
        entry = f"{{jobName: {given}}}" if isinstance(given, str) else "{jobName: …}"
        message = f"{short(given)} does not fit"
        findings.append(document.finding(where, "wrong-type", message, expected=f"a list: [{entry}]"))
        return
    for index, entry in enumerate(given):
        if isinstance(entry, dict):
            yield {"jobId" if key == "jobName" else key: value for key, value in entry.items()}
        else:
            message, name = f"{short(entry)} does not fit", entry if isinstance(entry, str) else "…"
            finding = document.finding((*where, index), "wrong-type", message, expected=f"{{jobName: {name}}}")
            findings.append(finding)


def _known_runtime(found: Iterator[Finding]) -> Iterator[Finding]:
    """Suggest batchsim's own members of a job too."""
    for finding in found:
        if finding.code == "unknown-key" and not finding.suggestion:
            word = finding.path.rpartition(".")[2]
            yield replace(finding, suggestion=nearest(word, OWN_MEMBERS))
        else:
            yield finding
