"""Mastodon and what speaks its tongue: status ids of any instance, so the host is in the key. Pure."""

# ruff: noqa: E501 (markup is given as articles write it)

from __future__ import annotations

import re
from urllib.parse import SplitResult

from embedarchive.core.model import Description, Page, Post, Verdict
from embedarchive.platforms.kit.ids import date_ms, match_on_instance, match_path
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

_STATUS = (
    r"/(?:@[\w.\-]{1,64}(?:@[\w.\-]{3,100})?|users/[\w.\-]{1,64}/statuses|web/statuses|statuses|(?:web|deck)/@[\w.@\-]{1,100}"
    r"|deck/statuses|ap/users/\d{1,20}/statuses|api/v1/statuses)"
    r"/(\d{15,20})"
)
_PATH = re.compile(rf"^{_STATUS}(?:/embed|/activity)?/?$")
_HANDLE = re.compile(r"^/(?:@|users/)([\w.\-]{1,64}(?:@[\w.\-]{3,100})?)/")


def identify(url: SplitResult) -> str | None:
    """`host/id`: an id means something on its own instance only."""
    return match_on_instance(_PATH, url)


def canonical(native_id: str) -> str:
    """The address of the web client, which needs no author."""
    host, _, status = native_id.rpartition("/")
    return f"https://{host}/statuses/{status}"


def permalink(url: SplitResult) -> str | None:
    """The post's own address, without `/embed`: other software than Mastodon has no other."""
    path = url.path.rstrip("/").removesuffix("/embed").removesuffix("/activity")
    return f"https://{(url.hostname or '').lower()}{path}"


def date(native_id: str) -> str | None:
    """The id's upper bits are the milliseconds at which this instance got the post."""
    return date_ms(int(native_id.rpartition("/")[2]) >> 16)


def handle(url: SplitResult) -> str | None:
    """The author's handle, where the address carries it."""
    return match_path(_HANDLE, url)


def is_frame(url: SplitResult) -> bool:
    """`/@user/ID/embed`; the host says nothing here, so the path must be whole."""
    return url.path.rstrip("/").endswith("/embed") and identify(url) is not None


SELECTORS = (
    Selector(
        "blockquote", "blockquote.mastodon-embed, blockquote[data-embed-url]", url=("@data-embed-url", "a:last@href")
    ),
    Selector("custom-element", "embetty-mastodon", url=("@status",)),
)

EXAMPLES = (
    Example(
        "https://social.example/@mara/113628000000000000",
        "social.example/113628000000000000",
        "https://social.example/statuses/113628000000000000",
        "2024-12-10T10:14:43",
        permalink="https://social.example/@mara/113628000000000000",
        handle="mara",
    ),
    Example(
        "https://social.example/users/mara/statuses/113628000000000000",
        "social.example/113628000000000000",
        "https://social.example/statuses/113628000000000000",
        "2024-12-10T10:14:43",
        permalink="https://social.example/users/mara/statuses/113628000000000000",
        handle="mara",
    ),
    Example(
        "https://social.example/@mara/113628000000000000/embed",
        "social.example/113628000000000000",
        "https://social.example/statuses/113628000000000000",
        "2024-12-10T10:14:43",
        permalink="https://social.example/@mara/113628000000000000",
        handle="mara",
        frame=True,
    ),
    Example(
        "https://social.example/@maralind@mar/113628000000000000",
        "social.example/113628000000000000",
        "https://social.example/statuses/113628000000000000",
        "2024-12-10T10:14:43",
        permalink="https://social.example/@maralind@mar/113628000000000000",
        handle="maralind@mar",
    ),
    Example(
        "https://social.example/web/statuses/113628000000000000",
        "social.example/113628000000000000",
        "https://social.example/statuses/113628000000000000",
        "2024-12-10T10:14:43",
        permalink="https://social.example/web/statuses/113628000000000000",
    ),
)

