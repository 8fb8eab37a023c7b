#!/usr/bin/env bash
# moto 5.2.5 (mock of AWS Batch without Docker) and botocore 1.44.8 (its description of the service): ListJobs.
#
# AWS lists only RUNNING jobs when no status is asked for; botocore's description of jobStatus says so. moto lists all of
# them, whatever their state. And its DescribeJobs gives neither the retry strategy nor the
# timeout of the job definition, which belong to a job in its answer.
# Output seen, of 3 jobs that have ended and whose definition has 3 attempts of 60 s:
#   listed without a status: 3        RUNNING: 0        SUCCEEDED: 3        retryStrategy None, timeout None
# Why it matters: a program that makes a trace of the jobs that ran, or counts those that wait, passes its tests with moto
# and finds nothing in an account but what runs at that moment. Ask for each status, and test the requests, not the answer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "moto[batch]==5.2.5" boto3==1.44.8 botocore==1.44.8
AWS_ACCESS_KEY_ID=testing AWS_SECRET_ACCESS_KEY=testing AWS_DEFAULT_REGION=us-east-1 \
  "$folder/venv/bin/python" - <<'PYTHON'
import time

import boto3
from botocore.loaders import Loader
from moto import mock_aws

described = Loader().load_service_model("batch", "service-2")["shapes"]["ListJobsRequest"]["members"]["jobStatus"]
said = described["documentation"].replace("<code>", "").replace("</code>", "")
assert "only RUNNING jobs are returned" in said, "this has changed: what botocore says"


@mock_aws(config={"batch": {"use_docker": False}})
def seen():
    batch, iam, ec2 = (boto3.client(name) for name in ("batch", "iam", "ec2"))
    role = iam.create_role(RoleName="role", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    resources = {
        "type": "FARGATE",
        "maxvCpus": 16,
        "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
        "securityGroupIds": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
    }
    environment = batch.create_compute_environment(
        computeEnvironmentName="fargate", type="MANAGED", state="ENABLED", computeResources=resources, serviceRole=role
    )["computeEnvironmentArn"]
    order = [{"order": 1, "computeEnvironment": environment}]
    queue = batch.create_job_queue(
        jobQueueName="queue", state="ENABLED", priority=1, computeEnvironmentOrder=order
    )["jobQueueArn"]
    needs = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}]
    definition = batch.register_job_definition(
        jobDefinitionName="job",
        type="container",
        containerProperties={"image": "image", "resourceRequirements": needs},
        retryStrategy={"attempts": 3},
        timeout={"attemptDurationSeconds": 60},
    )["jobDefinitionArn"]
    ids = [batch.submit_job(jobName="job", jobQueue=queue, jobDefinition=definition)["jobId"] for _ in range(3)]
    for _ in range(100):
        jobs = batch.describe_jobs(jobs=ids)["jobs"]
        if all(job["status"] == "SUCCEEDED" for job in jobs):
            break
        time.sleep(0.1)
    listed = [
        len(batch.list_jobs(jobQueue=queue, **status)["jobSummaryList"])
        for status in ({}, {"jobStatus": "RUNNING"}, {"jobStatus": "SUCCEEDED"})
    ]
    return listed, jobs[0].get("retryStrategy"), jobs[0].get("timeout")


listed, retry_strategy, timeout = seen()
print("listed without a status, RUNNING, SUCCEEDED:", *listed, "retryStrategy:", retry_strategy, "timeout:", timeout)
assert listed == [3, 0, 3], "this has changed: what is listed"
assert not retry_strategy and not timeout, "this has changed: what is described"
PYTHON
