"""A record -> a self-contained, script-free HTML card that needs no request, and the same post as a fragment. Pure."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from embedarchive.core.errors import WrongBytes
from embedarchive.core.model import Claim, Description
from embedarchive.core.texts import shorten
from embedarchive.library.records import Appearance, CaptureRecord, EmbedRecord, PostRecord, StoredFile
from embedarchive.show.badges import render_date, render_origin, render_status
from embedarchive.show.content_types import SNIFFED, sniff_type
from embedarchive.show.files import (
    Source,
    find_slides,
    render_blur,
    render_lent,
    render_missing,
    render_screenshot,
    render_slides,
)
from embedarchive.show.style import CARD, INLINE, POST, TOKENS
from embedarchive.show.tags import EMPTY, OUTWARD, Html, escape_text, join, language, link_target, sanitize, tag
from embedarchive.show.words import (
    LOOK_WORDS,
    find_edit,
    say_count,
    say_post_status,
    say_sighting,
)

LoadBlob = Callable[[str], bytes | None]
"""The bytes of a sha256, or None. Raises WrongBytes where those kept are not the ones: the card then says so."""

LARGEST_FILE = 12_000_000
LARGEST_CARD = 24_000_000
"""Bytes of media that a card carries inside itself; what does not fit is named instead."""

CARD_POLICY = (
    "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
)

LARGE_TEXT = 180
"""Characters up to which a post without media is set large."""


# ----------------------------------------------------------------------------------------------------------------- card


def render_card(
    record: PostRecord | EmbedRecord,
    load_blob: LoadBlob,
    *,
    version_url: str | None = None,
    largest_file: int = LARGEST_FILE,
    largest_card: int = LARGEST_CARD,
    below: Html = EMPTY,
    style: str = "",
) -> str:
    """The whole HTML document of a preserved post, its media inside. `version_url` is where this card can be had.

    `below` stands under it, with a `style` of its own.
    """
    source = InlineSource(load_blob, largest_file, largest_card)
    if isinstance(record, EmbedRecord):
        body, name, status = render_embed(record), _author_of(record.appearance.claim), "An embed that names no post"
    else:
        body, name, status = (
            render_post(record, source, version_url=version_url),
            title_of(record),
            say_post_status(record),
        )
    head = join(
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=CARD_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"{name} · {status}"),
        tag("style", Html(TOKENS + POST + CARD + style)),
    )
    page = tag("main", tag("h1", name, class_="unseen"), body, render_damaged(source.damaged), below)
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head><body>{page}</body></html>\n'


def render_inline(record: PostRecord, load_blob: LoadBlob, *, version_url: str | None = None) -> Html:
    """The post as a fragment for someone else's page: script-free, its style kept to itself, its media inside.

    A declarative shadow root does that; where a browser knows none, the words and the link below it are what is seen.
    """
    source = InlineSource(load_blob)
    card = join(render_post(record, source, version_url=version_url), render_damaged(source.damaged))
    style = tag("style", Html((TOKENS + POST).replace(":root", ":host")), Html(INLINE))
    said = record.said
    words = tag("blockquote", (said.text if said else None) or "", dir="auto")
    plain = tag(
        "p", author_of(record), ", ", say_post_status(record), ": ", _robust_link(record, version_url), dir="ltr"
    )
    return join(tag("template", style, card, shadowrootmode="open"), words, plain)


@dataclass
class InlineSource:
    """Artifacts as `data:` URIs while they fit; only of types that can hold no script, as their bytes prove them."""

    load_blob: LoadBlob
    largest_file: int = LARGEST_FILE
    largest_card: int = LARGEST_CARD
    damaged: list[str] = field(default_factory=list)
    """The sha256 of what is not shown because it is damaged."""
    _made: dict[str, str | None] = field(default_factory=dict)
    _spent: int = 0

    def __call__(self, kept: StoredFile) -> str | None:
        if kept.sha256 not in self._made:
            self._made[kept.sha256] = self._make(kept)
        return self._made[kept.sha256]

    def _make(self, kept: StoredFile) -> str | None:
        if not kept.held or kept.size > min(self.largest_file, self.largest_card - self._spent):
            return None
        try:
            body = self.load_blob(kept.sha256)
        except WrongBytes:
            self.damaged.append(kept.sha256)
            return None
        media_type = None
        if body:
            media_type = sniff_type(body[:SNIFFED])
        if body is None or media_type is None:
            return None
        self._spent += len(body)
        return f"data:{media_type};base64,{b64encode(body).decode('ascii')}"


def render_damaged(damaged: list[str]) -> Html:
    """Which files are not shown because the bytes in the archive are no longer those that were captured."""
    if not damaged:
        return EMPTY
    named = join(*(join(" ", tag("code", f"sha256:{sha256}")) for sha256 in damaged))
    return tag("p", "Damaged in the archive, and not shown:", named, class_="post-gap", role="note")


def title_of(record: PostRecord) -> str:
    """A name for the post: its author and first words."""
    said = record.said
    claim = fullest_claim(record)
    author = author_of(record)
    text = None
    if said:
        text = said.text or said.title
    elif claim:
        text = claim.claim.text
    if text and text != author:
        return f"{author}: {shorten(text, 60)}"
    return author


def author_of(record: PostRecord) -> str:
    """Whose post it is: as we saw it, else as a publisher claims, else only its key."""
    said = None
    if record.best:
        said = record.best.description
    claim = fullest_claim(record)
    if said:
        if said.author_name or said.author_handle:
            return _author_of(said)
        return said.title or record.post.key
    if claim:
        return _author_of(claim.claim)
    return record.post.key


def _author_of(said: Description | Claim) -> str:
    if said.author_name:
        return said.author_name
    if said.author_handle:
        return f"@{said.author_handle}"
    return "Unknown author"


def fullest_claim(record: PostRecord) -> Appearance | None:
    """The appearance whose markup says most of the post."""
    return max(record.claims, key=lambda s: (len(s.claim.text or ""), s.claim.author_name is not None), default=None)


# ------------------------------------------------------------------------------------------------------------ fragments


def render_post(record: PostRecord, source: Source, *, version_url: str | None = None) -> Html:
    """The post as an `<article>`: as we saw it; else as others did, which is said first, or as a publisher's claim has it."""
    best = record.best
    return tag(
        "article",
        render_sighting(best),
        *_body(record, best, source),
        render_foot(record, version_url),
        class_="post",
        data_status=record.status,
        data_key=record.post.key,
        data_origin=best.sighting.origin if best and best.sighting else None,
    )


