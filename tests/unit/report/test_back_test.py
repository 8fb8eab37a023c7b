"""The page and the picture of a back-test, of figures that are given."""

from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console

from batchsim.report.back_test import MOST_LISTED, back_test_renderable
from batchsim.report.figures.back_test import back_test_figure


def waits(p50, p95):
    return {"queue_time_s": {"p50": p50, "p95": p95}, "submitted_to_started_s": {"p50": None, "p95": None}}


def block(**more):
    """Seen 60 and 600 s, predicted a tenth more."""
    none = {"low": None, "high": None}
    return {
        "observed": waits(60, 600) | more,
        "predicted": waits(66, 660) | more,
        "error": waits(0.1, 0.1) | dict.fromkeys(more),
        "band": waits({"low": 50, "high": 80}, {"low": 610, "high": 700}) | dict.fromkeys(more, none),
    }


def day(number, seen, low=50, high=80):
    told = {"observed": seen, "predicted": 66, "low": low, "high": high, "error": 66 / seen - 1}
    return {"day": f"2026-11-{number:02d}", "p50": told, "p95": told | {"observed": seen * 10, "predicted": 660}}


def figures(days=(), queues=2):
    of_jobs = {f"queue-{number}": {"jobs": number, **block(), "days_inside": 0.5} for number in range(queues)}
    return {
        **block(makespan_s=None, peak_vcpus=8.0, cost_usd_per_day=1.5),
        "days_inside": 0.875,
        "measure": "queue_time_s",
        "days": list(days),
        "job_queues": of_jobs,
        "job_definitions": {"only": {"jobs": 5, **block()}},
        "workflows": {name: {"jobs": jobs} | {part: {"makespan_s": value} for part, value in
                             (("observed", 100), ("predicted", 90), ("error", -0.1), ("band", {"low": 80, "high": 95}))}
                      for name, jobs in (("etl", 3), ("alone", 1))},
        "replications": 10,
        "split": {"from": "2026-11-02T00:00:00Z", "cut": "2026-11-05T00:00:00Z", "to": "2026-11-06T00:00:00Z",
                  "replayed_from": "2026-11-04T00:00:00Z", "learned_days": 3, "predicted_days": 1, "jobs": 1234},
        "notes": {"jobs were odd [bold]": 3},
        "not_compared": ["cost_usd: no bill"],
    }  # fmt: skip


def page(told, width=120):
    console = Console(file=io.StringIO(), width=width)
    console.print(back_test_renderable(told))
    return console.file.getvalue()


def row(text, *words):
    """The cells of the line that has all these words."""
    (found,) = (line for line in text.splitlines() if all(word in line for word in words))
    return [cell.strip() for cell in found.split("  ") if cell.strip()]


def test_seen_predicted_band_and_error_stand_in_a_row():
    text = page(figures())
    assert row(text, "all jobs") == [
        "all jobs",
        "queue time p50",
        "1 min",
        "1 min 06 s",
        "50 s to 1 min 20 s",
        "+10.0%",
    ]
    assert row(text, "peak vCPUs") == ["peak vCPUs of running jobs", "8.0", "8.0", "–", "–"]
    assert row(text, "workflow etl")[-1] == "-10.0%"
    assert "alone" not in text
    assert "1,234 jobs" in text
    assert "the 1 day from 2026-11-05 on" in text
    assert "88% of the days' p50 and p95 of queue time lie in the band" in text
    assert "3 jobs were odd [bold]" in text
    # One definition says no more than all jobs do.
    assert "definition" not in text


def test_of_many_queues_those_with_most_jobs_are_listed():
    text = page(figures(queues=MOST_LISTED + 3))
    assert text.count("queue queue-") == MOST_LISTED
    assert "queue queue-2 " not in text


def test_days_that_can_not_be_compared_are_said():
    assert "no day's queue time can be compared" in page({**figures(), "days_inside": None})


def test_record_and_prediction_share_an_axis():
    drawn = back_test_figure(figures([day(5, 60), day(6, 90)]))
    (ax,) = drawn.axes
    lines = {line.get_label(): line for line in ax.get_lines()}
    assert list(lines["p50 recorded"].get_ydata()) == [60, 90]
    assert list(lines["p50 predicted"].get_ydata()) == [66, 66]
    assert list(lines["p95 recorded"].get_ydata()) == [600, 900]
    assert len(ax.collections) == 2  # a band each
    band = ax.collections[0].get_paths()[0].get_extents()
    assert (band.y0, band.y1) == (50, 80)
    low, high = ax.get_ylim()
    assert low <= 50
    assert high >= 900


@pytest.mark.parametrize("days", [[], [day(5, 60), day(6, 500_000)], [day(5, 0.5, low=0.0)]])
def test_pictures_of_nothing_and_of_what_is_far_apart(days):
    drawn = back_test_figure(figures(days))
    drawn.canvas.draw()
    (ax,) = drawn.axes
    assert np.isfinite(ax.get_ylim()).all()
    if len(days) > 1:
        assert ax.get_yscale() == "log"
        assert "1 h" in [label.get_text() for label in ax.get_yticklabels()]


def test_the_picture_of_a_record_that_tells_nothing_of_waiting_says_so():
    (axes,) = back_test_figure(figures([])).axes
    assert [text.get_text() for text in axes.texts] == ["The record does not tell how long jobs waited."]
