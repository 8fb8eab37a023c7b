"""What a sweep has found out, for a terminal, for Jupyter and as JSON: the cheapest point that meets the objectives."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from batchsim.report import formatting
from batchsim.report.console import Terminal, line, unbroken
from batchsim.report.notebook import as_html
from batchsim.results.run_table import DONE, FAILED, MAIN, PENDING, RunTable
from batchsim.scenario.scenario import Scenario
from batchsim.units import format_duration, format_usd

#: So many points are all listed; of more, so many of the cheapest that meet the objectives.
MOST_LISTED, LISTED = 20, 10


def sweep_renderable(scenario: Scenario, runs: RunTable) -> Group:
    """A sweep for rich, the answer first."""
    sizes = " × ".join(str(size) for size in runs.shape)
    of = (
        f"{formatting.many(len(runs.parameters), 'parameter')}: {sizes} points"
        if len(runs.shape) > 1
        else f"{sizes} points"
    )
    replications = f" × {runs.replications} replications" if runs.replications > 1 else ""
    lines: list[Any] = [
        Text.assemble((scenario.name, "bold"), f" · {of}{replications} · seed {runs.seed}"),
        Text(),
        *_answer(scenario, runs),
        *_ranges(runs),
        line("runs", ", ".join(_counts(runs))),
        *(line("failed", sentence, "bold red") for sentence in _failures(runs)),
        *(line("not valid", sentence, "yellow") for sentence in _invalid(runs)),
        *(line("attention", sentence, "bold red") for sentence in _unchanging(runs)),
    ]
    if runs.has_runs.any():
        lines += [Text(), _table(scenario, runs)]
    return Group(*lines)


def _answer(scenario: Scenario, runs: RunTable) -> Iterator[Any]:
    """The cheapest point that meets every objective, and the next cheaper one that does not."""
    best = runs.best
    if best is None:
        if runs.has_runs.any():
            yield line("cheapest", f"no point {_promise(scenario)}", "bold red")
        return
    yield line(
        "cheapest", f"{_interval(runs, 'cost_usd', best)}{_period(scenario, runs)}, {_promise(scenario)}", "green"
    )
    waits, used = _interval(runs, "queue_time_p95_s", best), _mean(runs, "utilisation_vcpu", best)
    yield line("", f"queue time p95 {waits}, vCPUs {used} used")
    for path, value in runs.overrides(best).items():
        yield unbroken(f"{path}: {_yaml(value)}")
    cost = runs.mean("cost_usd")
    cheaper = runs.has_runs & ~runs.meets & (cost < cost[best])
    if cheaper.any():
        next_cheaper = int(np.nanargmax(np.where(cheaper, cost, np.nan)))
        missed = _shortfall(scenario, runs, next_cheaper)
        yield line(
            "cheaper", f"{_interval(runs, 'cost_usd', next_cheaper)} {missed}: {_point(runs, next_cheaper)}", "yellow"
        )


def _promise(scenario: Scenario) -> str:
    return "meets every objective" if _has_limits(scenario) else "leaves no job unfinished"


def _has_limits(scenario: Scenario) -> bool:
    return any(objective.goal == "keep" for objective in scenario.objectives)


def _shortfall(scenario: Scenario, runs: RunTable, point: int) -> str:
    """Why a point does not meet the objectives."""
    if not runs.is_done[point]:
        return "has runs that failed" if (runs.status[point] == FAILED).any() else "is not done"
    missed = float(runs.mean("objectives_missed")[point])
    if missed and _has_limits(scenario):
        return f"misses {formatting.many(missed, 'objective')}{' on average' if runs.replications > 1 else ''}"
    return f"leaves {formatting.many(float(runs.mean('unfinished')[point]), 'job')} unfinished"


def _period(scenario: Scenario, runs: RunTable) -> str:
    """What money is paid for, where that is the same of all points."""
    varied = any("duration" in value.overrides for parameter in runs.parameters for value in parameter.values)
    return "" if varied or scenario.duration_s is None else f" in {formatting.span(scenario.duration_s)}"


def _ranges(runs: RunTable) -> Iterator[Any]:
    """From what to what the main figures go over the points that were run."""
    told = []
    for name, figure in (("cost", "cost_usd"), ("queue time p95", "queue_time_p95_s")):
        known = runs.mean(figure)
        known = known[~np.isnan(known)]
        if len(known):
            told.append(f"{name} {_shown(figure, float(known.min()))} to {_shown(figure, float(known.max()))}")
    if told:
        yield line("range", "; ".join(told))


def _counts(runs: RunTable) -> Iterator[str]:
    yield f"{runs.count(DONE):,} done"
    for status, word in ((FAILED, "failed"), (PENDING, "not run")):
        if runs.count(status):
            yield f"{runs.count(status):,} {word}"


def _failures(runs: RunTable) -> Iterator[str]:
    if runs.errors:
        (point, replication), error = min(runs.errors.items())
        which = f" (replication {replication})" if runs.replications > 1 else ""
        yield f"{formatting.many(len(runs.errors), 'run')}; the first, {_point(runs, point)}{which}: {error}"


def _invalid(runs: RunTable) -> Iterator[str]:
    if runs.invalid:
        point, reason = min(runs.invalid.items())
        yield f"{formatting.many(len(runs.invalid), 'point')}; the first, {_point(runs, point)}: {reason}"


def _unchanging(runs: RunTable) -> Iterator[str]:
    for name, what in runs.without_effect().items():
        yield f"{name} changes nothing: {what}"


def _point(runs: RunTable, point: int) -> str:
    """The values of a point, parameters by their short names."""
    short = runs.short_names
    return ", ".join(f"{short[name]}={label}" for name, label in runs.labels(point).items())


def _listed(runs: RunTable) -> tuple[str, list[int]]:
    """What a table lists, in words, and the points."""
    points: NDArray[np.int64] = np.flatnonzero(runs.has_runs)
    if len(points) <= MOST_LISTED:
        return "", points.tolist()
    cost, missed = runs.mean("cost_usd"), runs.mean("objectives_missed") + runs.mean("unfinished")
    good = points[runs.meets[points]]
    if len(good):
        ordered, what = good[np.argsort(cost[good], kind="stable")], "cheapest"
    else:
        ordered, what = (
            points[np.lexsort((cost[points], np.nan_to_num(missed[points], nan=math.inf)))],
            "that miss least",
        )
    listed = _differing(runs, ordered.tolist())
    return f"the {len(listed)} {what}, of equal ones the first", listed


def _differing(runs: RunTable, points: list[int]) -> list[int]:
    """The first points that do not have the figures of one before."""
    seen: dict[bytes, int] = {}
    for point in points:
        seen.setdefault(runs.figures[point].tobytes(), point)
        if len(seen) == LISTED:
            break
    return list(seen.values())


def _table(scenario: Scenario, runs: RunTable) -> Table:
    caption, points = _listed(runs)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, caption=caption or None, caption_justify="left")
    _add_parameters(table, runs, points)
    limits = ["objectives"] * _has_limits(scenario)
    undone = _undone(runs, points)
    for heading in (*limits, "cost", "queue time p95", "turnaround p95", "used", *undone):
        table.add_column(heading, justify="right")
    for point in points:
        table.add_row(
            *(Text(label) for label in runs.labels(point).values()),
            *([_objectives(runs, point)] if limits else []),
            *(_interval(runs, figure, point) for figure in ("cost_usd", "queue_time_p95_s", "turnaround_p95_s")),
            *(_mean(runs, figure, point) for figure in ("utilisation_vcpu", *undone)),
            style="green" if point == runs.best else "",
        )
    return table


def _add_parameters(table: Table, runs: RunTable, points: list[int]) -> None:
    """A column for each parameter, in which no word of the points' labels is broken."""
    labels = {parameter.name: [runs.labels(point)[parameter.name] for point in points] for parameter in runs.parameters}
    for path, name in runs.short_names.items():
        table.add_column(name, overflow="fold", min_width=formatting.longest_word([name, *labels[path]]))


