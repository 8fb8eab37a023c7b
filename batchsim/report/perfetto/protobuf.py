"""Fields of Protocol Buffers messages as bytes, as far as a trace needs them.

The wire format is Google's (https://protobuf.dev/programming-guides/encoding/, read 2026-11): a field is its number and
kind, then its value; a message is its fields one after the other.
"""

from __future__ import annotations

import struct
from functools import cache

_VARINT, _FIXED64, _LENGTH = 0, 1, 2


def varint(value: int) -> bytes:
    """A whole number of 0 or more, seven bits a byte, the lowest first."""
    if value < 0x80:
        return bytes((value,))
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


@cache
def key(number: int, kind: int) -> bytes:
    """What comes before a field's value."""
    return varint(number << 3 | kind)


def integer(number: int, value: int) -> bytes:
    """A field of an integer; one below 0 as two's complement of 64 bits."""
    return key(number, _VARINT) + varint(value & 0xFFFF_FFFF_FFFF_FFFF)


def double(number: int, value: float) -> bytes:
    """A field of a double."""
    return key(number, _FIXED64) + struct.pack("<d", value)


def fixed64(number: int, value: int) -> bytes:
    """A field of a ``fixed64``."""
    return key(number, _FIXED64) + struct.pack("<Q", value)


def text(number: int, value: str) -> bytes:
    """A field of a string."""
    return message(number, value.encode("utf-8", "replace"))


def message(number: int, *fields: bytes) -> bytes:
    """A field of a message, of its fields."""
    content = b"".join(fields)
    return key(number, _LENGTH) + varint(len(content)) + content
