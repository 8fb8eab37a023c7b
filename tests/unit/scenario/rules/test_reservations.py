"""What is found of reservations and of those who use them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchsim.errors import ScenarioError
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.reservations import misused_reservations
from batchsim.spec.reservations import ReservationUse
from tests.builders import scenario

NIGHT = {"name": "night", "instanceType": "c6i.large", "zone": "us-east-1a", "instances": 2}
BLOCK = {**NIGHT, "name": "block", "kind": "capacity-block", "until": "24h", "price": 48.0}


def load(*reservations, **capacity):
    return scenario(settings={"capacity": {"reservations": list(reservations), **capacity}})


def found(made):
    return [(each.path.rpartition("reservations.")[2], each.severity, each.message) for each in made.warnings]


def refused(*reservations, **capacity):
    with pytest.raises(ScenarioError) as caught:
        load(*reservations, **capacity)
    (finding,) = [each for each in caught.value.findings if each.severity == "error"]
    return finding


def findings(use, *reservations):
    """What is found where the environment uses reservations so."""
    made = load(*reservations)
    environments = tuple(replace(each, reservation_use=use) for each in made.configuration.environments)
    configuration = replace(made.configuration, environments=environments)
    context = Context(made.document, catalog=made.catalog)
    return [(each.severity, each.message) for each in misused_reservations(context, configuration, made.environment)]


def test_one_that_is_used_is_no_news():
    assert found(load(NIGHT)) == []


def test_one_that_nothing_uses_is_paid_for():
    for terms in ({"instanceType": "m6i.large"}, {"zone": "us-east-1f"}, {"matching": "targeted"}):
        ((path, severity, message),) = found(load({**NIGHT, **terms}))
        assert (path, severity) == ("night", "warning")
        assert message.startswith("no compute environment uses night")


def test_times():
    assert "ends before it can be used" in refused({**NIGHT, "from": "2h", "until": "1h"}).message
    assert refused({**BLOCK, "until": "30m"}).expected == "more than 30 min after from"
    early = refused({**BLOCK, "from": "2025-12-31T00:00:00Z"})
    assert early.path.endswith("block.from")
    assert refused({**NIGHT, "until": "2025-12-31T00:00:00Z"}).expected == "after the scenario's start"
    # What began before is there from the start on.
    assert load({**NIGHT, "from": "2025-12-31T00:00:00Z"}).configuration.reservations[0].starts_at < 0


def test_a_block_that_ends_after_the_duration_is_paid_whole_all_the_same():
    def told(**members):
        made = scenario(settings={"capacity": {"reservations": [BLOCK]}}, **members)
        return [each.message for each in made.warnings if each.path.endswith("block.until")]

    assert told() == told(duration="24h") == []
    assert "whole price" in told(duration="12h")[0]


def test_the_quota_counts_what_is_reserved_at_one_time():
    # 2 x 2 vCPUs and 2 x 2 more.
    second = {**NIGHT, "name": "second", "from": "1h"}
    over = refused(NIGHT, second, accountvCpus={"EC2": 6})
    assert over.path.endswith("second.instances")
    assert "8 vCPUs" in over.message
    load(NIGHT, second, accountvCpus={"EC2": 8})
    load({**NIGHT, "until": "1h"}, second, accountvCpus={"EC2": 6})
    load(NIGHT, BLOCK, accountvCpus={"EC2": 4})


def test_targets_that_nobody_knows():
    ((severity, message),) = findings(ReservationUse(targets=("cr-1",)))
    assert severity == "error"
    assert "cr-1" in message
    group = "arn:aws:resource-groups:us-east-1:123456789012:group/night"
    ((severity, message),) = findings(ReservationUse(targets=(group,)))
    assert severity == "warning"
    assert "on demand" in message
    ((severity, _),) = findings(ReservationUse("only", (group,)))
    assert severity == "error"
    assert findings(ReservationUse("only", (group,)), {**NIGHT, "groups": [group]}) == []


def test_an_environment_of_reservations_only_needs_one():
    ((severity, message),) = findings(ReservationUse("only"))
    assert severity == "error"
    assert "none is of its types and zones" in message
    assert findings(ReservationUse("only"), NIGHT) == []
    assert findings(ReservationUse(targets=("block",)), BLOCK) == []


def test_prices_are_the_on_demand_rate_what_is_stated_or_the_blocks():
    (night,) = load(NIGHT).configuration.reservations
    assert night.usd_per_hour == 0.085
    # 48 USD for two instances and 24 hours.
    (block,) = load(BLOCK).configuration.reservations
    assert block.usd_per_hour == pytest.approx(1.0)
    stated = scenario(settings={"capacity": {"reservations": [NIGHT]}, "prices": {"overrides": {"c6i.large": 0.05}}})
    assert stated.configuration.reservations[0].usd_per_hour == 0.05
