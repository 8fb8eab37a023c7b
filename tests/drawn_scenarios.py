"""Scenarios at random that mix what a scenario may have: each is a mapping of plain values, legal to AWS.

A number gives the same scenario on every machine (`numbered`); of Hypothesis, ``randoms()`` gives what is drawn from.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from batchsim.catalog.instance_types import instance_types
from batchsim.scenario.loading import from_mapping
from batchsim.scenario.scenario import Scenario
from tests.builders import environment, job, queue, unmanaged
from tests.drawn_changes import actions, updates
from tests.managed import managed_definition, managed_environment

X86 = ("c6i.large", "c6i.xlarge", "m6i.large", "m6i.xlarge", "r6i.large", "c6i", "m6i.2xlarge")
ARM = ("c6g.large", "m6g.xlarge", "c6g")
FAMILIES = {"c6i", "m6i", "r6i", "c6g", "m6g", "m7g", "c7g"}
ON_DEMAND = ("BEST_FIT", "BEST_FIT_PROGRESSIVE", "BEST_FIT_PROGRESSIVE_ORDERED")
SPOT = ("BEST_FIT", "BEST_FIT_PROGRESSIVE", "SPOT_CAPACITY_OPTIMIZED", "SPOT_PRICE_CAPACITY_OPTIMIZED",
        "SPOT_CAPACITY_OPTIMIZED_PRIORITIZED")  # fmt: skip
PLATFORMS = ("EC2", "EC2", "EC2", "MANAGED_INSTANCES", "MANAGED_INSTANCES", "FARGATE", "UNMANAGED")
REASONS = (
    "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
)
ROLE = "arn:aws:iam::123456789012:role/execution"
GROUP = "arn:aws:resource-groups:us-east-1:123456789012:group/reserved"
#: What launch templates say of capacity reservations, by the template's name.
TEMPLATES = {
    "none": {"capacityReservationPreference": "none"},
    "only": {"capacityReservationPreference": "capacity-reservations-only"},
    "group": {"capacityReservationTarget": {"capacityReservationResourceGroupArn": GROUP}},
    "block": {"capacityReservationTarget": {"capacityReservationId": "cr-0123456789abcdef0"}},
}
RUNTIMES: tuple[Any, ...] = (
    *(0, 5, 61.7, 600, 4000),
    {"exponential": {"mean": "4m"}},
    {"lognormal": {"median": "8m", "p95": "40m"}},
    {"uniform": {"min": 0, "max": "20m"}},
)
OBJECTIVES = ("p95(queue_time) <= 10m", "max(finished_at) <= 2h", "utilisation >= 10%", "minimise cost")


@dataclass
class Drawn:
    """A scenario, and what processes do while it runs.

    Attributes
    ----------
    actions : list
        Of processes: lists of ``[seconds, what, of which]``.
    features : set of str
        What it has, in words.
    """

    mapping: dict[str, Any]
    actions: list[list[Any]] = field(default_factory=list)
    features: set[str] = field(default_factory=set)

    def scenario(self, folder: Path) -> Scenario:
        """The scenario, whose recordings lie in a folder."""
        return from_mapping(self.mapping, base=folder)

    def as_json(self) -> str:
        """The text from which `Drawn` can be made again."""
        return json.dumps({"mapping": self.mapping, "actions": self.actions, "features": sorted(self.features)})


def numbered(number: int) -> Drawn:
    """The scenario of a number."""
    return draw(random.Random(f"scenario {number}"))  # noqa: S311


def write_recordings(folder: Path) -> None:
    """Write what scenarios refer to: a market with two instances, none, then five; a price that passes the bid."""
    runs = {"metadata": {"gap_seconds": 300}, "runs": [[2, 3], [0, 2], [5, 19]]}
    (folder / "market.json").write_text(json.dumps(runs))
    steps = (("2026-03-01T23:00:00Z", 0.03), ("2026-03-02T00:20:00Z", 0.4), ("2026-03-02T01:10:00Z", 0.02))
    prices = [
        {"InstanceType": kind, "AvailabilityZone": f"us-east-1{zone}", "ProductDescription": "Linux/UNIX",
         "SpotPrice": f"{usd:.4f}", "Timestamp": at}
        for kind in instance_types()
        if kind.partition(".")[0] in FAMILIES
        for zone in "abc"
        for at, usd in steps
    ]  # fmt: skip
    (folder / "prices.json").write_text(json.dumps({"SpotPriceHistory": prices}))
    log = "; Version: 2.2\n" + "".join(
        f"{number} {60 * number} -1 {runtime} {size} -1 -1 {size} {runtime} -1 1 1 1 1 1 1 {before} {think}\n"
        for number, runtime, size, before, think in ((1, 300, 1, -1, -1), (2, 60, 2, 1, 30), (3, 600, 1, 2, 0))
    )
    (folder / "log.swf").write_text(log)


def draw(chance: random.Random) -> Drawn:
    """A scenario."""
    return _Drawing(chance).all()


class _Drawing:
    """One scenario as it is made."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.environments: list[dict[str, Any]] = []
        self.queues: list[dict[str, Any]] = []
        self.definitions: list[dict[str, Any]] = []
        self.policies: list[dict[str, Any]] = []
        self.consumables: list[dict[str, Any]] = []
        self.platform: dict[str, str] = {}  # of each queue
        self.reservations: list[dict[str, Any]] = []
        self.least_max: dict[str, int] = {}  # of each environment, what updates leave
        self.features: set[str] = set()

    def one(self, *values: Any) -> Any:
        return self.chance.choice(values)

    def says(self, probability: float) -> bool:
        return self.chance.random() < probability

    def between(self, low: int, high: int) -> int:
        return self.chance.randint(low, high)

    def all(self) -> Drawn:
        batch: dict[str, Any] = {"computeEnvironments": self.environments, "jobQueues": self.queues,
                                 "jobDefinitions": self.definitions}  # fmt: skip
        mapping: dict[str, Any] = {"name": "drawn", "region": "us-east-1", "start": "2026-03-02T00:00:00Z",
                                   "batch": batch, "environment": self._world()}  # fmt: skip
        self._consumables()
        self._reservations()
        self._policies()
        for place in range(self.between(1, 3)):
            self._platform(place, self.one(*PLATFORMS))
        targets = {each["computeResources"].get("launchTemplate", {}).get("launchTemplateName")
                   for each in self.environments if "computeResources" in each}  # fmt: skip
        mapping["launchTemplates"] = [
            {"launchTemplateName": name, "launchTemplateData": {"capacityReservationSpecification": TEMPLATES[name]}}
            for name in sorted(targets - {None})
        ]
        if self.policies:
            batch["schedulingPolicies"] = self.policies
        if self.consumables:
            batch["consumableResources"] = self.consumables
        if self.reservations:
            quotas = mapping["environment"].get("capacity", {}).get("accountvCpus", {})
            if "EC2" in quotas:
                quotas["EC2"] += sum(4 * each["instances"] for each in self.reservations)  # which the quota counts
            mapping["environment"].setdefault("capacity", {})["reservations"] = self.reservations
        duration = self.one(None, 1800, 7200, 14400)
        mapping["workload"] = [self._workflow(f"workflow{place}", duration) for place in range(self.between(1, 3))]
        plain = [each["jobQueueName"] for each in self.queues if "schedulingPolicyArn" not in each]
        if self.says(0.08) and any(self.platform[name] == "EC2" for name in plain):
            name = next(name for name in plain if self.platform[name] == "EC2")
            self.definitions.append(_definition("EC2", "logged", 1, 1000))
            mapping["workload"].append(
                {"trace": {"format": "swf", "path": "log.swf", "jobQueue": name, "jobDefinition": "logged"}}
            )
            self.features.add("traces")
        if duration is not None:
            mapping["duration"] = duration
            if self.says(0.15):
                mapping["horizon"] = self.one(duration, duration // 2, 2 * duration)
                self.features.add("horizon")
            elif self.says(0.1) and all("at" not in each.get("arrivals", {"at": 0}) for each in mapping["workload"]):
                mapping["warmUp"] = duration // 4
                self.features.add("warm-up")
        if self.says(0.3):
            mapping["objectives"] = self.chance.sample(OBJECTIVES, 2)
        if self.says(0.6):
            mapping["updates"] = updates(self.chance, mapping, self.least_max, duration or 3600)
            self.features |= {f"updates: {kind}" for kind in _kinds(mapping["updates"])}
        drawn = Drawn(mapping, features=self.features)
        if self.says(0.35):
            drawn.actions = actions(self.chance, mapping, duration or 3600)
            self.features.add("processes")
            self.features |= {f"processes: {act[1]}" for process in drawn.actions for act in process}
        return drawn

    def _world(self) -> dict[str, Any]:
        """The section ``environment:``."""
        made: dict[str, Any] = {"preset": self.one("ideal", "measured", "measured")}
        made["scheduler"] = {
            "overtake": self.one("none", "none", "fitting"),
            "placement": self.one("binpack", "spread"),
            "bestFitProgressive": self.one("price", "fit"),
        }
        if made["scheduler"]["overtake"] == "fitting":
            self.features.add("overtaking")
        capacity: dict[str, Any] = {}
        if self.says(0.35):
            steps = [[], [{"at": 1000, "vcpus": 24}], [{"at": 600, "vcpus": 0}, {"at": 3000, "vcpus": 16}]]
            capacity["pools"] = [{**self.one({}, {"instanceTypes": ["c6i"]}, {"purchaseOption": "EC2"},
                                             {"purchaseOption": "SPOT"}, {"zones": ["us-east-1a"]}),
                                  "vcpus": self.one(0, 4, 6, 16)}]  # fmt: skip
            if step := self.one(*steps):
                capacity["pools"][0]["schedule"] = step
            self.features.add("pools")
        if self.says(0.3):
            options = self.chance.sample(("EC2", "SPOT", "FARGATE", "FARGATE_SPOT"), 2)
            capacity["accountvCpus"] = {name: self.between(1, 24) for name in options}
            self.features.add("account quotas")
        if capacity:
            made["capacity"] = {"backoff": self.one(120, 300), **capacity}
        made["spot"] = {"together": self.one(0, 0.5, 0.9, 1), "outage": self.one(0, 600, 2400)}
        if self.says(0.15):
            made["spot"] = {"interruptions": {"trace": "market.json"}}
            self.features.add("recorded market")
        elif self.says(0.7):
            made["spot"]["interruptions"] = {"ratePerHour": self.one(0.5, 2, 10, 60)}
        made["spot"]["fargateRatePerHour"] = self.one(0, 1)
        if self.says(0.15):
            made["spot"]["prices"] = {"history": "prices.json"}
            self.features.add("recorded prices")
        if self.says(0.15):
            made["prices"] = {"savingsPlan": {"usdPerHour": self.one(0.05, 0.5), "discount": 0.3}}
            self.features.add("Savings Plan")
        if self.says(0.2):
            made["image"] = {"size": "2GiB", "cached": self.says(0.5)}
        return made

    def _consumables(self) -> None:
        if self.says(0.35):
            kind = self.one("REPLENISHABLE", "REPLENISHABLE", "NON_REPLENISHABLE")
            self.consumables.append({"consumableResourceName": "licence", "totalQuantity": self.between(2, 8),
                                     "resourceType": kind})  # fmt: skip
            self.features.add("consumable resources")

    def _policies(self) -> None:
        if self.says(0.4):
            policy = {"shareDecaySeconds": self.one(600, 3600), "computeReservation": self.one(0, 0, 30, 60)}
            if self.says(0.5):
                policy["shareDistribution"] = [{"shareIdentifier": "a*", "weightFactor": self.one(0.5, 2)},
                                               {"shareIdentifier": "b", "weightFactor": self.one(0.1, 1)}]  # fmt: skip
            self.policies.append({"name": "fair", "fairsharePolicy": policy})

    def _reservations(self) -> None:
        if not self.says(0.25):
            return
        self.features.add("capacity reservations")
        for place in range(self.between(1, 3)):
            made = {"name": f"r{place}", "instanceType": self.one("c6i.large", "c6i.xlarge", "m6i.xlarge"),
                    "zone": self.one("us-east-1a", "us-east-1b"), "instances": self.between(1, 4),
                    "from": self.one(0, 0, 333, 1800)}  # fmt: skip
            if place == 0 and self.says(0.5):
                block = {"kind": "capacity-block", "until": made["from"] + 7200, "price": 9.6}
                made |= block | {"id": "cr-0123456789abcdef0"}
                self.features.add("Capacity Blocks")
            elif self.says(0.5):
                made["until"] = made["from"] + self.one(600, 4000)
            if "kind" not in made and self.says(0.4):
                made |= {"matching": "targeted", "groups": [GROUP]}
            self.reservations.append(made)

    def _platform(self, place: int, platform: str) -> None:
        """Environments of one platform, and one or two queues for them."""
        architecture = "arm64" if platform == "EC2" and self.says(0.15) else "x86_64"
        makes = {"EC2": self._ec2, "MANAGED_INSTANCES": self._managed, "FARGATE": self._fargate}
        names = [f"environment{place}{letter}" for letter in "abc"[: self.between(1, 3)]]
        kinds = []
        for name in names:
            made, kind = makes[platform](name, architecture) if platform in makes else self._unmanaged(name)
            self.environments.append(made)
            kinds.append(kind)
            self.features.add(kind)
        for letter in "xy"[: self.between(1, 2)]:
            self._queue(f"queue{place}{letter}", platform, self._order(names, kinds, platform))
        self._definitions(place, platform, kinds, architecture)

    def _order(self, names: list[str], kinds: list[str], platform: str) -> list[str]:
        order = self.chance.sample(names, self.between(1, len(names)))
        if platform == "MANAGED_INSTANCES":  # on demand comes before Spot
            order.sort(key=lambda name: kinds[names.index(name)])
        return order

    def _queue(self, name: str, platform: str, order: list[str]) -> None:
        made = queue(name, *order, priority=self.between(0, 3))
        if self.policies and self.says(0.6):
            made["schedulingPolicyArn"] = "fair"
            self.features.add("fair share")
        if self.says(0.2):
            limits = self.chance.sample(REASONS, self.between(1, 3))
            made["jobStateTimeLimitActions"] = [
                {"reason": each, "state": "RUNNABLE", "maxTimeSeconds": self.one(600, 1800), "action": "CANCEL"}
                for each in limits
            ]
            self.features.add("time limits")
        self.queues.append(made)
        self.platform[name] = platform

    def _bounds(self, name: str) -> tuple[int, int]:
        """minvCpus and maxvCpus, such that updates of either leave the other legal."""
        least = self.one(2, 4, 8)
        self.least_max[name] = least
        return self.one(0, 0, 0, self.between(0, least)), self.between(least, 24)

    def _ec2(self, name: str, architecture: str) -> tuple[dict[str, Any], str]:
        kind = self.one("EC2", "SPOT")
        low, high = self._bounds(name)
        types = ARM if architecture == "arm64" else X86
        resources: dict[str, Any] = {
            "type": kind, "allocationStrategy": self.one(*(ON_DEMAND if kind == "EC2" else SPOT)), "minvCpus": low,
            "maxvCpus": high, "instanceTypes": self.chance.sample(types, self.between(1, 3)),
            "subnets": ["subnet-1", "subnet-2"],
        }  # fmt: skip
        if kind == "SPOT" and self.says(0.3):
            resources["bidPercentage"] = self.one(40, 80, 100)
        if self.says(0.2):
            resources["scalingPolicy"] = {"minScaleDownDelayMinutes": 20}
        if self.says(0.15):
            resources["desiredvCpus"] = self.least_max[name]
        if kind == "EC2" and self.reservations and self.says(0.6):
            usable = [each for each in self.reservations if architecture == "x86_64"]
            allowed = ["none"]
            if any("groups" in each for each in usable):
                allowed.append("group")
            if usable:
                resources["instanceTypes"] = sorted({*resources["instanceTypes"], usable[0]["instanceType"]})
                if "kind" in usable[0]:
                    allowed.append("block")
                elif "groups" not in usable[0]:
                    allowed.append("only")
            resources["launchTemplate"] = {"launchTemplateName": self.one(*allowed)}
        return environment(name, **resources), kind

    def _managed(self, name: str, _: str) -> tuple[dict[str, Any], str]:
        is_spot = self.says(0.4)
        least = self.least_max[name] = self.one(2, 4, 8)
        types = self.chance.sample(("c6i.large", "m6i.xlarge", "c6i.2xlarge", "m7g.large", "c7g.xlarge"), 2)
        made = managed_environment(
            name, ("c6i.xlarge", *types), maxv=self.between(least, 24), spot=is_spot, after=self.one(None, 0, 300, -1)
        )
        return made, "MANAGED_INSTANCES_SPOT" if is_spot else "MANAGED_INSTANCES"

    def _fargate(self, name: str, _: str) -> tuple[dict[str, Any], str]:
        kind = self.one("FARGATE", "FARGATE_SPOT")
        self.least_max[name] = 2
        return environment(name, type=kind, maxvCpus=self.between(2, 16)), kind

    def _unmanaged(self, name: str) -> tuple[dict[str, Any], str]:
        self.least_max[name] = 2
        return unmanaged(self.between(2, 12), name), "UNMANAGED"

    def _definitions(self, place: int, platform: str, kinds: list[str], architecture: str) -> None:
        for number in range(self.between(1, 3)):
            name = f"definition{place}{number}"
            if number and platform == "EC2" and "EC2" in kinds and self.says(0.3):
                made = _multi_node(name, self.between(2, 3))
            else:
                vcpus = self.one(1, 1, 2, 2, 4) if platform != "FARGATE" else self.one(0.25, 1, 2)
                memory = self.one(512, 1800, 3000) if platform != "FARGATE" else int(vcpus * 2048)
                made = _definition(platform, name, vcpus, memory)
                if platform == "MANAGED_INSTANCES" and self.says(0.3):
                    made["ecsProperties"]["taskProperties"][0]["runtimePlatform"] = {"cpuArchitecture": "X86_64"}
            if self.says(0.5):
                made["retryStrategy"] = {"attempts": self.between(1, 4)}
                if self.says(0.4):
                    made["retryStrategy"]["evaluateOnExit"] = [{"onStatusReason": "Host EC2*", "action": "RETRY"},
                                                               {"onReason": "*", "action": "EXIT"}]  # fmt: skip
            if self.says(0.3):
                made["timeout"] = {"attemptDurationSeconds": self.one(60, 900)}
            if self.consumables and self.says(0.5):
                wanted = [{"consumableResource": "licence", "quantity": self.between(1, 2)}]
                made["consumableResourceProperties"] = {"consumableResourceList": wanted}
            if self.policies:
                made["schedulingPriority"] = self.between(0, 2)
            self.definitions.append(made)

    def _workflow(self, name: str, duration: int | None) -> dict[str, Any]:
        arrivals: dict[str, Any] = self.one(
            {"at": [0]}, {"at": [0, 7, 333.3, 1800]}, {"every": "5m", "count": self.between(1, 8)},
            {"poisson": {"rate": self.one(10, 40)}, "count": 12}, {"every": 600, "jitter": 120, "count": 6},
        )  # fmt: skip
        made: list[dict[str, Any]] = []
        for number in range(self.between(1, 4)):
            made.append(self._job(f"{name}job{number}", made))
        return {"workflow": name, "arrivals": arrivals, "jobs": made}

    def _job(self, name: str, before: list[dict[str, Any]]) -> dict[str, Any]:
        queue_ = self.chance.choice(self.queues)
        fair = "schedulingPolicyArn" in queue_
        mine = [each for each in self.definitions if self._suits(each, queue_)]
        definition = self.chance.choice(mine)
        made = job(name, self.one(*RUNTIMES), jobQueue=queue_["jobQueueName"],
                   jobDefinition=definition["jobDefinitionName"])  # fmt: skip
        if fair:
            made["shareIdentifier"] = self.one("a", "ab", "b")
        single = definition["type"] != "multinode"
        if single and self.says(0.45):
            made["arrayProperties"] = {"size": self.between(2, 6)}
            self.features.add("arrays")
        if not single:
            self.features.add("multi-node jobs")
        depends = []
        for other in before:
            if self.says(0.35):
                both = "arrayProperties" in made and made["arrayProperties"] == other.get("arrayProperties")
                depends.append({"jobName": other["jobName"], **({"type": "N_TO_N"} if both and self.says(0.6) else {})})
        if "arrayProperties" in made and self.says(0.1):
            depends.append({"type": "SEQUENTIAL"})
        if depends:
            made["dependsOn"] = depends
            self.features.add("dependencies")
        if self.says(0.3):
            made["failure"] = self.one(
                {"probability": 0.3}, {"probability": 1}, {"probability": 0.4, "after": 10, "reason": "OutOfMemory"},
                {"probability": 0.5, "toStart": True, "reason": "CannotPullContainerError: denied"},
            )  # fmt: skip
            self.features.add("failures")
        return made

    def _suits(self, definition: dict[str, Any], queue_: dict[str, Any]) -> bool:
        name = queue_["jobQueueName"]
        if definition["jobDefinitionName"][len("definition")] != name[len("queue")]:
            return False
        if definition["type"] != "multinode":
            return True
        order = {each["computeEnvironment"] for each in queue_["computeEnvironmentOrder"]}
        return any(each["computeEnvironmentName"] in order and each["computeResources"]["type"] == "EC2"
                   for each in self.environments if "computeResources" in each)  # fmt: skip


def _definition(platform: str, name: str, vcpus: float, memory: int) -> dict[str, Any]:
    if platform == "MANAGED_INSTANCES":
        return managed_definition(name, str(vcpus), str(memory))
    requirements = [{"type": "VCPU", "value": str(vcpus)}, {"type": "MEMORY", "value": str(memory)}]
    container: dict[str, Any] = {"image": "busybox", "resourceRequirements": requirements}
    made: dict[str, Any] = {"jobDefinitionName": name, "type": "container", "containerProperties": container}
    if platform == "FARGATE":
        container["executionRoleArn"] = ROLE
        made["platformCapabilities"] = ["FARGATE"]
    return made


def _multi_node(name: str, nodes: int) -> dict[str, Any]:
    requirements = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "1000"}]
    ranges = [{"targetNodes": "0:", "container": {"image": "gang", "resourceRequirements": requirements}}]
    properties = {"numNodes": nodes, "mainNode": 0, "nodeRangeProperties": ranges}
    return {"jobDefinitionName": name, "type": "multinode", "nodeProperties": properties}


def _kinds(entries: list[dict[str, Any]]) -> set[str]:
    """What updates change, by the member that they set or what they call for."""
    return {
        next(iter(entry["set"])).rpartition(".")[2]
        if "set" in entry
        else "cancel"
        if "cancel" in entry
        else "terminate"
        for entry in entries
    }
