"""WfFormat of WfCommons (1.4 and 1.5): an executed workflow with its tasks, parents and run times.

Cores and memory count where they were recorded as requests of a task (``coreCount``, ``memoryInBytes``); the job
definition's are taken elsewhere. All tasks are submitted together; each waits for its parents. A task may have more
parents than SubmitJob's 20 dependencies: the workflow engine that ran it held it back.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np

from batchsim.scenario.model import Trace
from batchsim.scenario.reading import dig, figure
from batchsim.workload.traces.common import Faults, Jobs, read_bytes

BYTES_PER_MIB = 1024**2


def load_json(path: Path, faults: Faults) -> Any:
    """The JSON in a file; a fault with its line where it is none."""
    try:
        return json.loads(read_bytes(path, faults))
    except json.JSONDecodeError as error:
        faults.add(error.lineno, f"not JSON: {error.msg}")
    except UnicodeDecodeError as error:
        faults.add(0, f"not UTF-8 text (byte {error.start})")
    except (RecursionError, ValueError):
        faults.add(0, "JSON that is nested too deeply, or has too long a number")
    faults.raise_any()
    return None


def job_name(task: str) -> str:
    """A task's id as AWS Batch would take it for a job's name."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", task)[:128]
    return name if re.match(r"[A-Za-z0-9]", name) else f"t{name}"[:128]


def read(path: Path, trace: Trace, faults: Faults) -> Jobs:  # noqa: ARG001 (one signature for all formats)
    """Read a WfFormat file."""
    content = load_json(path, faults)
    tasks, executed = dig(content, "workflow", "specification", "tasks"), dig(content, "workflow", "execution", "tasks")
    if not isinstance(tasks, list) or not isinstance(executed, list) or not tasks:
        faults.add(0, "no workflow.specification.tasks and workflow.execution.tasks", "WfFormat 1.4 or 1.5")
        faults.raise_any()
    ran = {str(dig(task, "id")): task for task in executed}
    place = {str(dig(task, "id")): row for row, task in enumerate(tasks)}
    if len(place) < len(tasks):
        faults.add(0, "tasks share an id", "an id of its own for each")
        faults.raise_any()
    edges: list[tuple[int, int]] = []
    runtime_s, vcpus, memory = [], [], []
    for row, task in enumerate(tasks):
        task_id = str(dig(task, "id"))
        seconds = figure(dig(ran.get(task_id), "runtimeInSeconds"))
        if seconds is None or seconds < 0:
            faults.add(0, f"the task {task_id!r} has no run time of 0 s or more")
        runtime_s.append(seconds or 0.0)
        cores, size = figure(dig(ran.get(task_id), "coreCount")), figure(dig(ran.get(task_id), "memoryInBytes"))
        vcpus.append(math.ceil(cores) if cores and cores > 0 else math.nan)
        memory.append(max(math.ceil(size / BYTES_PER_MIB), 4) if size and size > 0 else math.nan)
        parents = dig(task, "parents")
        for parent in parents if isinstance(parents, list) else ():
            if str(parent) not in place:
                faults.add(0, f"the task {task_id!r} waits for {parent!r}, which is not there")
            else:
                edges.append((place[str(parent)], row))
        if faults.full:
            break
    faults.raise_any()
    n = len(tasks)
    return Jobs(
        names=[job_name(task_id) for task_id in place],
        submitted_at=np.zeros(n),
        runtime_s=np.array(runtime_s),
        vcpus=np.array(vcpus, float),
        memory_mib=np.array(memory, float),
        gpus=np.zeros(n),
        exit_code=np.zeros(n, np.int32),
        edges=np.array(edges, np.int64).reshape(-1, 2),
    )
