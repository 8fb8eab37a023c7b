"""The configuration of an account, asked page by page; nothing is changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from batchsim.aws.client import AwsAccount
from batchsim.aws.descriptions import described
from batchsim.aws.importers import requests
from batchsim.aws.importers.config import Imported, together
from batchsim.aws.live_launch_templates import live_launch_templates
from batchsim.errors import AwsError, Finding, ScenarioError
from batchsim.scenario.batch.launch_templates import SECTION
from batchsim.scenario.document.access import base_name
from batchsim.scenario.document.document import Document

_ACCOUNT = "<account>"


def live_config(account: AwsAccount, queues: Sequence[str] = ()) -> Imported:
    """Import the configuration of an account.

    Parameters
    ----------
    queues : sequence of str
        Names or ARNs of job queues: only these, and the compute environments and scheduling policies that they use.
        Without any, everything. Job definitions belong to no queue: all that are ACTIVE come in either case.

    Raises
    ------
    ScenarioError
        If a queue does not exist, or there is nothing to import.
    AwsError
        If AWS refuses or does not answer.
    """
    client = account.client()
    found: dict[str, Any] = {"jobQueues": list(described(client, "jobQueues", queues))}
    _raise_unknown(queues, found["jobQueues"])
    used = _used(found["jobQueues"]) if queues else {}
    for section in ("computeEnvironments", "schedulingPolicies"):
        if used.get(section) or not queues:
            found[section] = list(described(client, section, used.get(section, ())))
    found["jobDefinitions"] = list(described(client, "jobDefinitions"))
    notes: tuple[Finding, ...] = ()
    try:
        found["consumableResources"] = list(described(client, "consumableResources"))
    except AwsError as error:
        if error.reason != "not-offered":
            raise
        message = "left out: this endpoint has no consumable resources"
        notes = (Finding("left-out", "batch.consumableResources", message, severity="info", file=_ACCOUNT),)
    templates, left_out = live_launch_templates(account, found.get("computeEnvironments") or ())
    if templates:
        found[SECTION] = templates
    imported = together([requests.convert(Document(found, _ACCOUNT))], (*notes, *left_out))
    if not imported.batch:
        message = "there is nothing of AWS Batch in this account and region"
        raise ScenarioError([Finding("nothing-to-import", "", message, "another --profile or --region", file=_ACCOUNT)])
    return imported


def _used(queues: Sequence[dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    """What some queues refer to, each once and as they do, by kind."""
    environments = [
        entry["computeEnvironment"] for queue in queues for entry in queue.get("computeEnvironmentOrder", ())
    ]
    policies = [queue["schedulingPolicyArn"] for queue in queues if queue.get("schedulingPolicyArn")]
    return {
        "computeEnvironments": tuple(dict.fromkeys(environments)),
        "schedulingPolicies": tuple(dict.fromkeys(policies)),
    }


def _raise_unknown(asked: Sequence[str], found: Sequence[dict[str, Any]]) -> None:
    names = {queue["jobQueueName"] for queue in found}
    unknown = [name for name in asked if base_name(name) not in names]
    if unknown:
        raise ScenarioError(
            [Finding("unknown-reference", name, "there is no such job queue", file="--queue") for name in unknown]
        )
