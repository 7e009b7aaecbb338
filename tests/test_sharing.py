"""What is withheld leaves in no form and shows on no page, from the moment on that it is withheld; the rest stays."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from datasette.app import Datasette

from archive_builder import ARTICLES, SAMPLES, SENSITIVE, Sample, build_archive, draw_picture
from embedarchive import open_archive
from embedarchive.core.model import Claim, Embed, Fetch, Found
from embedarchive.library import count
from embedarchive.platforms import PLATFORMS
from embedarchive.store import Archive, open_reader
from embedarchive.store.access import withhold
from embedarchive.store.cases import Subject
from embedarchive.store.sharing import HIDDEN, SEEN, find_tombstone, open_shared, read_level
from in_process import run
from logged import sign_log
from reading_room import open_room

NOW = "2026-03-21T08:00:00.000Z"
MARKS = ("CANARY0", "CANARY1", "CANARY2", "CANARY3", "CANARY4", "CANARY8")
"""A word that stands in all that an archive holds of the post of that number, or of the embed without one (8)."""


def mark(number: int, sample: Sample) -> Sample:
    """A sample with its word in what the post says, in what describes its pictures, in what the publisher says."""
    word = f"CANARY{number}"
    says = sample.says and replace(sample.says, text=f"{word} {sample.says.text}", alt_text=f"{word} in the picture")
    looks = tuple(replace(each, says=each.says and replace(each.says, text=f"{word} again")) for each in sample.looks)
    claim = replace(sample.claim, text=f"{word} as the publisher has it")
    return replace(sample, says=says, looks=looks, claim=claim)


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample archive, with a word in everything of each post, and in the page of the article that embeds number 1."""
    samples = (*(mark(n, each) for n, each in enumerate(SAMPLES)), SENSITIVE)
    made = build_archive(tmp_path_factory.mktemp("marked") / "embeds.db", samples)
    with Archive(made, platforms=PLATFORMS) as archive:
        crawl = archive.start_crawl("crawl", NOW, "0.1.0", {})
        url = ARTICLES[2][0]
        article = archive.keep_seed(crawl, url, url, NOW)
        page = b"<p>CANARY1 stands in the page</p><p>CANARY8 too</p>"
        fetch = archive.keep_fetch(article, crawl, Fetch(url, url, NOW, "ok", 200, content_type="text/html", body=page))
        post = SAMPLES[1].post
        named = Embed(1, "embed", "instagram", post, post.url, "quote", "markup", "quote", "<b>CANARY1</b>",
                      Claim("東京夜景部", "tokyo.yakei.bu", "CANARY1"))  # fmt: skip
        bare = Embed(2, "embed", "instagram", None, None, "byline", "text", "byline", "<i>CANARY8</i>",
                     Claim("Balladyna", "balladyna", "CANARY8"))  # fmt: skip
        archive.keep_found(fetch or 0, Found((named, bare), title="Night"), 1, NOW, crawl)
        archive.conclude_all()
        archive.finish_crawl(crawl, NOW, "done", {})
    sign_log(made)
    return made


@pytest.fixture
def path(marked: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copy(marked, tmp_path / "embeds.db"))


def hide(path: Path, *things: str | Path, level: str = "sealed") -> int:
    done = run("access", "hide", *things, "-a", path, "--level", level)
    assert done.code == 0, done.err
    return int(done.err.partition("case ")[2].partition(",")[0])


# ----------------------------------------------------------------------------------------------------------- in bytes


def find_marks(path: Path) -> set[str]:
    """The words that stand anywhere in a file or a folder, whatever it is packed in."""
    found: set[str] = set()
    for file in [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]:
        for data in unpack(file.name, file.read_bytes()):
            found |= {word for word in MARKS if word.encode() in data}
    return found


def unpack(name: str, data: bytes) -> Iterator[bytes]:
    """A file's bytes, those of its members, and of an archive's kept files."""
    yield data
    if data.startswith(b"SQLite format 3\0"):
        with closing(sqlite3.connect(":memory:")) as conn:
            conn.deserialize(data)
            for encoding, body in conn.execute("SELECT encoding, body FROM blobs WHERE length(body) > 0"):
                yield zlib.decompress(body) if encoding == "zlib" else body
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            for member in package.namelist():
                yield from unpack(member, package.read(member))
    if name.endswith(".gz"):
        with gzip.open(io.BytesIO(data)) as stream:
            yield stream.read()


