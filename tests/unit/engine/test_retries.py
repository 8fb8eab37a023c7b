"""Which entry of ``evaluateOnExit`` decides: API EvaluateOnExit, RetryStrategy; User Guide, *Automated job retries*."""

from __future__ import annotations

import pytest

from batchsim.engine.retries import is_retried
from batchsim.spec.configuration import RetryRule

HOST = "Host EC2 (instance i-00000000000000001) terminated."
SPOT_IDIOM = (RetryRule("RETRY", on_status_reason="Host EC2*"), RetryRule("EXIT", on_reason="*"))


@pytest.mark.parametrize(
    ("rules", "exit_code", "status_reason", "retried"),
    [
        ((), 1, "Essential container in task exited", True),
        (SPOT_IDIOM, None, HOST, True),
        (SPOT_IDIOM, 1, "Essential container in task exited", False),
        ((RetryRule("EXIT", on_exit_code="13*"),), 137, None, False),
        ((RetryRule("EXIT", on_exit_code="13*"),), 1, None, True),
        ((RetryRule("EXIT", on_exit_code="1"),), 13, None, True),
        # All stated conditions have to match.
        ((RetryRule("EXIT", on_exit_code="1", on_status_reason="Host*"),), 1, "Essential", True),
        # The first match decides.
        ((RetryRule("RETRY", on_exit_code="1"), RetryRule("EXIT", on_exit_code="*")), 1, None, True),
        # A lost host leaves no exit code: only a bare * matches that.
        ((RetryRule("EXIT", on_exit_code="1*"),), None, HOST, True),
        ((RetryRule("EXIT", on_exit_code="*"),), None, HOST, False),
        # A pattern is of the beginning, not of a part.
        ((RetryRule("EXIT", on_status_reason="EC2*"),), None, HOST, True),
        # An entry without a condition matches everything.
        ((RetryRule("EXIT"),), 1, None, False),
    ],
)
def test_first_matching_entry_decides(rules, exit_code, status_reason, retried):
    assert is_retried(rules, exit_code=exit_code, reason=None, status_reason=status_reason) is retried
