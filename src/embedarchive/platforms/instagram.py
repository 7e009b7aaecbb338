"""Instagram: shortcodes, the official quote and its many disguises. Pure."""

# ruff: noqa: E501 (markup is given as articles write it)

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import SplitResult, urlsplit

from selectolax.lexbor import LexborHTMLParser

from embedarchive.core.model import Description, Page, Post, Sign, Verdict
from embedarchive.platforms._instagram import CONTEXT, read_card, read_media_fields, read_media_object, read_og
from embedarchive.platforms.kit.fields import (
    dig,
    merge_readings,
    parse_html,
    read_json,
    read_meta,
    read_oembed,
)
from embedarchive.platforms.kit.ids import date_ms, decode_base64url, encode_base64url
from embedarchive.platforms.kit.outcomes import classify_answer, classify_strange, parse_page, verdict
from embedarchive.platforms.kit.specification import (
    Example,
    Frame,
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
    """The shortcode of any form of a post's address; a private share code loses its 28 character tail (source:
    yt-dlp)."""
    m = _PATH.match(url.path)
    if not m or m[1].lower() in _NOT_CODES:
        return None
    code = m[1]
    return code[:-_PRIVATE_TAIL] if len(code) > _PRIVATE_TAIL + 8 else code


def media_id(shortcode: str) -> int:
    """The numeric id (`pk`) that a shortcode writes in base 64."""
    return decode_base64url(shortcode)


def shortcode_of(pk: int) -> str:
    """The shortcode of a numeric media id."""
    return encode_base64url(pk)


def date(shortcode: str) -> str | None:
    """When the post was made: the id's upper bits are milliseconds."""
    return date_ms((media_id(shortcode) >> 23) + _FIRST_MS)


def canonical(shortcode: str) -> str:
    """The address that works for every kind of post."""
    return f"https://www.instagram.com/p/{shortcode}/"


def handle(url: SplitResult) -> str | None:
    """The owner's handle, where the address carries it."""
    m = _HANDLE.match(url.path)
    return m[1] if m and m[1] != "share" else None


def is_short(url: SplitResult) -> bool:
    """Whether the address is a share link whose token is no shortcode."""
    return bool(_SHARE.match(url.path))


def read_number(number: str) -> tuple[str, ...]:
    """A numeric media id, `pk` or `pk_owner`, as a shortcode; only if it dates from when Instagram existed."""
    code = shortcode_of(int(number.partition("_")[0]))
    return (code,) if 9 <= len(code) <= 12 and date(code) else ()


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
    "objavu dijeli", "objava koju dijeli", "henkilön", "un post condiviso da", "isang post na ibinahagi ni",
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
    ),
    Example("https://www.instagram.com/tv/BwhCjGGF1Tt/", "BwhCjGGF1Tt", "https://www.instagram.com/p/BwhCjGGF1Tt/"),
    Example(
        "https://www.instagram.com/reels/BwhCjGGF1Tt/?igsh=abc",
        "BwhCjGGF1Tt",
        "https://www.instagram.com/p/BwhCjGGF1Tt/",
    ),
    Example(
        "https://www.instagram.com/p/BwhCjGGF1TtxxxxxxxxxxxxxxxxxxxxxxxxxxxX/",
        "BwhCjGGF1Tt",
        "https://www.instagram.com/p/BwhCjGGF1Tt/",
    ),
    Example(
        "http://instagr.am/p/BWIvVr9Ld0M/embed/captioned/?cr=1#a",
        "BWIvVr9Ld0M",
        "https://www.instagram.com/p/BWIvVr9Ld0M/",
    ),
)

