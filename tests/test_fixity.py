"""Bytes leave an archive only as what their sha256 names, by whichever way; what does not is named; `verify` finds it all."""

from __future__ import annotations

import base64
import json
import random
import re
import sqlite3
import zipfile
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from archive_builder import SAMPLES, build_archive
from commands import Done
from conftest import ROOT
from embedarchive import open_archive
from embedarchive.core.errors import WrongBytes
from embedarchive.store import open_reader
from embedarchive.store.fixity import LARGEST_IN_MEMORY, Checked, read_blob
from embedarchive.store.schema import SCHEMA_VERSION
from embedarchive.store.verify import CODES, ELEMENTS, JSON, VerifyScope, read_columns, verify
from in_process import run
from reading_room import open_room
from tampering import BOMB_SIZE, force_type, make_bomb, tamper

SHIPS = SAMPLES[0].post.key
GONE = f'<blockquote class="instagram-media" data-instgrm-permalink="{SAMPLES[0].post.url}"></blockquote>'
FALSE = b"\xff\xd8\xff" + b"these are not the bytes that were captured " * 9


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("whole") / "embeds.db")


def find_file(path: Path, role: str) -> str:
    """The sha256 of a file of the first post's best capture."""
    with open_archive(path) as library:
        record = library.post(SHIPS)
        assert record is not None
        assert record.best is not None
        return record.best.kept(role)[0].sha256  # type: ignore[arg-type]


def spoil(whole: Path, path: Path, sha256: str, body: bytes = FALSE, encoding: str = "identity") -> Path:
    """The archive with other bytes under a hash, of a length that its row agrees with."""
    change = "UPDATE blobs SET body = ?, size = ?, encoding = ? WHERE sha256 = ?"
    return tamper(whole, path, (change, (body, len(body), encoding, sha256)))


