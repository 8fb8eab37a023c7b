"""The limit that jobs waited for longest, and what it is called."""

from __future__ import annotations

from typing import Any

import pytest

import batchsim as bs
from batchsim.recording import LIMITS
from batchsim.report.limits import longest_limit
from tests.builders import environment, queue, scenario, unmanaged, workflow


@pytest.fixture(scope="module")
def run():
    """Two queues: one of instances and of an environment that is off, the other of processors."""
    off = {**environment("off"), "state": "DISABLED"}
    made = scenario(
        workflow(),
        environments=[environment("fleet"), off, environment("more"), unmanaged(2)],
        queues=[queue("queue", "fleet", "off", "more"), queue("other", "servers")],
    )
    return bs.run(made).run


def waited(**queues: dict[str, Any]) -> dict[str, Any]:
    """A summary in which jobs of queues waited so many seconds for limits."""
    none = dict.fromkeys(LIMITS.values(), 0.0)
    return {"job_queues": {name: {"wait_limit_s": {**none, **waits}} for name, waits in queues.items()}}


def test_it_is_the_one_with_most_seconds_over_all_queues(run):
    # 50 + 60 for computeReservation are more than 100 for maxvCpus.
    summary = waited(queue={"maxvCpus": 100.0, "computeReservation": 50.0}, other={"computeReservation": 60.0})
    assert longest_limit(run, summary) == (110.0, "the computeReservation of other, queue")


def test_the_limit_of_vcpus_is_that_of_environments_that_are_on_of_the_queues_that_waited(run):
    assert longest_limit(run, waited(queue={"maxvCpus": 9.0}, other={})) == (9.0, "maxvCpus of fleet, more")
    assert longest_limit(run, waited(queue={}, other={"maxvCpus": 9.0})) == (9.0, "unmanagedvCpus of servers")


def test_of_processors_and_instances_together_it_is_called_maxvcpus(run):
    seconds, told = longest_limit(run, waited(queue={"maxvCpus": 9.0}, other={"maxvCpus": 1.0}))
    assert (seconds, told) == (10.0, "maxvCpus of fleet, more, servers")


def test_of_replications_their_means_are_counted(run):
    mean = {"mean": 70.0, "low": 10.0, "high": 130.0, "n": 5}
    summary = waited(queue={"maxvCpus": mean, "consumableResources": 60.0})
    assert longest_limit(run, summary) == (70.0, "maxvCpus of fleet, more")
