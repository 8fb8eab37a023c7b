"""The result tables of `columns`, in slices: a million jobs need the memory of one slice.

Every function yields Arrow record batches of at most `SLICE` rows; `as_frame` makes a DataFrame of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from batchsim.columns import (
    ATTEMPTS,
    INSTANCES,
    JOBS,
    PURPOSES,
    TIMELINE,
    WAIT_CAUSES,
    Column,
    Status,
    instance_id,
    task_id,
)
from batchsim.results.cost import Costs
from batchsim.results.facts import Facts, take
from batchsim.results.timeline import Series
from batchsim.results.wait import Waits

if TYPE_CHECKING:
    import pandas as pd

SLICE = 65_536

Table = Callable[[slice], Mapping[str, Any]]
_TEXT = pa.dictionary(pa.int32(), pa.string())
#: Integer columns in which a value may be missing; pandas keeps them integer only by a type of its own.
_NULLABLE = ("array_index", "exit_code")


def schema(columns: Sequence[Column]) -> pa.Schema:
    """The Arrow schema of a table, unit and meaning of each column with it."""
    return pa.schema(
        [
            pa.field(
                column.name,
                _TEXT if column.dtype == "text" else pa.type_for_alias(column.dtype),
                metadata={"unit": column.unit, "meaning": column.meaning},
            )
            for column in columns
        ]
    )


def jobs(facts: Facts, waits: Waits, costs: Costs) -> Iterator[pa.RecordBatch]:
    """One row per job, in the order of submission."""
    workload, recording, attempts = facts.workload, facts.recording, facts.recording.attempts
    groups = workload.groups
    last, begun = facts.last_attempt, facts.attempts_begun
    cost_usd = np.bincount(attempts.job, costs.attempt, len(workload))
    reasons, instances = _Reasons(facts), _Instances(facts)

    def rows(part: slice) -> Mapping[str, Any]:
        group, shape, attempt = workload.group[part], workload.shape[part], last[part]
        began = attempt >= 0
        at = np.maximum(attempt, 0)

        def of_last(values: NDArray[Any]) -> pa.Array:
            return _some(take(values, at), began) if len(values) else pa.nulls(len(at), pa.from_numpy_dtype(values.dtype))

        environment = np.where(began, take(attempts.environment, at), -1) if len(attempts.job) else attempt
        return {
            "job_id": _job_ids(facts, part),
            "job_name": _text(workload.job_names, workload.job_name[part]),
            "workflow": _text(facts.workflows, facts.workflow[part]),
            "workflow_run": workload.run[part],
            "array_index": _some(workload.array_index[part], workload.array_index[part] >= 0),
            "job_queue": _text(facts.queues, facts.queue[part]),
            "share_identifier": _text([g.share_identifier for g in groups], group),
            "job_definition": _text([g.job_definition for g in groups], group),
            "vcpus": facts.shape_vcpus[shape],
            "memory_mib": facts.shape_memory_mib[shape].astype(np.int64),
            "gpus": facts.shape_gpus[shape].astype(np.int32),
            "submitted_at": workload.submitted_at[part],
            "runnable_at": _time(recording.runnable_at[part]),
            "starting_at": _time(facts.last_starting_at[part]),
            "started_at": of_last(attempts.started_at),
            "stopped_at": _time(recording.stopped_at[part]),
            "status": _text([status.name for status in Status], recording.status[part]),
            "status_reason": reasons.of(recording.reason[part], attempt),
            "exit_code": of_last(np.where(attempts.exit_code >= 0, attempts.exit_code, -1)),
            "attempts": begun[part],
            "compute_environment": _text(facts.environments, environment),
            "instance_id": instances.of_attempts(attempt),
            "cost_usd": cost_usd[part],
            **{f"wait_{cause}_s": getattr(waits, cause)[part] for cause in WAIT_CAUSES},
        }

    return _sliced(JOBS, len(workload), rows)


def attempts(facts: Facts, costs: Costs) -> Iterator[pa.RecordBatch]:
    """One row per attempt, in the order in which they ended."""
    table = facts.recording.attempts
    queue, shapes, cost_usd = facts.attempt_queue, facts.attempt_shape, costs.attempt
    reasons, instances = _Reasons(facts), _Instances(facts)

    def rows(part: slice) -> Mapping[str, Any]:
        shape = shapes[part]
        numbers = np.arange(len(table.job), dtype=np.int32)[part]
        return {
            "job_id": _job_ids(facts, table.job[part]),
            "attempt": table.number[part],
            "job_queue": _text(facts.queues, queue[part]),
            "compute_environment": _text(facts.environments, table.environment[part]),
            "instance_id": instances.of_attempts(numbers),
            "vcpus": take(facts.shape_vcpus, shape),
            "memory_mib": take(facts.shape_memory_mib, shape).astype(np.int64),
            "gpus": take(facts.shape_gpus, shape).astype(np.int32),
            "runnable_at": table.runnable_at[part],
            "starting_at": table.starting_at[part],
            "started_at": _time(table.started_at[part]),
            "stopped_at": _time(table.stopped_at[part]),
            "status": _text([status.name for status in Status], table.status[part]),
            "status_reason": reasons.of(table.reason[part], numbers),
            "exit_code": _some(table.exit_code[part], table.exit_code[part] >= 0),
            "cost_usd": cost_usd[part],
        }

    return _sliced(ATTEMPTS, len(table.job), rows)


def instances(facts: Facts, costs: Costs) -> Iterator[pa.RecordBatch]:
    """One row per EC2 instance in the order of launch, then one per Fargate task."""
    yield from _ec2_instances(facts, costs)
    yield from _fargate_tasks(facts, costs)


def _ec2_instances(facts: Facts, costs: Costs) -> Iterator[pa.RecordBatch]:
    table = facts.recording.instances
    environments = facts.configuration.environments
    offerings = [offering for environment in environments for offering in environment.offerings]
    zones = tuple(dict.fromkeys(zone for environment in environments for zone in environment.zones))
    zone_code = [[zones.index(zone) for zone in environment.zones] for environment in environments]
    widest = max((len(row) for row in zone_code), default=0)
    zone_of = np.array([row + [-1] * (widest - len(row)) for row in zone_code], np.int32)
    options = tuple(environment.purchase_option for environment in environments)
    hosts = facts.recording.attempts.instance
    held = np.bincount(hosts[hosts >= 0], minlength=len(table.environment)).astype(np.int32)
    usd = costs.instance_by_purpose.sum(axis=1)
    idle_usd = _unused(costs)
    reasons = _Reasons(facts)

    def rows(part: slice) -> Mapping[str, Any]:
        offering, environment = facts.instance_offering[part], table.environment[part]
        ordinals = np.arange(len(table.environment))[part]
        return {
            "instance_id": _listed([instance_id(ordinal) for ordinal in ordinals.tolist()]),
            "compute_environment": _text(facts.environments, environment),
            "instance_type": _text([o.instance_type for o in offerings], offering),
            "availability_zone": _text(zones, zone_of[environment, table.zone[part]]),
            "purchase_option": _text(options, environment),
            "vcpus": np.array([o.vcpus for o in offerings], np.float64)[offering],
            "memory_mib": np.array([o.memory_mib for o in offerings], np.int64)[offering],
            "gpus": np.array([o.gpus for o in offerings], np.int32)[offering],
            "requested_at": table.requested_at[part],
            "running_at": _time(table.running_at[part]),
            "registered_at": _time(table.registered_at[part]),
            "terminated_at": table.terminated_at[part],
            "termination_reason": reasons.of(table.reason[part], None),
            "jobs": held[part],
            "price_usd_per_hour": np.array([o.price_usd_per_hour for o in offerings], np.float64)[offering],
            "cost_usd": usd[part],
            "idle_cost_usd": idle_usd[part],
        }

    return _sliced(INSTANCES, len(table.environment), rows)


def _fargate_tasks(facts: Facts, costs: Costs) -> Iterator[pa.RecordBatch]:
    table = facts.recording.attempts
    options = tuple(environment.purchase_option for environment in facts.configuration.environments)
    is_fargate = np.array([option.startswith("FARGATE") for option in options], np.bool_)
    tasks = np.flatnonzero(take(is_fargate, table.environment)).astype(np.int32)
    shapes, cost_usd, end = facts.attempt_shape, costs.attempt, facts.attempt_end
    sizes = [f"{shape.vcpus:g} x {shape.memory_mib}" for shape in facts.workload.shapes]
    reasons = _Reasons(facts)

    def rows(part: slice) -> Mapping[str, Any]:
        task = tasks[part]
        shape = shapes[task]
        return {
            "instance_id": _listed([task_id(attempt) for attempt in task.tolist()]),
            "compute_environment": _text(facts.environments, table.environment[task]),
            "instance_type": _text(sizes, shape),
            "availability_zone": _text((), np.full(len(task), -1, np.int32)),
            "purchase_option": _text(options, table.environment[task]),
            "vcpus": facts.shape_vcpus[shape],
            "memory_mib": facts.shape_memory_mib[shape].astype(np.int64),
            "gpus": facts.shape_gpus[shape].astype(np.int32),
            "requested_at": table.starting_at[task],
            "running_at": _time(table.pull_at[task]),
            "registered_at": _time(table.started_at[task]),
            "terminated_at": end[task],
            "termination_reason": reasons.of(table.reason[task], task),
            "jobs": np.ones(len(task), np.int32),
            "price_usd_per_hour": costs.task_usd_per_hour[task],
            "cost_usd": cost_usd[task],
            "idle_cost_usd": np.zeros(len(task)),
        }

    return _sliced(INSTANCES, len(tasks), rows)


def timeline(series: Iterable[Series]) -> Iterator[pa.RecordBatch]:
    """One row per step of each series, series by series."""
    for one in series:

        def rows(part: slice, one: Series = one) -> Mapping[str, Any]:
            at, value = one.steps.at[part], one.steps.level[part]
            same = np.zeros(len(at), np.int32)
            return {
                "at": at,
                "measure": _text((one.measure,), same),
                "name": _text((one.name,), same),
                "state": _text((one.state,), same),
                "value": value,
            }

        yield from _sliced(TIMELINE, len(one.steps.at), rows)


def as_frame(columns: Sequence[Column], batches: Iterable[pa.RecordBatch]) -> pd.DataFrame:
    """A table as a DataFrame: texts as categories, integers with missing values as ``Int32``."""
    table = pa.Table.from_batches(batches, schema(columns)).unify_dictionaries()
    return frame_of(table)


def frame_of(table: pa.Table) -> pd.DataFrame:
    """An Arrow table as a DataFrame, as `as_frame` does."""
    import pandas as pd

    frame: pd.DataFrame = table.to_pandas()
    for name in _NULLABLE:
        if name in frame:
            frame[name] = frame[name].astype("Int32")
    return frame


def _sliced(columns: Sequence[Column], n: int, rows: Table) -> Iterator[pa.RecordBatch]:
    fields = schema(columns)
    for start in range(0, n, SLICE):
        values = rows(slice(start, min(start + SLICE, n)))
        yield pa.record_batch([_column(values[field.name], field.type) for field in fields], schema=fields)


def _column(values: Any, kind: pa.DataType) -> pa.Array:
    array = values if isinstance(values, pa.Array) else pa.array(values)
    return array if array.type == kind else array.cast(kind)


def _unused(costs: Costs) -> NDArray[np.float64]:
    by_purpose = costs.instance_by_purpose
    return np.asarray(by_purpose[:, PURPOSES.index("idle")] + by_purpose[:, PURPOSES.index("stranded")])


def _some(values: NDArray[Any], known: NDArray[np.bool_]) -> pa.Array:
    """Values that may be missing; NaN and -1 are missing too."""
    unknown = np.isnan(values) if values.dtype.kind == "f" else values < 0
    return pa.array(values, mask=~known | unknown)


def _time(values: NDArray[np.float64]) -> pa.Array:
    return pa.array(values, mask=np.isnan(values))


def _text(texts: Sequence[str | None], codes: NDArray[np.integer]) -> pa.Array:
    """Texts by their code; a negative code, like a text of None, is missing."""
    distinct = [text for text in dict.fromkeys(texts) if text is not None]
    place = {text: index for index, text in enumerate(distinct)}
    translate = np.array([-1 if text is None else place[text] for text in texts], np.int32)
    known = codes >= 0
    if len(translate):
        codes = np.where(known, translate[np.maximum(codes, 0)], -1)
    codes = codes.astype(np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), pa.array(distinct, pa.string()))


def _listed(texts: Sequence[str]) -> pa.Array:
    return _text(texts, np.arange(len(texts), dtype=np.int32))


def _job_ids(facts: Facts, rows: slice | NDArray[np.integer]) -> pa.Array:
    """``workflow/run/jobName[:array index]``."""
    workload = facts.workload
    index = workload.array_index[rows]
    name = pc.binary_join_element_wise(
        pa.array(workload.job_names, pa.string()).take(pa.array(workload.job_name[rows])),
        pa.array(index, mask=index < 0).cast(pa.string()),
        ":",
        null_handling="skip",
    )
    workflow = pa.array(facts.workflows, pa.string()).take(pa.array(facts.workflow[rows]))
    return pc.binary_join_element_wise(workflow, pa.array(workload.run[rows]).cast(pa.string()), name, "/")


class _Instances:
    """Ids of what attempts ran on."""

    def __init__(self, facts: Facts) -> None:
        options = [environment.purchase_option for environment in facts.configuration.environments]
        self._fargate = np.array([option.startswith("FARGATE") for option in options], np.bool_)
        self._attempts = facts.recording.attempts

    def names(self, rows: NDArray[np.integer]) -> list[str | None]:
        """Id by attempt; None for no attempt, and on an UNMANAGED environment."""
        attempts = self._attempts
        names: list[str | None] = [None] * len(rows)
        for place, row in enumerate(rows.tolist()):
            if row >= 0:
                instance = int(attempts.instance[row])
                if instance >= 0:
                    names[place] = instance_id(instance)
                elif self._fargate[attempts.environment[row]]:
                    names[place] = task_id(row)
        return names

    def of_attempts(self, rows: NDArray[np.integer]) -> pa.Array:
        return _listed_or_none(self.names(rows))


def _listed_or_none(texts: Sequence[str | None]) -> pa.Array:
    return pa.array(texts, pa.string()).dictionary_encode().cast(_TEXT)


class _Reasons:
    """Texts of reasons, with ``{instance}`` filled in."""

    def __init__(self, facts: Facts) -> None:
        self._texts = facts.recording.reasons
        self._instances = _Instances(facts)
        self._open = np.array(["{instance}" in text for text in self._texts], np.bool_)

    def of(self, codes: NDArray[np.integer], attempts: NDArray[np.integer] | None) -> pa.Array:
        """Reasons by code; the empty one is missing."""
        used, local = np.unique(codes, return_inverse=True)
        texts: list[str | None] = [self._texts[code] or None for code in used.tolist()]
        local = local.astype(np.int32)
        if attempts is not None and self._open[used].any():
            places = np.flatnonzero(self._open[codes])
            for place, name in zip(places.tolist(), self._instances.names(attempts[places]), strict=True):
                texts.append(self._texts[int(codes[place])].replace("{instance}", name or "unknown"))
                local[place] = len(texts) - 1
        return _text(texts, local)
