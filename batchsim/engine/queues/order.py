"""The order in which a queue's jobs are looked at: one interface for starting them and for asking for capacity."""

from __future__ import annotations

from typing import Final

NOBODY: Final = -1


class Order:
    """A way through the waiting jobs of a queue, from the job that is served next.

    It changes nothing in the queue: `FifoQueue.leave` takes out those that were started. A queue has one, which is gone
    through again and again.

    Attributes
    ----------
    started : list of int
        The jobs that were taken, in their order.
    """

    started: list[int]

    def first(self, now: float) -> int:
        """Begin anew: the job that is looked at first; NOBODY when none is."""
        raise NotImplementedError

    def next(self, taken: bool, alike: bool) -> int:
        """The job to look at after the one before; NOBODY when no other is looked at.

        Parameters
        ----------
        taken : bool
            Whether the one before can start.
        alike : bool
            Whether, where it can't, neither can others that ask for the same.
        """
        raise NotImplementedError
