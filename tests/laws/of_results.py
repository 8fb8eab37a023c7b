"""What holds of every run of every scenario, whatever it mixes: of the figures, tables and pages made of it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from batchsim.columns import PURPOSES
from batchsim.recording import Status
from batchsim.report.page.run import run_page
from batchsim.results.spending import spent
from batchsim.results.store import as_text
from tests.laws.of_runs import Checked
from tests.laws.test_laws_of_everything import assert_timeline


def waits_add_up(run: Checked) -> None:
    """Every second until a job's last start, or its end, has one cause, and no cause less than nothing."""
    recording, workload, outcome = run.recording, run.workload, run.run.outcome
    attempts, jobs = recording.attempts, np.arange(len(workload))
    last = np.full(len(workload), -1)
    order = np.argsort(attempts.number, kind="stable")
    last[attempts.job[order]] = order
    started = last >= 0
    ended_at = np.where(np.isnan(recording.stopped_at), recording.ended_at, recording.stopped_at)
    until = np.maximum(ended_at, workload.submitted_at)  # a horizon may come before
    until[started] = attempts.starting_at[last[started]]
    for row in np.flatnonzero(started):
        # Those that wait again do so to the end of the run, or until they are cancelled.
        cancelled = recording.status[row] == Status.FAILED and recording.reason[row] != attempts.reason[last[row]]
        if recording.status[row] == Status.RUNNABLE or cancelled:
            until[row] = ended_at[row]
    causes = outcome.waits.of(jobs)
    waited = np.sum(list(causes.values()), axis=0)
    assert waited == pytest.approx(until - workload.submitted_at, abs=1e-6)
    assert all((seconds > -1e-6).all() for seconds in causes.values())
    assert (causes["dependency"][workload.open_dependencies[: len(workload)] == 0] == 0).all()


def money_adds_up(run: Checked) -> None:
    """What was paid is the sum over purposes, instances and time, and nothing is less than nothing."""
    outcome = run.run.outcome
    cost = outcome.costs
    paid = cost.instance_total.sum() + cost.task_total.sum()
    columns = [*map(cost.attempt, PURPOSES), *cost.instance.values()]
    assert sum(column.sum() for column in columns) == pytest.approx(paid, abs=1e-9)
    assert all((column > -1e-9).all() for column in columns)
    assert spent(outcome, np.array([run.recording.ended_at]))[0] == pytest.approx(cost.total, abs=1e-9)


def levels_add_up(run: Checked) -> None:
    """What is registered runs jobs, is stranded or is idle; stranded only while the bill says so."""
    assert_timeline(run.recording, run.environments, run.run.outcome)


def summary_adds_up(run: Checked) -> None:
    """The figures of queues, workflows and environments sum to those of all; numbers are numbers."""
    summary = json.loads(as_text(run.run.summary), parse_constant=_no_number)
    for part in ("job_queues", "workflows"):
        parts = list(summary[part].values())
        for key, total in summary["jobs"].items():
            assert sum(each["jobs"][key] for each in parts) == total
        for figures in ("wait_s", "wait_limit_s"):
            _sums(summary[figures], [each[figures] for each in parts])
        assert sum(each["cost_usd"]["total"] for each in parts) <= summary["cost_usd"]["total"] + 1e-6
    placed = [each["wait_s"] for each in summary["compute_environments"].values()]
    _sums(summary["wait_s"], [*placed, summary["never_placed"]["wait_s"]])
    assert sum(summary["wait_limit_s"].values()) == pytest.approx(summary["wait_s"]["limit"], abs=1e-5)
    cost = summary["cost_usd"]
    for breakdown in ("by_purpose", "by_purchase_option"):
        if breakdown == "by_purpose" or not cost["unused_commitment"]:
            assert sum(cost[breakdown].values()) == pytest.approx(cost["total"], abs=1e-6)
        assert all(value > -1e-9 for value in cost[breakdown].values())
    for key in ("vcpu", "memory"):
        assert summary["utilisation"][key] is None or -1e-9 <= summary["utilisation"][key] <= 1 + 1e-9
    if run.run.scenario.warm_up_s is None:
        assert summary["jobs"]["submitted"] == len(run.workload)
    told = {each["name"]: each for each in summary.get("updates", ())}
    applied = [each for each in run.recording.updates if not each.refused]
    assert sum(each["applied"] for each in told.values()) == len(applied)


