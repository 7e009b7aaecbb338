"""Instagram: shortcodes, the official quote and its many disguises. Pure."""

# ruff: noqa: E501 (markup is given as articles write it)

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import SplitResult, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from embedarchive.core.model import Description, Media, Page, Post, Sign, Verdict
from embedarchive.core.urls import split_anything
from embedarchive.platforms.kit.counts import read_count
from embedarchive.platforms.kit.fields import (
    as_count,
    as_list,
    as_size,
    as_text,
    dig,
    find_key,
    merge_readings,
    parse_html,
    read_json,
    read_json_after,
    read_meta,
    read_oembed,
    read_rich_text,
    read_srcset,
    text_of,
)
from embedarchive.platforms.kit.ids import date_ms, decode_base64url, encode_base64url
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
    Move,
    Platform,
    Probe,
    Selector,
    Visitable,
)

# ----------------------------------------------------------------------------------------------------------- identity

_CODE = r"([A-Za-z0-9_-]{5,64})(?![A-Za-z0-9_-])"
_PATH = re.compile(
    rf"(?i)^/(?:(?!share/|explore/|stories/|accounts/|about/|api/|web/)[a-z0-9_.]{{1,30}}/)?(?:p|reels?|tv)/(?-i:{_CODE})"
)
_SHARE = re.compile(r"^/share/(?:p|reel|tv)?/?[A-Za-z0-9_-]{5,64}", re.I)
_HANDLE = re.compile(r"^/([A-Za-z0-9_.]{1,30})/(?:p|reels?|tv)/", re.I)
_NOT_CODES = {"audio", "embed", "media", "create"}
_PRIVATE_TAIL = 28
_FIRST_MS = 1_314_220_021_721


def identify(url: SplitResult) -> str | None:
    """The shortcode of any form of a post's address; a private share code loses its 28 characters' tail (as in yt-dlp)."""
    m = _PATH.match(url.path)
    if not m or m[1].lower() in _NOT_CODES:
        return None
    code = m[1]
    if len(code) > _PRIVATE_TAIL + 8:
        return code[:-_PRIVATE_TAIL]
    return code


def media_id(shortcode: str) -> int:
    """The numeric id (`pk`) that a shortcode writes in base 64."""
    return decode_base64url(shortcode)


def shortcode_of(pk: int) -> str:
    """The shortcode of a numeric media id."""
    return encode_base64url(pk)


def date(shortcode: str) -> str | None:
    """When the post was made: the id's upper bits are milliseconds."""
    since_first = media_id(shortcode) >> 23
    # Before August 2011 ids were serial numbers; such a one would be of the first seconds of the clock.
    if since_first > 60_000:
        return date_ms(since_first + _FIRST_MS)
    return None


def canonical(shortcode: str) -> str:
    """The address that works for every kind of post."""
    return f"https://www.instagram.com/p/{shortcode}/"


def handle(url: SplitResult) -> str | None:
    """The owner's handle, where the address carries it."""
    m = _HANDLE.match(url.path)
    if m and m[1] != "share":
        return m[1]
    return None


def is_short(url: SplitResult) -> bool:
    """Whether the address is a share link whose token is no shortcode."""
    return bool(_SHARE.match(url.path))


def read_number(number: str) -> tuple[str, ...]:
    """A numeric media id, `pk` or `pk_owner`, as a shortcode; only if it dates from when Instagram existed."""
    code = shortcode_of(int(number.partition("_")[0]))
    if len(code) >= 9 and date(code):
        return (code,)
    return ()


def is_frame(url: SplitResult) -> bool:
    """`/p/CODE/embed/…`: an address that only frames ask for."""
    return "/embed" in url.path


# ------------------------------------------------------------------------------------------------------------ finding

BYLINES = (
    "a post shared by", "a photo posted by", "a video posted by", "a photo shared by", "a video shared by",
    "ein beitrag geteilt von", "ein von", "une publication partagée par", "une photo publiée par", "une vidéo publiée par",
    "una publicación compartida de", "una publicación compartida por", "una foto publicada por", "un post condiviso da",
    "una foto pubblicata da", "uma publicação compartilhada por", "uma publicação partilhada por",
    "um post compartilhado por", "een bericht gedeeld door", "een foto die is geplaatst door", "ett inlägg delat av",
    "et opslag delt af", "et innlegg delt av", "post udostępniony przez", "příspěvek sdílený uživatelem",
    "příspěvek, který sdílí", "príspevok, ktorý zdieľa", "o postare distribuită de", "публикация от", "допис, поширений",
    "публикация, споделена от", "η δημοσίευση κοινοποιήθηκε από το χρήστη", "sebuah kiriman dibagikan oleh",
    "hantaran yang dikongsi oleh", "โพสต์ที่แชร์โดย", "bài viết do", "تمت مشاركة منشور بواسطة", "פוסט משותף על ידי",
    "objavu dijeli", "objava koju dijeli", "henkilön", "isang post na ibinahagi ni",
)  # fmt: skip
"""What Instagram writes before the author's name, in its own translations; other languages go by structure."""

