"""Articles in a real browser: what only scripts bring is found, each post photographed where its article shows it."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
import pytest_asyncio
from PIL import Image, ImageChops

from capturing import Camera, artifacts, open_camera, post_of
from embedarchive.browser.article import ArticleLimits
from embedarchive.browser.in_place import choose, soften
from embedarchive.core.model import Capture, Rendering, Verdict
from embedarchive.detect import find_embeds
from embedarchive.detect.merge import merge_found
from embedarchive.fetch import Fetcher
from embedarchive.replica import Replica, Saved
from waiting import BOUND_S

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PATIENT = ArticleLimits(
    navigate_s=60,
    quiet_s=60,
    scroll_s=60,
    embed_s=60,
    embeds_s=2 * BOUND_S,
    idle_s=60,
    late_embed_s=BOUND_S,
    screenshot_s=60,
    whole_s=3 * BOUND_S,
)
"""An article is read on at a sign of its own: these times are only for what never comes."""
IN_VAIN = replace(PATIENT, embed_s=2, idle_s=2, late_embed_s=4)
"""For embeds that never show their post."""
RESTLESS = replace(PATIENT, quiet_s=4, scroll_s=4, grace_s=1.5)
"""For pages that never come to rest, or whose scripts never end: those take a whole processor until they are given up."""


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with Replica() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def camera(replica: Replica) -> AsyncIterator[Camera]:
    async with open_camera(replica, tabs=3) as opened:
        opened.browser.article_limits = PATIENT
        yield opened


def address(name: str) -> str:
    return f"https://forms.example/{name if '/' in name else 'situations/' + name}"


async def photograph(camera: Camera, url: str, *names: str) -> tuple[Rendering, dict[str, Capture]]:
    facts = [camera.replica.post(name) for name in names or ("fjord",)]
    rendering = await camera.browser.read_article(url, [post_of(fact) for fact in facts])
    return rendering, dict(zip((f.name for f in facts), rendering.captures, strict=True))


def picture_of(capture: Capture) -> Image.Image:
    return Image.open(io.BytesIO(artifacts(capture, "screenshot")[0].body)).convert("RGB")


# ------------------------------------------------------------------------------------------------------------- rendered

SEEN = {
    "consent-overlay": ["both"],
    "lazy-on-scroll": ["dom"],
    "endless-page": ["both"],
    "closed-details": ["both"],
    "hidden-tab": ["both"],
    "same-origin-frame": ["dom"],
    "shadow-dom": ["dom"],
    "declared-shadow-dom": ["both"],
    "frames-forbidden": ["both"],
    "scripts-forbidden": ["both"],
    "six-embeds": ["both"] * 6,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rendered(camera: Camera) -> dict[str, Rendering]:
    """Every situation, as many at once as there are tabs."""
    renderings = await asyncio.gather(*(camera.browser.read_article(address(name)) for name in SEEN))
    return dict(zip(SEEN, renderings, strict=True))


@pytest.mark.parametrize("name", SEEN)
async def test_what_stands_in_either_text_is_found_and_it_is_said_in_which(
    camera: Camera, rendered: dict[str, Rendering], name: str
) -> None:
    async with Fetcher(camera.door, user_agent="tests", ca_file=str(camera.replica.ca_file)) as fetcher:
        served = await fetcher.fetch(address(name))
    rendering = rendered[name]
    assert (rendering.reason, rendering.status, rendering.screenshot) == (None, 200, None)
    raw = find_embeds(served.body, url=served.final_url, content_type=served.content_type)
    both = merge_found(raw, find_embeds(rendering.dom, url=rendering.final_url))
    assert [e.seen_in for e in both.embeds] == SEEN[name]
    assert len(raw.embeds) == sum(seen != "dom" for seen in SEEN[name])
    assert both.embeds[0].post is not None
    assert both.embeds[0].post.native_id == camera.replica.post("fjord").key


async def test_what_a_timer_adds_once_its_place_is_reached_is_waited_for(camera: Camera) -> None:
    page = """<!DOCTYPE html><body><article><div style="height:3000px">Far.</div><p id="slot">Here.</p></article><script>
        function tick() { setTimeout(tick, 200) } tick();
        new IntersectionObserver((seen, it) => { if (!seen[0].isIntersecting) return; it.disconnect();
          setTimeout(() => { slot.innerHTML = "added by a timer" }, 2000) }).observe(slot)</script></body>"""
    camera.replica.serve("https://forms.example/own/timer", Saved(body=page.encode()))
    rendering = await camera.browser.read_article("https://forms.example/own/timer")
    assert "added by a timer</p>" in rendering.dom


async def test_the_rendered_text_is_a_document_that_shows_the_same_again(camera: Camera) -> None:
    page = """<!DOCTYPE html><html lang="en"><body><article><p>Outside</p><x-card>light<template shadowrootmode="open">
        <b>shadowed</b><x-inner><template shadowrootmode="open"><i>deeper</i></template></x-inner></template></x-card>
        <iframe srcdoc="<p>framed</p><iframe srcdoc='<p>twice &amp;amp; more</p>'></iframe>"></iframe>
        <noscript><blockquote>silent</blockquote></noscript><p id="late"></p></article>
        <script>late.textContent = "drawn <by> script"</script></body></html>"""
    camera.replica.serve("https://forms.example/own/again", Saved(body=page.encode()))
    first = (await camera.browser.read_article("https://forms.example/own/again")).dom
    for word in ("Outside", "light", "shadowed", "deeper", "framed", "twice", "drawn &lt;by&gt; script"):
        assert word in first, word
    assert "<noscript><blockquote>silent" in first
    assert first.startswith("<!DOCTYPE html>")
    camera.replica.serve("https://forms.example/own/again", Saved(body=first.encode()))
    assert (await camera.browser.read_article("https://forms.example/own/again")).dom == first


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ('<div id="cmp" style="position:fixed;inset:0;z-index:9;background:#000">OK?</div>', "removed div#cmp"),
        (
            '<div id="back" style="position:fixed;inset:0;z-index:8"></div><div id="ask" role="dialog" '
            'style="position:fixed;z-index:9;left:30%;top:30%;width:30%;height:30%">OK?</div>',
            "removed div#ask",
        ),
        ('<dialog id="modal">OK?</dialog><script>modal.showModal()</script>', "removed dialog#modal"),
        (
            '<div id="host"><template shadowrootmode="open"><div id="in" style="position:fixed;inset:0;z-index:9">'
            "OK?</div></template></div>",
            "removed div#in",
        ),
        (
            "<script>setTimeout(() => document.body.insertAdjacentHTML('beforeend', "
            "'<div id=slow style=\"position:fixed;inset:0;z-index:9\">OK?</div>'), 900)</script>",
            "removed div#slow",
        ),
        ("<style>body { overflow: hidden; height: 100vh }</style>", "let body scroll"),
    ],
)
async def test_what_lies_over_a_page_is_taken_away_and_written_down(camera: Camera, over: str, said: str) -> None:
    page = f"<!DOCTYPE html><body><article>{'<p>A long story.</p>' * 200}</article>{over}</body>"
    camera.replica.serve("https://forms.example/own/over", Saved(body=page.encode()))
    rendering = await camera.browser.read_article("https://forms.example/own/over")
    assert said in " ".join(rendering.alterations)
    assert ("OK?" in rendering.dom) == ("slow" in over), "only the script's own text is left"
    assert rendering.dom.count("A long story.") == 200


@pytest.mark.parametrize(
    "shell",
    [
        '<div style="position:fixed;inset:0;z-index:1;overflow:auto"><main>{}</main></div>',
        '<div style="position:fixed;inset:0;z-index:1;overflow:auto">{}</div>',
    ],
)
async def test_an_article_that_is_itself_a_fixed_layer_stays(camera: Camera, shell: str) -> None:
    story = "<p>A long story.</p>" * 200 + '<p id="end"></p>'
    seen = (
        "<script>new IntersectionObserver(es => { if (es[0].isIntersecting) end.textContent = 'reached' })"
        ".observe(end)</script>"
    )
    page = f"<!DOCTYPE html><body>{shell.format(story)}{seen}</body>"
    camera.replica.serve("https://forms.example/own/shell", Saved(body=page.encode()))
    rendering = await camera.browser.read_article("https://forms.example/own/shell")
    assert rendering.dom.count("A long story.") == 200
    assert '<p id="end">reached</p>' in rendering.dom, "what scrolls inside the page is scrolled too"


# ------------------------------------------------------------------------------------------------------------- in place

SHOWN = {
    "consent-overlay": ("available", None),
    "lazy-on-scroll": ("available", None),
    "endless-page": ("available", None),
    "closed-details": ("available", None),
    "hidden-tab": ("available", None),
    "same-post-twice": ("available", None),
    "shadow-dom": ("available", None),
    "declared-shadow-dom": ("available", None),
    "forms/36c-srcdoc": ("available", None),
    "same-origin-frame": ("unavailable", "fallback"),
    "frames-forbidden": ("unavailable", "fallback"),
    "scripts-forbidden": ("unavailable", "fallback"),
    "forms/13-bare-page-iframe": ("unavailable", "frame_refused"),
    "forms/24-parked-iframe": ("unavailable", "not_loaded"),
    "forms/18-consent-escaped": ("unavailable", "not_shown"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shown(camera: Camera) -> dict[str, Rendering]:
    """The article of every name; those whose embeds never show their post last, and with less patience."""
    shown: dict[str, Rendering] = {}
    for limits, outcome in ((PATIENT, "available"), (IN_VAIN, "unavailable")):
        camera.browser.article_limits = limits
        names = [name for name, (expected, _) in SHOWN.items() if expected == outcome]
        taken = await asyncio.gather(*(photograph(camera, address(name)) for name in names))
        shown |= {name: rendering for name, (rendering, _) in zip(names, taken, strict=True)}
    camera.browser.article_limits = PATIENT
    return shown


@pytest.mark.parametrize("name", SHOWN)
async def test_a_post_is_photographed_as_its_article_shows_it(
    camera: Camera, shown: dict[str, Rendering], name: str
) -> None:
    rendering, fact = shown[name], camera.replica.post("fjord")
    (capture,) = rendering.captures
    assert (capture.verdict.outcome, capture.verdict.reason) == SHOWN[name]
    assert capture.environment["in_article"] == address(name)
    assert capture.environment["viewport"] == [1280, 1200]
    assert Image.open(io.BytesIO(rendering.screenshot or b"")).width == 1280
    if capture.verdict.outcome == "available":
        assert fact.caption.split("\n")[0].encode() in artifacts(capture, "dom")[0].body
        assert picture_of(capture).convert("L").getextrema()[1] > 200
        assert len(artifacts(capture, "media")) == 1
        assert [e.resource_type for e in capture.exchanges].count("document") == 1
    elif capture.verdict.reason == "fallback":
        assert fact.author.handle.encode() in artifacts(capture, "dom")[0].body
        assert artifacts(capture, "screenshot")


async def test_no_overlay_is_in_the_picture(shown: dict[str, Rendering]) -> None:
    plain, blurred = (shown[name].captures[0] for name in ("lazy-on-scroll", "consent-overlay"))
    one, other = picture_of(plain), picture_of(blurred)
    assert one.size == other.size
    assert max(high for _, high in ImageChops.difference(one, other).getextrema()) < 24  # type: ignore[misc]
    assert any("div#consent" in line for line in blurred.alterations)


async def test_no_sticky_header_is_in_the_picture(camera: Camera) -> None:
    bar = '<header id="bar" style="position:sticky;top:0;height:300px;background:red;z-index:5">News</header>'
    body = f"<!DOCTYPE html><body>{bar}<article>{'<p>More.</p>' * 60}{frame_of(camera, 'fjord')}</article></body>"
    camera.replica.serve("https://forms.example/own/sticky", Saved(body=body.encode()))
    _, under = await photograph(camera, "https://forms.example/own/sticky")
    colours = picture_of(under["fjord"]).resize((80, 160)).getcolors(80 * 160) or []
    assert not [c for _, c in colours if isinstance(c, tuple) and c[0] > 200 and c[1] < 60]
    assert "hid header#bar, which lay over the embed" in under["fjord"].alterations


def frame_of(camera: Camera, name: str, height: int = 900) -> str:
    src = f"https://www.instagram.com/p/{camera.replica.post(name).key}/embed/captioned/"
    return f'<iframe src="{src}" width="500" height="{height}" style="border:0"></iframe>'


async def test_each_of_many_embeds_is_shown_by_its_own_picture(camera: Camera) -> None:
    names = ("fjord", "harbour", "olives", "tram", "hanok", "dunes")
    camera.replica.clear_hits()
    _, captures = await photograph(camera, address("six-embeds"), *names)
    for name in names:
        assert captures[name].verdict == Verdict("available", None, captures[name].verdict.signs)
        assert camera.replica.post(name).caption.split("\n")[0].encode() in artifacts(captures[name], "dom")[0].body
    assert len({artifacts(c, "screenshot")[0].body for c in captures.values()}) == 6
    asked = [h.path for h in camera.replica.hits if h.host == "forms.example"]
    assert asked == ["/situations/six-embeds"], "the article is opened once for all its posts"


async def test_a_tall_embed_is_photographed_whole(camera: Camera) -> None:
    page = f"<!DOCTYPE html><body><p>Before</p>{frame_of(camera, 'fjord', 2600)}</body>"
    camera.replica.serve("https://forms.example/own/tall", Saved(body=page.encode()))
    _, captures = await photograph(camera, "https://forms.example/own/tall")
    assert picture_of(captures["fjord"]).size == (500, 2600)


@pytest.mark.parametrize("style", ["", "section { height: 100vh }"])
async def test_the_whole_page_is_one_picture_with_its_frames_drawn(camera: Camera, style: str) -> None:
    """Chromium leaves frames of other sites blank where they are out of sight."""
    frames = "".join(f"<section>{frame_of(camera, name)}</section>" for name in ("fjord", "aurora", "lighthouse"))
    page = f"<!DOCTYPE html><style>body {{ margin: 0 }} {style}</style><body><article>{frames}</article></body>"
    camera.replica.serve("https://forms.example/own/whole", Saved(body=page.encode()))
    rendering, _ = await photograph(camera, "https://forms.example/own/whole")
    whole = Image.open(io.BytesIO(rendering.screenshot or b"")).convert("L")
    assert whole.width == 1280
    assert 2700 <= whole.height <= 4000
    if not style:
        parts = [whole.crop((0, whole.height * n // 3 + 100, 500, whole.height * n // 3 + 600)) for n in range(3)]
        assert all(part.getextrema()[0] < 100 for part in parts), "no part is an empty white box"


async def test_a_deleted_post_is_never_gone_by_its_articles_frame_alone(camera: Camera) -> None:
    fact = camera.replica.post("fjord")
    camera.replica.set_state(fact.key, "gone")
    try:
        _, captures = await photograph(camera, address("shadow-dom"))
    finally:
        camera.replica.set_state(fact.key, fact.state)
    assert (captures["fjord"].verdict.outcome, captures["fjord"].verdict.reason) == ("unavailable", "unconfirmed")
    assert artifacts(captures["fjord"], "screenshot"), "what the reader saw instead is evidence"
    assert soften(Verdict("gone", "deleted")).outcome == "unavailable"


async def test_a_frames_own_questions_are_its_witness(camera: Camera) -> None:
    """A tweet's frame fetches the JSON that proves it; nobody has to ask again."""
    post = camera.replica.post("x-alarm")
    article = next(a for a in camera.replica.articles if post in a.posts)
    camera.replica.clear_hits()
    _, captures = await photograph(camera, article.url, "x-alarm")
    assert captures["x-alarm"].verdict.outcome == "available"
    asked = [h for h in camera.replica.hits if "tweet-result" in h.target and post.key in h.target]
    assert len(asked) == 1
    assert "probe:result" in [e.resource_type for e in captures["x-alarm"].exchanges]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([("blockquote", True), ("iframe", True)], 1),
        ([("blockquote", True), ("iframe", False)], 0),
        ([("blockquote", False), ("iframe", False)], 1),
        ([("div", True), ("blockquote", True)], 1),
        ([("iframe", True), ("iframe", True)], 0),
        ([], None),
    ],
)
async def test_the_element_a_reader_sees_is_chosen(found: list[tuple[str, bool]], expected: int | None) -> None:
    markup = '<iframe src="https://www.instagram.com/p/BwiVvR9lD0m/embed/"></iframe>'
    other = {"tag": "iframe", "shown": True, "markup": markup.replace("BwiVvR9lD0m", "ByxilPNJK3M")}
    rows = [{"tag": tag, "shown": shown, "markup": markup} for tag, shown in found]
    post = find_embeds(markup).embeds[0].post
    assert post is not None
    assert choose([*rows, other], post) == expected


