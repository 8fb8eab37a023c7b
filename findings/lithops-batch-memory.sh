#!/usr/bin/env bash
# lithops 3.8.0 (backend aws_batch, with boto3 1.44.8): the memory of one call is in the name of its job definition, but is
# not asked for; and more calls than there is room for, with a fraction of a vCPU each, are refused by boto3.
#
# FunctionExecutor.map(…, runtime_memory=…) is documented as the memory to run the function with. The backend makes a job
# definition of its own for it, named after the memory that was asked for, whose MEMORY is that of the configuration. Of
# 10 vCPUs and half a vCPU a call (the defaults) it works out 20.0 workers, a float; a map over more than 20 values is
# shared out among them, and the size of the array job becomes a float as well.
# Output seen:
#   4096 MB asked for: batch-runtime--4096mb is registered with MEMORY 1024
#   20 calls: array of 20; 21 calls: "Invalid type for parameter arrayProperties.size, value: 11.0, type: <class 'float'>"
# Why it matters: a plan made from what the code asks for, or from the names of job definitions, has four times the memory
# that runs; jobs die of it and are tried again. Read the sizes of DescribeJobDefinitions, and state runtime_memory in the
# configuration; state env_max_cpus and runtime_cpu so that one is a whole multiple of a whole number.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check lithops==3.8.0 boto3==1.44.8
cd "$folder"
HOME="$folder" "$folder/venv/bin/python" - <<'PYTHON'
import json

import botocore.exceptions
from lithops.serverless.backends.aws_batch.aws_batch import AWSBatchBackend
from lithops.serverless.backends.aws_batch.config import load_config

given = {
    "aws": {"region": "us-east-1", "access_key_id": "none", "secret_access_key": "none"},
    "aws_batch": {"execution_role": "role", "security_groups": ["sg-1"], "subnets": ["subnet-1"], "job_role": "role"},
}
load_config(given)
settings = given["aws_batch"] | {"account_id": "123456789012", "user_id": "AIDA:user", "user_agent": "lithops"}
backend = AWSBatchBackend(settings, None)
sent = {}


def answer(**answered):
    """Keeps a request once boto3 has checked it, and answers instead of AWS."""

    def handler(model, params, **_):
        sent[model.name] = json.loads(params["body"])
        http = type("Response", (), {"status_code": 200})()
        return http, answered | {"ResponseMetadata": {"HTTPStatusCode": 200}}

    return handler


events = backend.batch_client.meta.events
events.register("before-call.batch.DescribeJobDefinitions", answer(jobDefinitions=[]))
events.register("before-call.batch.RegisterJobDefinition", answer())
events.register("before-call.batch.SubmitJob", answer())

backend._create_job_def("batch-runtime", 4096)
request = sent["RegisterJobDefinition"]
needs = {each["type"]: each["value"] for each in request["containerProperties"]["resourceRequirements"]}
print("registered:", request["jobDefinitionName"].rpartition("FARGATE_SPOT--")[2], needs)
assert request["jobDefinitionName"].endswith("batch-runtime--4096mb"), "this has changed"
assert needs == {"VCPU": "0.5", "MEMORY": "1024"}, "this has changed"


def submitted(calls):
    payload = {
        "executor_id": "e", "job_id": "j", "job_key": "k", "chunksize": 1, "total_calls": calls,
        "max_workers": settings["max_workers"],
    }
    backend.invoke("batch-runtime", 1024, payload)
    return sent["SubmitJob"]["arrayProperties"]["size"]


assert settings["max_workers"] == 20.0, "this has changed"
print("20 calls: an array of", submitted(20))
try:
    size = submitted(21)
except botocore.exceptions.ParamValidationError as error:
    print("21 calls:", str(error).splitlines()[-1])
    assert "arrayProperties.size, value: 11.0" in str(error), "this has changed"
else:
    raise SystemExit(f"this has changed: 21 calls are an array of {size}")
PYTHON
