"""The Batch scheduler: cycles that dispatch, and looks at scaling out.

Queues that share environments are evaluated in cycles, in descending priority; inside a queue the head that can't be
placed blocks the rest; nothing is preempted (API ``JobQueueDetail.priority``; User Guide, *Jobs stuck in RUNNABLE*).
A cycle runs every ``scheduler.dispatchInterval`` while something is new, and whenever room is freed or added.

For the head, environments are walked in their order: room now, place it; else room on its way or to be had, wait for
it there; else the next (User Guide, *Compute environments*: an environment that can't provide is passed over).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from batchsim.engine.clock import Alarm, Clock, Phase, next_tick
from batchsim.engine.compute.ec2 import Ec2Environment
from batchsim.engine.compute_environment import SimulatedEnvironment
from batchsim.engine.job_lifecycle import Jobs
from batchsim.engine.queues.fifo import FifoQueue
from batchsim.engine.queues.time_limits import TimeLimits, blocked_for
from batchsim.engine.recorder import Recorder
from batchsim.engine.scheduling.consumable_resources import ConsumableResources
from batchsim.engine.scheduling.scale_out import ScaleOut
from batchsim.engine.scheduling.wait_causes import WaitAttribution, wanted_by_shape
from batchsim.spec.assumptions import SchedulerSettings as Settings
from batchsim.spec.workload import Workload

#: After so many looks in a row that launched something, and no job started or came, no more is launched: capacity that
#: is reclaimed before a job can start on it would otherwise come and go for ever.
MOST_FRUITLESS = 1000


class Scheduler:
    """Decides which job goes where, and when to ask fleets for more.

    Parameters
    ----------
    queues : sequence of FifoQueue
        All queues, by their place in the configuration.
    fleets : sequence of Ec2Environment
        The environments that can be scaled.
    """

    def __init__(
        self,
        settings: Settings,
        workload: Workload,
        clock: Clock,
        jobs: Jobs,
        recorder: Recorder,
    ) -> None:
        self._settings = settings
        self._workload = workload
        self._shapes = workload.shapes
        self._gangs = [bool(shape.nodes) for shape in workload.shapes]
        self._any_gangs = any(self._gangs)
        self._wanted = tuple(group.consumables for group in workload.groups)
        self._clock = clock
        self._jobs = jobs
        self._recorder = recorder
        self._fruitless = 0
        self._cycle: Alarm | None = None  # at the next tick
        self._cycle_due = False
        self._look: Alarm | None = None
        self._look_at = 0.0

    def connect(
        self,
        queues: Sequence[FifoQueue],
        queue_of_group: Sequence[int],
        fleets: Sequence[Ec2Environment],
        stock: ConsumableResources,
    ) -> None:
        """Take charge of queues, fleets and consumable resources, which need the scheduler to be built."""
        self._queues = queues
        self._queue_of_group = queue_of_group
        self._stock = stock
        self._dispatchers = {queue.index: partial(self._dispatch, queue) for queue in queues}
        self._time_limits = TimeLimits(self._clock, self._cancel_head)
        self._fleets = fleets
        # Equal priorities are evaluated by name: AWS leaves their order open.
        self._by_priority = sorted(queues, key=lambda queue: (-queue.priority, queue.name))
        self._attached: dict[int, list[FifoQueue]] = {}
        for queue in self._by_priority:
            for station in queue.stations:
                self._attached.setdefault(station.index, []).append(queue)
        self._fleets_of = [
            [station for station in queue.stations if isinstance(station, Ec2Environment)] for queue in queues
        ]
        vcpus = [shape.vcpus for shape in self._shapes]
        wants = wanted_by_shape(self._workload, queue_of_group)
        self._causes = [
            WaitAttribution(
                queue, vcpus, self._wanted, wants.get(queue.index, {}), stock, self._clock, self._jobs, self._recorder
            )
            for queue in queues
        ]
        self._stranded = {fleet.index: False for fleet in fleets}
        self._stranded_at = {fleet.index: -1 for fleet in fleets}

    # What happens elsewhere

    def runnable(self, job: int, retried: bool) -> None:
        """A job became RUNNABLE: it is looked at in the next regular cycle."""
        self._fruitless = 0
        queue = self._queue_of(job)
        queue.add(job, retried)
        # One that is to come is at the next tick or earlier.
        if self._cycle is None and not self._cycle_due:
            self._request_cycle(next_tick(self._clock.now, self._settings.dispatch_interval))

    def submitted(self, job: int) -> None:
        """A job arrived."""
        self._queue_of(job).submitted(job)

    def finished(self, job: int) -> None:
        """A job is in a final state."""
        self._queue_of(job).finished(job)

    def stopped(self, job: int) -> None:
        """An attempt ended: what it had locked is free."""
        self._queue_of(job).stopped(job)
        wanted = self._wanted[self._jobs.group[job]]
        if wanted and self._stock.give(wanted):
            for queue in self._queues:
                if queue.shapes:
                    queue.changed = queue.unplanned = True
                    self._request_cycle(self._clock.now)

    def _queue_of(self, job: int) -> FifoQueue:
        return self._queues[self._queue_of_group[self._jobs.group[job]]]

    def room_freed(self, station: SimulatedEnvironment) -> None:
        """An environment has more room: a cycle follows at once if anything waits for it."""
        for queue in self._attached.get(station.index, ()):
            if queue.shapes:
                queue.changed = True
                self._request_cycle(self._clock.now)

    def fleet_changed(self, fleet: Ec2Environment) -> None:
        """Instances came or went."""
        for queue in self._attached.get(fleet.index, ()):
            queue.unplanned = True
        self.room_freed(fleet)
        if fleet.below_minimum:
            self._request_look(fleet.booting, essential=False)

    def waiting_gangs(self, fleet: Ec2Environment) -> Iterator[int]:
        """The shapes of the multi-node jobs that wait for a fleet, and for none before it in their queue."""
        for queue in self._attached.get(fleet.index, ()):
            for code in self._upcoming(queue):
                if self._gangs[code]:
                    waits_at = next((s for s in queue.stations if s.provides(code) or s.keeps_waiting(code)), None)
                    if waits_at is fleet:
                        yield code

    def _upcoming(self, queue: FifoQueue) -> Iterable[int]:
        """Waiting shapes that may start next; those behind a head only while there is room on its way for it."""
        codes = self._wanted_shapes(queue)
        alone = len(codes) == 1 and len(queue.candidates()) == 1
        return queue.shapes if alone and any(station.provides(codes[0]) for station in queue.stations) else codes

    def hopeful(self) -> bool:
        """Whether a job waits for capacity that comes, or may yet come."""
        waited_s = self._clock.now - self._jobs.last_start_at
        return any(
            (station.holds(shape) and station.in_motion) or station.may_recover(shape, waited_s)
            for queue in self._queues
            for shape in self._wanted_shapes(queue)
            for station in queue.stations
            if isinstance(station, Ec2Environment)
        )

    # Cycles

    def _request_cycle(self, instant: float) -> None:
        if self._cycle_due:
            return
        if instant <= self._clock.now:
            self._cycle_due = True
            if self._cycle is not None:
                self._clock.cancel(self._cycle)
                self._cycle = None
            self._clock.after_changes(self._run_cycle)
        elif self._cycle is None:
            self._cycle = self._clock.at(instant, self._on_tick, phase=Phase.DISPATCH)

    def _on_tick(self, _alarm: Alarm) -> None:
        self._cycle = None
        self._run_cycle()

    def _run_cycle(self) -> None:
        self._cycle_due = False
        evaluated, begun = [queue for queue in self._by_priority if queue.changed], self._jobs.starts
        for queue in evaluated:
            queue.changed = False
            queue.drain(self._dispatchers[queue.index])
        # WaitAttribution are judged when all queues have taken what they can; what one took, others no longer have.
        judged = evaluated
        if self._jobs.starts != begun:
            self._fruitless = 0
            judged = self._by_priority
        judged = [queue for queue in judged if self._causes[queue.index].is_news()]
        for queue in judged:
            self._causes[queue.index].judge()
        self._note_stranded()
        for queue in evaluated:
            if queue.time_limits:
                self._watch_head(queue)
        for queue in evaluated:
            if queue.shapes:
                self._ask_for_more(queue)
        if self._any_gangs:
            for fleet in self._fleets:
                fleet.release_kept()

    def _dispatch(self, queue: FifoQueue, job: int, shape: int) -> bool:
        wanted = self._wanted[self._jobs.group[job]]
        if wanted and not self._stock.has(wanted):
            return False
        gang = self._gangs[shape]
        for station in queue.stations:
            if station.place(job, shape):
                if wanted:
                    self._stock.take(wanted)
                return True
            if station.provides(shape) or (gang and station.keeps_waiting(shape)):
                return False
        return False

    def _note_stranded(self) -> None:
        """Note whether a fleet's unused room is of no use to anything that waits for it, if that changed."""
        for fleet in self._fleets:
            queues = self._attached.get(fleet.index, ())
            # Each of these only grows: their sum is another when one of them is.
            version = fleet.version
            for queue in queues:
                version += queue.kinds
            if fleet.steady and version == self._stranded_at[fleet.index]:
                continue
            self._stranded_at[fleet.index] = version
            stranded = self._is_stranded(fleet, queues)
            if stranded != self._stranded[fleet.index]:
                self._stranded[fleet.index] = stranded
                self._recorder.stranded(self._clock.now, fleet.index, stranded)

    def _is_stranded(self, fleet: Ec2Environment, queues: Sequence[FifoQueue]) -> bool:
        """Whether jobs wait that the fleet could hold, and none of them has room there now."""
        return not any(
            fleet.has_room(code) for queue in queues for code in queue.shapes.keys() - fleet.hopeless
        ) and any(fleet.holds(code) for queue in queues for code in queue.shapes)

    # Time limits

    def _watch_head(self, queue: FifoQueue) -> None:
        """Have the head cancelled when it waits too long for a reason that a time limit names."""
        if not queue.shapes:
            self._time_limits.clear(queue)
            return
        job = queue.head()
        code = self._jobs.shape[job]
        self._time_limits.watch(queue, job, blocked_for(queue.stations, code, self._shapes[code]))

    def _cancel_head(self, queue: FifoQueue, job: int, reason: str) -> None:
        if queue.shapes and queue.head() == job:
            queue.remove_head()
            queue.changed = True
            self._jobs.cancel(job, reason)
            self._request_cycle(self._clock.now)

    # Scaling out

    def _ask_for_more(self, queue: FifoQueue) -> None:
        """Have the fleets looked at if one may launch for the queue and nothing on its way is planned for it."""
        fleets = self._fleets_of[queue.index]
        if all(fleet.is_full for fleet in fleets):
            return
        if queue.unplanned or not any(fleet.booting for fleet in fleets):
            shapes = self._wanted_shapes(queue)
            growing = [fleet for fleet in fleets if any(map(fleet.provides, shapes))]
            if growing:
                self._request_look(any(fleet.booting for fleet in growing))

    def _wanted_shapes(self, queue: FifoQueue) -> list[int]:
        """What the jobs ask for that would be started were there room for them."""
        if not queue.shapes:
            return []
        return list(
            {
                self._jobs.shape[job]: None
                for job in queue.candidates()
                if self._stock.has(self._wanted[self._jobs.group[job]])
            }
        )

    def _request_look(self, booting: bool, *, essential: bool = True) -> None:
        """Have the fleets looked at: soon when nothing is on its way, else at the next regular look."""
        if self._fruitless > MOST_FRUITLESS:
            return
        now, settings = self._clock.now, self._settings
        instant = next_tick(now, settings.scale_up_interval)
        if not booting:
            instant = min(instant, now + settings.scale_up_reaction)
        if self._look is not None:
            if self._look_at <= instant and (self._look.essential or not essential):
                return
            instant, essential = min(instant, self._look_at), essential or self._look.essential
            self._clock.cancel(self._look)
        self._look_at = instant
        self._look = self._clock.at(instant, self._scale_out, phase=Phase.SCALE_OUT, essential=essential)

    def start(self) -> None:
        """Launch what ``minvCpus`` and ``desiredvCpus`` ask for, when the environments become VALID."""
        for fleet in self._fleets:
            fleet.keep_minimum(max(fleet.spec.min_vcpus, fleet.spec.desired_vcpus))

    def _scale_out(self, _alarm: Alarm) -> None:
        """Ask each fleet for what waits, can't be held by what is there or booting, and is under its limit."""
        self._look = None
        launched = sum(fleet.launched for fleet in self._fleets)
        for fleet in self._fleets:
            fleet.keep_minimum(fleet.spec.min_vcpus)
        plan = ScaleOut(self._fleets, self._jobs, self._shapes, self._stock.copy(), self._wanted)
        for queue in self._by_priority:
            queue.unplanned = False
            plan.assign(queue)
        plan.launch()
        if sum(fleet.launched for fleet in self._fleets) > launched:
            self._fruitless += 1
        for queue in self._by_priority:
            if queue.shapes:
                self._causes[queue.index].judge()
