"""The scenarios that are measured, each by the number of jobs it comes to."""

from __future__ import annotations

import random
from typing import Any

from batchsim.scenario.loading import from_mapping
from batchsim.scenario.scenario import Scenario
from benchmarks.peers import ARRIVALS_PER_S, MEAN_SERVICE_S, SERVERS

#: What jobs of the full model ask for: vCPUs and MiB.
SIZES = [(vcpus, vcpus * memory_mib) for vcpus in (1, 2, 4, 8) for memory_mib in (900, 1800, 3600)]
RUNTIME = {"lognormal": {"median": 480, "p95": 1500}}
MEAN_RUNTIME_S = 610.0
LOAD = 0.75

Mapping = dict[str, Any]


def _fleet(name: str, vcpus: int, kind: str = "EC2") -> Mapping:
    strategy = "SPOT_PRICE_CAPACITY_OPTIMIZED" if kind == "SPOT" else "BEST_FIT_PROGRESSIVE"
    types = ["c6i.4xlarge", "m6i.4xlarge", "r6i.4xlarge", "m6i.8xlarge"]
    resources = {"type": kind, "allocationStrategy": strategy, "minvCpus": 0, "maxvCpus": vcpus, "instanceTypes": types}
    return {"computeEnvironmentName": name, "type": "MANAGED", "computeResources": resources}


def _queue(name: str, *environments: str, priority: int = 1, **members: Any) -> Mapping:
    order = [{"order": number, "computeEnvironment": each} for number, each in enumerate(environments, 1)]
    return {"jobQueueName": name, "priority": priority, "computeEnvironmentOrder": order, **members}


def _definition(name: str, vcpus: int, memory_mib: int, **members: Any) -> Mapping:
    asked = [{"type": "VCPU", "value": str(vcpus)}, {"type": "MEMORY", "value": str(memory_mib)}]
    container = {"image": "busybox", "resourceRequirements": asked}
    return {"jobDefinitionName": name, "type": "container", "containerProperties": container, **members}


def _job(definition: str, queue: str = "queue", runtime: Any = RUNTIME, **members: Any) -> Mapping:
    return {"jobName": "job", "jobQueue": queue, "jobDefinition": definition, "runtime": runtime, **members}


def _stream(name: str, jobs_per_s: float, *jobs: Mapping) -> Mapping:
    return {"workflow": name, "arrivals": {"poisson": {"rate": jobs_per_s * 3600}}, "jobs": list(jobs)}


def _scenario(
    environments: list[Mapping],
    queues: list[Mapping],
    definitions: list[Mapping],
    workload: list[Mapping],
    duration_s: float | None = None,
    batch: Mapping | None = None,
    **members: Any,
) -> Scenario:
    named = {"computeEnvironments": environments, "jobQueues": queues, "jobDefinitions": definitions, **(batch or {})}
    limits = {} if duration_s is None else {"duration": duration_s}
    return from_mapping({"name": "benchmark", "seed": 1, "batch": named, "workload": workload, **limits, **members})


def textbook(jobs: int) -> Scenario:
    """The peers' M/M/c queue: c servers and no delays."""
    servers = {"computeEnvironmentName": "servers", "type": "UNMANAGED", "unmanagedvCpus": SERVERS}
    exponential = {"exponential": {"mean": MEAN_SERVICE_S}}
    return _scenario(
        [servers],
        [_queue("queue", "servers")],
        [_definition("task", 1, 1024)],
        [_stream("work", ARRIVALS_PER_S, _job("task", runtime=exponential))],
        jobs / ARRIVALS_PER_S,
        environment={"preset": "ideal"},
    )


