"""How many entries a list may have and how long a text may be: taken at AWS's figure, refused with one more.

Sizes of requests are those of their JSON in UTF-8 without blanks, counted here by hand.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from batchsim.scenario.document.document import Document
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.service_limits import quotas
from tests.scenarios.rules.base import EXIT_OTHERWISE, changed, full, of_rule
from tests.scenarios.rules.changes import (
    FARGATE,
    OTHER_QUEUE,
    SPOT,
    Change,
    beside,
    ecs,
    fair,
    job,
    nodes,
    order,
)
from tests.scenarios.rules.of_requests import efs, on_eks, pod


class Count(NamedTuple):
    """What may come so often, and where it is told that it comes once more."""

    name: str
    code: str
    at: str
    most: int
    having: Callable[[int], Change]


def named(kind: str, count: int) -> list[str]:
    return [f"{kind}-{number}" for number in range(count)]


def overrides(count: int) -> Change:
    """Overrides of a launch template, for a size of c6i each."""
    sizes = ["large", "xlarge", *(f"{n}xlarge" for n in (2, 4, 8, 12, 16, 24, 32)), "metal", "48xlarge"]
    listed = [{"launchTemplateId": "u", "targetInstanceTypes": [f"c6i.{size}"]} for size in sizes[:count]]
    return {
        "resources.instanceTypes": ["c6i"],
        "resources.launchTemplate": {"launchTemplateId": "t", "overrides": listed},
    }


def pods(member: str, count: int) -> Change:
    """A pod with so many containers of a kind."""
    each = [{"name": name, "image": "busybox"} for name in named("c", count)]
    return {**pod(), f"task.eksProperties.podProperties.{member}": each}


POD = "task.eksProperties.podProperties"
TASKS = [{"containers": [{"name": "main"}]}]

COUNTS = [
    Count("environments of a queue", "environment-order", "queue", 3,
          lambda count: {"queue.computeEnvironmentOrder": order(*["fleet"] * count)}),
    Count("subnets on Fargate", "fargate-network", "resources.subnets", 16,
          lambda count: {**FARGATE, "resources.subnets": named("subnet", count)}),
    Count("security groups on Fargate", "fargate-network", "resources.securityGroupIds", 5,
          lambda count: {**FARGATE, "resources.securityGroupIds": named("sg", count)}),
    Count("overrides of a launch template", "launch-template", "resources.launchTemplate.overrides", 10, overrides),
    Count("images", "ec2-configuration", "resources.ec2Configuration", 2,
          lambda count: {"resources.ec2Configuration": [{"imageType": "ECS_AL2023"}] * count}),
    Count("entries of evaluateOnExit", "attempts", "task.retryStrategy.evaluateOnExit", 5,
          lambda count: {"task.retryStrategy.evaluateOnExit": [EXIT_OTHERWISE] * count}),
    Count("characters of a pattern", "attempts", "task.retryStrategy.evaluateOnExit.0.onStatusReason", 512,
          lambda count: {"task.retryStrategy.evaluateOnExit.0.onStatusReason": "x" * count}),
    Count("containers of a task", "ecs-properties", "task.ecsProperties.taskProperties.0.containers", 10,
          lambda count: ecs(*[{}] * count)),
    Count("node ranges", "nodes", "task.nodeProperties.nodeRangeProperties", 5,
          lambda count: nodes(4, *["0:"] * count)),
    Count("dependencies", "dependency", "workload.work.jobs.next.dependsOn", 20,
          lambda count: {"workload.work.jobs.+": job(dependsOn=[{"jobName": "job"}] * count)}),
    Count("characters of a queue's name", "name", f"batch.jobQueues.{'q' * 129}.jobQueueName", 128,
          lambda count: {"queue.jobQueueName": "q" * count}),
    Count("characters of a share", "share-identifier", "job.shareIdentifier", 255,
          lambda count: {**fair(), "job.shareIdentifier": "s" * count}),
    Count("characters of a tag's key", "tags", f"fleet.tags.{'k' * 129}", 128,
          lambda count: {"fleet.tags": {"k" * count: ""}}),
    Count("tags of a job", "tags", "job.tags", 50, lambda count: {"job.tags": dict.fromkeys(named("tag", count), "")}),
    Count("tags of a policy", "tags", "batch.schedulingPolicies.policy.tags", 50,
          lambda count: {**fair(), "batch.schedulingPolicies.policy.tags": dict.fromkeys(named("tag", count), "")}),
    Count("characters of an image", "image-name", "task.nodeProperties.nodeRangeProperties.0.container.image", 255,
          lambda count: {**nodes(2, "0:"),
                         "task.nodeProperties.nodeRangeProperties.0.container.image": "i" * count}),
    Count("environments", "quota", "batch.computeEnvironments", 50,
          lambda count: {"batch.computeEnvironments": [beside(name) for name in named("e", count)]}),
    Count("queues", "quota", "batch.jobQueues", 50,
          lambda count: {"batch.jobQueues": [{**OTHER_QUEUE, "jobQueueName": name} for name in named("q", count)]}),
    Count("root of a file system", "documented-range", "container.volumes.data.efsVolumeConfiguration.rootDirectory",
          4096, lambda count: efs(root="/" * count)),
    Count("types of a node range", "documented-range", "task.nodeProperties.nodeRangeProperties.0.instanceTypes", 1,
          lambda count: {**nodes(2, "0:"),
                         "task.nodeProperties.nodeRangeProperties.0.instanceTypes": ["c6i.xlarge"] * count}),
    Count("tasks of an override", "documented-range", "job.ecsPropertiesOverride.taskProperties", 1,
          lambda count: {**ecs({"name": "main"}), "job.ecsPropertiesOverride": {"taskProperties": TASKS * count}}),
    Count("containers of a pod", "documented-range", f"{POD}.containers", 10, lambda count: pods("containers", count)),
    Count("first containers of a pod", "documented-range", f"{POD}.initContainers", 10,
          lambda count: pods("initContainers", count)),
]  # fmt: skip


@pytest.mark.parametrize("count", COUNTS, ids=lambda count: count.name)
def test_as_many_as_aws_takes_are_taken_and_one_more_is_told(count):
    assert of_rule(count.code, count.having(count.most - 1)) == []
    assert of_rule(count.code, count.having(count.most)) == []
    (finding,) = of_rule(count.code, count.having(count.most + 1))
    assert finding.path == full(count.at)
    assert str(count.most) in finding.expected


def quota(*changes: Change) -> list[tuple[str, str]]:
    """What this one rule finds, which is quick for very many things too."""
    return [(each.path, each.expected) for each in quotas(Context(Document(changed(*changes), "<mapping>")))]


def test_an_account_has_50_000_consumable_resources():
    def resources(count: int) -> Change:
        listed = [{"consumableResourceName": name, "totalQuantity": 1} for name in named("r", count)]
        return {"batch.consumableResources": listed}

    assert quota(resources(50_000)) == []
    assert quota(resources(50_001)) == [("batch.consumableResources", "50000 at most")]


def test_shares_are_counted_by_queue_and_each_once():
    def shares(*counts: int) -> Change:
        queues = ["queue", "second"]
        jobs = [
            job(f"{queue}-{number}-{again}", jobQueue=queue, shareIdentifier=f"s{number}")
            for queue, count in zip(queues, counts, strict=True)
            for number in range(count)
            for again in range(2)
        ]
        return {**fair(), "batch.jobQueues.+": OTHER_QUEUE, "workload.work.jobs": jobs}

    assert quota(shares(500, 500)) == []
    assert quota(shares(1, 501)) == [("batch.jobQueues.second", "500 at most")]


def test_a_jobs_name_is_a_letter_or_digit_and_127_more():
    assert of_rule("name", {"job.jobName": "j" * 128}) == []
    (finding,) = of_rule("name", {"job.jobName": "j" * 129})
    assert finding.path.endswith(".jobName")


@pytest.mark.parametrize("entries", [[], ["fleet"]])
def test_a_queue_has_one_environment_at_least(entries):
    told = of_rule("environment-order", {"queue.computeEnvironmentOrder": order(*entries)})
    assert [each.expected for each in told] == ([] if entries else ["1 to 3"])


@pytest.mark.parametrize("count", [0, 2])
def test_a_task_is_one(count):
    tasks = {"taskProperties": [{"containers": [{"image": "busybox"}]}] * count}
    (finding,) = of_rule("ecs-properties", {**ecs({}), "task.ecsProperties": tasks})
    assert (finding.path, finding.message) == (full("task.ecsProperties"), f"{count} entries in taskProperties")
    assert finding.expected == "exactly one"


@pytest.mark.parametrize("key", ["aws:owner", "AWS:owner", "Aws:"])
def test_a_tags_key_that_is_of_aws_in_any_spelling(key):
    (finding,) = of_rule("tags", {"task.tags": {key: "me"}})
    assert finding.expected == "another key"
    assert of_rule("tags", {"task.tags": {"aws": "me", "owner:aws:": "me", "awsome": "me"}}) == []


def test_a_tag_without_a_key():
    (finding,) = of_rule("tags", {"queue.tags": {"": "me"}})
    assert finding.expected == "1 to 128 characters"


def test_propagated_tags_of_one_key_are_one():
    own, both = dict.fromkeys(named("own", 25), ""), dict.fromkeys(named("both", 25), "")
    given = {"job.propagateTags": True, "job.tags": {**own, **both}, "task.tags": {**both, "last": ""}}
    (finding,) = of_rule("tags", given)
    assert finding.path == full("job.tags")
    assert finding.message.startswith("51 tags of the job and its definition")
    assert of_rule("tags", {**given, "task.tags": both}) == []
    # The job's own word decides.
    assert of_rule("tags", {**given, "job.propagateTags": False, "task.propagateTags": True}) == []


# Bytes of requests


def bytes_of(value: Any) -> int:
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


def definition_of(size: int, letter: str = "x") -> Change:
    """The definition, made so large by its command."""
    empty = bytes_of(changed({"container.command": [""]})["batch"]["jobDefinitions"][0])
    count, odd = divmod(size - empty, len(letter.encode()))
    return {"container.command": [letter * count + "x" * odd]}


@pytest.mark.parametrize("letter", ["x", "é", "語"])
def test_a_definition_has_24_kib(letter):
    assert of_rule("definition-size", definition_of(24_576, letter)) == []
    (finding,) = of_rule("definition-size", definition_of(24_577, letter))
    assert (finding.message, finding.expected) == ("24577 bytes of JSON are too many", "24576 at most")


def test_a_submission_has_30_kib_of_what_is_submitted():
    around = len('{"jobName":"job","jobQueue":"queue","jobDefinition":"task","parameters":{"p":""}}')
    simulated = {"job.runtime": {"lognormal": {"median": "8m", "p95": "20m"}}, "job.failure": {"probability": 0.1}}

    def parameters(size: int) -> Change:
        return {"job.parameters": {"p": "x" * (size - around)}, **simulated}

    assert of_rule("submission-size", parameters(30_720)) == []
    (finding,) = of_rule("submission-size", parameters(30_721))
    assert (finding.message, finding.expected) == ("30721 bytes of JSON are too many", "30720 at most")
    assert finding.severity == "error"


def test_overrides_have_8192_characters():
    around = len('{"command":[""]}')

    def command(size: int) -> Change:
        return {"job.containerOverrides": {"command": ["x" * (size - around)]}}

    assert of_rule("submission-size", command(8192)) == []
    (finding,) = of_rule("submission-size", command(8193))
    assert (finding.path, finding.severity) == (full("job.containerOverrides"), "warning")
    # Of a request that AWS does not take at all it is told once.
    (finding,) = of_rule("submission-size", command(40_000))
    assert (finding.path, finding.severity) == (full("job"), "error")


# Submissions a second


def arriving(**arrivals: Any) -> Change:
    return {"duration": "1h", "workload.work.arrivals": arrivals}


BY_HOUR = [0.5] * 12 + [2.0] * 12


@pytest.mark.parametrize(
    ("jobs", "arrivals", "told"),
    [
        # 50 a second is what AWS takes.
        (1, {"every": 0.02}, None),
        (1, {"every": 0.0199}, "50.2513"),
        (2, {"every": 0.04}, None),
        (3, {"every": 0.04}, "75"),
        (1, {"poisson": {"rate": "50/s"}}, None),
        # 20 a second on average hours are 40 in busy ones, and 40 · 1.5 on busy days.
        (1, {"poisson": {"rate": "20/s", "profile": {"hour_of_day": BY_HOUR}}}, None),
        (1, {"poisson": {"rate": "20/s", "profile": {"hour_of_day": BY_HOUR, "day_of_week": [1.5] + [1] * 6}}}, "60"),
        # At a time of day all jobs come at once, which is no rate.
        (60, {"cron": "0 2 * * *"}, None),
        (60, {"at": "1h"}, None),
    ],
)
def test_the_rate_is_that_of_the_busiest_hour_for_each_job_of_the_workflow(jobs, arrivals, told):
    listed = {"workload.work.jobs": [job(name) for name in named("j", jobs)]}
    messages = [each.message for each in of_rule("submission-rate", arriving(**arrivals), listed)]
    expected = [] if told is None else [f"{told} submissions a second, {told} with all workflows: AWS takes 50"]
    assert messages == expected


def test_workflows_are_counted_together_and_the_busiest_is_told():
    more = {"workflow": "more", "arrivals": {"every": 0.025}, "jobs": [job("a")]}
    once = {"workflow": "once", "jobs": [job("b")]}
    # 1 / 0.1 + 1 / 0.025
    assert of_rule("submission-rate", arriving(every=0.1), {"workload.+": more}, {"workload.+": once}) == []
    (finding,) = of_rule("submission-rate", arriving(every=0.09), {"workload.+": more}, {"workload.+": once})
    assert finding.path == "workload.more.arrivals"
    assert finding.message.startswith("40 submissions a second, 51.1111 with all workflows")


def test_an_environment_on_eks_and_one_on_spot_count_as_the_others():
    each = [{**beside(name), "computeResources": SPOT["resources"]} for name in named("e", 50)]
    on_cluster = {**beside("eks"), "eksConfiguration": on_eks()["fleet.eksConfiguration"]}
    (finding,) = of_rule("quota", {"batch.computeEnvironments": [*each, on_cluster]})
    assert finding.message == "51 computeEnvironments are too many"
