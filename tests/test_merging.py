"""Two archives made one: the same whichever is merged into which, however often, and wherever that was broken off."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from embedarchive.api.merging import merge
from embedarchive.core.errors import StrangeArchive, UsageError
from embedarchive.platforms import PLATFORMS
from embedarchive.store import Archive, open_reader
from embedarchive.store.access import decide, hold_until, withhold
from embedarchive.store.cases import Subject
from embedarchive.store.optouts import OptOut, add_optouts, read_optouts
from embedarchive.store.sharing import read_level
from embedarchive.store.verify import VerifyScope, verify
from embedarchive.store.verify_log import LogScope
from in_process import run
from pairs import NOW, Event, World, build, draw_pair, find_differences, read_world, unpack
from tampering import tamper

ARCHIVES = Path(__file__).parent / "archives"
NEWEST = max(ARCHIVES.glob("*.db.gz"))
LONG_AGO = "2020-01-01T08:00:00.000Z"
POST, LOST = "instagram:DSKNf_7ug1s", "instagram:DOk9AsTqLAJ"
SEEDS = (10, 39, 12)
"""Pairs that share visits, edits and erasures of a post in one, the other or both."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return read_world(unpack(NEWEST, tmp_path_factory.mktemp("world") / "embeds.db"))


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The keys of the user are his own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def copy(path: Path, folder: Path) -> Path:
    """An archive elsewhere, with whatever a killed run left beside it."""
    folder.mkdir()
    for each in path.parent.glob("embeds.db*"):
        shutil.copy(each, folder / each.name)
    return folder / path.name


def find_flaws(path: Path) -> list[str]:
    with closing(open_reader(path)) as conn:
        return [flaw.says for flaw in verify(conn, VerifyScope(log=LogScope()))]


def ask(path: Path, sql: str, *given: object) -> list[tuple[object, ...]]:
    with closing(open_reader(path)) as conn:
        return [tuple(row) for row in conn.execute(sql, given).fetchall()]


def make(path: Path, world: World, *also: Event) -> Path:
    """An archive of all that the world holds, to which this happened."""

    def keep(archive: Archive, crawl: int) -> None:
        for fetch in world.fetches:
            archive.keep_fetch(archive.keep_seed(crawl, fetch.url, fetch.url, fetch.fetched_at), crawl, fetch)
        for capture in world.captures:
            archive.keep_capture(capture, crawl)

    return build(path, (keep, *also))


# ---------------------------------------------------------------------------------------------------------------- pairs


@pytest.mark.parametrize("seed", SEEDS)
def test_a_pair_is_the_same_either_way_and_twice_and_broken_off(world: World, tmp_path: Path, seed: int) -> None:
    first, second = draw_pair(world, seed)
    one, two = build(tmp_path / "a" / "embeds.db", first), build(tmp_path / "b" / "embeds.db", second)
    here, there, broken = (copy(each, tmp_path / name) for each, name in ((one, "ab"), (two, "ba"), (one, "broken")))
    steps: list[Path] = []

    def note(_: object) -> None:
        """What lies on the disk here is what a process leaves that is killed now."""
        steps.append(copy(broken, tmp_path / f"killed-{len(steps)}"))

    before = two.read_bytes()
    merge(two, archive=here)
    merge(one, archive=there)
    assert find_differences(here, there) == []
    assert find_flaws(here) == find_flaws(there) == []
    assert two.read_bytes() == before
    merge(two, archive=broken, on_step=note)
    for killed in (steps[seed % len(steps)], steps[-1]):
        merge(two, archive=killed)
        assert find_differences(here, killed) == []
        assert find_flaws(killed) == []
    merge(two, archive=here)
    assert find_differences(here, there) == []
    assert len(ask(here, "SELECT 1 FROM imports WHERE what = 'merged'")) == 1


