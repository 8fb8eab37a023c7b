"""Scenarios, traces and commands of a stated size, as files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

Work = list[Mapping[str, Any]]

#: Jobs are submitted so often a second, and run for so long on average: 600 of the 1,024 vCPUs are busy.
PER_S, RUNTIME = 2.0, {"exponential": {"mean": "5m"}}
#: AWS Batch's limit to the size of an array (User Guide, *Array jobs*).
ARRAY = 10_000


def _fleet(name: str = "fleet", vcpus: int = 1024) -> Mapping[str, Any]:
    types = ["c6i.4xlarge"]
    resources = {"type": "EC2", "allocationStrategy": "BEST_FIT_PROGRESSIVE", "minvCpus": 0, "maxvCpus": vcpus}
    return {
        "computeEnvironmentName": name,
        "type": "MANAGED",
        "computeResources": {**resources, "instanceTypes": types},
    }


def _queue(name: str = "queue", environment: str = "fleet") -> Mapping[str, Any]:
    order = [{"order": 1, "computeEnvironment": environment}]
    return {"jobQueueName": name, "priority": 1, "computeEnvironmentOrder": order}


def _definition(name: str = "task", vcpus: float = 1, memory_mib: int = 1024, **members: Any) -> Mapping[str, Any]:
    asked = [{"type": "VCPU", "value": str(vcpus)}, {"type": "MEMORY", "value": str(memory_mib)}]
    container = {"image": "busybox", "resourceRequirements": asked}
    return {"jobDefinitionName": name, "type": "container", "containerProperties": container, **members}


def job(name: str = "task", **members: Any) -> Mapping[str, Any]:
    """A job of a workflow: one vCPU for five minutes or so."""
    return {"jobName": name, "jobQueue": "queue", "jobDefinition": "task", "runtime": RUNTIME, **members}


def work(*jobs: Mapping[str, Any], name: str = "work", **arrivals: Any) -> Mapping[str, Any]:
    """A workflow."""
    return {"workflow": name, "jobs": list(jobs), **({"arrivals": arrivals} if arrivals else {})}


def poisson(per_s: float, *jobs: Mapping[str, Any], name: str = "work") -> Mapping[str, Any]:
    """A workflow that arrives at random."""
    return work(*jobs, name=name, poisson={"rate": per_s * 3600})


def scenario(
    workload: Work,
    environments: Iterable[Mapping[str, Any]] = (_fleet(),),
    queues: Iterable[Mapping[str, Any]] = (_queue(),),
    definitions: Iterable[Mapping[str, Any]] = (_definition(),),
    **members: Any,
) -> Mapping[str, Any]:
    """A scenario of one queue, one environment of 1,024 vCPUs and one definition, where nothing else is said."""
    batch = {
        "computeEnvironments": list(environments),
        "jobQueues": list(queues),
        "jobDefinitions": list(definitions),
    }
    return {"name": "limits", "seed": 1, **members, "batch": batch, "workload": workload}


def jobs(count: int, **members: Any) -> Mapping[str, Any]:
    """So many jobs, one after the other through one queue."""
    return scenario([poisson(PER_S, job(**members))], duration=count / PER_S)


def runs(count: int) -> Mapping[str, Any]:
    """So many runs of a workflow of five jobs that wait for each other."""
    after = {"dependsOn": [{"jobName": "first"}]}
    steps = (
        job("first"),
        job("left", runtime=60, **after),
        job("right", runtime=60, arrayProperties={"size": 2}, **after),
        job("last", runtime=60, dependsOn=[{"jobName": "left"}, {"jobName": "right"}]),
    )
    return scenario([poisson(PER_S / 5, *steps)], duration=count * 5 / PER_S)


def queues(count: int, *, own: bool) -> Mapping[str, Any]:
    """So many queues of twenty jobs each, with one environment together or one each."""
    numbers = range(count)
    environments = [_fleet(f"fleet{n}", 16) for n in numbers] if own else [_fleet()]
    named = [_queue(f"queue{n}", f"fleet{n}" if own else "fleet") for n in numbers]
    workload = [poisson(20 / 3600, {**job(), "jobQueue": f"queue{n}"}, name=f"work{n}") for n in numbers]
    return scenario(workload, environments, named, duration="1h")


def instances(count: int) -> Mapping[str, Any]:
    """So many instances at a time: as many jobs, each of which takes one whole."""
    size = min(count, ARRAY)
    array = job(arrayProperties={"size": size}, runtime={"exponential": {"mean": "30m"}})
    workload = [work(array, name=f"work{n}") for n in range(count // size)]
    definition = _definition(vcpus=16, memory_mib=24_000)
    return scenario(workload, [_fleet(vcpus=16 * count)], definitions=[definition])


def definitions(count: int) -> Mapping[str, Any]:
    """So many definitions, each with a size of its own and one job."""
    named = [_definition(f"task{n}", memory_mib=1024 + n) for n in range(count)]
    entries = [work({**job(), "jobDefinition": f"task{n}"}, name=f"work{n}", at=n) for n in range(count)]
    return scenario(entries, definitions=named)


def arrays(count: int) -> Mapping[str, Any]:
    """So many arrays of 10,000, one an hour."""
    return scenario([work(job(arrayProperties={"size": ARRAY}), every="1h", count=count)], [_fleet(vcpus=4096)])


def many_arrays(workflows: int, runs: int) -> Mapping[str, Any]:
    """So many workflows of an array of 10,000, each submitted so often."""
    array = job(arrayProperties={"size": ARRAY})
    return scenario([work(array, name=f"work{n}", every=1, count=runs) for n in range(workflows)])


def attempts(count: int) -> Mapping[str, Any]:
    """So many jobs of which each attempt but one in ten fails, and is made again up to ten times."""
    definition = _definition(retryStrategy={"attempts": 10})
    failing = job(failure={"probability": 0.9}, runtime={"exponential": {"mean": "1m"}})
    return scenario([poisson(PER_S, failing)], definitions=[definition], duration=count / PER_S)


def years(count: float, **arrivals: Any) -> Mapping[str, Any]:
    """So many years of jobs of ten minutes."""
    return scenario([work(job(runtime="10m"), **arrivals)], duration=f"{count * 365:g}d")


def every(count: int, runtime: Any) -> Mapping[str, Any]:
    """So many jobs, two a second."""
    return scenario([work(job(runtime=runtime), every=0.5, count=count)])


def century(count: int) -> Mapping[str, Any]:
    """So many jobs of a hundred years, one after the other on one instance of two vCPUs."""
    definition = _definition(vcpus=2)
    workload = [work(job(runtime="36500d"), every="1s", count=count)]
    resources = {**_fleet()["computeResources"], "maxvCpus": 2, "instanceTypes": ["c6i.large"]}
    return scenario(workload, [{**_fleet(), "computeResources": resources}], definitions=[definition])


def sweep(points: int) -> Mapping[str, Any]:
    """A scenario of a hundred jobs, and so many limits that it is to be run with."""
    values = {"from": 16, "to": 16 * points, "step": 16}
    limits = {"batch.computeEnvironments.fleet.computeResources.maxvCpus": values}
    return {**jobs(100), "sweep": limits}


def variants(count: int) -> Mapping[str, Any]:
    """So many jobs, on two limits."""
    smaller = {"batch.computeEnvironments.fleet.computeResources.maxvCpus": 800}
    return {**jobs(count), "variants": {"smaller": smaller}}


def replay(kind: str, name: str) -> Mapping[str, Any]:
    """A trace beside the scenario."""
    trace = {"path": name, "format": kind, "jobQueue": "queue", "jobDefinition": "task"}
    return scenario([{"trace": trace}])


def write_scenario(path: Path, content: Mapping[str, Any]) -> None:
    """Write a scenario: JSON, which is YAML, with every definition, queue and workflow in lines of its own."""
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def write_trace(path: Path, rows: int, **columns: Any) -> None:
    """Write so many jobs as CSV or Parquet, by the end of the name; `columns` have one value in all rows."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import csv, parquet

    drawn = np.random.default_rng(1).exponential(300, rows)
    table = pa.table(
        {
            "job_name": pa.array([f"job-{row}" for row in range(rows)]),
            "submitted_at": np.arange(rows) / PER_S,
            "runtime_s": np.round(drawn, 3),
        }
        | {name: [value] * rows for name, value in columns.items()}
    )
    if path.suffix == ".parquet":
        parquet.write_table(table, path)
    else:
        csv.write_csv(table, path)
