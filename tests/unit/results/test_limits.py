"""Limits over time, the summary's list of updates, and what is said of them."""

from __future__ import annotations

import pytest

import batchsim as bs
from batchsim.report.updates import refused_updates, update_sentences
from batchsim.results.limits import limit, minimum, open_limit
from tests.builders import environment, job, scenario, unmanaged, workflow

FLEET = "batch.computeEnvironments.fleet"
RESOURCES = f"{FLEET}.computeResources"


def steps(curve):
    at, level = curve
    return list(zip(at.tolist(), level.tolist(), strict=True))


@pytest.fixture(scope="module")
def result():
    """A limit of 8, from 100 on 4, DISABLED from 200 on; another type from 250 on, a call that is refused at 260."""
    return bs.run(
        scenario(
            workflow(job("job", 500, arrayProperties={"size": 4})),
            environments=[environment(maxvCpus=8)],
            duration=400,
            updates=[
                {"name": "lower", "at": 100, "set": {f"{RESOURCES}.maxvCpus": 4, f"{RESOURCES}.minvCpus": 2}},
                {"at": 200, "set": {f"{FLEET}.state": "DISABLED"}},
                {"at": 250, "set": {f"{RESOURCES}.instanceTypes": ["m6i.large"]}},
                {"name": "open", "at": 260, "set": {f"{FLEET}.state": "ENABLED"}},
                {"at": 390, "terminate": {"jobName": "job"}},
            ],
        )
    )


def test_limits_are_step_functions(result):
    outcome = result.run.outcome
    assert steps(limit(outcome, 0)) == [(0, 8), (100, 4)]
    assert steps(minimum(outcome, 0)) == [(0, 0), (100, 2)]
    assert steps(open_limit(outcome, 0)) == [(0, 8), (100, 4), (200, 0)]
    shown = result.timeline[(result.timeline.measure == "vcpus") & (result.timeline.state == "limit")]
    assert shown.value.tolist() == [8, 4]


def test_the_summary_says_what_was_applied(result):
    entries = result.summary["updates"]
    assert [(each["name"], each["applied"], each["jobs"]) for each in entries] == [
        ("lower", 1, 0),
        ("1", 1, 0),
        ("2", 1, 0),
        ("open", 0, 0),
        ("4", 1, 4),
    ]
    assert entries[3]["refused"] == {"fleet is UPDATING": 1}
    assert list(update_sentences(result.summary))[-1] == "TerminateJob jobName job: once, 4 jobs"
    assert list(refused_updates(result.summary)) == ["AWS would refuse the update open once: fleet is UPDATING"]


def test_types_that_an_update_brings_are_in_tables_and_prices(result):
    assert set(result.instances.instance_type) == {"c6i.large", "m6i.large"}
    assert result.summary["cost_usd"]["total"] == pytest.approx(result.instances.cost_usd.sum())


def test_the_use_of_unmanaged_processors_is_of_those_of_the_moment():
    # One job of 100 s on 2 processors, from 50 s on 4: 100 of 2 · 50 + 4 · 50 = 300 processor-seconds.
    made = scenario(
        workflow(job("job", 100)),
        environments=[unmanaged(2)],
        updates=[{"at": 50, "set": {"batch.computeEnvironments.servers.unmanagedvCpus": 4}}],
    )
    assert bs.run(made).summary["utilisation"]["vcpu"] == pytest.approx(100 / 300)


def test_without_updates_a_summary_says_nothing_of_them():
    assert "updates" not in bs.run(scenario()).summary
