from __future__ import annotations

import copy
import gzip
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import batchsim as bs
import batchsim.scenario.document.document as reading
from batchsim.scenario.document.document import parse, read
from batchsim.scenario.document.overrides import apply, parse_value
from batchsim.scenario.loading import from_mapping
from tests.builders import definition, environment, job, queue, unmanaged, workflow

TEXT = """\
no: yes
clock: 12:30
million: 1e6
quoted: "7"
day: 2026-11-02
octal: 0o17
nothing: ~
list:
  - {name: first, size: 1}
  - {name: se.cond, size: 2}
"""


def test_yaml_means_what_a_person_thinks():
    values = parse(TEXT, "x").values
    assert values["no"] == "yes"
    assert values["clock"] == "12:30"
    assert values["million"] == 1e6
    assert values["quoted"] == "7"
    assert values["day"] == "2026-11-02"
    assert values["octal"] == 15
    assert values["nothing"] is None


def test_places_and_paths_go_by_name():
    document = parse(TEXT, "x")
    assert document.place(("list", 1, "size")) == ("x", 10, 27)
    assert document.path(("list", 0, "size")) == "list.first.size"


def test_overrides_find_things_by_name_even_with_dots():
    document = apply(
        parse(TEXT, "x"), [("list.se.cond.size", 3), ("list.0.size", 5), ("new.deep.key", 1)], ("--set", 0, 0)
    )
    assert [item["size"] for item in document.values["list"]] == [5, 3]
    assert document.values["new"] == {"deep": {"key": 1}}
    assert document.place(("list", 1, "size")) == ("--set", 0, 0)


@pytest.mark.parametrize(
    ("path", "near"), [("lst.first.size", "list.first.size"), ("list.frst.size", "list.first.size")]
)
def test_a_path_that_leads_nowhere_is_a_finding(path, near):
    with pytest.raises(bs.ScenarioError) as caught:
        apply(parse(TEXT, "x"), [(path, 1)], ("--set", 0, 0))
    assert caught.value.findings[0].suggestion == near


@pytest.mark.parametrize(
    ("text", "value"), [("64", 64), ("0.5", 0.5), ("true", True), ("[a, b]", ["a", "b"]), ("8m", "8m")]
)
def test_values_of_the_command_line_are_yaml(text, value):
    assert parse_value(text) == value


def test_aliases_are_bounded():
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    for previous, name in zip("abcdef", "bcdefg", strict=True):
        bomb += f"{name}: &{name} [{', '.join([f'*{previous}'] * 10)}]\n"
    with pytest.raises(bs.ScenarioError, match=r"x:\d+:\d+: \[too-large\] aliases repeat more than 200,000 values"):
        parse(bomb, "x")


@given(st.text(max_size=200))
def test_any_text_is_a_document_or_a_finding(text):
    try:
        document = parse(text, "x")
    except bs.ScenarioError as error:
        assert all(finding.file == "x" for finding in error.findings)  # noqa: PT017 (either is right)
    else:
        assert isinstance(document.values, dict)


def places(value, done=()):
    """Every place in a document."""
    if done:
        yield done
    for step in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[step], (*done, step))


@given(data=st.data())
@settings(max_examples=300)
def test_any_value_anywhere_is_findings_not_a_traceback(data):
    values = copy.deepcopy(EVERYTHING)
    where = data.draw(st.sampled_from(sorted(places(values), key=str)))
    value = data.draw(
        st.sampled_from([None, -1, 0, math.nan, math.inf, "x", "", [], {}, True, 1e308, [None], {"a": 1}, 10**30])
    )
    container = values
    for step in where[:-1]:
        container = container[step]
    container[where[-1]] = value
    try:
        from_mapping(values)
    except bs.ScenarioError as error:
        assert error.findings  # noqa: PT017 (either is right)


