"""How much there may be: maxvCpus and unmanagedvCpus, consumable resources, reservations of shares, quotas.

Which of several limits holds jobs up is not asked of the figures, since one that is raised may only uncover another:
each is tried.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from batchsim.experiments.changes.evidence import Aim, Change, Evidence
from batchsim.scenario.document.access import base_name
from batchsim.spec.configuration import ComputeEnvironment, JobQueue

WAITING: tuple[Aim, ...] = ("waiting",)
#: An environment that never ran so much of its limit was not held up by it.
NEAR = 0.5


def limits(evidence: Evidence) -> Iterator[Change]:
    """Twice as much of each that the queues met whose jobs waited for one; a reservation is taken away."""
    queues = evidence.queues_that_waited("limit", "capacity")
    environments = evidence.behind(queues)
    for environment in environments:
        if evidence.figures(environment.name)["peak_vcpus"] >= NEAR * environment.max_vcpus > 0:
            yield _more_vcpus(evidence, environment)
    yield from _consumables(evidence, {queue.name for queue in queues})
    yield from _reservations(evidence, queues)
    yield from _quotas(evidence, environments)


def _more_vcpus(evidence: Evidence, environment: ComputeEnvironment) -> Change:
    now = environment.max_vcpus
    member = "unmanagedvCpus" if environment.purchase_option == "UNMANAGED" else "maxvCpus"
    inner = "" if member == "unmanagedvCpus" else "computeResources."
    figures = evidence.figures(environment.name)
    used = figures["utilisation"]["vcpu"]
    why = f"{environment.name} ran {figures['peak_vcpus']:,.0f} vCPUs at most"
    why += f", of which jobs held {100 * used:.0f} %" if used is not None and environment.offerings else ""
    path = f"batch.computeEnvironments.{environment.name}.{inner}{member}"
    return Change(f"{member} {2 * now} instead of {now} in {environment.name}", why, {path: 2 * now}, WAITING)


def _reservations(evidence: Evidence, queues: Iterable[JobQueue]) -> Iterator[Change]:
    for queue in queues:
        now = queue.fair_share.compute_reservation if queue.fair_share is not None else 0
        if now:
            policy = base_name(evidence.context.queues[queue.name][1]["schedulingPolicyArn"])
            path = f"batch.schedulingPolicies.{policy}.fairsharePolicy.computeReservation"
            why = f"it keeps a part of the vCPUs of {queue.name} from the shares that have jobs"
            yield Change(f"computeReservation 0 instead of {now} in {policy}", why, {path: 0}, WAITING)


def _quotas(evidence: Evidence, environments: Iterable[ComputeEnvironment]) -> Iterator[Change]:
    quotas = evidence.scenario.environment.capacity.account_vcpus
    for option in dict.fromkeys(each.account_option for each in environments):
        if option != "UNMANAGED" and quotas.get(option):
            path = f"environment.capacity.accountvCpus.{option}"
            what = f"a quota of {2 * quotas[option]} {option} vCPUs instead of {quotas[option]}"
            yield Change(what, f"the account may run no more than {quotas[option]} at once", {path: 2 * quotas[option]})


def _consumables(evidence: Evidence, queues: set[str]) -> Iterator[Change]:
    groups = [group for group in evidence.run.workload.groups if group.job_queue in queues]
    wanted = dict.fromkeys(name for group in groups for name, _ in group.consumables)
    for consumable in evidence.configuration.consumables:
        if consumable.name in wanted and consumable.total:
            what = f"totalQuantity {2 * consumable.total} instead of {consumable.total} of {consumable.name}"
            why = f"jobs wait until {consumable.name} is free"
            path = f"batch.consumableResources.{consumable.name}.totalQuantity"
            yield Change(what, why, {path: 2 * consumable.total}, WAITING)
