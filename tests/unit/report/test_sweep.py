"""What is told of a sweep, and its pictures: the answer first, what was not drawn said, all marks explained."""

from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console

from batchsim.report.figures.sweep import draw_heatmap, shown_value, sweep_figure
from batchsim.report.plots import SweepPlots
from batchsim.report.sweep import as_json, sweep_renderable
from batchsim.results.run_table import DONE, FAILED, FIGURE, INVALID, PENDING, RunTable
from tests.builders import scenario
from tests.unit.results.test_run_table import parameter, table

MAX = parameter("batch.spot.maxvCpus", 64, 128, 256)
OTHER = parameter("batch.demand.maxvCpus", 0, 16)
TYPES = parameter("batch.spot.instanceTypes", ["c6i"], ["m6i", "m6a"])
LIMITED = scenario(duration="2d", objectives=["p95(queue_time) <= 10m", "minimise cost"])


def text(runs, of=LIMITED, width=140):
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(sweep_renderable(of, runs))
    return console.export_text()


def swept(*parameters, **figures):
    points = int(np.prod([len(each.values) for each in parameters]))
    figures.setdefault("cost", range(1, points + 1))
    figures.setdefault("queue_time_p95_s", [60 * number for number in range(points, 0, -1)])
    return table(*parameters, **figures)


def shown_by(figure):
    """All texts of a picture."""
    axes = [label for ax in figure.axes for label in (ax.get_title(loc="left"), ax.get_xlabel(), ax.get_ylabel())]
    legends = [entry.get_text() for legend in figure.legends for entry in legend.get_texts()]
    sup = [each.get_text() for each in (figure._suptitle, figure._supxlabel) if each is not None]
    return [*sup, *axes, *legends]


def test_the_answer_comes_first():
    lines = text(swept(MAX, objectives_missed=[1, 0, 0])).splitlines()
    assert lines[0].strip() == "test · 3 points · seed 1"
    assert lines[2].startswith("cheapest   $2.00 in 2 days, meets every objective")
    assert "batch.spot.maxvCpus: 128" in lines[4]
    assert lines[5].startswith("cheaper    $1.00 misses 1 objective: maxvCpus=64")
    assert lines[6].startswith("range      cost $1.00 to $3.00; queue time p95 1 min to 3 min")


def test_that_no_point_meets_the_objectives_is_the_answer():
    shown = text(swept(MAX, objectives_missed=[2, 1, 1]))
    assert "no point meets every objective" in shown
    assert as_json(LIMITED, swept(MAX, objectives_missed=[1, 1, 1]))["best"] is None


def test_without_objectives_a_point_has_to_finish():
    shown = text(swept(MAX, unfinished=[3, 0, 0]), scenario())
    assert "$2.00, leaves no job unfinished" in shown
    assert "$1.00 leaves 3 jobs unfinished: maxvCpus=64" in shown
    assert "objectives" not in shown


def test_what_went_wrong_is_told_once_each():
    runs = swept(MAX, OTHER)
    runs.status[0], runs.errors[0, 0] = FAILED, "killed by signal 9"
    runs.status[1], runs.invalid[1] = INVALID, "minvCpus 8 is above maxvCpus 4"
    runs.status[2] = PENDING
    shown = text(runs)
    assert "3 done, 1 failed, 1 not run" in shown
    assert "1 run; the first, spot.maxvCpus=64, demand.maxvCpus=0: killed by signal 9" in shown
    assert "1 point; the first, spot.maxvCpus=64, demand.maxvCpus=16: minvCpus 8 is above maxvCpus 4" in shown


def test_a_parameter_that_changes_nothing_is_told():
    shown = text(swept(MAX, OTHER, cost=[1, 1, 2, 2, 3, 3], queue_time_p95_s=[9] * 6))
    assert "batch.demand.maxvCpus changes nothing: the figures are the same whatever its value" in shown


