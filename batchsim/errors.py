"""What a user sees when something is wrong: findings, and the few exceptions that carry them.

Kinds of failure are never mixed. Wrong input is a list of `Finding`, raised once as `ScenarioError`.
What fails inside the simulated world (an interruption, a timeout) is a row of the results. A broken invariant of
batchsim itself is a `SimulationError`; a simulation that would never end is a `StandstillError`. Where AWS refuses or
gives no answer, the scenario may be right: an `AwsError`.

Every class passes all its fields to ``Exception.__init__`` by position: SimPy and pickle rebuild an exception as
``type(e)(*e.args)``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

Severity = Literal["error", "warning", "info"]

#: Why AWS did not do what it was asked: it is busy, gave no answer, knows or permits no such caller, does not offer the
#: operation at this endpoint, or refuses the request.
AwsReason = Literal["busy", "no-answer", "denied", "not-offered", "refused"]


#: Characters of a message.
LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault in what the user gave, with its place and its remedy.

    Attributes
    ----------
    code : str
        Stable identifier of the rule, such as ``unknown-key``.
    path : str
        Dotted path in the scenario, named things by their name: ``batch.computeEnvironments.spot.type``.
    message : str
        What is wrong.
    expected : str
        What would be right; empty when the message says it all.
    suggestion : str
        The word that was probably meant; empty when nothing is near.
    file, line, column
        Where; line and column count from 1, 0 when unknown.
    severity
        ``error`` stops the command, ``warning`` and ``info`` do not.
    source : str
        The page or API shape the rule comes from; empty for rules of our own.
    excerpt : str
        An expression or a path with a mark under the fault, as `pointed_out` gives it; empty where the place says all.
    """

    code: str
    path: str
    message: str
    expected: str = ""
    suggestion: str = ""
    file: str = ""
    line: int = 0
    column: int = 0
    severity: Severity = "error"
    source: str = ""
    excerpt: str = ""

    def __post_init__(self) -> None:
        """Messages quote what a file holds, which may be a text of 100 MB."""
        for name in ("message", "expected"):
            object.__setattr__(self, name, shortened(getattr(self, name)))

    def at(self, file: str, line: int, column: int) -> Finding:
        """The same finding at a place."""
        return replace(self, file=file, line=line, column=column)

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        path = shortened(self.path)
        parts = [f"{path}: {self.message}" if path else self.message]
        if self.expected:
            parts.append(f"expected {self.expected}")
        if self.suggestion:
            parts.append(f"did you mean {self.suggestion}?")
        told = f"{place}: [{self.code}] {'; '.join(parts)}" if place else f"[{self.code}] {'; '.join(parts)}"
        told = printable(told)
        return f"{told}\n{self.excerpt}" if self.excerpt else told


def pointed_out(text: str, at: int, length: int = 1) -> str:
    """A text in a line, and in the next one marks under a part of it.

    Parameters
    ----------
    at, length : int
        Where the part begins, from 0, and how long it is; of no length it is one mark.

    Examples
    --------
    >>> print(pointed_out("p95(queue_tme) <= 10m", 4, 9))
        p95(queue_tme) <= 10m
            ^^^^^^^^^
    """
    if len(text) > LONGEST:
        begin = max(0, at - 100)
        text, at, length = text[begin : begin + 300], at - begin, min(length, 200)
    shown = "".join(each if each.isprintable() else "\ufffd" for each in text)
    return f"    {shown}\n    {' ' * at}{'^' * max(length, 1)}"


def shortened(text: str) -> str:
    """A text of at most `LONGEST` characters: of a longer one the beginning and the end.

    Examples
    --------
    >>> len(shortened("x" * 100_000_000))
    2000
    """
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 501]}…{text[-500:]}"


