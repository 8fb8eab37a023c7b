"""Retries: whether a failed attempt is followed by another.

AWS Batch User Guide, *Automated job retries*; API ``RetryStrategy``, ``EvaluateOnExit``: entries are tried in order,
one whose stated conditions all match decides; when none matches the job is retried while attempts remain.
"""

from __future__ import annotations

from collections.abc import Sequence

from batchsim.spec.configuration import RetryRule


def is_retried(
    rules: Sequence[RetryRule], *, exit_code: int | None, reason: str | None, status_reason: str | None
) -> bool:
    """What ``evaluateOnExit`` says of a failed attempt that has attempts left."""
    code = None if exit_code is None else str(exit_code)
    for rule in rules:
        if (
            _matches(rule.on_exit_code, code)
            and _matches(rule.on_reason, reason)
            and _matches(rule.on_status_reason, status_reason)
        ):
            return rule.action == "RETRY"
    return True


def _matches(pattern: str | None, text: str | None) -> bool:
    """Whether a glob with an optional final ``*`` matches.

    A condition that is not stated holds. One on a value that the attempt lacks holds only for a bare ``*`` (an
    assumption: AWS does not say).
    """
    if pattern is None or pattern == "*":
        return True
    if text is None:
        return False
    if pattern.endswith("*"):
        return text.startswith(pattern[:-1])
    return text == pattern
