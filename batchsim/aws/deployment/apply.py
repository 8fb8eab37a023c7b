"""Carrying out a plan: take down what is replaced, build up in the order of dependence, then remove what is no longer.

AWS Batch answers before it is done: environments and queues are waited for until they are VALID, or gone. Where a call
fails after it had its effect, looking again tells; whatever stops a deployment, planning anew continues it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from batchsim.aws.client import Account, aws_errors
from batchsim.aws.deployment import inventory
from batchsim.aws.deployment.inventory import DIGEST, Existing
from batchsim.aws.deployment.plan import Plan, Step, attached, remaining_order
from batchsim.aws.objects import OBJECTS, method
from batchsim.errors import AwsError, Finding, ScenarioError
from batchsim.redaction import redacted
from batchsim.scenario.document.access import dig

_IN_TRANSITION = frozenset({"CREATING", "UPDATING", "DELETING"})


@dataclass
class Deployer:
    """Talks to one account.

    Attributes
    ----------
    say : callable
        Told each thing that was done, in words.
    sleep : callable
        Waits so many seconds.
    interval_s, patience_s : float
        Between two looks at something that AWS is working on, and how long it is waited for.
    """

    account: Account
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
        for kind in ("schedulingPolicies", "consumableResources"):
            for step in plan.of(kind, "replace"):
                self._delete(step)
            for step in plan.of(kind, "create", "replace", "update"):
                self._create(step) if step.action != "update" else self._update(step)
        for kind in ("computeEnvironments", "jobQueues"):  # a queue takes only environments that are VALID
            steps = plan.of(kind, "create", "replace", "update")
            for step in steps:
                self._create(step) if step.action != "update" else self._update(step)
            for step in steps:
                self._wait_valid(step)
            for step in plan.of(kind, "leave"):
                self._wait_valid(step)
        for step in plan.of("jobDefinitions", "create", "update"):
            self._register(step)
        for kind in ("jobQueues", "computeEnvironments", "schedulingPolicies", "consumableResources", "jobDefinitions"):
            for step in plan.of(kind, "delete"):
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
                with aws_errors("UpdateJobQueue", step.name):
                    self.client.update_job_queue(jobQueue=step.name, computeEnvironmentOrder=order)
                self.say(f"detached {step.title} from {', '.join(sorted(going))}")
                self._settled("jobQueues", step.name)
        for step in plan.of("computeEnvironments", "replace"):
            self._delete(step)

    # -- building ----------------------------------------------------------------------------------------------------

    def _create(self, step: Step) -> None:
        if step.existing is not None:
            self._gone(step.kind, step.name)
        request = self._resolved(step.request)
        operation = OBJECTS[step.kind].create
        with _unless(lambda: self._is_ours(step)), aws_errors(operation, step.name, request):
            getattr(self.client, method(operation))(**request)
        self.say(f"created {step.title}")

    def _update(self, step: Step) -> None:
        assert step.existing is not None  # noqa: S101 (only what exists is updated)
        self._settled(step.kind, step.name)
        tags = {change.path[1]: change.after for change in step.changes if change.path[0] == "tags"}
        members = {change.path for change in step.changes if change.path[0] != "tags"}
        with aws_errors(OBJECTS[step.kind].update, step.name, step.request):
            if step.kind == "computeEnvironments" and members:
                self.client.update_compute_environment(computeEnvironment=step.name, **_changed(step, members))
            elif step.kind == "jobQueues":
                changed = _changed(step, members | {("computeEnvironmentOrder",)})
                self.client.update_job_queue(jobQueue=step.name, **self._resolved(changed))
            elif step.kind == "schedulingPolicies" and members:
                self.client.update_scheduling_policy(arn=step.existing.arn, **_changed(step, members))
            elif step.kind == "consumableResources" and members:
                self.client.update_consumable_resource(
                    consumableResource=step.name, operation="SET", quantity=step.request["totalQuantity"]
                )
        if tags:
            with aws_errors("TagResource", step.name, tags):
                self.client.tag_resource(resourceArn=step.existing.arn, tags=tags)
        self.say(f"updated {step.title}")

    def _register(self, step: Step) -> None:
        revisions: list[str] = []

        def registered() -> bool:
            latest = max(self._named(step), key=lambda each: each.revision, default=None)
            done = latest is not None and latest.tags.get(DIGEST) == step.request["tags"][DIGEST]
            revisions.extend([latest.arn] if done and latest else [])
            return done

        def register() -> None:
            with aws_errors("RegisterJobDefinition", step.name, step.request):
                revisions.append(self.client_once.register_job_definition(**step.request)["jobDefinitionArn"])

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
            with _unless(lambda: self._find(step.kind, step.name) is None), aws_errors(kind.delete, step.name):
                getattr(self.client, method(kind.delete))(**{kind.argument: step.existing.arn})
        self.say(f"deleted {step.title}")

    def _take_down(self, step: Step) -> None:
        """Disable, wait, delete, wait until it is gone (API DeleteJobQueue, DeleteComputeEnvironment)."""
        kind = OBJECTS[step.kind]
        thing = self._settled(step.kind, step.name)
        if thing is None:
            return
        if thing.description.get("state") != "DISABLED":
            with aws_errors(kind.update, step.name):
                getattr(self.client, method(kind.update))(**{kind.argument: step.name, "state": "DISABLED"})
            self._settled(step.kind, step.name)
        with _unless(lambda: self._is_going(step)), aws_errors(kind.delete, step.name):
            getattr(self.client, method(kind.delete))(**{kind.argument: step.name})
        self._gone(step.kind, step.name)

    def _deregister(self, step: Step) -> None:
        assert step.existing is not None  # noqa: S101 (only what exists is deleted)
        owner = step.existing.tags.get(inventory.OWNER)
        for revision in list(self._named(step)):
            if revision.tags.get(inventory.OWNER) == owner:
                with aws_errors("DeregisterJobDefinition", step.name):
                    self.client.deregister_job_definition(jobDefinition=revision.arn)

    # -- looking and waiting -----------------------------------------------------------------------------------------

    def _find(self, kind: str, name: str) -> Existing | None:
        return next(inventory.named(self.client, kind, name), None)

    def _named(self, step: Step) -> Iterator[Existing]:
        return inventory.named(self.client, step.kind, step.name)

    def _is_ours(self, step: Step) -> bool:
        thing = self._find(step.kind, step.name)
        return thing is not None and thing.tags.get(inventory.OWNER) == step.request["tags"][inventory.OWNER]

    def _is_going(self, step: Step) -> bool:
        thing = self._find(step.kind, step.name)
        return thing is None or thing.status == "DELETING"

    def _wait_valid(self, step: Step) -> None:
        thing = self._settled(step.kind, step.name)
        if thing is None or thing.status == "INVALID":
            message = redacted(f"AWS says it is INVALID: {thing.reason}") if thing else "it is gone again"
            expected = "what the reason names put right (roles, subnets, quotas), then the same command again"
            raise AwsError(Finding("invalid", step.title, message, expected), OBJECTS[step.kind].create, step.name)

    def _settled(self, kind: str, name: str) -> Existing | None:
        """Wait until AWS no longer works on a thing; None when it is gone."""
        return self._wait(kind, name, lambda thing: thing is None or thing.status not in _IN_TRANSITION)

    def _gone(self, kind: str, name: str) -> None:
        def gone(thing: Existing | None) -> bool:
            if thing is not None and thing.status == "INVALID":
                expected = "its jobs ended and its roles still there, then the same command again"
                message = redacted(f"can't be deleted: {thing.reason}")
                finding = Finding("invalid", f"{OBJECTS[kind].title} {name}", message, expected)
                raise AwsError(finding, OBJECTS[kind].delete, name)
            return thing is None

        self._wait(kind, name, gone)

    def _wait(self, kind: str, name: str, done: Callable[[Existing | None], bool]) -> Existing | None:
        for _ in range(max(1, round(self.patience_s / self.interval_s))):
            thing = self._find(kind, name)
            if thing is not None and thing.status == "DELETED":
                thing = None
            if done(thing):
                return thing
            self.sleep(self.interval_s)
        message = f"AWS has been working on it for {self.patience_s / 60:.0f} min"
        finding = Finding("aws", f"{OBJECTS[kind].title} {name}", message, "the same command again, later")
        raise AwsError(finding, OBJECTS[kind].describe, name, reason="busy")

    def surely(self, call: Callable[[], None], done: Callable[[], bool]) -> None:
        """Make a call that must not happen twice: after a failure, look before it is tried again."""
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
            value = _nested(path[depth:], taken_back.get(path))
        target = changed.setdefault("computeResources", {}) if depth == 2 else changed
        target[member[-1]] = value
    return {member: value for member, value in changed.items() if value is not None}


def _nested(path: tuple[str, ...], value: Any) -> Any:
    for member in reversed(path):
        value = {member: value}
    return value
