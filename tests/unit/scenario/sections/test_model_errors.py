"""pydantic's errors as sentences: what is wrong, what was expected, what was probably meant, and where."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import Field

from batchsim.scenario.document.document import parse
from batchsim.scenario.sections.model_errors import message_parts, validated
from batchsim.spec.fields import Seconds, Section


class Inner(Section):
    """A section in a section."""

    figure: float = 1.0
    word: Literal["none", "fitting"] = "none"


class Outer(Section):
    """A section with a bit of everything."""

    name: str
    inner: Inner = Inner()
    entries: Annotated[tuple[Inner, ...], Field(strict=False)] = ()
    wait_for: Seconds = 0.0
    least: Annotated[int, Field(ge=1)] = 1
    most: Annotated[float, Field(lt=10)] = 1.0


def findings(text, known=()):
    document, found = parse(text, "x.yaml"), []
    made = validated(Outer, document.values, (), document, found, known=known)
    assert (made is None) == bool(found)
    return found


def told(text, **more):
    (finding,) = findings(text, **more)
    return finding.code, finding.path, finding.message, finding.expected, finding.suggestion


def test_what_is_right_is_the_model():
    document = parse("{name: a, inner: {figure: 2}, waitFor: 5m}", "x")
    made = validated(Outer, document.values, (), document, [])
    assert made == Outer(name="a", inner=Inner(figure=2.0), wait_for=300.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{name: a, waitfor: 5m}", ("unknown-key", "waitfor", "unknown key", "", "waitFor")),
        (
            "{name: a, inner: {colour: 1}}",
            ("unknown-key", "inner.colour", "unknown key", "one of figure, word", ""),
        ),
        ("{inner: {}}", ("missing-key", "", "name is missing", "", "")),
        (
            "{name: a, inner: {word: fiting}}",
            (
                "unknown-word",
                "inner.word",
                "'fiting' is not one of the allowed words",
                "one of none, fitting",
                "fitting",
            ),
        ),
        (
            "{name: a, inner: {figure: .inf}}",
            ("not-finite", "inner.figure", "inf is not a figure", "a finite number", ""),
        ),
        ("{name: a, least: 0}", ("wrong-value", "least", "0 does not fit", "1 or more", "")),
        ("{name: a, most: 10}", ("wrong-value", "most", "10 does not fit", "less than 10", "")),
        ("{name: 7}", ("wrong-value", "name", "7 does not fit", "a valid string", "")),
        ("{name: [a]}", ("wrong-value", "name", "a list does not fit", "a valid string", "")),
        (
            "{name: a, inner: 3}",
            ("wrong-value", "inner", "3 does not fit", "a valid dictionary or instance of Inner", ""),
        ),
    ],
)
def test_each_kind_of_error_in_words(text, said):
    assert told(text) == said


def test_a_message_of_ours_is_cut_in_its_parts():
    assert told("{name: a, waitFor: 5 fortnights}")[2] == "'5 fortnights' is not a duration"
    assert message_parts("'5x' is no rate; expected arrivals; did you mean '5/h'?") == (
        "'5x' is no rate",
        "arrivals",
        "'5/h'",
    )
    assert message_parts("expected exactly one of at, every") == ("", "exactly one of at, every", "")


def test_other_keys_may_be_meant_at_the_top_only():
    assert told("{name: a, wrkload: []}", known=("workload",))[4] == "workload"
    assert told("{name: a, inner: {wrkload: []}}", known=("workload",))[4] == ""


def test_findings_stand_where_the_value_or_the_key_does():
    found = findings("name: a\nentries:\n  - {figure: 1}\n  - {figure: x, colour: 1}\n")
    assert [(finding.code, finding.line, finding.column) for finding in found] == [
        ("wrong-value", 4, 14),
        ("unknown-key", 4, 17),
    ]
    assert [finding.path for finding in found] == ["entries.1.figure", "entries.1.colour"]
