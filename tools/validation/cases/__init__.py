"""All cases: what queueing theory knows exactly of scenarios that batchsim runs."""

from __future__ import annotations

from functools import cache

from tools.validation.case import QueueingCase
from tools.validation.cases.capacity import capacity
from tools.validation.cases.disciplines import priorities, widths
from tools.validation.cases.queues import general, mmc
from tools.validation.cases.workflows import batches, networks


@cache
def cases() -> tuple[QueueingCase, ...]:
    """All cases in the order of the page."""
    makers = (mmc, general, priorities, widths, batches, networks, capacity)
    return tuple(case for make in makers for case in make())
