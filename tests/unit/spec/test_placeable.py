"""Whether a queue ever runs a job: one answer, whoever asks."""

from __future__ import annotations

import pytest

import batchsim as bs
from batchsim.spec.configuration import Shape
from batchsim.spec.placeable import why_never
from batchsim.validation.workload import review
from tests.builders import definition, environment, job, queue, scenario, workflow


def gang(count: int, *types: str):
    """A definition of so many nodes of one vCPU, on instances of a type where one is named."""
    container = {
        "image": "busybox",
        "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "1000"}],
    }
    group = {"targetNodes": "0:", "container": container, **({"instanceTypes": list(types)} if types else {})}
    properties = {"numNodes": count, "mainNode": 0, "nodeRangeProperties": [group]}
    return {"jobDefinitionName": "task", "type": "multinode", "nodeProperties": properties}


@pytest.mark.parametrize(
    ("resources", "members", "code", "words"),
    [
        ({}, {"vcpus": "2", "memory": "3000"}, "", ""),
        ({"maxvCpus": 8}, {"vcpus": "9"}, "above-max-vcpus", "9 vCPU are above maxvCpus"),
        ({}, {"vcpus": "1", "memory": "9000"}, "never-placeable", "1 vCPU, 9000 MiB"),
        # c6i.large has 2 vCPU: 32 of them make 64.
        ({"maxvCpus": 64}, gang(32), "", ""),
        ({"maxvCpus": 64}, gang(33), "node-vcpus", "33 nodes take 33 instances, 66 vCPU with c6i.large"),
        ({}, gang(2, "c6i.large"), "", ""),
        ({}, gang(2, "m7i.large"), "node-type-listed", "m7i.large, which no EC2 environment of queue lists"),
    ],
)  # fmt: skip
def test_the_reason_is_named_and_the_summary_agrees(resources, members, code, words):
    defined = members if "jobDefinitionName" in members else definition(**members)
    made = scenario(environments=[environment(**resources)], definitions=[defined])
    assert [finding.code for finding in made.warnings] == [code] * bool(code)
    assert words in "".join(finding.message for finding in made.warnings)
    stuck = bs.run(made).summary["unplaceable"]
    assert bool(stuck) == bool(code)
    # What a workflow's job asks for is told at the job, and not once more at its queue.
    assert not [finding for finding in review(made) if finding.code == code]


def trace(tmp_path, rows: str, **members):
    (tmp_path / "jobs.csv").write_text(f"job_name,submitted_at,runtime_s,job_queue,vcpus\n{rows}")
    return {"trace": {"format": "csv", "path": "jobs.csv", "jobDefinition": "task", **members}}


def test_a_trace_is_judged_by_the_same_reasons(tmp_path):
    made = scenario(
        trace(tmp_path, "a,0,60,queue,9\nb,0,60,queue,1\n"), environments=[environment(maxvCpus=8)], base=tmp_path
    )
    found = list(review(made))
    assert [finding.code for finding in found] == ["above-max-vcpus"]
    assert "1 job of jobs asks for 9 vCPU" in found[0].message


@pytest.mark.parametrize("row", ["a,0,60,off,1\n", "a,0,60,,1\n"])
def test_a_disabled_queue_refuses_the_jobs_of_a_trace(tmp_path, row):
    queues = [queue(), {**queue("off"), "state": "DISABLED"}]
    made = scenario(trace(tmp_path, row, jobQueue="off"), queues=queues, base=tmp_path)
    with pytest.raises(bs.ScenarioError, match="the queue off is DISABLED and refuses jobs"):
        bs.run(made)
    # Nobody minds it as long as no job goes there.
    assert (
        bs.run(scenario(trace(tmp_path, "a,0,60,queue,1\n"), queues=queues, base=tmp_path)).summary["jobs"]["succeeded"]
        == 1
    )


def test_a_disabled_queue_never_runs_anything():
    made = scenario(workflow(job(jobQueue="queue")), queues=[queue(), {**queue("off"), "state": "DISABLED"}])
    on, off = made.configuration.queues
    environments = made.configuration.attached(off)
    assert why_never(on, environments, Shape(1, 4)) is None
    refusal = why_never(off, environments, Shape(1, 4))
    assert refusal is not None
    assert refusal.code == "disabled-queue"
