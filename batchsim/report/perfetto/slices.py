"""Slices of a trace, of many sources, told in the order of time so that they nest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from batchsim.report.perfetto.tenancies import Nanoseconds
from batchsim.report.perfetto.track_events import TrackEventWriter

#: ``tell(row, at)`` writes the event of a row.
Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class Slices:
    """From when until when, on which track, and how the beginning of each is written.

    Attributes
    ----------
    rank : ndarray of int
        Of slices that begin and end together, the lower ones are told first.
    """

    start: Nanoseconds
    stop: Nanoseconds
    track: NDArray[np.int64]
    rank: NDArray[np.int64]
    tell: Tell


@dataclass(frozen=True)
class Moments:
    """Instants and steps of counters."""

    at: Nanoseconds
    tell: Tell


def write_in_order(writer: TrackEventWriter, slices: Sequence[Slices], moments: Sequence[Moments]) -> None:
    """Write all events in the order of time.

    Of an instant, what ends does so before the next slice of its track begins, and one without length begins before it
    ends.
    """
    start, stop, track, rank = (
        _joined([getattr(each, name) for each in slices]) for name in ("start", "stop", "track", "rank")
    )
    source, row = _numbered([len(each.start) for each in slices])
    order = np.lexsort((rank, stop, start))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    of_moments, moment = _numbered([len(each.at) for each in moments])
    tells = [*(each.tell for each in slices), *(each.tell for each in moments), lambda track, at: writer.end(at, track)]
    at = np.concatenate([start, stop, _joined([each.at for each in moments])])
    # A slice's own end comes right after its beginning, unless there is time between them.
    key = np.concatenate([2 * place, 2 * place + 1, np.full(len(moment), -1)])
    teller = np.concatenate([source, np.full(len(stop), len(tells) - 1), len(slices) + of_moments])
    told = np.concatenate([row, track, moment])
    for number in np.lexsort((key, at)).tolist():
        tells[teller[number]](int(told[number]), int(at[number]))


def calendar(start: datetime, at: int) -> str:
    """An instant in the calendar, to the second, of nanoseconds since a start."""
    return f"{start + timedelta(microseconds=at // 1000):%Y-%m-%d %H:%M:%S} UTC"


def _joined(columns: Sequence[NDArray[Any]]) -> NDArray[np.int64]:
    return np.concatenate([np.empty(0, np.int64), *columns])


def _numbered(lengths: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of each row the number of its source, and its own in there."""
    sources = _joined([np.full(length, number, np.int64) for number, length in enumerate(lengths)])
    return sources, _joined([np.arange(length) for length in lengths])
