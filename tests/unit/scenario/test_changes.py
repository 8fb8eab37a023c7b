"""A changed copy is what the changed document, written down and loaded, would be; and nothing else changes."""

from __future__ import annotations

import copy
import json
import pickle
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

import batchsim as bs
from batchsim.scenario.document.document import Document
from batchsim.scenario.document.overrides import apply
from batchsim.scenario.loading import from_mapping
from batchsim.scenario.scenario import from_document
from tests.builders import definition, environment, job, queue, scenario, workflow
from tests.conftest import ROOT


@cache
def etl() -> bs.Scenario:
    """A shipped scenario with two environments, arrays, dependencies, objectives and variants."""
    return bs.load(ROOT / "scenarios" / "etl.yaml")


def environment_names() -> list[str]:
    return [each["computeEnvironmentName"] for each in etl().batch["computeEnvironments"]]


@st.composite
def a_change(draw):
    """A path and a value, right or wrong, known or not."""
    one = draw(st.sampled_from(environment_names()))
    resources = f"batch.computeEnvironments.{one}.computeResources"
    task = draw(st.sampled_from([each["jobDefinitionName"] for each in etl().batch["jobDefinitions"]]))
    entry = draw(st.sampled_from([each.workflow for each in etl().workload]))
    choices = {
        f"{resources}.maxvCpus": st.integers(-1, 4096),
        f"{resources}.minvCpus": st.integers(0, 64),
        f"{resources}.instanceTypes": st.lists(
            st.sampled_from(["c6i", "m6i.large", "r6i.xlarge", "m7g", "p4d", "bogus", "optimal"]), max_size=3
        ),
        f"{resources}.allocationStrategy": st.sampled_from(["BEST_FIT", "BEST_FIT_PROGRESSIVE", "BOGUS"]),
        f"{resources}.bidPercentage": st.integers(0, 120),
        f"{resources}.type": st.sampled_from(["EC2", "SPOT", "FARGATE", "SPOTT"]),
        f"batch.jobDefinitions.{task}.containerProperties.resourceRequirements.MEMORY.value": st.sampled_from(
            [1, "2048", 10_000_000, None, [1]]
        ),
        f"batch.jobDefinitions.{task}.retryStrategy": st.sampled_from(
            [{"attempts": 2}, {"attempts": 99}, {"tries": 1}]
        ),
        f"batch.jobQueues.{etl().batch['jobQueues'][0]['jobQueueName']}.state": st.sampled_from(
            ["ENABLED", "DISABLED"]
        ),
        f"workload.{entry}.arrivals": st.sampled_from([{"every": "1h"}, {"evry": "1h"}, {"at": [0]}, None]),
        "environment.spot.interruptions": st.sampled_from(["none", "advisor", {"ratePerHour": 1}, {"ratePerHour": -1}]),
        "environment.scheduler.overtake": st.sampled_from(["none", "fitting", "all"]),
        "environment.prices.overrides.c6i.large": st.sampled_from([0.01, {"spot": 0.02}, -1]),
        "region": st.sampled_from(["eu-west-1", "us-east-1", "us-esat-1"]),
        "objectives": st.sampled_from([[], ["p95(queue_time) <= 1m"], ["p95(nothing) <= 1m"]]),
        "seed": st.integers(-1, 5),
        "duration": st.sampled_from(["1h", "2d", "x"]),
    }
    path = draw(st.sampled_from(sorted(choices)))
    return path, draw(choices[path])


def outcome(make):
    """Everything that is told of a scenario, or of its faults."""
    try:
        made = make()
    except bs.ScenarioError as error:
        return [(finding.code, finding.path, str(finding)) for finding in error.findings]
    return (
        made.digest,
        made.configuration,
        made.sources,
        made.environment,
        made.objectives,
        made.workload,
        [str(finding) for finding in (*made.warnings, *made.silenced)],
    )


def afresh(made: bs.Scenario, changes) -> bs.Scenario:
    """The changed document with nothing shared: all of it copied, and checked as if it had been read so."""
    changed = apply(made.document, changes, (made.document.file, 0, 0))
    written = changed.written
    alone = Document(
        copy.deepcopy(changed.values),
        changed.file,
        dict(changed.places),
        None if written is None else Document(copy.deepcopy(written.values), written.file, dict(written.places)),
    )
    return from_document(alone, made.base)


