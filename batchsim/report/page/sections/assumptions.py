"""What the figures rest on: prices and their dates, and what the scenario left to defaults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from batchsim.report import narrative
from batchsim.report.page.blocks import Block, Cell, Fact, Facts, PageSection, PageTable, Paragraph
from batchsim.results.summary_type import Summary
from batchsim.scenario.scenario import Scenario, as_written
from batchsim.scenario.sections.parameters import label_of


def assumptions(scenario: Scenario, summary: Summary) -> PageSection:
    """Prices, warnings, and each setting of the environment with where it comes from."""
    facts = [Fact("prices", narrative.prices_sentence(summary["prices"]))]
    facts += [Fact("warning", str(each), tone="bad") for each in scenario.warnings]
    blocks: list[Block] = [Facts(facts)]
    if table := _types(summary["prices"]):
        blocks.append(table)
    return PageSection("assumptions", "What the figures rest on", [*blocks, *settings_table(scenario)])


def settings_table(scenario: Scenario) -> list[Block]:
    """Each setting of the environment, its value, and whether the scenario states it."""
    stated = scenario.document.values.get("environment") or {}
    rows = list(_settings(as_written(scenario.environment), stated, ()))
    filled = sum(row[2].text == "default" for row in rows)
    told = (
        f"Of {len(rows)} settings of the environment the scenario states {len(rows) - filled}; the others are measured "
        "defaults, whose evidence docs/defaults.md gives. Durations are in seconds, sizes in MiB."
    )
    table = PageTable("Settings of the environment", ["setting", "value", "from"], rows, texts=3, is_folded=True)
    return [Paragraph(told), table]


def _types(prices: Mapping[str, Any]) -> PageTable | None:
    """Prices of types that something was derived for; None where all are a source's."""
    if not prices["types"]:
        return None
    rows = [
        [
            Cell(each["instance_type"]),
            Cell(each["price_derived_from"] or "a source"),
            Cell(each["spot_derived_from"] or "a source"),
            Cell(f"${each['on_demand_usd_per_hour']:g}", each["on_demand_usd_per_hour"]),
        ]
        for each in prices["types"]
    ]
    columns = ["instance type", "price from", "Spot statistics from", "on demand, USD an hour"]
    return PageTable("Types launched of which something was derived from a neighbour", columns, rows, texts=3)


def _settings(values: Mapping[str, Any], stated: Any, path: tuple[str, ...]) -> Iterator[list[Cell]]:
    """Each setting by its path; one that is a distribution is one setting."""
    for key, value in values.items():
        given = stated.get(key) if isinstance(stated, dict) else None
        if value in ({}, []):
            continue
        if isinstance(value, dict) and not _is_distribution(value):
            yield from _settings(value, given, (*path, key))
        else:
            source = "default" if given is None else "scenario"
            yield [Cell(".".join((*path, key))), Cell(_said(value)), Cell(source)]


def _is_distribution(value: Mapping[str, Any]) -> bool:
    inner = next(iter(value.values()))
    return len(value) == 1 and isinstance(inner, dict) and bool(inner)


def _said(value: Any) -> str:
    if isinstance(value, dict) and _is_distribution(value):
        ((name, members),) = value.items()
        return f"{name}: {', '.join(f'{key} {_said(each)}' for key, each in members.items())}"
    return f"{value:g}" if isinstance(value, float) else label_of(value)
