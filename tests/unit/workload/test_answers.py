"""Job details wherever they stand, and what stands near and is none."""

from __future__ import annotations

import json
import re

import pytest

import batchsim as bs
from batchsim.workload.traces.answers import found_in, job_details

JOB = {
    "jobArn": "arn:aws:batch:us-east-1:123456789012:job/0001",
    "jobId": "0001",
    "jobName": "part",
    "jobQueue": "main",
    "jobDefinition": "work:3",
    "status": "SUCCEEDED",
    "createdAt": 1_760_000_001_000,
    "startedAt": 1_760_000_300_000,
    "stoppedAt": 1_760_000_900_000,
    "container": {"resourceRequirements": [{"type": "VCPU", "value": "2"}, {"type": "MEMORY", "value": "4096"}]},
    "dependsOn": [{"jobId": "0000"}],
}
OTHER = {**JOB, "jobId": "0002"}
#: User Guide, *AWS Batch events*: the detail has DescribeJobs' shape.
EVENT = {"version": "0", "detail-type": "Batch Job State Change", "source": "aws.batch", "detail": JOB}


def spelled(value, key):
    if isinstance(value, dict):
        return {key(name): spelled(content, key) for name, content in value.items()}
    return [spelled(item, key) for item in value] if isinstance(value, list) else value


def pascal(value):
    """As Go's, .NET's and PowerShell's SDKs and Step Functions spell it."""
    return spelled(value, lambda name: name[:1].upper() + name[1:])


def snake(value):
    """As Ruby's SDK spells it."""
    return spelled(value, lambda name: re.sub("[A-Z]", lambda found: "_" + found[0].lower(), name))


def history(output):
    """GetExecutionHistory of Step Functions."""
    request = json.dumps({"JobName": "part", "JobQueue": "main", "JobDefinition": "work"})
    return {
        "events": [
            {"type": "TaskScheduled", "taskScheduledEventDetails": {"parameters": request}},
            {"type": "TaskSucceeded", "taskSucceededEventDetails": {"output": json.dumps(output)}},
        ]
    }


YAML = [f"{name}: {json.dumps(value)}" for name, value in JOB.items()]
WRAPPED = {
    "answer": json.dumps({"jobs": [JOB]}),
    "boto3": json.dumps({"ResponseMetadata": {"RequestId": "x", "HTTPStatusCode": 200}, "jobs": [JOB]}),
    "--query jobs": json.dumps([JOB]),
    "--query jobs[0]": json.dumps(JOB, indent=4),
    "PascalCase": json.dumps({"Jobs": [pascal(JOB)]}),
    "snake_case": json.dumps({"jobs": [snake(JOB)]}),
    "an SDK's nulls": json.dumps({**JOB, "nodeProperties": None, "eksProperties": None, "arrayProperties": None}),
    "event": json.dumps(EVENT),
    "filter-log-events": json.dumps({"events": [{"timestamp": 1, "message": json.dumps(EVENT)}]}),
    "Logs Insights": json.dumps({"results": [[{"field": "@message", "value": json.dumps(EVENT)}]]}),
    "Logs Insights, console": json.dumps([{"@timestamp": "2025-10-09", "@message": EVENT}]),
    "Logs Insights, CSV": '@timestamp,@message\n2025-10-09,"{}"\n'.format(json.dumps(EVENT).replace('"', '""')),
    "SQS": json.dumps({"Messages": [{"Body": json.dumps(EVENT)}]}),
    "SNS to Lambda": json.dumps({"Records": [{"Sns": {"Message": json.dumps(EVENT)}}]}),
    "Lambda": json.dumps({"statusCode": 200, "body": json.dumps({"jobs": [JOB]})}),
    "Step Functions": json.dumps(pascal(JOB)),
    "Step Functions, ResultPath": json.dumps({"input": 1, "batch": pascal(JOB)}),
    "describe-execution": json.dumps({"executionArn": "a", "status": "SUCCEEDED", "output": json.dumps(pascal(JOB))}),
    "get-execution-history": json.dumps(history(pascal(JOB))),
    "--output yaml": "jobs:\n- " + "\n  ".join(YAML),
    "--output yaml-stream": "- jobs:\n  - " + "\n    ".join(YAML),
}  # fmt: skip


@pytest.mark.parametrize("kind", WRAPPED)
def test_a_job_is_found_in(kind, tmp_path):
    path = tmp_path / "jobs"
    path.write_text(WRAPPED[kind])
    (found,) = job_details(path, "jobs").jobs
    assert {name: found[name] for name in JOB} == JOB


@pytest.mark.parametrize("between", ["\n", "", "\r\n\r\n", ",\n"])
def test_appended_answers_and_json_lines(between, tmp_path):
    path = tmp_path / "jobs"
    path.write_text(between.join([json.dumps({"jobs": [JOB]}, indent=4), json.dumps(OTHER)]))
    assert [job["jobId"] for job in job_details(path, "jobs").jobs] == ["0001", "0002"]


