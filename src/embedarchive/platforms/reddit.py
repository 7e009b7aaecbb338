"""Reddit: base 36 ids of posts and of comments, the quote, the frame. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult

from embedarchive.platform import Example, Mark, MarkupExample, Platform
from embedarchive.platforms._ids import match_path

_PATH = re.compile(
    r"(?i)^/(?:(?:r|user|u)/[\w-]{1,50}/)?comments/([a-z0-9]{4,10})(?:/[^/]*/([a-z0-9]{5,10})(?![\w-]))?(?:/|$)"
)
_SHORT = re.compile(r"(?i)^/([a-z0-9]{5,10})/?$")


def identify(url: SplitResult) -> str | None:
    """The id of a post, or `post/comment`."""
    host = url.hostname or ""
    if host in ("redd.it", "www.redd.it"):
        found = match_path(_SHORT, url)
        return found.lower() if found else None
    m = _PATH.match(url.path) if not host.startswith(("i.", "v.", "preview.")) else None
    return "/".join(g.lower() for g in m.groups() if g) if m else None


def canonical(native_id: str) -> str:
    """The address that needs no subreddit."""
    post, _, comment = native_id.partition("/")
    return f"https://www.reddit.com/comments/{post}/" + (f"_/{comment}/" if comment else "")


def is_short(url: SplitResult) -> bool:
    """`/r/SUB/s/CODE` redirects to the post."""
    return bool(re.match(r"^/(?:r|u|user)/[\w-]{1,50}/s/\w{8,}", url.path))


def is_frame(url: SplitResult) -> bool:
    """The two hosts that serve frames only."""
    return (url.hostname or "").startswith(("embed.reddit", "www.redditmedia", "redditmedia"))


MARKS = (
    Mark("blockquote", "blockquote.reddit-embed-bq, blockquote.reddit-card", url=("a@href", "@cite")),
    Mark("custom-element", ".reddit-embed", url=("@data-embed-media", "a@href", "@data-url")),
    Mark("amp", "amp-reddit", url=("@data-src",)),
)

EXAMPLES = (
    Example(
        "https://www.reddit.com/r/birds/comments/1ab2cd/a_kestrel/?utm_source=x",
        "1ab2cd",
        "https://www.reddit.com/comments/1ab2cd/",
    ),
    Example(
        "https://old.reddit.com/r/birds/comments/1ab2cd/a_kestrel/kxyz12/",
        "1ab2cd/kxyz12",
        "https://www.reddit.com/comments/1ab2cd/_/kxyz12/",
    ),
    Example("https://redd.it/1ab2cd", "1ab2cd", "https://www.reddit.com/comments/1ab2cd/"),
)

MARKUP = (
    MarkupExample(
        '<blockquote class="reddit-embed-bq" data-embed-height="316"><a href="https://www.reddit.com/r/birds/comments/1ab2cd/a_kestrel/">'
        'A kestrel</a><br> by <a href="https://www.reddit.com/user/maralind/">u/maralind</a> in'
        ' <a href="https://www.reddit.com/r/birds/">birds</a></blockquote>',
        ("1ab2cd",),
        "blockquote",
        author_name="u/maralind",
    ),
    MarkupExample(
        '<iframe src="https://www.redditmedia.com/r/birds/comments/1ab2cd/a_kestrel/?ref_source=embed"></iframe>',
        ("1ab2cd",),
        "iframe",
    ),
)

PLATFORM = Platform(
    name="reddit",
    title="Reddit",
    hosts=("reddit.com", "redd.it", "redditmedia.com"),
    identify=identify,
    canonical=canonical,
    is_short=is_short,
    is_frame=is_frame,
    id_names=("redditid",),
    traces=(
        r"reddit(?:media)?\.com/[^\s\"'<>]{0,80}?comments/",
        r"reddit\.com/(?:r|u|user)/[\w-]{1,50}/s/",
        r"redd\.it/",
    ),
    marks=MARKS,
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=("https://www.reddit.com/r/birds/", "https://i.redd.it/abcdef123.jpg"),
)
