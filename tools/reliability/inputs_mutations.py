"""Changes to files that are right: of their bytes, and of the trees and tables that they hold."""

from __future__ import annotations

import codecs
import copy
import gzip
import json
import math
import random
from collections.abc import Callable, Iterator
from typing import Any

#: Leaves that a reader may not be ready for. None of them harms other software.
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 0.1, -0.0, 1e-320, 1e15, 1e300, -1e300, 2**31, 2**53 + 1, 2**63, 2**64, -(2**70),
    10**40, int("9" * 400), math.inf, -math.inf, math.nan, "", " ", "0", "-1", "1e999", "NaN", "null", "~", "yes",
    "0x10", "0o17", "1_000", "٣", "½", "²", "12:30", "1h", "-5m", "1e30d", "99999999999999d", "10 parsecs", "5 GiB",
    "1e400GiB", "2026-02-30", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "10000-01-01",
    "2026-11-02T00:00:00", "24:00", "* * * * *", "0 0 31 2 *", "*/0 * * * *", "rate(1 day)", "cron(0 0 ? * * *)",
    "a" * 300, "x" * 20_000, "é", "e\u0301", "日本", "\u202e\u2066", "\U0001f600", "\ufeff", "\u2028", "\x00",
    "\x1b[31m", "\r\n", "\t", "\ud800", "\uffff", "../../outside", "/nowhere/at/all", "C:\\x", "-", "--out", ".",
    "..", "name.with.dots", "a,b", "a=b", "[x]", "{x}", "*", "?", "%s", "%", "{}", "{0}", "${AWS::Region}", "${a",
    "$(x)", "`x`", "arn:aws:batch:us-east-1:123456789012:job-queue/x", "arn:", "arn:aws:batch:::", ":::::::", "m5",
    "m5.large", "optimal", "FARGATE", "SPOT", "SEQUENTIAL", [], {}, [[]], [{}], {"": None}, [None], [0], ["x"],
    {"x": "x"}, {"Ref": "x"}, {"Ref": []}, {"Fn::Sub": "${x}"}, {"Fn::GetAtt": []}, {"Fn::If": ["x"]},
    {"Fn::Join": [",", {"Ref": "x"}]}, {"Fn::Select": [-1, []]}, {"Fn::FindInMap": [{}, {}, {}]},
    {"lognormal": {"median": 0, "p95": 0}}, {"empirical": []}, {"from": 0, "to": 1e9, "step": 1e-9}, {"values": []},
)  # fmt: skip

#: What stands for a value of a tree that is written as it is, though no JSON has it.
RAW = "\0raw"
_RAW = (
    "*gone", "&a [*a]", "&b {<<: *b}", "!!python/object:os.system x", "!!binary gA==", "!!timestamp 2026-02-30",
    "!Ref x", "!Sub [x]", "!GetAtt", "2026-02-30", "0o99", ".inf", "-.NaN", "? [a, b]", "{a: 1, a: 2}", "|\n  x",
    "- - - x", "'", '"', "@", "`", "%", "01", "1__0", "0b1", "1:30:00", "<<", "{<<: {a: 1}}", "[1, 2", "\t", "1 # x",
    "!!float x", "!!int 1e3", "!!set {a}",
)  # fmt: skip


#: Characters that repeating may add.
_MOST = 100_000


