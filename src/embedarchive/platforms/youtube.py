"""YouTube: eleven characters, in players, lite players, AMP and a dozen plugins' attributes. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import SplitResult

from embedarchive.core.model import Answer, Description, Media, Page, Post, Role, Sign, Verdict
from embedarchive.platforms.kit.fields import (
    as_count,
    as_list,
    as_size,
    as_text,
    as_time,
    dig,
    merge_readings,
    parse_html,
    read_json,
    read_json_after,
    read_oembed,
)
from embedarchive.platforms.kit.ids import match_path, query
from embedarchive.platforms.kit.outcomes import (
    MAX_HTML,
    classify_answer,
    classify_strange,
    judge_refused_frame,
    parse_page,
    verdict,
)
from embedarchive.platforms.kit.specification import (
    Assumption,
    Example,
    Frame,
    Gap,
    LiveCheck,
    MarkupExample,
    Platform,
    Probe,
    Selector,
    Visitable,
)

_ID = r"([A-Za-z0-9_-]{11})(?![A-Za-z0-9_-])"
_PATH = re.compile(rf"^/+(?:embed|v|vi|e|shorts|live|watch)/+{_ID}")
_OF_USER = re.compile(rf"^p/(?:\w{{1,20}}/){{1,6}}{_ID}$")
_SHORT = re.compile(rf"^/+{_ID}")
_NO_VIDEO = {"videoseries", "live_stream"}


def identify(url: SplitResult) -> str | None:
    """The id of a video."""
    host = url.hostname or ""
    if host.endswith(("youtu.be", "yewtu.be")):
        found = match_path(_SHORT, url)
        if found:
            return found
    if not host.startswith(("img.", "i.")):
        of_user = _OF_USER.match(url.fragment)
        found = match_path(_PATH, url) or _read_id(query(url, "v", "video_id", "vi") or (of_user and of_user[1]))
        if found in _NO_VIDEO:
            return None
        return found
    return None


def _read_id(value: str | None) -> str | None:
    m = None
    if value:
        m = re.match(rf"^{_ID}", value)
    if m:
        return m[1]
    return None


def canonical(native_id: str) -> str:
    """The watch page."""
    return f"https://www.youtube.com/watch?v={native_id}"


def is_frame(url: SplitResult) -> bool:
    """The players' addresses."""
    return bool(re.match(r"^/+(?:embed|v)/", url.path))


SELECTORS = (
    Selector(
        "custom-element",
        "lite-youtube, youtube-video, youtube-embed",
        url=("@src", "@url"),
        id=("@videoid", "@video-id"),
    ),
    Selector("amp", "amp-youtube", id=("@data-videoid", "@videoid"), url=("@src",)),
    Selector(
        "custom-element", ".youtube-wrap[data-attrs], [data-component-name=youtube2todom]", id=("@data-attrs{videoId}",)
    ),
    Selector("custom-element", "embetty-video[type=youtube]", id=("@video-id",)),
    Selector(
        "custom-element",
        ".arve-play-btn, .rll-youtube-player, .lyte, .youtube-player",
        url=("@data-iframe", "@data-src", "@data-url"),
        id=("@data-id", "@data-video-id", "@data-videoid"),
    ),
)

