"""A back-test of histories that can be worked by hand, and of a machine that does the same each time."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

import batchsim as bs
from batchsim.aws.histories.answers import read_history
from batchsim.aws.histories.configuration import AccountConfiguration
from batchsim.errors import ExecutionError, ScenarioError
from batchsim.experiments.calibrate.back_test import replications
from batchsim.experiments.calibrate.back_test.back_test import back_test
from batchsim.experiments.calibrate.back_test.comparison import Compared
from batchsim.experiments.tasks import SentTask, finished
from batchsim.units import DAY
from tests.builders import definition, environment, job, queue, scenario, unmanaged, workflow
from tests.histories import details, events, write_events, write_pages
from tests.unit.experiments.calibrate import records

IDEAL = {"preset": "ideal"}


class Breaking(SentTask):
    """What a process is sent that fails."""

    def __init__(self, key, scenario, seed, replication, record):
        super().__init__(key, b"", seed, replication)

    def execute(self):
        return finished(self.key, lambda: str(1 // 0))


def machine(servers=1, **settings):
    """One queue on so many servers without delays."""
    batch = {
        "computeEnvironments": [unmanaged(servers)],
        "jobQueues": [queue("high", "servers")],
        "jobDefinitions": [definition("def")],
    }
    return AccountConfiguration(batch, {**IDEAL, **settings})


def ran(job_id, at, started, stopped, **more):
    """A job that events tell of too."""
    made = records.job(job_id, records.attempt(started, stopped, succeeded=True), at=at, **more)
    return replace(made, runnable=(records.MONDAY + at,), starting=(records.MONDAY + started,))


def test_waiting_worked_by_hand():
    # The second day's three jobs come at once: on one server they wait 0, 100 and 200 s; in truth two ran at once.
    jobs = [ran("a", 0, 0, 100), ran("b", DAY, DAY, DAY + 100)]
    jobs += [ran("c", DAY, DAY, DAY + 100), ran("d", DAY, DAY + 100, DAY + 200)]
    figures = back_test(records.history(*jobs, events=8), machine(), replications=2).figures
    assert figures["observed"]["queue_time_s"] == {"p50": 0.0, "p95": pytest.approx(90.0)}
    assert figures["predicted"]["queue_time_s"] == {"p50": 100.0, "p95": pytest.approx(190.0)}
    assert figures["error"]["queue_time_s"]["p50"] is None  # of nothing there is no part
    assert figures["error"]["queue_time_s"]["p95"] == pytest.approx(190 / 90 - 1, rel=1e-5)
    assert (figures["observed"]["peak_vcpus"], figures["predicted"]["peak_vcpus"]) == (2, 1)
    assert figures["error"]["peak_vcpus"] == -0.5
    assert figures["days_inside"] == 0.0
    (day,) = figures["days"]
    assert (day["day"], day["p95"]["inside"]) == ("2026-11-03", False)
    assert figures["split"]["jobs"] == 3


@pytest.mark.parametrize(("column", "known"), [("", False), ("started_at", True), ("stopped_at", True)])
def test_a_table_without_starts_is_no_record_of_waiting(tmp_path, column, known):
    # Three days of two jobs at once, of ten minutes each; the second waits for the first where it is said.
    rows = [
        (f"2026-11-0{day}T01:00:00Z", 600, f"2026-11-0{day}T01:{minute}:00Z")
        for day in (2, 3, 4)
        for minute in (("00", "10") if column == "started_at" else ("10", "20"))
    ]
    lines = [f"high,def,1,{at},{length}" + (f",{told}" if column else "") for at, length, told in rows]
    head = "job_queue,job_definition,vcpus,submitted_at,runtime_s" + (f",{column}" if column else "")
    (tmp_path / "jobs.csv").write_text("\n".join([head, *lines]) + "\n")
    figures = back_test([tmp_path / "jobs.csv"], machine(), replications=2).figures
    waits = {"p50": 300.0, "p95": pytest.approx(570.0)}
    assert figures["observed"]["submitted_to_started_s"] == (waits if known else {"p50": None, "p95": None})
    assert figures["observed"]["peak_vcpus"] == (1 if known else None)
    assert figures["predicted"]["peak_vcpus"] == 1
    assert figures["days_inside"] == (1.0 if known else None)
    told = [each.partition(":")[0] for each in figures["not_compared"]]
    assert (told[1:3] == ["submitted_to_started_s", "peak_vcpus"]) is not known
    assert any("no start" in note for note in figures["history"]["notes"]) is not known


def test_a_table_that_tells_of_runnable_and_starting_tells_queue_time_without_a_start(tmp_path):
    rows = [
        f"high,def,1,2026-11-0{day}T01:00:00Z,60,2026-11-0{day}T01:00:00Z,2026-11-0{day}T01:00:30Z" for day in (2, 3)
    ]
    head = "job_queue,job_definition,vcpus,submitted_at,runtime_s,runnable_at,starting_at"
    (tmp_path / "jobs.csv").write_text("\n".join([head, *rows]) + "\n")
    figures = back_test([tmp_path / "jobs.csv"], machine(), replications=2).figures
    assert figures["observed"]["queue_time_s"] == {"p50": 30.0, "p95": 30.0}
    assert figures["observed"]["submitted_to_started_s"] == {"p50": None, "p95": None}


def test_what_the_cut_finds_is_there():
    # A job of the first day runs until an hour into the second, and makes that one's first job wait for an hour.
    jobs = [ran("long", 0, 0, DAY + 3600), ran("next", DAY, DAY + 3600, DAY + 3700)]
    figures = back_test(records.history(*jobs, events=4), machine(), replications=2).figures
    assert figures["predicted"]["queue_time_s"]["p50"] == figures["observed"]["queue_time_s"]["p50"] == 3600.0
    assert figures["split"]["jobs"] == 1
    assert figures["days_inside"] == 1.0


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Files of a machine of four servers that ran workflows for four days."""
    made = scenario(
        workflow(
            job("part", {"lognormal": {"median": 300, "p95": 1500}}, arrayProperties={"size": 5},
                failure={"probability": 0.2, "exitCode": 3}),
            job("sum", 60, dependsOn=[{"jobName": "part"}]),
            arrivals={"poisson": {"rate": "8/h"}},
        ),
        environments=[unmanaged(4)],
        definitions=[definition(retryStrategy={"attempts": 10})],
        duration="4d",
        start="2026-11-02T00:00:00Z",
        seed=5,
    )  # fmt: skip
    result = bs.run(made)
    folder = tmp_path_factory.mktemp("account")
    write_pages(details(result), folder / "jobs.json")
    write_events(events(result), folder / "events.jsonl")
    return folder, AccountConfiguration(made.document.values["batch"], IDEAL)


