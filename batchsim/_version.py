"""The version, and how the engine was built, in a module of its own so that nothing heavy is imported to know it."""

from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

__version__ = "0.1.0"

_ENGINE = Path(__file__).with_name("engine")


def engine_build(engine: Path = _ENGINE) -> str:
    """``compiled``, or ``python`` where the engine's modules are those that one can read.

    Examples
    --------
    >>> engine_build() in {"compiled", "python"}
    True
    """
    compiled = any(path.name.endswith(tuple(EXTENSION_SUFFIXES)) for path in engine.rglob("*"))
    return "compiled" if compiled else "python"
