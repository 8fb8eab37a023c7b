"""Answers of ECS and Auto Scaling, of what matters alone, by AWS's own shapes."""

from __future__ import annotations

from datetime import UTC, datetime

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import validate_parameters

#: 2026-11-02T00:00:00Z, a Monday.
MONDAY = 1_793_577_600.0
UUID = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
CLUSTER = f"AWSBatch-fleet-{UUID}"


def at(seconds):
    return datetime.fromtimestamp(MONDAY + seconds, UTC).isoformat()


def instance_arn(number):
    return f"arn:aws:ecs:us-east-1:123456789012:container-instance/{CLUSTER}/{number:032x}"


def task_arn(number):
    return f"arn:aws:ecs:us-east-1:123456789012:task/{CLUSTER}/{number:032x}"


def ec2_id(number):
    return f"i-{number:017x}"


def task(number, created=0.0, pull=(10.0, 25.0), started=27.0, instance=1, image="repo/app:1", **more):
    told = {
        "taskArn": task_arn(number),
        "taskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/app:1",
        "containers": [{"name": "default", "image": image}],
        "createdAt": at(created),
        "pullStartedAt": None if pull is None else at(pull[0]),
        "pullStoppedAt": None if pull is None else at(pull[1]),
        "startedAt": at(started),
        "containerInstanceArn": instance_arn(instance) if instance else None,
        **more,
    }
    return {key: value for key, value in told.items() if value is not None}


def container_instance(number, registered=60.0, memory=7739, kind="m6i.large", ami="ami-1"):
    return {
        "containerInstanceArn": instance_arn(number),
        "ec2InstanceId": ec2_id(number),
        "registeredResources": [
            {"name": "CPU", "type": "INTEGER", "integerValue": 2048},
            {"name": "MEMORY", "type": "INTEGER", "integerValue": memory},
        ],
        "attributes": [{"name": "ecs.ami-id", "value": ami}, {"name": "ecs.instance-type", "value": kind}],
        "registeredAt": at(registered),
    }


def activity(number, begun=0.0, ended=35.0, *, launches=True, status="Successful", cause="a request", name=""):
    verb = "Launching a new" if launches else "Terminating"
    return {
        "ActivityId": name or f"{number}-{launches}",
        "AutoScalingGroupName": f"fleet-asg-{UUID}",
        "Description": f"{verb} EC2 instance: {ec2_id(number)}",
        "Cause": cause,
        "StartTime": at(begun),
        "EndTime": at(ended),
        "StatusCode": status,
    }


def undated(value):
    """An answer with its instants as botocore has them."""
    if isinstance(value, dict):
        return {key: _instant(each) if key.endswith(("At", "Time")) else undated(each) for key, each in value.items()}
    return [undated(each) for each in value] if isinstance(value, list) else value


def _instant(text):
    return datetime.fromisoformat(text)


def refuse_other_than_aws(service, shape, answer):
    """Raise where an answer has members that AWS's does not, or other types."""
    model = ServiceModel(Loader().load_service_model(service, "service-2"))
    validate_parameters(undated(answer), model.shape_for(shape))
