"""What is in the account: everything of the kinds that a deployment makes, and which of it is the deployment's.

An object is a deployment's when its tag `OWNER` has the scenario's name. Only such objects are ever changed or deleted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from batchsim.aws.client import AwsAccount
from batchsim.aws.descriptions import described
from batchsim.aws.objects import OBJECTS
from batchsim.errors import AwsError

#: Tag that says whose an object is; its value is the scenario's name.
OWNER = "batchsim:scenario"
#: Tag of a job definition's revision: a digest of the request that made it.
DIGEST = "batchsim:digest"


@dataclass(frozen=True)
class Existing:
    """One object in the account.

    Attributes
    ----------
    kind : str
        Its list in the ``batch:`` section.
    description : dict
        As AWS describes it.
    status, reason : str
        AWS's ``status`` (VALID, CREATING, INVALID, …; VALID where a kind has none) and ``statusReason``.
    """

    kind: str
    name: str
    arn: str
    description: dict[str, Any]
    status: str = "VALID"
    reason: str = ""

    @property
    def revision(self) -> int:
        """Of a job definition; 0 for anything else."""
        return int(self.description.get("revision", 0))

    @property
    def tags(self) -> dict[str, str]:
        """Its tags."""
        return self.description.get("tags") or {}

    def is_of(self, scenario: str) -> bool:
        """Whether it belongs to the deployment of a scenario."""
        return self.tags.get(OWNER) == scenario


@dataclass(frozen=True)
class Inventory:
    """Everything there is, by kind and name; of a job definition the latest active revision."""

    objects: dict[str, dict[str, Existing]]

    def get(self, kind: str, name: str) -> Existing | None:
        """An object, or None."""
        return self.objects[kind].get(name)

    def of(self, scenario: str, kind: str) -> Iterator[Existing]:
        """Objects of one kind that belong to a scenario."""
        return (each for each in self.objects[kind].values() if each.is_of(scenario))


def take_inventory(account: AwsAccount) -> Inventory:
    """Read the account.

    Raises
    ------
    AwsError
        If AWS refuses or does not answer.
    """
    client = account.client()
    objects: dict[str, dict[str, Existing]] = {section: {} for section in OBJECTS}
    for section in OBJECTS:
        for each in everything(client, section):
            known = objects[section].get(each.name)
            if known is None or each.revision > known.revision:
                objects[section][each.name] = each
    return Inventory(objects)


def everything(client: Any, section: str, only: Sequence[str] = ()) -> Iterator[Existing]:
    """The objects of one kind, of job definitions all active revisions; none where the endpoint has no such kind.

    Parameters
    ----------
    only : sequence of str
        Names or ARNs as `batchsim.aws.descriptions.described` takes them; without any, all objects.
    """
    try:
        yield from (_existing(section, value) for value in described(client, section, only))
    except AwsError as error:
        if error.reason != "not-offered":
            raise


def named(client: Any, section: str, name: str) -> Iterator[Existing]:
    """What goes by a name: one object or none, of job definitions all active revisions."""
    # A kind that has to be listed first is asked for by ARN, which is not known yet.
    only = () if OBJECTS[section].list else (name,)
    return (each for each in everything(client, section, only) if each.name == name)


def _existing(section: str, value: dict[str, Any]) -> Existing:
    kind = OBJECTS[section]
    status = value.get("status") if kind.has_state else None
    name, arn, reason = value[kind.name_member], value[kind.arn_member], value.get("statusReason") or ""
    return Existing(section, name, arn, value, status or "VALID", reason)
