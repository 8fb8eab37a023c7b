#!/usr/bin/env bash
# torchx 0.7.0 (scheduler aws_batch: Role.max_retries) and redun 0.44.1 (executor aws_batch: retries): one retry is none.
#
# torchx documents max_retries as the "max number of retries before giving up", redun calls its option a number of retries,
# 1 unless it is said. Both put the number into the attempts of AWS Batch's retryStrategy, which count the first run too: one
# attempt is no retry. Both have other executors (Kubernetes, Google's Batch) where the same number does count retries. No
# retries, 0, is one attempt with torchx, and 0 attempts with redun, which AWS Batch does not take (1 to 10).
# Output seen (asked for: attempts in the request):
#   torchx max_retries   0: 1    1: 1    2: 2    3: 3      roles with 0 and 4: 4, for all nodes
#   redun retries        0: 0    1: 1    2: 2    3: 3      nothing said in the configuration: 1
# Why it matters: on Spot each interruption costs an attempt. Where 5 % of the runs are interrupted, 5 % of the jobs fail with
# "one retry" as with none, where a quarter of a percent would with a retry; a plan or a simulation made from the source's
# number has a try too many for each job. Take attempts from DescribeJobs or the job definition, and ask for one more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for package in torchx==0.7.0 redun==0.44.1; do
    python3 -m venv "$folder/${package%%=*}"
    "$folder/${package%%=*}/bin/python" -m pip install --quiet --disable-pip-version-check "$package"
done
cd "$folder"
export AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none AWS_DEFAULT_REGION=us-west-2
"$folder/torchx/bin/python" -W ignore - <<'PYTHON'
from torchx.schedulers import aws_batch_scheduler
from torchx.specs import AppDef, Resource, Role

scheduler = aws_batch_scheduler.create_scheduler("session")


def attempts(*retries):
    """The attempts in the job definition of an application with a role for each of the numbers of retries."""
    roles = [
        Role(f"role{number}", image="image", entrypoint="run", resource=Resource(cpu=1, gpu=0, memMB=1024), max_retries=each)
        for number, each in enumerate(retries)
    ]
    request = scheduler.submit_dryrun(AppDef("app", roles), {"queue": "queue"}).request
    return request.job_def["retryStrategy"]["attempts"]


found = {retries: attempts(retries) for retries in range(4)}
print("torchx max_retries:", found, "roles with 0 and 4:", attempts(0, 4))
assert found == {0: 1, 1: 1, 2: 2, 3: 3}, "this has changed (attempts should be one more than retries)"
assert attempts(0, 4) == 4, "this has changed"
PYTHON
"$folder/redun/bin/python" -W ignore - <<'PYTHON'
import json

from redun.config import create_config_section
from redun.executors import aws_batch, aws_utils

sent = {}


def answer(model, params, **_):
    """Keeps a request once boto3 has checked it, and answers instead of AWS."""
    sent[model.name] = json.loads(params["body"])
    answered = {"jobDefinitions": [{"jobDefinitionArn": "arn", "revision": 1}], "jobId": "1", "jobName": "job"}
    return type("Response", (), {"status_code": 200})(), answered | {"ResponseMetadata": {"HTTPStatusCode": 200}}


client = aws_utils.get_aws_client("batch", aws_region="us-west-2")  # the executor's own client, which it keeps
client.meta.events.register("before-call.batch", answer)


def attempts(**options):
    job = {"containerOverrides": {}}
    aws_batch.batch_submit(
        job, queue="queue", image="image", job_def_name="job", autocreate_job_def=False, aws_region="us-west-2", **options
    )
    return sent["SubmitJob"]["retryStrategy"]["attempts"]


section = create_config_section({"image": "image", "queue": "queue", "s3_scratch": "s3://bucket/prefix", "role": "role"})
default = aws_batch.AWSBatchExecutor("batch", config=section).default_task_options["retries"]
found = {retries: attempts(retries=retries) for retries in range(4)}
print("redun retries:", found, "nothing said:", default, "retries,", attempts(retries=default), "attempts")
assert found == {0: 0, 1: 1, 2: 2, 3: 3}, "this has changed (attempts should be one more than retries)"
assert default == 1, "this has changed"
PYTHON
