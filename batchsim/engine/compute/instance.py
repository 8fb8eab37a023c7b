"""One EC2 instance."""

from __future__ import annotations

from batchsim.engine.attempt import Attempt
from batchsim.engine.compute.free_capacity import Node
from batchsim.engine.event import Event
from batchsim.spec.configuration import Offering


class Instance(Node):
    """One EC2 instance, from its launch request to its end.

    Attributes
    ----------
    launch : int
        Its place among the launches of its environment: the owner of its random draws.
    active : bool
        Whether it is registered and takes jobs.
    running_at : float
        When it runs, and may be taken away.
    leaving : bool
        Whether it has its Spot notice.
    replaced : bool
        Whether an update of its environment has another in its place: it takes no jobs, and goes with its last.
    images : dict of int to float
        By image, when its pull is done.
    """

    __slots__ = (
        "active",
        "attempts",
        "idle_event",
        "idle_since",
        "images",
        "launch",
        "leaving",
        "offering",
        "reclaim_event",
        "replaced",
        "running_at",
        "used",
        "zone",
    )

    def __init__(self, number: int, offering: Offering, launch: int, zone: int, running_at: float) -> None:
        super().__init__(number, float(offering.vcpus), offering.memory_mib, offering.gpus, offering.instance_type)
        self.offering = offering
        self.launch = launch
        self.zone = zone
        self.running_at = running_at
        self.active = False
        self.leaving = self.replaced = False
        self.used = False
        self.attempts: dict[int, Attempt] = {}
        self.images: dict[int, float] = {}
        self.idle_since = 0.0
        self.idle_event: Event | None = None
        self.reclaim_event: Event | None = None
