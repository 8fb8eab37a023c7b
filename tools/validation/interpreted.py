"""A piece in a process of its own whose engine is interpreted: what is compiled can't be patched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, SourceFileLoader
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def _take_sources(package: str) -> None:
    """Of a package that is not imported yet the sources are taken, although compiled modules stand beside them."""
    spec = find_spec(package)
    roots = [Path(place) for place in (spec and spec.submodule_search_locations) or ()]
    sources = FileFinder.path_hook((SourceFileLoader, SOURCE_SUFFIXES))

    def finder(folder: str) -> Any:
        if not any(Path(folder).is_relative_to(root) for root in roots):
            raise ImportError
        return sources(folder)

    sys.path_hooks.insert(0, finder)
    sys.path_importer_cache.clear()


def computed(piece: tuple[str, ...], data: Path) -> Any:
    """What `pieces.compute` gives there."""
    arguments = [sys.executable, "-m", __name__, str(data), *piece]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(arguments, stdout=subprocess.PIPE, check=True, env=environment)  # noqa: S603 (itself)
    return json.loads(done.stdout)


def main() -> None:
    """Compute the piece that is asked for."""
    _take_sources("batchsim")
    from tools.validation.pieces import compute  # imports the package

    sys.stdout.write(json.dumps(compute(tuple(sys.argv[2:]), Path(sys.argv[1]))))


if __name__ == "__main__":
    main()
