"""What `result.plot` is said to offer is what it offers."""

from __future__ import annotations

import inspect

from batchsim.experiments.result import Plots as Said
from batchsim.report.plots import Plots


def test_the_pictures_are_those_that_an_editor_completes():
    def methods(kind):
        found = inspect.getmembers(kind, inspect.isfunction)
        return {name: list(inspect.signature(each).parameters) for name, each in found if not name.startswith("__")}

    drawn = {name: parameters for name, parameters in methods(Plots).items() if not name.startswith("_")}
    said = {name: parameters for name, parameters in methods(Said).items() if not name.startswith("_")}
    assert said == drawn
    assert callable(Plots.__call__)
