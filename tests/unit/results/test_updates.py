"""What a summary tells of scheduled updates."""

from __future__ import annotations

from dataclasses import replace

from batchsim.recording import AppliedUpdate
from batchsim.results.updates import update_figures
from batchsim.spec.updates import NO_UPDATES, Update, Updates
from tests.worlds import fleet, jobs, run

NIGHT = Update("night", cron="0 20 * * *", what="UpdateComputeEnvironment fleet: minvCpus 8")
UPDATES = Updates((NIGHT, Update("2", at=9e9)))
REFUSED = "fleet is UPDATING"


def told(*applied: AppliedUpdate):
    recording = replace(run(jobs([0], 10), fleet()), updates=applied)
    return update_figures(UPDATES, recording)["updates"]


def test_one_is_told_by_how_often_it_was_applied_and_when_first():
    night, never = told(AppliedUpdate(7200.0, 0, jobs=2), AppliedUpdate(93_600.0, 0, jobs=3))
    assert night == {
        "name": "night",
        "what": "UpdateComputeEnvironment fleet: minvCpus 8",
        "applied": 2,
        "first_at_s": 7200.0,
        "jobs": 5,
        "refused": {},
    }
    assert (never["name"], never["applied"], never["first_at_s"], never["jobs"]) == ("2", 0, None, 0)


def test_what_aws_refuses_was_not_applied_and_is_counted_by_why():
    night, _ = told(AppliedUpdate(7200.0, 0, REFUSED), AppliedUpdate(93_600.0, 0), AppliedUpdate(180_000.0, 0, REFUSED))
    assert (night["applied"], night["first_at_s"]) == (1, 93_600.0)
    assert night["refused"] == {REFUSED: 2}


def test_without_updates_nothing_is_told():
    assert update_figures(NO_UPDATES, run(jobs([0], 10), fleet())) == {}
