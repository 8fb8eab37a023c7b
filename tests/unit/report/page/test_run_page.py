"""The page of a run: the figures of the summary, what is left out, and runs in which little happened."""

from __future__ import annotations

import html
import json
import re

import numpy as np
import pytest

import batchsim as bs
from batchsim.report.formatting import seconds, usd
from batchsim.report.page.run import run_page
from batchsim.report.page.sections.instances import MOST_INSTANCES, lanes_of
from tests.builders import definition, environment, job, scenario, unmanaged, workflow
from tests.unit.report.page.test_document import EVIL, Texts


def page_of(made, **options):
    result = bs.run(made, **options)
    return run_page(result.run, result.summary, written=made.to_yaml(public=True)), result.summary


def text_of(page):
    """What is read on a page, its elements left out, in one line."""
    return " ".join(" ".join(Texts(page).texts).split())


def rows_of(page, caption):
    """The rows of the table with a caption, as texts."""
    table = re.search(rf"<caption>{re.escape(html.escape(caption))}</caption>(.*?)</table>", page, re.DOTALL)[1]
    body = table.split("<tbody>")[1]
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in body.split("<tr>")[1:]]


@pytest.fixture(scope="module")
def two_jobs():
    """Two jobs on an instance with room for one: the second waits for as long as the first runs, 100 s."""
    made = scenario(
        workflow(job("a", 100), job("b", 100)),
        environments=[environment(maxvCpus=2)],
        definitions=[definition(memory="2500")],
        objectives=["max(queue_time) <= 10m", "max(turnaround) <= 150s"],
    )
    return page_of(made)


def test_the_answer_has_the_figures_of_the_summary(two_jobs):
    page, summary = two_jobs
    text = text_of(page)
    assert "1 of 2 met" in text
    assert f"queue time p50 {seconds(summary['queue_time_s']['p50'])}" in text
    assert f"queue time p95 {seconds(summary['queue_time_s']['p95'])}" in text
    assert usd(summary["cost_usd"]["total"]) in text
    assert "2 of 2" in text


def test_a_steady_run_says_that_its_figures_leave_out_what_its_curves_show(two_jobs):
    made = scenario(
        workflow(job("a", 100), arrivals={"every": "10m"}),
        environments=[environment(minvCpus=2, maxvCpus=2)],
        definitions=[definition(memory="2500")],
        duration="4h",
        warmUp="1h",
    )
    page, summary = page_of(made)
    text = text_of(page)
    assert "of the steady state: without the first 1 h 00 min (as stated), and without the drain" in text
    assert "These curves show the whole run" in text
    # Instances are kept and billed all the time: an hour of four is in the curve of money and not in the figures.
    spent = float(re.search(r"\$(\S+) in all", text)[1])
    assert summary["cost_usd"]["total"] == pytest.approx(spent * 3 / 4, rel=0.05)
    assert "steady" not in text_of(two_jobs[0])


def test_tables_have_the_figures_of_the_summary(two_jobs):
    page, summary = two_jobs
    ((name, jobs, failed, unfinished, p50, p95, *_, cost),) = rows_of(page, "Job queues")
    figures = summary["job_queues"]["queue"]
    assert (name, jobs, failed, unfinished) == ("queue", "2", "0", "0")
    assert (p50, p95) == (seconds(figures["queue_time_s"]["p50"]), seconds(figures["queue_time_s"]["p95"]))
    assert cost == usd(figures["cost_usd"]["total"])
    ((name, attempts, instances, *_),) = rows_of(page, "Compute environments")
    assert (name, attempts, instances) == ("fleet", "2", "1")


def test_figures_below_a_curve_are_the_greatest_of_each_interval(two_jobs):
    page, _ = two_jobs
    rows = rows_of(page, "The most jobs at one time in each interval")
    # 200 s in intervals of 10 s: the second job is RUNNABLE in the first half, from then on one runs alone.
    assert [row[1:] for row in rows[1:9]] == [["1", "1"]] * 8
    assert [row[1:] for row in rows[11:19]] == [["1", "0"]] * 8


def test_definitions_and_instances_sum_to_the_summary():
    made = scenario(
        workflow(job("a"), job("b", jobDefinition="other"), job("c", jobDefinition="other")),
        definitions=[definition(), definition("other")],
    )
    page, summary = page_of(made)
    definitions = rows_of(page, "Job definitions")
    assert [row[:2] for row in definitions[:2]] == [["other", "2"], ["task", "1"]]
    (launched,) = [row for row in rows_of(page, "Instance types") if row[0] == "c6i.large"]
    assert int(launched[2]) == summary["compute_environments"]["fleet"]["instances"]
    assert launched[5] == usd(summary["cost_usd"]["total"])


