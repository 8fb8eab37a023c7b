"""What answers make of a story: a scenario without faults, or a message."""

from __future__ import annotations

import itertools

import pytest

from batchsim.catalog.fargate import is_legal
from batchsim.scenario.loading import loads
from batchsim.scenario.stories.story import STORIES, read_answer, scenario_text
from batchsim.validation.validate import validate

JOBS, VCPUS = ["2", "1000"], ["1", "3", "16", "96"]
MEMORY = ["500MiB", "3.5GiB", "7000", "60GiB"]


@pytest.mark.parametrize("name", STORIES)
def test_whatever_is_answered_is_valid(tmp_path, name):
    """Every answer gives a scenario without faults, or a message."""
    story, made = STORIES[name], 0
    by = ["02:00", "23:59"] if name == "etl" else ["10m", "3d"]
    for jobs, vcpus, memory, runtime, until in itertools.product(JOBS, VCPUS, MEMORY, ["1s", "100m"], by):
        given = {"jobs": jobs, "vcpus": vcpus, "memory": memory, "runtime": runtime, "by": until}
        try:
            text = scenario_text(story, given, name="made", file="made.yaml")
        except ValueError:
            continue
        made += 1
        if made % 17 == 1:
            (tmp_path / "made.yaml").write_text(text)
            # What no capacity makes up for, a time that is too short for the longest job, is said.
            assert {fault.code for fault in validate(tmp_path / "made.yaml").faults} <= {"deadline"}, given
    assert made > 60


def made(name, **answers):
    return loads(scenario_text(STORIES[name], answers, name="made", file="made.yaml"))


def resources(scenario):
    return scenario.batch["computeEnvironments"][0]["computeResources"]


def test_types_go_with_the_memory_of_a_job():
    families = {
        memory: {name.partition(".")[0] for name in resources(made("etl", memory=memory))["instanceTypes"]}
        for memory in ("3600MiB", "7000MiB", "14000MiB")
    }
    assert families == {"3600MiB": {"c6i", "c6a"}, "7000MiB": {"m6i", "m6a"}, "14000MiB": {"r6i", "r6a"}}
    assert resources(made("gpu", vcpus="8"))["instanceTypes"] == ["g5.2xlarge", "g6.2xlarge"]


def test_a_service_has_a_size_of_fargate():
    requirements = made("service", vcpus="0.3", memory="1100MiB").batch["jobDefinitions"][0]["containerProperties"]
    vcpus, memory = (float(each["value"]) for each in requirements["resourceRequirements"])
    assert (vcpus, memory) == (0.5, 2048)
    assert is_legal(vcpus, int(memory))


def test_limits_are_for_two_thirds_of_the_time():
    # 240 runs of 4 vCPUs and an hour's mean, in two thirds of 24 h: 60 vCPUs; a fifth of them on demand.
    mean_of_median = 1.0928
    scenario = made("gpu", jobs="240", runtime=f"{3600 / mean_of_median:.0f}s", by="24h")
    assert resources(scenario)["maxvCpus"] == 48
    assert scenario.batch["computeEnvironments"][1]["computeResources"]["maxvCpus"] == 12


@pytest.mark.parametrize(
    ("name", "answers", "message"),
    [
        ("etl", {"memory": "1TiB"}, "no instance type here holds 2 vCPUs and 1048576 MiB"),
        ("etl", {"vcpus": "0.5"}, "whole vCPUs; expected 1"),
        ("service", {"memory": "300GiB"}, "Fargate has no task"),
    ],
)
def test_what_nothing_holds_is_told(name, answers, message):
    with pytest.raises(ValueError, match=message):
        made(name, **answers)


@pytest.mark.parametrize(
    ("name", "key", "text", "figure"),
    [
        ("etl", "by", "06:00", 4 * 3600),
        ("etl", "by", "01:00", 23 * 3600),
        ("etl", "by", "02:00", 24 * 3600),
        ("gpu", "by", "90m", 5400),
        ("gpu", "memory", "2000", 2000),
        ("gpu", "memory", "2GiB", 2048),
        ("service", "vcpus", "0.25", 0.25),
    ],
)
def test_answers_are_read(name, key, text, figure):
    assert read_answer(STORIES[name], key, text) == figure


@pytest.mark.parametrize(("key", "text"), [("jobs", "1"), ("jobs", "1.5"), ("vcpus", "nan"), ("by", "25:00")])
def test_wrong_answers_say_what_is_expected(key, text):
    with pytest.raises(ValueError, match="expected"):
        read_answer(STORIES["etl"], key, text)
