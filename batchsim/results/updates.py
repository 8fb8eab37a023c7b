"""What a summary tells of scheduled updates: how often each was applied, and what AWS would have refused of it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from batchsim.recording import Recording
from batchsim.spec.updates import Updates


def update_figures(updates: Updates, recording: Recording) -> dict[str, Any]:
    """``updates`` of the summary, or nothing where the scenario has none."""
    if not updates:
        return {}
    return {"updates": [_entry(updates, recording, number) for number in range(len(updates.entries))]}


def _entry(updates: Updates, recording: Recording, number: int) -> dict[str, Any]:
    came = [each for each in recording.updates if each.number == number]
    applied = [each for each in came if not each.refused]
    return {
        "name": updates.entries[number].name,
        "what": updates.entries[number].what,
        "applied": len(applied),
        "first_at_s": applied[0].at if applied else None,
        "jobs": sum(each.jobs for each in applied),
        "refused": dict(Counter(each.refused for each in came if each.refused)),
    }
