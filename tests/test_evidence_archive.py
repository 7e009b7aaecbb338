"""What an archive keeps is in its log, signed, and whoever changes any of it is found out."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from archive_builder import NOW, build_archive
from embedarchive.core.checkpoint import read_checkpoint, read_note, read_notes, write_verifier
from embedarchive.core.entries import hash_entry
from embedarchive.core.errors import SigningError
from embedarchive.core.merkle import hash_leaf, is_included
from embedarchive.run import session
from embedarchive.run.ledger import Event, Run
from embedarchive.run.report import Report, Tally
from embedarchive.run.services import Services, Settings
from embedarchive.store import Archive, evidence, open_reader
from embedarchive.store.checkpoints import checkpoints_path, find_note_signers, make_checkpoint, read_keys
from embedarchive.store.evidence import QUERIES, Leaf, tell_leaf
from embedarchive.store.keyring import Keyring
from embedarchive.store.schema import SCHEMA_VERSION, read_built
from embedarchive.store.verify import VerifyScope, verify
from embedarchive.store.verify_log import LOG_CODES, LogScope
from in_process import run as run_command
from tampering import tamper
from waiting import until


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    return Keyring(tmp_path_factory.mktemp("keys") / "keys")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, ring: Keyring) -> Path:
    path = build_archive(tmp_path_factory.mktemp("whole") / "embeds.db")
    with Archive(path) as archive:
        make_checkpoint(archive, ring, NOW)
    return path


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    shutil.copy(checkpoints_path(whole), checkpoints_path(tmp_path / "embeds.db"))
    return Path(shutil.copy(whole, tmp_path / "embeds.db"))


@pytest.fixture
def conn(whole: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_reader(whole)) as opened:
        yield opened


def test_everything_observed_has_a_leaf_and_its_proof(conn: sqlite3.Connection) -> None:
    size = evidence.count_leaves(conn)
    for kind, table in (("capture", "captures"), ("fetch", "fetches"), ("key", "log_keys")):
        numbers = [row[0] for row in conn.execute(f"SELECT id FROM {table}")]
        assert numbers
        for number in numbers:
            proof = evidence.prove(conn, kind, number, size)
            assert proof is not None, (kind, number)
            leaf = hash_leaf(proof.entry)
            assert is_included(leaf, proof.seq, size, proof.path, proof.root)
    rendered = {
        row[0]
        for row in conn.execute("SELECT id FROM fetches WHERE rendered_at NOT NULL OR screenshot_sha256 NOT NULL")
    }
    logged = {row[0] for row in conn.execute("SELECT subject FROM log WHERE kind = 'rendering'")}
    assert rendered == logged


def test_entries_hold_no_words(conn: sqlite3.Connection) -> None:
    words = {
        row[0] for row in conn.execute("SELECT alt FROM artifacts WHERE alt <> '' UNION SELECT url FROM exchanges")
    }
    assert words
    for (number,) in conn.execute("SELECT id FROM captures").fetchall():
        proof = evidence.prove(conn, "capture", number, evidence.count_leaves(conn))
        assert proof
        assert not [each for each in words if each.encode() in proof.entry]


def test_the_checkpoint_is_signed_and_stands_beside_the_archive(
    conn: sqlite3.Connection, whole: Path, ring: Keyring
) -> None:
    (note,) = read_notes(checkpoints_path(whole).read_text())
    assert len(find_note_signers(conn, note)) == 1
    assert read_checkpoint(note.text).size == evidence.count_leaves(conn)
    assert stat.S_IMODE(ring.path.stat().st_mode) == 0o600
    private = ring.path.read_bytes().splitlines()[1]
    assert private not in whole.read_bytes()
    ((origin, public),) = read_keys(conn)
    assert write_verifier(origin, public).startswith(origin)


def test_nothing_new_makes_no_new_checkpoint(copy: Path, ring: Keyring) -> None:
    before = copy.read_bytes(), checkpoints_path(copy).read_bytes()
    with Archive(copy) as archive:
        make_checkpoint(archive, ring, "2027-01-01T00:00:00.000Z")
        assert archive.conn.execute("SELECT count(*) FROM checkpoints").fetchone()[0] == 1
    assert checkpoints_path(copy).read_bytes() == before[1]


def test_a_new_key_is_signed_for_by_the_old_one(copy: Path, tmp_path: Path, ring: Keyring) -> None:
    shutil.copytree(ring.folder, tmp_path / "keys")
    own = Keyring(tmp_path / "keys")
    own.rotate()
    with Archive(copy) as archive:
        note = make_checkpoint(archive, own, NOW)
        assert note
        assert len(find_note_signers(archive.conn, note)) == 2
        assert [kind for (kind,) in archive.conn.execute("SELECT kind FROM log ORDER BY seq DESC LIMIT 1")] == ["key"]
    lone = Keyring(tmp_path / "others" / "keys")  # of somebody who has the archive and not its key
    with Archive(copy) as archive:
        note = make_checkpoint(archive, lone, NOW)
        assert note
        assert len(find_note_signers(archive.conn, note)) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_key_that_cannot_be_kept_is_told(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "shut").mkdir(mode=0o500)
    with Archive(copy) as archive, pytest.raises(SigningError, match="cannot be kept"):
        make_checkpoint(archive, Keyring(tmp_path / "shut" / "keys"), NOW)


def test_a_key_of_another_kind_is_refused(tmp_path: Path, copy: Path) -> None:
    keys = Keyring(tmp_path / "keys")
    keys.folder.mkdir()
    keys.path.write_text("no key")
    with Archive(copy) as archive, pytest.raises(SigningError, match="no private key"):
        make_checkpoint(archive, keys, NOW)


def test_the_log_is_append_only_but_for_salts(copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as conn:
        for table in ("log", "tree", "log_keys", "imports", "checkpoints"):
            if conn.execute(f"SELECT 1 FROM {table}").fetchone():
                with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                    conn.execute(f"DELETE FROM {table}")
        for change in ("leaf = zeroblob(32)", "kind = 'fetch'", "salt = zeroblob(16)", "subject = 9", "form = 2"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                conn.execute(f"UPDATE log SET {change}")
        conn.execute("UPDATE log SET salt = NULL WHERE seq = 0")


# --------------------------------------------------------------------------------------------------------- who changes it


def find_codes(path: Path, *against: Path) -> set[str]:
    """The codes of what verify finds, but for those of bytes."""
    with closing(open_reader(path)) as conn:
        return {flaw.code for flaw in verify(conn, VerifyScope(log=LogScope(against=against)))}


def test_nothing_is_wrong_with_what_nobody_touched(whole: Path) -> None:
    assert find_codes(whole, checkpoints_path(whole)) == set()


A_CAPTURE = "(SELECT min(seq) FROM log WHERE kind = 'capture')"
CHANGES = {
    "an outcome": "UPDATE captures SET outcome = 'error' WHERE id = 1",
    "a time": "UPDATE captures SET seen_at = '2020-01-01T00:00:00.000Z' WHERE id = 1",
    "an alternative text": "UPDATE artifacts SET alt = 'else' WHERE alt <> ''",
    "a header": 'UPDATE exchanges SET response_headers = \'[["server","x"]]\' WHERE id = 1',
    "a status of an article": "UPDATE fetches SET status = 404 WHERE id = 1",
    "what was done to an article": "UPDATE fetches SET alterations = '[\"other\"]' WHERE rendered_at IS NOT NULL",
    "a check": "UPDATE checks SET embedding = 'refused' WHERE id = 1",
    "captures' posts swapped": "UPDATE captures SET post_key = (SELECT post_key FROM captures c "
    "WHERE c.id = 6 - captures.id) WHERE id IN (1, 5)",
    "an artifact dropped": "DELETE FROM artifacts WHERE id = (SELECT max(id) FROM artifacts)",
    "an exchange dropped": "DELETE FROM exchanges WHERE id = (SELECT max(id) FROM exchanges)",
    "a fetch dropped": "DELETE FROM fetches WHERE id = (SELECT max(id) FROM fetches)",
    "a capture invented": "INSERT INTO captures (post_key, outcome, evidence, visit_url, final_url, started_at, finished_at, "
    "uid) SELECT post_key, outcome, evidence, visit_url, final_url, started_at, finished_at, 'f' FROM captures WHERE id = 1",
    "an exchange invented": "INSERT INTO exchanges (capture_id, position, url, method, resource_type, started_at) "
    "VALUES (1, 99, 'https://x', 'GET', 'image', '2026-01-01T00:00:00Z')",
    "the last entry dropped": "DELETE FROM log WHERE seq = (SELECT max(seq) FROM log)",
    "an entry dropped": "DELETE FROM log WHERE seq = 3",
    "an entry invented": "INSERT INTO log SELECT (SELECT max(seq) + 1 FROM log), kind, subject, form, leaf, salt FROM log "
    f"WHERE seq = {A_CAPTURE}",
    "two entries swapped": "UPDATE log SET seq = -3 + seq WHERE seq IN (1, 2); UPDATE log SET seq = -seq WHERE seq < 0",
    "a leaf": "UPDATE log SET leaf = zeroblob(32) WHERE seq = 1",
    "a salt": f"UPDATE log SET salt = zeroblob(16) WHERE seq = {A_CAPTURE}",
    "a salt dropped": f"UPDATE log SET salt = NULL WHERE seq = {A_CAPTURE}",
    "a salt where none is": "UPDATE log SET salt = zeroblob(16) WHERE salt IS NULL",
    "a form": "UPDATE log SET form = 2 WHERE seq = 1",
    "a hash of the tree": "INSERT INTO tree VALUES (1, 0, zeroblob(32))",
    "a checkpoint": "UPDATE checkpoints SET note = replace(note, '2026', '2025')",
    "a checkpoint's size": "UPDATE checkpoints SET size = size - 1",
    "a checkpoint invented": "INSERT INTO checkpoints SELECT 2, size, replace(note, '2026', '2025') FROM checkpoints",
    "a checkpoint doubled": "INSERT INTO checkpoints SELECT 2, size, note FROM checkpoints",
    "a key": "UPDATE log_keys SET public_key = substr(public_key, 3) || 'aa'",
    "an origin": "UPDATE log_keys SET origin = origin || 'a'",
    "a key's time": "UPDATE log_keys SET since = '2020'",
    "all checkpoints dropped": "DELETE FROM checkpoints",
    "the log dropped": "DELETE FROM log; DELETE FROM tree; DELETE FROM log_keys",
}
"""What somebody does who has the file -> in SQL."""


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_named(change: str, whole: Path, tmp_path: Path) -> None:
    shutil.copy(checkpoints_path(whole), tmp_path / "old.checkpoints")
    lines = [line for line in CHANGES[change].split(";") if line.strip()]
    path = tamper(whole, tmp_path / "embeds.db", *lines)
    assert path.read_bytes() != whole.read_bytes()
    codes = find_codes(path, tmp_path / "old.checkpoints")
    assert codes & set(LOG_CODES), (change, codes)


def test_whoever_signs_everything_anew_is_found_out_by_an_older_checkpoint(whole: Path, tmp_path: Path) -> None:
    """An attacker with the whole machine's rights: rows changed, log and checkpoints made anew with a key of theirs."""
    old = Path(shutil.copy(checkpoints_path(whole), tmp_path / "old.checkpoints"))
    (origin,) = sqlite3.connect(whole).execute("SELECT origin FROM log_keys").fetchone()
    lines = ("UPDATE captures SET outcome = 'gone'", "UPDATE checks SET outcome = 'gone'")
    emptied = [f"DELETE FROM {table}" for table in ("log", "tree", "checkpoints", "log_keys")]
    path = tamper(whole, tmp_path / "embeds.db", *lines, *emptied)
    with Archive(path) as archive:
        while archive.adopt():
            pass
        make_checkpoint(archive, Keyring(tmp_path / "theirs"), NOW)
    assert find_codes(path) == set()
    assert find_codes(path, old) == {"against_other"}
    path = tamper(path, tmp_path / "named.db", ("UPDATE log_keys SET origin = ?", (origin,)))
    assert find_codes(path, old) & {"against_other", "against_root"}


