"""How a replay on AWS Batch's rules compares with what public logs recorded, whose sites queued by other rules.

``python -m tools.public_logs FOLDER`` learns from three quarters of each log's days and predicts the rest; the
logs (Standard Workload Format, Parallel Workloads Archive) are read from a folder and are not part of the project.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from batchsim.aws.histories.configuration import AccountConfiguration
from batchsim.aws.histories.records import Asked, History, RecordedAttempt, RecordedJob
from batchsim.experiments.calibrate.back_test.back_test import BackTest, back_test
from batchsim.spec.traces import Trace
from batchsim.workload.traces import read_as

#: Logs whose waits are recorded, with the processors of their machines and what put their jobs in order.
LOGS = {
    "HPC2N-2002-first-3170": (240, "Maui, priorities and backfilling"),
    "RICC-2010-2": (8192, "a site's own scheduler"),
}

#: Second 0 of a log, a Monday: logs say their own only as a comment.
_START = 1_793_577_600.0


def log_history(path: Path) -> History:
    """The jobs of a log as a history: RUNNABLE when they were submitted, STARTING and RUNNING when they started."""
    trace = read_as(Trace(format="swf", path=path.name), path, str(path))
    assert trace.started_at is not None  # noqa: S101 (for the type checker)
    columns = zip(
        trace.names,
        trace.submitted_at.tolist(),
        trace.started_at.tolist(),
        trace.runtime_s.tolist(),
        trace.vcpus.tolist(),
        trace.exit_code.tolist(),
        strict=True,
    )
    jobs = [_recorded(*row) for row in columns]
    return History(tuple(sorted(jobs, key=lambda job: (job.created_at, job.job_id))), events=2 * len(jobs))


def _recorded(name: str, submitted: float, started: float, runtime: float, vcpus: float, code: int) -> RecordedJob:
    created = _START + submitted
    start = _START + started
    ran = RecordedAttempt(start, start + runtime, exit_code=code, succeeded=code == 0, reason="")
    return RecordedJob(
        job_id=name,
        name="job",
        definition="job",
        queue="queue",
        status="SUCCEEDED" if code == 0 else "FAILED",
        created_at=created,
        attempts=() if math.isnan(started) else (ran,),
        asked=Asked(vcpus=vcpus),
        runnable=(created,),
        starting=() if math.isnan(started) else (start,),
    )


def machine(processors: int) -> AccountConfiguration:
    """A pool of so many processors without delays, and one queue, first in, first out."""
    definition: dict[str, Any] = {
        "jobDefinitionName": "job",
        "type": "container",
        "containerProperties": {
            "image": "job",
            "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "1024"}],
        },
    }
    batch: dict[str, Any] = {
        "computeEnvironments": [
            {"computeEnvironmentName": "machine", "type": "UNMANAGED", "unmanagedvCpus": processors}
        ],
        "jobQueues": [
            {
                "jobQueueName": "queue",
                "priority": 1,
                "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": "machine"}],
            }
        ],
        "jobDefinitions": [definition],
    }
    return AccountConfiguration(batch, {"preset": "ideal"})


def predicted_log(folder: Path, name: str) -> BackTest:
    """A log's later quarter of days, predicted; a machine without delays does the same each time."""
    processors, _ = LOGS[name]
    return back_test(log_history(folder / f"{name}.swf.gz"), machine(processors), replications=2)


def table(found: dict[str, BackTest]) -> str:
    """A row a log and figure, as Markdown."""
    lines = ["| log | queued by | jobs | figure | recorded | predicted | error |", "|---|---|---:|---|---:|---:|---:|"]
    for name, each in found.items():
        figures = each.figures
        for statistic in ("p50", "p95"):
            seen, told, error = (
                figures[part]["queue_time_s"][statistic] for part in ("observed", "predicted", "error")
            )
            lines.append(
                f"| {name} | {LOGS[name][1]} | {figures['split']['jobs']:,} | queue time {statistic} | {seen:,.0f} s "
                f"| {told:,.0f} s | {'–' if error is None else f'{error:+.0%}'} |"
            )
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Predict the logs of a folder and print their table."""
    parser = argparse.ArgumentParser(description="Predict the later part of public logs.")
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="where the logs are")
    parser.add_argument("--logs", nargs="+", choices=LOGS, default=list(LOGS), help="which (default: all)")
    given = parser.parse_args(arguments)
    print(table({name: predicted_log(given.folder, name) for name in given.logs}), end="")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
