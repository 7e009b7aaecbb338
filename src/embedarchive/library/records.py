"""What readers look at: frozen records that the library reads from an archive and the renderers show. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from embedarchive.core.changes import ChangeKind
from embedarchive.core.completeness import What
from embedarchive.core.model import Claim, Description, Kind, Origin, Outcome, PagePlace, Post, Role, Sign

Kept = Literal["whole", "partial", "none"]
"""How much of a post is held: all of its own content, some of it, nothing."""

Status = Literal["available", "gone", "unavailable", "blocked", "error", "not captured"]
"""The newest answer about a post. A wall or a fault counts only while there is no better answer."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """Bytes of a capture, by hash. `held` is False where the archive does not have them: they were withdrawn on purpose, or
    were `damaged` already when this copy of it was made."""

    role: Role
    position: int
    sha256: str
    content_type: str
    size: int
    url: str | None = None
    width: int | None = None
    height: int | None = None
    alt: str | None = None
    truncated: str | None = None
    held: bool = True
    damaged: bool = False
    lent_at: str | None = None
    """Where it comes from another visit than the rest: when that was."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One look at a post: when, and what it showed. `doubted` is True of an answer that it is gone which is not believed."""

    at: str
    outcome: Outcome
    reason: str | None
    capture_id: int
    doubted: bool = False


@dataclass(frozen=True, slots=True)
class MissingFile:
    """A file of a post that is not held. `position` counts from 1, 0 is the post as such; `passing` says whether another
    visit may still bring it."""

    position: int
    why: str
    passing: bool
    what: What = "file"


@dataclass(frozen=True, slots=True)
class Sighting:
    """Who saw a post where it was not us, and when; where that was found, and when it was taken over.

    `origin` is `import` (of a file that we were given) or `memento` (of a web archive that was asked).
    """

    origin: Origin
    seen_by: str
    seen_at: str
    source: str = ""
    taken_over_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostState:
    """Where a post stands, and how much of it is held: what a post's record and its line have in common.

    `doubt` says why an answer that it is gone is not believed yet. `held` of the `expected` files of the post are kept,
    `lacking` are the others; `joined` maps the position of a file to the visit that lends it, where that is another than
    the best. `due_at` is when it is to be visited again for a file or for a doubt.
    """

    reason: str | None = None
    doubt: str | None = None
    last_available_at: str | None = None
    first_gone_at: str | None = None
    confirmed_at: str | None = None
    came_back_at: str | None = None
    embedding: str | None = None
    kept: Kept = "none"
    expected: int = 0
    held: int = 0
    what: What = "file"
    """What its files are, if they are all of a kind."""
    lacking: tuple[MissingFile, ...] = ()
    joined: Mapping[int, int] = field(default_factory=dict)
    due_at: str | None = None
    sighting: Sighting | None = None
    """Whose observation is shown, where it is not ours."""

    @property
    def preserved(self) -> bool:
        """Whether anything of it is kept, all or a part."""
        return self.kept != "none"


@dataclass(frozen=True, slots=True)
class CaptureRecord:
    """One visit as kept. `description` is what the newest rules read from it, or None."""

    id: int
    post_key: str
    outcome: Outcome
    reason: str | None
    signs: tuple[Sign, ...]
    visit_url: str
    final_url: str
    status: int | None
    started_at: str
    finished_at: str
    missing: tuple[str, ...] = ()
    alterations: tuple[str, ...] = ()
    environment: Mapping[str, Any] = field(default_factory=dict)
    version: str | None = None
    """Of embedarchive, when it came from a run."""
    fetch_id: int | None = None
    """The download of an article in which the post was photographed, or None for a visit to the post itself."""
    article_id: int | None = None
    replay_score: float | None = None
    """How much of it came back when it was last shown from the archive alone; None when it never was."""
    replay_note: str | None = None
    replay_due: bool = False
    """Whether it is still to be shown again; a check never is, for it keeps no media."""
    artifacts: tuple[StoredFile, ...] = ()
    description: Description | None = None
    sensitive: bool = False
    """Whether any look at the post found it marked as not for every eye."""
    sighting: Sighting | None = None
    """Who saw it, where it was not us: then it is no visit."""
    brought_in: tuple[str, ...] = ()
    """The files of which one brought this visit of another archive of ours."""

    def kept(self, role: Role) -> tuple[StoredFile, ...]:
        """The artifacts of that role, in order."""
        return tuple(a for a in self.artifacts if a.role == role)