FORMS = {
    "publish": ("publish", "{out}"),
    "publish with pages": ("publish", "{out}", "--with-dom"),
    "site": ("export", "--site", "{out}"),
    "wacz": ("export", "--wacz", "{out}"),
    "jsonl": ("export", "--jsonl", "{out}"),
    "jsonl of embeds": ("export", "--jsonl", "{out}", "--table", "embeds"),
    "csv": ("export", "--csv", "{out}"),
    "dehydrated": ("export", "--dehydrated", "{out}"),
    "pack": ("evidence", "pack", ARTICLES[2][0], "-o", "{out}", "--all"),
}
TELLING = {"publish", "publish with pages", "site", "wacz", "jsonl", "jsonl of embeds", "csv"}


@pytest.mark.parametrize("form", FORMS)
def test_what_is_withheld_leaves_in_no_form(path: Path, tmp_path: Path, form: str) -> None:
    def export(name: str) -> set[str]:
        out = tmp_path / name
        done = run(*(part.format(out=out) for part in FORMS[form]), "-a", path)
        assert done.code == 0, done.err
        return find_marks(out)

    before = export("before.csv")
    assert {"CANARY0", "CANARY1", "CANARY3", "CANARY4"} <= before or form not in TELLING
    picture = tmp_path / "face.png"
    picture.write_bytes(draw_picture("bowl:1", (900, 900)))
    hide(path, SAMPLES[0].post.key, level="staff")
    hide(path, SAMPLES[1].post.url)
    hide(path, "@clara_writes")
    hide(path, "instagram:@balladyna")
    hide(path, picture)
    after = export("after.csv")
    assert after == before & {"CANARY2"}


@pytest.mark.parametrize(
    ("subject", "is_withheld"),
    [
        (Subject("account", "Kystvakta.Nord"), True),
        (Subject("account", "kystvakta.nord", "instagram"), True),
        (Subject("account", "kystvakta.nord", "x"), False),
        (Subject("account", "kystvakta"), False),
        (Subject("account", "marit.solheim.foto", "instagram"), True),
    ],
)
def test_an_account_takes_along_what_it_is_beside(path: Path, subject: Subject, is_withheld: bool) -> None:
    """By the account alone, no post of which was named: those that will be captured later are withheld just so."""
    with Archive(path, platforms=PLATFORMS) as archive:
        withhold(archive, [subject], "sealed", NOW, NOW)
    with closing(open_reader(path)) as conn:
        assert (read_level(conn, SAMPLES[0].post.key) == "sealed") is is_withheld
        assert read_level(conn, SAMPLES[1].post.key) == "public"


def test_an_article_takes_along_what_only_it_embeds(path: Path, tmp_path: Path) -> None:
    hide(path, ARTICLES[0][0])
    hide(path, "forma.example", level="staff")
    with closing(open_shared(path, "public")) as conn:
        keys = {row[0] for row in conn.execute("SELECT key FROM posts")}
        articles = {row[0] for row in conn.execute("SELECT url FROM articles")}
    assert {SAMPLES[0].post.key, SAMPLES[2].post.key} <= keys  # other articles embed them, too
    assert SAMPLES[4].post.key not in keys
    assert articles == {ARTICLES[1][0], ARTICLES[2][0]}
    done = run("publish", tmp_path / "public.db", "-a", path)
    assert done.code == 0, done.err
    assert "CANARY4" not in find_marks(tmp_path / "public.db")


def test_a_page_that_holds_a_withheld_post_is_not_shown(path: Path) -> None:
    hide(path, SAMPLES[1].post.key)
    with closing(open_shared(path, "public")) as conn:
        rows = conn.execute("SELECT html_sha256 FROM fetches f JOIN articles a ON a.id = f.article_id WHERE a.url = ?",
                            (ARTICLES[2][0],)).fetchall()  # fmt: skip
        assert rows
        assert {row[0] for row in rows} == {None}
        bodies = [zlib.decompress(b) if e == "zlib" else b for e, b in conn.execute("SELECT encoding, body FROM blobs")]
        assert not any(b"CANARY1" in body for body in bodies)
        assert any(body.startswith(b"<title>") for body in bodies)


# ------------------------------------------------------------------------------------------------- one view decides


