"""Windows as they are written."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from batchsim.report.perfetto.extent import parse_window

START = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "window"),
    [
        ("6h..12h", (21600, 43200)),
        ("90..1h30m", (90, 5400)),
        ("..1d", (0, 86400)),
        ("2d..", (172800, math.inf)),
        ("2026-11-02T06:00..2026-11-02T07:00+01:00", (21600, 21600 + 0)),
        ("2026-11-03..", (86400, math.inf)),
        ("2026-11-01T23:00..1h", (-3600, 3600)),
    ],
)
def test_a_window_is_two_ends(written, window):
    if window[0] == window[1]:
        with pytest.raises(ValueError, match="is empty"):
            parse_window(written, START)
    else:
        assert parse_window(written, START) == window


@pytest.mark.parametrize("written", ["", "..", "6h", "6h-12h", "12h..6h", "1x..2h", "2026-13-01..", "a..b"])
def test_anything_else_is_none(written):
    with pytest.raises(ValueError, match=r"window|duration|instant"):
        parse_window(written, START)
