"""What experiments leave on disk: the results folder of one run, or a folder with one for each run and files about all.

Both are written whole or not at all. Results folders that an experiment's folder holds of earlier runs stay in it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from batchsim.atomic_folder import check_folder, replaced, write_whole, written_whole
from batchsim.errors import OutputError
from batchsim.experiments.break_even import BreakEven
from batchsim.experiments.compare import Comparison
from batchsim.experiments.result import Result
from batchsim.results import store
from batchsim.results.run_table import RunTable
from batchsim.scenario.scenario import Scenario

#: What writes a file to the path it is given.
Writer = Callable[[Path], object]

#: What a sweep's folder holds: its store, the figures of its runs, its picture.
STORE, RUNS, PICTURE = "sweep.sqlite", "runs.parquet", "sweep.png"

#: What a comparison's folder holds beside a results folder for each variant.
OF_COMPARISON = ("comparison.json", "comparison.png", store.PAGE)
#: What a break-even's folder holds.
OF_BREAK_EVEN = ("break-even.json",)


def check_run(folder: Path) -> None:
    """Find out before a run whether its results can be written.

    Raises
    ------
    OutputError
        If the folder can't be made, or holds files that batchsim did not write.
    """
    check_folder(folder, store.OURS)


def check_experiment(folder: Path, runs: Collection[str], files: Collection[str]) -> None:
    """Find out before an experiment whether its results can be written.

    Parameters
    ----------
    runs : collection of str
        The names of its runs, each of which gets a folder.
    files : collection of str
        The names of what is written beside these.

    Raises
    ------
    OutputError
        If a folder can't be made or holds files that batchsim did not write, or if a run's name is no folder's.
    """
    for name in runs:
        if name in {"", ".", "..", *files} or {"/", "\\", "\0"}.intersection(name):
            raise OutputError(str(folder), f"a run named {name!r} can't have a folder of that name in it")
    check_folder(folder, {*runs, *files, *_earlier(folder)})
    for name in runs:
        check_run(folder / name)


def write_run(result: Result, folder: Path) -> None:
    """Write a result, its picture and its page.

    Raises
    ------
    OutputError
        If it can't be written; the folder is then as it was.
    """
    check_run(folder)
    with written_whole(folder) as made:
        _fill(result, made, folder)


def write_experiment(results: Mapping[str, Result], folder: Path, files: Mapping[str, Writer]) -> None:
    """Write the results of an experiment's runs, each to a folder of its name, and files beside these.

    Raises
    ------
    OutputError
        If something can't be written; the folder is then as it was.
    """
    check_experiment(folder, results, files)
    with written_whole(folder) as made:
        for name, result in results.items():
            (made / name).mkdir()
            _fill(result, made / name, folder / name)
        for name, write in files.items():
            write(made / name)
        for name in _earlier(folder):
            if name not in results:
                shutil.copytree(folder / name, made / name, copy_function=_linked)


def write_comparison(comparison: Comparison, folder: Path) -> None:
    """Write a comparison: its rows, its picture, its page, and a results folder for each variant; of none, nothing.

    Raises
    ------
    OutputError
        If something can't be written; the folder is then as it was.
    """
    from batchsim.report.figures.comparison import compare_figure
    from batchsim.report.figures.style import save_png
    from batchsim.report.page.comparison import comparison_page

    if not comparison.results:
        return
    rows = json.dumps(comparison.rows, indent=2) + "\n"
    figure = compare_figure(comparison.runs, comparison.summaries)
    page = comparison_page(comparison.runs, comparison.summaries, comparison.rows)
    writers: tuple[Writer, ...] = (
        lambda path: path.write_text(rows, "utf-8"),
        lambda path: save_png(figure, path),
        lambda path: path.write_text(page, "utf-8"),
    )
    write_experiment(comparison.results, folder, dict(zip(OF_COMPARISON, writers, strict=True)))


def write_break_even(found: BreakEven, folder: Path) -> None:
    """Write what `BreakEven` tells.

    Raises
    ------
    OutputError
        If it can't be written; the folder is then as it was.
    """
    text = json.dumps(found.as_json(), indent=2) + "\n"
    write_experiment({}, folder, {OF_BREAK_EVEN[0]: lambda path: path.write_text(text, "utf-8")})


def write_sweep(scenario: Scenario, figures: RunTable, folder: Path) -> None:
    """Write a sweep's figures, picture and page beside the store; each file is whole, or as it was.

    Raises
    ------
    OutputError
        If something can't be written.
    """
    from pyarrow import parquet

    from batchsim.report.figures.style import save_png
    from batchsim.report.figures.sweep import sweep_figure
    from batchsim.report.page.sweep import sweep_page

    with replaced(folder / RUNS) as path:
        parquet.write_table(figures.arrow(), path, compression="zstd", write_page_checksum=True)
    with replaced(folder / PICTURE) as path:
        save_png(sweep_figure(scenario.name, figures), path)
    write_whole(folder / store.PAGE, sweep_page(scenario, figures))


def export_csv(figures: RunTable, folder: Path) -> None:
    """Write the figures of a sweep's runs as ``runs.csv`` too.

    Raises
    ------
    OutputError
        If it can't be written.
    """
    from pyarrow import csv

    with replaced(folder / RUNS.replace(".parquet", ".csv")) as path:
        csv.write_csv(figures.arrow(), path)


def _fill(result: Result, made: Path, folder: Path) -> None:
    from batchsim.report.figures.run import queue_figure
    from batchsim.report.figures.style import save_png
    from batchsim.report.page.run import run_page

    store.write_files(result.run, result.summary, made, folder)
    save_png(queue_figure(result.run, result.summary), made / "queue.png")
    written = (made / store.SCENARIO).read_text(encoding="utf-8")
    page = run_page(result.run, result.summary, result.advice or (), result.sensitivity, written=written)
    (made / store.PAGE).write_text(page, encoding="utf-8")


def _earlier(folder: Path) -> list[str]:
    """Results folders that are in an experiment's folder."""
    if not folder.is_dir():
        return []
    return sorted(entry.name for entry in folder.iterdir() if store.is_results_folder(entry))


def _linked(source: str, target: str) -> None:
    """The same file under another name where the file system can, a copy of it where not."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
