"""The scenario that is written: it reads back as what was learnt, on the configuration that was given."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

import batchsim as bs
from batchsim.aws.histories.configuration import AccountConfiguration, read_configuration
from batchsim.aws.histories.records import Asked, RecordedInstance, RecordedTask
from batchsim.errors import ScenarioError
from batchsim.experiments.calibrate.calibration import calibrate
from batchsim.experiments.calibrate.scenario_text import checked_scenario_text
from batchsim.scenario.loading import loads
from tests.conftest import ROOT
from tests.unit.experiments.calibrate.records import MONDAY, attempt, history, job

CONFIGURATION = read_configuration(ROOT / "scenarios" / "transactions.yaml")
EXITED = "Essential container in task exited"


def bulk(job_id, *attempts, **more):
    return job(job_id, *attempts, **{"queue": "bulk", "definition": "settle", **more})


def written(*jobs, configuration=CONFIGURATION, **more):
    text = checked_scenario_text(calibrate(history(*jobs), configuration, **more), configuration)
    return loads(text), text


def submitted(scenario):
    return scenario.document.values["workload"]


def test_the_least_history_runs():
    scenario, text = written(bulk("a", at=90.0))
    assert (scenario.name, scenario.start.isoformat(), scenario.duration_s) == (
        "calibrated",
        "2026-11-02T00:00:00+00:00",
        3600.0,
    )
    (entry,) = submitted(scenario)
    assert entry["arrivals"] == {"trace": [90]}
    assert entry["jobs"] == [{"jobName": "work", "jobQueue": "bulk", "jobDefinition": "settle", "runtime": 100}]
    assert "1 of the 10 values" in text
    result = bs.run(scenario)
    assert result.summary["jobs"]["succeeded"] == 1


def test_a_workflow_with_an_array():
    parent = bulk("p", name="part", size=3)
    children = [bulk(f"p:{index}", name="part", array="p", index=index) for index in range(3)]
    last = bulk("z", name="all", depends_on=(("p", ""),))
    scenario, _ = written(parent, *children, last)
    (entry,) = submitted(scenario)
    assert [each["jobName"] for each in entry["jobs"]] == ["part", "all"]
    assert entry["jobs"][0]["arrayProperties"] == {"size": 3}
    assert entry["jobs"][1]["dependsOn"] == [{"jobName": "part"}]
    assert bs.run(scenario).summary["jobs"]["succeeded"] == 4


def test_what_differs_from_the_definition_is_overridden():
    same = Asked(vcpus=1.0, memory_mib=2048.0, retry={"attempts": 3, "evaluateOnExit": []})
    more = Asked(vcpus=2.0, memory_mib=4096.0, timeout_s=600.0, retry={"attempts": 1})
    scenario, _ = written(bulk("a", asked=same), bulk("b", asked=more, at=1.0))
    first, second = (entry["jobs"][0] for entry in submitted(scenario))
    assert first.keys() == {"jobName", "jobQueue", "jobDefinition", "runtime"}
    assert second["containerOverrides"]["resourceRequirements"] == [
        {"type": "VCPU", "value": "2"}, {"type": "MEMORY", "value": "4096"}]  # fmt: skip
    assert second["timeout"] == {"attemptDurationSeconds": 600}
    assert second["retryStrategy"] == {"attempts": 1}


def test_failures_are_written_with_their_interval():
    failed = attempt(0, 40, exit_code=3, status_reason=EXITED, reason='a "quoted" # word: here')
    scenario, text = written(bulk("a", failed, attempt(50, 150, succeeded=True)))
    assert submitted(scenario)[0]["jobs"][0]["failure"] == {
        "probability": 0.5, "exitCode": 3, "reason": 'a "quoted" # word: here'}  # fmt: skip
    assert "1 of 2 attempts failed (95 %: 1.26% to 98.74%)" in text


def test_what_always_failed_fails_again():
    scenario, text = written(bulk("a", attempt(0, 40, exit_code=3, status_reason=EXITED)))
    assert submitted(scenario)[0]["jobs"][0]["runtime"] == 40
    assert submitted(scenario)[0]["jobs"][0]["failure"] == {"probability": 1, "exitCode": 3}
    assert "all failed: the time until they did" in text


def test_surroundings_are_kept_and_spot_is_added():
    environment = {"image": {"size": "120MiB"}, "spot": {"notice": "1m"}}
    configuration = replace(CONFIGURATION, environment=environment)
    told = attempt(0, 1800, exit_code=None, status_reason="Your Spot Task was interrupted.")
    scenario, _ = written(bulk("a", told, attempt(1900, 7300, succeeded=True)), configuration=configuration)
    assert scenario.document.values["environment"] == {
        "image": {"size": "120MiB"}, "spot": {"notice": "1m", "fargateRatePerHour": 0.5}}  # fmt: skip


def test_long_lists_are_broken_between_their_values():
    jobs = [
        bulk(str(number), attempt(0, 100 + number * number, succeeded=True), at=number * 977.0) for number in range(300)
    ]
    scenario, text = written(*jobs)
    assert max(map(len, text.splitlines())) <= 120
    assert len(submitted(scenario)[0]["jobs"][0]["runtime"]["empirical"]["values"]) == 200


def test_what_never_ran_is_not_simulated_and_said():
    never = replace(bulk("b", name="other"), attempts=())
    found = calibrate(history(bulk("a"), never), CONFIGURATION)
    assert any("workflow other: a job of it never ran" in sentence for sentence in found.not_learned)
    assert [each["workflow"] for each in submitted(written(bulk("a"), never)[0])] == ["work"]


def test_an_array_of_which_only_the_parent_is_described_is_said():
    found = calibrate(history(bulk("a"), bulk("p", name="part", size=30)), CONFIGURATION)
    assert any("workflow part: a job of it never ran" in sentence for sentence in found.not_learned)
    assert any(sentence.startswith("30 children of arrays are not described") for sentence in found.not_learned)
    assert [row["n"] for row in found.figures["learned"]["runtimes"]] == [0, 1]


def test_missing_names_are_told_with_what_there_is():
    with pytest.raises(ScenarioError) as caught:
        written(bulk("a", queue="bulkk"), bulk("b", definition="other"))
    first, second = caught.value.findings
    assert first.suggestion == "bulk"
    assert "job definition 'other'" in second.message


def test_several_of_one_name_get_their_own():
    scenario, _ = written(
        bulk("a"), bulk("b", at=5.0, asked=Asked(timeout_s=900.0)), bulk("c", at=9.0, asked=Asked(timeout_s=800.0))
    )
    assert [each["workflow"] for each in submitted(scenario)] == ["work", "work-2", "work-3"]


def test_a_configuration_of_aws_does_too(tmp_path):
    path = tmp_path / "queue.json"
    path.write_text(
        '{"jobQueueName": "q", "priority": 1, "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": "c"}]}'
    )
    assert read_configuration(path).queues == {"q"}
    assert AccountConfiguration({}, {}).asks("none") == (None, None, None)


def test_updates_by_cron_are_the_configuration_s_and_those_of_one_time_are_not(tmp_path):
    nightly = {"cron": "0 20 * * *", "set": {"batch.computeEnvironments.c.unmanagedvCpus": 8}}
    once = {"at": "6h", "set": {"batch.computeEnvironments.c.unmanagedvCpus": 4}}
    path = tmp_path / "scenario.json"
    path.write_text(json.dumps({"batch": {"computeEnvironments": []}, "updates": [once, nightly]}))
    found = read_configuration(path)
    assert found.updates == (nightly,)
    assert [note.message for note in found.notes] == ["left out: 1 of updates:, due once and not by cron"]
    assert "updates:\n- cron: '0 20 * * *'\n" in found.to_yaml()
    path.write_text('{"batch": {"computeEnvironments": []}}')
    assert "updates" not in read_configuration(path).to_yaml()


def test_whole_days_that_are_drawn_read_back():
    bursts = [bulk(f"{day}-{number}", at=day * 86400.0 + number) for day in range(16) for number in range(20)]
    scenario, text = written(*bursts)
    record = submitted(scenario)[0]["arrivals"]["days"]["record"]
    assert len(record) == 14
    assert record["2026-11-03"] == list(range(20))
    assert "whole days, drawn by weekday of the 14" in " ".join(text.replace("#", " ").split())
    assert len(bs.run(scenario).jobs) == 20 * 16  # each day has twenty, the first and the last as well


def test_measured_delays_stand_beside_what_the_configuration_says():
    tasks = tuple(
        RecordedTask(f"task/{number}", "", "app", MONDAY, MONDAY + 40, MONDAY + 50, MONDAY + 53) for number in range(10)
    )
    instance = RecordedInstance("arn/1", "i-1", "m6i.large", memory_mib=7700.0)
    environment = {"image": {"size": "120MiB", "containerStart": 9}, "ec2": {"memory": {"c6i.large": 3000}}}
    configuration = replace(CONFIGURATION, environment=environment)
    found = calibrate(history(bulk("a"), tasks=tasks, instances=(instance,)), configuration)
    text = checked_scenario_text(found, configuration)
    assert loads(text).document.values["environment"] == {
        "image": {"size": "120MiB", "containerStart": 3},
        "ec2": {"memory": {"c6i.large": 3000, "m6i.large": 7700}},
        "fargate": {"start": 40},
    }
    lines = text.splitlines()
    (place,) = (number for number, line in enumerate(lines) if line.strip() == "containerStart: 3")
    assert lines[place - 1].strip().startswith("# 10: tasks from pullStoppedAt to startedAt")


def test_what_was_learnt_shows_itself_in_a_notebook():
    html = calibrate(history(bulk("a"), bulk("b", name="<b>")), CONFIGURATION)._repr_html_()
    assert "<table" in html
    assert "2 jobs" in html
    assert "<b>" not in html
