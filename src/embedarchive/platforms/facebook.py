"""Facebook: posts, videos and photos by their long number or pfbid, the SDK's boxes, the plugin frames. Pure."""

# ruff: noqa: E501 (markup is given as articles write it)

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import SplitResult, quote, urlencode

from selectolax.lexbor import LexborHTMLParser

from embedarchive.core.model import Description, Media, Page, Post, Sign, Verdict
from embedarchive.core.urls import join_url, split_anything, split_url
from embedarchive.platforms.kit.counts import read_count
from embedarchive.platforms.kit.fields import (
    as_kind,
    as_size,
    as_text,
    as_time,
    merge_readings,
    parse_html,
    read_json_after,
    read_meta,
    read_rich_text,
    text_of,
)
from embedarchive.platforms.kit.framed import attribute
from embedarchive.platforms.kit.ids import match_path, query, unwrap_exit
from embedarchive.platforms.kit.outcomes import (
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

_PATH = re.compile(
    r"^/(?:groups/)?[^/]{1,1000}/(?:posts|permalink|videos|photos)/(?:[^/]{1,4000}/){0,2}?(\d{5,25}|pfbid\w{10,100})(?![\w.])"
    r"|^/(?:reel|videos|watch|watchparty|v)/(\d{5,25})(?!\w)|^/(?:v\d+\.\d+/)?(\d{5,25}_\d{5,25})/?$|^/notes/[^/]+/[^/]+/(\d{5,25})/?$"
)
_COMMENT = "comment_embed"
_SHOWING = ("post", "video", _COMMENT)
"""Plugins that show a post; others like, follow or list."""
_KEPT = ("v", "fbid", "set", "story_fbid", "id", "video_id", "multi_permalinks", "view")
"""Parameters that name a post."""
_PLUGIN = re.compile(r"^/(?:v\d+\.\d+/)?plugins/(\w+)(?:\.php)?")
_BY_QUERY = re.compile(
    r"^/(?:watch(?:/live)?|story|permalink|video|media/set|video/embed|photos?|video/video|groups/[^/]+)(?:\.php)?/?$"
)


def identify(url: SplitResult) -> str | None:
    """The last long number (or pfbid) of a post's address; inside a plugin's frame, that of its `href`."""
    plugin = _PLUGIN.match(url.path)
    if plugin:
        inner = None
        if plugin[1] in _SHOWING:
            inner = split_url(query(url, "href") or "")
        found = None
        if inner and "facebook." in (inner.hostname or ""):
            found = identify(inner)
        comment = None
        if inner and found and plugin[1] == _COMMENT:
            comment = _read_id(query(inner, "comment_id"))
        return f"{found}/{comment}" if comment else (found if plugin[1] != _COMMENT else None)
    if _BY_QUERY.match(url.path):
        of_group = None
        if query(url, "view") == "permalink":
            of_group = query(url, "id")
        return _read_id(query(url, "story_fbid", "fbid", "v", "video_id", "multi_permalinks") or of_group)
    return match_path(_PATH, url)


def _read_id(value: str | None) -> str | None:
    if value and re.fullmatch(r"\d{5,25}(?:_\d{5,25})?|pfbid\w{10,100}", value):
        return value
    return None


def about(native_id: str) -> str | None:
    """The post of a comment, whose id is `post/comment`."""
    post, _, comment = native_id.partition("/")
    if comment:
        return post
    return None


def canonical(native_id: str) -> str:
    """The address that names nothing but the id; Facebook itself wants the page as well. A comment's is its frame's."""
    post, _, comment = native_id.partition("/")
    if comment:
        return _frame_comment(f"{canonical(post)}&comment_id={comment}")
    return f"https://www.facebook.com/permalink.php?story_fbid={native_id}"


def permalink(url: SplitResult) -> str | None:
    """The post's own address: the plugin refuses any other parameter than these."""
    plugin = _PLUGIN.match(url.path)
    if plugin:
        inner = split_url(query(url, "href") or "")
        link = permalink(inner) if inner else None
        comment = None
        if inner and plugin[1] == _COMMENT:
            comment = query(inner, "comment_id")
        return _frame_comment(f"{link}{'&' if '?' in link else '?'}comment_id={comment}") if link and comment else link
    kept = [(k, v) for k in _KEPT if (v := query(url, k))]
    return f"https://www.facebook.com{url.path}" + ("?" + urlencode(kept) if kept else "")


def _frame_comment(link: str) -> str:
    """The frame that shows a comment alone."""
    return f"https://www.facebook.com/plugins/{_COMMENT}.php?{urlencode({'href': link})}"


def handle(url: SplitResult) -> str | None:
    """The page's name, where the address carries it."""
    m = re.match(r"^/([A-Za-z][\w.\-]{2,80})/(?:posts|videos|photos)/", url.path)
    if m and m[1] != "groups":
        return m[1]
    return None


def is_short(url: SplitResult) -> bool:
    """`fb.watch/…` and `/share/…` redirect to the post."""
    if (url.hostname or "").endswith("fb.watch"):
        return len(url.path) > 4
    return bool(re.match(r"^/share/(?:[prv]/)?\w{8,}", url.path))


def is_frame(url: SplitResult) -> bool:
    """The addresses of the plugins that show a post, and the old players'."""
    plugin = _PLUGIN.match(url.path)
    return (plugin is not None and plugin[1] in _SHOWING) or url.path.startswith(("/video/embed", "/v/"))


SELECTORS = (
    Selector(
        "blockquote",
        ".fb-post, .fb-video, .fb-reel, fb\\:post, fb\\:video",
        url=("@data-href", "@href", "@data-url", "blockquote@cite", "a:last@href"),
    ),
    Selector(
        "custom-element",
        ".fb-comment-embed, fb\\:comment-embed",
        url=("https://www.facebook.com/plugins/comment_embed.php?href={@data-href}",),
    ),
    Selector(
        "amp",
        "amp-facebook[data-embed-as=comment]",
        url=("https://www.facebook.com/plugins/comment_embed.php?href={@data-href}",),
    ),
    Selector("amp", "amp-facebook", url=("@data-href",)),
    Selector("custom-element", "embetty-video[type=facebook]", id=("@video-id",)),
)

EXAMPLES = (
    Example(
        "https://www.facebook.com/rookfield/posts/928812574504508/?locale=de_DE",
        "928812574504508",
        "https://www.facebook.com/permalink.php?story_fbid=928812574504508",
        permalink="https://www.facebook.com/rookfield/posts/928812574504508/",
        handle="rookfield",
    ),
    Example(
        "https://m.facebook.com/story.php?story_fbid=pfbid02abcDEFghiJKL&id=100007004708966",
        "pfbid02abcDEFghiJKL",
        "https://www.facebook.com/permalink.php?story_fbid=pfbid02abcDEFghiJKL",
        permalink="https://www.facebook.com/story.php?story_fbid=pfbid02abcDEFghiJKL&id=100007004708966",
    ),
    Example(
        "https://www.facebook.com/watch/?v=1194275290585246",
        "1194275290585246",
        "https://www.facebook.com/permalink.php?story_fbid=1194275290585246",
        permalink="https://www.facebook.com/watch/?v=1194275290585246",
    ),
    Example(
        "https://www.facebook.com/plugins/post.php?href=https%3A%2F%2Fwww.facebook.com%2Frookfield%2Fposts%2F928812574504508&width=500",
        "928812574504508",
        "https://www.facebook.com/permalink.php?story_fbid=928812574504508",
        permalink="https://www.facebook.com/rookfield/posts/928812574504508",
        frame=True,
    ),
    Example(
        "https://www.facebook.com/plugins/comment_embed.php?href=https%3A%2F%2Fwww.facebook.com%2Frookfield%2Fposts%2F928812574504508%3Fcomment_id%3D119353146",
        "928812574504508/119353146",
        "https://www.facebook.com/plugins/comment_embed.php?href=https%3A%2F%2Fwww.facebook.com%2Fpermalink.php%3Fstory_fbid%3D928812574504508%26comment_id%3D119353146",
        permalink="https://www.facebook.com/plugins/comment_embed.php?href=https%3A%2F%2Fwww.facebook.com%2Frookfield%2Fposts%2F928812574504508%3Fcomment_id%3D119353146",
        frame=True,
    ),
    Example(
        "https://www.facebook.com/watch/live/?ref=watch_permalink&v=928812574504508",
        "928812574504508",
        "https://www.facebook.com/permalink.php?story_fbid=928812574504508",
        permalink="https://www.facebook.com/watch/live/?v=928812574504508",
    ),
    Example(
        "https://www.facebook.com/groups/1234567/?multi_permalinks=928812574504508",
        "928812574504508",
        "https://www.facebook.com/permalink.php?story_fbid=928812574504508",
        permalink="https://www.facebook.com/groups/1234567/?multi_permalinks=928812574504508",
    ),
    Example(
        "https://m.facebook.com/groups/1234567?view=permalink&id=928812574504508",
        "928812574504508",
        "https://www.facebook.com/permalink.php?story_fbid=928812574504508",
        permalink="https://www.facebook.com/groups/1234567?id=928812574504508&view=permalink",
    ),
    Example(
        "https://facebook.com/video/embed?fbid=928812574504508",
        "928812574504508",
        "https://www.facebook.com/permalink.php?story_fbid=928812574504508",
        permalink="https://www.facebook.com/video/embed?fbid=928812574504508",
        frame=True,
    ),
    Example(
        "https://fb.com/a/permalink/928812574504508",
        "928812574504508",
        "https://www.facebook.com/permalink.php?story_fbid=928812574504508",
        permalink="https://www.facebook.com/a/permalink/928812574504508",
    ),
    Example(
        "https://facebook.com/watch/?video_id=928812574504508",
        "928812574504508",
        "https://www.facebook.com/permalink.php?story_fbid=928812574504508",
        permalink="https://www.facebook.com/watch/?video_id=928812574504508",
    ),
    Example(
        "https://fb.com/a/videos/928812574504508",
        "928812574504508",
        "https://www.facebook.com/permalink.php?story_fbid=928812574504508",
        permalink="https://www.facebook.com/a/videos/928812574504508",
    ),
    Example(
        "https://fb.com/a/posts/pfbidmaralindma",
        "pfbidmaralindma",
        "https://www.facebook.com/permalink.php?story_fbid=pfbidmaralindma",
        permalink="https://www.facebook.com/a/posts/pfbidmaralindma",
    ),
    Example(
        "http://www.facebook.com/v/928812574504508",
        "928812574504508",
        "https://www.facebook.com/permalink.php?story_fbid=928812574504508",
        permalink="https://www.facebook.com/v/928812574504508",
        frame=True,
    ),
    Example(
        "https://fb.com/928812574504508_92881",
        "928812574504508_92881",
        "https://www.facebook.com/permalink.php?story_fbid=928812574504508_92881",
        permalink="https://www.facebook.com/928812574504508_92881",
    ),
    Example(
        "https://www.facebook.com/permalink.php?story_fbid=731829304173",
        "731829304173",
        "https://www.facebook.com/permalink.php?story_fbid=731829304173",
        bare=("731829304173",),
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
    MarkupExample(
        '<div class="fb-post" data-href="https://www.facebook.com/rookfield/posts/928812574504508/"></div>'
        '<div class="fb-post" href="https://www.facebook.com/rookfield/posts/928812574504508/"></div>'
        '<div class="fb-post" data-url="https://www.facebook.com/rookfield/posts/928812574504508/"></div>'
        '<div class="fb-post"><blockquote cite="https://www.facebook.com/rookfield/posts/928812574504508/">View</blockquote></div>'
        '<div class="fb-post"><a href="https://www.facebook.com/rookfield/posts/928812574504508/">View</a></div>'
        '<div class="fb-video" data-href="https://www.facebook.com/rookfield/posts/928812574504508/"></div>'
        '<div class="fb-video" href="https://www.facebook.com/rookfield/posts/928812574504508/"></div>'
        '<div class="fb-video" data-url="https://www.facebook.com/rookfield/posts/928812574504508/"></div>'
        '<div class="fb-video"><blockquote cite="https://www.facebook.com/rookfield/posts/928812574504508/">View</blockquote></div>'
        '<div class="fb-video"><a href="https://www.facebook.com/rookfield/posts/928812574504508/">View</a></div>'
        '<div class="fb-reel" data-href="https://www.facebook.com/rookfield/posts/928812574504508/"></div>'
        '<div class="fb-reel" href="https://www.facebook.com/rookfield/posts/928812574504508/"></div>'
        '<div class="fb-reel" data-url="https://www.facebook.com/rookfield/posts/928812574504508/"></div>'
        '<div class="fb-reel"><blockquote cite="https://www.facebook.com/rookfield/posts/928812574504508/">View</blockquote></div>'
        '<div class="fb-reel"><a href="https://www.facebook.com/rookfield/posts/928812574504508/">View</a></div>'
        '<fb:post data-href="https://www.facebook.com/rookfield/posts/928812574504508/"></fb:post>'
        '<fb:post href="https://www.facebook.com/rookfield/posts/928812574504508/"></fb:post>'
        '<fb:post data-url="https://www.facebook.com/rookfield/posts/928812574504508/"></fb:post>'
        '<fb:post><blockquote cite="https://www.facebook.com/rookfield/posts/928812574504508/">View</blockquote></fb:post>'
        '<fb:post><a href="https://www.facebook.com/rookfield/posts/928812574504508/">View</a></fb:post>'
        '<fb:video data-href="https://www.facebook.com/rookfield/posts/928812574504508/"></fb:video>'
        '<fb:video href="https://www.facebook.com/rookfield/posts/928812574504508/"></fb:video>'
        '<fb:video data-url="https://www.facebook.com/rookfield/posts/928812574504508/"></fb:video>'
        '<fb:video><blockquote cite="https://www.facebook.com/rookfield/posts/928812574504508/">View</blockquote></fb:video>'
        '<fb:video><a href="https://www.facebook.com/rookfield/posts/928812574504508/">View</a></fb:video>',
        ("928812574504508",) * 25,
        "blockquote",
    ),
    MarkupExample(
        '<div class="fb-comment-embed" data-href="https://www.facebook.com/rookfield/posts/928812574504508?comment_id=119353146"></div>'
        '<fb:comment-embed data-href="https://www.facebook.com/rookfield/posts/928812574504508?comment_id=119353146"></fb:comment-embed>',
        ("928812574504508/119353146",) * 2,
        "custom-element",
    ),
    MarkupExample(
        '<amp-facebook data-embed-as="comment" data-href="https://www.facebook.com/rookfield/posts/928812574504508?comment_id=119353146"></amp-facebook>',
        ("928812574504508/119353146",),
        "amp",
    ),
    MarkupExample(
        '<amp-facebook data-href="https://www.facebook.com/rookfield/posts/928812574504508/"></amp-facebook>',
        ("928812574504508",),
        "amp",
    ),
    MarkupExample(
        '<embetty-video type="facebook" video-id="928812574504508"></embetty-video>'
        '<div data-facebookid="928812574504508"></div>'
        '<div data-facebookpostid="928812574504508"></div>'
        '<div data-fbpostid="928812574504508"></div>'
        '<div data-facebookvideoid="928812574504508"></div>'
        '<div data-provider="facebook" data-id="928812574504508"></div>'
        '<div class="fb-embed" data-id="928812574504508"></div>'
        '<div data-provider="facebookpost" data-id="928812574504508"></div>'
        '<div data-provider="facebookvideo" data-id="928812574504508"></div>',
        ("928812574504508",) * 9,
        "custom-element",
    ),
)

# ------------------------------------------------------------------------------------------------------------ capturing

_SHOWN = '[data-testid="post_message"], abbr.timestamp, ._2iem, video'
FRAME = Frame(
    # Without a language the plugin speaks that of the visitor's address. Reels and videos come in this frame too.
    "{frame}",
    card=f"._li:has({_SHOWN})",
    dead=("._1q3v", ".uiBoxWhite.pam"),
    width=500,
)
PROBES = (Probe("page", "{url}", navigate=True),)


def _fields(post: Post) -> Mapping[str, str]:
    """The frame of the plugin; a comment's address is its frame's own."""
    shown = f"post.php?href={quote(post.url, safe='')}&show_text=true&width=500"
    return {"frame": f"{post.url}&locale=en_US" if about(post.native_id) else f"{_HOME}plugins/{shown}&locale=en_US"}


_HOME = "https://www.facebook.com/"
_AGE = "CometAgeInappropriateLoggedOutErrorRoot"
_BYLINE = "._2iem a[href], ._90h_ a[href], a._3rt8[href]"
_FOLDED = ".text_exposed_hide, .text_exposed_link"


def classify(page: Page, post: Post) -> Verdict:
    """Say what the plugin's frame and the post's own page mean for the post, by structure only."""
    early = classify_answer(page)
    if early:
        return early
    tree = parse_page(page)
    if tree.css_first(", ".join(FRAME.dead)):
        return _classify_broken(page, post)
    if tree.css_first(_SHOWN) and tree.css_first("html#facebook"):
        return _classify_card(page, tree, post)
    return classify_strange(page, tree)


def _classify_card(page: Page, tree: LexborHTMLParser, post: Post) -> Verdict:
    """A card is the post's if it links to it. A post has two ids (number, pfbid), and either may stand in the links.

    Where it is the other one, the owner must be the same; and where one of them is named and the other numbered, nothing
    but the post's own page can tell that the two ids mean one post.
    """
    number, _, comment = post.native_id.partition("/")
    if comment:
        links = [n.attributes.get("href") or "" for n in tree.css("a[href]")]
        linked = next((link for link in links if number in link and comment in link), None)
        if linked:
            return verdict("available", None, "card links to the comment", "a[href]", linked)
        return verdict("error", "wrong_post", "card links to the comment", "a[href]", "no link to it")
    own = [_id_of(n.parent.attributes.get("href")) for n in tree.css("a > abbr.timestamp") if n.parent]
    own += [_id_of(n.attributes.get("href")) for n in tree.css("a._29bd[href]")]
    seen = {found for n in tree.css("a[href]") if (found := _id_of(n.attributes.get("href")))}
    if post.native_id in seen:
        return verdict("available", None, "card links to the post", "a[href]", post.native_id)
    named = next((found for found in own if found), None)
    if named is None or not _are_of_two_forms(named, post.native_id):
        return verdict("error", "wrong_post", "card links to the post", "a[href]", named or "no link to a post")
    owners = {owner for n in tree.css("a._29bd[href]") if (owner := _owner_of(n.attributes.get("href") or ""))}
    byline = tree.css_first(_BYLINE)
    if byline and (name := _read_home(byline.attributes.get("href") or "")):
        owners.add(name)
    owner = _owner_of(post.url)
    if owner in owners:
        return verdict("available", None, "card links to the post by its other id", "abbr.timestamp", named)
    if owner and any(each.isdecimal() == owner.isdecimal() for each in owners):
        return verdict("error", "wrong_post", "card's post is of the same page", "a._29bd", ", ".join(sorted(owners)))
    if _id_of(_read_og(page, post).get("og:url")) == named:
        return verdict("available", None, "the post's page has the card's id", "og:url", named)
    return verdict("unavailable", "unconfirmed", "the post's page has the card's id", "og:url", f"card has {named}")


def _are_of_two_forms(one: str, other: str) -> bool:
    """Whether of two ids one is a number and the other a pfbid, so that they may mean one post."""
    return one.startswith("pfbid") != other.startswith("pfbid")


def _owner_of(address: str) -> str | None:
    """The page or person whose post an address names, by name or by number; None where it names none."""
    parts = split_anything(address)
    m = re.match(r"/([A-Za-z][\w.]{3,}|\d{5,})/(?:posts|videos|photos|reels?)/", parts.path)
    return m[1].lower() if m else _read_id(query(parts, "id") if _BY_QUERY.match(parts.path) else None)


def _read_home(address: str) -> str | None:
    """The page or person whose home an address is, by name or, where it has none, by number."""
    parts = split_anything(join_url(_HOME, address))
    if parts.path == "/profile.php":
        return _read_id(query(parts, "id"))
    m = re.match(r"/(?:people/[^/]+/)?([A-Za-z][\w.]{3,}|\d{5,})/?$", parts.path)
    if m:
        return m[1].lower()
    return None


def _classify_broken(page: Page, post: Post) -> Verdict:
    """One sentence stands for deleted, private, gated and refused posts; the post's own page tells some of them."""
    frame = Sign("no refusal", ", ".join(FRAME.dead), "present")
    full = page.answer("page")
    if full is None or full.status is None:
        return Verdict("unavailable", "unconfirmed", (frame,))
    if full.status in (404, 410):
        return Verdict("gone", "deleted", (frame, Sign("page", "status", str(full.status))))
    if '"rootView"' in full.body and _AGE in full.body:
        return Verdict("unavailable", "age", (frame, Sign("page", "rootView", _AGE)))
    meta = _read_og(page, post)
    if meta:
        return judge_refused_frame(_read_page(meta), frame, Sign("page", "og:url", meta["og:url"]))
    return Verdict("unavailable", "unconfirmed", (frame, Sign("page", "og:url", "missing")))


def describe(page: Page, post: Post) -> Description:
    """Read what the post said from the plugin's markup; of a refused frame, from its own page's metadata."""
    found = classify(page, post)
    if found.embedding == "refused":
        return merge_readings(("og", _read_page(_read_og(page, post))))
    if found.outcome != "available":
        return Description()
    return merge_readings(("markup", _read_card(parse_page(page), page.body)))


def _read_page(meta: Mapping[str, str]) -> dict[str, Any]:
    """What the metadata of the post's own page say. Its picture is a preview: the file itself is given to nobody there."""
    picture, alt = meta.get("og:image"), meta.get("og:image:alt")
    media = (Media("media", 1, "", missing="not_served"), Media("poster", 1, picture, alt=alt)) if picture else ()
    return {"author_name": meta.get("og:title"), "text": meta.get("og:description"), "media": media}


def _find_home(address: str) -> str:
    """The address of whoever posted, without what is counted by; a person without a name is known by a number."""
    home, _, _ = join_url(_HOME, address).partition("?")
    number = None
    if home.endswith("/profile.php"):
        number = _read_id(query(split_anything(address), "id"))
    if number:
        return f"{home}?id={number}"
    return home


def _read_card(tree: LexborHTMLParser, source: str) -> dict[str, Any]:
    face = tree.css_first("img[aria-label]")
    link = tree.css_first(_BYLINE)
    home = None
    if link:
        home = _find_home(link.attributes.get("href") or "")
    name = re.match(r"https://www\.facebook\.com/([A-Za-z][\w.\-]{2,80})/?$", home or "")
    message = tree.css_first('[data-testid="post_message"]')
    text, rich = read_rich_text(message, _HOME, _FOLDED, lambda u: unwrap_exit(u, _HOME))
    moving = tree.css_first("video") is not None
    media = tuple(_read_media(tree, source, moving))
    counts = [read_count(text_of(button)) for button in tree.css("a._29bd")]  # of comments, then of shares
    return {
        "kind": as_kind(media, moving=moving),
        "author_name": text_of(tree.css_first("._2_79, ._90h_ a")) or (face and face.attributes.get("aria-label")),
        "author_handle": name[1] if name and "profile.php" not in name[1] else None,
        "author_url": home,
        "author_verified": tree.css_first("._56_f") is not None,
        "text": text,
        "text_html": rich,
        "posted_at": as_time(attribute(tree, "abbr[data-utime]", "data-utime")),
        "likes": read_count(text_of(tree.css_first(".embeddedLikeButton"))),
        "comments": next(iter(counts), None),
        "shares": next(iter(counts[1:]), None),
        "media": media,
    }


def _read_media(tree: LexborHTMLParser, source: str, moving: bool) -> Iterator[Media]:
    """Its pictures are those that are neither of an account (these name it aloud) nor of the site itself."""
    pictures = [n for n in tree.css("img[src]") if "aria-label" not in n.attributes]
    own = [n for n in pictures if _is_content(n.attributes.get("src") or "")]
    if moving:
        found = (read_json_after(source, rf'"{name}":\s*(?=")') for name in ("hd_src", "sd_src"))
        url = next(filter(None, map(as_text, found)), None)
        yield Media("media", 1, url or "", missing=None if url else "not_served")
    for position, node in enumerate(own[: 1 if moving else None], 1):
        has = node.attributes
        size = as_size(_number(has.get("width"))), as_size(_number(has.get("height")))
        alt = has.get("caption") or has.get("alt") or None
        yield Media("poster" if moving else "media", position, has.get("src") or "", *size, alt)
    face = tree.css_first("img[aria-label][src]")
    if face:
        yield Media("avatar", 0, face.attributes.get("src") or "")


def _is_content(link: str) -> bool:
    """Content comes from `scontent…`, the site's own buttons from `static…`."""
    parts = split_url(link)
    return bool(parts and (parts.hostname or "").startswith(("scontent", "external")))


def _number(text: str | None) -> int | None:
    if text and text.isdecimal():
        return int(text)
    return None


def _id_of(link: str | None) -> str | None:
    parts = None
    if link:
        parts = split_url(join_url(_HOME, link))
    if parts and "facebook." in (parts.hostname or ""):
        return identify(parts)
    return None


def _read_og(page: Page, post: Post) -> dict[str, str]:
    """The metadata of the post's own page; empty when it is a wall, an empty application or another post's.

    A page may name its post by the other of its two ids, but then it stands under the address that was asked for.
    """
    full = page.answer("page")
    if full and full.status == 200:
        meta = read_meta(parse_html(full.body))
    else:
        meta = {}
    named = _id_of(meta.get("og:url"))
    known = meta.get("og:title") and (meta.get("og:image") or meta.get("og:description"))
    if full is None or named is None or not known:
        return {}
    stayed = _are_of_two_forms(named, post.native_id) and _id_of(full.final_url) == post.native_id
    if named == post.native_id or stayed:
        return meta
    return {}


# ------------------------------------------------------------------------------------------- what is taken for granted

ASSUMPTIONS = (
    Assumption(
        "`/plugins/post.php?href=` serves posts, photos, videos and reels, in English with `locale=en_US`",
        "verified",
        source="for posts, photos and a reel",
        check="open one of each",
    ),
    Assumption(
        "Author, text, date, pictures and counts stand in the server's markup (`._2_79`, `[data-"
        "testid=post_message]`, `abbr[data-utime]`, `a._29bd`)",
        "verified",
        source="saved fragments",
    ),
    Assumption(
        "Videos have `hd_src` or `sd_src` in a script, and no date",
        "reported",
        check="open one",
    ),
    Assumption(
        "A refusal is `._1q3v` in `.uiBoxWhite`, in every language, and the same for deleted, "
        "private, gated and refused posts",
        "reported",
        source="structure seen in one saved page, the meaning reported",
        check="open a made-up id",
        live=LiveCheck("frame", css=".uiBoxWhite ._1q3v"),
    ),
    Assumption(
        "The links of a card name the post by its number or by its pfbid",
        "verified",
    ),
    Assumption(
        "The post's own page has `og:` tags, or `CometAgeInappropriateLoggedOutErrorRoot`, or redirects to the login",
        "reported",
        source="the first two verified, the third reported",
        check="open the page of a deleted post",
    ),
    Assumption(
        "Only a 404 of the post's own page, after a refused frame, counts as gone",
        "guess",
        source="Facebook may never answer so, then nothing is ever called gone",
        check="look at the status of a deleted post's page",
        live=LiveCheck("page", status=(404, 410)),
    ),
    Assumption(
        "An address that names only the id (`permalink.php?story_fbid=`) is refused by the plugin",
        "guess",
        check="try one",
    ),
    Assumption(
        "A missing post's page is one without `og:` tags, not a 404",
        "reported",
        source="others, 2026: then `gone` cannot be reached",
        check="open the page of a deleted post",
    ),
    Assumption(
        "Posts of groups and addresses with a slug are refused by the plugin though they are public",
        "reported",
        source="others, 2026",
        check="open one of each",
    ),
    Assumption(
        "`/share/…` leads to the login from data centres, mostly not on the mobile host; `fb.watch` loops at the login",
        "reported",
        source="October 2026, 22 of 24 on the mobile host",
        check="follow one",
    ),
)

GAPS = (
    Gap(
        "not_told",
        "A card names its post by number, and its owner by name where there is one. Whether they are the pfbid and the "
        "owner's number of an address, only the post's own page says",
        "where that page is a wall, such a post stays `unconfirmed` and is looked at again",
    ),
)

# ---------------------------------------------------------------------------------------------------------------- value

PLATFORM = Platform(
    name="facebook",
    title="Facebook",
    hosts=("facebook.com", "fb.com", "fb.watch"),
    identify=identify,
    canonical=canonical,
    permalink=permalink,
    about=about,
    handle=handle,
    is_short=is_short,
    is_frame=is_frame,
    id_pattern=r"\d{12,20}",
    id_names=("facebookid", "facebookpostid", "fbpostid", "facebookvideoid"),
    id_addresses=("https://www.facebook.com/{}",),
    mirrors=("facebed.com", "facebookez.com", "fxfacebook.com"),
    services=("fb", "facebookpost", "facebookvideo"),
    selectors=SELECTORS,
    visit=Visitable(FRAME, classify, describe, PROBES, _fields, rules=3, silent=(200, '<p class="_1q3v">-</p>')),
    examples=EXAMPLES,
    short_links=(
        "https://fb.watch/abcDEF123/",
        "https://www.facebook.com/share/p/1AbCdEfGh/",
        "https://www.facebook.com/share/1AbCdEfGh/",
        "https://fb.com/share/maralind",
        "https://www.facebook.com/plugins/post.php?href=https%3A%2F%2Fwww.facebook.com%2Fshare%2Fp%2F1AbCdEfGh%2F",
        "https://www.facebook.com/plugins/video.php?href=https%3A%2F%2Ffb.watch%2FabcDEF123%2F",
    ),
    markup=MARKUP,
    not_posts=(
        "https://www.facebook.com/rookfield/",
        "https://www.facebook.com/sharer/sharer.php?u=https%3A%2F%2Fnews.example%2F1",
        "https://fb.com/plugins/maralind",
        "https://fb.com/video",
    ),
    not_embeds=(
        '<iframe src="https://www.facebook.com/plugins/like.php?href=https%3A%2F%2Fwww.facebook.com%2Frookfield%2Fposts%2F928812574504508"></iframe>',
        '<div class="fb-page" data-href="https://www.facebook.com/rookfield/"><blockquote cite="https://www.facebook.com/rookfield/"><a href="https://www.facebook.com/rookfield/">Rook Field</a></blockquote></div>',
    ),
    assumptions=ASSUMPTIONS,
    gaps=GAPS,
    made_up_url="https://www.facebook.com/facebook/posts/100000000000001",
    states=("live", "gone", "private", "age", "embed_refused", "other_id", "wrong_post", "shell", "truncated"),
)
