"""Posts of the replica captured by a real browser: every kind whole, every failure named, nothing claimed unseen."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
import pytest_asyncio
from PIL import Image

from capturing import Camera, artifacts, open_camera, post_of, short, take_as_found
from embedarchive.browser import ScreenshotFormat
from embedarchive.core.decode import decode_html
from embedarchive.core.model import Capture, Page
from embedarchive.platforms import PLATFORMS, instagram
from embedarchive.replica import Replica, Saved
from embedarchive.replica.sites.instagram.embed import render_embed
from embedarchive.store import Archive
from embedarchive.store.reading import read_page

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with Replica() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def camera(replica: Replica) -> AsyncIterator[Camera]:
    async with open_camera(replica) as opened:
        yield opened


# ---------------------------------------------------------------------------------------------------------------- whole

KINDS = ("fjord", "rescue", "skyline", "premiere", "marathon", "bees", "polaroid")


async def test_a_frame_in_another_encoding_is_kept_as_it_was_sent(camera: Camera) -> None:
    """Chromium hands a text over decoded; kept are the bytes that came, and they are read as the frame showed them."""
    before = await take_as_found(camera, "tg-rain")
    frame = next(each for each in before.exchanges if each.resource_type == "document")
    text = (frame.body or b"").decode().replace("<title>", "<title>пустельга ")
    marked = text.replace('charset="utf-8"', 'charset="windows-1251"')
    for kind, page in (("text/html; charset=windows-1251", text), ("text/html", marked)):
        sent = page.encode("cp1251", "xmlcharrefreplace")
        camera.replica.serve(frame.url, Saved(headers=(("Content-Type", kind),), body=sent))
        capture = await take_as_found(camera, "tg-rain")
        kept = next(each for each in capture.exchanges if each.resource_type == "document")
        assert (short(capture), kept.body) == (("available", None), sent), kind
        assert "пустельга" in decode_html(kept.body or b"", kind)


@pytest.mark.parametrize("name", KINDS)
async def test_a_post_is_captured_whole(camera: Camera, name: str) -> None:
    fact = camera.replica.post(name)
    capture = await camera.take(name)
    assert short(capture) == ("available", None)
    assert capture.missing == ()
    assert {a.role for a in capture.artifacts} >= {"screenshot", "thumbnail", "dom", "media", "avatar"}
    slides = artifacts(capture, "media")
    assert [a.position for a in slides] == list(range(1, len(fact.slides) + 1))
    for slide, artifact in zip(fact.slides, slides, strict=True):
        assert artifact.content_type.startswith("video/" if slide.video else "image/")
        assert (artifact.width, artifact.height) == (slide.width, slide.height)
    assert [a.position for a in artifacts(capture, "poster")] == [n for n, s in enumerate(fact.slides, 1) if s.video]


@pytest.mark.parametrize("name", KINDS)
async def test_a_post_is_described_as_its_author_made_it(camera: Camera, name: str) -> None:
    fact = camera.replica.post(name)
    capture = await camera.take(name, media=False)
    said = instagram.describe(page_from(capture), capture.post)
    assert (said.text, said.author_handle, said.kind) == (fact.caption, fact.author.handle, fact.kind)
    assert (said.likes, said.comments) == (fact.likes, fact.comments)
    assert said.collaborators == ((fact.collaborator.handle,) if fact.collaborator else ())
    assert said.posted_at
    assert said.posted_at[:19] == fact.posted_at[:19]


def page_from(capture: Capture) -> Page:
    """The page as the rules saw it, put together again from what was kept."""
    document = next(e for e in capture.exchanges if e.resource_type == "document")
    body = (document.body or b"").decode()
    return Page(capture.visit_url, capture.final_url, capture.status, body, headers=document.response_headers)


async def serve_edited(camera: Camera, name: str, caption: str, *edits: tuple[str, str]) -> Capture:
    """Capture a post whose frame is served with another caption and edited markup."""
    fact = camera.replica.post(name)
    html = render_embed(fact, "AtestAtestAtestAtest12", captioned=True, caption=caption)
    for old, new in edits:
        assert old in html
        html = html.replace(old, new)
    camera.replica.serve(f"https://www.instagram.com/p/{fact.key}/embed/captioned/", Saved(body=html.encode()))
    return await camera.browser.capture(post_of(fact), instagram.PLATFORM)


async def test_the_screenshot_ends_where_the_card_ends(camera: Camera) -> None:
    """A caption of 300 lines ends in a red bar: it must be near the end of the picture, and nothing after the card."""
    bar = '<b style="display:block;height:9px;background:#f00"></b>'
    caption = "\n".join(f"line {n}" for n in range(300)) + "\nEND"
    capture = await serve_edited(camera, "moon", caption, ("END", bar))
    shot = Image.open(io.BytesIO(artifacts(capture, "screenshot")[0].body)).convert("RGB")
    column = shot.crop((270, 0, 271, shot.height)).tobytes()
    red = [y for y in range(shot.height) if column[3 * y] > 200 and column[3 * y + 1] < 90]
    assert shot.height > 5000
    assert len(red) >= 7
    assert shot.height - 150 < red[0] < shot.height
    assert "cut" not in " ".join(capture.missing)


async def test_an_edited_caption_is_what_is_captured(camera: Camera) -> None:
    fact = camera.replica.post("aurora")
    before, after = await camera.take("aurora"), await camera.take("aurora", "edited")
    texts = [instagram.describe(page_from(c), c.post).text for c in (before, after)]
    assert texts == [fact.caption, fact.edited or f"{fact.caption}\n\n(edited)"]
    assert artifacts(before, "screenshot")[0].body != artifacts(after, "screenshot")[0].body


@pytest.mark.parametrize(
    "trap", ["may have been removed. Sorry, this page isn't available.", 'class="EmbedBrokenMedia"']
)
async def test_a_caption_that_sounds_like_a_dead_page_is_a_caption(camera: Camera, trap: str) -> None:
    capture = await serve_edited(camera, "forest", trap)
    assert short(capture) == ("available", None)
    assert instagram.describe(page_from(capture), capture.post).text == trap


async def test_slow_styles_and_slow_hydration_are_waited_for(camera: Camera) -> None:
    styled = await camera.take("market", "slow_css")
    plain = await camera.take("market")
    sizes = {(a.width, a.height) for c in (styled, plain) for a in artifacts(c, "screenshot")}
    assert len(sizes) == 1
    assert b"_acay" in artifacts(plain, "dom")[0].body, "the carousel was photographed before its script drew it"


async def test_the_picture_can_be_lossless_and_sharper(replica: Replica) -> None:
    async with open_camera(replica, screenshot_format=ScreenshotFormat("png", scale=2)) as camera:
        capture = await camera.take("moon")
    shot = artifacts(capture, "screenshot")[0]
    assert (shot.content_type, shot.width) == ("image/png", 1080)


# --------------------------------------------------------------------------------------------------------------- honest


@pytest.mark.parametrize("state", ["gone", "private", "login", "truncated", "reset", "empty", "server_error"])
async def test_what_was_kept_is_judged_like_what_was_seen(camera: Camera, tmp_path: Path, state: str) -> None:
    """The page read back from an archive says all that the rules went by, also how it broke off."""
    capture = await camera.take("lighthouse", state)
    with Archive(tmp_path / "embeds.db", platforms=PLATFORMS) as archive:
        number = archive.keep_capture(capture, archive.start_crawl("crawl", capture.started_at, "0", {}))
        page = read_page(archive.conn, number)
    assert instagram.classify(page, capture.post) == capture.verdict


async def test_a_wall_is_met_once_and_asked_nothing_more(camera: Camera) -> None:
    camera.replica.clear_hits()
    capture = await camera.take("lighthouse", "rate_after")
    assert capture.retry_after_s == 120
    asked = [h.target for h in camera.replica.hits if h.host == "www.instagram.com"]
    assert len(asked) == 1, asked


async def test_a_refused_embed_is_described_by_its_full_page(camera: Camera) -> None:
    capture = await camera.take("lighthouse", "embed_refused")
    assert [e.resource_type for e in capture.exchanges if e.resource_type.startswith("probe:")] == [
        "probe:oembed",
        "probe:page",
    ]
    assert artifacts(capture, "poster")
    assert (short(capture), capture.verdict.embedding) == (("available", None), "refused")
    assert not artifacts(capture, "screenshot"), "a picture of a refusal is none of the post"
    assert capture.missing == ("media 1: not_served",)


@pytest.mark.parametrize("state", ["images_403", "images_aborted"])
async def test_pictures_that_do_not_come_are_said_to_be_missing(camera: Camera, state: str) -> None:
    capture = await camera.take({"images_403": "olives", "images_aborted": "dunes"}[state], state)
    assert short(capture) == ("available", None)
    assert not artifacts(capture, "media")
    assert any(line.startswith("media 1: ") for line in capture.missing)
    assert any(line.startswith("image did not load: ") for line in capture.missing)


async def test_live_then_deleted(camera: Camera) -> None:
    assert [short(await camera.take("lighthouse", s))[0] for s in ("live", "gone", "live")] == [
        "available",
        "gone",
        "available",
    ]


async def test_a_blank_card_is_not_the_post(camera: Camera) -> None:
    white = "<style>.Embed *{visibility:hidden!important}</style>"
    capture = await serve_edited(camera, "tide", "unseen", ("<body ", f"{white}<body "))
    assert short(capture) == ("error", "blank")


async def test_a_page_without_any_element_is_seen_to_be_empty(camera: Camera) -> None:
    """Chromium leaves such a document too where an answer broke off and nobody had time to read its beginning."""
    gone = "<script>document.documentElement.remove()</script>"
    capture = await serve_edited(camera, "tide", "unseen", ("<body ", f"{gone}<body "))
    assert short(capture) == ("error", "blank")
    assert artifacts(capture, "dom")[0].body.strip() == b"<!DOCTYPE html>"


async def test_a_photo_without_rights_says_what_is_missing(camera: Camera) -> None:
    capture = await camera.take("concert")
    assert short(capture) == ("available", "copyright_blocked")
    assert capture.missing == ("media 1: copyright_blocked",)
    assert artifacts(capture, "poster")


# ------------------------------------------------------------------------------------------------------------- evidence


async def test_everything_the_page_received_is_kept_and_no_secret(camera: Camera) -> None:
    capture = await camera.take("fjord")
    kinds = {e.resource_type for e in capture.exchanges}
    assert kinds >= {"document", "stylesheet", "script", "image"}
    for exchange in capture.exchanges:
        assert exchange.status == 200
        assert exchange.body
        assert exchange.remote_address == "127.0.0.1"
        assert exchange.started_at.endswith("Z")
        for name, value in (*exchange.request_headers, *exchange.response_headers):
            assert value == "[redacted]" or not name.lower().endswith(("cookie", "authorization"))


async def test_what_shaped_the_capture_is_written_down(camera: Camera) -> None:
    environment = (await camera.take("fjord")).environment
    assert environment["tool"] == "embedarchive"
    assert "Headless" not in environment["user_agent"]
    assert environment["viewport"] == [540, 1000]
    assert {"navigate_ms", "settle_ms", "rest_ms", "screenshot_ms"} <= environment["timings"].keys()


async def test_the_browser_says_that_it_is_chrome(camera: Camera) -> None:
    camera.replica.clear_hits()
    await camera.take("fjord")
    frame = next(h for h in camera.replica.hits if h.target.endswith("/embed/captioned/"))
    headers = dict(frame.headers)
    assert "Headless" not in str(headers)
    assert headers["sec-fetch-mode"] == "navigate"
    assert headers["accept-language"] == "en-US,en;q=0.9"
    major = headers["user-agent"].partition("Chrome/")[2].partition(".")[0]
    assert f'"Chromium";v="{major}"' in headers["sec-ch-ua"]


async def test_media_the_page_has_loaded_is_not_asked_for_twice(camera: Camera) -> None:
    camera.replica.clear_hits()
    await camera.take("polaroid")
    targets = [h.target for h in camera.replica.hits if "cdninstagram" in h.host and "/v/" in h.target]
    assert len(targets) == len(set(targets))


# ------------------------------------------------------------------------------------------------------------- identity


LEAVE_TRACES = """(async () => {
  const found = {cookie: document.cookie, local: {...localStorage}, session: {...sessionStorage},
    name: window.name, history: history.length, caches: await caches.keys(),
    databases: (await indexedDB.databases()).map(d => d.name)};
  new Image().src = 'https://www.instagram.com/seen?' + encodeURIComponent(JSON.stringify(found));
  document.cookie = "me=7;path=/;secure;max-age=9999"; localStorage.me = 7; sessionStorage.me = 7; window.name = "me7";
  setInterval(() => { document.cookie = "me=7;path=/;secure;max-age=9999"; localStorage.me = sessionStorage.me = 7 });
  await caches.open("me"); indexedDB.open("me"); history.pushState(1, "", "#7");
})()"""


async def test_no_identity_survives_from_one_post_to_the_next(camera: Camera) -> None:
    """A hostile page leaves itself everything it can; the next visit, to the same site, finds none of it."""
    seen = []
    for name in ("snow", "backstage", "snow"):
        camera.replica.clear_hits()
        await serve_edited(camera, name, "x", ("<title", f"<script>{LEAVE_TRACES}</script><title"))
        hits = [h.target for h in camera.replica.hits if h.target.startswith("/seen?")]
        seen.append(json.loads(unquote(hits[-1].partition("?")[2])))
    for found in seen:
        assert "me=" not in found.pop("cookie")
        assert found == {**seen[0], "local": {}, "session": {}, "name": "", "caches": [], "databases": []}


async def test_tabs_at_work_at_once_do_not_mix_posts(replica: Replica) -> None:
    names = [n for n in KINDS for _ in range(2)]
    async with open_camera(replica, tabs=3) as camera:
        captures = await asyncio.gather(*(camera.take(name) for name in names))
    for name, capture in zip(names, captures, strict=True):
        assert short(capture) == ("available", None)
        code = replica.post(name).key
        documents = [e.url for e in capture.exchanges if e.resource_type == "document"]
        assert documents == [f"https://www.instagram.com/p/{code}/embed/captioned/"]


# ---------------------------------------------------------------------------------------------------------------- fresh


async def test_a_page_is_never_what_an_earlier_visit_left_in_the_cache(camera: Camera) -> None:
    """The platform lets its answers be cached for an hour, a deletion too; what all posts share is asked for once."""
    fact = camera.replica.post("tide")
    address = f"https://www.instagram.com/p/{fact.key}/embed/captioned/"
    cached = (("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "public, max-age=3600"))
    live = render_embed(fact, "AtestAtestAtestAtest12", captioned=True, caption="x").encode()
    moved = Saved(301, (*cached, ("Location", f"{address}?now=1")))
    camera.replica.clear_hits()
    outcomes = []
    for saved in (Saved(410, cached), Saved(200, cached, live), moved, Saved(404, cached), Saved(200, cached, live)):
        camera.replica.serve(address, saved)
        camera.replica.serve(f"{address}?now=1", Saved(200, cached, live))
        capture = await camera.browser.capture(post_of(fact), instagram.PLATFORM, media=False)
        documents = [e.status for e in capture.exchanges if e.resource_type == "document"]
        outcomes.append((capture.verdict.outcome, documents))
    assert outcomes == [
        ("error", [410]), ("available", [200]), ("available", [301, 200]), ("error", [404]), ("available", [200]),
    ]  # fmt: skip
    targets = [hit.path for hit in camera.replica.hits]
    assert targets.count("/rsrc.php/v4/yv/r/frame.js") <= 1
    assert any("frame.js" in each.url for each in capture.exchanges), "it came from the cache, and is kept all the same"


# -------------------------------------------------------------------------------------------------------------------- X


@pytest.mark.parametrize("name", ["x-alarm", "x-hail", "x-quote"])
async def test_a_tweet_is_photographed_whole(camera: Camera, name: str) -> None:
    fact = camera.replica.post(name)
    capture = await camera.take(name)
    assert capture.missing == ()
    assert len(artifacts(capture, "media")) == len(fact.slides)
    assert artifacts(capture, "screenshot")[0].width == 550
    assert fact.caption[:20].encode() in artifacts(capture, "dom")[0].body
