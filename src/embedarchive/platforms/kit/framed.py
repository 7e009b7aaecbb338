"""Platforms whose posts live in a frame and are told of by JSON beside it: how to visit, judge and read them. Pure.

A platform gives data: its frame, what the frame says of itself, the addresses that answer for it, a reader for each.
The rules are the same for all. Nothing counts as seen unless the frame itself says so, holds what another source says of
the post, or refuses what another source tells in full; nothing counts as gone unless two sources deny it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from selectolax.lexbor import LexborHTMLParser, LexborNode

from embedarchive.core.model import Answer, Description, Media, Page, Post, Sign, Verdict
from embedarchive.core.urls import split_anything
from embedarchive.platforms.kit.fields import (
    as_size,
    as_text,
    merge_readings,
    parse_html,
    read_json,
    read_oembed,
    read_rich_text,
)
from embedarchive.platforms.kit.outcomes import (
    MAX_HTML,
    classify_answer,
    classify_strange,
    is_told_in_full,
    judge_refused_frame,
    verdict,
)
from embedarchive.platforms.kit.specification import Frame, Probe, Trust, Visitable

Said = Mapping[str, Any] | None
"""What a source says of the post: fields of a description, and `id` where it names one. Empty when it says nothing of
it, None when it denies that there is such a post."""

FRAMED_STATES = ("live", "gone", "unsure", "private", "refused", "strange", "wrong_post")
"""What a replica of any of them must be able to play: the frame, or none of it, and what its witnesses then say."""

FrameReader = Callable[[Page, LexborHTMLParser, Post], Said]
Reader = Callable[[Answer, Post], Said]
Says = Literal["here", "none", "kept", "other", ""]


@dataclass(frozen=True, slots=True)
class Framed:
    """What is particular to one platform.

    `kind` is what every post of it is; empty where they differ, and then only a reader tells.
    `asks` are the addresses that answer for a post, by name (templates, see `fill_url`; one that is only a field, and
    empty, asks nobody); an `oembed` is read without a reader. `gate` names what keeps the frame from us although it
    knows the post (`password` …). `signatures` say, by source (`frame`, or the name of a probe), what the body of its
    denial holds (a regular expression): of two denials one must be the platform's own beyond doubt. `absent` are
    statuses with which the frame says that there is no post, `refusals`
    those with which it refuses a post that may be there; `walls` keep out whoever asks. `navigates` are the names that
    want a browser's headers, `judges` those whose reader says itself what a 404 means. `expect` is the id that sources
    name. `first` is the source that is believed before the frame.
    """

    frame: Frame
    kind: str = "video"
    says: FrameReader = lambda page, tree, post: {}
    asks: Mapping[str, str] = field(default_factory=dict)
    readers: Mapping[str, Reader] = field(default_factory=dict)
    gate: Callable[[Page, LexborHTMLParser], str | None] = lambda page, tree: None
    absent: tuple[int, ...] = (404, 410)
    signatures: Mapping[str, str] = field(default_factory=dict)
    refusals: tuple[int, ...] = ()
    walls: tuple[int, ...] = ()
    navigates: tuple[str, ...] = ()
    judges: tuple[str, ...] = ()
    first: str = "frame"
    fields: Callable[[Post], Mapping[str, str]] = lambda post: {}
    expect: Callable[[Post], str] = lambda post: re.split(r"[/=]", post.native_id)[-1]
    date: Callable[[str], str | None] = lambda native_id: None


@dataclass(frozen=True, slots=True)
class _Source:
    """What one source says, and the sign that shows it."""

    name: str
    says: Says
    sign: Sign
    fields: Mapping[str, Any] = field(default_factory=dict)
    signed: bool = True
    """Whether what it says can come from nobody but the platform: its structure does, a bare status does not."""
    named: bool = False
    """Whether it names this very post, and does not only tell of some post."""


def make_visit(
    framed: Framed, rules: int = 1, denial: Trust = "guess", silent: tuple[int, str] = (404, "<p>not recorded</p>")
) -> Visitable:
    """Make the capture part of a platform. Its sources are asked once: in doubt, or to tell more of what was seen."""
    probes = tuple(
        Probe(name, url, when, navigate=name in framed.navigates)
        for when in ("doubt", "available")
        for name, url in framed.asks.items()
    )

    def classify(page: Page, post: Post) -> Verdict:
        return classify_framed(framed, page, post)

    def describe(page: Page, post: Post) -> Description:
        return describe_framed(framed, page, post)

    reads = (*framed.readers, *framed.navigates)
    return Visitable(framed.frame, classify, describe, probes, framed.fields, rules, reads, denial, silent=silent)


# ------------------------------------------------------------------------------------------------------------- judging


def classify_framed(framed: Framed, page: Page, post: Post) -> Verdict:
    """Say what the frame and its witnesses mean for the post, by structure only."""
    if page.status in framed.walls:
        return verdict("blocked", "refused", "status", "status", page.status)
    early = classify_answer(page)
    if early and page.status not in framed.refusals:
        return early
    tree = parse_frame(page)
    sources = [_parse_answer(framed, answer, post) for answer in page.answers]
    frame, gate = _parse_frame_source(framed, page, tree, post), framed.gate(page, tree)
    if frame.says == "other":
        return Verdict("error", "wrong_post", (frame.sign,))
    if frame.says == "here" and frame.named and not gate:
        return Verdict("available", None, (frame.sign,))
    here = [v for v in sources if v.says == "here"]
    told = [(v, find_agreement(page, v.fields, framed.expect(post))) for v in here if v.named]
    agreed = next(((agreement, v.sign) for v, agreement in told if agreement), None)
    if agreed and frame.says in ("", "here") and not gate:
        return Verdict("available", None, agreed)
    refused = _classify_refusal(gate, frame, sources)
    if refused:  # a refusal of a post of which nobody, asked, tells anything may be one of us alone
        if early and page.answers and not refused.signs[1:]:
            return early
        return refused
    strange = classify_strange(page, tree)
    drawn = strange.reason == "unrecognized" or (strange.reason == "blank" and page.body.strip())
    if _has_witness(framed, post) and not page.answers and drawn:
        return replace(strange, outcome="unavailable", reason="unconfirmed")  # not yet asked whether it is the post
    return strange


def _has_witness(framed: Framed, post: Post) -> bool:
    """Whether anyone beside the frame can be asked about this post."""
    fields = framed.fields(post)
    return any(fields.get(url.strip("{}"), url) for url in framed.asks.values())


def _classify_refusal(gate: str | None, frame: _Source, sources: list[_Source]) -> Verdict | None:
    """Judge a post that is denied or withheld by some; None when nobody says anything clear.

    A frame that is silent is no sign: then two others must deny the post before it counts as gone.
    """
    denying = [v for v in (frame, *sources) if v.says == "none"]
    denials = [v.sign for v in denying]
    here = next((v.sign for v in sources if v.says == "here"), None)
    keeps = [v.sign for v in sources if v.says == "kept"]
    kept = keeps[0] if keeps else None
    if gate and (here or len(denials) < 2):
        return Verdict("unavailable", gate, (Sign("gate", "frame", gate), *denials))
    if frame.says in ("none", "kept") and (here or kept):
        telling = [v for v in sources if v.says == "here"]
        if not telling:
            return Verdict("unavailable", "private", (frame.sign, kept or frame.sign))
        shown = next((v for v in telling if v.named and is_told_in_full(v.fields)), None)
        return judge_refused_frame(shown.fields if shown else {}, frame.sign, (shown or telling[0]).sign)
    if len(denials) >= 2 and any(v.signed for v in denying):
        return Verdict("gone", "deleted", tuple(denials))
    if len(keeps) >= 2 and not here:
        return Verdict("unavailable", "private", tuple(keeps))
    if frame.says == "kept" and denials:
        return Verdict("unavailable", "private", (frame.sign, *denials))
    if denials or frame.says == "kept":
        return Verdict("unavailable", "unconfirmed", tuple(denials) or (frame.sign,))
    return None


def _parse_frame_source(framed: Framed, page: Page, tree: LexborHTMLParser, post: Post) -> _Source:
    status = Sign("frame's status", "status", str(page.status))
    if page.status in framed.absent:
        return _Source("frame", "none", status, signed=_is_signed(framed, "frame", page.body))
    if page.status in framed.refusals:
        return _Source("frame", "kept", status)
    dead = ", ".join(framed.frame.dead)
    if dead and tree.css_first(dead):
        return _Source("frame", "none", Sign("frame without a post", dead, "present"))
    return _weigh("frame", framed.says(page, tree, post), framed.expect(post), page.final_url)


def _parse_answer(framed: Framed, answer: Answer, post: Post) -> _Source:
    """A refusal must be the service's own: JSON or a line of text; a document is somebody's error page."""
    reader = framed.readers.get(answer.name, read_oembed_answer)
    refusals: dict[int | None, Says] = {401: "kept", 403: "kept", 404: "none", 410: "none"}
    judged = answer.name in framed.navigates or (answer.name in framed.judges and refusals.get(answer.status) == "none")
    if answer.status in refusals and not judged:
        said = answer.body.strip()
        signed = _is_signed(framed, answer.name, said)
        sure = signed or ("<" not in said and len(said) < 2000)
        sign = Sign(answer.name, "status", str(answer.status))
        return _Source(answer.name, refusals[answer.status] if sure else "", sign, signed=signed)
    source = _weigh(answer.name, reader(answer, post), framed.expect(post), str(answer.status), answer.body)
    bare = answer.status in framed.absent
    if bare:
        return replace(source, signed=_is_signed(framed, answer.name, answer.body))
    return source


def _is_signed(framed: Framed, name: str, body: str) -> bool:
    """Whether a denial holds what only the platform's own would: any server can send a status."""
    pattern = framed.signatures.get(name)
    return pattern is not None and re.search(pattern, body[:MAX_HTML]) is not None


