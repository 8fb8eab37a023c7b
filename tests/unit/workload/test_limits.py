"""What is larger than a run may be is refused by its place, its limit and its cure, and what is just below is not."""

from __future__ import annotations

import itertools
import math
from datetime import UTC, datetime

import numpy as np
import pytest

import batchsim as bs
from batchsim.spec.arrivals import Arrivals
from batchsim.spec.cron import cron_occurrences, daily_cron_occurrences
from batchsim.units import MOST_SECONDS, MOST_SIMULATED_S
from batchsim.workload import limits
from batchsim.workload.arrivals import instants
from batchsim.workload.build import build_workload
from tests.builders import definition, environment, job, scenario, workflow

START = datetime(2026, 11, 2, tzinfo=UTC)  # a Monday
DAY, YEAR = 86_400, 365 * 86_400


def told(error: pytest.ExceptionInfo[bs.ScenarioError]) -> tuple[str, str, str]:
    """Code, path and text of the only finding."""
    (found,) = error.value.findings
    return found.code, found.path, str(found)


def refused(duration: float | None, **spec: object) -> str:
    with pytest.raises(bs.ScenarioError) as error:
        instants(Arrivals.model_validate(spec), start=START, duration_s=duration, seed=1, replication=0, name="work")
    code, path, text = told(error)
    assert (code, path) == ("too-large", "workload.work.arrivals")
    assert "expected a lower rate, a count, or a shorter duration" in text
    return text


def test_a_plan_of_too_many_arrivals_is_refused_without_counting_it_out():
    # It says about how many they are: nobody went through 20,000,000 of them, nor through 3.65e15.
    assert "about 5,000,000,000 arrivals are more than 20,000,000" in refused(5, poisson={"rate": "1000000000/s"})
    # 3,650 days of 86,400 s, a billion a second.
    assert f"about {3650 * 86_400 * 10**9:,} arrivals" in refused(3650 * DAY, every=1e-9)
    # 1,440 minutes a day.
    assert f"about {36_500 * 1440:,} arrivals" in refused(36_500 * DAY, cron="* * * * *")
    # Twice as many between 0:00 and 12:00 as the mean, none later: 1,000 a second of a week, all the same.
    profile = {"hour_of_day": [2] * 12 + [0] * 12}
    assert f"about {1000 * 7 * DAY:,} arrivals" in refused(7 * DAY, poisson={"rate": "1000/s", "profile": profile})
    # Ten billion an hour, but not on a Monday: drawing them to keep none would take a quarter of an hour.
    profile = {"day_of_week": [0, 1, 1, 1, 1, 1, 1]}
    assert "more than 20,000,000" in refused(DAY / 24, poisson={"rate": 1e10, "profile": profile})
    assert "more than 20,000,000" in refused(None, every=1)  # without end


def test_what_bounds_a_plan_is_no_reason_to_refuse_it():
    def planned(duration: float, **spec: object) -> int:
        arrivals = Arrivals.model_validate(spec)
        return len(instants(arrivals, start=START, duration_s=duration, seed=1, replication=0, name="work"))

    assert planned(3650 * DAY, every=1e-9, count=3) == 3
    assert planned(3650 * DAY, every=0.001, until=0.0105) == 11
    # A million an hour, but not on a Monday: those of an hour are drawn, none is kept, and nobody looks at Tuesday.
    profile = {"day_of_week": [0, 1, 1, 1, 1, 1, 1]}
    assert planned(DAY / 24, poisson={"rate": 1e6, "profile": profile}) == 0


@pytest.mark.parametrize("expression", ["* * * * *", "*/15 * * * *", "0 2 * * *", "1,31 8-17 * * *"])
def test_how_often_a_day_cron_comes_due_is_what_a_day_of_it_has(expression):
    one_day = list(itertools.takewhile(lambda at: at < DAY, cron_occurrences(expression, "UTC", START)))
    assert daily_cron_occurrences(expression, START) == len(one_day)


def test_of_cron_that_names_days_nothing_is_said_beforehand():
    assert daily_cron_occurrences("0 2 * * MON", START) == 0
    assert daily_cron_occurrences("0 2 1 * *", START) == 0


