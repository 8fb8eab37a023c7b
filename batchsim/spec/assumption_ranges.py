"""How far the assumptions may be off: of each the other values that the evidence allows, for ``run --sensitivity``.

The defaults stand in `batchsim.spec.assumptions`. What AWS documents (a notice of two minutes, Fargate's launch rate)
is no assumption and not here, nor is what nothing is known of but its default (``ec2.spotFulfilment``,
``capacity.backoff``). The table is shown in `docs/defaults.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from batchsim.spec.assumptions import Assumptions
from batchsim.spec.configuration import ComputeEnvironment, Configuration

#: Whether the runs of a configuration, under these assumptions, go by one at all.
Use = Callable[[Configuration, Assumptions], bool]


@dataclass(frozen=True, slots=True)
class AssumptionRange:
    """One assumption, and what it may be instead.

    Attributes
    ----------
    key : str
        Its path in the ``environment:`` section.
    what : str
        What it is, in a few words.
    default : value
        As a scenario writes it.
    others : tuple of value
        The low and the high end of what is plausible, or the other reading where there are two.
    evidence : str
        For these, with date and source.
    is_used : callable
        Whether a configuration's runs go by it.
    """

    key: str
    what: str
    default: Any
    others: tuple[Any, ...]
    evidence: str
    is_used: Use


def written(value: Any) -> str:
    """A value as a person says it: of a lognormal its median and its 95 % quantile.

    Examples
    --------
    >>> written({"lognormal": {"median": "5m", "p95": "10m"}})
    '5m (p95 10m)'
    """
    if isinstance(value, dict):
        ((kind, of),) = value.items()
        return f"{of['median']} (p95 {of['p95']})" if kind == "lognormal" else f"{kind} {of}"
    return str(value)


def _lognormal(median: str, p95: str) -> dict[str, Any]:
    return {"lognormal": {"median": median, "p95": p95}}


def _environments(configuration: Configuration) -> Iterator[ComputeEnvironment]:
    """Those that some queue sends jobs to."""
    attached = {name for queue in configuration.queues if queue.enabled for name in queue.environments}
    yield from (each for each in configuration.environments if each.enabled and each.name in attached)


def _on(*options: str) -> Use:
    """Of environments with one of these purchase options."""
    return lambda configuration, _: any(each.purchase_option in options for each in _environments(configuration))


_anywhere: Final[Use] = lambda _configuration, _assumptions: True  # noqa: E731
_by_ecs: Final = _on("MANAGED_INSTANCES", "MANAGED_INSTANCES_SPOT")
_managed: Final = _on("EC2", "SPOT", "FARGATE", "FARGATE_SPOT", "MANAGED_INSTANCES", "MANAGED_INSTANCES_SPOT")
_instances: Final = _on("EC2", "SPOT")
_any_instances: Final = _on("EC2", "SPOT", "MANAGED_INSTANCES", "MANAGED_INSTANCES_SPOT")
_spot: Final = _on("SPOT", "MANAGED_INSTANCES_SPOT")
_fargate: Final = _on("FARGATE", "FARGATE_SPOT")
_fargate_spot: Final = _on("FARGATE_SPOT")


def _default_scale_in(configuration: Configuration, _: Assumptions) -> bool:
    return any(each.is_managed_by_ecs and each.scale_in_after_s is None for each in _environments(configuration))


def _progressive(configuration: Configuration, _: Assumptions) -> bool:
    strategies = {each.allocation_strategy for each in _environments(configuration)}
    return bool(strategies & {"BEST_FIT_PROGRESSIVE", "BEST_FIT_PROGRESSIVE_ORDERED"})


def _local_storage(configuration: Configuration, assumptions: Assumptions) -> bool:
    rates = {offering.pull_mib_per_s for each in _environments(configuration) for offering in each.offerings}
    return assumptions.image.local_storage_pull_rate in rates


def _by_advisor(configuration: Configuration, assumptions: Assumptions) -> bool:
    return assumptions.spot.interruptions == "advisor" and _spot(configuration, assumptions)


def _interrupted(configuration: Configuration, _: Assumptions) -> bool:
    """Instances at a rate, by the Advisor or stated."""
    offered = (offering for each in _environments(configuration) for offering in each.offerings)
    return any(each.interruptions_per_hour > 0 for each in offered)


def _in_pools(configuration: Configuration, assumptions: Assumptions) -> bool:
    return assumptions.spot.together > 0 and _interrupted(configuration, assumptions)


def _advised_prices(configuration: Configuration, assumptions: Assumptions) -> bool:
    return assumptions.spot.prices == "advisor" and _spot(configuration, assumptions)


def _fargate_hazard(configuration: Configuration, assumptions: Assumptions) -> bool:
    return assumptions.spot.fargate_hazard_per_hour > 0 and _fargate_spot(configuration, assumptions)


RANGES: Final = (
    AssumptionRange(
        "scheduler.admit", "from SUBMITTED on", "1s", ("5s",),
        'it "normally takes seconds" (AWS staff on re:Post, *batch queues and jobs quotas*, read 2026-11)', _anywhere,
    ),
    AssumptionRange(
        "scheduler.dispatchInterval", "how often jobs are placed", "5s", ("1s", "30s"),
        "no figure is public; below and above it by what a person watching a queue would notice (2026-11-29)", _managed,
    ),
    AssumptionRange(
        "scheduler.scaleUpInterval", "how often it is scaled up", "60s", ("30s", "5m"),
        "5 to 10 min until a launch after an instance was ended (aws/aws-cdk#10943, 2020-11)", _instances,
    ),
    AssumptionRange(
        "scheduler.scaleUpReaction", "until the first launch is decided", "10s", ("60s",),
        "an instance for a job was still booting 3 min after its submission (nextflow-io/nextflow#7479, 2026-08-14)",
        _any_instances,
    ),
    AssumptionRange(
        "scheduler.scaleDownIdle", "idle until scale-in", _lognormal("5m", "10m"),
        (_lognormal("1m", "2m"), _lognormal("15m", "20m")),
        "gone before it was used (aws/aws-parallelcluster#2389, 2021-01-25); below 20 min, the least "
        "`minScaleDownDelayMinutes` (API, 2026-11)", _instances,
    ),
    AssumptionRange(
        "scheduler.overtake", "whether jobs overtake a head that waits for room", "none", ("fitting",),
        "not documented (User Guide, *Jobs stuck in RUNNABLE*, read 2026-11)", _managed,
    ),
    AssumptionRange(
        "scheduler.placement", "where jobs are put", "binpack", ("spread",),
        "ECS has both (API *PlacementStrategy*); which one Batch uses is not published (2026-11)", _any_instances,
    ),
    AssumptionRange(
        "scheduler.bestFitProgressive", "which type is launched first", "price", ("fit",),
        "two readings of AWS's words, on this page (2026-11)", _progressive,
    ),
    AssumptionRange(
        "scheduler.stop", "from SIGTERM to the end", "2s", ("30s",),
        "an application that does not listen is killed after 30 s (User Guide, *Job timeouts*, read 2026-11)", _managed,
    ),
    AssumptionRange(
        "ec2.launch", "from the request to a running instance", _lognormal("35s", "90s"),
        (_lognormal("20s", "30s"), _lognormal("60s", "3m")),
        "EC2 alone 17 to 26 s (brevdev/ec2-coldboot-research); 3 min from launch to joining is typical of a scaler "
        "of one's own (ITISFoundation/osparc-simcore#3743; both read 2026-11)", _instances,
    ),
    AssumptionRange(
        "ec2.register", "boot and registration", _lognormal("60s", "150s"),
        (_lognormal("30s", "60s"), _lognormal("2m", "5m")),
        "bootstrap of 45 s (buildkite/elastic-ci-stack-for-aws#731, read 2026-11); not registered 3 min after "
        "submission (nextflow-io/nextflow#7479, 2026-08-14)", _instances,
    ),
    AssumptionRange(
        "ec2.reservedMemory", "memory that jobs do not get", "32MiB", ("0MiB", "150MiB"),
        "images differ by 50 to 150 MiB (aws/amazon-ecs-ami#597, 2025-12; ASFHyP3/hyp3#446, #582, 2021)",
        _any_instances,
    ),
    AssumptionRange(
        "managedInstances.launch", "from the request to a running managed instance", _lognormal("20s", "40s"),
        (_lognormal("12s", "20s"), _lognormal("35s", "90s")),
        "EC2 alone 17 to 26 s (brevdev/ec2-coldboot-research); above it the default of EC2 environments (2026-11)",
        _by_ecs,
    ),
    AssumptionRange(
        "managedInstances.register", "boot and registration of a managed instance", _lognormal("10s", "30s"),
        (_lognormal("5s", "10s"), _lognormal("60s", "150s")),
        "40 s from a task to its first log line, no instance being there (blog.neilkuan.click, 2026-01-17); above it "
        "the default of EC2 environments",
        _by_ecs,
    ),
    AssumptionRange(
        "managedInstances.scaleInAfter", "idle until ECS ends an instance", _lognormal("5m", "10m"),
        (_lognormal("30s", "1m"), _lognormal("30m", "1h")),
        "the default is not published; 0 to 3,600 s may be stated (API InfrastructureOptimization, read 2026-11)",
        _default_scale_in,
    ),
    AssumptionRange(
        "prices.managementFee", "fee for a managed instance, of its on-demand price", 0.12, (0.078,),
        "12 % of a c6a.2xlarge (Amazon ECS pricing page, 2026-09-20); 7.8 % of g6.xlarge and g6e.xlarge on one bill of "
        "ap-northeast-1 (a public repository, read 2026-11-29)",
        _by_ecs,
    ),
    AssumptionRange(
        "fargate.start", "from the launch to the pull on Fargate", _lognormal("15s", "28s"),
        (_lognormal("10s", "15s"), _lognormal("28s", "65s")),
        "10 to 28 s in 26 public tasks, 2018-2025; 45 to 90 s with the pull (aws/containers-roadmap#649, 2022)",
        _fargate,
    ),
    AssumptionRange(
        "image.size", "size of an image, compressed", "500MiB", ("50MiB", "2GiB"),
        "a slim Python image has about 45 MB; 2.7 GB in production (drorspei.com, 2026-01-23)", _managed,
    ),
    AssumptionRange(
        "image.pullRate", "pull on instances", "45MiB/s", ("10MiB/s", "100MiB/s"),
        "a small web server in 5.6 s (AWS CLI, *describe-tasks*, 2021-08-11); what 3 layers at once may reach",
        _any_instances,
    ),
    AssumptionRange(
        "image.localStoragePullRate", "pull on instances with NVMe", "150MiB/s", ("45MiB/s",),
        "the ECS-optimised AMI keeps layers on the root volume unless a launch template says otherwise (ECS, *AMI "
        "storage configuration*, read 2026-11)", _local_storage,
    ),
    AssumptionRange(
        "image.fargatePullRate", "pull on Fargate", "10MiB/s", ("5MiB/s", "60MiB/s"),
        "250 MB in a minute (aws/containers-roadmap#696, 2022-01); 2.7 GB in 55 s (drorspei.com, 2026-01-23)", _fargate,
    ),
    AssumptionRange(
        "image.containerStart", "from the pulled image to RUNNING", "2s", ("500ms", "7s"),
        "0.5 to 11 s in public tasks, median 3 s (2018-2025, on this page)", _managed,
    ),
    AssumptionRange(
        "spot.hazardScale", "Spot interruptions, on the Advisor's", 10, (1, 100),
        "two readings of the Advisor, on this page (2026-11-29)", _by_advisor,
    ),
    AssumptionRange(
        "spot.together", "share of interruptions that come together", 0.9, (0.4, 1),
        "37 % and 99 % of losses within a tick of another (skypilot-org/spot-traces, 2023, on this page)", _in_pools,
    ),
    AssumptionRange(
        "spot.outage", "no capacity after an interruption", _lognormal("15m", "3h"),
        (_lognormal("7m", "80m"), _lognormal("35m", "456m")),
        "medians of 7 to 35 min, 95 % quantiles of 80 min to 7.6 h (skypilot-org/spot-traces, 2023, on this page)",
        _in_pools,
    ),
    AssumptionRange(
        "spot.fargateRatePerHour", "interruptions of a Fargate Spot task an hour", 0.01, (0.001, 0.1),
        "nothing is published: a tenth and ten times of it (2026-11-29)", _fargate_hazard,
    ),
    AssumptionRange(
        "spot.prices", "Spot prices", "advisor", ({"discount": 0.72}, {"discount": 0.55}),
        "55 to 72 % off for common types of us-east-1 in 2026 (cloudprice.app, read 2026-11-29); the Advisor's are "
        "means of a month",
        _advised_prices,
    ),
    AssumptionRange(
        "spot.fargateDiscount", "discount of Fargate Spot", 0.69, (0.7, 0.5),
        "50 to 70 % (nclouds.com; AWS says up to 70 %; read 2026-11-29)", _fargate_spot,
    ),
)  # fmt: skip