def test_rows_that_are_not_in_the_log_yet_are_counted_and_then_taken(whole: Path, tmp_path: Path) -> None:
    emptied = [f"DELETE FROM {table}" for table in ("log", "tree", "checkpoints", "log_keys")]
    path = tamper(whole, tmp_path / "embeds.db", *emptied)
    scope = VerifyScope()
    with closing(open_reader(path)) as conn:
        assert not list(verify(conn, scope))
        rows = scope.log.unlogged
        assert (
            rows
            == conn.execute("SELECT (SELECT count(*) FROM captures) + (SELECT count(*) FROM fetches)").fetchone()[0]
        )
    with Archive(path) as archive:
        assert archive.adopt(1) == 1
    with closing(open_reader(path)) as conn:
        assert not list(verify(conn, scope))
        assert scope.log.unlogged == rows - 1
    with Archive(path) as archive:  # after a kill, so to say
        while archive.adopt(3):
            pass
    with closing(open_reader(path)) as conn:
        assert not list(verify(conn, scope))
        assert scope.log.unlogged == 0
        assert evidence.prove(conn, "capture", 1, scope.log.entries)


def test_what_was_withdrawn_is_told_from_what_was_damaged(copy: Path, ring: Keyring) -> None:
    with Archive(copy) as archive:
        number = archive.conn.execute("SELECT capture_id FROM artifacts WHERE alt <> ''").fetchone()[0]
        archive.conn.execute("DROP TRIGGER artifacts_no_update")
        sql = read_built(SCHEMA_VERSION)["artifacts_no_update"]
        with archive.transaction() as conn:
            conn.execute("UPDATE artifacts SET alt = NULL WHERE capture_id = ?", (number,))
            before = evidence.find_newest(conn, "capture", number)
            evidence.append_withdrawal(conn, "capture", number)
        archive.conn.execute(sql)
        make_checkpoint(archive, ring, NOW)
        assert before
        assert archive.conn.execute("SELECT salt FROM log WHERE seq = ?", (before.seq,)).fetchone()[0] is None
        proof = evidence.prove(archive.conn, "capture", number, evidence.count_leaves(archive.conn))
        assert proof
        assert before.leaf.hex().encode() in proof.entry
    scope = VerifyScope()
    with closing(open_reader(copy)) as conn:
        assert not list(verify(conn, scope))
        assert scope.log.withdrawn == 1
    other = tamper(copy, copy.with_name("other.db"), "UPDATE artifacts SET url = 'https://x' WHERE role = 'media'")
    assert "log_entry" in find_codes(other)