# -------------------------------------------------------------------------------------------------------------- hostile

HOSTILE = {
    "endless": (
        "<div id=end>…</div><script>new IntersectionObserver(() => { for (let i = 0; i < 50; i++) "
        "end.before(Object.assign(document.createElement('p'), {textContent: 'more', style: 'height:300px'})) })"
        ".observe(end); setInterval(() => end.before('x'), 20)</script>",
        None,
    ),
    "restless": ("<script>setInterval(() => document.body.append(Math.random()), 1)</script>", None),
    "busy": ("<script>setTimeout(() => { for (;;); }, 300)</script>", "hung"),
    "leaving": ("<script>setTimeout(() => location.replace('?' + Math.random()), 150)</script>", "restless"),
    "asking": ("<script>for (let i = 0; i < 30; i++) alert(i)</script>", None),
    "waiting": ('<img src="https://www.instagram.com/p/hang/"><p>Text</p>', None),
    "deep": ("<script>let n = document.body; for (let i = 0; i < 1500; i++) n = n.appendChild(document.createElement"
             "('div'))</script>", None),
    "too deep for Chromium": ("<script>let n = document.body; for (let i = 0; i < 3000; i++) n = n.appendChild("
                              "document.createElement('div'))</script>", "browser_crashed"),
    "lying": ("<script>Element.prototype.querySelectorAll = Document.prototype.querySelectorAll = () => { throw 1 };"
              "window.MutationObserver = window.setTimeout = null</script>", None),
}  # fmt: skip


