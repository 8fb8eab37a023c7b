"""What changes while a drawn scenario runs: scheduled updates, and what processes do."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Mapping
from typing import Any

TYPES = (["c6i.large"], ["c6i.xlarge", "c6i.2xlarge"], ["m6i.large", "m6i.xlarge"])


def updates(
    chance: random.Random, mapping: Mapping[str, Any], least_max: Mapping[str, int], length: int
) -> list[dict[str, Any]]:
    """One to six scheduled updates that AWS takes at any time and in any order.

    Parameters
    ----------
    least_max : mapping of str to int
        By environment: no minimum is above it, and no maximum below.
    """
    made: list[dict[str, Any]] = []
    names = sorted({job["jobName"] for each in mapping["workload"] for job in each.get("jobs", ())})
    for _ in range(chance.randint(1, 6)):
        entry: dict[str, Any] = {"at": 60 * chance.randint(0, length // 60)}
        if chance.random() < 0.15:
            entry = {"cron": f"{chance.randint(1, 59)} * * * *"}
        if chance.random() < 0.2:
            workflows = [each["workflow"] for each in mapping["workload"] if "workflow" in each]
            queues = [each["jobQueueName"] for each in mapping["batch"]["jobQueues"]]
            which = chance.choice(
                [{"jobName": chance.choice(names)}, {"workflow": chance.choice(workflows)},
                 {"jobQueue": chance.choice(queues)}]
            )  # fmt: skip
            entry[chance.choice(["cancel", "terminate"])] = which
        else:
            entry["set"] = _set(chance, mapping, least_max)
        made.append(entry)
    return made


def _set(chance: random.Random, mapping: Mapping[str, Any], least_max: Mapping[str, int]) -> dict[str, Any]:
    batch = mapping["batch"]
    kinds = ["computeEnvironments"] * 4 + ["jobQueues"] * 3
    kinds += ["consumableResources", "schedulingPolicies"]
    kind = chance.choice([each for each in kinds if batch.get(each)])
    each = chance.choice(batch[kind])
    if kind == "computeEnvironments":
        return _of_environment(chance, each, least_max[each["computeEnvironmentName"]])
    if kind == "jobQueues":
        return _of_queue(chance, each, batch)
    if kind == "consumableResources":
        return {f"batch.{kind}.{each['consumableResourceName']}.totalQuantity": chance.randint(2, 9)}
    policy = f"batch.{kind}.{each['name']}.fairsharePolicy"
    if chance.random() < 0.5:
        return {f"{policy}.computeReservation": chance.choice([0, 30, 60])}
    weights = [{"shareIdentifier": "a*", "weightFactor": chance.choice([0.2, 4])}]
    return {policy: {"shareDecaySeconds": chance.choice([600, 1200]), "shareDistribution": weights}}


def _of_environment(chance: random.Random, each: Mapping[str, Any], least: int) -> dict[str, Any]:
    path = f"batch.computeEnvironments.{each['computeEnvironmentName']}"
    resources = f"{path}.computeResources"
    options: list[dict[str, Any]] = [{f"{path}.state": state} for state in ("ENABLED", "DISABLED")]
    highest = chance.randint(least, 24)
    if each["type"] == "UNMANAGED":
        return chance.choice([*options, {f"{path}.unmanagedvCpus": highest}])
    options.append({f"{resources}.maxvCpus": highest})
    written = each["computeResources"]
    if written["type"] == "ECS_MANAGED_INSTANCES":
        after = f"{resources}.managedInstancesProvider.infrastructureOptimization"
        options.append({after: {"scaleInAfter": chance.choice([-1, 0, 300])}})
    elif written["type"] in ("EC2", "SPOT"):
        options.append({f"{resources}.minvCpus": chance.randint(0, least)})
        options.append({f"{resources}.desiredvCpus": least})
        options.append({f"{resources}.scalingPolicy": {"minScaleDownDelayMinutes": chance.choice([0, 20])}})
        takes_all = written["allocationStrategy"] != "BEST_FIT" and "launchTemplate" not in written
        if takes_all and "g" not in written["instanceTypes"][0].partition(".")[0]:
            policy = {
                "terminateJobsOnUpdate": chance.random() < 0.5,
                "jobExecutionTimeoutMinutes": chance.randint(1, 40),
            }
            options += 2 * [{f"{resources}.instanceTypes": chance.choice(TYPES), f"{path}.updatePolicy": policy}]
    return chance.choice(options)


def _of_queue(chance: random.Random, each: Mapping[str, Any], batch: Mapping[str, Any]) -> dict[str, Any]:
    path = f"batch.jobQueues.{each['jobQueueName']}"
    order = each["computeEnvironmentOrder"]
    names = [entry["computeEnvironment"] for entry in order]
    options: list[dict[str, Any]] = [{f"{path}.state": state} for state in ("ENABLED", "DISABLED")]
    options.append({f"{path}.priority": chance.randint(0, 4)})
    managed = any(
        environment["computeEnvironmentName"] in names
        and environment.get("computeResources", {}).get("type") == "ECS_MANAGED_INSTANCES"
        for environment in batch["computeEnvironments"]
    )
    if len(names) > 1 and not managed:
        other = chance.sample(names, len(names))
        turned = [{"order": place, "computeEnvironment": name} for place, name in enumerate(other)]
        options.append({f"{path}.computeEnvironmentOrder": turned})
    limits = [{"reason": "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY", "state": "RUNNABLE", "maxTimeSeconds": 600,
               "action": "CANCEL"}]  # fmt: skip
    options.append({f"{path}.jobStateTimeLimitActions": limits})
    return chance.choice(options)


def idle_updates(mapping: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Updates of objects that no other update touches, to what they are already."""
    touched = " ".join(path for entry in mapping.get("updates", ()) for path in entry.get("set", ()))
    made: list[dict[str, Any]] = []
    for each in mapping["batch"]["computeEnvironments"]:
        path = f"batch.computeEnvironments.{each['computeEnvironmentName']}"
        if f"{path}." not in touched + ".":
            made.append({"at": 1000, "set": {f"{path}.state": "ENABLED"}})
            if "maxvCpus" in each.get("computeResources", {}):
                made.append(
                    {"at": 700, "set": {f"{path}.computeResources.maxvCpus": each["computeResources"]["maxvCpus"]}}
                )
    for each in mapping["batch"]["jobQueues"]:
        path = f"batch.jobQueues.{each['jobQueueName']}"
        if f"{path}." not in touched + ".":
            made.append({"at": 300, "set": {f"{path}.priority": each["priority"]}})
    return made


