"""The colours: told apart with any colour vision, seen on their ground, the same for the same."""

from __future__ import annotations

import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest

from batchsim.columns import PURPOSES, WAIT_CAUSES
from batchsim.report import palette
from batchsim.report.palette import Colour

#: What people see who lack a kind of cone, of linear RGB: G. Machado and others (2009), severity 1.0.
VISION = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TOGETHER = {
    "states": palette.STATES,
    "vcpus": {**palette.VCPUS, "limit": palette.LIMIT},
    "purposes": palette.PURPOSES,
    "causes": palette.CAUSES,
    "several": dict(enumerate(palette.SEVERAL)),
}
#: 2.3 is just seen side by side (CIE 1976); areas in a legend are apart.
LEAST_DIFFERENCE = 16.0


def linear(colour: str) -> np.ndarray:
    share = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """Linear sRGB as CIE L*a*b* under D65."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = to_xyz @ np.clip(rgb, 0, 1) / [0.9505, 1.0, 1.089]
    x, y, z = (np.cbrt(each) if each > 0.008856 else 7.787 * each + 16 / 116 for each in (x, y, z))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""
    low, high = sorted(float(linear(each) @ [0.2126, 0.7152, 0.0722]) for each in (one, other))
    return (high + 0.05) / (low + 0.05)


def test_the_formulas_hold_for_known_colours():
    assert contrast("#FFFFFF", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.005)
    assert lab(linear("#FF0000")) == pytest.approx([53.24, 80.09, 67.20], abs=0.1)
    # Who sees no green has red and green in one hue: closer than with all cones, by far.
    red, green = linear("#FF0000"), linear("#00A000")
    assert np.linalg.norm(lab(red) - lab(green)) > 130
    assert np.linalg.norm(lab(VISION["deuteranopia"] @ red) - lab(VISION["deuteranopia"] @ green)) < 30


@pytest.mark.parametrize("ground", ["light", "dark"])
@pytest.mark.parametrize("cones", VISION)
@pytest.mark.parametrize("group", TOGETHER)
def test_colours_of_one_picture_are_told_apart(group, cones, ground):
    for (name, one), (other_name, other) in combinations(TOGETHER[group].items(), 2):
        if one != other:
            seen = [lab(VISION[cones] @ linear(getattr(each, ground))) for each in (one, other)]
            assert np.linalg.norm(seen[0] - seen[1]) >= LEAST_DIFFERENCE, (name, other_name)


@pytest.mark.parametrize("ground", ["light", "dark"])
def test_what_is_written_and_drawn_as_a_line_is_seen_on_its_ground(ground):
    on = getattr(palette.GROUND, ground)
    for text in (palette.INK, palette.MUTED):
        assert contrast(getattr(text, ground), on) >= 4.5
    for line in (palette.EDGE, palette.LIMIT, palette.SPENT, palette.MET, palette.MISSED, palette.DUE):
        assert contrast(getattr(line, ground), on) >= 3


def test_every_purpose_and_every_cause_has_a_colour():
    assert tuple(palette.PURPOSES) == PURPOSES
    assert tuple(palette.CAUSES) == WAIT_CAUSES


def test_the_same_has_the_same_colour():
    assert palette.VCPUS["idle"] == palette.PURPOSES["idle"]
    assert palette.VCPUS["stranded"] == palette.PURPOSES["stranded"]
    assert palette.VCPUS["running"] == palette.PURPOSES["useful"] == palette.STATES["RUNNING"]
    assert palette.VCPUS["booting"] == palette.PURPOSES["boot"] == palette.CAUSES["boot"]
    assert palette.CAUSES["dependency"] == palette.STATES["PENDING"]
    assert palette.CAUSES["retry"] == palette.PURPOSES["rework"]
    assert palette.CAUSES["limit"] == palette.LIMIT


def test_all_are_written_alike():
    colours = [each for each in vars(palette).values() if isinstance(each, Colour)]
    assert colours
    for each in colours:
        assert all(len(code) == 7 and code == code.upper() and code.startswith("#") for code in each)


def test_the_palette_needs_no_matplotlib():
    code = "import sys, batchsim.report.palette; assert 'matplotlib' not in sys.modules and 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