def full(jobs: int, *, vcpus: int = 2048, sizes: int = 12) -> Scenario:
    """Everything at once: three priorities, mixed sizes, two environments, boot, scaling, interruptions, retries."""
    kinds = SIZES[:sizes] if sizes <= len(SIZES) else [(1 + n % 8, 1024 + 73 * n) for n in range(sizes)]
    retry = {"retryStrategy": {"attempts": 3}}
    definitions = [_definition(f"size{n}", vcpu, memory, **retry) for n, (vcpu, memory) in enumerate(kinds)]
    mean_vcpus = sum(vcpu for vcpu, _ in kinds) / len(kinds)
    jobs_per_s = LOAD * vcpus / mean_vcpus / MEAN_RUNTIME_S
    queues = ["urgent", "normal", "bulk"]
    return _scenario(
        [_fleet("spot", vcpus * 3 // 4, "SPOT"), _fleet("on-demand", vcpus // 4)],
        [_queue(name, "spot", "on-demand", priority=30 - 10 * n) for n, name in enumerate(queues)],
        definitions,
        [
            _stream(f"work{n}", jobs_per_s / len(kinds), _job(f"size{n}", queues[n % 3], failure={"probability": 0.01}))
            for n in range(len(kinds))
        ],
        jobs / jobs_per_s,
    )


def one_size(jobs: int, *, vcpus: int = 2048, sizes: int = 1, waiting: bool = False) -> Scenario:
    """One queue and one environment; all jobs at once, or as many at a time as keep it three quarters full."""
    kinds = [(4, 8192)] if sizes == 1 else [(1 + n % 7, 2048 + 61 * n) for n in range(sizes)]
    definitions = [_definition(f"size{n}", vcpu, memory) for n, (vcpu, memory) in enumerate(kinds)]
    jobs_per_s = LOAD * vcpus / 4 / MEAN_RUNTIME_S
    if waiting:
        size: Mapping = {"arrayProperties": {"size": 10_000}}
        work = [{"workflow": f"work{n}", "jobs": [_job("size0", **size)]} for n in range(max(jobs // 10_000, 1))]
    else:
        work = [_stream(f"work{n}", jobs_per_s / sizes, _job(f"size{n}")) for n in range(sizes)]
    return _scenario(
        [_fleet("fleet", vcpus)], [_queue("queue", "fleet")], definitions, work, None if waiting else jobs / jobs_per_s
    )


def shares(jobs: int, *, fair: bool, identifiers: int = 500) -> Scenario:
    """Jobs of so many share identifiers in one queue, mostly full, with a fair-share policy or without."""
    vcpus = 1024
    jobs_per_s = 0.95 * vcpus / 2 / MEAN_RUNTIME_S
    policy = {"schedulingPolicies": [{"name": "fair", "fairsharePolicy": {"shareDecaySeconds": 3600}}]} if fair else {}
    member: Mapping = {"schedulingPolicyArn": "fair"} if fair else {}
    work = []
    for n in range(identifiers):
        identifier = {"shareIdentifier": f"team{n}"} if fair else {}
        work.append(_stream(f"work{n}", jobs_per_s / identifiers, _job("task", **identifier)))
    return _scenario(
        [_fleet("fleet", vcpus)],
        [_queue("queue", "fleet", **member)],
        [_definition("task", 2, 3600)],
        work,
        jobs / jobs_per_s,
        policy,
    )


def arrays(children: int) -> Scenario:
    """Ten array jobs, all at once."""
    job = _job("task", arrayProperties={"size": children})
    work = [{"workflow": f"work{n}", "jobs": [job]} for n in range(10)]
    return _scenario([_fleet("fleet", 4096)], [_queue("queue", "fleet")], [_definition("task", 2, 3600)], work)


def tasks(count: int) -> Scenario:
    """A workflow in which each task depends on three earlier ones."""
    generator = random.Random(1)  # noqa: S311 (no secret)
    jobs = []
    for n in range(count):
        earlier = generator.sample(range(max(n - 200, 0), n), min(3, n))
        after = {"dependsOn": [{"jobName": f"task{each}"} for each in sorted(earlier)]} if earlier else {}
        jobs.append({**_job("task", runtime=60), "jobName": f"task{n}", **after})
    work = [{"workflow": "work", "jobs": jobs}]
    return _scenario([_fleet("fleet", 512)], [_queue("queue", "fleet")], [_definition("task", 2, 3600)], work)