def test_the_jobs_of_all_workflows_together_have_a_limit(monkeypatch):
    monkeypatch.setattr(limits, "MOST_JOBS", 10)

    def two(second: int) -> int:
        first = workflow(job(), arrivals={"every": 1, "count": 6})
        other = workflow(job(), name="other", arrivals={"every": 1, "count": second})
        return len(build_workload(scenario(first, other)))

    assert two(4) == 10
    with pytest.raises(bs.ScenarioError) as error:
        two(5)
    code, path, text = told(error)
    assert (code, path) == ("too-large", "workload.other")
    assert "5 jobs beside 6 others are more than 10; expected fewer arrivals or children" in text


def test_a_trace_that_is_submitted_often_has_the_same_limit(monkeypatch, tmp_path):
    monkeypatch.setattr(limits, "MOST_JOBS", 10)
    (tmp_path / "jobs.csv").write_text("job_name,submitted_at,runtime_s\na,0,1\nb,0,1\n")
    trace = {"path": "jobs.csv", "format": "csv", "jobQueue": "queue", "jobDefinition": "task"}

    def submitted(times: int) -> int:
        entry = {"trace": {**trace, "arrivals": {"every": 60, "count": times}}}
        return len(build_workload(scenario(entry, base=tmp_path)))

    assert submitted(5) == 10
    with pytest.raises(bs.ScenarioError, match="12 jobs are more than 10"):
        submitted(6)


def test_the_limit_holds_for_the_children_of_a_trace_before_they_are_made(tmp_path):
    # 5,001 arrays of 10,000 are 50,010,000 jobs.
    rows = "\n".join(f"a{n},0,1,10000" for n in range(5_001))
    (tmp_path / "jobs.csv").write_text(f"job_name,submitted_at,runtime_s,array_size\n{rows}\n")
    trace = {"path": "jobs.csv", "format": "csv", "jobQueue": "queue", "jobDefinition": "task"}
    with pytest.raises(bs.ScenarioError, match="come to more than 50,000,000 jobs; expected several traces"):
        build_workload(scenario({"trace": trace}, base=tmp_path))


@pytest.mark.parametrize(
    "runtime",
    [
        {"exponential": {"mean": "36500d"}},
        {"lognormal": {"median": "1s", "p95": "36500d"}},  # most are short, the longest is longer than the universe
        {"weibull": {"median": "1s", "p95": "36500d"}},
    ],
)
def test_drawn_times_that_no_calendar_holds_are_refused_by_their_distribution(runtime):
    given = scenario(workflow(job("long", runtime=runtime), arrivals={"every": 1, "count": 1000}))
    with pytest.raises(bs.ScenarioError) as error:
        bs.run(given)
    code, path, text = told(error)
    assert (code, path) == ("too-long", "workload.work.jobs.long.runtime")
    assert "of 1,000 are longer than a hundred years" in text


def test_a_jitter_is_a_drawn_time_too():
    arrivals = {"every": 1, "count": 1000, "jitter": {"exponential": {"mean": "36500d"}}}
    with pytest.raises(bs.ScenarioError) as error:
        build_workload(scenario(workflow(job(), arrivals=arrivals)))
    assert told(error)[:2] == ("too-long", "workload.work.arrivals.jitter")


def test_times_beyond_are_those_above_a_hundred_years_and_those_that_are_none():
    times = np.array([0.0, MOST_SECONDS, np.nextafter(MOST_SECONDS, math.inf), math.inf, math.nan])
    assert limits.beyond(times).tolist() == [2, 3, 4]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("late,1e11,1,,", "is submitted at 1e+11 s"),
        ("long,0,1e12,,", "runs for 1e+12 s"),
        ("again,0,1,1e12,1", "runs before for 1e+12 s"),
    ],
)
def test_a_trace_with_times_that_no_calendar_holds_is_refused_by_its_job(tmp_path, row, said):
    columns = "job_name,submitted_at,runtime_s,earlier_runtimes_s,earlier_exit_codes"
    (tmp_path / "jobs.csv").write_text(f"{columns}\nfirst,0,1,,\n{row}\n")
    trace = {"path": "jobs.csv", "format": "csv", "jobQueue": "queue", "jobDefinition": "task"}
    with pytest.raises(bs.ScenarioError) as error:
        build_workload(scenario({"trace": trace}, base=tmp_path))
    (found,) = error.value.findings
    assert found.file.endswith("jobs.csv")
    assert f"{row.partition(',')[0]!r} {said}" in found.message
    assert found.expected == "3162240000 s, a century, at most"


