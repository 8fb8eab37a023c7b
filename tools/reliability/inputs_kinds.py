"""The kinds of inputs, how many there are of each in the full form, and how each is made."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.reliability import inputs_odd
from tools.reliability.inputs_mutations import ODD, Changes, changed_bytes, changed_cells, written
from tools.reliability.inputs_seeds import COMMANDS, Seed

Seeds = Mapping[str, Sequence[Seed]]


@dataclass(frozen=True)
class Input:
    """Files, and the commands that are given them.

    Attributes
    ----------
    note : str
        How it was made.
    files : mapping of str to bytes
        By their names.
    commands : tuple of tuple of str
        Arguments; see `inputs_seeds.COMMANDS`.
    file : str
        Which of the files is ``{file}``.
    prepare : callable, optional
        Makes what else lies there, in the folder that it is given.
    kept : mapping of str to bytes
        What an earlier command left where these write.
    same : mapping of str to bytes
        What lies there when they have taken the input.
    """

    note: str
    files: Mapping[str, bytes]
    commands: Sequence[Sequence[str]]
    file: str = ""
    prepare: Callable[[Path], None] | None = None
    kept: Mapping[str, bytes] = field(default_factory=dict)
    same: Mapping[str, bytes] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write the files into a folder that must not exist."""
        folder.mkdir()
        _write(folder, self.files)
        if self.prepare is not None:
            self.prepare(folder)

    def leave(self, folder: Path) -> None:
        """Make a folder with what an earlier command left."""
        folder.mkdir(parents=True)
        _write(folder, self.kept)

    def lines(self, reads: Path, writes: Path) -> Iterator[list[str]]:
        """What is executed."""
        for command in self.commands:
            yield [
                part.replace("{in}", str(reads)).replace("{out}", str(writes)).replace("{file}", str(reads / self.file))
                for part in command
            ]


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)


Make = Callable[[Seeds, int, int, int], Iterator[Input]]


@dataclass(frozen=True)
class Kind:
    """A kind of input: how many the full form has, and what makes some of them, by the number of the first."""

    count: int
    make: Make


def _chance(what: str, number: int, seed: int) -> random.Random:
    return random.Random(f"{seed} {what} {number}")  # noqa: S311 (no secret)


def _of_seed(seed: Seed, content: bytes, note: str) -> Input:
    return Input(note, {**seed.beside, seed.name: content}, COMMANDS[seed.read_as], seed.name)


def _bytes_of(*names: str) -> Make:
    """Seeds with other bytes."""

    def make(seeds: Seeds, first: int, count: int, seed: int) -> Iterator[Input]:
        chosen = [each for name in names for each in seeds[name]]
        contents = [each.content for each in chosen]
        for number in range(first, first + count):
            each = chosen[number % len(chosen)]
            made = changed_bytes(each.content, _chance(f"bytes {names}", number, seed), contents)
            yield _of_seed(each, made, f"bytes of {each.name}")

    return make


def _trees_of(*names: str) -> Make:
    """Seeds with another tree."""

    def make(seeds: Seeds, first: int, count: int, seed: int) -> Iterator[Input]:
        chosen = [each for name in names for each in seeds[name] if each.name.endswith((".yaml", ".json", ".tfstate"))]
        trees = [each.tree for each in chosen]
        for number in range(first, first + count):
            each, tree = chosen[number % len(chosen)], trees[number % len(chosen)]
            made = written(Changes(_chance(f"trees {names}", number, seed), trees).changed(tree))
            yield _of_seed(each, made.encode("utf-8", "surrogatepass"), f"tree of {each.name}")

    return make


def _cells(seeds: Seeds, first: int, count: int, seed: int) -> Iterator[Input]:
    """Tables with other cells: CSV, SWF, and Parquet with other columns."""
    chosen = [each for each in seeds["tables"] if each.name.endswith((".csv", ".swf", ".parquet"))]
    for number in range(first, first + count):
        each, chance = chosen[number % len(chosen)], _chance("cells", number, seed)
        if each.name.endswith(".parquet"):
            yield _of_seed(each, _changed_columns(each.content, chance), "columns of Parquet")
            continue
        separator = "," if each.name.endswith(".csv") else " "
        rows = [line.split(separator) for line in each.content.decode().splitlines()]
        text = "\n".join(separator.join(row) for row in changed_cells(rows, chance)) + "\n"
        yield _of_seed(each, text.encode("utf-8", "surrogatepass"), f"cells of {each.name}")


def _columns(seeds: Seeds, first: int, count: int, seed: int) -> Iterator[Input]:
    """Results folders whose tables have other columns."""
    chosen = [each for each in seeds["results"] if each.name.endswith(".parquet")]
    for number in range(first, first + count):
        each = chosen[number % len(chosen)]
        made = _changed_columns(each.content, _chance("columns", number, seed))
        yield _of_seed(each, made, f"columns of {each.name}")


