"""What ``optimize`` found: for a terminal, for Jupyter, and as a picture."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from batchsim.report import formatting
from batchsim.report.console import Terminal, line
from batchsim.report.figures.frontier import Frontier, draw_frontier, frontier_figure
from batchsim.report.figures.style import axes_or_new
from batchsim.report.notebook import as_html
from batchsim.scenario.sections.parameters import label_of
from batchsim.units import format_amount, format_clock, format_duration, format_usd

#: Points of the frontier that a terminal shows.
MOST_POINTS = 8


@dataclass(frozen=True)
class OptimizationPlots:
    """Pictures of a search."""

    drawn: Frontier

    def __call__(self) -> Figure:
        """The picture of ``frontier.png``."""
        return frontier_figure(self.drawn)

    def frontier(self, ax: Axes | None = None) -> Axes:
        """Cost against queue time, or against what the objective is about; in Jupyter the axes show their picture."""
        axes = axes_or_new(ax, height=5.5)
        draw_frontier(self.drawn, axes)
        return axes


def print_optimization(figures: Mapping[str, Any], folder: Path, written: Path | None = None) -> None:
    """Print what was found, and where its files are."""
    console = Terminal()
    console.print(optimization_renderable(figures), highlight=False, crop=False)
    if written is not None:
        console.print(f"\n{written} is the scenario with these values", style="dim", highlight=False)
    console.print(
        f"\n{folder}/ holds report.html, frontier.png, optimize.json and every run", style="dim", highlight=False
    )


def optimization_html(figures: Mapping[str, Any]) -> str:
    """What was found, for Jupyter."""
    return as_html(optimization_renderable(figures))


def optimization_renderable(figures: Mapping[str, Any]) -> Group:
    """What was found: the answer first."""
    parts: list[Any] = []
    if figures["recommendation"] is not None:
        parts += _recommended(figures)
    else:
        parts += _forbidden(figures)
    if figures["next_cheaper"] is not None:
        cheaper = figures["next_cheaper"]
        parts.append(line("cheaper", f"{settings(cheaper['set'])}: {format_usd(cheaper['cost_usd'])}"))
        parts.append(line("", f"fails: {cheaper['why']}"))
    for name, pairs in figures["without_effect"].items():
        where = f"{formatting.many(pairs, 'pair')} of candidates that differ in nothing else"
        parts.append(line("attention", f"{name} changed nothing in {where}", "bold red"))
    parts += _lines("searched", effort(figures))
    if len(figures["frontier"]) > 1:
        parts += [Text(), _frontier_table(figures)]
    return Group(*parts)


def _recommended(figures: Mapping[str, Any]) -> Iterator[Any]:
    found = figures["recommendation"]
    changes = [f"{each['path']}: {flat(each['old'])} → {flat(each['new'])}" for each in found["changes"]]
    if not changes:
        yield line("keep", "the scenario as it is written", "bold green")
    yield from _lines("change", changes, "bold green")
    yield line("cost", interval(found["cost_usd"], format_usd) + _period(figures))
    written = figures["as_written"]
    if written is not None:
        yield line("instead of", f"{tried(written)}: the scenario as it is written")
    if figures["minimised"] != "cost":
        least = quantity(found["minimised"]["mean"], found["minimised"])
        yield line("minimised", f"{figures['minimised']}: {least} in the mean")
    for each in found["objectives"]:
        yield line("keeps", objective_kept(each, figures["confidence"]), "green")
    if not found["objectives"]:
        best = "the cheapest" if figures["minimised"] == "cost" else "the best"
        yield line("note", f"the scenario has no objective to keep: {best} that gets all jobs done", "yellow")
    if found["jobs_failed"]:
        yield line("note", _jobs_failed(found["jobs_failed"], written), "yellow")
    yield from _lines("gives up", found["gives_up"], "yellow")
    yield from _lines("risk", [f"hazardScale {each['hazardScale']}: {tried(each)}" for each in figures["sensitivity"]])


def _lines(label: str, texts: Iterable[str], style: str = "") -> Iterator[Any]:
    """Texts below one another, the label beside the first alone."""
    for number, text in enumerate(texts):
        yield line("" if number else label, text, style)


def _jobs_failed(jobs: float, written: Mapping[str, Any] | None) -> str:
    """How many jobs fail, beside how many do as the scenario is written, where that was simulated."""
    before = None if written is None else written["jobs_failed"]
    compared = "" if before is None else f", as written {before:,.1f}"
    return f"{jobs:,.1f} jobs fail in the mean{compared}"


def _period(figures: Mapping[str, Any]) -> str:
    """What money is paid for; nothing where that is as long as the jobs take."""
    return "" if figures["period_s"] is None else f" in {formatting.span(figures['period_s'])}"


def _forbidden(figures: Mapping[str, Any]) -> Iterator[Any]:
    binding = figures["binding"]
    about = "nothing is shown to keep the objectives"
    yield line("none", about if figures["objectives"] else "nothing is shown to get all jobs done", "bold red")
    if binding["expression"] is not None:
        value = "" if binding["value"] is None else f": {quantity(binding['value']['mean'], binding)}"
        yield line("binding", f"{binding['expression']}{value}", "red")
    yield line("" if binding["expression"] else "binding", binding["why"])
    yield line("nearest", settings(binding["set"]))


def effort(figures: Mapping[str, Any]) -> Iterator[str]:
    """What it took, and by what candidates were excluded, in sentences."""
    left_out = figures["excluded"]
    yield (
        f"{figures['simulations']} simulations: {figures['explored']} of {figures['candidates']:,} candidates on one "
        f"replication, then {figures['raced']} on others that the search did not see"
    )
    yield (
        f"not simulated: {left_out['bound']} by require or a bound (a proof), {left_out['monotone']} because one with "
        f"no less room missed a limit by far, {left_out['surrogate']} by the surrogate (neither is a proof)"
    )
    if figures["failed_runs"]:
        yield f"runs that failed: {'; '.join(figures['failed_runs'])}"


def objective_kept(objective: Mapping[str, Any], confidence: float) -> str:
    """What is stated of an objective that is kept."""
    value = objective["value"]
    return (
        f"{objective['expression']}: {quantity(value['mean'], objective)} in the mean, kept with "
        f"{100 * confidence:g} % confidence (n = {value['n']}, met in {objective['kept_in']})"
    )


def tried(found: Mapping[str, Any]) -> str:
    """What another configuration than those of the search costs and keeps."""
    cost = "no run ended" if found["cost_usd"] is None else format_usd(found["cost_usd"]["mean"])
    missed = f"; missed: {', '.join(found['missed'])}" if found["missed"] else ""
    return f"{cost}, kept in {found['kept_in']} of {found['n']}{missed}"


def interval(figure: Mapping[str, Any], show: Any) -> str:
    """A mean with its interval and how many replications it is of."""
    if figure["low"] is None:
        return f"{show(figure['mean'])} (one replication)"
    return f"{show(figure['mean'])} ({show(figure['low'])} to {show(figure['high'])}, n = {figure['n']})"


def quantity(value: float, objective: Mapping[str, Any]) -> str:
    """A figure of an objective as a person says it."""
    return format_clock(value) if objective["clock"] else format_amount(value, objective["unit"])


def settings(values: Mapping[str, Any]) -> str:
    """Values by what is enough of their paths to tell them apart."""
    return ", ".join(
        f"{name} {flat(value)}" for name, value in zip(names_with_owner(values), values.values(), strict=True)
    )


def pick_label(values: Mapping[str, Any]) -> str:
    """What is said of the recommendation."""
    return f"recommended: {settings(values)}" if values else ""


def names_with_owner(paths: Collection[str]) -> list[str]:
    """The end of each dotted path, and of environments and queues their name before it."""
    names = []
    for path in paths:
        steps = path.split(".")
        named = len(steps) > 2 and steps[0] == "batch"
        names.append(f"{steps[2]}.{steps[-1]}" if named else path)
    return names if len(set(names)) == len(names) else list(paths)


def flat(value: Any) -> str:
    """A value in one line; of scheduled updates when each comes, and what it sets."""
    if value is None:
        return "nothing"
    if isinstance(value, list) and value and all(map(_is_update, value)):
        return "; ".join(map(_update, value))
    return label_of(value)


def _is_update(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("set"), dict) and bool(value.keys() & {"at", "cron"})


def _update(update: Mapping[str, Any]) -> str:
    zone = f" {update['timezone']}" if "timezone" in update else ""
    return f"{update.get('cron', update.get('at'))}{zone}: {settings(update['set'])}"


def paths_of(points: Iterable[Mapping[str, Any]]) -> list[str]:
    """The paths that any of some points sets: one of several choices may leave a path as it is written."""
    return list(dict.fromkeys(path for point in points for path in point["set"]))


def cell(point: Mapping[str, Any], path: str) -> str:
    """What a point sets at a path."""
    return flat(point["set"][path]) if path in point["set"] else "as written"


def _frontier_table(figures: Mapping[str, Any]) -> Table:
    points = figures["frontier"]
    chosen = figures["recommendation"]["set"] if figures["recommendation"] else None
    shown = points if len(points) <= MOST_POINTS else _thinned(points, chosen)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    paths = paths_of(points)
    for path, name in zip(paths, names_with_owner(paths), strict=True):
        heading = name.replace(".", ".\n") if name.count(".") == 1 else name
        width = formatting.longest_word([heading, *(cell(point, path) for point in shown)])
        table.add_column(Text(heading), overflow="fold", min_width=width)
    for heading in ("cost", "queue time p95", "objectives"):
        table.add_column(heading, justify="right", overflow="fold")
    for point in shown:
        is_chosen = point["set"] == chosen
        table.add_row(*_point_cells(point, paths, is_chosen=is_chosen), style="bold green" if is_chosen else "")
    return table


def _point_cells(point: Mapping[str, Any], paths: Iterable[str], *, is_chosen: bool) -> Iterator[Text | str]:
    for path in paths:
        yield Text(cell(point, path))  # brackets in it are no markup
    yield format_usd(point["cost_usd"])
    yield "–" if point["queue_time_p95_s"] is None else format_duration(point["queue_time_p95_s"])
    yield "recommended" if is_chosen else "kept" if point["kept"] else "missed"


def _thinned(points: list[Any], chosen: Any) -> list[Any]:
    """Some of the points, the first, the last and the chosen one among them."""
    step = (len(points) - 1) / (MOST_POINTS - 1)
    places = {round(step * number) for number in range(MOST_POINTS)}
    return [point for place, point in enumerate(points) if place in places or point["set"] == chosen]
