"""The result tables' columns.

Times are seconds since the scenario's start, money is US dollars, memory is MiB.
"""

from __future__ import annotations

from typing import NamedTuple


class Column(NamedTuple):
    """One column of a result table."""

    name: str
    dtype: str  # an Arrow type's name; "text" is a dictionary-encoded string
    unit: str
    meaning: str


WAIT_CAUSES = ("dependency", "limit", "boot", "capacity", "blocked", "retry")
PURPOSES = ("useful", "rework", "boot", "idle", "stranded", "minimum")
PURCHASE_OPTIONS = ("EC2", "SPOT", "FARGATE", "FARGATE_SPOT", "MANAGED_INSTANCES", "MANAGED_INSTANCES_SPOT")

JOBS = (
    Column("job_id", "string", "", "workflow/run/jobName[:array index], unique in the run"),
    Column("job_name", "text", "", "SubmitJob's jobName"),
    Column("workflow", "text", "", "workflow or trace that submitted the job"),
    Column("workflow_run", "int32", "", "arrival of that workflow, from 0"),
    Column("array_index", "int32", "", "index of an array child, null for a single job"),
    Column("job_queue", "text", "", "job queue"),
    Column("share_identifier", "text", "", "fair-share identifier, null without one"),
    Column("job_definition", "text", "", "job definition"),
    Column("vcpus", "float64", "vCPU", "vCPUs requested"),
    Column("memory_mib", "int64", "MiB", "memory requested"),
    Column("gpus", "int32", "", "GPUs requested"),
    Column("submitted_at", "float64", "s", "SubmitJob"),
    Column("runnable_at", "float64", "s", "first time RUNNABLE, null if never"),
    Column("starting_at", "float64", "s", "STARTING of the last attempt, null without one"),
    Column("started_at", "float64", "s", "RUNNING of the last attempt, null if it never ran"),
    Column("stopped_at", "float64", "s", "final state reached, null if unfinished"),
    Column("status", "text", "", "state at the end of the run"),
    Column("status_reason", "text", "", "why, in AWS's words where they are known"),
    Column("exit_code", "int32", "", "exit code of the last attempt, null without one"),
    Column("attempts", "int32", "", "attempts begun"),
    Column("compute_environment", "text", "", "environment of the last attempt"),
    Column("instance_id", "text", "", "instance or Fargate task of the last attempt"),
    Column("cost_usd", "float64", "USD", "the job's share of what its attempts ran on"),
    Column("wait_dependency_s", "float64", "s", "waited for other jobs"),
    Column(
        "wait_limit_s",
        "float64",
        "s",
        "waited because maxvCpus (or unmanagedvCpus), a consumable resource or a reservation was used up",
    ),
    Column("wait_boot_s", "float64", "s", "waited for capacity to be decided on, launched and registered"),
    Column("wait_capacity_s", "float64", "s", "waited for capacity that could not be had"),
    Column("wait_blocked_s", "float64", "s", "waited behind another job, or for the scheduler's next look"),
    Column(
        "wait_retry_s",
        "float64",
        "s",
        "from the first attempt's STARTING to the last's, or to the end where a retry never started",
    ),
    Column(
        "recorded_started_at", "float64", "s", "RUNNING of the first attempt by the trace's record, null without one"
    ),
    Column("recorded_stopped_at", "float64", "s", "end of the last attempt by the trace's record, null without one"),
)

ATTEMPTS = (
    Column("job_id", "string", "", "the job"),
    Column("attempt", "int32", "", "attempt number, from 1"),
    Column("job_queue", "text", "", "job queue"),
    Column("compute_environment", "text", "", "compute environment"),
    Column("instance_id", "text", "", "instance or Fargate task"),
    Column("vcpus", "float64", "vCPU", "vCPUs held"),
    Column("memory_mib", "int64", "MiB", "memory held"),
    Column("gpus", "int32", "", "GPUs held"),
    Column("runnable_at", "float64", "s", "RUNNABLE for this attempt"),
    Column("starting_at", "float64", "s", "STARTING: placed, image pull begins"),
    Column("started_at", "float64", "s", "RUNNING, null if the attempt ended before"),
    Column("stopped_at", "float64", "s", "ended, null if the run ended first"),
    Column("status", "text", "", "SUCCEEDED, FAILED, or the state at the end of the run"),
    Column("status_reason", "text", "", "why it ended"),
    Column("reason", "text", "", "what was said of its container, null without a word"),
    Column("exit_code", "int32", "", "exit code, null without one"),
    Column("cost_usd", "float64", "USD", "the attempt's share of what it ran on"),
)

