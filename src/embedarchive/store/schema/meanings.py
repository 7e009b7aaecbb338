"""The archive's own SQL -> what its tables, columns and views mean. Written once, there."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from embedarchive.store.schema import read_sql, read_steps

_TABLE = re.compile(r"^CREATE TABLE (\w+) \(\s*(?:-- ([^\n]*))?\n(.*?)^\)", re.M | re.S)
_COLUMN = re.compile(r"^  ([a-z]\w*) .*?-- (.*)$", re.M)
_ADDED = re.compile(r"^ALTER TABLE (\w+) ADD COLUMN (\w+) .*?; -- (?:(public|private): )?(.*)$", re.M)
_VIEW = re.compile(r"((?:^-- .*\n)*)^CREATE VIEW (\w+) AS", re.M)


@cache
def describe_tables() -> dict[str, dict[str, Any]]:
    """Table or view -> its description and those of its columns, read from the comments of the schema."""
    steps = read_steps()
    tables: dict[str, dict[str, Any]] = {
        name: {"description": _sentence(text or ""), "columns": {c: _sentence(t) for c, t in _COLUMN.findall(body)}}
        for name, text, body in _TABLE.findall(steps)
    }
    for table, column, _, text in _ADDED.findall(steps):
        tables[table]["columns"][column] = _sentence(text)
    views: dict[str, dict[str, Any]] = {
        name: {"description": " ".join(_lines(comment)), "columns": {}}
        for comment, name in _VIEW.findall(read_sql("views.sql"))
    }
    return tables | views


@cache
def read_disclosures() -> dict[str, dict[str, str]]:
    """Table -> column -> public or private, of the columns whose step says whether they leave with a public copy."""
    said: dict[str, dict[str, str]] = {}
    for table, column, disclosure, _ in _ADDED.findall(read_steps()):
        if disclosure:
            said.setdefault(table, {})[column] = disclosure
    return said


def _lines(comment: str) -> list[str]:
    return [line.removeprefix("-- ") for line in comment.splitlines() if not line.startswith("-- ---")]


def _sentence(text: str) -> str:
    if not text:
        return ""
    end = "" if text.endswith(".") else "."
    return text[0].upper() + text[1:] + end


def describe_database() -> str:
    return "Posts that articles embed, as readers saw them, kept by embedarchive."
