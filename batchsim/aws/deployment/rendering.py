"""A deployment's plan as lines for a person, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from batchsim.aws.deployment.plan import Plan
from batchsim.redaction import MASK, is_secret, redacted, shown

_SIGNS = {"create": "+", "update": "~", "replace": "!", "delete": "-", "leave": "=", "conflict": "×"}
#: What a count of steps is said to be, in this order.
_OUTCOMES = {
    "create": "to create",
    "update": "to update",
    "replace": "to replace",
    "delete": "to delete",
    "conflict": "in conflict",
    "leave": "unchanged",
}
_LONGEST = 60


def lines(plan: Plan, region: str) -> Iterator[str]:
    """The plan, a line for each object and one for each member that changes."""
    yield f"{plan.scenario} → AWS Batch in {region}"
    for step in plan.steps:
        why = f": {redacted(step.why)}" if step.why else ""
        yield f"  {_SIGNS[step.action]} {step.action:8}{step.title}{why}"
        for change in step.changes:
            before, after = (_value(change.path, value) for value in (change.before, change.after))
            yield f"      {'.'.join(change.path)}: {before} → {after}"
    counts = {action: sum(step.action == action for step in plan.steps) for action in _OUTCOMES}
    parts = [f"{count} {_OUTCOMES[action]}" for action, count in counts.items() if count]
    yield ", ".join(parts) or "nothing there, nothing to do"


def as_json(plan: Plan) -> dict[str, Any]:
    """The plan as plain values, masked as in print."""
    return {
        "scenario": plan.scenario,
        "steps": [
            {
                "action": step.action,
                "object": step.title,
                "why": redacted(step.why),
                "changes": [
                    {
                        "member": ".".join(change.path),
                        "before": _masked(change.path, change.before),
                        "after": _masked(change.path, change.after),
                    }
                    for change in step.changes
                ],
            }
            for step in plan.steps
        ],
    }


def _masked(path: tuple[str, ...], value: Any) -> Any:
    return MASK if is_secret(path[-1]) and isinstance(value, str) else shown(value)


def _value(path: tuple[str, ...], value: Any) -> str:
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(_masked(path, value), ensure_ascii=False)
    text = redacted(_masked(path, text)) if isinstance(value, str) else text
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
