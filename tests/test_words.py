"""Every word that the archive keeps is one that its column may hold: what CHECK constraints said before."""

from __future__ import annotations

import gzip
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from archive_builder import build_archive
from embedarchive.core.model import OUTCOMES
from embedarchive.platforms import PLATFORMS
from embedarchive.store import Archive, open_reader, schema
from embedarchive.store.words import WORDS, check_words

OLD = sorted((Path(__file__).parent / "archives").glob("*.db.gz"))


def test_words_are_of_columns_that_there_are() -> None:
    with closing(schema.build(schema.SCHEMA_VERSION)) as conn:
        for table, columns in WORDS.items():
            assert columns.keys() <= {row[1] for row in conn.execute(f"PRAGMA table_info({table})")}
    assert WORDS["captures"]["outcome"] == OUTCOMES


def test_no_table_fixes_its_words() -> None:
    assert [
        name for name, sql in schema.read_built(schema.SCHEMA_VERSION).items() if re.search(r"\bCHECK\b", sql)
    ] == []


def test_what_the_first_schema_allowed_is_allowed() -> None:
    """The lists that its CHECK constraints held, but for words that came later."""
    said = re.findall(r"CHECK \((\w+) IN \((.*?)\)\)", schema.read_sql("001.sql"))
    assert len(said) == 8
    for column, words in said:
        allowed = [set(columns[column]) for columns in WORDS.values() if column in columns]
        assert any(set(re.findall(r"'(\w+)'", words)) <= each for each in allowed), column


@pytest.mark.parametrize("table", WORDS)
def test_the_writer_refuses_any_other_word(table: str) -> None:
    for column, words in WORDS[table].items():
        for word in words:
            check_words(table, {column: word})
        with pytest.raises(ValueError, match=f"{table}.{column} may be {words[0]}"):
            check_words(table, {column: words[0].title()})


def unknown_words(conn: sqlite3.Connection) -> list[tuple[str, str, str]]:
    """(table, column, word) of every word in an archive that its column may not hold."""
    return [
        (table, column, word)
        for table, columns in WORDS.items()
        for column, words in columns.items()
        for (word,) in conn.execute(f"SELECT DISTINCT {column} FROM {table}")
        if word is not None and word not in words
    ]


def test_every_writer_keeps_known_words_only(tmp_path: Path) -> None:
    """The builder calls each of them, with every outcome of an answer."""
    with closing(open_reader(build_archive(tmp_path / "embeds.db"))) as conn:
        assert unknown_words(conn) == []
        kept = {row[0] for row in conn.execute("SELECT outcome FROM captures")}
        assert kept == set(OUTCOMES) - {"error"}


@pytest.mark.parametrize("old", OLD, ids=lambda path: path.name.partition(".")[0])
def test_archives_of_every_age_hold_known_words_only(old: Path, tmp_path: Path) -> None:
    path = tmp_path / "embeds.db"
    path.write_bytes(gzip.decompress(old.read_bytes()))
    Archive(path, platforms=PLATFORMS).close()
    with closing(open_reader(path)) as conn:
        assert unknown_words(conn) == []