def actions(chance: random.Random, mapping: Mapping[str, Any], length: int) -> list[list[Any]]:
    """What one to three processes do."""
    workflows = [each["workflow"] for each in mapping["workload"] if "workflow" in each]
    names = [each["computeEnvironmentName"] for each in mapping["batch"]["computeEnvironments"]]
    made: list[list[Any]] = []
    for _ in range(chance.randint(1, 3)):
        kind = chance.choice(["probe", "submit", "outage", "waits"])
        at = chance.choice([0, 60, 333.3, chance.randint(0, length)])
        if kind == "probe":
            made.append([[at, "probe", chance.choice([30, 600])]])
        elif kind == "submit":
            made.append([[at + 30 * turn, "submit", chance.choice(workflows)] for turn in range(chance.randint(1, 4))])
        elif kind == "waits":
            made.append([[at, "waits", chance.choice(["", *workflows])]])
        else:
            name = chance.choice(names)
            made.append([[at, "drain", name], [at + chance.choice([0, 60, 1800]), "reopen", name]])
    return made


def process(acts: list[list[Any]], done: list[tuple[float, str, str]]) -> Any:
    """A process that does so, and notes what it has done; what can't be done then, is not."""

    def does(run: Any) -> Any:
        for at, what, which in acts:
            yield run.timeout(max(at - run.now, 0), keep_going=what in ("waits", "reopen"))
            if what == "probe":
                while True:
                    _look(run)
                    yield run.timeout(which)
            elif which:
                with contextlib.suppress(ValueError):
                    getattr(run, "submit" if what == "waits" else what)(which)
                    done.append((run.now, what, which))

    return does


def _look(run: Any) -> None:
    for each in run.queues.values():
        assert each.waiting >= 0
        assert each.waiting_vcpus >= 0
    for each in run.environments.values():
        assert each.running >= 0
        assert each.vcpus >= 0
