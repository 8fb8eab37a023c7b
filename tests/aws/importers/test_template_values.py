"""Texts with holes: joined, split where a hole can't hide a delimiter, and what is missing in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.aws.importers.template_values import (
    FAULTY,
    MOST_CHARACTERS,
    TooLongError,
    Unresolved,
    hole,
    joined,
    split,
    text_of,
)

ACCOUNT = hole("the account is not known", "--parameter A=VALUE", digits=True)
NAME = hole("the name is not known")


def shape(value: str | Unresolved) -> str:
    """A value with its holes as an underscore."""
    parts = value.parts if isinstance(value, Unresolved) else (value,)
    return "".join(part if isinstance(part, str) else "_" for part in parts)


def test_texts_join_to_one_and_holes_stay():
    assert joined(["a", "", "b"]) == "ab"
    assert joined([]) == ""
    arn = joined(["arn:", ACCOUNT, ":queue/", "", NAME])
    assert isinstance(arn, Unresolved)
    assert shape(arn) == "arn:_:queue/_"
    assert arn.parts[0] == "arn:"
    assert (arn.why, arn.remedy) == ("the account is not known; the name is not known", "--parameter A=VALUE")


def test_the_same_hole_twice_is_missing_once():
    twice = joined([ACCOUNT, "-", ACCOUNT])
    assert isinstance(twice, Unresolved)
    assert len(twice.holes) == 1
    assert twice.why == "the account is not known"


def test_a_fault_makes_the_whole_text_a_fault():
    assert joined(["a", FAULTY, "b"]) is FAULTY
    assert FAULTY.reported
    assert not ACCOUNT.reported


def test_a_text_may_have_so_many_characters_and_no_more():
    assert len(str(joined(["x" * MOST_CHARACTERS]))) == MOST_CHARACTERS
    with pytest.raises(TooLongError):
        joined(["x" * MOST_CHARACTERS, "y"])


def test_a_hole_of_digits_hides_no_delimiter_of_signs():
    arn = joined(["arn:", ACCOUNT, ":queue/q"])
    assert [shape(piece) for piece in split(":", arn)] == ["arn", "_", "queue/q"]
    assert split("/", arn)[1] == "q"


@pytest.mark.parametrize(("delimiter", "value"), [("1", joined(["a1", ACCOUNT])), ("-", joined(["a-", NAME]))])
def test_what_may_hide_a_delimiter_is_not_split(delimiter, value):
    assert split(delimiter, value) is value


@given(st.lists(st.text("ab:", max_size=3), min_size=1, max_size=5))
def test_split_pieces_joined_again_are_the_text(texts):
    value = joined([each for text in texts for each in (text, ACCOUNT)])
    pieces = split(":", value)
    again = joined([each for piece in pieces for each in (":", piece)][1:])
    assert shape(again) == shape(value)
    assert len(pieces) == shape(value).count(":") + 1


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), (True, "true"), (3, "3"), (3.0, "3"), (0.5, "0.5"), (None, None), ([], None), ({}, None)],
)  # fmt: skip
def test_the_text_of_a_scalar(value, text):
    assert text_of(value) == text


def test_what_is_missed_is_missed_where_it_is_used():
    (missed,) = ACCOUNT.at(("Resources", "Queue")).holes
    assert missed.where == ("Resources", "Queue")
    assert missed.why == "the account is not known"