EXAMPLES = (
    Example(
        "https://www.youtube.com/watch?v=jP6fEHm-lA0&t=12s",
        "jP6fEHm-lA0",
        "https://www.youtube.com/watch?v=jP6fEHm-lA0",
        bare=("jP6fEHm-lA0",),
    ),
    Example("https://youtu.be/jP6fEHm-lA0?si=x", "jP6fEHm-lA0", "https://www.youtube.com/watch?v=jP6fEHm-lA0"),
    Example(
        "//www.youtube-nocookie.com/embed/jP6fEHm-lA0?rel=0",
        "jP6fEHm-lA0",
        "https://www.youtube.com/watch?v=jP6fEHm-lA0",
        frame=True,
    ),
    Example("https://m.youtube.com/shorts/jP6fEHm-lA0", "jP6fEHm-lA0", "https://www.youtube.com/watch?v=jP6fEHm-lA0"),
    Example("https://youtube.com/vi/jP6fEHm-lA0", "jP6fEHm-lA0", "https://www.youtube.com/watch?v=jP6fEHm-lA0"),
    Example("https://youtube.com/?vi=jP6fEHm-lA0", "jP6fEHm-lA0", "https://www.youtube.com/watch?v=jP6fEHm-lA0"),
    Example("https://youtube.com/?video_id=jP6fEHm-lA0", "jP6fEHm-lA0", "https://www.youtube.com/watch?v=jP6fEHm-lA0"),
    Example(
        "https://youtubeeducation.com/embed/jP6fEHm-lA0?rel=0",
        "jP6fEHm-lA0",
        "https://www.youtube.com/watch?v=jP6fEHm-lA0",
        frame=True,
    ),
    Example(
        "https://youtube.com/v/jP6fEHm-lA0", "jP6fEHm-lA0", "https://www.youtube.com/watch?v=jP6fEHm-lA0", frame=True
    ),
    Example("https://youtube.com/live/jP6fEHm-lA0", "jP6fEHm-lA0", "https://www.youtube.com/watch?v=jP6fEHm-lA0"),
    Example("https://youtube.com/watch/jP6fEHm-lA0", "jP6fEHm-lA0", "https://www.youtube.com/watch?v=jP6fEHm-lA0"),
)

