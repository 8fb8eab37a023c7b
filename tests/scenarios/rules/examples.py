"""By number: what a rule finds, where and how bad it is, and what is near it and right."""

from __future__ import annotations

from tests.scenarios.rules import of_definitions, of_environments, of_workload

EXAMPLES = {**of_environments.EXAMPLES, **of_definitions.EXAMPLES, **of_workload.EXAMPLES}
