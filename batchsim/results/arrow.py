"""Arrow arrays from NumPy columns.

They are made from buffers: pyarrow's own conversions import pandas, which no table needs before somebody asks for a
data frame, to see whether they were given something of its.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from batchsim.columns import Column

if TYPE_CHECKING:
    import pyarrow as pa

#: Two hexadecimal digits of each byte.
_DIGITS = np.frombuffer("".join(f"{byte:02x}" for byte in range(256)).encode(), np.uint8).reshape(-1, 2)

#: Stands for null among numbers that have a name.
NOBODY = np.int64(np.iinfo(np.int64).min)


def schema(columns: Sequence[Column]) -> pa.Schema:
    """The Arrow schema of a table, its units and meanings as metadata."""
    import pyarrow as pa

    types = {
        "text": pa.dictionary(pa.int32(), pa.string()),
        "string": pa.string(),
        "float64": pa.float64(),
        "int64": pa.int64(),
        "int32": pa.int32(),
    }
    return pa.schema(
        [
            pa.field(column.name, types[column.dtype], metadata={"unit": column.unit, "meaning": column.meaning})
            for column in columns
        ]
    )


def numbers(values: NDArray[Any], valid: NDArray[np.bool_] | None = None) -> pa.Array:
    """Numbers as they are; those that are not valid are null."""
    import pyarrow as pa

    bits = None if valid is None or valid.all() else pa.py_buffer(np.packbits(valid, bitorder="little"))
    content = pa.py_buffer(np.ascontiguousarray(values))
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [bits, content])


def texts(values: Sequence[str]) -> pa.StringArray:
    """Texts one by one."""
    import pyarrow as pa

    encoded = [value.encode() for value in values]
    ends = np.cumsum([0, *map(len, encoded)]).astype(np.int32)
    return pa.StringArray.from_buffers(len(encoded), pa.py_buffer(ends), pa.py_buffer(b"".join(encoded)))


def named(codes: NDArray[np.int64], name: Callable[[int], str]) -> pa.DictionaryArray:
    """A dictionary column of the names of numbers, each asked for once, in the order of their first appearance."""
    import pyarrow as pa

    encoded = numbers(codes, codes != NOBODY).dictionary_encode()
    names = texts([name(code) for code in encoded.dictionary.to_pylist()])
    return pa.DictionaryArray.from_arrays(encoded.indices, names)


def hexadecimal(prefix: str, values: NDArray[np.int64]) -> pa.StringArray:
    """Texts of a prefix and sixteen hexadecimal digits."""
    import pyarrow as pa

    before, width = np.frombuffer(prefix.encode(), np.uint8), len(prefix) + 16
    content = np.empty((len(values), width), np.uint8)
    content[:, : len(prefix)] = before
    content[:, len(prefix) :] = _DIGITS[values.astype(">i8").view(np.uint8).reshape(-1, 8)].reshape(-1, 16)
    ends = np.arange(0, width * len(values) + 1, width, dtype=np.int32)
    return pa.StringArray.from_buffers(len(values), pa.py_buffer(ends), pa.py_buffer(content))


def coded(codes: NDArray[Any], known: Sequence[str | None]) -> pa.DictionaryArray:
    """A dictionary column of known texts by their number; a number below 0 or a text of None is null."""
    import pyarrow as pa

    if len(known) > len(codes):  # of the names of millions of jobs, a part of their rows needs its own alone
        used, place_of = np.unique(codes[codes >= 0], return_inverse=True)
        known = [known[code] for code in used.tolist()]
        compacted = np.full(len(codes), -1)
        compacted[codes >= 0] = place_of
        codes = compacted
    unique = list(dict.fromkeys(text for text in known if text is not None))
    place = {text: index for index, text in enumerate(unique)}
    table = np.array([-1 if text is None else place[text] for text in known] + [-1], np.int32)
    compact = table[np.where(codes < 0, len(known), codes.astype(np.int32, copy=False))]
    return pa.DictionaryArray.from_arrays(numbers(compact, compact >= 0), texts(unique))


def repeated(text: str, n: int) -> pa.DictionaryArray:
    """A dictionary column of one text."""
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(numbers(np.zeros(n, np.int32)), texts([text]))


def masked(values: NDArray[Any]) -> pa.Array:
    """Integers; below 0 is null."""
    return numbers(values.astype(np.int32), values >= 0)


def joined(*parts: pa.Array | str) -> pa.StringArray:
    """Texts put together row by row; the last part goes between the others."""
    from pyarrow import compute

    return compute.binary_join_element_wise(*(texts([part])[0] if isinstance(part, str) else part for part in parts))


def column(values: Any, kind: pa.DataType) -> pa.Array:
    """A column of a table: an Arrow array as it is, else numbers (NaN is null)."""
    import pyarrow as pa

    if isinstance(values, pa.Array):
        return values
    return numbers(values, ~np.isnan(values) if values.dtype.kind == "f" else None).cast(kind)
