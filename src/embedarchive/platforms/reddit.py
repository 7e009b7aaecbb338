"""Reddit: base 36 ids of posts and of comments, the quote, the frame. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import SplitResult, urlsplit

from selectolax.lexbor import LexborHTMLParser

from embedarchive.core.model import Answer, Media, Page, Post
from embedarchive.core.urls import split_anything
from embedarchive.platforms.kit.counts import read_count
from embedarchive.platforms.kit.fields import as_kind, as_text, as_time, dig, parse_html, text_of
from embedarchive.platforms.kit.framed import Framed, Said, as_url, attribute, make_visit, read_attribute, rich_text_of
from embedarchive.platforms.kit.ids import match_path
from embedarchive.platforms.kit.outcomes import MAX_HTML
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
    r"(?i)^/(?:(?:r|user|u)/[\w-]{1,50}/)?(?:comments|gallery|duplicates|video|tb|poll)/(?!gilded\b)([a-z0-9]{4,10})(?:/[^/]*/([a-z0-9]{5,10})(?![\w-]))?(?:/|$)"
)
_SHORT = re.compile(r"(?i)^/([a-z0-9]{5,10})/?$")


def identify(url: SplitResult) -> str | None:
    """The id of a post, or `post/comment`."""
    host = url.hostname or ""
    if host in ("redd.it", "www.redd.it"):
        found = match_path(_SHORT, url)
        if found:
            return found.lower()
        return None
    m = None
    if not host.startswith(("i.", "v.", "preview.")):
        m = _PATH.match(url.path)
    if not m:
        return None
    return "/".join(g.lower() for g in m.groups() if g)


def canonical(native_id: str) -> str:
    """The address that needs no subreddit."""
    post, _, comment = native_id.partition("/")
    return f"https://www.reddit.com/comments/{post}/" + (f"_/{comment}/" if comment else "")


def about(native_id: str) -> str | None:
    """The post of a comment, whose id is `post/comment`."""
    post, _, comment = native_id.partition("/")
    if comment:
        return post
    return None


def permalink(url: SplitResult) -> str | None:
    """The post's own address: without its community, the frame leaves title and author out."""
    m = re.match(r"/((?:r|user|u)/[\w-]{1,50})/comments/", url.path)
    found = identify(url) if m else None
    if m and found:
        return canonical(found).replace(".com/comments/", f".com/{m[1]}/comments/")
    return None


def is_short(url: SplitResult) -> bool:
    """`/r/SUB/s/CODE` redirects to the post, and so does the address of its film alone."""
    if url.hostname == "v.redd.it":
        return bool(re.match(r"^/\w{8,20}(?:/|$)", url.path))
    return bool(re.match(r"^/(?:r|u|user)/[\w-]{1,50}/s/\w{8,}", url.path))


def is_frame(url: SplitResult) -> bool:
    """The two hosts that serve frames only."""
    return (url.hostname or "").startswith(("embed.reddit", "www.redditmedia", "redditmedia"))


SELECTORS = (
    Selector("blockquote", "blockquote.reddit-embed-bq, blockquote.reddit-card", url=("a@href", "@cite")),
    Selector(
        "custom-element",
        ".reddit-embed",
        url=("@data-embed-media", "@data-permalink", "https://www.reddit.com{@data-permalink}", "a@href", "@data-url"),
    ),
    Selector("amp", "amp-reddit", url=("@data-src",)),
)


def read_comments_page(answer: Answer, post: Post) -> dict[str, Any]:
    """Read a post's page as others recorded it: the one element that is the post has it all as attributes."""
    if answer.status != 200 or "/" in post.native_id:
        return {}  # a comment is not what its page is of
    node = parse_html(answer.body[:MAX_HTML]).css_first(f'shreddit-post[id="t3_{post.native_id}"]')
    if node is None or node.attributes.get("author") in (None, "", "[deleted]"):
        return {}
    said = node.attributes
    if said.get("removed-by-category") or "is-post-removed" in said:
        return {}
    file = as_url(said.get("content-href"))
    media = {
        "image": (Media("media", 1, file),) if file else (),
        "video": (Media("media", 1, "", missing="only_streamed"),),
    }
    return {
        "author_name": as_text(said.get("author")),
        "title": as_text(said.get("post-title")),
        "posted_at": as_time(said.get("created-timestamp")),
        "likes": read_count(said.get("score")),
        "comments": read_count(said.get("comment-count")),
        "media": media.get(said.get("post-type") or "", ()),
        **rich_text_of(node.css_first('[slot="text-body"]'), answer.url),
    }


