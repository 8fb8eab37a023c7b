"""What a deployment would do, decided before anything happens.

A plan is made from the account as it is: an interrupted deployment is continued by planning again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from batchsim.aws.deployment.deployable import Deployable
from batchsim.aws.deployment.differences import Difference, Path, differences, digest, is_by_schedule
from batchsim.aws.deployment.inventory import DIGEST, OWNER, Existing, Inventory
from batchsim.aws.objects import OBJECTS
from batchsim.aws.schedules.schedule import scheduled_values
from batchsim.errors import Finding
from batchsim.scenario.document.access import base_name

#: ``conflict``: what would have to be done can't be, or would touch what is not ours; nothing is done to it.
Action = Literal["create", "update", "replace", "delete", "leave", "conflict"]

#: Kinds of steps besides those of AWS Batch's objects: the schedules of ``updates:``, and the group that they are in.
SCHEDULE, GROUP = "updates", "scheduleGroups"
_TITLES = {SCHEDULE: "schedule", GROUP: "schedule group"} | {kind: each.title for kind, each in OBJECTS.items()}


@dataclass(frozen=True)
class Step:
    """What happens to one object.

    Attributes
    ----------
    request : dict
        What AWS shall hold in the end, tags included; empty for what goes.
    changes : tuple of Difference
        What differs.
    why : str
        Why it is replaced or deleted and what that means, or what it conflicts with.
    existing : Existing or None
        What is there now.
    """

    action: Action
    kind: str
    name: str
    request: dict[str, Any]
    changes: tuple[Difference, ...] = ()
    why: str = ""
    existing: Existing | None = None

    @property
    def title(self) -> str:
        """Kind and name, as people say them."""
        return f"{_TITLES[self.kind]} {self.name}"


@dataclass(frozen=True)
class Plan:
    """All steps, in the order in which AWS needs objects created.

    Attributes
    ----------
    conflicts : tuple of Finding
        Why the plan can't be carried out; nothing is done while there are any.
    """

    scenario: str
    region: str
    steps: tuple[Step, ...]
    conflicts: tuple[Finding, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether anything would happen."""
        return any(step.action != "leave" for step in self.steps)

    def of(self, kind: str, *actions: Action) -> list[Step]:
        """Steps of one kind with one of these actions."""
        return [step for step in self.steps if step.kind == kind and step.action in actions]

    def count(self, action: Action) -> int:
        """How many steps there are of one action."""
        return sum(step.action == action for step in self.steps)


def requests(configuration: Deployable) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Kind, name and request of everything to be deployed, with the tags that say whose it is."""
    for kind in OBJECTS:
        for name, request in configuration.named(kind).items():
            tags = {**configuration.tags, **request.get("tags", {}), OWNER: configuration.name}
            if kind == "jobDefinitions":
                tags[DIGEST] = digest({**request, "tags": tags})
            # Said outright, so that what was DISABLED by hand or by an interrupted removal is enabled again.
            state = {"state": "ENABLED"} if kind in ("computeEnvironments", "jobQueues") else {}
            yield kind, name, {**state, **request, "tags": tags}


def plan(configuration: Deployable, inventory: Inventory) -> Plan:
    """What it takes to make the account hold a configuration."""
    scenario = configuration.name
    scheduled = scheduled_values(configuration)
    steps = [_step(*each, inventory, scheduled.get(each[:2], ())) for each in requests(configuration)]
    wanted = {(step.kind, step.name) for step in steps}
    steps += [
        Step("delete", each.kind, each.name, {}, why="the scenario has it no longer", existing=each)
        for kind in OBJECTS
        for each in inventory.of(scenario, kind)
        if (kind, each.name) not in wanted
    ]
    steps = _with_queues(steps, inventory)
    order = list(OBJECTS)
    steps.sort(key=lambda step: order.index(step.kind))
    return _judged(Plan(scenario, configuration.region, tuple(steps)), inventory)


def plan_destroy(scenario: str, region: str, inventory: Inventory) -> Plan:
    """What it takes to remove everything of a deployment, and nothing else."""
    steps = [
        Step("delete", kind, each.name, {}, existing=each) for kind in OBJECTS for each in inventory.of(scenario, kind)
    ]
    return _judged(Plan(scenario, region, tuple(steps)), inventory)


def _judged(plan: Plan, inventory: Inventory) -> Plan:
    """The plan with its conflicts, and the steps that they stop shown as such."""
    steps, conflicts = [], []
    for step in plan.steps:
        found = _conflict(plan.scenario, step, inventory)
        if found is not None:
            conflicts.append(found)
            step = replace(step, action="conflict", changes=(), why=found.message)
        steps.append(step)
    return replace(plan, steps=tuple(steps), conflicts=tuple(conflicts))


def _step(
    kind: str, name: str, request: dict[str, Any], inventory: Inventory, scheduled: Sequence[tuple[Path, Any]]
) -> Step:
    existing = inventory.get(kind, name)
    if existing is None or existing.status == "DELETING":
        return Step("create", kind, name, request, existing=existing)
    if existing.status == "INVALID":
        why = f"it is INVALID: {existing.reason}" if existing.reason else "it is INVALID"
        return Step("replace", kind, name, request, why=why, existing=existing)
    changes = tuple(each for each in differences(request, existing) if not is_by_schedule(each, scheduled))
    why = _obstacles(changes)
    if why:
        return Step("replace", kind, name, request, changes, why, existing)
    return Step("update" if changes else "leave", kind, name, request, changes, existing=existing)


def _obstacles(changes: Sequence[Difference]) -> str:
    """Why AWS can't make some changes in place, each reason once; empty when it can."""
    return "; ".join(dict.fromkeys(change.obstacle for change in changes if change.obstacle))