SELECTORS = (
    Selector(
        "blockquote",
        "blockquote.instagram-media, blockquote.instagram-media-registered, blockquote[data-instgrm-permalink],"
        " blockquote[data-instgrm-version], .instagram-media[data-instgrm-permalink]",
        url=("@data-instgrm-permalink", "a:last@href"),
        bare=True,
    ),
    Selector(
        "custom-element",
        ".instagram-embed-wrap, [data-component-name=instagramtodom]",
        id=("@data-attrs{instagram_id}",),
    ),
    Selector("amp", "amp-instagram", id=("@data-shortcode", "@shortcode"), url=("@data-src", "@src", "@data-url")),
)

EXAMPLES = (
    Example(
        "https://www.instagram.com/p/BwiVvR9lD0m/?utm_source=ig_embed",
        "BwiVvR9lD0m",
        "https://www.instagram.com/p/BwiVvR9lD0m/",
        "2019-04-21T23:47:18",
    ),
    Example(
        "http://instagr.am/p/ByxilPNJK3M",
        "ByxilPNJK3M",
        "https://www.instagram.com/p/ByxilPNJK3M/",
        "2019-06-16T14:30:55",
    ),
    Example(
        "https://instagram.com/some.one/reel/ByvcEZml3za/embed/",
        "ByvcEZml3za",
        "https://www.instagram.com/p/ByvcEZml3za/",
        "2019-06-15T18:55:32",
        handle="some.one",
        frame=True,
    ),
    Example(
        "https://www.instagram.com/tv/BwhCjGGF1Tt/",
        "BwhCjGGF1Tt",
        "https://www.instagram.com/p/BwhCjGGF1Tt/",
        "2019-04-21T11:40:22",
    ),
    Example(
        "https://www.instagram.com/reels/BwhCjGGF1Tt/?igsh=abc",
        "BwhCjGGF1Tt",
        "https://www.instagram.com/p/BwhCjGGF1Tt/",
        "2019-04-21T11:40:22",
    ),
    Example(
        "https://www.instagram.com/p/BwhCjGGF1TtxxxxxxxxxxxxxxxxxxxxxxxxxxxX/",
        "BwhCjGGF1Tt",
        "https://www.instagram.com/p/BwhCjGGF1Tt/",
        "2019-04-21T11:40:22",
    ),
    Example(
        "http://instagr.am/p/BWIvVr9Ld0M/embed/captioned/?cr=1#a",
        "BWIvVr9Ld0M",
        "https://www.instagram.com/p/BWIvVr9Ld0M/",
        "2017-07-04T19:34:30",
        frame=True,
    ),
    Example(
        "https://instagr.am/B/p/BwhCjGGF1Tt",
        "BwhCjGGF1Tt",
        "https://www.instagram.com/p/BwhCjGGF1Tt/",
        "2019-04-21T11:40:22",
        handle="B",
    ),
    Example("https://instagr.am/p/maral", "maral", "https://www.instagram.com/p/maral/"),
    Example(
        "https://www.instagram.com/p/ByxilPNJK/",
        "ByxilPNJK",
        "https://www.instagram.com/p/ByxilPNJK/",
        "2011-08-25T13:49:56",
        bare=("ByxilPNJK",),
    ),
)

BYLINES_AS_WRITTEN = (
    "A post shared by", "A photo posted by", "A video posted by", "A photo shared by", "A video shared by",
    "Ein beitrag geteilt von", "Ein von", "Une publication partagée par", "Une photo publiée par",
    "Une vidéo publiée par", "Una publicación compartida de", "Una publicación compartida por",
    "Una foto publicada por", "Un post condiviso da", "Una foto pubblicata da",
    "Uma publicação compartilhada por", "Uma publicação partilhada por", "Um post compartilhado por",
    "Een bericht gedeeld door", "Een foto die is geplaatst door", "Ett inlägg delat av", "Et opslag delt af",
    "Et innlegg delt av", "Post udostępniony przez", "Příspěvek sdílený uživatelem", "Příspěvek, který sdílí",
    "Príspevok, ktorý zdieľa", "O postare distribuită de", "Публикация от", "Допис, поширений",
    "Публикация, споделена от", "Η δημοσίευση κοινοποιήθηκε από το χρήστη", "Sebuah kiriman dibagikan oleh",
    "Hantaran yang dikongsi oleh", "โพสต์ที่แชร์โดย", "Bài viết do", "تمت مشاركة منشور بواسطة",
    "פוסט משותף על ידי", "Objavu dijeli", "Objava koju dijeli", "Henkilön", "Isang post na ibinahagi ni",
)  # fmt: skip
"""BYLINES as posts bear them, written out again: an example that is made of a rule cannot show that the rule is wrong."""

