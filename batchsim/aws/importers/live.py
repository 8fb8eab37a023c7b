"""The configuration of an account, asked page by page; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from batchsim.aws.client import Account, aws_errors, error_code
from batchsim.aws.importers import requests
from batchsim.aws.importers.config import Imported, together
from batchsim.errors import Finding, ScenarioError
from batchsim.scenario.document.access import base_name
from batchsim.scenario.document.document import Document

#: How many names or ARNs one call may ask for (API DescribeComputeEnvironmentsRequest and its siblings).
AT_ONCE = 100

#: What an endpoint answers that does not know an operation.
_NOT_OFFERED = ("404", "UnknownOperationException", "UnknownOperation", "InvalidAction", "NotImplemented")

_ACCOUNT = "<account>"


def live_config(account: Account, queues: Sequence[str] = ()) -> Imported:
    """Import the configuration of an account.

    Parameters
    ----------
    queues : sequence of str
        Names or ARNs of job queues: only these, and the compute environments and scheduling policies that they use.
        Without any, everything. Job definitions belong to no queue: all that are ACTIVE come in either case.

    Raises
    ------
    ScenarioError
        If AWS does not answer, a queue does not exist, or there is nothing to import.
    """
    live = _Live(account.client())
    described: dict[str, Any] = {"jobQueues": live.described("job_queues", "jobQueues", queues)}
    _raise_unknown(queues, described["jobQueues"])
    environments, policies = _used(described["jobQueues"]) if queues else ((), live.policies())
    if environments or not queues:
        described["computeEnvironments"] = live.described("compute_environments", "computeEnvironments", environments)
    described["schedulingPolicies"] = live.described_policies(policies)
    described["jobDefinitions"] = list(live.pages("describe_job_definitions", "jobDefinitions", status="ACTIVE"))
    notes: tuple[Finding, ...] = ()
    try:
        described["consumableResources"] = live.consumable_resources()
    except ScenarioError as error:
        if not _is_not_offered(error):
            raise
        message = "left out: this endpoint has no consumable resources"
        notes = (Finding("left-out", "batch.consumableResources", message, severity="info", file=_ACCOUNT),)
    imported = together([requests.convert(Document(described, _ACCOUNT))], notes)
    if not imported.batch:
        message = "there is nothing of AWS Batch in this account and region"
        raise ScenarioError([Finding("nothing-to-import", "", message, "another --profile or --region", file=_ACCOUNT)])
    return imported


class _Live:
    """What is asked of AWS."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def pages(self, operation: str, member: str, **arguments: Any) -> Iterator[dict[str, Any]]:
        """Everything that a paginated operation tells."""
        shown = "".join(word.capitalize() for word in operation.split("_"))
        with aws_errors(shown):
            for page in self._client.get_paginator(operation).paginate(**arguments):
                yield from page[member]

    def described(self, what: str, member: str, names: Sequence[str]) -> list[dict[str, Any]]:
        """Compute environments or queues: these, or all."""
        if not names:
            return list(self.pages(f"describe_{what}", member))
        return [
            each for some in _some_at_once(names) for each in self.pages(f"describe_{what}", member, **{member: some})
        ]

    def policies(self) -> tuple[str, ...]:
        """The ARNs of all scheduling policies."""
        return tuple(each["arn"] for each in self.pages("list_scheduling_policies", "schedulingPolicies"))

    def described_policies(self, arns: Sequence[str]) -> list[dict[str, Any]]:
        """Scheduling policies by ARN."""
        policies: list[dict[str, Any]] = []
        for some in _some_at_once(arns):
            with aws_errors("DescribeSchedulingPolicies"):
                policies += self._client.describe_scheduling_policies(arns=some)["schedulingPolicies"]
        return policies

    def consumable_resources(self) -> list[dict[str, Any]]:
        """Consumable resources with their tags, which the list of them does not tell."""
        resources = []
        for summary in self.pages("list_consumable_resources", "consumableResources"):
            arn = summary["consumableResourceArn"]
            with aws_errors(f"DescribeConsumableResource {summary['consumableResourceName']}"):
                resources.append(self._client.describe_consumable_resource(consumableResource=arn))
        # What boto3 adds to an answer is no member of it.
        return [{key: value for key, value in each.items() if key != "ResponseMetadata"} for each in resources]


def _some_at_once(names: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), AT_ONCE):
        yield list(names[start : start + AT_ONCE])


def _used(queues: Sequence[dict[str, Any]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The compute environments and the policies of some queues, each once, as the queues refer to them."""
    environments = [
        entry["computeEnvironment"] for queue in queues for entry in queue.get("computeEnvironmentOrder", ())
    ]
    policies = [queue["schedulingPolicyArn"] for queue in queues if queue.get("schedulingPolicyArn")]
    return tuple(dict.fromkeys(environments)), tuple(dict.fromkeys(policies))


def _raise_unknown(asked: Sequence[str], found: Sequence[dict[str, Any]]) -> None:
    names = {queue["jobQueueName"] for queue in found}
    unknown = [name for name in asked if base_name(name) not in names]
    if unknown:
        raise ScenarioError(
            [Finding("unknown-reference", name, "there is no such job queue", file="--queue") for name in unknown]
        )


def _is_not_offered(error: ScenarioError) -> bool:
    response = getattr(error.__cause__, "response", None)
    metadata = response.get("ResponseMetadata", {}) if isinstance(response, dict) else {}
    return error_code(error) in _NOT_OFFERED or metadata.get("HTTPStatusCode") == 404