EXAMPLES = (
    Example(
        "https://www.reddit.com/r/birds/comments/1ab2cd/a_kestrel/?utm_source=x",
        "1ab2cd",
        "https://www.reddit.com/comments/1ab2cd/",
        permalink="https://www.reddit.com/r/birds/comments/1ab2cd/",
    ),
    Example(
        "https://old.reddit.com/r/birds/comments/1ab2cd/a_kestrel/kxyz12/",
        "1ab2cd/kxyz12",
        "https://www.reddit.com/comments/1ab2cd/_/kxyz12/",
        permalink="https://www.reddit.com/r/birds/comments/1ab2cd/_/kxyz12/",
    ),
    Example("https://www.reddit.com/gallery/1ab2cd", "1ab2cd", "https://www.reddit.com/comments/1ab2cd/"),
    Example("https://redd.it/1ab2cd", "1ab2cd", "https://www.reddit.com/comments/1ab2cd/"),
    Example(
        "https://redditmedia.com/r/birds/comments/1ab2cd/a_kestrel/kxyz12/",
        "1ab2cd/kxyz12",
        "https://www.reddit.com/comments/1ab2cd/_/kxyz12/",
        permalink="https://www.reddit.com/r/birds/comments/1ab2cd/_/kxyz12/",
        frame=True,
    ),
    Example(
        "https://reddit.com/user/maralind/comments/maralind/",
        "maralind",
        "https://www.reddit.com/comments/maralind/",
        permalink="https://www.reddit.com/user/maralind/comments/maralind/",
    ),
    Example("https://redd.it/maral", "maral", "https://www.reddit.com/comments/maral/"),
    Example(
        "https://reddit.com/r/m/comments/maralind/",
        "maralind",
        "https://www.reddit.com/comments/maralind/",
        permalink="https://www.reddit.com/r/m/comments/maralind/",
    ),
)

MARKUP = (
    MarkupExample(
        '<blockquote class="reddit-embed-bq" data-embed-height="316"><a href="https://www.reddit.com/r/birds/comments/1ab2cd/a_kestrel/">'
        'A kestrel</a><br> by <a href="https://www.reddit.com/user/maralind/">u/maralind</a> in'
        ' <a href="https://www.reddit.com/r/birds/">birds</a></blockquote>',
        ("1ab2cd",),
        "blockquote",
        author_name="",
        author_handle="maralind",
    ),
    MarkupExample(
        '<iframe src="https://www.redditmedia.com/r/birds/comments/1ab2cd/a_kestrel/?ref_source=embed"></iframe>',
        ("1ab2cd",),
        "iframe",
    ),
    MarkupExample(
        '<blockquote class="reddit-embed-bq"><a href="https://www.reddit.com/r/birds/comments/1ab2cd/">View</a></blockquote>'
        '<blockquote class="reddit-embed-bq" cite="https://www.reddit.com/r/birds/comments/1ab2cd/"></blockquote>'
        '<blockquote class="reddit-card"><a href="https://www.reddit.com/r/birds/comments/1ab2cd/">View</a></blockquote>'
        '<blockquote class="reddit-card" cite="https://www.reddit.com/r/birds/comments/1ab2cd/"></blockquote>',
        ("1ab2cd",) * 4,
        "blockquote",
    ),
    MarkupExample(
        '<div class="reddit-embed" data-embed-media="https://www.reddit.com/r/birds/comments/1ab2cd/"></div>'
        '<div class="reddit-embed"><a href="https://www.reddit.com/r/birds/comments/1ab2cd/">View</a></div>'
        '<div class="reddit-embed" data-url="https://www.reddit.com/r/birds/comments/1ab2cd/"></div>',
        ("1ab2cd",) * 3,
        "custom-element",
    ),
    MarkupExample(
        '<div class="reddit-embed" data-permalink="/r/birds/comments/1ab2cd/a_kestrel/"></div>'
        '<div class="reddit-embed" data-permalink="https://www.reddit.com/r/birds/comments/1ab2cd/"></div>',
        ("1ab2cd",) * 2,
        "custom-element",
    ),
    MarkupExample(
        '<amp-reddit data-src="https://www.reddit.com/r/birds/comments/1ab2cd/"></amp-reddit>',
        ("1ab2cd",),
        "amp",
    ),
)

