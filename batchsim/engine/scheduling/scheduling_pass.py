"""The scheduling pass: what starts now, why the rest waits, and whether more capacity has to be asked for.

Queues that share environments are evaluated in descending priority; inside a queue the head that can't be placed
blocks the rest; nothing is preempted (API ``JobQueueDetail.priority``; User Guide, *Jobs stuck in RUNNABLE*). A pass is
held every ``scheduler.dispatchInterval`` while something is new, and whenever room is freed or added.

For each job of a queue's order, environments are walked in their order: room now, start it; else room on its way or to
be had, wait for it there; else the next (User Guide, *Compute environments*: an environment that can't provide is
passed over). The same answers say why a job waits, what free capacity is stranded, and for which requests to scale out.
"""

from __future__ import annotations

from collections.abc import Sequence

from batchsim.engine.agenda import Agenda
from batchsim.engine.compute.ec2 import Ec2Environment
from batchsim.engine.compute.fargate import FargateEnvironment
from batchsim.engine.compute_environment import UNAVAILABLE, WAITED_FOR, SimulatedEnvironment
from batchsim.engine.job_lifecycle import JobLifecycle
from batchsim.engine.queues.fifo import NOT_BLOCKED, FifoQueue
from batchsim.engine.queues.time_limits import TimeLimits, blocked_for
from batchsim.engine.run_context import RunContext
from batchsim.engine.scheduling.consumable_resources import ConsumableResources
from batchsim.engine.scheduling.scale_out import ScaleOut
from batchsim.engine.scheduling.wait_causes import NOBODY, WaitAttribution
from batchsim.engine.scheduling.waiting import WaitingJobs
from batchsim.spec.ids import ShapeId


class StrandedCapacity:
    """Notes when an environment's unused room is of no use to anything that waits for it, and when it is idle again.

    Attributes
    ----------
    any_stranded : bool
        Whether some is.
    """

    def __init__(self, context: RunContext, agenda: Agenda, environments: Sequence[Ec2Environment]) -> None:
        self._recorder = context.recorder
        self._environments = list(environments)
        self._queues = [agenda.attached[each.index] for each in environments]
        self._stranded = [False] * len(environments)
        self.any_stranded = False
        self._known_at = [-1] * len(environments)

    def note(self, now: float) -> None:
        """Note what has changed."""
        for place, environment in enumerate(self._environments):
            queues, waits = self._queues[place], False
            # Each of these only grows: their sum is another when one of them is.
            known_at = environment.changes.generation
            for queue in queues:
                known_at += queue.requests_generation
                waits = waits or bool(queue.requests)
            if not waits and not self._stranded[place]:
                continue
            if known_at == self._known_at[place] and not environment.varies:
                continue
            self._known_at[place] = known_at
            stranded = waits and self._is_stranded(environment, queues, now)
            if stranded != self._stranded[place]:
                self._stranded[place] = stranded
                self.any_stranded = any(self._stranded)
                self._recorder.stranded(now, environment.index, stranded)

    @staticmethod
    def _is_stranded(environment: Ec2Environment, queues: Sequence[FifoQueue], now: float) -> bool:
        """Whether jobs wait that the environment could hold, and none of them has room there now."""
        holds, no_fit = False, environment.no_fit
        for queue in queues:
            for request in queue.requests:
                if request not in no_fit and environment.fits(request, now):
                    return False
                holds = holds or environment.can_hold[request]
        return holds


