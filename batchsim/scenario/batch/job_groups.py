"""From RegisterJobDefinition's and SubmitJob's requests to plain values: what a definition says, what a job changes.

API RegisterJobDefinitionRequest, SubmitJobRequest. What the containers ask for together is
`batchsim.scenario.batch.resource_requests`; here is the rest: retries, timeouts, shares, priorities, dependencies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from batchsim.scenario.batch.resource_requests import (
    consumables_requested,
    main_container,
    main_task,
    requested,
    stop_timeout_s,
)
from batchsim.scenario.document.access import base_name, dig
from batchsim.scenario.sections.models import Workflow
from batchsim.spec.assumptions import Assumptions
from batchsim.spec.configuration import JobDefinition, RetryRule
from batchsim.spec.purchase_options import Platform
from batchsim.spec.workflows import Dependency, Failure, ResolvedJob, ResolvedWorkflow
from batchsim.spec.workload import JobGroup, group_of

#: What a RegisterJobDefinitionRequest or a SubmitJobRequest is.
Request = Mapping[str, Any]


def job_definition(request: Request, settings: Assumptions) -> JobDefinition:
    """A job definition, without what a job may override of it."""
    container, task, platform = main_container(request), main_task(request), platform_of(request)
    attempts, rules = retry_rules(request.get("retryStrategy"))
    override = settings.image.job_definitions.get(request["jobDefinitionName"])
    return JobDefinition(
        name=request["jobDefinitionName"],
        shape=replace(requested(request, {}), architecture=_built_for(request)),
        attempts=attempts,
        evaluate_on_exit=rules,
        timeout_s=dig(request, "timeout", "attemptDurationSeconds"),
        stop_timeout_s=stop_timeout_s(request),
        architecture=dig(task, "runtimePlatform", "cpuArchitecture") or "X86_64",
        platform=platform,
        image=container.get("image", ""),
        image_size_mib=settings.image.size if override is None else override.size,
        ephemeral_storage_gib=dig(task, "ephemeralStorage", "sizeInGiB") or 20,
        public_ip=dig(task, "networkConfiguration", "assignPublicIp") == "ENABLED",
        scheduling_priority=request.get("schedulingPriority", 0),
        consumables=consumables_requested(request, {}),
    )


def platform_of(request: Request) -> Platform:
    """What a definition is for."""
    capabilities = request.get("platformCapabilities") or ()
    if "FARGATE" in capabilities:
        return "FARGATE"
    return "MANAGED_INSTANCES" if "MANAGED_INSTANCES" in capabilities else "EC2"


def _built_for(request: Request) -> str:
    """The architecture that instances must have, where an environment may have both.

    User Guide, *Running mixed-architecture jobs*: ``cpuArchitecture`` decides, and X86_64 is the default.
    """
    if platform_of(request) != "MANAGED_INSTANCES":
        return ""
    return "arm64" if dig(main_task(request), "runtimePlatform", "cpuArchitecture") == "ARM64" else "x86_64"


def retry_rules(strategy: Mapping[str, Any] | None) -> tuple[int, tuple[RetryRule, ...]]:
    """Attempts and rules of a retry strategy; one attempt without one."""
    entries = (strategy or {}).get("evaluateOnExit") or ()
    return (strategy or {}).get("attempts", 1), tuple(
        RetryRule(
            "RETRY" if entry["action"].upper() == "RETRY" else "EXIT",
            entry.get("onExitCode"),
            entry.get("onReason"),
            entry.get("onStatusReason"),
        )
        for entry in entries
    )


def resolved_workflow(
    workflow: Workflow, definitions: Mapping[str, JobDefinition], requests: Mapping[str, Request]
) -> ResolvedWorkflow:
    """A workflow whose jobs say what they ask for, definitions looked up and overrides applied.

    Parameters
    ----------
    definitions, requests : mapping
        Job definitions and the requests that they were made from, by name.
    """
    numbers = {job.submit["jobName"]: number for number, job in enumerate(workflow.jobs)}
    jobs = []
    for job in workflow.jobs:
        submit = job.submit
        name = base_name(submit["jobDefinition"])
        jobs.append(
            ResolvedJob(
                name=submit["jobName"],
                group=submitted_group(workflow.workflow, definitions[name], requests[name], submit, job.failure),
                shape=replace(requested(requests[name], submit), architecture=definitions[name].shape.architecture),
                runtime=job.runtime,
                failure=job.failure,
                array_size=int((submit.get("arrayProperties") or {}).get("size", 0)),
                depends_on=tuple(_dependencies(submit, numbers)),
            )
        )
    return ResolvedWorkflow(workflow.workflow, tuple(jobs), workflow.arrivals)


def submitted_group(
    workflow: str, definition: JobDefinition, request: Request, submit: Request, failure: Failure | None = None
) -> JobGroup:
    """What the jobs of one entry share; SubmitJob's members override the definition's.

    Parameters
    ----------
    request : mapping
        The one that the definition was made from.
    """
    group = group_of(
        definition,
        workflow,
        base_name(submit["jobQueue"]),
        share_identifier=submit.get("shareIdentifier"),
        scheduling_priority=submit.get("schedulingPriorityOverride"),
    )
    group = replace(group, consumables=consumables_requested(request, submit))
    if failure is not None:
        group = replace(group, failure_reason=failure.reason, fails_to_start=failure.to_start)
    if submit.get("retryStrategy") is not None:
        attempts, rules = retry_rules(submit["retryStrategy"])
        group = replace(group, attempts=attempts, evaluate_on_exit=rules)
    timeout_s = dig(submit, "timeout", "attemptDurationSeconds")
    return group if timeout_s is None else replace(group, timeout_s=float(timeout_s))


def _dependencies(submit: Request, numbers: Mapping[str, int]) -> Iterator[Dependency]:
    for entry in submit.get("dependsOn") or ():
        needed = entry.get("jobName")
        if needed is None:
            yield Dependency()
        else:
            yield Dependency(numbers[needed], child_by_child=entry.get("type") == "N_TO_N")