def test_every_table_that_tells_of_posts_is_left_out_of(path: Path) -> None:
    """A new table with what posts, publishers or the network said needs a line in SEEN."""
    plain = {"crawls", "seeds", "listings", "targets", "placements", "platforms", "redactions", "holds",
             "post_counts", "deliveries", "budgets", "pacing", "withdrawals", "access", "openings",
             "log", "tree", "log_keys", "imports",
             "held_by", "merged_archives", "merged_log", "merged_stamps", "checkpoints", "stamps",
             "optouts", "exports", "export_posts",
             "browsing_due", "browsing_counts", "browsing_totals",
             "totals", "outlet_figures", "article_figures", "article_figures_due"}  # fmt: skip
    with closing(open_reader(path)) as conn:
        sql = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'"
        tables = {row[0] for row in conn.execute(sql)} - {"_sqlite_migrations", "sqlite_schema"}
    assert tables - plain == set(SEEN)


def test_the_view_and_the_connection_agree(path: Path) -> None:
    hide(path, SAMPLES[0].post.key, "@tokyo.yakei.bu", level="staff")
    hide(path, SAMPLES[3].post.key)
    with closing(open_reader(path)) as conn:
        shareable = {row[0] for row in conn.execute("SELECT key FROM shareable_posts")}
        levels = [read_level(conn, each.post.key) for each in SAMPLES[:4]]
    assert levels == ["staff", "staff", "public", "sealed"]
    with closing(open_shared(path, "public")) as conn:
        assert {row[0] for row in conn.execute("SELECT key FROM posts WHERE is_control = 0")} == shareable
        assert conn.execute("SELECT count(*) FROM post_status").fetchone()[0] == len(shareable)
    with closing(open_shared(path, "staff")) as conn:
        seen = {row[0] for row in conn.execute("SELECT key FROM posts")}
        assert SAMPLES[0].post.key in seen
        assert SAMPLES[3].post.key not in seen
        assert find_tombstone(conn, SAMPLES[3].post.key, "staff")
    with open_archive(path) as library:
        assert library.post(SAMPLES[0].post.key) is None
        assert library.post(SAMPLES[2].post.key) is not None
    with open_archive(path, eyes="staff") as library:
        assert library.post(SAMPLES[0].post.key) is not None


def test_no_total_counts_what_is_withheld(path: Path, tmp_path: Path) -> None:
    """Whoever may not see a post sees the totals of the archive that lacks it: those of a public copy."""
    with closing(open_shared(path, "public")) as conn:
        everything = count(conn)
    hide(path, SAMPLES[0].post.key, "@tokyo.yakei.bu", level="staff")
    hide(path, SAMPLES[3].post.key, "forma.example")
    assert run("publish", tmp_path / "public.db", "-a", path).code == 0
    with closing(open_shared(path, "public")) as conn, closing(open_reader(tmp_path / "public.db")) as copy:
        seen, copied = count(conn), count(copy)
    names = ("posts", "preserved", "partly_preserved", "gone", "gone_but_kept", "perhaps_gone", "captures", "replayed",
             "outcomes", "platforms", "embeds", "unresolved")  # fmt: skip
    assert {name: getattr(seen.figures, name) for name in names} == {
        name: getattr(copied.figures, name) for name in names
    }
    assert seen.outlets == copied.outlets
    assert (seen.figures.withheld, copied.figures.withheld) == (4, 0)
    assert seen.figures.posts + 4 == everything.figures.posts
    told = run("stats", "-a", path)  # whoever keeps the archive counts what is for staff
    assert "2 withheld, in no other figure here" in " ".join(told.out.split())


def test_the_newest_decision_holds_and_an_embargo_ends(path: Path) -> None:
    key = SAMPLES[0].post.key

    def level() -> str:
        with closing(open_reader(path)) as conn:
            return read_level(conn, key)

    case = hide(path, key)
    assert level() == "sealed"
    for decision, expected in (("staff", "staff"), ("seal", "sealed"), ("erase", "sealed"), ("restore", "public")):
        assert run("access", "decide", case, decision, "-a", path, "--basis", "GDPR 17(3)(d)").code == 0
        assert level() == expected
    assert run("access", "hide", key, "-a", path, "--until", "2999-01-01").code == 0
    assert level() == "sealed"
    assert run("access", "hide", key, "-a", path, "--until", "2020-01-01").code == 0
    assert level() == "sealed"  # what is over withdraws nothing that was decided before
    with pytest.raises(sqlite3.IntegrityError, match="append-only"), closing(sqlite3.connect(path)) as conn:
        conn.execute("UPDATE access SET level = 'public'")


