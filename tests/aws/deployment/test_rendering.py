"""A plan as lines and as JSON: what happens, why, from what to what, and no secret of either."""

from __future__ import annotations

from batchsim.aws.deployment.differences import Difference
from batchsim.aws.deployment.plan import Plan, Step
from batchsim.aws.deployment.rendering import as_json, lines

ENVIRONMENT = ("containerProperties", "environment")
PLAN = Plan(
    "etl",
    "eu-west-1",
    (
        Step("create", "computeEnvironments", "spot", {}),
        Step(
            "update",
            "jobQueues",
            "nightly",
            {},
            (
                Difference(("priority",), 1, 20),
                Difference(("schedulingPolicyArn",), None, "arn:aws:batch:eu-west-1:123456789012:scheduling-policy/p"),
            ),
        ),
        Step(
            "create",
            "jobDefinitions",
            "load",
            {},
            (Difference(ENVIRONMENT, [{"name": "DB_PASSWORD", "value": "hunter2"}], []),),
        ),
        Step("replace", "computeEnvironments", "od", {}, why="it is INVALID: role arn:aws:iam::123456789012:role/x"),
        Step("leave", "jobQueues", "urgent", {}),
    ),
)


def test_a_line_for_each_object_and_each_member_that_changes():
    assert list(lines(PLAN, "eu-west-1")) == [
        "etl → AWS Batch in eu-west-1",
        "  + create  compute environment spot",
        "  ~ update  job queue nightly",
        "      priority: 1 → 20",
        "      schedulingPolicyArn: nothing → arn:aws:batch:eu-west-1:***:scheduling-policy/p",
        "  + create  job definition load",
        '      containerProperties.environment: [{"name": "DB_PASSWORD", "value": "***"}] → []',
        "  ! replace compute environment od: it is INVALID: role arn:aws:iam::***:role/x",
        "  = leave   job queue urgent",
        "2 to create, 1 to update, 1 to replace, 1 unchanged",
    ]


def test_the_same_as_json():
    content = as_json(PLAN)
    assert content["scenario"] == "etl"
    assert content["steps"][1] == {
        "action": "update",
        "object": "job queue nightly",
        "why": "",
        "changes": [
            {"member": "priority", "before": 1, "after": 20},
            {
                "member": "schedulingPolicyArn",
                "before": None,
                "after": "arn:aws:batch:eu-west-1:***:scheduling-policy/p",
            },
        ],
    }
    assert not any(secret in repr(content) for secret in ("hunter2", "123456789012"))


def test_a_plan_without_a_step_says_so():
    assert list(lines(Plan("etl", "eu-west-1", ()), "eu-west-1"))[1:] == ["nothing there, nothing to do"]


def test_a_long_value_is_cut():
    plan = Plan("etl", "eu-west-1", (Step("update", "jobQueues", "q", {}, (Difference(("a",), "x" * 61, "y" * 60),)),))
    *_, line, _ = lines(plan, "eu-west-1")
    assert line == f"      a: {'x' * 59}… → {'y' * 60}"
