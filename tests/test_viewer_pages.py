"""The reading room as Datasette serves it: every page, every refusal, headers, permissions, ranges, bounds."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import httpx
import pytest
import pytest_asyncio
from datasette.app import Datasette
from datasette.utils import parse_metadata

from archive_builder import ARTICLES, SAMPLES, build_archive
from embedarchive.library import post_record
from embedarchive.library.functions import id_date
from embedarchive.library.questions import ADDRESSED
from embedarchive.show.social import describe_post_link
from embedarchive.store import open_reader
from embedarchive.store.reading import read_blob
from embedarchive.store.schema.meanings import describe_tables
from embedarchive.viewer.config import ARRANGED
from embedarchive.viewer.media import LARGEST_RANGE, read_range
from embedarchive.viewer.pages import links_to
from embedarchive.viewer.serve import arrange, has_browser, make_app, name_archives, warm_up
from embedarchive.viewer.shims import configure, is_1_0
from embedarchive.viewer.uploads import LARGEST_FORM
from in_process import run
from reading_room import open_room

LOST = SAMPLES[0].post
KEY = LOST.key
NEWER = next(sample.post for sample in SAMPLES if sample.post.platform == "x")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("archive") / "embeds.db")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(path: Path) -> Datasette:
    """One for all: to open one takes Datasette 1.0 half a second of processor time. No test changes the archive."""
    return await open_room(path)


async def get(room: Datasette, url: str, **headers: str) -> httpx.Response:
    response: httpx.Response = await room.client.get(url, headers={k.replace("_", "-"): v for k, v in headers.items()})
    return response


def find(path: Path, sql: str, *values: Any) -> Any:
    conn = open_reader(path)
    row = conn.execute(sql, values).fetchone()
    conn.close()
    return row[0]


# ---------------------------------------------------------------------------------------------------------------- pages

PAGES = {
    "front": ("/embeds/-/archive", "3 of these 8 posts are gone"),
    "lost": ("/embeds/-/lost", "Marit Solheim"),
    "outlets": ("/embeds/-/outlets", "the-meridian.example"),
    "outlet": ("/embeds/-/outlet/the-meridian.example", "What the council deleted"),
    "article": ("/embeds/-/article/2", "The markup names no post"),
    "post": (f"/embeds/-/post/{KEY}", "Gone by 9 Mar 2026 · preserved 5 Mar 2026"),
    "claimed post": (f"/embeds/-/post/{SAMPLES[5].post.key}", "The post itself was not seen"),
    "lost and not kept": (f"/embeds/-/post/{SAMPLES[5].post.key}", f"embedarchive recover {SAMPLES[5].post.url}"),
    "walled post": (f"/embeds/-/post/{SAMPLES[6].post.key}", "Not known"),
    "embed": ("/embeds/-/embed/5", "All that the article’s markup says"),
    "capture": ("/embeds/-/capture/1", "waited for images"),
    "replayed": (f"/embeds/-/post/{SAMPLES[1].post.key}", "replayed, 98 % came back"),
    "not replayed": (f"/embeds/-/post/{NEWER.key}", "not yet replayed"),
    "search": ("/embeds/-/find?q=ferry", "<mark>ferry</mark>"),
    "nothing": ("/embeds/-/find?q=xyzzy", "Not in this archive"),
    "browse": ("/embeds/-/browse", "Browse 8 posts"),
    "browse by state": ("/embeds/-/browse?state=gone-kept&platform=x", "Clara Whitcombe"),
    "browse nothing": ("/embeds/-/browse?platform=tiktok", "No post is all of that"),
    "browse what names no post": ("/embeds/-/browse?state=unresolved", "Embeds whose markup names no post"),
    "browse one month": ("/embeds/-/browse?period=2026-02", "Found gone: 2 in March 2026."),
    "browse an outlet": (
        "/embeds/-/browse?outlet=the-meridian.example",
        'href="/embeds/-/outlet/the-meridian.example"',
    ),
    "an outlet's posts": (
        "/embeds/-/outlet/the-meridian.example",
        'href="/embeds/-/browse?outlet=the-meridian.example"',
    ),
    "survival of few": ("/embeds/-/survival", "Too little was seen for a curve"),
    "no such day": ("/embeds/-/find?q=31+February+2019", 'href="/embeds/-/browse?period=2019"'),
    "with another particle": ("/embeds/-/find?q=交差点では", "Nearly: the same word with another ending."),
    "some of the words": ("/embeds/-/find?q=cancelled+ferry+sailing", "Nearly: nothing holds all of these words"),
    "Datasette's box for SQL": ("/embeds", ">select * from posts</textarea>"),
    "month": ("/embeds/-/find?q=feb+2026", "Browse them"),
    "day without posts": ("/embeds/-/find?q=11+February+2019", "Nearly"),
    "no question": ("/embeds/-/find", "Any address of a post"),
}


@pytest.mark.parametrize("name", PAGES)
async def test_every_page_shows_what_it_is_about(room: Datasette, name: str) -> None:
    url, said = PAGES[name]
    response = await get(room, url)
    assert response.status_code == 200
    assert said in response.text
    if url == "/embeds":  # Datasette's own page
        assert "attached to this connection" not in response.text
        return
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("url", ["/embeds/-/capture/99", "/embeds/-/post/x:1", "/-/embedarchive/check"])
async def test_also_what_is_no_page_of_an_archive_leads_back_into_it(room: Datasette, url: str) -> None:
    response = await get(room, url)
    header = response.text.partition("<header")[2].partition("</header>")[0]
    assert 'href="/-/embedarchive"' in header or 'href="/embeds/-/archive"' in header
    assert 'name="q"' in header or url.endswith("check")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (f"https://www.instagram.com/reel/{LOST.native_id}/?igsh=x", f"/embeds/-/post/{KEY}"),
        (LOST.native_id, f"/embeds/-/post/{KEY}"),
        (ARTICLES[1][0] + "?utm_source=x", "/embeds/-/article/2"),
    ],
)
async def test_what_can_mean_only_one_thing_leads_straight_to_it(room: Datasette, text: str, where: str) -> None:
    response = await get(room, f"/embeds/-/find?q={quote(text, safe='')}")
    assert (response.status_code, response.headers["location"]) == (302, where)


async def test_an_article_can_be_seen_as_its_readers_saw_it(room: Datasette, path: Path) -> None:
    sha256 = find(path, "SELECT screenshot_sha256 FROM fetches WHERE article_id = 2")
    assert f'src="/embeds/-/media/{sha256}"' in (await get(room, "/embeds/-/article/2")).text
    assert (await get(room, f"/embeds/-/media/{sha256}")).headers["content-type"] == "image/jpeg"


async def test_what_is_not_here_offers_the_command_that_brings_it(room: Datasette) -> None:
    response = await get(room, "/embeds/-/find?q=" + quote("https://www.instagram.com/p/AAAAAAAAAAA/?x=1"))
    assert "embedarchive capture https://www.instagram.com/p/AAAAAAAAAAA/" in response.text
    for number in (6, 7):  # walled, never visited
        page = (await get(room, f"/embeds/-/post/{SAMPLES[number].post.key}")).text
        assert f"embedarchive capture {SAMPLES[number].post.url}" in page
    assert "Try a picture" in (await get(room, "/embeds/-/find?q=xyzzy")).text
    unknown = await get(room, "/embeds/-/post/instagram:AAAAAAAAAAA")
    assert unknown.status_code == 404
    assert "Not in this archive" in unknown.text


async def test_the_front_door_leads_to_the_archive(room: Datasette) -> None:
    response = await get(room, "/-/embedarchive")
    assert response.headers["location"] == "/embeds/-/archive"


@pytest.mark.parametrize(
    "url",
    ["/embeds/-/article/999", "/embeds/-/capture/999", "/embeds/-/embed/999", "/embeds/-/outlet/nobody.example",
     "/nowhere/-/archive", "/embeds/-/snapshot/4", "/no-such-thing/at/all", "/embeds/-/media/" + "0" * 64,
     "/embeds/-/source/" + "A" * 64, "/embeds/-/card/instagram:nope", "/embeds/-/media/%2e%2e%2f"],
)  # fmt: skip
async def test_wrong_addresses_are_refused_in_words(room: Datasette, url: str) -> None:
    response = await get(room, url)
    assert response.status_code == 404
    assert "Traceback" not in response.text


async def test_pages_change_with_the_base_url(path: Path) -> None:
    room = await open_room(path, settings={"base_url": "/desk/"})
    response = await get(room, f"/embeds/-/post/{KEY}")
    assert 'href="/desk/embeds/-/archive"' in response.text
    assert 'src="/desk/embeds/-/media/' in response.text


# ---------------------------------------------------------------------------------------------------------------- bytes


async def test_pictures_are_served_as_what_their_bytes_prove(room: Datasette, path: Path) -> None:
    sha256 = find(path, "SELECT sha256 FROM artifacts WHERE role = 'media' LIMIT 1")
    response = await get(room, f"/embeds/-/media/{sha256}")
    assert response.headers["content-type"] == "image/jpeg"
    assert "sandbox" in response.headers["content-security-policy"]
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "private, max-age=300"
    again = await get(room, f"/embeds/-/media/{sha256}", if_none_match=response.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    part = await get(room, f"/embeds/-/media/{sha256}", range="bytes=3-12")
    assert (part.status_code, part.content) == (206, response.content[3:13])
    assert part.headers["content-range"] == f"bytes 3-12/{len(response.content)}"
    tail = await get(room, f"/embeds/-/media/{sha256}", range="bytes=-5")
    assert tail.content == response.content[-5:]
    beyond = await get(room, f"/embeds/-/media/{sha256}", range="bytes=99999999-")
    assert beyond.status_code == 416


async def test_pages_and_unknown_types_never_open_in_place(room: Datasette, path: Path) -> None:
    sha256 = find(path, "SELECT sha256 FROM artifacts WHERE role = 'dom' LIMIT 1")
    response = await get(room, f"/embeds/-/media/{sha256}")
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["content-disposition"].startswith("attachment")
    source = await get(room, f"/embeds/-/source/{sha256}")
    assert source.headers["content-type"] == "text/plain; charset=utf-8"
    assert "onload" in source.text


@pytest.mark.parametrize(
    ("header", "size", "wanted"),
    [
        (None, 10, None), ("bytes=0-", 10, (0, 9)), ("bytes=2-4", 10, (2, 4)), ("bytes=8-99", 10, (8, 9)),
        ("bytes=-3", 10, (7, 9)), ("bytes=-99", 10, (0, 9)), ("bytes=10-", 10, None), ("bytes=5-4", 10, None),
        ("bytes=-", 10, None), ("bytes=0-1,3-4", 10, None), ("items=0-1", 10, None), ("bytes=0-", 0, None),
        ("bytes=" + "9" * 400 + "-", 10, None), ("bytes=0-", 10**9, (0, LARGEST_RANGE - 1)),
    ],
)  # fmt: skip
def test_ranges(header: str | None, size: int, wanted: tuple[int, int] | None) -> None:
    assert read_range(header, size) == wanted


async def test_a_snapshot_can_do_nothing(room: Datasette) -> None:
    response = await get(room, "/embeds/-/snapshot/1")
    assert "onload" not in response.text
    assert "<iframe" not in response.text
    assert "A frame stood here: https://platform.example/x" in response.text
    assert response.headers["content-security-policy"].endswith("sandbox")


async def test_the_card_may_be_framed_by_anyone_and_runs_nothing(room: Datasette) -> None:
    response = await get(room, f"/embeds/-/card/{KEY}")
    policy = response.headers["content-security-policy"]
    assert "frame-ancestors" not in policy
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert f'data-versionurl="http://localhost/embeds/-/card/{KEY}"' in response.text


# -------------------------------------------------------------------------------------------------- the rest of the web


async def test_any_address_of_a_post_leads_to_its_page(room: Datasette) -> None:
    for url in (f"https://instagram.com/reel/{LOST.native_id}/?igsh=x", quote(LOST.url, safe="")):
        response = await get(room, f"/-/embedarchive/post/{url}")
        assert response.headers["location"] == f"/embeds/-/post/{KEY}"
    unknown = await get(room, "/-/embedarchive/post/https://www.instagram.com/p/AAAAAAAAAAA/")
    assert unknown.headers["location"].startswith("/embeds/-/find?q=")


async def test_oembed_answers_for_our_addresses_and_the_posts_own(room: Datasette) -> None:
    for url in (LOST.url, f"http://localhost/embeds/-/post/{KEY}", f"http://localhost/embeds/-/card/{KEY}"):
        response = await get(room, "/-/embedarchive/oembed?maxwidth=400&url=" + quote(url))
        answer = json.loads(response.text)
        assert (answer["version"], answer["type"], answer["width"]) == ("1.0", "rich", 400)
        assert f'src="http://localhost/embeds/-/card/{KEY}"' in answer["html"]
        assert "script" not in answer["html"]
    for url in ("https://example.org/", f"http://[/embeds/-/post/{KEY}", "http://["):
        assert (await get(room, "/-/embedarchive/oembed?url=" + quote(url))).status_code in (200, 404), url
    assert (await get(room, "/-/embedarchive/oembed?url=https://example.org/")).status_code == 404
    assert (await get(room, "/-/embedarchive/oembed?format=xml&url=x")).status_code == 501


async def test_timemap_and_timegate(room: Datasette) -> None:
    timemap = await get(room, f"/timemap/link/{LOST.url}")
    assert timemap.headers["content-type"].startswith("application/link-format")
    assert timemap.text.count('memento"') == 2  # walls and losses show no post
    assert 'rel="first memento"; datetime="Tue, 03 Mar 2026 09:14:07 GMT"' in timemap.text
    early = await get(room, f"/timegate/{LOST.url}", accept_datetime="Tue, 03 Mar 2026 00:00:00 GMT")
    late = await get(room, f"/timegate/{LOST.url}")
    assert (early.headers["location"], late.headers["location"]) == ("/embeds/-/capture/1", "/embeds/-/capture/2")
    assert early.headers["vary"].lower().startswith("accept-datetime")
    odd = await get(room, f"/timegate/{LOST.url}", accept_datetime="yesterday")
    assert odd.headers["location"] == "/embeds/-/capture/2"
    assert (await get(room, "/timemap/link/https://example.org/")).status_code == 404


async def test_all_evidence_of_a_post_is_one_download(room: Datasette) -> None:
    response = await get(room, f"/embeds/-/evidence/{KEY}")
    assert response.headers["content-type"] == "application/wacz"
    assert response.headers["content-disposition"] == f'attachment; filename="instagram-{LOST.native_id}.wacz"'
    with zipfile.ZipFile(io.BytesIO(response.content)) as package:
        assert package.testzip() is None
        pages = package.read("pages/pages.jsonl").decode()
    assert LOST.native_id in pages
    assert SAMPLES[1].post.native_id not in pages
    assert (await get(room, "/embeds/-/evidence/instagram:nope")).status_code == 404


# ----------------------------------------------------------------------------------------------------------- permission

OURS = [
    "/embeds/-/archive",
    f"/embeds/-/post/{KEY}",
    "/embeds/-/find?q=ferry",
    "/embeds/-/article/1",
    "/embeds/-/capture/1",
    f"/embeds/-/evidence/{KEY}",
]


@pytest.mark.parametrize(
    "metadata",
    [{"allow": False}, {"databases": {"embeds": {"allow": False}}},
     {"databases": {"embeds": {"tables": {"blobs": {"allow": False}}}}}],
    ids=["instance", "database", "table"],
)  # fmt: skip
async def test_what_datasette_forbids_we_forbid(path: Path, metadata: dict[str, Any]) -> None:
    room = await open_room(
        path, **{"config" if "config" in Datasette.__init__.__code__.co_varnames else "metadata": metadata}
    )
    sha256 = find(path, "SELECT sha256 FROM artifacts WHERE role = 'media' LIMIT 1")
    closed = [
        *OURS,
        f"/embeds/-/media/{sha256}",
        f"/embeds/-/source/{sha256}",
        f"/embeds/-/card/{KEY}",
        "/embeds/-/snapshot/1",
    ]
    for url in closed:
        assert (await get(room, url)).status_code == 403, url
    for url in (f"/timemap/link/{LOST.url}", "/-/embedarchive/oembed?url=" + quote(LOST.url)):
        assert (await get(room, url)).status_code in (403, 404), url


# ------------------------------------------------------------------------------------------------ Datasette's own pages


async def test_tables_show_thumbnails_and_ways_into_the_reading_room(room: Datasette, path: Path) -> None:
    view = (await get(room, "/embeds/preserved_posts")).text
    shot = find(path, "SELECT sha256 FROM artifacts WHERE role = 'screenshot' LIMIT 1")
    assert f'src="/embeds/-/media/{shot}"' in view
    assert f'href="/embeds/-/post/{KEY}"' in view
    assert 'loading="lazy"' in (await get(room, "/embeds/artifacts")).text


async def test_tables_and_columns_are_explained_from_the_schema(room: Datasette) -> None:
    meaning = describe_tables()
    assert meaning["posts"]["columns"]["posted_at"] == "Derived from the id, so it outlives the post."
    assert meaning["captures"]["description"] == "One visit to one post; never changed."
    assert "how much of what is gone we kept" in meaning["embeds_by_outlet"]["description"]
    page = (await get(room, "/embeds")).text
    assert "Posts that articles embed, as readers saw them" in page
    assert page.index("/embeds/post_status") < page.index("/embeds/lost_posts") < page.index('id="tables"')
    assert "_sqlite_migrations" not in page.partition('id="tables"')[2].partition("hidden tables")[0]
    page = (await get(room, "/embeds/captures")).text
    assert "One visit to one post; never changed." in page
    assert "The signs the outcome rests on." in page


@pytest.mark.parametrize("name", ADDRESSED)
async def test_every_saved_question_can_be_asked(room: Datasette, name: str) -> None:
    response = await get(room, f"/embeds/{name}.json?_shape=array&handle=marit.solheim.foto&url=" + quote(LOST.url))
    assert response.status_code == 200, response.text


async def test_no_question_has_the_address_of_a_table_or_view(room: Datasette) -> None:
    """Datasette has one address for both, and would show either."""
    for name in ADDRESSED:
        assert name not in await room.databases["embeds"].table_names()
        assert name not in await room.databases["embeds"].view_names()
    view = (await get(room, "/embeds/lifetimes.json?_shape=array")).json()
    asked = (await get(room, "/embeds/lifetimes_in_days.json?_shape=array")).json()
    assert "alive_at" in view[0]
    assert "seen_days" in asked[0]


async def test_every_view_can_be_read_in_the_room(room: Datasette) -> None:
    """What is bounded there (`GLOB`, `instr`, `replace`) is a function of ours, which no view may call."""
    for view in await room.databases["embeds"].view_names():
        assert (await get(room, f"/embeds/{view}.json?_size=1")).status_code == 200, view


async def test_saved_questions_answer(room: Datasette) -> None:
    lost = (await get(room, "/embeds/lost_by_outlet.json?_shape=array")).json()
    assert lost[0] | {"outlet": "the-meridian.example", "gone": 3, "gone_but_kept": 2} == lost[0]
    known = (await get(room, "/embeds/post_of_a_url.json?_shape=array&url=" + quote(LOST.url + "?igsh=1"))).json()
    assert [row["key"] for row in known] == [KEY]


async def ask(room: Datasette, sql: str) -> Any:
    """The rows of a question; Datasette 1.0 answers at an address of its own."""
    response = await get(room, f"/embeds{'/-/query' if is_1_0(room) else ''}.json?_shape=array&sql={quote(sql)}")
    return response.json()


async def test_sql_functions(room: Datasette) -> None:
    sql = (
        "select post_key('https://instagram.com/reel/DVRjR2E2RBD/?x') as key, "
        "id_date('instagram:DVRjR2E2RBD') as date, canonical_url('https://a.example/x?utm_source=y#z') as url, "
        "post_key(3) as a, id_date('x:no') as b, post_key(null) as c"
    )
    row = (await ask(room, sql))[0]
    assert row["key"] == "instagram:DVRjR2E2RBD"
    assert row["date"] == id_date("instagram:DVRjR2E2RBD")
    assert row["url"] == "https://a.example/x"
    assert (row["a"], row["b"], row["c"]) == (None, None, None)


async def test_no_value_can_hold_a_gigabyte(room: Datasette) -> None:
    database = room.get_database("embeds")
    with pytest.raises(sqlite3.DataError, match="too big"):
        await database.execute("select length(randomblob(1000000000))")


async def test_other_databases_are_left_alone(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    sqlite3.connect(other).execute("CREATE TABLE t (sha256 TEXT)").connection.close()
    room = await open_room(path, other)
    assert (await get(room, "/other/-/archive")).status_code == 404
    assert (await get(room, "/other/t")).status_code == 200
    assert (await get(room, "/-/embedarchive")).headers["location"] == "/embeds/-/archive"


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive that lacks one of the posts."""
    samples = tuple(sample if sample.post != NEWER else SAMPLES[0] for sample in SAMPLES)
    return build_archive(tmp_path_factory.mktemp("second") / "second.db", samples)


