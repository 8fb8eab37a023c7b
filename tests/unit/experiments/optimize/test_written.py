"""The file of a recommendation, in another folder than the scenario: whatever names a file still names that one."""

from __future__ import annotations

import pytest

import batchsim as bs
from batchsim.experiments.optimize.written import recommended_text
from tests.builders import scenario

TRACE = "workload.0.trace.path"
MAX = "batch.computeEnvironments.fleet.computeResources.maxvCpus"
EXPERIMENTS = f"""\
# These are the experiments of a person.
variants:
  other: {{{TRACE}: jobs/b.csv}}
sweep:
  {TRACE}: [jobs/a.csv, jobs/b.csv]
search:
  log:
    choices:
      long: {{{TRACE}: jobs/b.csv}}
      short: {{{TRACE}: jobs/a.csv}}
"""


@pytest.fixture
def here(tmp_path):
    """A scenario of two traces, in a folder of its own."""
    (tmp_path / "here" / "jobs").mkdir(parents=True)
    for name in ("a", "b"):
        (tmp_path / "here" / "jobs" / f"{name}.csv").write_text("job_name,submitted_at,runtime_s\none,0,60\n")
    trace = {"path": "jobs/a.csv", "format": "csv", "jobQueue": "queue", "jobDefinition": "task"}
    path = tmp_path / "here" / "replay.yaml"
    path.write_text(scenario({"trace": trace}, base=path.parent).to_yaml() + EXPERIMENTS, encoding="utf-8")
    return bs.load(path)


def recommended(made: bs.Scenario, folder) -> bs.Scenario:
    """What a search would recommend, as it is loaded from where it is written."""
    folder.mkdir(exist_ok=True)
    path = folder / "recommended.yaml"
    path.write_text(recommended_text(made.without_experiments().with_({MAX: 16}), folder), encoding="utf-8")
    return bs.load(path)


def replayed(made: bs.Scenario) -> str:
    """Which trace is replayed, of those that are where the scenario says."""
    return (made.base / made.sources[0].path).resolve(strict=True).stem


def test_experiments_name_the_same_files_from_another_folder(here, tmp_path):
    found = recommended(here, tmp_path / "there")
    assert found.configuration.environments[0].max_vcpus == 16
    assert (replayed(found), replayed(found.variant("other"))) == ("a", "b")
    (swept,), (searched,) = found.sweep, found.search
    assert [replayed(found.with_(value.overrides)) for value in swept.values] == ["a", "b"]
    assert {value.label: replayed(found.with_(value.overrides)) for value in searched.values} == {
        "long": "b",
        "short": "a",
    }


def test_in_the_folder_of_the_scenario_they_stay_as_they_were_written(here):
    found = recommended(here, here.base)
    text = (here.base / "recommended.yaml").read_text(encoding="utf-8")
    assert text.endswith(EXPERIMENTS)
    assert replayed(found.variant("other")) == "b"
