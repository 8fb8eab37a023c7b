"""Rules about compute environments."""

from __future__ import annotations

import math
from collections.abc import Iterator

from batchsim.errors import Finding
from batchsim.scenario.document.access import dig, whole
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.references import EC2, FARGATE, MANAGED, kind_of
from batchsim.scenario.rules.registry import rule

API = "AWS Batch API, ComputeResource"
NOT_ON_FARGATE = (
    "allocationStrategy", "bidPercentage", "desiredvCpus", "minvCpus", "imageId", "instanceTypes", "ec2Configuration",
    "ec2KeyPair", "instanceRole", "launchTemplate", "placementGroup", "spotIamFleetRole", "tags", "scalingPolicy",
    "managedInstancesProvider", "capacityTags",
)  # fmt: skip


@rule(
    "missing-resources",
    "A managed environment has computeResources, an unmanaged one unmanagedvCpus",
    "AWS Batch API, CreateComputeEnvironmentRequest",
    number="V-03",
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


@rule(
    "unmanaged-vcpus",
    "unmanagedvCpus are of UNMANAGED environments",
    "AWS Batch API, CreateComputeEnvironmentRequest.unmanagedvCpus",
    stage="deployment",
    number="V-03",
)
def unmanaged_vcpus(context: Context) -> Iterator[Finding]:
    """A managed one has maxvCpus."""
    for where, environment in context.items("computeEnvironments"):
        if environment.get("type") == "MANAGED" and "unmanagedvCpus" in environment:
            message = "a MANAGED environment has no unmanagedvCpus"
            yield context.finding((*where, "unmanagedvCpus"), message, expected="computeResources.maxvCpus")


@rule("vcpu-bounds", "0 <= minvCpus <= desiredvCpus <= maxvCpus", API, number="V-04")
def vcpu_bounds(context: Context) -> Iterator[Finding]:
    """The three numbers are in order."""
    for where, environment in context.items("computeEnvironments"):
        resources_ = environment.get("computeResources")
        place = (*where, "computeResources")
        low, start, high = (whole(dig(resources_, key)) for key in ("minvCpus", "desiredvCpus", "maxvCpus"))
        for key, value in (("minvCpus", low), ("desiredvCpus", start), ("maxvCpus", high)):
            if (value or 0) < 0:
                yield context.finding((*place, key), f"{value} is negative", expected="0 or more")
        for key, message in _out_of_order(low, start, high):
            yield context.finding((*place, key), message)


def _out_of_order(low: int | None, start: int | None, high: int | None) -> Iterator[tuple[str, str]]:
    """Which of the three numbers is not where it should be between the others, and how."""
    most = math.inf if high is None else high
    if low is not None and low > most:
        yield "minvCpus", f"minvCpus {low} is above maxvCpus {high}"
    # What is negative is told as that.
    if start is not None and start >= 0 and not (low or 0) <= start <= most:
        yield "desiredvCpus", f"desiredvCpus {start} is not between minvCpus and maxvCpus"


@rule(
    "strategy",
    "The allocation strategy suits the type: SPOT_ ones SPOT, the ordered one EC2, none managed instances",
    API,
    number="V-08",
)
def strategy(context: Context) -> Iterator[Finding]:
    """On Fargate it is one of the members that can't be given."""
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
        if kind == MANAGED:
            yield context.finding(place, f"{kind} has no allocation strategy: ECS chooses")


@rule(
    "fargate-member",
    "A Fargate environment has no members that are for EC2",
    "AWS Batch User Guide, AWS Batch on Fargate",
    number="V-06",
)
def fargate_members(context: Context) -> Iterator[Finding]:
    """Only type, maxvCpus, subnets and security groups are left."""
    for where, environment in context.items("computeEnvironments"):
        resources_ = environment.get("computeResources")
        if dig(resources_, "type") in FARGATE and isinstance(resources_, dict):
            for member in NOT_ON_FARGATE:
                if member in resources_:
                    yield context.finding(
                        (*where, "computeResources", member), f"{member} can't be given for {resources_['type']}"
                    )


@rule("bid", "bidPercentage is 1 to 100, for SPOT", API, number="V-09")
def bid(context: Context) -> Iterator[Finding]:
    """A highest price in percent of the on-demand price; above 100 it is legal and says no more than 100."""
    for where, environment in context.items("computeEnvironments"):
        value = whole(dig(environment, "computeResources", "bidPercentage"))
        if value is None:
            continue
        place = (*where, "computeResources", "bidPercentage")
        if kind_of(environment) == "EC2":
            yield context.finding(place, "bidPercentage is for SPOT only", expected="type: SPOT, or no bidPercentage")
        if value < 1:
            message = f"{value} % of the on-demand price buys nothing"
            yield context.finding(place, message, expected="1 to 100, or none: the market price is paid anyway")
        elif value > 100:
            message = f"Spot never costs {value} % of the on-demand price"
            yield context.finding(place, message, expected="1 to 100, or none", severity="warning")


@rule(
    "scale-down-delay",
    "minScaleDownDelayMinutes is 0 or 20 to 10,080",
    "AWS Batch API, ComputeScalingPolicy",
    number="V-10",
)
def scale_down_delay(context: Context) -> Iterator[Finding]:
    """Off, or between twenty minutes and a week."""
    for where, environment in context.items("computeEnvironments"):
        value = whole(dig(environment, "computeResources", "scalingPolicy", "minScaleDownDelayMinutes"))
        if value is not None and value != 0 and not 20 <= value <= 10080:
            place = (*where, "computeResources", "scalingPolicy", "minScaleDownDelayMinutes")
            yield context.finding(place, f"{value} is out of range", expected="0, or 20 to 10080")


@rule(
    "best-fit",
    "An environment that is to be updated in place has a strategy other than BEST_FIT",
    "AWS Batch User Guide, Updating compute environments",
    severity="warning",
    stage="review",
    number="V-44",
)
def best_fit(context: Context) -> Iterator[Finding]:
    """BEST_FIT waits for the one type it chose, and takes scaling updates only; no strategy means BEST_FIT."""
    for where, environment in context.items("computeEnvironments"):
        kind = kind_of(environment)
        word = dig(environment, "computeResources", "allocationStrategy")
        if kind not in EC2 or word not in (None, "BEST_FIT"):
            continue
        place = (*where, "computeResources", *(("allocationStrategy",) if word else ()))
        yield context.finding(
            place,
            ("BEST_FIT" if word else "no allocationStrategy means BEST_FIT: it")
            + " waits for one instance type when it is short, and takes no infrastructure updates",
            expected="SPOT_PRICE_CAPACITY_OPTIMIZED" if kind == "SPOT" else "BEST_FIT_PROGRESSIVE",
        )
