"""Ranges of nodes and what jobs change of them: which are taken, and which nodes they are.

API NodeProperties, NodeRangeProperty, NodeOverrides: a range without a beginning begins at 0, one without an end goes
to the last node.
"""

from __future__ import annotations

import pytest

from batchsim.scenario.rules.references import node_bounds
from tests.builders import definition, scenario
from tests.scenarios.rules.base import GONE, full, of_rule
from tests.scenarios.rules.changes import MANAGED, SPOT, Change, asks, behind, beside, ecs, nodes

RANGES = "task.nodeProperties.nodeRangeProperties"


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("0:3", (0, 3)),
        ("2:2", (2, 2)),
        (":2", (0, 2)),
        ("1:", (1, 7)),
        (":", (0, 7)),
        ("5", (5, 5)),
        ("", None),
        ("a", None),
        ("0-3", None),
        ("-1:3", None),
        ("0:3:5", None),
        (" 0:3", None),
        ("1.0:3", None),
        (None, None),
        (3, None),
    ],
)
def test_what_is_a_range_of_eight_nodes(text, bounds):
    assert node_bounds(text, 8) == bounds


@pytest.mark.parametrize("ranges", [[":"], ["0:"], [":3"], ["0:3"], ["0", "1:3"], ["0:1", "2", "3:"], [":", "1:2"]])
def test_ranges_that_cover_four_nodes(ranges):
    assert of_rule("nodes", nodes(4, *ranges)) == []


@pytest.mark.parametrize(
    ("ranges", "bare"),
    [(["1:"], 0), ([":2"], 3), (["0", "2:"], 1), (["0:1", "3"], 2), (["1:2"], 0), (["0"], 1)],
)
def test_the_first_node_of_four_that_no_range_has_is_named(ranges, bare):
    (finding,) = of_rule("nodes", nodes(4, *ranges))
    assert (finding.path, finding.message) == (full(RANGES), f"no range has node {bare}")


@pytest.mark.parametrize("text", ["0:4", "4:", "3:2", "4", ""])
def test_a_range_that_four_nodes_do_not_have(text):
    (finding,) = of_rule("nodes", nodes(4, "0:3", text))
    assert (finding.path, finding.expected) == (full(f"{RANGES}.1.targetNodes"), "such as 0:3")


def test_a_job_without_a_main_node_has_the_first():
    assert of_rule("nodes", {**nodes(1, "0:"), "task.nodeProperties.mainNode": GONE}) == []


@pytest.mark.parametrize("text", [":", "0:"])
def test_a_range_of_all_nodes_is_simulated_as_that_and_may_be_as_many_as_a_job_says(text):
    container = {"image": "busybox", "resourceRequirements": asks("1", "1024")}
    ranged = {
        **definition(),
        "type": "multinode",
        "nodeProperties": {
            "numNodes": 2,
            "mainNode": 0,
            "nodeRangeProperties": [{"targetNodes": text, "container": container}],
        },
    }
    del ranged["containerProperties"]
    submitted = {"jobName": "job", "jobQueue": "queue", "jobDefinition": "task", "runtime": 60}
    more = {**submitted, "jobName": "more", "nodeOverrides": {"numNodes": 5}}
    made = scenario({"workflow": "work", "jobs": [submitted, more]}, definitions=[ranged])
    assert [len(job.shape.nodes) for job in made.sources[0].jobs] == [2, 5]


# Types


def single(*types: str) -> Change:
    """Ranges of one node each, whose containers name a type."""
    made = nodes(len(types), *(str(number) for number in range(len(types))))
    for group, kind in zip(made["task"]["nodeProperties"]["nodeRangeProperties"], types, strict=True):
        del group["instanceTypes"]
        group["container"] = {**group["container"], "instanceType": kind}
    return made


def test_the_type_that_a_container_names_is_its_nodes_too():
    assert of_rule("node-types", single("c6i.xlarge", "c6i.xlarge")) == []
    (finding,) = of_rule("node-types", single("c6i.xlarge", "m6i.xlarge"))
    assert finding.path == full(f"{RANGES}.1.container.instanceType")
    mixed = single("c6i.xlarge", "m6i.xlarge", "m6i.xlarge")
    mixed["task"]["nodeProperties"]["nodeRangeProperties"][0]["instanceTypes"] = ["m6i.xlarge"]
    # Whichever is named first, each that differs is told.
    told = of_rule("node-types", mixed)
    assert [each.path for each in told] == [full(f"{RANGES}.0.container.instanceType")]
    assert [each.expected for each in told] == ["m6i.xlarge"]


