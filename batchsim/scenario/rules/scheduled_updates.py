"""Rules about scheduled updates outside the simulation, where EventBridge Scheduler makes their calls."""

from __future__ import annotations

from collections.abc import Iterator

from batchsim.errors import Finding
from batchsim.scenario.document.access import mappings
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.registry import rule

_CALLS = {"cancel": "CancelJob", "terminate": "TerminateJob"}


@rule(
    "scheduled-jobs",
    "What is deployed as a schedule cancels and terminates no jobs",
    "AWS Batch API, TerminateJob.jobId; EventBridge Scheduler User Guide, Using universal targets",
    stage="deployment",
)
def scheduled_jobs(context: Context) -> Iterator[Finding]:
    """A schedule makes one call whose parameters are known when it is made; a job's id is not known then."""
    deploys = isinstance(context.document.values.get("deployment"), dict)
    for where, update in mappings(context.document.values, (), "updates"):
        for member in _CALLS.keys() & update.keys():
            jobs = update[member] if isinstance(update[member], dict) else {}
            queue = jobs.get("jobQueue") or "QUEUE"
            name = jobs.get("jobName")
            listed = f"`aws batch list-jobs --job-queue {queue}"
            listed += f" --filters name=JOB_NAME,values={name}`" if name else "`"
            yield context.finding(
                (*where, member),
                f"it is not deployed: no schedule can {member} jobs, since {_CALLS[member]} takes one job's id",
                expected=f"a function or a state machine at that time, which lists the jobs ({listed}) and calls "
                f"{_CALLS[member]} for each",
                severity="error" if deploys else "warning",
            )
