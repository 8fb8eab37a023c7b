"""Carrying out a plan: take down what is replaced, build up in the order of dependence, then remove what is no longer.

AWS Batch answers before it is done: environments and queues are waited for until they are VALID, or gone. Where a call
fails after it had its effect, asking again tells; whatever stops a deployment, planning anew continues it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from batchsim.aws.client import AwsAccount, aws_errors
from batchsim.aws.deployment import inventory
from batchsim.aws.deployment.inventory import DIGEST, Existing
from batchsim.aws.deployment.plan import Plan, Step, attached, remaining_order
from batchsim.aws.objects import OBJECTS, method
from batchsim.errors import AwsError, Finding, ScenarioError
from batchsim.redaction import redacted
from batchsim.scenario.batch.service_model import shape_named, within
from batchsim.scenario.document.access import dig, nested

_IN_TRANSITION = frozenset({"CREATING", "UPDATING", "DELETING"})
#: A queue goes before the environments and the policy that it has.
_ORDER_OF_REMOVAL = (
    "jobQueues", "computeEnvironments", "schedulingPolicies", "consumableResources", "jobDefinitions",
)  # fmt: skip


@dataclass
class Deployer:
    """Talks to one account.

    Attributes
    ----------
    say : callable
        Told of each step that was done.
    sleep : callable
        Waits so many seconds.
    interval_s, patience_s : float
        Between two questions about something that AWS is working on, and how long it is waited for.
    """

    account: AwsAccount
    say: Callable[[str], None] = print
    sleep: Callable[[float], None] = time.sleep
    interval_s: float = 5.0
    patience_s: float = 3600.0
    client: Any = field(init=False)
    client_once: Any = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.account.client()
        self.client_once = self.account.client(once=True)

    def carry_out(self, plan: Plan) -> None:
        """Do everything that a plan says.

        Raises
        ------
        ScenarioError
            If the plan has conflicts: then nothing is done.
        AwsError
            If AWS refuses something, does not answer, or calls what was made INVALID.
        """
        if plan.conflicts:
            raise ScenarioError(plan.conflicts)
        self._make_room(plan)
        for section in OBJECTS:
            self._build(plan, section)
        for section in _ORDER_OF_REMOVAL:
            for step in plan.of(section, "delete"):
                self._delete(step)

    # -- before anything is built ------------------------------------------------------------------------------------

    def _make_room(self, plan: Plan) -> None:
        """Delete what is replaced, and detach queues from it first."""
        for step in plan.of("jobQueues", "replace"):
            self._delete(step)
        going = {step.name for step in plan.of("computeEnvironments", "replace")}
        there = {step.name for step in plan.of("computeEnvironments", "leave", "update")}
        for step in plan.of("jobQueues", "update"):
            if step.existing and going & set(attached(step.existing)):
                self._settled("jobQueues", step.name)
                order = remaining_order(step, going, there)
                self._call("UpdateJobQueue", step.name, {"jobQueue": step.name, "computeEnvironmentOrder": order})
                self.say(f"detached {step.title} from {', '.join(sorted(going))}")
                self._settled("jobQueues", step.name)
        for step in plan.of("computeEnvironments", "replace"):
            self._delete(step)

    # -- building ----------------------------------------------------------------------------------------------------

    def _build(self, plan: Plan, section: str) -> None:
        """Bring the objects of one kind to what the plan says; what has a state was taken down before."""
        has_state = OBJECTS[section].has_state
        if not has_state:
            for step in plan.of(section, "replace"):
                self._delete(step)
        for step in plan.of(section, "create", "replace", "update"):
            self._make(step)
        if has_state:  # a queue takes only environments that are VALID
            for step in plan.of(section, "create", "replace", "update", "leave"):
                self._wait_valid(step)

    def _make(self, step: Step) -> None:
        if OBJECTS[step.kind].has_revisions:
            self._register(step)
        elif step.action == "update":
            self._update(step)
        else:
            self._create(step)

    def _create(self, step: Step) -> None:
        if step.existing is not None:
            self._gone(step.kind, step.name)
        request = self._resolved(step.request)
        with _unless(lambda: self._is_ours(step)):
            self._call(OBJECTS[step.kind].create, step.name, request)
        self.say(f"created {step.title}")

    def _update(self, step: Step) -> None:
        assert step.existing is not None  # noqa: S101 (only what exists is updated)
        self._settled(step.kind, step.name)
        kind = OBJECTS[step.kind]
        arguments = self._update_arguments(step)
        if arguments:
            identity = step.existing.arn if kind.argument == "arn" else step.name
            self._call(kind.update, step.name, {kind.argument: identity, **arguments})
        tags = {change.path[1]: change.after for change in step.changes if change.path[0] == "tags"}
        if tags:
            self._call("TagResource", step.name, {"resourceArn": step.existing.arn, "tags": tags})
        self.say(f"updated {step.title}")

    def _update_arguments(self, step: Step) -> dict[str, Any]:
        """What an update says besides which object it is of; empty where only tags differ."""
        members = {change.path for change in step.changes if change.path[0] != "tags"}
        if step.kind == "jobQueues":
            return self._resolved(_changed(step, members | {("computeEnvironmentOrder",)}))
        if step.kind == "consumableResources" and members:
            return {"operation": "SET", "quantity": step.request["totalQuantity"]}
        return _changed(step, members)

    def _register(self, step: Step) -> None:
        revisions: list[str] = []

        def registered() -> bool:
            latest = max(self._named(step), key=lambda each: each.revision, default=None)
            done = latest is not None and latest.tags.get(DIGEST) == step.request["tags"][DIGEST]
            revisions.extend([latest.arn] if done and latest else [])
            return done

        def register() -> None:
            answer = self._call("RegisterJobDefinition", step.name, step.request, once=True)
            revisions.append(answer["jobDefinitionArn"])

        self.surely(register, registered)
        self.say(f"registered {step.title}, revision {revisions[-1].rpartition(':')[2]}")

    def _resolved(self, request: dict[str, Any]) -> dict[str, Any]:
        """A queue's request with the ARN of its scheduling policy."""
        reference = request.get("schedulingPolicyArn")
        if not reference or reference.startswith("arn:"):
            return request
        policy = self._find("schedulingPolicies", reference)
        if policy is None:
            finding = Finding("aws", f"scheduling policy {reference}", "there is none of this name")
            raise AwsError(finding, "ListSchedulingPolicies", reference)
        return {**request, "schedulingPolicyArn": policy.arn}

    # -- removing ----------------------------------------------------------------------------------------------------

    def _delete(self, step: Step) -> None:
        kind = OBJECTS[step.kind]
        if kind.has_state:
            self._take_down(step)
        elif kind.has_revisions:
            self._deregister(step)
        else:
            assert step.existing is not None  # noqa: S101 (only what exists is deleted)
            with _unless(lambda: self._find(step.kind, step.name) is None):
                self._call(kind.delete, step.name, {kind.argument: step.existing.arn})
        self.say(f"deleted {step.title}")

    def _take_down(self, step: Step) -> None:
        """Disable, wait, delete, wait until it is gone (API DeleteJobQueue, DeleteComputeEnvironment)."""
        kind = OBJECTS[step.kind]
        existing = self._settled(step.kind, step.name)
        if existing is None:
            return
        if existing.description.get("state") != "DISABLED":
            self._call(kind.update, step.name, {kind.argument: step.name, "state": "DISABLED"})
            self._settled(step.kind, step.name)
        with _unless(lambda: self._is_going(step)):
            self._call(kind.delete, step.name, {kind.argument: step.name})
        self._gone(step.kind, step.name)

    def _deregister(self, step: Step) -> None:
        assert step.existing is not None  # noqa: S101 (only what exists is deleted)
        owner = step.existing.tags.get(inventory.OWNER)
        for revision in list(self._named(step)):
            if revision.tags.get(inventory.OWNER) == owner:
                self._call("DeregisterJobDefinition", step.name, {"jobDefinition": revision.arn})

    # -- asking and waiting ------------------------------------------------------------------------------------------

    def _call(self, operation: str, name: str, arguments: dict[str, Any], *, once: bool = False) -> Any:
        client = self.client_once if once else self.client
        with aws_errors(operation, name, arguments):
            return getattr(client, method(operation))(**arguments)

    def _find(self, kind: str, name: str) -> Existing | None:
        return next(inventory.named(self.client, kind, name), None)

    def _named(self, step: Step) -> Iterator[Existing]:
        return inventory.named(self.client, step.kind, step.name)

    def _is_ours(self, step: Step) -> bool:
        existing = self._find(step.kind, step.name)
        return existing is not None and existing.tags.get(inventory.OWNER) == step.request["tags"][inventory.OWNER]

    def _is_going(self, step: Step) -> bool:
        existing = self._find(step.kind, step.name)
        return existing is None or existing.status == "DELETING"

    def _wait_valid(self, step: Step) -> None:
        existing = self._settled(step.kind, step.name)
        if existing is None or existing.status == "INVALID":
            message = redacted(f"AWS says it is INVALID: {existing.reason}") if existing else "it is gone again"
            expected = "what the reason names put right (roles, subnets, quotas), then the same command again"
            raise AwsError(Finding("invalid", step.title, message, expected), OBJECTS[step.kind].create, step.name)

    def _settled(self, kind: str, name: str) -> Existing | None:
        """Wait until AWS no longer works on an object; None when it is gone."""
        return self._wait(kind, name, lambda existing: existing is None or existing.status not in _IN_TRANSITION)

    def _gone(self, kind: str, name: str) -> None:
        def gone(existing: Existing | None) -> bool:
            if existing is not None and existing.status == "INVALID":
                expected = "its jobs ended and its roles still there, then the same command again"
                message = redacted(f"can't be deleted: {existing.reason}")
                finding = Finding("invalid", f"{OBJECTS[kind].title} {name}", message, expected)
                raise AwsError(finding, OBJECTS[kind].delete, name)
            return existing is None

        self._wait(kind, name, gone)

    def _wait(self, kind: str, name: str, done: Callable[[Existing | None], bool]) -> Existing | None:
        for _ in range(max(1, round(self.patience_s / self.interval_s))):
            existing = self._find(kind, name)
            if existing is not None and existing.status == "DELETED":
                existing = None
            if done(existing):
                return existing
            self.sleep(self.interval_s)
        message = f"AWS has been working on it for {self.patience_s / 60:.0f} min"
        finding = Finding("aws", f"{OBJECTS[kind].title} {name}", message, "the same command again, later")
        raise AwsError(finding, OBJECTS[kind].describe, name, reason="busy")

    def surely(self, call: Callable[[], None], done: Callable[[], bool]) -> None:
        """Make a call that must not happen twice: after a failure, ask before it is tried again."""
        for attempt in range(1, self.account.attempts + 1):
            try:
                return call()
            except AwsError as error:
                if done():
                    return None
                if attempt == self.account.attempts or not error.may_pass:
                    raise
            self.sleep(min(2.0**attempt, 20.0))
        return None


