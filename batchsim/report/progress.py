"""Progress of what takes long, on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


@contextmanager
def progress(what: str, steps: int, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error, when somebody is there to see it; yields what moves it."""
    console = Console(stderr=True)
    if quiet or not sys.stderr.isatty():
        yield lambda _done: None
        return
    left = (MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("left,")) if steps > 1 else ()
    columns = (TextColumn("{task.description}"), BarColumn(), *left, TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=steps if steps > 1 else None)
        yield lambda done: bar.update(task, completed=done)