async def read_hostile(camera: Camera, name: str) -> Rendering:
    """Read a hostile page, then a harmless one; give the first."""
    page = f"<!DOCTYPE html><body><article><p>Story</p></article>{HOSTILE[name][0]}</body>"
    url = f"https://forms.example/own/{name.replace(' ', '-')}"
    camera.replica.serve(url, Saved(body=page.encode()))
    rendering = await camera.browser.read_article(url)
    assert (await camera.browser.read_article(address("closed-details"))).reason is None
    return rendering


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def survived(camera: Camera) -> dict[str, Rendering]:
    """All hostile pages side by side: none may end another's visit either."""
    camera.browser.article_limits = RESTLESS
    async with asyncio.timeout(5 * BOUND_S):
        read = await asyncio.gather(*(read_hostile(camera, name) for name in HOSTILE))
    camera.browser.article_limits = PATIENT
    return dict(zip(HOSTILE, read, strict=True))


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_page_ends_within_its_time_and_the_next_is_unharmed(
    survived: dict[str, Rendering], name: str
) -> None:
    rendering = survived[name]
    assert rendering.reason == HOSTILE[name][1]
    assert ("Story" in rendering.dom) == (rendering.reason is None)


@pytest.mark.parametrize(
    ("saved", "reason"),
    [
        (Saved(status=404, body=b"<p>Story</p>"), "http_404"),
        (Saved(status=302, headers=(("Location", "https://forms.example/forms/01-v14"),)), "led_elsewhere"),
        (Saved(headers=(("Content-Type", "application/octet-stream"),), body=b"\0" * 64), "no_document"),
    ],
)
async def test_an_article_that_does_not_come_leaves_its_posts_untold(camera: Camera, saved: Saved, reason: str) -> None:
    camera.replica.serve("https://forms.example/own/away", saved)
    rendering, captures = await photograph(camera, "https://forms.example/own/away")
    assert (rendering.reason, rendering.dom, rendering.screenshot) == (reason, "", None)
    assert (captures["fjord"].verdict.outcome, captures["fjord"].verdict.reason) == ("error", reason)