def render_sighting(capture: CaptureRecord | None) -> Html:
    """Who saw the post, where it was not us."""
    if capture is None or capture.sighting is None:
        return EMPTY
    said = render_origin(capture.sighting, more=". No visit of ours saw it.")
    return tag("p", said, class_=f"post-origin {capture.sighting.origin}")


def _body(record: PostRecord, best: CaptureRecord | None, source: Source) -> Iterator[Html]:
    if best and best.description:
        yield from _described(record, best, best.description, source)
        yield render_missing(record)
        yield render_screenshot(best, source)
    elif best and best.outcome != "available":
        met = LOOK_WORDS.get(best.outcome, best.outcome)
        yield tag("p", f"What this visit met in place of the post: {met.lower()}.", class_="post-claim")
        yield render_screenshot(best, source, as_hero=True)
    elif best:
        yield tag("p", "As captured; its text has not been read yet.", class_="post-claim")
        yield render_screenshot(best, source, as_hero=True)
        yield render_missing(record)
    else:
        yield from _claimed(record)


def _described(record: PostRecord, capture: CaptureRecord, said: Description, source: Source) -> Iterator[Html]:
    dated, newest = record.post.posted_at, record.said
    if newest and newest.text != said.text:
        said = replace(said, text=newest.text, text_html=newest.text_html)
    face = next(iter(capture.kept("avatar")), None)
    yield _byline(said, face, source, said.posted_at or dated)
    media = tuple(find_slides(capture, source, record.lacking))
    if media:
        yield render_blur(render_slides(media), "media") if capture.sensitive else render_slides(media)
        yield render_lent(capture)
    if said.title and said.title != said.text:
        yield tag("h2", said.title, class_="post-title", dir="auto", lang=language(said.lang))
    yield render_text(said, large=not media)
    yield _edited(record, said)
    yield _facts(said)


def _byline(said: Description | Claim, face: StoredFile | None, source: Source | None, posted_at: str | None) -> Html:
    name, handle = said.author_name, said.author_handle
    when = None
    if posted_at:
        when = tag("span", render_date(posted_at), class_="post-when")
    if not (name or handle):
        if when:
            return tag("header", tag("span", class_="post-who"), when, class_="post-by")
        return EMPTY
    verified = isinstance(said, Description) and said.author_verified
    second = None
    if handle and name:
        second = tag("bdi", f"@{handle}")
    return tag(
        "header",
        _face(face, source, name or handle or ""),
        tag(
            "div",
            tag("span", tag("bdi", name or f"@{handle}"), class_="post-name"),
            tag("span", " ✓ verified", class_="post-tick") if verified else None,
            tag("br"),
            tag("span", second, _with(said), class_="post-handle"),
            class_="post-who",
        ),
        when,
        class_="post-by",
    )


def _face(face: StoredFile | None, source: Source | None, name: str) -> Html:
    """The author's picture, else the first letter of the name."""
    url = source(face) if face and source else None
    if url:
        return tag("img", src=url, alt="", class_="post-face")
    return tag("span", name[:1].upper(), class_="post-face", aria_hidden="true")


def _with(said: Description | Claim) -> Html | None:
    """The other authors of a post, if it names any."""
    if isinstance(said, Description):
        others = said.collaborators
    else:
        others = ()
    if not others:
        return None
    first, *rest = (tag("bdi", f"@{each}") for each in others)
    return join(" with ", first, [join(", ", each) for each in rest])


