"""What batchsim does not simulate yet, refused by name.

Nothing that bears on when a job runs or what it costs is ignored.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from batchsim.errors import Finding
from batchsim.scenario.document.access import dig, mappings
from batchsim.scenario.document.document import Where
from batchsim.scenario.rules import launch_template_members
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.references import tasks
from batchsim.scenario.rules.registry import rule

TITLE = "What is not simulated yet is refused by name"


class _Refused(NamedTuple):
    """Something that is not simulated: what, why, and what to do instead."""

    what: str
    why: str
    instead: str


_ON_EKS = (
    "the Kubernetes scheduler of the cluster places its pods, beside others that no request of AWS Batch tells of",
    "an EC2 or SPOT environment of the same types and jobs of containerProperties; export and deploy take it as it is",
)
_ENVIRONMENT_ON_EKS = _Refused("a compute environment on EKS", *_ON_EKS)
_SERVICE = "service jobs run on SageMaker, with capacity and prices of its own"
_QUOTA_SHARES = _Refused("a quota-share policy", _SERVICE, "fairsharePolicy, for queues of compute environments")
#: Objects with a member that makes them another thing.
_BY_MEMBER = (
    ("schedulingPolicies", "quotaSharePolicy", _QUOTA_SHARES),
    ("computeEnvironments", "eksConfiguration", _ENVIRONMENT_ON_EKS),
)
_SERVICE_QUEUE = _Refused("a queue of a service environment", _SERVICE, "computeEnvironmentOrder")
_WINDOWS = _Refused("Windows", "its licence is priced apart, by the vCPU", "LINUX")
_OTHER_TYPE = _Refused(
    "another instanceType at submission", "each type would be a definition of its own", "a definition for each type"
)


def _of_nodes(member: str) -> _Refused:
    why = "only what the containers of a range ask for is exchanged at submission"
    return _Refused(f"{member} of single nodes", why, "a definition with these values")


@rule("not-simulated", TITLE, "batchsim, docs/what-is-modelled.md", number="V-47")
def not_simulated(context: Context) -> Iterator[Finding]:
    """Members and words that decide about time or money and are not in the model."""
    for place, refused in _members(context):
        message = f"{refused.what} is not simulated yet: {refused.why}"
        yield context.finding(place, message, expected=refused.instead)


def _members(context: Context) -> Iterator[tuple[Where, _Refused]]:
    for kind, member, refusal in _BY_MEMBER:
        for where, value in context.items(kind):
            if member in value:
                yield (*where, member), refusal
    for where, queue in context.items("jobQueues"):
        if queue.get("serviceEnvironmentOrder"):
            yield (*where, "serviceEnvironmentOrder"), _SERVICE_QUEUE
    for where, definition in context.items("jobDefinitions"):
        yield from _of_definition(where, definition)
    for _, _, jobs in context.workflows:
        for where, job in jobs:
            yield from _of_job(where, job)
    for where, refused in launch_template_members.refused(context):
        yield where, _Refused(*refused)


def _of_definition(where: Where, definition: dict[str, Any]) -> Iterator[tuple[Where, _Refused]]:
    nodes = (*where, "nodeProperties")
    groups = [(where, definition), *mappings(definition.get("nodeProperties"), nodes, "nodeRangeProperties")]
    for place, group in groups:
        if "eksProperties" in group:
            yield (*place, "eksProperties"), _Refused("eksProperties", *_ON_EKS)
    for place, task in tasks(definition, where):
        family = dig(task, "runtimePlatform", "operatingSystemFamily")
        if isinstance(family, str) and family.startswith("WINDOWS"):
            yield (*place, "runtimePlatform", "operatingSystemFamily"), _WINDOWS


def _of_job(where: Where, job: dict[str, Any]) -> Iterator[tuple[Where, _Refused]]:
    if "eksPropertiesOverride" in job:
        yield (*where, "eksPropertiesOverride"), _Refused("eksPropertiesOverride", *_ON_EKS)
    if dig(job, "containerOverrides", "instanceType") is not None:
        yield (*where, "containerOverrides", "instanceType"), _OTHER_TYPE
    for place, entry in mappings(job.get("nodeOverrides"), (*where, "nodeOverrides"), "nodePropertyOverrides"):
        for member in entry:
            if member not in ("targetNodes", "containerOverrides"):
                yield (*place, member), _of_nodes(member)