_THUMBNAILS = ("i.ytimg.com/vi", "i3.ytimg.com/vi", "i.ytimg.com/vi_webp", "i.ytimg.com/an_webp", "img.youtube.com/vi")
MARKUP = (
    *(
        MarkupExample(
            f'<div><a href="https://www.youtube.com/watch?v=jP6fEHm-lA0"><img src="https://{kept}/jP6fEHm-lA0/0.jpg"></a></div>',
            ("jP6fEHm-lA0",),
            "facade",
        )
        for kept in _THUMBNAILS
    ),
    MarkupExample(
        '<script>new YT.Player("p", {height: "1", videoId: "jP6fEHm-lA0"})</script>', ("jP6fEHm-lA0",), "call"
    ),
    MarkupExample("<script>new YT.Player('p', {'videoId': 'jP6fEHm-lA0'})</script>", ("jP6fEHm-lA0",), "call"),
    MarkupExample('<script>new YT.Player("p",{videoId:"jP6fEHm-lA0"})</script>', ("jP6fEHm-lA0",), "call"),
    MarkupExample(
        '<iframe src="//www.youtube.com/embed/jP6fEHm-lA0" allowfullscreen></iframe>', ("jP6fEHm-lA0",), "iframe"
    ),
    MarkupExample('<lite-youtube videoid="jP6fEHm-lA0"></lite-youtube>', ("jP6fEHm-lA0",), "custom-element"),
    MarkupExample(
        '<amp-youtube data-videoid="jP6fEHm-lA0" layout="responsive"></amp-youtube>', ("jP6fEHm-lA0",), "amp"
    ),
    MarkupExample(
        '<div data-service="youtube" data-id="jP6fEHm-lA0" data-autoscale></div>', ("jP6fEHm-lA0",), "custom-element"
    ),
    MarkupExample('<div class="x" data-youtube-id="jP6fEHm-lA0"></div>', ("jP6fEHm-lA0",), "custom-element"),
    MarkupExample(
        '<lite-youtube src="https://www.youtube.com/watch?v=jP6fEHm-lA0"></lite-youtube>'
        '<lite-youtube url="https://www.youtube.com/watch?v=jP6fEHm-lA0"></lite-youtube>'
        '<lite-youtube videoid="jP6fEHm-lA0"></lite-youtube>'
        '<lite-youtube video-id="jP6fEHm-lA0"></lite-youtube>'
        '<youtube-video src="https://www.youtube.com/watch?v=jP6fEHm-lA0"></youtube-video>'
        '<youtube-video url="https://www.youtube.com/watch?v=jP6fEHm-lA0"></youtube-video>'
        '<youtube-video videoid="jP6fEHm-lA0"></youtube-video>'
        '<youtube-video video-id="jP6fEHm-lA0"></youtube-video>'
        '<youtube-embed src="https://www.youtube.com/watch?v=jP6fEHm-lA0"></youtube-embed>'
        '<youtube-embed url="https://www.youtube.com/watch?v=jP6fEHm-lA0"></youtube-embed>'
        '<youtube-embed videoid="jP6fEHm-lA0"></youtube-embed>'
        '<youtube-embed video-id="jP6fEHm-lA0"></youtube-embed>'
        '<div data-attrs="{&quot;videoId&quot;:&quot;jP6fEHm-lA0&quot;}" class="youtube-wrap"></div>'
        '<div data-component-name="youtube2todom" data-attrs="{&quot;videoId&quot;:&quot;jP6fEHm-lA0&quot;}"></div>'
        '<embetty-video type="youtube" video-id="jP6fEHm-lA0"></embetty-video>'
        '<div class="arve-play-btn" data-iframe="https://www.youtube.com/watch?v=jP6fEHm-lA0"></div>'
        '<div class="arve-play-btn" data-src="https://www.youtube.com/watch?v=jP6fEHm-lA0"></div>'
        '<div class="arve-play-btn" data-url="https://www.youtube.com/watch?v=jP6fEHm-lA0"></div>'
        '<div class="arve-play-btn" data-id="jP6fEHm-lA0"></div>'
        '<div class="arve-play-btn" data-video-id="jP6fEHm-lA0"></div>'
        '<div class="arve-play-btn" data-videoid="jP6fEHm-lA0"></div>'
        '<div class="rll-youtube-player" data-iframe="https://www.youtube.com/watch?v=jP6fEHm-lA0"></div>'
        '<div class="rll-youtube-player" data-src="https://www.youtube.com/watch?v=jP6fEHm-lA0"></div>'
        '<div class="rll-youtube-player" data-url="https://www.youtube.com/watch?v=jP6fEHm-lA0"></div>'
        '<div class="rll-youtube-player" data-id="jP6fEHm-lA0"></div>'
        '<div class="rll-youtube-player" data-video-id="jP6fEHm-lA0"></div>'
        '<div class="rll-youtube-player" data-videoid="jP6fEHm-lA0"></div>'
        '<div class="lyte" data-iframe="https://www.youtube.com/watch?v=jP6fEHm-lA0"></div>'
        '<div class="lyte" data-src="https://www.youtube.com/watch?v=jP6fEHm-lA0"></div>'
        '<div class="lyte" data-url="https://www.youtube.com/watch?v=jP6fEHm-lA0"></div>'
        '<div class="lyte" data-id="jP6fEHm-lA0"></div>'
        '<div class="lyte" data-video-id="jP6fEHm-lA0"></div>'
        '<div class="lyte" data-videoid="jP6fEHm-lA0"></div>'
        '<div class="youtube-player" data-iframe="https://www.youtube.com/watch?v=jP6fEHm-lA0"></div>'
        '<div class="youtube-player" data-src="https://www.youtube.com/watch?v=jP6fEHm-lA0"></div>'
        '<div class="youtube-player" data-url="https://www.youtube.com/watch?v=jP6fEHm-lA0"></div>'
        '<div class="youtube-player" data-id="jP6fEHm-lA0"></div>'
        '<div class="youtube-player" data-video-id="jP6fEHm-lA0"></div>'
        '<div class="youtube-player" data-videoid="jP6fEHm-lA0"></div>'
        '<div data-youtubeid="jP6fEHm-lA0"></div>'
        '<div data-youtubevideoid="jP6fEHm-lA0"></div>'
        '<div data-ytid="jP6fEHm-lA0"></div>'
        '<div data-ytvideoid="jP6fEHm-lA0"></div>'
        '<div data-videoyoutubeid="jP6fEHm-lA0"></div>'
        '<div data-youtube="jP6fEHm-lA0"></div>'
        '<div data-youtubevideo="jP6fEHm-lA0"></div>'
        '<div data-provider="youtube" data-id="jP6fEHm-lA0"></div>'
        '<div class="yt-embed" data-id="jP6fEHm-lA0"></div>'
        '<div data-provider="ytplayer" data-id="jP6fEHm-lA0"></div>'
        '<div data-provider="youtubevideo" data-id="jP6fEHm-lA0"></div>'
        '<div data-provider="youtubenocookie" data-id="jP6fEHm-lA0"></div>',
        ("jP6fEHm-lA0",) * 51,
        "custom-element",
    ),
    MarkupExample(
        '<amp-youtube src="https://www.youtube.com/watch?v=jP6fEHm-lA0"></amp-youtube>'
        '<amp-youtube data-videoid="jP6fEHm-lA0"></amp-youtube>'
        '<amp-youtube videoid="jP6fEHm-lA0"></amp-youtube>',
        ("jP6fEHm-lA0",) * 3,
        "amp",
    ),
)