@pytest.fixture(scope="module")
def spoilt(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """An archive whose first picture is another, and the hash of that."""
    sha256 = find_file(whole, "media")
    return spoil(whole, tmp_path_factory.mktemp("spoilt") / "embeds.db", sha256), sha256


# ---------------------------------------------------------------------------------------------- every way out of an archive

COMMANDS: dict[str, tuple[str, ...]] = {
    "a card": ("show", SHIPS, "-o", "{out}"),
    "a web archive": ("export", "--wacz", "{out}"),
    "a web archive, as JSON": ("export", "--wacz", "{out}", "--json"),
    "a site": ("export", "--site", "{out}"),
    "a site of thumbnails": ("export", "--site", "{out}", "--thumbnails-only"),
    "a public copy": ("publish", "{out}"),
    "a public copy of thumbnails": ("publish", "{out}", "--thumbnails-only"),
    "a healed article": ("heal", "{article}", "-o", "{out}"),
}


def all_bytes(path: Path) -> bytes:
    """Every byte that was written, whether to a file, a folder or into a zip of gzip members."""
    if path.is_dir():
        return b"".join(each.read_bytes() for each in sorted(path.rglob("*")) if each.is_file())
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as package:
            return b"".join(inflate_all(package.read(name)) for name in package.namelist())
    return path.read_bytes()


def inflate_all(data: bytes) -> bytes:
    out = b""
    while data[:2] == b"\x1f\x8b":
        member = zlib.decompressobj(31)
        out += member.decompress(data)
        data = member.unused_data
    return out + data


def ask(command: str, path: Path, tmp_path: Path) -> Done:
    article = tmp_path / "story.html"
    article.write_text(f"<p>Before</p>{GONE}<p>After</p>", "utf-8")
    places = {"{out}": str(tmp_path / "out"), "{article}": str(article)}
    return run(*(places.get(word, word) for word in COMMANDS[command]), "-a", path)


@pytest.mark.parametrize("command", COMMANDS)
def test_false_bytes_are_not_handed_on_but_named(command: str, spoilt: tuple[Path, str], tmp_path: Path) -> None:
    path, sha256 = spoilt
    done = ask(command, path, tmp_path)
    written = all_bytes(tmp_path / "out")
    assert FALSE[:40] not in written
    assert base64.b64encode(FALSE[:30]) not in written
    assert done.code == 7
    assert f"blob_hash {sha256}" in done.err
    assert "Traceback" not in done.err
    if "JSON" in command:
        assert json.loads(done.out)["damaged"] == {sha256: "blob_hash"}


@pytest.mark.parametrize("command", COMMANDS)
def test_sound_bytes_are_handed_on_without_a_word(command: str, whole: Path, tmp_path: Path) -> None:
    done = ask(command, whole, tmp_path)
    assert done.code == 0
    assert "amaged" not in done.err


def test_what_is_written_says_itself_what_it_lacks(spoilt: tuple[Path, str], tmp_path: Path) -> None:
    path, sha256 = spoilt
    run("export", "--wacz", tmp_path / "out.wacz", "-a", path)
    run("publish", tmp_path / "out.db", "-a", path)
    run("show", SHIPS, "-o", tmp_path / "card.html", "-a", path)
    told = all_bytes(tmp_path / "out.wacz")
    assert re.search(rb'"damaged": \[\s*"' + sha256.encode() + b'"', told)
    assert b"1 damaged files left out" in told
    with closing(sqlite3.connect(tmp_path / "out.db")) as conn:
        assert conn.execute("SELECT sha256, reason FROM redactions").fetchall() == [
            (sha256, "damaged: their sha256 is another")
        ]
        assert conn.execute("SELECT length(body) FROM blobs WHERE sha256 = ?", (sha256,)).fetchone() == (0,)
    assert not list(verify(open_reader(tmp_path / "out.db"), VerifyScope()))
    with open_archive(tmp_path / "out.db") as library:
        assert "was damaged when this copy was made" in library.card(SHIPS)
    assert (
        f"Damaged in the archive, and not shown: <code>sha256:{sha256}</code>" in (tmp_path / "card.html").read_text()
    )


def test_from_python_they_are_an_error_that_names_them(spoilt: tuple[Path, str]) -> None:
    path, sha256 = spoilt
    with open_archive(path) as library:
        with pytest.raises(WrongBytes, match=sha256) as told:
            list(library.media(SHIPS))
        assert (told.value.sha256, told.value.code, told.value.exit_code) == (sha256, "blob_hash", 7)
        assert sha256 in library.card(SHIPS)


async def test_the_reading_room_serves_none_of_them(whole: Path, tmp_path: Path) -> None:
    kinds = {role: find_file(whole, role) for role in ("media", "dom")}
    path = tmp_path / "embeds.db"
    for role, sha256 in kinds.items():
        path = spoil(path if path.exists() else whole, tmp_path / f"{role}.db", sha256)
    room = await open_room(path)
    with closing(open_reader(path)) as conn:
        number = conn.execute("SELECT capture_id FROM artifacts WHERE sha256 = ?", (kinds["dom"],)).fetchone()[0]
    for page in (
        f"/dom/-/media/{kinds['media']}", f"/dom/-/media/{kinds['dom']}", f"/dom/-/source/{kinds['dom']}",
        f"/dom/-/source/{kinds['media']}", f"/dom/-/snapshot/{number}",
    ):  # fmt: skip
        for headers in ({}, {"range": "bytes=5-30"}):
            answer = await room.client.get(page, headers=headers)
            assert answer.status_code == 500, page
            assert "is damaged" in answer.text
            assert "not the bytes" not in answer.text
    card = await room.client.get(f"/dom/-/card/{SHIPS}")
    assert (card.status_code, kinds["media"] in card.text) == (200, True)
    assert base64.b64encode(FALSE[:30]).decode() not in card.text


async def test_a_player_s_many_requests_read_a_large_file_once(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from embedarchive.viewer import media

    monkeypatch.setattr(media, "LARGEST_AT_ONCE", 10)
    sha256 = find_file(whole, "media")
    room = await open_room(whole)
    first = await room.client.get(f"/embeds/-/media/{sha256}", headers={"range": "bytes=0-9"})
    assert (first.status_code, len(first.content)) == (206, 10)
    assert [name[3] for name in media._looked_through].count(sha256) == 1
    again = await room.client.get(f"/embeds/-/media/{sha256}")
    assert (again.status_code, len(again.content)) == (200, len(read_blob(open_reader(whole), sha256) or b""))


def test_a_damaged_page_stops_no_run(whole: Path, tmp_path: Path) -> None:
    """An article's page is to be searched anew, and is not what it was: the run says so, and does the rest."""
    with closing(open_reader(whole)) as conn:
        (sha256,) = conn.execute("SELECT html_sha256 FROM fetches WHERE id = 2").fetchone()
    path = spoil(whole, tmp_path / "embeds.db", sha256)
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("UPDATE fetches SET searched_rules = NULL")
        conn.commit()
    (tmp_path / "page.html").write_text("<p>nothing</p>", "utf-8")
    done = run("crawl", tmp_path / "page.html", "-a", path)
    assert "Traceback" not in done.err
    assert sha256 in " ".join((done.err + done.out).split())
    with closing(open_reader(path)) as conn:
        assert conn.execute("SELECT id FROM fetches WHERE searched_rules IS NULL").fetchall()[0]["id"] == 2
        assert conn.execute("SELECT count(*) FROM fetches WHERE searched_rules IS NULL").fetchone()[0] == 1


# --------------------------------------------------------------------------------------------- every way bytes can be wrong

WRONGS: dict[str, tuple[str, Callable[[bytes], tuple[bytes, int, str]]]] = {
    "one bit": ("blob_hash", lambda body: (bytes([body[0] ^ 1]) + body[1:], len(body), "identity")),
    "one byte more": ("blob_size", lambda body: (body + b"!", len(body), "identity")),
    "cut": ("blob_size", lambda body: (body[:-1], len(body), "identity")),
    "another size": ("blob_size", lambda body: (body, len(body) + 1, "identity")),
    "packed that is not": ("blob_packing", lambda body: (body, len(body), "zlib")),
    "packed and cut": ("blob_packing", lambda body: (zlib.compress(body)[:-1], len(body), "zlib")),
    "packed with more behind": ("blob_packing", lambda body: (zlib.compress(body) + b"!", len(body), "zlib")),
    "packed, of other bytes": ("blob_hash", lambda body: (zlib.compress(bytes(len(body))), len(body), "zlib")),
    "packed in another way": ("blob_packing", lambda body: (body, len(body), "brotli")),
    "a bomb": ("blob_size", lambda body: (make_bomb(), len(body), "zlib")),
    "a bomb that says so": ("blob_packing", lambda body: (make_bomb(), BOMB_SIZE, "zlib")),
    "gone": ("blob_missing", lambda body: (b"", len(body), "identity")),
}


@pytest.mark.parametrize("kind", WRONGS)
def test_bytes_are_wrong_in_every_way(kind: str, whole: Path, tmp_path: Path) -> None:
    code, change = WRONGS[kind]
    sha256 = find_file(whole, "media")
    body = read_blob(open_reader(whole), sha256)
    assert body is not None
    values = (*change(body), sha256)
    path = tamper(
        whole, tmp_path / "x.db", ("UPDATE blobs SET body = ?, size = ?, encoding = ? WHERE sha256 = ?", values)
    )
    with closing(open_reader(path)) as conn:
        found = [finding for finding in verify(conn, VerifyScope()) if finding.code.startswith("blob")]
        assert [(each.code, each.what) for each in found] == [(code, sha256)]
        files = Checked(conn)
        assert files.find(sha256) is None
        if code == "blob_missing":
            assert read_blob(conn, sha256) is None
        else:
            assert files.damaged == {sha256: code}
            with pytest.raises(WrongBytes, match=sha256):
                read_blob(conn, sha256)


def test_what_was_withdrawn_is_no_finding(whole: Path, tmp_path: Path) -> None:
    sha256 = find_file(whole, "media")
    path = tamper(
        whole,
        tmp_path / "x.db",
        (
            "INSERT INTO redactions (table_name, row_id, column_name, sha256, size, reason, redacted_at) "
            "VALUES ('blobs', ?1, 'body', ?1, 5, 'asked for', '2026-03-20T08:00:00.000Z')",
            (sha256,),
        ),
        ("UPDATE blobs SET body = x'' WHERE sha256 = ?", (sha256,)),
    )
    assert run("verify", "-a", path).code == 0


def test_two_files_that_changed_places_are_both_found(whole: Path, tmp_path: Path) -> None:
    with closing(open_reader(whole)) as conn:
        pairs = conn.execute("SELECT sha256, size, body FROM blobs WHERE encoding = 'identity' LIMIT 2").fetchall()
    (one, _, first), (two, _, second) = pairs
    swap = "UPDATE blobs SET body = ?, size = ? WHERE sha256 = ?"
    path = tamper(whole, tmp_path / "x.db", (swap, (second, len(second), one)), (swap, (first, len(first), two)))
    done = run("verify", "-a", path)
    assert (done.code, {line.split()[1].strip(":") for line in done.out.splitlines()}) == (7, {one, two})


def test_no_more_is_held_at_once_than_a_bound(whole: Path) -> None:
    sha256 = find_file(whole, "media")
    with closing(open_reader(whole)) as conn:
        assert read_blob(conn, sha256, largest=10) is None
    assert LARGEST_IN_MEMORY < BOMB_SIZE


# ---------------------------------------------------------------------------------------------------- every table and fault

COLUMNS = read_columns(SCHEMA_VERSION)


def find_filled(whole: Path, table: str) -> bool:
    with closing(open_reader(whole)) as conn:
        return bool(conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


@pytest.mark.parametrize("table", COLUMNS)
def test_a_value_of_a_wrong_type_is_found_in_every_table(table: str, whole: Path, tmp_path: Path) -> None:
    if not find_filled(whole, table):
        pytest.skip("this archive has none")
    path = tamper(whole, tmp_path / "x.db")
    columns = [name for name, (kind, is_key) in COLUMNS[table].items() if not is_key and kind != "BLOB"]
    column = columns[-1] if columns else next(iter(COLUMNS[table]))
    key = next(iter(COLUMNS[table]))
    force_type(path, table, f"UPDATE {table} SET {column} = x'00ff' WHERE {key} = (SELECT min({key}) FROM {table})")
    done = run("verify", "-a", path)
    assert done.code == 7
    assert f"row_type {table} " in done.out
    assert f"{table}.{column}" in done.out


@pytest.mark.parametrize(("table", "column"), [(table, column) for table in JSON for column in JSON[table]])
@pytest.mark.parametrize("value", ["{", '"text"'])
def test_broken_json_is_found_in_every_column(table: str, column: str, value: str, whole: Path, tmp_path: Path) -> None:
    path = tamper(whole, tmp_path / "x.db", (f"UPDATE {table} SET {column} = ?", (value,)))
    done = run("verify", "-a", path)
    filled = find_filled(whole, table)
    assert done.code == (7 if filled else 0)
    assert (f"row_json {table} " in done.out) == filled


WRONG_ELEMENTS = {"array": "[1, [2], null]", "object": '{"rule": []}'}


@pytest.mark.parametrize(("table", "column"), [(table, column) for table in ELEMENTS for column in ELEMENTS[table]])
def test_json_of_the_right_kind_that_holds_other_things_is_found(
    table: str, column: str, whole: Path, tmp_path: Path
) -> None:
    value = WRONG_ELEMENTS[JSON[table][column]]
    path = tamper(whole, tmp_path / "x.db", (f"UPDATE {table} SET {column} = ?", (value,)))
    done = run("verify", "-a", path)
    filled = find_filled(whole, table)
    assert (done.code, f"{table}.{column}" in done.out) == (7 if filled else 0, filled)


ROWS: dict[str, tuple[str, str]] = {
    "row_word": ("UPDATE checks SET outcome = 'dead' WHERE id = 1", "checks 1"),
    "row_time": ("UPDATE captures SET started_at = 'yesterday' WHERE id = 2", "captures 2"),
    "row_uid": ("UPDATE captures SET uid = 'abc' WHERE id = 2", "captures 2"),
    "row_reference": ("DELETE FROM articles WHERE id = 1", "fetches 1"),
    "blob_missing": ("DELETE FROM blobs WHERE rowid = 1", "fetches 1"),
    "row_long": ("UPDATE articles SET title = printf('%.*c', 60000000, 'x') WHERE id = 3", "articles 3"),
    "schema_missing": ("DROP INDEX posts_due", "posts_due"),
    "schema_altered": ("ALTER TABLE notes ADD COLUMN colour TEXT", "notes"),
    "schema_index": ("CREATE INDEX mine ON posts(length(url))", "mine"),
    "schema_key": ("CREATE TABLE mine (k TEXT REFERENCES posts(key) ON DELETE CASCADE)", "mine"),
}


@pytest.mark.parametrize("code", ROWS)
def test_each_fault_is_one_line_with_its_code(code: str, whole: Path, tmp_path: Path) -> None:
    change, what = ROWS[code]
    path = tamper(whole, tmp_path / "x.db", change)
    done = run("verify", "-a", path)
    assert done.code == 7
    assert f"{code} {what}: " in done.out
    listed = [json.loads(line) for line in run("verify", "-a", path, "--json").out.splitlines()]
    assert {"code": code, "what": what} in [{k: each[k] for k in ("code", "what")} for each in listed]
    assert {each["code"] for each in listed} <= set(CODES)


@pytest.mark.parametrize("seed", range(12))
def test_a_page_of_noise_is_found_wherever_it_lies(seed: int, whole: Path, tmp_path: Path) -> None:
    """All but the free pages and the unused parts of pages, which hold nothing."""
    path = tamper(whole, tmp_path / "x.db")
    dice = random.Random(seed)
    page = dice.randrange(2, path.stat().st_size // 8192)
    with path.open("r+b") as file:
        file.seek(8192 * page)
        file.write(dice.randbytes(8192))
    done = run("verify", "-a", path)
    assert (done.code, "Traceback" in done.err) == (7, False)


def test_a_sample_and_what_is_new_are_less_than_all(whole: Path) -> None:
    with closing(open_reader(whole)) as conn:
        every, some, new, none = (
            VerifyScope(),
            VerifyScope(sample=0.3, seed=1),
            VerifyScope(since="2026-03-05"),
            VerifyScope(since="2027"),
        )
        for scope in (every, some, new, none):
            assert not list(verify(conn, scope))
    assert 0 < some.blobs < every.blobs
    assert 0 < new.blobs < every.blobs
    assert none.blobs == 0
    said = run("verify", "-a", whole, "--since", "2026-03-05", "--sample", "50").err
    assert "Neither all bytes nor the structure of the file were looked at." in said
    assert run("verify", "-a", whole, "--since", "soon").code == 2


def test_nothing_is_written_by_it(whole: Path) -> None:
    before = (whole.read_bytes(), sorted(each.name for each in whole.parent.iterdir()))
    assert run("verify", "-a", whole).code == 0
    assert (whole.read_bytes(), sorted(each.name for each in whole.parent.iterdir())) == before


def test_the_documentation_has_every_code() -> None:
    page = (ROOT / "docs" / "archivists.md").read_text("utf-8")
    assert all(f"| `{code}` | {says} |" in page for code, says in CODES.items())