def test_a_machine_without_chance_is_predicted_as_it_was(told):
    folder, configuration = told
    history = read_history([folder / "jobs.json", folder / "events.jsonl"])
    found = back_test(history, configuration, share=0.5, replications=2)
    figures = found.figures
    assert found.where.predicted_days == 2
    # Events know whole seconds, descriptions milliseconds: a job that ends a millisecond later lets another wait on.
    for measure in ("queue_time_s", "submitted_to_started_s"):
        for statistic in ("p50", "p95"):
            error = figures["error"][measure][statistic]
            assert error == pytest.approx(0, abs=0.01)
    assert figures["observed"]["queue_time_s"]["p95"] > 600  # it did queue
    assert figures["error"]["makespan_s"] == pytest.approx(0, abs=1e-3)
    assert figures["error"]["peak_vcpus"] == 0.0
    assert figures["workflows"]["part"]["error"]["makespan_s"] == pytest.approx(0, abs=1e-3)
    assert figures["notes"] == {}


def test_without_events_waiting_is_to_the_start(told):
    folder, configuration = told
    figures = back_test(read_history([folder / "jobs.json"]), configuration, share=0.5, replications=2).figures
    assert figures["observed"]["queue_time_s"] == {"p50": None, "p95": None}
    assert figures["predicted"]["queue_time_s"] == {"p50": None, "p95": None}
    assert any(told.startswith("queue_time_s: no state change event") for told in figures["not_compared"])
    assert figures["measure"] == "submitted_to_started_s"
    assert figures["error"]["submitted_to_started_s"]["p95"] == pytest.approx(0, abs=1e-4)
    assert figures["days_inside"] == 1.0


def test_the_same_bytes_each_time(told):
    folder, configuration = told
    history = read_history([folder / "jobs.json"])
    first, again = (back_test(history, configuration, replications=2, seed=3).to_json() for _ in range(2))
    assert first == again
    assert json.loads(first).keys() >= {"learned", "predicted", "observed", "error", "days_inside"}