# ------------------------------------------------------------------------------------------------------------ capturing

FRAME = Frame(
    "https://www.youtube.com/embed/{id}",
    card="#movie_player:not(:has(.ytp-error)), .html5-video-player:not(:has(.ytp-error))",
    dead=(".ytp-error",),
    width=640,
    height=360,
    # Without one the player refuses every video with its error 153.
    referrer="https://www.youtube.com/",
)
_OEMBED = "https://www.youtube.com/oembed?url={quoted_url}&format=json"
PROBES = (Probe("oembed", _OEMBED), Probe("oembed", _OEMBED, when="available"))
_HOME = "https://www.youtube.com"
_AGE = {"AGE_VERIFICATION_REQUIRED", "AGE_CHECK_REQUIRED", "CONTENT_CHECK_REQUIRED"}
_DETAILS = ("embedPreview", "thumbnailPreviewRenderer", "videoDetails", "embeddedPlayerOverlayVideoDetailsRenderer")


REFUSES = r"""<script>{"embedded_player_response":"{\"previewPlayabilityStatus\":{\"status\":\"ERROR\"}}"}</script>"""
"""A player that plays nothing, and says nothing of a video."""


def classify(page: Page, post: Post) -> Verdict:
    """The player's own state says whether it plays; why it does not, oEmbed and that state say together."""
    early = classify_answer(page)
    if early:
        return early
    seen = read_json_after(page.body, r'"video_id":\s*(?=")')
    state = _read_state(page)
    status = as_text(dig(state, "previewPlayabilityStatus", "status"))
    if seen is not None and seen != post.native_id:
        return verdict("error", "wrong_post", "video is the post's", "video_id", seen)
    if status is None:
        return classify_strange(page, parse_page(page))
    if status != "OK":
        return _classify_refusal(page, post, dig(state, "previewPlayabilityStatus"), status)
    if parse_html(page.dom).css_first(".ytp-error"):
        return _classify_refusal(page, post, None, "OK, but the player shows an error")
    return verdict("available", None, "the player may play it", "previewPlayabilityStatus", status)


def _classify_refusal(page: Page, post: Post, status: Any, saw: str) -> Verdict:
    """A player that refuses says the same of deleted and of private videos; oEmbed knows them apart."""
    frame = Sign("the player may play it", "previewPlayabilityStatus", saw)
    if str(dig(status, "errorCode")).endswith("MISSING_REFERRER"):
        return verdict("blocked", "no_referrer", "the player may play it", "errorCode", dig(status, "errorCode"))
    if dig(status, "status") in _AGE or dig(status, "desktopLegacyAgeGateReason"):
        return Verdict("unavailable", "age", (frame,))
    oembed = page.answer("oembed")
    code = None
    if oembed and "/oembed" in oembed.final_url:
        code = oembed.status
    second = Sign("oembed", "status", str(code))
    if code == 404 and oembed and "<" not in oembed.body:
        return Verdict("gone", "deleted", (frame, second))
    if code == 403:
        return Verdict("unavailable", "private", (frame, second))
    if code == 401:
        if dig(status, "status") == "LOGIN_REQUIRED":
            return Verdict("unavailable", "private", (frame, second))
        return judge_refused_frame({}, frame, second)
    if code == 200 and oembed and re.search(rf"(?<![\w-]){re.escape(post.native_id)}(?![\w-])", oembed.body):
        return judge_refused_frame(_read_oembed(page), frame, second)
    return Verdict("unavailable", "unconfirmed", (frame, second))


def _read_state(page: Page) -> Any:
    """The player's first state: JSON in a string of JSON."""
    return read_json(as_text(read_json_after(page.body, r'"embedded_player_response":\s*(?=")')) or "")


