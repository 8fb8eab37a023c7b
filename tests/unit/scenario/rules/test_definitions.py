"""What definitions are made of, the figures they ask for as AWS reads them, and the platform they are for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenarios.rules.base import GONE, full, of_rule
from tests.scenarios.rules.changes import (
    FARGATE,
    FOR_FARGATE,
    FOR_MANAGED,
    MANAGED,
    Change,
    asks,
    behind,
    beside,
    ecs,
    job,
    nodes,
)
from tests.scenarios.rules.of_requests import memory, of_nodes, of_two, on_fargate, pod

REQUIREMENTS = "container.resourceRequirements"
TASK = "task.ecsProperties.taskProperties.0"
CONTAINER_PROPERTIES = {"image": "busybox", "resourceRequirements": asks("1", "1024")}
ECS_PROPERTIES = ecs({})["task"]["ecsProperties"]
POD_PROPERTIES = pod()["task"]["eksProperties"]
NODE_PROPERTIES = nodes(2, "0:")["task"]["nodeProperties"]


def made_of(kind: str, **properties: Any) -> Change:
    return {"task": {"jobDefinitionName": "task", "type": kind, **properties}}


@pytest.mark.parametrize(
    "change",
    [
        made_of("container", containerProperties=CONTAINER_PROPERTIES),
        made_of("container", ecsProperties=ECS_PROPERTIES),
        made_of("container", eksProperties=POD_PROPERTIES),
        made_of("multinode", nodeProperties=NODE_PROPERTIES),
    ],
)
def test_each_kind_has_the_properties_of_its_own(change):
    assert of_rule("definition-kind", change) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (made_of("container"), {""}),
        (made_of("multinode"), {""}),
        (made_of("container", nodeProperties=NODE_PROPERTIES), {".nodeProperties"}),
        (
            made_of("container", containerProperties=CONTAINER_PROPERTIES, ecsProperties=ECS_PROPERTIES),
            {".ecsProperties"},
        ),
        (
            made_of("container", ecsProperties=ECS_PROPERTIES, eksProperties=POD_PROPERTIES),
            {".eksProperties"},
        ),
        (
            made_of("container", containerProperties=CONTAINER_PROPERTIES, nodeProperties=NODE_PROPERTIES),
            {".nodeProperties"},
        ),
        (
            made_of("multinode", containerProperties=CONTAINER_PROPERTIES, eksProperties=POD_PROPERTIES),
            {"", ".containerProperties", ".eksProperties"},
        ),
        (
            made_of("multinode", nodeProperties=NODE_PROPERTIES, ecsProperties=ECS_PROPERTIES),
            {".ecsProperties"},
        ),
    ],
)
def test_what_a_definition_lacks_and_what_it_has_too_many_of(change, told):
    assert {each.path.removeprefix(full("task")) for each in of_rule("definition-kind", change)} == told


# Containers that wait for containers


def waits(*needed: str, condition: str = "START") -> list[dict[str, str]]:
    return [{"containerName": name, "condition": condition} for name in needed]


def test_a_circle_of_containers_is_told_at_each_that_waits_in_it():
    circle = ecs(
        {"name": "a", "dependsOn": waits("b")},
        {"name": "b", "dependsOn": waits("c")},
        {"name": "c", "dependsOn": waits("a")},
        {"name": "d", "dependsOn": waits("a")},
    )
    assert [each.message for each in of_rule("ecs-properties", circle)] == [
        "a and b wait for each other",
        "b and c wait for each other",
        "c and a wait for each other",
    ]


def test_containers_may_wait_for_the_same_one():
    diamond = ecs(
        {"name": "a"},
        {"name": "b", "dependsOn": waits("a")},
        {"name": "c", "dependsOn": waits("a")},
        {"name": "d", "dependsOn": waits("b", "c", "a")},
    )
    assert of_rule("ecs-properties", diamond) == []


def test_a_container_that_is_not_there_is_told_with_the_one_that_was_meant():
    (finding,) = of_rule("ecs-properties", ecs({"name": "main", "dependsOn": waits("intit")}, {"name": "init"}))
    assert (finding.path.rpartition(".")[2], finding.suggestion) == ("containerName", "init")


@pytest.mark.parametrize(
    ("condition", "essential", "told"),
    [
        ("START", None, False),
        ("COMPLETE", None, True),  # what is not said to be essential is
        ("SUCCESS", True, True),
        ("COMPLETE", False, False),
        ("SUCCESS", False, False),
    ],
)
def test_only_the_end_of_a_container_that_is_not_essential_can_be_waited_for(condition, essential, told):
    first = {"name": "init"} | ({} if essential is None else {"essential": essential})
    found = of_rule("ecs-properties", ecs({"name": "main", "dependsOn": waits("init", condition=condition)}, first))
    assert [each.path for each in found] == ([full(f"{TASK}.containers.main.dependsOn.0.condition")] if told else [])


# Figures


@pytest.mark.parametrize(
    ("kind", "value", "taken"),
    [
        ("VCPU", "1", True),
        ("VCPU", "192", True),
        ("VCPU", "01", True),
        ("VCPU", "0", False),
        ("VCPU", "0.25", False),
        ("VCPU", "1.5", False),
        ("VCPU", "2.0", False),
        ("VCPU", "+2", False),
        ("VCPU", "-2", False),
        ("VCPU", "2e0", False),
        ("VCPU", "two", False),
        ("VCPU", "", False),
        ("MEMORY", "4", True),
        ("MEMORY", "3", False),
        ("MEMORY", "1024.5", False),
        ("MEMORY", "1GiB", False),
        ("MEMORY", "1000000000", True),
        ("MEMORY", "1000000001", False),
        ("GPU", "1", True),
        ("GPU", "16", True),
        ("GPU", "0", False),
        ("GPU", "nan", False),
        ("GPU", "inf", False),
    ],
)
def test_a_figure_as_aws_reads_it(kind, value, taken):
    listed = [each for each in asks("1", "1024", {"type": "GPU", "value": "1"}) if each["type"] != kind]
    found = of_rule("requirements", {REQUIREMENTS: [*listed, {"type": kind, "value": value}]})
    assert [each.path for each in found] == ([] if taken else [full(f"{REQUIREMENTS}.2.value")])


@pytest.mark.parametrize(
    ("kind", "value", "taken"),
    [
        ("VCPU", "0.25", True),
        ("VCPU", ".5", True),
        ("VCPU", "0.24", False),
        ("MEMORY", "2048.5", False),
        ("MEMORY", "2048.0", False),
    ],
)
def test_on_fargate_vcpus_alone_may_be_a_fraction(kind, value, taken):
    listed = [each for each in asks("1", "2048") if each["type"] != kind]
    found = of_rule("requirements", FARGATE, {REQUIREMENTS: [*listed, {"type": kind, "value": value}]})
    assert bool(found) != taken


def test_a_figure_that_is_misspelt_is_told_with_its_spelling():
    (finding,) = of_rule("requirements", {REQUIREMENTS: asks("2.0", "1024")})
    assert finding.expected == '"2"'


@pytest.mark.parametrize(("member", "value", "taken"), [("vcpus", 1, True), ("vcpus", 0, False), ("memory", 3, False)])
def test_old_members_are_figures_too(member, value, taken):
    old = {"image": "busybox", "vcpus": 1, "memory": 4, member: value}
    found = of_rule("requirements", {"container": old})
    assert [each.path for each in found] == ([] if taken else [full(f"container.{member}")])


@pytest.mark.parametrize("member", ["vcpus", "memory"])
def test_old_members_beside_requirements_and_on_fargate_are_told(member):
    (finding,) = of_rule("requirements", {f"container.{member}": 1024})
    assert finding.path == full(f"container.{member}")
    kind = {"vcpus": "VCPU", "memory": "MEMORY"}[member]
    listed = [each for each in asks("1", "2048") if each["type"] != kind]
    (finding,) = of_rule("requirements", FARGATE, {REQUIREMENTS: listed, f"container.{member}": 2048})
    assert finding.path == full(f"container.{member}")
    assert kind in finding.expected


def test_of_two_containers_it_is_enough_that_one_says_it():
    said, silent = {"resourceRequirements": asks("1", "512")}, {"resourceRequirements": []}
    assert of_rule("requirements", ecs(said, silent)) == []
    halves = {"resourceRequirements": memory("512")}, {"resourceRequirements": [{"type": "VCPU", "value": "1"}]}
    assert of_rule("requirements", ecs(*halves)) == []
    found = of_rule("requirements", ecs(silent, silent))
    assert [(each.path, each.message.split()[1]) for each in found] == [(full(TASK), "VCPU"), (full(TASK), "MEMORY")]


def test_each_range_of_nodes_says_it():
    change = nodes(3, "0", "1:")
    groups = change["task"]["nodeProperties"]["nodeRangeProperties"]
    groups[1]["container"] = {"image": "busybox", "resourceRequirements": memory("1024")}
    (finding,) = of_rule("requirements", change)
    assert finding.path == full("task.nodeProperties.nodeRangeProperties.1.container")
    assert finding.message == "no VCPU in resourceRequirements"


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"job.containerOverrides": {"resourceRequirements": asks("1", "3")}}, "job.containerOverrides"),
        (
            of_two(resourceRequirements=asks("1", "3")),
            "job.ecsPropertiesOverride.taskProperties.0.containers.main",
        ),
        (
            of_nodes("0:", resourceRequirements=asks("1", "3")),
            "job.nodeOverrides.nodePropertyOverrides.0.containerOverrides",
        ),
    ],
)
def test_what_a_job_asks_for_instead_is_a_figure_too(change, at):
    (finding,) = of_rule("requirements", change)
    assert (finding.path, finding.expected) == (
        full(f"{at}.resourceRequirements.1.value"),
        "a whole number of 4 or more",
    )


def test_what_is_asked_for_twice_is_told_once_more_each_time():
    twice = {"type": "MEMORY", "value": "2048"}
    found = of_rule("requirements", {REQUIREMENTS: asks("1", "1024", twice, twice)})
    assert [each.path for each in found] == [full(f"{REQUIREMENTS}.{index}.type") for index in (2, 3)]


# Platforms


UNMANAGED: Change = {"fleet": {"computeEnvironmentName": "fleet", "type": "UNMANAGED", "unmanagedvCpus": 4}}


@pytest.mark.parametrize(
    ("environment", "definition", "wanted"),
    [
        ({}, {}, None),
        (UNMANAGED, {}, None),
        ({"resources": FARGATE["resources"]}, FOR_FARGATE, None),
        (MANAGED, FOR_MANAGED, None),
        ({}, FOR_FARGATE, "EC2"),
        (UNMANAGED, FOR_FARGATE, "EC2"),
        ({}, FOR_MANAGED, "EC2"),
        ({"resources": FARGATE["resources"]}, {}, "FARGATE"),
        ({"resources": FARGATE["resources"]}, FOR_MANAGED, "FARGATE"),
        (MANAGED, {}, "MANAGED_INSTANCES"),
        (MANAGED, {"task": on_fargate({})["task"]}, "MANAGED_INSTANCES"),
    ],
)
def test_a_definition_is_for_the_platform_of_its_queue(environment, definition, wanted):
    found = of_rule("platform", environment, definition)
    assert [(each.path, each.expected) for each in found] == (
        [] if wanted is None else [(full("job.jobDefinition"), f"platformCapabilities: [{wanted}]")]
    )


def test_each_job_on_a_queue_of_another_platform_is_told():
    more = {"workload.work.jobs.+": job()}
    found = of_rule("platform", FOR_FARGATE, more)
    assert [each.path for each in found] == [full("job.jobDefinition"), "workload.work.jobs.next.jobDefinition"]
    # A queue whose environments are not there is told of that alone.
    assert of_rule("platform", FOR_FARGATE, {"queue.computeEnvironmentOrder.0.computeEnvironment": "none"}) == []


def test_one_environment_of_the_platform_is_enough():
    tasks = {**beside(), "computeResources": FARGATE["resources"]}
    assert of_rule("platform", behind(tasks)) == []
    assert of_rule("platform", behind(tasks), FOR_FARGATE) == []


# Environments of both kinds


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (UNMANAGED, False),
        ({**UNMANAGED, "fleet.unmanagedvCpus": 0}, False),
        ({**UNMANAGED, "fleet.unmanagedvCpus": -1}, True),
        ({**UNMANAGED, "fleet.unmanagedvCpus": GONE}, True),
    ],
)
def test_an_unmanaged_environment_has_vcpus_or_none(change, told):
    assert [each.path for each in of_rule("missing-resources", change)] == ([full("fleet")] if told else [])