def test_the_command_says_how_the_log_stands(whole: Path, tmp_path: Path) -> None:
    done = run_command("verify", "-a", whole, "--against", checkpoints_path(whole))
    assert done.code == 0
    assert "1 checkpoint" in done.err
    (tmp_path / "none").write_text("nothing")
    done = run_command("verify", "-a", whole, "--against", tmp_path / "none")
    assert done.code == 7
    assert "against_other" in done.out


def test_the_commands_of_the_log(copy: Path, tmp_path: Path) -> None:
    before = run_command("evidence", "log", "-a", copy, "--all", "--json")
    assert before.code == 0
    assert [json.loads(line)["seq"] for line in before.out.splitlines()] == list(range(len(before.out.splitlines())))
    assert "no key yet" in run_command("evidence", "key", "show", "-a", copy).err
    signed = run_command("evidence", "checkpoint", "-a", copy)  # by a key of this machine, which is another
    assert signed.code == 0
    note = read_note(signed.out)
    assert read_checkpoint(note.text).size == len(before.out.splitlines()) + 1
    public = run_command("evidence", "key", "show", "-a", copy).out.splitlines()
    assert len(public) == 2
    assert run_command("evidence", "key", "rotate").code == 0
    signed = run_command("evidence", "checkpoint", "-a", copy)
    assert len(read_note(signed.out).signatures) == 2
    done = run_command("verify", "-a", copy)
    assert done.code == 0
    assert "took over without a signature" in done.err
    key = next((copy.parent / "home" / "state").glob("**/retired-*.pem"), None) or Keyring().path
    assert run_command("evidence", "key", "import", key).code == 0
    (tmp_path / "none.pem").write_text("none")
    assert run_command("evidence", "key", "import", tmp_path / "none.pem").code == 1
    assert run_command("evidence", "checkpoint", "-a", tmp_path / "nowhere").code == 1