MARKUP = (
    MarkupExample(
        '<iframe src="https://social.example/@mara/113628000000000000/embed" class="mastodon-embed"></iframe>',
        ("social.example/113628000000000000",),
        "iframe",
    ),
    MarkupExample(
        '<blockquote class="mastodon-embed" data-embed-url="https://social.example/@mara/113628000000000000/embed">'
        '<a href="https://social.example/@mara/113628000000000000"><div>Post by @mara@social.example</div><div>View on Mastodon</div>'
        "</a></blockquote>",
        ("social.example/113628000000000000",),
        "blockquote",
        author_handle="mara",
    ),
    MarkupExample(
        '<blockquote class="mastodon-embed" data-embed-url="https://social.example/@mara/113628000000000000"></blockquote>'
        '<blockquote class="mastodon-embed"><a href="https://social.example/@mara/113628000000000000">View</a></blockquote>'
        '<blockquote data-embed-url="https://social.example/@mara/113628000000000000"></blockquote>'
        '<blockquote data-embed-url=""><a href="https://social.example/@mara/113628000000000000">View</a></blockquote>',
        ("social.example/113628000000000000",) * 4,
        "blockquote",
    ),
    MarkupExample(
        '<embetty-mastodon status="https://social.example/@mara/113628000000000000"></embetty-mastodon>',
        ("social.example/113628000000000000",),
        "custom-element",
    ),
)

# ------------------------------------------------------------------------------------------------------------ capturing

FRAME = Frame("{frame}", card=CARD, dead=("body.error",), moves=MOVES)
_API = "https://{host}/api/v1/statuses/{name}"
PROBES = (Probe("status", _API), Probe("status", _API, when="available"))


def _fields(post: Post) -> dict[str, str]:
    """The frame's address is the post's own with a word more; the web clients' have a word too many."""
    return {"frame": re.sub(r"/(?:web|deck)/", "/", post.url.rstrip("/")) + "/embed"}


def classify(page: Page, post: Post) -> Verdict:
    """Say what the frame and the server's API mean for the post."""
    return classify_status(page, post.native_id.rpartition("/")[2])


def describe(page: Page, post: Post) -> Description:
    """Read what the post said; the date of the id is the moment at which this server got it."""
    host, _, number = post.native_id.rpartition("/")
    return describe_status(page, date(post.native_id), number, host)


# ------------------------------------------------------------------------------------------- what is taken for granted

ASSUMPTIONS = (
    Assumption(
        "The head of a status's page names it (`og:url`) and tells of it; its description begins with what is attached",
        "verified",
        source="its source code (`app/views/statuses/show.html.haml`)",
    ),
    Assumption(
        "A frame as served may hold the status in `#initial-state`, before any script ran",
        "guess",
        check="look at the markup of a frame",
    ),
    Assumption(
        "`/@user/ID/embed` shows `.detailed-status`: by script since 4.3, by the server before",
        "verified",
        source="its source code",
    ),
    Assumption(
        "`/api/v1/statuses/ID` gives the status without a token",
        "verified",
        source="saved answers",
    ),
    Assumption(
        'A deleted status is 404 in frame and API (`{"error":…}`), a closed account\'s 410',
        "guess",
        check="open a made-up number",
        live=LiveCheck("status", status=(404,), has=("error",)),
    ),
    Assumption(
        "Servers may close the API and keep the frame (401, 422)",
        "reported",
        check="ask a server in limited federation mode",
    ),
    Assumption(
        "A content warning opens at `.content-warning button`, before 4.3 at "
        "`.status__content__spoiler-link`; media at `.spoiler-button`",
        "guess",
        source="source code read for the names, not tried",
        check="capture one with a warning",
    ),
    Assumption(
        "Since 4.5 a quote is the `quote` object, and `.quote-inline` in the content its fallback",
        "verified",
        source="saved answer",
    ),
    Assumption(
        'A 404 of its own is `{"error":…}`',
        "verified",
        source="saved answer",
    ),
)

# ---------------------------------------------------------------------------------------------------------------- value

PLATFORM = Platform(
    name="mastodon",
    title="Mastodon",
    hosts=("*",),
    path_pattern=_STATUS,
    identify=identify,
    canonical=canonical,
    permalink=permalink,
    date=date,
    handle=handle,
    is_frame=is_frame,
    id_pattern=r"(?:[\w.\-]{1,64}@)?([\w\-]{1,63}(?:\.[\w\-]{1,63}){1,6})/(\d{15,20})",
    selectors=SELECTORS,
    visit=Visitable(
        FRAME,
        classify,
        describe,
        PROBES,
        _fields,
        denial="verified",
        rules=2,
        read_page=read_public_status,
        read_unrun=read_unrun_frame,
    ),
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=("https://social.example/@mara",),
    assumptions=ASSUMPTIONS,
    archived=(
        "https://{host}/@{handle}/{name}",
        "https://{host}/@{handle}/{name}/embed",
        "https://{host}/api/v1/statuses/{name}",
    ),
    made_up_url="https://mastodon.social/@Mastodon/100000000000000001",
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
