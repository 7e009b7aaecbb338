"""Tumblr: post numbers, in the box that names its own frame. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from selectolax.lexbor import LexborHTMLParser

from embedarchive.core.model import Media, Page, Post
from embedarchive.core.urls import split_anything
from embedarchive.platforms.kit.fields import as_kind, as_time, read_srcset, text_of
from embedarchive.platforms.kit.framed import FRAMED_STATES, Framed, Said, attribute, make_visit, rich_text_of
from embedarchive.platforms.kit.ids import match_path
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

_PATH = re.compile(
    r"^/(?:embed/post/[\w:-]{3,60}|post|image|private|(?:dashboard/blog|video|s)/[\w-]{1,60}|(?:blog/view/|blog/)?[\w-]{1,60}|[\w-]{1,60}/post)/(\d{8,20})(?!\d)"
)

_TOKEN = re.compile(r"^/embed/post/([\w:-]{3,60})/\d")


def identify(url: SplitResult) -> str | None:
    """The number of a post; unique over all blogs. The host of short links has codes only."""
    if (url.hostname or "").endswith("tmblr.co"):
        return None
    return match_path(_PATH, url)


def canonical(native_id: str) -> str:
    """The address that needs no blog."""
    return f"https://www.tumblr.com/post/{native_id}"


def permalink(url: SplitResult) -> str | None:
    """The post's own address, which carries its blog, or the token that stands for the blog in embed codes."""
    blog, number, token = handle(url), identify(url), _TOKEN.match(url.path)
    if token and number:
        return f"https://embed.tumblr.com/embed/post/{token[1]}/{number}"
    if blog and number:
        return f"https://www.tumblr.com/{blog}/{number}"
    return None


def handle(url: SplitResult) -> str | None:
    """The blog's name, where the address carries it."""
    host = url.hostname or ""
    blog = host.partition(".")[0]
    if blog not in ("www", "tumblr", "embed", "m", "tpmblr", "fxtumblr"):
        return blog
    m = re.match(r"^/(?:blog/view/|blog/)?([\w-]{1,60})/\d{8,20}", url.path)
    if m and m[1] != "post":
        return m[1]
    return None


def is_short(url: SplitResult) -> bool:
    """`tmblr.co/CODE` redirects to the post."""
    return (url.hostname or "").endswith("tmblr.co") and len(url.path) > 4


def is_frame(url: SplitResult) -> bool:
    """`embed.tumblr.com/embed/post/…`."""
    return url.path.startswith("/embed/post/")


SELECTORS = (Selector("custom-element", ".tumblr-post", url=("@data-href", "a:last@href")),)

EXAMPLES = (
    Example(
        "https://maralind.tumblr.com/post/767123456789012345/kestrel",
        "767123456789012345",
        "https://www.tumblr.com/post/767123456789012345",
        permalink="https://www.tumblr.com/maralind/767123456789012345",
        handle="maralind",
    ),
    Example(
        "https://embed.tumblr.com/embed/post/t:AbCdEfGhIjKl/767123456789012345/v2",
        "767123456789012345",
        "https://www.tumblr.com/post/767123456789012345",
        permalink="https://embed.tumblr.com/embed/post/t:AbCdEfGhIjKl/767123456789012345",
        frame=True,
    ),
    Example(
        "https://tumblr.com/blog/view/maralind/767123456789012345",
        "767123456789012345",
        "https://www.tumblr.com/post/767123456789012345",
        permalink="https://www.tumblr.com/maralind/767123456789012345",
        handle="maralind",
    ),
    Example(
        "https://tumblr.com/blog/maralind/767123456789012345",
        "767123456789012345",
        "https://www.tumblr.com/post/767123456789012345",
        permalink="https://www.tumblr.com/maralind/767123456789012345",
        handle="maralind",
    ),
    Example(
        "https://tumblr.com/maralind/76712345",
        "76712345",
        "https://www.tumblr.com/post/76712345",
        permalink="https://www.tumblr.com/maralind/76712345",
        handle="maralind",
    ),
)

MARKUP = (
    MarkupExample(
        '<div class="tumblr-post" data-href="https://embed.tumblr.com/embed/post/t:AbCdEfGhIjKl/767123456789012345">'
        '<a href="https://www.tumblr.com/maralind/767123456789012345">https://www.tumblr.com/maralind/767123456789012345</a></div>',
        ("767123456789012345",),
        "custom-element",
    ),
    MarkupExample(
        '<div class="tumblr-post" data-href="https://www.tumblr.com/maralind/767123456789012345"></div>'
        '<div class="tumblr-post"><a href="https://www.tumblr.com/maralind/767123456789012345">View</a></div>',
        ("767123456789012345",) * 2,
        "custom-element",
    ),
)

