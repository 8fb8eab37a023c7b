"""What a job asks for: one container, containers of a task, nodes of a multi-node job, and overrides of each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.scenario.batch.resource_requests import (
    consumables_requested,
    main_container,
    main_task,
    node_range,
    requested,
    stop_timeout_s,
)
from batchsim.spec.configuration import Shape
from tests.builders import definition

#: The kinds of ``resourceRequirements``, by a test's short names.
KINDS = {"vcpus": "VCPU", "memory": "MEMORY", "gpus": "GPU"}


def asks(**resources):
    """``resourceRequirements`` as AWS writes them."""
    return {"resourceRequirements": [{"type": KINDS[kind], "value": str(value)} for kind, value in resources.items()]}


def task(*containers):
    """``ecsProperties`` of one task."""
    return {"taskProperties": [{"containers": list(containers)}]}


def multinode(count, *ranges, main=0):
    return {
        "jobDefinitionName": "task",
        "type": "multinode",
        "nodeProperties": {"numNodes": count, "mainNode": main, "nodeRangeProperties": list(ranges)},
    }


def nodes(target, **resources):
    """A range of nodes of one container."""
    return {"targetNodes": target, "container": asks(**resources)}


def changed(target, **resources):
    """An override of a range of nodes."""
    return {"targetNodes": target, "containerOverrides": asks(**resources)}


@pytest.mark.parametrize(
    ("container", "override", "shape"),
    [
        (asks(vcpus=2, memory=4096), {}, Shape(2.0, 4096)),
        (asks(vcpus=0.25, memory=512), asks(memory=1024), Shape(0.25, 1024)),
        (asks(vcpus=4, memory=8192, gpus=1), asks(gpus=2), Shape(4.0, 8192, 2)),
        (asks(vcpus=1, memory=100), asks(vcpus=2, memory=200, gpus=1), Shape(2.0, 200, 1)),
        # The old members of a definition are changed by either form of an override.
        ({"vcpus": 2, "memory": 100}, {"vcpus": 4}, Shape(4.0, 100)),
        ({"vcpus": 2, "memory": 100}, asks(vcpus=8), Shape(8.0, 100)),
        # API ContainerOverrides: the old members change nothing that is in resourceRequirements, each by itself.
        ({"vcpus": 2, **asks(memory=100)}, {"vcpus": 4, "memory": 900}, Shape(4.0, 100)),
        ({"memory": 100, **asks(vcpus=2)}, {"vcpus": 4, "memory": 900}, Shape(2.0, 900)),
        # But resourceRequirements of an override hold beside its old members.
        (asks(vcpus=2, memory=100), {"vcpus": 4, **asks(vcpus=3)}, Shape(3.0, 100)),
    ],
)
def test_a_container_asks_for_what_its_override_leaves(container, override, shape):
    assert requested({"containerProperties": container}, {"containerOverrides": override}) == shape


def test_containers_of_a_task_are_added_up():
    pair = {
        "ecsProperties": task(
            {"name": "a", **asks(vcpus=1, memory=500)}, {"name": "b", **asks(vcpus=2, memory=300, gpus=1)}
        )
    }
    assert requested(pair, {}) == Shape(1 + 2, 500 + 300, 1)
    # An override is for the container that it names; the other one keeps what it has.
    override = {"ecsPropertiesOverride": task({"name": "b", **asks(memory=1000)})}
    assert requested(pair, override) == Shape(1 + 2, 500 + 1000, 1)
    assert requested(pair, {"ecsPropertiesOverride": task({"name": "b"})}) == requested(pair, {})


@pytest.mark.parametrize(
    ("text", "count", "bounds"),
    [
        ("0:3", 8, (0, 3)),
        (":3", 8, (0, 3)),
        ("2:", 8, (2, 7)),
        (":", 8, (0, 7)),
        ("2", 8, (2, 2)),
        ("0:0", 8, (0, 0)),
        # No more nodes than there are.
        ("0:9", 4, (0, 3)),
        ("7", 4, (7, 3)),
    ],
)
def test_a_range_of_nodes(text, count, bounds):
    assert node_range(text, count) == bounds


def test_nodes_ask_for_the_sum_of_theirs_and_each_for_its_own():
    made = requested(
        multinode(4, nodes("0", vcpus=1, memory=900, gpus=1), nodes("1:", vcpus=2, memory=500), main=3), {}
    )
    main, worker = Shape(1.0, 900, 1), Shape(2.0, 500)
    assert made.nodes == (main, worker, worker, worker)
    assert (made.vcpus, made.memory_mib, made.gpus) == (1 + 3 * 2, 900 + 3 * 500, 1)
    assert made.main_node == 3


@pytest.mark.parametrize("turned", [False, True], ids=["wider first", "narrower first"])
def test_of_nested_ranges_the_narrower_holds_in_whatever_order(turned):
    # API NodeRangeProperty.targetNodes: of 0:5, 1:4 and 2:2 each node has what the narrowest range around it says.
    ranges = [nodes("0:5", vcpus=1, memory=10), nodes("1:4", vcpus=2, memory=20), nodes("2:2", vcpus=3, memory=30)]
    made = requested(multinode(6, *(reversed(ranges) if turned else ranges)), {})
    assert [node.vcpus for node in made.nodes] == [1, 2, 3, 2, 2, 1]
    assert made.memory_mib == 10 + 20 + 30 + 20 + 20 + 10


@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 4), st.integers(1, 2000))
def test_an_open_range_grows_with_the_number_of_nodes(count, submitted, vcpus, memory):
    made = multinode(count, nodes("0:", vcpus=vcpus, memory=memory))
    plain, more = requested(made, {}), requested(made, {"nodeOverrides": {"numNodes": submitted}})
    assert (plain.vcpus, plain.memory_mib, len(plain.nodes)) == (count * vcpus, count * memory, count)
    assert (more.vcpus, more.memory_mib, len(more.nodes)) == (submitted * vcpus, submitted * memory, submitted)


def test_an_override_of_nodes_changes_its_range_and_no_other():
    made = multinode(4, nodes("0:1", vcpus=1, memory=100), nodes("2:", vcpus=2, memory=200))
    override = {"nodeOverrides": {"numNodes": 5, "nodePropertyOverrides": [changed("2:", memory=800)]}}
    assert [node.memory_mib for node in requested(made, override).nodes] == [100, 100, 800, 800, 800]
    assert requested(made, override).vcpus == 2 * 1 + 3 * 2


def test_nodes_of_several_containers_keep_them_all_under_an_override():
    # Each node: 1 + 2 vCPUs, 500 + 300 MiB. containerOverrides name no container of a task.
    pair = task({"name": "a", **asks(vcpus=1, memory=500)}, {"name": "b", **asks(vcpus=2, memory=300)})
    made = multinode(2, {"targetNodes": "0:", "ecsProperties": pair})
    each = Shape(1 + 2, 500 + 300)
    assert requested(made, {}).nodes == (each, each)
    for override in ({"targetNodes": "0:"}, changed("0:", memory=900)):
        assert requested(made, {"nodeOverrides": {"nodePropertyOverrides": [override]}}).nodes == (each, each)


@pytest.mark.parametrize(
    "members",
    [{"instanceTypes": ["c6i.large"]}, {"container": {**asks(vcpus=1, memory=100), "instanceType": "c6i.large"}}],
    ids=["of the range", "of its container"],
)
def test_the_type_of_all_nodes_is_named_in_any_range(members):
    # API NodeRangeProperty.instanceTypes: all ranges of a job have one type, so that one of them may say it.
    silent, naming = nodes("0", vcpus=1, memory=100), {**nodes("1:", vcpus=1, memory=100), **members}
    assert requested(multinode(2, silent, naming), {}).instance_type == "c6i.large"
    assert requested(
        multinode(2, {**silent, "targetNodes": "1:"}, {**naming, "targetNodes": "0"}), {}
    ).instance_type == ("c6i.large")
    assert requested(multinode(2, {**silent, "targetNodes": "0:"}), {}).instance_type == ""


def test_what_a_job_pulls_and_runs_on_is_the_main_nodes():
    first, second = ({"image": name, **asks(vcpus=1, memory=100)} for name in ("first", "second"))
    made = multinode(2, {"targetNodes": "0", "container": first}, {"targetNodes": "1", "container": second}, main=1)
    assert main_container(made) == main_task(made) == second
    # Of a task the first container has the image, and the task itself the platform.
    several = {**task({"name": "a", "image": "a"}, {"name": "b", "image": "b"})}
    assert main_container({"ecsProperties": several})["image"] == "a"
    assert main_task({"ecsProperties": several}) == several["taskProperties"][0]
    ecs = multinode(2, {"targetNodes": "0:", "ecsProperties": several})
    assert main_container(ecs)["image"] == "a"
    assert main_task(ecs) == several["taskProperties"][0]
    assert main_container(definition())["image"] == "busybox"
    assert (main_container({}), main_task({})) == ({}, {})


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [
        # API TaskContainerProperties.stopTimeout: 30 s where it is not said; the last of them ends the task.
        ([None], 30),
        ([10], 10),
        ([120, 45], 120),
        ([10, None], 30),
        ([0], 0),
    ],
)
def test_a_task_stops_with_the_last_of_its_containers(stated, seconds):
    containers = [
        {"name": str(number), **({} if each is None else {"stopTimeout": each})} for number, each in enumerate(stated)
    ]
    assert stop_timeout_s({"ecsProperties": task(*containers)}) == seconds
    ranges = [{"targetNodes": str(number), "ecsProperties": task(each)} for number, each in enumerate(containers)]
    assert stop_timeout_s(multinode(len(ranges), *ranges)) == seconds


def test_a_single_container_has_half_a_minute():
    assert stop_timeout_s(definition()) == 30


def consuming(*entries):
    """``consumableResourceProperties`` of names and quantities."""
    return {"consumableResourceList": [{"consumableResource": name, "quantity": each} for name, each in entries]}


def test_nodes_ask_for_consumables_each_and_the_job_for_its_own():
    # The job two licences and a seat; of four nodes the first one licence, the three others two and a dongle each.
    made = multinode(
        4,
        {**nodes("0", vcpus=1, memory=100), "consumableResourceProperties": consuming(("licence", 1))},
        {**nodes("1:", vcpus=1, memory=100), "consumableResourceProperties": consuming(("licence", 2), ("dongle", 1))},
    )
    made["consumableResourceProperties"] = consuming(("licence", 2), ("seat", 1))
    assert dict(consumables_requested(made, {})) == {"licence": 2 + 1 + 3 * 2, "seat": 1, "dongle": 3}
    fewer = {"nodeOverrides": {"numNodes": 2}}
    assert dict(consumables_requested(made, fewer)) == {"licence": 2 + 1 + 2, "seat": 1, "dongle": 1}
    # An override takes the place of what the job itself asks for, and of nothing that its nodes do.
    override = {"consumableResourcePropertiesOverride": consuming(("seat", 5))}
    assert dict(consumables_requested(made, override)) == {"licence": 1 + 3 * 2, "seat": 5, "dongle": 3}


def test_consumables_go_by_name_or_arn():
    arn = "arn:aws:batch:us-east-1:123456789012:consumable-resource/licence"
    made = definition(consumableResourceProperties=consuming((arn, 2)))
    assert consumables_requested(made, {}) == (("licence", 2),)
    assert consumables_requested(definition(), {}) == ()
