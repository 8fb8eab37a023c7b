"""The commands that are disturbed, and what they are given."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Python imports what watches a command from here, before anything else.
WATCHED = Path(__file__).parent / "watched"

SCENARIO = """\
name: small
duration: 1d
seed: 7
batch:
  computeEnvironments:
    - computeEnvironmentName: spot
      type: MANAGED
      computeResources:
        type: SPOT
        allocationStrategy: SPOT_PRICE_CAPACITY_OPTIMIZED
        minvCpus: 0
        maxvCpus: 64
        instanceTypes: [c6i.xlarge, m6i.xlarge]
  jobQueues:
    - jobQueueName: nightly
      priority: 1
      computeEnvironmentOrder: [{order: 1, computeEnvironment: spot}]
  jobDefinitions:
    - jobDefinitionName: extract
      type: container
      containerProperties:
        image: busybox
        resourceRequirements: [{type: VCPU, value: "2"}, {type: MEMORY, value: "3600"}]
      retryStrategy: {attempts: 3}
workload:
  - workflow: etl
    arrivals: {every: 6h}
    jobs:
      - jobName: extract
        jobQueue: nightly
        jobDefinition: extract
        arrayProperties: {size: 40}
        runtime: {lognormal: {median: 8m, p95: 20m}}
variants:
  half: {batch.computeEnvironments.spot.computeResources.maxvCpus: 32}
objectives:
  - p95(queue_time, jobQueue=nightly) <= 40m
  - minimise cost
search:
  batch.computeEnvironments.spot.computeResources.maxvCpus: {values: [64, 96, 128]}
sweep:
  batch.computeEnvironments.spot.computeResources.maxvCpus: {values: [16, 32, 48, 64, 96, 128]}
deployment: {subnets: [subnet-0a1b2c3d], securityGroupIds: [sg-0a1b2c3d], instanceRole: ecsInstanceRole}
"""


@dataclass(frozen=True)
class Command:
    """A command as it is disturbed.

    Attributes
    ----------
    name : str
        As tables say it.
    arguments : tuple of str
        Of the program; ``{in}`` is the folder of what it reads, ``{out}`` that of what it writes.
    wholes : tuple of str
        What it writes, below ``{out}``: each is there whole, or as it was. A folder is one whole; ``sweep/*`` are the
        files of a folder, each for itself.
    other : tuple of str
        Arguments of an earlier run, of another result, that left its files where this one writes; without any, files
        that exist are not replaced.
    resumes : str
        The store of finished runs that another try goes on from; empty where there is none.
    """

    name: str
    arguments: tuple[str, ...]
    wholes: tuple[str, ...]
    other: tuple[str, ...] = ()
    resumes: str = ""

    def line(self, reads: Path, writes: Path, more: tuple[str, ...] = ()) -> list[str]:
        """What is executed."""
        filled = [text.replace("{in}", str(reads)).replace("{out}", str(writes)) for text in (*self.arguments, *more)]
        return [sys.executable, "-m", "batchsim", *filled]


_SEED = ("--seed", "8")

COMMANDS = (
    Command(
        "run", ("run", "{in}/small.yaml", "--replications", "2", "--no-advice", "--out", "{out}/run"), ("run",), _SEED
    ),
    Command("compare", ("compare", "{in}/small.yaml", "--out", "{out}/compare"), ("compare",), _SEED),
    Command(
        "sweep, 1 worker",
        ("sweep", "{in}/small.yaml", "--replications", "3", "--workers", "1", "--out", "{out}/sweep"),
        ("sweep/*",),
        _SEED,
        resumes="sweep/sweep.sqlite",
    ),
    Command(
        "sweep, 2 workers",
        ("sweep", "{in}/small.yaml", "--replications", "3", "--workers", "2", "--out", "{out}/sweep"),
        ("sweep/*",),
        _SEED,
        resumes="sweep/sweep.sqlite",
    ),
    Command(
        "optimize",
        (
            *("optimize", "{in}/small.yaml", "--workers", "1", "--budget", "12", "--confidence", "0.6"),
            *("--out", "{out}/optimize", "--write", "{out}/recommended.yaml"),
        ),
        ("optimize/*", "recommended.yaml"),
        _SEED,
        resumes="optimize/sweep.sqlite",
    ),
    Command(
        "calibrate",
        (
            *("calibrate", "{in}/history", "--config", "{in}/small.yaml"),
            *("--out", "{out}/calibrated.yaml", "--report", "{out}/calibrated.html"),
        ),
        ("calibrated.yaml", "calibrated.html"),
    ),
    Command(
        "import config",
        ("import", "config", "{in}/exported/template.yaml", "--out", "{out}/batch.yaml"),
        ("batch.yaml",),
    ),
    Command(
        "export",
        ("export", "{in}/small.yaml", "--format", "cloudformation", "--out", "{out}/exported"),
        ("exported/*",),
        ("--variant", "half"),
    ),
)


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables of a command that is watched."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("RELIABILITY_")}
    paths = [str(WATCHED), str(ROOT), *filter(None, [variables.get("PYTHONPATH")])]
    return {**variables, "PYTHONPATH": os.pathsep.join(paths), **(more or {})}


def prepare(reads: Path) -> None:
    """Make what the commands read: a scenario, the results of a run of it, its template."""
    reads.mkdir(parents=True)
    (reads / "small.yaml").write_text(SCENARIO, encoding="utf-8")
    made = (
        ("run", "small.yaml", "--out", "history"),
        ("export", "small.yaml", "--format", "cloudformation", "--out", "exported"),
    )
    for arguments in made:
        execute(arguments, reads)


def execute(arguments: Sequence[str], folder: Path) -> None:
    """Give a command that has to come to its end, in a folder."""
    line = [sys.executable, "-m", "batchsim", *arguments]
    subprocess.run(line, cwd=folder, env=environment(), check=True, capture_output=True)  # noqa: S603
