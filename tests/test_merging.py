"""Two archives made one: the same whichever is merged into which, however often, and wherever that was broken off."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from authorities import Stamper
from embedarchive.api.merging import merge
from embedarchive.core.errors import StrangeArchive, UsageError
from embedarchive.core.model import Fetch, Found, PagePlace
from embedarchive.detect import FINDER_RULES
from embedarchive.platforms import PLATFORMS
from embedarchive.run.deriving import Derived, derive_all
from embedarchive.store import Archive, conclusions, evidence, open_reader, rows
from embedarchive.store.access import decide, hold_until, withhold
from embedarchive.store.blobs import hash_bytes
from embedarchive.store.cases import Subject
from embedarchive.store.checkpoints import make_checkpoint
from embedarchive.store.collections import keep_members
from embedarchive.store.conclusions import MANY_AT_ONCE, PostScope
from embedarchive.store.keyring import Keyring
from embedarchive.store.merging.union import APART, MADE_ANEW, UNITED, Merged, merge_archive
from embedarchive.store.optouts import OptOut, add_optouts, read_optouts
from embedarchive.store.recorded import keep_recorded
from embedarchive.store.sharing import read_level
from embedarchive.store.stamps import keep_answer, read_due_stamps, want_stamps
from embedarchive.store.timestamps import judge_stamp, make_stamp_request, read_certificates
from embedarchive.store.verify import VerifyScope, verify
from embedarchive.store.verify_log import LogScope
from in_process import run
from pairs import DUMPED, NOW, Event, World, build, draw_pair, dump, find_differences, read_world, unpack
from tampering import tamper

ARCHIVES = Path(__file__).parent / "archives"
NEWEST = max(ARCHIVES.glob("*.db.gz"))
LONG_AGO = "2020-01-01T08:00:00.000Z"
POST, LOST = "instagram:DSKNf_7ug1s", "instagram:DOk9AsTqLAJ"
needs_authority = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here to play an authority")
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
        ("UPDATE merged_stamps SET token = zeroblob(length(token))", "merged_stamp"),
        ("UPDATE merged_stamps SET stamped_at = '2001-01-01T00:00:00.000Z'", "merged_stamp"),
        ("UPDATE merged_stamps SET root = root || '#'", "merged_stamp"),
        ("UPDATE merged_stamps SET checkpoint_id = 7", "merged_stamp"),
        ("UPDATE merged_stamps SET seq = 1", "merged_stamp"),
        ("UPDATE merged_stamps SET note = replace(note, 'embedarchive/', 'embedarchive/0')", "merged_checkpoint"),
    ],
)  # fmt: skip
def test_what_was_merged_is_caught_where_it_is_changed(merged: Path, tmp_path: Path, change: str, code: str) -> None:
    if "merged_stamps" in change and not ask(merged, "SELECT 1 FROM merged_stamps"):
        pytest.skip("no openssl here to play an authority")
    path = tamper(merged, tmp_path / "changed.db", change)
    with closing(open_reader(path)) as conn:
        assert code in {flaw.code for flaw in verify(conn, VerifyScope(log=LogScope()))}


@pytest.fixture(scope="module")
def merged(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive into which another was merged, whose last checkpoint but one is stamped."""
    folder = tmp_path_factory.mktemp("merged")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        old = make(folder / "old" / "embeds.db", world)
        if shutil.which("openssl"):
            stamp(old, Stamper(folder / "authority", "Plain"))
        with Archive(old, platforms=PLATFORMS) as archive:
            archive.keep_capture(replace(world.captures[0], started_at=NOW), archive.start_crawl("crawl", NOW, "0", {}))
            make_checkpoint(archive, Keyring(old.parent / "keys"), NOW)
        merge(old, archive=folder / "new")
    return folder / "new" / "embeds.db"


def stamp(path: Path, authority: Stamper) -> None:
    """Have the newest checkpoint of an archive stamped."""
    with Archive(path, platforms=PLATFORMS) as archive, archive.transaction() as conn:
        want_stamps(conn, ["http://one.example/tsr"], NOW)
        (due,) = read_due_stamps(conn, NOW)
        answer = authority.answer(make_stamp_request(due.note.encode()))
        judged = judge_stamp(answer, due.note.encode(), read_certificates(authority.root.read_bytes()))
        keep_answer(conn, due.id, answer, judged)


