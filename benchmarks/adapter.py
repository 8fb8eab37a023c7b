"""The few names of batchsim that are measured, found in this checkout and in an older one alike.

Imported before anything else of batchsim: ``simulate`` is replaced by one that takes its own time, and whoever imports
it afterwards has that one.
"""

from __future__ import annotations

import inspect
import sys
import time
from pathlib import Path
from typing import Any

import batchsim.engine.simulation as simulation

_simulate: Any = simulation.simulate
_engine_s: list[float] = []


def _timed(*arguments: Any, **members: Any) -> Any:
    begun = time.process_time()
    recording = _simulate(*arguments, **members)
    _engine_s.append(time.process_time() - begun)
    return recording


setattr(simulation, "simulate", _timed)  # noqa: B010 (a module's attribute, which type checkers guard)

import batchsim as bs  # noqa: E402
from batchsim.results.store import write as _write  # noqa: E402
from batchsim.scenario.loading import from_mapping  # noqa: E402
from batchsim.scenario.scenario import Scenario  # noqa: E402

__all__ = ["Scenario", "engine_modules", "from_mapping", "load", "run", "taken_engine_s", "write"]

load = bs.load
run = bs.run


def write(result: Any, folder: Path) -> None:
    """Write a results folder."""
    wanting: Any = _write
    if "summary" in inspect.signature(wanting).parameters:
        wanting(result.run, result.summary, folder)
    else:
        wanting(result, folder)


def taken_engine_s() -> float:
    """CPU seconds of ``simulate`` since this was last asked."""
    if not _engine_s:
        raise RuntimeError("batchsim.run no longer calls batchsim.engine.simulation.simulate: mend the adapter")
    taken = sum(_engine_s)
    _engine_s.clear()
    return taken


def engine_modules() -> tuple[int, int]:
    """How many modules of the engine are compiled, and how many there are."""
    prefix = f"{simulation.__name__.rpartition('.')[0]}."
    files = [Path(str(module.__file__)) for name, module in sys.modules.items() if name.startswith(prefix)]
    # A room's own file holds its docstring.
    files = [file for file in files if file.stem != "__init__"]
    return sum(file.suffix in {".so", ".pyd"} for file in files), len(files)