# ------------------------------------------------------------------------------------------------------------ capturing

_HOME = "https://www.tumblr.com/"
_CARD = "article[data-post-id], [data-post-id] article, .post[data-post-id]"


def read_frame(page: Page, tree: LexborHTMLParser, post: Post) -> Said:
    """Read the post's card."""
    card = tree.css_first(_CARD)
    if card is None:
        return {}
    author = card.css_first("a[rel~='author'], header a[href], .post-header a[href]")
    blog = handle(split_anything(attribute(card, f"a[href*='{post.native_id}']", "href") or ""))
    media = _read_pictures(tree)
    return {
        "id": attribute(tree, "[data-post-id]", "data-post-id"),
        "kind": as_kind(media),
        "author_name": text_of(author),
        "author_handle": blog,
        "author_url": blog and _HOME + blog,
        **rich_text_of(card.css_first(".post-content, .post_body, .caption"), _HOME),
        "posted_at": as_time(attribute(card, "time[datetime]", "datetime")),
        "media": media,
    }


def _read_pictures(tree: LexborHTMLParser) -> tuple[Media, ...]:
    """The post's pictures, each in its largest size; avatars are small and square."""
    media: list[Media] = []
    for picture in tree.css("figure img, .post-content img, .post_body img"):
        sizes = read_srcset(picture.attributes.get("srcset") or "")
        url = max(sizes, key=lambda size: size[1])[0] if sizes else picture.attributes.get("src")
        if url:
            media.append(Media("media", len(media) + 1, url, alt=picture.attributes.get("alt") or None))
    return tuple(media)


def frame_blog(post: Post) -> dict[str, str]:
    """The blog, by name or by the token that embed codes carry; oEmbed knows no tokens, and is then asked for
    nothing."""
    url = urlsplit(post.url)
    token, blog = _TOKEN.match(url.path), handle(url)
    asked = ""
    if blog:
        asked = f"https%3A%2F%2F{blog}.tumblr.com%2Fpost%2F{post.native_id}"
    return {"blog": (token[1] if token else blog) or "post", "asked": asked}


FRAMED = Framed(
    frame=Frame("https://embed.tumblr.com/embed/post/{blog}/{id}/v2", card=_CARD),
    kind="",
    says=read_frame,
    signatures={"oembed": r'"meta"\s*:\s*\{[^{}]*"status"\s*:\s*404'},
    asks={"oembed": "https://www.tumblr.com/oembed/1.0?url={asked}"},
    fields=frame_blog,
)

# ------------------------------------------------------------------------------------------- what is taken for granted

ASSUMPTIONS = (
    Assumption(
        "`embed.tumblr.com/embed/post/t:TOKEN/ID/v2` is the frame",
        "verified",
        source="an oEmbed answer",
    ),
    Assumption(
        "A blog's name works in the token's place",
        "guess",
        check="open one",
    ),
    Assumption(
        "oEmbed wants `BLOG.tumblr.com/post/ID`; of a token alone it is not asked",
        "reported",
        source="verified endpoint, scheme documented",
    ),
    Assumption(
        "The card is `article[data-post-id]`",
        "guess",
        check="look at one",
    ),
    Assumption(
        "A deleted post is 404 in both",
        "guess",
        check="open a made-up number",
        live=LiveCheck("frame", status=(404,)),
    ),
)
GAPS = (
    Gap("not_told", "Nobody says how many liked it or commented", "these counts stay empty", ("likes", "comments")),
)

# ---------------------------------------------------------------------------------------------------------------- value

PLATFORM = Platform(
    name="tumblr",
    title="Tumblr",
    hosts=("tumblr.com", "tmblr.co"),
    id_addresses=("https://embed.tumblr.com/embed/post/{}",),
    mirrors=("tpmblr.com", "fxtumblr.com"),
    identify=identify,
    canonical=canonical,
    permalink=permalink,
    handle=handle,
    is_short=is_short,
    is_frame=is_frame,
    selectors=SELECTORS,
    examples=EXAMPLES,
    short_links=("https://tmblr.co/ZabCdEfGh",),
    markup=MARKUP,
    not_posts=("https://www.tumblr.com/maralind", "https://www.tumblr.com/share/link?url=x"),
    visit=make_visit(FRAMED, rules=2),
    assumptions=ASSUMPTIONS,
    gaps=GAPS,
    archived=(
        "https://{handle}.tumblr.com/post/{id}",
        "https://www.tumblr.com/{handle}/{id}",
        "https://embed.tumblr.com/embed/post/{handle}/{id}/v2",
    ),
    made_up_url="https://www.tumblr.com/staff/999999999999999999",
    states=FRAMED_STATES,
)
