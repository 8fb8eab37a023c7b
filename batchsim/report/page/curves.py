"""What a reader zooms into: the steps of a chart's curves, as a script draws them.

All of them where they are few, else those that can be told apart in a drawing; in both cases steps as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from batchsim.arrays import Floats
from batchsim.report.page.svg import class_of
from batchsim.report.page.thinning import thinned
from batchsim.report.palette import Colour
from batchsim.results.series import Window
from batchsim.results.step_functions import Curve, sample, total

#: Instants of a chart's curves together; of more, columns to which each is thinned.
MOST_INSTANTS, COLUMNS = 4000, 400


@dataclass(frozen=True)
class Curves:
    """Curves over common instants.

    Attributes
    ----------
    unit : str
        ``count`` or ``usd``.
    is_stacked : bool
        Whether they are drawn on top of one another.
    start_s : float
        Second 0, in seconds since 1970 in UTC.
    at : list of float
        Seconds since the start.
    names, classes : list of str
        What they are called, and the classes of their colours.
    levels : list of list of float
        Of each from each instant on.
    is_thinned : bool
        Whether steps are left out.
    """

    unit: str
    is_stacked: bool
    start_s: float
    at: list[float]
    names: list[str]
    classes: list[str]
    levels: list[list[float]]
    is_thinned: bool


def curves_of(
    layers: Mapping[str, Curve],
    colours: Mapping[str, Colour],
    window: Window,
    start_s: float,
    *,
    unit: str,
    is_stacked: bool,
) -> Curves:
    """The curves of a chart over its window."""
    at = np.unique(np.concatenate([np.array(window), *(_inside(curve, window) for curve in layers.values())]))
    is_thinned = len(at) > MOST_INSTANTS
    if is_thinned:
        # At an instant that one of them keeps all have the levels that they had then, so that their sum is true.
        several = [*layers.values(), total(list(layers.values()))]
        at = np.unique(np.concatenate([*(thinned(*curve, window, COLUMNS)[0] for curve in several), np.array(window)]))
    levels = [np.round(sample(*curve, at), 6) for curve in layers.values()]
    return Curves(
        unit,
        is_stacked,
        start_s,
        _short(np.round(at, 3)),
        list(layers),
        [class_of(colours[name]) for name in layers],
        [_short(each) for each in levels],
        is_thinned,
    )


def _inside(curve: Curve, window: Window) -> Floats:
    at = curve[0]
    return at[(at > window[0]) & (at < window[1])]


def _short(values: Floats) -> list[float]:
    """Whole numbers as such, which takes fewer characters."""
    return [int(each) if each == int(each) else each for each in values.tolist()]
