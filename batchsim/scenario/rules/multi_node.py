"""Rules about multi-node parallel jobs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from batchsim.errors import Finding
from batchsim.scenario.document.access import dig, entries, mappings, whole
from batchsim.scenario.document.document import Where
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.references import (
    Submission,
    is_multinode,
    kinds_of,
    node_bounds,
    nodes_of,
    platform_of,
    submissions,
)
from batchsim.scenario.rules.registry import rule

GUIDE = "AWS Batch User Guide, Multi-node parallel jobs"
MOST_NODES = 1000


@rule(
    "nodes",
    "A multi-node job has 1 to 1,000 nodes, a main node among them, and 1 to 5 ranges that cover them all",
    "AWS Batch API, NodeProperties, NodeRangeProperty",
    number="V-34",
)
def nodes(context: Context) -> Iterator[Finding]:
    """Ranges may nest; the inner one holds."""
    for where, definition in context.items("jobDefinitions"):
        properties = definition.get("nodeProperties")
        if not isinstance(properties, dict):
            continue
        if platform_of(definition) != "EC2":
            message = f"a multi-node job can't run on {platform_of(definition)}"
            yield context.finding((*where, "platformCapabilities"), message, expected="[EC2]")
        yield from _of_nodes(context, (*where, "nodeProperties"), properties)


def _of_nodes(context: Context, place: Where, properties: dict[str, Any]) -> Iterator[Finding]:
    """How many nodes there are, which is the main one, and what ranges they are in."""
    count = whole(properties.get("numNodes"))
    if count is not None and not 1 <= count <= MOST_NODES:
        yield context.finding((*place, "numNodes"), f"{count} is out of range", expected=f"1 to {MOST_NODES}")
        return
    ranges = list(mappings(properties, place, "nodeRangeProperties"))
    if not 1 <= len(ranges) <= 5:
        yield context.finding((*place, "nodeRangeProperties"), f"{len(ranges)} ranges", expected="1 to 5")
    if count is not None:
        main = whole(properties.get("mainNode")) or 0
        if not 0 <= main < count:
            message = f"there is no node {main} among {count}"
            yield context.finding((*place, "mainNode"), message, expected=f"0 to {count - 1}")
        yield from _coverage(context, place, ranges, count) if ranges else ()


def _coverage(
    context: Context, place: Where, ranges: list[tuple[Where, dict[str, Any]]], count: int
) -> Iterator[Finding]:
    covered: set[int] = set()
    for at, group in ranges:
        text = group.get("targetNodes")
        if not isinstance(text, str):
            return
        bounds = node_bounds(text, count)
        if bounds is None or not bounds[0] <= bounds[1] < count:
            message = f"{text!r} is no range of {count} nodes"
            yield context.finding((*at, "targetNodes"), message, expected=f"such as 0:{count - 1}")
            return
        covered |= set(range(bounds[0], bounds[1] + 1))
    if len(covered) < count:
        bare = next(node for node in range(count) if node not in covered)
        yield context.finding(
            (*place, "nodeRangeProperties"), f"no range has node {bare}", expected="all nodes covered"
        )


def _named_types(definition: dict[str, Any], where: Where) -> list[tuple[Where, str]]:
    """The instance types that node ranges name, with their places."""
    named = []
    for at, group in mappings(definition, where, "nodeProperties", "nodeRangeProperties"):
        listed = enumerate(entries(group, "instanceTypes"))
        named += [((*at, "instanceTypes", index), entry) for index, entry in listed if isinstance(entry, str)]
        single = dig(group, "container", "instanceType")
        if isinstance(single, str):
            named.append(((*at, "container", "instanceType"), single))
    return named


@rule(
    "node-types",
    "All nodes of a multi-node job are of one instance type",
    "AWS Batch API, NodeRangeProperty.instanceTypes",
    number="V-34",
)
def node_types(context: Context) -> Iterator[Finding]:
    """Each node has an instance to itself."""
    for where, definition in context.items("jobDefinitions"):
        named = _named_types(definition, where)
        for place, entry in named:
            if entry != named[0][1]:
                message = f"all nodes are of one instance type, here {named[0][1]} and {entry}"
                yield context.finding(place, message, expected=named[0][1])


@rule("node-queue", "A multi-node job goes to a queue with an EC2 environment", GUIDE, number="V-34")
def node_queue(context: Context) -> Iterator[Finding]:
    """Spot, Fargate, managed instances and UNMANAGED can't hold it."""
    for job in submissions(context):
        kinds = kinds_of(context, job.queue)
        if is_multinode(job.definition) and kinds and "EC2" not in kinds:
            message = f"{job.queue_name} has {' and '.join(dict.fromkeys(kinds))} only, where multi-node jobs can't run"
            yield context.finding((*job.where, "jobQueue"), message, expected="a queue with an EC2 environment")


@rule(
    "node-overrides",
    "A job overrides ranges of nodes that its definition has, and numNodes only where one of them has an open end",
    "AWS Batch API, NodeOverrides.numNodes; SubmitJob: 'NodeOverride targets should match job definition', "
    "aws/aws-parallelcluster#964",
    number="V-34",
)
def node_overrides(context: Context) -> Iterator[Finding]:
    """And the main node and the open range's first one stay within."""
    for job in submissions(context, traces=False):
        yield from _targets(context, job)
        count = whole(dig(job.job, "nodeOverrides", "numNodes"))
        if count is not None:
            yield from _count(context, job, count)


def _range_texts(job: Submission) -> list[str]:
    """The ranges of a job's definition, as they are written."""
    ranges = entries(job.definition, "nodeProperties", "nodeRangeProperties")
    return [text for text in (dig(group, "targetNodes") for group in ranges) if isinstance(text, str)]


def _count(context: Context, job: Submission, count: int) -> Iterator[Finding]:
    """Another number of nodes than the definition's."""
    place = (*job.where, "nodeOverrides", "numNodes")
    opened = [bounds for text in _range_texts(job) if text.endswith(":") and (bounds := node_bounds(text, count))]
    main = whole(dig(job.definition, "nodeProperties", "mainNode")) or 0
    if not 1 <= count <= MOST_NODES:
        yield context.finding(place, f"{count} is out of range", expected=f"1 to {MOST_NODES}")
    elif not opened:
        message = f"{job.definition_name} has no range with an open end"
        yield context.finding(place, message, expected="targetNodes such as 1:")
    elif max(main, min(first for first, _ in opened)) >= count:
        yield context.finding(place, f"{count} nodes don't reach the open range and the main node")


def _targets(context: Context, job: Submission) -> Iterator[Finding]:
    """Overrides of nodes that are no range of the definition."""
    known = _range_texts(job)
    count = nodes_of(job.job, job.definition)
    nodes_ = (*job.where, "nodeOverrides")
    for place, override in mappings(job.job.get("nodeOverrides"), nodes_, "nodePropertyOverrides"):
        text = override.get("targetNodes")
        if not known or not isinstance(text, str):
            continue
        if node_bounds(text, count) not in [node_bounds(each, count) for each in known]:
            message = f"{text!r} is no range of {job.definition_name}: AWS refuses the job"
            yield context.finding((*place, "targetNodes"), message, expected=" or ".join(known))
