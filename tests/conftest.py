"""What all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from batchsim.experiments.executors.threads import prefer_one_thread

ROOT = Path(__file__).resolve().parents[1]

# Test processes share the cores.
prefer_one_thread()

# The quick suite has to be quick and the same everywhere; the slow suite looks further.
settings.register_profile("quick", max_examples=60, deadline=None, derandomize=True)
settings.load_profile("quick")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The public data that the catalog and the shipped traces were made from, where it is at hand."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the public data files are not beside the repository")
    return folder