def _weigh(name: str, said: Said, expected: str, where: str, body: str = "") -> _Source:
    """What a source says of the post. One that gives no id as such names the post where its answer holds it.

    An answer that does not name the post tells nothing of it, whatever else it says.
    """
    if said is None:
        return _Source(name, "none", Sign(f"{name} denies the post", where, "no post"))
    named = said.get("id")
    if named and str(named) != expected:
        return _Source(name, "other", Sign(f"{name} names the post", "id", str(named)[:100]))
    sign = Sign(f"{name} tells of the post", "id" if named else where, expected)
    is_named = bool(named) or names_id(body, expected)
    is_told = is_named or name == "frame"
    return _Source(name, "here" if said and is_told else "", sign, said, named=is_named)


def names_id(text: str, native_id: str) -> bool:
    """Whether an id stands in a text as a whole: also behind an encoded slash, and before the underscore of a file's size."""
    return re.search(rf"(?:(?<![\w-])|(?<=%2F)|(?<=%3A)){re.escape(native_id)}(?![A-Za-z0-9-])", text) is not None


def find_agreement(page: Page, fields: Mapping[str, Any], native_id: str) -> Sign | None:
    """Find in the frame what another source says of the post: its title, its picture's file, or its author and link."""
    seen = " ".join(html.unescape((page.dom or page.body)[:MAX_HTML]).split())
    for name in ("title", "text"):
        told = " ".join((as_text(fields.get(name)) or "").split())[:80]
        if len(told) >= 4 and told in seen:
            return Sign("frame holds what is told of the post", name, told)
    for media in fields.get("media") or ():
        file = split_anything(media.url).path.rpartition("/")[2]
        if len(file) >= 8 and file in seen:
            return Sign("frame holds what is told of the post", media.role, file)
    author = as_text(fields.get("author_name"))
    if author and len(author) >= 3 and author in seen and re.search(rf'href="[^"]*\b{re.escape(native_id)}\b', seen):
        return Sign("frame holds what is told of the post", "author and link", author)
    return None


