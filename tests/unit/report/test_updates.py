"""Scheduled updates in words."""

from __future__ import annotations

from batchsim.report.updates import refused_updates, update_sentences

NIGHT = {
    "name": "night", "what": "UpdateComputeEnvironment fleet: minvCpus 8", "applied": 1, "jobs": 0, "refused": {},
}  # fmt: skip


def told(**changes):
    return list(update_sentences({"updates": [{**NIGHT, **changes}]}))


def test_one_is_told_by_what_it_does_and_how_often():
    assert told() == ["UpdateComputeEnvironment fleet: minvCpus 8: once"]
    assert told(applied=1200) == ["UpdateComputeEnvironment fleet: minvCpus 8: 1,200 times"]


def test_one_that_never_came_is_said_to_be_so():
    assert told(applied=0) == ["UpdateComputeEnvironment fleet: minvCpus 8: never"]


def test_of_one_that_ended_jobs_it_is_said_how_many():
    cancel = {"what": "CancelJob jobQueue nightly"}
    assert told(**cancel, jobs=1) == ["CancelJob jobQueue nightly: once, 1 job"]
    assert told(**cancel, applied=2, jobs=2000) == ["CancelJob jobQueue nightly: 2 times, 2,000 jobs"]


def test_of_replications_it_is_told_in_the_mean():
    mean = {"mean": 1.5, "low": 1.0, "high": 2.0, "n": 10}
    assert told(applied=mean) == ["UpdateComputeEnvironment fleet: minvCpus 8: 1.5 times"]


def test_what_aws_would_refuse_is_told_by_name_and_why():
    refused = {"fleet is UPDATING": 1, "desiredvCpus 2 of fleet is below the 8 that it has": 3}
    assert list(refused_updates({"updates": [NIGHT, {**NIGHT, "refused": refused}]})) == [
        "AWS would refuse the update night once: fleet is UPDATING",
        "AWS would refuse the update night 3 times: desiredvCpus 2 of fleet is below the 8 that it has",
    ]


def test_without_updates_nothing_is_said():
    assert list(update_sentences({})) == list(refused_updates({})) == []
