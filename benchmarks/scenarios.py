"""The scenarios that are measured, each by the number of jobs it comes to."""

from __future__ import annotations

import random
from typing import Any

from benchmarks.adapter import Scenario, from_mapping
from benchmarks.textbook import (
    ARRIVALS_PER_S,
    CLUSTER_VCPUS,
    LOAD,
    MEAN_RUNTIME_S,
    MEAN_SERVICE_S,
    MEAN_VCPUS,
    MEDIAN_S,
    P95_S,
    PUBLIC,
    SERVERS,
    SIZES,
)

RUNTIME = {"lognormal": {"median": MEDIAN_S, "p95": P95_S}}
#: At which jobs wait nearly always.
BACKLOG = 0.96

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


def mm64(jobs: int) -> Scenario:
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


def full(jobs: int, *, load: float = LOAD) -> Scenario:
    """Everything at once: three priorities, mixed sizes, two environments, boot, scaling, interruptions, retries."""
    retry = {"retryStrategy": {"attempts": 3}}
    definitions = [_definition(f"size{n}", vcpu, memory, **retry) for n, (vcpu, memory) in enumerate(SIZES)]
    jobs_per_s = _jobs_per_s(load, CLUSTER_VCPUS)
    queues = ["urgent", "normal", "bulk"]
    return _scenario(
        [_fleet("spot", CLUSTER_VCPUS * 3 // 4, "SPOT"), _fleet("on-demand", CLUSTER_VCPUS // 4)],
        [_queue(name, "spot", "on-demand", priority=30 - 10 * n) for n, name in enumerate(queues)],
        definitions,
        [
            _stream(f"work{n}", jobs_per_s / len(SIZES), _job(f"size{n}", queues[n % 3], failure={"probability": 0.01}))
            for n in range(len(SIZES))
        ],
        jobs / jobs_per_s,
    )


def _jobs_per_s(load: float, vcpus: int) -> float:
    """How many jobs of all sizes alike keep so many vCPUs so busy."""
    return load * vcpus / MEAN_VCPUS / MEAN_RUNTIME_S


def one_queue(jobs: int) -> Scenario:
    """A long run: one queue of jobs of 1 to 8 vCPUs, and one EC2 environment."""
    vcpus = 1024
    jobs_per_s = _jobs_per_s(0.85, vcpus)
    return _scenario(
        [_fleet("fleet", vcpus)],
        [_queue("queue", "fleet")],
        [_definition(f"size{n}", vcpu, memory) for n, (vcpu, memory) in enumerate(SIZES)],
        [_stream(f"work{n}", jobs_per_s / len(SIZES), _job(f"size{n}")) for n in range(len(SIZES))],
        jobs / jobs_per_s,
    )


def _on_fargate(jobs: int, *work: Mapping, fair: bool = False, **members: Any) -> Scenario:
    """A queue of Fargate tasks without delays, as the public simulator has it."""
    resources = {"type": "FARGATE", "maxvCpus": PUBLIC.max_vcpus}
    environment = {"computeEnvironmentName": "fargate", "type": "MANAGED", "computeResources": resources}
    shares = [{"shareIdentifier": share, "weightFactor": weight} for share, _, weight in PUBLIC.shares]
    policies = {"schedulingPolicies": [{"name": "fair", "fairsharePolicy": {"shareDistribution": shares}}]}
    member: Mapping = {"schedulingPolicyArn": "fair"} if fair else {}
    return _scenario(
        [environment],
        [_queue("queue", "fargate", **member)],
        [_definition("task", PUBLIC.vcpus, 8192, platformCapabilities=["FARGATE"], **members)],
        list(work),
        jobs / PUBLIC.arrivals_per_s,
        policies if fair else {},
        environment={"preset": "ideal"},
    )


def _tasks(part: float = 1.0, **members: Any) -> Mapping:
    """A part of the public simulator's jobs."""
    job = _job("task", runtime={"exponential": {"mean": PUBLIC.mean_service_s}}, **members)
    return _stream(members.get("shareIdentifier", "work"), part * PUBLIC.arrivals_per_s, job)


def mm15(jobs: int) -> Scenario:
    """Its first example: first in, first out."""
    return _on_fargate(jobs, _tasks())


def two_shares(jobs: int) -> Scenario:
    """Its second: two shares of unequal weights."""
    return _on_fargate(jobs, *(_tasks(part, shareIdentifier=share) for share, part, _ in PUBLIC.shares), fair=True)


def retries(jobs: int) -> Scenario:
    """Its third: attempts that fail and are made again."""
    failure = {"probability": PUBLIC.failing}
    return _on_fargate(jobs, _tasks(failure=failure), retryStrategy={"attempts": PUBLIC.attempts})


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
