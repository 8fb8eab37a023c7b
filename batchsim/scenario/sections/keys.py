"""What every key of a scenario's own sections means, and its unit: one line a key.

A key is named by its model: ``SchedulerSettings.admit``. The pages on the environment and on workloads, the schema for
editors and ``batchsim explain`` take their words from here; defaults and forms are those of the models. What AWS's own
members mean stands in `batchsim.scenario.batch.member_coverage`.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Key(NamedTuple):
    """What a key means, and in which unit it is stated; the unit is empty where the meaning says it."""

    meaning: str
    unit: str = ""

    @property
    def plain(self) -> str:
        """The meaning as plain text, without links of the pages, which lead nowhere from elsewhere."""
        return re.sub(r":? (?:see )?\(?\[[^]]*\]\([^)]*\)\)?", "", self.meaning).replace("`", "")


_MEAN, _MEDIAN = Key("the mean", "duration"), Key("half of all are shorter", "duration")
_P95, _CV = Key("19 of 20 are shorter", "duration"), Key("standard deviation over mean", "factor")
_MIN, _MAX = Key("the shortest", "duration"), Key("the longest", "duration")
_TWO_PARAMETERS = {"mean": _MEAN, "median": _MEDIAN, "p95": _P95, "cv": _CV}

KEYS: dict[str, Key] = {
    "Frame.name": Key("what it is called; its results go to a folder of that name"),
    "Frame.region": Key("the AWS region whose prices and instance types it is simulated with"),
    "Frame.start": Key("the wall-clock time of simulated second 0, ISO 8601", "instant"),
    "Frame.duration": Key(
        "until when jobs arrive; the run goes on until the last of them has ended, or until `horizon`",
        "duration",
    ),
    "Frame.horizon": Key("when the run ends at the latest", "duration"),
    "Frame.seed": Key("of all random numbers; another one gives another run of the same workload"),
    "Frame.batch": Key("the configuration: AWS Batch's own requests, in AWS's own spelling"),
    "Frame.workload": Key("what is submitted: workflows, and traces that are replayed"),
    "Frame.environment": Key(
        "what the world adds to the configuration: delays, images, the Spot market, capacity that runs out, prices",
    ),
    "Frame.variants": Key(
        "named changes to this scenario, by dotted path; `compare` runs them side by side on the same jobs",
    ),
    "Frame.objectives": Key(
        "what is promised, and what is to be spent least of: `p95(queue_time, jobQueue=nightly) <= 10m`, "
        "`minimise cost`",
    ),
    "Frame.sweep": Key("the grid of `sweep`: parameters by dotted path, each with its values"),
    "Frame.search": Key("the parameters that `optimize` may change, and what a recommendation has to keep"),
    "Requirements.instanceTypes": Key("so many at least, in each SPOT environment that takes part"),
    "Requirements.families": Key("so many families of instance types at least, likewise"),
    "Requirements.onDemandShare": Key("so much of the vCPUs that can be had at once is not Spot", "0 to 1, or %"),
    "_Range.from": Key("the first value", "number"),
    "_Range.to": Key("the last value", "number"),
    "_Range.step": Key("from one value to the next", "number"),
    "_Listed.values": Key("the values, in their order", "a list"),
    "_Chosen.choices": Key("values that set several paths together, by label: `{label: {path: value}}`"),
    "Frame.deployment": Key("what AWS needs to know and the simulation does not: subnets, roles, images"),
    "Frame.ignore": Key("rules whose findings are not told, by code, with a reason"),
    "Frame.versions": Key("what a scenario was run with, as results state it"),
    "Ignored.rule": Key("its code, as findings show it in brackets"),
    "Ignored.reason": Key("why it is no fault here"),
    "Workflow.workflow": Key("its name"),
    "Workflow.arrivals": Key("when it is submitted; once, at second 0, without it"),
    "Workflow.jobs": Key("a DAG: one arrival submits all of them"),
    "WorkflowJob.runtime": Key("how long an attempt runs, drawn anew for each job and attempt", "delay"),
    "WorkflowJob.failure": Key(
        "how attempts fail by themselves; timeouts, interruptions and failed dependencies come from elsewhere",
    ),
    "TraceSource.trace": Key("a recorded workload that is replayed"),
    "Trace.format": Key("of the file: `swf`, `wfformat`, `describe-jobs`, `csv` or `parquet`", "word"),
    "Trace.path": Key("of the file, relative to the scenario; gzip is unpacked", "path"),
    "Trace.name": Key("what it is called in results; the file's name without it"),
    "Trace.jobQueue": Key("the queue of jobs that name none"),
    "Trace.jobDefinition": Key("the definition of jobs that name none"),
    "Trace.memoryPerVcpu": Key("memory of a job of an SWF log, for each of its vCPUs", "MiB"),
    "Trace.queues": Key("a queue of an SWF log, by its number, and the job queue that it stands for", "by name"),
    "Trace.leaveOut": Key("jobs of an SWF log that can't have happened: `tooWide`, `overrun`, `overlap`", "a list"),
    "Trace.arrivals": Key("when the workflow of a trace is submitted; once, at second 0, without it"),
    "Arrivals.at": Key("then; one instant or a list", "instants"),
    "Arrivals.every": Key("from `from` (default 0) on", "duration"),
    "Arrivals.cron": Key(
        "by five fields (minute, hour, day of month, month, day of week; six, as EventBridge or clocks with "
        "seconds have, are refused), in `timezone` (default UTC; `Europe/Berlin`)",
        "five fields",
    ),
    "Arrivals.poisson": Key(
        "at random, so many an hour (`2/m`, or a number per hour); `profile: {hourOfDay: [24 factors], dayOfWeek: "
        "[7, from Monday]}` varies the rate, in UTC",
        "rate",
    ),
    "Arrivals.trace": Key("as recorded", "instants"),
    "Arrivals.count": Key("at most so many", "arrivals"),
    "Arrivals.from": Key("the first arrival is not before it", "instant"),
    "Arrivals.until": Key("no arrival is after it", "instant"),
    "Arrivals.timezone": Key("whose time `cron` is in, by its name in the tz database", "word"),
    "Arrivals.jitter": Key(
        "each arrival is later by a uniform share of a duration, or by a draw from a distribution",
        "delay",
    ),
    "Poisson.rate": Key("arrivals where the factors of the profile are 1", "per hour"),
    "Poisson.profile": Key("how the rate varies by hour of day and day of week, in UTC"),
    "Profile.hourOfDay": Key("24, from midnight UTC", "factors"),
    "Profile.dayOfWeek": Key("7, from Monday", "factors"),
    "Failure.probability": Key("of each attempt", "0 to 1"),
    "Failure.exitCode": Key("1 to 255; what `onExitCode` of `evaluateOnExit` is held against"),
    "Failure.after": Key("a duration or a distribution; never later than the run time", "delay"),
    "Failure.reason": Key(
        'what ECS would say of the container, for `onReason`: `"OutOfMemoryError: Container killed due to memory '
        'usage"`',
    ),
    "Failure.toStart": Key(
        "the container never runs: the attempt ends when it would have started, with the status reason `Task "
        "failed to start` and no exit code",
        "true or false",
    ),
    "Deployment.subnets": Key("of managed compute environments that name none"),
    "Deployment.securityGroupIds": Key("of managed compute environments that name none"),
    "Deployment.instanceRole": Key("instance profile of EC2 and Spot instances, its name or ARN"),
    "Deployment.serviceRole": Key("of compute environments that name none"),
    "Deployment.spotIamFleetRole": Key("of Spot environments with BEST_FIT that name none"),
    "Deployment.executionRoleArn": Key("of definitions on Fargate that name none"),
    "Deployment.jobRoleArn": Key("of definitions that name none"),
    "Deployment.images": Key("the container image of a job definition, in place of its own", "by name"),
    "Deployment.tags": Key("on everything that is created", "by name"),
    "Assumptions.preset": Key(
        "`measured`: the defaults below; `ideal`: no delays and no interruptions, as a textbook's queue, unless "
        "they are stated",
        "word",
    ),
    "SchedulerSettings.admit": Key("from SubmitJob to RUNNABLE, for a job that waits for no other", "duration"),
    "SchedulerSettings.dispatchInterval": Key(
        "between two looks of the scheduler at its queues; it looks too whenever room is freed or added",
        "duration",
    ),
    "SchedulerSettings.scaleUpInterval": Key("between two looks at whether more instances are needed", "duration"),
    "SchedulerSettings.scaleUpReaction": Key(
        "from when the head of a queue first lacks room to a look of its own, where nothing is booting",
        "duration",
    ),
    "SchedulerSettings.scaleDownInterval": Key("between two looks at idle instances", "duration"),
    "SchedulerSettings.scaleDownIdle": Key(
        "how long an instance is idle before it is terminated; never less than `minScaleDownDelayMinutes`",
        "delay",
    ),
    "SchedulerSettings.overtake": Key(
        "whether a job that fits may start before the head of its queue that does not: `none`, or `fitting`",
        "word",
    ),
    "SchedulerSettings.stop": Key(
        "from SIGTERM to the end of a job that is stopped; its container's `stopTimeout`, 30 s where it has none, "
        "is the most",
        "duration",
    ),
    "SchedulerSettings.bestFitProgressive": Key(
        "how BEST_FIT_PROGRESSIVE is read: `price` launches the large-enough type of the lowest price per vCPU, "
        "`fit` the type on which the waiting jobs cost least ([why](defaults.md))",
        "word",
    ),
    "SchedulerSettings.placement": Key(
        "which instance of several takes a job: the fullest (`binpack`) or the emptiest (`spread`)",
        "word",
    ),
    "Ec2Settings.launch": Key("from the request to `running`, where billing begins", "delay"),
    "Ec2Settings.spotFulfilment": Key("more for SPOT, before it", "delay"),
    "Ec2Settings.register": Key(
        "from `running` to registered with the cluster; longer for GPU, very large and bare-metal types",
        "delay",
    ),
    "Ec2Settings.reservedMemory": Key(
        "memory that the ECS agent keeps from jobs (`ECS_RESERVED_MEMORY`), on all types whose memory is not stated",
        "size",
    ),
    "Ec2Settings.memory": Key(
        "memory that the ECS agent registers on a type, where you know it: see [below](#memory-of-a-type)",
        "size by instance type",
    ),
    "Ec2Settings.rootVolume": Key(
        "root volume of each instance, gp3, billed from launch to termination, a minute at least",
        "size",
    ),
    "Ec2Settings.publicIp": Key(
        "whether the subnets give each instance a public IPv4 address: 0.005 USD an hour, from launch to "
        "termination (Amazon VPC pricing), where the scenario's `start` is 2024-02-01 or later. A Fargate task's "
        "own request says whether it has one (`networkConfiguration.assignPublicIp`)",
        "true or false",
    ),
    "FargateSettings.start": Key("from the launch to the image pull, where billing begins", "delay"),
    "FargateSettings.launchBurst": Key("launches at once, on-demand and Spot each", "tasks"),
    "FargateSettings.launchesPerSecond": Key("launches in the long run, on-demand and Spot each", "tasks per second"),
    "ImageSettings.size": Key("what is pulled, compressed", "size"),
    "ImageSettings.pullRate": Key("on EC2, root volume", "size per second"),
    "ImageSettings.localStoragePullRate": Key("on types with local NVMe storage", "size per second"),
    "ImageSettings.fargatePullRate": Key("on Fargate", "size per second"),
    "ImageSettings.jitter": Key("on each pull's time", "factor, or a distribution of it"),
    "ImageSettings.cached": Key(
        "whether an image that an instance has pulled is there for its next jobs",
        "true or false",
    ),
    "ImageSettings.warm": Key("instead of the pull, where the image is there", "duration"),
    "ImageSettings.containerStart": Key("from the pulled image to RUNNING", "duration"),
    "ImageSettings.jobDefinitions": Key("what the image of a job definition differs in", "by name"),
    "ImageOverride.size": Key("of this definition's image", "size"),
    "SpotSettings.interruptions": Key(
        "`advisor`: by the Spot Instance Advisor's bucket of each type; `none`, of Fargate Spot tasks too; a "
        "constant rate; a recorded market",
        "word, or one of the forms below",
    ),
    "SpotSettings.hazardScale": Key("on the Advisor's hazard, which is coarse: look at 1 and 100 too", "factor"),
    "SpotSettings.together": Key(
        "share of the interruptions that come as events of a pool, an instance type in a zone: most of its "
        "instances at once. The rate per instance-hour stays as it is. Not of Fargate Spot tasks, each of "
        "which is interrupted for itself",
        "0 to 1",
    ),
    "SpotSettings.fargateRatePerHour": Key("interruptions of a Fargate Spot task", "1/h"),
    "SpotSettings.notice": Key("from the notice to the end", "duration"),
    "SpotSettings.prices": Key(
        "`advisor`: on-demand less the Advisor's savings, or a refreshed catalog's Spot prices; a fixed discount; "
        "a recorded history",
        "word, or one of the forms below",
    ),
    "SpotSettings.fargateDiscount": Key("of Fargate Spot, on the on-demand price", "0 to 1"),
    "RatePerHour.ratePerHour": Key("interruptions of each instance", "1/h, 0 to 60"),
    "InterruptionTrace.trace": Key("a recorded market: how many instances could be had when", "path"),
    "Discount.discount": Key("on the on-demand price of every type", "0 to 1"),
    "PriceHistory.history": Key("what `aws ec2 describe-spot-price-history` writes", "path"),
    "CapacitySettings.backoff": Key(
        "how long a type is not asked for after a look could launch fewer than it asked for",
        "duration",
    ),
    "CapacitySettings.accountvCpus": Key(
        "the account's quotas: `EC2`, `SPOT`, `FARGATE`, `FARGATE_SPOT`",
        "vCPU by purchase option",
    ),
    "CapacitySettings.pools": Key("EC2 capacity that some instance types share", "a list"),
    "CapacityPool.instanceTypes": Key("types and families in the pool; all without it", "a list"),
    "CapacityPool.zones": Key("availability zones of the pool; all without it", "a list"),
    "CapacityPool.purchaseOption": Key("`EC2` or `SPOT`; both without it", "word"),
    "CapacityPool.vcpus": Key("how many there are; until the first step of a schedule", "vCPU"),
    "CapacityPool.schedule": Key("how many there are from when on", "a list"),
    "CapacityStep.at": Key("since the scenario's start", "duration"),
    "CapacityStep.vcpus": Key("how many there are from then on", "vCPU"),
    "PriceSettings.catalog": Key(
        "a folder that `batchsim prices refresh` wrote, instead of the bundled prices",
        "path",
    ),
    "PriceSettings.overrides": Key("prices that you state: below", "by what is paid for"),
    "PriceSettings.savingsPlan": Key("a Compute Savings Plan: below"),
    "SavingsPlanSettings.usdPerHour": Key("the commitment, paid every hour, used or not", "USD/h"),
    "SavingsPlanSettings.discount": Key(
        "on the on-demand price of what it covers: instances on demand, vCPUs and memory of Fargate on demand",
        "0 to 1",
    ),
    "PriceOverride.onDemand": Key(
        "the on-demand price; a bare figure is the same",
        "USD/h, of a family USD per vCPU-hour",
    ),
    "PriceOverride.spot": Key("the Spot price, in place of the market's", "USD/h, of a family USD per vCPU-hour"),
    "PriceOverride.vcpuHour": Key("of Fargate, with `gbHour`", "USD per vCPU-hour"),
    "PriceOverride.gbHour": Key("of Fargate, with `vcpuHour`", "USD per GB-hour"),
    "PriceOverride.gbMonth": Key("of gp3", "USD per GB-month"),
    "PriceOverride.discount": Key("taken off the catalog's price; stands alone", "0 to 1"),
    **{f"{name}.{key}": said for name in ("Lognormal", "Gamma", "Weibull") for key, said in _TWO_PARAMETERS.items()},
    "Exponential.mean": _MEAN,
    "Exponential.median": _MEDIAN,
    "Uniform.min": _MIN,
    "Uniform.max": _MAX,
    "Triangular.min": _MIN,
    "Triangular.mode": Key("the likeliest", "duration"),
    "Triangular.max": _MAX,
    "Empirical.values": Key("what occurs", "durations"),
    "Empirical.weights": Key("how likely each value is beside the others; all alike without it", "factors"),
}
