"""The nouns: frozen values that every other module speaks. Pure.

Times are text, ISO 8601 in UTC with milliseconds and a Z (`2026-03-09T14:05:06.000Z`), so that they sort as they read.
Bytes travel inside values; only the archive gives them a sha256 and a place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["embed", "mention", "unknown"]
"""`embed`: a reader would have seen the post here. `mention`: only a link, a feed tile, a credit.
`unknown`: a third-party frame or widget of no platform we know."""

Outcome = Literal["available", "gone", "unavailable", "blocked", "error"]
"""`available`: the post itself was seen. `gone`: deleted, by structure and a second sign. `unavailable`: there is an
answer and it is not the post (private, age-gated, embedding refused …). `blocked`: we were kept out (login wall, rate
limit, shell) and know nothing of the post. `error`: no usable answer."""

OUTCOMES: tuple[Outcome, ...] = ("available", "gone", "unavailable", "blocked", "error")

SeenIn = Literal["html", "dom", "both"]
"""Where an embed stood: in the HTML as served, in the DOM after the page's scripts ran, or in both."""

Role = Literal["screenshot", "dom", "media", "poster", "avatar", "thumbnail", "subtitles"]
"""What a file of a capture is. The `alt` of subtitles is their language."""

Origin = Literal["visit", "memento", "import"]
"""Whose observation a capture is: ours, on the live web; a web archive's; that of a file we were given."""

Purpose = Literal["post", "check", "control"]
"""What a capture was made for: the post itself, whether it is still there, whether its platform answers at all."""

Embedding = Literal["allowed", "refused"]
"""Whether a platform lets articles show a post."""

Headers = tuple[tuple[str, str], ...]
"""Header names as sent, in order, repeated names kept."""


@dataclass(frozen=True, slots=True)
class Post:
    """Identity of a post, and nothing of its content.

    `native_id` is the platform's own id, its case kept; where ids are only unique on a host it is `host/id`.
    `posted_at` is derived from the id alone (so it survives deletion), or None where ids carry no time.
    `resolved` is False for a short or share link whose target is not known yet: its `native_id` is then the link itself.
    """

    platform: str
    native_id: str
    url: str
    posted_at: str | None = None
    resolved: bool = True

    @property
    def key(self) -> str:
        return f"{self.platform}:{self.native_id}"


@dataclass(frozen=True, slots=True)
class Claim:
    """What the publisher's markup says of the post. A claim, never our observation."""

    author_name: str | None = None
    author_handle: str | None = None
    text: str | None = None
    posted_at: str | None = None
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class Embed:
    """One appearance of a post in one article.

    `position` counts from 1 in reading order. `post` is None when the markup names no post (a bare byline).
    `form` says how the markup carries it (`blockquote`, `iframe`, `amp`, `bare-url` …), `layer` and `rule` which part
    of the finder saw it; `snippet` is the raw markup, at most 20,000 characters.
    """

    position: int
    kind: Kind
    platform: str | None
    post: Post | None
    url: str | None
    form: str
    layer: str
    rule: str
    snippet: str
    claim: Claim = Claim()
    seen_in: SeenIn = "html"


@dataclass(frozen=True, slots=True)
class Found:
    """All that one search of one HTML text gave. `truncated` says why the search stopped early, if it did,
    or what stood in the article's place (`paywall`, `consent`, `challenge`) where nothing was found."""

    embeds: tuple[Embed, ...] = ()
    truncated: str | None = None
    title: str | None = None
    canonical_url: str | None = None
    published_at: str | None = None
    lang: str | None = None
    site_name: str | None = None


@dataclass(frozen=True, slots=True)
class PagePlace:
    """Where a page stands in a web archive: `file`, in a WACZ the file in it (`member`), and the bytes of its record there, as
    it is packed (None: it is not packed record by record). `sha256` and `size` are of the page, decoded, once it was hashed.
    """

    file: str
    member: str = ""
    offset: int | None = None
    length: int | None = None
    sha256: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True)