def describe(page: Page, post: Post) -> Description:
    """Read what the player shows: title, channel and poster; the frame shows neither description nor counts."""
    found = classify(page, post)
    if found.embedding != "refused" and found.outcome != "available":
        return Description()
    known = ("oembed", _read_oembed(page))
    if found.embedding == "refused":
        return merge_readings(known)
    return merge_readings(("player state", _read_preview(_read_state(page))), known)


def _read_oembed(page: Page) -> dict[str, Any]:
    answer = page.answer("oembed")
    fields = dict(read_oembed(answer))
    named = re.match(rf"{_HOME}/@([\w.\-]+)$", fields.get("author_url") or "")
    picture = None
    if answer and answer.status == 200:
        picture = as_text(dig(read_json(answer.body), "thumbnail_url"))
    media = (Media("poster", 1, picture),) if picture else ()
    return {**fields, "kind": "video", "author_handle": named[1] if named else None, "media": media}


def _read_preview(state: Any) -> dict[str, Any]:
    shown, details = dig(state, "embedPreview", "thumbnailPreviewRenderer"), dig(state, *_DETAILS)
    title = dig(details, "expandedRenderer", "embeddedPlayerOverlayVideoDetailsExpandedRenderer", "title")
    link = dig(details, "channelThumbnailEndpoint", "channelThumbnailEndpoint", "urlEndpoint", "urlEndpoint", "url")
    return {
        "kind": "video",
        "title": _join_runs(dig(shown, "title")),
        "author_name": _join_runs(title),
        "author_url": _HOME + link if isinstance(link, str) and link.startswith("/") else None,
        "media": tuple(_read_media(shown, details)),
    }


def _read_media(shown: Any, details: Any) -> Iterator[Media]:
    """The video itself is given to the player alone, in pieces that only its script can put together."""
    seconds = as_text(dig(shown, "videoDurationSeconds")) or ""
    length = None
    if seconds.isdecimal():
        length = float(seconds)
    yield Media("media", 1, "", duration_s=length, missing="not_served")
    yield from _pick_largest("poster", 1, dig(shown, "defaultThumbnail", "thumbnails"))
    yield from _pick_largest("avatar", 0, dig(details, "channelThumbnail", "thumbnails"))


def _pick_largest(role: Role, position: int, thumbnails: Any) -> Iterator[Media]:
    best = max(as_list(thumbnails), key=lambda each: as_count(dig(each, "width")) or 0, default=None)
    url = as_text(dig(best, "url"))
    if url:
        yield Media(role, position, url, as_size(dig(best, "width")), as_size(dig(best, "height")))


def read_watch_page(answer: Answer, post: Post) -> dict[str, Any]:
    """Read the page at /watch as others recorded it: its player's state names the film, and plays it."""
    state = None
    if answer.status == 200:
        state = read_json_after(answer.body[:MAX_HTML], r"ytInitialPlayerResponse\s*=\s*(?=\{)")
    details = dig(state, "videoDetails")
    if not isinstance(details, dict) or details.get("videoId") != post.native_id:
        return {}
    if dig(state, "playabilityStatus", "status") != "OK":
        return {}
    about = dig(state, "microformat", "playerMicroformatRenderer")
    thumbnails = dig(details, "thumbnail", "thumbnails")
    return {
        "kind": "video",
        "author_name": as_text(details.get("author")),
        "title": as_text(details.get("title")),
        "text": as_text(details.get("shortDescription")),
        "posted_at": as_time(dig(about, "publishDate")),
        "views": as_count(details.get("viewCount")),
        "media": (Media("media", 1, "", missing="only_streamed"), *_pick_largest("poster", 1, thumbnails)),
    }


def _join_runs(value: Any) -> str | None:
    return "".join(as_text(dig(run, "text")) or "" for run in as_list(dig(value, "runs"))) or None


# ------------------------------------------------------------------------------------------- what is taken for granted

