"""Standard Workload Format (Feitelson, Parallel Workloads Archive): 18 fields a line, ``;`` begins a comment.

Processors become vCPUs, run time the run time, submit time the arrival, the preceding job a dependency. Jobs without a
run time or processors are skipped and counted.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from batchsim.scenario.model import Trace
from batchsim.workload.traces.common import Faults, Jobs, read_bytes

FIELDS = 18
KIB_PER_MIB = 1024


def read(path: Path, trace: Trace, faults: Faults) -> Jobs:
    """Read an SWF file."""
    skipped: dict[str, int] = {}
    rows: list[list[float]] = []
    seen: dict[int, int] = {}
    for number, line in enumerate(read_bytes(path, faults).decode("utf-8", "replace").splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith(";"):
            continue
        try:
            fields = [float(field) for field in text.split()]
        except ValueError:
            faults.add(number, f"not a job: {text[:40]!r}", f"{FIELDS} numbers")
            fields = []
        if fields and (len(fields) != FIELDS or not all(map(math.isfinite, fields))):
            faults.add(number, f"{len(fields)} fields", f"{FIELDS} numbers")
        elif fields:
            processors = fields[4] if fields[4] > 0 else fields[7]
            reason = "no run time" if fields[3] <= 0 else "no processors" if processors <= 0 else ""
            if reason:
                skipped[reason] = skipped.get(reason, 0) + 1
            elif fields[1] < 0:
                faults.add(number, f"submitted at {fields[1]:g}", "a time of 0 or more")
            else:
                fields[4] = processors
                seen[int(fields[0])] = len(rows)
                rows.append(fields)
        if faults.full:
            break
    faults.raise_any()
    if not rows:
        faults.add(0, "no job in it", "lines of 18 numbers")
        faults.raise_any()
    table = np.array(rows)
    vcpus = table[:, 4]
    memory = np.where(table[:, 9] > 0, np.ceil(vcpus * table[:, 9] / KIB_PER_MIB), np.nan)
    if trace.memory_per_vcpu is not None:
        memory = np.ceil(vcpus * trace.memory_per_vcpu)
    preceding = [
        (seen[int(before)], row) for row, before in enumerate(table[:, 16]) if int(before) in seen and before > 0
    ]
    n = len(rows)
    return Jobs(
        names=[f"job-{int(number)}" for number in table[:, 0]],
        submitted_at=table[:, 1],
        runtime_s=table[:, 3],
        vcpus=vcpus,
        memory_mib=memory,
        gpus=np.zeros(n),
        exit_code=np.zeros(n, np.int32),
        queues=[trace.queues.get(str(int(queue))) for queue in table[:, 14]] if trace.queues else None,
        edges=np.array(preceding, np.int64).reshape(-1, 2),
        skipped=skipped,
    )