def _objectives(runs: RunTable, point: int) -> Text:
    missed = float(runs.mean("objectives_missed")[point])
    return Text(f"{formatting.count(missed)} missed", style="bold red") if missed else Text("met")


def _undone(runs: RunTable, points: list[int]) -> list[str]:
    """The states of jobs that did not succeed, where any of some points has such jobs."""
    return [state for state in ("failed", "unfinished") if np.nansum(runs.mean(state)[points])]


def _interval(runs: RunTable, figure: str, point: int) -> str:
    """A figure of a point, half its 95 % interval beside it where it has one."""
    interval = runs.interval(figure, point)
    return "–" if interval is None else formatting.within(interval, lambda value: _shown(figure, value))


def _mean(runs: RunTable, figure: str, point: int) -> str:
    return _shown(figure, float(runs.mean(figure)[point]))


def _shown(figure: str, value: float) -> str:
    if math.isnan(value):
        return "–"
    if figure.startswith("utilisation"):
        return formatting.share(value)
    if figure.endswith("_usd"):
        return format_usd(value)
    return format_duration(value) if figure.endswith("_s") else formatting.count(value)


def _yaml(value: Any) -> str:
    from batchsim.scenario.sections.parameters import label_of

    return label_of(value)


def as_json(scenario: Scenario, runs: RunTable) -> dict[str, Any]:
    """What ``sweep --json`` prints: runs in numbers, the cheapest point that meets the objectives, what went wrong."""
    best = runs.best
    return {
        "scenario": scenario.name,
        "seed": runs.seed,
        "replications": runs.replications,
        "parameters": {parameter.name: [value.label for value in parameter.values] for parameter in runs.parameters},
        "points": runs.points,
        "runs": {"done": runs.count(DONE), "failed": runs.count(FAILED), "not_run": runs.count(PENDING)},
        "best": None
        if best is None
        else {"set": runs.overrides(best), **{figure: runs.interval(figure, best) for figure in MAIN}},
        "meeting": int(runs.meets.sum()),
        "failed": [
            {"point": runs.labels(point), "replication": replication, "error": error}
            for (point, replication), error in sorted(runs.errors.items())
        ],
        "invalid": [{"point": runs.labels(point), "error": error} for point, error in sorted(runs.invalid.items())],
        "without_effect": runs.without_effect(),
    }


def print_sweep(scenario: Scenario, runs: RunTable, folder: Path) -> None:
    """Print a sweep, and where its files are."""
    console = Terminal()
    console.print(sweep_renderable(scenario, runs), highlight=False, crop=False)
    console.print(
        f"\n{folder}/ holds report.html, runs.parquet, sweep.png and the finished runs", style="dim", highlight=False
    )


def sweep_html(scenario: Scenario, runs: RunTable) -> str:
    """A sweep for Jupyter."""
    return as_html(sweep_renderable(scenario, runs))
