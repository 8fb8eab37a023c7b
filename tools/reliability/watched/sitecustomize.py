"""Watches a command from inside: Python imports this first in each process whose ``PYTHONPATH`` begins with its folder.

What to watch is in variables:

``RELIABILITY_BEGAN``
    File that gets a line when the program begins to load its command: what comes before is Python's own start.
``RELIABILITY_CHANGES``
    ``FOLDER``, a whole path: each change of the file system in it that Python is about to make is counted.
``RELIABILITY_SIGNAL``
    ``NUMBER:SIGNAL``: before the change with this number, from 1, the process sends itself the signal.
``RELIABILITY_COUNTED``
    File that gets a line for each change that was counted.
``RELIABILITY_SUBMITTED``
    File that gets the key of each run that is given to an executor.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from typing import Any

#: Events of `sys.addaudithook` that come before a change, with the places of paths in their arguments.
CHANGES = {
    "open": (0,), "os.rename": (0, 1), "os.mkdir": (0,), "os.remove": (0,), "os.rmdir": (0,), "os.link": (1,),
    "os.truncate": (0,), "sqlite3.connect": (0,),
}  # fmt: skip
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def note(path: str, text: str) -> None:
    """Append to a file, by a way that no audit event goes."""
    os.write(_OPEN[path], text.encode())


_OPEN: dict[str, int] = {}


def opened(name: str) -> str:
    """The path that a variable names, its file open; empty where there is none."""
    path = os.environ.get(name, "")
    if path:
        _OPEN[path] = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    return path


def counting(folder: str, at: int, signal: int, counted: str) -> Callable[[str, tuple[Any, ...]], None]:
    """An audit hook that counts changes in a folder, and sends the signal before one of them."""
    done = 0

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal done
        places = CHANGES.get(event)
        if places is None or (event == "open" and not _writes(arguments)):
            return
        paths = [os.fsdecode(arguments[place]) for place in places if isinstance(arguments[place], (str, bytes))]
        if not any(path.startswith(folder) for path in paths):
            return
        done += 1
        if counted:
            note(counted, f"{event}\n")
        if done == at:
            os.kill(os.getpid(), signal)

    return hook


def _writes(arguments: tuple[Any, ...]) -> bool:
    _, mode, flags = arguments
    return bool(set(mode or "") & set("wxa+")) or bool(int(flags or 0) & WRITES)


class Watching(MetaPathFinder):
    """Sees modules of the program come, before they are there."""

    def __init__(self, began: str, submitted: str) -> None:
        self._began = began
        self._submitted = submitted

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Note the first import of the program; have the executor's module note what it is given."""
        if name == "batchsim.cli" and self._began:
            note(self._began, "began\n")
        if name != "batchsim.experiments.executors.local" or not self._submitted:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: Any) -> None:
                execute(module)
                submit = module.LocalExecutor.submit

                def noting(executor: Any, task: Any) -> None:
                    note(self._submitted, f"{task.key}\n")
                    submit(executor, task)

                module.LocalExecutor.submit = noting

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


if folder := os.environ.get("RELIABILITY_CHANGES"):
    number, _, signal_number = os.environ.get("RELIABILITY_SIGNAL", "0:0").partition(":")
    sys.addaudithook(counting(folder, int(number), int(signal_number), opened("RELIABILITY_COUNTED")))
sys.meta_path.insert(0, Watching(opened("RELIABILITY_BEGAN"), opened("RELIABILITY_SUBMITTED")))
