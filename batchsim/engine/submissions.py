"""Runs of workflows that are submitted while a simulation runs.

They are reserved: the last rows of the table, which nothing knows of. A run that is submitted moves to its place in the
order of submission, behind what was submitted before. Whatever has its place behind has not arrived, so no attempt, no
queue and nothing that is recorded names a row that moves; from then on the run arrives as any other does.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats
from batchsim.engine.job_arrivals import JobArrivals
from batchsim.engine.job_table import JobTable
from batchsim.errors import did_you_mean
from batchsim.spec.workload import Workload


class Submissions:
    """The reserved runs of a workload.

    Parameters
    ----------
    admit_s : float
        From a job's submission to when the scheduler first looks at it.
    """

    def __init__(self, workload: Workload, table: JobTable, arrivals: JobArrivals, admit_s: float) -> None:
        self._workload = workload
        self._table = table
        self._arrivals = arrivals
        self._admit_s = admit_s
        self._submitted_at: Floats = np.array(workload.submitted_at)
        #: By workflow, the first row of each reserved run in the workload; what was submitted is taken out.
        self._ahead: dict[str, list[int]] = {}
        self._rows: dict[str, int] = {}
        group, run = workload.group[self._table.listed :], workload.run[self._table.listed :]
        names = [each.workflow for each in workload.groups]
        code = np.array([names.index(name) for name in names])[group]
        begins = np.flatnonzero(np.diff(code, prepend=-1) | np.diff(run, prepend=-1)).tolist()
        for first, last in pairwise([*begins, len(group)]):
            name = names[group[first]]
            self._ahead.setdefault(name, []).append(self._table.listed + first)
            self._rows[name] = last - first
        self._reserved = {name: len(ahead) for name, ahead in self._ahead.items()}

    def submit(self, workflow: str, now: float) -> None:
        """Submit the next run of a workflow.

        Raises
        ------
        ValueError
            If there is no such workflow, or no run of it is left.
        """
        if workflow not in self._ahead:
            raise ValueError(f"no workflow {workflow!r} can be submitted{did_you_mean(workflow, self._ahead)}")
        if not self._ahead[workflow]:
            raise ValueError(
                f"{workflow!r} was submitted {self._reserved[workflow]} times: "
                f"run(…, submissions=…) says how often processes may submit each workflow"
            )
        table, rows = self._table, self._rows[workflow]
        origin = np.asarray(table.origin)
        block = table.listed + int(np.flatnonzero(origin[table.listed :] == self._ahead[workflow].pop(0))[0])
        place = int(np.searchsorted(self._submitted_at[: table.listed], now, side="right"))
        self._move(place, block, rows)
        self._submitted_at[place : place + rows] = now
        np.asarray(table.arrives_at)[place : place + rows] = now + self._admit_s
        runnable_at = np.frombuffer(table.runnable_at, np.float64)[place : place + rows]
        runnable_at[np.isinf(runnable_at)] = now + self._admit_s
        table.listed += rows
        self._arrivals.expect_more(place, rows)

    def _move(self, place: int, block: int, rows: int) -> None:
        """Move the rows from `block` on before those from `place` on."""
        table = self._table

        def moved(column: NDArray[Any]) -> NDArray[Any]:
            return np.concatenate([column[block : block + rows], column[place:block]])

        group, request = table.group, table.request
        group[place : block + rows] = group[block : block + rows] + group[place:block]
        request[place : block + rows] = request[block : block + rows] + request[place:block]
        columns = [table.runtime_s, table.exit_code, table.open, table.arrives_at]
        columns += [self._submitted_at, table.origin, table.think_s]
        views = [np.asarray(column) for column in columns if column is not None]
        views += [np.frombuffer(table.status, np.int8), np.frombuffer(table.runnable_at, np.float64)]
        for column in views:
            column[place : block + rows] = moved(column)
        # The dependency graph: the edges of the rows, then the rows that edges name.
        start, dependents = np.asarray(table.dependents_start), np.asarray(table.dependents)
        first, middle, last = int(start[place]), int(start[block]), int(start[block + rows])
        dependents[first:last] = np.concatenate([dependents[middle:last], dependents[first:middle]])
        start[place + 1 : block + rows + 1] = first + np.cumsum(moved(np.diff(start)))
        later = (dependents >= place) & (dependents < block)
        own = (dependents >= block) & (dependents < block + rows)
        dependents[later] += rows
        dependents[own] -= block - place

    def workload(self) -> Workload:
        """The workload as if the runs that were submitted had been the scenario's own."""
        if not self._workload.reserved:
            return self._workload
        listed = self._table.listed
        return self._workload.taken(np.array(self._table.origin)[:listed], self._submitted_at[:listed])
