"""Pictures: the colours of what is paid for, labels beside their curves, the stretch that is drawn."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import batchsim as bs
from batchsim.report.figures.style import PURPOSE_COLOURS, VCPUS
from tests.builders import definition, environment, job, scenario, unmanaged, workflow


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
    ax = bs.run(made).plot.vcpus().axes[0]
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
    figure = bs.run(made).plot.queue_time()
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    ax = figure.axes[0]
    curve = ax.transData.transform(np.repeat(ax.lines[0].get_xydata(), 2, axis=0)[1:])
    # Of a step curve the instants of one point and the height of the one before.
    curve[1::2, 1] = curve[:-1:2, 1]
    fine = np.concatenate([np.linspace(low, high, 50) for low, high in pairwise(curve)])
    for text in ax.texts:
        box = text.get_window_extent(canvas.get_renderer())
        inside = (fine > [box.x0, box.y0]).all(axis=1) & (fine < [box.x1, box.y1]).all(axis=1)
        assert not inside.any(), text.get_text()


def test_a_picture_shows_itself_in_jupyter_without_pyplot():
    picture = bs.run(scenario(workflow(job(runtime=60.0)))).plot.queue()
    shown = picture._repr_png_()
    assert shown.startswith(b"\x89PNG")
