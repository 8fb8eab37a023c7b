"""The results folder of a run as a history: its jobs, attempts and instances as an account would tell of them.

The tables know seconds since the scenario's start, and no dependencies: both are in the scenario beside them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batchsim.aws.histories.known_jobs import KnownJobs
from batchsim.aws.histories.machines import Machines
from batchsim.aws.histories.records import (
    Asked,
    RecordedAttempt,
    RecordedInstance,
    RecordedJob,
    RecordedTask,
    ScalingActivity,
)
from batchsim.columns import ATTEMPTS, INSTANCES, JOBS, Column
from batchsim.errors import Finding, ScenarioError
from batchsim.recording import STILL_THERE
from batchsim.scenario.document.access import entries
from batchsim.scenario.document.content import decoded, read_content
from batchsim.scenario.document.document import compose
from batchsim.units import parse_instant

#: Tables with their columns, those of them that no row can do without, and the others that are read.
_TABLES: Mapping[str, tuple[Sequence[Column], tuple[str, ...], tuple[str, ...]]] = {
    "jobs": (JOBS, ("job_id", "submitted_at", "status"),
             ("job_name", "job_definition", "job_queue", "workflow", "array_index", "vcpus", "memory_mib", "gpus",
              "share_identifier")),
    "attempts": (ATTEMPTS, ("job_id", "attempt", "status"),
                 ("instance_id", "runnable_at", "starting_at", "started_at", "stopped_at", "exit_code",
                  "status_reason", "reason")),
    "instances": (INSTANCES, ("instance_id", "purchase_option"),
                  ("instance_type", "compute_environment", "memory_mib", "requested_at", "running_at",
                   "registered_at", "terminated_at", "termination_reason")),
}  # fmt: skip
_TYPES = {"text": "string"}
#: Seconds since the start that no run comes to.
_MOST_S = 1e11

_Row = dict[str, Any]


class _Rows(Sequence[_Row]):
    """The rows of a table, each made when it is looked at: of a million all at once are gigabytes."""

    def __init__(self, cells: Mapping[str, list[Any]], count: int) -> None:
        self._cells, self._count = cells, count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: Any) -> Any:
        return {name: column[number] for name, column in self._cells.items()}

    def column(self, name: str) -> list[Any]:
        """All cells of a column."""
        return self._cells[name]


@dataclass(frozen=True)
class FolderRead:
    """What else a folder says: instants of RUNNABLE and STARTING, and the region."""

    events: int
    region: str


def read_results_folder(folder: Path, known: KnownJobs, machines: Machines) -> FolderRead:
    """Add the jobs and the instances of a run.

    Raises
    ------
    ScenarioError
        If the folder is not that of a run's results.
    """
    _refuse_incomplete(folder)
    scenario = _scenario(folder / "scenario.yaml")
    zero = _start(scenario, folder / "scenario.yaml")
    jobs, attempts, instances = (_rows(folder / f"{table}.parquet", *known) for table, known in _TABLES.items())
    of_job: dict[str, list[int]] = defaultdict(list)
    for number, job_id in enumerate(attempts.column("job_id")):
        of_job[job_id].append(number)
    events = 0
    for job in _jobs(jobs, attempts, of_job, _needs(scenario), zero, zero + _last_time(attempts)):
        known.add(job)
        events += len(job.runnable) + len(job.starting)
    begun = zip(attempts.column("instance_id"), attempts.column("started_at"), strict=True)
    started = {str(name or ""): math.nan if at is None else zero + at for name, at in begun}
    _add_machines(instances, started, zero, machines)
    return FolderRead(events, str(scenario.get("region") or ""))


def _last_time(attempts: _Rows) -> float:
    """When the last attempt started or stopped; NaN where none did."""
    told = (at for name in ("stopped_at", "started_at") for at in attempts.column(name))
    return max((at for at in told if at is not None and not math.isnan(at)), default=math.nan)


def _refuse_incomplete(folder: Path) -> None:
    names = (*(f"{table}.parquet" for table in _TABLES), "scenario.yaml")
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        message = f"a folder without {', '.join(missing)}"
        expected = "files, or the folder that `batchsim run` wrote its results to"
        raise ScenarioError([Finding("history", "", message, expected, file=str(folder))])


def _scenario(path: Path) -> dict[str, Any]:
    shown = str(path)
    scenario = compose(decoded(read_content(path, shown, "history"), shown, "history"), shown)[0]
    if not isinstance(scenario, dict):
        raise ScenarioError([Finding("history", "", "no scenario", "what `batchsim run` wrote", file=shown)])
    return scenario


def _start(scenario: Mapping[str, Any], path: Path) -> float:
    """When second 0 was, in seconds since 1970."""
    try:
        return parse_instant(str(scenario["start"])).timestamp() if "start" in scenario else 0.0
    except ValueError as error:
        raise _no_table(path, f"start: {error}", "an instant of ISO 8601") from None


def _rows(path: Path, columns: Sequence[Column], needed: Collection[str], others: Collection[str]) -> _Rows:
    """The rows of a table, with these of its columns in their types; empty cells where it does not have one."""
    from pyarrow import ArrowException, parquet

    try:
        table = parquet.read_table(path, page_checksum_verification=True)
        table.validate(full=True)
        names = table.column_names
    except MemoryError:  # pyarrow's is an ArrowException too
        raise
    except (ArrowException, OSError, ValueError) as error:
        raise _no_table(path, f"not a Parquet file, or damaged: {str(error).partition(chr(10))[0]}") from None
    cells: dict[str, list[Any]] = {name: [None] * table.num_rows for name in others}
    for column in columns:
        if column.name in (*needed, *others) and names.count(column.name) == 1:
            try:
                found = table.column(column.name).cast(_TYPES.get(column.dtype, column.dtype)).to_pylist()
            except ArrowException as error:
                told = str(error).partition("\n")[0]
                raise _no_table(path, f"the column {column.name}: {told}", column.dtype) from None
            cells[column.name] = _once(found) if column.dtype == "text" else found
    _refuse_cells(path, cells, needed)
    return _Rows(cells, table.num_rows)


def _once(texts: Iterable[Any]) -> list[Any]:
    """The same texts, each held once however often it comes."""
    held: dict[Any, Any] = {}
    return [held.setdefault(text, text) for text in texts]


def _refuse_cells(path: Path, cells: Mapping[str, list[Any]], needed: Collection[str]) -> None:
    """Refuse a table without a cell that is needed, or with a time that is none."""
    for name in needed:
        if name not in cells:
            raise _no_table(path, f"the column {name} is missing")
        if None in cells[name]:
            raise _no_table(path, f"row {cells[name].index(None) + 1}: {name} is empty")
    for name, column in cells.items():
        if not name.endswith("_at"):
            continue
        for row, at in enumerate(column, 1):
            if at is not None and not math.isnan(at) and not abs(at) <= _MOST_S:
                raise _no_table(path, f"row {row}: {name} is {at:g}", "seconds since the start of the run")


def _no_table(path: Path, message: str, expected: str = "") -> ScenarioError:
    return ScenarioError([Finding("history", "", message, expected or "what `batchsim run` wrote", file=str(path))])


def _number(row: Mapping[str, Any], name: str) -> float:
    value = row.get(name)
    return math.nan if value is None else float(value)


def _text(row: Mapping[str, Any], name: str) -> str:
    return str(row.get(name) or "")


_Needs = Mapping[tuple[str, str], list[tuple[str, str]]]


def _needs(scenario: Mapping[str, Any]) -> _Needs:
    """Which jobs each job of a workflow waits for, with the types; the name is empty in an array's SEQUENTIAL one."""
    return {
        (str(workflow.get("workflow")), str(job.get("jobName"))): [
            (str(need.get("jobName") or ""), str(need.get("type") or "")) for need in entries(job, "dependsOn")
        ]
        for workflow in entries(scenario, "workload")
        if isinstance(workflow, dict)
        for job in entries(workflow, "jobs")
        if isinstance(job, dict)
    }


