"""Threads: codes as Instagram writes them, the quote that holds no text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import SplitResult

from selectolax.lexbor import LexborHTMLParser, LexborNode

from embedarchive.core.model import Description, Media, Page, Post, Sign, Verdict
from embedarchive.core.urls import split_url
from embedarchive.platforms.kit.counts import read_count
from embedarchive.platforms.kit.fields import as_kind, merge_readings, parse_html, read_meta, read_rich_text, text_of
from embedarchive.platforms.kit.ids import date_ms, decode_base64url, match_path, unwrap_exit
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
    LiveCheck,
    MarkupExample,
    Platform,
    Probe,
    Selector,
    Visitable,
)

_PATH = re.compile(r"^/(?:@[\w.]{0,40}/post|t)/([A-Za-z0-9_-]{5,64})(?![A-Za-z0-9_-])")
_HANDLE = re.compile(r"^/@([\w.]{2,40})/post/")
_FIRST_MS = 1_314_220_021_721


def identify(url: SplitResult) -> str | None:
    """The code of a post."""
    return match_path(_PATH, url)


def canonical(native_id: str) -> str:
    """The address that needs no handle."""
    return f"https://www.threads.com/t/{native_id}"


def date(native_id: str) -> str | None:
    """As on Instagram: the id's upper bits are milliseconds."""
    return date_ms((decode_base64url(native_id) >> 23) + _FIRST_MS)


def handle(url: SplitResult) -> str | None:
    """The author's handle, where the address carries it."""
    return match_path(_HANDLE, url)


def is_frame(url: SplitResult) -> bool:
    """`…/embed`."""
    return url.path.rstrip("/").endswith("/embed")


SELECTORS = (
    Selector(
        "blockquote",
        "blockquote.text-post-media, blockquote[data-text-post-permalink]",
        url=("@data-text-post-permalink", "a:last@href"),
    ),
)

EXAMPLES = (
    Example(
        "https://www.threads.net/@mara.lind/post/DDYEM_foiI1?xmt=1",
        "DDYEM_foiI1",
        "https://www.threads.com/t/DDYEM_foiI1",
        "2024-12-09T23:27:23",
        handle="mara.lind",
    ),
    Example(
        "https://www.threads.com/@mara.lind/post/DDYEM_foiI1/embed",
        "DDYEM_foiI1",
        "https://www.threads.com/t/DDYEM_foiI1",
        "2024-12-09T23:27:23",
        handle="mara.lind",
        frame=True,
    ),
    Example(
        "https://threads.net/@maralind/post/maral",
        "maral",
        "https://www.threads.com/t/maral",
        "2011-08-24T21:07:01",
        handle="maralind",
    ),
    Example(
        "https://www.threads.com/t/DDYEM_foiI",
        "DDYEM_foiI",
        "https://www.threads.com/t/DDYEM_foiI",
        "2011-11-08T18:09:13",
        bare=("DDYEM_foiI",),
    ),
)

MARKUP = (
    MarkupExample(
        '<blockquote class="text-post-media" data-text-post-permalink="https://www.threads.com/@mara.lind/post/DDYEM_foiI1"'
        ' data-text-post-version="0" id="ig-tp-DDYEM_foiI1"><a href="https://www.threads.com/@mara.lind/post/DDYEM_foiI1">'
        "<div>View on Threads</div></a></blockquote>",
        ("DDYEM_foiI1",),
        "blockquote",
        author_handle="mara.lind",
    ),
    MarkupExample(
        '<blockquote class="text-post-media" data-text-post-permalink="https://www.threads.com/t/DDYEM_foiI1"></blockquote>'
        '<blockquote class="text-post-media"><a href="https://www.threads.com/t/DDYEM_foiI1">View</a></blockquote>'
        '<blockquote data-text-post-permalink="https://www.threads.com/t/DDYEM_foiI1"></blockquote>'
        '<blockquote data-text-post-permalink=""><a href="https://www.threads.com/t/DDYEM_foiI1">View</a></blockquote>',
        ("DDYEM_foiI1",) * 4,
        "blockquote",
    ),
    MarkupExample(
        '<div data-threadsid="DDYEM_foiI1"></div>'
        '<div data-provider="threads" data-id="DDYEM_foiI1"></div>'
        '<div data-provider="threadsnet" data-id="DDYEM_foiI1"></div>',
        ("DDYEM_foiI1",) * 3,
        "custom-element",
    ),
)

# ------------------------------------------------------------------------------------------------------------ capturing

