"""The table of the summary's fields, and what replications make of each kind."""

from __future__ import annotations

import copy
import json
from statistics import mean

import pytest
from jsonschema import Draft202012Validator

import batchsim as bs
from batchsim.experiments.replications import combine
from batchsim.report.narrative import attention
from batchsim.results.schema import schema
from batchsim.results.summary_fields import SUMMARY, patterns
from batchsim.results.summary_type import Summary
from batchsim.statistics.intervals import confidence_interval
from tests.builders import definition, environment, job, queue, scenario, workflow
from tests.conftest import ROOT

VALID = Draft202012Validator(schema())
RANDOM = {"lognormal": {"median": 60, "p95": 200}}
#: Words that are keys of a summary elsewhere.
KEYS = ("limit", "seed", "scenario", "expression", "unplaceable", "n", "mean")


def named_by_keys():
    queues = [queue(name, "seed") for name in KEYS]
    flows = [workflow(job("job", RANDOM, jobQueue=name), name=name) for name in KEYS]
    return scenario(*flows, environments=[environment("seed")], queues=queues)


def test_names_that_are_words_of_a_summary_keep_their_intervals():
    made = named_by_keys()
    alone = [bs.run(made, seed=0).summary]
    together = bs.run(made, replications=3).summary
    for kind in ("job_queues", "workflows"):
        assert list(together[kind]) == list(alone[0][kind])
        for figures in together[kind].values():
            assert figures["jobs"]["submitted"] == {"mean": 1, "low": 1, "high": 1, "n": 3}
            assert figures["wait_s"]["limit"]["n"] == 3
    assert together["compute_environments"]["seed"]["attempts"]["mean"] == len(KEYS)
    assert together["wait_s"]["limit"]["n"] == 3
    assert together["seed"] == 0
    assert together["replications"] == 3


@pytest.mark.parametrize("path", sorted((ROOT / "tests" / "golden").glob("*.json")), ids=lambda path: path.stem)
def test_recorded_summaries_hold_to_the_schema(path):
    summary = {**json.loads(path.read_text(encoding="utf-8"))["summary"], "batchsim_version": "0"}
    assert not [f"{error.json_path}: {error.message}" for error in VALID.iter_errors(summary)]
    assert not list(VALID.iter_errors(combine([summary, summary])))


def test_every_figure_of_the_table_gets_an_interval():
    summary = bs.run(named_by_keys()).summary
    figures = {path for path, field in patterns() if field.kind == "figure"}
    assert {"jobs.failed", "job_queues.*.cost_usd.by_purpose.idle", "unplaceable[].jobs"} <= figures

    def numbers(value, found, above=()):
        if isinstance(value, dict):
            for key, below in value.items():
                numbers(below, found, (*above, key))
        elif isinstance(value, float):
            found[above] = value
        return found

    together = combine([summary, summary])
    for path, value in numbers(summary, {}).items():
        found = together
        for key in path:
            found = found[key]
        # A warm-up is the same in every replication, and no figure of any.
        assert found == (value if path == ("analysis", "warm_up_s") else confidence_interval([value, value])), path


def test_the_type_has_the_keys_of_the_table():
    assert set(Summary.__annotations__) == {field.key for field in SUMMARY}


def test_a_key_that_the_table_does_not_name_is_refused():
    summary = bs.run(scenario()).summary
    with pytest.raises(KeyError, match="surprise"):
        combine([{**summary, "surprise": 1.0}])


def test_what_a_replication_does_not_have_counts_as_the_table_says():
    # Jobs that can't be placed came in one of two replications only: three there and none here are 1.5 on average.
    one = bs.run(scenario()).summary
    stuck = {"job_queue": "q", "job_definition": "d", "vcpus": 96.0, "memory_mib": 1, "gpus": 8, "jobs": 3}
    other = copy.deepcopy(one)
    other["unplaceable"] = [stuck]
    other["skipped"] = {"no run time": 4}
    for several in ([one, other], [other, one]):
        together = combine(several)
        assert together["unplaceable"] == [{**stuck, "jobs": confidence_interval([0.0, 3.0])}]
        assert together["skipped"]["no run time"]["mean"] == mean([0, 4])
        assert not list(VALID.iter_errors(together))


def test_jobs_that_can_never_be_placed_are_told_of_replications_too():
    flow = workflow(job("wide", jobDefinition="wide"), job("small"))
    made = scenario(flow, definitions=[definition(), definition("wide", vcpus="64", memory="250000")])
    assert attention(bs.run(made, replications=2).summary) == [
        "1 job of wide (64 vCPU, 250,000 MiB) can never be placed: it stays RUNNABLE and blocks queue"
    ]
