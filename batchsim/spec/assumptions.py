"""The ``environment:`` section: everything the world adds to the configuration, with a measured default for all of it.

AWS publishes none of these figures; each default is an assumption with its evidence in `docs/defaults.md`.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator

from batchsim.errors import did_you_mean
from batchsim.spec.distributions import Delay, Lognormal
from batchsim.spec.fields import MiB, MiBPerSecond, Names, Probability, Seconds, Section, as_tuple, none_beside
from batchsim.spec.reservation_settings import CapacityReservation


class SchedulerSettings(Section):
    """Cadence and order of the Batch scheduler."""

    admit: Seconds = 1.0
    dispatch_interval: Seconds = 5.0
    scale_up_interval: Seconds = 60.0
    scale_up_reaction: Seconds = 10.0
    scale_down_interval: Seconds = 60.0
    scale_down_idle: Delay = Lognormal(median=300.0, p95=600.0)
    overtake: Literal["none", "fitting"] = "none"
    stop: Seconds = 2.0
    placement: Literal["binpack", "spread"] = "binpack"
    best_fit_progressive: Literal["price", "fit"] = "price"


class Ec2Settings(Section):
    """From a launch request to a registered instance, and what comes with one.

    ``memory`` holds, by instance type, the memory that the ECS agent registers, where it is known better than by the
    measured table; ``publicIp`` says that the subnets give each instance a public IPv4 address; ``bootDelay``, by
    launch template, how much longer its user data make an instance take.
    """

    launch: Delay = Lognormal(median=35.0, p95=90.0)
    spot_fulfilment: Delay = Lognormal(median=5.0, p95=30.0)
    register_: Delay = Field(default=Lognormal(median=60.0, p95=150.0), alias="register")
    reserved_memory: MiB = 32.0
    memory: dict[str, MiB] = Field(default_factory=dict)
    root_volume: MiB = 30.0 * 1024
    boot_delay: dict[str, Seconds] = Field(default_factory=dict)
    public_ip: bool = False


class ManagedInstancesSettings(Section):
    """Of instances that ECS manages: from a launch request to a registered one, and until an idle one goes.

    ``storage`` is the volume of an environment that states no ``storageSizeGiB``; ``scaleInAfter`` holds where it
    states none.
    """

    launch: Delay = Lognormal(median=20.0, p95=40.0)
    register_: Delay = Field(default=Lognormal(median=10.0, p95=30.0), alias="register")
    scale_in_after: Delay = Lognormal(median=300.0, p95=600.0)
    storage: MiB = 80.0 * 1024


class FargateSettings(Section):
    """From a task request to the image pull, and the account's launch rate."""

    start: Delay = Lognormal(median=15.0, p95=28.0)
    launch_burst: int = Field(default=100, ge=1)
    launches_per_second: float = Field(default=20.0, gt=0)


class ImageOverride(Section):
    """What one job definition's image differs in."""

    size: MiB


class ImageSettings(Section):
    """Image pull and container start."""

    size: MiB = 500.0
    pull_rate: MiBPerSecond = 45.0
    volume_throughput: MiBPerSecond = 125.0
    local_storage_pull_rate: MiBPerSecond = 150.0
    fargate_pull_rate: MiBPerSecond = 10.0
    jitter: Delay = Lognormal(median=1.0, p95=1.6)
    cached: bool = True
    warm: Seconds = 1.0
    container_start: Seconds = 2.0
    job_definitions: dict[str, ImageOverride] = Field(default_factory=dict)


#: Above one interruption a minute no instance lives to its notice, and no job ever ends.
MOST_PER_HOUR = 60.0


class RatePerHour(Section):
    """A constant hazard per instance."""

    rate_per_hour: float = Field(ge=0, le=MOST_PER_HOUR)


class Discount(Section):
    """Spot price as a fixed discount on the on-demand price."""

    discount: Probability


class PriceHistory(Section):
    """Recorded Spot prices: JSON as ``aws ec2 describe-spot-price-history`` writes it."""

    history: str


class InterruptionTrace(Section):
    """A recorded market: JSON with run lengths of how many instances could be had (see `docs/defaults.md`)."""

    trace: str


def _interruptions(value: Any) -> Any:
    if isinstance(value, (RatePerHour, InterruptionTrace)) or value in ("advisor", "none"):
        return value
    kind = InterruptionTrace if isinstance(value, dict) and "trace" in value else RatePerHour
    words = ("advisor", "none", "ratePerHour", "trace")
    return _one(kind, value, "expected advisor, none, ratePerHour: 0 to 60, or trace: a file", words)