# ----------------------------------------------------------------------------------------------------- what is computed


class Given(list[tuple[object, ...]]):
    """Rows, as a cursor gives them."""

    def fetchone(self) -> tuple[object, ...] | None:
        return next(iter(self), None)


class Changed:
    """A connection that gives one column of what one query gives otherwise."""

    def __init__(self, conn: sqlite3.Connection, query: str, column: int) -> None:
        self.conn, self.query, self.column = conn, query, column

    def execute(self, sql: str, values: tuple[int, ...] = ()) -> Given:
        found = Given()
        for row in self.conn.execute(sql, values).fetchall():
            held = list(row)
            if sql == self.query:
                held[self.column] = flip(held[self.column])
            found.append(tuple(held))
        return found


def flip(value: object) -> object:
    """The value with one bit of it, or with anything at all in place of nothing."""
    if isinstance(value, int):
        return value ^ 1
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1]) + value[1:]
    if not value:
        return "a"
    text = str(value)
    return text[:-1] + chr(ord(text[-1]) ^ 1)


WHOSE = {"artifacts": "capture", "exchanges": "capture", "check": "capture"}
COLUMNS = [(which, name) for which, (_, names) in QUERIES.items() if which not in ("stamp", "import") for name in names]


@pytest.mark.parametrize(("which", "name"), COLUMNS)
def test_no_column_of_an_entry_can_change(which: str, name: str, conn: sqlite3.Connection) -> None:
    sql, names = QUERIES[which]
    kind = WHOSE.get(which, which)
    query = "SELECT * FROM log l WHERE kind = ? AND (kind <> 'rendering' OR salt IS NOT NULL)"
    leaves = [Leaf(*row) for row in conn.execute(query, (kind,))]
    told = [leaf for leaf in leaves if conn.execute(sql, (leaf.subject,)).fetchone()]
    assert told
    for leaf in told:
        assert hash_entry(tell_leaf(conn, leaf)) == leaf.leaf
        changed = Changed(conn, sql, names.index(name))
        assert hash_entry(tell_leaf(changed, leaf)) != leaf.leaf  # type: ignore[arg-type]


