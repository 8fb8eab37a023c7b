"""Deployments during which AWS fails: at every call in turn, for once or until the command gives up."""

from __future__ import annotations

import contextlib
import io
import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import product, zip_longest
from multiprocessing.context import SpawnContext
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from tools.reliability.account import (
    CREDENTIALS,
    NEIGHBOUR,
    REGION,
    SECRETS,
    Account,
    neighbours,
    server,
    write_scenarios,
)
from tools.reliability.faulty_proxy import KINDS, LOOKS, FaultyProxy, Kind

DONE, WRONG = 0, 2
#: What is done one after the other: step, which scenario, options.
STEPS = (
    ("apply", 0, ()),
    ("submit", 0, ("--submit", "--rate", "50")),
    ("change", 1, ()),
    ("destroy", 1, ("--destroy",)),
)


@dataclass
class Case:
    """What came of one fault.

    Attributes
    ----------
    call : str
        The operation that failed first.
    lasting : bool
        Whether all calls after it failed as well.
    passed : bool
        Whether the command came to its end all the same: it tried again.
    problems : list of str
        What should not be.
    """

    step: str
    kind: Kind
    number: int
    call: str = ""
    lasting: bool = False
    passed: bool = False
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Said:
    """A command's exit code, and all that it printed."""

    code: int
    error: str
    out: str


class Story:
    """Apply, submit, change and destroy, before an account behind the proxy."""

    def __init__(self, account: Account, proxy: FaultyProxy, folder: Path) -> None:
        self._account = account
        self._proxy = proxy
        self._scenarios = write_scenarios(folder, account.prepare())
        self._empty = account.state()
        self._neighbour = neighbours(self._empty)
        #: What is in the account after each step, and the operations that each step asks for.
        self.after: list[dict[str, list[str]]] = []
        self.calls: list[list[str]] = []
        for step in range(len(STEPS)):
            begun = len(proxy.requests)
            self.pass_by(step)
            self.calls.append([request.operation for request in proxy.requests[begun:]])
            self.after.append(account.state())
        if self.after[-1] != self._empty:
            raise RuntimeError(f"destroyed, there is more than before: {_differing(self._empty, self.after[-1])}")

    def _command(self, step: int) -> Said:
        from batchsim.cli.main import main

        _, which, options = STEPS[step]
        arguments = ["deploy", str(self._scenarios[which]), "--endpoint-url", self._proxy.url, "--region", REGION]
        out, error = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
            code = main([*arguments, "--yes", *options])
        return Said(code, error.getvalue(), out.getvalue())

    def case(self, step: int, case: Case) -> Case:
        """Let a call of a step fail, look, and give the command again: everything before it was done."""
        begun = len(self._proxy.requests)
        self._proxy.fail_at(case.number, case.kind, lasting=case.lasting)
        said = self._command(step)
        self._proxy.heal()
        requests = self._proxy.requests[begun:]
        case.call = requests[case.number - 1].operation if len(requests) >= case.number else ""
        case.passed = said.code == DONE
        case.problems += self._judge(said, case)
        if case.passed and self._account.state() != self.after[step]:
            case.problems.append("exit code 0, and another state than without the fault")
        again = self._command(step)
        case.problems += _printed(again)
        if again.code != DONE:
            case.problems.append(f"the rerun ended with {again.code}: {again.error.strip()[-300:]}")
        if (state := self._account.state()) != self.after[step]:
            case.problems.append(f"the rerun came to another state: {_differing(self.after[step], state)}")
        if neighbours(state) != self._neighbour:
            case.problems.append("something of the neighbour was changed")
        if any(request.is_change and NEIGHBOUR in request.body for request in self._proxy.requests[begun:]):
            case.problems.append("a change of something of the neighbour was asked for")
        return case

    def pass_by(self, step: int) -> None:
        """Do a step without a fault."""
        if (said := self._command(step)).code != DONE:
            raise RuntimeError(f"{STEPS[step][0]}: exit code {said.code}: {said.error}")

    def _judge(self, said: Said, case: Case) -> Iterator[str]:
        yield from _printed(said)
        if said.code not in (DONE, WRONG):
            yield f"exit code {said.code}"
        errors = [line for line in said.error.splitlines() if "[aws]" in line or "[invalid]" in line]
        if said.code == WRONG and len(errors) != 1:
            yield f"not told in one line: {said.error.strip()[-300:]}"
        if said.code == DONE and case.lasting:
            yield "exit code 0 though AWS failed to the end"
        if said.code == WRONG and not case.lasting and case.kind != "access denied":
            yield f"not tried again: {said.error.strip()[-300:]}"