@needs_authority
def test_every_archives_proof_holds_however_it_came(merged: Path, world: World, tmp_path: Path) -> None:
    """Two merged into one, of which one had had another merged into it; each with its own key, log and stamps."""
    through = copy(merged, tmp_path / "through")
    stamp(through, Stamper(tmp_path / "authority", "Plain"))
    other = build(tmp_path / "other" / "embeds.db", draw_pair(world, 39)[0])
    merge(through, other, archive=tmp_path / "all")
    path = tmp_path / "all" / "embeds.db"
    names = [ask(each, "SELECT origin FROM log_keys LIMIT 1")[0] for each in (through, other)]
    assert sorted(ask(path, "SELECT name FROM merged_archives")) == sorted(
        [*names, *ask(merged, "SELECT name FROM merged_archives")]
    )
    told = "SELECT a.name, s.stamped_at FROM merged_stamps s JOIN merged_archives a ON a.id = s.archive_id"
    stamped = [*ask(merged, told), (*names[0], *ask(through, "SELECT stamped_at FROM stamps")[0])]
    assert sorted(ask(path, told)) == sorted(stamped)
    assert find_flaws(path) == []
    everything = "SELECT kind, subject FROM held_by WHERE archive_id = ? AND seq IS NOT NULL"
    assert all(ask(path, everything, number) for (number,) in ask(path, "SELECT id FROM merged_archives"))
    again = merge(other, through, merged, archive=path)
    assert all(each.is_nothing for each in again.merged)
    assert find_flaws(path) == []


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
        found = ask(new, f"SELECT * FROM {table}")
        assert found
        assert "a lie" not in str(found)


# --------------------------------------------------------------------------------------------------------- every table

PROVENANCE = {"held_by", "merged_archives", "merged_log", "merged_stamps"}
"""Tables that say who held what: no two archives say the same there."""


