"""What batchsim does not simulate yet, refused by name.

Nothing that bears on when a job runs or what it costs is ignored.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from batchsim.errors import Finding
from batchsim.scenario.document.access import dig, mappings
from batchsim.scenario.document.document import Where
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.references import tasks
from batchsim.scenario.rules.registry import rule

TITLE = "What is not simulated yet is refused by name"


@rule("not-simulated", TITLE, "batchsim, docs/what-is-modelled.md", number="V-47")
def not_simulated(context: Context) -> Iterator[Finding]:
    """Members and words that decide about time or money and are not in the model."""
    for place, what in _members(context):
        message = f"{what} is not simulated yet"
        yield context.finding(place, message, expected="what docs/what-is-modelled.md lists")


def _members(context: Context) -> Iterator[tuple[Where, str]]:
    for where, policy in context.items("schedulingPolicies"):
        if "quotaSharePolicy" in policy:
            yield (*where, "quotaSharePolicy"), "a quota-share policy"
    for where, environment in context.items("computeEnvironments"):
        if "eksConfiguration" in environment:
            yield (*where, "eksConfiguration"), "a compute environment on EKS"
        if dig(environment, "computeResources", "type") == "ECS_MANAGED_INSTANCES":
            yield (*where, "computeResources", "type"), "ECS_MANAGED_INSTANCES"
    for where, queue in context.items("jobQueues"):
        if queue.get("serviceEnvironmentOrder"):
            yield (*where, "serviceEnvironmentOrder"), "a queue of a service environment"
    for where, definition in context.items("jobDefinitions"):
        yield from _of_definition(where, definition)
    for _, _, jobs in context.workflows:
        for where, job in jobs:
            yield from _of_job(where, job)


def _of_definition(where: Where, definition: dict[str, Any]) -> Iterator[tuple[Where, str]]:
    nodes = (*where, "nodeProperties")
    groups = [(where, definition), *mappings(definition.get("nodeProperties"), nodes, "nodeRangeProperties")]
    for place, group in groups:
        if "eksProperties" in group:
            yield (*place, "eksProperties"), "eksProperties"
    for place, task in tasks(definition, where):
        family = dig(task, "runtimePlatform", "operatingSystemFamily")
        if isinstance(family, str) and family.startswith("WINDOWS"):
            yield (*place, "runtimePlatform", "operatingSystemFamily"), "Windows"


def _of_job(where: Where, job: dict[str, Any]) -> Iterator[tuple[Where, str]]:
    if "eksPropertiesOverride" in job:
        yield (*where, "eksPropertiesOverride"), "eksPropertiesOverride"
    if dig(job, "containerOverrides", "instanceType") is not None:
        yield (*where, "containerOverrides", "instanceType"), "another instanceType at submission"
    for place, entry in mappings(job.get("nodeOverrides"), (*where, "nodeOverrides"), "nodePropertyOverrides"):
        for member in entry:
            if member not in ("targetNodes", "containerOverrides"):
                yield (*place, member), f"{member} of single nodes"