@dataclass(frozen=True, slots=True)
class ExchangeRecord:
    """One request and its response as seen while capturing, without the bodies."""

    position: int
    url: str
    method: str
    status: int | None
    resource_type: str
    content_type: str | None
    sha256: str | None
    size: int | None
    started_at: str
    elapsed_ms: int
    remote_address: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Appearance:
    """One appearance of a post in an article, with what the publisher's markup claims. `current` is False where the
    article's newest download no longer has it."""

    embed_id: int
    article_id: int
    article_url: str
    article_title: str | None
    outlet: str | None
    published_at: str | None
    fetched_at: str
    position: int
    kind: Kind
    platform: str | None
    url: str | None
    form: str
    snippet: str
    claim: Claim
    current: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """A field that differs between two captures of a post."""

    field: str
    before: str
    after: str
    from_capture: int
    to_capture: int
    at: str


@dataclass(frozen=True, slots=True)
class PostRecord(PostState):
    """All that an archive knows of one post.

    `best` is the view of it to show, or None if the post itself was never seen: the newest whole capture, else the one that
    holds most, with the files that others lend to it. `said` is what it said when it was last seen, which may be newer.
    """

    post: Post
    status: Status
    first_seen_at: str
    last_checked_at: str | None = None
    observations: tuple[Observation, ...] = ()
    captures: tuple[CaptureRecord, ...] = ()
    best: CaptureRecord | None = None
    said: Description | None = None
    appearances: tuple[Appearance, ...] = ()
    more_appearances: int = 0
    """How many further appearances there are beside those read."""
    notes: tuple[Note, ...] = ()
    collections: tuple[str, ...] = ()

    @property
    def in_place(self) -> tuple[CaptureRecord, ...]:
        """How it was photographed in articles, the newest picture of each, newest first."""
        placed = [c for c in reversed(self.captures) if c.article_id and c.kept("screenshot")]
        return tuple(reversed({c.article_id: c for c in placed}.values()))

    @property
    def claims(self) -> tuple[Appearance, ...]:
        """The appearances whose markup says something of the post."""
        return tuple(s for s in self.appearances if s.claim.text or s.claim.author_name or s.claim.author_handle)


@dataclass(frozen=True, slots=True)
class EmbedRecord:
    """An embed that names no post: only the publisher's claim is known."""

    id: int
    appearance: Appearance
    html_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class PostLine(PostState):
    """One post on one line, as lists and articles show it. `claimed` is True where its words are only a publisher's."""

    key: str
    platform: str
    url: str
    status: Status
    author_name: str | None = None
    author_handle: str | None = None
    kind: str | None = None
    text: str | None = None
    alt: str | None = None
    lang: str | None = None
    posted_at: str | None = None
    claimed: bool = False
    sensitive: bool = False
    picture: StoredFile | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """An embed at its place in an article, and the post it shows if it names one."""

    appearance: Appearance
    post: PostLine | None = None
    seen: CaptureRecord | None = None
    """How the post was last photographed in this article, if it was."""


@dataclass(frozen=True, slots=True)
class FetchRecord:
    """One download of an article, without its bytes."""

    id: int
    url: str
    final_url: str
    fetched_at: str
    outcome: Literal["ok", "unchanged", "failed"]
    reason: str | None
    status: int | None
    html_sha256: str | None
    truncated: str | None
    source: str
    search_note: str | None
    rendered_at: str | None = None
    dom_sha256: str | None = None
    screenshot_sha256: str | None = None
    """The whole page with its embeds in place, when a browser opened it."""
    place: PagePlace | None = None
    """Where the page stands that is kept by reference: there is no copy of it here."""


