"""A million jobs through one queue and an EC2 environment, with all result tables, in no more than 400 MiB."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.conftest import ROOT

RUN = """
import resource, sys
from pathlib import Path
import batchsim as bs
from batchsim.results.store import write
from tests.builders import environment, job, scenario, workflow

result = bs.run(
    scenario(
        workflow(job(runtime={"exponential": {"mean": "5m"}}), arrivals={"poisson": {"rate": 7200}}),
        environments=[environment(maxvCpus=1000, instanceTypes=["c6i"])],
        ideal=False,
        duration=1_000_000 / 2.0 ,
        seed=1,
    )
)
write(result.run, result.summary, Path(sys.argv[1]))
# Linux counts in ru_maxrss what the process was forked from; its own peak since it began is VmHWM.
status = Path("/proc/self/status")
lines = status.read_text().splitlines() if status.exists() else []
own = [line.split()[1] for line in lines if line.startswith("VmHWM")]
print(own[0] if own else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_a_million_jobs_fit_in_400_mib(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(tmp_path / "out")], cwd=ROOT, capture_output=True, text=True, check=True
    )
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["jobs"]["succeeded"] == summary["jobs"]["submitted"] > 990_000
    assert sum(summary["cost_usd"]["by_purpose"].values()) == pytest.approx(summary["cost_usd"]["total"], abs=1e-6)
    peak_mib = int(done.stdout) / 1024
    assert peak_mib <= 400, f"{peak_mib:.0f} MiB"
