"""The page of what a history taught, and of what it did not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from batchsim.report.back_test import back_test_renderable
from batchsim.report.calibration import calibration_renderable
from batchsim.report.page.blocks import Page, PageSection
from batchsim.report.page.document import html, made_by
from batchsim.report.page.told import blocks_told
from batchsim.units import format_count


def calibration_page(
    figures: Mapping[str, Any], written: Path | None = None, tested: Mapping[str, Any] | None = None
) -> str:
    """The text of the page of ``calibrate``; with a back-test what that says comes first."""
    history = figures["history"]
    # By its name alone: a page is passed on, and is the same wherever it was made.
    scenario = None if written is None else Path(written.name)
    blocks = blocks_told(calibration_renderable(figures, scenario), "Run times")
    about = f"{format_count(history['jobs'], 'job')}, submitted {history['from']} to {history['to']}"
    name = "job history" if written is None else written.stem
    sections = [PageSection("learnt", "What was learnt", blocks)]
    if tested is not None:
        told = blocks_told(back_test_renderable(tested), "Predicted and observed")
        sections.insert(0, PageSection("back-test", "How far off its predictions are", told))
    return html(Page(name, "calibration", about, sections, made_by()))
