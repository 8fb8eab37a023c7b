"""Traces read back by Perfetto's own message types."""

from __future__ import annotations

import gzip
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace as Packets
from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import TrackEvent

CLEARED, NEEDED = 1, 2


@dataclass
class Event:
    """A slice, an instant or a step of a counter; times in nanoseconds."""

    track: int
    start: int
    name: str = ""
    category: str = ""
    stop: int | None = None
    value: float | None = None
    annotations: dict[str, Any] = field(default_factory=dict)
    flows_out: tuple[int, ...] = ()
    flows_in: tuple[int, ...] = ()

    @property
    def length(self) -> int:
        assert self.stop is not None
        return self.stop - self.start


@dataclass
class TraceRead:
    """What is in a trace. Reading it fails where slices do not nest, or time goes back."""

    names: dict[int, str]
    parents: dict[int, int]
    units: dict[int, str]
    slices: list[Event]
    instants: list[Event]
    counters: dict[int, list[Event]]
    clocks: dict[int, int]

    def of(self, category: str) -> list[Event]:
        return [each for each in (*self.slices, *self.instants) if each.category == category]

    def path(self, track: int) -> list[str]:
        """The names from the process down to a track."""
        above = self.path(self.parents[track]) if track in self.parents else []
        return [*above, self.names[track]]

    def counter(self, *path: str) -> list[tuple[int, float]]:
        (track,) = [each for each in self.counters if self.path(each) == list(path)]
        return [(each.start, each.value or 0.0) for each in self.counters[track]]


def read(path: Path) -> TraceRead:
    """Read a trace as Perfetto does: packet by packet, names by number, ends close what began."""
    packets = Packets()
    packets.ParseFromString(gzip.decompress(path.read_bytes()))
    found = TraceRead({}, {}, {}, [], [], defaultdict(list), {})
    known: dict[str, dict[int, str]] = defaultdict(dict)
    open_slices: dict[int, list[Event]] = defaultdict(list)
    last = 0
    assert packets.packet[0].sequence_flags == CLEARED
    for packet in packets.packet:
        assert packet.trusted_packet_sequence_id == 1
        for kind in ("event_names", "event_categories", "debug_annotation_names"):
            for each in getattr(packet.interned_data, kind):
                assert each.iid not in known[kind]
                known[kind][each.iid] = each.name
        for clock in packet.clock_snapshot.clocks:
            found.clocks[clock.clock_id] = clock.timestamp
        if packet.HasField("track_descriptor"):
            _described(found, packet.track_descriptor)
        if packet.HasField("track_event"):
            assert packet.sequence_flags == NEEDED
            assert packet.timestamp >= last
            last = packet.timestamp
            _happened(found, packet.timestamp, packet.track_event, known, open_slices)
    assert not any(open_slices.values()), "slices without an end"
    return found


def _described(found: TraceRead, track: Any) -> None:
    assert track.uuid not in found.names
    found.names[track.uuid] = track.process.process_name or track.name
    if track.parent_uuid:
        assert track.parent_uuid in found.names
        found.parents[track.uuid] = track.parent_uuid
    if track.HasField("counter"):
        found.units[track.uuid] = track.counter.unit_name


def _happened(found: TraceRead, at: int, event: Any, known: Any, open_slices: Any) -> None:
    assert event.track_uuid in found.names
    made = Event(event.track_uuid, at)
    if event.type == TrackEvent.TYPE_SLICE_END:
        ended = open_slices[event.track_uuid].pop()
        ended.stop = at
        return
    if event.type == TrackEvent.TYPE_COUNTER:
        assert event.track_uuid in found.units
        made.value = event.double_counter_value
        found.counters[event.track_uuid].append(made)
        return
    made.name = known["event_names"][event.name_iid]
    (category,) = event.category_iids
    made.category = known["event_categories"][category]
    made.flows_out, made.flows_in = tuple(event.flow_ids), tuple(event.terminating_flow_ids)
    for each in event.debug_annotations:
        made.annotations[known["debug_annotation_names"][each.name_iid]] = getattr(each, each.WhichOneof("value"))
    if event.type == TrackEvent.TYPE_SLICE_BEGIN:
        assert not open_slices[event.track_uuid], "slices of a track overlap"
        open_slices[event.track_uuid].append(made)
        found.slices.append(made)
    else:
        assert event.type == TrackEvent.TYPE_INSTANT
        found.instants.append(made)