async def test_several_archives_stand_on_a_shelf(path: Path, second: Path) -> None:
    room = await open_room(path, second)
    shelf = (await get(room, "/-/embedarchive")).text
    for name in ("embeds", "second"):
        assert f'<a href="/{name}/-/archive"><bdi>{name}</bdi></a>' in shelf
    assert (await get(room, f"/second/-/post/{KEY}")).status_code == 200


async def test_what_is_looked_up_is_looked_up_in_every_archive_of_the_shelf(path: Path, second: Path) -> None:
    room = await open_room(path, second)
    both = (await get(room, f"/-/embedarchive/find?q={LOST.url}")).text
    assert "Found in 2 archives" in both
    for name in ("embeds", "second"):
        assert f'href="/{name}/-/post/{KEY}"' in both, "each result leads into its own archive"
    only = await get(room, f"/-/embedarchive/find?q={NEWER.url}")
    assert only.headers["location"] == f"/embeds/-/post/{NEWER.key}"
    none = (await get(room, "/-/embedarchive/find?q=https://www.instagram.com/p/AAAAAAAAAAA/")).text
    assert "In none of these archives" in none
    assert "embedarchive capture" in none


async def test_where_only_rooms_are_served_they_are_the_front_page(path: Path, second: Path) -> None:
    one = await open_room(path, **configure({"is_front": True}))
    assert (await get(one, "/")).text == (await get(one, "/embeds/-/archive")).text
    several = await open_room(path, second, **configure({"is_front": True}))
    assert (await get(several, "/")).text == (await get(several, "/-/embedarchive")).text


