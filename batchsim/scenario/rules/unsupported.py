"""What batchsim does not simulate yet, refused by name.

Nothing that bears on when a job runs or what it costs is ignored.
"""

from __future__ import annotations

from collections.abc import Iterator

from batchsim.errors import Finding
from batchsim.scenario.rules.context import Context, dig, rule

TITLE = "What is not simulated yet is refused by name"


@rule("not-simulated", TITLE, number="V-47")
def not_simulated(context: Context) -> Iterator[Finding]:
    """Members and words that decide about time or money and are not in the model."""

    def refuse(where: tuple[str | int, ...], what: str) -> Finding:
        return context.finding(where, f"{what} is not simulated yet")

    batch = context.document.values.get("batch")
    for kind, what in (
        ("schedulingPolicies", "fair-share scheduling"),
        ("consumableResources", "resource-aware scheduling"),
    ):
        if dig(batch, kind):
            yield refuse(("batch", kind), what)
    for where, policy in context.items("schedulingPolicies"):
        if "quotaSharePolicy" in policy:
            yield refuse((*where, "quotaSharePolicy"), "a quota-share policy")
    for where, environment in context.items("computeEnvironments"):
        if "eksConfiguration" in environment:
            yield refuse((*where, "eksConfiguration"), "a compute environment on EKS")
        if dig(environment, "computeResources", "type") == "ECS_MANAGED_INSTANCES":
            yield refuse((*where, "computeResources", "type"), "ECS_MANAGED_INSTANCES")
        if dig(environment, "computeResources", "launchTemplate", "overrides"):
            yield refuse(
                (*where, "computeResources", "launchTemplate", "overrides"), "a launch template by instance type"
            )
    for where, queue in context.items("jobQueues"):
        for member, what in (
            ("schedulingPolicyArn", "fair-share scheduling"),
            ("serviceEnvironmentOrder", "a queue of a service environment"),
            ("jobStateTimeLimitActions", "jobStateTimeLimitActions"),
        ):
            if queue.get(member):
                yield refuse((*where, member), what)
    for where, definition in context.items("jobDefinitions"):
        if definition.get("type") == "multinode":
            yield refuse((*where, "type"), "a multi-node parallel job")
        for member in (
            "nodeProperties",
            "ecsProperties",
            "eksProperties",
            "consumableResourceProperties",
            "schedulingPriority",
        ):
            if member in definition:
                yield refuse((*where, member), member)
        family = dig(definition, "containerProperties", "runtimePlatform", "operatingSystemFamily")
        if isinstance(family, str) and family.startswith("WINDOWS"):
            yield refuse((*where, "containerProperties", "runtimePlatform", "operatingSystemFamily"), "Windows")
    for _, _, jobs in context.workflows():
        for where, job in jobs:
            for member in (
                "shareIdentifier", "schedulingPriorityOverride", "nodeOverrides", "eksPropertiesOverride",
                "ecsPropertiesOverride", "consumableResourcePropertiesOverride",
            ):  # fmt: skip
                if member in job:
                    yield refuse((*where, member), member)
