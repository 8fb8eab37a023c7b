"""Submitting the workload's jobs: each workflow once, now, its dependencies as job ids.

SubmitJob has no token that makes a repeated call harmless. Every job carries tags that say which submission it is of;
what is there already is not submitted again, so an interrupted submission is continued by the same command.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from batchsim.aws.client import aws_errors
from batchsim.aws.deployment.apply import Deployer
from batchsim.aws.deployment.inventory import OWNER
from batchsim.aws.descriptions import AT_ONCE, pages
from batchsim.errors import Finding, ScenarioError
from batchsim.scenario.sections.models import Workflow

SUBMISSION = "batchsim:submission"
JOB = "batchsim:job"

#: AWS takes 50 SubmitJob calls a second from an account (AWS Batch User Guide, Service quotas).
MOST_PER_SECOND = 50.0


@dataclass(frozen=True)
class Planned:
    """One SubmitJob call, before the ids of its dependencies are known."""

    workflow: str
    request: dict[str, Any]
    needs: tuple[str, ...]

    @property
    def key(self) -> str:
        """What names the job within a submission."""
        return f"{self.workflow}/{self.request['jobName']}"


def planned(workload: tuple[Any, ...]) -> list[Planned]:
    """The calls of all workflows, each job after those that it depends on.

    Traces are recordings without commands: they are not submitted.
    """
    calls: list[Planned] = []
    for entry in workload:
        if isinstance(entry, Workflow):
            calls += _in_order(entry)
    return calls


def _in_order(workflow: Workflow) -> Iterator[Planned]:
    waiting = {str(job.submit["jobName"]): job.submit for job in workflow.jobs}
    done: set[str] = set()
    while waiting:
        for name, request in list(waiting.items()):
            needs = tuple(entry["jobName"] for entry in request.get("dependsOn", []) if "jobName" in entry)
            if done.issuperset(needs):
                done.add(name)
                yield Planned(workflow.workflow, waiting.pop(name), needs)


def submission_id(scenario: str, calls: list[Planned]) -> str:
    """The name of a submission where the user gives none: the same for the same jobs."""
    content = json.dumps([scenario, [[call.key, call.request] for call in calls]], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def submit(deployer: Deployer, scenario: str, calls: list[Planned], submission: str, per_second: float) -> int:
    """Submit what of a submission is not there yet.

    Parameters
    ----------
    per_second : float
        Calls a second at most.

    Returns
    -------
    int
        How many jobs (arrays count once) were submitted.
    """
    ids: dict[str, str] = {}
    sent = 0
    for call in calls:
        found = _find(deployer, call, scenario, submission)
        if found:
            ids[call.key] = found
            continue
        request = _request(call, ids, scenario, submission)

        def there(call: Planned = call) -> bool:
            known = _find(deployer, call, scenario, submission)
            ids.update({call.key: known} if known else {})
            return known is not None

        def send(call: Planned = call, request: dict[str, Any] = request) -> None:
            with aws_errors("SubmitJob", call.request["jobName"], request):
                ids[call.key] = deployer.client_once.submit_job(**request)["jobId"]

        deployer.surely(send, there)
        sent += 1
        size = call.request.get("arrayProperties", {}).get("size")
        deployer.say(f"submitted {call.key}{f' ({size} children)' if size else ''}: job {ids[call.key]}")
        deployer.sleep(1.0 / per_second)
    return sent


def _request(call: Planned, ids: dict[str, str], scenario: str, submission: str) -> dict[str, Any]:
    own = {OWNER: scenario, SUBMISSION: submission, JOB: call.key}
    request = {**call.request, "tags": {**call.request.get("tags", {}), **own}}
    if "dependsOn" in request:
        request["dependsOn"] = [_dependency(entry, call, ids) for entry in request["dependsOn"]]
    return request


def _dependency(entry: dict[str, Any], call: Planned, ids: dict[str, str]) -> dict[str, Any]:
    """A dependency by job id. ``SEQUENTIAL`` is among an array's own children: with a job's name it means no more."""
    if "jobName" not in entry:
        return entry
    by_id = {"jobId": ids[f"{call.workflow}/{entry['jobName']}"]}
    return {**by_id, "type": "N_TO_N"} if entry.get("type") == "N_TO_N" else by_id


def _find(deployer: Deployer, call: Planned, scenario: str, submission: str) -> str | None:
    """The id of a job of this submission, if it is there."""
    own = {OWNER: scenario, SUBMISSION: submission, JOB: call.key}
    listed = [
        item["jobId"]
        for item in pages(
            deployer.client,
            "ListJobs",
            "jobSummaryList",
            call.request["jobName"],
            jobQueue=call.request["jobQueue"],
            filters=[{"name": "JOB_NAME", "values": [call.request["jobName"]]}],
        )
        if item["jobName"] == call.request["jobName"]
    ]
    for start in range(0, len(listed), AT_ONCE):
        with aws_errors("DescribeJobs", call.request["jobName"]):
            answer = deployer.client.describe_jobs(jobs=listed[start : start + AT_ONCE])
        for job in answer["jobs"]:
            if own.items() <= (job.get("tags") or {}).items():
                return str(job["jobId"])
    return None


def check_rate(per_second: float) -> None:
    """Refuse a rate that AWS would.

    Raises
    ------
    ScenarioError
        If it is not above 0, or above `MOST_PER_SECOND`.
    """
    if not 0 < per_second <= MOST_PER_SECOND:
        expected = f"more than 0, and {MOST_PER_SECOND:g} at most"
        raise ScenarioError([Finding("out-of-range", "--rate", f"{per_second:g} jobs a second can't be", expected)])
