"""Truth Social: status numbers, in frames like Mastodon's. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult

from embedarchive.core.model import Description, Page, Post, Verdict
from embedarchive.platforms.kit.ids import date_ms, match_path
from embedarchive.platforms.kit.specification import (
    Assumption,
    Example,
    Frame,
    LiveCheck,
    MarkupExample,
    Platform,
    Probe,
    Selector,
    Visitable,
)
from embedarchive.platforms.kit.statuses import (
    CARD,
    MOVES,
    classify_status,
    describe_status,
    read_public_status,
    read_unrun_frame,
)

_PATH = re.compile(
    r"^/(?:@[\w.\-]{1,64}(?:/posts)?|group/[\w-]{1,60}/posts|users/[\w.\-]{1,64}/statuses|statuses|api/v1/statuses)/(\d{12,20})(?!\d)"
)
_HANDLE = re.compile(r"^/(?:@|users/)([\w.\-]{1,64})/")


def identify(url: SplitResult) -> str | None:
    """The number of a status."""
    return match_path(_PATH, url)


def canonical(native_id: str) -> str:
    """The address that needs no handle."""
    return f"https://truthsocial.com/statuses/{native_id}"


def date(native_id: str) -> str | None:
    """The id's upper bits are milliseconds."""
    return date_ms(int(native_id) >> 16)


def handle(url: SplitResult) -> str | None:
    """The author's handle, where the address carries it."""
    return match_path(_HANDLE, url)


def is_frame(url: SplitResult) -> bool:
    """`…/embed`."""
    return url.path.rstrip("/").endswith("/embed")


SELECTORS = (Selector("blockquote", "blockquote.truthsocial-embed", url=("@data-embed-url", "@cite", "a:last@href")),)

EXAMPLES = (
    Example(
        "https://truthsocial.com/@maralind/posts/113628000000000000",
        "113628000000000000",
        "https://truthsocial.com/statuses/113628000000000000",
        "2024-12-10T10:14:43",
        permalink="https://truthsocial.com/@maralind/posts/113628000000000000",
        handle="maralind",
    ),
    Example(
        "https://truthsocial.com/users/1/statuses/113628000000000000",
        "113628000000000000",
        "https://truthsocial.com/statuses/113628000000000000",
        "2024-12-10T10:14:43",
        permalink="https://truthsocial.com/@1/posts/113628000000000000",
        handle="1",
    ),
    Example(
        "https://truthsocial.com/@maralind/posts/113628000000000000/embed",
        "113628000000000000",
        "https://truthsocial.com/statuses/113628000000000000",
        "2024-12-10T10:14:43",
        permalink="https://truthsocial.com/@maralind/posts/113628000000000000",
        handle="maralind",
        frame=True,
    ),
    Example(
        "https://truthsocial.com/@m/113628000000000000",
        "113628000000000000",
        "https://truthsocial.com/statuses/113628000000000000",
        "2024-12-10T10:14:43",
        permalink="https://truthsocial.com/@m/posts/113628000000000000",
        handle="m",
    ),
    Example(
        "https://truthsocial.com/statuses/113628000000000",
        "113628000000000",
        "https://truthsocial.com/statuses/113628000000000",
        bare=("113628000000000",),
    ),
)

MARKUP = (
    MarkupExample(
        '<iframe src="https://truthsocial.com/@maralind/113628000000000000/embed" class="truthsocial-embed"></iframe>',
        ("113628000000000000",),
        "iframe",
    ),
    MarkupExample(
        '<blockquote class="truthsocial-embed" data-embed-url="https://truthsocial.com/@maralind/posts/113628000000000000"></blockquote>'
        '<blockquote class="truthsocial-embed" cite="https://truthsocial.com/@maralind/posts/113628000000000000"></blockquote>'
        '<blockquote class="truthsocial-embed"><a href="https://truthsocial.com/@maralind/posts/113628000000000000">View</a></blockquote>',
        ("113628000000000000",) * 3,
        "blockquote",
    ),
    MarkupExample(
        '<div data-truthid="113628000000000000"></div>'
        '<div data-truthsocialid="113628000000000000"></div>'
        '<div data-provider="truthsocial" data-id="113628000000000000"></div>'
        '<div data-provider="truth" data-id="113628000000000000"></div>',
        ("113628000000000000",) * 4,
        "custom-element",
    ),
)

# ------------------------------------------------------------------------------------------------------------ capturing

FRAME = Frame("{frame}", card=CARD, dead=("body.error",), moves=MOVES, width=600)
_API = "https://truthsocial.com/api/v1/statuses/{id}"
PROBES = (Probe("status", _API), Probe("status", _API, when="available"))


def permalink(url: SplitResult) -> str | None:
    """The post's own address: its frame wants the author's handle."""
    name, number = handle(url), identify(url)
    if name and number:
        return f"https://truthsocial.com/@{name}/posts/{number}"
    return None


def _fields(post: Post) -> dict[str, str]:
    """The frame's address is the post's own without `/posts` and with a word more."""
    return {"frame": post.url.rstrip("/").replace("/posts/", "/", 1) + "/embed"}


def classify(page: Page, post: Post) -> Verdict:
    """Say what the frame and the API mean for the post."""
    return classify_status(page, post.native_id)


def describe(page: Page, post: Post) -> Description:
    """Read what the post said."""
    return describe_status(page, date(post.native_id), post.native_id, "truthsocial.com")


# ------------------------------------------------------------------------------------------- what is taken for granted

ASSUMPTIONS = (
    Assumption(
        "The head of a status's page names it (`og:url`) and tells of it; its description begins with what is attached",
        "guess",
        check="look at one",
    ),
    Assumption(
        "A frame as served may hold the status in `#initial-state`, before any script ran",
        "guess",
        check="look at the markup of a frame",
    ),
    Assumption(
        "`/@user/ID/embed` is the frame; without the handle there is none",
        "guess",
        source="address seen in articles, the second guess",
        check="open one",
    ),
    Assumption(
        "Its card is Mastodon's `.detailed-status`",
        "guess",
        check="look at one",
    ),
    Assumption(
        "`/api/v1/statuses/ID` answers like Mastodon's",
        "reported",
        source="often refused to machines",
        check="ask for one",
    ),
    Assumption(
        "A deleted post is 404 in both",
        "guess",
        check="open a made-up number",
        live=LiveCheck("frame", status=(404,)),
    ),
)

# ---------------------------------------------------------------------------------------------------------------- value

PLATFORM = Platform(
    name="truthsocial",
    title="Truth Social",
    hosts=("truthsocial.com",),
    identify=identify,
    canonical=canonical,
    permalink=permalink,
    date=date,
    handle=handle,
    is_frame=is_frame,
    id_pattern=r"\d{15,20}",
    id_names=("truthid", "truthsocialid"),
    services=("truth",),
    selectors=SELECTORS,
    visit=Visitable(
        FRAME,
        classify,
        describe,
        PROBES,
        _fields,
        rules=2,
        read_page=read_public_status,
        read_unrun=read_unrun_frame,
    ),
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=("https://truthsocial.com/@maralind",),
    assumptions=ASSUMPTIONS,
    archived=(
        "https://truthsocial.com/@{handle}/posts/{id}",
        "https://truthsocial.com/@{handle}/{id}",
        "https://truthsocial.com/api/v1/statuses/{id}",
    ),
    made_up_url="https://truthsocial.com/@truthsocial/posts/100000000000000001",
    states=(
        "live",
        "gone",
        "old_server",
        "gone_quickly",
        "api_closed",
        "embed_refused",
        "frame_missing",
        "application",
        "wrong_post",
        "truncated",
    ),
)
