"""The trace of a run: what is in it, and its file."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from batchsim._version import __version__
from batchsim.atomic_folder import make_folder, replaced
from batchsim.errors import OutputError
from batchsim.report.perfetto import counters
from batchsim.report.perfetto.extent import MOST_JOBS, Extent, shown
from batchsim.report.perfetto.instances import Hosts
from batchsim.report.perfetto.jobs import JobSlices
from batchsim.report.perfetto.slices import Moments, Slices, calendar, write_in_order
from batchsim.report.perfetto.tenancies import Tenants, nanoseconds, tenants
from batchsim.report.perfetto.track_events import TrackEventWriter, Value
from batchsim.results.row_texts import RowTexts
from batchsim.results.run import Run
from batchsim.results.series import Window
from batchsim.results.vcpus import Vcpus

_GZIP = b"\x1f\x8b"


def check_trace(path: Path) -> None:
    """Find out before a run whether its trace can be written.

    Raises
    ------
    OutputError
        If there is something at its path that is no trace.
    """
    if not path.exists():
        return
    if path.is_dir():
        raise OutputError(str(path), "it is a folder; a trace is a file, such as trace.pftrace")
    try:
        with path.open("rb") as file:
            if file.read(len(_GZIP)) not in {b"", _GZIP}:
                raise OutputError(str(path), "it exists and is no trace")
    except OSError as error:
        raise OutputError(str(path), error.strerror or str(error)) from None


def write_trace(run: Run, path: Path, window: Window | None = None, most: int = MOST_JOBS) -> Extent:
    """Write a run for ui.perfetto.dev: TrackEvent packets, compressed by gzip.

    Parameters
    ----------
    window : (float, float), optional
        Seconds since the scenario's start; attempts that overlap it are shown whole. All of the run without one.
    most : int
        Jobs that are shown; see `extent.shown`.

    Returns
    -------
    Extent
        What is shown.

    Raises
    ------
    OutputError
        If it can't be written; the file is then as it was.
    """
    check_trace(path)
    extent = shown(run.recording, window, most)
    make_folder(path.parent)
    with replaced(path) as made, made.open("wb") as file:
        # Neither the time nor a name in the header: the same run gives the same bytes.
        packed = gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=file, mtime=0)
        with packed, io.BufferedWriter(packed, 1 << 16) as buffer:
            _write(run, TrackEventWriter(buffer.write), extent)
    return extent


def _write(run: Run, writer: TrackEventWriter, extent: Extent) -> None:
    writer.clock(int(run.scenario.start.timestamp()) * 10**9)
    whole, moments = _about(run, writer, extent)
    queues: dict[str, int] = {}
    for name, counted in counters.of_queues(run.outcome):
        if name not in queues:
            queues[name] = writer.process(f"job queue {name}")
        moments.append(counters.counter(writer, queues[name], counted, extent.window))
    processes, vcpus = {}, Vcpus(run.outcome)
    for index, environment in enumerate(run.scenario.configuration.environments):
        processes[index] = writer.process(f"{environment.name} ({environment.purchase_option})")
        for counted in counters.of_environment(run.outcome, vcpus, index):
            moments.append(counters.counter(writer, processes[index], counted, extent.window))
    everywhere = tenants(run.recording)
    hosts = Hosts(run, writer, extent, everywhere, processes)
    here = everywhere.taken(extent.attempts[everywhere.attempt])
    track = hosts.tracks(here)
    main = ~here.beside
    jobs = JobSlices(run, writer, here.taken(main), track[main]).all()
    nodes = _nodes(run, writer, here.taken(here.beside), track[here.beside])
    write_in_order(writer, [whole, *hosts.slices(), *jobs, nodes], [*moments, *hosts.moments()])


def _about(run: Run, writer: TrackEventWriter, extent: Extent) -> tuple[Slices, list[Moments]]:
    """A slice over all that is shown, which says of what run it is, and what is left out of it."""
    ends = nanoseconds(np.array(extent.window))
    scenario = run.scenario
    process = writer.process(f"batchsim {scenario.name}")
    track = writer.track("run", process)
    told: dict[str, Value] = {
        "region": scenario.region,
        "seed": run.seed,
        "batchsim_version": __version__,
        "calendar": calendar(scenario.start, int(ends[0])),
    }
    none = np.zeros(1, np.int64)

    def begin(_row: int, at: int) -> None:
        writer.begin(at, track, scenario.name, "about", told)

    whole = Slices(ends[:1], ends[1:], none + track, none - 2, begin)
    if not extent.left_out:
        return whole, []
    beside = writer.track("left out", process)
    left_out = Moments(ends[:1], lambda _row, at: writer.instant(at, beside, extent.left_out, "about"))
    return whole, [left_out]


def _nodes(run: Run, writer: TrackEventWriter, beside: Tenants, track: NDArray[np.int64]) -> Slices:
    """Multi-node jobs on the instances beside their main node's."""
    job = run.recording.attempts.job[beside.attempt]
    ids, tracks = RowTexts(run.outcome).job_ids(job).to_pylist(), track.tolist()

    def begin(row: int, at: int) -> None:
        writer.begin(at, tracks[row], "node", "node", {"job_id": ids[row]})

    return Slices(beside.start, beside.stop, track, beside.attempt, begin)
