"""Runs executed on a Dask cluster that somebody has started; it needs the extra ``batchsim[dask]`` on all machines.

Workers are sent values and the content of traces, no code and no paths. batchsim must be installed on each of them and
on the scheduler, of this version, beside the same NumPy and under the same Python, so that results are the same bytes
as anywhere. A worker process has one thread well used (``dask worker --nthreads 1``): more of them take turns.
"""

from __future__ import annotations

import asyncio
import platform
import time
import warnings
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from importlib import import_module
from importlib.util import find_spec
from itertools import count
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from batchsim._version import __version__
from batchsim.errors import ExecutionError
from batchsim.experiments.executors.protocol import Submitting
from batchsim.experiments.tasks import Finished, SentTask, Task, execute_sent

#: How long a cluster may take to answer, and to have a worker; seconds.
PATIENCE_S = 10.0
#: How long a cluster may be without any worker while runs wait; seconds.
LEFT_ALONE_S = 300.0
#: How often it is asked how many threads it has; seconds.
LOOKED_AT_EVERY_S = 2.0
#: Tasks that are submitted for each thread: while it executes one the next is there.
AHEAD = 2

#: What has to be the same everywhere, by name.
Versions = dict[str, str]


def versions() -> Versions:
    """What the results of this process depend on beside the task."""
    import numpy as np

    return {
        "batchsim": __version__,
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "NumPy": np.__version__,
    }


def execute_beside(task: SentTask, expected: Versions, *contents: bytes) -> Finished:
    """Run a task on a worker, which may have come after the others were looked at.

    Parameters
    ----------
    contents : bytes
        What is in its trace files, in their order, each once.

    Raises
    ------
    ExecutionError
        If this worker runs another batchsim.
    """
    if (own := versions()) != expected:
        raise ExecutionError(f"the worker on {platform.node()}", _differing(own, expected))
    digests = dict.fromkeys(file.digest for file in task.traces)
    return execute_sent(task, dict(zip(digests, contents, strict=True)))


def _differing(own: Versions, expected: Versions) -> str:
    return "has " + ", ".join(
        f"{name} {own.get(name, 'none')} where {version} is needed"
        for name, version in expected.items()
        if own.get(name) != version
    )


async def _answers(distributed: Any, address: str) -> None:
    """Find out whether a scheduler answers: a client that did not get so far takes long to be closed."""
    security = distributed.Security().get_connection_args("client")
    connection = await distributed.comm.connect(address, timeout=PATIENCE_S, **security)
    await connection.close()


