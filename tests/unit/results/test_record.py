"""A replay beside its record, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

import batchsim as bs
from batchsim.report.narrative import recorded_facts
from tests.builders import definition, job, scenario, unmanaged, workflow

HEAD = "job_name,submitted_at,runtime_s,started_at,stopped_at,earlier_runtimes_s,earlier_exit_codes\n"
#: By the record a waited for 60 s and b for 10 s; a failed after 90 s, and ran for 600 s the second time.
JOBS = HEAD + "a,0,600,60,800,90,1\nb,10,5,20,25,,\nc,20,7,,,,\n"


def replay(tmp_path, content=JOBS, *others, **members):
    (tmp_path / "jobs.csv").write_text(content)
    trace = {"format": "csv", "path": "jobs.csv", "jobQueue": "queue", "jobDefinition": "task"}
    task = definition(retryStrategy={"attempts": 3})
    return scenario(
        {"trace": trace}, *others, environments=[unmanaged(1)], definitions=[task], base=tmp_path, **members
    )


def test_the_record_stands_beside_the_simulation_of_the_same_jobs(tmp_path):
    # One server: a from 0 to 90 and from 90 to 690, b from 690 to 695, c until 702.
    result = bs.run(replay(tmp_path))
    recorded = result.summary["recorded"]
    times, ends = recorded["submitted_to_started_s"], recorded["makespan_s"]
    assert recorded["jobs"] == 2
    assert (times["recorded"]["mean"], times["recorded"]["p50"], times["recorded"]["max"]) == (35, (60 + 10) / 2, 60)
    assert (times["simulated"]["mean"], times["simulated"]["max"]) == ((0 + 680) / 2, 690 - 10)
    assert ends == {"recorded": 800, "simulated": 695}  # c's end is not recorded
    assert result.summary["makespan_s"] == 702
    np.testing.assert_equal(result.jobs["recorded_started_at"].to_numpy(), [60, 20, np.nan])
    np.testing.assert_equal(result.jobs["recorded_stopped_at"].to_numpy(), [800, 25, np.nan])
    assert result.jobs["attempts"].tolist() == [2, 1, 1]
    assert recorded_facts(result.summary) == [
        "submitted to started p50 35 s, p95 58 s; simulated p50 5 min 40 s, p95 11 min (the same 2 jobs)",
        "makespan 13 min; simulated 12 min",
    ]


def test_jobs_that_never_started_are_not_left_out(tmp_path):
    result = bs.run(replay(tmp_path, horizon=100))
    recorded = result.summary["recorded"]
    simulated = recorded["submitted_to_started_s"]["simulated"]
    assert (simulated["missing"], simulated["p50"], simulated["at_least"]["p50"]) == (1, None, (0 + 90) / 2)
    assert recorded["makespan_s"] == {"recorded": 800, "simulated": None}
    first, second = recorded_facts(result.summary)
    assert "simulated p50 over 45 s" in first
    assert "; 1 never started" in first
    assert second.endswith("simulated not ended")


def test_jobs_after_the_end_of_the_run_are_not_compared(tmp_path):
    recorded = bs.run(replay(tmp_path, horizon=5)).summary["recorded"]
    assert recorded["jobs"] == 1
    assert recorded["submitted_to_started_s"]["recorded"]["max"] == 60


def test_without_a_record_nothing_is_said(tmp_path):
    result = bs.run(replay(tmp_path, "job_name,submitted_at,runtime_s\na,0,600\n"))
    assert "recorded" not in result.summary
    assert not recorded_facts(result.summary)
    assert np.isnan(result.jobs["recorded_started_at"].astype(float)).all()
    with pytest.raises(ValueError, match="no trace of this run"):
        result.plot.recorded()


def test_ends_alone_give_no_times_to_start(tmp_path):
    content = "job_name,submitted_at,runtime_s,stopped_at\na,0,600,700\n"
    assert "recorded" not in bs.run(replay(tmp_path, content)).summary


def test_jobs_of_workflows_have_no_record(tmp_path):
    result = bs.run(replay(tmp_path, JOBS, workflow(job("w", 1))))
    assert result.summary["recorded"]["jobs"] == 2
    of_workflow = result.jobs[result.jobs["workflow"] == "work"]
    assert np.isnan(of_workflow["recorded_started_at"].astype(float)).all()


def test_replications_have_it_too(tmp_path):
    result = bs.run(replay(tmp_path), replications=3)
    times = result.summary["recorded"]["submitted_to_started_s"]
    assert times["recorded"]["max"]["mean"] == 60
    assert times["simulated"]["max"]["n"] == 3
    assert "p50 35 s" in recorded_facts(result.summary)[0]


def test_the_picture_has_both_on_one_axis(tmp_path):
    ax = bs.run(replay(tmp_path)).plot.recorded()
    lines = dict(zip(ax.get_legend_handles_labels()[1], ax.lines, strict=False))
    assert lines["recorded"].get_xdata().tolist() == [0, 10, 60]
    assert lines["simulated"].get_xdata().tolist() == [0, 0, 680]
    cut = bs.run(replay(tmp_path, horizon=100)).plot.recorded()
    assert cut.get_legend_handles_labels()[1][1] == "simulated, 1 never started"
    whole = bs.run(replay(tmp_path)).plot()
    assert any("Submitted to started" in ax.get_title(loc="left") for ax in whole.axes)
