"""The page on sweeps: its section and its command vary what they say, its columns are what there is."""

from __future__ import annotations

import os
import re
import shlex

import pytest

import batchsim as bs
from batchsim.cli.main import main
from batchsim.columns import RUN_FIGURES, RUN_LABELS
from batchsim.experiments.parameters import grid_of
from batchsim.scenario.loading import loads
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "sweep.md"
TEXT = PAGE.read_text(encoding="utf-8")
ETL = (ROOT / "scenarios" / "etl.yaml").read_text(encoding="utf-8")
MADE = re.compile(r"(?<=<!-- made from batchsim/columns\.py -->\n).*(?=<!-- end -->)", re.DOTALL)


def example(language, number=0):
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, flags=re.DOTALL | re.MULTILINE)[number]


def test_the_section_is_one_of_etl():
    scenario = loads(f"{ETL}\n{example('yaml')}", base=ROOT / "scenarios")
    assert grid_of(scenario).shape == (7, 2, 2, 3)
    for point in grid_of(scenario):
        scenario.without_experiments().with_(point.overrides)


def test_the_command_varies_what_it_says():
    command, *arguments = shlex.split(example("sh"), comments=True)
    assert command == "batchsim"
    vary = [arguments[number + 1] for number, each in enumerate(arguments) if each == "--vary"]
    assert grid_of(bs.load(ROOT / arguments[1]), vary=vary).shape == (7, 2)


def test_columns_are_those_there_are():
    rows = [f"| `{c.name}` | {c.dtype} | {c.unit} | {c.meaning} |" for c in (*RUN_LABELS, *RUN_FIGURES)]
    made = "\n".join(["", "| column | type | unit | meaning |", "|---|---|---|---|", *rows, "\n"])
    if os.environ.get("BATCHSIM_REWRITE_EXPECTED"):
        PAGE.write_text(MADE.sub(lambda _: made, TEXT), encoding="utf-8")
    assert MADE.search(PAGE.read_text(encoding="utf-8"))[0] == made


@pytest.mark.parametrize("option", sorted(set(re.findall(r"`?(--[a-z][a-z-]+)", TEXT)) - {"--nthreads", "--nworkers"}))
def test_every_option_is_there(option, capsys):
    with pytest.raises(SystemExit):
        main(["sweep", "--help"])
    assert option in capsys.readouterr().out
