"""Sliders, driven without a browser: what they are moved to is what is run."""

from __future__ import annotations

import sys

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbclient import NotebookClient

import batchsim as bs
from batchsim.experiments.explore import divided
from tests.builders import environment, job, queue, scenario, unmanaged, workflow


def made(*environments, **members):
    chosen = environments or (
        environment("spot", type="SPOT", allocationStrategy="SPOT_CAPACITY_OPTIMIZED", maxvCpus=6),
        environment("on-demand", maxvCpus=2),
    )
    names = [each["computeEnvironmentName"] for each in chosen]
    flows = [workflow(job(runtime=600), name=f"w{number}") for number in range(8)]
    return scenario(*flows, environments=chosen, queues=[queue("queue", *names)], **members)


def test_sliders_begin_where_the_scenario_is():
    explorer = bs.explore(made())
    assert explorer.limits == {"spot": 6, "on-demand": 2}
    assert explorer.share.value == 75
    assert {name: slider.max for name, slider in explorer.sliders.items()} == {"spot": 24, "on-demand": 8}
    assert explorer.result.summary["peak_vcpus"] == 8
    assert bytes(explorer._picture.value).startswith(b"\x89PNG")
    assert "as written" in explorer._told.value


def test_a_slider_of_an_environment_runs_the_scenario_with_that_limit():
    explorer = bs.explore(made())
    explorer.sliders["spot"].value = 2
    assert explorer.scenario == made().with_({"batch.computeEnvironments.spot.computeResources.maxvCpus": 2})
    assert explorer.result.summary == bs.run(explorer.scenario).summary
    assert explorer.result.summary["queue_time_s"]["max"] > 0
    assert explorer.share.value == 50
    # What is shown is what was found.
    assert "8 of 8 jobs succeeded" in explorer._told.value


def test_the_share_of_spot_leaves_the_sum_and_runs_once(monkeypatch):
    explorer = bs.explore(made())
    runs = []
    monkeypatch.setattr("batchsim.experiments.explore.run", lambda changed: runs.append(changed) or bs.run(changed))
    explorer.share.value = 25
    assert explorer.limits == {"spot": 2, "on-demand": 6}
    assert len(runs) == 1
    assert explorer.result.summary["compute_environments"]["on-demand"]["peak_vcpus"] == 6
    explorer.share.value = 0
    assert explorer.limits == {"spot": 0, "on-demand": 8}
    explorer.sliders["spot"].value = 24
    assert explorer.share.value == 75
    assert len(runs) == 3


def test_what_can_not_be_run_is_said_and_the_last_result_stays():
    explorer = bs.explore(made(environment(minvCpus=4, maxvCpus=8)))
    before = explorer.result
    explorer.sliders["fleet"].value = 2
    assert explorer.result is before
    assert "This can not be run." in explorer._told.value
    assert "minvCpus" in explorer._told.value
    explorer.sliders["fleet"].value = 4
    assert explorer.result.summary["peak_vcpus"] == 4


def test_there_is_a_share_only_where_there_are_both():
    assert bs.explore(made(environment())).share is None
    explorer = bs.explore(made(unmanaged(8)))
    assert explorer.sliders == {}
    assert explorer.result.summary["jobs"]["succeeded"] == 8


def test_without_ipywidgets_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(ImportError, match=r"pip install \"batchsim\[notebook\]\""):
        bs.explore(made())


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 500), min_size=2),
    st.floats(0, 1),
)
def test_limits_are_divided_without_loss(limits, share):
    spot = sorted(limits)[: len(limits) // 2]
    new = divided(limits, spot, share)
    total = sum(limits.values())
    assert list(new) == list(limits)
    assert sum(new.values()) == total
    assert sum(new[name] for name in spot) == round(total * share)
    assert all(limit >= 0 for limit in new.values())


@pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_in_a_notebook_the_sliders_and_the_objects_show_themselves():
    cells = [
        "import batchsim as bs\nfrom tests.unit.experiments.test_explore import made\nscenario = made()\nscenario",
        "explorer = bs.explore(scenario)\nexplorer",
        "explorer.sliders['spot'].value = 2\nexplorer.result",
        "explorer.result.plot.queue()",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])
    NotebookClient(notebook, timeout=120).execute()
    shown = [cell.outputs[-1]["data"] for cell in notebook.cells]
    assert "maxvCpus" in shown[0]["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in shown[1]
    assert "8 of 8 jobs succeeded" in shown[2]["text/html"]
    assert shown[3]["image/png"]