MARKUP = (
    MarkupExample(
        '<p><a href="https://www.instagram.com/p/BwiVvR9lD0m/"><img src="https://www.instagram.com/p/BwiVvR9lD0m/media/?size=l"></a></p>',
        ("BwiVvR9lD0m",),
        "facade",
    ),
    MarkupExample(
        '<iframe src="https://cms.example/embed/instagram.html#mara.lind/p/BwiVvR9lD0m"></iframe>',
        ("BwiVvR9lD0m",),
        "wrapper",
    ),
    MarkupExample(
        "".join(
            f'<blockquote class="instagram-media"><p>{said} Ida Quill (@zoe.b)</p></blockquote>'
            for said in BYLINES_AS_WRITTEN
        ),
        (None,) * len(BYLINES_AS_WRITTEN),
        "blockquote",
        author_name="Ida Quill",
        author_handle="zoe.b",
    ),
    MarkupExample(
        '<blockquote class="instagram-media" data-instgrm-version="13"><p>Low tide.</p><p>A post shared by Ida Quill '
        "(@zoe.b)</p></blockquote>",
        (None,),
        "blockquote",
        text="Low tide.",
    ),
    MarkupExample(
        "".join(
            f'<blockquote class="instagram-media" data-instgrm-version="{version}"><p>Low tide.</p><p>A post shared by '
            "Ida Quill (@zoe.b)</p></blockquote>"
            for version in ("14", "22", "37")
        ),
        (None,) * 3,
        "blockquote",
        text="",
    ),
    MarkupExample(
        '<div class="instagram-embed"></div><p><a href="https://www.instagram.com/p/BwiVvR9lD0m/?utm_source=ig_embed">View</a></p>',
        ("BwiVvR9lD0m",),
        "emptied",
    ),
    MarkupExample(
        '<blockquote class="instagram-media" data-instgrm-permalink="https://www.instagram.com/p/BwiVvR9lD0m/?utm_source=ig_embed"'
        ' data-instgrm-version="14"><a href="https://www.instagram.com/p/BwiVvR9lD0m/">View this post on Instagram</a>'
        '<p><a href="https://www.instagram.com/p/BwiVvR9lD0m/">A post shared by Rook Field 🕊 (@rook.field)</a></p></blockquote>',
        ("BwiVvR9lD0m",),
        "blockquote",
        author_name="Rook Field 🕊",
        author_handle="rook.field",
    ),
    MarkupExample(
        '<blockquote class="instagram-media" data-instgrm-permalink="https://www.instagram.com/p/BwiVvR9lD0m/"></blockquote>'
        '<blockquote class="instagram-media"><a href="https://www.instagram.com/p/BwiVvR9lD0m/">View</a></blockquote>'
        '<blockquote class="instagram-media-registered" data-instgrm-permalink="https://www.instagram.com/p/BwiVvR9lD0m/"></blockquote>'
        '<blockquote class="instagram-media-registered"><a href="https://www.instagram.com/p/BwiVvR9lD0m/">View</a></blockquote>'
        '<blockquote data-instgrm-permalink="https://www.instagram.com/p/BwiVvR9lD0m/"></blockquote>'
        '<blockquote data-instgrm-permalink=""><a href="https://www.instagram.com/p/BwiVvR9lD0m/">View</a></blockquote>'
        '<blockquote data-instgrm-version="" data-instgrm-permalink="https://www.instagram.com/p/BwiVvR9lD0m/"></blockquote>'
        '<blockquote data-instgrm-version=""><a href="https://www.instagram.com/p/BwiVvR9lD0m/">View</a></blockquote>'
        '<div data-instgrm-permalink="https://www.instagram.com/p/BwiVvR9lD0m/" class="instagram-media"></div>'
        '<div data-instgrm-permalink="" class="instagram-media"><a href="https://www.instagram.com/p/BwiVvR9lD0m/">View</a></div>',
        ("BwiVvR9lD0m",) * 10,
        "blockquote",
    ),
    MarkupExample(
        '<div class="instagram-embed-wrap" data-attrs="{&quot;instagram_id&quot;:&quot;BwiVvR9lD0m&quot;}"></div>'
        '<div data-component-name="instagramtodom" data-attrs="{&quot;instagram_id&quot;:&quot;BwiVvR9lD0m&quot;}"></div>'
        '<div data-instagramid="BwiVvR9lD0m"></div>'
        '<div data-instagramshortcode="BwiVvR9lD0m"></div>'
        '<div data-igshortcode="BwiVvR9lD0m"></div>'
        '<div data-provider="instagram" data-id="BwiVvR9lD0m"></div>'
        '<div class="ig-embed" data-id="BwiVvR9lD0m"></div>',
        ("BwiVvR9lD0m",) * 7,
        "custom-element",
    ),
    MarkupExample(
        '<amp-instagram data-src="https://www.instagram.com/p/BwiVvR9lD0m/"></amp-instagram>'
        '<amp-instagram src="https://www.instagram.com/p/BwiVvR9lD0m/"></amp-instagram>'
        '<amp-instagram data-url="https://www.instagram.com/p/BwiVvR9lD0m/"></amp-instagram>'
        '<amp-instagram data-shortcode="BwiVvR9lD0m"></amp-instagram>'
        '<amp-instagram shortcode="BwiVvR9lD0m"></amp-instagram>',
        ("BwiVvR9lD0m",) * 5,
        "amp",
    ),
)

