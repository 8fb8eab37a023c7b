"""Rules about attempts and what is retried."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from batchsim.errors import Finding
from batchsim.scenario.document.access import dig, entries, whole
from batchsim.scenario.document.document import Where
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.references import (
    MANAGED,
    Submission,
    attached,
    is_spot,
    kind_of,
    retrying,
    submissions,
)
from batchsim.scenario.rules.registry import rule

STRATEGY = "AWS Batch API, RetryStrategy, EvaluateOnExit"
GUIDE = "AWS Batch User Guide, Job retries"
CONDITIONS = ("onExitCode", "onReason", "onStatusReason")
#: What patterns may be made of, and how to say it; and how long they may be.
EXIT_CODES = re.compile(r"[0-9]*\*?"), "digits and a final *"
REASONS = re.compile(r"[A-Za-z0-9.:\s]*\*?"), "letters, digits, . : and blanks, and a final *"
LONGEST = 512
#: How AWS words the end of an attempt whose capacity it took away.
INTERRUPTED = {
    "SPOT": "Host EC2 (instance i-0123456789abcdef0) terminated.",
    "FARGATE_SPOT": "Your Spot Task was interrupted.",
}


@rule("attempts", "1 to 10 attempts, at most 5 evaluateOnExit entries of legal patterns", STRATEGY, number="V-25")
def retries(context: Context) -> Iterator[Finding]:
    """Retry strategies of definitions and jobs."""
    for where, thing in retrying(context):
        strategy = thing.get("retryStrategy")
        if not isinstance(strategy, dict):
            continue
        place = (*where, "retryStrategy")
        attempts = whole(strategy.get("attempts"))
        if attempts is not None and not 1 <= attempts <= 10:
            yield context.finding((*place, "attempts"), f"{attempts} is out of range", expected="1 to 10")
        listed = entries(strategy, "evaluateOnExit")
        if "attempts" not in strategy:
            what = "evaluateOnExit" if "evaluateOnExit" in strategy else "a retry strategy"
            yield context.finding(place, f"{what} needs attempts", expected="attempts, or no retryStrategy")
        if len(listed) > 5:
            yield context.finding(
                (*place, "evaluateOnExit"), f"{len(listed)} entries are too many", expected="5 at most"
            )
        for index, entry in enumerate(listed):
            if isinstance(entry, dict):
                yield from _entry(context, (*place, "evaluateOnExit", index), entry)


def _entry(context: Context, place: Where, entry: dict[str, Any]) -> Iterator[Finding]:
    if not any(member in entry for member in CONDITIONS):
        yield context.finding(place, "an entry needs a condition", expected=f"one of {', '.join(CONDITIONS)}")
    for member in CONDITIONS:
        pattern = entry.get(member)
        form, expected = EXIT_CODES if member == "onExitCode" else REASONS
        if isinstance(pattern, str) and (len(pattern) > LONGEST or not form.fullmatch(pattern)):
            shown = pattern if len(pattern) <= 80 else f"{pattern[:77]}…"
            expected += f", {LONGEST} characters at most" if len(pattern) > LONGEST else ""
            message = f"{shown!r} is not a pattern that AWS takes"
            yield context.finding((*place, member), message, expected=expected)


def _acts(entry: Any) -> str:
    action = dig(entry, "action")
    return action.upper() if isinstance(action, str) else ""


def _attempts(job: Submission) -> tuple[Where, int, list[Any]]:
    """Where a job's retry strategy stands (or would stand), its attempts and its entries."""
    place, strategy = job.member("retryStrategy")
    if not isinstance(strategy, dict):
        return job.definition_where, 1, []
    return place, whole(strategy.get("attempts")) or 1, entries(strategy, "evaluateOnExit")