def _jobs(
    rows: Iterable[_Row],
    attempts: _Rows,
    of_job: Mapping[str, list[int]],
    needs: _Needs,
    zero: float,
    seen_at: float,
) -> Iterator[RecordedJob]:
    """The jobs, and the parents of arrays, which the table does not have."""
    asked_for: dict[tuple[object, ...], Asked] = {}
    parents: dict[str, list[RecordedJob]] = defaultdict(list)
    needed: dict[str, tuple[tuple[str, str], ...]] = {}
    for row in rows:
        job_id, index = _text(row, "job_id"), row.get("array_index")
        own = job_id if index is None else job_id.rpartition(":")[0]
        run = own.rpartition("/")[0]
        told = needs.get((_text(row, "workflow"), own.rpartition("/")[2]), [])
        depends_on = tuple((f"{run}/{name}" if name else "", kind) for name, kind in told)
        tried = [attempts[number] for number in of_job.get(job_id, ())]
        figures = _figures(row)
        if figures not in asked_for:
            asked_for[figures] = _asked(row)
        job = _job(row, tried, asked_for[figures], zero, seen_at, () if index is not None else depends_on)
        if index is not None:
            parents[own].append(job)
            needed[own] = depends_on
        yield job
    for own, children in parents.items():
        first = children[0]
        yield RecordedJob(
            own, first.name, first.definition, first.queue, "SUCCEEDED", first.created_at,
            asked=first.asked, size=len(children), depends_on=needed[own],
        )  # fmt: skip


