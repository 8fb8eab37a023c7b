"""Summaries of several replications as one: every figure with its confidence interval."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from batchsim.results.field_kinds import Field, Kind
from batchsim.results.summary_fields import SUMMARY
from batchsim.results.summary_type import Summary
from batchsim.statistics.intervals import confidence_interval
from batchsim.statistics.proportions import clopper_pearson

Parts = Sequence[Mapping[str, Any]]


#: What the intervals of a summary are of.
OF = (
    "the mean over replications; of a quantile or a maximum, the mean of the replications' own, not that of all their "
    "jobs together"
)
PROCEDURE = "Student's t, or what a figure says under `by`"
LEVEL = 0.95


def combine(summaries: Sequence[Summary], stopping: Mapping[str, Any] | None = None) -> Summary:
    """One summary of many: each figure becomes ``{mean, low, high, n}``, with its `confidence_interval`.

    Parameters
    ----------
    summaries : sequence of dict
        Summaries of the same scenario, in the order of their replications; at least one.
    stopping : mapping, optional
        What is said of the rule by which they ended; see `batchsim.experiments.precision`.

    Returns
    -------
    dict
        With the keys of one summary, as `fields` has them. A figure that some replications lack (a quantile of no
        jobs) is taken over those that have it; one that none has is null, and so is one that some know only a bound
        of. An objective is met when it is met in every replication; ``kept_share`` is in what share of such runs it is,
        by Clopper and Pearson. ``intervals`` says what all intervals are of.

    Raises
    ------
    KeyError
        If a summary has a key that `fields` does not name.
    """
    together = _group(SUMMARY, summaries)
    for objective in together.get("objectives", ()):
        if objective["kept"] is not None:
            objective["kept_share"] = clopper_pearson(objective["kept_in"], objective["n"], level=LEVEL)
    for queue in together.get("job_queues", {}).values():
        if "growth" in queue:
            queue["growth"]["grows"] = _grows(queue["growth"])
    together["intervals"] = {"of": OF, "procedure": PROCEDURE, "level": LEVEL, "stopping": stopping}
    return cast("Summary", together)


def _grows(growth: Mapping[str, Any]) -> bool | None:
    """Whether a queue grows, by the interval over replications; not where it was emptied in half of them."""
    difference = growth["difference_s"]
    if difference is None or difference["low"] is None:
        grows: bool | None = growth["grows"]
        return grows
    return bool(growth["emptied"]["mean"] < 0.5 and difference["low"] > 0)


def _group(fields: tuple[Field, ...], parts: Parts) -> dict[str, Any]:
    """What every part may have, in the order in which a summary has it."""
    known = {field.key: field for field in fields}
    keys = dict.fromkeys(key for part in parts for key in part)
    combined = {key: _value(known[key], [part.get(key) for part in parts]) for key in keys}
    for field in fields:
        if field.bound and field.key in combined:
            _bounded(field, known[field.bound], parts, combined)
    return combined


def _bounded(field: Field, bound: Field, parts: Parts, combined: dict[str, Any]) -> None:
    """A figure that some replications know only a bound of: of all together, a bound is what is known."""
    bounds = [part.get(bound.key) for part in parts]
    least = [each.get(field.key) if isinstance(each, dict) else each for each in bounds]
    if all(each is None for each in least):
        return
    values = [part.get(field.key) for part in parts]
    figure = _figure(field, [one if value is None else value for value, one in zip(values, least, strict=True)])
    combined[field.key] = None
    if bound.fields:
        combined[bound.key][field.key] = figure
    else:
        combined[bound.key] = figure


def _value(field: Field, values: Sequence[Any]) -> Any:
    """Of one field: null stands for a replication that has none."""
    if field.kind is Kind.FIGURE:
        return _figure(field, values)
    if field.kind is Kind.LIST:
        return _list(field, [value or [] for value in values])
    if field.kind is Kind.NAMED:
        return _named(field, [value or {} for value in values]) if any(map(_is_there, values)) else None
    present = list(filter(_is_there, values))
    return _COMBINE[field.kind](field, present) if present else None


def _is_there(value: Any) -> bool:
    return value is not None


def _figure(field: Field, values: Iterable[float | None]) -> dict[str, Any] | None:
    counted = [field.absent if value is None else float(value) for value in values]
    known = [value for value in counted if value is not None]
    return confidence_interval(known, level=LEVEL) if known else None


def _named(field: Field, parts: Parts) -> dict[str, Any]:
    names = dict.fromkeys(name for part in parts for name in part)
    if not field.fields:
        return {name: _figure(field, [part.get(name) for part in parts]) for name in names}
    return {name: _group(field.fields, [part.get(name, {}) for part in parts]) for name in names}


def _list(field: Field, parts: Sequence[Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Entries by what is the same of them in every replication; the second of two alike stays the second."""
    plain = [each.key for each in field.fields if each.kind is Kind.PLAIN]
    found: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for number, part in enumerate(parts):
        seen: Counter[tuple[Any, ...]] = Counter()
        for entry in part:
            same = tuple(entry.get(key) for key in plain)
            seen[same] += 1
            entries = found.setdefault((*same, seen[same]), [{} for _ in parts])
            entries[number] = entry
    return [_group(field.fields, entries) for entries in found.values()]


#: What becomes of values that are there, by kind.
_COMBINE: dict[Kind, Callable[[Field, list[Any]], Any]] = {
    Kind.GROUP: lambda field, present: _group(field.fields, present),
    Kind.TOTAL: lambda _, present: sum(present),
    Kind.BOUND: lambda field, _: {} if field.fields else None,
    Kind.ALL: lambda _, present: all(present),
    Kind.PLAIN: lambda _, present: present[0],
}
