"""Which jobs were submitted together, and which do the same work."""

from __future__ import annotations

from dataclasses import replace

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
