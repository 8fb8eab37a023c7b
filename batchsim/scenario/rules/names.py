"""Rules about names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from batchsim.errors import Finding
from batchsim.scenario.document.document import Where
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.registry import rule

NAMED = (
    ("computeEnvironments", "computeEnvironmentName"),
    ("jobQueues", "jobQueueName"),
    ("jobDefinitions", "jobDefinitionName"),
    ("schedulingPolicies", "name"),
    ("consumableResources", "consumableResourceName"),
)
NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
JOB_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")


def _named(context: Context) -> Iterator[tuple[str, Where, str]]:
    """Kind, place and name of everything in the batch section that has one."""
    for kind, member in NAMED:
        for where, value in context.items(kind):
            if isinstance(value.get(member), str):
                yield kind, (*where, member), value[member]


@rule("duplicate-name", "Names are unique per kind", "AWS Batch API, names", number="V-02")
def unique_names(context: Context) -> Iterator[Finding]:
    """Two things of a kind with one name can't be told apart."""
    seen: set[tuple[Any, ...]] = set()
    for kind, where, name in _named(context):
        if (kind, name) in seen:
            yield context.finding(where, f"{name!r} comes twice")
        seen.add((kind, name))


@rule(
    "name",
    "Names are of letters, digits, - and _, 128 at most",
    "AWS Batch API, names; SubmitJobRequest.jobName",
    number="V-01",
)
def names(context: Context) -> Iterator[Finding]:
    """A job's name begins with a letter or digit besides."""
    for _, where, name in _named(context):
        if not NAME.fullmatch(name):
            yield context.finding(where, f"{name!r} is no name", expected="1 to 128 letters, digits, - and _")
    for _, _, jobs in context.workflows:
        for place, job in jobs:
            job_name = job.get("jobName")
            if isinstance(job_name, str) and not JOB_NAME.fullmatch(job_name):
                expected = "a letter or digit, then up to 127 letters, digits, - and _"
                yield context.finding((*place, "jobName"), f"{job_name!r} is no name", expected=expected)


@rule(
    "name-start",
    "Names begin with a letter or digit",
    "AWS Batch API, SubmitJobRequest.jobName",
    severity="warning",
    stage="review",
    number="V-01",
)
def name_starts(context: Context) -> Iterator[Finding]:
    """AWS asks it of jobs only; tools ask it of all names."""
    for _, where, name in _named(context):
        if NAME.fullmatch(name) and not JOB_NAME.fullmatch(name):
            yield context.finding(where, f"{name!r} begins with {name[0]!r}", expected="a letter or digit first")
