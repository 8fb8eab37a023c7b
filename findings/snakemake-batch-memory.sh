#!/usr/bin/env bash
# snakemake-executor-plugin-aws-batch 0.2.1 (with snakemake 9.27.1): memory that is not one of Fargate's sizes is replaced
# by the smallest one, and a job ends after five minutes.
#
# The plugin registers job definitions for EC2, where AWS Batch takes any number of MiB, but checks them against Fargate's
# table of vCPUs and memory. A rule's mem_mb that is not in the table should be refused, or rounded up; it becomes the
# least memory that the table has for the vCPUs, with a warning in the log. The plugin's setting task_timeout is 300 s if
# nothing is said, and is put on every job definition.
# Output seen (asked for: vCPUs, mem_mb; registered: memory, timeout):
#   2 vCPUs, 10,000 MB: 4096 MiB      8 vCPUs, 60,000 MB: 16384 MiB     16 vCPUs, 100,000 MB: 32768 MiB   1 vCPU, 1,000: 2048
#   timeout 300 s
# Why it matters: three times as many jobs fit an instance as the plan says, and die of memory; run times seen in the
# account are cut at 300 s, so that a trace taken from it has no longer ones. Ask for multiples of 1024 MB that Fargate
# has, and say the timeout.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  snakemake-executor-plugin-aws-batch==0.2.1 snakemake==9.27.1
"$folder/venv/bin/python" - <<'PYTHON'
import logging
from types import SimpleNamespace

from snakemake_executor_plugin_aws_batch import ExecutorSettings
from snakemake_executor_plugin_aws_batch.batch_job_builder import BatchJobBuilder


class Client:
    """Keeps what would be sent to AWS Batch."""

    def register_job_definition(self, **request):
        self.request = request
        return {"jobDefinitionName": request["jobDefinitionName"], "revision": 1}


def registered(vcpus, mem_mb):
    client = Client()
    job = SimpleNamespace(name="rule", resources={"_cores": vcpus, "mem_mb": mem_mb})
    settings = ExecutorSettings(region="us-east-1", job_queue="queue", job_role="role")
    builder = BatchJobBuilder(logging.getLogger(), job, {}, "image", settings, "true", client)
    builder.build_job_definition()
    needs = client.request["containerProperties"]["resourceRequirements"]
    assert client.request["platformCapabilities"] == ["EC2"]
    return {need["type"]: int(need["value"]) for need in needs} | client.request["timeout"]


SEEN = {(2, 10_000): 4096, (8, 60_000): 16384, (16, 100_000): 32768, (1, 1_000): 2048, (2, 8_192): 8192}
for (vcpus, mem_mb), memory in SEEN.items():
    job = registered(vcpus, mem_mb)
    print(f"{vcpus} vCPUs, {mem_mb} MB asked for:", job)
    assert job == {"VCPU": vcpus, "MEMORY": memory, "attemptDurationSeconds": 300}, "this has changed"
PYTHON
