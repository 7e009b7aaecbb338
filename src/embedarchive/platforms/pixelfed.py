"""Pixelfed: post numbers of any instance, so the host is in the key; frames that the server draws. Pure.

As its source has it (github.com/pixelfed/pixelfed): `resources/views/status/embed.blade.php` for the frame,
`PublicApiController@status` for the API, `SnowflakeService` for the numbers.
"""

# ruff: noqa: E501 (markup is given as articles write it)

from __future__ import annotations

import re
from typing import Any
from urllib.parse import SplitResult, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from embedarchive.core.model import Answer, Media, Page, Post
from embedarchive.core.urls import split_anything
from embedarchive.platforms.kit.fields import as_count, as_kind, as_text, dig, read_json, read_meta, text_of
from embedarchive.platforms.kit.framed import Framed, Said, as_url, attribute, make_visit, rich_text_of
from embedarchive.platforms.kit.ids import date_ms, match_on_instance, match_path
from embedarchive.platforms.kit.specification import (
    Assumption,
    Example,
    Frame,
    Gap,
    LiveCheck,
    MarkupExample,
    Platform,
)
from embedarchive.platforms.kit.statuses import read_status

_POST = r"/(?:p/[\w.\-]{2,40}|i/web/post)/(\d{15,20})"
_PATH = re.compile(rf"^{_POST}(?:/embed)?/?$")
_HANDLE = re.compile(r"^/p/([\w.\-]{2,40})/\d")
_EPOCH_MS = 1_549_756_800_000
"""2019-02-10. Posts from before have small numbers, which an address on an unknown host does not give away."""


def identify(url: SplitResult) -> str | None:
    """`host/number`: a number means something on its own instance only."""
    return match_on_instance(_PATH, url)


def canonical(native_id: str) -> str:
    """The address that needs no author."""
    host, _, number = native_id.rpartition("/")
    return f"https://{host}/i/web/post/{number}"


def permalink(url: SplitResult) -> str | None:
    """The post's own address, without `/embed`: its frame and the API want the author's name."""
    return f"https://{(url.hostname or '').lower()}{url.path.rstrip('/').removesuffix('/embed')}"


def date(native_id: str) -> str | None:
    """The number's upper bits are milliseconds since the project's own epoch."""
    return date_ms((int(native_id.rpartition("/")[2]) >> 22) + _EPOCH_MS)


def handle(url: SplitResult) -> str | None:
    """The author's name on the instance, where the address carries it."""
    return match_path(_HANDLE, url)


def is_frame(url: SplitResult) -> bool:
    """`/p/USER/NUMBER/embed`; the host says nothing here, so the path must be whole."""
    return url.path.rstrip("/").endswith("/embed") and identify(url) is not None


EXAMPLES = (
    Example(
        "https://pixels.example/p/mara/712345678901234567",
        "pixels.example/712345678901234567",
        "https://pixels.example/i/web/post/712345678901234567",
        "2024-06-28T16:47:24",
        permalink="https://pixels.example/p/mara/712345678901234567",
        handle="mara",
    ),
    Example(
        "https://pixels.example/p/mara/712345678901234567/embed?caption=true&likes=false&layout=full",
        "pixels.example/712345678901234567",
        "https://pixels.example/i/web/post/712345678901234567",
        "2024-06-28T16:47:24",
        permalink="https://pixels.example/p/mara/712345678901234567",
        handle="mara",
        frame=True,
    ),
    Example(
        "https://social.example/p/71/712345678901234567",
        "social.example/712345678901234567",
        "https://social.example/i/web/post/712345678901234567",
        "2024-06-28T16:47:24",
        permalink="https://social.example/p/71/712345678901234567",
        handle="71",
    ),
)

MARKUP = (
    MarkupExample(
        '<iframe title="Pixelfed Post Embed" src="https://pixels.example/p/mara/712345678901234567/embed?caption=true&likes=false&layout=full" '
        'class="pixelfed__embed" style="max-width: 100%; border: 0" width="400" allowfullscreen="allowfullscreen"></iframe>'
        '<script async defer src="https://pixels.example/embed.js"></script>',
        ("pixels.example/712345678901234567",),
        "iframe",
    ),
    MarkupExample(
        '<iframe src="https://pixels.example/p/mara/712345678901234567/embed"></iframe>',
        ("pixels.example/712345678901234567",),
        "iframe",
    ),
)

# ------------------------------------------------------------------------------------------------------------ capturing

CARD = ".status-card-embed:not(.card-body)"
REFUSAL = ".status-card-embed.card-body"
"""What stands in the card's place, with status 200, for a post that is deleted, private, sensitive, or not to be embedded."""

_MISSING = re.compile(r"\[App\\Status\]\D{0,3}(\d+)")
"""The server's own words for a row that its table of posts does not have; it says them in no other language."""


