"""Reading values that may be of any type: each reader gives nothing where a value is not what it expects."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from batchsim.scenario.document.document import Where


def base_name(reference: Any) -> str:
    """The name in a name, an ARN, or ``name:revision``."""
    text = str(reference)
    if text.startswith("arn:"):
        text = text.rsplit("/", 1)[-1]
    return text.partition(":")[0]


def dig(value: Any, *steps: str) -> Any:
    """What stands under nested keys, or None where there is none or a step is no mapping."""
    for step in steps:
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


def texts(value: Any) -> Iterator[str]:
    """Every text that stands in a value, at any depth; keys are none."""
    if isinstance(value, str):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts(each)


def nested(steps: Sequence[str | int], value: Any) -> Any:
    """A value under keys, one in the other.

    Examples
    --------
    >>> nested(("environment", "ec2"), 1)
    {'environment': {'ec2': 1}}
    """
    for step in reversed(steps):
        value = {step: value}
    return value


def entries(value: Any, *steps: str) -> list[Any]:
    """The list under nested keys; an empty one where there is none."""
    found = dig(value, *steps)
    return found if isinstance(found, list) else []


def mappings(value: Any, where: Where, *steps: str) -> Iterator[tuple[Where, dict[str, Any]]]:
    """The mappings in the list under nested keys, with their places."""
    for index, entry in enumerate(entries(value, *steps)):
        if isinstance(entry, dict):
            yield (*where, *steps, index), entry


def whole(value: Any) -> int | None:
    """A whole number, or None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def figure(value: Any) -> float | None:
    """A finite number, also from the text that AWS writes it as; None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


#: The members that resources were given in before ``resourceRequirements``.
OLD_MEMBERS = {"VCPU": "vcpus", "MEMORY": "memory"}


def requirement(container: Any, kind: str) -> float | None:
    """What a container asks for of VCPU, MEMORY or GPU, in either of AWS's two places."""
    for entry in entries(container, "resourceRequirements"):
        if isinstance(entry, dict) and entry.get("type") == kind:
            return figure(entry.get("value"))
    old = OLD_MEMBERS.get(kind)
    return figure(dig(container, old)) if old else None


def requirement_place(container: Any, kind: str) -> Where | None:
    """Where, within a container, it says what it asks for; None where it does not."""
    for index, entry in enumerate(entries(container, "resourceRequirements")):
        if isinstance(entry, dict) and entry.get("type") == kind:
            return "resourceRequirements", index, "value"
    old = OLD_MEMBERS.get(kind)
    return (old,) if old and dig(container, old) is not None else None