def render_text(said: Description, *, large: bool = False) -> Html:
    """The words of the post, links kept."""
    if not said.text and not said.text_html:
        return EMPTY
    if said.text_html:
        inner = sanitize(said.text_html)
    else:
        inner = escape_text(said.text or "")
    short = large and len(said.text or inner) <= LARGE_TEXT
    return tag("p", inner, class_="post-text large" if short else "post-text", dir="auto", lang=language(said.lang))


def _edited(record: PostRecord, said: Description) -> Html:
    """That the words were edited, when that was seen, and what they were."""
    edit = find_edit(record)
    if edit is None:
        return EMPTY
    head = tag("summary", "Edited, seen ", render_date(edit.at), "; what it said before")
    return tag("details", head, tag("p", edit.before, dir="auto", lang=language(said.lang)), class_="post-edited")


def _facts(said: Description) -> Html:
    counted = (
        (said.likes, "like"), (said.comments, "comment"), (said.shares, "share"), (said.views, "view"),
    )  # fmt: skip
    facts: list[Html | str] = [say_count(n, word) for n, word in counted if n is not None]
    facts += [join(label, tag("bdi", value)) for label, value in (("♪ ", said.audio), ("at ", said.location)) if value]
    quoted = link_target(said.quoted_url)
    if quoted:
        facts.append(join("quotes ", tag("a", quoted, href=quoted, **OUTWARD)))
    if facts:
        return tag("ul", [tag("li", fact) for fact in facts], class_="post-facts")
    return EMPTY


# --------------------------------------------------------------------------------------------------------------- claims


def _claimed(record: PostRecord) -> Iterator[Html]:
    appearance = fullest_claim(record)
    if appearance is None:
        yield tag("p", "The post itself was never seen, and no article says what it said.", class_="post-gap")
        return
    yield render_claim(appearance, record.post.posted_at)


def render_claim(appearance: Appearance, posted_at: str | None = None) -> Html:
    """What a publisher's markup says of a post, labelled as that."""
    claim = appearance.claim
    where = appearance.outlet or appearance.article_url
    label = join("The post itself was not seen. This is what the markup of ", tag("bdi", where), " says of it:")
    if claim.text:
        words = tag("p", claim.text, class_="post-text", dir="auto", lang=language(claim.lang))
    else:
        words = EMPTY
    return join(tag("p", label, class_="post-claim"), _byline(claim, None, None, posted_at or claim.posted_at), words)


def render_embed(record: EmbedRecord) -> Html:
    """An embed that names no post, as an `<article>`."""
    appearance = record.appearance
    article = link_target(appearance.article_url)
    title = appearance.article_title or appearance.article_url
    foot = tag(
        "footer",
        tag("p", "The markup names no post, so there is no original to look at."),
        tag("p", "Embedded in ", tag("a", tag("bdi", title), href=article, **OUTWARD) if article else tag("bdi", title),
            ", read ", render_date(appearance.fetched_at), "."),
        class_="post-foot",
    )  # fmt: skip
    return tag("article", render_claim(appearance), foot, class_="post", data_status="unresolved")


# ----------------------------------------------------------------------------------------------------------- provenance


def render_foot(record: PostRecord, version_url: str | None = None) -> Html:
    """Where the post stands, when and by what it was captured, its hash, and the way to the original."""
    lines = [tag("p", render_status(record.status, say_post_status(record)))]
    if record.best:
        lines.append(_captured(record.best))
    lines.append(tag("p", "Original: ", _robust_link(record, version_url)))
    return tag("footer", lines, class_="post-foot")


def _captured(capture: CaptureRecord) -> Html:
    if capture.sighting:
        return tag("p", say_sighting(capture.sighting), ".")
    said: list[Html | str] = ["Captured ", render_date(capture.started_at), " with embedarchive"]
    if capture.version:
        said.append(f" {capture.version}")
    if browser := capture.environment.get("browser"):
        said.append(f" ({shorten(str(browser), 60)})")
    if capture.environment.get("logged_in"):
        said.append(", logged in")
    if capture.brought_in:
        said.append(f", in another archive; brought in by {', '.join(capture.brought_in)}")
    for shot in capture.kept("screenshot")[:1]:
        said += [" · screenshot ", tag("code", f"sha256:{shot.sha256[:12]}…", title=f"sha256:{shot.sha256}")]
    return tag("p", said)


def _robust_link(record: PostRecord, version_url: str | None) -> Html:
    """A link with the attributes of https://robustlinks.mementoweb.org/spec/ so that it survives its target."""
    url = link_target(record.post.url)
    if url is None:
        return tag("bdi", record.post.url)
    seen = None
    if record.best:
        seen = record.best.started_at[:10]
    return tag("a", url, href=url, data_originalurl=url, data_versionurl=version_url, data_versiondate=seen, **OUTWARD)
