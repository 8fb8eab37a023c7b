from __future__ import annotations

import doctest
import importlib
import pkgutil
import re

import pytest

import batchsim
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text()


def test_the_two_commands_come_first_and_are_as_ci_runs_them():
    blocks = re.findall(r"^```sh\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)
    assert [block.strip() for block in blocks[:2]] == [
        "python -m pip install -e . && python -m batchsim run scenarios/etl.yaml",
        'python -m pip install -e ".[test]" && python -m pytest',
    ]


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
