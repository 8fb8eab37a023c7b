"""What users name as files may be pipes, devices, or stand for any amount."""

from __future__ import annotations

import gzip
import os
import sys
import threading

import pytest

import batchsim.file_content as content
from batchsim.file_content import file_bytes, unpacked

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="named pipes and devices")


def test_a_file_and_what_a_link_leads_to(tmp_path):
    (tmp_path / "a").write_bytes(b"\x00\xffabc")
    (tmp_path / "b").symlink_to("a")
    assert file_bytes(tmp_path / "a") == file_bytes(tmp_path / "b") == b"\x00\xffabc"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: None, "No such file"),
        (lambda path: path.mkdir(), "Is a directory"),
        (lambda path: path.symlink_to(path.name), "Too many levels of symbolic links"),
        (lambda path: os.mkfifo(path), "a pipe that nobody writes into"),
        (lambda path: path.symlink_to("/dev/zero"), "more than 16 MiB"),
    ],
)
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path, monkeypatch, make, reason):
    monkeypatch.setattr(content, "MOST_WAIT_MS", 1)
    make(tmp_path / "odd")
    with pytest.raises(OSError, match=reason):
        file_bytes(tmp_path / "odd")


def test_nothing_at_all(tmp_path):
    assert file_bytes(tmp_path.joinpath(os.devnull)) == b""


@pytest.mark.parametrize("size", [0, 1, 300_000])  # a pipe holds 65,536 bytes: the last is written as it is read
def test_a_pipe_is_read_to_its_end(tmp_path, size):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    written = bytes(range(250)) * (size // 250) + b"x" * (size % 250)
    writer = threading.Thread(target=lambda: pipe.write_bytes(written))
    writer.start()
    assert file_bytes(pipe) == written
    writer.join()


def test_a_pipe_whose_writer_has_not_begun_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(content, "MOST_WAIT_MS", 1)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    keeps = os.open(pipe, os.O_RDWR)  # a writer: with it the pipe has no end yet
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(file_bytes(pipe)))
    reader.start()
    reader.join(0.2)
    assert reader.is_alive()
    os.write(keeps, b"late")
    os.close(keeps)
    reader.join()
    assert read == [b"late"]


def test_more_than_can_be_held_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(content, "MOST_BYTES", 1000)
    path = tmp_path / "a"
    path.write_bytes(bytes(1000))
    assert len(file_bytes(path)) == 1000
    path.write_bytes(bytes(1001))
    with pytest.raises(OSError, match="more than"):
        file_bytes(path)
    # Packed, 1,001 zero bytes are some thirty; several packed pieces count together.
    assert unpacked(gzip.compress(bytes(1000))) == bytes(1000)
    for packed in (gzip.compress(bytes(1001)), gzip.compress(bytes(501)) * 2):
        assert len(packed) < 100
        with pytest.raises(OSError, match="more than"):
            unpacked(packed)
