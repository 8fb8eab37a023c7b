"""Sensitivity in words and as a table: which of the assumptions would change this answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from batchsim.report import formatting
from batchsim.report.console import Terminal, line
from batchsim.report.notebook import as_html
from batchsim.results.sensitivity import HARDLY, Figure, TriedAssumptions, VariedAssumption, VariedValue
from batchsim.spec.assumption_ranges import written
from batchsim.units import format_duration, format_usd

#: Assumptions that the answer names.
NAMED = 3
#: A smaller share of a bill is rounding of its sums.
NOTHING = 1e-9


def print_sensitivity(found: TriedAssumptions) -> None:
    """Print what other assumptions would change."""
    console = Terminal()
    console.print(Group(Text(), sensitivity_renderable(found)), highlight=False, crop=False)


def sensitivity_html(found: TriedAssumptions) -> str:
    """The same for Jupyter."""
    return as_html(sensitivity_renderable(found))


def sensitivity_renderable(found: TriedAssumptions) -> Group:
    """The same for rich: the answer in a sentence, a table of what changes it, and what does not."""
    changing = [each for each in found.assumptions if not each.hardly_changes]
    parts: list[Any] = [line("assumed", answer(found))]
    if changing:
        parts += [Text(), _table(found, changing)]
    parts += [line("", sentence) for sentence in sentences(found)]
    parts.append(line("", note(found)))
    return Group(*parts)


def answer(found: TriedAssumptions) -> str:
    """Whether other assumptions would change the answer, and which would change the bill most."""
    count = len(found.assumptions)
    if not count and found.interrupted:
        return "interrupted before the first of them was tried"
    if not count:
        return "no assumption bears on this scenario that it does not state itself"
    are = "one assumption" if count == 1 else f"{count} assumptions"
    of = f"{are} tried until interrupted" if found.interrupted else f"{are} not stated by the scenario"
    return f"{of}: {_turning(found)} what is met or done; {_moved(found)}"


def _turning(found: TriedAssumptions) -> str:
    """Which assumptions would change the answer, the first of them by name."""
    turning = [_short(each) for each in found.assumptions if each.changes_answer]
    if not turning:
        return "it would not change" if len(found.assumptions) == 1 else "none of them would change"
    others = f" and {len(turning) - NAMED} more" if len(turning) > NAMED else ""
    return f"{', '.join(turning[:NAMED])}{others} would change"


def _moved(found: TriedAssumptions) -> str:
    """How far the bill goes with the assumption that moves it most."""
    most = max(found.assumptions, key=lambda each: max(abs(value.cost_share) for value in each.tried))
    costs = [formatting.plain(found.cost_usd), *(formatting.plain(value.cost_usd) for value in most.tried)]
    if min(costs) == max(costs):
        return "the bill stays as it is"
    if max(abs(value.cost_share) for value in most.tried) < HARDLY:
        return "the bill moves by less than 1 %"
    return f"{_short(most)} moves the bill most, {format_usd(min(costs))} to {format_usd(max(costs))}"


def sentences(found: TriedAssumptions) -> Iterator[str]:
    """What turns, value by value; then what hardly changes anything, what was refused and what is stated."""
    for each in found.assumptions:
        yield from _turns(each)
    yield from _hardly(found)
    if found.refused:
        yield f"not tried, for the scenario would be wrong: {'; '.join(found.refused)}"
    if found.stated:
        yield f"stated, so not varied: {', '.join(map(without_section, found.stated))}"


def _hardly(found: TriedAssumptions) -> Iterator[str]:
    """Which assumptions change little, and which nothing."""
    hardly = [each for each in found.assumptions if each.hardly_changes]
    nothing = [_short(each) for each in hardly if not each.share]
    little = [_short(each) for each in hardly if each.share]
    if little:
        yield f"less than 1 % of the bill and of turnaround: {', '.join(little)}"
    if nothing:
        runs = "this run" if found.replications == 1 else f"any of the {found.replications} replications"
        yield f"nothing in {runs}: {', '.join(nothing)}"


def _turns(assumption: VariedAssumption) -> Iterator[str]:
    """What turns with an assumption, value by value: objectives, and jobs left undone."""
    for value in assumption.tried:
        with_ = f"with {_short(assumption)} {written(value.value)}:"
        yield from (f"{with_} {_turn(objective)}" for objective in value.objectives)
        if assumption.leaves_others_undone(value):
            were, are = formatting.count(assumption.undone), formatting.count(value.undone)
            yield f"{with_} {are} jobs fail or do not end, not {were}"


def _turn(objective: Mapping[str, Any]) -> str:
    words = {True: "met", False: "missed", None: "unknown"}
    was, now = (words[each] for each in objective["kept"])
    return f"{objective['expression']} is {now}, not {was}"


def _table(found: TriedAssumptions, changing: list[VariedAssumption]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    cost, time = formatting.usd(found.cost_usd), formatting.seconds(found.queue_time_p95_s)
    headings = ("assumption", "assumed", "instead", f"cost, not {cost}", f"queue time p95, not {time}", "")
    for heading in headings:
        left = heading in {"assumption", ""}
        table.add_column(heading, justify="left" if left else "right", overflow="fold")
    for each in changing:
        for number, value in enumerate(each.tried):
            table.add_row(
                Text(_short(each)) if number == 0 else Text(each.what, style="dim"),
                Text("" if number else written(each.assumed)),
                Text(written(value.value)),
                Text(cost_told(value)),
                Text(queue_time_told(value)),
                _verdict(value, each),
            )
        if len(each.tried) == 1:
            table.add_row(Text(each.what, style="dim"))
    return table


def _verdict(value: VariedValue, of: VariedAssumption) -> Text:
    told, is_bad = verdict_told(value, of)
    return Text(told, style="bold red" if is_bad else "green")


def verdict_told(value: VariedValue, of: VariedAssumption) -> tuple[str, bool]:
    """What turns with a value, and whether it is for the worse; empty where nothing does."""
    turned = [each["kept"][1] for each in value.objectives]
    others = of.leaves_others_undone(value)
    told = [f"{turned.count(kept)} {word}" for kept, word in ((False, "missed"), (True, "met")) if kept in turned]
    told += [f"{formatting.count(value.undone)} undone"] if others else []
    return ", ".join(told), False in turned or (others and value.undone > of.undone)


def cost_told(value: VariedValue) -> str:
    """The bill with a value, and how much more it is."""
    return _changed(value.cost_usd, value.cost_usd_difference, format_usd, value.cost_share)


def queue_time_told(value: VariedValue) -> str:
    """The 95th percentile of queue time with a value, and how much more it is."""
    return _changed(value.queue_time_p95_s, value.queue_time_p95_s_difference, format_duration, None)


def _changed(figure: Figure, difference: Figure, show: Callable[[float], str], share: float | None) -> str:
    """A figure with how much more it is; "same" where none of it shows."""
    if figure is None or difference is None:
        return "not known"
    more = formatting.plain(difference)
    by = show(abs(more)) if share is None else _percent(abs(share))
    if not more or by == show(0.0) or (share is not None and abs(share) < NOTHING):
        return "same"
    return f"{formatting.within(figure, show)}  {'+' if more > 0 else '−'}{by}"


def _percent(share: float) -> str:
    """A share in percent, two digits of it."""
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.2g} %"


def _short(each: VariedAssumption) -> str:
    return without_section(each.key)


def without_section(key: str) -> str:
    """A key within the scenario's ``environment:`` section."""
    return key.removeprefix("environment.")


def note(found: TriedAssumptions) -> str:
    """How the figures were made, and what to do with them."""
    n = found.replications
    runs = "one run each" if n == 1 else f"{n} replications each"
    chance = "; a small difference may be chance: --replications shows its interval" if n == 1 else ""
    return f"each alone, {runs} on the same jobs and random numbers{chance}; state what you know as environment.KEY"
