"""An event of the engine, as SimPy's loop takes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Callbacks = Sequence[Callable[[Any], None]]


class Event:
    """One event of the engine: what SimPy's loop needs of an event, its instant, and what it is about.

    Attributes
    ----------
    at : float
        Its instant.
    callbacks : sequence of callable, or None
        Called with the event; none of them when it was cancelled; None when it has happened.
    essential : bool
        Whether it keeps the run going.
    """

    __slots__ = ("_ok", "action", "at", "callbacks", "essential", "subject")

    def __init__(
        self, at: float, callbacks: Callbacks, action: Callable[[Event], None] | None, subject: Any, essential: bool
    ) -> None:
        self._ok = True  # SimPy's: an event that failed ends the run
        self.at = at
        self.callbacks: Callbacks | None = callbacks
        self.action = action
        self.subject = subject
        self.essential = essential
