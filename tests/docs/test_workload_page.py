"""The examples of the page on workloads are read, and what its tables name exists."""

from __future__ import annotations

import re

import pytest

from batchsim.scenario.loading import from_mapping
from batchsim.spec.arrivals import Arrivals
from batchsim.spec.objectives import DISTRIBUTED, PLAIN, STATISTICS
from batchsim.spec.workflows import Failure
from batchsim.workload.build import build_workload
from batchsim.workload.traces.swf import DOUBTS
from batchsim.workload.traces.tabular import COLUMNS
from tests.builders import definition, environment, queue
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "workload.md").read_text(encoding="utf-8")
BATCH = {
    "computeEnvironments": [environment()],
    "jobQueues": [queue("nightly", "fleet")],
    "jobDefinitions": [definition()],
}
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_examples_are_read(number, tmp_path):
    from ruamel.yaml import YAML

    example = YAML(typ="safe").load(EXAMPLES[number])
    (tmp_path / "jobs.csv").write_text("job_name,submitted_at,runtime_s\na,0,60\n")
    (tmp_path / "log.swf").write_text("1 0 0 60 1 -1 -1 1 60 -1 1 1 1 1 1 1 -1 -1\n")
    jobs = [{"jobName": "extract", "jobQueue": "nightly", "jobDefinition": "task", "runtime": 60}]
    default = {"name": "example", "duration": "1d", "workload": [{"workflow": "etl", "jobs": jobs}]}
    made = from_mapping({**default, "batch": BATCH, **example}, base=tmp_path)
    assert len(build_workload(made)) > 0


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
