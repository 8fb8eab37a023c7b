"""The page's tables: what was tried, and what came of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tools.reliability.deploy import Case
from tools.reliability.trials import Trial

ROOT = Path(__file__).resolve().parents[2]


def with_part(text: str, part: str, lines: Sequence[str]) -> str:
    """A page with the lines of a part between its marks.

    Raises
    ------
    ValueError
        If the page does not say where they belong.
    """
    place = re.compile(rf"(?<=<!-- made by: python -m tools.reliability {part} -->\n).*?(?=<!-- end -->)", re.DOTALL)
    if not place.search(text):
        raise ValueError(f"the page has no part {part}")
    made = "\n".join(["", *lines, "", ""])
    return place.sub(lambda _: made, text, count=1)


def of_trials(trials: Iterable[Trial]) -> Iterator[str]:
    """A row for each command and fault, and one of all."""
    rows: dict[tuple[str, str], list[Trial]] = {}
    for trial in trials:
        rows.setdefault((trial.command, trial.fault), []).append(trial)
    yield (
        "| command | fault | tries | came in time | not as it should be | runs found | executed again | lost "
        "| left beside | after the last |"
    )
    yield "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    everything = [trial for some in rows.values() for trial in some]
    for (command, fault), some in [*rows.items(), (("all", ""), everything)]:
        figures = (
            len(some),
            sum(not trial.ended for trial in some),
            sum(bool(trial.problems) for trial in some),
            sum(trial.kept for trial in some),
            sum(trial.repeated for trial in some),
            sum(trial.lost for trial in some),
            sum(trial.litter for trial in some),
            sum(trial.litter_after for trial in some),
        )
        yield f"| {command} | {fault} | {' | '.join(f'{figure:,}' for figure in figures)} |"
    longest = max((trial.outlived_s for trial in everything), default=0.0)
    yield ""
    yield f"No process outlived the command that started it by more than {_rounded_up(longest)} s."
    yield from _problems(f"{t.command}, {t.fault} at {t.at}: {problem}" for t in everything for problem in t.problems)


def _rounded_up(seconds: float) -> int:
    return int(seconds) + 1


def of_cases(cases: Iterable[Case]) -> Iterator[str]:
    """A row for each step and kind of fault, and one of all."""
    rows: dict[tuple[str, str, bool], list[Case]] = {}
    for case in cases:
        rows.setdefault((case.step, case.kind, case.lasting), []).append(case)
    yield "| step | fault | lasts | calls that failed | came to its end all the same | not as it should be |"
    yield "|---|---|---|---:|---:|---:|"
    everything = [case for some in rows.values() for case in some]
    order = {step: number for number, step in enumerate(dict.fromkeys(case.step for case in everything))}
    for (step, kind, lasting), some in sorted(rows.items(), key=lambda row: order[row[0][0]]):
        yield f"| {step} | {kind} | {'to the end' if lasting else 'one call'} | {_of_cases(some)} |"
    yield f"| all | | | {_of_cases(everything)} |"
    yield from _problems(
        f"{c.step}, {c.kind} at call {c.number}, {c.call}: {problem}" for c in everything for problem in c.problems
    )


def _of_cases(some: Sequence[Case]) -> str:
    counted = (len(some), sum(case.passed for case in some), sum(bool(case.problems) for case in some))
    return " | ".join(f"{figure:,}" for figure in counted)


def _problems(told: Iterable[str]) -> Iterator[str]:
    """What was not as it should be, each in a line."""
    for number, problem in enumerate(told):
        if number == 0:
            yield ""
        yield f"- {' '.join(problem.split())}"
