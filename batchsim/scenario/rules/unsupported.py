"""What batchsim does not simulate yet, refused by name.

Nothing that bears on when a job runs or what it costs is ignored.
"""

from __future__ import annotations

from collections.abc import Iterator

from batchsim.errors import Finding
from batchsim.scenario.document.access import dig, mappings
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.references import tasks
from batchsim.scenario.rules.registry import rule

TITLE = "What is not simulated yet is refused by name"


@rule("not-simulated", TITLE, "batchsim, docs/what-is-modelled.md", number="V-47")
def not_simulated(context: Context) -> Iterator[Finding]:
    """Members and words that decide about time or money and are not in the model."""

    def refuse(where: tuple[str | int, ...], what: str) -> Finding:
        return context.finding(where, f"{what} is not simulated yet", expected="what docs/what-is-modelled.md lists")

    for where, policy in context.items("schedulingPolicies"):
        if "quotaSharePolicy" in policy:
            yield refuse((*where, "quotaSharePolicy"), "a quota-share policy")
    for where, environment in context.items("computeEnvironments"):
        if "eksConfiguration" in environment:
            yield refuse((*where, "eksConfiguration"), "a compute environment on EKS")
        if dig(environment, "computeResources", "type") == "ECS_MANAGED_INSTANCES":
            yield refuse((*where, "computeResources", "type"), "ECS_MANAGED_INSTANCES")
    for where, queue in context.items("jobQueues"):
        if queue.get("serviceEnvironmentOrder"):
            yield refuse((*where, "serviceEnvironmentOrder"), "a queue of a service environment")
    for where, definition in context.items("jobDefinitions"):
        if "eksProperties" in definition:
            yield refuse((*where, "eksProperties"), "eksProperties")
        nodes = (*where, "nodeProperties")
        for place, entry in mappings(definition.get("nodeProperties"), nodes, "nodeRangeProperties"):
            if "eksProperties" in entry:
                yield refuse((*place, "eksProperties"), "eksProperties")
        for place, task in tasks(definition, where):
            family = dig(task, "runtimePlatform", "operatingSystemFamily")
            if isinstance(family, str) and family.startswith("WINDOWS"):
                yield refuse((*place, "runtimePlatform", "operatingSystemFamily"), "Windows")
    for _, _, jobs in context.workflows:
        for where, job in jobs:
            if "eksPropertiesOverride" in job:
                yield refuse((*where, "eksPropertiesOverride"), "eksPropertiesOverride")
            if dig(job, "containerOverrides", "instanceType") is not None:
                yield refuse((*where, "containerOverrides", "instanceType"), "another instanceType at submission")
            nodes = (*where, "nodeOverrides")
            for place, entry in mappings(job.get("nodeOverrides"), nodes, "nodePropertyOverrides"):
                for member in entry:
                    if member not in ("targetNodes", "containerOverrides"):
                        yield refuse((*place, member), f"{member} of single nodes")