class DaskExecutor(Submitting):
    """Executes tasks on a Dask cluster.

    Each result is taken from the cluster as soon as it is there, so that a worker that dies takes with it only what it
    was about. Dask gives such a run to three other workers; when it ends all of them, it is tried once more when all
    others are done, alone, and has failed if it ends that too.

    Parameters
    ----------
    address : str
        Of the scheduler: ``tcp://10.0.0.5:8786``.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._client: Any = None
        self._completed: Any = None
        self._names = (f"batchsim-{uuid4().hex}-{number}" for number in count())
        self._tasks: dict[str, Task] = {}
        self._suspects: deque[Task] = deque()
        self._tried_alone: set[str] = set()
        self._contents: dict[str, Any] = {}
        self._versions = versions()
        self._threads = 0
        self._looked_at = self._had_workers_at = 0.0

    def __enter__(self) -> Self:
        """Connect.

        Raises
        ------
        ExecutionError
            If the cluster can't be reached, has no workers, or one of them runs another batchsim, Python or NumPy.
        """
        if find_spec("distributed") is None:
            raise ExecutionError(self.address, "the package distributed is missing: pip install 'batchsim[dask]'")
        distributed: Any = import_module("distributed")
        try:
            # What is no address would keep a client busy for long after it has said so.
            distributed.comm.get_address_host_port(self.address)
            with ThreadPoolExecutor(1) as aside:  # where there is a loop already, as in Jupyter, another can't be run
                aside.submit(asyncio.run, _answers(distributed, self.address)).result()
            self._client = distributed.Client(self.address, timeout=PATIENCE_S, set_as_default=False)
        # What answers may be another server, such as the cluster's dashboard: its bytes are taken for a length.
        except (OSError, ValueError, TypeError, MemoryError, EOFError) as error:
            told = str(error).partition("\n")[0] or type(error).__name__
            hint = "is it running, is its port open, is the address the one that it prints when it starts?"
            raise ExecutionError(self.address, f"no Dask scheduler answers ({told}): {hint}") from None
        try:
            self._check()
        except BaseException:
            self._client.close()
            raise
        self._completed = distributed.as_completed(loop=self._client.loop, with_results=True, raise_errors=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        # Nobody asks for what is left: the cluster drops it.
        self._completed.clear()
        self._tasks.clear()
        self._contents.clear()
        self._client.close()

    def _check(self) -> None:
        """Find out whether there are workers, and whether they are as this process."""
        try:
            self._client.wait_for_workers(1, timeout=PATIENCE_S)
        except TimeoutError:
            reason = f"the cluster has no workers: start some with `dask worker {self.address} --nthreads 1`"
            raise ExecutionError(self.address, reason) from None
        found = {f"the worker {name}": each for name, each in self._client.run(versions, on_error="return").items()}
        try:
            # It unpacks what it passes on.
            found["the scheduler"] = self._client.run_on_scheduler(versions)
        except Exception as error:  # noqa: BLE001 (whatever is raised there is raised here)
            found["the scheduler"] = error
        faults: Counter[str] = Counter()
        example: dict[str, str] = {}
        for who, its in found.items():
            if isinstance(its, BaseException):
                fault = f"has no batchsim {__version__} that can be imported ({its})"
            elif its != self._versions:
                fault = _differing(its, self._versions)
            else:
                continue
            faults[fault] += 1
            example.setdefault(fault, who)
        if faults:
            told = "; ".join(
                f"{example[fault]} {fault}" + (f", {n - 1} more too" if n > 1 else "")
                for fault, n in faults.most_common()
            )
            raise ExecutionError(self.address, f"results would not be the same everywhere: {told}")
        self._look()

    def submit(self, task: Task) -> None:
        """See `Executor.submit`."""
        contents = [self._content(task, digest) for digest in dict.fromkeys(file.digest for file in task.traces)]
        future = self._client.submit(
            execute_beside, task.sent, self._versions, *contents, key=next(self._names), pure=False
        )
        self._tasks[future.key] = task
        self._completed.add(future)

    def _content(self, task: Task, digest: str) -> Any:
        """What is in a trace file, on the cluster; as a task's result, so that a worker's death does not lose it."""
        if digest not in self._contents:
            content = next(file for file in task.traces if file.digest == digest).content()
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Sending large graph")
                self._contents[digest] = self._client.submit(bytes, content, key=f"batchsim-trace-{digest}")
        return self._contents[digest]

    @property
    def is_full(self) -> bool:
        """See `Executor.is_full`."""
        if time.monotonic() - self._looked_at > LOOKED_AT_EVERY_S:
            self._look()
        return len(self._tasks) >= AHEAD * max(self._threads, 1)

    @property
    def pending(self) -> int:
        """See `Executor.pending`."""
        return len(self._tasks) + len(self._suspects)

    def take(self) -> Finished:
        """See `Executor.take`.

        Raises
        ------
        ExecutionError
            If the cluster is gone, has had no worker for minutes, or a worker came that runs another batchsim.
        """
        while True:
            if not self._tasks:
                self._submit_alone()
            self._wait()
            finished = self._taken()
            if finished is not None:
                return finished

    def take_ready(self) -> Iterator[Finished]:
        """See `Executor.take_ready`."""
        while self._completed.has_ready():
            finished = self._taken()
            if finished is not None:
                yield finished

    def _taken(self) -> Finished | None:
        """The next result that is there; None of a run that is tried once more, or that nobody asked for."""
        future, result = next(self._completed)
        task = self._tasks.pop(future.key, None)
        if task is None or isinstance(result, Finished):
            return result if task is not None else None
        error = result[1] if isinstance(result, tuple) else result
        if isinstance(error, ExecutionError):
            raise ExecutionError(self.address, str(error))
        if type(error).__name__ != "KilledWorker":
            told = f"{type(error).__name__}: {error}".splitlines()[0]
            gone = isinstance(error, CancelledError) or future.cancelled()
            reason = "the connection to the cluster is lost" if gone else "a run could not be executed"
            raise ExecutionError(self.address, f"{reason} ({told}); what has finished is stored")
        if task.key not in self._tried_alone:
            self._suspects.append(task)
            return None
        self._tried_alone.discard(task.key)
        deaths = 2 * (error.allowed_failures + 1)
        return Finished(task.key, "failed", error=f"{deaths} workers died of it: out of memory?")

    def _submit_alone(self) -> None:
        """Try once more what workers died of, with nothing of ours beside it."""
        task = self._suspects.popleft()
        self._tried_alone.add(task.key)
        self.submit(task)

    def _wait(self) -> None:
        """Wait for a result as long as there is hope of one."""
        while not self._completed.has_ready():
            with self._completed.thread_condition:
                self._completed.thread_condition.wait(0.1)
            if time.monotonic() - self._looked_at > LOOKED_AT_EVERY_S:
                self._look()
                if time.monotonic() - self._had_workers_at > LEFT_ALONE_S:
                    reason = f"the cluster has had no workers for {LEFT_ALONE_S:.0f} s; what has finished is stored"
                    raise ExecutionError(self.address, reason)

    def _look(self) -> None:
        """See how many threads the cluster has now."""
        try:
            self._threads = sum(self._client.nthreads().values())
        except (OSError, RuntimeError) as error:
            told = str(error).partition("\n")[0] or type(error).__name__
            reason = f"the connection to the cluster is lost ({told}); what has finished is stored"
            raise ExecutionError(self.address, reason) from None
        self._looked_at = time.monotonic()
        if self._threads:
            self._had_workers_at = self._looked_at