# ---------------------------------------------------------------------------------------------------------- capturing

FRAME = Frame(
    url="https://www.instagram.com/p/{id}/embed/captioned/",
    card=".Embed",
    dead=(".EmbedBrokenMedia", ".EmbedIsBroken", ".ebmMessage"),
    moves=(
        Move(
            "wait",
            css=".Embed",
            until=".Embed video, .Embed .WatchOnInstagram, .Embed:not(:has(img.EmbeddedMediaImage))",
            when='"isRichEmbed":true',
            ms=4000,
            why="reels, videos and carousels are redrawn by script about a second after they appear",
        ),
    ),
)
PROBES = (
    Probe("oembed", "https://www.instagram.com/api/v1/oembed/?url={quoted_url}"),
    Probe("page", "https://www.instagram.com/p/{id}/", navigate=True),
)
_BROKEN = ", ".join(FRAME.dead)
_PRIVATE = re.compile(
    r'"username":\s*"([\w.]+)"[^{}]{0,300}"is_private":\s*true'
    r'|"is_private":\s*true[^{}]{0,300}"username":\s*"([\w.]+)"'
)
_SHELL = re.compile(r'"page_type":\s*"EMBEDS"|"pageID":\s*"httpErrorPage"')
CONTEXT = re.compile(r'"contextJSON":\s*("(?:[^"\\]|\\.)*"|null)')
"""What the frame's script gets: JSON inside a JSON string, or null for a photo."""
_OLDER = (r"__additionalDataLoaded\(\s*['\"][^'\"]*['\"]\s*,\s*", r"_sharedData\s*=\s*")
_HOME = "https://www.instagram.com/"
_MEDIA_NAMES = ("shortcode_media", "xdt_shortcode_media")


def classify(page: Page, post: Post) -> Verdict:
    """Say what the frame and the probes mean for the post, by structure only."""
    early = classify_answer(page)
    if early:
        return early
    tree = parse_page(page)
    if tree.css_first(".Embed"):
        return _classify_card(page, post, tree)
    if tree.css_first(_BROKEN):
        return _classify_broken(page, post, tree)
    if _SHELL.search(page.body):
        return verdict("blocked", "shell", "server-rendered frame", "script", "the site's error shell")
    return classify_strange(page, tree)


def _classify_card(page: Page, post: Post, tree: LexborHTMLParser) -> Verdict:
    """A card is the post only if it is whole and its media id is the one that the shortcode spells."""
    card = tree.css_first(".Embed")
    seen = (card.attributes.get("data-media-id") if card else None) or _linked_code(tree, ".Embed") or "none"
    if seen not in (str(media_id(post.native_id)), post.native_id):
        return verdict("error", "wrong_post", "media id is the shortcode's", "[data-media-id]", seen)
    if not tree.css_first(".Embed .Footer") and not CONTEXT.search(page.body) and not read_media_object(page.body):
        return verdict("error", "truncated", "card has its end", ".Footer", "missing")
    blocked = read_media_object(page.body).get("copyright_blocked") is True
    return verdict("available", "copyright_blocked" if blocked else None, "media id is the shortcode's", ".Embed", seen)


def _classify_broken(page: Page, post: Post, tree: LexborHTMLParser) -> Verdict:
    """The broken frame is the same for deleted, private, gated and refused posts: only a second look can tell."""
    code = _linked_code(tree, _BROKEN)
    if code and code != post.native_id:
        return verdict("error", "wrong_post", "broken frame is the post's", "a[href]", code)
    frame = Sign("broken frame", _BROKEN, "present")
    for look in (_look_for_gate, _look_for_post, _look_for_owner, _look_for_absence):
        found = look(page, post)
        if found:
            return replace(found, signs=(frame, *found.signs))
    return Verdict("unavailable", "unconfirmed", (frame,))


