"""What all pictures have in common: colours, axes, clocks, legends, the file.

Matplotlib's object-oriented interface throughout; nothing global is touched.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, date2num, num2date
from matplotlib.figure import Figure
from matplotlib.ticker import Formatter, FuncFormatter, MaxNLocator

from batchsim.arrays import Floats
from batchsim.report import narrative, palette
from batchsim.report.round_values import round_step
from batchsim.results.series import Window
from batchsim.units import DAY, HOUR, MINUTE, format_duration

# Pictures have a white ground.
BLUE, ORANGE, GREEN, RED = (each.light for each in (palette.BLUE, palette.ORANGE, palette.GREEN, palette.RED))
GREY, PALE, INK, GRID = (each.light for each in (palette.MUTED, palette.PALE, palette.INK, palette.GRID))
STATES, VCPUS, PURPOSE_COLOURS, CAUSES = (
    {name: colour.light for name, colour in group.items()}
    for group in (palette.STATES, palette.VCPUS, palette.PURPOSES, palette.CAUSES)
)
EDGE, RATE = palette.EDGE.light, palette.RATE.light
SEVERAL = tuple(each.light for each in palette.SEVERAL)
#: Points between curves and a title that has a legend below it.
TITLE_PAD = 26
#: Durations that people count in.
ROUND = (
    *(1, 2, 5, 10, 15, 30),
    *(MINUTE * each for each in (1, 2, 5, 10, 15, 30)),
    *(HOUR * each for each in (1, 2, 3, 6, 12)),
    *(DAY * each for each in (1, 2, 5, 10, 20, 50)),
)


class Picture(Figure):
    """A figure that shows itself in Jupyter.

    A plain `Figure` does only once pyplot has made one: Matplotlib's inline backend says there how they are shown.
    """

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=80)
        return buffer.getvalue()


class ShownAxes(Axes):
    """Axes that show the picture they are in, in Jupyter."""

    def _repr_png_(self) -> bytes:
        figure = self.get_figure(root=True)
        assert isinstance(figure, Picture)  # noqa: S101 (for the type checker)
        return figure._repr_png_()


def axes_or_new(ax: Axes | None, width: float = 9, height: float = 4.5) -> Axes:
    """The axes that are given, or those of a new picture."""
    if ax is not None:
        return ax
    return Picture(figsize=(width, height), layout="constrained").subplots(subplot_kw={"axes_class": ShownAxes})


def save_png(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, the same bytes for the same figure."""
    figure.savefig(path, dpi=110, metadata={"Software": None})


def titled_axes(ax: Axes, title: str, *, legend: bool = False) -> None:
    """What all pictures have in common; with room for a legend between the title and the curves."""
    ax.set_title(title, loc="left", fontsize=12, fontweight="bold", pad=TITLE_PAD if legend else 10)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ax.grid(axis="y", color=GRID, linewidth=0.8)
    ax.set_axisbelow(True)
    ax.tick_params(labelsize=9, length=3)


class _Calendar(Formatter):
    """Instants as people write them: a time of day, or a date at midnight; the first with the day and year below it."""

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        """The labels of all ticks."""
        low, high = sorted(self.axis.get_view_interval()) if self.axis is not None else (-np.inf, np.inf)
        shown = [value for value in values if low - 1e-9 <= value <= high + 1e-9]
        clock = "%H:%M:%S" if len(shown) > 1 and (shown[1] - shown[0]) * DAY < MINUTE else "%H:%M"
        return [_instant(value, clock, is_first=value in shown[:1]) for value in values]

    def __call__(self, value: float, pos: int | None = None) -> str:  # noqa: ARG002 (Matplotlib's)
        """One label alone."""
        return self.format_ticks([value])[0]


def _instant(value: float, clock: str, *, is_first: bool) -> str:
    """The label of a tick; the year is said of the first one and of New Year."""
    # A tick is meant to be at a round second.
    at = num2date(round(value * DAY) / DAY)
    date = f"{at:%b} {at.day}"
    if at.hour or at.minute or at.second:
        return f"{at:{clock}}\n{date}, {at.year}" if is_first else f"{at:{clock}}"
    is_new_year = (at.month, at.day) == (1, 1)
    return f"{date}\n{at.year}" if is_first or is_new_year else date


def clock_axis(ax: Axes, start: datetime, window: Window) -> None:
    """A time axis in the scenario's wall clock."""
    ax.xaxis.set_major_locator(AutoDateLocator(minticks=3, maxticks=9))
    ax.xaxis.set_major_formatter(_Calendar())
    ax.set_xlim(*days(start, np.array([window[0], max(window[1], window[0] + 1.0)])))


def days(start: datetime, at: Floats) -> Floats:
    """Instants as Matplotlib counts them."""
    return float(date2num(start)) + at / DAY


def duration_axis(ax: Axes, longest: float, which: Literal["x", "y"] = "x") -> None:
    """Ticks at durations that people count in."""
    step = duration_step(longest)
    axis = ax.xaxis if which == "x" else ax.yaxis
    axis.set_ticks(np.arange(0, longest + step / 1000, step).tolist())
    axis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))


def duration_step(longest: float, parts: int = 6) -> float:
    """The first round duration of which so many reach the longest; beyond the largest a round multiple of it."""
    for step in ROUND:
        if longest / step <= parts:
            return float(step)
    return ROUND[-1] * round_step(longest / parts / ROUND[-1])


def from_zero(ax: Axes, longest: float) -> None:
    """A horizontal axis of durations from 0 to the longest, with a little room for what stands at its ends."""
    duration_axis(ax, longest)
    ax.set_xlim(-0.012 * longest, longest * 1.03)


def _short(seconds: float) -> str:
    return "0" if seconds == 0 else format_duration(seconds).replace(" 00 min", "").replace(" 00 h", "")


def as_high_as_each_other(row: Sequence[Axes]) -> None:
    """Axes side by side from 0 to the same level, so that curves can be compared across them."""
    top = max(ax.get_ylim()[1] for ax in row)
    for ax in row:
        ax.set_ylim(0, top)


def share_axis(ax: Axes) -> None:
    """Shares from 0 to 100 %."""
    ax.set_ylim(0, 1.05)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.0f} %"))


def count_axis(ax: Axes, what: str) -> None:
    """Counts, with their thousands apart."""
    ax.set_ylabel(what, fontsize=9)
    ax.yaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def legend_above(ax: Axes) -> None:
    """A legend between the title and the curves, where there is anything to tell apart."""
    if ax.get_legend_handles_labels()[0]:
        ax.legend(
            loc="lower left",
            bbox_to_anchor=(0, 1.0),
            ncols=len(VCPUS) + 2,
            frameon=False,
            fontsize=9,
            handlelength=0.9,
            handletextpad=0.4,
            columnspacing=0.8,
            borderaxespad=0.2,
            borderpad=0.2,
        )


def legend_below(ax: Axes, columns: int, lower: float = 0.08) -> None:
    """A legend below the picture, where there is anything to tell apart."""
    if ax.get_legend_handles_labels()[0]:
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -lower), ncols=columns, frameon=False, fontsize=10)


def small_print(figure: Figure, summaries: Iterable[Mapping[str, Any]]) -> None:
    """Whose prices these are; each once where they differ."""
    told = dict.fromkeys(narrative.prices_sentence(summary["prices"]) for summary in summaries)
    figure.supxlabel("\n".join(f"Prices: {each}" for each in told), x=0.01, ha="left", fontsize=8, color=GREY)
