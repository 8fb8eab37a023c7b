"""Jobs of different width that are started first come, first served: exact by the balance equations.

Nothing is known of the jobs behind the one at the head until they come to it, so that a state is the jobs that run, the
one at the head where it has no room, and how many are behind it (Brill and Green 1984; Grosof, Harchol-Balter and
Scheller-Wolf 2020).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.linalg import spsolve

#: Running jobs by class, class at the head (-1: nothing waits), jobs behind it.
State = tuple[tuple[int, ...], int, int]


def turnarounds(
    servers: int, widths: Sequence[int], rates: Sequence[float], means: Sequence[float], most: int
) -> list[float]:
    """Mean turnaround by class, run times exponential; at most `most` jobs behind the head."""
    mix = np.array(rates) / sum(rates)

    def after(state: State) -> Iterator[tuple[State, float]]:
        running, head, behind = state
        for kind, rate in enumerate(rates):
            if head < 0:
                yield _placed(servers, widths, running, kind, 0), rate
        if head >= 0 and behind < most:
            yield (running, head, behind + 1), sum(rates)
        for kind, count in enumerate(running):
            if count:
                left = _plus(running, kind, -1)
                for reached, share in _admitted(servers, widths, mix, left, head, behind):
                    yield reached, share * count / means[kind]

    states, share = _solved(((0,) * len(widths), -1, 0), after)
    present = np.array([[*running] for running, _, _ in states], float)
    for number, (_, head, behind) in enumerate(states):
        if head >= 0:
            present[number, head] += 1
            present[number] += behind * mix
    return [float(value) for value in share @ present / np.array(rates)]


def saturation(servers: int, widths: Sequence[int], mix: Sequence[float], means: Sequence[float]) -> float:
    """The most jobs a unit of time of such a queue: what ends when something always waits."""

    def after(state: State) -> Iterator[tuple[State, float]]:
        running, head, _ = state
        for kind, count in enumerate(running):
            if count:
                left = _plus(running, kind, -1)
                for (reached, blocked, _), share in _admitted(servers, widths, np.array(mix), left, head, 10**9):
                    yield (reached, blocked, 0), share * count / means[kind]

    first = next(iter(_admitted(servers, widths, np.array(mix), (0,) * len(widths), 0, 10**9)))[0]
    states, share = _solved((first[0], first[1], 0), after)
    return float(
        sum(p * sum(n / m for n, m in zip(s[0], means, strict=True)) for s, p in zip(states, share, strict=True))
    )


def _plus(running: tuple[int, ...], kind: int, by: int) -> tuple[int, ...]:
    return (*running[:kind], running[kind] + by, *running[kind + 1 :])


def _placed(servers: int, widths: Sequence[int], running: tuple[int, ...], kind: int, behind: int) -> State:
    """The job that is at the head runs if it has room, else it waits."""
    used = sum(count * width for count, width in zip(running, widths, strict=True))
    return (_plus(running, kind, 1), -1, behind) if used + widths[kind] <= servers else (running, kind, behind)


def _admitted(
    servers: int, widths: Sequence[int], mix: np.ndarray, running: tuple[int, ...], head: int, behind: int
) -> Iterator[tuple[State, float]]:
    """All that may be at the head next, with its probability, after something ended."""
    if head < 0:
        yield (running, -1, 0), 1.0
        return
    running, blocked, behind = _placed(servers, widths, running, head, behind)
    if blocked >= 0 or not behind:
        yield (running, blocked, behind), 1.0
        return
    for kind, share in enumerate(mix):
        for state, part in _admitted(servers, widths, mix, running, kind, behind - 1):
            yield state, part * share


def _solved(first: State, after: Callable[[State], Iterator[tuple[State, float]]]) -> tuple[list[State], np.ndarray]:
    """All states that are reached, and their stationary probabilities."""
    places = {first: 0}
    states = [first]
    rows, columns, values = [], [], []
    for place, state in enumerate(states):
        for reached, rate in after(state):
            if reached not in places:
                places[reached] = len(states)
                states.append(reached)
            rows += [places[reached], place]
            columns += [place, place]
            values += [rate, -rate]
    matrix = sparse.coo_matrix((values, (rows, columns)), shape=(len(states),) * 2).tolil()
    matrix[0, :] = 1.0
    ones = np.zeros(len(states))
    ones[0] = 1.0
    return states, np.asarray(spsolve(matrix.tocsc(), ones))