def attached(queue: Existing) -> list[str]:
    """Names of a queue's compute environments, in their order."""
    entries = sorted(queue.description.get("computeEnvironmentOrder") or [], key=lambda entry: int(entry["order"]))
    return [base_name(entry["computeEnvironment"]) for entry in entries]


def remaining_order(step: Step, going: set[str], there: set[str]) -> list[dict[str, Any]]:
    """What a queue can keep while environments are replaced: of those it has, or else of those it shall have.

    Parameters
    ----------
    going, there : set of str
        Environments that are replaced, and those that exist.
    """
    kept = [name for name in attached(step.existing) if name not in going] if step.existing else []
    if not kept:
        wanted = sorted(step.request.get("computeEnvironmentOrder", []), key=lambda entry: int(entry["order"]))
        names = [base_name(entry["computeEnvironment"]) for entry in wanted]
        kept = [name for name in names if name in there and name not in going]
    return [{"order": number, "computeEnvironment": name} for number, name in enumerate(kept, 1)]


def _with_queues(steps: list[Step], inventory: Inventory) -> list[Step]:
    """The steps with what the replacement of environments means for the queues that have them."""
    going = {step.name for step in steps if step.kind == "computeEnvironments" and step.action == "replace"}
    there = {name for name, each in inventory.objects["computeEnvironments"].items() if each.status == "VALID"}
    return [_jobs_ended(_detached(step, going, there)) if step.kind == "jobQueues" else step for step in steps]


def _detached(step: Step, going: set[str], there: set[str]) -> Step:
    """A queue's step: it goes without the environments that are replaced, or is replaced where it has no other."""
    if step.existing is None or step.action not in ("update", "leave"):
        return step
    replaced = going & set(attached(step.existing))
    if not replaced:
        return step
    names = ", ".join(sorted(replaced))
    if remaining_order(step, going, there):
        return replace(step, action="update", why=f"detached from {names} while it is replaced")
    return replace(step, action="replace", why=f"{names} is replaced, and a queue needs an environment")


def _jobs_ended(step: Step) -> Step:
    if step.action not in ("replace", "delete"):
        return step
    return replace(step, why="; ".join(part for part in (step.why, "its jobs are ended") if part))


def _conflict(scenario: str, step: Step, inventory: Inventory) -> Finding | None:
    """Why a step can't be carried out."""
    if step.action != "create" and step.existing is not None and not step.existing.is_of(scenario):
        owner = step.existing.tags.get(OWNER)
        whose = f"it belongs to the scenario {owner}" if owner else f"it has no tag {OWNER}"
        message = f"there is such a {OBJECTS[step.kind].title} already, and {whose}: it is not touched"
        return Finding("not-ours", step.title, message, "another name, or that one removed or renamed first")
    if step.kind == "schedulingPolicies" and step.action == "replace":
        return Finding("not-in-place", step.title, f"{step.why}: AWS can't change that", "a policy of another name")
    if step.kind == "computeEnvironments" and step.action in ("replace", "delete"):
        return _used_by_others(scenario, step, inventory)
    return None


def _used_by_others(scenario: str, step: Step, inventory: Inventory) -> Finding | None:
    """A conflict where queues that are not the scenario's have an environment that would go."""
    queues = inventory.objects["jobQueues"].values()
    foreign = sorted(queue.name for queue in queues if step.name in attached(queue) and not queue.is_of(scenario))
    if not foreign:
        return None
    several = len(foreign) > 1
    users = f"the job queue{'s' * several} {', '.join(foreign)}"
    message = f"it can't go while {users} of others use{'s' * (not several)} it"
    return Finding("not-ours", step.title, message, "it detached from there first")
