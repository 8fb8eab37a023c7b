"""The wire format, read back by Google's own library."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import DebugAnnotation, TrackEvent

from batchsim.report.perfetto.protobuf import double, fixed64, integer, message, text, varint


@pytest.mark.parametrize(
    ("value", "encoded"),
    # The encoding guide's own example is 150.
    [(0, b"\x00"), (1, b"\x01"), (127, b"\x7f"), (128, b"\x80\x01"), (150, b"\x96\x01"), (16384, b"\x80\x80\x01")],
)
def test_a_varint_has_seven_bits_a_byte_the_lowest_first(value, encoded):
    assert varint(value) == encoded


@given(
    st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.text(st.characters()), st.integers(0, 2**64 - 1)
)
def test_all_kinds_of_fields_are_read_back(whole, number, words, flow):
    annotations = [DebugAnnotation.FromString(each) for each in (integer(4, whole), double(5, number), text(6, words))]
    assert [annotations[0].int_value, annotations[1].double_value] == [whole, number]
    # A lone surrogate is no text that UTF-8 has.
    assert annotations[2].string_value == words.encode("utf-8", "replace").decode()
    event = TrackEvent.FromString(fixed64(47, flow) + message(4, integer(4, whole), integer(1, 7)))
    assert list(event.flow_ids) == [flow]
    assert (event.debug_annotations[0].int_value, event.debug_annotations[0].name_iid) == (whole, 7)
