"""Which jobs were submitted together: the workflows of a history, each with the instants of its submissions.

Jobs that wait for each other belong together; those of the same structure are submissions of one workflow.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from batchsim.aws.histories.records import Asked, History, RecordedJob

#: What tells the jobs of one kind apart in their names: a UUID, a hash, a number.
_NUMBERED = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<![a-z])(?=[a-f]*\d)[0-9a-f]{7,}(?![a-z])|\d+", re.IGNORECASE
)

#: So many names of one stem are kept, if each comes twice or more on the average.
_MOST_NAMES = 20

#: The name of what has none but a number, and characters that a job's name can't have.
_NAMELESS, _NO_NAME = "job", re.compile(r"[^A-Za-z0-9_-]+")

_LONGEST_NAME = 100


@dataclass(frozen=True)
class JobKind:
    """Jobs that do the same work: those of one definition and one name."""

    definition: str
    name: str


@dataclass(frozen=True)
class Part:
    """One job of a workflow.

    Attributes
    ----------
    size : int
        Of the array; 0 for a single job.
    depends_on : tuple of (int, str)
        Places of the jobs that it waits for in the workflow, -1 for itself (SEQUENTIAL), each with the type.
    """

    kind: JobKind
    queue: str
    size: int
    asked: tuple[str, ...]
    depends_on: tuple[tuple[int, str], ...]


@dataclass
class RecordedWorkflow:
    """A workflow and its submissions.

    Attributes
    ----------
    asked : tuple of Asked
        What each of its jobs asks for beside its definition.
    submitted_at : list of float
        Seconds since 1970, in order.
    spread_s : float
        How long after the first of its jobs the last one was submitted, at most.
    submissions : list of tuple of str
        The ids of the jobs of each, arrays' children for themselves.
    """

    parts: tuple[Part, ...]
    asked: tuple[Asked, ...]
    submitted_at: list[float] = field(default_factory=list)
    spread_s: float = 0.0
    submissions: list[tuple[str, ...]] = field(default_factory=list)


@dataclass(slots=True)
class _Unit:
    """What one SubmitJob made: a single job, or an array."""

    unit_id: str
    jobs: list[RecordedJob]
    parent: RecordedJob | None = None

    @property
    def first(self) -> RecordedJob:
        return self.parent or self.jobs[0]

    @property
    def size(self) -> int:
        told = self.parent.size if self.parent else 0
        return max([told, *(job.index + 1 for job in self.jobs)])

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        """The units that it waits for; an array's own id for one child after the other."""
        told = dict.fromkeys(need for job in ([self.parent] if self.parent else self.jobs) for need in job.depends_on)
        return tuple((job_id.partition(":")[0] or self.unit_id, kind) for job_id, kind in told)


def kinds_of(history: History) -> dict[str, JobKind]:
    """The kind of each job, by its id."""
    names: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    called = Counter((job.definition, job.name) for job in history.jobs if job.index <= 0)  # an array counts once
    for (definition, name), often in called.items():
        names[definition, _stem(name)][name] = often
    kinds: dict[tuple[str, str], JobKind] = {}
    for job in history.jobs:
        if (job.definition, job.name) not in kinds:
            kinds[job.definition, job.name] = JobKind(job.definition, _clean(_kept(job, names)))
    return {job.job_id: kinds[job.definition, job.name] for job in history.jobs}


def _kept(job: RecordedJob, names: Mapping[tuple[str, str], Counter[str]]) -> str:
    """A name that comes again, or what it has in common with others."""
    often = names.get((job.definition, _stem(job.name)), Counter())
    return job.name if len(often) <= _MOST_NAMES and often.total() >= 2 * len(often) else _stem(job.name)


def _stem(name: str) -> str:
    return re.sub(r"[-_.]{2,}", "-", _NUMBERED.sub("", name)).strip("-_.") or _NAMELESS


def _clean(name: str) -> str:
    return _NO_NAME.sub("-", name).strip("-")[:_LONGEST_NAME] or _NAMELESS


