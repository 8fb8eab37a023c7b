"""Finding job details (API ``JobDetail``) in what AWS, its services and shells give them in.

An answer of DescribeJobs, pages of it, a bare list or a single job; an EventBridge event's ``detail``, alone or in a
log group, a queue or a bucket; the output of a Step Functions task. All of these are one thing: job details somewhere
inside other values, some of them as JSON in a text, some with the SDK's capital letters. What holds none is told by its
name, with the command that gives what is needed.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from batchsim.errors import Finding, ScenarioError
from batchsim.scenario.document.content import Readable, decoded, documents, read_content
from batchsim.scenario.document.document import compose

#: What a job detail may say of what a job asks for.
_ASKS = ("container", "ecsProperties", "eksProperties", "nodeProperties")

#: What says that a job got somewhere.
_STATES = ("status", "createdAt", "startedAt", "stoppedAt", "attempts")

_JSON = re.compile(r"\s*[\[{]")

#: ``aws --output yaml`` and ``yaml-stream``.
_YAML = re.compile(r"(---\s*\n)?(- )?[A-Za-z]\w*:(\s|$)")

#: What is right instead, with the ids that are there in the place of the braces.
_DESCRIBE = "what `aws batch describe-jobs --jobs {ids}` prints (a hundred ids at a time)"
_IMPORT_CONFIG = f"{_DESCRIBE}; a configuration is for `batchsim import config`"
_MESSAGE = "a query with `fields @message` over the log group of AWS Batch's events"
_BATCH = "jobs of AWS Batch on compute environments"


@dataclass(frozen=True)
class Neighbour:
    """Something that stands near job details and is none.

    Attributes
    ----------
    members : tuple of str
        What an object that is one has, all of them.
    name : str
        What it is, as a user would say it.
    remedy : str
        What would be right instead.
    ran : bool
        Whether it speaks of a job that may have run.
    """

    members: tuple[str, ...]
    name: str
    remedy: str = _DESCRIBE
    ran: bool = False


#: What is told first stands first: what holds others before what is held.
NEIGHBOURS = (
    Neighbour(("eventSource", "eventName"), "CloudTrail's record of calls, which holds no answers of describe-jobs"),
    Neighbour(("resources", "aWSTemplateFormatVersion"), "a CloudFormation template", _IMPORT_CONFIG),
    Neighbour(("apiVersion", "kind"), "an object of Kubernetes"),
    Neighbour(("workflow", "schemaVersion"), "a workflow of WfCommons", "`trace: {format: wfformat, path: …}`"),
    Neighbour(("serviceJobType",), "service jobs (describe-service-job), which no environment runs", _BATCH, ran=True),
    Neighbour(("jobArn", "jobQueueArn"), "summaries of list-jobs-by-consumable-resource, without times", ran=True),
    Neighbour(("earliestTimeAtPosition",), "a snapshot of a queue (get-job-queue-snapshot): its jobs have not run"),
    Neighbour(("jobId", "partition"), "jobs of Slurm (sacct --json)", "a trace of format csv in batchsim's columns"),
    Neighbour(("jobId", "status"), "summaries of jobs (list-jobs), which do not say what the jobs asked for", ran=True),
    Neighbour(("jobId", "jobName"), "the answer of submit-job: the job has not run yet"),
    Neighbour(("jobId", "reason"), "a request of cancel-job or terminate-job"),
    Neighbour(
        ("jobName", "jobQueue", "jobDefinition"),
        "a request of submit-job, which has no run time",
        f"{_DESCRIBE}; jobs to come are a workflow in `workload:`",
    ),
    Neighbour(("jobDefinitionName",), "a job definition", _IMPORT_CONFIG),
    Neighbour(("computeEnvironmentName",), "a compute environment", _IMPORT_CONFIG),
    Neighbour(("jobQueueName",), "a job queue", _IMPORT_CONFIG),
    Neighbour(("fairsharePolicy",), "a scheduling policy", _IMPORT_CONFIG),
    Neighbour(("field", "value"), "results of CloudWatch Logs Insights without @message", _MESSAGE),
    Neighbour(("@timestamp",), "a log export without @message", _MESSAGE),
    Neighbour(("executionArn",), "an execution of Step Functions without its output", "describe-execution's answer"),
    Neighbour(("taskArn", "taskDefinitionArn"), "tasks of ECS (ecs describe-tasks)"),
    Neighbour(("jobRunState",), "job runs of AWS Glue (glue get-job-runs)", _BATCH),
    Neighbour(("trainingJobName",), "training jobs of SageMaker", _BATCH),
)

#: What none of them is without.
_MARKS = frozenset(kind.members[0] for kind in NEIGHBOURS)

#: Lists that may be empty, and the command whose answer they are.
_LISTS = {
    "jobs": ("an answer without jobs", "ids that AWS still knows: it keeps finished jobs for seven days or more"),
    "jobSummaryList": ("an answer of list-jobs without jobs", "a queue and a status that has some, --job-status"),
    "jobDefinitions": ("job definitions (describe-job-definitions)", _IMPORT_CONFIG),
    "computeEnvironments": ("compute environments (describe-compute-environments)", _IMPORT_CONFIG),
    "jobQueues": ("job queues (describe-job-queues)", _IMPORT_CONFIG),
    "schedulingPolicies": ("scheduling policies (describe-scheduling-policies)", _IMPORT_CONFIG),
}


@dataclass
class Answers:
    """What was found in a file.

    Attributes
    ----------
    jobs : list of dict
        Job details, in AWS's own spelling and in their order.
    others : mapping
        What else there is: for each neighbour the jobIds in it, empty ones where it has none.
    """

    jobs: list[dict[str, Any]] = field(default_factory=list)
    others: dict[Neighbour, list[str]] = field(default_factory=dict)

    def add(self, other: Answers) -> None:
        """Join what was found elsewhere."""
        self.jobs += other.jobs
        for kind, ids in other.others.items():
            self.others.setdefault(kind, []).extend(ids)

    @property
    def unread(self) -> dict[str, int]:
        """What else speaks of jobs that may have run and that no detail describes, counted."""
        described = {str(job["jobId"]) for job in self.jobs}
        counts = {
            kind.name: len([each for each in ids if each not in described])
            for kind, ids in self.others.items()
            if kind.ran
        }
        return {name: count for name, count in counts.items() if count}


def job_details(path: Readable, shown: str) -> Answers:
    """The job details in a file.

    Raises
    ------
    ScenarioError
        If the file can't be read, or holds no job detail: then what it holds is named.
    """
    content = values_in(decoded(read_content(path, shown, "trace"), shown, "trace"), shown)
    answers = found_in(content)
    if not answers.jobs:
        raise ScenarioError([none_in(content, answers, shown)])
    return answers


def none_in(content: Any, answers: Answers, shown: str) -> Finding:
    """What is said of values that hold no job detail: what they hold instead, and what would be right."""
    message, expected = _instead(content, answers)
    return Finding("trace", "", message, expected, file=shown)


def found_in(content: Any) -> Answers:
    """The job details in values of any kind."""
    answers = Answers()
    waiting = [content]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str) and _JSON.match(value):
            value = _parsed(value)
        if isinstance(value, list):
            waiting += reversed(value)
        elif isinstance(value, dict) and not _is_taken(value, answers):
            waiting += reversed(list(value.values()))
    return answers


def _is_taken(value: dict[str, Any], answers: Answers) -> bool:
    """Whether a mapping is a job detail, which is noted as such; what else has a job's id is noted beside."""
    spelled = value if "jobId" in value else lowered(value)
    if _is_detail(spelled):
        answers.jobs.append(value if "jobId" in value else _as_aws(value))
        return True
    if _MARKS.isdisjoint(spelled):  # as nearly all of what stands in an event or a container
        return False
    kind = next((kind for kind in NEIGHBOURS if all(name in spelled for name in kind.members)), None)
    if kind is not None:
        answers.others.setdefault(kind, []).append(str(spelled.get("jobId") or ""))
    return False


