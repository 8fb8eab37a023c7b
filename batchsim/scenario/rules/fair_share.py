"""Rules about scheduling policies, shares and priorities within a share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

from batchsim.errors import Finding, nearest
from batchsim.scenario.document.access import base_name, dig, figure, mappings, whole
from batchsim.scenario.document.document import Where
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.references import pairs, submissions
from batchsim.scenario.rules.registry import rule

SHARE = re.compile(r"[A-Za-z0-9]{1,255}\*?")


def is_fair_share(queue: dict[str, Any]) -> bool:
    """Whether a queue has a scheduling policy; without one it is first in, first out."""
    return bool(queue.get("schedulingPolicyArn"))


@rule(
    "fair-share-policy",
    "A policy's window, reservation, weights and share identifiers are legal, and shares don't overlap",
    "AWS Batch API, FairsharePolicy, ShareAttributes",
    number="V-18",
)
def policies(context: Context) -> Iterator[Finding]:
    """A policy is of one kind; a prefix covers all identifiers that begin so."""
    for where, policy in context.items("schedulingPolicies"):
        if ("fairsharePolicy" in policy) == ("quotaSharePolicy" in policy):
            message = "a policy has either a fairsharePolicy or a quotaSharePolicy"
            yield context.finding(where, message, expected="one of the two")
        fair = policy.get("fairsharePolicy")
        place: Where = (*where, "fairsharePolicy")
        for member, most in (("shareDecaySeconds", 604_800), ("computeReservation", 99)):
            value = whole(dig(fair, member))
            if value is not None and not 0 <= value <= most:
                yield context.finding((*place, member), f"{value} is out of range", expected=f"0 to {most}")
        yield from _shares(context, list(mappings(fair, place, "shareDistribution")))


def _shares(context: Context, shares: list[tuple[Where, dict[str, Any]]]) -> Iterator[Finding]:
    named = []
    for place, share in shares:
        name, weight = share.get("shareIdentifier"), share.get("weightFactor")
        if isinstance(name, str):
            named.append((place, name))
            if not SHARE.fullmatch(name):
                yield _no_share(context, (*place, "shareIdentifier"), name)
        number = None if isinstance(weight, str) else figure(weight)
        if number is not None and not 0.0001 <= number <= 999.9999:
            message = f"{number:g} is out of range"
            yield context.finding((*place, "weightFactor"), message, expected="0.0001 to 999.9999")
    for (_, first), (place, second) in combinations(named, 2):
        if _covers(first, second) or _covers(second, first):
            message = f"{second!r} overlaps {first!r}"
            yield context.finding((*place, "shareIdentifier"), message, expected="shares that exclude each other")


def _covers(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def _no_share(context: Context, place: Where, name: str) -> Finding:
    expected = "1 to 255 letters and digits, and a final * for a prefix"
    return context.finding(place, f"{name!r} is no share identifier", expected=expected)


@rule(
    "scheduling-policy",
    "A queue's scheduling policy is one of the batch section",
    "AWS Batch API, CreateJobQueueRequest.schedulingPolicyArn",
    number="V-18",
)
def scheduling_policy(context: Context) -> Iterator[Finding]:
    """By its ARN or its name; the simulation has to know its weights."""
    for where, queue in context.items("jobQueues"):
        reference = queue.get("schedulingPolicyArn")
        if isinstance(reference, str) and reference and base_name(reference) not in context.policies:
            place = (*where, "schedulingPolicyArn")
            yield context.unknown(place, "scheduling policy", base_name(reference), context.policies)


@rule(
    "share-identifier",
    "Jobs on a fair-share queue have a shareIdentifier, jobs on other queues have none",
    "AWS Batch API, SubmitJobRequest.shareIdentifier",
    number="V-19",
)
def share_identifiers(context: Context) -> Iterator[Finding]:
    """AWS refuses the job at its submission."""
    for _, _, jobs in context.workflows:
        for where, job in jobs:
            name, share = base_name(job.get("jobQueue")), job.get("shareIdentifier")
            if isinstance(share, str) and not SHARE.fullmatch(share):
                yield _no_share(context, (*where, "shareIdentifier"), share)
            if name not in context.queues:
                continue
            if is_fair_share(context.queues[name][1]):
                if share is None:
                    message = f"{name} is a fair-share queue: its jobs need a shareIdentifier"
                    yield context.finding(where, message, expected="shareIdentifier")
            elif "shareIdentifier" in job:
                message = f"{name} has no scheduling policy: its jobs have no shareIdentifier"
                yield context.finding(
                    (*where, "shareIdentifier"), message, expected="a queue with a schedulingPolicyArn"
                )


@rule(
    "share-weight",
    "A job's share is one to which the policy of its queue gives a weight, where it gives any",
    "AWS Batch API, ShareAttributes",
    severity="warning",
    number="V-19",
)
def share_weights(context: Context) -> Iterator[Finding]:
    """A share that the policy does not name has a weight of 1: legal, and often a slip of the pen."""
    for _, _, jobs in context.workflows:
        for where, job in jobs:
            share, known = job.get("shareIdentifier"), context.queues.get(base_name(job.get("jobQueue")))
            if known is None or not isinstance(share, str):
                continue
            named = _weighted_shares(context, known[1])
            if named and not any(_covers(name, share) for name in named):
                yield context.finding(
                    (*where, "shareIdentifier"),
                    f"the policy of {base_name(job.get('jobQueue'))} gives {share!r} no weight: it has 1",
                    expected=f"one of {', '.join(named)}, or a weight of 1",
                    suggestion=nearest(share, named),
                )


def _weighted_shares(context: Context, queue: dict[str, Any]) -> list[str]:
    """The shares to which the policy of a queue gives a weight."""
    policy = context.policies.get(base_name(queue.get("schedulingPolicyArn")))
    shares = mappings(policy[1], policy[0], "fairsharePolicy", "shareDistribution") if policy else ()
    return [name for _, entry in shares if isinstance(name := entry.get("shareIdentifier"), str)]


@rule(
    "scheduling-priority",
    "A scheduling priority is 0 to 9999",
    "AWS Batch API, SubmitJobRequest.schedulingPriorityOverride",
    number="V-20",
)
def scheduling_priority(context: Context) -> Iterator[Finding]:
    """Of definitions, and of the jobs that override it."""
    for place, value in _priorities(context):
        if value is not None and not 0 <= value <= 9999:
            yield context.finding(place, f"{value} is out of range", expected="0 to 9999")


def _priorities(context: Context) -> Iterator[tuple[Where, int | None]]:
    for where, definition in context.items("jobDefinitions"):
        yield (*where, "schedulingPriority"), whole(definition.get("schedulingPriority"))
    for _, _, jobs in context.workflows:
        for where, job in jobs:
            yield (*where, "schedulingPriorityOverride"), whole(job.get("schedulingPriorityOverride"))


@rule(
    "scheduling-priority-unused",
    "A definition's scheduling priority is for jobs on fair-share queues",
    "AWS Batch API, RegisterJobDefinitionRequest.schedulingPriority",
    severity="warning",
    stage="review",
    number="V-20",
)
def scheduling_priority_unused(context: Context) -> Iterator[Finding]:
    """On other queues the order is that of submission."""
    for job in pairs(context):
        if not is_fair_share(job.queue) and "schedulingPriority" in job.definition:
            message = f"{job.queue_name} has no scheduling policy: the priority has no effect there"
            yield context.finding((*job.definition_where, "schedulingPriority"), message)


@rule(
    "scheduling-priority-override",
    "Only jobs on fair-share queues are submitted with a schedulingPriorityOverride",
    "SubmitJob: 'Job with shareIdentifier or schedulingPriority can only be submitted to job queue with fair share "
    "scheduling policy'; AWS Batch API, SubmitJobRequest.schedulingPriorityOverride",
    stage="submission",
    number="V-20",
)
def scheduling_priority_override(context: Context) -> Iterator[Finding]:
    """AWS refuses the job on another queue."""
    for job in submissions(context, traces=False):
        if not is_fair_share(job.queue) and "schedulingPriorityOverride" in job.job:
            message = f"{job.queue_name} has no scheduling policy: AWS refuses a job with a priority"
            expected = "a queue with a schedulingPolicyArn, or no schedulingPriorityOverride"
            yield context.finding((*job.where, "schedulingPriorityOverride"), message, expected=expected)


@rule(
    "fair-share-priority",
    "Jobs on fair-share queues have a scheduling priority, of their own or of their definition",
    "SubmitJob: 'Either schedulingPriority in job definition or schedulingPriorityOverride should be specified'; "
    "nextflow-io/nextflow#3505",
    stage="submission",
    number="V-20",
)
def fair_share_priority(context: Context) -> Iterator[Finding]:
    """AWS refuses a job without, and takes 0."""
    for job in submissions(context, traces=False):
        policy = context.policies.get(base_name(job.queue.get("schedulingPolicyArn")))
        if not is_fair_share(job.queue) or (policy is not None and "quotaSharePolicy" in policy[1]):
            continue
        if job.job.get("schedulingPriorityOverride") is None and job.definition.get("schedulingPriority") is None:
            message = f"{job.queue_name} is a fair-share queue: AWS refuses a job without a scheduling priority"
            expected = f"schedulingPriorityOverride, or schedulingPriority in {job.definition_name}; 0 will do"
            yield context.finding(job.where, message, expected=expected)
