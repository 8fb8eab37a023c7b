"""A process that executes tasks, one after the other: both ends of it.

The parent holds the only other end of its pipe. When the parent ends, however that happens, the pipe closes, and the
process ends at once: none is left behind.
"""

from __future__ import annotations

import math
import os
import queue
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext, SpawnProcess
from types import ModuleType
from typing import Any

from batchsim.experiments.executors.threads import ONE_THREAD
from batchsim.experiments.tasks import Finished, SentTask, Task

#: What a process says before anything else.
READY = "ready"


class WorkerProcess:
    """The parent's end: a process, and the tasks that were sent to it and not answered, in their order."""

    def __init__(self) -> None:
        self.connection, theirs = SpawnContext().Pipe()
        self._process = _OwnMainProcess(target=_serve, args=(theirs,), daemon=True)
        if hasattr(signal, "pthread_sigmask"):
            # The first start of a process starts this one too, which lets interrupts through again (CPython 3.11).
            resource_tracker.ensure_running()
        with interrupts_held(), _variables(dict.fromkeys(ONE_THREAD, "1")):
            self._process.start()
        theirs.close()
        self.tasks: deque[Task] = deque()
        self.is_ready = False
        #: How long it took for the last task, in seconds.
        self.last_s = math.inf
        self._began_at = 0.0

    def send(self, task: Task) -> None:
        """Have a task executed, after those that were sent before."""
        if not self.tasks:
            self._began_at = time.monotonic()
        self.tasks.append(task)
        # An error says that it has ended, which its pipe tells whoever waits for it.
        with interrupts_held(), suppress(OSError):
            self.connection.send(task.sent)

    def received(self) -> Iterator[Finished]:
        """What it has answered since; it does not wait.

        Raises
        ------
        EOFError
            If it has ended, after all that it answered before.
        """
        while self.connection.poll():
            try:
                answer = self.connection.recv()
            except OSError:
                raise EOFError from None
            if answer == READY:
                self.is_ready = True
            else:
                self.tasks.popleft()
                now = time.monotonic()
                self.last_s, self._began_at = now - self._began_at, now
                yield answer

    def how_it_ended(self) -> str:
        """Its signal or its exit code, in words; it waits for the end."""
        self._process.join()
        code = self._process.exitcode or 0
        if code >= 0:
            return f"ended its process with exit code {code}"
        try:
            name = f" ({signal.Signals(-code).name})"
        except ValueError:
            name = ""
        return f"killed by signal {-code}{name}"

    def close(self) -> None:
        """End it, whatever it does."""
        self.connection.close()
        self._process.kill()
        self._process.join()


class _OwnMainProcess(SpawnProcess):
    """A spawned process that does not run the parent's main module, which may be a script without a guard.

    The standard library would import it to find what is defined there; nothing of ours is.
    """

    def start(self) -> None:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            super().start()
        finally:
            sys.modules["__main__"] = main


@contextmanager
def _variables(added: dict[str, str]) -> Iterator[None]:
    """Variables for a process that is started within, where the user did not set them."""
    added = {name: value for name, value in added.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back for a moment, of this process and of one that is started within."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(connection: Connection) -> None:
    """The process: execute what comes, in its order, until the parent ends or kills it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent alone decides what an interrupt means
    tasks: queue.SimpleQueue[SentTask] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(connection, tasks), daemon=True).start()
    _answer(connection, READY)
    while True:
        _answer(connection, tasks.get().execute())


def _receive(connection: Connection, tasks: queue.SimpleQueue[SentTask]) -> None:
    """Take what the parent sends, also during a run, and end the process when there is no parent."""
    try:
        while True:
            tasks.put(connection.recv())
    except (EOFError, OSError):
        os._exit(0)


def _answer(connection: Connection, answer: Any) -> None:
    try:
        connection.send(answer)
    except OSError:
        os._exit(0)
