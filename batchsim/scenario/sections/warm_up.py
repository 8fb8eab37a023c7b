"""``warmUp``: whether a scenario has a steady state, and one level that its beginning comes up to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from batchsim.errors import Finding
from batchsim.scenario.document.document import Document
from batchsim.scenario.sections.models import Frame, TraceSource, Workflow
from batchsim.spec.arrivals import Arrivals, varies

NONE = "no warmUp: a terminating scenario is looked at from its first job to its last"


def no_warm_up(frame: Frame, workload: Iterable[Workflow | TraceSource], document: Document) -> Iterator[Finding]:
    """A scenario that ends by itself has no steady state; one that follows the clock has none that can be found."""
    if frame.warm_up is None:
        return
    for message, expected in _why_none(frame, list(_arrivals(workload))):
        yield document.finding(("warmUp",), "warm-up", message, expected=expected)


_Arriving = tuple[str, Arrivals | None, bool]


def _why_none(frame: Frame, arrivals: list[_Arriving]) -> Iterator[tuple[str, str]]:
    """Why there is no warm-up to leave out, and what is expected instead."""
    if frame.duration is None:
        yield "without a duration the scenario is terminating: it ends with its last job", f"{NONE}; or a duration"
        return
    if arrivals and all(_comes_once(each, is_trace) for _, each, is_trace in arrivals):
        names = dict.fromkeys(name for name, _, _ in arrivals)
        yield f"the scenario is terminating: jobs of {' and '.join(names)} arrive at stated times alone", NONE
    elif frame.warm_up == "auto":
        yield from _without_level(arrivals)
    if frame.warm_up != "auto" and frame.warm_up is not None and frame.warm_up >= frame.duration:
        yield "it is no shorter than the duration: no job is left", "a warmUp below the duration"


def _without_level(arrivals: Iterable[_Arriving]) -> Iterator[tuple[str, str]]:
    """What arrives at no one rate."""
    for name, each, is_trace in arrivals:
        is_stated = each is None or _comes_once(each, is_trace)
        if why := "is replayed, or arrives at stated times" if is_stated or each is None else varies(each):
            yield (
                f"{name} {why}: it has no one level, which is what MSER-5 looks for",
                "a duration as warmUp, such as 1d, or none",
            )


def _arrivals(workload: Iterable[Workflow | TraceSource]) -> Iterator[_Arriving]:
    """Of each entry its name, how it arrives, and whether it is a trace."""
    for entry in workload:
        if isinstance(entry, Workflow):
            yield entry.workflow, entry.arrivals, False
        else:
            yield entry.trace.workflow, entry.trace.arrivals, True


def _comes_once(arrivals: Arrivals | None, is_trace: bool) -> bool:
    """Whether it arrives at stated instants; a trace without arrivals is a recording, which may go on for months."""
    if arrivals is None:
        return not is_trace
    return arrivals.at is not None or arrivals.trace is not None