def test_the_pairs_are_no_easy_ones(world: World, tmp_path: Path) -> None:
    """They hold what is told apart: descriptions, embeds, losses, erasures; some in both, some in one."""
    held = dict.fromkeys(("captures", "fetches", "embeds", "descriptions", "notes", "access"), 0)
    for seed in SEEDS:
        for number, events in enumerate(draw_pair(world, seed)):
            path = build(tmp_path / f"{seed}-{number}" / "embeds.db", events)
            for table in held:
                held[table] += len(ask(path, f"SELECT 1 FROM {table}"))
    assert all(count >= 2 for count in held.values()), held


# ----------------------------------------------------------------------------------------------------- what comes along


def test_everything_of_an_archive_comes_into_a_new_one_and_its_key_still_proves_it(
    world: World, tmp_path: Path
) -> None:
    old = make(tmp_path / "old" / "embeds.db", world)
    done = run("merge", old, "-a", tmp_path / "new")
    assert done.code == 0, done.err
    new = tmp_path / "new" / "embeds.db"
    assert find_differences(old, new) == []
    origin = ask(old, "SELECT origin FROM log_keys")[0][0]
    told = ask(new, "SELECT c.uid, a.name, c.origin FROM captures c JOIN held_by h ON h.kind = 'capture' AND h.subject = c.id "
                    "JOIN merged_archives a ON a.id = h.archive_id")  # fmt: skip
    assert len(told) == len(world.captures)
    assert {row[1:] for row in told} == {(origin, "visit")}
    assert ask(new, "SELECT checkpoint FROM merged_archives") == ask(
        old, "SELECT note FROM checkpoints ORDER BY id DESC LIMIT 1"
    )
    assert ask(new, "SELECT count(*) FROM log WHERE kind = 'capture'") == [(len(world.captures),)]
    # A third archive still has it from the first.
    assert run("merge", new, "-a", tmp_path / "third").code == 0
    third = tmp_path / "third" / "embeds.db"
    assert sorted(ask(third, "SELECT name FROM merged_archives")) == sorted(
        [(origin,), *ask(new, "SELECT origin FROM log_keys LIMIT 1")]
    )
    assert find_flaws(new) == find_flaws(third) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("UPDATE captures SET status = 203 WHERE id = 1", "merged_entry"),
        ("UPDATE exchanges SET url = url || '#' WHERE id = 1", "merged_entry"),
        ("DELETE FROM merged_log WHERE seq = 0", "merged_log"),
        ("UPDATE merged_log SET leaf = zeroblob(32) WHERE seq = 0", "merged_checkpoint"),
        ("UPDATE merged_archives SET checkpoint = replace(checkpoint, 'embedarchive/', 'embedarchive/0')", "merged_checkpoint"),
        ("UPDATE merged_archives SET keys = '[]'", "merged_checkpoint"),
    ],
)  # fmt: skip
def test_what_was_merged_is_caught_where_it_is_changed(merged: Path, tmp_path: Path, change: str, code: str) -> None:
    path = tamper(merged, tmp_path / "changed.db", change)
    with closing(open_reader(path)) as conn:
        assert code in {flaw.code for flaw in verify(conn, VerifyScope(log=LogScope()))}