def values_in(text: str, shown: str) -> Any:
    """What a text holds: JSON, the CLI's YAML, or a log's CSV whose ``@message`` is JSON."""
    if _YAML.match(text):
        return compose(text, shown)[0]
    head, _, _ = text.partition("\n")
    if "@message" in head and not _JSON.match(text):
        csv.field_size_limit(max(csv.field_size_limit(), len(text)))
        return [row["@message"] for row in csv.DictReader(io.StringIO(text)) if row.get("@message")]
    return documents(text, shown, "trace")


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _camel(key: str) -> str:
    """A key as AWS's API spells it, from other SDKs' spellings: ``JobId`` and ``job_id`` are ``jobId``."""
    key = re.sub(r"_([a-z])", lambda found: found[1].upper(), key) if "_" in key else key
    return key[:1].lower() + key[1:]


def lowered(value: Mapping[Any, Any]) -> dict[str, Any]:
    """A mapping with its keys as AWS Batch's API spells them."""
    return {_camel(str(key)): content for key, content in value.items()}


def _as_aws(value: Any, depth: int = 20) -> Any:
    """A job in the API's spelling, as deep as what is read of it stands."""
    if depth and isinstance(value, dict):
        return {_camel(str(key)): _as_aws(content, depth - 1) for key, content in value.items()}
    return [_as_aws(item, depth - 1) for item in value] if depth and isinstance(value, list) else value


def _is_detail(value: Mapping[str, Any]) -> bool:
    if value.get("jobId") is None or value.get("serviceJobType") is not None or "partition" in value:
        return False
    return any(value.get(name) is not None for name in _STATES) and (
        value.get("jobQueue") is not None or any(_asks(value, name) for name in _ASKS)
    )


def _asks(job: Mapping[str, Any], name: str) -> bool:
    """Whether a job says there what it asks for; a summary's container and nodes say how they ended alone."""
    said = job.get(name)
    if not isinstance(said, dict) or not said:
        return False
    members = {
        "container": ("resourceRequirements", "vcpus", "memory"),
        "nodeProperties": ("nodeRangeProperties",),
    }.get(name)
    return members is None or any(said.get(member) is not None for member in members)


def _instead(content: Any, answers: Answers) -> tuple[str, str]:
    """What stands where there is no job detail, and what would be right."""
    kind = next((kind for kind in NEIGHBOURS if kind in answers.others), None)
    if kind is not None:
        what, remedy, ids = kind.name, kind.remedy, list(dict.fromkeys(filter(None, answers.others[kind])))
    else:
        (what, remedy), ids = _other(content), []
    remedy = remedy.replace("{ids}", " ".join([*ids[:3], *(["…"] if len(ids) > 3 else [])]) or "ID …")
    return f"no job in it, but {what}" if what else "no job in it", remedy


def _other(content: Any) -> tuple[str, str]:
    """What values are that have neither jobs nor their neighbours, and what would be right; empty for nothing."""
    first = content
    while isinstance(first, list) and first:
        first = first[0]
    if first is None or first in ([], {}):
        return "", _DESCRIBE
    if not isinstance(first, dict):
        return "values without their names, as --query can leave them", "the same command without --query"
    keys = lowered(first)
    if keys.get("jobs"):
        return "a request of describe-jobs: ids alone", _DESCRIBE
    listed = next((name for name in _LISTS if name in keys), None)
    if listed is not None:
        return _LISTS[listed]
    return f"an object of {', '.join(map(str, list(first)[:6]))}", _DESCRIBE
