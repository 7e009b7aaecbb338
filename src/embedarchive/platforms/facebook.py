"""Facebook: posts, videos and photos by their long number or pfbid, the SDK's boxes, the plugin frames. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlencode

from embedarchive.platform import Example, Mark, MarkupExample, Platform
from embedarchive.platforms._ids import match_path, query
from embedarchive.urls import split_url

_PATH = re.compile(
    r"^/(?:groups/)?[^/]{1,100}/(?:posts|permalink|videos|photos)/(?:[^/]{1,120}/){0,2}?(\d{5,25}|pfbid\w{10,100})(?![\w.])"
    r"|^/(?:reel|videos|watch)/(\d{5,25})(?!\w)|^/(?:v\d+\.\d+/)?(\d{5,25}_\d{5,25})/?$"
)
_PLUGIN = re.compile(r"^/(?:v\d+\.\d+/)?plugins/(\w+)(?:\.php)?")
_POSTS = r"[^\s\"'<>]{0,200}?(?:posts/|videos?[/.]|permalink|photos?[/.]|story\.php|reel/|watch|share/|media/|\d_\d)"
_BY_QUERY = re.compile(
    r"^/(?:watch|photo|story|permalink|video|media/set|video/embed|photos?|video/video|groups/[^/]+)(?:\.php)?/?$"
)


def identify(url: SplitResult) -> str | None:
    """The last long number (or pfbid) of a post's address; inside a plugin's frame, that of its `href`."""
    plugin = _PLUGIN.match(url.path)
    if plugin:
        inner = split_url(query(url, "href") or "") if plugin[1] in ("post", "video") else None
        return identify(inner) if inner and "facebook." in (inner.hostname or "") else None
    if _BY_QUERY.match(url.path):
        return _read_id(query(url, "story_fbid", "fbid", "v", "video_id"))
    return match_path(_PATH, url)


def _read_id(value: str | None) -> str | None:
    return value if value and re.fullmatch(r"\d{5,25}|pfbid\w{10,100}", value) else None


def canonical(native_id: str) -> str:
    """The address that names nothing but the id; Facebook itself wants the page as well."""
    return f"https://www.facebook.com/permalink.php?story_fbid={native_id}"


def permalink(url: SplitResult) -> str | None:
    """The post's own address: the plugin refuses any other parameter than these."""
    if _PLUGIN.match(url.path):
        inner = split_url(query(url, "href") or "")
        return permalink(inner) if inner else None
    kept = [(k, v) for k in ("v", "fbid", "set", "story_fbid", "id") if (v := query(url, k))]
    return f"https://www.facebook.com{url.path}" + ("?" + urlencode(kept) if kept else "")


def handle(url: SplitResult) -> str | None:
    """The page's name, where the address carries it."""
    m = re.match(r"^/([A-Za-z][\w.\-]{2,80})/(?:posts|videos|photos)/", url.path)
    return m[1] if m and m[1] != "groups" else None


def is_short(url: SplitResult) -> bool:
    """`fb.watch/…` and `/share/…` redirect to the post."""
    if (url.hostname or "").endswith("fb.watch"):
        return len(url.path) > 4
    return bool(re.match(r"^/share/(?:[prv]/)?\w{8,}", url.path))


def is_frame(url: SplitResult) -> bool:
    """The plugins' addresses, and the old player's."""
    return bool(_PLUGIN.match(url.path)) or url.path.startswith("/video/embed")


MARKS = (
    Mark(
        "blockquote",
        ".fb-post, .fb-video, .fb-reel, fb\\:post, fb\\:video",
        url=("@data-href", "@href", "@data-url", "blockquote@cite", "a:last@href"),
    ),
    Mark("amp", "amp-facebook", url=("@data-href",)),
    Mark("custom-element", "embetty-video[type=facebook]", id=("@video-id",)),
)

EXAMPLES = (
    Example(
        "https://www.facebook.com/rookfield/posts/928812574504508/?locale=de_DE",
        "928812574504508",
        "https://www.facebook.com/permalink.php?story_fbid=928812574504508",
    ),
    Example(
        "https://m.facebook.com/story.php?story_fbid=pfbid02abcDEFghiJKL&id=100007004708966",
        "pfbid02abcDEFghiJKL",
        "https://www.facebook.com/permalink.php?story_fbid=pfbid02abcDEFghiJKL",
    ),
    Example(
        "https://www.facebook.com/watch/?v=1194275290585246",
        "1194275290585246",
        "https://www.facebook.com/permalink.php?story_fbid=1194275290585246",
    ),
    Example(
        "https://www.facebook.com/plugins/post.php?href=https%3A%2F%2Fwww.facebook.com%2Frookfield%2Fposts%2F928812574504508&width=500",
        "928812574504508",
        "https://www.facebook.com/permalink.php?story_fbid=928812574504508",
    ),
)

MARKUP = (
    MarkupExample(
        '<div class="fb-post" data-href="https://www.facebook.com/rookfield/posts/928812574504508" data-width="500">'
        '<blockquote cite="https://graph.facebook.com/1/posts/928812574504508/" class="fb-xfbml-parse-ignore"><p>Heute im Moor.</p>'
        'Gepostet von <a href="https://www.facebook.com/rookfield/">Rook Field</a> am '
        '<a href="https://www.facebook.com/rookfield/posts/928812574504508">Montag</a></blockquote></div>',
        ("928812574504508",),
        "blockquote",
        author_name="Rook Field",
        author_handle="rookfield",
        text="Heute im Moor.",
    ),
)

PLATFORM = Platform(
    name="facebook",
    title="Facebook",
    hosts=("facebook.com", "fb.com", "fb.watch"),
    identify=identify,
    canonical=canonical,
    permalink=permalink,
    handle=handle,
    is_short=is_short,
    is_frame=is_frame,
    id_pattern=r"\d{12,20}",
    id_names=("facebookid", "facebookpostid", "fbpostid", "facebookvideoid"),
    services=("fb", "facebookpost", "facebookvideo"),
    traces=(
        r"facebook\.com/(?:v[\d.]+/)?plugins/(?:post|video)",
        rf"facebook\.com/{_POSTS}",
        rf"fb\.com/{_POSTS}",
        r"fb\.watch/",
    ),
    marks=MARKS,
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=(
        "https://www.facebook.com/rookfield/",
        "https://www.facebook.com/sharer/sharer.php?u=https%3A%2F%2Fnews.example%2F1",
    ),
    not_embeds=(
        '<iframe src="https://www.facebook.com/plugins/like.php?href=https%3A%2F%2Fwww.facebook.com%2Frookfield%2Fposts%2F928812574504508"></iframe>',
        '<div class="fb-page" data-href="https://www.facebook.com/rookfield/"><blockquote cite="https://www.facebook.com/rookfield/"><a href="https://www.facebook.com/rookfield/">Rook Field</a></blockquote></div>',
    ),
)
