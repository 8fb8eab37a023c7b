"""Pictures: the colours of what is paid for, labels beside their curves, the stretch that is drawn."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import batchsim as bs
from batchsim.report.figures import style
from batchsim.report.figures.style import PURPOSE_COLOURS, VCPUS
from tests.builders import definition, environment, job, scenario, unmanaged, workflow
from tests.conftest import ROOT


def test_stranded_room_is_drawn_apart_from_idle_in_the_colours_of_the_bill():
    assert {state: VCPUS[state] for state in ("stranded", "idle")} == {
        purpose: PURPOSE_COLOURS[purpose] for purpose in ("stranded", "idle")
    }
    # c6i.large holds one job of 2,500 MiB: a vCPU is stranded while the second waits, idle while it runs.
    made = scenario(
        workflow(job("a", 100), job("b", 100)),
        environments=[environment(maxvCpus=2)],
        definitions=[definition(memory="2500")],
    )
    ax = bs.run(made).plot.vcpus()
    areas = dict(zip(ax.get_legend_handles_labels()[1], ax.collections, strict=False))
    assert list(areas)[:3] == ["running", "stranded", "idle"]
    tops = {name: areas[name].get_paths()[0].get_extents().y1 for name in ("running", "stranded", "idle")}
    assert tops == {"running": 1, "stranded": 2, "idle": 2}


@pytest.mark.parametrize(
    "runtimes",
    [
        [60.0] * 60,  # waits that grow one by one
        [1.0] * 50 + [3000.0] * 10,  # half at once, the last late
        [600.0] * 4 + [1.0] * 56,  # nearly all late
    ],
)
def test_labels_do_not_stand_over_their_curve(runtimes):
    made = scenario(
        *[workflow(job(runtime=runtime), name=f"w{n}") for n, runtime in enumerate(runtimes)],
        environments=[unmanaged(1)],
    )
    ax = bs.run(made).plot.queue_time()
    canvas = FigureCanvasAgg(ax.figure)
    canvas.draw()
    curve = ax.transData.transform(np.repeat(ax.lines[0].get_xydata(), 2, axis=0)[1:])
    # Of a step curve the instants of one point and the height of the one before.
    curve[1::2, 1] = curve[:-1:2, 1]
    fine = np.concatenate([np.linspace(low, high, 50) for low, high in pairwise(curve)])
    for text in ax.texts:
        box = text.get_window_extent(canvas.get_renderer())
        inside = (fine > [box.x0, box.y0]).all(axis=1) & (fine < [box.x1, box.y1]).all(axis=1)
        assert not inside.any(), text.get_text()


def test_a_picture_shows_itself_in_jupyter_without_pyplot():
    picture = bs.run(scenario(workflow(job(runtime=60.0)))).plot()
    shown = picture._repr_png_()
    assert shown.startswith(b"\x89PNG")


def waiting(runtimes=(60.0,) * 4, **members):
    """Jobs one after the other on one processor."""
    flows = [workflow(job(runtime=runtime), name=f"w{number}") for number, runtime in enumerate(runtimes)]
    return scenario(*flows, environments=[unmanaged(1)], **members)


def drawn(ax):
    FigureCanvasAgg(ax.get_figure()).draw()
    return ax


def test_axes_of_a_new_picture_show_it_in_jupyter():
    ax = bs.run(waiting()).plot.queue()
    assert ax._repr_png_().startswith(b"\x89PNG")


def test_every_picture_is_drawn_into_axes_that_are_given():
    result, comparison = bs.run(waiting()), bs.compare(waiting(), waiting(name="other"))
    plots = [result.plot.queue, result.plot.queue_time, result.plot.waits, result.plot.vcpus, result.plot.instances]
    plots += [result.plot.cost, result.plot.spend]
    plots += [comparison.plot.queue_time, comparison.plot.cost, comparison.plot.frontier]
    for draw in plots:
        given = Figure().subplots()
        assert draw(given) is given
        assert given.get_title(loc="left")
        assert drawn(draw()).get_title(loc="left") == given.get_title(loc="left")


def labels(start, window):
    ax = style.Picture(figsize=(6, 3)).subplots()
    style.clock_axis(ax, start, window)
    FigureCanvasAgg(ax.figure).draw()
    low, high = ax.get_xlim()
    return [each.get_text() for each in ax.get_xticklabels() if low <= each.get_position()[0] <= high]


@pytest.mark.parametrize(
    ("start", "window", "first", "rest"),
    [
        ("2026-11-02", (2 * 3600, 5 * 3600), "02:00\nNov 2, 2026", {"03:00", "04:00"}),
        ("2026-11-02", (0, 7 * 86400), "Nov 2\n2026", {"Nov 3", "Nov 9"}),
        ("1993-10-01", (0, 92 * 86400), "Oct 1\n1993", {"Nov 1", "Jan 1\n1994"}),
        ("2026-11-02", (0, 40), "00:00:00\nNov 2, 2026", {"00:00:20"}),
        ("2026-11-02", (22 * 3600, 26 * 3600), "22:00\nNov 2, 2026", {"Nov 3", "01:00"}),
    ],
)
def test_times_are_labelled_with_their_dates(start, window, first, rest):
    found = labels(datetime.fromisoformat(f"{start}T00:00:00+00:00"), window)
    # At midnight it is a date.
    assert found[0] == ("Nov 2\n2026" if first.startswith("00:00:00") else first)
    assert rest <= set(found)


def test_counts_have_whole_ticks():
    ax = drawn(bs.run(waiting([60.0] * 7)).plot.queue())
    low, high = ax.get_ylim()
    ticks = [tick for tick in ax.get_yticks() if low <= tick <= high]
    assert [each.get_text() for each in ax.get_yticklabels()][: len(ticks)] == [f"{tick:.0f}" for tick in ticks]
    assert all(tick == round(tick) for tick in ticks)


def test_a_far_tail_is_said_and_not_drawn():
    # 200 jobs start at once on a processor each but the last, which waits for two hours.
    made = scenario(
        workflow(job("first", 7200, arrayProperties={"size": 200})), workflow(job("last", 1), name="last"),
        environments=[unmanaged(200)],
    )  # fmt: skip
    ax = bs.run(made).plot.queue_time()
    assert ax.get_xlim()[1] < 7200
    assert [each.get_text() for each in ax.texts if "longest" in each.get_text()] == ["longest 2 h 00 min"]
    compared = bs.compare(made, waiting([60.0] * 3, name="short")).plot.queue_time()
    told = compared.get_legend_handles_labels()[1]
    assert told == ["test: p95 0 s, longest 2 h 00 min", "short: p95 1 min 54 s"]


def test_bars_are_what_was_paid_and_waited():
    result = bs.run(bs.load(ROOT / "tests/golden/everything.yaml"))
    for ax, shown in ((result.plot.cost(), "cost_usd"), (result.plot.waits(), "wait_s")):
        widths = sum(patch.get_width() for patch in ax.patches)
        if shown == "cost_usd":
            assert widths == pytest.approx(result.summary["cost_usd"]["total"], rel=0.02)
            assert [each.get_text() for each in ax.get_yticklabels()] == sorted(
                (name for name, each in result.summary["compute_environments"].items() if each["cost_usd"]["total"]),
                key=lambda name: -result.summary["compute_environments"][name]["cost_usd"]["total"],
            ) or "Savings Plan" in [each.get_text() for each in ax.get_yticklabels()]
        else:
            assert widths * 3600 == pytest.approx(sum(result.summary["wait_s"].values()), rel=0.02)


def test_without_money_and_waiting_there_are_words():
    result = bs.run(scenario(workflow(job(runtime=1.0)), environments=[unmanaged(1)]))
    assert [each.get_text() for each in result.plot.cost().texts] == ["nothing was paid"]
    assert [each.get_text() for each in result.plot.waits().texts] == ["no job waited"]
    assert [each.get_text() for each in result.plot.instances().texts] == ["no instances"]


def test_the_frontier_of_variants_tells_what_is_missed_and_what_is_unknown():
    missed = waiting(name="slow", objectives=["max(queue_time) <= 1s"])
    cut = waiting([900.0] * 4, name="cut", duration=60, horizon=60)
    ax = bs.compare(missed, waiting([1.0], name="quick"), cut).plot.frontier()
    told = ax.get_legend_handles_labels()[1]
    assert told == ["slow: $0.00, p95 2 min 51 s, misses an objective", "quick: $0.00, p95 0 s"]
    assert [each.get_text() for each in ax.texts] == ["p95 unknown: cut"]


DAY = 86_400


@pytest.mark.parametrize("longest", [1, 60, 7_200, 30 * DAY, 3_650 * DAY, 36_500 * DAY, 365_000 * DAY])
def test_an_axis_of_durations_has_few_ticks_however_long_they_are(longest):
    ax = Figure().subplots()
    style.from_zero(ax, longest)
    ticks = ax.get_xticks()
    assert 2 <= len(ticks) <= 7
    assert ticks[0] == 0
    assert ticks[-1] <= longest * 1.001
