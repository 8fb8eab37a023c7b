"""From requests to the configuration that is run: AWS's defaults, references, orders, and prices that are lacking."""

from __future__ import annotations

import json

import pytest

import batchsim as bs
from batchsim.scenario.loading import from_mapping, loads
from batchsim.spec.configuration import SavingsPlan, TimeLimit
from batchsim.spec.fair_share import FairShare
from tests.builders import environment, job, queue, scenario, workflow

ARN = "arn:aws:batch:us-east-1:123456789012"
LIMIT = {"reason": "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY", "state": "RUNNABLE", "action": "CANCEL"}
SHARES = [{"shareIdentifier": "blue", "weightFactor": 0.25}, {"shareIdentifier": "red*"}]


def with_batch(**lists):
    """A scenario with other lists in its ``batch:`` section."""
    values = scenario().document.values
    return from_mapping({**values, "batch": {**values["batch"], **lists}})


def fair(**policy):
    """What the queue has of a fair-share policy."""
    made = with_batch(
        jobQueues=[queue(), {**queue("shared"), "schedulingPolicyArn": f"{ARN}:scheduling-policy/shares"}],
        schedulingPolicies=[{"name": "shares", **policy}],
    )
    assert made.configuration.queues[0].fair_share is None
    return made.configuration.queues[1].fair_share


def found(**members):
    with pytest.raises(bs.ScenarioError) as caught:
        scenario(**members)
    return caught.value.findings


def test_environments_are_in_the_order_that_is_stated_and_not_in_that_of_the_list():
    order = [("third", 30), ("first", 1), ("second", 2)]
    entries = [{"order": number, "computeEnvironment": name} for name, number in order]
    entries[1]["computeEnvironment"] = f"{ARN}:compute-environment/first"
    made = scenario(
        environments=[environment(name) for name in ("second", "third", "first")],
        queues=[{**queue(), "computeEnvironmentOrder": entries}],
    )
    assert made.configuration.queues[0].environments == ("first", "second", "third")
    assert [each.name for each in made.configuration.environments] == ["second", "third", "first"]


def test_a_queue_leaves_out_what_aws_has_a_default_for():
    made = scenario(
        workflow(job(jobQueue="plain")),
        queues=[
            queue("plain", priority=7),
            {**queue("closed"), "state": "DISABLED", "jobStateTimeLimitActions": [{**LIMIT, "maxTimeSeconds": 600}]},
        ],
    )
    plain, closed = made.configuration.queues
    assert (plain.priority, plain.enabled, plain.fair_share, plain.time_limits) == (7, True, None, ())
    assert (closed.enabled, closed.time_limits) == (False, (TimeLimit(LIMIT["reason"], 600.0),))


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        # API FairsharePolicy: 0, and nothing, is the default window of 600 s.
        ({"fairsharePolicy": {}}, FairShare(600.0, 0, ())),
        ({"fairsharePolicy": {"shareDecaySeconds": 0}}, FairShare(600.0, 0, ())),
        ({"fairsharePolicy": {"shareDecaySeconds": 3600, "computeReservation": 25}}, FairShare(3600.0, 25, ())),
        # API ShareAttributes.weightFactor: 1.0 where it is not stated.
        ({"fairsharePolicy": {"shareDistribution": SHARES}}, FairShare(600.0, 0, (("blue", 0.25), ("red*", 1.0)))),
    ],
)
def test_a_fair_share_policy_and_its_defaults(policy, expected):
    assert fair(**policy) == expected


def test_consumables_are_replenished_unless_they_are_said_not_to_be():
    plain, spent = with_batch(
        consumableResources=[
            {"consumableResourceName": "licence", "totalQuantity": 5},
            {"consumableResourceName": "token", "totalQuantity": 9, "resourceType": "NON_REPLENISHABLE"},
        ]
    ).configuration.consumables
    assert (plain.name, plain.total, plain.replenishable) == ("licence", 5, True)
    assert (spent.name, spent.total, spent.replenishable) == ("token", 9, False)


def test_a_savings_plan_is_that_of_the_environment():
    assert scenario().configuration.savings_plan is None
    stated = scenario(settings={"prices": {"savingsPlan": {"usdPerHour": 2.5, "discount": 0.3}}})
    assert stated.configuration.savings_plan == SavingsPlan(2.5, 0.3)


