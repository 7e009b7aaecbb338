"""Values -> the one text of JSON that everybody writes of them, to be hashed or signed. Pure.

RFC 8785 over objects, lists, strings, whole numbers and null. There are no fractions and no truth values: what is hashed
must be the same in every language, and those are where languages differ.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

Value = str | int | None | Sequence["Value"] | Mapping[str, "Value"]

SORTED = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)
"""Made once: `json.dumps` makes one for each call."""

LARGEST_NUMBER = 2**53 - 1
"""Beyond it JSON's numbers are not exact everywhere (RFC 7493, section 2.2)."""


def to_canonical(value: Value) -> bytes:
    """A value as canonical JSON in UTF-8. Raises ValueError for fractions, truth values and numbers beyond 2**53 - 1."""
    if not is_plain(value):
        value = sort_members(value)
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    # The usual case: names in ASCII have one order, and the encoder that is written in C knows it.
    return SORTED.encode(value).encode("utf-8")


def is_plain(value: Value) -> bool:
    """Whether all names in a value are ASCII. Raises ValueError for what has no place in canonical JSON."""
    waiting, plain = [value], True
    for each in waiting:  # which grows meanwhile
        kind = type(each)
        if kind is str or each is None:
            continue
        if kind is int:
            if abs(each) > LARGEST_NUMBER:  # type: ignore[arg-type]
                raise ValueError(f"{each} is not exact everywhere")
        elif isinstance(each, dict | Mapping):  # a dict first: to ask for an abstract class takes longer than all else
            plain = plain and "".join(each).isascii()
            waiting.extend(each.values())
        elif isinstance(each, list | tuple):
            waiting.extend(each)
        else:
            raise ValueError(f"a {kind.__name__} has no place in canonical JSON here")
    return plain


def sort_members(value: Value) -> Value:
    """The same value with every object's members in the order of RFC 8785: by their UTF-16 code units."""
    if isinstance(value, Mapping):
        return {name: sort_members(value[name]) for name in sorted(value, key=utf16)}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [sort_members(each) for each in value]
    return value


def utf16(name: str) -> bytes:
    return name.encode("utf-16-be")
