"""By number: what a rule finds, where and how bad it is, and what is near it and right."""

from __future__ import annotations

from tests.scenarios.rules import (
    of_definitions,
    of_environments,
    of_launch_templates,
    of_managed_instances,
    of_requests,
    of_workload,
)
from tests.scenarios.rules.changes import Example

EXAMPLES: dict[str, list[Example]] = {}
for room in (of_environments, of_definitions, of_launch_templates, of_workload, of_requests, of_managed_instances):
    for number, examples in room.EXAMPLES.items():
        EXAMPLES.setdefault(number, []).extend(examples)
