"""Rules about what AWS refuses, or drops, when a job is submitted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from batchsim.errors import Finding, nearest
from batchsim.scenario.document.access import OLD_MEMBERS, dig, entries
from batchsim.scenario.document.document import Where
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.references import (
    Submission,
    containers,
    is_multinode,
    overrides_of,
    overrides_of_nodes,
    submissions,
)
from batchsim.scenario.rules.registry import rule

SUBMIT = "AWS Batch API, SubmitJobRequest"


@rule(
    "old-overrides",
    "vcpus and memory of an override change something: the definition has no resourceRequirements for them",
    "AWS Batch API, ContainerOverrides.vcpus, .memory; AWS Batch User Guide, Can't override job definition resource "
    "requirements; nextflow-io/nextflow#2561",
    severity="warning",
    number="V-53",
)
def old_overrides(context: Context) -> Iterator[Finding]:
    """AWS takes them without a word and runs the job with what its definition says."""
    for job in submissions(context, traces=False):
        for override in overrides_of(job):
            for kind, member in OLD_MEMBERS.items():
                listed = any(
                    dig(entry, "type") == kind
                    for container in override.changes
                    for entry in entries(container, "resourceRequirements")
                )
                if override.members.get(member) is not None and listed:
                    message = (
                        f"{member} {override.members[member]} is ignored: {job.definition_name} has {kind} in "
                        "resourceRequirements"
                    )
                    expected = f'resourceRequirements: [{{type: {kind}, value: "…"}}] in the override'
                    yield context.finding((*override.where, member), message, expected=expected)


def _kind(definition: dict[str, Any]) -> str:
    """The member of SubmitJob that changes the containers of a definition."""
    if is_multinode(definition):
        return "nodeOverrides"
    if "eksProperties" in definition:
        return "eksPropertiesOverride"
    return "ecsPropertiesOverride" if "ecsProperties" in definition else "containerOverrides"


@rule(
    "override-kind",
    "A job overrides its definition by the member that is for that kind of definition",
    f"{SUBMIT}.nodeOverrides, .ecsPropertiesOverride, .eksPropertiesOverride; nextflow-io/nextflow#5817",
    number="V-54",
)
def override_kind(context: Context) -> Iterator[Finding]:
    """What another member says would change nothing."""
    for job in submissions(context, traces=False):
        mine = _kind(job.definition)
        for member in ("containerOverrides", "ecsPropertiesOverride", "eksPropertiesOverride", "nodeOverrides"):
            if job.job.get(member) and member != mine:
                message = f"{job.definition_name} takes {mine}: {member} is for other kinds of definitions"
                yield context.finding((*job.where, member), message, expected=mine)
        for place, override, groups in overrides_of_nodes(job):
            kinds = {_kind(group) for group in groups}
            if override.get("containerOverrides") and kinds and "containerOverrides" not in kinds:
                message = (
                    f"these nodes of {job.definition_name} are of several containers: containerOverrides names none"
                )
                yield context.finding(
                    (*place, "containerOverrides"), message, expected="a definition with these values"
                )


@rule(
    "override-container",
    "An override of a task's container names one that the definition has",
    "AWS Batch API, TaskContainerOverrides.name",
    number="V-54",
)
def override_container(context: Context) -> Iterator[Finding]:
    """The name is all that says which is meant."""
    for job in submissions(context, traces=False):
        named = [str(each["name"]) for _, each in containers(job.definition, ()) if isinstance(each.get("name"), str)]
        for override in overrides_of(job):
            if "ecsPropertiesOverride" not in override.where or override.changes:
                continue
            name = override.members.get("name")
            if isinstance(name, str):
                yield context.unknown((*override.where, "name"), f"container of {job.definition_name}", name, named)
            else:
                yield context.finding(
                    override.where, "the container is not named", expected=f"name: {' or '.join(named)}"
                )


#: A placeholder is a whole argument of a command (AWS Batch User Guide, Job definition parameters).
PLACEHOLDER = re.compile(r"Ref::([A-Za-z0-9_-]+)")


@rule(
    "parameter",
    "Each Ref:: of a command has a parameter, of the job or of its definition",
    "SubmitJob: 'Unable to substitute value. No parameter found for reference …'; AWS Batch User Guide, Job definition "
    "parameters",
    stage="submission",
    number="V-55",
)
def parameters(context: Context) -> Iterator[Finding]:
    """A job without it is refused."""
    seen = set()
    for job in submissions(context, traces=False):
        given = [key for thing in (job.definition, job.job) for key in _keys(thing.get("parameters"))]
        for place, text in _commands(job):
            match = PLACEHOLDER.fullmatch(text)
            if match and match[1] not in given and (place, job.where) not in seen:
                seen.add((place, job.where))
                message = f"{text} has no parameter in {job.job_name}: AWS refuses the job"
                near = nearest(match[1], given)
                yield context.finding(job.where, message, expected=f"parameters: {{{match[1]}: …}}", suggestion=near)


def _keys(value: Any) -> list[str]:
    return list(value) if isinstance(value, dict) else []


def _commands(job: Submission) -> Iterator[tuple[Where, str]]:
    """The arguments of the commands that a job runs: its overrides', else its definition's."""
    changed = {id(container) for each in overrides_of(job) if "command" in each.members for container in each.changes}
    found = [(each.where, each.members) for each in overrides_of(job)]
    found += [each for each in containers(job.definition, job.definition_where) if id(each[1]) not in changed]
    for where, container in found:
        for index, text in enumerate(entries(container, "command")):
            if isinstance(text, str):
                yield (*where, "command", index), text


@rule(
    "empty-argument",
    "A command given at submission has no empty argument",
    "SubmitJob: 'Command field cannot have empty strings'; AWS Batch API, ContainerOverrides.command; "
    "kislyuk/aegea#49, boto/boto3#3612",
    stage="submission",
    number="V-55",
)
def empty_argument(context: Context) -> Iterator[Finding]:
    """A definition may have one."""
    for job in submissions(context, traces=False):
        for override in overrides_of(job):
            for index, text in enumerate(entries(override.members, "command")):
                if text == "":
                    place = (*override.where, "command", index)
                    yield context.finding(place, "an empty text: AWS refuses the job", expected="an argument, or none")
