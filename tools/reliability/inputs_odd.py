"""Files that are no files, or are too large, and command lines with odd values."""

from __future__ import annotations

import gzip
import os
import random
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from tools.reliability.inputs_mutations import ODD
from tools.reliability.inputs_seeds import Seed

#: How large a large file is; bytes.
LARGE = 100_000_000


def places(seeds: Mapping[str, Sequence[Seed]]) -> list[Seed]:
    """A seed for each reader: in its file's place something odd lies."""
    found = [
        seeds["scenarios"][0],
        seeds["configurations"][0],
        seeds["configurations"][2],
        *seeds["histories"],
        *seeds["tables"],
    ]
    return [*found, *seeds["workflows"], *seeds["named"][:4], *seeds["results"]]


def _no_file(path: Path, _: bytes) -> None:
    """There is nothing."""
    del path


def _folder(path: Path, _: bytes) -> None:
    path.mkdir()


def _folder_with_it(path: Path, content: bytes) -> None:
    path.mkdir()
    (path / path.name).write_bytes(content)


def _fifo(path: Path, _: bytes) -> None:
    os.mkfifo(path)


def _loop(path: Path, _: bytes) -> None:
    path.symlink_to(path.name)


def _dangling(path: Path, _: bytes) -> None:
    path.symlink_to("gone")


def _link(path: Path, content: bytes) -> None:
    beside = path.with_name("elsewhere")
    beside.write_bytes(content)
    path.symlink_to(Path("..") / path.parent.name / "elsewhere")


def _to_device(device: str) -> Callable[[Path, bytes], None]:
    def make(path: Path, _: bytes) -> None:
        path.symlink_to(device)

    return make


def _packed(path: Path, content: bytes) -> None:
    path.write_bytes(gzip.compress(content, mtime=0))


