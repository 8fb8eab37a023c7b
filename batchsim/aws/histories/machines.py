"""What jobs ran on: answers of ECS (DescribeTasks, DescribeContainerInstances) and of Auto Scaling's activities.

Members are those of the APIs ``Task``, ``ContainerInstance`` and ``Activity``. Events of ECS (*Task State Change*,
*Container Instance State Change*) hold the same. Each is told by its members, whatever it stands in.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from typing import Any, TypeVar

from batchsim.aws.histories.records import RecordedInstance, RecordedTask, ScalingActivity
from batchsim.aws.histories.values import instant_of_service
from batchsim.scenario.document.access import dig, entries, figure
from batchsim.workload.traces.answers import lowered

MACHINES_AGAIN = "descriptions of tasks, instances or scaling activities that others describe too"
UNDATED = "tasks, instances or scaling activities without the time that is learnt from: left out"
BACKWARDS_MACHINES = "tasks or scaling activities that ended before they began: left out"
FAILED_ACTIVITIES = "scaling activities that are not Successful: left out"

_EC2_INSTANCE = re.compile(r"\bi-[0-9a-f]{8,17}\b")
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
#: How AWS Batch calls the clusters and Auto Scaling groups of its environments.
_OF_ENVIRONMENT = re.compile(rf"(?:AWSBatch-)?(?P<name>.+?)(?:[-_]Batch)?(?:-asg)?[-_]{_UUID}")

_Machine = TypeVar("_Machine", RecordedTask, RecordedInstance, ScalingActivity)


@dataclass
class Machines:
    """Tasks, instances and scaling activities, each by its id."""

    tasks: dict[str, RecordedTask] = field(default_factory=dict)
    instances: dict[str, RecordedInstance] = field(default_factory=dict)
    activities: dict[str, ScalingActivity] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)

    def note(self, reason: str) -> None:
        """Count something odd."""
        self.notes[reason] = self.notes.get(reason, 0) + 1

    def take(self, mappings: Iterable[Mapping[str, Any]]) -> int:
        """Add what is described in mappings; how many there are."""
        found = 0
        for mapping in mappings:
            value = mapping if "taskArn" in mapping or "containerInstanceArn" in mapping else lowered(mapping)
            if _is_task(value):
                self._add_task(value)
            elif _is_instance(value):
                self._add_instance(value)
            elif value.get("activityId") is not None and value.get("autoScalingGroupName") is not None:
                self._add_activity(value)
            else:
                continue
            found += 1
        return found

    def add_task(self, task: RecordedTask) -> None:
        """Add a task."""
        self._keep(self.tasks, task.task, task)

    def add_instance(self, instance: RecordedInstance) -> None:
        """Add an instance."""
        self._keep(self.instances, instance.instance, instance)

    def add_activity(self, activity: ScalingActivity) -> None:
        """Add a scaling activity."""
        self._keep(self.activities, activity.activity, activity)

    def _add_task(self, value: Mapping[str, Any]) -> None:
        names = ("createdAt", "pullStartedAt", "pullStoppedAt", "startedAt")
        created, pulling, pulled, started = (instant_of_service(value.get(name)) for name in names)
        told = [each for each in (created, pulling, pulled, started) if not math.isnan(each)]
        if math.isnan(pulling):
            self.note(UNDATED)
        elif told != sorted(told):
            self.note(BACKWARDS_MACHINES)
        else:
            images = [str(dig(container, "image") or "") for container in entries(value, "containers")]
            instance = str(value.get("containerInstanceArn") or "")
            task = RecordedTask(str(value["taskArn"]), instance, " ".join(images), created, pulling, pulled, started)
            self.add_task(task)

    def _add_instance(self, value: Mapping[str, Any]) -> None:
        arn = str(value["containerInstanceArn"])
        attributes = {str(dig(each, "name")): str(dig(each, "value") or "") for each in entries(value, "attributes")}
        resources = entries(value, "registeredResources")
        memory = next((figure(each.get("integerValue")) for each in resources if dig(each, "name") == "MEMORY"), None)
        self.add_instance(
            RecordedInstance(
                instance=arn,
                ec2_instance=str(value.get("ec2InstanceId") or ""),
                instance_type=attributes.get("ecs.instance-type", ""),
                image=attributes.get("ecs.ami-id", ""),
                environment=environment_in(arn.split("/")[-2] if arn.count("/") > 1 else ""),
                registered_at=instant_of_service(value.get("registeredAt")),
                memory_mib=math.nan if memory is None else memory,
            )
        )

    def _add_activity(self, value: Mapping[str, Any]) -> None:
        told = str(value.get("description") or "")
        instance = _EC2_INSTANCE.search(told)
        begun, ended = (instant_of_service(value.get(name)) for name in ("startTime", "endTime"))
        launches = told.startswith("Launching")
        if value.get("statusCode") != "Successful" or not (launches or told.startswith("Terminating")):
            self.note(FAILED_ACTIVITIES)
        elif instance is None or math.isnan(begun):
            self.note(UNDATED)
        elif ended < begun:
            self.note(BACKWARDS_MACHINES)
        else:
            environment = environment_in(str(value["autoScalingGroupName"]))
            self.add_activity(
                ScalingActivity(
                    activity=str(value["activityId"]),
                    ec2_instance=instance[0],
                    launches=launches,
                    environment=environment,
                    begun_at=begun,
                    ended_at=ended,
                    cause=str(value.get("cause") or ""),
                )
            )

    def _keep(self, known: dict[str, _Machine], name: str, found: _Machine) -> None:
        """Keep, of what is described twice, the description that says more."""
        if name in known:
            self.note(MACHINES_AGAIN)
        if name not in known or _says(found) >= _says(known[name]):
            known[name] = found


def _says(machine: RecordedTask | RecordedInstance | ScalingActivity) -> int:
    """How many members a description fills."""
    values: Sequence[Any] = astuple(machine)
    return sum(value == value and value != "" for value in values)


def _is_task(value: Mapping[str, Any]) -> bool:
    """Whether it is a task; what a job's attempt says of its own has no definition."""
    return value.get("taskArn") is not None and value.get("taskDefinitionArn") is not None


def _is_instance(value: Mapping[str, Any]) -> bool:
    return value.get("containerInstanceArn") is not None and (
        value.get("registeredResources") is not None or value.get("ec2InstanceId") is not None
    )


def environment_in(name: str) -> str:
    """The compute environment in the name of a cluster or an Auto Scaling group; empty where it is not AWS Batch's."""
    found = _OF_ENVIRONMENT.fullmatch(name)
    return found["name"] if found else ""
