"""The answer: what a manager reads in ten seconds, and what to change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from batchsim.report import formatting, narrative
from batchsim.report.page.blocks import Fact, Facts, PageSection, Tile, Tiles
from batchsim.results.advice import Advice
from batchsim.results.run import Run
from batchsim.results.summary_type import Summary

#: What came of an objective, and how it looks.
_VERDICTS = {True: ("met", "good"), False: ("missed", "bad"), None: ("minimised", "")}


def answer(run: Run, summary: Summary, advice: Sequence[Advice] = ()) -> PageSection:
    """The first section of a run's page."""
    facts = [
        *(Fact("attention", note, tone="bad") for note in narrative.attention(summary)),
        *objective_facts(summary),
        *causes(run, summary),
        *(advised(each) for each in advice),
        *(Fact("figures", told) for told in narrative.figures_sentences(summary)),
    ]
    return PageSection("answer", "The answer", [Tiles(list(_tiles(summary))), Facts(facts)])


def _tiles(summary: Summary) -> Iterator[Tile]:
    jobs, time, cost = summary["jobs"], summary["queue_time_s"], summary["cost_usd"]
    verdict = narrative.verdict(summary["objectives"])
    if verdict != "–":
        missed = any(objective["kept"] is False for objective in summary["objectives"])
        yield Tile("objectives", verdict, tone="bad" if missed else "good")
    yield Tile(f"cost in {narrative.period(summary)}", formatting.usd(cost["total"]))
    if formatting.plain(cost["per_month"]) is not None:
        yield Tile("cost per month", formatting.usd(cost["per_month"]), "730 h at this rate")
    if formatting.plain(time["p50"]) is not None or time["at_least"]:
        longest = f"{formatting.interval(time, 'max')} at most"
        yield Tile("queue time p50", formatting.interval(time, "p50"), "the median of all jobs")
        yield Tile("queue time p95", formatting.interval(time, "p95"), longest)
    undone = formatting.undone(jobs)
    succeeded = f"{formatting.count(jobs['succeeded'])} of {formatting.count(jobs['submitted'])}"
    yield Tile("jobs that succeeded", succeeded, ", ".join(undone), tone="bad" if undone else "")
    used = summary["utilisation"]
    peak = f"peak {formatting.count(summary['peak_vcpus'])} vCPUs"
    if formatting.plain(used["vcpu"]) is not None:
        yield Tile("vCPUs used", formatting.share(used["vcpu"]), peak)
    if formatting.plain(summary["interruptions"]):
        yield Tile("Spot interruptions", formatting.count(summary["interruptions"]))


def objective_facts(summary: Summary) -> Iterator[Fact]:
    """Each objective with what came of it."""
    for objective in summary["objectives"]:
        verdict, tone = _VERDICTS[objective["kept"]]
        yield Fact(verdict, narrative.objective_sentence(objective, summary), tone=tone)


def causes(run: Run, summary: Summary) -> Iterator[Fact]:
    """The largest cause of waiting, and the largest waste."""
    if wait := narrative.wait_fact(run, summary):
        yield Fact("waiting", f"{wait}, the largest cause")
    yield Fact("cost", narrative.cost_sentence(summary))
    if waste := narrative.waste_fact(summary):
        yield Fact("waste", f"{waste}, the largest waste")


def advised(advice: Advice) -> Fact:
    """A change that was tried, with its gain."""
    return Fact("try", f"{advice.what}: {advice.effect}", [advice.why], advice.arguments)