def test_cases_are_listed_until_they_are_decided(path: Path) -> None:
    first, second = hide(path, SAMPLES[0].post.key), hide(path, "@clara_writes")
    run("access", "decide", first, "restore", "-a", path, "--by", "A. N.")
    listed = [json.loads(line) for line in run("access", "list", "-a", path, "--json").out.splitlines()]
    assert [(each["id"], each["decision"], each["decided_by"]) for each in listed] == [
        (second, None, None), (first, "restore", "A. N.")]  # fmt: skip
    still = run("access", "list", "-a", path, "--json", "--open").out
    assert [json.loads(line)["id"] for line in still.splitlines()] == [second]
    assert run("access", "hide", SAMPLES[2].post.key, "-a", path, "--due", "0d").code == 0
    assert run("access", "list", "-a", path).code == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("hide", "no such thing at all"), "no post, account"),
        (("hide", SAMPLES[0].post.key, "--until", "soon"), "is no day"),
        (("hide", SAMPLES[0].post.key, "--due", "soon"), "no length of time"),
        (("decide", "77", "seal"), "There is no withdrawal 77"),
        (("hold", "1"), "either --until DATE or --lift"),
        (("open", "x:1", "--why", "to see", "-o", "card.html"), "is no post"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(path: Path, arguments: tuple[str, ...], said: str) -> None:
    before = path.read_bytes()
    done = run("access", *arguments, "-a", path)
    assert done.code == 2
    assert said in done.err
    assert path.read_bytes() == before


# ---------------------------------------------------------------------------------------------- at the command line


def test_who_keeps_the_archive_sees_a_tombstone_for_what_is_sealed(path: Path, tmp_path: Path) -> None:
    post = SAMPLES[0].post
    hide(path, post.key)
    for command in (("show", post.key), ("lookup", post.url), ("lookup", post.key)):
        done = run(*command, "-a", path)
        assert done.code == 1
        assert "This post is withheld since" in done.err
        assert "CANARY" not in done.out + done.err
    assert run("search", "CANARY0", "-a", path).out.count("CANARY0") == 0
    card = tmp_path / "card.html"
    done = run("access", "open", post.url, "--why", "a court asked", "--by", "A. N.", "-o", card, "-a", path)
    assert done.code == 0, done.err
    assert "CANARY0" in card.read_text("utf-8")
    with closing(open_reader(path)) as conn:
        assert [tuple(row) for row in conn.execute("SELECT opened_by, subject, why FROM openings")] == [
            ("A. N.", post.key, "a court asked")]  # fmt: skip


def test_a_hole_is_not_healed_with_a_post_that_is_withheld(path: Path, tmp_path: Path) -> None:
    story = tmp_path / "story.html"
    story.write_text(
        f'<blockquote class="instagram-media" data-instgrm-permalink="{SAMPLES[0].post.url}"></blockquote>'
    )
    healed = tmp_path / "healed.html"
    assert run("heal", story, "-a", path, "-o", healed).code == 0
    assert "CANARY0" in healed.read_text("utf-8")
    hide(path, SAMPLES[0].post.key, level="staff")
    run("heal", story, "-a", path, "-o", healed, "--overwrite")
    assert "CANARY0" not in healed.read_text("utf-8")


# --------------------------------------------------------------------------------------------------- in the reading room


FOUND = (
    "SELECT id FROM captures WHERE post_key = :key",
    "SELECT a.sha256 FROM artifacts a JOIN captures c ON c.id = a.capture_id WHERE c.post_key = :key UNION "
    "SELECT f.html_sha256 FROM fetches f JOIN embeds e ON e.article_id = f.article_id "
    "WHERE e.post_key = :key AND f.html_sha256 IS NOT NULL",
    "SELECT id FROM embeds",
    "SELECT id FROM articles",
)
"""The captures and files of a post, the pages of its articles, all embeds, all articles."""


def find_routes(path: Path, key: str) -> list[str]:
    """Every address at which a room could show something of a post, and Datasette's own."""
    with closing(open_reader(path)) as conn:
        captures, files, embeds, articles = ([row[0] for row in conn.execute(sql, {"key": key})] for sql in FOUND)
    room = "/embeds/-"
    return [
        f"{room}/archive", f"{room}/lost", f"{room}/outlets", f"{room}/find?q=CANARY1", f"{room}/find?q=ANARY1",
        f"{room}/find?q=@tokyo.yakei.bu", f"{room}/post/{key}", f"{room}/card/{key}", f"{room}/evidence/{key}",
        f"{room}/proof/{key}", f"{room}/pack/{key}?all=1",
        *(f"{room}/capture/{each}" for each in captures), *(f"{room}/snapshot/{each}" for each in captures),
        *(f"{room}/{route}/{each}" for route in ("media", "source") for each in files),
        *(f"{room}/embed/{each}" for each in embeds), *(f"{room}/article/{each}" for each in articles),
        *(f"{room}/outlet/{each}" for each in ("the-meridian.example", "forma.example")),
        f"/-/embedarchive/oembed?url={SAMPLES[1].post.url}", f"/timemap/link/{SAMPLES[1].post.url}",
        "/embeds/descriptions", "/embeds/embeds.json?_size=max", "/embeds/blobs.json", "/embeds/captures",
        "/embeds.json?sql=select+text+from+descriptions", "/embeds/-/query.json?sql=select+text+from+descriptions",
        "/embeds/preserved_posts.json", "/embeds/lost_by_outlet.json", "/embeds.db",
        "/embeds/posts_by_handle.json?handle=tokyo.yakei.bu",
    ]  # fmt: skip


async def read_all(room: Datasette, routes: list[str], actor: dict[str, str] | None = None) -> dict[str, bytes]:
    cookies = {"ds_actor": room.sign({"a": actor}, "actor")} if actor else {}
    answers = {}
    for route in routes:
        answer = await room.client.get(route, cookies=cookies, follow_redirects=True)
        assert answer.status_code < 500, (route, answer.text)
        answers[route] = b"".join(unpack(route, answer.content))
    return answers


async def test_what_is_withheld_shows_on_no_page_from_then_on(path: Path) -> None:
    room, key = await open_room(path), SAMPLES[1].post.key
    routes = find_routes(path, key)
    before = await read_all(room, routes)
    telling = {route for route, body in before.items() if b"CANARY1" in body and "q=" not in route}
    assert {"/embeds/-/archive", f"/embeds/-/post/{key}", f"/embeds/-/card/{key}", "/embeds/-/article/3",
            "/embeds/descriptions" } <= telling  # fmt: skip
    with closing(open_reader(path)) as conn:
        files = [row[0] for row in conn.execute(FOUND[1], {"key": key})]
    hide(path, key, level="staff")
    after = await read_all(room, routes)
    # What was asked is repeated; nothing else is.
    assert {route for route, body in after.items() if b"CANARY1" in body and "q=" not in route} == set()
    for sha in files:
        assert (await room.client.get(f"/embeds/-/media/{sha}")).status_code == 404
    assert b"1 result" not in after["/embeds/-/find?q=CANARY1"]
    gone = await room.client.get(f"/embeds/-/post/{key}")
    assert gone.status_code == 410
    assert "This post is withheld since" in gone.text
    assert (await room.client.get(f"/embeds/-/post/{SAMPLES[0].post.key}")).status_code == 200


async def test_staff_who_are_signed_in_see_what_is_for_staff(path: Path) -> None:
    room, key = await open_room(path), SAMPLES[1].post.key
    hide(path, key, level="staff")
    hide(path, SAMPLES[0].post.key)
    seen = await read_all(room, find_routes(path, key), {"id": "root"})
    assert b"CANARY1" in seen[f"/embeds/-/post/{key}"]
    assert b"CANARY1" in seen["/embeds/-/find?q=CANARY1"]
    sealed = await room.client.get(f"/embeds/-/post/{SAMPLES[0].post.key}",
                                   cookies={"ds_actor": room.sign({"a": {"id": "root"}}, "actor")})  # fmt: skip
    assert sealed.status_code == 410
    other = await read_all(room, [f"/embeds/-/card/{key}"], {"id": "somebody"})
    assert b"CANARY1" not in other[f"/embeds/-/card/{key}"]


async def test_a_room_opens_again_what_was_restored(path: Path) -> None:
    room, key = await open_room(path), SAMPLES[1].post.key
    case = hide(path, key)
    assert (await room.client.get(f"/embeds/-/post/{key}")).status_code == 410
    run("access", "decide", case, "restore", "-a", path)
    assert (await room.client.get(f"/embeds/-/post/{key}")).status_code == 200


async def test_an_archive_that_could_not_be_asked_is_not_taken_for_an_open_one(path: Path) -> None:
    hide(path, SAMPLES[1].post.key)
    room, route = await open_room(path), f"/embeds/-/post/{SAMPLES[1].post.key}"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert (await room.client.get(route)).status_code == 503
        other.execute("ROLLBACK")
    assert (await room.client.get(route)).status_code == 410


def test_the_temporary_tables_are_filled_in_an_order_that_works() -> None:
    """Each may ask only for those before it."""
    seen: set[str] = set()
    for name, query in HIDDEN.items():
        asked = {each for each in HIDDEN if f"temp.{each}" in query}
        assert asked <= seen
        seen.add(name)
