"""Which batchsim is measured: this checkout, one with its engine compiled, an older one."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
THIS, COMPILED, BEFORE = "this", "compiled", "before"


@dataclass(frozen=True)
class Build:
    """A Python, and the folder in which it finds batchsim; without one it has batchsim installed."""

    name: str
    python: str
    folder: Path | None = None

    @classmethod
    def of(cls, name: str, place: str) -> Build:
        """The batchsim of a folder, or of a Python."""
        path = Path(place).expanduser()
        if path.is_dir():
            if not (path / "batchsim").is_dir():
                sys.exit(f"--{name} {place}: there is no batchsim in it")
            return cls(name, sys.executable, path.resolve())
        if not path.is_file():
            sys.exit(f"--{name} {place}: it is neither a folder nor a Python")
        # Not resolved: the link is what tells a Python its environment.
        return cls(name, str(path.absolute()))

    def variables(self) -> dict[str, str]:
        """Of the environment of its processes."""
        others = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return others if self.folder is None else {**others, "PYTHONPATH": str(self.folder)}

    def commit(self) -> str | None:
        """Of the folder, where it is a checkout."""
        if self.folder is None or not (self.folder / ".git").exists():
            return None
        command = ["git", "-C", str(self.folder), "rev-parse", "--short", "HEAD"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout.strip() or None
