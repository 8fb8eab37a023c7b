"""Traces of many runs: read once for what they hold and how they are read, and never as they no longer are."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from batchsim.errors import ScenarioError
from batchsim.experiments import trace_files
from batchsim.experiments.trace_files import KEPT, ReadTraces, TraceFile
from batchsim.spec.traces import Trace
from tests.builders import scenario

HEADER = "job_name,submitted_at,runtime_s\n"


def trace(folder: Path, rows: str, name: str = "jobs.csv", **members) -> tuple[Trace, TraceFile]:
    (folder / name).write_text(HEADER + rows)
    entry = {"format": "csv", "path": name, "jobQueue": "queue", "jobDefinition": "task", **members}
    (source,) = scenario({"trace": entry}, base=folder).sources
    assert isinstance(source, Trace)
    return source, TraceFile.of(folder / name)


@pytest.fixture
def read(monkeypatch) -> list[str]:
    """Which files are read as traces."""
    read_as, files = trace_files.read_as, []
    monkeypatch.setattr(
        trace_files,
        "read_as",
        lambda source, content, name: files.append(Path(name).name) or read_as(source, content, name),
    )
    return files


def test_a_digest_is_that_of_the_content_and_nothing_else(tmp_path):
    _, one = trace(tmp_path, "a,0,60\n", "one.csv")
    _, other = trace(tmp_path, "a,0,60\n", "other.csv")
    assert one.digest == other.digest == hashlib.sha256((HEADER + "a,0,60\n").encode()).hexdigest()


def test_a_file_that_was_written_since_has_another_digest(tmp_path):
    _, before = trace(tmp_path, "a,0,60\n")
    _, after = trace(tmp_path, "a,0,600\n")
    assert before.digest != after.digest
    with pytest.raises(ScenarioError, match="changed while runs were made of it"):
        before.content()
    assert after.content() == (HEADER + "a,0,600\n").encode()


def test_of_equal_size_and_time_another_file_in_its_place_is_told_by_its_content(tmp_path):
    """A restored backup keeps its time: what is read is held against the digest."""
    _, before = trace(tmp_path, "a,0,60\n")
    known = (tmp_path / "jobs.csv").stat()
    (tmp_path / "jobs.csv").write_text(HEADER + "a,0,61\n")
    os.utime(tmp_path / "jobs.csv", ns=(known.st_atime_ns, known.st_mtime_ns))
    with pytest.raises(ScenarioError, match="changed while runs were made of it"):
        before.content()


def test_the_same_trace_is_read_once_and_its_content_under_another_name_too(tmp_path, read):
    traces = ReadTraces()
    source, file = trace(tmp_path, "a,0,60\n")
    first = traces.jobs(source, file, {})
    assert traces.jobs(source, file, {}) is first
    (tmp_path / "jobs.csv").unlink()
    assert traces.jobs(source, file, {}) is first  # known by what it holds
    assert read == ["jobs.csv"]


def test_how_it_is_read_is_a_part_of_what_is_kept(tmp_path, read):
    traces = ReadTraces()
    source, file = trace(tmp_path, "a,0,60\n")
    named, _ = trace(tmp_path, "a,0,60\n", name="jobs.csv", jobDefinition="task", jobQueue="queue")
    other = named.model_copy(update={"job_queue": "other"})
    assert traces.jobs(source, file, {}) is traces.jobs(named, file, {})
    assert traces.jobs(other, file, {}) is not traces.jobs(source, file, {})
    assert len(read) == 2


def test_so_many_are_kept_and_the_one_that_came_first_goes_first(tmp_path, read):
    traces = ReadTraces()
    several = [trace(tmp_path, f"a,0,{60 + number}\n", f"{number}.csv") for number in range(KEPT + 1)]
    for source, file in several:
        assert traces.jobs(source, file, {}).runtime_s.tolist() == [60 + float(file.path.stem)]
    for source, file in several[1:]:
        traces.jobs(source, file, {})
    assert len(read) == KEPT + 1
    traces.jobs(*several[0], {})
    assert read[-1] == "0.csv"
    assert len(read) == KEPT + 2


def test_what_was_sent_along_is_read_instead_of_the_file(tmp_path):
    source, file = trace(tmp_path, "a,0,60\n")
    content = file.content()
    (tmp_path / "jobs.csv").write_text("nothing of the kind")
    assert ReadTraces().jobs(source, file, {file.digest: content}).names == ["a"]
    with pytest.raises(ScenarioError, match="changed while runs were made of it"):
        ReadTraces().jobs(source, file, {"another": content})


def test_a_file_that_can_not_be_read_is_named(tmp_path):
    _, file = trace(tmp_path, "a,0,60\n")
    (tmp_path / "jobs.csv").unlink()
    for read_it in (lambda: TraceFile.of(file.path), file.content):
        with pytest.raises(ScenarioError, match=r"jobs\.csv.*No such file"):
            read_it()
