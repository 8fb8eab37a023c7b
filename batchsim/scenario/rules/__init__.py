"""Rules of meaning: whether the objects make sense together, and can be simulated.

A rule is a small function that yields findings; it is registered with its code, a title and its source. Rules look at
what was written, faults of shape included, so each takes only what has the type it expects.
"""

from __future__ import annotations

from batchsim.scenario.rules import (
    capacity,
    consumables,
    containers,
    declared,
    definitions,
    deployment_members,
    documented,
    eks,
    environments,
    fair_share,
    fargate,
    instance_types,
    launch_template_members,
    launch_templates,
    managed_instances,
    multi_node,
    names,
    packing,
    queues,
    retries,
    scheduled_updates,
    service_limits,
    stated,
    submissions,
    timeouts,
    unsupported,
    unused,
    workload,
)
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.registry import RULES, check_all

__all__ = [
    "RULES",
    "Context",
    "capacity",
    "check_all",
    "consumables",
    "containers",
    "declared",
    "definitions",
    "deployment_members",
    "documented",
    "eks",
    "environments",
    "fair_share",
    "fargate",
    "instance_types",
    "launch_template_members",
    "launch_templates",
    "managed_instances",
    "multi_node",
    "names",
    "packing",
    "queues",
    "retries",
    "scheduled_updates",
    "service_limits",
    "stated",
    "submissions",
    "timeouts",
    "unsupported",
    "unused",
    "workload",
]  # fmt: skip
