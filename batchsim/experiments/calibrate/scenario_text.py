"""A calibration as the text of a scenario, each figure with where it comes from."""

from __future__ import annotations

import json
import math
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from batchsim.aws.histories.configuration import AccountConfiguration
from batchsim.aws.histories.records import Asked
from batchsim.errors import Finding, ScenarioError, nearest
from batchsim.experiments.calibrate.calibration import Calibration, WorkflowLearned, numbered
from batchsim.experiments.calibrate.workflows import Part
from batchsim.scenario.loading import loads
from batchsim.units import format_count

_WIDTH = 118


def scenario_text(calibration: Calibration, configuration: AccountConfiguration, *, name: str = "calibrated") -> str:
    """The scenario that a history teaches, on the configuration that it ran on.

    Raises
    ------
    ScenarioError
        If the configuration lacks a queue or a definition that jobs of the history went to, or no workflow can be
        simulated.
    """
    _refuse_missing(calibration, configuration)
    history, figures = calibration.history, calibration.figures["history"]
    lines = [
        *_comment(
            f"Learnt from {format_count(figures['jobs'], 'job')} and {format_count(figures['attempts'], 'attempt')}, "
            f"submitted from {figures['from']} to {figures['to']}. "
            "What it does not teach stays as batchsim assumes it (environment)."
        ),
        "",
        f"name: {name}",
        f"region: {history.region}" if history.region else "region: us-east-1  # the history names none",
        f"start: {calibration.start:%Y-%m-%dT%H:%M:%SZ}",
        f"duration: {calibration.duration_s / 3600:.0f}h",
        "",
        configuration.to_yaml().rstrip(),
        "",
        "workload:",
    ]
    for workflow in calibration.simulated:
        lines += _workflow(workflow, calibration, configuration)
    learned = environment_learned(calibration)
    environment = dict(configuration.environment)
    if environment or learned:
        lines += ["", "environment:"]
        for section in dict.fromkeys((*environment, *learned)):
            lines += _section(section, environment.get(section), learned.get(section, []))
    return "\n".join(lines) + "\n"


def checked_scenario_text(calibration: Calibration, configuration: AccountConfiguration, *, base: Path = Path()) -> str:
    """`scenario_text`, of which it is known that it can be simulated.

    Parameters
    ----------
    base : Path
        The folder that paths in the configuration's surroundings are relative to.

    Raises
    ------
    ScenarioError
        With the faults of the scenario, which are those of the configuration.
    """
    text = scenario_text(calibration, configuration)
    loads(text, base=base)
    return text


def _refuse_missing(calibration: Calibration, configuration: AccountConfiguration) -> None:
    findings = []
    parts = [part for workflow in calibration.simulated for part in workflow.recorded.parts]
    if not parts:
        message = "no workflow of the history can be simulated: of each a job never ran"
        raise ScenarioError([Finding("history", "", message, "a longer history", file="HISTORY")])
    for what, wanted, there in (
        ("job queue", {part.queue for part in parts}, configuration.queues),
        ("job definition", {part.kind.definition for part in parts}, frozenset(configuration.definitions)),
    ):
        for missing in sorted(wanted - there):
            message = f"jobs of the history are of the {what} {missing!r}, which the configuration does not have"
            expected = f"a configuration with it; there are {', '.join(sorted(there)) or 'none'}"
            findings.append(Finding("unknown-name", "", message, expected, nearest(missing, there), file="--config"))
    if findings:
        raise ScenarioError(findings)


def _workflow(learned: WorkflowLearned, calibration: Calibration, configuration: AccountConfiguration) -> Iterator[str]:
    recorded, arrivals = learned.recorded, learned.arrivals
    yield from _comment(f"{arrivals.n:,} submission{'' if arrivals.n == 1 else 's'}: {arrivals.why}.", "  ")
    yield f"  - workflow: {_plain(learned.name)}"
    yield f"    arrivals: {_flow(arrivals.written, 6)}"
    yield "    jobs:"
    taken: dict[str, int] = {}
    names = [numbered(part.kind.name, taken) for part in recorded.parts]
    for name, part, asked in zip(names, recorded.parts, recorded.asked, strict=True):
        of = calibration.kinds[part.kind]
        assert of.runtime is not None  # noqa: S101 (`simulated` holds no others)
        cut = f", {of.runtime.censored} more cut off" if of.runtime.censored else ""
        yield from _comment(
            f"Run time of {format_count(of.runtime.n, 'attempt')}{cut}, {of.runtime.by}: {of.runtime.why}.", "      "
        )
        yield f"      - jobName: {_plain(name)}"
        for key, value in _submitted(part, asked, names, configuration).items():
            yield f"        {key}: {_flow(value, 10)}"
        yield f"        runtime: {_flow(of.runtime.written, 10)}"
        if of.failures.written is not None:
            chance = of.failures.probability or {}
            told = f"{of.attempts.failed:,} of {of.attempts.own:,} attempts failed"
            told += f" (95 %: {chance['low']:.2%} to {chance['high']:.2%})"
            yield from _comment("; ".join(filter(None, (told, of.failures.why))) + ".", "        ")
            yield f"        failure: {_flow(dict(of.failures.written), 10)}"


