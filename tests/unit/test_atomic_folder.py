"""Folders and files that are written whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from batchsim.atomic_folder import check_folder, make_folder, replaced, write_whole, written_whole
from batchsim.errors import OutputError


def test_a_folder_takes_its_place_when_it_is_complete(tmp_path):
    folder = tmp_path / "deep" / "out"
    with written_whole(folder) as made:
        (made / "a").write_text("1")
        assert not folder.exists()
    assert (folder / "a").read_text() == "1"
    assert [path.name for path in folder.parent.iterdir()] == ["out"]


def test_an_older_one_is_replaced_not_added_to(tmp_path):
    folder = tmp_path / "out"
    for name in ("a", "b"):
        with written_whole(folder) as made:
            (made / name).touch()
    assert [path.name for path in folder.iterdir()] == ["b"]


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), KeyboardInterrupt(), ValueError("no")])
def test_what_breaks_off_leaves_no_trace(tmp_path, fault):
    def breaks_off():
        with written_whole(folder) as made:
            (made / "b").touch()
            raise fault

    folder = tmp_path / "out"
    with written_whole(folder) as made:
        (made / "a").touch()
    with pytest.raises(OutputError if isinstance(fault, OSError) else type(fault)):
        breaks_off()
    assert [path.name for path in folder.iterdir()] == ["a"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_link_is_followed(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there")
    with written_whole(tmp_path / "link") as made:
        (made / "a").touch()
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there" / "a").exists()


def test_a_folder_is_checked_before_it_is_written(tmp_path):
    check_folder(tmp_path / "new" / "deep", {"a"})
    (tmp_path / "a").touch()
    check_folder(tmp_path, {"a"})
    with pytest.raises(OutputError, match="holds other files, such as a"):
        check_folder(tmp_path, {"b"})
    with pytest.raises(OutputError, match="not a folder"):
        check_folder(tmp_path / "a", {"a"})
    with pytest.raises(OutputError, match="a is not a folder"):
        check_folder(tmp_path / "a" / "below", {"a"})


def test_a_file_takes_its_place_when_it_is_complete(tmp_path):
    file = tmp_path / "deep" / "a.txt"
    with pytest.raises(OutputError, match="No such file"):
        write_whole(file, "1\n")
    make_folder(file.parent)
    write_whole(file, "1\n")
    with replaced(file) as made:
        made.write_text("2\n")
        assert file.read_text() == "1\n"
        assert made.suffix == ".txt"  # by which libraries know what to write
    assert file.read_text() == "2\n"
    assert [path.name for path in file.parent.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_file_that_is_half_written_is_as_it_was(tmp_path, fault):
    def breaks_off():
        with replaced(file) as made:
            made.write_text("half")
            raise fault

    file = tmp_path / "a.txt"
    write_whole(file, "whole\n")
    with pytest.raises(OutputError if isinstance(fault, OSError) else KeyboardInterrupt):
        breaks_off()
    assert file.read_text() == "whole\n"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_link_to_a_file_is_followed(tmp_path):
    (tmp_path / "there.txt").write_text("1")
    (tmp_path / "link.txt").symlink_to(tmp_path / "there.txt")
    write_whole(tmp_path / "link.txt", "2")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "there.txt").read_text() == "2"


def test_what_is_no_file_is_written_to_and_not_replaced(tmp_path):
    with replaced(Path(os.devnull)) as made:
        assert made == Path(os.devnull)
    with pytest.raises(OutputError, match="directory"):
        write_whole(tmp_path, "1")
    assert list(tmp_path.iterdir()) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from batchsim import atomic_folder
if sys.argv[2] == "between the two renames":
    rename = Path.rename
    def killed(self, target):
        if self.name == "new":
            os.kill(os.getpid(), signal.SIGKILL)
        return rename(self, target)
    Path.rename = killed
with atomic_folder.written_whole(Path(sys.argv[1])) as made:
    (made / "b").touch()
    if sys.argv[2] == "within":
        os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(folder: Path, when: str) -> None:
    """A process that writes a folder is killed."""
    done = subprocess.run([sys.executable, "-c", KILLED, str(folder), when], check=False)
    assert done.returncode == -signal.SIGKILL


@pytest.mark.skipif(sys.platform == "win32", reason="there are no locks that end with a process")
@pytest.mark.parametrize("when", ["within", "between the two renames"])
def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path, when):
    folder = tmp_path / "out"
    with written_whole(folder) as made:
        (made / "a").touch()
    killed(folder, when)
    assert any(path.name.startswith(".unfinished-out-") for path in tmp_path.iterdir())
    with written_whole(folder) as made:
        # What was there before the killed process is there again until the new one is complete.
        assert [path.name for path in folder.iterdir()] == ["a"]
        (made / "c").touch()
    assert [path.name for path in folder.iterdir()] == ["c"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_a_living_process_writes_is_left_alone(tmp_path):
    with written_whole(tmp_path / "out") as first:
        with written_whole(tmp_path / "out") as second:
            (second / "second").touch()
        (first / "first").touch()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["first"]
