"""A hundred and more wrong forms: the place in the rich scenario, and what stands there wrongly."""

from __future__ import annotations

from typing import Any

from tests.unit.scenario.schema.rich import GONE

FLEET = "batch/computeEnvironments/0"
RESOURCES = f"{FLEET}/computeResources"
QUEUE = "batch/jobQueues/0"
TASK = "batch/jobDefinitions/0"
CONTAINER = f"{TASK}/containerProperties"
FIRST = "workload/0/jobs/0"
SECOND = "workload/0/jobs/1"
ARRIVALS = "workload/0/arrivals"

OF: dict[str, list[Any]] = {
    "name": [GONE, 5, "a b", "", "-x"],
    "start": ["yesterday", 5],
    "duration": ["soon", "7 apples", -1, "-5m", True, [], 1e12],
    "horizon": ["", {}],
    "seed": [-1, 1.5, "one"],
    "colour": ["blue"],
    "batch": [GONE, [], None],
    "batch/computeEnvironments": [GONE, [], {}],
    "batch/jobQueues": [GONE, "queue"],
    "batch/jobDefinitions": [[]],
    "batch/jobQueue": [[]],
    f"{FLEET}/computeEnvironmentName": [GONE, 7],
    f"{FLEET}/type": ["MANAGD", "managed", None],
    f"{FLEET}/state": ["ON"],
    f"{FLEET}/computeResource": [{}],
    f"{RESOURCES}/type": ["SPOTT"],
    f"{RESOURCES}/allocationStrategy": ["BOGUS", "best_fit"],
    f"{RESOURCES}/allocationStrategi": ["BEST_FIT"],
    f"{RESOURCES}/maxvCpus": ["64", 6.5, GONE, True, 2**31],
    f"{RESOURCES}/minvCpu": [0],
    f"{RESOURCES}/instanceTypes": ["c6i", [5], {"c6i": 1}],
    f"{RESOURCES}/tags": [["team"], {"team": 1}],
    f"{QUEUE}/priority": [GONE, "high"],
    f"{QUEUE}/computeEnvironmentOrder": [{"order": 1}, [{"order": 1}], [{"order": "1", "computeEnvironment": "fleet"}]],
    f"{TASK}/type": ["containers", GONE],
    f"{TASK}/platformCapabilities": ["EC2", ["ECS"]],
    f"{TASK}/retryStrategy": [3, {"attempt": 3}, {"evaluateOnExit": [{"onExitCode": "1", "action": "AGAIN"}]}],
    f"{TASK}/timeout": ["2h", {"attemptDuration": 60}],
    f"{CONTAINER}/resourceRequirements": [
        {"VCPU": 1},
        [{"type": "CPU", "value": "1"}],
        [{"type": "VCPU", "value": 1}],
        [{"type": "VCPU"}],
    ],
    f"{CONTAINER}/command": ["python run.py"],
    f"{CONTAINER}/environment": [{"A": "1"}, [{"name": "A", "valu": "1"}]],
    "workload": [GONE, [], {}, None],
    "workload/0": [{}, "etl", {"job": []}],
    "workload/0/workflow": ["", 5],
    "workload/0/jobs": [[], {}],
    "workload/0/priority": [1],
    f"{FIRST}/jobName": [GONE, 1],
    f"{FIRST}/jobQueue": [GONE],
    f"{FIRST}/jobDefinition": [[]],
    f"{FIRST}/runtime": [
        GONE,
        "3 apples",
        -1,
        [60],
        {},
        {"lognorml": {"median": "8m", "p95": "20m"}},
        {"lognormal": {"median": "8m"}},
        {"lognormal": {"median": "8m", "mean": "9m", "p95": "20m"}},
        {"lognormal": {"median": "8m", "p95": "20m", "p99": "30m"}},
        {"exponential": {}},
        {"uniform": {"min": 1}},
        {"triangular": {"min": 1, "max": 2}},
        {"empirical": {"values": []}},
        {"uniform": {"min": 1, "max": 2}, "exponential": {"mean": 1}},
        {"gamma": {"mean": "10m", "cv": -1}},
    ],
    f"{FIRST}/arrayProperties": [4, {"size": "4"}, {"count": 4}],
    f"{SECOND}/dependsOn": ["first", ["first"], [{"job": "first"}], [{"jobName": "first", "type": "N_TO_M"}]],
    f"{SECOND}/failure": [0.1, {"exitCode": 1}, {"probability": 1.5}, {"probability": 0.1, "exitCode": 0}],
    f"{SECOND}/failure/toStart": [True, "yes"],
    f"{ARRIVALS}/cron": [5, "0 2 * *", "0 0 2 * * *"],
    f"{ARRIVALS}/every": ["1h"],
    f"{ARRIVALS}/jitter": ["some"],
    f"{ARRIVALS}/count": [0],
    ARRIVALS: [{}, {"at": []}, {"at": ["noon"]}, {"poisson": {"rate": "4/w"}}, {"evry": "5m"}],
    "workload/1/arrivals/poisson": [4, {"rate": 0}, {"rate": "4/h", "profile": {"hourOfDay": [1, 2]}}],
    "workload/1": [
        {"trace": "log.swf"},
        {"trace": {"format": "slurm", "path": "log"}},
        {"trace": {"format": "csv"}},
        {"trace": {"format": "csv", "path": "jobs.csv", "memoryPerVcpu": 1024}},
    ],
    "environment": [None, {"preset": "idael"}, {"schedulr": {}}],
    "environment/scheduler/admit": ["1 second"],
    "environment/scheduler/overtake": ["always", True],
    "environment/ec2/rootVolume": ["30 apples", -1],
    "environment/ec2/publicIp": ["no"],
    "environment/image/pullRate": [0, "fast"],
    "environment/image/cached": [1],
    "environment/spot/hazardScale": [-1, "high"],
    "environment/spot/interruptions": ["never", {"ratePerHour": 100}, {"rate": 1}, 0.2],
    "environment/spot/prices": [{"discount": 2}, {"histori": "f.json"}],
    "environment/capacity/accountvCpus": [{"ONDEMAND": 1}, {"SPOT": -1}],
    "environment/capacity/pools": [{}, [{}], [{"vcpus": "64"}]],
    "environment/prices/overrides": [
        {"c6i.large": "cheap"},
        {"c6i.large": {}},
        {"FARGATE": {"vcpuHour": 1}},
        {"c6i": {"discount": 0.1, "spot": 1}},
    ],
    "environment/prices/savingsPlan": [0.28, {"discount": 0.28}],
    "variants": [["small"], {"a b": {}}, {"small": 64}],
    "objectives": [
        ["cheap"],
        ["p95(queue_tme) <= 10m"],
        ["queue_time <= 10m"],
        ["p95(queue_time, queue=x) <= 10m"],
        ["cost(jobName=x) <= 5"],
        ["utilisation(jobQueue=queue) >= 0.5"],
        ["minimise"],
        [5],
        {"cost": 500},
    ],
    "deployment/subnet": ["subnet-1"],
    "deployment/subnets": ["subnet-1"],
    "ignore": [["no-such-rule"], [{"reason": "why"}], 5],
}

WRONG = [(path, value) for path, values in OF.items() for value in values]
