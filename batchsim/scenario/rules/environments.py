"""Rules about compute environments."""

from __future__ import annotations

import re
from collections.abc import Iterator

from batchsim.errors import Finding, nearest
from batchsim.scenario.rules.context import Context, dig, rule, whole

API = "AWS Batch API, ComputeResource"
FARGATE = ("FARGATE", "FARGATE_SPOT")
NAMED = (
    ("computeEnvironments", "computeEnvironmentName"),
    ("jobQueues", "jobQueueName"),
    ("jobDefinitions", "jobDefinitionName"),
)
NOT_ON_FARGATE = (
    "allocationStrategy", "bidPercentage", "desiredvCpus", "minvCpus", "imageId", "instanceTypes", "ec2Configuration",
    "ec2KeyPair", "instanceRole", "launchTemplate", "placementGroup", "spotIamFleetRole", "tags", "scalingPolicy",
)  # fmt: skip


@rule("duplicate-name", "Names are unique per kind")
def unique_names(context: Context) -> Iterator[Finding]:
    """Two things of a kind with one name can't be told apart."""
    for kind, member in NAMED:
        seen = set()
        for where, value in context.items(kind):
            name = value.get(member)
            if isinstance(name, str):
                if name in seen:
                    yield context.finding((*where, member), f"{name!r} comes twice")
                seen.add(name)


@rule("name", "Names are of letters, digits, - and _, 128 at most", "AWS Batch API, names; SubmitJobRequest.jobName")
def names(context: Context) -> Iterator[Finding]:
    """A job's name begins with a letter or digit besides."""
    for kind, member in NAMED:
        for where, value in context.items(kind):
            name = value.get(member)
            if isinstance(name, str) and not re.fullmatch(r"[A-Za-z0-9_-]{1,128}", name):
                yield context.finding(
                    (*where, member), f"{name!r} is no name", expected="1 to 128 letters, digits, - and _"
                )
    for _, _, jobs in context.workflows():
        for where, job in jobs:
            name = job.get("jobName")
            if isinstance(name, str) and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}", name):
                expected = "a letter or digit, then up to 127 letters, digits, - and _"
                yield context.finding((*where, "jobName"), f"{name!r} is no name", expected=expected)


@rule(
    "missing-resources",
    "A managed environment has computeResources, an unmanaged one unmanagedvCpus",
    "AWS Batch API, CreateComputeEnvironmentRequest",
)
def resources(context: Context) -> Iterator[Finding]:
    """Each kind of environment says how large it is."""
    for where, environment in context.items("computeEnvironments"):
        if environment.get("type") == "MANAGED" and "computeResources" not in environment:
            yield context.finding(where, "a MANAGED environment needs computeResources")
        if environment.get("type") == "UNMANAGED":
            if "computeResources" in environment:
                yield context.finding((*where, "computeResources"), "an UNMANAGED environment has no computeResources")
            if whole(environment.get("unmanagedvCpus")) is None or environment["unmanagedvCpus"] < 0:
                yield context.finding(
                    where,
                    "the simulation needs to know how many vCPUs an UNMANAGED environment has",
                    expected="unmanagedvCpus of 0 or more",
                )


@rule("vcpu-bounds", "0 <= minvCpus <= desiredvCpus <= maxvCpus", API)
def vcpu_bounds(context: Context) -> Iterator[Finding]:
    """The three numbers are in order."""
    for where, environment in context.items("computeEnvironments"):
        resources_ = environment.get("computeResources")
        place = (*where, "computeResources")
        low, start, high = (whole(dig(resources_, key)) for key in ("minvCpus", "desiredvCpus", "maxvCpus"))
        for key, value in (("minvCpus", low), ("desiredvCpus", start), ("maxvCpus", high)):
            if value is not None and value < 0:
                yield context.finding((*place, key), f"{value} is negative", expected="0 or more")
        if low is not None and high is not None and low > high:
            yield context.finding((*place, "minvCpus"), f"minvCpus {low} is above maxvCpus {high}")
        if start is not None and ((high is not None and start > high) or start < (low or 0)):
            yield context.finding(
                (*place, "desiredvCpus"), f"desiredvCpus {start} is not between minvCpus and maxvCpus"
            )


