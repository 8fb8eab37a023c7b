"""Every key of ``summary.json``: where it stands, its unit, its meaning, and what replications make of it.

A new key is one line here (a key of the whole summary one more, in `batchsim.results.summary_type`), beside the line
that makes it. The page on results, the JSON Schema of the file and the combining of replications come from this table.
Names of queues, workflows, environments and reasons are data: they stand where the table says so (`Kind.NAMED`), and
can be any word.
"""

from __future__ import annotations

from collections.abc import Iterator

from batchsim.columns import PURCHASE_OPTIONS, PURPOSES, WAIT_CAUSES
from batchsim.recording import LIMITS
from batchsim.results.field_kinds import Field, Kind, figure, group, listed, named, plain
from batchsim.statistics.intervals import STATISTICS

_BOUND = "at_least"
_EACH = tuple(Field(name, Kind.FIGURE, "s", bound=_BOUND) for name in STATISTICS)
_STATISTICS = (
    *_EACH,
    figure("missing", "jobs", "of these, how many had not got there when the run ended: they rank above all others"),
    Field(
        _BOUND,
        Kind.BOUND,
        "s",
        "what those are at least that are null because they fall among the missing",
        tuple(figure(name, "s") for name in STATISTICS),
    ),
)
_CAUSES = {
    "dependency": "of other jobs",
    "limit": "below",
    "boot": "capacity decided on, launched, registered",
    "capacity": "could not be had",
    "blocked": "behind another job, or for the scheduler's next look",
    "retry": "from the first attempt to the last",
}
_LIMITS = {"maxvCpus": "or `unmanagedvCpus`", "computeReservation": "of fair shares"}
_PURPOSES = {
    "useful": "jobs that succeeded",
    "rework": "attempts that failed or were lost",
    "boot": "before an instance could take jobs",
    "idle": "room that nothing used, other than stranded",
    "stranded": "room of a shape that nothing waiting could use",
    "minimum": "billed beyond what was used: the first minute, seconds rounded up",
}
_WAIT = group(
    "wait_s",
    "job-seconds of waiting before the last attempt, by cause",
    *(figure(cause, "s", _CAUSES.get(cause, "")) for cause in WAIT_CAUSES),
)
_UTILISATION = group(
    "utilisation",
    "of what was registered (of UNMANAGED environments: of `unmanagedvCpus`, or of what runs where that is more), the "
    "part that jobs held",
    figure("vcpu", ""),
    figure("memory", ""),
)
_PEAK = figure("peak_vcpus", "vCPU", "the most vCPUs that ran, and were paid for, at one time")
_INTERRUPTIONS = figure("interruptions", "", "Spot instances that AWS took back")
_BY_PURPOSE = group("by_purpose", "", *(figure(purpose, "USD", _PURPOSES.get(purpose, "")) for purpose in PURPOSES))
_PART_OF_COST = group("cost_usd", "", figure("total", "USD"), _BY_PURPOSE)
_OF_JOBS = (
    group(
        "jobs",
        "how many at the end; each child of an array is a job",
        *(figure(state, "jobs") for state in ("submitted", "succeeded", "failed", "unfinished")),
    ),
    group(
        "queue_time_s", "from RUNNABLE to STARTING of the first attempt, of all jobs that became RUNNABLE", *_STATISTICS
    ),
    group(
        "turnaround_s",
        "from SubmitJob to the end, of all jobs submitted but those that failed with one they depend on",
        *_STATISTICS,
    ),
    _WAIT,
    group(
        "wait_limit_s",
        "`limit` by the limit whose removal alone would end the wait (what-is-modelled.md)",
        *(figure(limit, "s", _LIMITS.get(limit, "")) for limit in LIMITS.values()),
    ),
    figure("makespan_s", "s", "from the first SubmitJob to the last end; null where a job has not ended"),
)

