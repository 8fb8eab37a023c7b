"""What AWS says of the objects that exist, asked page by page; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from batchsim.aws.client import aws_errors
from batchsim.aws.objects import OBJECTS, ObjectKind, method

Description = dict[str, Any]

#: How many names, ARNs or jobs one call may ask for (API DescribeComputeEnvironmentsRequest, DescribeJobsRequest, …).
AT_ONCE = 100


def pages(client: Any, operation: str, member: str, about: str = "", **parameters: Any) -> Iterator[Any]:
    """All items of a paginated operation.

    Parameters
    ----------
    member : str
        The list in the answers.
    about : str
        What is asked about, for errors.

    Raises
    ------
    AwsError
        If AWS refuses or does not answer.
    """
    with aws_errors(operation, about):
        for page in client.get_paginator(method(operation)).paginate(**parameters):
            yield from page.get(member) or []


def described(client: Any, section: str, only: Sequence[str] = ()) -> Iterator[Description]:
    """Descriptions of the objects of one kind, of job definitions all active revisions.

    Parameters
    ----------
    section : str
        The kind, by its list in the ``batch:`` section.
    only : sequence of str
        Names or ARNs of what is asked for (ARNs alone where a kind has to be listed first); without any, everything.
    """
    kind = OBJECTS[section]
    if kind.list:
        arns = only or [each[kind.arn_member] for each in pages(client, kind.list, section)]
        yield from _policies(client, arns) if kind.argument == "arn" else _resources(client, kind, arns)
    else:
        for question in _questions(kind, only):
            yield from pages(client, kind.describe, section, **question)


def _questions(kind: ObjectKind, only: Sequence[str]) -> list[dict[str, Any]]:
    """What is asked of a kind that need not be listed first, call by call."""
    if kind.has_revisions:
        return [{"status": "ACTIVE", **asked} for asked in [{kind.name_member: name} for name in only] or [{}]]
    return [{kind.section: names} for names in some_at_once(only)] or [{}]


def _policies(client: Any, arns: Sequence[str]) -> Iterator[Description]:
    for some in some_at_once(arns):
        with aws_errors("DescribeSchedulingPolicies"):
            yield from client.describe_scheduling_policies(arns=some)["schedulingPolicies"]


def _resources(client: Any, kind: ObjectKind, arns: Sequence[str]) -> Iterator[Description]:
    """Consumable resources one by one: only so are their tags told."""
    for arn in arns:
        with aws_errors(kind.describe, arn.rpartition("/")[2]):
            description = client.describe_consumable_resource(consumableResource=arn)
        # What boto3 adds to an answer is no member of it.
        yield {key: value for key, value in description.items() if key != "ResponseMetadata"}


def some_at_once(names: Sequence[str]) -> Iterator[list[str]]:
    """Names, as many as one call may ask for at a time."""
    for start in range(0, len(names), AT_ONCE):
        yield list(names[start : start + AT_ONCE])