LONG = """\
name: long
batch:
  computeEnvironments:
    - {computeEnvironmentName: servers, type: UNMANAGED, unmanagedvCpus: 1}
  jobQueues:
    - jobQueueName: queue
      priority: 1
      computeEnvironmentOrder: [{order: 1, computeEnvironment: servers}]
  jobDefinitions:
    - jobDefinitionName: task
      type: container
      containerProperties:
        image: busybox
        resourceRequirements: [{type: VCPU, value: "1"}, {type: MEMORY, value: "1024"}]
workload:
  - workflow: work
    arrivals: {every: 1h, count: COUNT}
    jobs:
      - {jobName: job, jobQueue: queue, jobDefinition: task, runtime: 36500d}
"""


def test_a_run_ends_within_a_thousand_years_or_is_refused_with_what_is_not_finished(tmp_path):
    path = tmp_path / "long.yaml"
    path.write_text(LONG.replace("COUNT", "10"))
    result = bs.run(bs.load(path))
    # Ten centuries of 36,500 days, one after the other: the last ends in the year 3025, and every second is told.
    assert result.summary["jobs"]["succeeded"] == 10
    ends = result.jobs["stopped_at"].to_numpy()
    assert np.diff(ends).min() >= 36_500 * DAY
    assert ends[-1] < MOST_SIMULATED_S
    assert np.isfinite(result.timeline["value"]).all()
    path.write_text(LONG.replace("COUNT", "12"))
    # 12 centuries do not fit into 10 times 100 * 366 days, 3,162,240,000 s of 366,000 days: ten are over by then.
    with pytest.raises(bs.ScenarioError) as error:
        bs.run(bs.load(path))
    code, _, text = told(error)
    assert code == "too-long"
    assert text.startswith(f"{path}: ")
    assert "not over after a thousand years; 2 jobs are not finished by then" in text
    # With a horizon the run is what was asked for.
    path.write_text(LONG.replace("COUNT", "12").replace("batch:", "horizon: 36000d\nbatch:", 1))
    assert bs.run(bs.load(path)).summary["jobs"]["succeeded"] == 0


def test_what_is_found_of_a_workload_has_its_place_in_the_file(tmp_path):
    path = tmp_path / "long.yaml"
    often = LONG.replace("{every: 1h, count: COUNT}", "{poisson: {rate: 1000000000/s}}")
    path.write_text(often.replace("batch:", "duration: 1d\nbatch:", 1))
    with pytest.raises(bs.ScenarioError) as error:
        build_workload(bs.load(path))
    (found,) = error.value.findings
    line = path.read_text().splitlines()[found.line - 1]
    assert (found.file, line.strip()) == (str(path), "arrivals: {poisson: {rate: 1000000000/s}}")


def test_arrays_in_a_trace_have_the_edges_that_pairs_of_their_children_have(tmp_path):
    columns = "job_name,submitted_at,runtime_s,array_size,depends_on"
    rows = ("first,0,1,3,", "one,0,1,,first", "second,0,1,2,first;one", "last,0,1,,one;second")
    (tmp_path / "jobs.csv").write_text("\n".join([columns, *rows]) + "\n")
    trace = {"path": "jobs.csv", "format": "csv", "jobQueue": "queue", "jobDefinition": "task"}
    made = build_workload(
        scenario({"trace": trace}, base=tmp_path, environments=[environment(maxvCpus=64)], definitions=[definition()])
    )
    starts = made.dependents_start.tolist()
    edges = {
        (node, int(other)) for node in range(made.nodes) for other in made.dependents[starts[node] : starts[node + 1]]
    }
    # Rows: first 0-2, one 3, second 4-5, last 6; parents: first 7, second 8.
    children = {(0, 7), (1, 7), (2, 7), (4, 8), (5, 8)}
    assert edges == children | {(7, 3), (7, 4), (7, 5), (3, 4), (3, 5), (3, 6), (8, 6)}
