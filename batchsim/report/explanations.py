"""What a word of batchsim means: a key, a column, a rule, a cause, a purpose, a metric, a distribution.

Every text comes from the table that the thing itself is made from; words of the glossary and the evidence of defaults
from the tables of their pages, which are installed with the package.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from batchsim import columns
from batchsim.errors import nearest
from batchsim.results.summary_fields import patterns
from batchsim.scenario.batch.member_coverage import MEMBERS, members
from batchsim.scenario.batch.service_model import shape_named
from batchsim.scenario.rules import RULES
from batchsim.scenario.schema.own_sections import DISTRIBUTION_EXAMPLES, first_paragraph, keys
from batchsim.scenario.schema.requests import plain
from batchsim.scenario.sections.keys import KEYS
from batchsim.spec.distributions import DISTRIBUTIONS
from batchsim.spec.objectives import DISTRIBUTED, FILTERS, PLAIN, STATISTICS

TABLES = {
    "jobs": columns.JOBS,
    "attempts": columns.ATTEMPTS,
    "instances": columns.INSTANCES,
    "timeline": columns.TIMELINE,
}
#: Metrics of objectives, and the key of the summary or the column that holds the same.
_METRICS = {
    "queue_time": "queue_time_s",
    "turnaround": "turnaround_s",
    "finished_at": "jobs.parquet: stopped_at",
    "cost": "cost_usd",
    "makespan": "makespan_s",
    "utilisation": "utilisation",
    "failed": "jobs.failed",
    "unfinished": "jobs.unfinished",
}
#: What the figures of a default are in, by the unit of the key.
_IN = {"duration": " s", "delay": ", in seconds", "size": " MiB", "size per second": " MiB/s"}


class Meaning(NamedTuple):
    """One meaning of a word.

    Attributes
    ----------
    kind : str
        What it is the name of.
    name : str
        In full: ``environment.scheduler.admit``.
    lines : tuple of str
        What it means first, then its unit, default and source.
    """

    kind: str
    name: str
    lines: tuple[str, ...]


def meanings(word: str) -> list[Meaning]:
    """All meanings of a word, in any case; none where it is not known."""
    asked = _normal(word)
    return list(dict.fromkeys(each for name, each in _all() if asked in (_normal(name), _normal(each.name))))


def near(word: str) -> str:
    """The known word that was probably meant; empty where nothing is near."""
    return nearest(word, dict.fromkeys(name for name, _ in _all()))


def _normal(word: str) -> str:
    return " ".join(word.lower().replace("`", "").split())


@cache
def _all() -> tuple[tuple[str, Meaning], ...]:
    """Every word with each of its meanings."""
    made = (_keys(), _members(), _causes_and_purposes(), _columns(), _summary(), _rules(), _metrics(), _distributions())
    return (*(pair for group in made for pair in group), *_glossary())


def _lines(*texts: str) -> tuple[str, ...]:
    """Texts without the marks of Markdown, and without empty ones."""
    return tuple(re.sub(r"\*(\w[^*]*\w)\*", r"\1", text.replace("`", "").replace("**", "")) for text in texts if text)


def _keys() -> Iterator[tuple[str, Meaning]]:
    evidence = dict(_evidence())
    for path, name, default in keys():
        said = KEYS[name]
        because = evidence.get(path.removeprefix("environment.")) if path.startswith("environment.") else None
        yield (
            path.rpartition(".")[2],
            Meaning(
                "key of a scenario",
                path,
                _lines(
                    said.plain,
                    f"unit: {said.unit}" if said.unit else "",
                    f"default: {default}{_IN.get(said.unit, '')}" if default else "",
                    f"evidence: {because}" if because else "",
                ),
            ),
        )


def _members() -> Iterator[tuple[str, Meaning]]:
    for shape, member in members():
        known, inner = MEMBERS[f"{shape}.{member}"], shape_named(shape).members[member]
        words = getattr(getattr(inner, "member", inner), "enum", ())
        text = plain(inner.documentation)
        yield (
            member,
            Meaning(
                "member of AWS Batch's requests",
                f"{shape}.{member}",
                _lines(
                    f"{known.treatment}: {known.how}" if known.how else known.treatment,
                    f"one of {', '.join(words)}" if words else "",
                    f"AWS: {text.partition(chr(10))[0]}" if text else "",
                    f"source: AWS Batch API, {shape}" + (f"; {known.source}" if known.source else ""),
                ),
            ),
        )
        for word in words:
            said = next((line[2:] for line in text.split("\n") if re.match(rf"- `?{re.escape(word)}\b", line)), "")
            lines = _lines(f"AWS: {said}" if said else "", f"source: AWS Batch API, {shape}")
            yield word, Meaning("word of AWS Batch's requests", f"{shape}.{member}: {word}", lines)


def _causes_and_purposes() -> Iterator[tuple[str, Meaning]]:
    known = dict(patterns())
    for cause in columns.WAIT_CAUSES:
        column = next(column for column in columns.JOBS if column.name == f"wait_{cause}_s")
        where = f"jobs.parquet: wait_{cause}_s; summary.json: wait_s.{cause}"
        yield cause, Meaning("cause of waiting", cause, _lines(column.meaning, where))
    for purpose in columns.PURPOSES:
        field = known[f"cost_usd.by_purpose.{purpose}"]
        where = f"summary.json: cost_usd.by_purpose.{purpose}"
        yield purpose, Meaning("purpose of cost", purpose, _lines(field.meaning, where))


def _columns() -> Iterator[tuple[str, Meaning]]:
    for table, its in TABLES.items():
        for column in its:
            unit = f"unit: {column.unit}" if column.unit else ""
            name = f"{table}.parquet: {column.name}"
            yield column.name, Meaning("column of results", name, _lines(column.meaning, unit))


def _summary() -> Iterator[tuple[str, Meaning]]:
    """Keys of the summary; what queues, workflows and environments have alike is told once."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for path, field in patterns():
        told = path.rpartition(".")[0].endswith(("wait_s", "by_purpose"))  # as cause or purpose
        if field.meaning and not told:
            found.setdefault((field.key, field.meaning, field.unit), []).append(path)
    for (key, meaning, unit), (path, *others) in found.items():
        also = f"also: {', '.join(others)}" if others else ""
        yield key, Meaning("key of summary.json", path, _lines(meaning, f"unit: {unit}" if unit else "", also))


