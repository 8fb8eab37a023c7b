"""One EC2 instance."""

from __future__ import annotations

from batchsim.engine.attempt import Attempt
from batchsim.engine.clock import Alarm
from batchsim.engine.compute.free_capacity import Node
from batchsim.spec.configuration import Offering


class Instance(Node):
    """One EC2 instance, from its launch request to its end."""

    __slots__ = (
        "active",
        "attempts",
        "idle_alarm",
        "idle_since",
        "images",
        "number",
        "offering",
        "reclaim",
        "used",
        "zone",
    )

    def __init__(self, ordinal: int, offering: Offering, number: int, zone: int) -> None:
        super().__init__(ordinal, offering.shape, offering.instance_type)
        self.offering = offering
        self.number = number  # its place among the launches of its environment: the owner of its random draws
        self.zone = zone
        self.active = False
        self.used = False
        self.attempts: dict[int, Attempt] = {}
        self.images: dict[str, float] = {}  # image -> when its pull is done
        self.idle_since = 0.0
        self.idle_alarm: Alarm | None = None
        self.reclaim: Alarm | None = None
