"""How large a share of an instance is: AWS's weights of vCPUs and memory, GPUs, nodes of a multi-node job."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.results.cost.instance_shares import InstanceShares
from batchsim.results.outcome import Outcome
from batchsim.results.spending import spent
from batchsim.results.tables import Tables
from batchsim.spec.configuration import Shape
from tests.unit.results.recorded import attempt, instance, outcome
from tests.worlds import fleet, jobs, offering

GIB = 1024
#: 8 vCPUs and 32 GiB: 9 x 8 + 32 = 104 parts. The other has 4 GPUs as well.
PLAIN, WITH_GPUS = offering("plain", 8, 32 * GIB, 3.6), offering("gpus", 8, 32 * GIB, 36.0, gpus=4)


def made(*shapes: Shape, on=(), nodes=(), kinds=(PLAIN, WITH_GPUS), until=200.0) -> Outcome:
    """A job of each shape, from 100 s on, on the instance of its number; all run from 0 to 1,000 s."""
    work = replace(
        jobs([0] * len(shapes), 60), shapes=shapes, shape=np.arange(len(shapes), dtype=np.int32)
    )  # fmt: skip
    attempts = [attempt(n, 0, 100, 100, until, instance=on[n] if on else 0) for n in range(len(shapes))]
    instances = [instance(0, 0, 0, 1000, offering=number) for number, _ in enumerate(kinds)]
    return outcome(work, fleet(offerings=kinds), attempts=attempts, instances=instances, nodes=nodes)


def shares(found: Outcome) -> list[float]:
    return InstanceShares(found.workload, found.configuration, found.recording).of(0, 99).share.tolist()


def test_a_vcpu_weighs_nine_times_a_gib():
    # 9 x 2 + 4 of 104 parts, and 9 x 0.25 + 16.
    found = shares(made(Shape(2, 4 * GIB), Shape(0.25, 16 * GIB)))
    assert found == pytest.approx([22 / 104, 18.25 / 104])


def test_on_an_instance_with_gpus_they_are_95_percent_of_it():
    # One GPU of four; none: what is left by vCPUs and memory. The same job elsewhere is not touched.
    asked = Shape(2, 4 * GIB, gpus=1), Shape(2, 4 * GIB), Shape(2, 4 * GIB)
    assert shares(made(*asked, on=[1, 1, 0])) == pytest.approx([0.95 / 4 + 0.05 * 22 / 104, 0.05 * 22 / 104, 22 / 104])


@given(st.permutations(range(8)), st.sampled_from([0, 1]))
def test_jobs_that_fill_an_instance_have_all_of_it(sizes, which):
    # 8 vCPUs, 32 GiB and 4 GPUs, each divided among jobs in a way of its own.
    vcpus = np.array(sizes) * 8 / 28
    memory = np.array(sizes[::-1]) * 32 * GIB // 28
    memory[0] += 32 * GIB - memory.sum()
    gpus = [int(number < 4) * which for number in sizes]
    asked = [Shape(float(v), int(m), g) for v, m, g in zip(vcpus, memory, gpus, strict=True)]
    assert sum(shares(made(*asked, on=[which] * 8))) == pytest.approx(1.0)


WIDE = Shape(4, 8 * GIB, nodes=(Shape(2, 4 * GIB), Shape(2, 4 * GIB)))


def test_a_multi_node_job_has_the_whole_of_each_of_its_instances():
    found = made(Shape(2, 4 * GIB), WIDE, on=[0, 1], nodes=[(1, 2)], kinds=(PLAIN, PLAIN, PLAIN))
    whole = InstanceShares(found.workload, found.configuration, found.recording).of(0, 2)
    assert whole.attempt.tolist() == [0, 1, 1]
    assert whole.instance.tolist() == [0, 1, 2]
    assert whole.share.tolist() == pytest.approx([22 / 104, 1.0, 1.0])
    # Of a stretch, attempts are counted from its first.
    second = InstanceShares(found.workload, found.configuration, found.recording).of(1, 2)
    assert second.attempt.tolist() == [0, 0]
    assert second.instance.tolist() == [1, 2]
    first = InstanceShares(found.workload, found.configuration, found.recording).of(0, 1)
    assert (first.attempt.tolist(), first.instance.tolist()) == ([0], [0])


def test_a_multi_node_job_pays_each_instance_at_its_own_price():
    # A tenth of a cent and a cent a second, 900 s of them before and after the job's 100.
    found = made(WIDE, on=[0], nodes=[(0, 1)])
    costs = found.costs
    assert costs.attempt("useful").tolist() == pytest.approx([100 * (0.001 + 0.01)])
    assert costs.instance["idle"].tolist() == pytest.approx([900 * 0.001, 900 * 0.01])
    assert spent(found, np.array([200.0])) == pytest.approx([200 * 0.011])


def test_nodes_on_instances_that_cost_nothing_have_nothing_to_divide():
    found = made(WIDE, on=[0], nodes=[(0, 1)], kinds=(offering("a", 8, GIB, 0.0), offering("b", 8, GIB, 0.0)))
    assert found.costs.total == 0
    assert found.costs.instance["idle"].tolist() == [0, 0]


def test_a_stranded_instance_is_not_stranded_where_a_node_holds_it():
    # From 0 to 500 s room is stranded; both instances are held from 100 to 200.
    found = made(WIDE, on=[0], nodes=[(0, 1)])
    noted = replace(
        found.recording.stranded,
        at=np.array([0.0, 500.0]),
        environment=np.zeros(2, np.int32),
        stranded=np.array([1, 0], np.int8),
    )
    found = replace(found, recording=replace(found.recording, stranded=noted))
    assert found.costs.instance["stranded"].tolist() == pytest.approx([400 * 0.001, 400 * 0.01])
    assert found.costs.instance["idle"].tolist() == pytest.approx([500 * 0.001, 500 * 0.01])
    rows = [row for batch in Tables(found).instances() for row in batch.to_pylist()]
    assert [row["idle_cost_usd"] for row in rows] == pytest.approx([900 * 0.001, 900 * 0.01])