def test_a_job_of_a_trace_may_be_called_anything_and_is_shown_as_it_is_called(tmp_path):
    pages = []
    for name in ("a", EVIL):
        quoted = name.replace('"', '""')
        (tmp_path / "jobs.csv").write_text(f'job_name,submitted_at,runtime_s\n"{quoted}",0,60\n', encoding="utf-8")
        trace = {"format": "csv", "path": "jobs.csv", "jobQueue": "queue", "jobDefinition": "task"}
        pages.append(page_of(scenario({"trace": trace}, base=tmp_path))[0])
    plain, evil = map(Texts, pages)
    assert evil.elements == plain.elements
    assert any(EVIL in each for each in evil.texts)


def test_what_is_left_out_of_the_gantt_chart_is_said():
    made = scenario(
        workflow(*(job(f"j{n}") for n in range(MOST_INSTANCES + 3))),
        environments=[environment(maxvCpus=200)],
        definitions=[definition(vcpus="2", memory="2500")],
    )
    page, summary = page_of(made)
    assert summary["compute_environments"]["fleet"]["instances"] == MOST_INSTANCES + 3
    assert f"{MOST_INSTANCES} of {MOST_INSTANCES + 3} instances" in text_of(page)
    assert len(rows_of(page, "Instances that are drawn")) == MOST_INSTANCES


def test_lanes_of_jobs_do_not_overlap_and_are_no_more_than_run_at_once():
    start = np.array([0.0, 0.0, 5.0, 10.0, 12.0])
    stop = np.array([10.0, 20.0, 15.0, 11.0, 13.0])
    assert lanes_of(start, stop).tolist() == [0, 1, 2, 0, 0]


def test_a_run_without_instances_says_so():
    page, _ = page_of(scenario(environments=[unmanaged(1)]))
    assert "No EC2 instance was launched" in text_of(page)


def test_a_run_in_which_no_job_started_says_so():
    fleet = environment(maxvCpus=4)
    made = scenario(workflow(job()), definitions=[definition(vcpus="64")], environments=[fleet], horizon="1h")
    page, summary = page_of(made)
    assert summary["jobs"]["unfinished"] == 1
    assert "No job started." in text_of(page)
    assert "can never be placed" in text_of(page)


def test_replications_have_their_intervals():
    made = scenario(workflow(job(runtime={"exponential": {"mean": "10m"}})))
    page, summary = page_of(made, replications=4)
    assert usd(summary["cost_usd"]["total"]) in text_of(page)
    assert "means of 4 replications" in text_of(page)


def test_settings_say_whether_the_scenario_states_them():
    made = scenario(settings={"ec2": {"launch": 42}})
    rows = {row[0]: row[1:] for row in rows_of(page_of(made)[0], "Settings of the environment")}
    assert rows["ec2.launch"] == ["42", "scenario"]
    assert rows["ec2.register"][1] == "default"


def test_a_multi_node_job_is_on_the_instances_of_all_its_nodes():
    container = {
        "image": "busybox",
        "resourceRequirements": [{"type": "VCPU", "value": "2"}, {"type": "MEMORY", "value": "2000"}],
    }
    nodes = {"numNodes": 3, "mainNode": 0, "nodeRangeProperties": [{"targetNodes": "0:2", "container": container}]}
    gang = {"jobDefinitionName": "task", "type": "multinode", "nodeProperties": nodes}
    page, summary = page_of(scenario(workflow(job("a")), definitions=[gang], environments=[environment(maxvCpus=6)]))
    assert summary["compute_environments"]["fleet"]["instances"] == 3
    assert [row[5] for row in rows_of(page, "Instances that are drawn")] == ["1", "1", "1"]


def test_a_record_is_shown_beside_its_replay(tmp_path):
    # Submitted every 10 s, each started 90 s later by the record; in the simulation at once.
    created = 1_767_225_600_000
    jobs = [
        {
            "jobId": f"job-{number}",
            "jobName": "settle",
            "jobQueue": "queue",
            "jobDefinition": "task",
            "status": "SUCCEEDED",
            "createdAt": created + 10_000 * number,
            "startedAt": created + 10_000 * number + 90_000,
            "stoppedAt": created + 10_000 * number + 150_000,
            "container": {
                "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "1024"}]
            },
        }
        for number in range(20)
    ]
    (tmp_path / "jobs.json").write_text(json.dumps({"jobs": jobs}), encoding="utf-8")
    trace = {"format": "describe-jobs", "path": "jobs.json", "jobQueue": "queue", "jobDefinition": "task"}
    page, summary = page_of(scenario({"trace": trace}, base=tmp_path))
    assert summary["recorded"]["submitted_to_started_s"]["recorded"]["p50"] == 90
    text = text_of(page)
    assert "recorded p50 1 min 30 s, p95 1 min 30 s" in text
    assert "record submitted to started p50 1 min 30 s" in text
