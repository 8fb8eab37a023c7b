"""Rules about AWS's limits on sizes, counts and rates."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from batchsim.errors import Finding
from batchsim.scenario.document.access import base_name, dig, mappings
from batchsim.scenario.document.document import Where
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.names import NAMED
from batchsim.scenario.rules.references import containers, overrides_of, pods, submissions
from batchsim.scenario.rules.registry import rule
from batchsim.spec.arrivals import Arrivals
from batchsim.units import HOUR

QUOTAS = "AWS Batch User Guide, Service quotas"
KIB = 1024
MOST_TAGS = 50
#: How many an account may have of a kind, by the lists of the batch section.
MOST = {"computeEnvironments": 50, "jobQueues": 50, "consumableResources": 50_000}
MOST_SHARES = 500
SUBMISSIONS_PER_S = 50


def _bytes(value: Any) -> int:
    """The size of a request as JSON."""
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str).encode())


def _request(job: dict[str, Any]) -> dict[str, Any]:
    """A job as it is submitted."""
    return {key: value for key, value in job.items() if key not in {"runtime", "failure"}}


@rule("definition-size", "A job definition has 24 KiB at most", QUOTAS, stage="deployment", number="V-38")
def definition_size(context: Context) -> Iterator[Finding]:
    """As the JSON that is sent."""
    for where, definition in context.items("jobDefinitions"):
        size = _bytes(definition)
        if size > 24 * KIB:
            yield context.finding(where, f"{size} bytes of JSON are too many", expected=f"{24 * KIB} at most")


@rule("submission-size", "A submitted job has 30 KiB at most", QUOTAS, stage="submission", number="V-38")
def submission_size(context: Context) -> Iterator[Finding]:
    """And its overrides 8,192 characters: with more, users saw jobs fail at their start."""
    for _, _, jobs in context.workflows:
        for where, job in jobs:
            size, overrides = _bytes(_request(job)), job.get("containerOverrides")
            if size > 30 * KIB:
                yield context.finding(where, f"{size} bytes of JSON are too many", expected=f"{30 * KIB} at most")
            elif overrides and _bytes(overrides) > 8192:
                message = f"overrides of {_bytes(overrides)} characters make jobs fail at their start"
                place = (*where, "containerOverrides")
                yield context.finding(place, message, expected="8192 at most", severity="warning")


@rule(
    "tags",
    "A thing has 50 tags at most, of 1 to 128 characters and none of AWS's own",
    "AWS Batch API, TagrisTagsMap, RegisterJobDefinitionRequest.propagateTags; AWS Batch User Guide, Tagging",
    stage="deployment",
    number="V-38",
)
def tags(context: Context) -> Iterator[Finding]:
    """Propagated ones count together: a job with more fails."""
    tagged = [each for kind, _ in NAMED for each in context.items(kind)]
    tagged += [each for _, _, jobs in context.workflows for each in jobs]
    for where, thing in tagged:
        given = thing.get("tags")
        if isinstance(given, dict):
            yield from _tags(context, (*where, "tags"), given)
    yield from _propagated(context)


def _propagated(context: Context) -> Iterator[Finding]:
    """Jobs that would have more tags than there may be, together with those of their definition."""
    for job in submissions(context, traces=False):
        if not job.member("propagateTags")[1]:
            continue
        both = [given for given in (job.job.get("tags"), job.definition.get("tags")) if isinstance(given, dict)]
        total = len({key for given in both for key in given})
        if total > MOST_TAGS and all(len(given) <= MOST_TAGS for given in both):
            message = f"{total} tags of the job and its definition are propagated, and the job fails"
            yield context.finding((*job.where, "tags"), message, expected=f"{MOST_TAGS} at most")


def _tags(context: Context, place: Where, given: dict[str, Any]) -> Iterator[Finding]:
    if len(given) > MOST_TAGS:
        yield context.finding(place, f"{len(given)} tags are too many", expected=f"{MOST_TAGS} at most")
    for key in given:
        if key.lower().startswith("aws:"):
            yield context.finding((*place, key), "tags that begin with aws: are AWS's own", expected="another key")
        if not 1 <= len(key) <= 128:
            yield context.finding((*place, key), "a tag's key is too long or empty", expected="1 to 128 characters")


@rule(
    "image-name",
    "The name of an image has 255 characters at most",
    "AWS Batch API, ContainerProperties.image",
    stage="deployment",
    number="V-38",
)
def image_name(context: Context) -> Iterator[Finding]:
    """With registry and tag."""
    for where, definition in context.items("jobDefinitions"):
        for place, container in containers(definition, where):
            image = container.get("image")
            if isinstance(image, str) and len(image) > 255:
                yield context.finding(
                    (*place, "image"), f"{len(image)} characters are too many", expected="255 at most"
                )


@rule(
    "reserved-variable",
    "No environment variable's name begins with AWS_BATCH",
    "AWS Batch API, ContainerProperties.environment, EksContainer.env",
    stage="deployment",
    number="V-38",
)
def reserved_variable(context: Context) -> Iterator[Finding]:
    """Those are set by AWS Batch itself."""
    for at, variable in _variables(context):
        name = variable.get("name")
        if isinstance(name, str) and name.startswith("AWS_BATCH"):
            yield context.finding((*at, "name"), f"{name} is reserved for AWS Batch", expected="another name")


def _variables(context: Context) -> Iterator[tuple[Where, dict[str, Any]]]:
    """The environment variables of containers, of what jobs change of them, and of pods."""
    for where, definition in context.items("jobDefinitions"):
        for place, container in containers(definition, where):
            yield from mappings(container, place, "environment")
        for place, pod in pods(definition, where):
            yield from mappings(pod, place, "env")
    for job in submissions(context, traces=False):
        for override in overrides_of(job):
            yield from mappings(override.members, override.where, "environment")


@rule("quota", "There are no more things of a kind than an account may have", QUOTAS, stage="deployment", number="V-39")
def quotas(context: Context) -> Iterator[Finding]:
    """AWS does not raise these."""
    for kind, most in MOST.items():
        count = sum(1 for _ in context.items(kind))
        if count > most:
            yield context.finding(("batch", kind), f"{count} {kind} are too many", expected=f"{most} at most")
    shares: dict[str, set[str]] = {}
    for _, _, jobs in context.workflows:
        for _, job in jobs:
            if isinstance(job.get("shareIdentifier"), str):
                shares.setdefault(base_name(job.get("jobQueue")), set()).add(job["shareIdentifier"])
    for name, used in shares.items():
        if len(used) > MOST_SHARES and name in context.queues:
            message = f"{len(used)} share identifiers on one queue, should they be active together, are too many"
            yield context.finding(context.queues[name][0], message, expected=f"{MOST_SHARES} at most")


@rule(
    "submission-rate",
    "Jobs are submitted at 50 a second at most; an array is one submission",
    QUOTAS,
    severity="warning",
    stage="review",
    number="V-39",
)
def submission_rate(context: Context) -> Iterator[Finding]:
    """The long-run rate of what arrives at random or at an interval, and the peak of a profile."""
    rates = [(_arrivals_per_s(workflow) * len(jobs), where) for where, workflow, jobs in context.workflows]
    total = sum(rate for rate, _ in rates)
    if rates and total > SUBMISSIONS_PER_S:
        rate, where = max(rates, key=lambda each: each[0])
        message = f"{rate:g} submissions a second, {total:g} with all workflows: AWS takes {SUBMISSIONS_PER_S}"
        yield context.finding((*where, "arrivals"), message, expected="slower arrivals, or arrays")


def _arrivals_per_s(workflow: dict[str, Any]) -> float:
    """How often a workflow arrives at the most; 0 for arrivals that have no rate."""
    if not isinstance(dig(workflow, "arrivals"), dict):
        return 0.0
    try:
        arrivals = Arrivals.model_validate(workflow["arrivals"])
    except ValidationError:
        return 0.0
    if arrivals.every:
        return 1 / arrivals.every
    if arrivals.poisson is None:
        return 0.0
    profile = arrivals.poisson.profile
    return arrivals.poisson.rate / HOUR * max(profile.hour_of_day) * max(profile.day_of_week)
