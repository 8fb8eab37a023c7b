"""Hosts as tracks: instances with their slots, when they boot and idle; scaling and interruptions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import filled
from batchsim.columns import INSTANCES
from batchsim.recording import TASK_INTERRUPTED
from batchsim.report.perfetto.extent import Extent
from batchsim.report.perfetto.slices import Moments, Slices, calendar
from batchsim.report.perfetto.tenancies import Nanoseconds, Tenants, nanoseconds
from batchsim.report.perfetto.track_events import TrackEventWriter, Value
from batchsim.results.row_texts import RowTexts
from batchsim.results.run import Run

Rows = NDArray[np.int64]


class Hosts:
    """The tracks of all hosts, and what happens to instances.

    Parameters
    ----------
    process : mapping of int to int
        Of environments, by their number, the group of their tracks.
    """

    def __init__(
        self, run: Run, writer: TrackEventWriter, extent: Extent, tenants: Tenants, process: Mapping[int, int]
    ) -> None:
        self._run, self._writer, self._process = run, writer, process
        self._tenants = tenants
        self._start, self._end = (int(each) for each in nanoseconds(np.array(extent.window)))
        instances = run.recording.instances
        self._requested, self._usable, self._gone = (
            nanoseconds(column) for column in (instances.requested_at, instances.usable_from, instances.terminated_at)
        )
        self._kept = np.flatnonzero((self._requested <= self._end) & (self._gone >= self._start))
        self._interruptions = {environment: self._interrupted(environment) for environment in process}
        # Tracks are shown in the order in which they are made: what happens to all first, then the instances.
        self._scaling = {
            environment: writer.track("scaling", parent)
            for environment, parent in process.items()
            if (instances.environment == environment).any()
        }
        self._interrupted_on = {
            environment: writer.track("Spot interruptions", process[environment])
            for environment, found in self._interruptions.items()
            if found
        }
        self._tracks = {int(number): self._instance_track(int(number)) for number in self._kept}

    @cached_property
    def _rows(self) -> list[dict[str, Any]]:
        """What ``instances.parquet`` says of them."""
        wanted = len(self._run.recording.instances.environment)
        names = [column.name for column in INSTANCES]
        rows: list[dict[str, Any]] = []
        for batch in self._run.tables.instances() if wanted else ():
            rows += batch.select(names).to_pylist()
            if len(rows) >= wanted:
                break
        return rows[:wanted]

    def _instance_track(self, number: int) -> int:
        row = self._rows[number]
        name = f"{row['instance_id']} {row['instance_type']} {row['availability_zone']}"
        return self._writer.track(name, self._process[int(self._run.recording.instances.environment[number])])

    def tracks(self, shown: Tenants) -> Rows:
        """A track for each of some attempts: none of those on a track overlap."""
        made: dict[tuple[int, int], int] = {}
        found = np.zeros(len(shown.host), np.int64)
        keys = list(zip(shown.host.tolist(), shown.slots().tolist(), strict=True))
        for host, slot in sorted(set(keys)):
            parent = self._tracks[host] if host >= 0 else self._process[-1 - host]
            made[host, slot] = self._writer.track(f"slot {slot + 1}", parent)
        found[:] = [made[each] for each in keys]
        return found

    def slices(self) -> list[Slices]:
        """When instances boot, and when they could take jobs and hold none."""
        track = np.array([self._tracks.get(number, 0) for number in range(len(self._requested))], np.int64)
        kept, start = self._kept, self._run.scenario.start

        def boot(row: int, at: int) -> None:
            self._writer.begin(at, int(track[kept[row]]), "boot", "boot", self._annotations(int(kept[row]), at))

        instance, begin, end = self._tenants.gaps(self._usable, self._gone)
        seen = (track[instance] > 0) & (begin < self._end) & (end > self._start)
        instance, begin, end = instance[seen], begin[seen], end[seen]

        def idle(row: int, at: int) -> None:
            self._writer.begin(at, int(track[instance[row]]), "idle", "idle", {"calendar": calendar(start, at)})

        return [
            Slices(self._requested[kept], self._usable[kept], track[kept], np.full(len(kept), -1), boot),
            Slices(begin, end, track[instance], np.full(len(begin), -1), idle),
        ]

    def _annotations(self, number: int, at: int) -> dict[str, Value]:
        row = self._rows[number]
        names = ("instance_type", "availability_zone", "purchase_option", "price_usd_per_hour", "termination_reason")
        told = {name: row[name] for name in names if row[name] is not None}
        return {**told, "calendar": calendar(self._run.scenario.start, at)}

    def moments(self) -> list[Moments]:
        """Launches, terminations and interruptions in the window."""
        made = []
        for environment in self._process:
            if environment in self._scaling:
                made.append(self._told(self._scaling[environment], "scaling", self._scalings(environment)))
            if environment in self._interrupted_on:
                found = self._interruptions[environment]
                made.append(self._told(self._interrupted_on[environment], "interruption", found))
        return made

    def _told(self, track: int, category: str, found: list[tuple[int, str, dict[str, Value]]]) -> Moments:
        def tell(row: int, at: int) -> None:
            _, name, annotations = found[row]
            told = {**annotations, "calendar": calendar(self._run.scenario.start, at)}
            self._writer.instant(at, track, name, category, told)

        return Moments(np.array([at for at, _, _ in found], np.int64), tell)

    def _scalings(self, environment: int) -> list[tuple[int, str, dict[str, Value]]]:
        """How many instances of which type were launched at one time, and how many ended why."""
        instances = self._run.recording.instances
        here = np.flatnonzero(instances.environment == environment)
        types = [
            (int(self._requested[row]), self._rows[row]["instance_type"]) for row in self._within(self._requested, here)
        ]
        went = here[~instances.reclaimed[here] & (instances.terminated_at[here] < self._run.recording.ended_at)]
        whys = [(int(self._gone[row]), self._rows[row]["termination_reason"]) for row in self._within(self._gone, went)]
        return [
            *((at, f"launch {count} {name}", {}) for (at, name), count in Counter(types).items()),
            *((at, f"end {count}", {"termination_reason": why}) for (at, why), count in Counter(whys).items()),
        ]

    def _interrupted(self, environment: int) -> list[tuple[int, str, dict[str, Value]]]:
        """Instances and Fargate tasks that AWS took back."""
        recording = self._run.recording
        here = np.flatnonzero(recording.instances.reclaimed & (recording.instances.environment == environment))
        found: list[tuple[int, str, dict[str, Value]]] = [
            (int(self._gone[row]), self._rows[row]["instance_type"], {"instance_id": self._rows[row]["instance_id"]})
            for row in self._within(self._gone, here)
        ]
        taken = np.array([text == TASK_INTERRUPTED for text in recording.reasons])[recording.attempts.reason]
        tasks = np.flatnonzero(taken & (recording.attempts.environment == environment))
        stopped = nanoseconds(filled(recording.attempts.stopped_at, recording.ended_at))
        rows = self._within(stopped, tasks)
        texts = RowTexts(self._run.outcome)
        ids = texts.host_ids(texts.hosts(np.array(rows, np.int64))).to_pylist()
        return found + [(int(stopped[row]), "task", {"instance_id": name}) for row, name in zip(rows, ids, strict=True)]

    def _within(self, at: Nanoseconds, rows: Rows) -> list[int]:
        """Those of some rows whose instant is in the window."""
        chosen: list[int] = rows[(at[rows] >= self._start) & (at[rows] <= self._end)].tolist()
        return chosen
