"""What the updates of a scenario make of its document, one after the other.

Updates set values, so that a document has few states however often an update comes by cron. The occurrences are gone
through in time until no new one is met.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import Any, Final

from batchsim.scenario.batch.update_calls import MemberChange, updated
from batchsim.scenario.document.document import Document
from batchsim.scenario.sections.updates import REASON, JobSelection, ScheduledUpdate
from batchsim.spec.updates import JobAction, Update, Updates
from batchsim.units import DAY, parse_instant

#: Beyond the scenario's duration so long is looked ahead, and as far as every cron has come due twice since the last
#: new state: weekdays and weekends are met.
AHEAD_S: Final = 14 * DAY
ROUNDS: Final = 2
#: No more occurrences are looked at.
MOST_OCCURRENCES: Final = 200_000


@dataclass(frozen=True)
class ReadUpdate:
    """An entry of ``updates:`` without faults.

    Attributes
    ----------
    index : int
        Its place in the list.
    changes : tuple of MemberChange
        What it sets; nothing where it cancels or terminates jobs.
    """

    index: int
    entry: ScheduledUpdate
    changes: tuple[MemberChange, ...] = ()

    def resolved(self, start: datetime) -> Update:
        """The entry as plain values."""
        at = self.entry.at
        by_object: dict[tuple[str, str], list[str]] = {}
        for change in self.changes:
            by_object.setdefault((change.call.operation, change.name), []).append(change.what)
        return Update(
            name=self.entry.name or str(self.index),
            at=(parse_instant(at) - start).total_seconds() if isinstance(at, str) else at,
            cron=self.entry.cron or "",
            timezone=self.entry.timezone,
            what="; ".join(f"{call} {name}: {', '.join(what)}" for (call, name), what in by_object.items())
            or _told(self.action),
            desired=tuple(
                dict.fromkeys(each.name for each in self.changes if each.steps == ("computeResources", "desiredvCpus"))
            ),
            action=self.action,
        )

    @cached_property
    def action(self) -> JobAction | None:
        """The jobs that it cancels or terminates."""
        if self.entry.cancel is not None:
            return _action("CancelJob", self.entry.cancel)
        return None if self.entry.terminate is None else _action("TerminateJob", self.entry.terminate)


def _action(call: Any, jobs: JobSelection) -> JobAction:
    reason = jobs.reason or REASON
    return JobAction(call, jobs.job_queue or "", jobs.job_name or "", jobs.workflow or "", reason)


def _told(action: JobAction | None) -> str:
    if action is None:
        return ""
    named = {"jobQueue": action.job_queue, "jobName": action.job_name, "workflow": action.workflow}
    return f"{action.call} {', '.join(f'{key} {value}' for key, value in named.items() if value)}"


@dataclass(frozen=True)
class UpdateStep:
    """An update that brings a document from one state to another, for the first time.

    Attributes
    ----------
    at : float
        Seconds since the start.
    before, after : int
        States, by their number.
    """

    at: float
    update: ReadUpdate
    before: int
    after: int
    document: Document
    document_before: Document


def _last_at(updates: Sequence[Update]) -> float:
    """When the last of those comes that come once."""
    return max((each.at or 0.0 for each in updates), default=0.0)


class Timeline:
    """The states of a document and the steps between them.

    Attributes
    ----------
    updates : sequence of ReadUpdate
        All of the scenario.
    documents : list of Document
        By number of the state; the first is the scenario as it is written.
    steps : list of UpdateStep
        In the order in which they are first taken.
    """

    def __init__(
        self,
        document: Document,
        updates: Sequence[ReadUpdate],
        start: datetime,
        duration_s: float | None,
        horizon_s: float | None,
    ) -> None:
        self.updates = updates
        self.documents = [document]
        self.steps: list[UpdateStep] = []
        self._touched = sorted({change.object for update in updates for change in update.changes})
        self._numbers = {self._key(document): 0}
        self._go_through(updates, start, duration_s or 0.0, math.inf if horizon_s is None else horizon_s)

    def _key(self, document: Document) -> str:
        """What tells a state from others: all objects that some update changes."""
        objects = [document.values["batch"][kind][index] for kind, index in self._touched]
        return json.dumps(objects, sort_keys=True, default=str)

    def _go_through(self, updates: Sequence[ReadUpdate], start: datetime, duration_s: float, horizon_s: float) -> None:
        known: dict[tuple[int, int], int] = {}
        state, rounds = 0, {number: 0 for number, each in enumerate(updates) if each.entry.cron}
        plain = [each.resolved(start) for each in updates]
        until = max(duration_s + AHEAD_S, _last_at(plain))
        for at, number in islice(Updates(tuple(plain), start=start).occurrences(), MOST_OCCURRENCES):
            if at >= horizon_s:
                return
            if at > until and min(rounds.values(), default=ROUNDS) >= ROUNDS:
                return
            if number in rounds:
                rounds[number] += 1
            if (state, number) not in known:
                rounds = dict.fromkeys(rounds, 0)
                known[state, number] = self._step(at, updates[number], state)
            state = known[state, number]

    def _step(self, at: float, update: ReadUpdate, before: int) -> int:
        document = self.documents[before]
        after = updated(document, update.changes) if update.changes else document
        key = self._key(after)
        number = self._numbers.setdefault(key, len(self.documents))
        if number == len(self.documents):
            self.documents.append(after)
        self.steps.append(UpdateStep(at, update, before, number, after, document))
        return number
