"""Drawings: where a level, an instant and a bar are in pixels, worked by hand."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.report.page import svg
from batchsim.report.page.scales import Scale, Tick
from batchsim.report.page.thinning import COLUMNS
from batchsim.report.palette import BLUE, RED

#: An axis from 0 to 10, and one that does not begin at 0.
TO_TEN = Scale(0.0, 10.0)
FROM_TWENTY = Scale(20.0, 40.0)
#: 960 seconds: a column of the drawing for each.
WINDOW = (0.0, 960.0)


def curve(*steps):
    at, level = zip(*steps, strict=True)
    return np.array(at, float), np.array(level, float)


def commands(path):
    """A path's commands: letter and numbers."""
    return [
        (letter, *(float(number) for number in numbers.split()))
        for letter, numbers in re.findall(r"([MHVZ])([-\d. ]*)", path)
    ]


def levels_at(path, columns):
    """The height of a path of steps at some columns, read as a browser draws it."""
    x, y, corners = 0.0, 0.0, []
    for letter, *numbers in commands(path):
        if letter == "M":
            x, y = numbers
        elif letter == "H":
            (x,) = numbers
        elif letter == "V":
            (y,) = numbers
        corners.append((x, y))
    return [next(y for x, y in reversed(corners) if x <= column) for column in columns]


class TestSteps:
    """The path of a step function."""

    def test_it_goes_along_to_an_instant_and_then_up_to_the_next_level(self):
        # Of 220 pixels a level of 5 of 10 is in the middle, 110 from above, and 10 is at the top.
        found = commands(svg.step_path(curve((0, 0), (240, 5), (480, 10)), WINDOW, TO_TEN))
        assert found == [("M", 0, 220), ("H", 240), ("V", 110), ("H", 480), ("V", 0), ("H", COLUMNS)]

    def test_what_is_between_columns_is_drawn_to_a_tenth(self):
        found = commands(svg.step_path(curve((0, 1), (100.26, 2)), WINDOW, TO_TEN))
        assert found == [("M", 0, 198), ("H", 100.3), ("V", 176), ("H", COLUMNS)]

    def test_a_window_is_stretched_over_all_columns(self):
        # Of 100 s from second 50 on, second 75 is a quarter.
        found = commands(svg.step_path(curve((50, 10), (75, 0)), (50.0, 150.0), TO_TEN))
        assert found == [("M", 0, 0), ("H", COLUMNS / 4), ("V", 220), ("H", COLUMNS)]

    def test_levels_are_between_the_ends_of_an_axis_that_does_not_begin_at_zero(self):
        # 30 is half of the way from 20 to 40.
        found = commands(svg.step_path(curve((0, 20), (480, 30)), WINDOW, FROM_TWENTY, 100))
        assert found == [("M", 0, 100), ("H", 480), ("V", 50), ("H", COLUMNS)]

    def test_two_steps_in_one_place_are_one_line_up(self):
        found = commands(svg.step_path(curve((0, 0), (480, 3), (480.01, 7)), WINDOW, TO_TEN, 100))
        assert found == [("M", 0, 100), ("H", 480), ("V", 70), ("V", 30), ("H", COLUMNS)]

    @given(
        st.lists(st.integers(1, 959), max_size=10, unique=True),
        st.lists(st.integers(0, 10), min_size=11, max_size=11),
        st.sampled_from([40, 110, 220]),
    )
    def test_at_every_column_it_is_as_high_as_the_level_there(self, instants, levels, height):
        at = [0, *sorted(instants)]
        steps = curve(*zip(at, levels, strict=False))
        columns = [each + 0.5 for each in range(0, 960, 7)]
        drawn = levels_at(svg.step_path(steps, WINDOW, TO_TEN, height), columns)
        expected = [levels[sum(each <= column for each in at) - 1] for column in columns]
        assert drawn == pytest.approx([height * (10 - level) / 10 for level in expected], abs=0.05)

    @given(st.sampled_from([60, 110, 220, 400]), st.floats(0, 10))
    def test_line_area_and_level_are_at_one_height_whatever_the_drawing_s(self, height, level):
        flat = curve((0, level))
        _, top = commands(re.search(r' d="([^"]*)"', str(svg.step_line(flat, WINDOW, TO_TEN, BLUE, height)))[1])[0][1:]
        area = commands(re.search(r' d="([^"]*)"', str(svg.area(flat, WINDOW, TO_TEN, BLUE, height)))[1])
        line = re.search(r'y1="([\d.]+)" y2="([\d.]+)"', str(svg.level_line(level, TO_TEN, BLUE, height)))
        assert area[0][2] == top
        assert line[1] == line[2]
        assert float(line[1]) == pytest.approx(top, abs=0.11)  # each is rounded to a tenth
        assert top == pytest.approx(height - height * level / 10, abs=0.051)