def _packed_and_cut(path: Path, content: bytes) -> None:
    packed = gzip.compress(content, mtime=0)
    path.write_bytes(packed[: len(packed) * 2 // 3])


def _bomb(path: Path, _: bytes) -> None:
    """Four GB of zero bytes, packed: members of gzip follow each other."""
    path.write_bytes(_GIGABYTE() * 4)


@cache
def _GIGABYTE() -> bytes:  # noqa: N802 (made once)
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(10_000_000)
    return b"".join([*(packer.compress(block) for _ in range(100)), packer.flush()])


def _of(content: bytes) -> Callable[[Path, bytes], None]:
    def make(path: Path, _: bytes) -> None:
        path.write_bytes(content)

    return make


def _large(head: bytes, body: bytes, tail: bytes = b"") -> Callable[[Path, bytes], None]:
    def make(path: Path, _: bytes) -> None:
        with path.open("wb") as file:
            file.write(head)
            part = body * (1_000_000 // len(body))
            for _n in range(LARGE // len(part)):
                file.write(part)
            file.write(tail)

    return make


def _itself_again(path: Path, content: bytes) -> None:
    """What is right, again and again until the file is large."""
    if path.suffix in {".csv", ".swf"}:
        head, _, rest = content.partition(b"\n")
        _large(head + b"\n", rest)(path, content)
    else:
        _large(b"", content + b"\n")(path, content)


_ALIASES = b"".join(b"a%d: &a%d [*a%d, *a%d]\n" % (n, n, n - 1, n - 1) for n in range(1, 40))
_ALIASES = b"a0: &a0 [x, x]\n" + _ALIASES

#: What lies in a file's place.
FILES: dict[str, Callable[[Path, bytes], None]] = {
    "nothing": _no_file, "an empty file": _of(b""), "a folder": _folder, "a folder that holds it": _folder_with_it,
    "a FIFO": _fifo, "a link to itself": _loop, "a link to nothing": _dangling, "a link to it": _link,
    "/dev/null": _to_device("/dev/null"), "/dev/zero": _to_device("/dev/zero"),
    "/dev/urandom": _to_device("/dev/urandom"), "it, packed": _packed, "it, packed and cut": _packed_and_cut,
    "4 GB, packed": _bomb, "a line feed": _of(b"\n"), "a mark of UTF-8": _of(b"\xef\xbb\xbf"),
    "a mark of UTF-16": _of(b"\xff\xfe"), "a mark of gzip": _of(b"\x1f\x8b"), "a mark of Parquet": _of(b"PAR1PAR1"),
    "a document's end": _of(b"---\n...\n"), "brackets": _of(b"[" * 200_000), "mappings": _of(b'{"a":' * 200_000),
    "aliases of aliases": _of(_ALIASES),
    "an alias of itself": _of(b"a: &a {b: *a}\n"), "100 MB of zero bytes": _large(b"", b"\0"),
    "100 MB of a letter": _large(b"", b"a"), "100 MB of lines": _large(b"", b"\n"),
    "100 MB of brackets": _large(b"", b"["), "100 MB of one number": _large(b"[", b"9", b"]"),
    "100 MB of one text": _large(b'{"name": "', b"x", b'"}'), "100 MB of keys": _large(b"", b"abcdef: 1\n"),
    "100 MB of commas": _large(b"job_name,submitted_at,runtime_s\n", b"a,1,1\nb,,\n"),
    "100 MB of columns": _large(b"a", b",a", b"\n1\n"), "100 MB of itself": _itself_again,
}  # fmt: skip

#: Names of files that shells seldom see.
NAMES = (
    "with space.yaml", "é日本.yaml", "-rf.yaml", "a\nb.yaml", "a\tb.yaml", "\x1b[31mred.yaml", "[odd].yaml", "%s.yaml",
    "~.yaml", "a" * 250 + ".yaml", b"\xff\xfe.yaml".decode("utf-8", "surrogateescape"), ".yaml", "...yaml", "'.yaml",
    '".yaml', "a:1:2.yaml", "[x] y.yaml",
)  # fmt: skip


def lines(chance: random.Random) -> tuple[str, Sequence[str]]:
    """A command line for a scenario that is right, with a value that is not expected."""
    odd = _argument(chance)
    paths = (
        "batch.computeEnvironments.spot.computeResources.maxvCpus", "workload.etl.jobs.extract.runtime", "duration",
        "seed", "start", "name", "workload.0.arrivals", "batch.computeEnvironments.0", "environment.spot",
        "objectives.0", "variants.half", "batch", "nothing.at.all", "workload.etl.jobs.extract.arrayProperties.size",
        "", ".", "..", "a..b", "batch.-1", "batch.computeEnvironments.9", odd, f"{odd}.{odd}",
    )  # fmt: skip
    path = chance.choice(paths)
    commands: tuple[Sequence[str], ...] = (
        ("validate", "{file}", "--set", f"{path}={odd}"),
        ("run", "{file}", "--quiet", "--no-advice", "--set", f"{path}={odd}", "--out", "{out}/run"),
        ("export", "{file}", "--format", "boto3", "--set", f"{path}={odd}", "--out", "{out}/exported"),
        ("run", "{file}", "--quiet", "--no-advice", f"--trace-window={odd}", "--trace", "{out}/a.pftrace"),
        ("run", "{file}", "--quiet", "--no-advice", f"--seed={odd}"),
        ("run", "{file}", "--quiet", "--no-advice", f"--precision={odd}"), ("run", "{file}", f"--variant={odd}"),
        ("run", "{file}", f"--ignore={odd}", "--quiet", "--no-advice"),
        ("validate", "{file}", f"--ignore={odd}", f"--variant={odd}"), ("validate", odd),
        ("compare", "{file}", f"--volume={path}={odd}", "--out", "{out}/compare"),
        ("compare", "{file}", f"--variant={odd}", "--out", "{out}/compare"),
        ("sweep", "{file}", f"--vary={path}={odd}", "--workers", "1", "--out", "{out}/sweep"),
        ("sweep", "{file}", f"--vary={path}=1..{odd}", "--workers", "1", "--out", "{out}/sweep"),
        ("optimize", "{file}", f"--vary={path}={odd}", "--workers", "1", "--budget", "2", "--out", "{out}/optimize"),
        ("optimize", "{file}", f"--confidence={odd}"),
        ("import", "config", "{in}/template.yaml", f"--parameter=Stage={odd}"),
        ("import", "config", "{in}/template.yaml", f"--parameter={odd}", f"--region={odd}"), ("import", odd),
        ("calibrate", odd), ("calibrate", "{file}", "--config", odd, f"--back-test={odd}"), ("explain", odd),
        ("init", odd), ("completion", odd), ("init", "etl", f"--out=sub{odd}"), (odd,),
    )  # fmt: skip
    command = chance.choice(commands)
    return f"{' '.join(command[:2])} with {odd!r}"[:200], command


def _argument(chance: random.Random) -> str:
    """An odd value as a command line can hold it: without a zero byte, of any bytes."""
    odd = chance.choice(ODD)
    text = odd if isinstance(odd, str) else str(odd)
    if chance.random() < 0.2:
        text += chance.choice(("..", ",", "=", "[", ".", "%", "6h..12h", ",,", ":", "\udcff"))
    if "/" in text:
        text = text.replace("/nowhere", "nowhere")
    return text.replace("\0", "").replace("\ud800", "\udcff").replace("\uffff", "")[:5000]