def _changed_columns(content: bytes, chance: random.Random) -> bytes:
    """A Parquet file with a column, or some, that others have, or of another type, or not there."""
    import io

    import pyarrow as pa
    from pyarrow import parquet

    table = parquet.read_table(io.BytesIO(content))
    columns = {name: table.column(name).to_pylist() for name in table.column_names}
    for _ in range(chance.choice((1, 1, 2, 3))):
        name = chance.choice(list(columns))
        cells, rows = columns[name], table.num_rows
        what = chance.random()
        if what < 0.2:
            del columns[name]
        elif what < 0.35:
            columns[str(chance.choice(ODD))[:200].encode("utf-8", "replace").decode()] = columns.pop(name)
        elif what < 0.5:
            columns[name] = columns[chance.choice(list(columns))]
        elif what < 0.75:
            odd = chance.choice(ODD)
            columns[name] = [odd if chance.random() < 0.3 else cell for cell in cells]
        else:
            columns[name] = [chance.choice((str, repr, lambda x: [x], lambda _: None))(cell) for cell in cells]
        columns[name] = columns.get(name, [None] * rows)
        if not columns:
            break
    out = io.BytesIO()
    arrays = {name: _array(pa, cells) for name, cells in columns.items()}
    parquet.write_table(pa.table(arrays), out)
    return out.getvalue()


def _array(pa: Any, cells: list[Any]) -> Any:
    """A column of any cells: by their own type, or as texts where they have none that can be written."""
    from pyarrow import parquet

    try:
        made = pa.array(cells)
        parquet.write_table(pa.table({"cells": made}), pa.BufferOutputStream())
        return made
    except Exception:  # noqa: BLE001 (the library has several of its own)
        return pa.array([None if cell is None else str(cell).encode("utf-8", "replace").decode() for cell in cells])


def _stores(seeds: Seeds, first: int, count: int, seed: int) -> Iterator[Input]:
    """The finished runs of a sweep, with other bytes: what it takes again, the same comes out of."""
    (each,) = seeds["stores"]
    for number in range(first, first + count):
        chance = _chance("stores", number, seed)
        if chance.random() < 0.5:
            made = changed_bytes(each.content, chance, [each.content])
        else:
            made = _with_other_digits(each.content, chance)
        files = {name: content for name, content in each.beside.items() if "/" not in name}
        kept = {name: content for name, content in each.beside.items() if "/" in name}
        same = {name: content for name, content in kept.items() if name.endswith(".parquet")}
        yield Input(
            "bytes of sweep.sqlite",
            files,
            COMMANDS[each.read_as],
            "small.yaml",
            kept={**kept, each.name: made},
            same=same,
        )


def _with_other_digits(content: bytes, chance: random.Random) -> bytes:
    """Some digits are others: what SQLite and JSON read all the same."""
    made = bytearray(content)
    places = [place for place, byte in enumerate(content) if 48 <= byte <= 57]
    for place in chance.sample(places, chance.choice((1, 10, 100))):
        made[place] = chance.randrange(48, 58)
    return bytes(made)


def _from_schema(_: Seeds, first: int, count: int, seed: int) -> Iterator[Input]:
    from tools.reliability.inputs_shapes import drawn, scenarios

    for value in drawn(scenarios(), count, seed * 100_000 + first):
        yield Input("by the schema", {"scenario.yaml": _text(value)}, COMMANDS["scenario"], "scenario.yaml")


#: Requests, and the list of a scenario that holds them.
_REQUESTS = (
    ("CreateComputeEnvironmentRequest", "computeEnvironments"), ("CreateJobQueueRequest", "jobQueues"),
    ("RegisterJobDefinitionRequest", "jobDefinitions"), ("CreateSchedulingPolicyRequest", "schedulingPolicies"),
    ("CreateConsumableResourceRequest", "consumableResources"),
)  # fmt: skip