class Changes:
    """Changes of a tree, drawn from random numbers.

    Parameters
    ----------
    others : sequence
        Trees whose branches may be put into this one.
    """

    def __init__(self, chance: random.Random, others: list[Any] | None = None) -> None:
        self.chance = chance
        self._others = others or []

    def changed(self, tree: Any) -> Any:
        """A copy with one change, or a few."""
        root = [copy.deepcopy(tree)]
        for _ in range(self.chance.choice((1, 1, 1, 1, 2, 4))):
            places = list(_places(root))
            holder, key = self.chance.choice(places[1:] or places)
            self.chance.choice(_OF_TREES)(self, holder, key)
        return root[0] if root else None

    def odd(self, holder: Any, key: Any) -> None:
        """A leaf that nobody expects."""
        holder[key] = copy.deepcopy(self.chance.choice(ODD))

    def raw(self, holder: Any, key: Any) -> None:
        """A text that is YAML's alone, or no YAML."""
        holder[key] = RAW + self.chance.choice(_RAW)

    def delete(self, holder: Any, key: Any) -> None:
        """Nothing."""
        del holder[key]

    def retype(self, holder: Any, key: Any) -> None:
        """The same in another type."""
        value = holder[key]
        others: list[Any] = [[value], {"value": value}, [value, value], written(value), written(value)]
        if isinstance(value, dict):
            others += [list(value), list(value.values()), [{"key": k, "value": v} for k, v in value.items()]]
        if isinstance(value, list):
            others += [{str(i): each for i, each in enumerate(value)}, value[:1], value[0] if value else None]
        holder[key] = self.chance.choice(others)

    def tweak(self, holder: Any, key: Any) -> None:
        """A number beside it, a text that is nearly the same."""
        value = holder[key]
        if isinstance(value, bool) or value is None:
            holder[key] = not value
        elif isinstance(value, int | float):
            how: tuple[Callable[[Any], Any], ...] = (
                lambda x: -x, lambda x: x * 1000, lambda x: x / 3, lambda x: x + 0.5, lambda _: 0, lambda x: x * 10**9,
                lambda x: str(x), lambda x: f"{x} ",
            )  # fmt: skip
            holder[key] = self.chance.choice(how)(value)
        elif isinstance(value, str):
            at = self.chance.randint(0, len(value))
            middle = self.chance.choice(("", "", "x", " ", ".", ":", "/", "*", "\n", "é", "\u200b", "${x}", "0"))
            texts = (value[:at] + middle + value[at + 1 :], value.upper(), value[:at], value + value, f" {value}")
            holder[key] = self.chance.choice(texts)
        else:
            holder[key] = type(value)()

    def deep(self, holder: Any, key: Any) -> None:
        """The same, nested."""
        depth = self.chance.choice((1, 2, 30, 120, 600, 3000))
        holder[key] = _Nested(holder[key], tuple(self.chance.random() < 0.5 for _ in range(depth)))

    def graft(self, holder: Any, key: Any) -> None:
        """Another branch, of this tree or another."""
        tree = self.chance.choice([holder, *self._others])
        other, at = self.chance.choice(list(_places([tree])))
        holder[key] = copy.deepcopy(other[at])

    def repeat(self, holder: Any, key: Any) -> None:
        """A list's member again, or a key twice."""
        if isinstance(holder, list):
            size = len(written(holder[key]))
            times = min(self.chance.choice((1, 1, 2, 50)), 1 + _MOST // size)
            holder[key:key] = [copy.deepcopy(holder[key]) for _ in range(times)]
        else:
            holder[f"{key}\0again"] = copy.deepcopy(holder[key])

    def rename(self, holder: Any, key: Any) -> None:
        """Another key."""
        if isinstance(holder, list):
            self.odd(holder, key)
            return
        name = str(key)
        near = name[:-1] or "x", name.upper(), name + "s", name.swapcase(), f" {name}", "", "<<", "file", "\x1b[0m", "1"
        holder[self.chance.choice((*near, str(self.chance.choice(ODD))))] = holder.pop(key)

    def many(self, holder: Any, key: Any) -> None:
        """Very many of the same."""
        size = len(written(holder[key]))
        holder[key] = [holder[key]] * min(self.chance.choice((30, 300, 3000)), 1 + _MOST // size)


_OF_TREES = (
    *(Changes.odd,) * 5, *(Changes.tweak,) * 5, *(Changes.delete,) * 3, *(Changes.retype,) * 2, *(Changes.graft,) * 2,
    Changes.raw, Changes.deep, Changes.repeat, Changes.rename, Changes.many,
)  # fmt: skip


def _places(root: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Every place of a tree, as what holds it and its key or index."""
    waiting: list[Any] = [root]
    while waiting:
        holder = waiting.pop()
        inner = list(holder.items()) if isinstance(holder, dict) else list(enumerate(holder))
        for key, value in inner:
            yield holder, key
            if isinstance(value, dict | list):
                waiting.append(value)


def written(value: Any) -> str:
    """A tree as JSON, with what only YAML has where it is marked, and a key twice where it is."""
    parts: list[str] = []
    waiting: list[Any] = [value]
    while waiting:  # without recursion, for trees that are nested deeply
        each = waiting.pop()
        if isinstance(each, _Text):
            parts.append(each.text)
        elif isinstance(each, str) and each.startswith(RAW):
            parts.append(each.removeprefix(RAW))
        elif isinstance(each, _Nested):
            parts.append("".join("[" if as_list else '{"x": ' for as_list in each.by))
            waiting += [_Text("".join("]" if as_list else "}" for as_list in reversed(each.by))), each.value]
        elif isinstance(each, dict):
            inner: list[Any] = [_Text("{")]
            for n, (key, content) in enumerate(each.items()):
                inner += [_Text((", " if n else "") + json.dumps(str(key).removesuffix("\0again")) + ": "), content]
            waiting += reversed([*inner, _Text("}")])
        elif isinstance(each, list):
            inner = [_Text("[")]
            for n, content in enumerate(each):
                inner += [_Text(", "), content] if n else [content]
            waiting += reversed([*inner, _Text("]")])
        else:
            parts.append(_leaf(each))
    return "".join(parts)


def _leaf(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:d}" if abs(value) < 10**4000 else "1e9999"
    return json.dumps(value, default=str)


class _Text:
    """What is written as it is."""

    def __init__(self, text: str) -> None:
        self.text = text


class _Nested:
    """A value in so many lists (where it says so) and mappings."""

    def __init__(self, value: Any, by: tuple[bool, ...]) -> None:
        self.value = value
        self.by = by


_BYTES = (
    b"\0", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b"\r", b"\n\n", b"\t", b"\x1b[2J",
    b"\x85", b"\xe2\x80\xa8", b"'", b'"', b"{", b"}", b"[", b"]", b":", b",", b";", b"#", b"&a ", b"*a", b"!", b"|",
    b">", b"%", b"@", b"- ", b"? ", b": ", b"<<: ", b"---\n", b"...\n", b"-", b"9" * 400, b"1e999", b"NaN", b"inf",
    b"//", b"\\", b"\\u0000", b"\\ud800",
)  # fmt: skip
_ENCODINGS = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "utf-7", "utf-8-sig", "cp1252")


def changed_bytes(content: bytes, chance: random.Random, others: list[bytes]) -> bytes:
    """A file with some of its bytes others, missing, twice, from another file, in another encoding, or packed."""
    for _ in range(chance.choice((1, 1, 2, 5))):
        content = chance.choice(_OF_BYTES)(content, chance, others)
    return content


_Change = Callable[[bytes, random.Random, list[bytes]], bytes]


def _part(content: bytes, chance: random.Random) -> tuple[int, int]:
    begin = chance.randint(0, len(content))
    return begin, min(len(content), begin + chance.choice((1, 2, 8, 60, 2000)))


def _flipped(content: bytes, chance: random.Random, _: list[bytes]) -> bytes:
    made = bytearray(content)
    for _n in range(chance.choice((1, 1, 4, 40))):
        if made:
            made[chance.randrange(len(made))] ^= 1 << chance.randrange(8)
    return bytes(made)


def _cut(content: bytes, chance: random.Random, _: list[bytes]) -> bytes:
    return content[: chance.randint(0, len(content))]


def _without(content: bytes, chance: random.Random, _: list[bytes]) -> bytes:
    begin, end = _part(content, chance)
    return content[:begin] + content[end:]


def _twice(content: bytes, chance: random.Random, _: list[bytes]) -> bytes:
    begin, end = _part(content, chance)
    return content[:end] + content[begin:end] * chance.choice((1, 1, 3, 200)) + content[end:]


def _inserted(content: bytes, chance: random.Random, _: list[bytes]) -> bytes:
    begin, end = _part(content, chance)
    return content[:begin] + chance.choice(_BYTES) + content[begin if chance.random() < 0.5 else end :]


def _spliced(content: bytes, chance: random.Random, others: list[bytes]) -> bytes:
    other = chance.choice(others)
    return content[: chance.randint(0, len(content))] + other[chance.randint(0, len(other)) :]


def _lines(content: bytes, chance: random.Random, _: list[bytes]) -> bytes:
    lines = content.splitlines(keepends=True)
    if len(lines) > 1:
        a, b = chance.randrange(len(lines)), chance.randrange(len(lines))
        lines[a], lines[b] = (
            (lines[b], lines[a]) if chance.random() < 0.5 else (b" " * chance.choice((1, 2, 4)) + lines[a], lines[b])
        )
    return b"".join(lines)


def _digits(content: bytes, chance: random.Random, _: list[bytes]) -> bytes:
    places = [n for n, byte in enumerate(content) if 48 <= byte < 58]
    if not places:
        return content
    at = chance.choice(places)
    new = chance.choice(
        (b"0", b"-1", b"99999999999999999999", b"1e308", b"1e999", b"nan", b"", b"0.0000001", b"x", b"9" * 5000)
    )
    return content[:at] + new + content[at + 1 :]


def _encoded(content: bytes, chance: random.Random, _: list[bytes]) -> bytes:
    return codecs.encode(content.decode("utf-8", "replace"), chance.choice(_ENCODINGS), "replace")


def _packed(content: bytes, chance: random.Random, _: list[bytes]) -> bytes:
    packed = gzip.compress(content, mtime=0)
    if chance.random() < 0.3:
        packed = gzip.compress(packed, mtime=0)
    return packed + chance.choice((b"", b"", packed, b"x", b"\0" * 9))


_OF_BYTES: tuple[_Change, ...] = (
    *(_flipped,) * 3, *(_cut,) * 3, *(_without,) * 3, *(_twice,) * 2, *(_inserted,) * 4, *(_digits,) * 3, _spliced,
    _lines, _encoded, _packed,
)  # fmt: skip


def changed_cells(rows: list[list[str]], chance: random.Random) -> list[list[str]]:
    """A table with some of its cells others, of the header too."""
    rows = [list(row) for row in rows]
    for _ in range(chance.choice((1, 1, 2, 4, 12))):
        row = chance.randrange(len(rows))
        if not rows[row]:
            continue
        at = chance.randrange(len(rows[row]))
        what = chance.random()
        if what < 0.6:
            rows[row][at] = (
                str(chance.choice(ODD)) if chance.random() < 0.7 else chance.choice(chance.choice(rows) or [""])
            )
        elif what < 0.75:
            del rows[row][at]
        elif what < 0.85:
            rows[row][at:at] = [rows[row][at]]
        elif what < 0.93:
            rows[row:row] = [list(rows[row])] * chance.choice((1, 2, 400))
        else:
            for each in rows:
                del each[at : at + 1]
    return rows