class Fetch:
    """One download of an article (or any document). `body` is decoded from its content coding, never from its charset.

    `outcome` is `ok`, `unchanged` (304) or `failed`; then `reason` is a short code. `truncated` is the reason why `body`
    is not the whole, or None. `source` is `network`, or the file or web archive it was read from. `closed_until` is until when
    (ISO 8601) the host of one that failed asks to be left alone, where that is too long to be waited for; it is not kept.
    `place` is where a page out of a web archive stands there; one with a `sha256` is kept by reference, without its body.
    """

    url: str
    final_url: str
    fetched_at: str
    outcome: Literal["ok", "unchanged", "failed"]
    status: int | None = None
    reason: str | None = None
    headers: Headers = ()
    content_type: str | None = None
    body: bytes = b""
    truncated: str | None = None
    redirects: tuple[tuple[int, str], ...] = ()
    remote_address: str | None = None
    elapsed_ms: int = 0
    source: str = "network"
    closed_until: str | None = None
    place: PagePlace | None = None

    def header(self, name: str) -> str | None:
        """The first header of that name (any case), or None."""
        return next((v for k, v in self.headers if k.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Answer:
    """One more answer a visit asked for beside the page: a second, independent look (`name` is the probe's)."""

    name: str
    url: str
    status: int | None
    final_url: str
    body: str
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """What a visit brought back, as pure rules read it.

    `body` is the main document as served, `dom` as rendered (empty if the browser never got that far).
    `status` is None when there was no HTTP answer; then `error` is a short code. `sub_failures` are URLs of the page's own
    images and frames that failed to load.
    """

    url: str
    final_url: str
    status: int | None
    body: str = ""
    dom: str = ""
    headers: Headers = ()
    redirects: tuple[tuple[int, str], ...] = ()
    answers: tuple[Answer, ...] = ()
    error: str | None = None
    truncated: str | None = None

    def answer(self, name: str) -> Answer | None:
        return next((a for a in self.answers if a.name == name), None)


@dataclass(frozen=True, slots=True)
class Sign:
    """One piece of evidence for an outcome: which rule looked where, and what it saw."""

    rule: str
    where: str
    saw: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a page means for its post. `reason` is a short code, empty only for a plain `available`.

    `embedding` is `refused` where the post is known to be there and its frame was refused: `available` where the post
    itself was seen in full elsewhere (on its public page, or in an answer that anybody may ask for), else `unavailable`.
    """

    outcome: Outcome
    reason: str | None = None
    signs: tuple[Sign, ...] = ()
    embedding: Embedding | None = None


@dataclass(frozen=True, slots=True)
class Media:
    """One photo, video, poster or avatar a description names.

    `url` leads to the largest uncropped file; it is signed and dies within a day or two. `position` counts slides from
    1 (0 for an avatar).
    """

    role: Role
    position: int
    url: str
    width: int | None = None
    height: int | None = None
    alt: str | None = None
    duration_s: float | None = None
    missing: str | None = None
    """Why the file itself cannot be had (`copyright_blocked` …), or None."""

    @property
    def name(self) -> str:
        """`media 2`, `poster 1`, `avatar`: as a capture's gaps name it."""
        if self.position == 0:
            return self.role
        return f"{self.role} {self.position}"


@dataclass(frozen=True, slots=True)
class Description:
    """What a post said, read from one capture.

    `sources` maps each filled field's name to where it was read (`contextJSON`, `markup`, `id`, `og`, `oembed` …).
    Counts are None when not shown, never 0 by default.
    """

    kind: str | None = None
    """photo, carousel, video, reel, text, link, audio …"""
    author_name: str | None = None
    author_handle: str | None = None
    author_url: str | None = None
    author_verified: bool | None = None
    author_followers: int | None = None
    collaborators: tuple[str, ...] = ()
    """Handles, without @."""
    text: str | None = None
    """Plain text, line breaks kept."""
    text_html: str | None = None
    """The same with its links: only <a href>, <br> and text."""
    title: str | None = None
    alt_text: str | None = None
    lang: str | None = None
    posted_at: str | None = None
    likes: int | None = None
    comments: int | None = None
    shares: int | None = None
    views: int | None = None
    audio: str | None = None
    location: str | None = None
    sensitive: bool | None = None
    """Whether the platform or the author marks it as not for every eye; None where the platform does not say."""
    quoted_url: str | None = None
    """Canonical URL of the post this one quotes or answers."""
    media: tuple[Media, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Artifact:
    """Bytes of a capture with a role. `truncated` is the reason why they are not the whole, or None."""

    role: Role
    body: bytes
    content_type: str
    position: int = 0
    url: str | None = None
    width: int | None = None
    height: int | None = None
    alt: str | None = None
    truncated: str | None = None
    dhash: int | None = None
    """Of a picture: its perceptual hash, signed 64 bits."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One HTTP request and its response seen while capturing, secrets already redacted. `body` is decoded."""

    url: str
    method: str = "GET"
    status: int | None = None
    request_headers: Headers = ()
    response_headers: Headers = ()
    body: bytes | None = None
    content_type: str | None = None
    resource_type: str = "other"
    """document, stylesheet, image, media, font, script, xhr, fetch, probe …"""
    remote_address: str | None = None
    started_at: str = ""
    elapsed_ms: int = 0
    truncated: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Described:
    """What rules of a version read of a post from one page; `also` are its other names, as far as the page tells them."""

    description: Description
    also: tuple[Post, ...]
    rules: int


@dataclass(frozen=True, slots=True)
class Capture:
    """One visit to one post: what was asked, what came, what it means. Immutable once kept."""

    post: Post
    visit_url: str
    final_url: str
    started_at: str
    finished_at: str
    verdict: Verdict
    status: int | None = None
    artifacts: tuple[Artifact, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    alterations: tuple[str, ...] = ()
    """What we did to the page, in order (moves, injected styles)."""
    missing: tuple[str, ...] = ()
    """What the post has and we could not keep, one line each; empty for a complete capture."""
    environment: Mapping[str, Any] = field(default_factory=dict)
    retry_after_s: float | None = None
    """How long the platform asked us to stay away, if it did."""
    origin: Origin = "visit"
    purpose: Purpose = "post"
    seen_at: str | None = None
    """When the post looked so; None: when the visit started."""


@dataclass(frozen=True, slots=True)
class PostStanding:
    """Where a post that an article embeds stands, as far as a run may say it.

    `state` is what is concluded of it (`available`, `gone`, `perhaps gone`, `unavailable`, `blocked`, `error`), else `due`
    (this run or another will visit it), `not captured` or `unresolved` (the markup names no post). `kept` is `whole`, `partial`
    or `none`; `platform` is "" where it is not known.
    """

    platform: str
    state: str
    kept: str


@dataclass(frozen=True, slots=True)
class Rendering:
    """An article as a browser made it: scripts run, scrolled to its end, nothing lying over it.

    `dom` is one HTML text, with shadow roots as the templates that declare them and same-origin frames as their srcdoc;
    empty when the page did not come, then `reason` is a short code. `screenshot` is the whole page; `captures` are the
    posts photographed in place, in reading order; `files` are what the page itself was drawn with.
    """

    url: str
    final_url: str
    rendered_at: str
    status: int | None = None
    reason: str | None = None
    dom: str = ""
    screenshot: bytes | None = None
    screenshot_type: str = "image/jpeg"
    alterations: tuple[str, ...] = ()
    captures: tuple[Capture, ...] = ()
    files: tuple[Exchange, ...] = ()


@dataclass(frozen=True, slots=True)
class Replay:
    """One showing of a capture from the archive alone, compared with what was seen when it was captured.

    `score` is 0.0 to 1.0 (all of it came back); `distance` the share of the picture that looks different, `text_found`
    the share of the post's words on show, each None where there was nothing to compare. `note` says what went wrong.
    """

    score: float
    distance: float | None
    text_found: float | None
    media_found: int
    media_expected: int
    note: str | None
    checked_at: str


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What is said of a post that is withheld: when that was decided, at which level, for which kind of reason."""

    key: str
    level: str
    at: str
    reason: str | None = None
    reference: str | None = None