@rule(
    "retries-everything",
    "A list that retries something ends with an EXIT for everything else",
    GUIDE,
    severity="warning",
    stage="review",
    number="V-26",
)
def retries_everything(context: Context) -> Iterator[Finding]:
    """What no entry matches is retried."""
    for where, thing in retrying(context):
        strategy = thing.get("retryStrategy")
        listed = entries(strategy, "evaluateOnExit")
        if (whole(dig(strategy, "attempts")) or 1) < 2 or not any(_acts(entry) == "RETRY" for entry in listed):
            continue
        if not any(_acts(entry) == "EXIT" and _catches_all(entry) for entry in listed):
            yield context.finding(
                (*where, "retryStrategy", "evaluateOnExit"),
                "a failure that no entry matches is retried too",
                expected='a last entry {onReason: "*", action: EXIT}',
            )


def _catches_all(entry: Any) -> bool:
    return all(entry[member] == "*" for member in CONDITIONS if member in entry)


@rule(
    "spot-attempts",
    "A job that may run on Spot has more than one attempt",
    "AWS Batch User Guide, Best practices",
    severity="warning",
    stage="review",
    number="V-27",
)
def spot_attempts(context: Context) -> Iterator[Finding]:
    """An interruption uses an attempt up."""
    seen = set()
    for job in submissions(context):
        place, attempts, _ = _attempts(job)
        spot = next((kind_of(each) for _, each in attached(context, job.queue) if is_spot(each)), None)
        if spot and attempts == 1 and (place, job.queue_name) not in seen:
            seen.add((place, job.queue_name))
            message = (
                f"{job.queue_name} can run it on {_called(spot)}, and with one attempt the first interruption fails it"
            )
            yield context.finding(place, message, expected="retryStrategy: {attempts: 3}")


def _bought(environment: dict[str, Any]) -> str:
    """The kind of an environment; managed instances on spare capacity end as Spot instances do (an assumption)."""
    return "SPOT" if kind_of(environment) == MANAGED and is_spot(environment) else kind_of(environment)


def _called(kind: str) -> str:
    """A kind of environments on spare capacity, as people call it."""
    return f"{kind} of capacityOptionType SPOT" if kind == MANAGED else kind


@rule(
    "spot-retry",
    "evaluateOnExit retries the interruptions that the queue's Spot environments cause",
    GUIDE,
    severity="warning",
    stage="review",
    number="V-28",
)
def spot_retry(context: Context) -> Iterator[Finding]:
    """Spot instances and Fargate Spot word them differently."""
    seen = set()
    for job in submissions(context):
        place, attempts, listed = _attempts(job)
        for kind in dict.fromkeys(_bought(environment) for _, environment in attached(context, job.queue)):
            if kind not in INTERRUPTED or attempts < 2 or (place, kind) in seen:
                continue
            seen.add((place, kind))
            ends = _ends(kind, listed)
            if ends:
                yield context.finding(
                    (*place, "evaluateOnExit"),
                    f"an interruption of {kind} ({INTERRUPTED[kind]!r}) {ends}",
                    expected=f'{{onStatusReason: "{_pattern(kind)}", action: RETRY}} before the EXIT entries',
                )


def _ends(kind: str, listed: Sequence[Any]) -> str:
    """What becomes of an interruption that is probably not meant; empty where it is retried as it should be."""
    first = next((_acts(entry) for entry in listed if _matches(entry, INTERRUPTED[kind])), "")
    if first == "EXIT":
        return "ends the job"
    by_chance = first == "" and kind == "FARGATE_SPOT" and _for_hosts_only(listed)
    return "is retried only because no entry matches" if by_chance else ""


def _for_hosts_only(listed: Sequence[Any]) -> bool:
    """Whether what is retried by an entry are interruptions of instances, and nothing else."""
    reasons = [str(dig(entry, "onStatusReason")) for entry in listed if _acts(entry) == "RETRY"]
    return bool(reasons) and all(reason.startswith("Host EC2") for reason in reasons)


def _pattern(kind: str) -> str:
    return "Host EC2*" if kind == "SPOT" else "Your Spot Task was interrupted*"


def _matches(entry: Any, status_reason: str) -> bool:
    """Whether an entry matches an interruption: it has a status reason, no exit code and no reason."""
    for member in CONDITIONS:
        pattern = dig(entry, member)
        if not isinstance(pattern, str) or pattern == "*":
            continue
        text = status_reason if member == "onStatusReason" else None
        if text is None or not (text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern):
            return False
    return isinstance(entry, dict)
