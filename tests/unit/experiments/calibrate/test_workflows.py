"""Which jobs were submitted together, and which do the same work."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.aws.histories.records import Asked
from batchsim.experiments.calibrate.workflows import JobKind, kinds_of, workflows_of
from tests.unit.experiments.calibrate.records import MONDAY, history, job


def workflows(*jobs):
    record = history(*jobs)
    return workflows_of(record, kinds_of(record))


def test_names_that_come_again_are_kept():
    record = history(job("a", name="step-1"), job("b", name="step-2"), job("c", name="step-1"), job("d", name="step-2"))
    assert set(kinds_of(record).values()) == {JobKind("def", "step-1"), JobKind("def", "step-2")}


def test_names_that_are_numbered_are_one_kind():
    names = ["load-17", "load-18", "load-2026-11-02", "load-6afc27d7-3559-43ca-89fd-1007b6bf2546", "load-3f2a91bc"]
    record = history(*(job(str(number), name=name) for number, name in enumerate(names)), job("x", name="42"))
    kinds = kinds_of(record)
    assert {kinds[str(number)].name for number in range(5)} == {"load"}
    assert kinds["x"].name == "job"


def test_a_word_is_no_hash():
    record = history(job("a", name="facade"), job("b", name="defaced-beaded"))
    assert {kind.name for kind in kinds_of(record).values()} == {"facade", "defaced-beaded"}


def test_jobs_that_wait_for_each_other_are_a_workflow():
    found, lost = workflows(
        *(each for day in range(3) for each in (
            job(f"l{day}", at=86400 * day, name="load"),
            job(f"s{day}", at=86400 * day + 5, name="sum", depends_on=((f"l{day}", ""),)),
        )),
    )  # fmt: skip
    (only,) = found
    assert [part.kind.name for part in only.parts] == ["load", "sum"]
    assert only.parts[1].depends_on == ((0, ""),)
    assert only.submitted_at == [MONDAY, MONDAY + 86400, MONDAY + 2 * 86400]
    assert only.spread_s == 5.0
    assert lost == 0


def test_an_array_is_one_job_of_its_size():
    children = [job(f"p:{index}", name="part", array="p", index=index, depends_on=(("x", ""),)) for index in (0, 2)]
    (only,), lost = workflows(*children)  # its parent is not described
    assert only.parts[0].size == 3
    assert lost == 1
    (only,), lost = workflows(job("p", name="part", size=5, depends_on=(("", "SEQUENTIAL"),)), *children)
    assert only.parts[0].size == 5
    assert only.parts[0].depends_on == ((-1, "SEQUENTIAL"),)
    assert lost == 0


def test_what_is_asked_for_tells_workflows_apart():
    found, _ = workflows(job("a"), replace(job("b"), asked=Asked(vcpus=8.0)), job("c"))
    assert [len(each.submitted_at) for each in found] == [2, 1]
    assert [each.asked[0].vcpus for each in found][1] == 8.0


def test_a_diamond_is_in_order_whatever_the_ids():
    def diamond(ids, at):
        a, b, c, d = ids
        return (
            job(a, at=at, name="first"), job(b, at=at, name="left", depends_on=((a, ""),)),
            job(c, at=at, name="right", depends_on=((a, ""), (b, ""))),
            job(d, at=at, name="last", depends_on=((b, ""), (c, ""))),
        )  # fmt: skip

    (only,), _ = workflows(*diamond("abcd", 0), *diamond("zyxw", 50))
    assert [part.kind.name for part in only.parts] == ["first", "left", "right", "last"]
    assert only.parts[3].depends_on == ((1, ""), (2, ""))
    assert len(only.submitted_at) == 2


def test_a_circle_ends():
    (only,), _ = workflows(job("a", name="x", depends_on=(("b", ""),)), job("b", name="y", depends_on=(("a", ""),)))
    assert len(only.parts) == 2


@pytest.mark.parametrize(("different", "kept"), [(20, True), (21, False)])
def test_names_of_one_stem_are_kept_where_they_are_twenty_at_most_and_come_twice(different, kept):
    for often, is_kept in ((2, kept), (1, False)):
        jobs = [job(f"{n}-{time}", name=f"step-{n}") for n in range(different) for time in range(often)]
        names = {kind.name for kind in kinds_of(history(*jobs)).values()}
        assert names == ({f"step-{n}" for n in range(different)} if is_kept else {"step"})


def test_an_array_counts_as_one_job_of_its_name():
    """Two names of one submission each: that one of them has a hundred children makes them no more often."""
    children = [job(f"p:{index}", name="part-1", array="p", index=index) for index in range(100)]
    kinds = kinds_of(history(*children, job("q", name="part-2")))
    assert {kind.name for kind in kinds.values()} == {"part"}


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("my job (final)", "my-job-final"),
        ("ünïcode", "n-code"),
        ("a" * 200, "a" * 100),
        ("---", "job"),
        ("x__7__y", "x-y"),
    ],
)
def test_a_name_that_aws_would_not_take_becomes_one_that_it_does(name, clean):
    assert {kind.name for kind in kinds_of(history(job("a", name=name))).values()} == {clean}


@given(st.permutations(range(6)), st.randoms())
def test_what_a_workflow_is_does_not_depend_on_ids_or_on_the_order_of_the_record(ids, random):
    """A fan out and in: one job, four that wait for it, and one that waits for these; two of the four are alike."""
    names = ["first", "left", "left", "middle", "right", "last"]
    needs = [(), (0,), (0,), (0,), (0,), (1, 2, 3, 4)]
    called = [f"id{ids[number]}" for number in range(6)]
    jobs = [
        job(called[number], name=names[number], at=0.0, depends_on=tuple((called[each], "") for each in needs[number]))
        for number in range(6)
    ]
    random.shuffle(jobs)
    (only,), missing = workflows(*jobs)
    assert missing == 0
    assert [part.kind.name for part in only.parts] == names
    assert [[place for place, _ in part.depends_on] for part in only.parts] == [list(each) for each in needs]


def test_a_chain_of_a_thousand_is_one_workflow_in_its_order():
    jobs = [job("j0", name="step-0")]
    jobs += [job(f"j{n}", name=f"step-{n}", depends_on=((f"j{n - 1}", ""),)) for n in range(1, 1000)]
    (only,), _ = workflows(*reversed(jobs))
    assert [part.depends_on for part in only.parts] == [(), *(((n - 1, ""),) for n in range(1, 1000))]


def test_the_workflow_with_most_submissions_comes_first_and_of_as_many_the_earlier():
    jobs = [
        job("a", name="late", at=50),
        job("b", name="early", at=10),
        job("c", name="often", at=99),
        job("d", name="often", at=98),
    ]
    found, _ = workflows(*jobs)
    assert [each.parts[0].kind.name for each in found] == ["often", "early", "late"]
    assert found[0].submitted_at == [MONDAY + 98, MONDAY + 99]
    assert sorted(found[0].submissions) == [("c",), ("d",)]
