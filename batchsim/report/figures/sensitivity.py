"""Sensitivity: how far each assumption moves the bill, the one that moves it most at the top."""

from __future__ import annotations

from collections.abc import Iterator

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from batchsim.report import formatting
from batchsim.report.figures import style
from batchsim.report.figures.style import BLUE, INK, ORANGE
from batchsim.report.sensitivity import without_section
from batchsim.results.sensitivity import HARDLY, TriedAssumptions, VariedAssumption
from batchsim.spec.assumption_ranges import written
from batchsim.units import format_usd

#: Assumptions that are drawn: those that move the bill most, of those that move it by a hundredth.
MOST_DRAWN = 12
#: What a character of a value takes of the width of a picture.
CHARACTER = 0.0108


def draw_sensitivity(found: TriedAssumptions, ax: Axes) -> None:
    """Bars from the bill as assumed to that with another value, each with the value at its end."""
    base = float(formatting.plain(found.cost_usd))
    moving = sorted(filter(_moves, found.assumptions), key=_most)[-MOST_DRAWN:]
    style.titled_axes(ax, f"What else the bill may be, as assumed {format_usd(base)}")
    ax.grid(axis="y", visible=False)
    ax.set_yticks(range(len(moving)), [without_section(each.key) for each in moving])
    ax.axvline(base, color=INK, linewidth=1)
    ends = [base]
    for row, each in enumerate(moving):
        for value in each.tried:
            cost = float(formatting.plain(value.cost_usd))
            ends.append(cost)
            ax.barh(row, cost - base, left=base, height=0.55, color=BLUE if cost < base else ORANGE)
        for cost, text in _labels(each, base):
            side, align = (-3, "right") if cost < base else (3, "left")
            ax.annotate(text, (cost, row), (side, 0), textcoords="offset points", ha=align, va="center", fontsize=8)
    left, right = (_beside(ax, align) for align in ("right", "left"))
    width = (max(ends) - min(ends) or 1.0) / (1 - left - right)
    ax.set_xlim(min(ends) - left * width, max(ends) + right * width)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: format_usd(value)))
    if not moving:
        ax.text(0.5, 0.5, "none moves it by a hundredth", transform=ax.transAxes, ha="center", fontsize=10)


def _beside(ax: Axes, align: str) -> float:
    """The part of the picture's width that the longest value on one side takes."""
    longest = max((len(text.get_text()) for text in ax.texts if text.get_horizontalalignment() == align), default=0)
    return min(CHARACTER * (longest + 2), 0.4)


def _moves(each: VariedAssumption) -> bool:
    return _most(each) >= HARDLY


def _most(each: VariedAssumption) -> float:
    return max(abs(value.cost_share) for value in each.tried)


def _labels(each: VariedAssumption, base: float) -> Iterator[tuple[float, str]]:
    """What stands at the end of each side: the values there, the one that goes farthest first."""
    costs = [(float(formatting.plain(value.cost_usd)), written(value.value)) for value in each.tried]
    lower, upper = sorted(each for each in costs if each[0] < base), sorted(each for each in costs if each[0] > base)
    for side in (lower, upper[::-1]):
        if side:
            yield side[0][0], ", ".join(name for _, name in side)