def _look_for_gate(page: Page, post: Post) -> Verdict | None:
    """Is it there, but kept from some readers (age, country)?"""
    full, oembed = page.answer("page"), page.answer("oembed")
    failure = None
    if full:
        failure = re.search(r'"failure_reason":\s*"(\w+)"', full.body)
    if failure:
        reason = "restricted"
        if failure[1] == "MA":
            reason = "age"
        return verdict("unavailable", reason, "page", "failure_reason", failure[1])
    data = None
    if oembed and oembed.status == 400:
        data = read_json(oembed.body)
    if not isinstance(data, dict) or not {"gating_type", "blocks_logging_data", "message"} & data.keys():
        return None
    block = str(data.get("blocks_logging_data") or "")
    if "AGE" in block:
        reason = "age"
    elif data.get("message") == "geoblock_required":
        reason = "geo"
    else:
        reason = "restricted"
    return verdict("unavailable", reason, "oembed", "400", block or data.get("gating_type") or data.get("message"))


def _look_for_post(page: Page, post: Post) -> Verdict | None:
    """Is it there in full elsewhere, so that only its embedding was refused?"""
    pk = str(media_id(post.native_id))
    full, oembed = page.answer("page"), page.answer("oembed")
    if full and full.status == 200:
        meta = read_meta(parse_html(full.body))
        same = pk in meta.get("al:ios:url", "") or f"/{post.native_id}/" in meta.get("og:url", "")
        if same and meta.get("og:image"):
            return judge_refused_frame(read_og(page), Sign("page", "og:image", meta.get("og:url", pk)))
    data = None
    if oembed and oembed.status == 200:
        data = read_json(oembed.body)
    if pk in str(dig(data, "media_id") or ""):
        return judge_refused_frame(read_oembed(oembed), Sign("oembed", "media_id", pk))
    return None


def _look_for_owner(page: Page, post: Post) -> Verdict | None:
    """Does the full page say of this very post that its owner is private? (source: mbedfx, weak)

    A name that stands somewhere on it is no evidence: it may be a profile's, another post's, or a reader's own.
    """
    full = page.answer("page")
    if not full or full.status != 200 or _code_of(full.final_url) != post.native_id:
        return None
    about = re.search(rf'"(?:short)?code":\s*"{re.escape(post.native_id)}"', full.body)
    owner = None
    if about:
        owner = _PRIVATE.search(full.body)
    if not owner:
        return None
    return verdict("unavailable", "private", "page", "is_private", owner[1] or owner[2])


def _look_for_absence(page: Page, post: Post) -> Verdict | None:
    """Does the API deny it too? Its 404 is JSON or a line of text; a document is somebody's error page."""
    oembed = page.answer("oembed")
    if not oembed or oembed.status != 404 or "/oembed" not in oembed.final_url:
        return None
    said = oembed.body.strip()
    if said and "<" not in said and len(said) < 2000:
        return verdict("gone", "deleted", "oembed", "status", 404)
    return None


def describe(page: Page, post: Post) -> Description:
    """Read what the post said; of a page that is not the post, only what its id and its metadata tell."""
    known = ("id", {"posted_at": date(post.native_id)})
    found = classify(page, post)
    if found.embedding == "refused":
        return merge_readings(known, ("og", read_og(page)), ("oembed", read_oembed(page.answer("oembed"))))
    card = parse_page(page).css_first(".Embed")
    if found.outcome != "available" or card is None:
        return merge_readings(known)
    data = read_media_object(page.body)
    blocked = data.get("copyright_blocked") is True
    return merge_readings(known, ("contextJSON", read_media_fields(data, blocked)), ("markup", read_card(card)))


def _linked_code(tree: LexborHTMLParser, css: str) -> str | None:
    """The shortcode that the first post link inside `css` names."""
    links = (n.attributes.get("href") or "" for part in tree.css(css) for n in part.css("a[href]"))
    return next((code for link in links if (code := _code_of(link))), None)


def _code_of(link: str) -> str | None:
    try:
        return identify(urlsplit(link))
    except ValueError:
        return None


# ------------------------------------------------------------------------------------------------------------- reading


def read_media_object(body: str) -> dict[str, Any]:
    """The media object that reels, videos and carousels carry (photos have none), in any shape since 2017."""
    context = CONTEXT.search(body)
    text = read_json(context[1]) if context else None
    outer = None
    if isinstance(text, str):
        outer = read_json(text)
    for candidate in (outer, *(read_json_after(body, marker) for marker in _OLDER)):
        media = find_key(candidate, _MEDIA_NAMES)
        if media:
            return {**media, "copyright_blocked": dig(candidate, "context", "copyright_blocked") is True}
    return {}


