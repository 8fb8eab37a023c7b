"""Pods as AWS Batch takes them, and the words, ranges and forms that the documentation of a member states.

API EksContainerResourceRequirements: memory in Mi, 4 at least, and as much requested as is the limit; CPUs in quarters,
requested up to the limit; whole GPUs.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenarios.rules.base import full, of_rule
from tests.scenarios.rules.changes import FARGATE, MANAGED, Change, ecs, on
from tests.scenarios.rules.of_requests import efs, on_eks, pod

CONTAINER = "task.eksProperties.podProperties.containers.0"
RESOURCES = f"{CONTAINER}.resources"
GPU = "nvidia.com/gpu"


def resources(limits: dict[str, str], requests: dict[str, str]) -> Change:
    return pod(resources={"limits": limits, "requests": requests})


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [
        ("cpu", "0.25", True),
        ("cpu", "96", True),
        ("cpu", "1.75", True),
        ("cpu", "0", False),
        ("cpu", "-1", False),
        ("cpu", "0.1", False),
        ("cpu", "0.26", False),
        ("cpu", "250m", False),
        ("memory", "4Mi", True),
        ("memory", "3Mi", False),
        ("memory", "4.5Mi", False),
        ("memory", "1Gi", False),
        ("memory", "4194304", False),
        (GPU, "1", True),
        (GPU, "8", True),
        (GPU, "1.0", False),
        (GPU, "one", False),
        ("example.com/other", "x", True),  # what else a cluster has is its own affair
    ],
)
@pytest.mark.parametrize("group", ["limits", "requests"])
def test_what_a_container_of_a_pod_asks_for(group, name, value, taken):
    found = of_rule("eks-definition", pod(resources={group: {name: value}}))
    assert [each.path for each in found] == ([] if taken else [full(f"{RESOURCES}.{group}.{name}")])


@pytest.mark.parametrize(
    ("name", "limit", "request_", "told"),
    [
        ("memory", "64Mi", "64Mi", False),
        ("memory", "64Mi", "63Mi", True),
        ("memory", "64Mi", "65Mi", True),
        (GPU, "2", "2", False),
        (GPU, "2", "1", True),
        ("cpu", "2", "2", False),
        ("cpu", "2", "1.75", False),
        ("cpu", "2", "0.25", False),
        ("cpu", "2", "2.25", True),
    ],
)
def test_what_is_requested_beside_its_limit(name, limit, request_, told):
    found = of_rule("eks-definition", resources({name: limit}, {name: request_}))
    assert [(each.path, each.expected) for each in found] == (
        [(full(f"{RESOURCES}.requests.{name}"), limit)] if told else []
    )


def test_a_limit_or_a_request_may_stand_alone():
    assert of_rule("eks-definition", resources({"cpu": "1"}, {"memory": "64Mi"})) == []


def test_containers_and_first_containers_may_share_a_name():
    first = {"task.eksProperties.podProperties.initContainers": [{"name": "a", "image": "busybox"}]}
    assert of_rule("eks-definition", {**pod(name="a"), **first}) == []
    # Without a name it is called Default, once.
    (finding,) = of_rule("eks-definition", pod({}, {"name": "b"}))
    assert "'Default' comes twice" in finding.message


def test_a_mount_is_of_a_volume_of_its_pod():
    def mounted(*names: str) -> Change:
        mounts = [{"name": name, "mountPath": "/data"} for name in names]
        volumes = [{"name": "data", "emptyDir": {}}]
        return {**pod(volumeMounts=mounts), "task.eksProperties.podProperties.volumes": volumes}

    assert of_rule("eks-definition", mounted("data", "data")) == []
    (finding,) = of_rule("eks-definition", mounted("data", "dat"))
    assert finding.path == full(f"{CONTAINER}.volumeMounts.dat.name")


@pytest.mark.parametrize(
    ("profile", "told"),
    [
        ({"type": "RuntimeDefault"}, False),
        ({"type": "Localhost", "localhostProfile": "p.json"}, False),
        ({"type": "Localhost"}, True),
        ({"type": "RuntimeDefault", "localhostProfile": "p.json"}, True),
        ({"type": "Unconfined", "localhostProfile": "p.json"}, True),
    ],
)
def test_a_profile_of_the_host_is_named_and_no_other(profile, told):
    found = of_rule("eks-definition", pod(securityContext={"seccompProfile": profile}))
    assert [each.path for each in found] == ([full(f"{CONTAINER}.securityContext.seccompProfile")] if told else [])


@pytest.mark.parametrize("member", ["platformCapabilities", "propagateTags"])
def test_what_a_definition_of_pods_can_not_have(member):
    value = {"platformCapabilities": ["EC2"], "propagateTags": False}[member]
    assert [each.path for each in of_rule("eks-definition", {**pod(), f"task.{member}": value})] == [
        full(f"task.{member}")
    ]
    assert of_rule("eks-definition", {f"task.{member}": value}) == []


# Environments


@pytest.mark.parametrize(
    ("kind", "strategy", "expected"),
    [
        ("EC2", "BEST_FIT_PROGRESSIVE", None),
        ("SPOT", "SPOT_CAPACITY_OPTIMIZED", None),
        ("SPOT", "BEST_FIT_PROGRESSIVE", None),
        ("EC2", "BEST_FIT", "BEST_FIT_PROGRESSIVE"),
        ("SPOT", "BEST_FIT", "SPOT_PRICE_CAPACITY_OPTIMIZED"),
        ("SPOT", None, "SPOT_PRICE_CAPACITY_OPTIMIZED"),
    ],
)
def test_an_environment_on_eks_has_a_strategy_other_than_best_fit(kind, strategy, expected):
    given = {**on_eks(kind), "resources": on(kind, allocationStrategy=strategy)["resources"]}
    found = of_rule("eks-environment", given)
    assert [each.expected for each in found] == ([] if expected is None else [expected])


@pytest.mark.parametrize("resources_", [FARGATE, MANAGED], ids=["FARGATE", "ECS_MANAGED_INSTANCES"])
def test_an_environment_on_eks_is_of_instances_of_ones_own(resources_):
    (finding,) = of_rule("eks-environment", on_eks(), {"resources": resources_["resources"]})
    assert (finding.path, finding.expected) == (full("fleet.eksConfiguration"), "type: EC2 or SPOT")


# What the documentation of a member says


RANGES: list[tuple[str, int, int | None, Any]] = [
    ("task.eksProperties.podProperties.securityContext.fsGroup", 0, 2**31 - 1,
     lambda value: {**pod(), "task.eksProperties.podProperties.securityContext": {"fsGroup": value}}),
    (f"{CONTAINER}.securityContext.runAsUser", 0, 2**31 - 1, lambda value: pod(securityContext={"runAsUser": value})),
    (f"{CONTAINER}.securityContext.runAsGroup", 0, 2**31 - 1,
     lambda value: pod(securityContext={"runAsGroup": value})),
    ("container.volumes.data.efsVolumeConfiguration.transitEncryptionPort", 0, 65_535,
     lambda value: {**efs(), "container.volumes.data.efsVolumeConfiguration.transitEncryptionPort": value}),
    ("container.linuxParameters.swappiness", 0, 100,
     lambda value: {"container.linuxParameters": {"maxSwap": 1, "swappiness": value}}),
    ("container.linuxParameters.maxSwap", 0, None, lambda value: {"container.linuxParameters": {"maxSwap": value}}),
]  # fmt: skip


@pytest.mark.parametrize(("at", "least", "most", "having"), RANGES, ids=[each[0].rpartition(".")[2] for each in RANGES])
def test_ranges_of_members(at, least, most, having):
    most_taken = 2**31 - 1 if most is None else most
    assert of_rule("documented-range", having(least)) == of_rule("documented-range", having(most_taken)) == []
    beyond = [least - 1] if most is None else [least - 1, most + 1]
    for value in beyond:
        (finding,) = of_rule("documented-range", having(value))
        assert finding.path == full(at)
        assert finding.expected == (f"{least} or more" if most is None else f"{least} to {most}")


@pytest.mark.parametrize("value", ["${User}", "{{ user }}"])
def test_what_a_template_fills_in_is_not_read(value):
    assert of_rule("documented-form", {"container.user": value}) == []
    assert of_rule("documented-word", {"container.ulimits": [{"name": value, "softLimit": 1, "hardLimit": 1}]}) == []
    assert len(of_rule("documented-form", {"container.user": "$"})) == 1


def test_what_a_job_says_is_read_as_what_a_definition_says():
    tasks = {"taskProperties": [{"containers": [{"name": "main"}]}] * 2}
    (finding,) = of_rule("documented-range", ecs({"name": "main"}), {"job.ecsPropertiesOverride": tasks})
    assert (finding.path, finding.message) == (
        full("job.ecsPropertiesOverride.taskProperties"),
        "2 entries are too many",
    )
    (finding,) = of_rule("documented-range", efs(root="/" * 4097))
    assert finding.message == "4097 characters are too many"


@pytest.mark.parametrize("member", ["add", "drop"])
def test_capabilities_of_a_pod(member):
    def having(*names: str) -> Change:
        return pod(securityContext={"capabilities": {member: list(names)}})

    many = [f"CAP{number}" for number in range(65)]
    assert of_rule("documented-range", having(*many[:64])) == []
    assert len(of_rule("documented-range", having(*many))) == 1
    found = of_rule("documented-form", having("NET_ADMIN", "CAP_SYS_ADMIN", "CAP_CHOWN"))
    assert [each.path.rpartition(".")[2] for each in found] == ["1", "2"]