@dataclass(frozen=True, slots=True)
class Note:
    """What a list or a person said of an article or a post under a heading. `by` says who, `at` when."""

    name: str
    value: str
    by: str
    at: str

    @property
    def is_tag(self) -> bool:
        return self.name.startswith("tag ")


@dataclass(frozen=True, slots=True)
class ArticleRecord:
    """An article with the embeds of its newest searched download, in reading order."""

    id: int
    url: str
    outlet: str | None
    title: str | None
    site_name: str | None
    lang: str | None
    published_at: str | None
    first_seen_at: str
    fetches: tuple[FetchRecord, ...] = ()
    embeds: tuple[Placed, ...] = ()
    notes: tuple[Note, ...] = ()
    collections: tuple[str, ...] = ()

    @property
    def picture(self) -> FetchRecord | None:
        """The newest download whose whole page was photographed."""
        return next((fetch for fetch in self.fetches if fetch.screenshot_sha256), None)

    @property
    def sensitive(self) -> bool:
        """Whether a picture of the article may show what is not for every eye."""
        return any(placed.post.sensitive for placed in self.embeds if placed.post)


@dataclass(frozen=True, slots=True)
class ArticleLine:
    """One article on one line. The figures count posts that its newest searched download embeds."""

    id: int
    url: str
    outlet: str | None
    title: str | None
    published_at: str | None
    embeds: int = 0
    gone: int = 0
    preserved: int = 0
    partly_preserved: int = 0
    """Of those preserved: a file is missing."""


@dataclass(frozen=True, slots=True)
class OutletRecord:
    """One outlet: how much it embedded, how much of that is gone, how much of it is kept, and its articles."""

    name: str
    articles: int
    embeds: int
    posts: int
    gone: int
    gone_but_kept: int
    preserved: int
    unresolved: int
    partly_preserved: int = 0
    """Of those preserved: a file is missing."""
    lines: tuple[ArticleLine, ...] = ()


Piece = tuple[str, bool]
"""A piece of text, and whether it is what was searched for."""


Way = Literal["words", "respelt", "fragment", "ending", "part", "similar"]
"""What of a text was found: its words, these written otherwise (together or apart, with other signs), its very characters
inside of words, its words with other endings, some of its words, or words spelt nearly so."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One search result. `where` says what the words were found in: what the post said (`post`), what a publisher's
    markup says of it (`claim`), an article's title (`article`), or what a list notes of it (`note`); `way`, how it was
    found."""

    where: Literal["post", "claim", "article", "note"]
    pieces: tuple[Piece, ...]
    post: PostLine | None = None
    appearance: Appearance | None = None
    article: ArticleLine | None = None
    way: Way = "words"


@dataclass(frozen=True, slots=True)
class Alike:
    """A post with the picture that was asked for, or a part of it, or that is a part of it.

    `distance` is between the image hashes, in bits of 64: 0 for the same picture, up to 64 for a part of one.
    """

    post: PostLine
    distance: int
    mirrored: bool = False


NO_PICTURE = "no picture that can be looked for"
"""What a file was understood as that could not be read, before why."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a pasted text means to an archive. `understood` names the reading of it, `tried` what was looked for.

    `url` is the address to capture or crawl when nothing was found, if the text holds one.
    """

    text: str
    understood: str
    posts: tuple[PostLine, ...] = ()
    embeds: tuple[Placed, ...] = ()
    articles: tuple[ArticleLine, ...] = ()
    hits: tuple[Hit, ...] = ()
    alike: tuple[Alike, ...] = ()
    tried: tuple[str, ...] = ()
    url: str | None = None
    is_post: bool = False
    near: tuple[tuple[PostLine, str], ...] = ()
    """Nearly what was asked for, and why only nearly: never counted as found."""
    spelt: tuple[str, ...] = ()
    """What there is that is spelt nearly so, or how else the text can be read: each can be looked up."""
    browse: Mapping[str, str] | None = None
    """What to browse by, where the text names posts by their date, platform or outlet; `total` is how many those are."""
    total: int = 0
    missing: tuple[str, ...] = ()
    """Of several things that were asked for at once, those of which there is nothing."""

    @property
    def found(self) -> bool:
        return bool(self.posts or self.embeds or self.articles or self.hits or self.alike)


