"""Jobs that ran in AWS Batch as a trace: from what ``aws batch describe-jobs`` printed, or a live account tells.

The trace has the columns of batchsim's own tables (`batchsim.workload.traces.tabular`). An array's children are rows of
their own, each with its own run time. Dependencies go by job name there, so a job that another one waits for gets a
name of its own where its name comes more than once: ``name-3`` for child 3 of an array, ``name-2`` for the second job
of that name. Names that nobody waits for stay as they are.
"""

from __future__ import annotations

import gzip
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batchsim.atomic_folder import replaced
from batchsim.errors import Finding, ScenarioError
from batchsim.workload.traces.answers import Answers, found_in, job_details
from batchsim.workload.traces.common import MOST, MOST_FAULTS
from batchsim.workload.traces.describe_jobs import (
    DescribedDependencies,
    DescribedJobs,
    dependencies,
    described_jobs,
    notes,
)
from batchsim.workload.traces.job_details import MS_PER_S
from batchsim.workload.traces.wfformat import job_name

if TYPE_CHECKING:
    import pandas as pd

#: An array that waits for an array is written as pairs of children up to this many.
MOST_PAIRS = 1_000_000

_PLAIN = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, eq=False)
class ImportedJobs:
    """A trace of jobs that ran.

    Attributes
    ----------
    frame : DataFrame
        One row per job in the order of submission, with the columns of the csv and parquet traces.
    skipped : mapping
        Jobs that are left out, counted by reason.
    notes : tuple of str
        What else the trace does not say as AWS did, each with its count.
    first_submission : str
        The instant of second 0, ISO 8601.
    """

    frame: pd.DataFrame
    skipped: Mapping[str, int]
    notes: tuple[str, ...]
    first_submission: str

    @property
    def job_queues(self) -> tuple[str, ...]:
        """The queues that a scenario must have to replay the trace, sorted."""
        return _names(self.frame["job_queue"])

    @property
    def job_definitions(self) -> tuple[str, ...]:
        """The job definitions that a scenario must have to replay the trace, sorted."""
        return _names(self.frame["job_definition"])

    def write(self, path: Path) -> None:
        """Write the trace as CSV or Parquet, by the name's ending; a file that is there is replaced.

        Raises
        ------
        ScenarioError
            If the ending is neither ``.csv``, ``.csv.gz`` nor ``.parquet``.
        OutputError
            If the file can't be written.
        """
        content = self._content(path)
        with replaced(path) as made:
            made.write_bytes(content)

    def _content(self, path: Path) -> bytes:
        if _format(path) == "parquet":
            return bytes(self.frame.to_parquet(None, index=False))
        text = self.frame.to_csv(None, index=False, lineterminator="\n").encode()
        # Without a name and a time the same trace is the same bytes.
        return gzip.compress(text, mtime=0) if path.suffix == ".gz" else text

    def workload_entry(self, path: str | Path) -> str:
        """An entry of a scenario's ``workload:`` that replays the trace, as YAML.

        Parameters
        ----------
        path : str or Path
            Where the trace lies, relative to the scenario.

        Raises
        ------
        ScenarioError
            If the ending is neither ``.csv``, ``.csv.gz`` nor ``.parquet``.
        """
        format_ = _format(Path(path))
        return "\n".join(
            (
                f"# Job queues that the scenario must have: {', '.join(map(_quoted, self.job_queues)) or '-'}",
                f"# Job definitions: {', '.join(map(_quoted, self.job_definitions)) or '-'}",
                f"# Second 0 was {self.first_submission}: with that as `start`, times of day are those of the record.",
                "- trace:",
                f"    format: {format_}",
                f"    path: {json.dumps(Path(path).as_posix(), ensure_ascii=False)}",
                "",
            )
        )


def import_jobs(sources: Sequence[Path]) -> ImportedJobs:
    """Import what ``aws batch describe-jobs`` printed.

    Parameters
    ----------
    sources : sequence of Path
        Files of one or more answers, or of what services wrap job details in
        (`batchsim.workload.traces.answers`); ``.gz`` is read as it is.

    Raises
    ------
    ScenarioError
        With the faults of all files, or if no job in them ran.
    """
    found = Answers()
    findings: list[Finding] = []
    for source in sources:
        try:
            found.add(job_details(source, str(source)))
        except ScenarioError as error:
            findings += error.findings
    if findings:
        raise ScenarioError(findings)
    return _imported(found, ", ".join(map(str, sources)))


def import_details(found: Iterable[Mapping[str, Any]], *, source: str = "") -> ImportedJobs:
    """Import job details, as DescribeJobs gives them (API ``JobDetail``).

    Parameters
    ----------
    source : str
        Where they come from, for findings.

    Raises
    ------
    ScenarioError
        If no job of them ran, or one has figures that no job can have.
    """
    return _imported(found_in(list(found)), source)


def _imported(found: Answers, source: str) -> ImportedJobs:
    record = described_jobs(found)
    findings = [Finding("trace", "", message, expected, file=source) for message, expected in _faults(record)]
    if findings:
        raise ScenarioError(findings[:MOST_FAULTS])
    waiting = dependencies(record.jobs, record.arrays)
    needed, shortened = _by_rows(record, waiting)
    told = notes(record, waiting)
    if shortened:
        told[
            f"dependencies on a whole array are on the child that stopped last: they would be more than {MOST_PAIRS:,} "
            "pairs"
        ] = shortened
    return ImportedJobs(
        frame=_frame(record, needed),
        skipped=dict(record.skipped),
        notes=tuple(f"{count:,} {reason}" for reason, count in told.items()),
        first_submission=_instant(record.jobs[0].created_at_ms),
    )