def workflows_of(history: History, kinds: Mapping[str, JobKind]) -> tuple[list[RecordedWorkflow], int]:
    """The workflows, those with most submissions first, and how many dependencies are on jobs that are not there."""
    units = _units(history.jobs)
    found: dict[tuple[Part, ...], RecordedWorkflow] = {}
    lost = 0
    for group in _together(units):
        lost += sum(need not in units for unit in group for need, _ in unit.needs)
        ordered, parts = _parts(group, kinds)
        instants = [unit.first.created_at for unit in group]
        workflow = found.setdefault(parts, RecordedWorkflow(parts, tuple(unit.first.asked for unit in ordered)))
        workflow.submitted_at.append(min(instants))
        workflow.submissions.append(tuple(job.job_id for unit in ordered for job in unit.jobs))
        workflow.spread_s = max(workflow.spread_s, max(instants) - min(instants))
    for workflow in found.values():
        workflow.submitted_at.sort()
    return sorted(found.values(), key=lambda each: (-len(each.submitted_at), each.submitted_at[0])), lost


def _units(jobs: Sequence[RecordedJob]) -> dict[str, _Unit]:
    units: dict[str, _Unit] = {}
    for job in jobs:
        unit_id = job.array or job.job_id
        unit = units.get(unit_id)
        if unit is None:
            unit = units[unit_id] = _Unit(unit_id, [])
        if job.size:
            unit.parent = job
        else:
            unit.jobs.append(job)
    return units


def _together(units: Mapping[str, _Unit]) -> Iterable[list[_Unit]]:
    """Groups of units that wait for each other, however far."""
    beside: dict[str, set[str]] = defaultdict(set)
    for unit_id, unit in units.items():
        for need, _ in unit.needs:
            if need in units:
                beside[unit_id].add(need)
                beside[need].add(unit_id)
    seen: set[str] = set()
    for start in units:
        if start in seen:
            continue
        if start not in beside:
            yield [units[start]]
            continue
        seen.add(start)
        group, ahead = [], [start]
        while ahead:
            unit_id = ahead.pop()
            group.append(units[unit_id])
            following = beside[unit_id] - seen
            seen |= following
            ahead += following
        yield group


def _parts(group: Sequence[_Unit], kinds: Mapping[str, JobKind]) -> tuple[list[_Unit], tuple[Part, ...]]:
    """The units of a group in an order that does not depend on their ids, and what they are."""
    ordered = _ordered(group, kinds) if len(group) > 1 else list(group)
    places = {unit.unit_id: number for number, unit in enumerate(ordered)}

    def needed(unit: _Unit) -> tuple[tuple[int, str], ...]:
        told = ((-1 if need == unit.unit_id else places[need], how) for need, how in unit.needs if need in places)
        return tuple(sorted(told))

    parts = tuple(
        Part(
            kind=kinds[unit.first.job_id],
            queue=unit.first.queue,
            size=unit.size if unit.size > 1 else 0,
            asked=_key(unit.first.asked),
            depends_on=needed(unit),
        )
        for unit in ordered
    )
    return ordered, parts


def _ordered(group: Sequence[_Unit], kinds: Mapping[str, JobKind]) -> list[_Unit]:
    known = {unit.unit_id: unit for unit in group}
    depth: dict[str, int] = {}
    for unit in sorted(group, key=lambda unit: unit.first.created_at):
        _measure(unit.unit_id, known, depth)

    def place(unit: _Unit) -> tuple[object, ...]:
        kind = kinds[unit.first.job_id]
        needed = sorted((kinds[known[need].first.job_id].name, how) for need, how in unit.needs if need in known)
        return depth[unit.unit_id], kind.name, kind.definition, unit.first.queue, unit.size, str(needed)  # fmt: skip

    return sorted(group, key=lambda unit: (*place(unit), unit.first.created_at, unit.unit_id))


def _measure(unit_id: str, known: Mapping[str, _Unit], depth: dict[str, int]) -> None:
    """Note how many jobs one after the other come before a unit, and before those it waits for."""
    ahead, begun = [unit_id], set()
    while ahead:
        current = ahead[-1]
        begun.add(current)
        needs = _others_needed(current, known)
        # A circle, which AWS Batch does not have, would be walked for ever.
        missing = [need for need in needs if need not in depth and need not in begun]
        if missing and current not in depth:
            ahead += missing
            continue
        ahead.pop()
        depth.setdefault(current, max((depth.get(need, 0) + 1 for need in needs), default=0))


def _others_needed(unit_id: str, known: Mapping[str, _Unit]) -> list[str]:
    """The other units of a workflow that a unit waits for."""
    return [need for need, _ in known[unit_id].needs if need in known and need != unit_id]


def _key(asked: Asked) -> tuple[str, ...]:
    """What tells requests apart; as texts, since NaN is not itself."""
    figures = asked.vcpus, asked.memory_mib, asked.gpus, asked.timeout_s, asked.priority
    return *map(str, figures), asked.share_identifier, json.dumps(asked.retry, sort_keys=True)