@given(st.lists(a_change(), min_size=1, max_size=4, unique_by=lambda change: change[0]))
def test_a_changed_copy_is_the_changed_document(changes):
    before = copy.deepcopy(etl().document.values)
    assert outcome(lambda: etl().with_(dict(changes))) == outcome(lambda: afresh(etl(), changes))
    # Nor does the scenario that was changed know of it.
    assert etl().document.values == before


@given(st.lists(a_change(), min_size=2, max_size=4, unique_by=lambda change: change[0]))
def test_changes_one_after_the_other_are_the_changes_together(changes):
    def by_steps():
        made = etl()
        for path, value in changes:
            made = made.with_({path: value})
        return made

    told = outcome(by_steps)
    if isinstance(told, tuple):  # every step was right
        together = outcome(lambda: etl().with_(dict(changes)))
        assert told[:-1] == together[:-1]
        assert sorted(told[-1]) == sorted(together[-1])


def test_what_stands_beside_a_change_is_shared_and_keeps_its_place():
    document = etl().document
    where = ("batch", "computeEnvironments", 0, "computeResources", "maxvCpus")
    changed = apply(
        document,
        [(f"batch.computeEnvironments.{environment_names()[0]}.computeResources.maxvCpus", 7)],
        ("--set", 0, 0),
    )
    assert changed.values["workload"] is document.values["workload"]
    assert changed.values["batch"]["jobDefinitions"] is document.values["batch"]["jobDefinitions"]
    assert changed.values["batch"]["computeEnvironments"][0] is not document.values["batch"]["computeEnvironments"][0]
    assert changed.place(where) == ("--set", 0, 0)
    moved = {place for place in document.places if changed.places.get(place) != document.places[place]}
    assert moved == {where, (*where, "\0key")}


def test_changing_a_value_that_two_places_share_changes_one():
    # As a program makes scenarios, with one list for two environments.
    types = ["c6i.large"]
    shared = [environment(name, instanceTypes=types) for name in ("first", "second")]
    made = from_mapping(
        {
            "name": "shared",
            "batch": {
                "computeEnvironments": shared,
                "jobQueues": [queue("queue", "first", "second")],
                "jobDefinitions": [definition()],
            },
            "workload": [workflow(job())],
        }
    )
    changed = made.with_({"batch.computeEnvironments.first.computeResources.instanceTypes.0": "m6i.large"})
    offered = [[each.instance_type for each in every.offerings] for every in changed.configuration.environments]
    assert offered == [["m6i.large"], ["c6i.large"]]
    # The scenario is its own, whatever becomes of the list that it was made from.
    types[0] = "r6i.large"
    assert made.with_({"seed": 1}).configuration.environments[0].offerings[0].instance_type == "c6i.large"


def test_a_scenario_from_another_process_is_changed_alike():
    made = etl().with_({"seed": 7})
    assert made.checked.right.requests
    copied = pickle.loads(pickle.dumps(made))  # noqa: S301 (our own)
    assert "right" not in copied.checked.__dict__
    change = {"batch.jobQueues." + made.configuration.queues[0].name + ".priority": 7}
    assert outcome(lambda: copied.with_(change)) == outcome(lambda: made.with_(change))
    wrong = {"batch.jobQueues." + made.configuration.queues[0].name + ".priority": "seven"}
    assert outcome(lambda: copied.with_(wrong)) == outcome(lambda: made.with_(wrong)) != outcome(lambda: made)


def test_what_was_recorded_is_read_again(tmp_path):
    history = tmp_path / "prices.json"

    def record(usd):
        entry = {
            "InstanceType": "c6i.large",
            "AvailabilityZone": "us-east-1a",
            "SpotPrice": str(usd),
            "Timestamp": "2025-12-31T00:00:00Z",
        }
        history.write_text(json.dumps({"SpotPriceHistory": [entry]}), encoding="utf-8")

    def price(made):
        return made.configuration.environments[0].offerings[0].price_usd_per_hour

    record(0.03)
    made = scenario(
        environments=[environment(type="SPOT", instanceTypes=["c6i.large"])],
        settings={"spot": {"prices": {"history": "prices.json"}}},
        base=tmp_path,
    )
    record(0.04)
    assert (price(made), price(made.with_({"batch.jobQueues.queue.priority": 2}))) == (0.03, 0.04)


def test_a_variant_that_is_not_there_is_told_where_variants_are():
    with pytest.raises(bs.ScenarioError) as caught:
        etl().variant("right-size")
    (finding,) = caught.value.findings
    assert (finding.code, finding.suggestion) == ("unknown-variant", "right-sized")
    assert (finding.file, finding.line, finding.column) == etl().document.place(("variants",))