def printable(text: str) -> str:
    r"""A text in one line that a terminal takes as a text: what can't be printed is written as Python writes it.

    Examples
    --------
    >>> printable("é\x1b[31m")
    'é\\x1b[31m'
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


class ExpressionError(ValueError):
    """An expression can't be read.

    Parameters
    ----------
    message : str
        What is wrong with it.
    at, length : int
        Which part of it is wrong: where that begins, from 0, and how long it is.
    """

    def __init__(self, message: str, at: int, length: int) -> None:
        self.message = message
        self.at = at
        self.length = length
        super().__init__(message, at, length)

    def __str__(self) -> str:
        return self.message


class BatchsimError(Exception):
    """Base of every error that batchsim raises on purpose."""


class ScenarioError(BatchsimError):
    """The input is wrong; carries every finding at once.

    Parameters
    ----------
    findings : sequence of Finding
        At least one, ordered by place.
    """

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings: tuple[Finding, ...] = tuple(findings)
        super().__init__(self.findings)

    def __str__(self) -> str:
        return "\n".join(str(finding) for finding in self.findings)


class AwsError(BatchsimError):
    """AWS did not do what it was asked.

    Parameters
    ----------
    finding : Finding
        What the user sees: operation and object, what AWS said, what to check.
    operation : str
        Of the API: ``CreateJobQueue``.
    request : str
        What it was about: the name of a queue, a region; never the request's content, which may hold secrets.
    code : str
        AWS's error code; empty when AWS gave none.
    reason
        Why it was not done.
    """

    def __init__(
        self, finding: Finding, operation: str, request: str = "", code: str = "", reason: AwsReason = "refused"
    ) -> None:
        self.finding = finding
        self.operation = operation
        self.request = request
        self.code = code
        self.reason = reason
        super().__init__(finding, operation, request, code, reason)

    @property
    def may_pass(self) -> bool:
        """Whether the same call may succeed later: AWS was busy, or gave no answer."""
        return self.reason in ("busy", "no-answer")

    def __str__(self) -> str:
        return str(self.finding)


class OutputError(BatchsimError):
    """A result can't be written where the user asked for it, or read from there.

    Parameters
    ----------
    path : str
        Where.
    reason : str
        What is wrong, and what would be right.
    read : bool
        Whether it was to be read.
    """

    def __init__(self, path: str, reason: str, read: bool = False) -> None:
        self.path = path
        self.reason = reason
        self.read = read
        super().__init__(path, reason, read)

    def __str__(self) -> str:
        return printable(f"{self.path}: [output] can't be {'read' if self.read else 'written'}: {self.reason}")


class ExecutionError(BatchsimError):
    """Runs can't be executed where the user wants them: a cluster that can't be reached, processes that don't start.

    Parameters
    ----------
    where : str
        The cluster's address, or what else was to execute them.
    reason : str
        What is wrong, and what to check.
    """

    def __init__(self, where: str, reason: str) -> None:
        self.where = where
        self.reason = reason
        super().__init__(where, reason)

    def __str__(self) -> str:
        return printable(f"{self.where}: [execution] {self.reason}")


class SimulationError(BatchsimError):
    """An invariant of the simulator broke: a bug in batchsim, never the user's fault.

    Parameters
    ----------
    message : str
        The invariant.
    at : float
        Simulated time in seconds.
    job, instance : str
        What it concerns; may be empty.
    """

    def __init__(self, message: str, at: float, job: str = "", instance: str = "") -> None:
        self.message = message
        self.at = at
        self.job = job
        self.instance = instance
        super().__init__(message, at, job, instance)

    def __str__(self) -> str:
        return f"{self.message} (at {self.at} s, job {self.job or '-'}, instance {self.instance or '-'})"


class StandstillError(BatchsimError):
    """A simulation would go on for ever: things happen, and no job can move any more.

    Parameters
    ----------
    message : str
        What keeps it going.
    at : float
        Simulated time in seconds.
    waiting : sequence of str
        By job queue which job can't move, why, and what would have to be different.
    """

    def __init__(self, message: str, at: float, waiting: Sequence[str] = ()) -> None:
        self.message = message
        self.at = at
        self.waiting = tuple(waiting)
        super().__init__(message, at, self.waiting)

    def __str__(self) -> str:
        return "\n".join([f"[standstill] {self.message} (at {self.at} s)", *self.waiting])


def nearest(word: str, words: Iterable[str]) -> str:
    """The one of `words` that `word` probably was meant to be, or an empty text."""
    known = {candidate.lower(): candidate for candidate in words}
    matches = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    return known[matches[0]] if matches else ""


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """``; did you mean X?`` for the end of a message, or an empty text."""
    near = nearest(word, words)
    return f"; did you mean {near}?" if near else ""
