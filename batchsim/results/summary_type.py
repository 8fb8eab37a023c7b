"""The type of ``summary.json``; what each key means stands in `batchsim.results.summary_fields`."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

#: A figure of one run, or null; of replications ``{mean, low, high, n}``.
Number = float | dict[str, Any] | None
#: Group, groups of them and plain values by key.
Group = dict[str, Any]


class Summary(TypedDict):
    """The figures of one run, or of several replications; the keys are those of `summary_fields.SUMMARY`."""

    scenario: str
    region: str
    seed: int
    replications: int
    batchsim_version: str
    analysis: Group
    jobs: Group
    queue_time_s: Group
    turnaround_s: Group
    wait_s: Group
    wait_limit_s: Group
    makespan_s: Number
    ended_at_s: Number
    period_s: Number
    utilisation: Group
    peak_vcpus: Number
    interruptions: Number
    cost_usd: Group
    job_queues: dict[str, Group]
    workflows: dict[str, Group]
    compute_environments: dict[str, Group]
    never_placed: Group
    prices: Group
    unplaceable: list[Group]
    memory_margin: list[Group]
    skipped: dict[str, Number]
    noted: dict[str, Number]
    recorded: NotRequired[Group]
    reservations: NotRequired[dict[str, Group]]
    updates: NotRequired[list[Group]]
    left_waiting: NotRequired[dict[str, Group]]
    objectives: list[Group]
    intervals: NotRequired[Group]
    advice: NotRequired[list[Group]]
    sensitivity: NotRequired[Group]