def _requests(seeds: Seeds, first: int, count: int, seed: int) -> Iterator[Input]:
    """A scenario with a request by botocore's shapes beside its own, or in their place."""
    from tools.reliability.inputs_shapes import drawn, of_shape

    name, section = _REQUESTS[first // 50 % len(_REQUESTS)]
    for number, value in enumerate(drawn(of_shape("batch", name), count, seed * 100_000 + first)):
        tree = seeds["scenarios"][0].tree
        held = tree["batch"].setdefault(section, [])
        held[:] = [*held, value] if number % 3 else [value]
        yield Input(name, {"scenario.yaml": _text(tree)}, COMMANDS["scenario"], "scenario.yaml")


_ANSWERS = (
    ("batch", "DescribeJobsResponse", "jobs"), ("batch", "DescribeComputeEnvironmentsResponse", "configuration"),
    ("batch", "DescribeJobQueuesResponse", "configuration"),
    ("batch", "DescribeJobDefinitionsResponse", "configuration"), ("ecs", "DescribeTasksResponse", "history"),
    ("ecs", "DescribeContainerInstancesResponse", "history"), ("autoscaling", "ActivitiesType", "history"),
    ("batch", "DescribeJobsResponse", "history"), ("ec2", "DescribeLaunchTemplateVersionsResult", "configuration"),
    ("ec2", "DescribeSpotPriceHistoryResult", "prices.json"),
    ("ec2", "DescribeLaunchTemplateVersionsResult", "launch-template.json"),
    ("batch", "DescribeSchedulingPoliciesResponse", "configuration"),
)  # fmt: skip


def _answers(seeds: Seeds, first: int, count: int, seed: int) -> Iterator[Input]:
    """Answers by botocore's shapes."""
    from tools.reliability.inputs_shapes import drawn, of_shape

    service, name, read_as = _ANSWERS[first // 50 % len(_ANSWERS)]
    small = seeds["histories"][0].beside
    for value in drawn(of_shape(service, name), count, seed * 100_000 + first):
        named = next((each for each in seeds["named"] if each.name == read_as), None)
        if named is not None:
            yield _of_seed(named, _text(value), name)
        else:
            yield Input(name, {**small, "answer.json": _text(value)}, COMMANDS[read_as], "answer.json")


def _odd_files(seeds: Seeds, first: int, count: int, _: int) -> Iterator[Input]:
    """What is no file, or too large, in each place where a file is read; of the large ones in every fourth place."""
    places = inputs_odd.places(seeds)
    pairs = [
        (name, each)
        for name in inputs_odd.FILES
        for number, each in enumerate(places)
        if not name.startswith("100 MB") or number % 4 == len(name) % 4
    ]
    random.Random("odd files").shuffle(pairs)  # noqa: S311 (so that a small share has some of each)
    for name, each in pairs[first : first + count]:

        def prepare(folder: Path, name: str = name, each: Seed = each) -> None:
            path = folder / each.name
            path.parent.mkdir(exist_ok=True)
            inputs_odd.FILES[name](path, each.content)

        yield Input(f"{name} in place of {each.name}", each.beside, COMMANDS[each.read_as], each.name, prepare)


def _names(seeds: Seeds, first: int, count: int, _: int) -> Iterator[Input]:
    """Right files by odd names."""
    for number in range(first, first + count):
        name = inputs_odd.NAMES[number % len(inputs_odd.NAMES)]
        each = seeds[("scenarios", "configurations", "tables")[number // len(inputs_odd.NAMES) % 3]][0]
        yield Input(ascii(name), {name: each.content}, COMMANDS[each.read_as], name)


def _lines(seeds: Seeds, first: int, count: int, seed: int) -> Iterator[Input]:
    files = {"small.yaml": seeds["scenarios"][0].content, "template.yaml": seeds["configurations"][0].content}
    for number in range(first, first + count):
        note, line = inputs_odd.lines(_chance("command lines", number, seed))
        yield Input(note, files, (line,), "small.yaml")


def _text(value: Any) -> bytes:
    return written(value).encode("utf-8", "surrogatepass")


KINDS: dict[str, Kind] = {
    "scenarios by the JSON Schema": Kind(1000, _from_schema),
    "requests by AWS's shapes": Kind(1000, _requests),
    "answers by AWS's shapes": Kind(1000, _answers),
    "scenarios, other bytes": Kind(800, _bytes_of("scenarios")),
    "scenarios, another tree": Kind(1300, _trees_of("scenarios")),
    "configurations, other bytes": Kind(500, _bytes_of("configurations")),
    "configurations, another tree": Kind(700, _trees_of("configurations")),
    "histories, other bytes": Kind(300, _bytes_of("histories")),
    "histories, another tree": Kind(500, _trees_of("histories")),
    "traces and tables, other bytes": Kind(400, _bytes_of("tables", "workflows")),
    "traces and tables, other cells": Kind(400, _cells),
    "workflows, another tree": Kind(150, _trees_of("workflows")),
    "files that scenarios name, other bytes": Kind(200, _bytes_of("named")),
    "files that scenarios name, another tree": Kind(250, _trees_of("named")),
    "results folders, other bytes": Kind(150, _bytes_of("results")),
    "results folders, other columns": Kind(150, _columns),
    "finished runs of a sweep": Kind(100, _stores),
    "no files, and large ones": Kind(500, _odd_files),
    "names of files": Kind(54, _names),
    "command lines": Kind(546, _lines),
}