async def test_a_run_that_lasts_signs_meanwhile(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "CHECKPOINT_EVERY_S", -1.0)
    with Archive(copy) as archive:
        crawl = archive.start_crawl("watch", NOW, "test", {})
        with archive.transaction() as conn:
            evidence.append(conn, "rendering", 1)
        services, tally = Services(Settings()), Tally()
        run = Run(archive, services, crawl, tally.count)
        reporting = asyncio.ensure_future(session.report_due(run, services, tally, Silent(), tally.count))
        signed = "SELECT count(*) > 1 FROM checkpoints"
        with closing(open_reader(copy)) as conn:  # the archive's own is its thread's
            await until(lambda: conn.execute(signed).fetchone()[0], "no checkpoint was made meanwhile")
        reporting.cancel()
        await asyncio.gather(reporting, return_exceptions=True)
        await run.keep(archive.count_seeds, crawl)  # what its thread was at has ended


class Silent:
    """Somebody who watches a run and says nothing."""

    def begin(self, tally: Tally) -> None: ...
    def emit(self, event: Event) -> None: ...
    def note(self, text: str) -> None: ...
    def end(self, report: Report) -> None: ...


def test_of_new_things_only_new_entries_are_made_again(whole: Path, tmp_path: Path) -> None:
    path = tamper(whole, tmp_path / "embeds.db", "UPDATE captures SET reason = 'other' WHERE id = 1")
    with closing(open_reader(path)) as conn:
        (at,) = conn.execute("SELECT started_at FROM captures WHERE id = 1").fetchone()
        for since, found in (("2000-01-01", True), (at, True), ("2100-01-01", False)):
            codes = {flaw.code for flaw in verify(conn, VerifyScope(since=since))}
            assert ("log_entry" in codes) == found
