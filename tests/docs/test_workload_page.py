"""What the tables of the page on workloads name exists."""

from __future__ import annotations

import re

from batchsim.spec.arrivals import Arrivals
from batchsim.spec.objectives import DISTRIBUTED, PLAIN, STATISTICS
from batchsim.spec.workflows import Failure
from batchsim.workload.traces.swf import DOUBTS
from batchsim.workload.traces.tabular import COLUMNS
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "workload.md").read_text(encoding="utf-8")


def test_tables_name_all_there_is():
    for model in (Arrivals, Failure):
        for name, field in model.model_fields.items():
            spelled = field.alias or re.sub(r"_(\w)", lambda found: found[1].upper(), name)
            assert f"`{spelled}" in PAGE, spelled
    for word in (*STATISTICS, *DISTRIBUTED, *PLAIN):
        assert f"`{word}`" in PAGE, word
    assert all(column in PAGE for column in COLUMNS)
    assert all(f"`{doubt}`" in PAGE for doubt in DOUBTS)
    for kind in ("exponential", "lognormal", "gamma", "weibull", "uniform", "triangular", "empirical"):
        assert f"`{kind}`" in PAGE