def _rules() -> Iterator[tuple[str, Meaning]]:
    for rule in RULES:
        looked = f"{rule.severity}, looked at in the stage {rule.stage}"
        meaning = Meaning(
            "rule", rule.code, _lines(rule.title, looked, f"source: {rule.source}" if rule.source else "")
        )
        yield rule.code, meaning
        if rule.number:
            yield rule.number, meaning


def _metrics() -> Iterator[tuple[str, Meaning]]:
    known = dict(patterns())
    stopped = next(column for column in columns.JOBS if column.name == "stopped_at")
    for metric in (*DISTRIBUTED, *PLAIN):
        field = known.get(_METRICS[metric])
        asked = f"{', '.join(STATISTICS)} of it: p95({metric}) <= …" if metric in DISTRIBUTED else f"{metric} <= …"
        filters = FILTERS if metric in DISTRIBUTED else PLAIN[metric]
        yield (
            metric,
            Meaning(
                "metric of an objective",
                metric,
                _lines(
                    stopped.meaning if field is None else field.meaning,
                    asked,
                    f"of what these name: {', '.join(f'{name}=NAME' for name in filters)}"
                    if filters
                    else "of the whole run",
                    f"as {_METRICS[metric]}",
                ),
            ),
        )


def _distributions() -> Iterator[tuple[str, Meaning]]:
    for name, kind in DISTRIBUTIONS.items():
        given = [f"{key}: {KEYS[f'{kind.__name__}.{key}'].plain}" for key in kind.model_fields]
        example = ", ".join(f"{key}: {value}" for key, value in DISTRIBUTION_EXAMPLES[name].items())
        lines = _lines(first_paragraph(kind.__doc__ or ""), *given, f"such as {{{name}: {{{example}}}}}")
        yield name, Meaning("distribution", name, lines)


def _glossary() -> Iterator[tuple[str, Meaning]]:
    for word, means, where in _table("glossary.md", "word"):
        meaning = Meaning("word", word, _lines(means, f"see {where}"))
        for each in dict.fromkeys((word, *word.split(", "))):
            yield each, meaning


def _evidence() -> Iterator[tuple[str, str]]:
    """Keys of the environment with what their defaults rest on; several of one row begin alike."""
    for cell, _, because in _table("defaults.md", "key"):
        first, *others = re.findall(r"`([\w.]+)`", cell) or [""]
        for key in (first, *(f"{first.partition('.')[0]}.{other}" for other in others)):
            yield key, because


def _table(page: str, first: str) -> Iterator[list[str]]:
    """The rows of three cells of the tables of a page that have a word at the head of their first column."""
    header: list[str] = []
    for line in _page(page).splitlines():
        cells = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", cell.strip()) for cell in line.split("|")[1:-1]]
        header = header or cells if cells else []
        if header[:1] == [first] and len(cells) == 3 and cells != header and not set(cells[0]) <= {"-"}:
            yield cells


def _page(name: str) -> str:
    """The text of a page: in the package, or beside it in a clone."""
    package = Path(columns.__file__).parent
    places = (package / "docs" / name, package.parent / "docs" / name)
    return next((place.read_text(encoding="utf-8") for place in places if place.is_file()), "")