def _prices(value: Any) -> Any:
    if isinstance(value, (Discount, PriceHistory)) or value == "advisor":
        return value
    kind = PriceHistory if isinstance(value, dict) and "history" in value else Discount
    words = ("advisor", "discount", "history")
    return _one(kind, value, "expected advisor, discount: 0 to 1, or history: a file", words)


def _one(kind: type[Section], value: Any, expected: str, words: tuple[str, ...]) -> Section:
    """The section of a mapping; one message for everything that does not fit, with the nearest of its words."""
    try:
        return kind.model_validate(value if isinstance(value, dict) else None)
    except ValidationError:
        given = value if isinstance(value, dict) else [str(value)]
        unknown = next((str(word) for word in given if word not in words), "")
        raise ValueError(expected + did_you_mean(unknown, words)) from None


class SpotSettings(Section):
    """The Spot market; ``interruptions: none`` is for Fargate Spot too.

    ``together`` is the share of interruptions that take most of a type's instances in a zone at once; for an ``outage``
    none of it can be launched there afterwards.
    """

    interruptions: Annotated[
        Literal["advisor", "none"] | RatePerHour | InterruptionTrace, BeforeValidator(_interruptions)
    ] = "advisor"
    hazard_scale: float = Field(default=10.0, ge=0, le=10_000)
    together: Probability = 0.9
    outage: Delay = Lognormal(median=900.0, p95=10_800.0)
    fargate_rate_per_hour: float = Field(default=0.01, ge=0, le=MOST_PER_HOUR)
    notice: Seconds = 120.0
    prices: Annotated[Literal["advisor"] | Discount | PriceHistory, BeforeValidator(_prices)] = "advisor"
    fargate_discount: Probability = 0.69

    @model_validator(mode="before")
    @classmethod
    def _without_effect(cls, value: Any) -> Any:
        """What has no effect is 0, unless it is stated: the rule ``interruptions`` tells of it."""
        kind = value.get("interruptions") if isinstance(value, dict) else None
        if kind == "none":
            return {"fargateRatePerHour": 0.0, "together": 0.0, **value}
        is_recorded = isinstance(kind, InterruptionTrace) or (isinstance(kind, dict) and "trace" in kind)
        return {"together": 0.0, **value} if is_recorded else value

    @property
    def fargate_hazard_per_hour(self) -> float:
        """The rate at which Fargate Spot tasks are interrupted."""
        return 0.0 if self.interruptions == "none" else self.fargate_rate_per_hour


class CapacityStep(Section):
    """From when on a pool has how many vCPUs."""

    at: Seconds
    vcpus: int = Field(ge=0)


class CapacityPool(Section):
    """EC2 capacity that some instance types share: so many vCPUs, always or by a schedule.

    ``instanceTypes`` holds types and families, ``zones`` zones; without them all are meant.
    """

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["vcpus"]}, {"required": ["schedule"]}]})

    instance_types: Names = ()
    zones: Names = ()
    purchase_option: Literal["EC2", "SPOT"] | None = None
    vcpus: Annotated[int, Field(ge=0)] | None = None
    schedule: Annotated[
        tuple[CapacityStep, ...], BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)
    ] = ()

    @model_validator(mode="after")
    def _some(self) -> CapacityPool:
        if self.vcpus is None and not self.schedule:
            raise ValueError("expected vcpus, a schedule, or both")
        times = [step.at for step in self.schedule]
        if times != sorted(set(times)):
            raise ValueError("the schedule is not in order; expected steps with later and later at")
        return self


class CapacitySettings(Section):
    """Pools of EC2 capacity that run out, the account's vCPU quotas, capacity that is reserved; none are assumed."""

    backoff: Seconds = 300.0
    account_vcpus: dict[Literal["EC2", "SPOT", "FARGATE", "FARGATE_SPOT"], Annotated[int, Field(ge=0)]] = Field(
        default_factory=dict, alias="accountvCpus"
    )
    pools: Annotated[tuple[CapacityPool, ...], BeforeValidator(as_tuple)] = ()
    reservations: Annotated[tuple[CapacityReservation, ...], BeforeValidator(as_tuple)] = ()


class SavingsPlanSettings(Section):
    """A Compute Savings Plan: so much is paid every hour, used or not, and covers on-demand use at a discount.

    ``discount`` is that on the on-demand price of what is covered.
    """

    usd_per_hour: float = Field(ge=0)
    discount: Probability = 0.28


def _savings_plan(value: Any) -> Any:
    """A commitment; a bare figure would be a mere discount, which no Savings Plan is."""
    if value is None or isinstance(value, SavingsPlanSettings):
        return value
    words = ("usdPerHour", "discount")
    return _one(SavingsPlanSettings, value, "expected usdPerHour: the commitment, and discount: 0 to 1", words)


