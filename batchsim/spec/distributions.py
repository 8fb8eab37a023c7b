"""Durations that vary: distributions stated by parameters that people know, checked when the scenario is read.

``8m`` is a constant. ``{lognormal: {median: 8m, p95: 20m}}`` is drawn anew for every job and attempt. How a
distribution is drawn stands in `batchsim.spec.sampling`.
"""

from __future__ import annotations

import math
from itertools import accumulate
from statistics import NormalDist
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError, create_model, model_validator

from batchsim.errors import did_you_mean
from batchsim.spec import distribution_parameters as parameters
from batchsim.spec.distribution_parameters import Known
from batchsim.spec.fields import Seconds, Section, as_tuple, one_of
from batchsim.units import parse_duration


class Constant(Section):
    """Always the same."""

    value: Seconds

    def mean_s(self) -> float:
        """Mean in seconds."""
        return self.value

    def quantile_s(self, share: float) -> float:  # noqa: ARG002 (the same for every share)
        """The duration in seconds that a share of all, above 0 and below 1, does not exceed."""
        return self.value


class _TwoParameters(Section):
    """A positive distribution fixed by one of mean or median and one of p95 or cv (or scipy's own two)."""

    model_config = ConfigDict(json_schema_extra={"allOf": [one_of("mean", "median"), one_of("p95", "cv")]})

    mean: Seconds | None = Field(default=None, gt=0)
    median: Seconds | None = Field(default=None, gt=0)
    p95: Seconds | None = Field(default=None, gt=0)
    cv: float | None = Field(default=None, gt=0, le=100)

    @model_validator(mode="after")
    def _two(self) -> _TwoParameters:
        location, spread = self._given("mean", "median"), self._given("p95", "cv")
        if len(location) != 1 or len(spread) != 1:
            raise ValueError("expected one of mean or median, and one of p95 or cv")
        centre = self.mean if self.mean is not None else self.median
        if self.p95 is not None and centre is not None and self.p95 <= centre:
            raise ValueError(f"p95 must be above the {location[0]}")
        self.solve(self.known)
        return self

    def _given(self, *names: str) -> list[str]:
        return [name for name in names if getattr(self, name) is not None]

    @property
    def known(self) -> Known:
        """What was given, for the solvers of `parameters`."""
        return Known(self.mean, self.median, self.p95, self.cv)

    @staticmethod
    def solve(known: Known) -> tuple[float, float]:
        """The distribution's own two parameters; ValueError where there are none."""
        raise NotImplementedError


class Lognormal(_TwoParameters):
    """Lognormal: the usual shape of run times and delays."""

    @staticmethod
    def solve(known: Known) -> tuple[float, float]:
        """See `parameters.lognormal`."""
        return parameters.lognormal(known)

    def mean_s(self) -> float:
        """Mean in seconds."""
        mu, sigma = self.solve(self.known)
        return math.exp(mu + sigma**2 / 2)

    def quantile_s(self, share: float) -> float:
        """See `Constant.quantile_s`."""
        mu, sigma = self.solve(self.known)
        return math.exp(mu + sigma * NormalDist().inv_cdf(share))


class Gamma(_TwoParameters):
    """Gamma."""

    @staticmethod
    def solve(known: Known) -> tuple[float, float]:
        """See `parameters.gamma`."""
        return parameters.gamma(known)

    def mean_s(self) -> float:
        """Mean in seconds."""
        shape, scale = self.solve(self.known)
        return shape * scale

    def quantile_s(self, share: float) -> float:
        """See `Constant.quantile_s`."""
        from scipy.special import gammaincinv

        shape, scale = self.solve(self.known)
        return float(gammaincinv(shape, share)) * scale


class Weibull(_TwoParameters):
    """Weibull."""

    @staticmethod
    def solve(known: Known) -> tuple[float, float]:
        """See `parameters.weibull`."""
        return parameters.weibull(known)

    def mean_s(self) -> float:
        """Mean in seconds."""
        shape, scale = self.solve(self.known)
        return scale * math.gamma(1 + 1 / shape)

    def quantile_s(self, share: float) -> float:
        """See `Constant.quantile_s`."""
        shape, scale = self.solve(self.known)
        return float(scale * (-math.log1p(-share)) ** (1 / shape))


class Exponential(Section):
    """Exponential, by its mean or its median."""

    model_config = ConfigDict(json_schema_extra=one_of("mean", "median"))

    mean: Seconds | None = Field(default=None, gt=0)
    median: Seconds | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _one(self) -> Exponential:
        if (self.mean is None) == (self.median is None):
            raise ValueError("expected one of mean or median")
        return self

    def mean_s(self) -> float:
        """Mean in seconds."""
        return self.mean if self.mean is not None else (self.median or 0.0) / math.log(2)

    def quantile_s(self, share: float) -> float:
        """See `Constant.quantile_s`."""
        return -math.log1p(-share) * self.mean_s()


