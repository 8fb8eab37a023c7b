"""AWS's own shapes: what does not fit is told at its place, with what was expected and what was probably meant."""

from __future__ import annotations

import copy
import json

import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from batchsim.scenario.batch.service_model import (
    REQUESTS,
    as_text,
    check,
    check_within,
    members,
    members_of,
    shape_named,
    within,
)
from batchsim.scenario.document.document import Document
from tests.builders import definition, environment, queue

SHARES = {"name": "shares", "fairsharePolicy": {"shareDecaySeconds": 60, "shareDistribution": [
    {"shareIdentifier": "blue", "weightFactor": 0.5}]}, "tags": {"team": "data"}}  # fmt: skip
TASK = definition(
    parameters={"day": "monday"},
    propagateTags=True,
    retryStrategy={"attempts": 2, "evaluateOnExit": [{"onExitCode": "1", "action": "RETRY"}]},
    timeout={"attemptDurationSeconds": 60},
    platformCapabilities=["EC2"],
)
#: A request of each kind.
WHOLE = {
    "computeEnvironments": environment(tags={"a": "b"}, scalingPolicy={"minScaleDownDelayMinutes": 20}),
    "jobQueues": queue(),
    "jobDefinitions": TASK,
    "schedulingPolicies": SHARES,
    "consumableResources": {"consumableResourceName": "licence", "totalQuantity": 3},
}


def told(value, shape="RegisterJobDefinitionRequest", **more):
    return [
        (each.path, each.code, each.message, each.expected, each.suggestion)
        for each in check(value, shape, (), Document({}), **more)
    ]


def changed(value, *steps, to):
    made = copy.deepcopy(value)
    place = made
    for step in steps[:-1]:
        place = place[step]
    place[steps[-1]] = to
    return made


@pytest.mark.parametrize("kind", REQUESTS)
def test_a_request_that_is_right_has_no_findings(kind):
    assert told(WHOLE[kind], REQUESTS[kind]) == []


@pytest.mark.parametrize(
    ("steps", "value", "code", "message", "expected"),
    [
        # An order of YAML's is none of AWS's: a number is no text, a truth is no number, a whole number no fraction.
        (("retryStrategy", "attempts"), True, "wrong-type", "True does not fit", "a whole number"),
        (("retryStrategy", "attempts"), "2", "wrong-type", "'2' does not fit", "a whole number"),
        (("timeout", "attemptDurationSeconds"), 60.0, "wrong-type", "60.0 does not fit", "a whole number"),
        (("propagateTags",), "yes", "wrong-type", "'yes' does not fit", "true or false"),
        (("propagateTags",), 1, "wrong-type", "1 does not fit", "true or false"),
        (("parameters", "day"), 1, "wrong-type", "1 does not fit", 'a text: write "1" with quotes'),
        (("parameters", "day"), False, "wrong-type", "False does not fit", 'a text: write "false" with quotes'),
        (("containerProperties", "image"), None, "wrong-type", "nothing does not fit", "a text"),
        (("parameters",), ["a"], "wrong-type", "a list does not fit", "a mapping"),
        (("retryStrategy", "evaluateOnExit"), {"a": 1}, "wrong-type", "a mapping does not fit", "a list"),
        (("timeout",), 60, "wrong-type", "60 does not fit", "a mapping"),
        # An integer of AWS's has 32 bits.
        (("retryStrategy", "attempts"), 2**31, "out-of-range", "2147483648 is too large", "2147483647 or less"),
        (("type",), "x", "unknown-word", "'x' is not one of the allowed words", "one of container, multinode"),
    ],
)
def test_a_value_that_does_not_fit(steps, value, code, message, expected):
    ((path, *found),) = told(changed(TASK, *steps, to=value))
    assert path == ".".join(steps)
    assert found[:3] == [code, message, expected]


@pytest.mark.parametrize("word", ["RETRY", "retry", "Exit", "exit"])
def test_what_is_done_after_an_exit_is_taken_in_any_case(word):
    assert told(changed(TASK, "retryStrategy", "evaluateOnExit", 0, "action", to=word)) == []
    ((_, code, _, _, near),) = told(changed(TASK, "retryStrategy", "evaluateOnExit", 0, "action", to="RETYR"))
    assert (code, near) == ("unknown-word", "RETRY")


def test_unknown_and_missing_members_are_told_all_together():
    found = told({"jobDefinitionNam": "task", "type": "container", "timeout": {"seconds": 5}})
    assert [(path, code, near) for path, code, _, _, near in found] == [
        ("jobDefinitionNam", "unknown-key", "jobDefinitionName"),
        ("timeout.seconds", "unknown-key", ""),
        ("", "missing-key", ""),
    ]
    assert found[2][2] == "jobDefinitionName is missing"
    # Members that are looked at elsewhere may be unknown, or missing.
    assert told({"type": "container", "runtime": 5}, loose=("runtime", "jobDefinitionName")) == []


def test_what_only_creating_needs_is_not_missed_before():
    provider = {"computeEnvironmentName": "a", "type": "MANAGED", "computeResources": {
        "type": "ECS_MANAGED_INSTANCES", "maxvCpus": 4, "managedInstancesProvider": {"instanceLaunchTemplate": {
            "networkConfiguration": {}}}}}  # fmt: skip
    assert told(provider, REQUESTS["computeEnvironments"]) == []


