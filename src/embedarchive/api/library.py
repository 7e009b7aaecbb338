"""An archive file -> a library to ask from Python: typed, lazy, read-only.

>>> from embedarchive import open_archive
>>> library = open_archive("archive")
>>> for post in library.posts(status="gone", author="clara_writes"):
...     print(post.key, post.text[:26], post.first_gone_at[:10])
x:2028591126443921508 I was asked to delete this 2026-03-12
>>> record = library.post("https://twitter.com/clara_writes/status/2028591126443921508?s=20")
>>> record.status, len(record.observations), record.best.description.shares
('gone', 2, 6630)
>>> [placed.post.key if placed.post else None for placed in library.embeds(outlet="forma.example")]
['instagram:DVg1xFDAbeb', None]
>>> [(file.content_type, len(body) == file.size) for file, body in library.media("instagram:DVg1xFDAbeb")]
[('image/jpeg', True)]
>>> library.card(record).startswith("<!DOCTYPE html>")
True
>>> list(library.query("SELECT outlet, gone FROM embeds_by_outlet WHERE gone >= :least", least=2))
[{'outlet': 'the-meridian.example', 'gone': 3}]
>>> library.close()
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from embedarchive import library as reading
from embedarchive.core.errors import UsageError
from embedarchive.core.model import OUTCOMES, Role
from embedarchive.library.articles import NEWEST, article_lines, place
from embedarchive.library.asking import LONGEST_S, ask
from embedarchive.library.lookup import lookup
from embedarchive.library.posts import IN_KEYS, find_key, read_lines
from embedarchive.library.records import (
    ArticleLine,
    ArticleRecord,
    EmbedRecord,
    Figures,
    Hit,
    Lookup,
    OutletRecord,
    Placed,
    PostLine,
    PostRecord,
    StoredFile,
)
from embedarchive.library.rows import APPEARANCE, in_list, select
from embedarchive.library.search import quote_terms
from embedarchive.show.card import render_card
from embedarchive.store import archive_path
from embedarchive.store.fixity import read_blob
from embedarchive.store.sharing import Eyes, open_shared

T = TypeVar("T")
PIECE = 200
STATUSES = (*OUTCOMES, "not captured")

_DATED = "coalesce(s.posted_at, (SELECT d.posted_at FROM descriptions d WHERE d.capture_id = s.best_capture_id))"
_BY = (
    "s.key IN (SELECT post_key FROM descriptions WHERE author_handle = ? COLLATE NOCASE "
    "UNION SELECT post_key FROM embeds WHERE author_handle = ? COLLATE NOCASE)"
)
_IN_OUTLET = (
    "s.key IN (SELECT e.post_key FROM embeds e JOIN articles a ON a.id = e.article_id "
    "WHERE a.outlet = ? AND e.kind = 'embed')"
)
_SAYING = (
    "s.key IN (SELECT post_key FROM descriptions WHERE id IN "
    "(SELECT rowid FROM descriptions_fts WHERE descriptions_fts MATCH ?) "
    "UNION SELECT post_key FROM embeds WHERE id IN (SELECT rowid FROM embeds_fts WHERE embeds_fts MATCH ?))"
)


def open_archive(path: str | Path = "archive", *, eyes: Eyes = "public") -> Library:
    """Open an archive for reading: a folder that holds embeds.db, or a .db file.

    `eyes` that are `public` see what may be shared with everybody; `staff`, all but what is sealed or erased. Readers may be
    many, also while a run writes. Raises ArchiveError when there is no archive.
    """
    return Library(archive_path(path), eyes)


class Library:
    """An archive, open for reading. Use it as a context manager, in the thread that opened it.

    What gives many is lazy and gives frozen records, in pieces read as they are asked for: a record tells what the
    archive held when its piece was read.
    """

    def __init__(self, path: Path, eyes: Eyes = "public") -> None:
        self.path = path
        self._conn = open_shared(path, eyes)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._conn.close()

    # ---------------------------------------------------------------------------------------------------------- posts

    def posts(
        self,
        *,
        platform: str | None = None,
        author: str | None = None,
        status: str | None = None,
        outlet: str | None = None,
        since: str | None = None,
        until: str | None = None,
        text: str | None = None,
    ) -> Iterator[PostLine]:
        """Posts that meet every condition given, by key.

        `author` is a handle, as seen or as publishers claim; `status` one of `STATUSES`; `outlet` the host of articles
        that embed the post, without `www.`; `since` and `until` are ISO dates, the former included, of the post's own
        date (a post of unknown date meets neither); `text` are words that the post or a publisher's markup holds.
        Raises UsageError for a status that there is not.
        """
        handle = (author or "").removeprefix("@")
        words = " AND ".join(quote_terms(text or ""))
        if status is not None and status not in STATUSES:
            raise UsageError(f"There is no status {status!r}; there are: {', '.join(STATUSES)}.")
        if text is not None and not words:
            return iter(())
        conditions: dict[str, tuple[Any, ...]] = {
            "s.platform = ?": given(platform, platform),
            _BY: given(author, handle, handle),
            "s.status = ?": given(status, status),
            _IN_OUTLET: given(outlet, name_outlet(outlet)),
            f"{_DATED} >= ?": given(since, since),
            f"{_DATED} < ?": given(until, until),
            _SAYING: given(words, words, words),
        }
        return self._read("SELECT s.key FROM post_status s", "s.key", "", conditions, self._lines)

    def _lines(self, keys: list[Any]) -> list[PostLine]:
        return list(read_lines(self._conn, keys).values())

    def post(self, anything: str) -> PostRecord | None:
        """All that is known of one post, by its key or any form of its address or id; None if the archive has none,
        or more than one that this could mean."""
        if find_key(self._conn, anything):
            return reading.post_record(self._conn, anything)
        found = lookup(self._conn, anything)
        if not found.is_post or len(found.posts) != 1:
            return None
        return reading.post_record(self._conn, found.posts[0].key)

    def media(
        self, post: str | PostLine | PostRecord, roles: tuple[Role, ...] = ("media",)
    ) -> Iterator[tuple[StoredFile, bytes]]:
        """The files of a post's best capture with their bytes, one at a time; what was withdrawn is left out.

        `roles` may name `screenshot`, `media`, `poster`, `avatar`, `thumbnail` and `dom`.
        """
        best = self._record(post).best
        if best is None:
            return
        for kept in best.artifacts:
            body = None
            if kept.role in roles:
                body = read_blob(self._conn, kept.sha256)
            if body is not None:
                yield kept, body

    def card(self, post: str | PostLine | PostRecord) -> str:
        """The post as one HTML document without scripts, its media inside."""
        return render_card(self._record(post), partial(read_blob, self._conn))

    def _record(self, post: str | PostLine | PostRecord) -> PostRecord:
        if isinstance(post, PostRecord):
            return post
        if isinstance(post, PostLine):
            post = post.key
        record = self.post(post)
        if record is None:
            raise UsageError(f"{self.path} has no post {post}. To look wider: library.lookup({post!r})")
        return record

    # ------------------------------------------------------------------------------------------- articles and embeds

    def articles(self, *, outlet: str | None = None) -> Iterator[ArticleLine]:
        """Articles, of one outlet or of all, in the order in which the archive met them."""
        conditions = {"a.outlet = ?": given(outlet, name_outlet(outlet))}
        return self._read("SELECT a.id FROM articles a", "a.id", 0, conditions, self._article_lines)

    def _article_lines(self, ids: list[Any]) -> list[ArticleLine]:
        return list(article_lines(self._conn, ids).values())

    def article(self, article: int | str) -> ArticleRecord | None:
        """One article by its number or any of its addresses, with its embeds in reading order; or None."""
        return reading.article_record(self._conn, article)

    def embeds(
        self,
        *,
        platform: str | None = None,
        outlet: str | None = None,
        article: int | str | None = None,
        post: str | None = None,
        kind: str | None = "embed",
    ) -> Iterator[Placed]:
        """Embeds of articles' newest downloads that meet every condition, each with its post if it names one.

        `kind` is `embed`, `mention` or `unknown`; None gives all.
        """
        number = article
        if isinstance(article, str):
            number = reading.find_article(self._conn, article)
        if article is not None and number is None:
            return iter(())
        conditions: dict[str, tuple[Any, ...]] = {
            "e.platform = ?": given(platform, platform),
            "a.outlet = ?": given(outlet, name_outlet(outlet)),
            "e.article_id = ?": given(article is not None, number),
            "e.post_key = ?": given(post, post and (find_key(self._conn, post) or post)),
            "e.kind = ?": given(kind, kind),
        }
        start = f"SELECT e.id FROM embeds e JOIN articles a ON a.id = e.article_id AND e.fetch_id = {_NEWEST_OF}"
        return self._read(start, "e.id", 0, conditions, self._placed)

    def _placed(self, ids: list[Any]) -> list[Placed]:
        rows = select(self._conn, APPEARANCE + f"WHERE e.id {IN_KEYS} ORDER BY e.id", in_list(ids))
        return list(place(self._conn, rows))

    def embed(self, number: int) -> EmbedRecord | None:
        """One embed by its number, whether or not it names a post."""
        return reading.embed_record(self._conn, number)

    # ---------------------------------------------------------------------------------------------------------- asking

    def lookup(self, anything: str, limit: int = 20) -> Lookup:
        """What the archive has of anything pasted: an address, an id, a handle, embed code, words."""
        return lookup(self._conn, anything, limit)

    def search(self, words: str, limit: int = 20) -> tuple[Hit, ...]:
        """What holds these words, best first."""
        return reading.search(self._conn, words, limit)

    def stats(self) -> Figures:
        """The totals; reads whole tables."""
        return reading.stats(self._conn)

    def outlets(self) -> tuple[OutletRecord, ...]:
        """Every outlet with how much it embedded, how much is gone, how much is kept; reads whole tables."""
        return reading.outlets(self._conn)

    def query(self, sql: str, *, longest_s: float = LONGEST_S, **values: Any) -> Iterator[dict[str, Any]]:
        """The rows of one SELECT as dictionaries; `:name` in it stands for the keyword argument of that name.

        Knows the functions `post_key(url)`, `canonical_url(url)` and `id_date(key)`. Raises UsageError for what SQLite
        does not understand or may not do, TooSlow after `longest_s` seconds of work.
        """
        return (dict(zip(names, row, strict=True)) for names, row in ask(self.path, sql, values, longest_s))

    def _read(
        self,
        start: str,
        column: str,
        before: Any,
        conditions: Mapping[str, tuple[Any, ...]],
        complete: Callable[[list[Any]], list[T]],
    ) -> Iterator[T]:
        """Records in the order of `column`, piece by piece, so that no read stays open and none starts over."""
        given = {sql: values for sql, values in conditions.items() if values}
        where = " AND ".join([f"{column} > ?", *given])
        values = [value for each in given.values() for value in each]
        sql = f"{start} WHERE {where} ORDER BY {column} LIMIT {PIECE}"
        while True:
            try:
                ids = [row[0] for row in self._conn.execute(sql, (before, *values))]
            except sqlite3.ProgrammingError as error:
                raise UsageError("The library is closed, or was opened in another thread.") from error
            yield from complete(ids)
            if len(ids) < PIECE:
                return
            before = ids[-1]


_NEWEST_OF = NEWEST.format("e.article_id")


def given(asked: object, *values: Any) -> tuple[Any, ...]:
    """The values of a condition; none where it was not asked for."""
    if asked:
        return values
    return ()


def name_outlet(host: str | None) -> str:
    """A host as outlets are named."""
    return (host or "").removeprefix("www.")