@dataclass(frozen=True, slots=True)
class Figures:
    """Totals of an archive."""

    articles: int
    embeds: int
    unresolved: int
    posts: int
    preserved: int
    gone: int
    gone_but_kept: int
    captures: int
    replayed: int
    """Captures shown again from the archive alone."""
    not_replayed: int
    """Captures that are to be, and were not yet."""
    blobs: int
    bytes: int
    outcomes: Mapping[str, int] = field(default_factory=dict)
    platforms: tuple[tuple[str, int, int], ...] = ()
    """(platform, posts, of them preserved)"""
    perhaps_gone: int = 0
    """Posts that were said to be gone, which is not confirmed."""
    first_at: str | None = None
    last_at: str | None = None
    partly_preserved: int = 0
    """Of those preserved: a file is missing."""
    withheld: int = 0
    """Posts that whoever counts may not see: they are in none of the other figures."""


@dataclass(frozen=True, slots=True)
class Counts:
    """All that takes reading whole tables: the totals, and every outlet's, most embeds first."""

    figures: Figures
    outlets: tuple[OutletRecord, ...]

    def outlet(self, name: str) -> OutletRecord | None:
        return next((each for each in self.outlets if each.name == name), None)


@dataclass(frozen=True, slots=True)
class Front:
    """The first page of an archive, without what must be counted."""

    losses: tuple[PostLine, ...] = ()
    recent: tuple[PostLine, ...] = ()


@dataclass(frozen=True, slots=True)
class ToldStory:
    """An article that embeds a post now."""

    id: int
    url: str
    title: str | None
    outlet: str | None


@dataclass(frozen=True, slots=True)
class Alert:
    """One change of a post: later than `after`, no later than `by` (both observations, ISO 8601), first told at `noted_at`.

    `confirmed` says that an answer a day later agrees that it is gone; of a change that is this answer `missing_at` is the
    first that said so, by which it had happened. `stories` embed it now.
    """

    id: str
    change: ChangeKind
    after: str | None
    by: str
    noted_at: str
    confirmed: bool
    post: PostLine
    stories: tuple[ToldStory, ...]
    missing_at: str | None = None

    @property
    def happened_by(self) -> str:
        """The first observation after what happened: that a loss is confirmed happens later than the loss."""
        return self.missing_at or self.by

    @property
    def healable(self) -> bool:
        """Whether there is a copy to put in the place of the post, and the post is gone."""
        return self.change in ("missing", "gone") and self.post.status == "gone" and self.post.preserved


Subject = Literal["capture", "fetch", "rendering"]


@dataclass(frozen=True, slots=True)
class LoggedEntry:
    """An entry of the log, as canonical JSON, and the way from its leaf to the root of the checkpoint.

    `leaf` is 32 bytes: what was logged at `index`, which after a withdrawal is not that of `entry`.
    """

    index: int
    entry: bytes
    leaf: bytes
    hashes: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class SaltedWords:
    """What stands behind a salted hash of an entry: `column` is `table/id/column`, `salt` 16 bytes."""

    column: str
    salt: bytes
    words: str


@dataclass(frozen=True, slots=True)
class StampRecord:
    """A time stamp of a checkpoint: by whom, its time (ISO 8601), the token, and the certificate that judges it (PEM)."""

    authority: str
    at: str
    token: bytes
    root: str


@dataclass(frozen=True, slots=True)
class ProofRecord:
    """What proves a capture or download. `withdrawal` stands beside an entry that is no longer as it was logged.

    `note` is the signed checkpoint, `text` what in it is signed; `size` how many entries it covers, `made_at` when its signer
    says that it was made; `key` the 32 bytes of the public key.
    """

    kind: Subject
    subject: int
    place: LoggedEntry
    words: Sequence[SaltedWords]
    note: str
    text: str
    size: int
    made_at: str
    key: bytes
    signature: bytes
    withdrawal: LoggedEntry | None = None
    stamps: Sequence[StampRecord] = ()