def test_of_many_points_the_cheapest_are_listed_and_of_equal_ones_the_first():
    shown = text(
        swept(parameter("p", *range(40)), cost=[5 + number // 2 for number in range(40)], queue_time_p95_s=[60] * 40)
    )
    assert "the 10 cheapest, of equal ones the first" in shown
    listed = [line.split()[0] for line in shown.splitlines() if " met " in line]
    assert listed == [str(number) for number in range(0, 20, 2)]


def test_money_of_a_duration_that_is_varied_is_of_no_one_period():
    assert "$1.00, meets" in text(swept(parameter("duration", "1d", "2d")))


def test_nothing_done_is_nothing_to_show():
    runs = RunTable.of((MAX,), 1, 1)
    assert "0 done, 3 not run" in text(runs)
    assert as_json(LIMITED, runs)["runs"] == {"done": 0, "failed": 0, "not_run": 3}
    sweep_figure("test", runs)


def test_one_parameter_is_a_line_with_intervals():
    runs = table(MAX, replications=2, cost=[[1, 2], [2, 3], [3, 4]], objectives_missed=[[1, 1], [0, 0], [0, 0]])
    figure = sweep_figure("etl", runs)
    cost, waits = figure.axes
    assert (cost.get_title(loc="left"), waits.get_title(loc="left")) == ("cost", "queue time p95")
    assert cost.lines[0].get_ydata().tolist() == [1.5, 2.5, 3.5]
    assert (
        shown_by(figure)[0]
        == "etl: 3 points × 2 replications;  cheapest that meets every objective: $2.50\nat maxvCpus=128"
    )
    assert shown_by(figure)[-3:] == [
        "95 % interval of the mean",
        "cheapest that meets every objective",
        "misses one, or leaves jobs unfinished",
    ]


def test_two_numbers_are_heat_maps_with_what_misses_marked():
    figure = sweep_figure("etl", swept(MAX, OTHER, objectives_missed=[1, 1, 0, 0, 0, 0]))
    cost = figure.axes[0]
    assert [cost.get_xlabel(), cost.get_ylabel()] == ["spot.maxvCpus", "demand.maxvCpus"]
    assert cost.collections[0].get_array().tolist() == [[1, 3, 5], [2, 4, 6]]
    hatched = [tuple(path.get_extents().bounds) for cells in cost.collections[1:] for path in cells.get_paths()]
    assert hatched == [(0, 0, 1, 1), (0, 1, 1, 1)]
    assert [tuple(patch.get_xy()) for patch in cost.patches] == [(1, 0)]


def test_cells_beside_each_other_are_hatched_as_one():
    cost = sweep_figure("etl", swept(MAX, OTHER, objectives_missed=[1, 0, 1, 1, 0, 1])).axes[0]
    hatched = sorted(tuple(path.get_extents().bounds) for cells in cost.collections[1:] for path in cells.get_paths())
    assert hatched == [(0, 0, 2, 1), (1, 1, 2, 1)]


def test_few_words_over_numbers_are_lines():
    figure = sweep_figure("etl", swept(TYPES, MAX))
    legend = [entry.get_text() for entry in figure.axes[0].get_legend().get_texts()]
    assert legend == ["[c6i]", "[m6i, m6a]"]
    assert figure.axes[0].get_xlabel() == "maxvCpus"


def test_of_three_parameters_the_one_that_matters_least_has_a_panel_for_each_value():
    figure = sweep_figure("etl", swept(MAX, parameter("p", 1, 2, 3), OTHER))
    titles = [title for title in shown_by(figure) if title.startswith(("cost", "queue"))]
    assert titles == [f"{what}, demand.maxvCpus={value}" for what in ("cost", "queue time p95") for value in (0, 16)]


def test_what_is_not_drawn_stays_where_it_is_cheapest_and_that_is_said():
    runs = swept(MAX, parameter("p", *range(4)), OTHER, parameter("q", 1, 2), objectives_missed=[1, 1] + [0] * 46)
    figure = sweep_figure("etl", runs)
    assert (
        "drawn at demand.maxvCpus=16, q=1: as in the cheapest point that meets every objective" in shown_by(figure)[1]
    )
    assert figure.axes[0].collections[0].get_array().shape == (4, 3)


def test_a_point_without_runs_is_a_blank():
    runs = swept(MAX, OTHER)
    runs.status[0] = INVALID
    figure = sweep_figure("etl", runs)
    assert figure.axes[0].collections[0].get_array().mask.tolist() == [[True, False, False], [False, False, False]]
    assert "not valid, failed, or not run" in shown_by(figure)


@pytest.mark.parametrize(
    ("figure", "value", "shown"),
    [
        ("queue_time_p95_s", 42.4, "42.4 s"),
        ("queue_time_p95_s", 210, "3.5 min"),
        ("queue_time_p95_s", 7200, "2 h"),
        ("queue_time_p95_s", 999.4 * 3600, "999 h"),
        ("queue_time_p95_s", 999.6 * 3600, "1,000 h"),
        ("queue_time_p95_s", 59.96, "60 s"),
        ("cost_usd", 38.021, "$38.02"),
        ("cost_usd", 12345.6, "$12,346"),
        ("utilisation_vcpu", 0.842, "84 %"),
        ("interruptions", 12, "12"),
        ("cost_usd", float("nan"), "?"),
    ],
)
def test_figures_in_few_characters(figure, value, shown):
    assert shown_value(figure, value) == shown


def test_plots_take_names_short_and_long_and_values_or_labels():
    plots = SweepPlots("etl", swept(MAX, OTHER, TYPES))
    drawn = plots.heatmap(
        "spot.maxvCpus", "batch.demand.maxvCpus", "cost_idle_usd", at={"instanceTypes": ["m6i", "m6a"]}
    )
    assert drawn.get_title(loc="left") == "cost_idle_usd"
    lines = plots.lines("spot.maxvCpus", by="instanceTypes", at={"demand.maxvCpus": 16})
    assert lines.lines[0].get_ydata()[0] == 3
    assert plots.lines("instanceTypes").get_xlabel() == "instanceTypes"
    ax = drawn.figure.subplots()
    assert plots.lines("spot.maxvCpus", ax=ax) is ax


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (lambda plots: plots.lines("maxvCpus"), "no parameter 'maxvCpus'"),
        (lambda plots: plots.heatmap("spot.maxvCpu", "instanceTypes"), "no parameter 'spot.maxvCpu'"),
        (lambda plots: plots.lines("spot.maxvCpus", "costs"), "no figure 'costs'; expected one of"),
        (lambda plots: plots.lines("spot.maxvCpus", at={"instanceTypes": "c7i"}), "instanceTypes has no value c7i"),
    ],
)
def test_what_a_plot_does_not_know(asked, told):
    with pytest.raises(ValueError, match=told):
        asked(SweepPlots("etl", swept(MAX, OTHER, TYPES)))


def test_a_wide_heat_map_has_no_figures_in_its_cells():
    runs = swept(parameter("p", *range(40)), OTHER)
    ax = sweep_figure("etl", runs).figure.subplots()
    draw_heatmap(runs, ax, "p", OTHER.name, "cost_usd")
    assert not ax.texts
    assert len(ax.get_xticks()) <= 16


def test_figures_that_are_far_apart_are_told_apart():
    runs = swept(MAX, OTHER, cost=[1, 2, 3, 4, 5, 1000])
    ax = sweep_figure("etl", runs).figure.subplots()
    draw_heatmap(runs, ax, MAX.name, OTHER.name, "cost_usd")
    assert ax.collections[0].norm(4) > 0.15
    assert runs.count(DONE) == 6
    assert FIGURE["cost_usd"] == 5


def test_on_a_narrow_terminal_no_value_is_broken_within_a_word():
    many = parameter("batch.spot.instanceTypes", ["m6i.xlarge"], ["m6i.xlarge", "m6a.xlarge"])
    lines = text(swept(MAX, many), width=80).splitlines()
    assert any("[m6i.xlarge]" in line for line in lines)
    assert any("[m6i.xlarge," in line for line in lines)
    assert all(len(line.rstrip()) <= 80 for line in lines)