def test_summaries_of_jobs_that_no_detail_describes_are_counted():
    summary = {"jobId": "0001", "jobName": "part", "status": "SUCCEEDED", "createdAt": 1}
    found = found_in([{"jobs": [JOB]}, {"jobSummaryList": [summary, {**summary, "jobId": "0009"}]}])
    assert len(found.jobs) == 1
    assert found.unread == {"summaries of jobs (list-jobs), which do not say what the jobs asked for": 1}


#: Members by the service model (ListJobs, SubmitJob, DescribeServiceJob, …) and by the tools' own pages.
NEAR = {
    "list-jobs": (
        {"jobSummaryList": [{"jobId": f"{n}", "jobName": "a", "status": "SUCCEEDED", "startedAt": 1, "stoppedAt": 2,
                             "container": {"exitCode": 0}} for n in range(5)]},
        "asked for; expected what `aws batch describe-jobs --jobs 0 1 2 …` prints (a hundred ids at a time)",
    ),
    "list-jobs of a multi-node job": (
        [{"jobId": "a", "jobName": "a", "status": "FAILED", "nodeProperties": {"numNodes": 2}}],
        "summaries of jobs (list-jobs)",
    ),
    "list-jobs, nothing": ({"jobSummaryList": []}, "an answer of list-jobs without jobs"),
    "describe-jobs, nothing": ({"jobs": []}, "an answer without jobs; expected ids that AWS still knows"),
    "describe-jobs, request": ({"jobs": ["0001"]}, "a request of describe-jobs"),
    "list-jobs-by-consumable-resource": (
        {"jobs": [{"jobArn": "a", "jobQueueArn": "q", "jobName": "n", "jobStatus": "SUCCEEDED", "createdAt": 1}]},
        "summaries of list-jobs-by-consumable-resource",
    ),
    "get-job-queue-snapshot": (
        {"frontOfQueue": {"jobs": [{"jobArn": "a", "earliestTimeAtPosition": 1}]}}, "a snapshot of a queue",
    ),
    "describe-service-job": (
        {"jobId": "a", "jobName": "a", "jobQueue": "q", "status": "SUCCEEDED", "serviceJobType": "SAGEMAKER_TRAINING",
         "startedAt": 1, "stoppedAt": 2}, "service jobs",
    ),
    "submit-job": (
        {"jobArn": "a", "jobName": "n", "jobId": "7"},
        "the answer of submit-job: the job has not run yet; expected what `aws batch describe-jobs --jobs 7` prints",
    ),
    "submit-job, request": ({"jobName": "n", "jobQueue": "q", "jobDefinition": "d"}, "a request of submit-job"),
    "cancel-job, request": ({"jobId": "7", "reason": "no"}, "a request of cancel-job or terminate-job"),
    "describe-job-definitions": ({"jobDefinitions": [{"jobDefinitionName": "a"}]}, "`batchsim import config`"),
    "describe-compute-environments": ({"computeEnvironments": []}, "`batchsim import config`"),
    "CloudFormation": (
        {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Q": {"Properties": {"JobQueueName": "q"}}}},
        "a CloudFormation template",
    ),
    "CloudTrail": (
        {"Records": [{"eventSource": "batch.amazonaws.com", "eventName": "SubmitJob",
                      "responseElements": {"jobId": "7", "jobName": "n"}}]}, "CloudTrail's record of calls",
    ),
    "Logs Insights": ({"results": [[{"field": "detail.jobId", "value": "7"}]]}, "a query with `fields @message`"),
    "Step Functions": ({"executionArn": "a", "status": "RUNNING"}, "an execution of Step Functions without its output"),
    "ECS": ({"tasks": [{"taskArn": "t", "taskDefinitionArn": "d"}]}, "tasks of ECS"),
    "Glue": ({"JobRuns": [{"Id": "a", "JobName": "n", "JobRunState": "SUCCEEDED"}]}, "job runs of AWS Glue"),
    "Kubernetes": ({"apiVersion": "v1", "kind": "List", "items": []}, "an object of Kubernetes"),
    "Slurm": ({"jobs": [{"job_id": 7, "partition": "p", "state": {"current": ["COMPLETED"]}}]}, "jobs of Slurm"),
    "WfCommons": ({"schemaVersion": "1.5", "workflow": {}}, "format: wfformat"),
    "--query with lists": ([["7", "SUCCEEDED"]], "values without their names"),
    "--query with other names": ([{"id": "7", "state": "SUCCEEDED"}], "an object of id, state"),
    "nothing": (None, "no job in it; expected"),
}  # fmt: skip


@pytest.mark.parametrize("kind", NEAR)
def test_what_is_no_job_is_told_by_its_name(kind, tmp_path):
    content, said = NEAR[kind]
    path = tmp_path / "jobs"
    path.write_text(json.dumps(content))
    with pytest.raises(bs.ScenarioError) as caught:
        job_details(path, "jobs")
    assert str(caught.value).startswith("jobs: [trace] no job in it")
    assert said in str(caught.value)
