"""Values -> the one text of JSON that everybody writes of them, to be hashed or signed. Pure.

RFC 8785 over objects, lists, strings, whole numbers and null. There are no fractions and no truth values: what is hashed
must be the same in every language, and those are where languages differ.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

Value = str | int | None | Sequence["Value"] | Mapping[str, "Value"]

LARGEST_NUMBER = 2**53 - 1
"""Beyond it JSON's numbers are not exact everywhere (RFC 7493, section 2.2)."""


def to_canonical(value: Value) -> bytes:
    """A value as canonical JSON in UTF-8. Raises ValueError for fractions, truth values and numbers beyond 2**53 - 1."""
    text = json.dumps(sort_members(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8")  # a lone surrogate is a UnicodeEncodeError, which is a ValueError


def sort_members(value: Value) -> Value:
    """The same value with every object's members in the order of RFC 8785: by their UTF-16 code units. Raises ValueError."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        raise ValueError("a truth value has no place in canonical JSON here")
    if isinstance(value, int):
        if abs(value) > LARGEST_NUMBER:
            raise ValueError(f"{value} is not exact everywhere")
        return value
    if isinstance(value, Mapping):
        return {name: sort_members(value[name]) for name in sorted(value, key=utf16)}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [sort_members(each) for each in value]
    raise ValueError(f"a {type(value).__name__} has no place in canonical JSON here")


def utf16(name: str) -> bytes:
    return name.encode("utf-16-be")
