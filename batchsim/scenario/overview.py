"""A scenario at a glance, for a notebook: what runs where, and what is asked of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from batchsim import markup
from batchsim.spec.configuration import ComputeEnvironment
from batchsim.spec.resolved_scenario import ResolvedScenario
from batchsim.spec.traces import Trace
from batchsim.spec.workflows import ResolvedWorkflow
from batchsim.units import format_duration

#: Instance types that are named one by one.
MOST_TYPES = 4


def scenario_html(scenario: ResolvedScenario, variants: Iterable[str]) -> str:
    """The scenario as two small tables."""
    title = f"{markup.strong(markup.text(scenario.name))} · {markup.text(scenario.region)} · seed {scenario.seed}"
    environments = [_environment(each) for each in scenario.configuration.environments]
    headings = ("compute environment", "type", "allocation strategy", "minvCpus", "maxvCpus", "instance types")
    sides = ("left", "left", "left", "right", "right", "left")
    facts = [(label, markup.text(words)) for label, words in _facts(scenario, variants)]
    return f"<div>{markup.paragraph(title)}{markup.table(facts)}{markup.table(environments, headings, sides)}</div>"


def _source(source: ResolvedWorkflow | Trace) -> str:
    if isinstance(source, ResolvedWorkflow):
        return f"{source.name}: {', '.join(_job(each.name, each.array_size) for each in source.jobs)}"
    return f"{source.path}: a trace ({source.format})"


def _facts(scenario: ResolvedScenario, variants: Iterable[str]) -> Iterator[tuple[str, str]]:
    time = "until its last job ends" if scenario.duration_s is None else format_duration(scenario.duration_s)
    yield "time", f"from {scenario.start:%Y-%m-%d %H:%M} UTC, {time}"
    for number, source in enumerate(scenario.sources):
        yield "" if number else "workload", _source(source)
    for number, queue in enumerate(scenario.configuration.queues):
        yield "" if number else "job queues", f"{queue.name} → {', '.join(queue.environments)}"
    for number, objective in enumerate(scenario.objectives):
        yield "" if number else "objectives", objective.expression
    if names := ", ".join(variants):
        yield "variants", names


def _job(name: str, size: int) -> str:
    return f"{name} × {size:,}" if size else name


def _environment(environment: ComputeEnvironment) -> tuple[str, ...]:
    types = sorted({each.instance_type for each in environment.offerings})
    named = (
        ", ".join(types)
        if len(types) <= MOST_TYPES
        else f"{', '.join(types[: MOST_TYPES - 1])} and {len(types) - MOST_TYPES + 1} more"
    )
    state = "" if environment.enabled else " (DISABLED)"
    return tuple(
        markup.text(cell)
        for cell in (
            environment.name + state,
            environment.purchase_option,
            environment.allocation_strategy,
            f"{environment.min_vcpus:,}",
            f"{environment.max_vcpus:,}",
            named,
        )
    )
