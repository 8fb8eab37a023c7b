"""What the readers of all trace formats share: the file's content, its faults, and the table of jobs they fill."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats, Ints
from batchsim.errors import Finding, ScenarioError
from batchsim.scenario.document.content import Readable, read_content
from batchsim.spec.workload import Attempts
from batchsim.workload.source import Edges, no_edges

#: Faults told of one file; a file with more is not what it is said to be.
MOST_FAULTS = 20

#: No instance has so many vCPUs, MiB or GPUs.
MOST = 1e9

#: The exit code of jobs of which a trace says that they failed and not how.
FAILED_EXIT_CODE = 1


@dataclass
class TraceJobs:
    """The jobs of a trace, in its order; NaN stands for what the trace does not say.

    ``names`` holds a name per job, ``queues`` and ``definitions`` too where the trace names them. Nodes of ``edges``
    from the number of jobs on are array parents. ``think_s`` is that of `JobSource`. Jobs that are ``final`` are not
    retried for their exit code: the record says how they ended in the end. ``runtime_s`` and ``exit_code`` are of the
    last attempt; ``earlier`` are those before it that failed, by the job's row. ``started_at`` (of the first attempt)
    and ``stopped_at`` are those of `RecordedTimes`; None where the format has none. ``notes`` are records that are kept
    and doubted, or taken otherwise than they were, counted by reason.
    """

    names: list[str]
    submitted_at: Floats
    runtime_s: Floats
    vcpus: Floats
    memory_mib: Floats
    gpus: Floats
    exit_code: Ints
    array_index: Ints | None = None
    queues: list[str | None] | None = None
    definitions: list[str | None] | None = None
    share_identifiers: list[str | None] | None = None
    scheduling_priorities: Floats | None = None
    final: NDArray[np.bool_] | None = None
    think_s: Floats | None = None
    started_at: Floats | None = None
    stopped_at: Floats | None = None
    earlier: dict[int, Attempts] = field(default_factory=dict)
    edges: Edges = field(default_factory=no_edges)
    parents: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)


class Faults:
    """Faults of one file, told all at once."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []

    def add(self, line: int, message: str, expected: str = "") -> None:
        """Note a fault; line 0 stands for the whole file."""
        self.findings.append(Finding("trace", "", message, expected, file=self.file, line=line))

    @property
    def full(self) -> bool:
        """Whether enough have been found."""
        return len(self.findings) >= MOST_FAULTS

    def raise_any(self) -> None:
        """Raise what was found.

        Raises
        ------
        ScenarioError
            If there is anything.
        """
        if self.findings:
            raise ScenarioError(self.findings[:MOST_FAULTS])


def read_bytes(path: Readable, faults: Faults) -> bytes:
    """The file's content, unpacked where it is gzip's."""
    return read_content(path, faults.file, "trace")
