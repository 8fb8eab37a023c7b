from __future__ import annotations

import doctest
import importlib
import pkgutil
import re

import pytest

import batchsim
from batchsim.cli.main import main
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text()


def test_the_two_commands_come_first_and_are_as_ci_runs_them():
    blocks = re.findall(r"^```sh\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)
    assert [block.strip() for block in blocks[:2]] == [
        "python -m pip install -e . && python -m batchsim run scenarios/etl.yaml",
        'python -m pip install -e ".[test]" && python -m pytest',
    ]


def shown(heading: str) -> list[str]:
    """The lines of the first block without a language after some words, spaces aside."""
    block = re.search(r"^```\n(.*?)^```", README[README.index(heading) :], flags=re.DOTALL | re.MULTILINE)
    assert block is not None
    return [" ".join(line.split()) for line in block[1].splitlines() if line.strip()]


def printed(*arguments: str, monkeypatch, tmp_path, capsys) -> set[str]:
    """The lines that a command prints on a wide terminal, spaces aside."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "120")
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 0
    return {" ".join(line.split()) for line in capsys.readouterr().out.splitlines()}


def test_the_answer_is_the_one_that_a_run_gives(monkeypatch, tmp_path, capsys):
    lines = printed("run", "scenarios/etl.yaml", monkeypatch=monkeypatch, tmp_path=tmp_path, capsys=capsys)
    assert set(shown("# batchsim")) <= lines


def test_the_comparison_is_the_one_that_the_command_gives(monkeypatch, tmp_path, capsys):
    lines = printed("compare", "scenarios/etl.yaml", monkeypatch=monkeypatch, tmp_path=tmp_path, capsys=capsys)
    assert set(shown("runs the variants of a scenario")) <= lines


def test_the_advice_is_the_one_that_a_run_gives(monkeypatch, tmp_path, capsys):
    block = README.index("batchsim run scenarios/etl.yaml --variant under-provisioned")
    arguments = README[block:].splitlines()[0].split()[1:]
    lines = printed(*arguments, monkeypatch=monkeypatch, tmp_path=tmp_path, capsys=capsys)
    assert set(shown("--variant under-provisioned\n```\n")) <= lines


def test_the_recommendation_is_the_one_that_a_search_gives(monkeypatch, tmp_path, capsys):
    lines = printed("optimize", "scenarios/etl.yaml", monkeypatch=monkeypatch, tmp_path=tmp_path, capsys=capsys)
    assert set(shown("that it finds nothing to change")) <= lines


def test_python_blocks_run(monkeypatch):
    monkeypatch.chdir(ROOT)
    blocks = re.findall(r"^```python\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)
    assert blocks
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})  # noqa: S102 (our own text)


def test_links_to_files_lead_somewhere():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target


def test_every_public_name_is_there():
    for name in batchsim.__all__:
        assert getattr(batchsim, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        batchsim.nothing  # noqa: B018


MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(batchsim.__path__, "batchsim.")
    if not module.name.endswith("__main__")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
