"""What instances there will be for a job: some that boot, some that may be launched, or none for now."""

from __future__ import annotations

from collections.abc import Sequence

from batchsim.engine.compute.launchable import Launchable
from batchsim.engine.compute.ledger import InstanceLedger
from batchsim.engine.compute.multi_node import MultiNodeJobs
from batchsim.engine.compute_environment import AT_LIMIT, COMING, LAUNCHABLE, UNAVAILABLE
from batchsim.spec.configuration import Shape
from batchsim.spec.ids import ShapeId


class InstanceOutlook:
    """What one environment will have for jobs that it can hold and has no room for now."""

    def __init__(
        self, requests: Sequence[Shape], ledger: InstanceLedger, launchable: Launchable, nodes: MultiNodeJobs
    ) -> None:
        self._requests = requests
        self._ledger = ledger
        self._launchable = launchable
        self._nodes = nodes

    def find(self, request: ShapeId, now: float) -> int:
        """One of the answers of `batchsim.engine.compute_environment`."""
        asked = self._requests[request]
        if asked.nodes:
            if self._nodes.launches_for(request, now):
                return LAUNCHABLE
            if self._nodes.is_coming(request):
                return COMING
        else:
            if self._launchable.launches_for(request, now):
                return LAUNCHABLE
            if self._ledger.is_booting_for(asked):
                return COMING
        return UNAVAILABLE if self._launchable.is_short(request, now) else AT_LIMIT
