"""Variants side by side on the page: one scale for all, deadlines where they are, what is left out is said."""

from __future__ import annotations

import re

import pytest

import batchsim as bs
from batchsim.report.page.blocks import Facts, Rows, Tiles
from batchsim.report.page.sections.variants import MOST_CURVES, MOST_TILES, answer, distributions, side_by_side
from batchsim.report.palette import SEVERAL
from tests.builders import job, scenario, unmanaged, workflow

LIMIT = "batch.computeEnvironments.servers.unmanagedvCpus"


def compared(*limits, jobs=8, **members):
    """Jobs of ten minutes at once on so many processors: 8 on 2 take 40 min, on 4 they take 20."""
    made = scenario(
        workflow(job(runtime=600, arrayProperties={"size": jobs})),
        environments=[unmanaged(limits[0])],  # the first one is as it is written
        variants={f"on-{limit}": {LIMIT: limit} for limit in limits},
        **members,
    )
    return bs.compare(made, variants=[f"on-{limit}" for limit in limits])


@pytest.fixture(scope="module")
def two():
    return compared(2, 4, objectives=["max(finished_at) <= 00:30"])


def parts(section, kind):
    return [block for block in section.blocks if isinstance(block, kind)]


def drawings(section):
    return {chart.title: str(chart.drawing) for row in parts(section, Rows) for chart in row.blocks}


class TestCurves:
    """VCPUs and jobs of each variant."""

    def test_all_have_the_same_axes(self, two):
        drawn = drawings(side_by_side(two.runs))
        for kind in ("vCPUs", "Jobs by state"):
            upright, along = (
                [re.findall(rf'class="{axis}[^"]*" [^>]*>([^<]*)<', drawn[f"{name}: {kind}"]) for name in two.runs]
                for axis in ("upright", "along")
            )
            assert upright[0] == upright[1]
            assert along[0] == along[1]
        # The most that any of them has: four vCPUs, eight jobs.
        assert re.findall(r'class="upright"[^>]*>([^<]*)<', drawn["on-2: vCPUs"])[-1] == "4"
        assert re.findall(r'class="upright"[^>]*>([^<]*)<', drawn["on-2: Jobs by state"])[-1] == "8"

    def test_a_deadline_is_an_upright_line_at_its_time(self, two):
        # The slower ends after 40 min; half an hour is three quarters of that.
        for drawing in drawings(side_by_side(two.runs)).values():
            assert re.findall(r'<line class="due[^"]*" x1="([\d.]+)%" x2="([\d.]+)%"', drawing) == [("75", "75")]

    def test_a_deadline_soon_after_the_last_end_is_shown_and_one_long_after_is_not(self):
        # 20 min on 4: up to 10 min after it.
        soon = compared(4, objectives=["max(finished_at) <= 00:29"])
        (place,) = set(re.findall(r'<line class="due[^"]*" x1="([\d.]+)%"', str(drawings(side_by_side(soon.runs)))))
        assert float(place) == pytest.approx(100 / 1.01, abs=0.01)
        late = compared(4, objectives=["max(finished_at) <= 00:31"])
        assert "deadline" not in str(drawings(side_by_side(late.runs)))

    def test_of_many_variants_the_first_have_curves_and_the_others_are_named(self):
        found = compared(*range(2, 2 + MOST_CURVES + 2), jobs=2)
        section = side_by_side(found.runs)
        assert len(parts(section, Rows)) == MOST_CURVES
        (facts,) = parts(section, Facts)
        assert facts.facts[0].text == "The curves of on-8, on-9; each has a results folder."


class TestDistributions:
    """Queue time and cost."""

    def test_each_variant_has_a_line_of_its_own_colour(self, two):
        chart, _ = distributions(two.runs, two.summaries).blocks
        # 8 on 2 wait for 0 to 30 min, on 4 for none or 10 min.
        assert [(key.name, key.value) for key in chart.keys] == [
            *[("on-2", "p50 15 min, p95 30 min"), ("on-4", "p50 5 min, p95 10 min")],
        ]
        assert [key.colour for key in chart.keys] == list(SEVERAL[:2])
        assert chart.note == ""

    def test_those_beyond_the_colours_are_left_out_and_named(self):
        found = compared(*range(2, 2 + len(SEVERAL) + 2), jobs=2)
        chart, _ = distributions(found.runs, found.summaries).blocks
        assert len(chart.keys) == len(SEVERAL)
        assert chart.note == "The lines of on-9, on-10 are left out."

    def test_one_in_which_nothing_started_has_no_line_and_no_other_s_colour(self):
        found = compared(1, 4, jobs=4)
        off = {**unmanaged(2), "state": "DISABLED"}
        closed = scenario(workflow(job()), environments=[off], horizon="1h", name="closed")
        runs = {"closed": bs.run(closed).run, **found.runs}
        summaries = {"closed": bs.run(closed).summary, **found.summaries}
        chart, _ = distributions(runs, summaries).blocks
        assert [key.name for key in chart.keys] == ["on-1", "on-4"]
        assert [key.colour for key in chart.keys] == list(SEVERAL[1:3])


class TestAnswer:
    """Which to take."""

    def told(self, found):
        return {fact.label: fact.text for fact in parts(answer(found.rows), Facts)[0].facts}

    def test_the_cheapest_that_meets_every_objective_is_named(self, two):
        assert self.told(two)["cheapest"].startswith("on-4: $0.00 in ")
        assert self.told(two)["missed"].startswith("on-2: max(finished_at) <= 00:30")

    def test_where_none_does_that_is_said(self):
        found = compared(2, objectives=["max(finished_at) <= 00:30"])
        (facts,) = parts(answer(found.rows), Facts)
        assert (facts.facts[0].text, facts.facts[0].tone) == (
            *("no variant meets every objective and gets all jobs done", "bad"),
        )

    def test_one_that_leaves_jobs_is_not_the_cheapest(self):
        # Cut after 25 min, of which 20 are enough on 4.
        found = compared(2, 4, horizon="25m")
        assert self.told(found)["cheapest"].startswith("on-4: ")

    def test_few_variants_have_a_tile_each(self):
        few, many = compared(*range(2, 2 + MOST_TILES), jobs=2), compared(*range(2, 3 + MOST_TILES), jobs=2)
        ((tiles,), none) = (parts(answer(found.rows), Tiles) for found in (few, many))
        assert [tile.name for tile in tiles.tiles] == [f"on-{limit}" for limit in range(2, 2 + MOST_TILES)]
        assert none == []
