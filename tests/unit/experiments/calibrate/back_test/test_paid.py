"""What an account paid: hours of instances that are known, at the simulation's prices of their types."""

from __future__ import annotations

import numpy as np
import pytest

import batchsim as bs
from batchsim.aws.histories.configuration import AccountConfiguration
from batchsim.aws.histories.records import RecordedInstance, ScalingActivity
from batchsim.experiments.calibrate.back_test.measures import FigureKey
from batchsim.experiments.calibrate.back_test.paid import cost_seen, hours_seen
from batchsim.experiments.calibrate.back_test.split import split
from batchsim.experiments.run_store import write_run
from batchsim.results.spending import spent
from batchsim.units import DAY, HOUR
from tests.builders import definition, environment, job, queue, scenario, workflow
from tests.unit.experiments.calibrate import records
from tests.unit.experiments.calibrate.records import MONDAY


def account(*kinds):
    """A queue on environments of these types."""
    names = [f"fleet-{number}" for number, _ in enumerate(kinds)]
    return AccountConfiguration(
        {
            "computeEnvironments": [environment(name, type=kind) for name, kind in zip(names, kinds, strict=True)],
            "jobQueues": [queue("high", *names)],
            "jobDefinitions": [definition("def")],
        },
        {},
    )


def launch(name, begun, ended=None):
    return ScalingActivity(f"{name}-up", name, True, "", MONDAY + begun, MONDAY + (ended or begun), "")


def end(name, at):
    return ScalingActivity(f"{name}-down", name, False, "", MONDAY + at, MONDAY + at + 30, "")


def machine(name, kind="c6i.large", option=""):
    return RecordedInstance(f"arn-{name}", name, instance_type=kind, purchase_option=option)


def recorded(*activities, machines=(), last=DAY + 5 * HOUR):
    """Two days, of which the second has a job that runs until some instant."""
    jobs = (
        records.job("a", records.attempt(0, 100, instance="arn-i-1"), at=0),
        records.job("b", records.attempt(DAY, last, instance="arn-i-1"), at=DAY),
    )
    return records.history(*jobs, activities=activities, instances=machines)


def seen(record, *kinds):
    return hours_seen(record, account(*(kinds or ("EC2",))), split(record, 0.5))


def test_hours_worked_by_hand():
    record = recorded(
        launch("i-1", -HOUR), end("i-1", DAY + 2 * HOUR),  # of its life two hours are after the cut
        launch("i-2", DAY + HOUR, DAY + 1.5 * HOUR), end("i-2", DAY + 4 * HOUR),  # paid from when it is in service
        launch("i-3", DAY + 4 * HOUR),  # still there at the record's end
        launch("i-4", 0), end("i-4", HOUR),  # gone before the cut
        machines=[machine("i-1"), machine("i-2", "m6i.large"), machine("i-3")],
    )  # fmt: skip
    assert seen(record) == {("EC2", "c6i.large"): pytest.approx(3.0), ("EC2", "m6i.large"): pytest.approx(2.5)}


def test_of_two_purchase_options_the_record_has_to_tell():
    told = [launch("i-1", 0)]
    assert seen(recorded(*told, machines=[machine("i-1")]), "EC2", "SPOT") is None
    found = seen(recorded(*told, machines=[machine("i-1", option="SPOT")]), "EC2", "SPOT")
    assert found == {("SPOT", "c6i.large"): pytest.approx(5.0)}


@pytest.mark.parametrize(
    ("record", "kinds"),
    [
        (recorded(), ("EC2",)),  # nothing of Auto Scaling
        (recorded(launch("i-1", 0), machines=[machine("i-1")]), ("EC2", "FARGATE")),
        (recorded(launch("i-2", 0), machines=[machine("i-1"), machine("i-2")]), ("EC2",)),  # i-1's launch is forgotten
        (recorded(launch("i-1", 0), launch("i-2", DAY), machines=[machine("i-1")]), ("EC2",)),  # of which type?
        (recorded(launch("i-1", 0), machines=[machine("i-1", "")]), ("EC2",)),
    ],
)
def test_what_is_not_known_of_each_instance_is_not_known(record, kinds):
    assert seen(record, *kinds) is None


def test_an_hour_costs_what_it_does_in_the_simulation():
    def price(kind, usd):
        return {FigureKey("prices", f"EC2 {kind}", "usd_per_hour"): usd}

    hours = {("EC2", "c6i.large"): 3.0, ("EC2", "m6i.large"): 2.0}
    simulated = [price("c6i.large", 0.1) | price("m6i.large", 0.2), price("c6i.large", 0.3)]
    assert cost_seen(hours, simulated) == {FigureKey("", "", "cost_usd"): pytest.approx(3 * 0.2 + 2 * 0.2)}
    assert cost_seen({("EC2", "t3.micro"): 1.0}, simulated) == {}
    assert cost_seen(None, simulated) == {}


def test_a_runs_results_are_seen_as_they_were_billed(tmp_path):
    made = scenario(
        workflow(job("work", {"lognormal": {"median": 600, "p95": 1800}}), arrivals={"every": "20m"}),
        environments=[environment(maxvCpus=4)],
        ideal=False,
        duration="3d",
        start="2026-11-02T00:00:00Z",
    )
    result = bs.run(made)
    folder = tmp_path / "results"
    write_run(result, folder)
    (tmp_path / "config.yaml").write_text(made.to_yaml(), encoding="utf-8")
    figures = bs.back_test([folder], tmp_path / "config.yaml", share=0.5, replications=2).figures
    last = result.jobs["stopped_at"].max()
    before, after = spent(result.run.outcome, np.array([2 * DAY, last]))
    assert figures["observed"]["cost_usd"] == pytest.approx(after - before, rel=0.01)
    assert figures["error"]["cost_usd"] == pytest.approx(0, abs=0.05)