# Queues


@pytest.mark.parametrize("environment", [SPOT, MANAGED], ids=["SPOT", "ECS_MANAGED_INSTANCES"])
def test_one_ec2_environment_behind_another_is_enough(environment):
    assert [each.path for each in of_rule("node-queue", environment, nodes(2, "0:"))] == [full("job.jobQueue")]
    assert of_rule("node-queue", environment, behind(beside()), nodes(2, "0:")) == []


# What a job changes


def changing(count: int, *ranges: str, main: int = 0, nodes_before: int = 8) -> Change:
    return {**nodes(nodes_before, *ranges, main=main), "job.nodeOverrides": {"numNodes": count}}


@pytest.mark.parametrize(
    ("count", "ranges", "main"),
    [
        (1, ("0:",), 0),
        (2, ("0", "1:"), 0),
        (4, ("0", "1:"), 3),
        # Of two open ranges one is enough that the nodes reach.
        (3, ("0:", "4:"), 0),
        (1000, (":",), 7),
    ],
)
def test_as_many_nodes_as_reach_an_open_range_and_the_main_node(count, ranges, main):
    assert of_rule("node-overrides", changing(count, *ranges, main=main)) == []


@pytest.mark.parametrize(
    ("count", "ranges", "main", "says"),
    [
        (1, ("0", "1:"), 0, "don't reach"),
        (3, ("0:",), 3, "don't reach"),
        (4, ("0:3", "4:"), 0, "don't reach"),
        (9, ("0:7",), 0, "no range with an open end"),
        (9, ("0:3", "4:7"), 0, "no range with an open end"),
    ],
)
def test_nodes_that_do_not_reach(count, ranges, main, says):
    (finding,) = of_rule("node-overrides", changing(count, *ranges, main=main))
    assert finding.path == full("job.nodeOverrides.numNodes")
    assert says in finding.message


def test_a_definition_without_a_main_node_has_node_0():
    assert of_rule("node-overrides", changing(1, "0:"), {"task.nodeProperties.mainNode": GONE}) == []


def overriding(*targets: str) -> Change:
    listed = [{"targetNodes": each, "containerOverrides": {"command": ["true"]}} for each in targets]
    return {**nodes(4, "0", "1:"), "job.nodeOverrides": {"nodePropertyOverrides": listed}}


@pytest.mark.parametrize("target", ["0", "0:0", ":0", "1:", "1:3"])
def test_a_range_may_be_written_otherwise_than_the_definition_has_it(target):
    assert of_rule("node-overrides", overriding(target)) == []


@pytest.mark.parametrize("target", ["0:", "1", "1:2", "2:", ":"])
def test_an_override_of_other_nodes_than_a_range_has(target):
    (finding,) = of_rule("node-overrides", overriding("0", target))
    assert finding.path == full("job.nodeOverrides.nodePropertyOverrides.1.targetNodes")
    assert finding.expected == "0 or 1:"


def test_each_override_of_no_range_is_told():
    told = of_rule("node-overrides", overriding("2", "1:", "3"))
    assert [each.path.rpartition("Overrides.")[2] for each in told] == ["0.targetNodes", "2.targetNodes"]


# Only definitions of many nodes take them


def test_node_overrides_of_a_task_are_of_another_kind():
    (finding,) = of_rule("override-kind", ecs({"name": "main"}), {"job.nodeOverrides": {"numNodes": 2}})
    assert (finding.path, finding.expected) == (full("job.nodeOverrides"), "ecsPropertiesOverride")


def test_nodes_of_several_containers_take_no_override_of_one():
    """It would change nothing: of node 0 there is one container, of the others there are two."""
    change = overriding("0", "1:")
    task = ecs({"name": "main"}, {"name": "log"})["task"]["ecsProperties"]
    one, several = change["task"]["nodeProperties"]["nodeRangeProperties"]
    change["task"]["nodeProperties"]["nodeRangeProperties"] = [
        one,
        {"targetNodes": several["targetNodes"], "instanceTypes": several["instanceTypes"], "ecsProperties": task},
    ]
    (finding,) = of_rule("override-kind", change)
    assert finding.path == full("job.nodeOverrides.nodePropertyOverrides.1.containerOverrides")
    assert finding.expected == "a definition with these values"  # what AWS takes is not simulated
