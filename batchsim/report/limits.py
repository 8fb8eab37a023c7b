"""The limit that jobs waited for longest, by the name that AWS has for it."""

from __future__ import annotations

from batchsim.recording import LIMITS
from batchsim.report.formatting import plain
from batchsim.results.run import Run
from batchsim.results.summary_type import Summary


def longest_limit(run: Run, summary: Summary) -> tuple[float, str]:
    """The limit that jobs waited for longest: how long, and what it is."""
    waits = {name: figures["wait_limit_s"] for name, figures in summary["job_queues"].items()}
    together = {limit: sum(plain(each[limit]) for each in waits.values()) for limit in LIMITS.values()}
    worst = max(together, key=lambda limit: together[limit])
    queues = {name for name, each in waits.items() if plain(each[worst])}
    return together[worst], _LIMITED[worst](run, queues)


def _consumables(run: Run, queues: set[str]) -> str:
    groups = [group for group in run.workload.groups if group.job_queue in queues]
    names = dict.fromkeys(name for group in groups for name, _ in group.consumables)
    return f"the quantity of {' or '.join(names)}"


def _reservations(_run: Run, queues: set[str]) -> str:
    return f"the computeReservation of {', '.join(sorted(queues))}"


def _most_vcpus(run: Run, queues: set[str]) -> str:
    configuration = run.scenario.configuration
    attached = {name for queue in configuration.queues if queue.name in queues for name in queue.environments}
    environments = [each for each in configuration.environments if each.enabled and each.name in attached]
    unmanaged = all(environment.purchase_option == "UNMANAGED" for environment in environments)
    member = "unmanagedvCpus" if unmanaged else "maxvCpus"
    return f"{member} of {', '.join(each.name for each in environments)}"


#: How each limit is named, of the queues whose jobs waited for it.
_LIMITED = {"consumableResources": _consumables, "computeReservation": _reservations, "maxvCpus": _most_vcpus}
