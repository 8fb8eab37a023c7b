"""The instances of one environment without a run around them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from batchsim.engine.account_limits import CapacityLimits
from batchsim.engine.changes import Changes
from batchsim.engine.compute.launchable import Launchable
from batchsim.engine.compute.ledger import InstanceLedger
from batchsim.engine.compute.recorded_market import RecordedMarket
from batchsim.engine.recorder import Recorder
from batchsim.spec.configuration import ComputeEnvironment, Offering, Shape
from tests.unit.engine.parts import agenda, assumptions
from tests.worlds import LARGE, fleet

ONE = Shape(1.0, 1000)


class Instances:
    """A ledger, what may be launched beside it, and the capacity that there is."""

    def __init__(self, spec: ComputeEnvironment | None = None, requests: Sequence[Shape] = (ONE,), **capacity: Any):
        self.spec = spec or fleet()
        self.changes = Changes()
        self.recorder = Recorder()
        self.limits = CapacityLimits(assumptions(capacity=capacity).capacity)
        self.ledger = InstanceLedger(
            0, self.spec, requests, "binpack", self.changes, self.limits, agenda(1), self.recorder
        )
        market = None if self.spec.spot_trace is None else RecordedMarket(self.spec.spot_trace)
        self.launchable = Launchable(self.spec, requests, self.ledger, self.limits, market, None)

    def launch(self, offering: Offering = LARGE, zone: int = 0, now: float = 0.0) -> Any:
        """Launch one instance."""
        return self.ledger.launch(offering, zone, now, now)

    def active(self, offering: Offering = LARGE, now: float = 0.0) -> Any:
        """Launch one and register it."""
        instance = self.launch(offering, now=now)
        self.ledger.register(instance, now)
        return instance