@pytest.fixture(scope="module")
def merged(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive into which another was merged."""
    folder = tmp_path_factory.mktemp("merged")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        merge(make(folder / "old" / "embeds.db", world), archive=folder / "new")
    return folder / "new" / "embeds.db"


def test_an_archive_of_every_age_comes_along(tmp_path: Path) -> None:
    ages = sorted(ARCHIVES.glob("*.db.gz"))[::4]
    others = [unpack(each, tmp_path / each.name[:3] / "embeds.db") for each in ages]
    before = [each.read_bytes() for each in others]
    merge(*others, archive=tmp_path / "all")
    assert [each.read_bytes() for each in others] == before
    path = tmp_path / "all" / "embeds.db"
    assert len(ask(path, "SELECT 1 FROM merged_archives")) == len(others)
    assert ask(path, "SELECT count(*) FROM captures WHERE uid IS NULL OR seen_at IS NULL") == [(0,)]
    assert find_flaws(path) == []
    again = merge(*others, archive=tmp_path / "all")
    assert all(each.is_nothing for each in again.merged)


def test_nothing_that_was_derived_there_is_believed(world: World, tmp_path: Path) -> None:
    old = make(tmp_path / "old" / "embeds.db", world)
    with closing(sqlite3.connect(old)) as conn:
        conn.execute("UPDATE descriptions SET text = 'a lie'")
        conn.execute("UPDATE conclusions SET status = 'gone', reason = 'a lie'")
        conn.execute("UPDATE embeds SET text = 'a lie', author_name = 'a lie'")
        conn.commit()
    merge(old, archive=tmp_path / "new")
    new = tmp_path / "new" / "embeds.db"
    for table in ("descriptions", "conclusions", "embeds"):
        rows = ask(new, f"SELECT * FROM {table}")
        assert rows
        assert "a lie" not in str(rows)


# ------------------------------------------------------------------------------------------------------------ withheld


def erase(archive: Archive, _: int, key: str = POST) -> None:
    case = withhold(archive, [Subject("post", key)], "sealed", NOW, NOW, reference="R7")
    decide(archive, case, "erase", NOW, basis="GDPR 17", by="ana")
    archive.erase(case, NOW)


@pytest.mark.parametrize("is_here", [True, False], ids=["erased here", "erased there"])
def test_what_was_erased_in_either_comes_back_in_none(world: World, tmp_path: Path, is_here: bool) -> None:
    kept = make(tmp_path / "kept" / "embeds.db", world)
    erased = make(tmp_path / "erased" / "embeds.db", world, erase)
    words = [str(row[0]) for row in ask(kept, "SELECT text FROM descriptions WHERE post_key = ? AND text <> ''", POST)]
    assert words
    assert words[0].encode() in kept.read_bytes()
    into, other = (erased, kept) if is_here else (kept, erased)
    done = run("merge", other, "-a", into)
    assert done.code == 0, done.err
    assert not any(word.encode() in into.read_bytes() for word in words)
    with closing(open_reader(into)) as conn:
        assert read_level(conn, POST) == "erased"
        assert read_level(conn, LOST) == "public"
        assert (
            conn.execute("SELECT count(*) FROM captures WHERE post_key = ? AND visit_url <> ''", (POST,)).fetchone()[0]
            == 0
        )
        bodies = conn.execute(
            "SELECT sum(length(b.body)) FROM artifacts a JOIN captures c ON c.id = a.capture_id JOIN blobs b USING (sha256) "
            "WHERE c.post_key = ?", (POST,),
        ).fetchone()  # fmt: skip
        assert bodies[0] == 0
        assert conn.execute("SELECT erased_at IS NOT NULL FROM withdrawals").fetchall()[0][0] == 1
    assert find_flaws(into) == []
    assert not list(into.parent.glob("*.merging*"))


def test_what_one_erased_and_another_holds_by_law_is_not_merged(world: World, tmp_path: Path) -> None:
    def hold(archive: Archive, _: int) -> None:
        case = withhold(archive, [Subject("post", POST)], "sealed", NOW, NOW, reference="court")
        hold_until(archive, case, "2099-01-01T00:00:00.000Z")

    held, erased = make(tmp_path / "h" / "embeds.db", world, hold), make(tmp_path / "e" / "embeds.db", world, erase)
    for into, other in ((held, erased), (erased, held)):
        before = ask(into, "SELECT count(*) FROM access UNION ALL SELECT count(*) FROM captures")
        with pytest.raises(UsageError, match="holds some of it"):
            merge(other, archive=into)
        assert ask(into, "SELECT count(*) FROM access UNION ALL SELECT count(*) FROM captures") == before


LEVELS: dict[str, Callable[[Archive], object]] = {
    "public": lambda archive: withhold(archive, [Subject("post", POST)], "public", LONG_AGO, NOW, reference="p"),
    "staff": lambda archive: withhold(archive, [Subject("post", POST)], "staff", LONG_AGO, NOW, reference="s"),
    "sealed": lambda archive: withhold(archive, [Subject("post", POST)], "sealed", LONG_AGO, NOW, reference="x"),
}


@pytest.mark.parametrize(
    ("one", "two", "level"),
    [("public", "sealed", "sealed"), ("sealed", "staff", "sealed"), ("staff", "public", "staff")],
)
def test_the_stricter_level_and_every_optout_hold(tmp_path: Path, one: str, two: str, level: str) -> None:
    paths = [tmp_path / name / "embeds.db" for name in (one, two)]
    for path, name in zip(paths, (one, two), strict=True):
        with Archive(path, platforms=PLATFORMS) as archive:
            LEVELS[name](archive)
            add_optouts(archive, [OptOut("account", name, "x"), OptOut("host", f"{name}.example")], LONG_AGO, "a list")
    for into, other in ((0, 1), (1, 0)):
        merge(paths[other], archive=copy(paths[into], tmp_path / f"into-{into}"))
        with closing(open_reader(tmp_path / f"into-{into}" / "embeds.db")) as conn:
            found = conn.execute("SELECT level FROM access_now WHERE kind = 'post'").fetchall()
            listed = read_optouts(conn, "2099-01-01T00:00:00.000Z")
        assert [row[0] for row in found] == [level]
        assert listed.hosts == {f"{one}.example", f"{two}.example"}
        assert listed.accounts == {("x", one), ("x", two)}


# ------------------------------------------------------------------------------------------------------ what it refuses


def test_itself_is_refused_and_a_copy_of_itself_is_nothing_new(merged: Path, tmp_path: Path) -> None:
    path = copy(merged, tmp_path / "mine")
    done = run("merge", path, "-a", path)
    assert (done.code, "is the archive itself" in done.err) == (2, True)
    (report,) = merge(copy(merged, tmp_path / "copy"), archive=path).merged
    assert report.is_nothing
    assert len(ask(path, "SELECT 1 FROM merged_archives")) == 1


def test_an_empty_one_brings_nothing(tmp_path: Path) -> None:
    Archive(tmp_path / "empty" / "embeds.db", platforms=PLATFORMS).close()
    done = run("merge", tmp_path / "empty", "-a", tmp_path / "new")
    assert (done.code, "nothing new" in done.out) == (0, True), done.err


def test_a_damaged_file_leaves_out_its_visits_and_is_told(world: World, tmp_path: Path) -> None:
    old = make(tmp_path / "old" / "embeds.db", world)
    (sha256, captures), *_ = ask(old, "SELECT sha256, count(DISTINCT capture_id) FROM artifacts GROUP BY 1 ORDER BY 2")
    damage = ("UPDATE blobs SET body = zeroblob(length(body)) WHERE sha256 = ?", (sha256,))
    old = tamper(old, tmp_path / "damaged.db", damage)
    done = run("merge", old, "-a", tmp_path / "new")
    assert (done.code, done.err.count("Left out")) == (3, captures), done.err
    new = tmp_path / "new" / "embeds.db"
    assert ask(new, "SELECT count(*) FROM captures") == [(len(world.captures) - int(str(captures)),)]
    assert find_flaws(new) == []


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("no archive")
    done = run("merge", tmp_path / "notes.db", "-a", tmp_path / "new")
    assert done.code == 1
    assert not (tmp_path / "new").exists()


def test_a_file_with_something_in_place_of_a_table_is_refused(merged: Path, tmp_path: Path) -> None:
    path = copy(merged, tmp_path / "strange")
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("ALTER TABLE notes RENAME TO notes_before")
        conn.execute("CREATE VIEW notes AS SELECT * FROM notes_before")
        conn.commit()
    with pytest.raises(StrangeArchive):
        merge(path, archive=tmp_path / "new")


def test_a_dry_run_counts_and_writes_nothing(merged: Path, tmp_path: Path) -> None:
    done = run("merge", merged, "--dry-run", "--nl", "-a", tmp_path / "new")
    assert done.code == 0, done.err
    assert not (tmp_path / "new").exists()
    told = json.loads(done.out)
    assert told["new"]["captures"] == ask(merged, "SELECT count(*) FROM captures")[0][0]
