"""The runs of a sweep: heat maps of two parameters, lines of one; both show what misses an objective."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from batchsim.columns import RUN_FIGURES
from batchsim.report import formatting
from batchsim.report.figures import style
from batchsim.report.figures.style import GREY, RED, SEVERAL
from batchsim.results.run_table import RunTable
from batchsim.scenario.sections.parameters import Parameter
from batchsim.units import HOUR, MINUTE, format_usd

#: What the picture of a sweep shows, and how it is called there.
SHOWN = {"cost_usd": "cost", "queue_time_p95_s": "queue time p95"}
UNITS = {column.name: column.unit for column in RUN_FIGURES}
#: Where so many values of a parameter stand beside each other, each gets a line or a panel of its own.
MOST_LINES, MOST_PANELS = 6, 4
#: Cells that are more than so many across have no room for their figure.
MOST_ACROSS = 12
#: More cells have no lines between them.
MOST_APART = 2500
#: Figures that differ by more than this factor are told apart on a logarithmic scale only.
WIDE = 20
UNKNOWN = "#E8E8E8"

#: The marks of points on lines, and the outline of a cell.
MISSED: dict[str, Any] = {"marker": "x", "color": RED, "markersize": 8, "markeredgewidth": 1.8, "zorder": 5}
BEST: dict[str, Any] = {
    "marker": "s",
    "color": "black",
    "fillstyle": "none",
    "markersize": 13,
    "markeredgewidth": 2.2,
    "zorder": 6,
}
OUTLINE: dict[str, Any] = {"fill": False, "edgecolor": "black", "linewidth": 2.4}

#: Of a point, the number of the value of each parameter that is not drawn.
Rest = Mapping[str, int]


def sweep_figure(name: str, runs: RunTable) -> Figure:
    """The whole picture of ``sweep.png``: cost and queue time over the parameters that matter most.

    One parameter is drawn as a line, two as heat maps, or as lines where one has few values that are no numbers. Of
    three, the one that matters least has a panel for each value where these are few. What is not drawn stays at its
    value in the cheapest point that meets the objectives, or in the cheapest of all, and the title says so.
    """
    drawn = _by_effect(runs)
    panels: list[Rest] = [{}]
    if len(drawn) == 3 and len(drawn[2].values) <= MOST_PANELS:
        panels = [{drawn[2].name: number} for number in range(len(drawn[2].values))]
    columns = len(SHOWN) if len(panels) == 1 else len(panels)
    rows = len(SHOWN) * len(panels) // columns
    size = (max(6.6 * columns, 12), 4.9 * rows + 1.3)
    figure = style.Picture(figsize=size, layout=ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.15))
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for number, shown in enumerate(SHOWN):
        row = axes[number * len(panels) : (number + 1) * len(panels)].tolist()
        _draw_row(runs, row, drawn[:2], shown, panels)
    named = [*(parameter.name for parameter in drawn[:2]), *panels[0]]
    _caption(figure, name, runs, named, lines=_are_lines(*drawn[:2]))
    return figure


def _draw_row(runs: RunTable, row: Sequence[Axes], drawn: Sequence[Parameter], shown: str, panels: list[Rest]) -> None:
    """One figure in each of the panels, all on the same scale."""
    short = runs.short_names
    for ax, panel in zip(row, panels, strict=True):
        values = {parameter.name: parameter.values for parameter in runs.parameters}
        named = "".join(f", {short[name]}={values[name][number].label}" for name, number in panel.items())
        title = f"{SHOWN[shown]}{named}"
        if not _are_lines(*drawn):
            draw_heatmap(runs, ax, drawn[0].name, drawn[1].name, shown, panel, title=title)
        else:
            by = drawn[1].name if len(drawn) == 2 else None
            draw_lines(runs, ax, drawn[0].name, shown, by, panel, title=title)
    if len(row) > 1 and row[0].lines:
        style.as_high_as_each_other(row)


def _are_lines(x: Parameter, by: Parameter | None = None) -> bool:
    """Whether lines show parameters better than a heat map: one alone, and few words over numbers."""
    return by is None or (_is_numeric(x) and not _is_numeric(by) and len(by.values) <= MOST_LINES)


def _is_numeric(parameter: Parameter) -> bool:
    return all(value.number is not None for value in parameter.values)


def _by_effect(runs: RunTable) -> list[Parameter]:
    """The parameters that have several values, the one with the most effect on what is shown first.

    Of two drawn together the numeric one comes first: it is the horizontal axis.
    """
    chosen = [runs.parameters[number] for number in runs.by_effect(SHOWN)] or list(runs.parameters[:1])
    first = sorted(chosen[:2], key=lambda parameter: not _is_numeric(parameter))
    return [*first, *chosen[2:]]


def _caption(figure: Figure, name: str, runs: RunTable, drawn: Sequence[str], *, lines: bool) -> None:
    """What the picture is of, which values are not drawn, and the marks."""
    figure.suptitle(_answer(name, runs), x=0.01, ha="left", fontsize=12, fontweight="bold", parse_math=False)
    short = runs.short_names
    reference = _reference(runs)
    fixed = [f"{short[each]}={label}" for each, label in runs.labels(reference).items() if each not in drawn]
    if fixed:
        where = "in the cheapest point that meets every objective" if runs.best is not None else "in the cheapest point"
        figure.supxlabel(f"drawn at {', '.join(fixed)}: as {where}", x=0.01, ha="left", fontsize=9, color=GREY)
    figure.legend(
        handles=list(_marks(runs, lines=lines)),
        loc="outside lower right",
        ncols=4,
        frameon=False,
        fontsize=9,
        handlelength=1.6,
    )


def _answer(name: str, runs: RunTable) -> str:
    """What was run, and which point is the cheapest that meets the objectives."""
    replications = f" × {runs.replications} replications" if runs.replications > 1 else ""
    of = f"{name}: {formatting.many(runs.points, 'point')}{replications}"
    best = runs.best
    if best is None:
        return f"{of};  no point meets every objective" if runs.has_runs.any() else f"{of};  no run is done"
    short = runs.short_names
    at = ", ".join(f"{short[each]}={label}" for each, label in runs.labels(best).items())
    cost = format_usd(float(runs.mean("cost_usd")[best]))
    return f"{of};  cheapest that meets every objective: {cost}\nat {at}"


def _marks(runs: RunTable, *, lines: bool) -> Iterator[Any]:
    """The marks that the picture may have, for its legend."""
    best, missed = "cheapest that meets every objective", "misses one, or leaves jobs unfinished"
    if lines and runs.replications > 1:
        yield Line2D([], [], color=GREY, linewidth=5, alpha=0.4, label="95 % interval of the mean")
    if runs.best is not None:
        yield Line2D([], [], linewidth=0, label=best, **BEST) if lines else Patch(label=best, **OUTLINE)
    if (runs.has_runs & ~runs.meets).any():
        hatched = Patch(fill=False, edgecolor=GREY, hatch="////", linewidth=0, label=missed)
        yield Line2D([], [], linewidth=0, label=missed, **MISSED) if lines else hatched
    if not lines and not runs.has_runs.all():
        yield Patch(facecolor=UNKNOWN, label="not valid, failed, or not run")


def _reference(runs: RunTable) -> int:
    """The point whose values are taken for what is not drawn."""
    if (best := runs.best) is not None:
        return best
    cheapest = runs.cheapest(runs.has_runs)
    return 0 if cheapest is None else cheapest


def _points(runs: RunTable, axes: Sequence[str], rest: Rest) -> NDArray[np.int64]:
    """The numbers of points over some parameters, the first along the last axis; others are at `rest`."""
    names = [parameter.name for parameter in runs.parameters]
    at = dict(zip(names, runs.coordinates(_reference(runs)), strict=True)) | dict(rest)
    sizes = [len(runs.parameters[names.index(name)].values) for name in reversed(axes)]
    numbers = dict(zip(reversed(axes), np.indices(sizes), strict=True))
    full = [numbers.get(name, np.full(sizes, at[name])) for name in names]
    points: NDArray[np.int64] = np.ravel_multi_index(tuple(full), runs.shape)
    return points


def shown_value(figure: str, value: float) -> str:
    """A figure in as few characters as tell it."""
    if np.isnan(value):
        return "?"
    unit = UNITS[figure]
    if unit == "s":
        size, word = next(
            (size, word) for size, word in ((HOUR, "h"), (MINUTE, "min"), (1, "s")) if value >= size or size == 1
        )
        # Three digits of a thousand less a half would be 1e+03.
        return f"{value / size:.3g} {word}" if value / size < 999.5 else f"{value / size:,.0f} {word}"
    if unit == "USD":
        return format_usd(value) if value < 1000 else f"${value:,.0f}"
    return formatting.share(value) if figure.startswith("utilisation") else formatting.count(value)


def draw_heatmap(
    runs: RunTable, ax: Axes, x: str, y: str, figure: str, rest: Rest | None = None, *, title: str = ""
) -> None:
    """The mean of a figure over the values of two parameters, in steps of equal size whatever the values are."""
    points = _points(runs, (x, y), rest or {})
    means = runs.mean(figure)
    cells = means[points]
    style.titled_axes(ax, title or SHOWN.get(figure, figure))
    ax.grid(visible=False)
    norm = _norm(means)
    ax.set_facecolor(UNKNOWN)
    apart = 0.6 if cells.size <= MOST_APART else 0.0
    mesh = ax.pcolormesh(np.ma.masked_invalid(cells), cmap="YlGnBu", norm=norm, edgecolors="white", linewidth=apart)
    bar = ax.figure.colorbar(mesh, ax=ax, pad=0.02)
    bar.set_ticks([float(norm.inverse(share)) for share in (0.0, 0.25, 0.5, 0.75, 1.0)])
    bar.minorticks_off()
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: shown_value(figure, value)))
    bar.ax.tick_params(labelsize=8)
    dark = np.nan_to_num(np.asarray(norm(cells), float)) > 0.5
    _hatch(ax, runs.has_runs[points] & ~runs.meets[points], dark)
    if cells.shape[1] <= MOST_ACROSS:
        for row, column in np.argwhere(runs.has_runs[points]):
            place, text = (column + 0.5, row + 0.5), shown_value(figure, float(cells[row, column]))
            colour = "white" if dark[row, column] else "black"
            ax.text(*place, text, ha="center", va="center", fontsize=8, color=colour, parse_math=False)
    for row, column in np.argwhere(points == runs.best) if runs.best is not None else ():
        ax.add_patch(Rectangle((column, row), 1, 1, zorder=5, **OUTLINE))
    _value_axis(ax, "x", runs, x)
    _value_axis(ax, "y", runs, y)


def _hatch(ax: Axes, missed: NDArray[np.bool_], dark: NDArray[np.bool_]) -> None:
    """Hatch the cells of points that miss an objective, so that it is seen on light and dark ones."""
    for cells, colour in ((missed & dark, (1.0, 1.0, 1.0, 0.55)), (missed & ~dark, (0.0, 0.0, 0.0, 0.3))):
        patches = [
            Rectangle((begin, row), end - begin, 1)
            for row, marked in enumerate(cells)
            for begin, end in _stretches(marked)
        ]
        ax.add_collection(
            PatchCollection(patches, facecolor="none", edgecolor=colour, hatch="////", linewidth=0), autolim=False
        )


def _stretches(marked: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where stretches of marked cells begin and end."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]]).astype(np.int8)))
    return [(int(begin), int(end)) for begin, end in edges.reshape(-1, 2)]


def _norm(means: NDArray[np.float64]) -> Normalize:
    """The scale of a figure's colours: the same in all panels."""
    known = means[~np.isnan(means)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    return LogNorm(low, high) if low > 0 and high / low > WIDE else Normalize(low, high if high > low else low + 1.0)


def _value_axis(ax: Axes, which: str, runs: RunTable, name: str) -> None:
    """Ticks at the values of a parameter, as many as there is room for."""
    parameter = _parameter(runs, name)
    labels = [_cut(value.label) for value in parameter.values]
    every = max(1, -(-len(labels) // 16))
    at, names = np.arange(len(labels))[::every] + 0.5, labels[::every]
    short = runs.short_names[name]
    if which == "x":
        tilted = sum(map(len, names)) > 60
        ax.set_xticks(at, names, parse_math=False, rotation=30 if tilted else 0, ha="right" if tilted else "center")
        ax.set_xlabel(short, fontsize=9, parse_math=False)
    else:
        ax.set_yticks(at, names, parse_math=False)
        ax.set_ylabel(short, fontsize=9, parse_math=False)


def _parameter(runs: RunTable, name: str) -> Parameter:
    return next(each for each in runs.parameters if each.name == name)


def _cut(label: str, most: int = 28) -> str:
    return label if len(label) <= most else f"{label[: most - 1]}…"


def draw_lines(
    runs: RunTable,
    ax: Axes,
    x: str,
    figure: str,
    by: str | None = None,
    rest: Rest | None = None,
    *,
    title: str = "",
) -> None:
    """The mean of a figure over the values of a parameter with its intervals, a line for each value of another one."""
    style.titled_axes(ax, title or SHOWN.get(figure, figure), legend=by is not None)
    points = _points(runs, (x,) if by is None else (x, by), rest or {})
    parameter = _parameter(runs, x)
    numeric = _is_numeric(parameter)
    at = _places(parameter)
    rows = points.reshape(-1, points.shape[-1])
    apart = 0.012 * (float(np.ptp(at)) or 1.0)
    for number, (row, colour) in enumerate(zip(rows, cycle(SEVERAL), strict=False)):
        label = "" if by is None else _cut(runs.labels(int(row[0]))[by])
        beside = at + apart * (number - (len(rows) - 1) / 2)
        _draw_line(runs, ax, beside, row, figure, colour, label, joined=numeric)
    ax.set_ylim(0, max(ax.get_ylim()[1], 1e-9))
    if not numeric:
        _value_axis(ax, "x", runs, x)
        ax.set_xlim(0, len(at))
    else:
        _number_axis(ax, runs, x, at)
    if UNITS[figure] == "s":
        style.duration_axis(ax, ax.get_ylim()[1], which="y")
    else:
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: shown_value(figure, value)))
    if by is not None:
        style.legend_above(ax)


def _places(parameter: Parameter) -> NDArray[np.float64]:
    """Where values of a parameter stand: at their numbers, or side by side where they are words."""
    if _is_numeric(parameter):
        return np.array([value.number for value in parameter.values], float)
    return np.arange(len(parameter.values), dtype=np.float64) + 0.5


def _number_axis(ax: Axes, runs: RunTable, name: str, at: NDArray[np.float64]) -> None:
    """A parameter whose values are numbers, each with a tick where they are few."""
    ax.set_xlabel(runs.short_names[name], fontsize=9, parse_math=False)
    if len(at) <= MOST_ACROSS:
        ax.set_xticks(at)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))


def _draw_line(
    runs: RunTable,
    ax: Axes,
    at: NDArray[np.float64],
    points: NDArray[np.int64],
    figure: str,
    colour: str,
    label: str,
    *,
    joined: bool,
) -> None:
    means = runs.mean(figure)[points]
    ax.plot(at, means, "-o" if joined else "o", color=colour, markersize=4, linewidth=1.6, label=label)
    ends = [runs.interval(figure, point) or {"low": None, "high": None} for point in points.tolist()]
    low, high = (np.array([end[side] for end in ends], float) for side in ("low", "high"))
    ax.vlines(at, low, high, color=colour, linewidth=5, alpha=0.3)
    for marked, mark in ((runs.has_runs[points] & ~runs.meets[points], MISSED), (points == runs.best, BEST)):
        ax.plot(at[marked], means[marked], linestyle="none", **mark)
