"""VK: wall posts, videos and clips by owner and number; the widget's call. Pure."""

# ruff: noqa: E501 (markup is given as articles write it)

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from selectolax.lexbor import LexborHTMLParser

from embedarchive.core.model import Answer, Media, Page, Post
from embedarchive.platforms.kit.fields import as_kind, parse_html, read_meta, text_of
from embedarchive.platforms.kit.framed import (
    FRAMED_STATES,
    Framed,
    Said,
    as_url,
    attribute,
    make_visit,
    poster_of,
    rich_text_of,
)
from embedarchive.platforms.kit.ids import query
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

_PATH = re.compile(r"^/(?:[\w.]{1,60})?.*?(wall|video|clip|photo)(-?\d{1,12}_\d{1,12})(?!\d)")


_HASH = re.compile(r"[0-9a-f]{8,64}")


def identify(url: SplitResult) -> str | None:
    """`wall-1_2`, `photo-1_2`, `video-1_2`; a clip is a video, and its frame knows it by that name only."""
    if url.path.startswith("/video_ext.php"):
        owner, number = query(url, "oid"), query(url, "id")
        if owner and number and re.fullmatch(r"-?\d+_\d+", f"{owner}_{number}"):
            return f"video{owner}_{number}"
        return None
    m = _PATH.match(url.path[:300]) or _PATH.match("/" + (query(url, "w", "z") or "")[:100])
    if m:
        return f"{m[1].replace('clip', 'video')}{m[2]}"
    return None


def canonical(native_id: str) -> str:
    """The post's page."""
    return f"https://vk.com/{native_id}"


def permalink(url: SplitResult) -> str | None:
    """The film's page with the hash of its player, without which one that is not listed shows to nobody."""
    native_id, code = identify(url), query(url, "hash") or ""
    if native_id and _HASH.fullmatch(code):
        return f"{canonical(native_id)}?hash={code}"
    return None


def is_frame(url: SplitResult) -> bool:
    """`video_ext.php` and the widgets' frames."""
    return url.path.startswith(("/video_ext.php", "/widget_post.php"))


SELECTORS = (Selector("amp", "amp-vk[data-post-id]", id=("wall{@data-owner-id}_{@data-post-id}",)),)

EXAMPLES = (
    Example("https://vk.com/rookfield?w=wall-12345_678", "wall-12345_678", "https://vk.com/wall-12345_678"),
    Example(
        "https://vk.com/video_ext.php?oid=-12345&id=678&hash=ab",
        "video-12345_678",
        "https://vk.com/video-12345_678",
        frame=True,
    ),
    Example(
        "https://vk.com/video_ext.php?oid=-12345&id=678&hash=0a1b2c3d4e5f6071&hd=2",
        "video-12345_678",
        "https://vk.com/video-12345_678",
        permalink="https://vk.com/video-12345_678?hash=0a1b2c3d4e5f6071",
        frame=True,
    ),
    Example("https://vkvideo.ru/video-12345_678", "video-12345_678", "https://vk.com/video-12345_678"),
    Example(
        "https://vk.com/widget_post.php?z=wall-12345_678", "wall-12345_678", "https://vk.com/wall-12345_678", frame=True
    ),
    Example("https://vk.ru/feedwall1_12345678", "wall1_12345678", "https://vk.com/wall1_12345678"),
    Example("https://vkontakte.ru/video-12345_678", "video-12345_678", "https://vk.com/video-12345_678"),
    Example(
        "https://vk.ru/clips/clip12345678_12345678", "video12345678_12345678", "https://vk.com/video12345678_12345678"
    ),
    Example(
        "https://vk.com/video7318293041_7318293041",
        "video7318293041_7318293041",
        "https://vk.com/video7318293041_7318293041",
        bare=("video7318293041_7318293041",),
    ),
)

MARKUP = (
    MarkupExample(
        '<amp-vk width="500" height="300" layout="responsive" data-embedtype="post" data-owner-id="-12345" data-post-id="678" '
        'data-hash="AbC"></amp-vk>',
        ("wall-12345_678",),
        "amp",
    ),
    MarkupExample('<script>VK.Widgets.Post("e", -12345, 678, "h")</script>', ("wall-12345_678",), "call"),
    MarkupExample('<script>VK.Widgets.Post("e", "-1", "6", "h")</script>', ("wall-1_6",), "call"),
    MarkupExample(
        '<iframe src="https://vk.com/video_ext.php?oid=-12345&id=678&hash=ab"></iframe>', ("video-12345_678",), "iframe"
    ),
    MarkupExample(
        '<script src="https://vk.com/js/api/openapi.js?169"></script><div id="vk_post_-12345_678"></div><script>VK.Widgets.Post("vk_post_-12345_678", -12345, 678, "AbC");</script>',
        ("wall-12345_678",),
        "call",
    ),
    MarkupExample(
        '<div class="vk-embed" data-id="wall-12345_678"></div>'
        '<div data-provider="vkontakte" data-id="wall-12345_678"></div>'
        '<div data-provider="vkvideo" data-id="wall-12345_678"></div>',
        ("wall-12345_678",) * 3,
        "custom-element",
    ),
)

# ------------------------------------------------------------------------------------------------------------ capturing