def test_any_number_of_processes_predicts_the_same():
    # Instances that boot by chance, so that replications differ from each other.
    batch = {
        "computeEnvironments": [environment(maxvCpus=8)],
        "jobQueues": [queue("high", "fleet")],
        "jobDefinitions": [definition("def")],
    }
    jobs = [records.job(f"j{day}-{n}", at=day * DAY + n * 7200) for day in range(4) for n in range(6)]
    history, configuration = records.history(*jobs), AccountConfiguration(batch, {})
    done: list[int] = []
    here = back_test(history, configuration, replications=3, seed=3)
    apart = back_test(history, configuration, replications=3, seed=3, workers=2, on_replication=done.append)
    assert apart.simulated == here.simulated
    assert apart.to_json() == here.to_json()
    assert done == [1, 2, 3]
    assert here.simulated[0] != here.simulated[1]


def test_a_replication_that_breaks_in_another_process_is_told(told, monkeypatch):
    folder, configuration = told
    monkeypatch.setattr(replications, "_SentReplay", Breaking)
    with pytest.raises(ExecutionError, match="replication 0 failed: ZeroDivisionError"):
        back_test(read_history([folder / "jobs.json"]), configuration, replications=2, workers=2)


@pytest.mark.parametrize("workers", [0, -1])
def test_back_tests_need_a_process(told, workers):
    folder, configuration = told
    with pytest.raises(ValueError, match="workers must be 1 or more"):
        back_test(read_history([folder / "jobs.json"]), configuration, replications=2, workers=workers)


def test_scatter_makes_a_band_and_instances_a_bill():
    batch = {
        "computeEnvironments": [environment(maxvCpus=8)],
        "jobQueues": [queue("high", "fleet")],
        "jobDefinitions": [definition("def")],
    }
    jobs = [records.job(f"j{day}-{n}", at=day * DAY + n * 7200) for day in range(4) for n in range(6)]
    figures = back_test(records.history(*jobs), AccountConfiguration(batch, {}), replications=4).figures
    band = figures["band"]["submitted_to_started_s"]["p50"]
    assert band["low"] < figures["predicted"]["submitted_to_started_s"]["p50"] < band["high"]
    assert figures["predicted"]["cost_usd"] > 0
    assert figures["observed"]["cost_usd"] is None
    assert any(told.startswith("cost_usd") for told in figures["not_compared"])
    # From midnight to the last job's end, at 10:01:40.
    days = (10 * 3600 + 100) / DAY
    assert figures["predicted"]["cost_usd_per_day"] == pytest.approx(figures["predicted"]["cost_usd"] / days, rel=1e-5)


def test_errors_and_bands():
    assert Compared(10.0, 12.0, 9.0, 15.0).error == pytest.approx(0.2)
    assert Compared(10.0, 12.0, 10.0, 15.0).inside is True
    assert Compared(9.9, 12.0, 10.0, 15.0).inside is False
    assert Compared(9.9999, 12.0, 10.0, 15.0).inside is True
    assert Compared(0.0, 0.0, 0.0, 0.0).error == 0.0
    assert Compared(0.0, 1.0, 0.0, 2.0).error is None
    assert Compared(None, 1.0, 0.0, 2.0).error is None
    assert Compared(None, 1.0, 0.0, 2.0).inside is None
    assert Compared(1.0, None, None, None).inside is None


def test_one_replication_has_no_band():
    with pytest.raises(ValueError, match="2 replications"):
        back_test(records.history(ran("a", 0, 0, 1), ran("b", DAY, DAY, DAY + 1)), machine(), replications=1)


def test_a_queue_that_is_not_there_is_told():
    jobs = [ran("a", 0, 0, 1), ran("b", DAY, DAY, DAY + 1, queue="other")]
    with pytest.raises(ScenarioError, match="other"):
        back_test(records.history(*jobs), machine(), replications=2)


def test_days_in_which_nothing_ran_are_told():
    never = replace(records.job("b", at=DAY), attempts=(), status="FAILED")
    with pytest.raises(ScenarioError, match="no job that was submitted in the days to predict ran"):
        back_test(records.history(ran("a", 0, 0, 1), never), machine(), replications=2)


def test_jobs_that_never_start_make_figures_unknown_and_are_counted():
    # The second waits for one that fails in the simulation too, and ran in truth: it was submitted again by hand, say.
    first = ran("b", DAY, DAY, DAY + 10)
    first = replace(first, status="FAILED", attempts=(replace(first.attempts[0], exit_code=1, succeeded=False),))
    jobs = [ran("a", 0, 0, 100), first, ran("c", DAY, DAY + 20, DAY + 30, depends_on=(("b", ""),))]
    figures = back_test(records.history(*jobs, events=6), machine(), replications=2).figures
    assert figures["predicted"]["queue_time_s"]["p95"] is None
    assert figures["error"]["queue_time_s"]["p95"] is None
    assert any(told.startswith("1.0 jobs never start") for told in figures["not_compared"])