def test_what_becomes_of_every_table_is_said_and_what_is_united_is_compared(merged: Path) -> None:
    """A new table belongs into one of the lists of `store/merging/union.py`, and, where it is united, into DUMPED."""
    lists = (set(UNITED), set(MADE_ANEW), set(APART))
    said = [each for some in lists for each in some]
    tables = {
        str(row[0])
        for row in ask(merged, "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
    }
    assert sorted(said) == sorted(each for each in tables if not each.startswith(("sqlite_", "_sqlite")))
    compared = set(re.findall(r"\w+", " ".join(DUMPED.values())))
    assert set(UNITED) - PROVENANCE <= compared


FILLED = """
INSERT INTO exports (made_at, form, place, eyes, posts, sha256) VALUES ('T', 'wacz', 'a.wacz', 'public', 1, 'ab');
INSERT INTO export_posts (post_key, export_id) VALUES ('POST', 1);
INSERT INTO openings (opened_at, opened_by, subject, why) VALUES ('T', 'ana', 'POST', 'a court');
INSERT INTO deliveries (change_id, channel, noted_at, delivered_at, answer)
  VALUES ('c1', 'feed', 'T', 'T', 'ok');
INSERT OR REPLACE INTO pacing (platform, per_day, pace, longest_d, factor, solved_on) VALUES ('x', 9, 1.5, 30, 1, '2026-05-02');
INSERT INTO listings (url, kind, read_at, entries) VALUES ('https://a.example/feed', 'feed', 'T', 3);
INSERT INTO searches (post_key, source, turn, asked_at, answer, mementos, requests, rules)
  VALUES ('POST', 'wayback', 2, 'T', 'held', 1, 2, 1);
INSERT INTO mementos (post_key, source, url, seen_at, article_id, place, tried_at, verdict, capture_id)
  SELECT 'POST', 'wayback', 'https://b.example/', 'T', (SELECT min(id) FROM articles), 'https://w.example/',
    'T', 'recovered', max(id) FROM captures WHERE post_key = 'POST';
INSERT INTO page_files (fetch_id, position, url, kind, status, headers, content_type, fetched_at, sha256)
  SELECT id, 1, 'https://a.example/a.css', 'stylesheet', 200, '[]', 'text/css', 'T', html_sha256 FROM fetches
  WHERE html_sha256 IS NOT NULL AND url LIKE '%lanternpost%' LIMIT 1;
INSERT INTO replays (capture_id, checked_at, score, media_found, media_expected)
  SELECT min(id), 'T', 0.5, 1, 2 FROM captures WHERE post_key = 'POST';
"""
"""A row in each table that no event of a pair fills."""


def fill(archive: Archive, crawl: int, world: World) -> None:
    post = next(each.post for each in world.captures if each.post.key == POST)
    seen = next(each for each in world.captures if each.post.key == POST and each.verdict.outcome == "available")
    keep_recorded(archive, replace(seen, started_at=LONG_AGO, finished_at=LONG_AGO, origin="import"), crawl, NOW)
    archive.keep_control(replace(seen, started_at="2026-05-03T10:00:00.000Z", purpose="control"), crawl)
    url = "https://c.example/article"
    stands = PagePlace("/a.warc.gz", offset=0, length=9, sha256=hash_bytes(b"a page"), size=6)
    page = Fetch(url, url, LONG_AGO, "ok", 200, source="archive", place=stands)
    archive.keep_referred(archive.keep_seed(crawl, url, url, NOW), crawl, page, Found(()), FINDER_RULES)
    archive.keep_remark("posts", post.key, "tag flood", "flood", "ana", NOW)
    keep_members(archive.conn, "floods", [("post", post.key)], "ana", NOW)
    archive.keep_hold(PostScope("facebook"), "2026-05-03T10:00:00.000Z", MANY_AT_ONCE, crawl)
    add_optouts(archive, [OptOut("account", "somebody", "x")], NOW, "a list")
    for statement in set_names(FILLED).split(";\n"):
        archive.conn.execute(statement)


def test_a_row_of_every_table_comes_along(merged: Path, world: World, tmp_path: Path) -> None:
    full = make(tmp_path / "full" / "embeds.db", world, lambda archive, crawl: fill(archive, crawl, world),
                lambda archive, crawl: erase(archive, crawl, LOST))  # fmt: skip
    merge(merged, archive=full)
    new = tmp_path / "new" / "embeds.db"
    with Archive(new, platforms=PLATFORMS) as archive:  # killed before anything was derived: what is due says so
        merge_archive(archive, Merged(full), NOW)
    assert ask(new, "SELECT 1 FROM captures_to_describe")
    assert dump(new)["due"]
    merge(full, archive=new)
    assert dump(new)["due"] == []
    empty = {table for table in UNITED if not ask(new, f"SELECT 1 FROM {table} LIMIT 1")}
    assert empty == set() or (empty == {"merged_stamps"} and not ask(merged, "SELECT 1 FROM merged_stamps"))
    assert find_differences(full, new) == []
    assert find_flaws(new) == []


# ------------------------------------------------------------------------------------------------------ what disagrees

DISAGREE = {
    "an article's outlet": ("UPDATE articles SET outlet = '{0} Post' WHERE id = 2", "{0} Post"),
    "an article's title": ("UPDATE articles SET title = 'as {0} has it' WHERE id = 2", "as {0} has it"),
    "notes by one name": (
        "INSERT INTO notes (subject_kind, subject, name, value, by, at) VALUES ('posts', 'POST', 'n', 'says {0}', 'ana', 'T')",
        "says {0}",
    ),
    "members of one collection": (
        "INSERT INTO collections (name, kind, subject, by, at) VALUES ('c', 'article', 'https://{0}.example/', 'ana', 'T')",
        "https://{0}.example/",
    ),
    "who put a member in": (
        "INSERT INTO collections (name, kind, subject, by, at) VALUES ('c', 'post', 'POST', '{0}', 'T')", "",
    ),
    "opt-outs for other reasons": (
        "INSERT INTO optouts (kind, pattern, from_at, source) VALUES ('host', 'o.example', 'T', 'list of {0}')", "list of {0}",
    ),
    "a control": ("UPDATE posts SET is_control = '{0}' = 'one' WHERE key = 'POST'", ""),
    "when a post was posted": ("UPDATE posts SET posted_at = iif('{0}' = 'one', 'T', 'U') WHERE key = 'POST'", ""),
    "what was told to whom": (
        "INSERT INTO deliveries (change_id, channel, noted_at, delivered_at, answer) "
        "VALUES ('c1', 'hook', 'T', iif('{0}' = 'one', 'T', NULL), '{0}')", "",
    ),
    "a hold that one released": (
        "INSERT INTO holds (platform, since, why, released_at, released_by) "
        "SELECT 'x', 'T', 'many', iif('{0}' = 'one', 'T', NULL), iif('{0}' = 'one', 'ana', NULL)", "",
    ),
    "how often a platform is observed": (
        "INSERT OR REPLACE INTO pacing (platform, per_day, pace, longest_d, factor, solved_on) "
        "VALUES ('x', length('{0}'), 1 + ('{0}' = 'one'), 30, 1, '2026-05-02')", "",
    ),
    "what an archive answered": (
        "INSERT INTO searches (post_key, source, turn, asked_at, answer) "
        "VALUES ('POST', 'cdn', 5, iif('{0}' = 'one', 'T', 'U'), 'none')",
        "",
    ),
    "what a memento was": (
        "INSERT INTO mementos (post_key, source, url, seen_at, place, tried_at, verdict) "
        "VALUES ('POST', 'cdn', 'u', 'T', 'p', iif('{0}' = 'one', 'T', 'U'), iif('{0}' = 'one', 'wall', 'gone'))", "",
    ),
    "a list read again": (
        "INSERT INTO listings (url, kind, read_at, entries) VALUES ('l', 'feed', iif('{0}' = 'one', 'T', 'U'), length('{0}'))",
        "",
    ),
    "a copy that one knows gone": (
        "INSERT INTO exports (made_at, form, place, eyes, posts, gone_at) "
        "VALUES ('T', 'csv', 'p', 'staff', 0, iif('{0}' = 'one', 'T', NULL))", "",
    ),
    "a page opened by both": (
        "UPDATE fetches SET rendered_at = iif('{0}' = 'one', 'T', 'U'), alterations = '[]' "
        "WHERE id = 1", "was opened in a browser on",
    ),
    "what is embedded by two names": (
        "UPDATE embeds SET post_key = iif('{0}' = 'one', 'POST', 'OTHER') WHERE post_key = 'LOST'", "",
    ),
    "a post by two names": ("UPDATE posts SET same_as = iif('{0}' = 'one', 'POST', 'OTHER') WHERE key = 'LOST'", "LOST is"),
}  # fmt: skip
"""Kind -> what both say otherwise, and the words of each that are kept or told; none where one of both has to count."""


def test_what_disagrees_is_kept_or_told_and_the_same_either_way(world: World, tmp_path: Path) -> None:
    other = next(each.post.key for each in world.captures if each.post.key not in (POST, LOST))
    paths = {name: disagree(make(tmp_path / name / "embeds.db", world), name, other) for name in ("one", "two")}
    here, there = copy(paths["one"], tmp_path / "ab"), copy(paths["two"], tmp_path / "ba")
    (into,), (back,) = merge(paths["two"], archive=here).merged, merge(paths["one"], archive=there).merged
    assert find_differences(here, there) == []
    assert find_flaws(here) == find_flaws(there) == []
    for path, done in ((here, into), (there, back)):
        said = json.dumps([dump(path), done.told], ensure_ascii=False)
        for kind, (_, words) in DISAGREE.items():
            for name in paths:
                assert set_names(words.format(name), other) in said, kind
        assert f"seal on {NOW}" in said
        assert f"restore on {NOW}" in said


def disagree(path: Path, name: str, other: str) -> Path:
    """Let an archive say what the other of both does not."""
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl = archive.start_crawl("check", LONG_AGO, "0.1.0", {})
        case = withhold(archive, [Subject("post", other)], "sealed", NOW, NOW, reference="R9")
        decide(archive, case, {"one": "seal", "two": "restore"}[name], NOW, basis=f"as {name} says", by=name)
        with archive.transaction() as conn:
            rows.index(conn, "articles", 2, remove=True)
            for sql, _ in DISAGREE.values():
                conn.execute(set_names(sql.format(name), other))
            rows.index(conn, "articles", 2)
            evidence.append(conn, "rendering", 1)
            for key in (POST, LOST, other):
                conclusions.ask_for_post(conn, key)
        derive_all(archive, crawl, Derived())
    return path


def set_names(text: str, other: str = "") -> str:
    names = {"POST": POST, "LOST": LOST, "OTHER": other, "T": NOW, "U": "2026-06-02T08:00:00.000Z"}
    return re.sub(r"(?<=')(POST|OTHER|LOST|T|U)(?=')|^LOST", lambda found: names[found[0]], text)


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


def test_a_page_that_is_cut_is_cut_for_every_download_that_names_it(world: World, tmp_path: Path) -> None:
    """One found the erased post in it; the other, killed before it searched, has two downloads of that page as it was."""
    page = next(each for each in world.fetches if POST.partition(":")[2].encode() in each.body)

    def read(archive: Archive, crawl: int, at: str = "2026-05-01T20:13:39.387Z") -> None:
        archive.keep_fetch(archive.keep_seed(crawl, page.url, page.url, at), crawl, replace(page, fetched_at=at))

    one = build(tmp_path / "a" / "embeds.db", (read,))
    with Archive(tmp_path / "b" / "embeds.db", platforms=PLATFORMS) as archive:
        crawl = archive.start_crawl("crawl", "2026-05-01T09:00:00.000Z", "0.1.0", {})
        read(archive, crawl)
        read(archive, crawl, "2026-05-05T20:59:26.921Z")
        erase(archive, crawl)
    here, there = copy(one, tmp_path / "ab"), copy(archive.path, tmp_path / "ba")
    merge(archive.path, archive=here)
    merge(one, archive=there)
    assert find_flaws(here) == find_flaws(there) == []
    for merged in (here, there):
        pages = ask(merged, "SELECT html_sha256, length(body) > 0 FROM fetches JOIN blobs ON sha256 = html_sha256")
        assert len(pages) == 2
        assert pages[0] == pages[1] == (pages[0][0], 1)


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