# ------------------------------------------------------------------------------------------------------------ capturing

_HOME = "https://www.reddit.com/"
_ADDRESS = "#canonical-url-updater"
_KINDS = {"image": "photo", "gallery": "carousel", "video": "video", "text": "text", "link": "link"}
_GALLERY_FILE = re.compile(r"-v0-([a-z0-9]{5,20})\.(\w{3,4})(?=\?|$)")


def read_frame(page: Page, tree: LexborHTMLParser, post: Post) -> Said:
    """Read the frame's data and markup. Every id answers 200: only a frame that knows the post's kind has it."""
    address = re.search(r"/comments/(\w+)", attribute(tree, _ADDRESS, "value") or "")
    data = _read_data(tree)
    if not address or not data.get("type"):
        if address and data:
            return None
        return {}
    name = re.search(r"/user/([\w-]+)", attribute(tree, 'a[href*="/user/"]', "href") or "")
    created, media = data.get("created_timestamp"), _read_media(tree, data)
    return {
        "id": address[1],
        "kind": _KINDS.get(str(data["type"])) or as_kind(media),
        "author_name": name and name[1],
        "author_handle": name and name[1],
        "author_url": name and f"{_HOME}user/{name[1]}/",
        "title": text_of(tree.css_first("shreddit-embed-title, h1")),
        **rich_text_of(tree.css_first(f'[id="t3_{address[1]}-post-rtjson-content"]'), _HOME),
        "posted_at": as_time(created // 1000) if isinstance(created, int) else None,
        "sensitive": data["nsfw"] if isinstance(data.get("nsfw"), bool) else None,
        "likes": read_count(attribute(tree, "faceplate-number", "number")),
        "comments": _read_comments(tree, address[1]),
        "media": media,
    }


def _read_data(tree: LexborHTMLParser) -> dict[str, Any]:
    data = dig(read_attribute(tree, "shreddit-screenview-data", "data"), "post")
    if isinstance(data, dict):
        return data
    return {}


def _read_comments(tree: LexborHTMLParser, post_id: str) -> int | None:
    """The number in the last link to the post itself, which leads to its comments."""
    links = [n for n in tree.css(f'a[href*="/comments/{post_id}"]') if not n.css_first("h1, shreddit-embed-title")]
    if links:
        return read_count(text_of(links[-1]))
    return None


def _read_media(tree: LexborHTMLParser, data: dict[str, Any]) -> tuple[Media, ...]:
    """The files as uploaded: they live at `i.redd.it` unsigned, while previews are signed and small."""
    url, alt = as_text(data.get("url")) or "", attribute(tree, "img[src*='preview.redd.it']", "alt")
    if split_anything(url).hostname == "i.redd.it":
        return (Media("media", 1, url, alt=alt),)
    names = (_GALLERY_FILE.search(n.attributes.get("src") or "") for n in tree.css("gallery-carousel img[src]"))
    files = dict.fromkeys(f"https://i.redd.it/{m[1]}.{m[2]}" for m in names if m)
    if files or split_anything(url).hostname != "v.redd.it":
        return tuple(Media("media", n, file) for n, file in enumerate(files, 1))
    poster = attribute(tree, "shreddit-player[poster]", "poster") or attribute(
        tree, "img[src*='preview.redd.it']", "src"
    )
    film = Media("media", 1, "", missing="only_streamed")
    if poster:
        return (film, Media("poster", 1, poster))
    return (film,)


def find_gate(page: Page, tree: LexborHTMLParser) -> str | None:
    """A post taken down keeps its address in the frame and loses its kind, title and score."""
    has_address = "/comments/" in (attribute(tree, _ADDRESS, "value") or "")
    if has_address and _read_data(tree) and not _read_data(tree).get("type"):
        return "removed"
    return None


def frame_path(post: Post) -> dict[str, str]:
    """The frame's path. The id alone decides, but in a made-up community the frame leaves out title and author."""
    community = re.match(r"/(?:r|user|u)/[\w-]{1,50}(?=/comments/)", urlsplit(post.url).path)
    number, _, comment = post.native_id.partition("/")
    path = f"{(community or ['/r/_'])[0]}/comments/{number}/"
    return {"path": path + (f"comment/{comment}/" if comment else "")}


FRAMED = Framed(
    frame=Frame(
        "https://embed.reddit.com{path}?embed=true&ref_source=embed&ref=share",
        card=f"body:has({_ADDRESS}[value*='/comments/'])",
        dead=(f"{_ADDRESS}[value*='/undefined']",),
        width=640,
    ),
    kind="",
    says=read_frame,
    signatures={"oembed": r'"error"\s*:\s*404'},
    asks={"oembed": "https://www.reddit.com/oembed?url={quoted_url}"},
    gate=find_gate,
    fields=frame_path,
    expect=lambda post: post.native_id.partition("/")[0],
)

# ------------------------------------------------------------------------------------------- what is taken for granted

ASSUMPTIONS = (
    Assumption(
        "`embed.reddit.com/r/SUB/comments/ID/` is the frame; every id answers 200",
        "reported",
        check="open a made-up id",
    ),
    Assumption(
        "A post's frame has `#canonical-url-updater[value]` and `shreddit-screenview-data[data]` with"
        " the kind, file and time; a missing one has `/undefined`",
        "reported",
        source="two projects",
        check="look at one of each",
        live=LiveCheck("frame", css="#canonical-url-updater[value*='/undefined']"),
    ),
    Assumption(
        "In a made-up community the frame leaves out title, author and score, so the community of the address is kept",
        "reported",
        check="open `/r/_/comments/ID/`",
    ),
    Assumption(
        "A post taken down keeps address and time, and loses kind and title",
        "reported",
        check="open one",
    ),
    Assumption(
        "oEmbed answers without a token",
        "verified",
    ),
    Assumption(
        "oEmbed is 404 JSON for a missing post",
        "guess",
        check="ask for a made-up id",
        live=LiveCheck("oembed", status=(404,)),
    ),
    Assumption(
        "The comments' number stands in the last link to the post; the score in `faceplate-number[number]`",
        "guess",
        source="the second part reported",
        check="look at one",
    ),
    Assumption(
        "Pictures lie unsigned at `i.redd.it`; films are only streams",
        "reported",
        check="fetch one after a week",
    ),
)
GAPS = (Gap("no_file", "Films are only streamed", "their files are said to be missing, their posters are kept"),)

# ---------------------------------------------------------------------------------------------------------------- value

PLATFORM = Platform(
    name="reddit",
    title="Reddit",
    hosts=("reddit.com", "redd.it", "redditmedia.com"),
    id_addresses=("https://www.reddit.com/r/{}", "https://www.reddit.com/{}"),
    mirrors=(
        *("rxddit.com", "vxreddit.com", "fxreddit.com", "fxddit.com", "rxyddit.com", "redditez.com", "reddxt.com"),
        *("redlib.*", "libreddit.*", "teddit.*", "fxreddit.seria.moe", "safereddit.com", "undelete.*", "reveddit.com"),
    ),
    identify=identify,
    canonical=canonical,
    permalink=permalink,
    is_short=is_short,
    is_frame=is_frame,
    selectors=SELECTORS,
    titled=True,
    about=about,
    examples=EXAMPLES,
    short_links=(
        "https://www.reddit.com/r/birds/s/AbCdEfGhIj",
        "https://redd.it/user/maralind/s/maralind",
        "https://redd.it/r/m/s/maralind",
        "https://redd.it/u/maralind/s/maralind",
        "https://v.redd.it/1ab2cd3ef4gh5",
    ),
    markup=MARKUP,
    not_posts=(
        "https://www.reddit.com/r/birds/",
        "https://i.redd.it/abcdef123.jpg",
        "https://preview.reddit.com/comments/mara/",
        "https://i.reddit.com/comments/mara/",
        "https://v.reddit.com/comments/mara/",
    ),
    visit=replace(make_visit(FRAMED, rules=2), read_page=read_comments_page),
    assumptions=ASSUMPTIONS,
    gaps=GAPS,
    made_up_url="https://www.reddit.com/r/reddit/comments/zzzzzzzz/",
    states=("live", "gone", "removed", "removed_gone", "private", "refused", "strange", "wrong_post"),
)