class TestAreas:
    """What is below a step function."""

    def path(self, *steps, height=220):
        return re.search(r' d="([^"]*)"', str(svg.area(curve(*steps), WINDOW, TO_TEN, BLUE, height)))[1]

    def test_it_is_closed_along_the_bottom(self):
        assert commands(self.path((0, 5), (480, 10), height=100)) == [
            *[("M", 0, 50), ("H", 480), ("V", 0), ("H", COLUMNS)],
            *[("V", 100), ("H", 0), ("Z",)],
        ]

    @given(st.lists(st.tuples(st.integers(1, 100), st.integers(0, 10)), min_size=1, max_size=9))
    def test_its_size_is_the_function_s_integral(self, pieces):
        # In a drawing of 10 pixels a level is as many pixels high, and a second is a column wide.
        lengths, levels = zip(*pieces, strict=True)
        begins = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        path = self.path(*zip(begins, levels, strict=True), height=10)
        columns = np.arange(960) + 0.5
        drawn = 10 - np.array(levels_at(path.removesuffix("V10H0Z"), columns))
        last = 960 - int(begins[-1])
        assert drawn.sum() == pytest.approx(sum(a * b for a, b in pieces[:-1]) + last * levels[-1])

    @pytest.mark.parametrize(("apart", "dense"), [(2.9, True), (3.0, False), (40.0, False)])
    def test_one_whose_steps_are_close_to_each_other_has_no_edge(self, apart, dense):
        steps = [(number * apart, number % 2) for number in range(20)]
        drawn = str(svg.area(curve(*steps), WINDOW, TO_TEN, BLUE))
        assert (" dense" in drawn) is dense

    def test_one_without_a_step_has_an_edge(self):
        assert " dense" not in str(svg.area(curve((0, 3)), WINDOW, TO_TEN, BLUE))


class TestAxes:
    """What is written beside a drawing."""

    AXIS = Scale(0.0, 4.0, (Tick(0.0, "0"), Tick(0.25, "1"), Tick(0.5, "2", is_minor=True), Tick(1.0, "4")))

    def drawn(self, **how):
        return str(svg.drawing("What it shows", self.AXIS, self.AXIS, **how))

    def test_levels_are_written_where_they_are_drawn(self):
        # From above: 0 at the bottom of 200 pixels, a quarter of the way up at 150, the top at 0.
        written = re.findall(r'class="upright" x="-8" y="([\d.]+)" dy="0.32em">([^<]*)<', self.drawn(height=200))
        assert written == [("200", "0"), ("150", "1"), ("100", "2"), ("0", "4")]
        lines = re.findall(r'class="grid" x2="100%" y1="([\d.]+)" y2="([\d.]+)"', self.drawn(height=200))
        assert lines == [(each, each) for each in ("200", "150", "100", "0")]

    def test_instants_are_written_below_it_those_at_the_ends_kept_inside(self):
        written = re.findall(r'class="along([^"]*)" x="([\d.]+)%" y="(\d+)">([^<]*)<', self.drawn(height=200))
        assert written == [
            *[(" first", "0", "219", "0"), ("", "25", "219", "1")],
            *[(" minor", "50", "219", "2"), (" last", "100", "219", "4")],
        ]
        ticks = re.findall(r'class="tick([^"]*)" x1="([\d.]+)%" x2="([\d.]+)%" y1="(\d+)" y2="(\d+)"',
                           self.drawn(height=200))  # fmt: skip
        assert [each[1:] for each in ticks] == [(at, at, "200", "205") for at in ("0", "25", "50", "100")]

    def test_the_frame_of_what_is_drawn_is_as_high_as_the_drawing(self):
        drawn = self.drawn(height=90)
        assert re.findall(r' height="(\d+)"', drawn) == ["90", "90"]
        assert 'viewBox="0 0 960 90" preserveAspectRatio="none" width="100%"' in drawn

    def test_the_first_layer_is_below_the_others_and_what_is_written_above_all(self):
        layers = [svg.element("g", {"id": name}) for name in ("one", "two")]
        drawn = str(svg.drawing("x", TO_TEN, TO_TEN, *layers, over=[svg.element("text", {"id": "three"})]))
        assert re.findall(r'id="(\w+)"', drawn) == ["one", "two", "three"]
        assert drawn.index("</svg>") < drawn.index("three")


@pytest.mark.parametrize(
    ("place", "said"),
    [(0.0, "0%"), (1.0, "100%"), (0.5, "50%"), (1 / 3, "33.33%"), (0.1, "10%"), (0.10004, "10%"), (2.0, "200%")],
)
def test_a_place_is_said_in_percent_without_zeros_that_say_nothing(place, said):
    assert svg.percent(place) == said


def test_a_bar_is_where_and_as_large_as_it_is():
    drawn = str(svg.bar(1.25, 20, 300.04, 18.0, RED))
    sides = dict(re.findall(r' (x|y|width|height)="([^"]*)"', drawn))
    assert sides == {"x": "1.2", "y": "20", "width": "300", "height": "18"}
    assert svg.class_of(RED) in drawn