class SchedulingPass:
    """Holds the passes of a run.

    Parameters
    ----------
    queues : sequence of FifoQueue
        All queues, by their place in the configuration.
    scalable : sequence of Ec2Environment
        The environments that can be scaled.
    """

    def __init__(
        self,
        context: RunContext,
        agenda: Agenda,
        lifecycle: JobLifecycle,
        resources: ConsumableResources,
        waiting: WaitingJobs,
        queues: Sequence[FifoQueue],
        scalable: Sequence[Ec2Environment],
        scale_out: ScaleOut,
        attribution: Sequence[WaitAttribution],
    ) -> None:
        self._agenda = agenda
        self._lifecycle = lifecycle
        self._attempts = lifecycle.attempts
        self._resources = resources
        self._waiting = waiting
        self._by_priority = agenda.queues
        self._scalable = list(scalable)
        self._scale_out = scale_out
        self._attribution = list(attribution)
        self._stranded = StrandedCapacity(context, agenda, scalable)
        self._time_limits = TimeLimits(agenda, self._cancel_head)
        self._requests = context.workload.shapes
        self._request = context.table.request
        self._group = context.table.group
        self._wanted = waiting.wanted
        self._any_wanted = waiting.any_wanted
        self._multi_node = waiting.multi_node
        self._any_multi_node = any(waiting.multi_node)
        self._queues = queues
        self.environments_changed()

    def environments_changed(self) -> None:
        """Note which environments queues have, and of which kinds these are."""
        self._fargate_of = [
            [each for each in queue.environments if isinstance(each, FargateEnvironment)] for queue in self._queues
        ]
        self._scalable_of = [
            [each for each in queue.environments if isinstance(each, Ec2Environment)] for queue in self._queues
        ]
        for queue, attribution in zip(self._queues, self._attribution, strict=True):
            queue.blocked_at = NOT_BLOCKED
            attribution.environments_changed()

    def forget_time_limit(self, queue: FifoQueue) -> None:
        """Have the time of a queue's head begin anew."""
        self._time_limits.clear(queue)

    def hold(self, now: float) -> None:
        """Hold a pass."""
        by_priority, starts = self._by_priority, self._attempts.starts
        evaluated = []
        for queue in by_priority:
            if queue.changed:
                evaluated.append(queue)
                queue.changed = False
                if queue.requests:
                    self._dispatch(queue, now)
        if not evaluated:
            return
        # Causes are judged when all queues have taken what they can; what one took, others no longer have.
        none_started, waits = self._attempts.starts == starts, False
        for queue in evaluated if none_started else by_priority:
            if queue.requests:
                waits = True
                self._say_why(queue, now)
                if len(queue.requests) > 1 and self._fargate_of[queue.index]:
                    self._follow_launch_rate(queue, now)
            elif self._attribution[queue.index].head != NOBODY:
                self._attribution[queue.index].judge(now)
        if self._scalable and (waits or none_started or self._stranded.any_stranded):
            self._stranded.note(now)
        for queue in evaluated:
            if queue.time_limits:
                self._watch_head(queue, now)
            if queue.requests and self._scalable:
                self._ask_for_more(queue, now)
        if self._any_multi_node:
            self._release_kept(now)

    def _say_why(self, queue: FifoQueue, now: float) -> None:
        """Have it judged again for what the jobs of a queue wait, if anything changed that causes depend on."""
        attribution = self._attribution[queue.index]
        # Where all are of one request, the head's, nothing but what may come for it matters.
        alike = len(queue.requests) == 1
        if attribution.counted and not queue.reserves and (alike or not queue.time_dependent):
            # Each of these only grows: their sum is another when one of them is.
            judged_at = queue.requests_generation if alike else queue.generation
            for environment in queue.environments:
                changes = environment.changes
                judged_at += changes.outlook_generation if alike else changes.generation
            if alike:
                judged_at = -judged_at
            if judged_at == attribution.judged_at:
                return
            attribution.judged_at = judged_at
        attribution.judge(now)

    def _release_kept(self, now: float) -> None:
        for environment in self._scalable:
            environment.scale_in.release_kept(now)

    # Starting jobs

    def _dispatch(self, queue: FifoQueue, now: float) -> None:
        """Start the jobs of a queue in its order, unless what waits was tried, and nothing has changed since."""
        if queue.blocked_at != NOT_BLOCKED and queue.blocked_at == self._generation(queue):
            return
        environments, request_of, requests = queue.environments, self._request, queue.requests
        started: list[int] = []
        failed: set[ShapeId] = set()
        left, tried_at = queue.depth, NOT_BLOCKED
        for job in queue.order(now, started, failed):
            request = request_of[job]
            if self._any_wanted and self._wanted[self._group[job]]:
                # A job that lacks a consumable resource says nothing of others that ask for the same.
                if self._start_with_resources(environments, job, request, now):
                    started.append(job)
                    continue
            elif request not in failed:
                if self._start(environments, job, request, now):
                    started.append(job)
                    continue
                if not failed:
                    tried_at = self._generation(queue)  # what starts behind it may change what it finds
                failed.add(request)
                # What all that waits asks for was tried: whoever is next finds nothing either.
                if len(failed) == len(requests):
                    break
            left -= 1
            if not left:
                break
        if started:
            queue.leave(started, now)
        if failed and (queue.depth == 1 or len(failed) == len(requests)):
            self._note_blocked(queue, tried_at)

    def _note_blocked(self, queue: FifoQueue, tried_at: int) -> None:
        """Nothing that waits in a queue can start before something changes, where all changes are counted.

        That a launch token comes back is no change: it comes with time.
        """
        if not self._attribution[queue.index].counted or queue.reserves:
            return
        for each in self._fargate_of[queue.index]:
            if each.quota.took_last_token:
                return
        queue.blocked_at = tried_at

    @staticmethod
    def _generation(queue: FifoQueue) -> int:
        """Another one when an environment of the queue may have another answer: each of these only grows."""
        generation = 0
        for environment in queue.environments:
            generation += environment.changes.generation
        return generation

    def _start_with_resources(
        self, environments: list[SimulatedEnvironment], job: int, request: ShapeId, now: float
    ) -> bool:
        wanted = self._wanted[self._group[job]]
        if not self._resources.available(wanted) or not self._start(environments, job, request, now):
            return False
        self._resources.acquire(wanted)
        return True

    def _start(self, environments: list[SimulatedEnvironment], job: int, request: ShapeId, now: float) -> bool:
        """Start a job in the first environment that has room, if none before it is to be waited for."""
        for environment in environments:
            if request not in environment.no_fit and environment.start(job, request, now):
                return True
            known = environment.changes.outlooks
            outlook = known[request] if request in known else environment.outlook(request, now)
            if outlook <= WAITED_FOR:
                return False
            if outlook == UNAVAILABLE and self._multi_node[request]:
                return False  # it blocks the queue (User Guide, *Jobs stuck in RUNNABLE*)
        return False

    def _follow_launch_rate(self, queue: FifoQueue, now: float) -> None:
        """The head has been tried; what waits behind it is BLOCKED from when it could be launched."""
        for environment in self._fargate_of[queue.index]:
            environment.follow_launch_rate(queue.requests.keys() - {self._attribution[queue.index].head}, now)

    # Time limits

    def _watch_head(self, queue: FifoQueue, now: float) -> None:
        """Have the head cancelled when it waits too long for a reason that a time limit names."""
        if not queue.requests:
            self._time_limits.clear(queue)
            return
        job = queue.head(now)
        request = self._request[job]
        reason = blocked_for(queue.environments, request, self._requests[request], now)
        self._time_limits.watch(queue, job, reason, now)

    def _cancel_head(self, queue: FifoQueue, job: int, reason: str, now: float) -> None:
        if queue.requests and queue.head(now) == job:
            queue.remove_head(now)
            queue.changed = True
            self._lifecycle.states.cancel(job, reason, now)
            self._agenda.pass_due = True

    # Asking for capacity

    def _ask_for_more(self, queue: FifoQueue, now: float) -> None:
        """Have capacity asked for if some may be launched for the queue and nothing on its way is planned for it."""
        full, booting = True, False
        for environment in self._scalable_of[queue.index]:
            ledger = environment.ledger
            used = ledger.vcpus if environment.limits_instances else environment.in_use
            full = full and used >= environment.max_vcpus
            booting = booting or bool(ledger.booting)
        if full or not (queue.needs_capacity or not booting):
            return
        requests = self._waiting.startable(queue, now)
        growing = [each for each in self._scalable_of[queue.index] if self._may_grow(each, requests, now)]
        if growing:
            self._scale_out.ask(now, any(each.waits_for_boots and each.ledger.booting for each in growing))

    @staticmethod
    def _may_grow(environment: Ec2Environment, requests: Sequence[ShapeId], now: float) -> bool:
        """Whether capacity for some request is on its way, or to be had."""
        return any(environment.outlook(request, now) <= WAITED_FOR for request in requests)
