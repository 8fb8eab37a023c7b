"""The examples of the page on processes run, and do what the page says; its table is what there is."""

from __future__ import annotations

import re

import pytest

import batchsim as bs
from batchsim.engine.processes import LiveEnvironment, LiveQueue
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "processes.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)


@pytest.fixture
def ran(monkeypatch):
    monkeypatch.chdir(ROOT)

    def run(number):
        names = {}
        exec(compile(EXAMPLES[number], "processes.md", "exec"), names)  # noqa: S102 (our own text)
        return names

    return run


def test_there_are_two():
    assert len(EXAMPLES) == 2


def test_the_outage(ran):
    names = ran(0)
    usual, disturbed = names["usual"], names["disturbed"]
    begin, end = 2.25 * 3600, 3.25 * 3600
    jobs = disturbed.attempts
    during = jobs[(jobs.starting_at > begin) & (jobs.starting_at < end)]
    assert set(during.compute_environment) == {"on-demand"}
    assert "spot" in set(jobs[jobs.starting_at >= end].compute_environment)
    night = [result.jobs[result.jobs.workflow_run == 0].stopped_at.max() for result in (usual, disturbed)]
    assert night[0] < night[1]


def test_the_manual_jobs_and_the_probe(ran):
    names = ran(1)
    jobs, samples = names["result"].jobs, names["samples"]
    usual = bs.run(bs.load(ROOT / "scenarios" / "etl.yaml")).jobs
    assert len(jobs) == len(usual) + 3 * (usual.workflow_run == 0).sum()
    more = jobs[jobs.workflow_run > usual.workflow_run.max()]
    assert sorted(set(more.submitted_at)) == [9 * 3600, 9.5 * 3600, 10 * 3600]
    assert [now for now, *_ in samples[:3]] == [0, 60, 120]
    assert len(samples) >= 7 * 24 * 60
    assert max(waiting for _, waiting, *_ in samples) > 0


def test_the_table_has_what_there_is():
    named = set(re.findall(r"`(\w+)", PAGE.partition("| `run.` |")[2].partition("\n\n")[0]))
    public = {
        name for kind in (bs.LiveRun, LiveQueue, LiveEnvironment) for name in vars(kind) if not name.startswith("_")
    }
    assert public <= named
