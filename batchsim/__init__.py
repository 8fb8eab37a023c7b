"""batchsim: how much AWS Batch capacity a workload needs, of which kind, and what it will cost.

>>> import batchsim as bs
>>> scenario = bs.load("scenarios/etl.yaml")  # doctest: +SKIP
>>> bs.run(scenario).summary["cost_usd"]["total"]  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from batchsim._version import __version__
from batchsim.errors import (
    AwsError,
    BatchsimError,
    ExecutionError,
    Finding,
    OutputError,
    ScenarioError,
    SimulationError,
    StandstillError,
)

if TYPE_CHECKING:
    from batchsim.engine.processes import LiveRun
    from batchsim.experiments.advice import advise
    from batchsim.experiments.break_even import BreakEven, break_even
    from batchsim.experiments.calibrate.back_test.back_test import BackTest, back_test
    from batchsim.experiments.compare import Comparison, compare
    from batchsim.experiments.explore import Explorer, explore
    from batchsim.experiments.optimize.optimization import Optimization
    from batchsim.experiments.optimize.optimize import optimize
    from batchsim.experiments.result import Result
    from batchsim.experiments.run import run
    from batchsim.experiments.sensitivity import Sensitivity, sensitivity
    from batchsim.experiments.sweep import Sweep, sweep
    from batchsim.results.advice import Advice
    from batchsim.results.store import read
    from batchsim.scenario.loading import load
    from batchsim.scenario.scenario import Scenario
    from batchsim.validation.validate import Validation, validate

__all__ = [
    "Advice",
    "AwsError",
    "BackTest",
    "BatchsimError",
    "BreakEven",
    "Comparison",
    "ExecutionError",
    "Explorer",
    "Finding",
    "LiveRun",
    "Optimization",
    "OutputError",
    "Result",
    "Scenario",
    "ScenarioError",
    "Sensitivity",
    "SimulationError",
    "StandstillError",
    "Sweep",
    "Validation",
    "__version__",
    "advise",
    "back_test",
    "break_even",
    "compare",
    "explore",
    "load",
    "optimize",
    "read",
    "run",
    "sensitivity",
    "sweep",
    "validate",
]

# Imported when first used: `import batchsim` stays quick, and `--help` needs none of them.
_HOMES = {
    "Advice": "batchsim.results.advice",
    "BackTest": "batchsim.experiments.calibrate.back_test.back_test",
    "BreakEven": "batchsim.experiments.break_even",
    "Comparison": "batchsim.experiments.compare",
    "Explorer": "batchsim.experiments.explore",
    "LiveRun": "batchsim.engine.processes",
    "Optimization": "batchsim.experiments.optimize.optimization",
    "Result": "batchsim.experiments.result",
    "Scenario": "batchsim.scenario.scenario",
    "Sensitivity": "batchsim.experiments.sensitivity",
    "advise": "batchsim.experiments.advice",
    "back_test": "batchsim.experiments.calibrate.back_test.back_test",
    "break_even": "batchsim.experiments.break_even",
    "compare": "batchsim.experiments.compare",
    "explore": "batchsim.experiments.explore",
    "load": "batchsim.scenario.loading",
    "optimize": "batchsim.experiments.optimize.optimize",
    "read": "batchsim.results.store",
    "Sweep": "batchsim.experiments.sweep",
    "run": "batchsim.experiments.run",
    "sensitivity": "batchsim.experiments.sensitivity",
    "sweep": "batchsim.experiments.sweep",
    "Validation": "batchsim.validation.validate",
    "validate": "batchsim.validation.validate",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
