"""How much of environments was used, by hand."""

from __future__ import annotations

import pytest

import batchsim as bs
from batchsim.recording import TASK_INTERRUPTED
from batchsim.results.utilisation import Environments, Use
from tests.builders import definition, job, scenario, unmanaged, workflow
from tests.unit.results import recorded
from tests.unit.results.recorded import attempt, instance, outcome
from tests.worlds import fleet, jobs, servers


def test_what_attempts_held_over_what_was_registered():
    # A c6i.large: 2 vCPUs and 3,775 MiB from 100 to 400 s; a job of 1 and 1,000 from 100 to 250 s.
    attempts = [attempt(0, 0, 100, 110, 250, instance=0)]
    made = outcome(jobs([0], 60), fleet(), attempts=attempts, instances=[instance(0, 40, 100, 400)])
    found = Environments(made).utilisation([0])
    assert found == {"vcpu": pytest.approx(150 / 600), "memory": pytest.approx(150 * 1000 / (300 * 3775))}


def test_servers_are_there_all_the_time_and_have_no_memory():
    made = outcome(jobs([0], 60), servers(4), attempts=[attempt(0, 0, 0, 0, 500)])
    assert Environments(made).utilisation([0]) == {"vcpu": 500 / 4000, "memory": None}


def test_what_nothing_ran_on_has_no_use():
    assert Environments(outcome(jobs([0], 60), servers(4))).utilisation([0]) == {"vcpu": None, "memory": None}
    assert Use().share is None
    assert (Use(1, 2) + Use(2, 4)).share == 0.5


def test_one_that_the_end_cuts_off_counts_to_the_end():
    cut = attempt(0, 0, 400, 400, recorded.NAN)
    assert Environments(outcome(jobs([0], 60), servers(1), attempts=[cut])).utilisation([0])["vcpu"] == 0.6


def test_the_most_vcpus_that_ran_at_once():
    # Instances of two environments: 2 from 40 to 400 s, 2 from 300 to 500 s; one that never ran does not count.
    never = instance(0, recorded.NAN, recorded.NAN, 900)
    made = outcome(
        jobs([0], 60),
        fleet(),
        fleet("other"),
        instances=[instance(0, 40, 100, 400), instance(0, 300, 350, 500, environment=1), never],
    )
    environments = Environments(made)
    assert [environments.peak_vcpus(which) for which in ([0], [1], [0, 1])] == [2, 2, 4]
    assert environments.peak_vcpus([]) == 0


def test_interruptions_are_of_instances_and_of_tasks(monkeypatch):
    monkeypatch.setattr(recorded, "REASONS", ("", TASK_INTERRUPTED, "still there"))
    made = outcome(
        jobs([0, 0], 60),
        fleet(),
        fleet("other"),
        attempts=[attempt(0, 0, 0, 0, 10, reason=1, environment=1), attempt(1, 0, 0, 0, 10)],
        instances=[instance(0, 40, 100, 400, reclaimed=True), instance(0, 40, 100, 400)],
    )
    assert Environments(made).interruptions().tolist() == [1, 1]


def test_what_runs_on_when_unmanaged_processors_are_fewer_is_there():
    # Two jobs of 2 vCPUs from 0 to 100 s on 4 processors, of which an update leaves 2 at 50 s; then one of 1 vCPU to
    # 120 s. Held are 2 * 2 * 100 + 20, there were 4 * 100 (both run on) and 2 * 20 vCPU-seconds.
    wide, small = definition("wide", vcpus="2"), definition("small")
    made = scenario(
        workflow(
            job("a", 100, jobDefinition="wide", arrayProperties={"size": 2}),
            job("b", 20, jobDefinition="small", dependsOn=[{"jobName": "a"}]),
        ),
        environments=[unmanaged(4)],
        definitions=[wide, small],
        updates=[{"at": 50, "set": {"batch.computeEnvironments.servers.unmanagedvCpus": 2}}],
    )
    summary = bs.run(made).summary
    assert summary["ended_at_s"] == 120
    assert summary["utilisation"]["vcpu"] == pytest.approx(420 / 440)
