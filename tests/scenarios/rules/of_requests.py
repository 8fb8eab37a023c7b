"""Examples of rules about what AWS takes, refuses and drops: of words and forms, of submissions, of what is on EKS."""

from __future__ import annotations

from tests.scenarios.rules.base import GONE
from tests.scenarios.rules.changes import (
    DEPLOYS,
    FARGATE,
    FARGATE_SPOT,
    SPOT,
    Change,
    Example,
    asks,
    behind,
    beside,
    ecs,
    fair,
    nodes,
    on,
)

EFS = "container.volumes.data.efsVolumeConfiguration"
WINDOWS = {**FARGATE, "container.runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}}


def template(*overrides: list[str]) -> Change:
    """A launch template with overrides for types, beside families m6i and c6i."""
    listed = [{"launchTemplateId": "u", **({"targetInstanceTypes": types} if types else {})} for types in overrides]
    return {
        **on("EC2", "m6i", "c6i.xlarge"),
        "resources.launchTemplate": {"launchTemplateId": "t", "overrides": listed},
    }


def efs(root: str | None = None, transit: str = "ENABLED", role: bool = True, **authorization: str) -> Change:
    """A file system as a volume."""
    volume = {"fileSystemId": "fs-1", "transitEncryption": transit, "authorizationConfig": authorization}
    volume |= {"rootDirectory": root} if root else {}
    return {
        "container.volumes": [{"name": "data", "efsVolumeConfiguration": volume}],
        **({"container.jobRoleArn": "role"} if role else {}),
    }


def pod(*more: dict[str, object], **members: object) -> Change:
    """The definition is of a pod."""
    resources = {"limits": {"cpu": "0.5", "memory": "64Mi"}}
    group = [{"image": "busybox", "resources": resources, **members}, *({"image": "busybox", **each} for each in more)]
    properties = {"podProperties": {"containers": group}}
    return {"task": {"jobDefinitionName": "task", "type": "container", "eksProperties": properties}}


def limits(**given: str) -> Change:
    """A pod whose container asks for so much."""
    return pod(resources={"limits": {"cpu": "1", "memory": "64Mi", **given}})


def on_eks(kind: str = "EC2", **members: object) -> Change:
    """The environment is on a cluster of EKS."""
    configuration = {"eksClusterArn": "arn:aws:eks:us-east-1:1:cluster/c", "kubernetesNamespace": "jobs", **members}
    return {**on(kind), "fleet.eksConfiguration": configuration}


def overridden(member: str = "containerOverrides", **values: object) -> Change:
    """The job overrides something."""
    return {f"job.{member}": values}


TWO = ecs({"name": "main"}, {"name": "side"})
OF_TWO = "job.ecsPropertiesOverride.taskProperties.0.containers.main"


def of_two(**members: object) -> Change:
    """A job that overrides one of two containers."""
    changed = {"taskProperties": [{"containers": [{"name": "main", **members}]}]}
    return {**TWO, "job.ecsPropertiesOverride": changed}


def of_nodes(target: str, **values: object) -> Change:
    """A multi-node job that overrides the containers of a range."""
    changed = [{"targetNodes": target, "containerOverrides": values}]
    return {**nodes(2, "0:"), "job.nodeOverrides": {"nodePropertyOverrides": changed}}


def memory(value: str) -> list[dict[str, str]]:
    """A requirement of memory alone."""
    return [{"type": "MEMORY", "value": value}]


def on_fargate(*group: dict[str, object]) -> Change:
    """The definition is of several containers, for Fargate."""
    made = ecs(*group)
    made["task"]["platformCapabilities"] = ["FARGATE"]
    return {"resources": FARGATE["resources"], **made}


def main_asks(mib: str) -> Change:
    """The job asks for so much memory for the container `main`."""
    changed = [{"name": "main", "resourceRequirements": memory(mib)}]
    return {"job.ecsPropertiesOverride": {"taskProperties": [{"containers": changed}]}}


EXAMPLES: dict[str, list[Example]] = {
    "V-03": [
        Example(
            "unmanaged-vcpus",
            "fleet.unmanagedvCpus",
            {"fleet.unmanagedvCpus": 4},
            {"fleet": {"computeEnvironmentName": "fleet", "type": "UNMANAGED", "unmanagedvCpus": 4}},
        ),
    ],
    "V-05": [
        Example("min-vcpus", "resources", {"resources.minvCpus": GONE}, FARGATE, "warning"),
        Example("min-vcpus", "resources", {**on("SPOT"), **DEPLOYS}, on("SPOT", minvCpus=0), "warning"),
        # A size of a family that is listed; a family and a size of it.
        Example(
            "launch-template",
            "resources.launchTemplate.overrides.1.targetInstanceTypes.0",
            template(["m6i"], ["m6i.large"]),
            template(["m6i.large"], ["m6i.xlarge", "c6i.xlarge"]),
        ),
        Example("launch-template", "resources.launchTemplate.overrides.0", template([]), template(["m6i"])),
        Example(
            "ec2-configuration",
            "resources.ec2Configuration.0.imageType",
            {"resources.ec2Configuration": [{"imageType": "ECS_AL2"}]},
            # One's own image is not one of those that Batch provides.
            {"resources.ec2Configuration": [{"imageType": "ECS_AL2", "imageIdOverride": "ami-1"}]},
        ),
        Example(
            "ec2-configuration",
            "resources.ec2Configuration.0.imageType",
            {"resources.ec2Configuration": [{"imageType": "EKS_AL2023"}]},
            {**on_eks(), "resources.ec2Configuration": [{"imageType": "EKS_AL2023"}]},
        ),
    ],
    "V-13": [
        Example(
            "queue-type", "queue.jobQueueType", {"queue.jobQueueType": "ECS_FARGATE"}, {"queue.jobQueueType": "ECS"}
        ),
        Example(
            "queue-type",
            "queue.jobQueueType",
            {**FARGATE, "queue.jobQueueType": "SAGEMAKER_TRAINING"},
            {**FARGATE, "queue.jobQueueType": "ECS_FARGATE"},
        ),
        Example("queue-mix", "queue.computeEnvironmentOrder", {**on_eks(), **behind(beside())}, on_eks()),
        Example(
            "service-environments",
            "queue.serviceEnvironmentOrder",
            {"queue.serviceEnvironmentOrder": [{"order": 1, "serviceEnvironment": "s"}]},
            {
                "queue.serviceEnvironmentOrder": [{"order": 1, "serviceEnvironment": "s"}],
                "queue.computeEnvironmentOrder": GONE,
            },
        ),
    ],
    "V-15": [
        Example(
            "windows-container",
            "container.user",
            {**WINDOWS, "container.user": "me"},
            {**FARGATE, "container.user": "me"},
        ),
        Example(
            "runtime-platform",
            "job.jobDefinition",
            {**FARGATE_SPOT, "container.runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_FULL"}},
            WINDOWS,
        ),
    ],
    "V-20": [
        Example("fair-share-priority", "job", fair(), {**fair(), "task.schedulingPriority": 0}),
        Example("fair-share-priority", "job", fair(), {**fair(), "job.schedulingPriorityOverride": 0}),
        Example(
            "scheduling-priority-override",
            "job.schedulingPriorityOverride",
            {"job.schedulingPriorityOverride": 1},
            {**fair(), "job.schedulingPriorityOverride": 1},
        ),
    ],
    "V-21": [
        Example(
            "ecs-properties",
            "task.ecsProperties.taskProperties.0.containers.a.name",
            ecs({"name": "a"}, {"name": "a"}),
            ecs({"name": "a"}, {"name": "b"}),
        )
    ],
    "V-22": [
        *(
            Example(
                "requirements",
                f"container.resourceRequirements.{index}.value",
                {"container.resourceRequirements": bad},
                {"container.resourceRequirements": asks("1", "1024")},
            )
            for index, bad in (
                (0, asks("1.0", "1024")),
                (0, asks(" 1", "1024")),
                (0, asks("1e0", "1024")),
                (1, asks("1", "1024.0")),
                (1, asks("1", "1_024")),
            )
        ),
        Example(
            "requirements", f"{OF_TWO}.resourceRequirements.0.value", of_two(resourceRequirements=memory("3")), TWO
        ),
        Example(
            "requirements",
            "job.nodeOverrides.nodePropertyOverrides.0.containerOverrides.resourceRequirements.0.value",
            of_nodes("0:", resourceRequirements=memory("2.5")),
            of_nodes("0:", resourceRequirements=memory("5")),
        ),
    ],
    "V-23": [
        Example(
            "fargate-size",
            "task.ecsProperties.taskProperties.0.containers",
            on_fargate({"resourceRequirements": asks("1", "512")}, {"resourceRequirements": asks("1", "512")}),
            on_fargate({"resourceRequirements": asks("0.25", "512")}, {"resourceRequirements": asks("0.25", "512")}),
        ),
        Example(
            "fargate-size",
            "job.ecsPropertiesOverride",
            {**on_fargate({"name": "main", "resourceRequirements": asks("0.5", "1024")}), **main_asks("1536")},
            {**on_fargate({"name": "main", "resourceRequirements": asks("0.5", "1024")}), **main_asks("2048")},
        ),
        Example(
            "fargate-container",
            "container.volumes.data.efsVolumeConfiguration",
            {**FARGATE, **efs(), "container.fargatePlatformConfiguration": {"platformVersion": "1.3.0"}},
            {**FARGATE, **efs(), "container.fargatePlatformConfiguration": {"platformVersion": "LATEST"}},
        ),
    ],
    "V-34": [
        Example(
            "node-overrides",
            "job.nodeOverrides.nodePropertyOverrides.0.targetNodes",
            of_nodes("0:0", command=["true"]),
            of_nodes("0:", command=["true"]),
        )
    ],
    "V-37": [
        Example(
            "ec2-container",
            "task.ecsProperties.taskProperties.0.networkConfiguration",
            {**ecs({}), "task.ecsProperties.taskProperties.0.networkConfiguration": {"assignPublicIp": "ENABLED"}},
            ecs({}),
        )
    ],
    "V-38": [
        Example("tags", "queue.tags.aws:owner", {"queue.tags": {"aws:owner": "me"}}, {"queue.tags": {"owner": "aws:"}}),
        Example(
            "reserved-variable",
            f"{OF_TWO}.environment.AWS_BATCH_X.name",
            of_two(environment=[{"name": "AWS_BATCH_X", "value": "1"}]),
            of_two(environment=[{"name": "AWS_X", "value": "1"}]),
        ),
    ],
    "V-47": [
        Example(
            "not-simulated",
            "task.ecsProperties.taskProperties.0.runtimePlatform.operatingSystemFamily",
            {
                **on_fargate({"resourceRequirements": asks("1", "2048")}),
                "task.ecsProperties.taskProperties.0.runtimePlatform": {
                    "operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"
                },
            },
            {
                **on_fargate({"resourceRequirements": asks("1", "2048")}),
                "task.ecsProperties.taskProperties.0.runtimePlatform": {"operatingSystemFamily": "LINUX"},
            },
        )
    ],
    "V-51": [
        Example(
            "documented-word",
            "container.ulimits.nofiles.name",
            {"container.ulimits": [{"name": "nofiles", "softLimit": 1, "hardLimit": 2}]},
            {"container.ulimits": [{"name": "nofile", "softLimit": 1, "hardLimit": 2}]},
        ),
        Example(
            "documented-word",
            "container.linuxParameters.tmpfs.0.mountOptions.1",
            {
                "container.linuxParameters": {
                    "tmpfs": [{"containerPath": "/t", "size": 1, "mountOptions": ["rw", "fast"]}]
                }
            },
            {
                "container.linuxParameters": {
                    "tmpfs": [{"containerPath": "/t", "size": 1, "mountOptions": ["rw", "mode=1777"]}]
                }
            },
        ),
        Example(
            "documented-range",
            "container.linuxParameters.swappiness",
            {"container.linuxParameters": {"maxSwap": 1, "swappiness": 101}},
            {"container.linuxParameters": {"maxSwap": 1, "swappiness": 100}},
        ),
        Example(
            "documented-range",
            "task.nodeProperties.nodeRangeProperties.0.instanceTypes",
            {
                **nodes(2, "0:"),
                "task.nodeProperties.nodeRangeProperties.0.instanceTypes": ["c6i.xlarge", "c6i.xlarge"],
            },
            nodes(2, "0:"),
        ),
        Example(
            "documented-form",
            "container.volumes.a.b.name",
            {"container.volumes": [{"name": "a.b"}]},
            {"container.volumes": [{"name": "a-b"}]},
        ),
        *(
            Example("documented-form", "container.user", {"container.user": "$(id -u)"}, {"container.user": user})
            for user in ("root", "1000:1000", "_www")
        ),
        Example(
            "documented-form",
            "container.image",
            {"container.image": "my image"},
            {"container.image": "1.dkr.ecr.us-east-1.amazonaws.com/a/b_c@sha256:0123"},
        ),
        *(
            Example(
                "documented-form",
                "fleet.eksConfiguration.kubernetesNamespace",
                on_eks(kubernetesNamespace=bad),
                on_eks(kubernetesNamespace=good),
            )
            for bad, good in (
                ("default", "default-jobs"),
                ("kube-jobs", "jobs-kube"),
                ("-a", "a"),
                ("a" * 64, "a" * 63),
            )
        ),
    ],
    "V-52": [
        Example(
            "read-only",
            "resources.ec2Configuration.0.batchImageStatus",
            {"resources.ec2Configuration": [{"imageType": "ECS_AL2023", "batchImageStatus": "LATEST"}]},
            {"resources.ec2Configuration": [{"imageType": "ECS_AL2023"}]},
            "warning",
        ),
        Example(
            "no-effect",
            "container.linuxParameters.swappiness",
            {"container.linuxParameters": {"swappiness": 60}},
            {"container.linuxParameters": {"swappiness": 60, "maxSwap": 0}},
            "warning",
        ),
        Example(
            "no-effect", "container.instanceType", {"container.instanceType": "c6i.xlarge"}, nodes(2, "0:"), "warning"
        ),
    ],
    "V-53": [
        Example("old-overrides", "job.containerOverrides.vcpus", overridden(vcpus=2), overridden(), "warning"),
        Example(
            "old-overrides",
            "job.containerOverrides.memory",
            overridden(memory=2048),
            {
                **overridden(memory=2048),
                "container.resourceRequirements": [{"type": "VCPU", "value": "1"}],
                "container.memory": 1024,
            },
            "warning",
        ),
        Example(
            "old-overrides",
            "job.nodeOverrides.nodePropertyOverrides.0.containerOverrides.vcpus",
            of_nodes("0:", vcpus=2),
            of_nodes("0:", command=["true"]),
            "warning",
        ),
    ],
    "V-54": [
        Example(
            "override-kind", "job.containerOverrides", {**TWO, **overridden(command=["a"])}, overridden(command=["a"])
        ),
        Example(
            "override-kind",
            "job.nodeOverrides",
            {"job.nodeOverrides": {"numNodes": 2}},
            {**nodes(2, "0:"), "job.nodeOverrides": {"numNodes": 2}},
        ),
        Example(
            "override-container",
            "job.ecsPropertiesOverride.taskProperties.0.containers.man.name",
            {**TWO, "job.ecsPropertiesOverride": {"taskProperties": [{"containers": [{"name": "man"}]}]}},
            of_two(),
        ),
    ],
    "V-55": [
        Example(
            "parameter",
            "job",
            {"container.command": ["run", "Ref::input"]},
            {"container.command": ["run", "Ref::input"], "job.parameters": {"input": "x"}},
        ),
        Example(
            "parameter",
            "job",
            {**overridden(command=["Ref::input"]), "task.parameters": {"inputs": "x"}},
            {**overridden(command=["run"]), "container.command": ["Ref::input"]},
        ),
        Example(
            "empty-argument",
            "job.containerOverrides.command.1",
            overridden(command=["run", ""]),
            {"container.command": ["run", ""]},
        ),
    ],
    "V-56": [
        Example(
            "volume",
            "container.mountPoints.0.sourceVolume",
            {"container.mountPoints": [{"sourceVolume": "dat", "containerPath": "/data"}], **efs()},
            {"container.mountPoints": [{"sourceVolume": "data", "containerPath": "/data"}], **efs()},
        ),
        Example("efs-volume", EFS, efs(transit="DISABLED", accessPointId="a"), efs(transit="DISABLED")),
        Example(
            "efs-volume", f"{EFS}.rootDirectory", efs(root="/a", accessPointId="a"), efs(root="/", accessPointId="a")
        ),
        Example("efs-volume", "container", efs(iam="ENABLED", role=False), efs(iam="ENABLED")),
        Example(
            "secret-role",
            "container.secrets",
            {"container.secrets": [{"name": "A", "valueFrom": "a"}]},
            {"container.secrets": [{"name": "A", "valueFrom": "a"}], "container.executionRoleArn": "role"},
        ),
    ],
    "V-57": [
        Example("eks-environment", "resources", {**on_eks(), "resources.allocationStrategy": GONE}, on_eks()),
        Example(
            "eks-environment",
            "resources.allocationStrategy",
            {**on_eks(), "resources.allocationStrategy": "BEST_FIT"},
            on_eks("SPOT"),
        ),
        Example("eks-environment", "fleet.eksConfiguration", {**on_eks(), "resources": FARGATE["resources"]}, SPOT),
        Example("eks-definition", "task.platformCapabilities", {**pod(), "task.platformCapabilities": ["EC2"]}, pod()),
        *(
            Example(
                "eks-definition",
                f"task.eksProperties.podProperties.containers.0.resources.limits.{member}",
                limits(**{member: bad}),
                limits(**{member: good}),
            )
            for member, bad, good in (
                ("cpu", "0.3", "0.25"),
                ("cpu", "500m", "0.5"),
                ("memory", "1024", "1024Mi"),
                ("memory", "3Mi", "4Mi"),
                ("nvidia.com/gpu", "0.5", "1"),
            )
        ),
        Example(
            "eks-definition",
            "task.eksProperties.podProperties.containers.0.resources.requests.memory",
            pod(resources={"limits": {"memory": "8Mi"}, "requests": {"memory": "4Mi"}}),
            pod(resources={"limits": {"memory": "8Mi"}, "requests": {"memory": "8Mi"}}),
        ),
        Example(
            "eks-definition",
            "task.eksProperties.podProperties.containers.a",
            pod({"name": "a"}, name="a"),
            pod({"name": "b"}, name="a"),
        ),
    ],
}
