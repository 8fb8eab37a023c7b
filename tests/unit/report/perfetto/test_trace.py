"""The trace of a run, read back by Perfetto's own message types and held against the tables of the run."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from itertools import chain, pairwise

import numpy as np
import pytest

import batchsim as bs
from batchsim.errors import OutputError
from batchsim.report.perfetto.trace import write_trace
from tests.builders import definition, environment, job, queue, scenario, unmanaged, workflow
from tests.conftest import ROOT
from tests.perfetto_traces import read

SECOND = 10**9


@pytest.fixture(scope="module")
def everything():
    return bs.run(bs.load(ROOT / "tests/golden/everything.yaml"))


@pytest.fixture(scope="module")
def trace(everything, tmp_path_factory):
    path = tmp_path_factory.mktemp("trace") / "trace.pftrace"
    assert everything.write_trace(path) == ""
    return read(path)


def traced(result, folder, **how):
    write_trace(result.run, folder / "trace.pftrace", **how)
    return read(folder / "trace.pftrace")


def lasting(trace, category):
    return [
        (trace.path(each.track)[1:], each.name, each.start / SECOND, each.stop / SECOND) for each in trace.of(category)
    ]


def test_two_jobs_on_an_instance_and_a_third_that_waits_for_one(tmp_path):
    # c6i.large holds two jobs of a vCPU; the third depends on the first.
    made = scenario(
        workflow(job("a", 100), job("b", 70), job("c", 50, dependsOn=[{"jobName": "a"}])),
        environments=[environment(maxvCpus=2)],
    )
    found = traced(bs.run(made), tmp_path)
    name = "i-00000000000000000 c6i.large us-east-1a"
    assert sorted(lasting(found, "run")) == [
        ([name, "slot 1"], "task", 0, 100),
        ([name, "slot 1"], "task", 100, 150),
        ([name, "slot 2"], "task", 0, 70),
    ]
    assert lasting(found, "boot") == [([name], "boot", 0, 0)]
    assert lasting(found, "pull") == []
    by_name = {each.annotations["job_name"]: each for each in found.of("run")}
    assert by_name["a"].flows_out == by_name["c"].flows_in == (1,)
    assert not by_name["b"].flows_out
    assert by_name["c"].annotations["wait_dependency_s"] == 100
    assert found.counter("job queue queue", "RUNNING jobs")[-1] == (150 * SECOND, 0)
    assert found.counter("fleet (EC2)", "vCPUs in use")[:2] == [(0, 2), (70 * SECOND, 1)]
    assert set(found.counter("fleet (EC2)", "limit (maxvCpus)")) == {(0, 2)}
    # c6i.large, and its root volume of 30 GiB by the month of 730 h.
    assert found.counter("fleet (EC2)", "dollars an hour")[0] == (0, pytest.approx(0.085 + 30 * 0.08 / 730))
    assert found.units == {track: found.units[track] for track in found.counters}


def test_an_instance_that_nothing_uses_is_idle(tmp_path):
    made = scenario(
        workflow(job("a", 100)), workflow(job("b", 10), name="later", arrivals={"at": [300]}),
        environments=[environment(minvCpus=2, maxvCpus=2)], duration=600,
    )  # fmt: skip
    found = traced(bs.run(made), tmp_path)
    assert [each[2:] for each in lasting(found, "idle")] == [(100, 300), (310, 600)]
    assert [each.annotations["calendar"][-12:] for each in found.of("idle")] == ["00:01:40 UTC", "00:05:10 UTC"]


def test_processors_have_slots_too(tmp_path):
    made = scenario(workflow(job("a", 30), job("b", 20), job("c", 10)), environments=[unmanaged(2)])
    found = traced(bs.run(made), tmp_path)
    assert sorted(lasting(found, "run")) == [
        (["slot 1"], "task", 0, 30),
        (["slot 2"], "task", 0, 20),
        (["slot 2"], "task", 20, 30),
    ]


def test_what_takes_no_time_is_there(tmp_path):
    made = scenario(workflow(job("a", 0), job("b", 0, dependsOn=[{"jobName": "a"}])), environments=[unmanaged(1)])
    found = traced(bs.run(made), tmp_path)
    assert [(each.annotations["job_name"], each.length) for each in found.of("run")] == [("a", 0), ("b", 0)]
    assert found.of("run")[0].flows_out == found.of("run")[1].flows_in == (1,)


def test_each_attempt_is_there_once_as_long_as_it_ran(everything, trace):
    attempts = everything.attempts
    ran = attempts[attempts.started_at.notna()]
    shown = {(each.annotations["job_id"], each.annotations["attempt"]): each for each in trace.of("run")}
    assert len(shown) == len(trace.of("run")) == len(ran)
    for row in ran.itertuples():
        each = shown[row.job_id, row.attempt]
        assert (each.start, each.stop) == (round(row.started_at * 1e9), round(row.stopped_at * 1e9))
        assert each.annotations["status"] == row.status
    never = attempts[attempts.started_at.isna()]
    assert len(never) > 50
    pulls = [(each.annotations["job_id"], each.annotations["attempt"]) for each in trace.of("pull") if each.annotations]
    assert sorted(pulls) == sorted(zip(never.job_id, never.attempt, strict=True))
    total = sum(each.length for each in trace.of("run"))
    assert total / 1e9 == pytest.approx((ran.stopped_at - ran.started_at).sum(), abs=1e-9 * len(ran))


def test_attempts_are_on_their_instance_and_in_their_environment(everything, trace):
    options = everything.instances.set_index("instance_id").purchase_option
    attempts = {(row.job_id, row.attempt): row for row in everything.attempts.itertuples()}
    on = Counter()
    for each in trace.of("run"):
        row = attempts[each.annotations["job_id"], each.annotations["attempt"]]
        path = trace.path(each.track)
        assert path[0].startswith(f"{row.compute_environment} (")
        if row.instance_id.startswith("i-"):
            assert path[1].startswith(f"{row.instance_id} ")
        on[options[row.instance_id]] += 1
    assert set(on) == {"EC2", "SPOT", "FARGATE", "FARGATE_SPOT"}


def test_pulls_are_what_comes_before_the_run(everything, trace):
    attempts = everything.attempts
    on_instances = attempts[attempts.instance_id.str.startswith("i-") & attempts.started_at.notna()]
    pulled = (on_instances.started_at - on_instances.starting_at).sum()
    of_instances = [each for each in trace.of("pull") if len(trace.path(each.track)) == 3 and not each.annotations]
    assert sum(each.length for each in of_instances) / 1e9 == pytest.approx(pulled, abs=1e-5)
    # A Fargate task starts first and pulls then.
    tasks = attempts[~attempts.instance_id.str.startswith("i-")].set_index(["job_id", "attempt"])
    before = 0
    for stages in of_attempts(trace):
        told = stages[-1].annotations
        if (told["job_id"], told["attempt"]) in tasks.index:
            assert [each.category for each in stages] in (["boot", "pull", "run"], ["boot", "pull"])
            before += stages[-1].category == "run"
            assert stages[0].start == round(tasks.starting_at[told["job_id"], told["attempt"]] * 1e9)
    assert before == tasks.started_at.notna().sum() > 100


def of_attempts(trace):
    """The slices of each attempt, the last with its annotations."""
    tracks = defaultdict(list)
    for each in trace.slices:
        if each.category in ("boot", "pull", "run") and trace.names[each.track].startswith("slot"):
            tracks[each.track].append(each)
    stages = []
    for each in chain.from_iterable(tracks.values()):
        stages.append(each)
        if each.annotations:
            yield stages
            stages = []
    assert not stages


def test_the_last_attempt_says_what_the_job_waited_for(everything, trace):
    jobs = everything.jobs.set_index("job_id")
    attempts = jobs.attempts.to_dict()
    last = {}
    for each in [*trace.of("run"), *trace.of("pull")]:
        if "job_id" in each.annotations and each.annotations["attempt"] == attempts[each.annotations["job_id"]]:
            last[each.annotations["job_id"]] = each.annotations
    assert len(last) == (jobs.attempts > 0).sum()
    for cause in ("dependency", "limit", "boot", "capacity", "blocked", "retry"):
        told = sum(each.get(f"wait_{cause}_s", 0.0) for each in last.values())
        assert told == pytest.approx(jobs.loc[list(last), f"wait_{cause}_s"].sum())
    others = [
        each for each in trace.of("run") if each.annotations["attempt"] < jobs.attempts[each.annotations["job_id"]]
    ]
    assert others
    assert not any(key.startswith("wait_") for each in others for key in each.annotations)


def test_annotations_are_the_jobs_rows(everything, trace):
    jobs = {row.job_id: row for row in everything.jobs.itertuples()}
    start = everything.scenario.start
    for each in trace.of("run"):
        row, told = jobs[each.annotations["job_id"]], each.annotations
        assert (told["job_name"], told["job_queue"]) == (row.job_name, row.job_queue)
        assert each.name == row.job_definition
        assert told.get("array_index", -1) == (-1 if np.isnan(row.array_index) else row.array_index)
        assert told["submitted"] == f"{start + timedelta(seconds=row.submitted_at):%F %T} UTC"
    attempts = {(row.job_id, row.attempt): row.exit_code for row in everything.attempts.itertuples()}
    codes = Counter()
    for each in trace.of("run"):
        code = attempts[each.annotations["job_id"], each.annotations["attempt"]]
        assert each.annotations.get("exit_code", None) == (None if np.isnan(code) else code)
        codes[each.annotations.get("exit_code")] += 1
    assert set(codes) == {None, 0, 1, 137}


def test_flows_are_the_dependencies(everything, trace):
    ends = {flow: each for each in trace.slices for flow in each.flows_in}
    flows = [(each, ends.pop(flow)) for each in trace.slices for flow in each.flows_out]
    assert not ends
    jobs = everything.jobs
    stopped = jobs.set_index("job_id").stopped_at
    expected = set()
    for (name, number), run in jobs.groupby(["workflow", "workflow_run"], observed=True):
        for row in run.itertuples():
            if not row.attempts:
                continue
            of = {"fit": "sweep", "check": "mesh"}.get(row.job_name)
            if of:  # of an array, the child that ended last
                needed = run[run.job_name == of].sort_values("stopped_at", kind="stable").job_id.iloc[-1]
            elif row.job_name == "render":
                needed = f"{name}/{number}/extract:{int(row.array_index)}"
            elif row.job_name == "extract" and row.array_index > 0:
                needed = f"{name}/{number}/extract:{int(row.array_index) - 1}"
            else:
                continue
            expected.add((needed, row.job_id))
    assert len(expected) > 300
    found, begins = set(), {id(stages[0]): stages[-1].annotations for stages in of_attempts(trace)}
    for source, target in flows:
        assert begins[id(target)]["attempt"] == 1
        found.add((source.annotations["job_id"], begins[id(target)]["job_id"]))
        assert source.stop <= target.start
        assert source.stop == round(stopped[source.annotations["job_id"]] * 1e9)
    assert len(found) == len(flows)
    assert found == expected


def test_the_life_of_an_instance_is_boot_idle_and_what_it_holds(everything, trace):
    instances = everything.instances[everything.instances.instance_id.str.startswith("i-")]
    by_track = {name.split()[0]: track for track, name in trace.names.items() if name.startswith("i-")}
    assert set(by_track) == set(instances.instance_id)
    held = Counter()
    for track, parent in trace.parents.items():
        if trace.names[track].startswith("slot") and parent in by_track.values():
            held[parent] += sum(each.length for each in trace.slices if each.track == track)
    own = Counter()
    for each in [*trace.of("boot"), *trace.of("idle")]:
        own[each.track] += each.length
    lived = ((instances.terminated_at - instances.requested_at) * 1e9).set_axis(instances.instance_id)
    alone = set(by_track.values()) - {trace.parents[track] for track, name in trace.names.items() if name == "slot 2"}
    assert alone
    for name, track in by_track.items():
        life = pytest.approx(lived[name], abs=100)
        if track in alone:
            assert own[track] + held[track] == life
        else:
            assert own[track] < lived[name] < own[track] + held[track] or own[track] + held[track] == life
    assert len([each for each in trace.of("boot") if each.track in by_track.values()]) == len(instances)


def test_interruptions_and_scaling_are_instants(everything, trace):
    found = trace.of("interruption")
    assert len(found) == everything.summary["interruptions"]
    taken = everything.instances.set_index("instance_id").terminated_at
    for each in found:
        assert each.start == round(taken[each.annotations["instance_id"]] * 1e9)
    scaling = trace.of("scaling")
    launched = sum(int(each.name.split()[1]) for each in scaling if each.name.startswith("launch"))
    ended = sum(int(each.name.split()[1]) for each in scaling if each.name.startswith("end"))
    instances = everything.instances[everything.instances.instance_id.str.startswith("i-")]
    assert launched == len(instances)
    still_there = (instances.terminated_at == everything.run.recording.ended_at).sum()
    assert ended == len(instances) - len(found) - still_there


def test_counters_are_the_timeline(everything, trace):
    timeline = everything.timeline
    for queue_ in ("shared", "plain", "tasks"):
        steps = timeline[(timeline.measure == "jobs") & (timeline.name == queue_) & (timeline.state == "RUNNABLE")]
        counted = trace.counter(f"job queue {queue_}", "RUNNABLE jobs")
        later = [(at, value) for at, value in counted if at > 0]
        assert later == [
            (round(at * 1e9), value) for at, value in zip(steps["at"], steps["value"], strict=True) if at > 0
        ]
    vcpus = timeline[(timeline.measure == "vcpus") & (timeline.name == "spot") & (timeline.state != "limit")]
    bought, area = trace.counter("spot (SPOT)", "vCPUs bought"), 0.0
    for (at, value), (until, _) in pairwise(bought):
        area += value * (until - at) / 1e9
    end = vcpus["at"].max()
    told = 0.0
    for _, steps in vcpus.groupby("state", observed=True):
        told += float(np.sum(steps["value"] * np.diff([*steps["at"], end])))
    assert area == pytest.approx(told)


def test_multi_node_jobs_hold_all_their_instances(everything, trace):
    assert len(trace.of("node")) == len(everything.run.recording.nodes.attempt)
    runs = {each.annotations["job_id"]: each for each in trace.of("run") if each.name == "gang"}
    for each in trace.of("node"):
        assert each.stop == runs[each.annotations["job_id"]].stop


def test_the_calendar_is_the_scenarios(everything, trace):
    assert trace.clocks == {6: 0, 1: int(everything.scenario.start.timestamp() * 1e9)}
    (about,) = trace.of("about")
    assert about.annotations["calendar"] == "2026-03-02 00:00:00 UTC"
    assert about.length == round(everything.run.recording.ended_at * 1e9)


def test_of_more_jobs_than_a_browser_holds_the_first_are_shown_and_the_rest_is_said(everything, tmp_path):
    found = traced(everything, tmp_path, most=500)
    attempts = everything.attempts.sort_values("starting_at", kind="stable")
    jobs = attempts.job_id.drop_duplicates()
    first, end = set(jobs.iloc[:500]), attempts[attempts.job_id == jobs.iloc[500]].starting_at.iloc[0]
    shown = {each.annotations["job_id"] for each in found.slices if "attempt" in each.annotations}
    assert shown == first
    whole, said = found.of("about")
    assert whole.stop == round(end * 1e9)
    assert said.name.startswith("500 of 3,893 jobs are shown: those with attempts from 0 s to ")
    assert max(each.start for steps in found.counters.values() for each in steps) <= whole.stop
    assert all(stages[0].start <= whole.stop for stages in of_attempts(found))


def test_of_a_window_what_overlaps_it_is_shown_whole(everything, tmp_path):
    start, end = 7200.0, 9000.0
    found = traced(everything, tmp_path, window=(start, end))
    attempts = everything.attempts
    inside = attempts[(attempts.starting_at <= end) & (attempts.stopped_at >= start)]
    shown = Counter(
        (each.annotations["job_id"], each.annotations["attempt"])
        for each in found.slices
        if "attempt" in each.annotations
    )
    assert shown == Counter(zip(inside.job_id, inside.attempt, strict=True))
    assert found.of("about")[1].name.endswith("from 2 h 00 min to 2 h 30 min")
    for steps in found.counters.values():
        assert steps[0].start == start * 1e9
        assert steps[-1].start <= end * 1e9
    # Counters begin with what holds there.
    timeline = everything.timeline
    steps = timeline[(timeline.measure == "jobs") & (timeline.name == "shared") & (timeline.state == "RUNNING")]
    assert found.counter("job queue shared", "RUNNING jobs")[0][1] == steps[steps["at"] <= start]["value"].iloc[-1]
    # An instance that runs jobs outside of the window is not idle then.
    whole = traced(everything, tmp_path)
    idle = {(whole.path(each.track)[1], each.start, each.stop) for each in whole.of("idle")}
    assert {(found.path(each.track)[1], each.start, each.stop) for each in found.of("idle")} <= idle


def test_a_window_without_jobs_is_a_trace_without_jobs(tmp_path):
    result = bs.run(scenario(workflow(job(runtime=60)), duration=7200))
    found = traced(result, tmp_path, window=(3600.0, 7200.0))
    assert not found.of("run")
    assert found.of("about")[1].name.startswith("0 of 1 jobs are shown")


def test_a_run_without_jobs_has_a_trace(tmp_path):
    made = scenario(workflow(job(), arrivals={"at": [100]}), duration=10, horizon=10)
    assert not traced(bs.run(made), tmp_path).of("run")


def test_the_same_run_gives_the_same_bytes(tmp_path):
    made = scenario(workflow(job(runtime=60)), queues=[queue("queue", "fleet")], definitions=[definition()])
    for name in ("one", "other"):
        bs.run(made).write_trace(tmp_path / name / "trace.pftrace")
    one, other = ((tmp_path / name / "trace.pftrace").read_bytes() for name in ("one", "other"))
    assert one == other
    assert one[4:8] == bytes(4)  # gzip's time


def test_a_file_that_is_no_trace_is_not_replaced(tmp_path):
    result = bs.run(scenario(workflow(job(runtime=60))))
    (tmp_path / "notes.txt").write_text("mine")
    for path in (tmp_path / "notes.txt", tmp_path):
        with pytest.raises(OutputError):
            result.write_trace(path)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    result.write_trace(tmp_path / "trace.pftrace")
    result.write_trace(tmp_path / "trace.pftrace")


def test_names_of_any_kind_are_written(tmp_path):
    result = bs.run(scenario(workflow(job("a"), name="étl-日本"), name="x"))
    (run,) = traced(result, tmp_path).of("run")
    assert run.annotations["job_id"] == "étl-日本/0/a"
