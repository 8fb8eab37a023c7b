"""Which part of a run a trace shows: all of it, a window, and never more than a browser holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import filled
from batchsim.recording import Recording
from batchsim.results.series import Window
from batchsim.units import format_duration, parse_duration, parse_instant

#: Perfetto's page holds a trace in the browser's memory: of a million jobs it would be gigabytes.
MOST_JOBS = 200_000


@dataclass(frozen=True)
class Extent:
    """What is shown.

    Attributes
    ----------
    window : (float, float)
        Seconds since the scenario's start; attempts that overlap it are shown whole.
    attempts : ndarray of bool
        Which attempts are shown.
    jobs, jobs_in_all : int
        How many jobs these attempts are of, and how many jobs have attempts.
    """

    window: Window
    attempts: NDArray[np.bool_]
    jobs: int
    jobs_in_all: int

    @property
    def left_out(self) -> str:
        """What is not shown, in words; empty where all is."""
        if self.jobs == self.jobs_in_all:
            return ""
        start, end = (format_duration(each) for each in self.window)
        return f"{self.jobs:,} of {self.jobs_in_all:,} jobs are shown: those with attempts from {start} to {end}"


def shown(recording: Recording, window: Window | None = None, most: int = MOST_JOBS) -> Extent:
    """The extent of a trace.

    Parameters
    ----------
    window : (float, float), optional
        Seconds since the scenario's start; all of the run without one.
    most : int
        Jobs that are shown. Of more those that begin first are, and the window ends where the next one begins.
    """
    attempts = recording.attempts
    begun, ended = attempts.starting_at, filled(attempts.stopped_at, recording.ended_at)
    start, end = window or (0.0, recording.ended_at)
    start, end = min(max(start, 0.0), recording.ended_at), min(end, recording.ended_at)
    found = (begun <= end) & (ended >= start)
    rows = np.flatnonzero(found)
    rows = rows[np.argsort(begun[rows], kind="stable")]
    jobs, first = np.unique(attempts.job[rows], return_index=True)
    if len(jobs) > most:
        first.sort()
        end = float(begun[rows[first[most]]])
        kept = np.zeros(len(recording.status), bool)
        kept[attempts.job[rows[first[:most]]]] = True
        found &= kept[attempts.job] & (begun <= end)
    in_all = len(np.unique(attempts.job))
    return Extent((start, end), found, min(len(jobs), most), in_all)


def parse_window(written: str, start: datetime) -> Window:
    """A window as it is written: ``6h..12h``, ``2026-11-02T06:00..``, either end open.

    Parameters
    ----------
    start : datetime
        Of the scenario.

    Raises
    ------
    ValueError
        If it is none, or is empty.
    """
    match = re.fullmatch(r"(.*?)\.\.(.*)", written.strip())
    if match is None or not any(match.groups()):
        raise ValueError(f"{written!r} is no window; expected FROM..TO, such as 6h..12h or 2026-11-02T06:00..")
    low, high = (_instant(end, start, default) for end, default in zip(match.groups(), (0.0, np.inf), strict=True))
    if low >= high:
        raise ValueError(f"the window {written!r} is empty: it ends at its start or before")
    return low, high


def _instant(written: str, start: datetime, default: float) -> float:
    """Seconds since the start, of a duration or of an instant of the calendar."""
    text = written.strip()
    if not text:
        return default
    if not re.match(r"\d{4}-", text):
        return parse_duration(text)
    return (parse_instant(text) - start).total_seconds()