_HOME = "https://vk.com/"
_WALL = "[data-post-id], .wall_post_cont"
_PLAYER = "#video_player, .videoplayer"


def read_frame(page: Page, tree: LexborHTMLParser, post: Post) -> Said:
    """Read a wall post's page, or a video's player and what its page says in metadata."""
    if not post.native_id.startswith("wall"):
        meta = read_meta(parse_html(page.body))
        told = {"title": meta.get("og:title"), "text": meta.get("og:description")}
        picture = attribute(tree, "video[poster]", "poster") or as_url(meta.get("og:image"))
        if not tree.css_first(f"{_PLAYER} video"):
            return {}
        return {**told, "kind": "video", "media": poster_of(picture)}
    card = tree.css_first(_WALL)
    if card is None:
        return {}
    media = tuple(
        Media("media", n, i.attributes.get("src") or "") for n, i in enumerate(card.css(".wall_post_cont img"), 1)
    )
    named = attribute(tree, "[data-post-id]", "data-post-id")
    author = card.css_first("a.author, .PostHeaderTitle__authorLink")
    return {
        "id": named and f"wall{named}",
        "kind": as_kind(media),
        "author_name": text_of(author),
        "author_url": author and _HOME + (author.attributes.get("href") or "").strip("/"),
        **rich_text_of(card.css_first(".wall_post_text"), _HOME),
        "media": media,
    }


def read_page(answer: Answer, post: Post) -> Said:
    """Read another page of the post: its 404 denies the post, a film's metadata tells of it, all else says nothing."""
    if not urlsplit(answer.final_url).path.endswith(post.native_id):
        return {}
    if answer.status in (404, 410):
        return None
    if answer.status == 200:
        meta = read_meta(parse_html(answer.body))
    else:
        meta = {}
    if not meta.get("og:video"):
        return {}
    return {"title": meta.get("og:title"), "kind": "video"}


def find_addresses(post: Post) -> dict[str, str]:
    """A video has a player, and its page as witness; a wall post's widget needs a hash that only its embed code has, so
    its page is visited, and the site for phones is the witness."""
    if post.native_id.startswith("wall"):
        return {"frame": post.url, "witness": f"https://m.vk.com/{post.native_id}"}
    owner, _, number = re.sub(r"^[a-z]+", "", post.native_id).partition("_")
    code = query(urlsplit(post.url), "hash")
    told = f"&hash={code}" if code else ""
    return {"frame": f"{_HOME}video_ext.php?oid={owner}&id={number}{told}&hd=2", "witness": _HOME + post.native_id}


FRAMED = Framed(
    frame=Frame(
        "{frame}",
        card=f"{_WALL}, {_PLAYER}",
        dead=(".video_layer_message", "#video_ext_msg", ".message_page"),
        width=640,
        height=480,
    ),
    kind="",
    says=read_frame,
    asks={"page": "{witness}"},
    readers={"page": read_page},
    navigates=("page",),
    fields=find_addresses,
    expect=lambda post: post.native_id,
)

# ------------------------------------------------------------------------------------------- what is taken for granted

ASSUMPTIONS = (
    Assumption(
        "VK's wall posts are visited as pages (the widget needs a hash), films as `video_ext.php`; a "
        "missing one has `#video_ext_msg` or `.message_page`",
        "guess",
        source="the first part reported",
        check="open one of each without a login",
    ),
    Assumption(
        "A lost film's page is 404 too, and a lost wall post's on `m.vk.com`",
        "guess",
        source="where it is not, they stay `unconfirmed`",
        check="open a made-up number",
        live=LiveCheck("page", status=(404, 410)),
    ),
)
GAPS = (
    Gap("no_file", "Films are only streamed", "their files are said to be missing, their posters are kept"),
    Gap("not_told", "Nobody says when it was posted", "it has no date of its own", ("posted_at",)),
    Gap("not_told", "Nobody says how many liked it or commented", "these counts stay empty", ("likes", "comments")),
)

# ---------------------------------------------------------------------------------------------------------------- value

PLATFORM = Platform(
    name="vk",
    title="VK",
    hosts=("vk.com", "vk.ru", "vkvideo.ru", "vkontakte.ru"),
    identify=identify,
    canonical=canonical,
    permalink=permalink,
    is_frame=is_frame,
    id_pattern=r"(?:wall|video|clip|photo)-?\d{1,12}_\d{1,12}",
    from_id=lambda bare: bare.replace("clip", "video"),
    selectors=SELECTORS,
    services=("vkontakte", "vkvideo"),
    calls=(r"VK\.Widgets\.Post\(\s*[^,)]{1,100},\s*[\"']?(-?\d{1,12})[\"']?\s*,\s*[\"']?(\d{1,12})",),
    from_call=lambda groups: f"wall{groups[0]}_{groups[1]}",
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=(
        "https://vk.com/rookfield",
        "https://vk.com/share.php?url=https%3A%2F%2Fnews.example",
        "https://vk.com/video_ext.php?id=wall-12345_678",
    ),
    visit=make_visit(FRAMED, rules=3),
    assumptions=ASSUMPTIONS,
    gaps=GAPS,
    made_up_url="https://vk.com/video-1_999999999",
    states=FRAMED_STATES,
)
