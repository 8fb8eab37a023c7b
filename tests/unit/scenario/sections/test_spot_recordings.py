"""Recorded Spot markets, in the forms that people have them."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.scenario.document.document import Document
from batchsim.scenario.sections.spot_recordings import spot_prices, spot_trace
from batchsim.spec.configuration import SpotTrace
from batchsim.units import parse_instant

GAP = {"metadata": {"gap_seconds": 300}}


def read(tmp_path, content):
    path = tmp_path / "trace.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    findings = []
    found = spot_trace(path, Document({}), findings)
    return found, "\n".join(map(str, findings)).replace(str(tmp_path), "")


def test_the_published_form(tmp_path):
    # skypilot-org/spot-traces, README: data holds the number of available instances at each tick.
    found, told = read(tmp_path, {**GAP, "data": [4, 4, 4, 2, 2, 4, 4]})
    # Three ticks of 4, two of 2, two of 4.
    assert (found, told) == (SpotTrace((0.0, 3 * 300.0, 5 * 300.0), (4, 2, 4), 7 * 300.0), "")


def test_what_else_the_published_files_hold(tmp_path):
    # preemption/1-node/aws-04-19-2023: a list of prices beside the data.
    assert read(tmp_path, {**GAP, "data": [1, 0], "prices": [0.5, 0.6]})[0] == SpotTrace((0.0, 300.0), (1, 0), 600.0)
    # As a program with floats writes it, packed, with PowerShell's encoding.
    text = json.dumps({**GAP, "data": [1.0, 0.0]})
    assert read(tmp_path, gzip.compress(text.encode("utf-16")))[0] == SpotTrace((0.0, 300.0), (1, 0), 600.0)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 4)), min_size=1, max_size=6))
def test_both_forms_say_the_same(tmp_path_factory, runs):
    folder = tmp_path_factory.mktemp("trace")
    merged = [runs[0]]
    for count, ticks in runs[1:]:
        merged[-1:] = [(count, merged[-1][1] + ticks)] if merged[-1][0] == count else [merged[-1], (count, ticks)]
    data = [count for count, ticks in runs for _ in range(ticks)]
    assert read(folder, {**GAP, "data": data})[0] == read(folder, {**GAP, "runs": merged})[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({**GAP}, "neither data nor runs"),
        ({**GAP, "data": [1], "runs": [[1, 1]]}, "both data and runs"),
        ({**GAP, "data": []}, "data are not numbers of instances"),
        ({**GAP, "data": [1, -1]}, "one whole number of 0 or more a tick"),
        ({**GAP, "data": [1, 0.5]}, "data are not numbers"),
        ({**GAP, "data": [True]}, "data are not numbers"),
        ({**GAP, "data": ["1"]}, "data are not numbers"),
        ({**GAP, "data": [[4, 3]]}, "data are not numbers"),
        ({**GAP, "runs": [4, 3]}, "runs are not pairs"),
        ({**GAP, "runs": [[4, 0]]}, "runs are not pairs"),
        ({"data": [1]}, "no metadata.gap_seconds"),
        ({"metadata": {"gap_seconds": 0}, "data": [1]}, "metadata.gap_seconds is 0"),
        ([1, 2], "no metadata.gap_seconds"),
        ({**GAP, "data": [1], "more": "x" * 16_000_000}, "characters; expected 16,000,000 at most"),
        (b'{"a":1}{"b":2}', "2 JSON documents"),
        (b'{"a":\n', "trace.json:2: not JSON"),
        (b"", "the file is empty"),
    ],
)
def test_what_is_no_recording(tmp_path, content, said):
    found, told = read(tmp_path, content)
    assert found is None
    assert said in told


def test_the_published_files(shared_data):
    for path in sorted((shared_data / "spot_traces").glob("*.json")):
        content = json.loads(path.read_text())
        findings = []
        found = spot_trace(path, Document({}), findings)
        assert found.length_s == sum(ticks for _, ticks in content["runs"]) * content["metadata"]["gap_seconds"]
        assert findings == []


def test_price_histories_in_pages_and_bare(tmp_path):
    def price(hour, usd):
        at = f"2026-11-02T{hour:02}:00:00Z"
        return {"InstanceType": "c6i.large", "AvailabilityZone": "a", "SpotPrice": str(usd), "Timestamp": at}

    start = parse_instant("2026-11-02T00:00:00Z")
    expected = {"c6i.large": ((0.0, 0.03), (3600.0, 0.04))}
    first, second = price(0, 0.03), price(1, 0.04)
    path = tmp_path / "prices.json"
    for text in (
        json.dumps({"SpotPriceHistory": [first, second]}),
        json.dumps({"SpotPriceHistory": [first]}) + "\n" + json.dumps({"SpotPriceHistory": [second]}),
        json.dumps([{"SpotPriceHistory": [first]}, {"SpotPriceHistory": [second]}]),
        json.dumps([first, second]),
    ):
        path.write_text(text)
        assert spot_prices(path, start, Document({}), []) == expected
