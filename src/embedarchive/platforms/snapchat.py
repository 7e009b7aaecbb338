"""Snapchat: spotlights, stories, lenses and public profiles' snaps. Pure."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import SplitResult, urlsplit

from selectolax.lexbor import LexborHTMLParser

from embedarchive.core.model import Answer, Page, Post
from embedarchive.platforms.kit.fields import as_count, as_list, as_text, as_time, dig, parse_html
from embedarchive.platforms.kit.framed import (
    FRAMED_STATES,
    Framed,
    Said,
    as_seconds,
    as_url,
    file_or_stream,
    make_visit,
    poster_of,
    read_script,
)
from embedarchive.platforms.kit.specification import (
    Assumption,
    Example,
    Frame,
    Gap,
    LiveCheck,
    MarkupExample,
    Platform,
    Selector,
)

_PATH = re.compile(r"^/(?:embed/)?(?:@[\w.\-]{1,40}/)?(spotlight|lens|p|s|story|o)/([\w.\-]{6,120})")


def identify(url: SplitResult) -> str | None:
    """`kind/id`, since each kind counts for itself."""
    m = _PATH.match(url.path)
    if m:
        return f"{m[1]}/{m[2]}"
    return None


def canonical(native_id: str) -> str:
    """The public page."""
    return f"https://www.snapchat.com/{native_id}"


def handle(url: SplitResult) -> str | None:
    """The author's handle, where the address carries it."""
    m = re.match(r"^/(?:embed/)?@([\w.\-]{1,40})/", url.path)
    if m:
        return m[1]
    return None


def is_short(url: SplitResult) -> bool:
    """`/t/CODE` redirects."""
    return bool(re.match(r"^/t/\w{5,}", url.path)) or ((url.hostname or "").startswith("t.") and len(url.path) > 4)


def is_frame(url: SplitResult) -> bool:
    """`…/embed`."""
    return url.path.startswith("/embed/") or url.path.rstrip("/").endswith("/embed")


SELECTORS = (
    Selector(
        "blockquote",
        "blockquote.snapchat-embed, [data-snapchat-embed-url]",
        url=("@data-snapchat-embed-url", "a:last@href"),
    ),
)

EXAMPLES = (
    Example(
        "https://www.snapchat.com/spotlight/W7_EDlXWTBiXAEEniNoMPwAAY",
        "spotlight/W7_EDlXWTBiXAEEniNoMPwAAY",
        "https://www.snapchat.com/spotlight/W7_EDlXWTBiXAEEniNoMPwAAY",
    ),
    Example(
        "https://snapchat.com/embed/spotlight/W7_EDlXWTBiXAEEniNoMPwAAY",
        "spotlight/W7_EDlXWTBiXAEEniNoMPwAAY",
        "https://www.snapchat.com/spotlight/W7_EDlXWTBiXAEEniNoMPwAAY",
        frame=True,
    ),
    Example(
        "https://snapchat.com/@W/spotlight/W7_EDlXWTBiXAEEniNoMPwAAY",
        "spotlight/W7_EDlXWTBiXAEEniNoMPwAAY",
        "https://www.snapchat.com/spotlight/W7_EDlXWTBiXAEEniNoMPwAAY",
        handle="W",
    ),
    Example(
        "https://snapchat.com/spotlight/W7_EDlXWTBiXAEEniNoMPwAAY/embed",
        "spotlight/W7_EDlXWTBiXAEEniNoMPwAAY",
        "https://www.snapchat.com/spotlight/W7_EDlXWTBiXAEEniNoMPwAAY",
        frame=True,
    ),
    Example("https://snapchat.com/p/maralind", "p/maralind", "https://www.snapchat.com/p/maralind"),
    Example("https://snapchat.com/s/maralind", "s/maralind", "https://www.snapchat.com/s/maralind"),
    Example("https://snapchat.com/o/maralind", "o/maralind", "https://www.snapchat.com/o/maralind"),
    Example("https://snapchat.com/story/maralind", "story/maralind", "https://www.snapchat.com/story/maralind"),
)

MARKUP = (
    MarkupExample(
        '<blockquote class="snapchat-embed" data-snapchat-embed-url="https://www.snapchat.com/spotlight/W7_EDlXWTBiXAEEniNoMPwAAY/embed">'
        "</blockquote>",
        ("spotlight/W7_EDlXWTBiXAEEniNoMPwAAY",),
        "blockquote",
    ),
    MarkupExample(
        '<blockquote class="snapchat-embed" data-snapchat-embed-url="https://www.snapchat.com/spotlight/W7_EDlXWTBiXAEEniNoMPwAAY"></blockquote>'
        '<blockquote class="snapchat-embed"><a href="https://www.snapchat.com/spotlight/W7_EDlXWTBiXAEEniNoMPwAAY">View</a></blockquote>'
        '<div data-snapchat-embed-url="https://www.snapchat.com/spotlight/W7_EDlXWTBiXAEEniNoMPwAAY"></div>'
        '<div data-snapchat-embed-url=""><a href="https://www.snapchat.com/spotlight/W7_EDlXWTBiXAEEniNoMPwAAY">View</a></div>',
        ("spotlight/W7_EDlXWTBiXAEEniNoMPwAAY",) * 4,
        "blockquote",
    ),
)

