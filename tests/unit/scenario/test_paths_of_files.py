"""Files that a scenario names: wherever it is written, it names the same ones."""

from __future__ import annotations

import json

import pytest

import batchsim as bs
from batchsim.scenario.loading import loads
from batchsim.scenario.scenario import paths_of_files
from tests.builders import environment, scenario
from tests.catalogs import write_catalog

TRACE = "workload.0.trace.path"
#: Every way in which experiments name a trace, and the value that names one.
CHANGES = {
    TRACE: "jobs/b.csv",
    "workload.0.trace": {"format": "csv", "path": "jobs/b.csv", "jobQueue": "queue", "jobDefinition": "task"},
    "workload.0": {"trace": {"format": "csv", "path": "jobs/b.csv", "jobQueue": "queue", "jobDefinition": "task"}},
}


@pytest.fixture
def base(tmp_path):
    """A folder with two traces and a catalog, and a folder beside it."""
    folder = tmp_path / "here"
    (folder / "jobs").mkdir(parents=True)
    (tmp_path / "there" / "deep").mkdir(parents=True)
    for name in ("a", "b"):
        (folder / "jobs" / f"{name}.csv").write_text("job_name,submitted_at,runtime_s\none,0,60\n")
    write_catalog(folder / "prices")
    return folder


def replaying(base, **members):
    return scenario({"trace": CHANGES["workload.0"]["trace"] | {"path": "jobs/a.csv"}}, base=base, **members)


def elsewhere(made, base):
    """The scenario as it is written into another folder and loaded from there."""
    folder = base.parent / "there" / "deep"
    (folder / "scenario.yaml").write_text(made.to_yaml(relative_to=folder), encoding="utf-8")
    return bs.load(folder / "scenario.yaml")


def replayed(made):
    """The trace that is found from where the scenario is."""
    found = made.base / made.sources[0].path
    assert found.is_file()
    return found.stem


@pytest.mark.parametrize("path", [*CHANGES, "workload"])
def test_a_variant_replays_its_own_trace_from_another_folder_too(base, path):
    change = {path: CHANGES[path] if path in CHANGES else [CHANGES["workload.0"]]}
    moved = elsewhere(replaying(base, variants={"other": change}), base)
    assert (replayed(moved), replayed(moved.variant("other"))) == ("a", "b")


def test_traces_that_are_varied_are_found_from_another_folder_too(base):
    choices = {"size": {"choices": {"small": {TRACE: "jobs/a.csv"}, "large": {TRACE: "jobs/b.csv"}}}}
    moved = elsewhere(replaying(base, sweep={TRACE: ["jobs/a.csv", "jobs/b.csv"]}, search=choices), base)
    for parameter in (*moved.sweep, *moved.search):
        assert [replayed(moved.with_(value.overrides)) for value in parameter.values] == ["a", "b"]


def test_a_path_may_be_written_in_more_than_one_way(base):
    absolute = {TRACE: str(base / "jobs" / "b.csv")}
    moved = elsewhere(
        replaying(base, variants={"absolute": absolute, "round": {TRACE: "./prices/../jobs/b.csv"}}), base
    )
    assert {replayed(moved.variant(name)) for name in moved.variant_names} == {"b"}
    assert moved.document.values["variants"]["round"] == {TRACE: "../../here/jobs/b.csv"}


def test_catalogs_and_launch_templates_of_variants_move_with_it(base):
    template = {"launchTemplateName": "wide", "launchTemplateData": {"blockDeviceMappings": [
        {"deviceName": "/dev/xvda", "ebs": {"volumeSize": 730, "volumeType": "gp3"}}]}}  # fmt: skip
    (base / "wide.json").write_text(json.dumps(template), encoding="utf-8")
    variants = {
        "ours": {"environment.prices": {"catalog": "prices"}},
        "wide": {"launchTemplates": [{"file": "wide.json"}]},
    }
    launched = environment(launchTemplate={"launchTemplateName": "wide"})
    moved = elsewhere(scenario(environments=[launched], base=base, variants=variants), base)
    # The catalog has 0.1 USD where AWS has 0.085; 730 GB of gp3 cost 8 cents a month each, or 8 cents an hour together.
    ours, wide = (moved.variant(name).configuration.environments[0].offerings[0] for name in variants)
    assert (ours.price_usd_per_hour, wide.volumes_usd_per_hour) == (0.1, pytest.approx(0.08))


def test_what_only_looks_like_a_path_stays(base):
    variants = {"named": {"objectives": ["cost <= 5"], "batch.jobDefinitions.task.parameters": {"path": "jobs/b.csv"}}}
    made = replaying(base, variants=variants)
    assert elsewhere(made, base).document.values["variants"] == variants


def test_in_its_own_folder_nothing_moves(base):
    made = replaying(base, variants={"other": {TRACE: "jobs/b.csv"}})
    assert loads(made.to_yaml(), base=base) == made
    assert loads(made.to_yaml(), base=base).to_yaml() == made.to_yaml()


def test_files_are_found_wherever_a_document_names_them():
    values = {
        "workload": [{"workflow": "w"}, {"trace": {"path": "jobs.csv"}}, {"trace": "log.swf"}, "text"],
        "launchTemplates": [{"launchTemplateName": "a"}, {"file": "wide.json"}, {"file": 7}],
        "environment": {"prices": {"catalog": "prices"}, "spot": {"interruptions": "none", "prices": {"history": "h"}}},
    }
    assert sorted(map(str, paths_of_files(values))) == sorted(
        map(
            str,
            [
                ("workload", 1, "trace", "path"),
                ("launchTemplates", 1, "file"),
                ("environment", "prices", "catalog"),
                ("environment", "spot", "prices", "history"),
            ],
        )
    )
    assert list(paths_of_files({})) == []