# ------------------------------------------------------------------------------------------------------------- reading


def describe_framed(framed: Framed, page: Page, post: Post) -> Description:
    """Read what the post said, from its frame first; of a page that is not the post, only what its id tells."""
    known = ("id", {"posted_at": framed.date(post.native_id)})
    found = classify_framed(framed, page, post)
    if found.outcome != "available" and found.embedding != "refused":
        return merge_readings(known)
    frame = _parse_frame_source(framed, page, parse_frame(page), post)
    sources = [frame, *(_parse_answer(framed, answer, post) for answer in page.answers)]
    sources.sort(key=lambda source: source.name != framed.first)
    told = [(v.name, {k: w for k, w in v.fields.items() if k != "id"}) for v in _find_told(sources)]
    said = merge_readings(known, *told, ("platform", {"kind": framed.kind}))
    return _complete_film(said, [(name, m) for name, fields in told for m in fields.get("media") or ()])


def _find_told(sources: list[_Source]) -> list[_Source]:
    """The sources that tell of the post; one that names no post does so where its title is that of one which does."""
    titles = {v.fields.get("title") for v in sources if v.says == "here" and v.named} - {None}
    return [v for v in sources if v.says == "here" or (v.says == "" and v.fields.get("title") in titles)]


def _complete_film(said: Description, named: list[tuple[str, Media]]) -> Description:
    """Give a film or a sound the poster that another source has; a file nobody names is said to be only streamed."""
    if said.kind not in ("video", "audio"):
        return said
    roles = {m.role for m in said.media}
    film = () if "media" in roles else (Media("media", 1, "", missing="only_streamed"),)
    posters = [(name, m) for name, m in named if m.role == "poster" and "poster" not in roles][:1]
    source = said.sources.get("media") or "platform"
    sources = {**said.sources, "media": "+".join(dict.fromkeys((source, *(name for name, _ in posters))))}
    return replace(said, media=(*film, *said.media, *(m for _, m in posters)), sources=sources)