@contextmanager
def _unless(done: Callable[[], bool]) -> Iterator[None]:
    """A failure does not count when what was to be done turns out to be done."""
    try:
        yield
    except AwsError:
        if not done():
            raise


def _changed(step: Step, paths: set[tuple[str, ...]]) -> dict[str, Any]:
    """The members of an update: each changed one as the request has it whole, or what takes it back."""
    taken_back = {change.path: change.after for change in step.changes}
    changed: dict[str, Any] = {}
    for path in sorted(paths):
        depth = 2 if path[0] == "computeResources" else 1
        member = path[:depth]
        value = dig(step.request, *member)
        if value is None:
            value = nested(path[depth:], taken_back.get(path))
        elif member[-1] == "managedInstancesProvider":
            value = _provider(step)
        target = changed.setdefault("computeResources", {}) if depth == 2 else changed
        target[member[-1]] = value
    return {member: value for member, value in changed.items() if value is not None}


def _provider(step: Step) -> dict[str, Any]:
    """Managed instances as an update takes them, which is without what can't be changed; with what is taken back."""
    path = ("computeResources", "managedInstancesProvider")
    taken_back = {
        change.path[2]: change.after for change in step.changes if change.path[:2] == path and change.path[3:] == ()
    }
    asked: dict[str, Any] = within(dig(step.request, *path), shape_named("UpdateManagedInstancesProviderConfiguration"))
    return {**taken_back, **asked}
