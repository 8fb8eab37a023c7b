"""What every key of a scenario's own sections means, and its unit: one line a key.

A key is named by its model: ``SchedulerSettings.admit``. The pages on the environment and on workloads, the schema for
editors and ``batchsim explain`` take their words from here; defaults and forms are those of the models. What AWS's own
members mean stands in `batchsim.scenario.batch.member_coverage`.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class KeyMeaning(NamedTuple):
    """What a key means, and in which unit it is stated; the unit is empty where the meaning says it."""

    meaning: str
    unit: str = ""

    @property
    def plain(self) -> str:
        """The meaning as plain text, without links of the pages, which lead nowhere from elsewhere."""
        return re.sub(r":? (?:see )?\(?\[[^]]*\]\([^)]*\)\)?", "", self.meaning).replace("`", "")


_MEAN, _MEDIAN = KeyMeaning("the mean", "duration"), KeyMeaning("half of all are shorter", "duration")
_P95, _CV = KeyMeaning("19 of 20 are shorter", "duration"), KeyMeaning("standard deviation over mean", "factor")
_MIN, _MAX = KeyMeaning("the shortest", "duration"), KeyMeaning("the longest", "duration")
_TWO_PARAMETERS = {"mean": _MEAN, "median": _MEDIAN, "p95": _P95, "cv": _CV}

KEYS: dict[str, KeyMeaning] = {
    "Frame.name": KeyMeaning("what it is called; its results go to a folder of that name"),
    "Frame.region": KeyMeaning("the AWS region whose prices and instance types it is simulated with"),
    "Frame.start": KeyMeaning("the wall-clock time of simulated second 0, ISO 8601", "instant"),
    "Frame.duration": KeyMeaning(
        "until when jobs arrive; the run goes on until the last of them has ended, or until `horizon`",
        "duration",
    ),
    "Frame.horizon": KeyMeaning("when the run ends at the latest", "duration"),
    "Frame.warmUp": KeyMeaning(
        "how much of the beginning figures leave out, where the steady state is asked for; `auto` finds it by MSER-5",
        "duration",
    ),
    "Frame.seed": KeyMeaning("of all random numbers; another one gives another run of the same workload"),
    "Frame.batch": KeyMeaning("the configuration: AWS Batch's own requests, in AWS's own spelling"),
    "Frame.launchTemplates": KeyMeaning(
        "EC2's launch templates that compute environments refer to: CreateLaunchTemplate requests, versions as "
        "`aws ec2 describe-launch-template-versions` prints them, or files of either",
    ),
    "Frame.workload": KeyMeaning("what is submitted: workflows, and traces that are replayed"),
    "Frame.environment": KeyMeaning(
        "what the world adds to the configuration: delays, images, the Spot market, capacity that runs out, prices",
    ),
    "Frame.updates": KeyMeaning(
        "what is changed while the simulation runs, and when: [scheduled updates](updates.md)",
    ),
    "ScheduledUpdate.name": KeyMeaning("by which variants name it in a path: `updates.NAME.at`"),
    "ScheduledUpdate.at": KeyMeaning("when, once: a duration since the start, or ISO 8601", "instant"),
    "ScheduledUpdate.cron": KeyMeaning("when, again and again: five fields", "cron"),
    "ScheduledUpdate.timezone": KeyMeaning("of `cron`", "IANA name"),
    "ScheduledUpdate.set": KeyMeaning("dotted path: value, of what AWS's Update calls take"),
    "ScheduledUpdate.cancel": KeyMeaning("the jobs that CancelJob is called for"),
    "ScheduledUpdate.terminate": KeyMeaning("the jobs that TerminateJob is called for"),
    "JobSelection.jobQueue": KeyMeaning("those of this queue"),
    "JobSelection.jobName": KeyMeaning("those of this name"),
    "JobSelection.workflow": KeyMeaning("those of this workflow, or of the trace of this name"),
    "JobSelection.reason": KeyMeaning("what AWS is told, and the jobs' status reason"),
    "Frame.variants": KeyMeaning(
        "named changes to this scenario, by dotted path; `compare` runs them side by side on the same jobs",
    ),
    "Frame.objectives": KeyMeaning(
        "what is promised, and what is to be spent least of: `p95(queue_time, jobQueue=nightly) <= 10m`, "
        "`minimise cost`",
    ),
    "Frame.sweep": KeyMeaning("the grid of `sweep`: parameters by dotted path, each with its values"),
    "Frame.search": KeyMeaning("the parameters that `optimize` may change, and what a recommendation has to keep"),
    "Requirements.instanceTypes": KeyMeaning("so many at least, in each SPOT environment that takes part"),
    "Requirements.families": KeyMeaning("so many families of instance types at least, likewise"),
    "Requirements.onDemandShare": KeyMeaning(
        "so much of the vCPUs that can be had at once is not Spot", "0 to 1, or %"
    ),
    "_Range.from": KeyMeaning("the first value", "number"),
    "_Range.to": KeyMeaning("the last value", "number"),
    "_Range.step": KeyMeaning("from one value to the next", "number"),
    "_Listed.values": KeyMeaning("the values, in their order", "a list"),
    "_Scheduled.schedule": KeyMeaning("a value between two times of day, and another for the rest of the day"),
    "ScheduledLevels.path": KeyMeaning("what is set, by dotted path: what an update may set"),
    "ScheduledLevels.outside": KeyMeaning("the values outside of these times", "one, or a list"),
    "ScheduledLevels.inside": KeyMeaning("the values between these times", "one, or a list"),
    "ScheduledLevels.from": KeyMeaning("from when on", "times of day, such as 20:00"),
    "ScheduledLevels.until": KeyMeaning("until when; a night ends on the next day", "times of day, such as 06:00"),
    "ScheduledLevels.timezone": KeyMeaning("whose time of day that is, by its name in the tz database", "word"),
    "_Chosen.choices": KeyMeaning("values that set several paths together, by label: `{label: {path: value}}`"),
    "Frame.deployment": KeyMeaning("what AWS needs to know and the simulation does not: subnets, roles, images"),
    "Frame.ignore": KeyMeaning("rules whose findings are not told, by code, with a reason"),
    "Frame.versions": KeyMeaning("what a scenario was run with, as results state it"),
    "Ignored.rule": KeyMeaning("its code, as findings show it in brackets"),
    "Ignored.reason": KeyMeaning("why it is no fault here"),
    "Workflow.workflow": KeyMeaning("its name"),
    "Workflow.arrivals": KeyMeaning("when it is submitted; once, at second 0, without it"),
    "Workflow.jobs": KeyMeaning("a DAG: one arrival submits all of them"),
    "WorkflowJob.runtime": KeyMeaning("how long an attempt runs, drawn anew for each job and attempt", "delay"),
    "WorkflowJob.failure": KeyMeaning(
        "how attempts fail by themselves; timeouts, interruptions and failed dependencies come from elsewhere",
    ),
    "TraceSource.trace": KeyMeaning("a recorded workload that is replayed"),
    "Trace.format": KeyMeaning("of the file: `swf`, `wfformat`, `describe-jobs`, `csv` or `parquet`", "word"),
    "Trace.path": KeyMeaning("of the file, relative to the scenario; gzip is unpacked", "path"),
    "Trace.name": KeyMeaning("what it is called in results; the file's name without it"),
    "Trace.jobQueue": KeyMeaning("the queue of jobs that name none"),
    "Trace.jobDefinition": KeyMeaning("the definition of jobs that name none"),
    "Trace.memoryPerVcpu": KeyMeaning("memory of a job of an SWF log, for each of its vCPUs", "MiB"),
    "Trace.queues": KeyMeaning("a queue of an SWF log, by its number, and the job queue that it stands for", "by name"),
    "Trace.leaveOut": KeyMeaning(
        "jobs of an SWF log that can't have happened: `tooWide`, `overrun`, `overlap`", "a list"
    ),
    "Trace.arrivals": KeyMeaning("when the workflow of a trace is submitted; once, at second 0, without it"),
    "Arrivals.at": KeyMeaning("then; one instant or a list", "instants"),
    "Arrivals.every": KeyMeaning("from `from` (default 0) on", "duration"),
    "Arrivals.cron": KeyMeaning(
        "by five fields (minute, hour, day of month, month, day of week; six, as EventBridge or clocks with "
        "seconds have, are refused), in `timezone` (default UTC; `Europe/Berlin`)",
        "five fields",
    ),
    "Arrivals.poisson": KeyMeaning(
        "at random, so many an hour (`2/m`, or a number per hour); `profile: {hourOfDay: [24 factors], dayOfWeek: "
        "[7, from Monday]}` varies the rate, in UTC",
        "rate",
    ),
    "Arrivals.trace": KeyMeaning("as recorded", "instants"),
    "Arrivals.days": KeyMeaning(
        "as on whole recorded days, one drawn for each simulated day of those of its weekday; a day without arrivals "
        "counts; workflows recorded on the same dates arrive as on the same day",
        "dates",
    ),
    "Arrivals.count": KeyMeaning("at most so many", "arrivals"),
    "Arrivals.from": KeyMeaning("the first arrival is not before it", "instant"),
    "Arrivals.until": KeyMeaning("no arrival is after it", "instant"),
    "Arrivals.timezone": KeyMeaning("whose time `cron` is in, by its name in the tz database", "word"),
    "Arrivals.jitter": KeyMeaning(
        "each arrival is later by a uniform share of a duration, or by a draw from a distribution",
        "delay",
    ),
    "Days.record": KeyMeaning("the times of day of what arrived, since midnight UTC, by date", "durations"),
    "Days.draw": KeyMeaning(
        "from which days one is drawn: those of the same `weekday` (of all without any), or `any`", "word"
    ),
    "Poisson.rate": KeyMeaning("arrivals where the factors of the profile are 1", "per hour"),
    "Poisson.profile": KeyMeaning("how the rate varies by hour of day and day of week, in UTC"),
    "Profile.hourOfDay": KeyMeaning("24, from midnight UTC", "factors"),
    "Profile.dayOfWeek": KeyMeaning("7, from Monday", "factors"),
    "Failure.probability": KeyMeaning("of each attempt", "0 to 1"),
    "Failure.exitCode": KeyMeaning("1 to 255; what `onExitCode` of `evaluateOnExit` is held against"),
    "Failure.after": KeyMeaning("a duration or a distribution; never later than the run time", "delay"),
    "Failure.reason": KeyMeaning(
        'what ECS would say of the container, for `onReason`: `"OutOfMemoryError: Container killed due to memory '
        'usage"`',
    ),
    "Failure.toStart": KeyMeaning(
        "the container never runs: the attempt ends when it would have started, with the status reason `Task "
        "failed to start` and no exit code",
        "true or false",
    ),
    "Deployment.subnets": KeyMeaning("of managed compute environments that name none"),
    "Deployment.securityGroupIds": KeyMeaning("of managed compute environments that name none"),
    "Deployment.instanceRole": KeyMeaning("instance profile of EC2 and Spot instances, its name or ARN"),
    "Deployment.infrastructureRoleArn": KeyMeaning("the role with which ECS launches managed instances"),
    "Deployment.ec2InstanceProfileArn": KeyMeaning("instance profile of managed instances"),
    "Deployment.serviceRole": KeyMeaning("of compute environments that name none"),
    "Deployment.spotIamFleetRole": KeyMeaning("of Spot environments with BEST_FIT that name none"),
    "Deployment.executionRoleArn": KeyMeaning("of definitions on Fargate that name none"),
    "Deployment.jobRoleArn": KeyMeaning("of definitions that name none"),
    "Deployment.schedulerRole": KeyMeaning("ARN of the role that EventBridge Scheduler takes for `updates:`"),
    "Deployment.images": KeyMeaning("the container image of a job definition, in place of its own", "by name"),
    "Deployment.tags": KeyMeaning("on everything that is created", "by name"),
    "Assumptions.preset": KeyMeaning(
        "`measured`: the defaults below; `ideal`: no delays and no interruptions, as a textbook's queue, unless "
        "they are stated",
        "word",
    ),
    "SchedulerSettings.admit": KeyMeaning("from SubmitJob to RUNNABLE, for a job that waits for no other", "duration"),
    "SchedulerSettings.dispatchInterval": KeyMeaning(
        "between two looks of the scheduler at its queues; it looks too whenever room is freed or added",
        "duration",
    ),
    "SchedulerSettings.scaleUpInterval": KeyMeaning(
        "between two looks at whether more instances are needed", "duration"
    ),
    "SchedulerSettings.scaleUpReaction": KeyMeaning(
        "from when the head of a queue first lacks room to a look of its own, where nothing is booting",
        "duration",
    ),
    "SchedulerSettings.scaleDownInterval": KeyMeaning("between two looks at idle instances", "duration"),
    "SchedulerSettings.scaleDownIdle": KeyMeaning(
        "how long an instance is idle before it is terminated; never less than `minScaleDownDelayMinutes`",
        "delay",
    ),
    "SchedulerSettings.overtake": KeyMeaning(
        "whether a job that fits may start before the head of its queue that does not: `none`, or `fitting`",
        "word",
    ),
    "SchedulerSettings.stop": KeyMeaning(
        "from SIGTERM to the end of a job that is stopped; its container's `stopTimeout`, 30 s where it has none, "
        "is the most",
        "duration",
    ),
    "SchedulerSettings.bestFitProgressive": KeyMeaning(
        "how BEST_FIT_PROGRESSIVE is read: `price` launches the large-enough type of the lowest price per vCPU, "
        "`fit` the type on which the waiting jobs cost least ([why](defaults.md))",
        "word",
    ),
    "SchedulerSettings.placement": KeyMeaning(
        "which instance of several takes a job: the fullest (`binpack`) or the emptiest (`spread`)",
        "word",
    ),
    "Ec2Settings.launch": KeyMeaning("from the request to `running`, where billing begins", "delay"),
    "Ec2Settings.spotFulfilment": KeyMeaning("more for SPOT, before it", "delay"),
    "Ec2Settings.register": KeyMeaning(
        "from `running` to registered with the cluster; longer for GPU, very large and bare-metal types",
        "delay",
    ),
    "Ec2Settings.reservedMemory": KeyMeaning(
        "memory that the ECS agent keeps from jobs (`ECS_RESERVED_MEMORY`), on all types whose memory is not stated",
        "size",
    ),
    "Ec2Settings.memory": KeyMeaning(
        "memory that the ECS agent registers on a type, where you know it: see [below](#memory-of-a-type)",
        "size by instance type",
    ),
    "Ec2Settings.rootVolume": KeyMeaning(
        "root volume of each instance, gp3, billed from launch to termination, a minute at least; where a launch "
        "template says no other",
        "size",
    ),
    "Ec2Settings.bootDelay": KeyMeaning(
        "how much longer until registered, because of the user data or the image of a launch template: by its name or "
        "id, as an environment has it or the section `launchTemplates`",
        "duration by launch template",
    ),
    "Ec2Settings.publicIp": KeyMeaning(
        "whether the subnets give each instance a public IPv4 address: 0.005 USD an hour, from launch to "
        "termination (Amazon VPC pricing), where the scenario's `start` is 2024-02-01 or later. A Fargate task's "
        "own request says whether it has one (`networkConfiguration.assignPublicIp`)",
        "true or false",
    ),
    "ManagedInstancesSettings.launch": KeyMeaning("from the request to `running`, where billing begins", "delay"),
    "ManagedInstancesSettings.register": KeyMeaning(
        "from `running` to registered with the cluster; longer for GPU, very large and bare-metal types", "delay"
    ),
    "ManagedInstancesSettings.scaleInAfter": KeyMeaning(
        "how long an instance is idle before it goes, in environments that do not state `scaleInAfter`", "delay"
    ),
    "ManagedInstancesSettings.storage": KeyMeaning(
        "volume of each instance, gp3, in environments that do not state `storageSizeGiB`", "size"
    ),
    "FargateSettings.start": KeyMeaning("from the launch to the image pull, where billing begins", "delay"),
    "FargateSettings.launchBurst": KeyMeaning("launches at once, on-demand and Spot each", "tasks"),
    "FargateSettings.launchesPerSecond": KeyMeaning(
        "launches in the long run, on-demand and Spot each", "tasks per second"
    ),
    "ImageSettings.size": KeyMeaning("what is pulled, compressed", "size"),
    "ImageSettings.pullRate": KeyMeaning("on EC2, root volume", "size per second"),
    "ImageSettings.volumeThroughput": KeyMeaning(
        "of the root volume that `pullRate` is of; the pull onto a launch template's other root volume is in "
        "proportion, up to `localStoragePullRate`",
        "size per second",
    ),
    "ImageSettings.localStoragePullRate": KeyMeaning("on types with local NVMe storage", "size per second"),
    "ImageSettings.fargatePullRate": KeyMeaning("on Fargate", "size per second"),
    "ImageSettings.jitter": KeyMeaning("on each pull's time", "factor, or a distribution of it"),
    "ImageSettings.cached": KeyMeaning(
        "whether an image that an instance has pulled is there for its next jobs",
        "true or false",
    ),
    "ImageSettings.warm": KeyMeaning("instead of the pull, where the image is there", "duration"),
    "ImageSettings.containerStart": KeyMeaning("from the pulled image to RUNNING", "duration"),
    "ImageSettings.jobDefinitions": KeyMeaning("what the image of a job definition differs in", "by name"),
    "ImageOverride.size": KeyMeaning("of this definition's image", "size"),
    "SpotSettings.interruptions": KeyMeaning(
        "`advisor`: by the Spot Instance Advisor's bucket of each type; `none`, of Fargate Spot tasks too; a "
        "constant rate; a recorded market",
        "word, or one of the forms below",
    ),
    "SpotSettings.hazardScale": KeyMeaning("on the Advisor's hazard, which is coarse: look at 1 and 100 too", "factor"),
    "SpotSettings.together": KeyMeaning(
        "share of the interruptions that come as events of a pool, an instance type in a zone: most of its "
        "instances at once. The rate per instance-hour stays as it is. Not of Fargate Spot tasks, each of "
        "which is interrupted for itself",
        "0 to 1",
    ),
    "SpotSettings.fargateRatePerHour": KeyMeaning("interruptions of a Fargate Spot task", "1/h"),
    "SpotSettings.notice": KeyMeaning("from the notice to the end", "duration"),
    "SpotSettings.prices": KeyMeaning(
        "`advisor`: on-demand less the Advisor's savings, or a refreshed catalog's Spot prices; a fixed discount; "
        "a recorded history",
        "word, or one of the forms below",
    ),
    "SpotSettings.fargateDiscount": KeyMeaning("of Fargate Spot, on the on-demand price", "0 to 1"),
    "RatePerHour.ratePerHour": KeyMeaning("interruptions of each instance", "1/h, 0 to 60"),
    "InterruptionTrace.trace": KeyMeaning("a recorded market: how many instances could be had when", "path"),
    "Discount.discount": KeyMeaning("on the on-demand price of every type", "0 to 1"),
    "PriceHistory.history": KeyMeaning("what `aws ec2 describe-spot-price-history` writes", "path"),
    "CapacitySettings.backoff": KeyMeaning(
        "how long a type is not asked for after a look could launch fewer than it asked for",
        "duration",
    ),
    "CapacitySettings.accountvCpus": KeyMeaning(
        "the account's quotas: `EC2`, `SPOT`, `FARGATE`, `FARGATE_SPOT`",
        "vCPU by purchase option",
    ),
    "CapacitySettings.pools": KeyMeaning("EC2 capacity that some instance types share", "a list"),
    "CapacitySettings.reservations": KeyMeaning(
        "On-Demand Capacity Reservations and Capacity Blocks ([capacity reservations](capacity-reservations.md))",
        "a list",
    ),
    "CapacityReservation.name": KeyMeaning("what it is called; environments may target it by its name", "text"),
    "CapacityReservation.kind": KeyMeaning(
        "`on-demand`, paid by the second whether used or not, or `capacity-block`, paid in advance", "word"
    ),
    "CapacityReservation.instanceType": KeyMeaning("the type of its instances", "instance type"),
    "CapacityReservation.zone": KeyMeaning("their availability zone", "zone"),
    "CapacityReservation.instances": KeyMeaning("how many", "instances"),
    "CapacityReservation.from": KeyMeaning("when it begins", "instant"),
    "CapacityReservation.until": KeyMeaning(
        "when it ends; a reservation has no end without it. The instances of a Capacity Block are terminated half an "
        "hour before",
        "instant",
    ),
    "CapacityReservation.matching": KeyMeaning(
        "`open`, as without it: any matching instance runs in it; `targeted`: only those that target it, as always in "
        "a Capacity Block",
        "word",
    ),
    "CapacityReservation.price": KeyMeaning(
        "of a Capacity Block: what its offer says, of all instances for the whole time", "USD"
    ),
    "CapacityReservation.id": KeyMeaning("what launch templates target it by, as `cr-0123456789abcdef0`", "text"),
    "CapacityReservation.groups": KeyMeaning(
        "ARNs of the resource groups that it is in, which may be targeted", "a list"
    ),
    "CapacityReservation.tenancy": KeyMeaning("`default`: no other is modelled", "word"),
    "CapacityReservation.platform": KeyMeaning("`Linux/UNIX`: no other is modelled", "word"),
    "CapacityPool.instanceTypes": KeyMeaning("types and families in the pool; all without it", "a list"),
    "CapacityPool.zones": KeyMeaning("availability zones of the pool; all without it", "a list"),
    "CapacityPool.purchaseOption": KeyMeaning("`EC2` or `SPOT`; both without it", "word"),
    "CapacityPool.vcpus": KeyMeaning("how many there are; until the first step of a schedule", "vCPU"),
    "CapacityPool.schedule": KeyMeaning("how many there are from when on", "a list"),
    "CapacityStep.at": KeyMeaning("since the scenario's start", "duration"),
    "CapacityStep.vcpus": KeyMeaning("how many there are from then on", "vCPU"),
    "PriceSettings.catalog": KeyMeaning(
        "a folder that `batchsim prices refresh` wrote, instead of the bundled prices",
        "path",
    ),
    "PriceSettings.managementFee": KeyMeaning(
        "what ECS takes for managing an instance, on demand or on Spot, as a share of the on-demand price", "0 to 1"
    ),
    "PriceSettings.overrides": KeyMeaning("prices that you state: below", "by what is paid for"),
    "PriceSettings.savingsPlan": KeyMeaning("a Compute Savings Plan: below"),
    "SavingsPlanSettings.usdPerHour": KeyMeaning("the commitment, paid every hour, used or not", "USD/h"),
    "SavingsPlanSettings.discount": KeyMeaning(
        "on the on-demand price of what it covers: instances on demand, vCPUs and memory of Fargate on demand",
        "0 to 1",
    ),
    "PriceOverride.onDemand": KeyMeaning(
        "the on-demand price; a bare figure is the same",
        "USD/h, of a family USD per vCPU-hour",
    ),
    "PriceOverride.spot": KeyMeaning(
        "the Spot price, in place of the market's", "USD/h, of a family USD per vCPU-hour"
    ),
    "PriceOverride.vcpuHour": KeyMeaning("of Fargate, with `gbHour`", "USD per vCPU-hour"),
    "PriceOverride.gbHour": KeyMeaning("of Fargate, with `vcpuHour`", "USD per GB-hour"),
    "PriceOverride.gbMonth": KeyMeaning("of volumes", "USD per GB-month"),
    "PriceOverride.managementFee": KeyMeaning(
        "what ECS takes for managing an instance of the type", "USD/h, of a family USD per vCPU-hour"
    ),
    "PriceOverride.iopsMonth": KeyMeaning("of gp3 beyond 3,000, of io1 and io2", "USD per IOPS-month"),
    "PriceOverride.throughputMonth": KeyMeaning("of gp3 beyond 125 MiB/s", "USD per MiB/s-month"),
    "PriceOverride.discount": KeyMeaning(
        "taken off the catalog's price; stands alone, but for a managementFee", "0 to 1"
    ),
    **{f"{name}.{key}": said for name in ("Lognormal", "Gamma", "Weibull") for key, said in _TWO_PARAMETERS.items()},
    "Exponential.mean": _MEAN,
    "Exponential.median": _MEDIAN,
    "Uniform.min": _MIN,
    "Uniform.max": _MAX,
    "Triangular.min": _MIN,
    "Triangular.mode": KeyMeaning("the likeliest", "duration"),
    "Triangular.max": _MAX,
    "Empirical.values": KeyMeaning("what occurs", "durations"),
    "Empirical.weights": KeyMeaning("how likely each value is beside the others; all alike without it", "factors"),
}
