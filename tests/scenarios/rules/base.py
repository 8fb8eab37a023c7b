"""A scenario in which no rule finds anything, and changes to it by dotted path."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import batchsim as bs
from batchsim.scenario.checking import check
from batchsim.scenario.document.document import Document, name_of
from batchsim.scenario.rules import check_all
from batchsim.scenario.scenario import from_document

STAGES = ("simulation", "deployment", "submission", "review")
#: As a value of a change: the member is taken away.
GONE = object()

NETWORK = {"subnets": ["subnet-1"], "securityGroupIds": ["sg-1"]}
ON_EC2 = {"instanceRole": "ecsInstanceRole", **NETWORK}
EXIT_OTHERWISE = {"onReason": "*", "action": "EXIT"}

BASE: dict[str, Any] = {
    "name": "base",
    "batch": {
        "computeEnvironments": [
            {
                "computeEnvironmentName": "fleet",
                "type": "MANAGED",
                "computeResources": {
                    "type": "EC2",
                    "allocationStrategy": "BEST_FIT_PROGRESSIVE",
                    "minvCpus": 0,
                    "maxvCpus": 64,
                    "instanceTypes": ["c6i.xlarge", "m6i.xlarge"],
                    **ON_EC2,
                },
            }
        ],
        "jobQueues": [
            {
                "jobQueueName": "queue",
                "priority": 1,
                "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": "fleet"}],
            }
        ],
        "jobDefinitions": [
            {
                "jobDefinitionName": "task",
                "type": "container",
                "containerProperties": {
                    "image": "busybox",
                    "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "1024"}],
                },
                "retryStrategy": {
                    "attempts": 3,
                    "evaluateOnExit": [
                        {"onStatusReason": "Host EC2*", "action": "RETRY"},
                        {"onStatusReason": "Your Spot Task was interrupted*", "action": "RETRY"},
                        EXIT_OTHERWISE,
                    ],
                },
            }
        ],
    },
    "workload": [
        {"workflow": "work", "jobs": [{"jobName": "job", "jobQueue": "queue", "jobDefinition": "task", "runtime": 600}]}
    ],
}

#: Short names for the roots of paths.
ROOTS = {
    "fleet": "batch.computeEnvironments.fleet",
    "resources": "batch.computeEnvironments.fleet.computeResources",
    "queue": "batch.jobQueues.queue",
    "task": "batch.jobDefinitions.task",
    "container": "batch.jobDefinitions.task.containerProperties",
    "job": "workload.work.jobs.job",
}


def full(path: str) -> str:
    """A path with its short name written out."""
    root, dot, rest = path.partition(".")
    return ROOTS.get(root, root) + dot + rest


def changed(*changes: dict[str, Any]) -> dict[str, Any]:
    """The base with values set (or taken away, or appended after a final +) by dotted path."""
    values = copy.deepcopy(BASE)
    for path, value in (item for change in changes for item in change.items()):
        *steps, last = full(path).split(".")
        parent: Any = values
        for step in steps:
            parent = parent[_key(parent, step)]
        key = _key(parent, last)
        if value is GONE:
            parent.pop(key, None)
        elif key == "+":
            parent.append(copy.deepcopy(value))
        else:
            parent[key] = copy.deepcopy(value)
    return values


def _key(parent: Any, step: str) -> Any:
    if not isinstance(parent, list) or step == "+":
        return step
    return int(step) if step.isdigit() else next(n for n, each in enumerate(parent) if name_of(each) == step)


def of_rules(*changes: dict[str, Any]) -> list[bs.Finding]:
    """What all rules find of the changed base, without resolving it: those that need prices find nothing."""
    return list(check_all(Document(changed(*changes), "<mapping>"), STAGES))


def of_rule(code: str, *changes: dict[str, Any]) -> list[bs.Finding]:
    """What one of them finds, in its order."""
    return [each for each in of_rules(*changes) if each.code == code]


def found(values: dict[str, Any]) -> set[bs.Finding]:
    """Everything that all rules find, with what is resolved where the scenario can be loaded."""
    document = Document(values, "<mapping>")
    findings = set(check(document, STAGES).findings)
    try:
        scenario = from_document(document, Path())
    except bs.ScenarioError as error:
        return findings | set(error.findings)
    resolved = check_all(document, STAGES[1:], scenario.configuration)
    return findings | set(scenario.warnings) | set(resolved)