def parse_frame(page: Page) -> LexborHTMLParser:
    """Parse the frame as rendered: most are drawn by script; as served when it never got that far."""
    return parse_html((page.dom or page.body)[:MAX_HTML])


def read_oembed_answer(answer: Answer, post: Post) -> Said:
    """Read the fields any oEmbed answer may carry; its picture is the post itself only where its type is `photo`."""
    data = None
    if answer.status == 200:
        data = read_json(answer.body)
    if not isinstance(data, dict):
        return {}
    return {"text": as_text(data.get("description")), **read_oembed(answer), "media": tuple(_read_pictures(data))}


def _read_pictures(data: dict[str, Any]) -> list[Media]:
    photo, thumbnail = as_text(data.get("url")), as_text(data.get("thumbnail_url"))
    if data.get("type") == "photo" and photo:
        return [Media("media", 1, photo, as_size(data.get("width")), as_size(data.get("height")))]
    size = as_size(data.get("thumbnail_width")), as_size(data.get("thumbnail_height"))
    if thumbnail:
        return [Media("poster", 1, thumbnail, *size)]
    return []


def read_json_answer(answer: Answer) -> Any:
    """The JSON of a good answer, else None."""
    if answer.status == 200:
        return read_json(answer.body)
    return None


def read_script(tree: LexborHTMLParser, css: str) -> Any:
    """The JSON that a script holds, else None."""
    node = tree.css_first(css)
    if node:
        return read_json(node.text())
    return None


def read_attribute(tree: LexborHTMLParser, css: str, name: str) -> Any:
    """The JSON in an attribute of the first element that matches, else None."""
    return read_json(attribute(tree, css, name) or "")


def attribute(tree: LexborHTMLParser | LexborNode, css: str, name: str) -> str | None:
    """An attribute's value of the first element that matches, or None."""
    node = tree.css_first(css)
    if node:
        return node.attributes.get(name) or None
    return None


def rich_text_of(node: LexborNode | None, base: str) -> dict[str, str]:
    """The node's text twice, plain and with its links; empty when there is no node."""
    if node is None:
        return {}
    plain, rich = read_rich_text(node, base)
    return {"text": plain, "text_html": rich}


def as_seconds(value: Any) -> float | None:
    """A length in seconds, where it is a plausible number."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and 0 < value < 10**6:
        return float(value)
    return None


def as_url(value: Any) -> str | None:
    """The value if it is an address on the web; one without its scheme gets https."""
    text = as_text(value) or ""
    if text.startswith("//"):
        text = f"https:{text}"
    if text.startswith(("https://", "http://")):
        return text
    return None


def file_or_stream(url: str | None, width: Any = None, height: Any = None, seconds: float | None = None) -> Media:
    """The post's film or sound; without an address it is only streamed."""
    size = as_size(width), as_size(height)
    return Media("media", 1, url or "", *size, duration_s=seconds, missing=None if url else "only_streamed")


def poster_of(url: str | None, width: Any = None, height: Any = None) -> tuple[Media, ...]:
    """The picture that stands for a film or a sound, if there is one."""
    if not url:
        return ()
    return (Media("poster", 1, url, as_size(width), as_size(height)),)
