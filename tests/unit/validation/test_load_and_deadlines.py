"""When a load is told, of which queues and by how much; deadlines at their edge; jobs of traces that nothing holds."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchsim.validation.workload import earliest_ends, review
from batchsim.workload.build import build_workload
from tests.builders import definition, environment, job, queue, scenario, unmanaged, workflow


def found(made, *codes):
    """The findings of a review, those of some codes alone."""
    return [finding for finding in review(made) if not codes or finding.code in codes]


def arriving(runtime, name="work", at="queue", every=100, vcpus="task", **arrivals):
    flow = job(runtime=runtime, jobQueue=at, jobDefinition=vcpus)
    return workflow(flow, name=name, arrivals={"every": every, **arrivals})


@pytest.mark.parametrize(("count", "told"), [(9, False), (10, True)])
def test_ten_arrivals_are_a_load_and_nine_a_burst(count, told):
    # Ten arrivals of 5,000 s in 10,000 s are 5 vCPU on average, and nine are 4.5: there are two.
    made = scenario(arriving(5000, count=count), environments=[unmanaged(2)], duration=10_000)
    assert bool(found(made, "overload")) == told


def test_without_a_duration_the_load_is_that_between_the_first_and_the_last_arrival():
    # 11 arrivals in 1,000 s, of 300 s each: 3.3 vCPU.
    made = scenario(arriving(300, count=11), environments=[unmanaged(3)])
    (finding,) = found(made)
    assert "ask for 3 vCPU on average, and servers have 3 at most" in finding.message
    assert finding.path == "batch.jobQueues.queue"
    assert finding.expected == "maxvCpus above 3 in all"
    assert not found(scenario(arriving(300, count=11), environments=[unmanaged(4)]))
    # All at one instant are no load, however many.
    once = workflow(job(runtime=300, arrayProperties={"size": 50}), arrivals={"at": [0] * 12})
    assert not found(scenario(once, environments=[unmanaged(3)]))


def test_wide_jobs_ask_for_as_much_more():
    # A job of 4 vCPU that runs 100 s, every 100 s: 4 on average.
    wide = [definition(), definition("wide", vcpus="4")]
    made = scenario(arriving(100, vcpus="wide"), environments=[unmanaged(3)], definitions=wide, duration=10_000)
    assert "ask for 4 vCPU on average" in found(made, "overload")[0].message


def test_an_environment_that_is_disabled_runs_nothing_and_counts_for_nothing():
    two = [unmanaged(2, "one"), {**unmanaged(2, "other"), "state": "DISABLED"}]
    made = scenario(arriving(300), environments=two, queues=[queue("queue", "one", "other")], duration=10_000)
    (finding,) = found(made, "overload")
    assert "ask for 3 vCPU on average, and one, other have 2 at most" in finding.message


def shared(*loads, vcpus=4):
    """Queues a, b, c, …, each with an environment of its own and one that it shares with the next."""
    names = "abcdef"[: len(loads)]
    pools = [f"own-{name}" for name in names] + [f"shared-{name}" for name in names[:-1]]
    queues = []
    for place, name in enumerate(names):
        neighbours = [f"shared-{names[each]}" for each in (place - 1, place) if 0 <= each < len(names) - 1]
        queues.append(queue(name, f"own-{name}", *neighbours))
    flows = [arriving(100 * load, name=name, at=name) for name, load in zip(names, loads, strict=True)]
    return scenario(*flows, environments=[unmanaged(vcpus, pool) for pool in pools], queues=queues, duration=10_000)


def test_queues_that_hang_together_by_others_are_one_load():
    # a and c share nothing with each other, and both share with b: 5 environments of 4 vCPU have 20.
    assert not found(shared(6, 8, 6), "overload")
    (finding,) = found(shared(7, 8, 6), "overload")
    assert "jobs of a and b and c ask for 21 vCPU on average" in finding.message
    assert "have 20 at most" in finding.message


def test_a_queue_that_is_told_by_itself_is_not_told_again_with_others():
    # a has 8 vCPU at most and is asked for 9: that is said, and not that all three are asked for 25 of 20.
    findings = found(shared(9, 8, 8), "overload")
    assert [re.match(r"jobs of ([a-z and]+) ask", finding.message)[1] for finding in findings] == ["a"]
    # Of two that are each too much each is told.
    findings = found(shared(9, 8, 9), "overload")
    assert [re.match(r"jobs of ([a-z and]+) ask", finding.message)[1] for finding in findings] == ["a", "c"]


@given(st.integers(1, 40), st.integers(1, 40))
@settings(max_examples=15)
def test_it_is_told_just_where_more_is_asked_for_than_there_is(load, vcpus):
    made = scenario(arriving(100 * load), environments=[unmanaged(vcpus)], duration=10_000)
    assert bool(found(made, "overload")) == (load > vcpus)


#: 100 s, then 50 s; a second one of 30 s beside them.
CHAIN = workflow(
    job("first", 100),
    job("second", 50, dependsOn=[{"jobName": "first"}]),
    job("beside", 30),
    name="chain",
    arrivals={"at": [0, 1000]},
)


@pytest.mark.parametrize(
    ("objective", "least"),
    [
        ("max(turnaround, workflow=chain) <= {}", 150),
        ("min(turnaround, workflow=chain) <= {}", 30),
        ("mean(turnaround, workflow=chain) <= {}", (100 + 150 + 30) / 3),
        ("p50(turnaround, jobName=second) <= {}", 150),
        ("makespan <= {}", 1150),
        ("makespan(jobName=beside) <= {}", 1030),
        ("max(finished_at, jobName=first) < {}", 1100),
    ],
)
def test_a_deadline_is_told_below_what_takes_no_waiting_at_all(objective, least):
    def told(limit):
        made = scenario(CHAIN, objectives=[objective.format(f"{limit}s")], environments=[unmanaged(8)])
        return [finding.path for finding in found(made, "deadline")]

    assert told(round(least - 0.5, 3)) == ["objectives.0"]
    assert told(round(least + 0.5, 3)) == []


@pytest.mark.parametrize(
    "objective",
    ["max(turnaround) >= 1h", "max(queue_time) <= 0s", "minimise makespan", "max(turnaround, jobQueue=idle) <= 1s"],
)
def test_what_is_no_deadline_of_any_job_is_not_told(objective):
    made = scenario(
        CHAIN,
        objectives=[objective],
        environments=[unmanaged(8)],
        queues=[queue("queue", "servers"), queue("idle", "servers")],
    )
    assert not found(made, "deadline")


def test_a_time_to_think_is_on_the_way_to_the_end(tmp_path):
    # Job 2 follows job 1, which ends at 100, by 60 s of thought; job 3 is submitted long after what it follows.
    def line(number, submit, run, after=-1, think=-1):
        return f"{number} {submit} 0 {run} 1 -1 -1 1 -1 -1 1 1 1 1 1 1 {after} {think}\n"

    (tmp_path / "log").write_text(line(1, 0, 100) + line(2, 10, 5, 1, 60) + line(3, 900, 7, 2, 60))
    trace = {"format": "swf", "path": "log", "jobQueue": "queue", "jobDefinition": "task"}
    made = scenario({"trace": trace}, environments=[unmanaged(4)], base=tmp_path)
    assert earliest_ends(build_workload(made)).tolist() == [100, 100 + 60 + 5, 907]


@pytest.mark.parametrize(("jobs", "said"), [(1, "1 job of log asks for 3 vCPU"), (2, "2 jobs of log ask for 3 vCPU")])
def test_jobs_of_a_trace_that_nothing_holds_are_counted(tmp_path, jobs, said):
    rows = "".join(f"wide{n},0,1,3\n" for n in range(jobs)) + "fits,0,1,2\n"
    (tmp_path / "log.csv").write_text(f"job_name,submitted_at,runtime_s,vcpus\n{rows}")
    trace = {"format": "csv", "path": "log.csv", "jobQueue": "queue", "jobDefinition": "task"}
    made = scenario({"trace": trace}, environments=[environment(maxvCpus=2)], base=tmp_path)
    (finding,) = found(made, "never-placeable", "above-max-vcpus")
    assert said in finding.message
    assert finding.severity == "warning"
    # Those of a workflow are told where they stand, when the scenario is read, and not once more.
    wide = scenario(workflow(job(jobDefinition="wide")), definitions=[definition("wide", vcpus="3")],
                    environments=[environment(maxvCpus=2)])  # fmt: skip
    assert not found(wide, "never-placeable", "above-max-vcpus")
    assert [warning.code for warning in wide.warnings if warning.code == "above-max-vcpus"] == ["above-max-vcpus"]