class Uniform(Section):
    """Uniform between two durations."""

    min: Seconds
    max: Seconds

    @model_validator(mode="after")
    def _ordered(self) -> Uniform:
        if self.max < self.min:
            raise ValueError("max must not be below min")
        return self

    def mean_s(self) -> float:
        """Mean in seconds."""
        return (self.min + self.max) / 2

    def quantile_s(self, share: float) -> float:
        """See `Constant.quantile_s`."""
        return self.min + share * (self.max - self.min)


class Triangular(Section):
    """Triangular between two durations with a most likely one."""

    min: Seconds
    mode: Seconds
    max: Seconds

    @model_validator(mode="after")
    def _ordered(self) -> Triangular:
        if not self.min <= self.mode <= self.max or self.min == self.max:
            raise ValueError("expected min <= mode <= max, and min below max")
        return self

    def mean_s(self) -> float:
        """Mean in seconds."""
        return (self.min + self.mode + self.max) / 3

    def quantile_s(self, share: float) -> float:
        """See `Constant.quantile_s`."""
        width = self.max - self.min
        if share * width <= self.mode - self.min:
            return self.min + math.sqrt(share * width * (self.mode - self.min))
        return self.max - math.sqrt((1 - share) * width * (self.max - self.mode))


class Empirical(Section):
    """One of the given durations, each as likely as its weight says (all alike without weights)."""

    values: Annotated[tuple[Seconds, ...], BeforeValidator(as_tuple)] = Field(min_length=1)
    weights: Annotated[tuple[Annotated[float, Field(ge=0)], ...] | None, BeforeValidator(as_tuple)] = None

    @model_validator(mode="after")
    def _weighted(self) -> Empirical:
        if self.weights is not None and (len(self.weights) != len(self.values) or sum(self.weights) <= 0):
            raise ValueError("expected one weight per value, not all of them 0")
        return self

    def _weighted_values(self) -> list[tuple[float, float]]:
        return sorted(zip(self.values, self.weights or [1.0] * len(self.values), strict=True))

    def mean_s(self) -> float:
        """Mean in seconds."""
        pairs = self._weighted_values()
        return math.fsum(value * weight for value, weight in pairs) / math.fsum(weight for _, weight in pairs)

    def quantile_s(self, share: float) -> float:
        """See `Constant.quantile_s`."""
        pairs = self._weighted_values()
        wanted = share * math.fsum(weight for _, weight in pairs)
        reached = accumulate(weight for _, weight in pairs)
        # A hair of rounding error is not a higher value.
        return next(
            (value for (value, _), sum_ in zip(pairs, reached, strict=True) if sum_ >= wanted * (1 - 1e-12)),
            pairs[-1][0],
        )


DISTRIBUTIONS: dict[str, type[Section]] = {
    "lognormal": Lognormal,
    "exponential": Exponential,
    "gamma": Gamma,
    "weibull": Weibull,
    "uniform": Uniform,
    "triangular": Triangular,
    "empirical": Empirical,
}


def describe(error: ValidationError, kind: type[Section]) -> str:
    """What a validation of a kind of distribution found, in one line."""
    parts = []
    for fault in error.errors(include_url=False, include_context=False):
        place = ".".join(str(step) for step in fault["loc"])
        message = fault["msg"].removeprefix("Value error, ")
        if fault["type"] == "extra_forbidden":
            message = f"unknown parameter{did_you_mean(place, kind.model_fields)}"
        parts.append(f"{place}: {message}" if place else message)
    return "; ".join(parts)


def as_distribution(value: Any) -> Any:
    """The distribution that a scenario's value stands for.

    Raises
    ------
    ValueError
        If it stands for none.
    """
    if isinstance(value, Section):
        return value
    if isinstance(value, dict):
        if len(value) != 1 or next(iter(value)) not in DISTRIBUTIONS:
            expected = f"expected a duration, or one of {', '.join(DISTRIBUTIONS)} with its parameters"
            raise ValueError(expected + did_you_mean(str(next(iter(value), "")), DISTRIBUTIONS))
        ((name, parameters),) = value.items()
        try:
            return DISTRIBUTIONS[name].model_validate(parameters)
        except ValidationError as error:
            raise ValueError(f"{name}: {describe(error, DISTRIBUTIONS[name])}") from None
    return Constant(value=parse_duration(value))


def as_given(distribution: Distribution) -> Any:
    """A distribution as a scenario writes it."""
    if isinstance(distribution, Constant):
        return distribution.value
    name = next(name for name, kind in DISTRIBUTIONS.items() if isinstance(distribution, kind))
    return {name: distribution.model_dump(mode="json", by_alias=True, exclude_none=True)}


Distribution = Constant | Lognormal | Exponential | Gamma | Weibull | Uniform | Triangular | Empirical
_NAMED: dict[str, Any] = {name: (kind, None) for name, kind in DISTRIBUTIONS.items()}
#: A distribution as a scenario writes it: its name over its parameters.
Written: Any = create_model("Distribution", __base__=Section, __doc__="A distribution, by its name.", **_NAMED)
Written.model_config["json_schema_extra"] = {"minProperties": 1, "maxProperties": 1}
#: A duration or a distribution of durations, in seconds.
Delay = Annotated[Distribution, BeforeValidator(as_distribution, json_schema_input_type=Seconds | Written)]