def read_media_fields(data: dict[str, Any], blocked: bool) -> dict[str, Any]:
    owner = data.get("owner")
    name = as_text(dig(owner, "username"))
    music = data.get("clips_music_attribution_info")
    song = [s for s in (as_text(dig(music, "artist_name")), as_text(dig(music, "song_name"))) if s]
    return {
        "kind": name_kind(str(data.get("__typename") or ""), data.get("product_type") == "clips"),
        "author_name": as_text(dig(owner, "full_name")),
        "author_handle": name,
        "author_url": name and f"https://www.instagram.com/{name}/",
        "author_verified": dig(owner, "is_verified"),
        "author_followers": as_count(dig(owner, "edge_followed_by", "count")),
        "text": as_text(dig(data, "edge_media_to_caption", "edges", 0, "node", "text")),
        "alt_text": as_text(data.get("accessibility_caption")),
        "location": as_text(dig(data, "location", "name")),
        "likes": as_count(dig(data, "edge_liked_by", "count")),
        "comments": as_count(dig(data, "edge_media_to_comment", "count")),
        "views": as_count(data.get("video_view_count")) or None,  # 0 on real reels: not a count
        "audio": " · ".join(song),
        "media": _read_slides(data, blocked),
    }


def name_kind(typename: str, is_clip: bool) -> str | None:
    kinds = {"Image": "photo", "Video": "reel" if is_clip else "video", "Sidecar": "carousel"}
    return kinds.get(re.sub(r"^(?:XDT)?Graph", "", typename))


def _read_slides(data: dict[str, Any], blocked: bool) -> tuple[Media, ...]:
    edges = as_list(dig(data, "edge_sidecar_to_children", "edges"))
    nodes = [node for edge in edges if isinstance(node := dig(edge, "node"), dict)] or [data]
    slides = [m for position, node in enumerate(nodes, 1) for m in _read_slide(node, position, blocked)]
    avatar = as_text(dig(data, "owner", "profile_pic_url"))
    if avatar and slides:
        return (*slides, Media("avatar", 0, avatar))
    return tuple(slides)


def _read_slide(node: dict[str, Any], position: int, blocked: bool) -> Iterator[Media]:
    size = as_size(dig(node, "dimensions", "width")), as_size(dig(node, "dimensions", "height"))
    pictures = [(as_text(node.get("display_url")) or "", size[0] or 0)]
    for each in as_list(node.get("display_resources")):
        pictures += [(as_text(dig(each, "src")) or "", as_size(dig(each, "config_width")) or 0)]
    picture, alt = find_widest(pictures), as_text(node.get("accessibility_caption"))
    if node.get("is_video") is not True:
        if picture:
            yield Media("media", position, picture, *size, alt=alt)
        return
    video, length = as_text(node.get("video_url")), node.get("video_duration")
    lacking = "not_served"
    if blocked:
        lacking = "copyright_blocked"
    seconds = None
    if isinstance(length, int | float):
        seconds = float(length)
    yield Media("media", position, video or "", *size, alt=alt, duration_s=seconds, missing=None if video else lacking)
    if picture:
        yield Media("poster", position, picture, *size, alt=alt)


def find_widest(pictures: Iterable[tuple[str, int]]) -> str | None:
    """The widest picture that is no square crop (`stp=c0.135.1080.1080a_…`), the first of equals."""
    whole = [p for p in pictures if p[0] and not re.search(r"[?&]stp=c\d+\.\d+\.\d+\.\d+a?_", p[0])]
    if whole:
        return max(whole, key=lambda p: p[1])[0]
    return None


def read_card(card: LexborNode) -> dict[str, Any]:
    """Read the server's markup: for a photo the only source, and the only one of links and collaborators."""
    both = card.css_first(".CollabUsername .UsernameText")
    name = text_of(both or card.css_first(".HeaderText .UsernameText") or card.css_first(".CaptionUsername"))
    others = (text_of(n) for n in card.css(".CollabUsernameRow .UsernameText"))
    caption = card.css_first(".Caption")
    text, rich = read_rich_text(caption, _HOME, ".CaptionUsername, .CaptionComments", _drop_query)
    permalink = card.attributes.get("data-permalink") or ""
    verified = card.css_first(".HeaderText .VerifiedSprite") is not None
    return {
        "kind": name_kind(card.attributes.get("data-media-type") or "", "/reel/" in permalink),
        "author_handle": name,
        "author_url": name and f"{_HOME}{name}/",
        # Above a post of several authors the absence of a mark says nothing.
        "author_verified": None if both and not verified else verified,
        "author_followers": read_count(text_of(card.css_first(".FollowerCountText"))),
        "collaborators": tuple(o for o in others if o and o != name),
        "text": text,
        "text_html": rich,
        "likes": read_count(text_of(card.css_first(".SocialProof"))),
        "comments": read_count(text_of(card.css_first(".CaptionCommentsExpand"))),
        "audio": text_of(card.css_first(".HeaderSecondaryContent > span:not(.FollowerCountText)")),
        "media": _read_card_media(card, name),
    }


