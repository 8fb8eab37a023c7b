"""What updates make of a document, one after the other: its states, when each is first met, and what is found there.

The scenarios start on Monday, 2026-11-02, at midnight UTC.
"""

from __future__ import annotations

import pytest

from batchsim.errors import ScenarioError
from batchsim.scenario.updates.timeline import Timeline
from batchsim.units import DAY, HOUR
from tests.builders import environment, job, queue, scenario, workflow

RESOURCES = "batch.computeEnvironments.fleet.computeResources"
MIN = f"{RESOURCES}.minvCpus"
PRIORITY = "batch.jobQueues.queue.priority"
START = "2026-11-02T00:00:00Z"


def timeline(*updates, **members):
    made = scenario(start=START, updates=list(updates), **members)
    return Timeline(made.document, made.checked.updates, made.start, made.duration_s, made.horizon_s)


def steps(*updates, **members):
    """When, by which update, from which state to which."""
    return [(each.at, each.update.index, each.before, each.after) for each in timeline(*updates, **members).steps]


def levels(found):
    """minvCpus in each state."""
    fleets = (each.values["batch"]["computeEnvironments"][0] for each in found.documents)
    return [each["computeResources"]["minvCpus"] for each in fleets]


#: On working days 64 from eight to six, on Saturdays 16.
WEEK = (
    {"cron": "0 8 * * 1-5", "set": {MIN: 64}},
    {"cron": "0 18 * * *", "set": {MIN: 0}},
    {"cron": "0 8 * * 6", "set": {MIN: 16}},
)
#: Each step once, when it is first taken: on Sunday at six nothing changes any more.
OF_A_WEEK = [
    (8 * HOUR, 0, 0, 1),
    (18 * HOUR, 1, 1, 0),
    (5 * DAY + 8 * HOUR, 2, 0, 2),
    (5 * DAY + 18 * HOUR, 1, 2, 0),
    (6 * DAY + 18 * HOUR, 1, 0, 0),
]


@pytest.mark.parametrize("duration", [None, "1d", "60d"])
def test_a_week_has_three_states_however_long_it_is_looked_at(duration):
    members = {} if duration is None else {"duration": duration}
    assert steps(*WEEK, **members) == OF_A_WEEK
    assert levels(timeline(*WEEK, **members)) == [0, 64, 16]


@pytest.mark.parametrize(("horizon", "known"), [("8h", 0), ("8h1s", 1), ("5d8h", 2), ("6d", 4), ("7d", 5)])
def test_what_is_beyond_the_horizon_never_happens(horizon, known):
    assert steps(*WEEK, horizon=horizon) == OF_A_WEEK[:known]


def test_what_comes_once_a_month_is_met_though_nothing_else_changes():
    # The first of December is 29 days after the start, and further away than is looked ahead.
    monthly = {"cron": "0 0 1 * *", "set": {MIN: 32}}
    assert steps(monthly, duration="1d") == [(29 * DAY, 0, 0, 1), (60 * DAY, 0, 1, 1)]


def test_at_one_instant_updates_come_in_the_order_of_the_list():
    both = {"at": "1h", "set": {MIN: 8}}, {"at": "1h", "set": {MIN: 16}}
    assert steps(*both) == [(HOUR, 0, 0, 1), (HOUR, 1, 1, 2)]
    assert levels(timeline(*both)) == [0, 8, 16]
    # At others in the order of time.
    late, early = {"at": "2h", "set": {MIN: 8}}, {"at": "1h", "set": {MIN: 16}}
    assert steps(late, early) == [(HOUR, 1, 0, 1), (2 * HOUR, 0, 1, 2)]


def test_what_sets_a_value_that_is_there_changes_no_state():
    assert steps({"at": 60, "set": {MIN: 0}}) == [(60, 0, 0, 0)]
    assert steps({"at": 60, "cancel": {"jobQueue": "queue"}}) == [(60, 0, 0, 0)]


def test_instants_are_seconds_since_the_start_and_what_was_before_it_never_was():
    zoned = {"at": "2026-11-02T01:00:00+01:00", "set": {MIN: 8}}
    assert steps(zoned, {"at": "2026-11-01T23:59:59Z", "set": {MIN: 16}}) == [(0.0, 0, 0, 1)]
    # Eight o'clock in Berlin is seven of UTC in November.
    assert steps({"cron": "0 8 * * *", "timezone": "Europe/Berlin", "set": {MIN: 8}})[0][0] == 7 * HOUR


