"""Pictures of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from batchsim.report.figures.style import BLUE, GREY, INK, ORANGE, save_png, titled_axes
from tools.validation.experiment import Measured


def theory(path: Path, found: Sequence[Measured]) -> None:
    """How far each case is from theory, in per cent, with its interval."""
    groups = list(dict.fromkeys(each.case.group for each in found))
    figure = Figure(figsize=(9, 0.17 * len(found) + 0.3 * len(groups) + 1.2), layout="constrained")
    ax = figure.subplots()
    titled_axes(ax, "Measured against theory: difference and 95 % interval, % of the figure")
    ax.grid(axis="x", color=ax.get_ygridlines()[0].get_color(), linewidth=0.8)
    ax.grid(visible=False, axis="y")
    row, ticks = 0.0, []
    for group in groups:
        ax.text(-0.01, row, group, transform=ax.get_yaxis_transform(), ha="right", va="center", fontsize=8, color=INK)
        for each in (each for each in found if each.case.group == group):
            _point(ax, row, each)
            row += 1
        ticks.append(row)
        row += 0.8
    ax.axvline(0, color=INK, linewidth=1)
    ax.set_yticks([])
    ax.set_ylim(row, -1)
    furthest = max((100 * (abs(each.estimate.mean / each.theory - 1) + each.precision) for each in found), default=0)
    limit = max(2.0, 1.05 * furthest)
    ax.set_xlim(-limit, limit)
    save_png(figure, path)


def _point(ax: Axes, row: float, each: Measured) -> None:
    error = 100 * (each.estimate.mean / each.theory - 1)
    colour = BLUE if each.is_inside else ORANGE
    ax.errorbar([error], [row], xerr=[[100 * each.precision]], color=colour, fmt="o", markersize=3, linewidth=1.2)


def faults(path: Path, told: Mapping[str, Mapping[str, float]], groups: Sequence[str]) -> None:
    """How large the difference from theory is that a fault makes, by fault and group of cases."""
    figure = Figure(figsize=(11, 0.42 * len(told) + 2.2), layout="constrained")
    ax = figure.subplots()
    ax.set_title(
        "Planted faults: the largest difference from theory that tells, %", loc="left", fontsize=12, fontweight="bold"
    )
    cells = np.array([[told[fault].get(group, np.nan) for group in groups] for fault in told])
    shades = np.log10(np.clip(np.abs(cells), 0.5, 300))
    ax.imshow(shades, cmap="Blues", vmin=-0.6, vmax=3.2, aspect="auto")
    for row, column in np.argwhere(np.isfinite(cells)).tolist():
        ax.text(column, row, f"{cells[row, column]:+.0f}", ha="center", va="center", fontsize=9, color=INK)
    ax.set_xticks(range(len(groups)), groups, rotation=30, ha="right", fontsize=9)
    ax.set_yticks(range(len(told)), list(told), fontsize=9)
    ax.tick_params(length=0)
    for side in ax.spines.values():
        side.set_color(GREY)
    save_png(figure, path)
