"""The page: what was computed, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scipy.stats import binom

from tools.validation import coverage
from tools.validation.case import REPLICATIONS, QueueingCase, Sample
from tools.validation.experiment import Measured
from tools.validation.faults import FAULTS, suspects
from tools.validation.intervals import LEVEL, centred, plain
from tools.validation.peers import PEERS
from tools.validation.pieces import PART_WITH_FAULT, PEER_JOBS, REPLICATIONS_WITH_FAULT, Piece, by_runs, pieces
from tools.validation.recorded import LOGS, WORKFLOWS

Found = Mapping[Piece, Any]

HEADINGS = (
    "Queueing theory",
    "Planted faults",
    "Coverage of intervals",
    "Other simulators",
    "Recorded logs, start for start",
    "Executions of workflows",
    "Back-test",
    "Spot interruptions",
    "What is not validated",
)

_HEAD = """# What batchsim was checked against

This page is written by `python -m tools.validation`, which runs everything on it but the simulated accounts of the
back-test: nothing here is typed in. Its figures are the same for any number of processes, and with the engine compiled,
which halves the time they take.
"""

_THEORY = f"""Each case is a scenario as a user writes it: arrivals, run times and requests are read, drawn and
simulated by the same code as anything else. `environment: {{preset: ideal}}` takes out what theory has no word for:
polling, boot, pulls. A case is run {REPLICATIONS} times with random numbers of its own; the jobs of a warm-up are left
out of each (for M/M/c those of five relaxation times). Little's law is held against every run to nine digits, and the
parts of every bill that is measured against its sum.

The interval is of 95 %. It is that of the mean over replications, adjusted by what their random numbers happened to be:
how far run times, their squares and times between arrivals were from their means, on average and times how many jobs
were there, and how long servers would have been idle (Lavenberg and Welch 1981). An arrival can't know what is drawn
next, so that the adjustment is 0 on average whatever the simulator does; most cases need a tenth of the jobs with it,
or less. *Plain* is half of the interval without it.
"""

_COVERAGE = f"""A run of `--replications {coverage.REPLICATIONS}` with `warmUp` and {coverage.JOBS:,} jobs a replication
gives each figure an interval of 95 % in `summary.json`. Such runs, {coverage.EXPERIMENTS} a scenario, each with a seed
of its own, tell how often the interval holds what theory says. Of skewed figures it does so less often
([how sure a figure is](statistics.md)): {coverage.ASKED[0]:.0%} to {coverage.ASKED[1]:.0%} is asked for. The share is
told with its own interval, the exact one of Clopper and Pearson.
"""

_NOT = """- **AWS itself.** No run of an account was held against a run of this: nothing on this page says that AWS
  Batch behaves as modelled. The rules come from AWS's documentation, page by page
  ([what is modelled](what-is-modelled.md)); what it does not say is an assumption ([defaults](defaults.md)).
- **Boot, pull and polling times.** They are public measurements of few accounts, of some years. What your account says
  of them is told by [calibrate](calibrating.md).
- **Spot interruptions** of types and regions without recordings: the Advisor's frequencies are coarse, and the
  recordings above are of few fleets in two regions.
- **Fair-share scheduling** has no exact theory; its order is checked in small cases worked by hand.
- **Packing on instances of several sizes, multi-node jobs, GPUs, consumable resources, capacity that runs out**: cases
  worked by hand in `tests/oracles`, no theory.
- **Prices** are those of the sources on their dates. Bills were held against AWS's published examples, not against an
  invoice.
- **Short runs and rare events.** The coverage above is of long runs: of runs with few jobs, or of what happens in one
  run of five, intervals of ten replications hold less often ([how sure a figure is](statistics.md)).
