"""Jobs that ran in AWS Batch, read from a live account (ListJobs, DescribeJobs)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from batchsim.aws.client import AwsAccount, aws_errors
from batchsim.aws.descriptions import AT_ONCE, pages
from batchsim.workload.traces.job_details import MS_PER_S

FINISHED = ("SUCCEEDED", "FAILED")


def live_jobs(
    account: AwsAccount,
    queue: str,
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    statuses: Sequence[str] = FINISHED,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[dict[str, Any]]:
    """The jobs of a queue, as DescribeJobs gives them; for `jobs.import_details`.

    AWS Batch forgets finished jobs after at least seven days (User Guide, *Job states*). Children of arrays are among
    them, multi-node jobs too: the import counts what can't be replayed.

    Parameters
    ----------
    queue : str
        Name or ARN.
    since, until : datetime, optional
        Only jobs that were created in between, the first included; UTC where there is no offset.
    statuses : sequence of str
        Which jobs: the finished ones, or others too.
    on_progress : callable
        Told how many of how many jobs have been described.

    Raises
    ------
    AwsError
        If AWS refuses or does not answer.
    """
    client = account.client()
    job_ids = list(dict.fromkeys(_listed(client, queue, statuses, _epoch_ms(since), _epoch_ms(until))))
    found: list[dict[str, Any]] = []
    for start in range(0, len(job_ids), AT_ONCE):
        with aws_errors("DescribeJobs"):
            found += client.describe_jobs(jobs=job_ids[start : start + AT_ONCE])["jobs"]
        on_progress(min(start + AT_ONCE, len(job_ids)), len(job_ids))
    return found


def _listed(
    client: Any, queue: str, statuses: Sequence[str], since: float | None, until: float | None
) -> Iterator[str]:
    """The jobIds of a queue's jobs, an array's children after their parent."""
    for summary in _summaries(client, queue, statuses, since):
        created = summary.get("createdAt", 0)
        in_time = (since is None or created >= since) and (until is None or created < until)
        if in_time and summary.get("status") in statuses:
            yield summary["jobId"]
            yield from _children(client, statuses, summary)


def _summaries(client: Any, queue: str, statuses: Sequence[str], since: float | None) -> Iterator[dict[str, Any]]:
    """What ListJobs says of a queue's jobs: of those in some states, or of all since an instant."""
    if since is None:
        requests: list[dict[str, Any]] = [{"jobStatus": status} for status in statuses]
    else:
        # ListJobs with a filter: newest first, jobs of every status, without children of arrays; `after` leaves out
        # the very millisecond.
        requests = [{"filters": [{"name": "AFTER_CREATED_AT", "values": [str(math.floor(since) - 1)]}]}]
    for request in requests:
        yield from pages(client, "ListJobs", "jobSummaryList", queue, jobQueue=queue, **request)


def _children(client: Any, statuses: Sequence[str], summary: dict[str, Any]) -> Iterator[str]:
    """The jobIds of an array's children; none of any other job."""
    array = summary.get("arrayProperties", {})
    if array.get("size") is None or "index" in array:
        return
    for status in statuses:
        asked = {"arrayJobId": summary["jobId"], "jobStatus": status}
        for child in pages(client, "ListJobs", "jobSummaryList", summary["jobId"], **asked):
            yield child["jobId"]


def _epoch_ms(instant: datetime | None) -> float | None:
    if instant is None:
        return None
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp() * MS_PER_S