FRAME = Frame("https://www.threads.com/t/{id}/embed", card=".Embed", dead=(".EmbedError", ".OuterErrorContainer"))
PROBES = (Probe("page", "https://www.threads.com/@i/post/{id}", navigate=True),)
_HOME = "https://www.threads.com/"
_QUOTE = ".QuotePostContainer"


def classify(page: Page, post: Post) -> Verdict:
    """Say what the frame and the post's own page mean for the post, by structure only."""
    early = classify_answer(page)
    if early:
        return early
    tree = parse_page(page)
    if tree.css_first(".Embed"):
        return _classify_card(tree, post)
    if tree.css_first(".EmbedError, .OuterErrorContainer"):
        return _classify_broken(page, post)
    return classify_strange(page, tree)


def _classify_card(tree: LexborHTMLParser, post: Post) -> Verdict:
    link = tree.css_first(".Embed .LinkContainer a[href]")
    seen = None
    if link:
        seen = _code_of(link.attributes.get("href"))
    if seen != post.native_id:
        return verdict("error", "wrong_post", "card links to the post", ".LinkContainer a", seen or "no link")
    if not tree.css_first(".Embed .ActionBarContainer, .Embed .BarcelonaSmallLogoContainer"):
        return verdict("error", "truncated", "card has its end", ".ActionBarContainer", "missing")
    return verdict("available", None, "card links to the post", ".LinkContainer a", seen)


def _classify_broken(page: Page, post: Post) -> Verdict:
    """The error card is the same for deleted, private and gated posts, and so is the empty page behind it."""
    frame = Sign("error card", ".EmbedError", f"present, status {page.status}")
    full = page.answer("page")
    if full and full.status in (404, 410) and _code_of(full.final_url) == post.native_id:
        return Verdict("gone", "deleted", (frame, Sign("page", "status", str(full.status))))
    shown = _read_og(page, post)
    if shown:
        return judge_refused_frame(shown, frame, Sign("page", "og:url", post.native_id))
    return Verdict("unavailable", "unconfirmed", (frame,))


def describe(page: Page, post: Post) -> Description:
    """Read what the post said, from the server's markup; of a refused frame, from its own page's metadata."""
    known = ("id", {"posted_at": date(post.native_id)})
    found = classify(page, post)
    if found.embedding == "refused":
        return merge_readings(known, ("og", _read_og(page, post)))
    card = parse_page(page).css_first(".Embed")
    if found.outcome != "available" or card is None:
        return merge_readings(known)
    return merge_readings(known, ("markup", _read_card(_find_own(card))))


def _find_own(card: LexborNode) -> LexborNode:
    """The container of the post itself. A reply's frame shows its parent first, in a container of the same kind."""
    shown = _own(card, ".OuterContainer")
    full = [each for each in shown if "OuterContainerFull" in (each.attributes.get("class") or "").split()]
    if len(shown) > 1:
        return (full or shown)[-1]
    return card


def _read_card(card: LexborNode) -> dict[str, Any]:
    name = text_of(card.css_first(".HeaderLink"))
    body = _first_own(card, ".BodyTextContainer")
    text, rich = read_rich_text(body, _HOME, clean=lambda link: unwrap_exit(link, _HOME), pre=True)
    bars = _own(card, ".ActionBarContainer")
    if bars:
        icons = bars[-1].css(".ActionBarIcon")
    else:
        icons = []
    counts = [read_count(text_of(icon.css_first(".ActionBarCount"))) for icon in icons] + [None] * 4
    media = tuple(_read_media(card))
    kind = as_kind(media, moving=_first_own(card, "video") is not None)
    title = text_of(_first_own(card, ".LinkAttachmentTitle"))
    return {
        "kind": "link" if title and kind == "text" else kind,
        "author_handle": name,
        "author_url": name and f"{_HOME}@{name}",
        "author_verified": _first_own(card, ".VerifiedBadge") is not None,
        "text": text,
        "text_html": rich,
        "title": title,
        "likes": counts[0],  # told by their place: like, reply, repost, send
        "comments": counts[1],
        "shares": counts[2],
        "media": media,
    }


def _read_media(card: LexborNode) -> Iterator[Media]:
    shown = _own(card, ".SoloMediaContainer img, .SoloMediaContainer video, .MediaContainer img, .MediaContainer video")
    for position, node in enumerate(shown, 1):
        url = (node.css_first("source[src]") or node).attributes.get("src") or ""
        alt = node.attributes.get("alt") or None
        yield Media("media", position, url, alt=alt, missing=None if url else "not_served")
    face = card.css_first(".AvatarContainer img[src]")
    if face:
        yield Media("avatar", 0, face.attributes.get("src") or "")


