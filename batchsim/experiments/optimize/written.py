"""What ``optimize`` leaves on disk: its folder, and the scenario with the recommended values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from batchsim.atomic_folder import make_folder, replaced, write_whole
from batchsim.errors import OutputError, ScenarioError
from batchsim.experiments.optimize.optimization import Optimization
from batchsim.results.store import PAGE
from batchsim.scenario.document.document import Where, read
from batchsim.scenario.document.editing import differences, edited
from batchsim.scenario.scenario import EXPERIMENTS, Scenario, paths_of_files


def write_optimization(found: Optimization, folder: Path) -> None:
    """Write ``optimize.json``, ``frontier.png`` and ``report.html``; each file is whole, or as it was.

    Raises
    ------
    OutputError
        If they can't be written.
    """
    from batchsim.report.figures.style import save_png
    from batchsim.report.page.optimization import optimization_page

    make_folder(folder)
    write_whole(folder / "optimize.json", found.to_json())
    with replaced(folder / "frontier.png") as made:
        save_png(found.plot(), made)
    page = optimization_page(found.scenario, found.recommendation, found.figures, found.plot.drawn)
    write_whole(folder / PAGE, page)


def check_written(path: Path, scenario: Scenario) -> None:
    """Refuse a file that can't be written, or is not an earlier recommendation's, before anything is simulated.

    Raises
    ------
    OutputError
        Saying why.
    """
    if path.is_dir():
        raise OutputError(str(path), "it is a folder; expected a file such as recommended.yaml")
    if not path.parent.is_dir():
        raise OutputError(str(path), f"there is no folder {path.parent}")
    if path.exists() and path.samefile(scenario.document.file):
        raise OutputError(str(path), "it is the scenario that is searched; expected another file")
    if path.exists() and not _is_scenario(path):
        raise OutputError(str(path), "it is there and is no scenario; expected a new file, or a scenario")


def _is_scenario(path: Path) -> bool:
    try:
        values = read(path, str(path)).values
    except ScenarioError:
        return False
    return "batch" in values and "workload" in values


def write_recommendation(found: Optimization, path: Path) -> Path:
    """Write the scenario with the recommended values: the user's file with these values changed, and nothing else.

    Where that can't be done, as where a value stands behind an alias, all of the scenario is written anew. Paths in it
    work from where it is written.

    Raises
    ------
    OutputError
        If it can't be written; the file is then as it was.
    ValueError
        If nothing is recommended.
    """
    made = found.recommendation
    if made is None:
        raise ValueError("nothing is recommended")
    write_whole(path, recommended_text(made, path.parent))
    return path


def recommended_text(made: Scenario, folder: Path) -> str:
    """The text of a scenario's own file with the values that the scenario has now."""
    document = made.document
    source = Path(document.file)
    written = document.written
    if written is None or not source.is_file():
        return made.to_yaml(relative_to=folder)
    changes = [*differences(written.values, document.values), *_moved(made, written.values, folder)]
    return edited(source.read_text(encoding="utf-8-sig"), changes) or made.to_yaml(relative_to=folder)


def _moved(made: Scenario, written: Mapping[str, Any], folder: Path) -> Iterator[tuple[Where, Any]]:
    """Paths of files in a scenario as they are seen from another folder; none where it is the same.

    Parameters
    ----------
    written : mapping
        The values of its file, with the experiments that stay there.
    """
    if folder.resolve() == made.base.resolve():
        return
    values = made.document.values
    for where in paths_of_files(values):
        found: Any = values
        for step in where:
            found = found[step]
        yield where, made.relative(str(found), folder)
    experiments = {section: written[section] for section in EXPERIMENTS if section in written}
    seen_from_there = deepcopy(experiments)
    made.move_experiments(seen_from_there, folder)
    for section, values in experiments.items():
        yield from differences(values, seen_from_there[section], (section,))
