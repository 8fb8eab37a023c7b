"""Which executor runs are executed by, as users say it."""

from __future__ import annotations

from batchsim.experiments.executors.local import LocalExecutor, cores
from batchsim.experiments.executors.protocol import Executor


def executor_for(workers: int | None = None, dask: str | None = None, runs: int | None = None) -> Executor:
    """The cluster that is named, or else processes of this machine.

    Parameters
    ----------
    workers : int, optional
        How many processes; as many as there are cores without it.
    dask : str, optional
        Address of a Dask scheduler.
    runs : int, optional
        How many runs there are, where that is known: no more processes are started.

    Raises
    ------
    ValueError
        If `workers` is below 1.
    """
    if dask is not None:
        from batchsim.experiments.executors.dask import DaskExecutor

        return DaskExecutor(dask)
    most = cores() if workers is None else workers
    return LocalExecutor(most if runs is None else min(most, runs))