def _figures(row: _Row) -> tuple[object, ...]:
    return row["vcpus"], row["memory_mib"], row["gpus"], row["share_identifier"]


def _asked(row: _Row) -> Asked:
    return Asked(
        vcpus=_number(row, "vcpus"),
        memory_mib=_number(row, "memory_mib"),
        gpus=_number(row, "gpus"),
        share_identifier=_text(row, "share_identifier"),
    )


def _job(
    row: _Row,
    attempts: list[_Row],
    asked: Asked,
    zero: float,
    seen_at: float,
    depends_on: tuple[tuple[str, str], ...],
) -> RecordedJob:
    job_id, index, status = _text(row, "job_id"), row.get("array_index"), _text(row, "status")
    attempts = sorted(attempts, key=lambda attempt: attempt["attempt"])
    begun = [each for each in attempts if each["started_at"] is not None or each["stopped_at"] is not None]
    return RecordedJob(
        job_id=job_id,
        name=_text(row, "job_name"),
        definition=_text(row, "job_definition"),
        queue=_text(row, "job_queue"),
        status=status,
        created_at=zero + _number(row, "submitted_at"),
        attempts=tuple(_attempt(each, zero, seen_at, ends=each is attempts[-1]) for each in begun),
        asked=asked,
        array="" if index is None else job_id.rpartition(":")[0],
        index=-1 if index is None else int(index),
        depends_on=depends_on,
        runnable=_instants(attempts, "runnable_at", zero),
        starting=_instants(attempts, "starting_at", zero),
    )


def _instants(attempts: Iterable[_Row], name: str, zero: float) -> tuple[float, ...]:
    """When attempts came into a state, each instant once and in order."""
    found = {_number(each, name) + zero for each in attempts}
    return tuple(sorted(at for at in found if not math.isnan(at)))


def _attempt(row: _Row, zero: float, seen_at: float, *, ends: bool) -> RecordedAttempt:
    started, stopped = zero + _number(row, "started_at"), zero + _number(row, "stopped_at")
    instance = _text(row, "instance_id")
    return RecordedAttempt(
        started_at=started,
        stopped_at=stopped,
        seen_at=max(seen_at, started) if math.isnan(stopped) else math.nan,
        exit_code=None if row.get("exit_code") is None else int(row["exit_code"]),
        status_reason=_text(row, "status_reason"),
        reason=_text(row, "reason"),
        instance=instance if instance.startswith("i-") else "",  # a Fargate task has none
        succeeded=ends and row.get("status") == "SUCCEEDED",
    )


def _add_machines(rows: Iterable[_Row], started: Mapping[str, float], zero: float, machines: Machines) -> None:
    for row in rows:
        if _text(row, "purchase_option") in ("EC2", "SPOT"):
            _add_instance(row, zero, machines)
        else:
            _add_task(row, zero, started, machines)


def _add_task(row: _Row, zero: float, started: Mapping[str, float], machines: Machines) -> None:
    """A Fargate task, of which is known when its pull began, and not when it was over."""
    name = _text(row, "instance_id")
    requested, pulling = (zero + _number(row, each) for each in ("requested_at", "running_at"))
    if not math.isnan(pulling):
        machines.add_task(RecordedTask(name, "", "", requested, pulling, math.nan, started.get(name, math.nan)))


def _add_instance(row: _Row, zero: float, machines: Machines) -> None:
    """An instance, its launch, and its end where it was scaled in."""
    name, environment = _text(row, "instance_id"), _text(row, "compute_environment")
    machines.add_instance(
        RecordedInstance(
            instance=name,
            ec2_instance=name,
            instance_type=_text(row, "instance_type"),
            environment=environment,
            purchase_option=_text(row, "purchase_option"),
            registered_at=zero + _number(row, "registered_at"),
            memory_mib=_number(row, "memory_mib"),
        )
    )
    requested, running, terminated = (
        zero + _number(row, each) for each in ("requested_at", "running_at", "terminated_at")
    )
    reason = _text(row, "termination_reason")
    for activity, launches, begun, ended, cause in (
        (f"{name} launch", True, requested, running, ""),
        (f"{name} end", False, terminated, terminated, reason),
    ):
        if launches or reason != STILL_THERE:
            machines.add_activity(ScalingActivity(activity, name, launches, environment, begun, ended, cause))
