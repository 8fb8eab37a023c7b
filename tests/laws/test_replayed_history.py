"""What was simulated, told as an account would tell it, gives the same instants when it is replayed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import batchsim as bs
from batchsim.aws.importers.jobs import import_details
from tests.builders import definition, job, scenario, unmanaged, workflow

START = 1_793_584_800_000
NAMES = ("a", "b", "c")


class World(NamedTuple):
    """A workflow that arrives some times, on a few servers."""

    jobs: list[dict[str, Any]]
    arrives_at: list[int]
    servers: int
    attempts: int
    seed: int

    def run(self, entry: dict[str, Any], base: Path) -> bs.Result:
        """Some workload on its servers."""
        task = definition(retryStrategy={"attempts": self.attempts})
        servers = [unmanaged(self.servers)]
        return bs.run(scenario(entry, environments=servers, definitions=[task], base=base, seed=self.seed))


@st.composite
def entries(draw: Any, name: str, before: tuple[str, ...]) -> dict[str, Any]:
    """A job that may be an array, may fail, and may wait for those before it."""
    seconds = st.lists(st.integers(1, 50), min_size=1, max_size=4)
    made: dict[str, Any] = {"runtime": {"empirical": {"values": draw(seconds)}}}
    if draw(st.booleans()):
        made["failure"] = {
            "probability": draw(st.sampled_from([0.2, 0.6])),
            "exitCode": draw(st.integers(1, 255)),
            "after": {"empirical": {"values": draw(seconds)}},
        }
    size = draw(st.sampled_from([0, 0, 2, 12]))
    made |= {"arrayProperties": {"size": size}} if size else {}
    needed = draw(st.sets(st.sampled_from(before))) if before else ()
    return job(name, **made, dependsOn=[{"jobName": each} for each in sorted(needed)])


@st.composite
def worlds(draw: Any) -> World:
    """A workflow of three entries, its arrivals, and what it runs on."""
    jobs = [draw(entries(name, NAMES[:number])) for number, name in enumerate(NAMES)]
    for entry in jobs:
        for needed in entry["dependsOn"]:
            other = jobs[NAMES.index(needed["jobName"])]
            alike = entry.get("arrayProperties", 0) == other.get("arrayProperties")
            needed |= {"type": "N_TO_N"} if alike and draw(st.booleans()) else {}
    return World(
        jobs,
        arrives_at=[0, *draw(st.lists(st.integers(0, 60), max_size=2))],
        servers=draw(st.integers(1, 4)),
        attempts=draw(st.integers(1, 3)),
        seed=draw(st.integers(0, 99)),
    )


def milliseconds(at: float) -> int:
    return START + round(at * 1000)


def history(world: World, result: bs.Result) -> list[dict[str, Any]]:
    """The jobs as DescribeJobs gives them; ids in the order of submission, children after their array's parent."""
    attempts = dict(iter(result.attempts.groupby("job_id", observed=True)))
    told: dict[str, dict[str, Any]] = {}
    for row in result.jobs.itertuples():
        own = f"{row.workflow_run}-{row.job_name}"
        entry = world.jobs[NAMES.index(row.job_name)]
        described = {
            "jobName": row.job_name,
            "jobQueue": "queue",
            "jobDefinition": "task:1",
            "status": row.status,
            "createdAt": milliseconds(row.submitted_at),
            "dependsOn": [
                {"jobId": f"{row.workflow_run}-{each['jobName']}", "type": each.get("type")}
                for each in entry["dependsOn"]
            ],
            "container": {"vcpus": 1, "memory": 1024},
        }
        ran = {"attempts": tries(attempts.get(row.job_id))}
        if "arrayProperties" not in entry:
            told[own] = {**described, **ran, "jobId": own}
            continue
        told[own] = {**described, "jobId": own, "arrayProperties": entry["arrayProperties"]}
        child, index = f"{own}:{row.array_index}", {"index": int(row.array_index)}
        told[child] = {**described, **ran, "jobId": child, "arrayProperties": index, "dependsOn": []}
    return list(told.values())


def tries(frame: pd.DataFrame | None) -> list[dict[str, Any]]:
    """The attempts of a job as AttemptDetail has them."""
    return [
        {
            "startedAt": milliseconds(each.started_at),
            "stoppedAt": milliseconds(each.stopped_at),
            "container": {"exitCode": int(each.exit_code)},
        }
        for each in (() if frame is None else frame.sort_values("attempt").itertuples())
    ]


@given(world=worlds(), format_=st.sampled_from(["describe-jobs", "csv", "parquet"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_a_replay_gives_the_recorded_instants(tmp_path, world, format_):
    first = world.run(workflow(*world.jobs, arrivals={"at": sorted(world.arrives_at)}), tmp_path)
    told = history(world, first)
    path = tmp_path / f"history.{format_}"
    if format_ == "describe-jobs":
        path.write_text(json.dumps({"jobs": told}))
    else:
        import_details(told).write(path)
    replayed = world.run({"trace": {"format": format_, "path": path.name}}, tmp_path)

    def instants(jobs: pd.DataFrame) -> np.ndarray:
        """In an order that both have."""
        names = ["submitted_at", "started_at", "stopped_at", "attempts", "exit_code"]
        table = jobs.loc[jobs["attempts"] > 0, names].to_numpy(float)
        return table[np.lexsort(table.T)]

    np.testing.assert_array_equal(instants(replayed.jobs), instants(first.jobs))
    np.testing.assert_array_equal(replayed.jobs["recorded_stopped_at"], replayed.jobs["stopped_at"])
    recorded = replayed.summary["recorded"]
    assert recorded["submitted_to_started_s"]["recorded"] == recorded["submitted_to_started_s"]["simulated"]
    assert recorded["makespan_s"]["recorded"] == pytest.approx(recorded["makespan_s"]["simulated"])
    assert not any("attempt" in reason for reason in replayed.summary["noted"])
