"""A run as an account would tell of it: answers of DescribeJobs, and Batch Job State Change events."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from datetime import datetime

ACCOUNT = "arn:aws:batch:us-east-1:123456789012"
#: Jobs that one answer of DescribeJobs describes at most.
PAGE = 100


def missing(value) -> bool:
    return value is None or not isinstance(value, (int, float)) or math.isnan(value)


def milliseconds(start: datetime, seconds: float) -> int:
    return round((start.timestamp() + seconds) * 1000)


def details(result) -> list[dict]:
    """The details of all jobs, those of arrays' parents too."""
    start = result.scenario.start
    needs = _needs(result.scenario)
    attempts = defaultdict(list)
    for attempt in result.attempts.to_dict("records"):
        attempts[attempt["job_id"]].append(attempt)
    made, parents = [], {}
    for job in result.jobs.to_dict("records"):
        detail = _detail(job, attempts[job["job_id"]], start)
        parent, separator, index = job["job_id"].rpartition(":")
        if separator:
            detail["arrayProperties"] = {"index": int(index)}
            parents.setdefault(parent, []).append(detail)
        else:
            detail["dependsOn"] = needs(job["job_id"], job["workflow"], job["job_name"])
        made.append(detail)
    for parent, children in parents.items():
        workflow, _, name = parent.split("/")
        made.append(
            {
                **{key: children[0][key] for key in ("jobName", "jobQueue", "jobDefinition", "createdAt")},
                "jobId": parent,
                "status": "SUCCEEDED",
                "arrayProperties": {"size": len(children)},
                "dependsOn": needs(parent, workflow, name),
                "attempts": [],
                "container": children[0]["container"],
            }
        )
    return made


def _detail(job: dict, attempts: list[dict], start: datetime) -> dict:
    detail = {
        "jobId": job["job_id"],
        "jobName": job["job_name"],
        "jobQueue": f"{ACCOUNT}:job-queue/{job['job_queue']}",
        "jobDefinition": f"{ACCOUNT}:job-definition/{job['job_definition']}:3",
        "status": job["status"],
        "createdAt": milliseconds(start, job["submitted_at"]),
        "statusReason": job["status_reason"] if isinstance(job["status_reason"], str) else "",
        "container": {
            "resourceRequirements": [
                {"type": "VCPU", "value": f"{job['vcpus']:g}"},
                {"type": "MEMORY", "value": f"{job['memory_mib']}"},
            ]
        },
        "attempts": [],
    }
    for attempt in attempts:
        if missing(attempt["stopped_at"]):
            if not missing(attempt["started_at"]):
                detail["startedAt"] = milliseconds(start, attempt["started_at"])
            continue
        told = {"statusReason": attempt["status_reason"], "container": {}}
        told["stoppedAt"] = milliseconds(start, attempt["stopped_at"])
        if not missing(attempt["started_at"]):
            told["startedAt"] = milliseconds(start, attempt["started_at"])
        if not missing(attempt["exit_code"]):
            told["container"]["exitCode"] = int(attempt["exit_code"])
        if isinstance(attempt["instance_id"], str) and attempt["instance_id"].startswith("i-"):
            told["container"]["containerInstanceArn"] = f"{ACCOUNT}:container-instance/{attempt['instance_id']}"
        detail["attempts"].append(told)
    return detail


def _needs(scenario):
    """The dependencies of a job, by the names of its workflow's entry."""
    entries = {
        (entry["workflow"], job["jobName"]): job.get("dependsOn", ())
        for entry in scenario.document.values["workload"]
        if "workflow" in entry
        for job in entry["jobs"]
    }

    def needs(job_id: str, workflow: str, name: str) -> list[dict]:
        return [
            {"jobId": f"{job_id.rpartition('/')[0]}/{each['jobName']}" if "jobName" in each else "",
             **({"type": each["type"]} if "type" in each else {})}
            for each in entries.get((workflow, name), ())
        ]  # fmt: skip

    return needs


def events(result) -> list[dict]:
    """When jobs came to be RUNNABLE and STARTING; events know seconds."""
    start = result.scenario.start
    known = {detail["jobId"]: detail for detail in details(result)}
    made = []
    for attempt in result.attempts.to_dict("records"):
        for status, at in (("RUNNABLE", attempt["runnable_at"]), ("STARTING", attempt["starting_at"])):
            if missing(at):
                continue
            time = datetime.fromtimestamp(milliseconds(start, at) / 1000, start.tzinfo).strftime("%Y-%m-%dT%H:%M:%SZ")
            detail = {**known[attempt["job_id"]], "status": status, "attempts": []}
            detail.pop("startedAt", None)
            made.append({"detail-type": "Batch Job State Change", "time": time, "detail": detail})
    return made


def write_pages(made: list[dict], path) -> None:
    """Pages of DescribeJobs one after the other, as a loop of commands leaves them."""
    pages = (made[first : first + PAGE] for first in range(0, len(made), PAGE))
    path.write_text("\n".join(json.dumps({"jobs": page}) for page in pages), encoding="utf-8")


def write_events(made: list[dict], path) -> None:
    """Events as JSON Lines."""
    path.write_text("\n".join(map(json.dumps, made)), encoding="utf-8")
