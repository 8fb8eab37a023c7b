"""Sizes of images by how long Fargate tasks take from STARTING to RUNNING."""

from __future__ import annotations

import pytest

from batchsim.aws.histories.configuration import AccountConfiguration
from batchsim.aws.histories.records import RecordedTask
from batchsim.experiments.calibrate.fargate_images import learn_fargate_images
from tests.builders import definition, environment, queue
from tests.unit.experiments.calibrate.records import MONDAY, attempt, history, job

#: A task starts in 20 s, its container in 2 s, and 10 MiB are pulled a second.
SETTINGS = {"fargate": {"start": 20}, "image": {"containerStart": 2, "fargatePullRate": 10, "jitter": 1}}


def account(kind="FARGATE", **image):
    environments = [environment("one", type=kind), environment("other", type="FARGATE_SPOT")]
    return AccountConfiguration(
        {
            "computeEnvironments": environments,
            "jobQueues": [queue("high", "one", "other")],
            "jobDefinitions": [definition("def"), definition("other")],
        },
        {**SETTINGS, "image": {**SETTINGS["image"], **image}},
    )


def jobs(*seconds, **more):
    return [
        job(f"j{n}{more}", attempt(each, each + 100, succeeded=True), starting=(MONDAY,), **more)
        for n, each in enumerate(seconds)
    ]


def learned(*made, configuration=None, **more):
    return list(learn_fargate_images(history(*made, events=1, **more), configuration or account()))


def test_by_hand():
    # On the average 34 s: 12 are the pull's, of 120 MiB.
    (found,) = learned(*jobs(*[32.0] * 5, *[36.0] * 5))
    assert found.key == ("image", "jobDefinitions")
    assert found.written == {"def": {"size": "120MiB"}}
    assert (found.p50_s, found.n) == (34.0, 10)
    assert "def 120 MiB" in found.why


def test_events_round_down():
    (found,) = learned(*jobs(*[34.25] * 10))
    assert found.written == {"def": {"size": "117.5MiB"}}


@pytest.mark.parametrize(
    ("made", "told"), [(jobs(*[34.0] * 9), "9 of the 10"), (jobs(*[21.0] * 10), "assumed to take longer, 22 s")]
)
def test_what_is_too_few_or_too_short_is_told(made, told):
    (found,) = learned(*made)
    assert found.written is None
    assert told in found.why


def test_each_definition_has_its_own():
    (found,) = learned(*jobs(*[34.0] * 10), *jobs(*[54.0] * 10, definition="other"))
    assert found.written == {"def": {"size": "120MiB"}, "other": {"size": "320MiB"}}


@pytest.mark.parametrize(
    ("configuration", "more"),
    [
        (account("EC2"), {}),  # images may be there
        (account(size="50MiB"), {}),  # it is stated
        (account(jobDefinitions={"def": {"size": "50MiB"}}), {}),
        (account(), {"tasks": (RecordedTask("t", "", "i", 0, 0, 0, 0),)}),  # they tell of pulls themselves
    ],
)
def test_where_it_is_known_or_can_not_be(configuration, more):
    assert learned(*jobs(*[34.0] * 10), configuration=configuration, **more) == []
    assert list(learn_fargate_images(history(*jobs(*[34.0] * 10), events=1), None)) == []