def _read_card_media(card: LexborNode, owner: str | None) -> tuple[Media, ...]:
    picture = card.css_first("img.EmbeddedMediaImage")
    video = card.css_first(".EmbeddedMediaVideo[src]")
    is_video = card.attributes.get("data-media-type") == "GraphVideo"
    media: list[Media] = []
    if is_video or video:
        url = (video.attributes.get("src") if video else None) or ""
        media.append(Media("media", 1, url, missing=None if url else "not_served"))
    if picture:
        sizes = dict(choices := read_srcset(picture.attributes.get("srcset") or ""))
        url = find_widest(choices) or picture.attributes.get("src") or ""
        alt = picture.attributes.get("alt") or None
        media.append(Media("poster" if is_video else "media", 1, url, sizes.get(url) or None, alt=alt))
    for link in card.css("a.Avatar, a.CollabAvatar"):
        face = link.css_first("img[src]")
        if face and split_anything(link.attributes.get("href") or "").path.strip("/") == owner:
            media.append(Media("avatar", 0, face.attributes.get("src") or ""))
    return tuple(m for m in media if m.url or m.missing)


def read_og(page: Page) -> dict[str, Any]:
    """Read the full page's metadata, all there is when embedding was refused."""
    full = page.answer("page")
    if full and full.status == 200:
        meta = read_meta(parse_html(full.body))
    else:
        meta = {}
    name = re.match(r"(.+?) \(@([\w.]+)\)", meta.get("twitter:title", ""), re.S)
    quoted = re.match(r'.+?: ["“](.*)["”]$', meta.get("og:title", ""), re.S)
    owner = _first_segment(meta.get("og:url", "")) or (name[2] if name else None)
    picture = meta.get("og:image")
    return {
        "author_name": name[1] if name else None,
        "author_handle": owner,
        "author_url": owner and f"{_HOME}{owner}/",
        "title": meta.get("og:title"),
        "text": quoted[1] if quoted else None,
        "media": (Media("media", 1, "", missing="not_served"), Media("poster", 1, picture)) if picture else (),
    }


def _first_segment(link: str) -> str | None:
    """The owner's handle, with which the full page's own address begins."""
    found = re.match(r"https://www\.instagram\.com/([\w.]+)/(?:p|reel|tv)/", link)
    if found:
        return found[1]
    return None


def _drop_query(link: str) -> str:
    """Links to Instagram lose their trackers; a link elsewhere stays as it is."""
    if link.startswith(_HOME):
        return link.partition("?")[0]
    return link


# ------------------------------------------------------------------------------------------- what is taken for granted

ASSUMPTIONS = (
    Assumption(
        "Articles carry `blockquote.instagram-media` with `data-instgrm-permalink`; older ones only an inner link",
        "verified",
    ),
    Assumption(
        "After its script has run, the quote's class is `instagram-media-registered`, then the quote "
        "is gone and an iframe stands there",
        "verified",
    ),
    Assumption(
        "`/p/CODE/embed/captioned/` works for posts, reels and tv alike",
        "verified",
        source="for photo, carousel, reel",
        check="open one of each",
    ),
    Assumption(
        "The live page holds `.Embed[data-media-id]`, and the media id is the shortcode read as base 64",
        "verified",
        live=LiveCheck("frame", "known", css=".Embed[data-media-id]"),
    ),
    Assumption(
        "A photo's page carries no JSON; reels, videos and carousels carry `contextJSON`",
        "verified",
    ),
    Assumption(
        "A deleted post answers 200 with `.EmbedBrokenMedia` (`EmbedIsBroken` in older code)",
        "reported",
        source="`.EmbedBrokenMedia` verified, the other reported",
        check="open the frame of a made-up shortcode",
        live=LiveCheck("frame", css=".EmbedBrokenMedia, .EmbedIsBroken"),
    ),
    Assumption(
        "Private, age-gated, embedding refused: the same page as deleted",
        "reported",
        check="open the frame of a private account's post",
    ),
    Assumption(
        "oEmbed (`/api/v1/oembed/?url=`) answers 404 for a deleted post without cookies",
        "reported",
        check="ask it for a made-up shortcode",
        live=LiveCheck("oembed", status=(404,)),
    ),
    Assumption(
        'The full page of an age-gated post says `"failure_reason":"MA"`',
        "verified",
    ),
    Assumption(
        "A browser's navigation (`Sec-Fetch-Mode: navigate`) gets the post, a bare client gets the "
        "empty application shell",
        "reported",
        source="shell verified, condition reported",
        check="`curl` with and without the header",
    ),
    Assumption(
        "Media addresses are signed and die within a day or two; `&amp;` must be decoded",
        "reported",
        check="fetch one after three days",
    ),
    Assumption(
        "What a hydrated carousel or reel looks like in the DOM",
        "guess",
        check="look at one",
    ),
    Assumption(
        "Creation time is `(media id >> 23) + 1314220021721` ms",
        "verified",
        source="on 5 of 5 dated posts; uploads may precede publication by minutes",
    ),
    Assumption(
        "Ids from before August 2011 are serial numbers and carry no date",
        "reported",
        source="others, 2026",
    ),
    Assumption(
        "Meta's oEmbed with a token lost author and thumbnail in November 2025; the site's own "
        "`/api/v1/oembed/` is another endpoint",
        "reported",
        source="others, 2026",
        check="ask for a post",
    ),
)
GAPS = (
    Gap(
        "no_file",
        "The film of a post without rights to its music is given to nobody",
        "it is said to be missing, its poster is kept",
    ),
)

