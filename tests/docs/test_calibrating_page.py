"""The page on histories: its options are there."""

from __future__ import annotations

import re

import pytest

from batchsim.cli.main import main
from tests.conftest import ROOT

TEXT = (ROOT / "docs" / "calibrating.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("option", sorted({*re.findall(r"\| `(--[a-z]+)", TEXT)}))
def test_every_option_is_there(option, capsys):
    with pytest.raises(SystemExit):
        main(["calibrate", "--help"])
    assert option in capsys.readouterr().out
