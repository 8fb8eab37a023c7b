"""A prediction beside what was seen, as ``calibrate --back-test --json`` prints it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from batchsim.experiments.calibrate.back_test.measures import QUANTILES, QUEUE_TIME, TO_STARTED, FigureKey, Figures
from batchsim.experiments.calibrate.back_test.paid import HOURS, NO_INSTANCES
from batchsim.experiments.calibrate.back_test.record import Record
from batchsim.experiments.calibrate.calibration import Calibration
from batchsim.statistics.intervals import mean_of, prediction_interval
from batchsim.units import DAY, format_instant

#: The share of figures that their band is to hold.
BAND = 0.90

#: Figures that differ by no more than this part are the same: a record's instants are rounded to milliseconds.
SAME = 1e-4

#: Digits that are told of a figure.
_DIGITS = 6


@dataclass(frozen=True)
class Compared:
    """One figure; None where it is not known.

    Attributes
    ----------
    predicted : float or None
        The mean over replications.
    low, high : float or None
        Where one more replication's would be with 90 %.
    """

    observed: float | None
    predicted: float | None
    low: float | None
    high: float | None

    @property
    def error(self) -> float | None:
        """Predicted over observed, less 1; of what was seen as 0 only where 0 is predicted too."""
        if self.observed is None or self.predicted is None:
            return None
        if self.observed == 0:
            return 0.0 if self.predicted == 0 else None
        return self.predicted / self.observed - 1

    @property
    def inside(self) -> bool | None:
        """Whether what was seen is in the band; None where there is none."""
        if self.observed is None or self.low is None or self.high is None:
            return None
        return self.low * (1 - SAME) <= self.observed <= self.high * (1 + SAME)


@dataclass(frozen=True, eq=False)
class Comparisons:
    """All figures of a back-test, compared; see `BackTest`."""

    learned: Calibration
    record: Record
    seen: Figures
    simulated: Sequence[Figures]

    def of(self, key: FigureKey) -> Compared:
        """One figure, beside what was seen."""
        values = [each[key] for each in self.simulated if key in each]
        observed = self.seen.get(key)
        if len(values) < len(self.simulated):
            return Compared(observed, None, None, None)
        low, high = prediction_interval(values, BAND)
        return Compared(observed, mean_of(values), max(low, 0.0), high)

    @property
    def measure(self) -> str:
        """What days are compared by: queue time, where the record says it."""
        return next((each for each in (QUEUE_TIME, TO_STARTED) if each in self.record.known), QUEUE_TIME)

    @cached_property
    def days(self) -> list[dict[str, Any]]:
        """Each day after the cut: quantiles of waiting of the jobs that were submitted on it."""
        told = []
        for day in range(self.record.where.predicted_days):
            found = {name: self.of(FigureKey("", "", self.measure, name, day)) for name in QUANTILES}
            if all(each.observed is None for each in found.values()):
                continue
            told.append({"day": self._date(day), **{name: _told(each) for name, each in found.items()}})
        return told

    def inside(self, scope: str, name: str) -> float | None:
        """The share of daily quantiles that are inside their band."""
        keys = (
            FigureKey(scope, name, self.measure, statistic, day)
            for day in range(self.record.where.predicted_days)
            for statistic in QUANTILES
        )
        told = [inside for key in keys if (inside := self.of(key).inside) is not None]
        return sum(told) / len(told) if told else None

    @property
    def figures(self) -> dict[str, Any]:
        """As ``calibrate --back-test --json`` prints them."""
        where = self.record.where
        learned = self.learned.figures
        return {
            "learned": learned["learned"],
            **self._block("", ""),
            "days_inside": self.inside("", ""),
            "measure": self.measure,
            "days": self.days,
            **{scope: {name: self._of_jobs(scope, name) for name in self._names(scope)} for scope in _OF_JOBS},
            "workflows": {
                name: {"submissions": len(each), "jobs": len(each[0]), **self._block("workflows", name)}
                for name, each in self.record.groups.workflows.items()
            },
            "replications": len(self.simulated),
            "split": {
                "from": format_instant(where.begin),
                "cut": format_instant(where.cut),
                "to": format_instant(where.end),
                "learned_days": where.learnt_days,
                "predicted_days": where.predicted_days,
                "replayed_from": format_instant(where.replayed_from),
                "jobs": len(self.record.groups.rows["", ""]),
            },
            "history": learned["history"],
            "notes": dict(self.record.replay.notes),
            "not_learned": learned["not_learned"],
            "not_compared": list(self._not_compared()),
        }

    def _names(self, scope: str) -> Iterator[str]:
        return (name for of, name in self.record.groups.rows if of == scope)

    def _of_jobs(self, scope: str, name: str) -> dict[str, Any]:
        rows = self.record.groups.rows[scope, name]
        inside = {} if scope == "job_definitions" else {"days_inside": self.inside(scope, name)}
        return {"jobs": len(rows), **self._block(scope, name), **inside}

    def _block(self, scope: str, name: str) -> dict[str, Any]:
        """Predicted, seen, the band and the error of what there is of a scope."""
        found: dict[str, Any] = {"predicted": {}, "observed": {}, "band": {}, "error": {}}
        for figure, statistics in _FIGURES[scope].items():
            of = {each: self.of(FigureKey(scope, name, figure, each)) for each in statistics}
            for part in found:
                told = {each: _part(compared, part) for each, compared in of.items()}
                found[part][figure] = told.get("", told)
        if not scope:
            self._add_days(found)
        return found

    def _add_days(self, found: dict[str, Any]) -> None:
        """What a day costs."""
        days = (self.record.where.end - self.record.where.cut) / DAY
        for part in ("predicted", "observed", "band"):
            found[part]["cost_usd_per_day"] = _divided(found[part]["cost_usd"], days)
        found["error"]["cost_usd_per_day"] = found["error"]["cost_usd"]

    def _date(self, day: int) -> str:
        return format_instant(self.record.where.cut + day * DAY)[:10]

    def _not_compared(self) -> Iterator[str]:
        if QUEUE_TIME not in self.record.known:
            yield "queue_time_s: no state change event tells when a job was RUNNABLE and STARTING"
        if TO_STARTED not in self.record.known:
            yield "submitted_to_started_s: nothing tells when a job started"
        if FigureKey("", "", "peak_vcpus") not in self.seen:
            yield "peak_vcpus: of some jobs nothing tells when they ran, or how many vCPUs they had"
        if FigureKey("", "", "makespan_s") not in self.seen:
            yield "makespan_s: no workflow of several jobs was submitted and ended in the days that are predicted"
        unstarted = self.of(FigureKey("", "", "unstarted")).predicted
        if unstarted:
            yield f"{unstarted:,.1f} jobs never start in a simulation: figures that they decide are null"
        yield HOURS if FigureKey("", "", "cost_usd") in self.seen else NO_INSTANCES


_WAITS = {QUEUE_TIME: QUANTILES, TO_STARTED: QUANTILES}
_OF_JOBS = ("job_queues", "job_definitions")
#: What there is of each scope, with its statistics.
_FIGURES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "": {**_WAITS, "makespan_s": ("",), "cost_usd": ("",), "peak_vcpus": ("",)},
    "job_queues": _WAITS,
    "job_definitions": _WAITS,
    "workflows": {"makespan_s": ("",)},
}


def _part(compared: Compared, part: str) -> Any:
    if part == "band":
        return {"low": _rounded(compared.low), "high": _rounded(compared.high)}
    return _rounded(getattr(compared, part))


def _told(compared: Compared) -> dict[str, Any]:
    figures = {part: _rounded(getattr(compared, part)) for part in ("observed", "predicted", "low", "high", "error")}
    return {**figures, "inside": compared.inside}


def _divided(value: Any, by: float) -> Any:
    if isinstance(value, dict):
        return {key: _divided(each, by) for key, each in value.items()}
    return None if value is None or by <= 0 else _rounded(value / by)


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{_DIGITS}g}")