def _submitted(part: Part, asked: Asked, names: list[str], configuration: AccountConfiguration) -> dict[str, Any]:
    """SubmitJob's members: where the job goes, and what differs from its definition."""
    request: dict[str, Any] = {"jobQueue": part.queue, "jobDefinition": part.kind.definition}
    if part.size:
        request["arrayProperties"] = {"size": part.size}
    if part.depends_on:
        request["dependsOn"] = [
            ({} if place < 0 else {"jobName": names[place]}) | ({"type": kind} if kind else {})
            for place, kind in part.depends_on
            if place >= 0 or kind
        ]
    if asked.share_identifier:
        request["shareIdentifier"] = asked.share_identifier
        if asked.priority > 0:
            request["schedulingPriorityOverride"] = int(asked.priority)
    return request | _overrides(part, asked, configuration)


def _overrides(part: Part, asked: Asked, configuration: AccountConfiguration) -> dict[str, Any]:
    definition = configuration.definitions[part.kind.definition]
    found: dict[str, Any] = {}
    if other := _other_requirements(asked, configuration.asks(part.kind.definition)):
        found["containerOverrides"] = {"resourceRequirements": other}
    timeout = definition.get("timeout")
    given_s = timeout.get("attemptDurationSeconds") if isinstance(timeout, dict) else None
    if not math.isnan(asked.timeout_s) and asked.timeout_s != given_s:
        found["timeout"] = {"attemptDurationSeconds": int(asked.timeout_s)}
    if asked.retry is not None and _retries(asked.retry) != _retries(definition.get("retryStrategy")):
        found["retryStrategy"] = {key: value for key, value in asked.retry.items() if value}
    return found


def _other_requirements(asked: Asked, defined: Sequence[float | None]) -> list[dict[str, str]]:
    """The resource requirements that differ from a definition's."""
    wanted = asked.vcpus, asked.memory_mib, asked.gpus
    return [
        {"type": kind, "value": f"{mine:g}"}
        for kind, mine, of_definition in zip(("VCPU", "MEMORY", "GPU"), wanted, defined, strict=True)
        if of_definition is not None and mine > 0 and mine != of_definition
    ]


def _retries(strategy: Any) -> tuple[int, list[str]]:
    """What a retry strategy says; actions are written in either case."""
    given: Mapping[str, Any] = strategy if isinstance(strategy, dict) else {}
    rules = []
    for rule in given.get("evaluateOnExit") or ():
        if isinstance(rule, dict):
            words = {key: str(value).upper() if key == "action" else value for key, value in rule.items()}
            rules.append(json.dumps(words, sort_keys=True))
    return int(given.get("attempts") or 1), rules


def environment_learned(calibration: Calibration) -> dict[str, list[tuple[str, Any, str]]]:
    """What was measured of the surroundings, by section of ``environment:``: keys, values, and how they were measured.

    The recorded idle times have the intervals in them at which AWS looks for idle instances: with them written, the
    scenario has none of its own.
    """
    found: dict[str, list[tuple[str, Any, str]]] = {}
    for delay in calibration.delays:
        if delay.written is not None:
            section, key = delay.key
            more = f", {delay.censored:,} more longer than seen" if delay.censored else ""
            found.setdefault(section, []).append((key, delay.written, f"{delay.n:,}{more}: {delay.why}"))
            if key == "scaleDownIdle":
                found[section].append(("scaleDownInterval", 0, "It is in what was recorded"))
    if calibration.memory:
        instances = sum(each.n for each in calibration.memory)
        told = f"What {instances:,} container instances registered, the least of each type"
        found.setdefault("ec2", []).append(
            ("memory", {each.instance_type: each.mib for each in calibration.memory}, told)
        )
    for spot in calibration.spot:
        for key, value in spot.written.items():
            told = f"{spot.per_hour.events:,} interruptions in {spot.per_hour.exposure:,.0f} hours of {spot.of}"
            found.setdefault("spot", []).append((key, value, told))
    return found


def _section(name: str, given: Any, learned: list[tuple[str, Any, str]]) -> Iterator[str]:
    """A section of ``environment:``: what was learnt takes the place of what the configuration says."""
    if not learned:
        yield f"  {_key(name)}: {_flow(given, 4)}"
        return
    yield f"  {_key(name)}:"
    keys = {key for key, _, _ in learned}
    before = given if isinstance(given, Mapping) else {}
    for key, value in before.items():
        if key not in keys:
            yield f"    {_key(str(key))}: {_flow(value, 6)}"
    for key, value, told in learned:
        known = before.get(key)
        if key in ("memory", "jobDefinitions") and isinstance(known, Mapping):
            value = {**known, **value}
        yield from _comment(f"{told}.", "    ")
        yield f"    {key}: {_flow(value, 6)}"


def _comment(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ")


def _key(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", text) else json.dumps(text, ensure_ascii=False)


#: Words that readers of YAML 1.1 take for something else.
_NO_TEXT = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}


def _plain(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", value) and value.lower() not in _NO_TEXT:
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)


#: Where a line may be broken.
_BREAK = "\0"


def _flow(value: Any, indent: int) -> str:
    """A value in YAML's flow style, broken over lines between its members where it is long."""
    lines = [""]
    for piece in _inline(value).split(_BREAK):
        # What follows a comma is one space away.
        if lines[-1] and len(lines[-1]) + len(piece) + indent >= _WIDTH:
            lines.append(piece)
        else:
            lines[-1] += f" {piece}" if lines[-1] else piece
    return ("\n" + " " * indent).join(lines)


def _inline(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{ {_joined(f'{_key(str(key))}: {_inline(each)}' for key, each in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{_joined(map(_inline, value))}]"
    return _plain(value)


def _joined(parts: Iterable[str]) -> str:
    return f",{_BREAK}".join(parts)
