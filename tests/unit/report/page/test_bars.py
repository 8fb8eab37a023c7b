"""Bars in parts: which are drawn, how long, and what is said of them beside the drawing."""

from __future__ import annotations

import re

from batchsim.report.page.bars import MOST_BARS, bar_chart
from batchsim.report.palette import BLUE, GREEN, ORANGE

COLOURS = {"useful": BLUE, "idle": ORANGE, "boot": GREEN}


def sizes(**given: float) -> dict[str, float]:
    return {name: given.get(name, 0.0) for name in COLOURS}


def chart(parts, **more):
    return bar_chart("Cost", parts, COLOURS, lambda usd: f"${usd:,.0f}", caption="Costs", heading="queue", **more)


def spans(drawn) -> list[tuple[float, float]]:
    """From where, and how wide, each part is, in percent."""
    found = []
    for rect in re.findall(r"<rect[^>]*>", str(drawn.drawing)):
        left, width = (re.search(rf'\b{name}="([\d.]+)%"', rect) for name in ("x", "width"))
        found.append((float(left[1]), float(width[1])))
    return found


def test_all_bars_are_on_one_scale_and_parts_stand_beside_each_other():
    # The longest is 80: 60 + 20; the other 40 + 0.
    drawn = chart({"urgent": sizes(useful=60, idle=20), "nightly": sizes(useful=40)})
    assert spans(drawn) == [(0.0, 75.0), (75.0, 25.0), (0.0, 50.0)]


def test_a_name_stands_above_its_bar_with_the_sum_or_what_is_told_instead():
    drawn = chart({"urgent": sizes(useful=60, idle=20), "nightly": sizes(useful=40)}, told={"nightly": "$40 in 3 runs"})
    assert "urgent: $80</text>" in str(drawn.drawing)
    assert "nightly: $40 in 3 runs</text>" in str(drawn.drawing)
    assert 'aria-label="Cost. urgent: $80; nightly: $40."' in str(drawn.drawing)


def test_colours_that_no_bar_has_are_not_in_the_legend():
    several = chart({"urgent": sizes(useful=60), "nightly": sizes(idle=1)})
    assert [(key.name, key.value) for key in several.keys] == [("useful", ""), ("idle", "")]
    # Of one bar the legend has the sizes.
    assert [(key.name, key.value) for key in chart({"urgent": sizes(useful=60, idle=5)}).keys] == [
        ("useful", "$60"),
        ("idle", "$5"),
    ]


def test_what_is_nothing_is_not_drawn_and_stands_in_the_table():
    drawn = chart({"urgent": sizes(useful=60), "quiet": sizes()})
    assert len(spans(drawn)) == 1
    assert "quiet" not in str(drawn.drawing)
    assert [row[0].text for row in drawn.table.rows] == ["urgent", "quiet"]
    assert [cell.text for cell in drawn.table.rows[1]] == ["quiet", "$0", "$0", "$0", "$0"]


def test_of_many_the_largest_are_drawn_and_how_many_are_not_is_said():
    parts = {f"queue{n}": sizes(useful=float(n)) for n in range(1, MOST_BARS + 4)}
    drawn = chart(parts, note="In USD.")
    # 1 to 15, of which the twelve largest are 4 to 15.
    assert [n for n in range(1, MOST_BARS + 4) if f"queue{n}: " in str(drawn.drawing)] == list(range(4, MOST_BARS + 4))
    assert drawn.note == "The 12 largest are drawn, 3 are left out; the table below has all. In USD."
    assert len(drawn.table.rows) == MOST_BARS + 3


def test_where_nothing_was_spent_nothing_is_drawn():
    drawn = chart({"quiet": sizes()})
    assert spans(drawn) == []
    assert list(drawn.keys) == []