def _faults(record: DescribedJobs) -> Iterator[tuple[str, str]]:
    for fault in record.faults:
        yield fault, ""
    message, expected = record.nothing
    if message:
        yield message, expected
    for job in record.jobs:
        for what, value in (("vcpus", job.vcpus), ("memory", job.memory_mib), ("gpus", job.gpus)):
            if value > MOST:
                yield f"the job {job.name!r} asks for {what} {value:g}", "what an instance can hold"
        if not 0 <= job.created_at_ms / MS_PER_S < _YEAR_2200:
            yield f"the job {job.name!r} was created at {job.created_at_ms:g}", "milliseconds since 1970"


_YEAR_2200 = datetime(2200, 1, 1, tzinfo=UTC).timestamp()


#: By row the rows that are needed, in tuples that all who need the same share.
_Needed = tuple[tuple[tuple[int, ...], ...], ...]


def _by_rows(record: DescribedJobs, needed: DescribedDependencies) -> tuple[_Needed, int]:
    """Dependencies on jobs alone, as the table has them, and how many on a whole array are on its last child."""
    last = {
        array: (max(rows, key=lambda row: record.jobs[row].stopped_at_ms),) for array, rows in needed.children.items()
    }
    shortened = 0
    found = []
    for job, rows, arrays in zip(record.jobs, needed.rows, needed.arrays, strict=True):
        own: list[tuple[int, ...]] = [(row,) for row in rows]
        waiting = len(needed.children.get(job.array, ())) or 1
        for array in arrays:
            children = needed.children[array]
            many = len(children) > 1 and len(children) * waiting > MOST_PAIRS
            own.append(last[array] if many else children)
            shortened += many
        found.append(tuple(own))
    return tuple(found), shortened


def _unique(record: DescribedJobs, needed: _Needed) -> list[str]:
    """A name per job, its own for each that another one waits for."""
    names = [job_name(job.name) for job in record.jobs]
    often = Counter(names)
    taken = set(names)
    for row in sorted({row for own in needed for rows in own for row in rows}):
        name = names[row]
        if often[name] == 1:
            continue
        number = record.jobs[row].index if record.jobs[row].array else 2
        while f"{name}-{number}" in taken:
            number += 1
        names[row] = f"{name}-{number}"
        taken.add(names[row])
    return names


def _frame(record: DescribedJobs, needed: _Needed) -> pd.DataFrame:
    import pandas as pd

    names = _unique(record, needed)

    def recorded(column: str) -> list[Any]:
        return [getattr(job, column) for job in record.jobs]

    columns = {
        "job_name": names,
        "submitted_at": record.submitted_at,
        "runtime_s": recorded("runtime_s"),
        "vcpus": recorded("vcpus"),
        "memory_mib": _whole(recorded("memory_mib")),
        "gpus": _whole(recorded("gpus")),
        "job_queue": recorded("job_queue"),
        "job_definition": recorded("job_definition"),
        "depends_on": _needed_names(names, needed),
        "share_identifier": recorded("share_identifier"),
        "scheduling_priority": _whole(recorded("scheduling_priority")),
        "exit_code": recorded("exit_code"),
        "started_at": record.seconds("started_at_ms"),
        "stopped_at": record.seconds("stopped_at_ms"),
        "earlier_runtimes_s": [_joined(time for time, _ in job.earlier) for job in record.jobs],
        "earlier_exit_codes": [_joined(code for _, code in job.earlier) for job in record.jobs],
    }
    unsaid = {
        "earlier_runtimes_s": not any(columns["earlier_runtimes_s"]),
        "earlier_exit_codes": not any(columns["earlier_runtimes_s"]),
        "share_identifier": not any(columns["share_identifier"]),
        "scheduling_priority": all(map(math.isnan, recorded("scheduling_priority"))),
    }
    return pd.DataFrame({name: column for name, column in columns.items() if not unsaid.get(name)})


def _needed_names(names: Sequence[str], needed: _Needed) -> list[str]:
    # Jobs that wait for the same ones share the text of their names.
    joined = {rows: ";".join(names[row] for row in rows) for rows in {rows for own in needed for rows in own}}
    return [";".join(joined[rows] for rows in own) for own in needed]


def _joined(figures: Iterable[float]) -> str:
    return ";".join(map(repr, figures))


def _whole(values: Iterable[float]) -> Any:
    import pandas as pd

    return pd.array([int(value) if value >= 0 else None for value in values], dtype="Int64")


def _instant(milliseconds: float) -> str:
    instant = datetime.fromtimestamp(milliseconds / MS_PER_S, UTC)
    return instant.isoformat(timespec="milliseconds").replace(".000", "").replace("+00:00", "Z")


def _names(column: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({name for name in column if name}))


def _quoted(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else json.dumps(name)


def _format(path: Path) -> str:
    if path.name.endswith((".csv", ".csv.gz")):
        return "csv"
    if path.name.endswith(".parquet"):
        return "parquet"
    message = f"a trace is not written as {path.suffix or 'a name without an ending'}"
    raise ScenarioError([Finding("format", "", message, ".csv, .csv.gz or .parquet", file=str(path))])
