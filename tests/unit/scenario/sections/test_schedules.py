"""A parameter that is a schedule: which values it takes, and what each makes of the scenario."""

from __future__ import annotations

import pytest

from batchsim.experiments.parameters import grid_of
from batchsim.scenario.loading import loads
from tests.builders import environment, queue, scenario
from tests.unit.scenario.sections.test_parameters import LINE, MAX, MIN, TEXT, fault

NIGHT = {"path": MIN, "outside": 0, "inside": 64, "from": "20:00", "until": "06:00"}
EVENING, MORNING = "0 20 * * *", "0 6 * * *"


def entries(name, inside, outside, begin, end, **zone):
    return [
        {"name": f"{name}-from", "cron": begin, **zone, "set": {MIN: inside}},
        {"name": f"{name}-until", "cron": end, **zone, "set": {MIN: outside}},
    ]


def searched(form, start="2026-11-02T12:00:00Z", section="search", **members):
    made = scenario(start=start, **{section: {"night": {"schedule": form}}}, **members)
    (parameter,) = getattr(made, section)
    return made, {value.label: dict(value.overrides) for value in parameter.values}


@pytest.mark.parametrize("section", ["search", "sweep"])
def test_a_schedule_is_two_updates_and_the_value_in_the_beginning(section):
    _, values = searched(NIGHT, section=section)
    assert values == {
        "64 from 20:00 to 06:00 else 0": {MIN: 0, "updates": entries("night", 64, 0, EVENING, MORNING)},
    }


@pytest.mark.parametrize(
    ("start", "zone", "begins"),
    [
        ("2026-11-02T19:59:00Z", "UTC", 0),
        ("2026-11-02T20:00:00Z", "UTC", 64),
        ("2026-11-03T00:00:00Z", "UTC", 64),
        ("2026-11-02T05:59:00Z", "UTC", 64),
        ("2026-11-02T06:00:00Z", "UTC", 0),
        # 19:30 UTC is 20:30 in Berlin.
        ("2026-11-02T19:30:00Z", "Europe/Berlin", 64),
    ],
)
def test_a_simulation_that_begins_at_night_begins_with_its_value(start, zone, begins):
    _, values = searched({**NIGHT, "timezone": zone}, start)
    (overrides,) = values.values()
    assert overrides[MIN] == begins
    assert [each.get("timezone", "UTC") for each in overrides["updates"]] == [zone, zone]


def test_a_day_is_between_two_times_too():
    day = {**NIGHT, "from": "08:00", "until": "18:00"}
    assert [values[MIN] for values in searched(day, "2026-11-02T12:00:00Z")[1].values()] == [64]
    assert [values[MIN] for values in searched(day, "2026-11-02T18:00:00Z")[1].values()] == [0]


def test_all_combinations_are_tried_and_a_value_alone_once():
    form = {**NIGHT, "outside": [0, 64], "inside": [64, 0], "from": ["18:00", "20:00"], "until": ["06:00", "20:00"]}
    _, values = searched(form)
    times = ["18:00 to 06:00", "18:00 to 20:00", "20:00 to 06:00"]  # from 20:00 to 20:00 is no time
    assert set(values) == {
        "0", "64", *(f"64 from {each} else 0" for each in times), *(f"0 from {each} else 64" for each in times)
    }  # fmt: skip
    assert values["64"] == {MIN: 64}


def test_other_updates_stay_and_its_own_are_replaced():
    other = {"at": "6h", "set": {MAX: 128}}
    fleet = [environment(maxvCpus=64)]
    made, values = searched({**NIGHT, "inside": [0, 64]}, updates=[other], environments=fleet)
    assert values["0"] == {MIN: 0, "updates": [other]}
    label = "64 from 20:00 to 06:00 else 0"
    assert values[label]["updates"] == [other, *entries("night", 64, 0, EVENING, MORNING)]
    # What was recommended may be searched again.
    again = scenario(
        start="2026-11-02T12:00:00Z",
        environments=fleet,
        updates=values[label]["updates"],
        search={"night": {"schedule": {**NIGHT, "inside": [0, 64]}}},
    )
    assert {value.label: dict(value.overrides) for value in again.search[0].values} == values
    assert made.with_(values[label]).updates.entries[1].name == "night-from"


def test_two_schedules_each_have_their_entries():
    spare = MIN.replace("fleet", "spare")
    made = scenario(
        environments=[environment(), environment("spare")],
        queues=[queue("queue", "fleet", "spare")],
        search={
            "night": {"schedule": NIGHT},
            "day": {"schedule": {**NIGHT, "path": spare, "inside": [0, 8], "from": "08:00", "until": "18:00"}},
        },
    )
    points = [point.overrides for point in grid_of(made, "search")]
    names = [[each["name"] for each in point["updates"]] for point in points]
    assert names == [["night-from", "night-until"], ["night-from", "night-until", "day-from", "day-until"]]
    varied = made.with_(points[1])
    assert [each.name for each in varied.updates.entries] == names[1]
    # And again, where both have been recommended.
    again = scenario(
        environments=[environment(), environment("spare")],
        queues=[queue("queue", "fleet", "spare")],
        updates=points[1]["updates"],
        search=made.document.values["search"],
    )
    assert [point.overrides["updates"] for point in grid_of(again, "search")] == [each["updates"] for each in points]


FORM = "path: PATH, outside: 0, inside: 64, from: '20:00', until: '06:00'".replace("PATH", MIN)


@pytest.mark.parametrize(
    ("text", "path", "what"),
    [
        (f"night: {{schedule: {{{FORM.replace('20:00', '24:00')}}}}}", "night.schedule.from", "is not a time of day"),
        (f"night: {{schedule: {{{FORM.replace('20:00', '06:00')}}}}}", "night", "no value to take"),
        (f"night: {{schedule: {{{FORM.replace('minvCpus', 'minvCpu')}}}}}", "night.schedule.path", "did you mean"),
        (f"night: {{schedule: {{{FORM}, timezone: Nowhere}}}}", "night.schedule.timezone", "is not a time zone"),
        (f"night: {{schedule: {{{FORM}, levels: 2}}}}", "night.schedule.levels", "unknown key"),
        (f"{MIN}: {{schedule: {{{FORM}}}}}", MIN, "has a path of its own"),
        (f"night: {{shedule: {{{FORM}}}}}", "night.shedule", "did you mean schedule"),
    ],
)
def test_a_fault_is_told_at_its_place(text, path, what):
    found = fault(f"  {text}", "search")
    assert what in str(found)
    assert found.path == f"search.{path}"
    assert found.line == LINE + 1


def test_a_path_is_varied_by_one_parameter():
    found = fault(f"  night: {{schedule: {{{FORM}}}}}\n  {MIN}: [0, 8]", "search")
    assert (found.code, found.path) == ("duplicate-path", f"search.{MIN}")
    found = fault(f"  night: {{schedule: {{{FORM}}}}}\n  updates: [[]]", "search")
    assert found.code == "duplicate-path"


def test_what_no_update_sets_is_no_schedule():
    text = FORM.replace(MIN, "batch.jobDefinitions.task.timeout.attemptDurationSeconds")
    found = fault(f"  night: {{schedule: {{{text}}}}}", "search")
    assert (found.code, found.path) == ("update-call", "search.night.schedule.path")
    assert loads(f"{TEXT}search:\n  night: {{schedule: {{{FORM}}}}}\n").search[0].name == "night"