ASSUMPTIONS = (
    Assumption(
        "`/embed/ID` holds `embedded_player_response`, with `previewPlayabilityStatus` and a preview "
        "(title, channel, thumbnails, length)",
        "reported",
        source="many projects",
        check="open one",
        live=LiveCheck("frame", "known", holds="previewPlayabilityStatus"),
    ),
    Assumption(
        "Without a referrer the player refuses every video (error 153); a referrer of its own host is enough",
        "guess",
        source="the first reported, the second guess",
        check="open one with and without",
        live=LiveCheck("visit", "known", outcome="available"),
    ),
    Assumption(
        "A player that refuses shows `.ytp-error`",
        "reported",
        check="open a made-up id",
        live=LiveCheck("visit", outcome="gone"),
    ),
    Assumption(
        "oEmbed: 404 deleted, 403 private, 401 embedding off (or private, then the player says `LOGIN_REQUIRED`)",
        "guess",
        source="404 and 401 reported, 403 guess",
        check="ask for one of each",
        live=LiveCheck("oembed", status=(404,)),
    ),
    Assumption(
        "`desktopLegacyAgeGateReason` or an `AGE_…` status: age",
        "reported",
        check="open one",
    ),
    Assumption(
        "Without a referrer the preview's status has `errorCode: "
        "PLAYABILITY_ERROR_CODE_EMBEDDER_IDENTITY_MISSING_REFERRER`: a refusal of us",
        "verified",
        source="saved frame, January 2026",
    ),
)
GAPS = (
    Gap("no_file", "The film's file cannot be had", "it is said to be missing, its poster is kept"),
    Gap("not_told", "Nobody says when it was posted", "it has no date of its own", ("posted_at",)),
    Gap("not_told", "Nobody says how many liked it or commented", "these counts stay empty", ("likes", "comments")),
)

# ---------------------------------------------------------------------------------------------------------------- value

PLATFORM = Platform(
    name="youtube",
    title="YouTube",
    hosts=("youtube.com", "youtube-nocookie.com", "youtu.be", "youtubeeducation.com"),
    thumbnails=(r"(?:i\d{0,2}\.ytimg|img\.youtube)\.com/(?:vi|vi_webp|an_webp)/([A-Za-z0-9_-]{11})/",),
    mirrors=(
        *(
            "invidious.*",
            "invidious.io",
            "piped.*",
            "yewtu.be",
            "invidio.us",
            "inv.nadeko.net",
            "koutube.com",
            "yout-ube.com",
        ),
        *("youtube.googleapis.com", "nsfwyoutube.com", "hooktube.com", "youtubekids.com"),
    ),
    identify=identify,
    canonical=canonical,
    is_frame=is_frame,
    id_pattern=r"[A-Za-z0-9_-]{11}",
    id_names=("youtubeid", "youtubevideoid", "ytid", "ytvideoid", "videoyoutubeid", "youtube", "youtubevideo"),
    services=("yt", "ytplayer", "youtubevideo", "youtubenocookie"),
    calls=(r"new\s+YT\.Player\([^{}]{0,200}\{[^{}]{0,300}?videoId[\"']?\s*:\s*[\"']([A-Za-z0-9_-]{11})[\"']",),
    selectors=SELECTORS,
    visit=Visitable(
        FRAME,
        classify,
        describe,
        PROBES,
        rules=2,
        denial="reported",
        silent=(200, REFUSES),
        read_page=read_watch_page,
    ),
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=(
        "https://www.youtube.com/@maralind",
        "https://www.youtube.com/channel/UCabcdefghijklmnop",
        "https://i.youtube.com/e/maralindmar",
        "https://img.youtube.com/e/maralindmar",
    ),
    not_embeds=(
        '<a href="https://www.youtube.com/watch?v=jP6fEHm-lA0">Film</a>',
        '<iframe src="https://www.youtube.com/subscribe_embed?channel=UCabc"></iframe>',
    ),
    assumptions=ASSUMPTIONS,
    gaps=GAPS,
    archived=(
        "https://www.youtube.com/watch?v={id}",
        "https://www.youtube.com/embed/{id}",
        "https://youtu.be/{id}",
        "https://www.youtube.com/shorts/{id}",
        "https://www.youtube-nocookie.com/embed/{id}",
    ),
    known_url="https://www.youtube.com/watch?v=jNQXAC9IVRw",
    made_up_url="https://www.youtube.com/watch?v=-_-_-_-_-_A",
    states=("live", "gone", "private", "embed_off", "geo", "age", "unsure", "wrong_post", "consent"),
)
