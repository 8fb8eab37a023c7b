"""yaml-language-server finds nothing wrong with what is shipped, and completes both halves of a scenario."""

from __future__ import annotations

import pytest

from batchsim.scenario.batch.service_model import shape_named
from batchsim.scenario.schema.scenario_schema import EXAMPLES
from batchsim.spec.distributions import DISTRIBUTIONS
from tests.conftest import ROOT
from tests.unit.scenario.schema.language_server import LanguageServer, command

pytestmark = pytest.mark.slow

SCENARIOS = ROOT / "scenarios"
ETL = (SCENARIOS / "etl.yaml").read_text(encoding="utf-8")
STRATEGY = "allocationStrategy: SPOT_PRICE_CAPACITY_OPTIMIZED"
RUNTIME = "runtime: { lognormal: { median: 12m, p95: 25m } }"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with LanguageServer(command(tmp_path_factory.mktemp("server"))) as started:
        yield started


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.yaml")), ids=lambda path: path.stem)
def test_nothing_is_wrong_with_a_shipped_scenario(server, path):
    assert server.diagnostics(path, path.read_text(encoding="utf-8")) == []


def test_faults_are_told_at_their_lines(server):
    faults = {
        STRATEGY: "allocationStrategi: SPOT_PRICE_CAPACITY_OPTIMIZED",
        RUNTIME: "runtime: { lognorml: { median: 12m, p95: 25m } }",
        "runtime: 3m": "runtime: 3 apples",
        "p95(queue_time": "p95(queue_tme",
    }
    text = ETL
    for right, wrong in faults.items():
        assert right in text
        text = text.replace(right, wrong, 1)
    lines = [number for number, line in enumerate(text.splitlines(), 1) if any(w in line for w in faults.values())]
    assert [line for line, _ in server.diagnostics(SCENARIOS / "wrong.yaml", text)] == lines


@pytest.mark.parametrize(
    ("right", "at", "words"),
    [
        (STRATEGY, "allocationStrategy: |", lambda: shape_named("CRAllocationStrategy").enum),
        (RUNTIME, "runtime: |", lambda: list(DISTRIBUTIONS)),
        (RUNTIME, "runtime:\n          |", lambda: list(DISTRIBUTIONS)),
        ("- minimise cost", "- |", lambda: EXAMPLES),
    ],
    ids=["strategy", "runtime", "below runtime", "objectives"],
)
def test_words_are_completed(server, right, at, words):
    assert right in ETL
    assert server.completions(SCENARIOS / "completed.yaml", ETL.replace(right, at, 1)) == words()