MARKUP = (
    MarkupExample(
        '<blockquote class="instagram-media" data-instgrm-permalink="https://www.instagram.com/p/BwiVvR9lD0m/?utm_source=ig_embed"'
        ' data-instgrm-version="14"><a href="https://www.instagram.com/p/BwiVvR9lD0m/">View this post on Instagram</a>'
        '<p><a href="https://www.instagram.com/p/BwiVvR9lD0m/">A post shared by Rook Field 🕊 (@rook.field)</a></p></blockquote>',
        ("BwiVvR9lD0m",),
        "blockquote",
        author_name="Rook Field 🕊",
        author_handle="rook.field",
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
_OWNER = re.compile(r'instapp:owner_user_id" content="(\d+)"')
_SHELL = re.compile(r'"page_type":\s*"EMBEDS"|"pageID":\s*"httpErrorPage"')


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
    failure = re.search(r'"failure_reason":\s*"(\w+)"', full.body) if full else None
    if failure:
        reason = "age" if failure[1] == "MA" else "restricted"
        return verdict("unavailable", reason, "page", "failure_reason", failure[1])
    data = read_json(oembed.body) if oembed and oembed.status == 400 else None
    if not isinstance(data, dict) or not {"gating_type", "blocks_logging_data", "message"} & data.keys():
        return None
    block = str(data.get("blocks_logging_data") or "")
    reason = "age" if "AGE" in block else "geo" if data.get("message") == "geoblock_required" else "restricted"
    return verdict("unavailable", reason, "oembed", "400", block or data.get("gating_type") or data.get("message"))


def _look_for_post(page: Page, post: Post) -> Verdict | None:
    """Is it there in full elsewhere, so that only its embedding was refused?"""
    pk = str(media_id(post.native_id))
    full, oembed = page.answer("page"), page.answer("oembed")
    if full and full.status == 200:
        meta = read_meta(parse_html(full.body))
        same = pk in meta.get("al:ios:url", "") or f"/{post.native_id}/" in meta.get("og:url", "")
        if same and meta.get("og:image"):
            return verdict("unavailable", "embed_refused", "page", "og:image", meta.get("og:url", pk))
    data = read_json(oembed.body) if oembed and oembed.status == 200 else None
    if pk in str(dig(data, "media_id") or ""):
        return verdict("unavailable", "embed_refused", "oembed", "media_id", pk)
    return None


def _look_for_owner(page: Page, post: Post) -> Verdict | None:
    """Does the full page name an owner but show nothing? Weak evidence of a private account (source: mbedfx)."""
    full = page.answer("page")
    if not full or full.status != 200 or _code_of(full.final_url) != post.native_id:
        return None
    named = re.search(r'"username":\s*"([\w.]+)"', full.body) or _OWNER.search(full.body)
    return verdict("unavailable", "private", "page", "username", named[1]) if named else None


def _look_for_absence(page: Page, post: Post) -> Verdict | None:
    """Does the API deny it too? Its 404 is JSON or a line of text; a document is somebody's error page."""
    oembed = page.answer("oembed")
    if not oembed or oembed.status != 404 or "/oembed" not in oembed.final_url:
        return None
    said = oembed.body.strip()
    return (
        verdict("gone", "deleted", "oembed", "status", 404) if said and "<" not in said and len(said) < 2000 else None
    )


def describe(page: Page, post: Post) -> Description:
    """Read what the post said; of a page that is not the post, only what its id and its metadata tell."""
    known = ("id", {"posted_at": date(post.native_id)})
    found = classify(page, post)
    if found.reason == "embed_refused":
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
    id_pattern=r"[A-Za-z0-9_-]{9,12}",
    id_names=("instagramid", "instagramshortcode", "igshortcode"),
    services=("ig",),
    selectors=SELECTORS,
    url_patterns=(
        r"instagram\.com/(?:[\w.]{1,30}/)?(?:p|reels?|tv|share)/",
        r"instagram\.com/embed",
        r"instagr\.am/(?:[\w.]{1,30}/)?(?:p|reels?|tv)/",
    ),
    bylines=BYLINES,
    link_parameters=("utm_source=ig_embed",),
    wordless=r"""data-instgrm-version=["']?(?:1[4-9]|[2-9]\d)\b""",
    examples=EXAMPLES,
    short_links=("https://www.instagram.com/share/p/BAbCdEfGhI/",),
    markup=MARKUP,
    not_posts=(
        "https://www.instagram.com/rook.field/",
        "https://www.instagram.com/reels/audio/123456789/",
        "https://www.instagram.com/explore/tags/kestrel/",
    ),
    visit=Visitable(FRAME, classify, describe, PROBES),
)