"""


def measured(found: Found) -> list[Measured]:
    """All cases, from their pieces."""
    result = []
    for name, of in by_runs().items():
        runs = [run for piece in found if piece[:2] == ("case", name) for run in found[piece]]
        result += _of_runs(of, runs) if len(runs) == REPLICATIONS else []
    return result


def _of_runs(of: Sequence[Any], runs: Sequence[Any]) -> list[Measured]:
    return [
        Measured(
            case, case.theory(), tuple(Sample(value, tuple(adjusting), weight) for value, adjusting, weight in samples)
        )
        for case, samples in zip(of, zip(*runs, strict=True), strict=True)
    ]


def with_faults(found: Found) -> dict[str, list[Measured]]:
    """Cases that tell of a fault, by fault, of those that were looked for in all cases that may tell."""
    told: dict[str, list[Measured]] = {}
    for fault in FAULTS:
        looked_at = [piece for piece in found if piece[:2] == ("fault", fault.name)]
        if len(looked_at) < sum(suspects(fault, of[0]) for of in by_runs().values()):
            continue
        told[fault.name] = [
            each for piece in looked_at for each in _of_runs(by_runs()[piece[2]], found[piece]) if each.is_far
        ]
    return told


def text(found: Found, cases: Sequence[Measured], told: Mapping[str, Sequence[Measured]], part: float) -> str:
    """The whole page, with a part of the jobs of each case."""
    sections = (
        _theory(cases, part),
        _faults(told),
        _coverage(found),
        _peers(found),
        _logs(found),
        _workflows(found),
        _back_test(found),
        _spot(),
        iter([_NOT]),
    )
    parts = [_HEAD]
    if missing := sum(piece not in found for piece in pieces(part)):
        parts.append(
            f"\n**{missing} of {missing + len(found)} parts of this page are not computed yet**: their rows say so.\n"
        )
    for heading, section in zip(HEADINGS, sections, strict=True):
        parts += [f"\n## {heading}\n", "\n".join(section).rstrip("\n") + "\n"]
    return "\n".join(parts)


def figure(value: float) -> str:
    """A figure with five digits."""
    return f"{value:,.5g}" if abs(value) < 1e4 else f"{value:,.0f}"


def _theory(cases: Sequence[Measured], part: float = 1.0) -> Iterator[str]:
    yield _THEORY
    inside = sum(each.is_inside for each in cases)
    narrow = sum(each.precision <= 0.01 for each in cases)
    runs = {each.case.runs: part * each.case.jobs + REPLICATIONS * each.case.warm_up for each in cases}
    if part < 1:
        yield f"Written with `--part {part:g}`: that part of the jobs, so that intervals are wider than with all.\n"
    if cases:
        yield (
            f"{len(cases)} figures of {len(runs)} scenarios, {sum(runs.values()) / 1e6:.0f} million jobs: "
            "the interval holds theory in "
            f"{inside} of {len(cases)} ({inside / len(cases):.0%}), and is ± 1 % or narrower in {narrow}. "
            f"By chance {_missing_by_chance(len(cases))} would not hold it.\n"
        )
    yield from _drawn(cases)
    yield "![difference from theory with interval, case by case](images/validation-theory.png)\n"
    every = [case for of in by_runs().values() for case in of]
    by_name = {each.case.name: each for each in cases}
    for group in dict.fromkeys(case.group for case in every):
        yield f"### {group}\n"
        yield "| case | measured is | theory | measured | plain | inside | by |"
        yield "|---|---|---:|---:|---:|---|---|"
        for case in (case for case in every if case.group == group):
            yield _row(case, by_name.get(case.name))
        yield ""


def _drawn(cases: Sequence[Measured]) -> Iterator[str]:
    drawn = {each.case.runs: each.samples for each in cases if each.samples[0].controls}
    if not drawn:
        return
    probable = [centred(samples) for samples in drawn.values()]
    far = sum(each < 1 - LEVEL for each in probable)
    yield (
        "Random numbers that are wrong (run times that are all drawn too long) the adjustment would hide. They have a\n"
        "test of their own, Hotelling's of 1931: together they are as far from their means as one time in twenty by\n"
        f"chance, or further, in {far} of {len(probable)} scenarios, where {_missing_by_chance(len(probable))} are "
        f"expected; the least\nprobable has p = {min(probable):.2g}.\n"
    )


def _missing_by_chance(figures: int) -> str:
    """How many of so many independent intervals miss, but for one time in twenty."""
    least, most = binom.interval(LEVEL, figures, 1 - LEVEL)
    return f"{least:.0f} to {most:.0f}"


def _row(case: QueueingCase, each: Measured | None) -> str:
    if each is None:
        return f"| {case.name} | {case.quantity} | {figure(case.theory())} | not run | | | {case.source} |"
    return (
        f"| {case.name} | {case.quantity} | {figure(each.theory)} "
        f"| {figure(each.estimate.mean)} ± {each.precision:.2%} "
        f"| ± {plain(each.samples).half / abs(each.theory):.2%} "
        f"| {'yes' if each.is_inside else '**no**'} | {case.source} |"
    )


def _faults(told: Mapping[str, Sequence[Measured]]) -> Iterator[str]:
    caught = {each.case.name for some in told.values() for each in some}
    every = [case.name for of in by_runs().values() for case in of]
    missed = [name for name in every if name not in caught]
    yield (
        "A check that can't fail says nothing. Each fault below was planted in the simulator, and cases that may tell\n"
        f"were run again, with {PART_WITH_FAULT:.0%} of their jobs in {REPLICATIONS_WITH_FAULT} replications. A case "
        "tells when theory is more than twice\nas far from the mean as the interval reaches.\n"
    )
    if told:
        yield "![the largest difference from theory by fault and group of cases](images/validation-faults.png)\n"
    yield "| fault | told by | the largest difference |"
    yield "|---|---|---|"
    for fault, some in told.items():
        largest = max(some, key=lambda each: abs(each.estimate.mean / each.theory - 1), default=None)
        shown = f"{largest.case.name}: {largest.estimate.mean / largest.theory - 1:+.1%}" if largest else "none"
        yield f"| {fault} | {_counted(len(some))} | {shown} |"
    not_run = [fault.name for fault in FAULTS if fault.name not in told]
    yield from (f"| {fault} | not run | |" for fault in not_run)
    yield ""
    if not_run:
        yield "Which fault each case tells of, of those that were run:"
    elif missed:
        yield f"Told of none of them: {'; '.join(missed)}."
    else:
        yield f"Each of the {len(every)} cases tells of one at least. Which fault each tells of:"
    yield ""
    yield "| case | tells of |"
    yield "|---|---|"
    for name in (case.name for of in by_runs().values() for case in of):
        faults = [fault for fault, some in told.items() if any(each.case.name == name for each in some)]
        yield f"| {name} | {'; '.join(faults) or '–'} |"


def _counted(count: int) -> str:
    return f"{count} case" if count == 1 else f"{count} cases"


def _coverage(found: Found) -> Iterator[str]:
    by_figure = {
        figure: [interval for piece in found if piece[:2] == ("coverage", figure.case) for interval in found[piece]]
        for figure in coverage.FIGURES
    }
    held = {figure: coverage.held(some, figure.theory) for figure, some in by_figure.items() if some}
    yield _COVERAGE
    if not held:
        yield "Not run for this page.\n"
        return
    every = sum(held.values(), coverage.Held(0, 0))
    half = sum((coverage.held(by_figure[figure], figure.theory, 0.5) for figure in held), coverage.Held(0, 0))
    yield (
        f"Of {every.of:,} intervals {every.held:,} hold theory: {_share(every)}. Were each half as wide, "
        f"{half.share['mean']:.1%} would: a\nmistake of that kind is told.\n"
    )
    yield "| kind of figure | intervals | hold theory | so many do |"
    yield "|---|---:|---:|---|"
    for kind in dict.fromkeys(figure.kind for figure in coverage.FIGURES):
        of_kind = sum((each for figure, each in held.items() if figure.kind == kind), coverage.Held(0, 0))
        if of_kind.of:
            yield f"| {kind} | {of_kind.of} | {of_kind.held} | {_share(of_kind)} |"
    yield "\n| scenario | figure | intervals | hold theory | so many do |"
    yield "|---|---|---:|---:|---|"
    for figure, each in held.items():
        yield f"| {figure.case} | `{figure.key}` | {each.of} | {each.held} | {_share(each)} |"


def _share(held: coverage.Held) -> str:
    share = held.share
    told = "" if held.is_as_asked else ": **not what is asked for**"
    return f"{share['mean']:.1%} ({share['low']:.1%} to {share['high']:.1%}){told}"


def _largest(each: Mapping[str, Any] | None) -> str:
    return "not run" if each is None else f"{each['largest_s']:g} s"


def _peers(found: Found) -> Iterator[str]:
    yield (
        f"The same {PEER_JOBS:,} arrivals and run times in M/M/4 at nine tenths of its capacity, in other simulators:\n"
        "by how much the start of any job differs.\n"
    )
    yield "| simulator | queues | largest difference |"
    yield "|---|---|---:|"
    for peer, classes in PEERS:
        queues = "one" if classes == 1 else f"{classes} of different priority"
        each = found.get(("peer", peer, str(classes)))
        yield f"| {peer} | {queues} | {_largest(each)} |"
    yield (
        "\nThe formulas above are held against most-queue's, and against those of GNU Octave's package queueing where\n"
        "it is installed, by `tests/oracles/test_theory.py`."
    )


def _logs(found: Found) -> Iterator[str]:
    yield (
        "Real logs of machines (Parallel Workloads Archive; `lublin_256` is a model's), replayed on so many\n"
        "processors without delays. Each start is held against a plain loop of 20 lines: first come, first served,\n"
        "equal to the last bit.\n"
    )
    yield "| log | processors | jobs | same start | mean queue time |"
    yield "|---|---:|---:|---:|---:|"
    for name, processors in LOGS:
        if (each := found.get(("record", name))) is None:
            yield f"| {name} | {processors} | not run | | |"
            continue
        yield f"| {name} | {processors} | {each['jobs']:,} | {each['same']:,} | {each['mean_wait_s']:,.0f} s |"


def _workflows(found: Found) -> Iterator[str]:
    yield (
        "Executions that WfCommons recorded, each task on a processor: without a limit the makespan is the critical\n"
        "path, with one each start is that of a plain loop. The recorded makespan has data transfers, queues and\n"
        "submit delays of its system in it, which the file does not tell: it is shown, and no check.\n"
    )
    yield "| workflow | tasks | starts without limit | critical path | processors | same start | makespan | recorded |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    for name, processors in WORKFLOWS:
        if (each := found.get(("workflow", name))) is None:
            yield f"| {name} | not run | | | {processors} | | | |"
            continue
        yield (
            f"| {name} | {each['tasks']:,} | {each['unlimited_same']:,} | {each['unlimited_s']:,.1f} s | {processors} "
            f"| {each['limited_same']:,} | {each['limited_s']:,.1f} s | {each['recorded_s']:,.0f} s |"
        )


def _back_test(found: Found) -> Iterator[str]:
    from tools.validation import round_trips

    yield from round_trips.section(round_trips.written(), [found[piece] for piece in found if piece[0] == "account"])
    yield (
        "A public log whose waits are recorded, of a site that queued by other rules than AWS Batch does: learnt from\n"
        "its first three quarters of days, the rest predicted. The error is that of the rules, too\n"
        "(`python -m tools.public_logs`).\n"
    )
    yield from (found[piece] for piece in found if piece[0] == "predicted")


def _spot() -> Iterator[str]:
    yield (
        "Recordings of Spot fleets (2023) beside fleets of the same size and rate here, by\n"
        "`python -m tools.spot_backtest`: how many went together, and for how long nothing came.\n"
        "[Defaults](defaults.md) has what was taken from it.\n"
    )
    yield "![recorded and simulated interruptions](images/spot-together.png)"