def tables_agree(run: Checked) -> None:
    """The tables have a row for each, and say what was recorded and summed."""
    result, recording = run.run, run.recording
    jobs, attempts, instances = result.jobs, result.attempts, result.instances
    assert len(attempts) == len(recording.attempts.job)
    assert jobs["job_id"].is_unique
    assert jobs["attempts"].sum() == len(attempts)
    assert set(attempts["job_id"]) <= set(jobs["job_id"])
    assert set(attempts["instance_id"].dropna()) <= set(instances["instance_id"])
    assert instances["instance_id"].is_unique
    assert attempts["cost_usd"].sum() == pytest.approx(jobs["cost_usd"].sum(), abs=1e-9)
    started = jobs[jobs["starting_at"].notna()]
    waited = started[[name for name in jobs.columns if name.startswith("wait_")]].sum(axis=1)
    going = started["status"].isin(["RUNNABLE", "FAILED"])
    assert waited[~going].to_numpy() == pytest.approx(
        (started["starting_at"] - started["submitted_at"])[~going].to_numpy(), abs=1e-6
    )
    assert (instances["terminated_at"] >= instances["requested_at"]).all()


def timeline_agrees(run: Checked) -> None:
    """Levels are no less than nothing, change once at an instant, and end as the run did."""
    timeline, jobs = run.run.timeline, run.run.jobs
    assert (timeline["value"] > -1e-9).all()
    assert (timeline["at"] >= 0).all()
    assert np.isfinite(timeline["value"]).all()
    assert not timeline.duplicated(["measure", "name", "state", "at"]).any()
    ended_at = run.recording.ended_at
    levels = timeline[(timeline["measure"] == "jobs") & (timeline["at"] < ended_at)]
    last = levels.groupby(["name", "state"], observed=True)["value"].last()
    since = {"SUBMITTED": "submitted_at", "PENDING": "submitted_at", "STARTING": "starting_at", "RUNNING": "started_at"}
    since |= {"RUNNABLE": "runnable_at"}
    for (queue, state), there in jobs.groupby(["job_queue", "status"], observed=True):
        if state in since:
            # What ends with the run was there until then.
            waited = (there[since[state]] < ended_at) & ((there["attempts"] == 0) | (state != "RUNNABLE"))
            dependent = "PENDING" if state == "SUBMITTED" and (queue, "SUBMITTED") not in last else state
            assert last.get((queue, dependent), 0) + last.get((queue, "PENDING"), 0) >= waited.sum(), (queue, state)


def page_has_figures(run: Checked) -> None:
    """The page can be made, and no figure of it is none."""
    text = re.sub(
        r"<style>.*?</style>|<script.*?</script>", "", run_page(run.run, run.run.summary, written=""), flags=re.DOTALL
    )
    assert not re.search(r"[\s>\"(]-?(?:nan|inf|None)[\s<\",)]", text)


def _sums(total: Mapping[str, float], parts: Iterable[Mapping[str, float]]) -> None:
    parts = list(parts)
    for key, value in total.items():
        assert math.fsum(each[key] for each in parts) == pytest.approx(value, abs=1e-5)


def _no_number(word: str) -> None:
    raise AssertionError(f"{word} in the summary")


LAWS_OF_RESULTS: Sequence[Any] = (waits_add_up, money_adds_up, levels_add_up, summary_adds_up)
#: Those that cost most to look at.
LAWS_OF_TABLES: Sequence[Any] = (tables_agree, timeline_agrees)
