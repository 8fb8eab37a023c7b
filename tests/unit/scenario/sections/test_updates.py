"""The ``updates:`` section: its form, and every fault in one go."""

from __future__ import annotations

import pytest

from batchsim.errors import ScenarioError
from tests.builders import scenario

PRIORITY = {"batch.jobQueues.queue.priority": 2}


def faults(*updates, **members):
    """What is found, by path."""
    with pytest.raises(ScenarioError) as raised:
        scenario(updates=list(updates), **members)
    return {finding.path: (finding.code, finding.message) for finding in raised.value.findings}


@pytest.mark.parametrize(
    ("entry", "path", "code"),
    [
        ({"set": PRIORITY}, "updates.0", "wrong-value"),
        ({"at": 1, "cron": "0 6 * * *", "set": PRIORITY}, "updates.0", "wrong-value"),
        ({"at": 1}, "updates.0", "wrong-value"),
        ({"at": 1, "set": PRIORITY, "cancel": {"jobQueue": "queue"}}, "updates.0", "wrong-value"),
        ({"at": "soon", "set": PRIORITY}, "updates.0.at", "wrong-value"),
        ({"cron": "0 6 * *", "set": PRIORITY}, "updates.0.cron", "wrong-value"),
        ({"cron": "0 0 6 * * *", "set": PRIORITY}, "updates.0.cron", "wrong-value"),
        ({"cron": "0 6 * * *", "timezone": "Mars", "set": PRIORITY}, "updates.0.timezone", "wrong-value"),
        ({"at": 1, "terminate": {}}, "updates.0.terminate", "wrong-value"),
        ({"at": 1, "terminate": {"jobQueu": "queue"}}, "updates.0.terminate.jobQueu", "unknown-key"),
        ({"at": 1, "terminate": {"jobQueue": "quue"}}, "updates.0.terminate.jobQueue", "update-jobs"),
        ({"at": 1, "cancel": {"jobName": "jb"}}, "updates.0.cancel.jobName", "update-jobs"),
        ({"at": 1, "cancel": {"workflow": "wrk"}}, "updates.0.cancel.workflow", "update-jobs"),
    ],
)
def test_a_fault_of_form_stands_at_its_place(entry, path, code):
    assert faults(entry)[path][0] == code


def test_two_entries_of_one_name():
    twice = [{"name": "evening", "at": at, "set": PRIORITY} for at in (1, 2)]
    assert faults(*twice) == {"updates.evening.name": ("wrong-value", "an update before has the name 'evening'")}


def test_every_fault_in_one_go():
    found = faults(
        {"at": 1, "set": {"batch.jobQueues.queu.priority": 2}},
        {"at": 1, "set": {"batch.jobQueues.queue.priorty": 2}},
        {"at": "soon", "set": PRIORITY},
        {"at": 1, "set": {"batch.computeEnvironments.fleet.computeResources.minvCpus": 65}},
    )
    assert {code for code, _ in found.values()} == {"unknown-path", "update-call", "wrong-value", "vcpu-bounds"}


def test_an_entry_goes_by_its_name_or_its_number():
    made = scenario(updates=[{"name": "evening", "at": 60, "set": PRIORITY}, {"at": 120, "set": PRIORITY}])
    later = made.with_({"updates.evening.at": "2m", "updates.1.set.batch.jobQueues.queue.priority": 3})
    assert [each.at for each in later.updates.entries] == [120, 120]
    assert [queue.priority for queue in later.updates.queues[0].states] == [1, 2, 3]


def test_a_variant_brings_updates():
    made = scenario(variants={"closed": {"updates": [{"at": 60, "set": {"batch.jobQueues.queue.state": "DISABLED"}}]}})
    assert not made.updates
    assert made.variant("closed").updates.queues[0].states[1].enabled is False


def test_updates_are_part_of_what_decides_a_run():
    """A run's key is of the resolved scenario: another instant or value is another run."""
    none = scenario()
    some, other, later = (
        scenario(updates=[{"at": at, "set": {"batch.jobQueues.queue.priority": value}}])
        for at, value in ((60, 2), (60, 3), (61, 2))
    )
    digests = {each.content_digest for each in (none, some, other, later)}
    assert len(digests) == 4
    assert len({each.digest for each in (none, some, other, later)}) == 4