EVERYTHING = {
    "name": "everything",
    "region": "us-east-1",
    "start": "2026-11-02",
    "duration": "1d",
    "seed": 1,
    "batch": {
        "computeEnvironments": [
            environment("fleet", bidPercentage=80, type="SPOT", allocationStrategy="SPOT_CAPACITY_OPTIMIZED"),
            environment("tasks", type="FARGATE"),
            unmanaged(4),
        ],
        "jobQueues": [queue("queue", "fleet"), queue("small", "tasks")],
        "jobDefinitions": [
            definition(
                retryStrategy={"attempts": 2, "evaluateOnExit": [{"onReason": "*", "action": "EXIT"}]},
                timeout={"attemptDurationSeconds": 60},
            ),
            definition("small", vcpus="0.25", memory="512", platformCapabilities=["FARGATE"]),
        ],
    },
    "workload": [
        workflow(
            job("a", {"lognormal": {"median": 60, "p95": 90}}, arrayProperties={"size": 2}),
            job("b", dependsOn=[{"jobName": "a"}], failure={"probability": 0.1, "exitCode": 2, "after": "1m"}),
            job("c", jobQueue="small", jobDefinition="small"),
            arrivals={"poisson": {"rate": 2, "profile": {"dayOfWeek": [1] * 7}}, "jitter": "1m"},
        ),
        {"trace": {"format": "csv", "path": "x.csv", "jobQueue": "queue", "jobDefinition": "task"}},
    ],
    "environment": {
        "scheduler": {"scaleDownIdle": {"uniform": {"min": 1, "max": 2}}},
        "image": {"jobDefinitions": {"task": {"size": "1GiB"}}},
        "spot": {"interruptions": {"ratePerHour": 0.1}, "prices": {"discount": 0.5}},
        "prices": {"overrides": {"c6i.large": 0.1}},
    },
    "variants": {"more": {"seed": 2}},
    "objectives": ["p95(queue_time, jobQueue=queue) <= 10m", "minimise cost"],
}


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-8-sig"),
        lambda text: gzip.compress(text.encode()),
        lambda text: text.replace("\n", "\r\n").encode(),
    ],
)
def test_a_scenario_is_read_as_editors_and_shells_leave_it(tmp_path, encode):
    path = tmp_path / "x.yaml"
    path.write_bytes(encode(TEXT + 'place: "Zürich"\ntext: |\n  one\n  two\n'))
    plain = parse(TEXT + 'place: "Zürich"\ntext: |\n  one\n  two\n', "x")
    found = read(path, "x")
    assert found.values == plain.values
    assert found.places == plain.places


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("name: café".encode("latin-1"), "not UTF-8 text (byte 9)"),
        (b"PK\x03\x04rest", "a zip archive"),
        (b"\x1f\x8bno", "truncated or damaged"),
    ],
)
def test_what_is_no_text_is_told_by_what_it_is(tmp_path, content, said):
    path = tmp_path / "x.yaml"
    path.write_bytes(content)
    with pytest.raises(bs.ScenarioError) as caught:
        bs.load(path)
    (finding,) = caught.value.findings
    assert (finding.code, finding.file) == ("unreadable", str(path))
    assert said in finding.message


def test_characters_that_json_escapes_in_two_halves_are_one():
    values = parse(r'{"name": "\ud83d\ude00", "\ud83d\ude00": "\ud800"}', "x").values
    assert values == {"name": "\U0001f600", "\U0001f600": "\ufffd"}


def test_long_json_is_read_without_places(monkeypatch):
    text = '{"name": "a", "list": [1, 2.5, null]}'
    assert parse(text, "x").place(("list", 0)) == ("x", 1, 24)
    monkeypatch.setattr(reading, "MOST_CHARACTERS_WITH_PLACES", len(text) - 1)
    read_fast = parse(text, "x")
    assert read_fast.values == {"name": "a", "list": [1, 2.5, None]}
    assert read_fast.place(("list", 0)) == ("x", 1, 1)
    with pytest.raises(bs.ScenarioError, match=r"x:1: \[syntax\] 2 JSON documents"):
        parse(text * 2, "x")


def test_a_key_that_comes_twice_in_long_json_is_a_fault_too(monkeypatch):
    text = '{"seed": 1, "list": [{"size": 1, "size": 2}, {"size": 3, "size": 4}], "seed": 2, "size": 5}'
    monkeypatch.setattr(reading, "MOST_CHARACTERS_WITH_PLACES", len(text) - 1)
    with pytest.raises(bs.ScenarioError) as caught:
        parse(text, "x")
    assert [(each.code, each.path, each.file, each.line) for each in caught.value.findings] == [
        ("duplicate-key", "size", "x", 1),
        ("duplicate-key", "seed", "x", 1),
    ]
    # In two mappings it comes once each.
    assert parse('{"a": {"size": 1}, "b": {"size": 2}}' + " " * len(text), "x").values["b"] == {"size": 2}


def test_yaml_that_would_take_minutes_is_refused(monkeypatch):
    monkeypatch.setattr(reading, "MOST_CHARACTERS", 20)
    assert parse("name: a\n" + "#" * 12, "x").values == {"name": "a"}
    with pytest.raises(
        bs.ScenarioError, match=r"x: \[too-large\] 21 characters of YAML.*; expected 20 at most, or JSON"
    ):
        parse("name: a\n" + "#" * 13, "x")


def test_a_character_that_yaml_does_not_allow_has_its_place():
    with pytest.raises(bs.ScenarioError, match=r"x:2:5: \[syntax\] unacceptable character #x000e"):
        parse("a: 1\nb: x\x0ey\n", "x")