Usd = Annotated[float, Field(ge=0)]


#: What a price may be stated by.
_PRICES = ("onDemand", "spot", "vcpuHour", "gbHour", "gbMonth", "iopsMonth", "throughputMonth")


class PriceOverride(Section):
    """What is stated of one price; which members belong to which key says `spec/stated_prices.py`."""

    model_config = ConfigDict(
        json_schema_extra={
            "minProperties": 1,
            "dependencies": {"vcpuHour": ["gbHour"], "gbHour": ["vcpuHour"]},
            **none_beside({"required": ["discount"]}, *_PRICES),
        }
    )

    on_demand: Usd | None = None
    spot: Usd | None = None
    vcpu_hour: Usd | None = None
    gb_hour: Usd | None = None
    gb_month: Usd | None = None
    management_fee: Usd | None = None
    iops_month: Usd | None = None
    throughput_month: Usd | None = None
    discount: Probability | None = None

    @model_validator(mode="after")
    def _one_way(self) -> PriceOverride:
        given = {name for name in type(self).model_fields if getattr(self, name) is not None}
        if not given:
            raise ValueError("nothing is stated; expected a price, or a discount")
        if "discount" in given and given - {"discount", "management_fee"}:
            raise ValueError("a discount stands beside a price; expected one of them: a stated price is what is paid")
        if len(given & {"vcpu_hour", "gb_hour"}) == 1:
            raise ValueError("half a price; expected both vcpuHour and gbHour")
        return self


def _form(value: Any) -> str:
    return "<mapping>" if isinstance(value, (dict, PriceOverride)) else "<figure>"


class PriceSettings(Section):
    """A catalog that ``prices refresh`` wrote instead of the bundled one, and prices that differ from the catalog's.

    ``managementFee`` is what ECS takes for managing an instance, as a share of the on-demand price.
    """

    catalog: Annotated[str, Field(min_length=1)] | None = None
    overrides: dict[
        str,
        Annotated[Annotated[Usd, Tag("<figure>")] | Annotated[PriceOverride, Tag("<mapping>")], Discriminator(_form)],
    ] = Field(default_factory=dict)
    management_fee: Probability = 0.12
    savings_plan: Annotated[SavingsPlanSettings | None, BeforeValidator(_savings_plan)] = None


_IDEAL: dict[str, dict[str, Any]] = {
    "scheduler": {
        "admit": 0.0,
        "dispatchInterval": 0.0,
        "scaleUpInterval": 60.0,
        "scaleUpReaction": 0.0,
        "scaleDownInterval": 0.0,
        "scaleDownIdle": 0.0,
        "stop": 0.0,
    },
    "ec2": {"launch": 0.0, "spotFulfilment": 0.0, "register": 0.0},
    "managedInstances": {"launch": 0.0, "register": 0.0, "scaleInAfter": 0.0},
    "fargate": {"start": 0.0, "launchBurst": 1_000_000_000, "launchesPerSecond": 1e9},
    "image": {"size": 0.0, "jitter": 1.0, "warm": 0.0, "containerStart": 0.0},
    # Not the word none, which would be for a rate of Fargate Spot that is stated, too.
    "spot": {"interruptions": {"ratePerHour": 0.0}, "together": 0.0, "fargateRatePerHour": 0.0},
}


class Assumptions(Section):
    """The whole section; with ``preset: ideal`` every delay is zero and nothing is interrupted unless stated."""

    preset: Literal["measured", "ideal"] = "measured"
    scheduler: SchedulerSettings = SchedulerSettings()
    ec2: Ec2Settings = Ec2Settings()
    managed_instances: ManagedInstancesSettings = ManagedInstancesSettings()
    fargate: FargateSettings = FargateSettings()
    image: ImageSettings = ImageSettings()
    spot: SpotSettings = SpotSettings()
    capacity: CapacitySettings = CapacitySettings()
    prices: PriceSettings = PriceSettings()

    @model_validator(mode="before")
    @classmethod
    def _apply_preset(cls, value: Any) -> Any:
        if isinstance(value, dict) and value.get("preset") == "ideal":
            merged = dict(value)
            for section, defaults in _IDEAL.items():
                given = value.get(section, {})
                if isinstance(given, dict):
                    merged[section] = {**defaults, **given}
            return merged
        return value


def stated_by_preset(preset: str) -> frozenset[str]:
    """The keys, as ``scheduler.admit``, that a preset states instead of the scenario."""
    sections = _IDEAL if preset == "ideal" else {}
    return frozenset(f"{section}.{key}" for section, keys in sections.items() for key in keys)


@cache
def measured() -> Assumptions:
    """All defaults, made once: a section is frozen."""
    return Assumptions()
