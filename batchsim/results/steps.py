"""Step functions: built from what begins and ends, integrated exactly, thinned without changing the area."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from batchsim.columns import Floats

#: Beyond this many steps a series is given as averages over as many equal intervals.
LONGEST = 20_000
#: What is left of a sum of prices when all of it has been taken away again is rounding error.
_DECIMALS = 9


class Steps(NamedTuple):
    """A step function: ``level[i]`` holds from ``at[i]`` on, and 0 before ``at[0]``; `at` increases."""

    at: Floats
    level: Floats


class Spans(NamedTuple):
    """Things that begin, end and weigh something meanwhile."""

    begin: Floats
    end: Floats
    weight: Floats | float = 1.0


def level_of(*spans: Spans, ended_at: float, base: float = 0.0) -> Steps:
    """What is there at every instant of a run.

    Parameters
    ----------
    *spans : Spans
        An end of NaN is later than the run; a span with a begin of NaN, or without length, is not there.
    ended_at : float
        The end of the run, in seconds. The function has a step there, so that it can be drawn to its end.
    base : float
        Level without any span.

    Returns
    -------
    Steps
        From second 0 on, steps that change nothing left out.
    """
    instants, changes = [np.zeros(1)], [np.full(1, base)]
    for begin, end, weight in spans:
        end_or_never = np.where(np.isnan(end), np.inf, end)
        there = (begin < end_or_never) & (begin <= ended_at)
        weights = np.broadcast_to(np.asarray(weight, np.float64), begin.shape)[there]
        ends = end_or_never[there]
        over = ends <= ended_at
        instants += [begin[there], ends[over]]
        changes += [weights, -weights[over]]
    at = np.concatenate(instants)
    order = np.argsort(at, kind="stable")
    at = at[order]
    level = np.cumsum(np.concatenate(changes)[order])
    last = np.append(at[1:] != at[:-1], True)
    at, level = at[last], np.round(level[last], _DECIMALS) + 0.0
    changed = np.append(True, level[1:] != level[:-1])
    at, level = at[changed], level[changed]
    if at[-1] < ended_at:
        at, level = np.append(at, ended_at), np.append(level, level[-1])
    return Steps(at, level)


def area(steps: Steps, until: Floats | float) -> Floats:
    """Area under a step function from its first step to each of some instants."""
    if not len(steps.at):
        return np.zeros(np.shape(until))
    corners = np.concatenate([[0.0], np.cumsum(np.diff(steps.at) * steps.level[:-1])])
    beyond = np.maximum(np.asarray(until) - steps.at[-1], 0.0) * steps.level[-1]
    return np.asarray(np.interp(until, steps.at, corners) + beyond)


def thinned(steps: Steps, ended_at: float, longest: int = LONGEST) -> Steps:
    """The function itself, or, when it has too many steps, its averages over equal intervals.

    The area under the curve stays the same over every interval; the last step is the level at the end.
    """
    if len(steps.at) <= longest or ended_at <= 0:
        return steps
    edges = np.linspace(0.0, ended_at, longest + 1)
    averages = np.diff(area(steps, edges)) / np.diff(edges)
    return Steps(edges, np.round(np.append(averages, steps.level[-1]), _DECIMALS) + 0.0)


def grouped(keys: NDArray[np.integer]) -> list[tuple[int, NDArray[np.int64]]]:
    """The rows of each key, keys and rows ascending."""
    order = np.argsort(keys, kind="stable")
    values, starts = np.unique(keys[order], return_index=True)
    return [(int(value), rows) for value, rows in zip(values, np.split(order, starts[1:]), strict=True)] if len(
        values
    ) else []
