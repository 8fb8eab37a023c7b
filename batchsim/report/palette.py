"""The colours of every picture, as plain data: those of Matplotlib, of the page and of the notebooks.

What means the same has the same colour wherever it is drawn: booting vCPUs, what they cost and the jobs that wait for
them, for instance. The hues are Okabe and Ito's, which people with any colour vision tell apart [1]_; on a dark ground
they are lighter. Light fills (orange, sky, pale) stand out little from a white ground: an area that ends in one has an
outline of `EDGE`.

References
----------
.. [1] M. Okabe and K. Ito (2008), "Color Universal Design", https://jfly.uni-koeln.de/color/.
"""

from __future__ import annotations

from typing import NamedTuple


class Colour(NamedTuple):
    """A colour as ``#RRGGBB``, on a light ground and on a dark one."""

    light: str
    dark: str


#: The ground, what is written on it, what is said in passing, and lines behind the curves.
GROUND = Colour("#FFFFFF", "#14171A")
INK = Colour("#333333", "#E6E6E6")
MUTED = Colour("#6B6B6B", "#A0A0A0")
GRID = Colour("#E5E5E5", "#33383D")
#: The outline of what is filled.
EDGE = Colour("#5F6B75", "#A9B4BD")

BLUE = Colour("#0072B2", "#3A96D4")
ORANGE = Colour("#E69F00", "#F5BE4B")
GREEN = Colour("#009E73", "#3FD0A0")
RED = Colour("#D55E00", "#E5642A")
PINK = Colour("#CC79A7", "#D98BB8")
SKY = Colour("#56B4E9", "#9AD5F7")
GREY = Colour("#636363", "#7D7D7D")
PALE = Colour("#BFD7EA", "#3C5870")
SILVER = Colour("#D9D9D9", "#55595E")
DARK = Colour("#404040", "#F2F2F2")

#: Jobs by state, in the order of a job's life; they are SUBMITTED for moments.
STATES = {"PENDING": SILVER, "RUNNABLE": ORANGE, "STARTING": SKY, "RUNNING": BLUE}
#: vCPUs by what they do; the limit is a line.
VCPUS = {"running": BLUE, "stranded": PINK, "idle": PALE, "booting": ORANGE}
LIMIT = DARK
#: What money was paid for (`columns.PURPOSES`).
PURPOSES = {"useful": BLUE, "rework": RED, "boot": ORANGE, "idle": PALE, "stranded": PINK, "minimum": GREY}
#: What jobs waited for (`columns.WAIT_CAUSES`).
CAUSES = {"dependency": SILVER, "limit": DARK, "boot": ORANGE, "capacity": GREEN, "blocked": SKY, "retry": RED}
#: What was paid so far, and the rate of it.
SPENT, RATE = BLUE, ORANGE
#: By the record of a history, and in the simulation.
RECORDED, SIMULATED = INK, BLUE
#: Objectives met, missed, and their limits and deadlines.
MET, MISSED, DUE = GREEN, RED, RED
#: Variants of a comparison, values of a parameter: one after the other.
SEVERAL = (BLUE, ORANGE, GREEN, PINK, SKY, GREY, RED)