INSTANCES = (
    Column("instance_id", "text", "", "instance or Fargate task"),
    Column("compute_environment", "text", "", "compute environment"),
    Column("instance_type", "text", "", "EC2 type; Fargate size as vCPU x MiB"),
    Column("availability_zone", "text", "", "availability zone"),
    Column("purchase_option", "text", "", f"{', '.join(PURCHASE_OPTIONS[:-1])} or {PURCHASE_OPTIONS[-1]}"),
    Column("vcpus", "float64", "vCPU", "vCPUs"),
    Column("memory_mib", "int64", "MiB", "memory that jobs can use"),
    Column("gpus", "int32", "", "GPUs"),
    Column("requested_at", "float64", "s", "launch requested"),
    Column("running_at", "float64", "s", "running: billing begins (Fargate: image pull begins)"),
    Column("registered_at", "float64", "s", "ACTIVE in the cluster, null if never"),
    Column("terminated_at", "float64", "s", "terminated, or the end of the run"),
    Column("termination_reason", "text", "", "why"),
    Column("jobs", "int32", "", "attempts it held"),
    Column(
        "price_usd_per_hour",
        "float64",
        "USD/h",
        "price when it was requested, without root volume and address",
    ),
    Column("cost_usd", "float64", "USD", "billed, with root volume or ephemeral storage, and public address"),
    Column("idle_cost_usd", "float64", "USD", "of that, paid while nothing used it (idle and stranded)"),
    Column(
        "capacity_reservation", "text", "", "capacity reservation that it ran in, the last of several; null in none"
    ),
)

TIMELINE = (
    Column("at", "float64", "s", "instant from which the value holds"),
    Column("measure", "text", "", "jobs, vcpus, usd_per_hour, or reserved where capacity is"),
    Column(
        "name",
        "text",
        "",
        "job queue (jobs), compute environment (vcpus, usd_per_hour) or capacity reservation (reserved)",
    ),
    Column(
        "state",
        "text",
        "",
        "job state; running, stranded, idle, booting or limit for vcpus; used or unused; empty for usd_per_hour",
    ),
    Column("value", "float64", "", "jobs, vCPUs, US dollars per hour or instances"),
)

#: Figures of a run among many, beside a column for each parameter.
RUN_FIGURES = (
    Column("queue_time_p50_s", "float64", "s", "queue time, median over jobs"),
    Column("queue_time_p95_s", "float64", "s", "queue time, 95th percentile over jobs"),
    Column("turnaround_p50_s", "float64", "s", "turnaround, median over jobs"),
    Column("turnaround_p95_s", "float64", "s", "turnaround, 95th percentile over jobs"),
    Column("makespan_s", "float64", "s", "from the first SubmitJob to the last end"),
    Column("cost_usd", "float64", "USD", "what was paid in the run's period"),
    *(Column(f"cost_{purpose}_usd", "float64", "USD", f"of that, {purpose}") for purpose in PURPOSES),
    Column("utilisation_vcpu", "float64", "", "of the registered vCPUs, the part that jobs held"),
    Column("utilisation_memory", "float64", "", "of the registered memory, the part that jobs held"),
    Column("peak_vcpus", "float64", "vCPU", "the most vCPUs that ran at one time"),
    Column("interruptions", "int64", "", "Spot instances that AWS took back"),
    Column("submitted", "int64", "", "jobs"),
    Column("succeeded", "int64", "", "of these, SUCCEEDED"),
    Column("failed", "int64", "", "of these, FAILED"),
    Column("unfinished", "int64", "", "of these, in no final state at the end"),
    Column("objectives_missed", "int64", "", "objectives that were missed"),
)
RUN_LABELS = (
    Column("replication", "int64", "", "replication, from 0"),
    Column("seed", "int64", "", "seed of the random numbers"),
    Column("status", "string", "", "done, or failed: the run broke off, and has no figures"),
)
