"""Calls that must not happen twice, what an update says, and how long AWS is waited for."""

from __future__ import annotations

import pytest

import batchsim as bs
from batchsim.aws.client import AwsAccount
from batchsim.aws.deployment.apply import Deployer, _changed
from batchsim.aws.deployment.differences import Difference
from batchsim.aws.deployment.inventory import Existing
from batchsim.aws.deployment.plan import Plan, Step
from batchsim.errors import AwsReason


def failure(reason: AwsReason) -> bs.AwsError:
    return bs.AwsError(bs.Finding("aws", "SubmitJob a", reason), "SubmitJob", "a", reason=reason)


class Call:
    """A call that fails in these ways, one after the other, and then succeeds."""

    def __init__(self, *reasons: AwsReason) -> None:
        self.reasons = list(reasons)
        self.made = 0

    def __call__(self) -> None:
        self.made += 1
        if self.reasons:
            raise failure(self.reasons.pop(0))


@pytest.fixture
def waited() -> list[float]:
    return []


@pytest.fixture
def deployer(waited) -> Deployer:
    account = AwsAccount(region="us-east-1", attempts=3)
    return Deployer(account, say=lambda _: None, sleep=waited.append, interval_s=5.0, patience_s=20.0)


def test_what_may_pass_is_tried_again_after_a_longer_wait_each_time(deployer, waited):
    call = Call("busy", "no-answer")
    deployer.surely(call, lambda: False)
    assert (call.made, waited) == (3, [2.0, 4.0])


@pytest.mark.parametrize("reason", ["denied", "refused", "not-offered"])
def test_what_will_not_pass_is_tried_once(deployer, waited, reason):
    call = Call(reason)
    with pytest.raises(bs.AwsError) as caught:
        deployer.surely(call, lambda: False)
    assert (call.made, waited, caught.value.reason) == (1, [], reason)


def test_the_last_attempt_s_failure_is_told(deployer):
    call = Call("busy", "busy", "busy")
    with pytest.raises(bs.AwsError):
        deployer.surely(call, lambda: False)
    assert call.made == 3


@pytest.mark.parametrize("reason", ["no-answer", "refused"])
def test_what_turns_out_to_be_done_is_not_tried_again(deployer, waited, reason):
    call = Call(reason)
    deployer.surely(call, lambda: True)
    assert (call.made, waited) == (1, [])


def test_other_faults_pass_through(deployer):
    def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        deployer.surely(broken, lambda: True)


def existing(status: str, reason: str = "") -> Existing:
    return Existing("computeEnvironments", "spot", "arn:…", {}, status, reason)


STEP = Step("create", "computeEnvironments", "spot", {})


def answers(deployer: Deployer, monkeypatch, *found: Existing | None) -> None:
    """What AWS says of the environment, question after question; the last one for good."""
    left = list(found)
    monkeypatch.setattr(deployer, "_find", lambda *_: left.pop(0) if len(left) > 1 else left[0])


def test_an_environment_is_waited_for_until_it_is_valid(deployer, waited, monkeypatch):
    answers(deployer, monkeypatch, existing("CREATING"), existing("UPDATING"), existing("VALID"))
    deployer._wait_valid(STEP)
    assert waited == [5.0, 5.0]


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (existing("INVALID", "no role in :123456789012:"), "AWS says it is INVALID: no role in :***:"),
        (existing("DELETED"), "it is gone again"),
        (None, "it is gone again"),
    ],
)
def test_an_environment_that_does_not_become_valid_stops_the_deployment(deployer, monkeypatch, found, message):
    answers(deployer, monkeypatch, found)
    with pytest.raises(bs.AwsError) as caught:
        deployer._wait_valid(STEP)
    error = caught.value
    assert (error.finding.code, error.operation, error.request) == ("invalid", "CreateComputeEnvironment", "spot")
    assert error.finding.message == message
    assert not error.may_pass


def test_what_takes_too_long_may_pass_later(deployer, waited, monkeypatch):
    answers(deployer, monkeypatch, existing("CREATING"))
    with pytest.raises(bs.AwsError, match="the same command again, later") as caught:
        deployer._wait_valid(STEP)
    assert caught.value.may_pass
    assert sum(waited) == 20.0


def test_what_can_t_be_deleted_says_why(deployer, monkeypatch):
    answers(deployer, monkeypatch, existing("DELETING"), existing("INVALID", "jobs are running"))
    with pytest.raises(bs.AwsError, match="can't be deleted: jobs are running"):
        deployer._gone("computeEnvironments", "spot")


def test_a_plan_with_conflicts_is_not_begun(deployer):
    conflict = bs.Finding("not-ours", "job queue q", "it is not touched")
    with pytest.raises(bs.ScenarioError) as caught:
        deployer.carry_out(Plan("etl", "us-east-1", (STEP,), (conflict,)))
    assert caught.value.findings == (conflict,)


def changed(request: dict, *differences: Difference) -> dict:
    step = Step("update", "computeEnvironments", "spot", request, differences)
    return _changed(step, {difference.path for difference in differences})


def test_an_update_says_each_changed_member_whole():
    scaling = ("computeResources", "scalingPolicy", "minScaleDownDelayMinutes")
    request = {
        "state": "DISABLED",
        "computeResources": {"maxvCpus": 8, "minvCpus": 0, "scalingPolicy": {"minScaleDownDelayMinutes": 20}},
    }
    found = changed(
        request,
        Difference(("state",), "ENABLED", "DISABLED"),
        Difference(("computeResources", "maxvCpus"), 4, 8),
        Difference(scaling, 30, 20),
    )
    assert found == {
        "state": "DISABLED",
        "computeResources": {"maxvCpus": 8, "scalingPolicy": {"minScaleDownDelayMinutes": 20}},
    }


def test_an_update_takes_back_what_is_no_longer_said():
    scaling = ("computeResources", "scalingPolicy", "minScaleDownDelayMinutes")
    found = changed({"computeResources": {}}, Difference(scaling, 30, 0))
    assert found == {"computeResources": {"scalingPolicy": {"minScaleDownDelayMinutes": 0}}}
