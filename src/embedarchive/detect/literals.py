"""JavaScript's own notation of a value (names without quotes, single quotes, comments, parameters) -> the value. Pure.

State that a server wrote as a program and not as JSON: `window.S = {url: 'https://…'}`, `__NUXT__=(function(a,b){return
{…}}("x",1))`. Nothing is run: what is no literal (a call, a sum, a function) counts as its first argument, or as nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from embedarchive.detect.markup import unescape_js

_DEEPEST = 100
_MOST_TOKENS = 400_000
_LONGEST_PARAMETERS = 20_000
_TOKEN = re.compile(
    r"""(?:\s|//[^\n]*|/\*.*?\*/)*
    (?: (?P<text> "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*' | `(?:[^`\\]|\\.)*` )
      | (?P<word> -?[\w$][\w$.]* )
      | (?P<sign> . ) )""",
    re.X | re.S,
)
_KNOWN = {"true": True, "false": False, "null": None, "undefined": None}
_QUOTES = "\"'`"
_OPENS, _CLOSES = "([{", ")]}"
_PROGRAM = re.compile(rf"\(?function\s*\w*\(([\w$,\s]{{1,{_LONGEST_PARAMETERS}}})\)\s*\{{")


class Reader:
    """A text, a place in it, what its names stand for, and how many tokens may still be read."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.left = text, 0, _MOST_TOKENS
        self.names: Mapping[str, Any] = {}
        self.names = self._read_parameters()

    def read(self, at: int) -> tuple[Any, int]:
        """The object or list that begins here, and where it ends; raises ValueError where there is none."""
        self.at = at
        _, token = self._next()
        if token not in ("{", "["):
            raise ValueError("no value")
        value: Any = self._read_fields(0) if token == "{" else self._read_items("]", 0)
        return value, self.at

    def _read_parameters(self) -> dict[str, Any]:
        """What the names of a program stand for that is called where it is written: `(function(a,b){…})("x",1)`."""
        m = _PROGRAM.search(self.text[: 2 * _LONGEST_PARAMETERS])
        if m:
            called = max(self.text.rfind("}("), self.text.rfind("})(") + 1)
        else:
            called = -1
        if m is None or called < 0:
            return {}
        self.at = called + 2
        try:
            given = self._read_items(")", 0)
        except ValueError:
            return {}
        return dict(zip((name.strip() for name in m[1].split(",")), given, strict=False))

    def _next(self) -> tuple[str, str]:
        """The kind and text of the next token."""
        m = _TOKEN.match(self.text, self.at)
        self.left -= 1
        if m is None or self.left < 0:
            raise ValueError("no value")
        self.at = m.end()
        kind, token = m.lastgroup or "", m[m.lastgroup or 0]
        if kind == "sign" and (token in _QUOTES or self.text.startswith("/*", m.end() - 1)):
            raise ValueError("a text or comment that does not end")
        return kind, token

    def _peek(self) -> str:
        at = self.at
        kind, token = self._next()
        self.at = at
        if kind == "sign":
            return token
        return ""

    def _read_value(self, depth: int) -> Any:
        """One value, and over whatever of its expression follows."""
        if depth > _DEEPEST:
            raise ValueError("too deep")
        kind, token = self._next()
        value: Any = None
        if kind == "text":
            value = unescape_js(token[1:-1])
        elif kind == "word":
            value = self._read_word(token)
        elif token == "{":
            value = self._read_fields(depth + 1)
        elif token == "[":
            value = self._read_items("]", depth + 1)
        elif token in _CLOSES or token in ",:;":
            raise ValueError("no value")
        else:
            self.at -= len(token)
        return self._read_rest(value, depth)

    def _read_word(self, word: str) -> Any:
        if word in _KNOWN:
            return _KNOWN[word]
        if re.fullmatch(r"-?\d{1,25}", word):
            return int(word)
        return self.names.get(word)

    def _read_rest(self, value: Any, depth: int) -> Any:
        """What follows a value up to the comma or bracket that ends it: of a call, the first argument."""
        while (sign := self._peek()) not in (",", "]", "}", ")", ":", ";"):
            self._next()
            if sign == "(":
                if self._peek() == ")":
                    given = []
                else:
                    given = self._read_items(")", depth + 1)
                if given and value is None:
                    value = given[0]
                if not given:
                    self._next()
            elif sign and sign in _OPENS:
                self._skip(sign)
        return value

    def _skip(self, opened: str) -> None:
        """Over all that brackets hold."""
        waiting = [opened]
        while waiting:
            kind, token = self._next()
            if kind == "sign" and token in _OPENS:
                waiting.append(token)
            elif kind == "sign" and token in _CLOSES:
                waiting.pop()

    def _read_items(self, end: str, depth: int) -> list[Any]:
        items: list[Any] = []
        while (sign := self._peek()) != end:
            items.append(None if sign == "," else self._read_value(depth))
            if self._peek() == ",":
                self._next()
        self._next()
        return items

    def _read_fields(self, depth: int) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        while self._peek() != "}":
            kind, name = self._next()
            name = name[1:-1] if kind == "text" else name
            if kind == "sign":
                raise ValueError("no name")
            sign = self._peek()
            if sign == ":":
                self._next()
                fields[name] = self._read_value(depth)
            elif sign in (",", "}"):  # `{a}` is `{a: a}`
                fields[name] = self.names.get(name)
            else:
                raise ValueError("no object")
            if self._peek() == ",":
                self._next()
        self._next()
        return fields


def read_literal(text: str) -> Any:
    """The object or list that a text is, as JavaScript writes it; None where it is none."""
    try:
        value, end = Reader(text).read(0)
    except ValueError:
        return None
    if isinstance(value, (dict, list)) and not text[end:].strip():
        return value
    return None
