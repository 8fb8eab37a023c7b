#!/usr/bin/env bash
# metaflow 2.19.39 (@batch with @resources): a decorator that says nothing of memory asks for 4096 MB all the same.
#
# With both decorators on a step Metaflow takes the larger of two values, which is documented. But @resources has values of
# its own for what is left out, one CPU and 4096 MB, and they take part: adding @resources(cpu=4) to a step with
# @batch(memory=1000) should change its CPUs, and quadruples its memory. @batch alone asks for 1000.
# Output seen (the request of the step):
#   @batch(cpu=0.5, memory=1000)                      cpu 0.5   memory 1000
#   @batch(memory=1000) and @resources(cpu=4)         cpu 4     memory 4096
#   @batch(cpu=0.25) and @resources(memory=512)       cpu 1.0   memory 512
# Why it matters: jobs are packed by what they request. The one of a quarter of a CPU takes the room of four, and one of one
# CPU and 1000 MB that of two where an instance has 2 GiB to a vCPU (c5), though nothing in the source says 1 or 4096. A
# plan is to be made from the requests of the jobs, not from the decorators of their steps.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check metaflow==2.19.39
cd "$folder"
HOME="$folder" "$folder/venv/bin/python" - <<'PYTHON'
from metaflow.plugins.aws.aws_utils import compute_resource_attributes
from metaflow.plugins.aws.batch.batch_decorator import BatchDecorator
from metaflow.plugins.resources_decorator import ResourcesDecorator


def request(batch, resources=None):
    """CPUs and memory of a step's job, as the decorator computes them before it starts."""
    batch = BatchDecorator(attributes=batch)
    decorators = [batch] if resources is None else [batch, ResourcesDecorator(attributes=resources)]
    values = compute_resource_attributes(decorators, batch, BatchDecorator.resource_defaults)
    return float(values["cpu"]), float(values["memory"])


SEEN = [
    ({"cpu": 0.5, "memory": 1000}, None, (0.5, 1000)),
    ({"memory": 1000}, {"cpu": 4}, (4, 4096)),
    ({"cpu": 0.25}, {"memory": 512}, (1, 512)),
]
for batch, resources, seen in SEEN:
    cpu, memory = request(batch, resources)
    print(f"@batch {batch} @resources {resources}: cpu {cpu:g}, memory {memory:g} MB")
    assert (cpu, memory) == seen, f"this has changed; expected {seen}"
PYTHON
