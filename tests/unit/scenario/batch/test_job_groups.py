"""What a definition says and what a job changes of it, request by request."""

from __future__ import annotations

import pytest

from batchsim.scenario.batch.job_groups import job_definition, resolved_workflow, retry_rules, submitted_group
from batchsim.scenario.sections.models import Workflow
from batchsim.spec.assumptions import Assumptions
from batchsim.spec.configuration import RetryRule, Shape
from batchsim.spec.workflows import Dependency, Failure
from batchsim.spec.workload import group_of
from tests.builders import definition

NOTHING = Assumptions()
RETRIES = {
    "attempts": 3,
    "evaluateOnExit": [
        {"action": "retry", "onStatusReason": "Host EC2*"},
        {"action": "EXIT", "onReason": "*", "onExitCode": "1"},
    ],
}
RULES = (RetryRule("RETRY", on_status_reason="Host EC2*"), RetryRule("EXIT", on_exit_code="1", on_reason="*"))
REQUEST = definition(
    retryStrategy=RETRIES,
    timeout={"attemptDurationSeconds": 600},
    schedulingPriority=7,
    consumableResourceProperties={"consumableResourceList": [{"consumableResource": "licence", "quantity": 2}]},
)


def group(request=REQUEST, failure=None, **submit):
    submit = {"jobName": "a", "jobQueue": "queue", "jobDefinition": "task", **submit}
    return submitted_group("work", job_definition(request, NOTHING), request, submit, failure)


def test_a_job_that_changes_nothing_has_what_its_definition_says():
    made = group()
    assert (made.workflow, made.job_queue, made.job_definition) == ("work", "queue", "task")
    assert (made.attempts, made.evaluate_on_exit) == (3, RULES)
    assert (made.timeout_s, made.scheduling_priority, made.share_identifier) == (600.0, 7, None)
    assert made.consumables == (("licence", 2),)
    # Which is what a trace's jobs have, that can change nothing.
    assert made == group_of(job_definition(REQUEST, NOTHING), "work", "queue")


@pytest.mark.parametrize(
    ("submit", "member", "value"),
    [
        ({"jobQueue": "arn:aws:batch:us-east-1:123456789012:job-queue/other"}, "job_queue", "other"),
        ({"retryStrategy": {"attempts": 5}}, "attempts", 5),
        # A strategy replaces the definition's as a whole (API SubmitJobRequest.retryStrategy).
        ({"retryStrategy": {"attempts": 5}}, "evaluate_on_exit", ()),
        ({"retryStrategy": {}}, "attempts", 1),
        ({"timeout": {"attemptDurationSeconds": 60}}, "timeout_s", 60.0),
        ({"timeout": {}}, "timeout_s", 600.0),
        ({"schedulingPriorityOverride": 0}, "scheduling_priority", 0),
        ({"shareIdentifier": "blue"}, "share_identifier", "blue"),
        (
            {"consumableResourcePropertiesOverride": {"consumableResourceList": []}},
            "consumables",
            (),
        ),
        (
            {
                "consumableResourcePropertiesOverride": {
                    "consumableResourceList": [{"consumableResource": "seat", "quantity": 1}]
                }
            },
            "consumables",
            (("seat", 1),),
        ),
    ],
)
def test_a_job_changes_one_thing_and_leaves_the_rest(submit, member, value):
    changed, plain = group(**submit), group()
    assert getattr(changed, member) == value
    others = set(plain.__slots__) - {member, *(("attempts", "evaluate_on_exit") if "retryStrategy" in submit else ())}
    assert all(getattr(changed, other) == getattr(plain, other) for other in others)


def test_how_a_job_fails_is_not_the_definitions():
    failure = Failure.model_validate({"probability": 0.5, "reason": "OutOfMemoryError: killed", "toStart": True})
    made = group(failure=failure)
    assert (made.failure_reason, made.fails_to_start) == ("OutOfMemoryError: killed", True)


@pytest.mark.parametrize("strategy", [None, {}])
def test_without_a_strategy_there_is_one_attempt(strategy):
    assert retry_rules(strategy) == (1, ())


def resolved(*jobs, request=None):
    request = definition() if request is None else request
    written = {
        "workflow": "work",
        "jobs": [{"jobQueue": "queue", "jobDefinition": "task:3", "runtime": 60, **each} for each in jobs],
    }
    definitions = {"task": job_definition(request, NOTHING)}
    return resolved_workflow(Workflow.model_validate(written), definitions, {"task": request})


def test_jobs_ask_for_what_their_overrides_say():
    override = {"resourceRequirements": [{"type": "MEMORY", "value": "2048"}]}
    plain, more = resolved({"jobName": "a"}, {"jobName": "b", "containerOverrides": override}).jobs
    assert (plain.shape, more.shape) == (Shape(1.0, 1024), Shape(1.0, 2048))
    # vcpus in the old place change nothing where the definition has resourceRequirements (API ContainerOverrides).
    (old,) = resolved({"jobName": "a", "containerOverrides": {"vcpus": 8}}).jobs
    assert old.shape == plain.shape


def test_dependencies_go_by_the_place_of_what_is_needed():
    array = {"arrayProperties": {"size": 3}}
    made = resolved(
        {"jobName": "a", **array},
        {"jobName": "b", **array, "dependsOn": [{"jobName": "a", "type": "N_TO_N"}, {"type": "SEQUENTIAL"}]},
        {"jobName": "c", "dependsOn": [{"jobName": "a"}, {"jobName": "b"}]},
    )
    assert [job.array_size for job in made.jobs] == [3, 3, 0]
    assert [job.rows for job in made.jobs] == [3, 3, 1]
    assert [job.depends_on for job in made.jobs] == [
        (),
        (Dependency(0, child_by_child=True), Dependency()),
        (Dependency(0), Dependency(1)),
    ]


def test_a_definition_takes_its_image_from_the_assumptions():
    settings = Assumptions.model_validate({"image": {"size": "1GiB", "jobDefinitions": {"big": {"size": "10GiB"}}}})
    assert job_definition(definition(), settings).image_size_mib == 1024
    assert job_definition(definition("big"), settings).image_size_mib == 10 * 1024
