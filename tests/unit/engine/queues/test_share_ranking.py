"""Which share is served next: the lowest score, then the earliest job; two ways to one answer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.engine.queues.share_ranking import NOBODY, ScalarRanking, ShareRanking, VectorRanking

SHARES = 6


def scalar(scores: dict[int, float], first: dict[int, int], requests: dict[int, int]) -> ShareRanking:
    return ScalarRanking(dict(scores), first, requests)


def vector(scores: dict[int, float], first: dict[int, int], requests: dict[int, int]) -> ShareRanking:
    columns = np.full((3, SHARES), np.inf)
    for column, values in zip(columns, (scores, first, requests), strict=True):
        column[list(values)] = list(values.values())
    return VectorRanking(*columns)


both = pytest.mark.parametrize("ranking", [scalar, vector])


@both
def test_the_lowest_score_is_served_and_ties_go_to_the_earliest_job(ranking):
    #                 shares 1 and 4 are alike, the job of 4 came first
    made = ranking({0: 9.0, 1: 2.0, 4: 2.0}, {0: 0, 1: 7, 4: 5}, {0: 0, 1: 0, 4: 0})
    assert made.lowest() == 4
    made.served(4, 1.0, 6, 0)  # at 3
    assert made.lowest() == 1
    made.served(1, 1.0, 8, 0)  # at 3 as well, and its next job came after that of 4
    assert made.lowest() == 4


@both
def test_who_is_passed_over_is_not_served(ranking):
    made = ranking({0: 1.0, 1: 2.0, 2: 3.0}, {0: 0, 1: 1, 2: 2}, {0: 0, 1: 0, 2: 0})
    made.pass_over(0)
    assert made.lowest() == 1
    made.pass_over(1)
    made.pass_over(2)
    assert made.lowest() == NOBODY


@both
def test_all_shares_whose_first_job_asks_for_the_same_are_passed_over(ranking):
    made = ranking({0: 1.0, 1: 2.0, 2: 3.0}, {0: 0, 1: 1, 2: 2}, {0: 4, 1: 5, 2: 4})
    made.pass_over_request(4)
    assert made.lowest() == 1
    made.served(1, 1.0, 3, 4)
    # Its first job now asks for that, too.
    made.pass_over_request(4)
    assert made.lowest() == NOBODY


@given(
    waiting=st.dictionaries(
        st.integers(0, SHARES - 1), st.tuples(st.sampled_from([0.0, 1.0, 1.5, 2.0]), st.integers(0, 2)), min_size=1
    ),
    jobs=st.permutations(range(SHARES)),
    steps=st.lists(
        st.tuples(st.sampled_from(["served", "over", "alike"]), st.sampled_from([0.0, 0.5, 1.0]), st.integers(0, 2)),
        max_size=20,
    ),
)
def test_both_ways_serve_alike(waiting, jobs, steps):
    made = [
        ranking(
            {share: score for share, (score, _) in waiting.items()},
            {share: jobs[share] for share in waiting},
            {share: request for share, (_, request) in waiting.items()},
        )
        for ranking in (scalar, vector)
    ]
    for number, (step, more, request) in enumerate(steps):
        share = made[0].lowest()
        assert made[1].lowest() == share
        if share == NOBODY:
            break
        for each in made:
            if step == "served":
                each.served(share, more, SHARES + number, request)
            elif step == "over":
                each.pass_over(share)
            else:
                each.pass_over_request(request)
