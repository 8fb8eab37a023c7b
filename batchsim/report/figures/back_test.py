"""A back-test: waiting day by day, as it was recorded and as it was predicted, on one axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from batchsim.report.figures import style
from batchsim.report.figures.style import BLUE, ORANGE
from batchsim.units import DAY, HOUR, MINUTE, format_duration

_COLOURS = {"p50": BLUE, "p95": ORANGE}
_NAMES = {"queue_time_s": "queue time", "submitted_to_started_s": "time from submission to start"}
#: Figures that differ by more than this factor are told apart on a logarithmic scale only.
_WIDE = 20.0
#: Durations that people count in, about ten times one another.
_DECADES = (0.1, 1.0, 10.0, MINUTE, 10 * MINUTE, HOUR, 10 * HOUR, 4 * DAY)


def back_test_figure(figures: Mapping[str, Any]) -> style.Picture:
    """The picture of a back-test, from what ``calibrate --back-test --json`` prints."""
    figure = style.Picture(figsize=(9, 5), layout="constrained")
    draw_back_test(figures, figure.subplots())
    return figure


def draw_back_test(figures: Mapping[str, Any], ax: Axes) -> None:
    """The p50 and p95 of each day that was predicted: points as recorded, lines and bands as predicted."""
    title = f"{_NAMES[figures['measure']].capitalize()} of each day: recorded, and predicted with its 90 % band"
    style.titled_axes(ax, title, legend=True)
    days: Sequence[Mapping[str, Any]] = figures["days"]
    values = _reached(days)
    if not values:
        ax.text(
            0.5,
            0.5,
            "The record does not tell how long jobs waited.",
            ha="center",
            color=style.GREY,
            transform=ax.transAxes,
        )
        ax.set_axis_off()
        return
    _scale(ax, values)
    at = np.array([float(date2num(date.fromisoformat(each["day"]))) for each in days])
    for statistic, colour in _COLOURS.items():
        told = {part: _column(days, statistic, part) for part in ("observed", "predicted", "low", "high")}
        if not len(at) or np.isnan(told["predicted"]).all():
            continue
        low = np.maximum(told["low"], ax.get_ylim()[0])
        ax.fill_between(at, low, told["high"], color=colour, alpha=0.2, linewidth=0)
        ax.plot(at, told["predicted"], color=colour, linewidth=1.6, label=f"{statistic} predicted")
        marks: dict[str, Any] = {"color": colour, "markersize": 6, "linestyle": "none", "markeredgecolor": "black"}
        ax.plot(at, told["observed"], marker="o", label=f"{statistic} recorded", **marks)
    locator = AutoDateLocator(minticks=3, maxticks=9)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))
    style.legend_above(ax)


def _reached(days: Sequence[Mapping[str, Any]]) -> list[float]:
    """What the axis has to reach: all that is drawn but the lower ends of bands."""
    return [
        each[statistic][part]
        for each in days
        for statistic in _COLOURS
        for part in ("observed", "predicted", "high")
        if each[statistic][part] is not None
    ]


def _column(days: Sequence[Mapping[str, Any]], statistic: str, part: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([each[statistic][part] for each in days], np.float64)  # None is NaN


def _scale(ax: Axes, values: Sequence[float]) -> None:
    """Durations; on a logarithmic scale where they are far apart."""
    least, most = min((each for each in values if each > 0), default=1.0), max(values)
    if most <= _WIDE * least:
        ax.set_ylim(0, most * 1.1 or 1.0)
        style.duration_axis(ax, most * 1.1 or 1.0, "y")
        return
    ax.set_yscale("log")
    ax.set_ylim(least / 2, most * 2)
    low, high = ax.get_ylim()
    ax.yaxis.set_major_locator(FixedLocator([each for each in _DECADES if low <= each <= high]))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
    ax.yaxis.set_minor_locator(NullLocator())


def _short(seconds: float) -> str:
    return format_duration(seconds).removesuffix(" 00 min").removesuffix(" 00 h")
