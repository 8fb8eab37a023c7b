"""The AWS Batch configuration resolved: families expanded, defaults filled in, references looked up, prices attached.

Resolving happens once, before the engine; the engine and the results read these frozen values and nothing of YAML,
botocore or the catalog.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from batchsim.spec.allocation_strategies import AllocationStrategy, strategy_named
from batchsim.spec.fair_share import FairShare
from batchsim.spec.purchase_options import ACCOUNT_OPTIONS, AccountOption, Platform, PurchaseOption
from batchsim.spec.reservations import OPEN, Reservation, ReservationUse
from batchsim.spec.stated_prices import NOTHING_STATED, StatedPrices


@dataclass(frozen=True, slots=True)
class Shape:
    """What a job asks for; all of it is taken together or not at all.

    A multi-node parallel job asks for the sum of its `nodes`, each of which takes an instance of its own (User Guide,
    *Multi-node parallel jobs*: one container per instance); `instance_type` is set where it names one. `beyond_mib` is
    what it asks for beyond the memory that it is placed with (`batchsim.spec.memory_margin`). `architecture` is set
    where environments may have instances of both.
    """

    vcpus: float
    memory_mib: int
    gpus: int = 0
    nodes: tuple[Shape, ...] = ()
    main_node: int = 0
    instance_type: str = ""
    beyond_mib: int = 0
    architecture: str = ""  # as Offering.architecture

    @property
    def asked_memory_mib(self) -> int:
        """Memory as it was asked for."""
        return self.memory_mib + self.beyond_mib


@dataclass(frozen=True, slots=True)
class Offering:
    """One instance type that a compute environment may launch, in its region and purchase option.

    Attributes
    ----------
    listed : int
        Place of the entry of ``instanceTypes`` it came from, for the ordered strategies.
    memory_mib : int
        Memory that jobs can use: what the agent registers, less its reserve.
    memory_margin_mib : int
        By how much that may be more, as far as is known; 0 where it was stated, or is the worst case.
    memory_stated : bool
        Whether the scenario says how much memory jobs can use.
    price_usd_per_hour : float
        What a running hour costs (Spot: the Spot price), root volume not included.
    on_demand_usd_per_hour : float
        The on-demand price, to which ``bidPercentage`` refers.
    market_usd_per_hour : float or None
        The Spot market's price at the start, which the bid is held against: no discount is taken off it. None on
        demand.
    interruption_bucket : int
        Spot Instance Advisor's bucket, 0 (< 5 % a month) to 4 (> 20 %); -1 on demand.
    interruptions_per_hour : float
        Hazard of a Spot interruption, after the environment's settings; 0 on demand.
    boot_factor : float
        Factor on the registration delay (GPU images, very large and bare-metal hosts).
    boot_delay_s : float
        How much longer it takes to register because of the user data of its launch template.
    pull_mib_per_s : float
        Rate at which an image is pulled, compressed.
    volumes_usd_per_hour : float or None
        What the volumes of its launch template cost; None where it has the environment's root volume alone.
    price_steps : tuple of (float, float)
        Of a price that changes: from when on how many USD per hour are paid, the first at 0. Empty where it is fixed.
    management_usd_per_hour : float
        What ECS takes for managing a running instance.
    above_bid : tuple of (float, bool)
        Of a market price that is above ``bidPercentage`` at times, or always: from when on it is, or is not, the first
        at 0. Empty where it never is.
    """

    instance_type: str
    listed: int
    vcpus: int
    memory_mib: int
    gpus: int
    architecture: str
    price_usd_per_hour: float
    on_demand_usd_per_hour: float
    interruption_bucket: int = -1
    interruptions_per_hour: float = 0.0
    boot_factor: float = 1.0
    pull_mib_per_s: float = 45.0
    memory_margin_mib: int = 0
    memory_stated: bool = False
    market_usd_per_hour: float | None = None
    price_steps: tuple[tuple[float, float], ...] = ()
    above_bid: tuple[tuple[float, bool], ...] = ()
    management_usd_per_hour: float = 0.0
    boot_delay_s: float = 0.0
    volumes_usd_per_hour: float | None = None

    def priced_at(self, at: float) -> Offering:
        """The same at the price of a moment."""
        if not self.price_steps:
            return self
        step = bisect_right(self.price_steps, at, key=lambda step: step[0]) - 1
        return replace(self, price_usd_per_hour=self.price_steps[max(step, 0)][1])

    @property
    def is_always_above_bid(self) -> bool:
        """Whether the market price never is where ``bidPercentage`` would have it."""
        return bool(self.above_bid) and all(is_above for _, is_above in self.above_bid)

    def is_above_bid(self, at: float) -> bool:
        """Whether the market price of a moment is above ``bidPercentage``, so that none is launched or kept."""
        if not self.above_bid:
            return False
        return self.above_bid[max(bisect_right(self.above_bid, at, key=lambda step: step[0]) - 1, 0)][1]

    def runs(self, shape: Shape) -> bool:
        """Whether it has the architecture that a job is built for."""
        return shape.architecture in ("", self.architecture)

    def holds(self, shape: Shape) -> bool:
        """Whether an empty instance can hold one job of this shape, or each node of a multi-node job."""
        if shape.nodes:
            named = not shape.instance_type or self.instance_type == shape.instance_type
            return named and all(self.holds(node) for node in set(shape.nodes))
        if not self.runs(shape):
            return False
        return shape.vcpus <= self.vcpus and shape.memory_mib <= self.memory_mib and shape.gpus <= self.gpus


def cheapest_for(vcpus: int, offerings: Sequence[Offering]) -> Offering:
    """The type of which the instances that make up so many vCPUs cost least, then the smaller.

    By the hour, not by the vCPU: savings on Spot differ by size, and the largest may be the cheapest per vCPU.
    """
    return min(
        offerings,
        key=lambda o: (
            round(-(-vcpus // o.vcpus) * o.price_usd_per_hour, 9),
            o.vcpus,
            o.listed,
            o.instance_type,
        ),
    )


@dataclass(frozen=True, slots=True)
class FargatePrices:
    """What a running Fargate task costs per hour of each resource it requests."""

    usd_per_vcpu_hour: float
    usd_per_gb_hour: float
    usd_per_storage_gb_hour: float


@dataclass(frozen=True, slots=True)
class ComputeEnvironment:
    """One compute environment; which members mean something depends on `purchase_option`."""

    name: str
    purchase_option: PurchaseOption
    enabled: bool
    max_vcpus: int  # UNMANAGED: unmanagedvCpus
    min_vcpus: int = 0
    desired_vcpus: int = 0
    allocation_strategy: str = ""
    offerings: tuple[Offering, ...] = ()
    zones: tuple[str, ...] = ()
    min_scale_down_delay_s: float = 0.0
    scale_in_after_s: float | None = None  # MANAGED_INSTANCES*: None for AWS's default, inf for never
    root_volume_usd_per_hour: float = 0.0
    public_ipv4_usd_per_hour: float = 0.0  # of each instance; of a task that has an address
    fargate: dict[str, FargatePrices] | None = None  # by architecture
    interruptions_per_hour: float = 0.0  # Fargate Spot only
    spot_trace: SpotTrace | None = None  # SPOT, MANAGED_INSTANCES_SPOT
    reservation_use: ReservationUse = OPEN  # on demand only

    @property
    def strategy(self) -> AllocationStrategy:
        """The traits of the allocation strategy."""
        return strategy_named(self.allocation_strategy)

    @property
    def is_spot(self) -> bool:
        """Whether what it runs on may be taken back."""
        return self.account_option in {"SPOT", "FARGATE_SPOT"}

    @property
    def launches_instances(self) -> bool:
        """Whether it runs jobs on instances that are launched for them."""
        return self.account_option in {"EC2", "SPOT"}

    @property
    def launches_spot_instances(self) -> bool:
        """Whether those are Spot Instances."""
        return self.account_option == "SPOT"

    @property
    def launches_on_demand_instances(self) -> bool:
        """Whether those are on demand."""
        return self.account_option == "EC2"

    @property
    def account_option(self) -> AccountOption:
        """The purchase option whose quotas, capacity pools and discounts hold: instances that ECS manages are EC2's."""
        return ACCOUNT_OPTIONS[self.purchase_option]

    @property
    def is_managed_by_ecs(self) -> bool:
        """Whether ECS chooses, launches and ends its instances (Amazon ECS Managed Instances)."""
        return self.launches_instances and self.purchase_option != self.account_option

    @property
    def limits_instances(self) -> bool:
        """Whether ``maxvCpus`` counts the vCPUs of instances, and not those that running jobs ask for."""
        return self.purchase_option in {"EC2", "SPOT"}

    @property
    def takes_multi_node_jobs(self) -> bool:
        """Whether multi-node parallel jobs run there, on demand alone (User Guide, *Multi-node parallel jobs*)."""
        return self.purchase_option == "EC2"

    @property
    def overshoots(self) -> bool:
        """Whether instances may pass ``maxvCpus``, by less than one (API ComputeResource.maxvCpus)."""
        return self.purchase_option == "SPOT" or self.strategy.exceeds_limit_on_demand

    def volumes_usd_per_hour(self, offering: Offering) -> float:
        """What the volumes of an instance cost: those of its launch template, or the root volume alone."""
        stated = offering.volumes_usd_per_hour
        return self.root_volume_usd_per_hour if stated is None else stated

    def offerings_at(self, at: float) -> tuple[Offering, ...]:
        """The types whose market price is not above ``bidPercentage``."""
        return tuple(offering for offering in self.offerings if not offering.is_above_bid(at))

    def can_hold(self, shape: Shape) -> bool:
        """Whether a job of this shape could ever run here, were the environment empty and the market kind."""
        return shape.vcpus <= self.max_vcpus and self.suits(shape, self.max_vcpus)

    def suits(self, shape: Shape, max_vcpus: float = math.inf) -> bool:
        """Whether a job of this shape could ever run here under another ``maxvCpus``, or without one.

        Multi-node jobs run on on-demand instances only, as many as they have nodes (User Guide, *Multi-node parallel
        jobs*).
        """
        if not self.enabled:
            return False
        if shape.nodes:
            return self.takes_multi_node_jobs and any(
                offering.holds(shape) and len(shape.nodes) * offering.vcpus <= max_vcpus for offering in self.offerings
            )
        if not self.launches_instances:
            return shape.gpus == 0
        return any(
            offering.holds(shape) and (self.overshoots or offering.vcpus <= max_vcpus) for offering in self.offerings
        )


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """One entry of ``jobStateTimeLimitActions``: how long the head may wait for a reason before it is cancelled."""

    reason: str
    seconds: float