def read_frame(page: Page, tree: LexborHTMLParser, post: Post) -> Said:
    """Read the card: whose it is, its caption and its files."""
    card = tree.css_first(CARD)
    if card is None:
        return {}
    host = post.native_id.rpartition("/")[0]
    name = text_of(card.css_first(".card-header .username"))
    media = tuple(_read_files(card))
    face = as_url(attribute(card, ".card-header img[src]", "src"))
    return {
        "id": match_path(_PATH, split_anything(read_meta(tree).get("og:url", ""))),
        "kind": as_kind(media, moving=card.css_first("video") is not None),
        "author_handle": name and f"{name}@{host}",
        "author_url": as_url(attribute(card, ".card-header a.username", "href")),
        **rich_text_of(card.css_first(".caption-container"), f"https://{host}/"),
        "media": (*media, Media("avatar", 0, face)) if face else media,
    }


def _read_files(card: LexborNode) -> list[Media]:
    """The card's pictures and film; those of its head and foot are the author's and the instance's."""
    around = {node.mem_id for node in card.css(".card-header img, .card-footer img")}
    shown = [node for node in card.css("img[src], video source[src]") if node.mem_id not in around]
    return [Media("media", position, node.attributes.get("src") or "") for position, node in enumerate(shown, 1)]


def read_answer(answer: Answer, post: Post) -> Said:
    """Read the API's status. It denies a post only where its server says that there is no such row."""
    data = read_json(answer.body)
    status = dig(data, "status")
    if answer.status == 200 and isinstance(status, dict):
        host = post.native_id.rpartition("/")[0]
        said: dict[str, Any] = read_status(status, host)
        return {"id": as_text(status.get("id")), **said, "comments": as_count(status.get("reply_count"))}
    missing = _MISSING.search(as_text(dig(data, "error")) or "")
    if missing and missing[1] == post.native_id.rpartition("/")[2]:
        return None
    return {}


def fill(post: Post) -> dict[str, str]:
    """Frame and API by the author's name; an address without it leads to the post's page, and asks nobody."""
    parts = urlsplit(post.url)
    name, host, number = handle(parts), *post.native_id.rpartition("/")[::2]
    if name is None:
        return {"frame": post.url, "ask": ""}
    return {
        "frame": f"https://{host}/p/{name}/{number}/embed?caption=true&likes=true&layout=full",
        "ask": f"https://{host}/api/v2/profile/{name}/status/{number}",
    }


FRAMED = Framed(
    frame=Frame("{frame}", card=CARD, dead=(REFUSAL,), width=400),
    says=read_frame,
    asks={"status": "{ask}"},
    readers={"status": read_answer},
    judges=("status",),
    first="status",
    absent=(),
    fields=fill,
    date=date,
)

# ---------------------------------------------------------------------------------------------------------------- known

ASSUMPTIONS = (
    Assumption(
        "`/p/USER/NUMBER/embed` is drawn by the server, as `.status-card-embed` with the post's address in `og:url`",
        "verified",
        "its source code",
        "open one",
    ),
    Assumption(
        "For a post that is deleted, private, sensitive or not to be embedded it answers 200 with "
        "`.status-card-embed.card-body`",
        "verified",
        "its source code",
        "open a made-up number",
        LiveCheck("frame", css=REFUSAL),
    ),
    Assumption(
        "`/api/v2/profile/USER/status/NUMBER` needs no token; of a row that is not there it says "
        "`[App\\Status] NUMBER` in `error`, with 500",
        "verified",
        "its source code; newer versions may answer otherwise, and then nothing is gone",
        "ask for a made-up number",
        LiveCheck("status", status=(404, 500), has=("error",)),
    ),
    Assumption(
        "Its 403 is a post for followers, its 404 a post of a private account, or a draft",
        "verified",
        "its source code",
        "ask for one",
    ),
    Assumption("A number holds the milliseconds since 2019-02-10 in its upper bits", "verified", "its source code"),
)
GAPS = (
    Gap("not_told", "posts from before 2019-02-10 have small numbers, as many addresses have", "they are not found"),
    Gap("not_told", "of an account that is gone the API says nothing of the post", "it stays `unconfirmed`"),
)

PLATFORM = Platform(
    name="pixelfed",
    title="Pixelfed",
    hosts=("*",),
    path_pattern=_POST,
    identify=identify,
    canonical=canonical,
    permalink=permalink,
    date=date,
    handle=handle,
    is_frame=is_frame,
    distinctive=False,
    visit=make_visit(FRAMED, denial="reported", silent=(200, '<div class="status-card-embed card-body">-</div>')),
    assumptions=ASSUMPTIONS,
    gaps=GAPS,
    made_up_url="https://pixelfed.social/p/pixelfed/100000000000000001",
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=("https://pixels.example/mara", "https://pixels.example/p/mara/12"),
    not_embeds=(
        "<p>https://pixels.example/p/mara/712345678901234567</p>",
        '<iframe src="https://pixels.example/p/mara/712345678901234567"></iframe>',
        '<iframe class="pixelfed__embed" src="https://pixels.example/mara/embed"></iframe>',
    ),
    states=(
        "live",
        "gone",
        "private",
        "hidden",
        "embed_refused",
        "api_closed",
        "frame_missing",
        "application",
        "wrong_post",
        "truncated",
    ),
)
