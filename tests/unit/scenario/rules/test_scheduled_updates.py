"""What no schedule of EventBridge Scheduler can do is told before anything is exported."""

from __future__ import annotations

import pytest

import batchsim as bs
from batchsim.aws.exporters import export
from tests.aws.configurations import UPDATES, prepared, scheduled, small

END = {"at": "8h", "terminate": {"jobQueue": "urgent", "jobName": "report"}}


def without_deployment():
    values = small()
    del values["deployment"]
    return values


def told(configuration):
    return [each for each in configuration.warnings if each.code == "scheduled-jobs"]


def test_jobs_that_would_be_ended_stop_a_deployment_and_it_is_said_what_to_do():
    with pytest.raises(bs.ScenarioError) as caught:
        scheduled(small(), [*UPDATES, END])
    (finding,) = caught.value.findings
    assert (finding.code, finding.path, finding.severity) == ("scheduled-jobs", "updates.2.terminate", "error")
    assert "TerminateJob takes one job's id" in finding.message
    assert "--job-queue urgent --filters name=JOB_NAME,values=report" in finding.expected


def test_where_nothing_is_deployed_it_is_a_warning_and_the_rest_is_exported():
    configuration = scheduled(without_deployment(), [*UPDATES, {"at": "8h", "cancel": {"workflow": "etl"}}])
    (finding,) = told(configuration)
    assert (finding.path, finding.severity) == ("updates.2.cancel", "warning")
    assert "CancelJob takes one job's id" in finding.message
    assert "--job-queue QUEUE`" in finding.expected
    assert export(configuration, "cloudformation")["template.yaml"].count("AWS::Scheduler::Schedule\n") == 0
    assert export(configuration, "cloudformation")["template.yaml"].count('"AWS::Scheduler::Schedule"') == 2


def test_it_can_be_ignored():
    configuration = prepared({**small(), "updates": [END], "ignore": ["scheduled-jobs"]})
    assert told(configuration) == []
    assert "Scheduler" not in export(configuration, "cloudformation")["template.yaml"]


def test_updates_that_set_something_are_none_of_it():
    assert told(scheduled(small())) == []
