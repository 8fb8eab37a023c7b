"""Perfetto's packets: tracks, and on them slices, instants and counters.

Numbers of fields are those of Perfetto's ``trace_packet.proto``, ``track_event.proto``, ``track_descriptor.proto`` and
``interned_data.proto``. Names of events, their categories and names of annotations are written once and then by number
(*interned*): a packet with a new one brings it along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from batchsim.report.perfetto.protobuf import double, fixed64, integer, message, text

#: Value of an annotation.
Value = str | int | float
#: The clocks of Linux that a trace knows: what its instants count by, and the calendar.
BOOTTIME, REALTIME = 6, 1
#: All packets are of one sequence; the first one clears what names stand for, the others need them.
_SEQUENCE, _CLEARED, _NEEDED = integer(10, 1), integer(13, 1), integer(13, 2)
_EXPLICIT = 3


#: TrackEvent.Type, as its field.
_BEGIN, _END, _INSTANT, _COUNTER = (integer(9, number) for number in (1, 2, 3, 4))


class _Interned:
    """Texts of one kind by number; what is new goes to those that no packet has told yet."""

    def __init__(self, field: int, untold: list[bytes]) -> None:
        self._field, self._untold = field, untold
        self._numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        """Its number, from 1."""
        found = self._numbers.get(name)
        if found is None:
            found = self._numbers[name] = len(self._numbers) + 1
            self._untold.append(message(self._field, integer(1, found), text(2, name)))
        return found


class TrackEventWriter:
    """Writes packets of a trace; instants are whole nanoseconds since the scenario's start.

    Parameters
    ----------
    write : callable
        Takes the bytes.
    """

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._tracks = 0
        self._untold: list[bytes] = []
        self._categories, self._names, self._keys = (_Interned(field, self._untold) for field in (1, 2, 3))
        self._packet(_CLEARED)

    def clock(self, unix_ns: int) -> None:
        """Say what time it is at instant 0, in nanoseconds since 1970."""
        clocks = [message(1, integer(1, number), integer(2, at)) for number, at in ((BOOTTIME, 0), (REALTIME, unix_ns))]
        self._packet(message(6, *clocks))

    def process(self, name: str) -> int:
        """A new group of tracks; its tracks are shown in the order in which they are made."""
        number = self._new()
        described = message(3, integer(1, number), text(6, name))
        self._packet(message(60, integer(1, number), described, integer(11, _EXPLICIT)))
        return number

    def track(self, name: str, parent: int) -> int:
        """A new track of slices and instants below another."""
        return self._track(name, parent)

    def counter_track(self, name: str, parent: int, unit: str) -> int:
        """A new track of a number over time."""
        return self._track(name, parent, message(8, text(6, unit)))

    def _track(self, name: str, parent: int, *more: bytes) -> int:
        number = self._new()
        order = integer(11, _EXPLICIT) + integer(12, number)
        self._packet(message(60, integer(1, number), integer(5, parent), text(2, name), order, *more))
        return number

    def _new(self) -> int:
        self._tracks += 1
        return self._tracks

    def begin(
        self,
        at: int,
        track: int,
        name: str,
        category: str,
        annotations: Mapping[str, Value] | None = None,
        leads_to: Iterable[int] = (),
        follows: Iterable[int] = (),
    ) -> None:
        """A slice begins; flows, each of a number of its own, lead from it and to it."""
        flows = b"".join([*(fixed64(47, flow) for flow in leads_to), *(fixed64(48, flow) for flow in follows)])
        self._event(at, track, _BEGIN, self._named(name, category, annotations), flows)

    def end(self, at: int, track: int) -> None:
        """The slice that began last on a track ends."""
        self._event(at, track, _END)

    def instant(
        self, at: int, track: int, name: str, category: str, annotations: Mapping[str, Value] | None = None
    ) -> None:
        """Something happens."""
        self._event(at, track, _INSTANT, self._named(name, category, annotations))

    def counter(self, at: int, track: int, value: float) -> None:
        """A number is so much from now on."""
        self._event(at, track, _COUNTER, double(44, value))

    def _named(self, name: str, category: str, annotations: Mapping[str, Value] | None) -> bytes:
        told = integer(10, self._names.number(name)) + integer(3, self._categories.number(category))
        if not annotations:
            return told
        return told + b"".join([message(4, self._annotation(key, value)) for key, value in annotations.items()])

    def _annotation(self, key: str, value: Value) -> bytes:
        named = integer(1, self._keys.number(key))
        if isinstance(value, str):
            return named + text(6, value)
        return named + (integer(4, value) if isinstance(value, int) else double(5, value))

    def _event(self, at: int, track: int, kind: bytes, *fields: bytes) -> None:
        event = message(11, kind, integer(11, track), *fields)
        new = message(12, *self._untold) if self._untold else b""
        self._untold.clear()
        self._packet(integer(8, at), event, _NEEDED, new)

    def _packet(self, *fields: bytes) -> None:
        self._write(message(1, _SEQUENCE, *fields))