async def test_a_datasette_of_ones_own_keeps_its_front_page_with_a_way_in(path: Path, second: Path) -> None:
    front = (await get(await open_room(path), "/")).text
    assert '<a href="/embeds/-/archive">open the reading room</a>' in front
    assert '<a href="/embeds">embeds</a>' in front, "Datasette's own list"
    both = (await get(await open_room(path, second), "/")).text
    assert "/embeds/-/archive" in both
    assert "/second/-/archive" in both


async def test_a_page_says_whether_its_addresses_are_good_for_others(path: Path) -> None:
    words = "These addresses work on this machine only."
    url = f"/embeds/-/post/{KEY}"
    assert words in (await get(await open_room(path), url, host="127.0.0.1:8001")).text
    public = await open_room(path, **configure({"base_url": "https://archive.example/"}))
    page = (await get(public, url, host="127.0.0.1:8001")).text
    assert words not in page
    assert f"https://archive.example{url}" in page


@pytest.mark.parametrize(
    ("platform", "environ", "can"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("darwin", {}, True),
    ],
)
def test_a_browser_is_opened_where_there_is_a_screen(platform: str, environ: dict[str, str], can: bool) -> None:
    assert has_browser(platform, environ) is can


async def test_a_room_has_made_its_first_page_before_it_says_its_address(tmp_path: Path) -> None:
    options, settings = arrange("127.0.0.1", None)
    del options["memory_mb"]  # it would hold for all of this process
    app = make_app([build_archive(tmp_path / "embeds.db")], options, settings)
    asked: list[tuple[str, int]] = []

    async def told(scope: dict[str, Any], receive: Any, send: Any) -> None:
        async def note(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                asked.append((scope["path"], message["status"]))
            await send(message)

        await app(scope, receive, note)

    await warm_up(told, "/")
    assert asked == [("/", 200)]
    await warm_up(None, "/")  # whoever comes is told what is wrong


def test_archives_of_a_shelf_have_names_that_tell_them_apart() -> None:
    named = name_archives([Path("a/embeds.db"), Path("b/embeds.db"), Path("c/a.db"), Path("sport.db")])
    assert list(named) == ["a", "b", "a_2", "sport"]


# ------------------------------------------------------------------------------------------------------------- pictures


async def send(room: Datasette, picture: bytes, name: str = "picture") -> httpx.Response:
    url = "/embeds/-/find"
    sent = httpx.Request("POST", f"http://x{url}", files={name: ("a.png", picture, "image/png")})
    response: httpx.Response = await room.client.post(url, content=sent.read(), headers=dict(sent.headers))
    return response


async def test_a_picture_that_is_sent_finds_its_post_first(room: Datasette, path: Path) -> None:
    conn = open_reader(path)
    shot = post_record(conn, SAMPLES[1].post.key)
    assert shot
    assert shot.best
    body = read_blob(conn, shot.best.kept("screenshot")[0].sha256)
    conn.close()
    assert body
    page = await send(room, body)
    assert page.status_code == 200
    assert page.text.index(f'href="{links_to(room, "embeds").post(SAMPLES[1].post.key)}"') < page.text.index("<footer")
    assert "the same picture" in page.text


@pytest.mark.parametrize("body", [b"", b"no picture", b"--x--", b"\x89PNG\r\n\x1a\n" + b"\r\n--" * 99], ids=range(4))
async def test_what_is_sent_and_is_no_picture_is_answered(room: Datasette, body: bytes) -> None:
    assert (await send(room, body)).status_code == 200
    assert (await send(room, body, "other")).status_code == 200
    kind = {"content-type": "multipart/form-data; boundary=x"}
    assert (await room.client.post("/embeds/-/find", content=body, headers=kind)).status_code == 200


async def test_too_large_a_picture_is_refused(room: Datasette) -> None:
    refused = await send(room, b"\0" * (LARGEST_FORM + 1))
    assert refused.status_code == 413
    assert "smaller copy" in refused.text


async def test_distance_of_pictures_in_a_query(room: Datasette) -> None:
    sql = "select image_distance(-1, -2) as near, image_distance(null, 1) as none, image_distance('x', 1) as text"
    assert await ask(room, sql) == [{"near": 1, "none": None, "text": None}]


# --------------------------------------------------------------------------------------------------------------- config


async def test_the_written_config_arranges_the_tables_and_asks_the_questions(path: Path, tmp_path: Path) -> None:
    config = tmp_path / "datasette.yaml"
    assert run("serve", "-a", path, "--write-config", config).code == 0
    written = parse_metadata(config.read_text("utf-8"))
    del written["plugins"]["embedarchive"]["memory_mb"]  # it is for a server's whole life, not for these tests' process
    room = Datasette([str(path)], metadata=written)
    await room.invoke_startup()
    shown = (await get(room, "/embeds/captures.json?_extra=facet_results,suggested_facets,metadata")).json()
    facets = shown["facet_results"]
    assert set(facets.get("results", facets)) >= {"outcome", "reason"}
    assert "Bytes of a capture, with a role" in (await get(room, "/embeds/artifacts")).text
    assert (await get(room, "/embeds/lifetimes.json?_shape=array")).status_code == 200
    assert run("serve", "-a", path, "--write-config", config).code == 2  # never over what someone may have changed


def test_what_the_config_arranges_is_there(path: Path) -> None:
    conn = open_reader(path)
    for table, how in ARRANGED.items():
        columns = {row[1] for row in conn.execute(f"PRAGMA table_info({table})")}
        named = {*how.get("facets", ()), how.get("label_column"), how.get("sort_desc")} - {None}
        assert named <= columns, table
    conn.close()


# ---------------------------------------------------------------------------------------------------------- for others


async def test_pages_that_others_reach_say_where_and_what_they_are(path: Path) -> None:
    room = await open_room(path, **configure({"base_url": "https://archive.example/"}))
    page = (await get(room, f"/embeds/-/post/{KEY}?utm_source=x")).text
    assert f'<link rel="canonical" href="https://archive.example/embeds/-/post/{KEY}">' in page
    shot = find(path, "SELECT a.sha256 FROM conclusions n JOIN artifacts a ON a.capture_id = n.best_capture_id "
                "WHERE n.post_key = ? AND a.role = 'screenshot'", KEY)  # fmt: skip
    assert f'property="og:image" content="https://archive.example/embeds/-/media/{shot}"' in page
    assert 'property="og:title" content="Marit Solheim' in page
    browsed = (await get(room, "/embeds/-/browse?x=1&platform=x")).text
    assert 'rel="canonical" href="https://archive.example/embeds/-/browse?platform=x"' in browsed
    here = await open_room(path)
    assert 'rel="canonical"' not in (await get(here, f"/embeds/-/post/{KEY}")).text


async def test_what_was_preserved_and_what_was_lost_are_feeds(room: Datasette) -> None:
    lost = (await get(room, "/embeds/-/lost.atom")).text
    kept = (await get(room, "/embeds/-/preserved.atom")).text
    assert ("Gone by 9 Mar 2026" in lost, "Studio Bergamot" in lost) == (True, False)
    assert ("Gone by" in kept, "Studio Bergamot" in kept) == (False, True)
    for feed in (lost, kept):
        root = ElementTree.fromstring(feed)
        entries = root.findall("{http://www.w3.org/2005/Atom}entry")
        updated = [each.findtext("{http://www.w3.org/2005/Atom}updated") for each in entries]
        assert updated == sorted(updated, reverse=True)
        assert root.findtext("{http://www.w3.org/2005/Atom}updated") == updated[0]


async def test_a_sitemap_names_what_is_kept_or_gone(room: Datasette) -> None:
    told = (await get(room, "/embeds/-/sitemap.xml")).text
    assert told.count("<url>") == 6
    assert KEY in told
    assert SAMPLES[7].post.key not in told
    assert (await get(room, "/embeds/-/sitemap.xml?page=2")).status_code == 404


def test_no_picture_of_what_is_sensitive_is_handed_to_others(path: Path) -> None:
    conn = open_reader(path)
    record = post_record(conn, KEY)
    conn.close()
    assert record is not None
    assert record.best is not None
    assert describe_post_link(record, lambda kept: "https://x/").picture == "https://x/"
    veiled = replace(record, best=replace(record.best, sensitive=True))
    assert describe_post_link(veiled, lambda kept: "https://x/").picture is None
