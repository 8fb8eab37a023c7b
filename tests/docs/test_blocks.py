"""Every code block of the README and the documentation runs, and prints what the page shows."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import batchsim as bs
from tests.aws.conftest import emptied
from tests.conftest import ROOT
from tests.docs.blocks import Block, Reader, as_printed, blocks, not_printed
from tests.histories import details, events, write_events, write_pages

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
#: Pages that simulate for long.
LONG = ("README.md", "tutorial.md", "cluster.md", "sweep.md", "optimize.md")
#: Columns of the terminal where a page, or the pages of a folder, show more than 120.
WIDTHS = {"comparing.md": "160", "how-to": "160"}
WITH_BLOCKS = [page for page in PAGES if blocks(page.read_text(encoding="utf-8"))]
#: Pages whose commands speak to AWS: a moto server stands for it, with ids of its own.
OF_AWS = ("README.md", "tutorial.md", "deploying.md")


def recorded_jobs(folder: Path) -> None:
    (folder / "jobs.csv").write_text("job_name,submitted_at,runtime_s\na,0,60\n")
    (folder / "log.swf").write_text("1 0 0 60 1 -1 -1 1 60 -1 1 1 1 1 1 1 -1 -1\n")


def history(folder: Path) -> None:
    transactions = ROOT / "scenarios" / "transactions.yaml"
    changes = {
        "duration": "2d",  # a back-test takes two
        "workload.payments.arrivals.poisson.rate": "10/h",
        "workload.settlement.jobs.settle.arrayProperties.size": 20,
    }
    result = bs.run(bs.load(transactions).with_(changes))
    write_pages(details(result), folder / "jobs.json")
    write_events(events(result), folder / "events.jsonl")
    (folder / "batch.yaml").write_text(transactions.read_text(encoding="utf-8"), encoding="utf-8")


#: What is in the reader's folder besides the project's.
PREPARED: dict[str, Callable[[Path], None]] = {"workload.md": recorded_jobs, "calibrating.md": history}


@pytest.fixture
def reader(request, tmp_path, monkeypatch) -> Callable[[Path], Reader]:
    def made(page: Path) -> Reader:
        folder, commands = tmp_path / "folder", tmp_path / "commands"
        folder.mkdir()
        for name in ("scenarios", "docs"):
            (folder / name).symlink_to(ROOT / name)
        PREPARED.get(page.name, lambda _: None)(folder)
        commands.mkdir()
        for name in ("batchsim", "python"):
            module = " -m batchsim" if name == "batchsim" else ""
            (commands / name).write_text(f'#!/bin/sh\nexec {sys.executable}{module} "$@"\n')
            (commands / name).chmod(0o755)
        environment = {
            "PATH": f"{commands}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "COLUMNS": WIDTHS.get(page.name, WIDTHS.get(page.parent.name, "120")),
            "AWS_ACCESS_KEY_ID": "nobody",
            "AWS_SECRET_ACCESS_KEY": "nothing",
            "AWS_CONFIG_FILE": str(tmp_path / "none"),
        }
        monkeypatch.chdir(folder)
        if page.name not in OF_AWS:
            return Reader(folder, environment)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        account = emptied(request.getfixturevalue("moto_url"))
        said = ids_of(account.deployment)
        (folder / "docs").unlink()
        shutil.copytree(ROOT / "docs" / "tutorial", folder / "docs" / "tutorial")
        described = folder / "docs" / "tutorial" / "configuration.json"
        described.write_text(said(described.read_text(encoding="utf-8")), encoding="utf-8")
        return Reader(folder, {**environment, "AWS_ENDPOINT_URL": account.url}, said)

    return made


def ids_of(deployment: dict) -> Callable[[str], str]:
    """Texts with the ids of a page as those of an account."""
    stand_for = {
        "subnet-0a1b2c3d": deployment["subnets"][0],
        "subnet-1a2b3c4d": deployment["subnets"][1],
        "sg-0a1b2c3d": deployment["securityGroupIds"][0],
        "ecsInstanceRole": deployment["instanceRole"],
        "arn:aws:iam::123456789012:role/AWSBatchServiceRole": deployment["serviceRole"],
    }

    def said(text: str) -> str:
        for page, account in stand_for.items():
            text = text.replace(page, account)
        return text

    return said


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(
            page,
            id=page.relative_to(ROOT).as_posix(),
            marks=[pytest.mark.slow] if page.name in LONG else [],
        )
        for page in WITH_BLOCKS
    ],
)
def test_every_block_runs(page, reader):
    text = page.read_text(encoding="utf-8")
    following = reader(page)
    for block in blocks(text):
        try:
            following.follow(block)
        except Exception as error:
            shows = block.language == "text" and following.printed and os.environ.get("BATCHSIM_REWRITE_EXPECTED")
            if not shows:
                raise AssertionError(f"{page.relative_to(ROOT)}:{block.line}: {error}") from error
            text = text.replace(block.text, as_printed(block.text, following.printed))
    if text != page.read_text(encoding="utf-8"):
        page.write_text(text, encoding="utf-8")


def test_every_block_that_is_not_run_says_why():
    found = [block for page in WITH_BLOCKS for block in blocks(page.read_text(encoding="utf-8"))]
    assert all(len(block.note.split()) > 4 for block in found if block.note.startswith("not run"))
    # Few: what a reader can't try here is what needs more than this machine.
    assert sum(block.note.startswith("not run") for block in found) <= 15


def test_what_the_blocks_of_a_page_are():
    page = "# A\n\n<!-- exits with 2 -->\n```sh\nfalse\n```\n\n```{toctree}\na\n```\n\n```text\nno\n```\n"
    assert blocks(page) == [Block("sh", "false\n", 4, "exits with 2"), Block("text", "no\n", 12, "")]


@pytest.mark.parametrize(
    ("shown", "missing"),
    [("jobs  3\ncost $1", []), ("cost $1\n…\nend", []), ("cost $2", ["cost $2"]), ("end\njobs 3", ["jobs 3"])],
)
def test_lines_are_shown_as_they_are_printed_and_in_their_order(shown, missing):
    assert not_printed(shown, "jobs 3\n\n  cost   $1 \nmore\nend") == missing


def test_a_block_is_made_anew():
    printed = "batchsim\njobs   12 of 12 done\ncost   $1.25 in a day\nother"
    assert as_printed("jobs   10 of 10 done\n…\ncost   $2.00 in a day\n", printed) == (
        "jobs   12 of 12 done\n…\ncost   $1.25 in a day\n"
    )


@pytest.mark.parametrize(
    ("language", "text", "fault"),
    [
        ("sh", "exit 3\n", "exit 3"),
        ("python", "assert 1 == 2, 'no'\n", "no"),
        ("yaml", "environment: {ec3: {}}\n", "ec3"),
        ("json", "{", "Expecting property"),
        ("text", "shown\n", "nothing above"),
        ("", "words\n", "language ''"),
    ],
)
def test_a_block_that_does_not_hold_is_told(language, text, fault, tmp_path):
    with pytest.raises(Exception, match=fault):
        Reader(tmp_path, {}).follow(Block(language, text, 1, ""))