@dataclass(frozen=True, slots=True)
class SpotTrace:
    """A recorded Spot market: from ``at[i]`` s on ``available[i]`` instances can be had; it repeats."""

    at: tuple[float, ...]
    available: tuple[int, ...]
    length_s: float


@dataclass(frozen=True, slots=True)
class Consumable:
    """A consumable resource: what jobs lock while they run, or use up."""

    name: str
    total: int
    replenishable: bool = True


@dataclass(frozen=True, slots=True)
class JobQueue:
    """One job queue; `environments` holds names in the order in which they are tried."""

    name: str
    priority: int
    enabled: bool
    environments: tuple[str, ...]
    fair_share: FairShare | None = None
    time_limits: tuple[TimeLimit, ...] = ()


@dataclass(frozen=True, slots=True)
class RetryRule:
    """One entry of ``evaluateOnExit``; a pattern of None is a condition not stated."""

    action: Literal["RETRY", "EXIT"]
    on_exit_code: str | None = None
    on_reason: str | None = None
    on_status_reason: str | None = None


@dataclass(frozen=True, slots=True)
class JobDefinition:
    """One job definition; a job's own members override these at submission."""

    name: str
    shape: Shape
    attempts: int = 1
    evaluate_on_exit: tuple[RetryRule, ...] = ()
    timeout_s: float | None = None
    stop_timeout_s: float = 30.0
    architecture: str = "X86_64"
    platform: Platform = "EC2"
    image: str = ""
    image_size_mib: float = 0.0
    ephemeral_storage_gib: int = 20
    public_ip: bool = False
    scheduling_priority: int = 0
    consumables: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class SavingsPlan:
    """A Compute Savings Plan: the commitment, and the discount on the on-demand price of what it covers."""

    usd_per_hour: float
    discount: float


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything the engine needs to know of a scenario's ``batch:`` section."""

    region: str
    environments: tuple[ComputeEnvironment, ...]
    queues: tuple[JobQueue, ...]
    definitions: tuple[JobDefinition, ...]
    consumables: tuple[Consumable, ...] = ()
    savings_plan: SavingsPlan | None = None
    stated_prices: StatedPrices = NOTHING_STATED
    reservations: tuple[Reservation, ...] = ()

    def attached(self, queue: JobQueue) -> tuple[ComputeEnvironment, ...]:
        """A queue's compute environments, in the order in which they are tried."""
        environments = {environment.name: environment for environment in self.environments}
        return tuple(environments[name] for name in queue.environments)