def test_a_changed_copy_has_the_prices_of_what_it_is_changed_to():
    made = scenario()
    limit = made.with_(maxvCpus=8)
    assert limit.market is made.market
    # Frankfurt has its own; a stated one is paid wherever it is.
    price = {"region": "eu-central-1"}, {"environment.prices.overrides": {"c6i.large": 0.5}}
    elsewhere, stated = (made.with_(each) for each in price)
    assert [
        each.configuration.environments[0].offerings[0].price_usd_per_hour for each in (limit, elsewhere, stated)
    ] == [0.085, 0.097, 0.5]


def test_a_price_that_is_lacking_is_told_of_each_environment():
    # A region that the catalog lacks, where one type has a stated price and nothing else has.
    findings = found(
        environments=[environment("first"), environment("second")],
        region="mx-central-9",
        settings={"prices": {"overrides": {"c6i.large": 0.1}}},
    )
    lacking = [each for each in findings if each.code == "not-in-catalog"]
    assert [each.path for each in lacking] == ["batch.computeEnvironments.first", "batch.computeEnvironments.second"]
    assert all("gp3: {gbMonth: USD" in each.expected for each in lacking)


def history(tmp_path, *types, at="2025-12-31T00:00:00Z"):
    entries = [
        {"InstanceType": each, "AvailabilityZone": "us-east-1a", "SpotPrice": "0.03", "Timestamp": at} for each in types
    ]
    (tmp_path / "prices.json").write_text(json.dumps({"SpotPriceHistory": entries}), encoding="utf-8")
    return {"spot": {"prices": {"history": "prices.json"}}}


def test_a_type_whose_price_was_not_recorded_at_the_start_is_told_where_types_are_listed(tmp_path):
    listed = environment(type="SPOT", instanceTypes=["c6i.large", "m6i.large"])
    settings = history(tmp_path, "c6i.large")
    (finding,) = found(environments=[listed], settings=settings, base=tmp_path)
    assert finding.path == "batch.computeEnvironments.fleet.computeResources.instanceTypes"
    assert finding.message == "the recorded Spot prices have none at the start for m6i.large"
    # Stated, it needs no recording; a price from a second after the start is none at the start.
    stated = {**settings, "prices": {"overrides": {"m6i.large": {"spot": 0.04}}}}
    made = scenario(environments=[listed], settings=stated, base=tmp_path)
    assert [each.price_usd_per_hour for each in made.configuration.environments[0].offerings] == [0.03, 0.04]
    late = history(tmp_path, "c6i.large", "m6i.large", at="2026-01-01T00:00:01Z")
    (finding,) = found(environments=[listed], settings=late, base=tmp_path)
    assert finding.message.endswith("c6i.large, m6i.large")


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"spot": {"prices": {"history": "none.json"}}}, "environment.spot.prices.history"),
        ({"spot": {"interruptions": {"trace": "none.json"}}}, "environment.spot.interruptions.trace"),
    ],
)
def test_a_recording_that_is_not_there_is_the_only_thing_told(tmp_path, settings, path):
    (finding,) = found(environments=[environment(type="SPOT")], settings=settings, base=tmp_path)
    assert (finding.code, finding.path) == ("trace", path)


def test_findings_are_placed_by_their_path_or_at_the_entry_that_they_are_about():
    made = loads(scenario().to_yaml())
    entry = ("workload", 0)
    named, lost, bare, elsewhere = (
        bs.Finding("code", path, "message", file=file)
        for path, file in (("batch.jobQueues.queue", ""), ("batch.jobQueues.other", ""), ("", ""), ("seed", "jobs.csv"))
    )
    placed = made.placed([named, lost, bare, elsewhere], entry)
    of_queue, of_entry = made.document.place(("batch", "jobQueues", 0)), made.document.place(entry)
    assert of_queue != of_entry
    assert [(each.file, each.line, each.column) for each in placed] == [
        of_queue,
        of_entry,
        of_entry,
        ("jobs.csv", 0, 0),
    ]
    # Where there is no entry either, it is the file's.
    (alone,) = made.placed([bare])
    assert (alone.file, alone.line) == ("<text>", 0)