def told(*updates, **members):
    """Code, severity and message of what is found."""
    try:
        found = scenario(start=START, updates=list(updates), **members).warnings
    except ScenarioError as error:
        found = error.findings
    return [(each.code, each.severity, each.message) for each in found]


def test_a_state_of_the_weekend_is_looked_at_though_the_scenario_is_of_a_day():
    wrong = (*WEEK[:2], {"name": "saturday", "cron": "0 8 * * 6", "set": {MIN: 65}})
    said = "after the update saturday at 2026-11-07T08:00:00Z: minvCpus 65 is above maxvCpus 64"
    assert ("vcpu-bounds", "error", said) in told(*wrong, duration="1d")
    assert told(*wrong, horizon="5d8h") == [
        ("update-outside-run", "warning", "its first time is after the scenario's horizon: it never happens")
    ]


@pytest.mark.parametrize(
    ("entry", "is_told"),
    [
        ({"at": 0}, False),
        ({"at": START}, False),
        ({"at": "2026-11-01T23:59:59Z"}, True),
        ({"at": 7199}, False),
        ({"at": 7200}, True),
        ({"cron": "59 1 * * *"}, False),
        ({"cron": "0 2 * * *"}, True),
    ],
)
def test_an_update_is_within_the_run_from_its_first_second_to_its_last(entry, is_told):
    assert [code for code, _, _ in told({**entry, "set": {PRIORITY: 2}}, duration="2h")] == [
        "update-outside-run"
    ] * is_told


def test_what_an_update_disables_is_meant():
    assert told({"at": "1h", "set": {"batch.computeEnvironments.fleet.state": "DISABLED"}}) == []
    assert told({"at": "1h", "set": {"batch.jobQueues.queue.state": "DISABLED"}}) == []


def test_jobs_of_a_trace_may_have_any_name_and_its_queue_may_not():
    trace = {"trace": {"format": "csv", "path": "x.csv", "jobQueue": "queue", "jobDefinition": "task"}}
    entry = {"at": "1h", "terminate": {"jobName": "any", "workflow": "any"}}
    with pytest.raises(ScenarioError) as caught:
        scenario(trace, updates=[{"at": "1h", "cancel": {"jobQueue": "quue"}}])
    assert [(each.code, each.suggestion) for each in caught.value.findings] == [("update-jobs", "queue")]
    assert scenario(trace, updates=[entry]).updates.entries[0].action.job_name == "any"
    with pytest.raises(ScenarioError, match="there is no jobName 'any'"):
        scenario(updates=[entry])


def test_an_update_is_told_in_awss_words():
    made = scenario(
        workflow(job()),
        environments=[environment(), environment("spare")],
        queues=[queue("queue", "fleet", "spare")],
        updates=[
            {"at": "1h", "set": {f"{RESOURCES}.desiredvCpus": 4, "batch.computeEnvironments.spare.state": "DISABLED"}},
            {"at": "2h", "name": "late", "terminate": {"jobQueue": "queue", "jobName": "job", "reason": "too late"}},
            {"at": "3h", "cancel": {"workflow": "work"}},
            {"at": "4h", "set": {RESOURCES: {"minvCpus": 2, "instanceTypes": ["c6i.large", "m6i"]}}},
        ],
    )
    scaled, late, cancelled, both = made.updates.entries
    assert (
        scaled.what == "UpdateComputeEnvironment fleet: desiredvCpus 4; UpdateComputeEnvironment spare: state DISABLED"
    )
    assert (scaled.name, scaled.desired, scaled.action) == ("0", ("fleet",), None)
    assert (late.name, late.what, late.desired) == ("late", "TerminateJob jobQueue queue, jobName job", ())
    assert (late.action.call, late.action.reason, late.action.workflow) == ("TerminateJob", "too late", "")
    assert (cancelled.what, cancelled.action.call) == ("CancelJob workflow work", "CancelJob")
    # AWS wants a reason, whatever it is.
    assert cancelled.action.reason == "as scheduled"
    assert both.what == "UpdateComputeEnvironment fleet: minvCpus 2, instanceTypes [c6i.large, m6i]"
