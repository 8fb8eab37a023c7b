"""Jobs that several limits hold: which part of their time belongs to which.

A queue whose running jobs hold R vCPUs moves at pace R: the job behind p vCPUs of others waits p / R. Without a limit
that keeps K more from starting, those K would start at once, and the others go on at pace R + K: they would wait
(p - K) / (R + K). The seconds that would not be are all of those of the jobs that would start, and of each job behind
them the part 1 - R / (R + K). So much belongs to that limit; of the rest as much to the next one outwards as would not
be without both; and what is left to the last (which limits hold how many: `engine/scheduling/wait_limits.py`). Limit
after limit, that is what a run without it saves against one with it, the limits inside of it gone already; the parts
add up to 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats
from batchsim.recording import Cause, CauseColumns
from batchsim.results.step_functions import Curve, sample


def parts(
    causes: CauseColumns, rows: NDArray[np.signedinteger], *, waiting: Curve, running: Curve, wanting: Curve
) -> tuple[Floats, dict[Cause, Floats]]:
    """Which part of the time of waiting jobs of a queue and a shape belongs to what: from when on, and by cause.

    Parameters
    ----------
    rows : ndarray of int, shape (m,)
        The entries of `causes` that are about them.
    waiting : (ndarray, ndarray)
        How many of them wait.
    running, wanting : (ndarray, ndarray)
        VCPUs held by jobs of the queue, and by those of them that want consumable resources.
    """
    at, cause, beyond, vcpus = (column[rows] for column in (causes.at, causes.cause, causes.beyond, causes.vcpus))
    begins = np.flatnonzero(causes.place[rows] == 0)
    # Of several judgements of an instant the last holds.
    last = np.concatenate([at[begins[1:]] != at[begins[:-1]], [True]])
    begin, end = begins[last], np.append(begins[1:], len(at))[last]
    lacking = np.logical_or.reduceat(cause == Cause.CONSUMABLE, begins)[last]
    instants = np.unique(np.concatenate([at[begin], waiting[0], running[0], wanting[0]]))
    jobs, judgement = sample(*waiting, instants), np.searchsorted(at[begin], instants, side="right") - 1
    some = np.flatnonzero((judgement >= 0) & (jobs > 0))
    jobs, judgement = jobs[some], judgement[some]
    held = np.where(lacking[judgement], sample(*wanting, instants)[some], sample(*running, instants)[some])
    named = (each for each in Cause if each is not Cause.BLOCKED and (cause == each).any())
    found: dict[Cause, Floats] = {each: np.zeros(len(instants)) for each in named}
    row, stop = begin[judgement], end[judgement]
    started, left = np.zeros(len(some)), np.ones(len(some))
    while len(some):
        # The last limit holds all that are left.
        inner = row + 1 < stop
        more = np.where(inner, np.minimum(np.append(beyond, 0)[row + 1], jobs), jobs)
        pace = held + vcpus[row]
        then = np.where(inner, np.divide(held, pace, out=np.ones(len(some)), where=pace > 0), 0.0)
        part = ((more - started) * left + (jobs - more) * (left - then)) / jobs
        for each, level in found.items():
            theirs = cause[row] == each
            level[some[theirs]] += part[theirs]
        some, row, stop, jobs, held, started, left = (
            column[inner] for column in (some, row + 1, stop, jobs, held, more, then)
        )
    return instants, found