def _code_of(link: str | None) -> str | None:
    parts = split_url(link or "")
    if parts:
        return identify(parts)
    return None


def _own(card: LexborNode, css: str) -> list[LexborNode]:
    """What belongs to the post itself: not to the post it quotes."""
    quoted = {n.mem_id for part in card.css(_QUOTE) for n in part.css(css)}
    return [n for n in card.css(css) if n.mem_id not in quoted]


def _first_own(card: LexborNode, css: str) -> LexborNode | None:
    return next(iter(_own(card, css)), None)


def _read_og(page: Page, post: Post) -> dict[str, Any]:
    """Read the full page's metadata, if it is the post's: empty for the shell that stands for every refusal."""
    full = page.answer("page")
    if full and full.status == 200:
        meta = read_meta(parse_html(full.body))
    else:
        meta = {}
    if meta.get("og:type") != "article" or _code_of(meta.get("og:url")) != post.native_id:
        return {}
    # The page of a post that nobody may see has the address that was asked for, too; but no author.
    named = re.match(r"(.*) \(@([\w.]+)\)", meta.get("og:title", ""), re.S)
    if named is None:
        return {}
    name = named[2]
    return {
        "author_name": named[1] if named else None,
        "author_handle": name,
        "author_url": name and f"{_HOME}@{name}",
        "text": meta.get("description") or meta.get("og:description"),
    }


# ------------------------------------------------------------------------------------------- what is taken for granted

ASSUMPTIONS = (
    Assumption(
        "`/t/CODE/embed` is rendered by the server, with `.Embed` or `.EmbedError`",
        "reported",
        source="seen in pages saved by another project",
        check="open one",
        live=LiveCheck("frame", css=".EmbedError"),
    ),
    Assumption(
        "Counts have no names: like, reply, repost, send, in this order; a count of nought is left out",
        "reported",
        source="seen in the same pages",
        check="compare one with the application",
    ),
    Assumption(
        "Deleted, private and gated posts give the same `.EmbedError` and the same empty page behind it",
        "reported",
        check="open a made-up code",
    ),
    Assumption(
        "Only a 404 of the post's own page, after the error card, counts as gone",
        "guess",
        source="the status is reported to be unreliable, other refusals stay unconfirmed",
        check="look at the status of a deleted post's page",
        live=LiveCheck("page", status=(404, 410)),
    ),
    Assumption(
        "Creation time is `(id >> 23) + 1314220021721` ms, as on Instagram",
        "reported",
        source="on two posts",
        check="compare one",
    ),
    Assumption(
        "An unavailable post's own page answers 200 with `og:type=article` and `og:url` of "
        "`/@/post/CODE`, without content: an echoed code is no evidence",
        "verified",
        source="saved page, October 2026",
    ),
    Assumption(
        "A reply's frame shows the parent first; the post is the frame's last full container",
        "reported",
        source="two projects warn of it; saved frames",
    ),
    Assumption(
        "A desktop browser gets an empty application on post pages",
        "reported",
        source="others, 2026",
        check="open a post's page",
    ),
)

# ---------------------------------------------------------------------------------------------------------------- value

PLATFORM = Platform(
    name="threads",
    title="Threads",
    hosts=("threads.net", "threads.com"),
    mirrors=("fixthreads.net", "vxthreads.net", "fixthreads.seria.moe", "threadsez.com", "fxthreads.net"),
    identify=identify,
    canonical=canonical,
    date=date,
    handle=handle,
    is_frame=is_frame,
    id_pattern=r"[A-Za-z0-9_-]{10,12}",
    id_names=("threadsid",),
    services=("threadsnet",),
    selectors=SELECTORS,
    visit=Visitable(FRAME, classify, describe, PROBES, silent=(200, '<p class="EmbedError">-</p>')),
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=("https://www.threads.com/@mara.lind",),
    assumptions=ASSUMPTIONS,
    archived=(
        "https://www.threads.net/@{handle}/post/{id}",
        "https://www.threads.net/t/{id}",
        "https://www.threads.com/@{handle}/post/{id}",
        "https://www.threads.com/t/{id}/embed",
    ),
    made_up_url="https://www.threads.com/@threads/post/C0000000000",
    states=("live", "gone", "private", "embed_refused", "shell", "wrong_post", "truncated"),
)