# ------------------------------------------------------------------------------------------------------------ capturing


def read_frame(page: Page, tree: LexborHTMLParser, post: Post) -> Said:
    """Read the state the frame is drawn from."""
    return read_state(tree, post)


def read_state(tree: LexborHTMLParser, post: Post) -> Said:
    """Read the story of this id among those the player would go on with."""
    props = dig(read_script(tree, "script#__NEXT_DATA__"), "props", "pageProps")
    name = post.native_id.rpartition("/")[2]
    stories = as_list(dig(props, "spotlightFeed", "spotlightStories"))
    story = next((s for s in stories if dig(s, "story", "storyId", "value") == name), None)
    video = dig(story, "metadata", "videoMetadata")
    if isinstance(video, dict):
        return {"id": name, **_read_video(video)}
    return {}


def read_page(answer: Answer, post: Post) -> Said:
    """Read the story's own page, which is drawn from the same state; its 404 denies the story."""
    if urlsplit(answer.final_url).path.rstrip("/") != urlsplit(post.url).path.rstrip("/"):
        return {}
    if answer.status in (404, 410):
        return None
    if answer.status != 200:
        return {}
    return read_state(parse_html(answer.body), post)


def _read_video(video: dict[str, Any]) -> dict[str, Any]:
    creator, shown = dig(video, "creator", "personCreator"), as_count(_number(video.get("viewCount")))
    length, when = as_seconds(_number(video.get("durationMs"))), _number(video.get("uploadDateMs"))
    film = file_or_stream(
        as_url(video.get("contentUrl")), video.get("width"), video.get("height"), length and length / 1000
    )
    return {
        "author_name": as_text(dig(creator, "name")) or as_text(dig(creator, "username")),
        "author_handle": as_text(dig(creator, "username")),
        "author_url": as_url(dig(creator, "url")),
        "title": as_text(video.get("name")),
        "text": as_text(video.get("description")),
        "posted_at": as_time(when // 1000) if when else None,
        "views": shown,
        "shares": as_count(_number(video.get("shareCount"))),
        "media": (film, *poster_of(as_url(video.get("thumbnailUrl")))),
    }


def _number(value: Any) -> int | None:
    """The number that the state writes as a number or as digits."""
    if isinstance(value, int) or str(value).isdecimal():
        return int(value)
    return None


FRAMED = Framed(
    frame=Frame("{url}/embed", card="main, #root", width=416, height=692),
    says=read_frame,
    signatures={"frame": r'id="__NEXT_DATA__"', "page": r'id="__NEXT_DATA__"'},
    asks={"page": "{url}"},
    readers={"page": read_page},
    navigates=("page",),
)

# ------------------------------------------------------------------------------------------- what is taken for granted

ASSUMPTIONS = (
    Assumption(
        "`URL/embed` carries the same `__NEXT_DATA__` as the page",
        "guess",
        source="the second part reported",
        check="open one",
    ),
    Assumption(
        "A missing story is 404 in both",
        "guess",
        source="where it is not, a lost story stays `unconfirmed`",
        check="open a made-up id",
        live=LiveCheck("page", status=(404,)),
    ),
)
GAPS = (
    Gap("not_told", "Nobody says how many liked it or commented", "these counts stay empty", ("likes", "comments")),
)

# ---------------------------------------------------------------------------------------------------------------- value

PLATFORM = Platform(
    name="snapchat",
    title="Snapchat",
    hosts=("snapchat.com",),
    identify=identify,
    canonical=canonical,
    handle=handle,
    is_short=is_short,
    is_frame=is_frame,
    selectors=SELECTORS,
    examples=EXAMPLES,
    short_links=(
        "https://www.snapchat.com/t/AbCdEfGh",
        "https://snapchat.com/t/maral",
    ),
    markup=MARKUP,
    not_posts=("https://www.snapchat.com/add/maralind",),
    visit=make_visit(FRAMED),
    assumptions=ASSUMPTIONS,
    gaps=GAPS,
    made_up_url="https://www.snapchat.com/spotlight/W7_000000000000000000000000",
    states=FRAMED_STATES,
)