def _printed(said: Said) -> Iterator[str]:
    text = said.out + said.error
    yield from (f"printed a secret: {secret}" for secret in SECRETS if secret in text)
    if re.search("Traceback", text):
        yield f"a traceback: {said.error[-400:]}"


def _differing(expected: dict[str, list[str]], found: dict[str, list[str]]) -> str:
    return "; ".join(
        f"{kind}: missing {sorted(set(some) - set(found[kind]))}, too many {sorted(set(found[kind]) - set(some))}, "
        f"{len(found[kind])} for {len(some)}"
        for kind, some in expected.items()
        if found[kind] != some
    )


def cases(
    folder: Path,
    *,
    kinds: Sequence[Kind] = KINDS,
    every: int = 1,
    say: Callable[[str], None] = lambda _text: None,
) -> Iterator[Case]:
    """Let every call of every step fail in every way, once and for good, and give each outcome.

    A look that fails once is tried again by boto3 whatever it is about: of these one in ten is tried.

    Parameters
    ----------
    every : int
        Of all these, one in so many is tried.
    """
    folder.mkdir(parents=True)
    with _patience(), server() as url, FaultyProxy(url) as proxy, contextlib.closing(Account(url)) as account:
        story = Story(account, proxy, folder)
        say(", ".join(f"{STEPS[step][0]}: {len(calls)} calls" for step, calls in enumerate(story.calls)))
        for offset, (kind, lasting) in enumerate(product(kinds, (True, False))):
            chosen = [_chosen(calls, lasting)[offset % every :: every] for calls in story.calls]
            for numbers in zip_longest(*chosen):  # one of each step, so that each begins where it should
                for step, number in enumerate(numbers):
                    if number is None:
                        story.pass_by(step)
                        continue
                    case = story.case(step, Case(STEPS[step][0], kind, number, lasting=lasting))
                    for problem in case.problems:
                        say(f"{case.step}, {kind} at call {number} ({case.call}), lasting {lasting}: {problem}")
                    yield case


def of_kinds(folder: Path, *, every: int = 1, at_once: int = 4, say: Callable[[str], None]) -> list[Case]:
    """All cases, each kind of fault with a server and a process of its own.

    Parameters
    ----------
    at_once : int
        How many of these processes; what comes of a fault does not depend on it.
    """
    folder.mkdir(parents=True)
    with ProcessPoolExecutor(at_once, SpawnContext()) as processes:
        found = []
        for kind, some in zip(KINDS, processes.map(partial(_of_kind, folder, every), KINDS), strict=True):
            say(f"{kind}: {len(some)} done")
            found += some
    return found


def _of_kind(folder: Path, every: int, kind: Kind) -> list[Case]:
    return list(cases(folder / kind.replace(" ", "-"), kinds=[kind], every=every))


def _chosen(calls: Sequence[str], lasting: bool) -> list[int]:
    """The numbers of the calls of a step that are let fail."""
    looks = 0
    chosen = []
    for number, operation in enumerate(calls, 1):
        looks += (is_look := operation.startswith(LOOKS))
        if lasting or not is_look or looks % 10 == 1:
            chosen.append(number)
    return chosen


@contextlib.contextmanager
def _patience() -> Iterator[None]:
    """Credentials of nobody; no time spent between two tries, boto3's or ours, nor on reading the same again."""
    import boto3
    import botocore.endpoint

    from batchsim.aws.deployment import apply, deployable

    read: dict[str, deployable.Deployable] = {}

    def load(path: str, **options: Any) -> deployable.Deployable:
        asked = repr((path, options))
        if asked not in read:
            read[asked] = loaded(path, **options)
        return read[asked]

    loaded = deployable.load
    hasty = partial(apply.Deployer, sleep=lambda _seconds: None)
    variables = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        **CREDENTIALS,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    with (
        mock.patch.dict(os.environ, variables, clear=True),
        mock.patch.object(botocore.endpoint, "time", SimpleNamespace(sleep=lambda _seconds: None)),
        mock.patch.object(apply, "Deployer", hasty),
        mock.patch.object(boto3, "Session", cache(boto3.Session)),
        mock.patch.object(deployable, "load", load),
    ):
        yield