@pytest.mark.parametrize("minutes", [0, 1, 7200, 7201])
def test_bounds_are_the_service_models(minutes):
    # API UpdatePolicy.jobExecutionTimeoutMinutes: 1 to 7200.
    bounds = {0: ["1 or more"], 7201: ["7200 or less"]}
    update = {"computeEnvironment": "fleet", "updatePolicy": {"jobExecutionTimeoutMinutes": minutes}}
    found = told(update, "UpdateComputeEnvironmentRequest")
    assert [expected for _, _, _, expected, _ in found] == bounds.get(minutes, [])


@pytest.mark.parametrize(("length", "message"), [(0, "a text of 0 characters is too short"), (1, ""), (256, ""),
                                                 (257, "a text of 257 characters is too long")])  # fmt: skip
def test_lengths_of_texts_are_too(length, message):
    found = told([{"imageType": "x" * length}], "Ec2ConfigurationList")
    assert [each[2] for each in found] == [message] * bool(message)


@pytest.mark.parametrize(("factor", "code"), [(0.5, []), (1, []), (float("nan"), ["not-finite"]),
                                              (float("inf"), ["not-finite"]), (True, ["wrong-type"])])  # fmt: skip
def test_a_figure_is_finite(factor, code):
    policy = changed(SHARES, "fairsharePolicy", "shareDistribution", 0, "weightFactor", to=factor)
    assert [each[1] for each in told(policy, REQUESTS["schedulingPolicies"])] == code


def places(value, done=()):
    yield done
    for step in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[step], (*done, step))


VALUES = st.sampled_from([None, True, 0, -1, 2**40, 0.5, "x", "", [], {}, [None], ["x"], {"x": "y"}, {"attempts": 1}])


@given(st.sampled_from(sorted(REQUESTS)), st.data())
def test_what_boto3_would_refuse_to_send_is_refused_here(kind, data):
    steps = data.draw(st.sampled_from(sorted(filter(None, places(WHOLE[kind])), key=str)))
    request = changed(WHOLE[kind], *steps, to=data.draw(VALUES))
    if ParamValidator().validate(request, shape_named(REQUESTS[kind])).has_errors():
        assert told(request, REQUESTS[kind])


@pytest.mark.parametrize(
    ("where", "value", "written"),
    [
        (("batch", "jobDefinitions", 0, "parameters", "day"), 5, "5"),
        (("batch", "jobDefinitions", 0, "parameters"), {"day": 0.25, "b": [1]}, {"day": "0.25", "b": [1]}),
        (("batch", "jobDefinitions", 0, "retryStrategy"), {"attempts": 3}, {"attempts": 3}),
        (("batch", "jobDefinitions", 0, "propagateTags"), True, True),
        (("batch", "jobDefinitions", 0, "jobDefinitionName"), True, True),
        (("workload", 0, "jobs", 0, "parameters", "x"), 7, "7"),
        # Elsewhere AWS has no shape.
        (("workload", 0, "jobs", 0, "runtime"), 60, 60),
        (("workload", 0, "workflow"), 5, 5),
        (("seed",), 5, 5),
        (("batch", "jobDefinitions", 0, "unknown", "x"), 5, 5),
        (("batch", "jobQueues"), [5], [5]),
    ],
)
def test_a_number_is_written_as_a_text_where_aws_has_texts_alone(where, value, written):
    assert as_text(value, where) == written
    assert type(as_text(value, where)) is type(written)


@pytest.mark.parametrize("kind", REQUESTS)
def test_what_fits_stays_as_it_is(kind):
    assert as_text(WHOLE[kind], ("batch", kind, 0)) == WHOLE[kind]
    assert within(WHOLE[kind], shape_named(REQUESTS[kind])) == WHOLE[kind]


def test_members_that_a_shape_lacks_are_left_out_at_any_depth():
    more = changed(TASK, "retryStrategy", "evaluateOnExit", 0, to={"action": "EXIT", "why": "x"})
    kept = within({**more, "colour": "blue"}, shape_named("RegisterJobDefinitionRequest"))
    assert kept == changed(more, "retryStrategy", "evaluateOnExit", 0, to={"action": "EXIT"})
    # Keys of a map are a person's own.
    assert kept["parameters"] == {"day": "monday"}


def test_every_member_goes_by_its_shape_with_its_place():
    found = {name: where for name, where, _ in members(TASK, "RegisterJobDefinitionRequest", ("x",))}
    assert found["RetryStrategy.attempts"] == ("x", "retryStrategy", "attempts")
    assert found["EvaluateOnExit.action"] == ("x", "retryStrategy", "evaluateOnExit", 0, "action")
    assert found["ResourceRequirement.value"] == ("x", "containerProperties", "resourceRequirements", 1, "value")
    assert "day" not in json.dumps(sorted(found))


def test_a_shape_within_a_shape():
    update = "UpdateComputeEnvironmentRequest"
    assert "minvCpus" in members_of(update, ("computeResources",))
    assert members_of(update, ("computeResources", "minvCpus")) == members_of(update, ("nothing",)) == ()
    found = check_within("many", update, ("computeResources", "minvCpus"), ("updates", 0), Document({}))
    assert [(each.path, each.message) for each in found] == [("updates.0", "'many' does not fit")]
    assert list(check_within("many", update, ("nothing", "there"), ("updates", 0), Document({}))) == []
