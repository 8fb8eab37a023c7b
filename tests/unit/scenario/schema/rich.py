"""A scenario that says something in every section, and changes to it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

from batchsim.errors import Finding, ScenarioError
from batchsim.scenario.schema.scenario_schema import scenario_schema
from batchsim.validation.validate import validate
from tests.builders import definition, environment, job, queue, workflow

SCHEMA = scenario_schema()
VALIDATOR = Draft7Validator(SCHEMA)

RICH: dict[str, Any] = {
    "name": "rich",
    "region": "us-east-1",
    "start": "2026-11-02T00:00:00Z",
    "duration": "2d",
    "horizon": "3d",
    "warmUp": "6h",
    "seed": 7,
    "batch": {
        "computeEnvironments": [
            environment("fleet", instanceTypes=["c6i.large", "m6i"], scalingPolicy={"minScaleDownDelayMinutes": 20}),
            environment("market", type="SPOT", allocationStrategy="SPOT_CAPACITY_OPTIMIZED", bidPercentage=90),
        ],
        "jobQueues": [queue("queue", "fleet", "market")],
        "jobDefinitions": [
            definition(
                retryStrategy={"attempts": 3, "evaluateOnExit": [{"onExitCode": "1*", "action": "RETRY"}]},
                timeout={"attemptDurationSeconds": 7200},
                tags={"team": "data"},
            )
        ],
    },
    "launchTemplates": [
        {
            "launchTemplateName": "wide",
            "launchTemplateData": {
                "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"volumeSize": 60, "volumeType": "gp3"}}],
                "metadataOptions": {"httpTokens": "required"},
            },
        },
        {"LaunchTemplateName": "narrow", "LaunchTemplateData": {"ImageId": "ami-1"}},
    ],
    "workload": [
        workflow(
            job("first", {"lognormal": {"median": "8m", "p95": "20m"}}, arrayProperties={"size": 4}),
            job("second", "90s", dependsOn=[{"jobName": "first"}], failure={"probability": 0.1, "exitCode": 3}),
            arrivals={"cron": "0 2 * * *", "jitter": "5m", "timezone": "Europe/Berlin"},
        ),
        workflow(
            job("third", {"empirical": {"values": [60, "2m"], "weights": [2, 1]}}),
            name="random",
            arrivals={"poisson": {"rate": "4/h"}, "count": 20},
        ),
    ],
    "environment": {
        "scheduler": {"scaleDownIdle": {"exponential": {"mean": "5m"}}, "overtake": "fitting"},
        "ec2": {"launch": "30s", "rootVolume": "30GiB", "publicIp": False},
        "image": {"size": "1GiB", "pullRate": "45MiB/s", "cached": True},
        "spot": {"interruptions": {"ratePerHour": 0.2}, "prices": {"discount": 0.6}},
        "capacity": {"pools": [{"instanceTypes": ["c6i"], "vcpus": 64, "schedule": [{"at": "6h", "vcpus": 32}]}]},
        "prices": {"overrides": {"c6i.large": 0.08, "SPOT": {"discount": 0.1}}, "savingsPlan": {"usdPerHour": 1}},
    },
    "updates": [
        {
            "name": "evening",
            "cron": "0 20 * * *",
            "timezone": "Europe/Berlin",
            "set": {"batch.computeEnvironments.fleet.computeResources.minvCpus": 16},
        },
        {"at": "2026-11-03T06:00:00Z", "set": {"batch.jobQueues.queue.priority": 5}},
        {"at": "6h", "terminate": {"jobQueue": "queue", "jobName": "second", "reason": "too late"}},
        {"at": 7200, "cancel": {"workflow": "random"}},
    ],
    "variants": {"small": {"batch.computeEnvironments.fleet.computeResources.maxvCpus": 32}},
    "sweep": {"batch.computeEnvironments.fleet.computeResources.maxvCpus": {"values": [32, 64]}},
    "search": {
        "batch.computeEnvironments.fleet.computeResources.maxvCpus": {"from": 32, "to": 64, "step": 16},
        "batch.computeEnvironments.market.computeResources.bidPercentage": [80, 90],
        "overtaking": {"choices": {"no": {"environment.scheduler.overtake": "none"}, "yes": None}},
        "night": {
            "schedule": {
                "path": "batch.computeEnvironments.fleet.computeResources.minvCpus",
                "outside": 0,
                "inside": [8, 16],
                "from": ["18:00", "20:00"],
                "until": "06:00",
                "timezone": "Europe/Berlin",
            }
        },
        "require": {"families": 1, "onDemandShare": "25%"},
    },
    "objectives": ["p95(queue_time, jobQueue=queue) <= 10m", "max(finished_at) <= 06:00", "minimise cost"],
    "deployment": {
        "subnets": ["subnet-1"],
        "securityGroupIds": ["sg-1"],
        "instanceRole": "ecsInstanceRole",
        "images": {"task": "busybox"},
    },
    "ignore": ["spot-retry", "scheduled-jobs", {"rule": "two-readings", "reason": "tried both"}],
}

#: As a value of a change: the member is taken away.
GONE = object()


def changed(path: str, value: Any, of: dict[str, Any] = RICH) -> dict[str, Any]:
    """The rich scenario, or another, with one value set, or taken away; the path goes by keys and indices."""
    values = copy.deepcopy(of)
    *steps, last = (int(step) if step.isdigit() else step for step in path.split("/"))
    parent: Any = values
    for step in steps:
        parent = parent[step]
    if value is GONE:
        del parent[last]
    else:
        parent[last] = value
    return values


def refusals(values: dict[str, Any]) -> list[str]:
    """Where the schema refuses something, and what it says."""
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in VALIDATOR.iter_errors(values)]


def errors(values: dict[str, Any], folder: Path) -> tuple[Finding, ...]:
    """What ``validate`` calls errors."""
    path = folder / "scenario.json"
    path.write_text(json.dumps(values))
    try:
        return validate(path).errors
    except ScenarioError as error:
        return error.findings
