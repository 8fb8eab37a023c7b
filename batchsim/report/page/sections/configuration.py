"""What was simulated: environments, queues, definitions in short, and the whole scenario as a file."""

from __future__ import annotations

from batchsim.report.page.blocks import Cell, Listing, PageSection, PageTable
from batchsim.scenario.scenario import Scenario
from batchsim.spec.configuration import ComputeEnvironment, Configuration, JobDefinition, JobQueue
from batchsim.spec.updates import Update, Updates
from batchsim.units import format_duration

#: Instance types that a cell names.
NAMED = 4


def configuration(scenario: Scenario, written: str) -> PageSection:
    """The configuration as it was simulated; `written` is the text of ``scenario.yaml``."""
    known = scenario.configuration
    return PageSection(
        "configuration",
        "The configuration as simulated",
        [
            environments_table(known, "Compute environments"),
            queues_table(known, "Job queues"),
            *updates_table(scenario.updates),
            PageTable("Job definitions", _DEFINITION, [_definition(each) for each in known.definitions]),
            Listing("The whole scenario, every default filled in (scenario.yaml)", written),
        ],
    )


def environments_table(known: Configuration, caption: str) -> PageTable:
    """What may be launched."""
    return PageTable(caption, _ENVIRONMENT, [_environment(each) for each in known.environments], texts=4)


def queues_table(known: Configuration, caption: str) -> PageTable:
    """Where jobs wait."""
    return PageTable(caption, _QUEUE, [_queue(each) for each in known.queues], texts=3)


def updates_table(updates: Updates) -> list[PageTable]:
    """What is changed when; nothing where nothing is."""
    rows = [[Cell(each.name), Cell(_when(each)), Cell(each.what)] for each in updates.entries]
    return [PageTable("Scheduled updates", ("update", "when", "what"), rows, texts=3)] if rows else []


def _when(update: Update) -> str:
    return f"{update.cron} ({update.timezone})" if update.at is None else f"after {format_duration(update.at)}"


_ENVIRONMENT = ("environment", "purchase option", "allocation strategy", "instance types", "minvCpus", "maxvCpus")
_QUEUE = ("job queue", "environments, in this order", "scheduling", "priority")
_DEFINITION = ("job definition", "vCPUs", "memory, MiB", "GPUs", "attempts", "timeout")


def _environment(environment: ComputeEnvironment) -> list[Cell]:
    types = list(dict.fromkeys(offering.instance_type for offering in environment.offerings))
    more = f" and {len(types) - NAMED} more" if len(types) > NAMED else ""
    state = "" if environment.enabled else " (DISABLED)"
    return [
        Cell(environment.name + state),
        Cell(environment.purchase_option),
        Cell(environment.allocation_strategy or ("chosen by ECS" if environment.is_managed_by_ecs else "–")),
        Cell(", ".join(types[:NAMED]) + more or "–"),
        Cell(f"{environment.min_vcpus:,}", environment.min_vcpus),
        Cell(f"{environment.max_vcpus:,}", environment.max_vcpus),
    ]


def _queue(queue: JobQueue) -> list[Cell]:
    state = "" if queue.enabled else " (DISABLED)"
    return [
        Cell(queue.name + state),
        Cell(", ".join(queue.environments)),
        Cell("FIFO" if queue.fair_share is None else "fair share"),
        Cell(f"{queue.priority:,}", queue.priority),
    ]


def _definition(definition: JobDefinition) -> list[Cell]:
    shape, nodes = definition.shape, len(definition.shape.nodes)
    limit = definition.timeout_s
    return [
        Cell(definition.name + (f" ({nodes} nodes)" if nodes else "")),
        Cell(f"{shape.vcpus:g}", shape.vcpus),
        Cell(f"{shape.asked_memory_mib:,}", shape.asked_memory_mib),
        Cell(f"{shape.gpus:,}", shape.gpus),
        Cell(f"{definition.attempts:,}", definition.attempts),
        Cell("–" if limit is None else format_duration(limit), limit),
    ]