#: Jobs of one queue and definition that ask for the same.
_KIND = (
    plain("job_queue", "string"),
    plain("job_definition", "string"),
    plain("vcpus", "number", unit="vCPU"),
    plain("memory_mib", "number", unit="MiB"),
    plain("gpus", "number"),
    figure("jobs", "jobs", absent=0.0),
)
#: The whole of ``summary.json``.
SUMMARY = (
    plain("scenario", "string", "its name"),
    plain("region", "string", "where it ran"),
    plain("seed", "integer", "of the random numbers"),
    Field("replications", Kind.TOTAL, meaning="how often it was run"),
    plain("batchsim_version", "string", "by which it was run"),
    group(
        "analysis",
        "what the figures are of",
        plain("type", "string", "`terminating`: of all that was simulated; `steady`: of the long run, after a warm-up"),
        plain("warm_up_s", "number", "how much of the run's beginning figures leave out", unit="s"),
        plain("warm_up_by", "string null", "`stated`, or `MSER-5` by which it was found; null where nothing is cut"),
    ),
    *_OF_JOBS,
    figure(
        "ended_at_s",
        "s",
        "when the run ended: `duration`, or later where jobs that had arrived still ran, at most `horizon`",
    ),
    figure("period_s", "s", "what `cost_usd` is for: `duration`, or `ended_at_s` without one, or cut before"),
    _UTILISATION,
    _PEAK,
    _INTERRUPTIONS,
    group(
        "cost_usd",
        "what was paid in `period_s`, and after it for jobs that had arrived, in two breakdowns that sum to the total",
        figure("total", "USD"),
        group("by_purchase_option", "", *(figure(option, "USD") for option in PURCHASE_OPTIONS)),
        _BY_PURPOSE,
        figure("unused_commitment", "USD", "of a Savings Plan, in `idle`"),
        figure("management_fees", "USD", "of the total, what ECS takes for managing instances"),
        Field(
            "unused_reservations",
            Kind.FIGURE,
            "USD",
            "where capacity is reserved: what was paid for it and not used, in `idle`",
            optional=True,
        ),
        figure(
            "per_month",
            "USD",
            "730 h at this rate; null without a `duration`, below a day, and where the run took over a tenth longer",
        ),
    ),
    named(
        "job_queues",
        "what their attempts used, and a share of what was paid for beside them",
        *_OF_JOBS,
        _PART_OF_COST,
        group(
            "growth",
            "whether jobs wait the longer the longer the run is; nulls where arrivals do not go on, or are too few",
            figure("first_third_s", "s", "mean queue time of the jobs submitted in the first third of the time"),
            figure("last_third_s", "s", "of those submitted in the last third"),
            figure("difference_s", "s"),
            figure("emptied", "", "whether none of them waited at some time of the last third: 1, or 0"),
            Field(
                "grows",
                Kind.ALL,
                meaning="whether the last third waited longer by more than the interval of the difference, and the "
                "queue was never empty in it",
            ),
        ),
    ),
    named("workflows", "as of queues", *_OF_JOBS, _PART_OF_COST),
    named(
        "compute_environments",
        "`wait_s` of jobs whose last attempt was there",
        figure("attempts", ""),
        figure("instances", "", "and Fargate tasks"),
        _INTERRUPTIONS,
        _PEAK,
        _UTILISATION,
        _WAIT,
        _PART_OF_COST,
    ),
    group(
        "never_placed",
        "without an attempt; with the environments' their waits sum to `wait_s`",
        figure("jobs", "jobs"),
        _WAIT,
    ),
    group(
        "prices",
        "where the prices come from",
        plain("region", "string"),
        plain(
            "as_of",
            "string null",
            "the day of the oldest of the region's on-demand prices; null where the catalog has none: all are stated",
        ),
        plain("old", "boolean", "over a year before the scenario's `start`, or before the newest bundled prices"),
        plain("catalog", "string", "`bundled`, or the digest of your own"),
        plain("stated", "array", "of what the scenario states prices itself (`environment.prices.overrides`)"),
        plain("fargate_derived", "boolean", "from another region's"),
        plain("candidates_derived", "integer", "of how many types that could be launched something was derived"),
        listed(
            "types",
            "those of them that were launched",
            plain("instance_type", "string"),
            plain("on_demand_usd_per_hour", "number", unit="USD"),
            plain("price_derived_from", "string null", "the family whose figures stood in; null for a source's"),
            plain("spot_derived_from", "string null", "the same of Spot statistics"),
        ),
    ),
    listed("unplaceable", "jobs that no environment of their queue can ever hold", *_KIND),
    listed(
        "memory_margin",
        "jobs that ask for up to 2 % more memory than their instance is known to have, and were taken to fit",
        *_KIND,
        plain("beyond_mib", "number", unit="MiB"),
    ),
    named("skipped", "records of a trace that no job was made of, by why", unit="records", absent=0.0),
    named(
        "noted",
        "records of a trace that were kept and doubted, or taken otherwise than they were, by why",
        unit="records",
        absent=0.0,
    ),
    Field(
        "recorded",
        Kind.GROUP,
        meaning="where a trace says when its jobs ran: that beside the simulation, of the same jobs",
        fields=(
            figure("jobs", "jobs", "whose start is recorded"),
            group(
                "submitted_to_started_s",
                "from SubmitJob to the first RUNNING: with what was waited for other jobs, capacity and images",
                group("recorded", "", *_STATISTICS),
                group("simulated", "", *_STATISTICS),
            ),
            group(
                "makespan_s",
                "from the first SubmitJob to the last end, of jobs whose end is recorded",
                figure("recorded", "s"),
                figure("simulated", "s", "null where one has not ended"),
            ),
        ),
        optional=True,
    ),
    Field(
        "reservations",
        Kind.NAMED,
        meaning="where capacity is reserved: what became of each reservation",
        fields=(
            plain("kind", "string", "`on-demand` or `capacity-block`"),
            plain("instance_type", "string"),
            plain("availability_zone", "string"),
            plain("instances", "number"),
            figure("reserved_h", "instance-hours", "in `period_s`, while it was there"),
            figure("used_h", "instance-hours", "of these, with an instance that ran in it"),
            figure("unused_usd", "USD", "what the others cost"),
        ),
        optional=True,
    ),
    Field(
        "updates",
        Kind.LIST,
        meaning="scheduled updates in the scenario's order, where it has some",
        fields=(
            plain("name", "string", "its name, or its number"),
            plain("what", "string", "AWS's call, of which object, and what it sets"),
            figure("applied", "updates", "how often it was applied"),
            figure("first_at_s", "s", "when it was first applied; null where it never was"),
            figure("jobs", "jobs", "that were cancelled or terminated"),
            named("refused", "how often AWS would not have taken it then, by why", unit="updates", absent=0.0),
        ),
        optional=True,
    ),
    Field(
        "left_waiting",
        Kind.NAMED,
        meaning="job queues whose jobs were left RUNNABLE: nothing that was to happen in the run would have let them "
        "start",
        fields=(
            figure("jobs", "jobs", absent=0.0),
            plain("job_id", "string", "the one that is looked at first"),
            plain("job_definition", "string"),
            plain("vcpus", "number", unit="vCPU"),
            plain("memory_mib", "number", unit="MiB"),
            plain("gpus", "number"),
            plain("waits", "string", "for what"),
            plain("change", "string", "what would have to be different"),
        ),
        optional=True,
    ),
    listed(
        "objectives",
        "in the scenario's order",
        plain("expression", "string"),
        Field("value", Kind.FIGURE, "", "in `unit`; of a time of day in seconds after midnight", bound=_BOUND),
        Field(_BOUND, Kind.BOUND, "", "what it is at least, where the run ended before it was known"),
        plain("limit", "number null", "null of what is minimised"),
        plain("unit", "string", "`s`, `USD`, `jobs` or `share`"),
        plain("timezone", "string null", "of a time of day"),
        Field(
            "kept", Kind.ALL, meaning="whether it was met; null of what is minimised; with replications, in all of them"
        ),
        Field("kept_in", Kind.TOTAL, meaning="in how many of `n` runs"),
        Field("n", Kind.TOTAL),
        Field("kept_share", Kind.FIGURE, meaning="of replications alone: in what share of such runs", optional=True),
        figure("jobs", "jobs", "in its scope"),
        figure("missing", "jobs", "of those, how many did not get as far as it needs: with one it is missed"),
        group(
            "missing_by",
            "how far they got",
            figure("never_ran", "jobs"),
            figure("unfinished", "jobs", "began, and had not ended"),
            figure("failed", "jobs", "ended FAILED"),
        ),
    ),
    Field(
        "intervals",
        Kind.GROUP,
        meaning="of replications alone: what `low` and `high` are",
        fields=(
            plain("of", "string", "of what"),
            plain("procedure", "string", "by which they were found"),
            plain("level", "number", "the share of such intervals that hold it"),
            plain(
                "stopping",
                "object null",
                "null where replications were counted beforehand; of `--precision` the `precision`, the figures `of` "
                "which it was asked, and whether it was `reached`",
            ),
        ),
        optional=True,
    ),
    Field(
        "advice",
        Kind.PLAIN,
        meaning="changes that were tried and helped, below; of the command `run` alone, `[]` where there are none",
        optional=True,
    ),
    Field(
        "sensitivity",
        Kind.PLAIN,
        meaning="what other assumptions would change, below; of `run --sensitivity` alone",
        types=("object",),
        optional=True,
    ),
)


def patterns(fields: tuple[Field, ...] = SUMMARY, above: str = "") -> Iterator[tuple[str, Field]]:
    """Every key with its path: ``*`` stands for a name, ``[]`` for each object of a list.

    Examples
    --------
    >>> dict(patterns())["job_queues.*.jobs.failed"].unit
    'jobs'
    """
    below = {Kind.GROUP: "", Kind.NAMED: ".*", Kind.LIST: "[]"}
    for field in fields:
        path = f"{above}{field.key}"
        yield path, field
        if field.kind in below:
            yield from patterns(field.fields, f"{path}{below[field.kind]}.")