@rule("instance-type", "Entries of instanceTypes exist and are offered in the region", API)
def instance_types(context: Context) -> Iterator[Finding]:
    """Unknown or absent types can't be launched."""
    from batchsim.catalog.instance_types import expand, known_entries
    from batchsim.catalog.offerings import on_demand_usd_per_hour
    from batchsim.catalog.tables import NotInCatalogError

    region = context.document.values.get("region", "us-east-1")
    try:
        offered = on_demand_usd_per_hour(region, context.catalog) if isinstance(region, str) else None
    except NotInCatalogError:
        offered = None
    for where, environment in context.items("computeEnvironments"):
        kind = dig(environment, "computeResources", "type")
        if kind not in ("EC2", "SPOT"):
            continue
        place = (*where, "computeResources", "instanceTypes")
        entries = dig(environment, "computeResources", "instanceTypes")
        if not isinstance(entries, list) or not entries:
            yield context.finding(
                (*where, "computeResources"),
                f"{kind} needs instanceTypes",
                expected="types, families or default_x86_64",
            )
            continue
        architectures = set()
        for index, entry in enumerate(entries):
            if not isinstance(entry, str):
                continue
            try:
                types = expand(entry, catalog=context.catalog)
            except NotInCatalogError as error:
                yield context.finding(
                    (*place, index),
                    f"there is {error}",
                    suggestion=nearest(entry, known_entries(context.catalog)),
                )
                continue
            architectures |= {"arm64" if "arm64" in each.architectures else "x86_64" for each in types}
            if offered is not None and not any(each.name in offered for each in types):
                yield context.finding((*place, index), f"the catalog has no price of {entry} in {region}")
        if len(architectures) > 1:
            yield context.finding(
                place, "an environment has one architecture, these have two", expected="x86_64 or arm64 types only"
            )


@rule("price-override", "Prices are overridden for types that exist")
def price_overrides(context: Context) -> Iterator[Finding]:
    """A price under a misspelt type would change nothing."""
    from batchsim.catalog.instance_types import instance_types as known

    overrides = dig(context.document.values, "environment", "prices", "overrides")
    for name in overrides if isinstance(overrides, dict) else ():
        if name not in known(context.catalog):
            place = ("environment", "prices", "overrides", name)
            yield context.unknown(place, "instance type", name, known(context.catalog))


@rule("strategy", "The allocation strategy suits the type", API)
def strategy(context: Context) -> Iterator[Finding]:
    """SPOT_ strategies are for SPOT, the ordered one for EC2."""
    for where, environment in context.items("computeEnvironments"):
        kind = dig(environment, "computeResources", "type")
        word = dig(environment, "computeResources", "allocationStrategy")
        if not isinstance(word, str):
            continue
        place = (*where, "computeResources", "allocationStrategy")
        if word.startswith("SPOT_") and kind == "EC2":
            yield context.finding(place, f"{word} is for SPOT only", expected="a BEST_FIT strategy")
        if word == "BEST_FIT_PROGRESSIVE_ORDERED" and kind == "SPOT":
            yield context.finding(place, f"{word} is for EC2 only", expected="such as SPOT_PRICE_CAPACITY_OPTIMIZED")


@rule("fargate-member", "What a Fargate environment can't have", "AWS Batch User Guide, AWS Batch on Fargate")
def fargate_members(context: Context) -> Iterator[Finding]:
    """Members that are only for EC2."""
    for where, environment in context.items("computeEnvironments"):
        resources_ = environment.get("computeResources")
        if dig(resources_, "type") in FARGATE and isinstance(resources_, dict):
            for member in NOT_ON_FARGATE:
                if member in resources_:
                    yield context.finding(
                        (*where, "computeResources", member), f"{member} can't be given for {resources_['type']}"
                    )


@rule("bid", "bidPercentage is 1 to 100, for SPOT", API)
def bid(context: Context) -> Iterator[Finding]:
    """A highest price in percent of the on-demand price."""
    for where, environment in context.items("computeEnvironments"):
        value = whole(dig(environment, "computeResources", "bidPercentage"))
        if value is not None and not 1 <= value <= 100:
            yield context.finding(
                (*where, "computeResources", "bidPercentage"), f"{value} is out of range", expected="1 to 100"
            )


@rule("scale-down-delay", "minScaleDownDelayMinutes is 0 or 20 to 10,080", "AWS Batch API, ComputeScalingPolicy")
def scale_down_delay(context: Context) -> Iterator[Finding]:
    """Off, or between twenty minutes and a week."""
    for where, environment in context.items("computeEnvironments"):
        value = whole(dig(environment, "computeResources", "scalingPolicy", "minScaleDownDelayMinutes"))
        if value is not None and value != 0 and not 20 <= value <= 10080:
            place = (*where, "computeResources", "scalingPolicy", "minScaleDownDelayMinutes")
            yield context.finding(place, f"{value} is out of range", expected="0, or 20 to 10080")
