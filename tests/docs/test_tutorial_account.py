"""The files of the tutorial's account are what its scenario makes, and small."""

from __future__ import annotations

import gzip

from tests.docs.tutorial_account import FOLDER, files


def test_files_are_as_they_are_made():
    for name, text in files().items():
        content = (FOLDER / name).read_bytes()
        assert (gzip.decompress(content) if name.endswith(".gz") else content).decode("utf-8") == text, name
        assert len(content) < 50_000