# -------------------------------------------------------------------------------------------------------------- value

PLATFORM = Platform(
    name="instagram",
    title="Instagram",
    hosts=("instagram.com", "instagr.am"),
    identify=identify,
    canonical=canonical,
    date=date,
    handle=handle,
    is_short=is_short,
    is_frame=is_frame,
    read_number=read_number,
    id_pattern=r"(?:(?:p|reels?|tv)/)?([A-Za-z0-9_-]{9,12})/?",
    id_addresses=("https://www.instagram.com/{}",),
    mirrors=(
        *(
            "ddinstagram.com",
            "kkinstagram.com",
            "eeinstagram.com",
            "vxinstagram.com",
            "fxinstagram.com",
            "uuinstagram.com",
        ),
        *("zzinstagram.com", "rxinstagram.com", "ginstagram.com", "instagramez.com", "instafix.*", "bibliogram.*"),
        *("imginn.com", "imginn.org", "hhinstagram.com", "xxinstagram.com", "toinstagram.com", "proxigram.*"),
        *("picuki.com", "picnob.com", "pixwox.com", "dumpor.com", "gramhir.com", "greatfon.com"),
    ),
    id_names=("instagramid", "instagramshortcode", "igshortcode"),
    services=("ig",),
    thumbnails=(r"instagram\.com/p/([\w-]{5,40})/media",),
    selectors=SELECTORS,
    bylines=BYLINES,
    link_parameters=("utm_source=ig_embed",),
    wordless=r"""data-instgrm-version=["']?(?:1[4-9]|[2-9]\d)\b""",
    examples=EXAMPLES,
    short_links=(
        "https://www.instagram.com/share/p/BAbCdEfGhI/",
        "https://instagr.am/share/maral",
    ),
    markup=MARKUP,
    not_posts=(
        "https://www.instagram.com/rook.field/",
        "https://www.instagram.com/reels/audio/123456789/",
        "https://www.instagram.com/explore/tags/kestrel/",
    ),
    visit=Visitable(
        FRAME, classify, describe, PROBES, rules=2, denial="reported", silent=(200, '<p class="EmbedIsBroken">-</p>')
    ),
    assumptions=ASSUMPTIONS,
    gaps=GAPS,
    archived=(
        "https://www.instagram.com/p/{id}/embed/captioned/",
        "https://www.instagram.com/p/{id}/embed/",
        "https://www.instagram.com/p/{id}/",
        "https://www.instagram.com/p/{id}/?__a=1",
        "https://www.instagram.com/reel/{id}/",
        "https://www.instagram.com/tv/{id}/",
        "https://www.instagram.com/{handle}/p/{id}/",
        "https://www.instagram.com/{handle}/reel/{id}/",
    ),
    known_url="https://www.instagram.com/p/fA9uwTtkSN/",
    made_up_url="https://www.instagram.com/p/B0000000000/",
    states=(
        "live",
        "edited",
        "slow_css",
        "silent",
        "late",
        "images_403",
        "images_aborted",
        "wrong_post",
        "gone",
        "gone_old_class",
        "private",
        "followers",
        "age",
        "embed_refused",
        "shell",
        "rate_json",
        "unsupported",
        "slow",
        "truncated",
    ),
)
