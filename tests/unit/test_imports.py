"""Imports of the package, read from its syntax trees: late ones, type-only ones and those by name count too."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache

from tests.conftest import ROOT

PACKAGE = ROOT / "batchsim"


@cache
def modules() -> dict[str, ast.Module]:
    """Every module by its dotted name; a package by its own."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def named(node: ast.AST) -> Iterator[str]:
    """What one node imports, as dotted names; a text that is the name of a module is one by ``import_module``."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert not node.level, "imports are absolute"
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("batchsim."):
        yield node.value


def meant(target: str) -> set[str]:
    """The modules that a dotted name stands for; one with an open end, as in an f-string, may be any module there."""
    if target.endswith("."):
        return {name for name in modules() if name.rpartition(".")[0] == target[:-1]}
    return {target} & modules().keys() or {target.rpartition(".")[0]} & modules().keys()


@cache
def imports() -> dict[str, set[str]]:
    """Of each module, the modules of the package that it imports."""
    known = modules()
    found: dict[str, set[str]] = {}
    for name, tree in known.items():
        targets = found.setdefault(name, set())
        for node in ast.walk(tree):
            for target in named(node):
                targets.update(meant(target) - {name})
    return found


def circles(graph: dict[str, set[str]]) -> set[frozenset[str]]:
    """Modules that lead to one another, as groups (Tarjan's strongly connected components of more than one)."""
    reached: dict[str, set[str]] = {}
    for start in graph:
        seen, ahead = set(), [start]
        while ahead:
            for following in graph[ahead.pop()] - seen:
                seen.add(following)
                ahead.append(following)
        reached[start] = seen
    return {
        frozenset({name} | {other for other in reached[name] if name in reached[other]})
        for name in graph
        if name in reached[name]
    }


def test_a_circle_is_found_and_a_diamond_is_none():
    assert circles({"a": {"b", "c"}, "b": {"d"}, "c": {"d"}, "d": set()}) == set()
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == {frozenset({"b", "c"})}


def test_late_and_type_only_imports_and_those_by_name_are_seen():
    assert "batchsim.report.plots" in imports()["batchsim.experiments.result"]
    assert "batchsim.experiments.result" in imports()["batchsim"]
    assert "batchsim.aws.exporters.terraform" in imports()["batchsim.aws.exporters"]


def test_no_modules_import_one_another_in_a_circle():
    assert [sorted(circle) for circle in circles(imports())] == []


def test_no_module_imports_from_a_room_above_its_own():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (layers,) = (each["layers"] for each in contracts["contracts"] if each["type"] == "layers")
    floor = {room.strip(): number for number, rooms in enumerate(layers) for room in rooms.split("|")}

    def room_of(module: str) -> str:
        return ".".join(module.split(".")[:2])

    assert {room_of(name) for name in modules()} - floor.keys() == {
        "batchsim",
        "batchsim.__main__",
        "batchsim._version",
    }
    wrong = [
        f"{name} -> {target}"
        for name, targets in imports().items()
        for target in sorted(targets)
        if (own := room_of(name)) != (other := room_of(target))
        if own in floor and other in floor and floor[other] <= floor[own]
    ]
    assert wrong == []


def test_drawing_and_printing_are_imported_when_something_is_drawn_or_printed():
    heavy = {"matplotlib", "rich", "pandas", "pyarrow"}
    code = f"import sys, batchsim.experiments.compare; print(*sorted({heavy!r} & set(sys.modules)))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
