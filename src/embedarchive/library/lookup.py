"""Whatever someone pastes -> what the archive has of it. Read-only; any text is answered, none raises."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from embedarchive.core.periods import LONGEST, find_period
from embedarchive.core.urls import find_parents, host_of, split_url
from embedarchive.library.articles import article_lines, find_article, place
from embedarchive.library.browse import Filters
from embedarchive.library.named import look_up_beside, look_up_named
from embedarchive.library.nearly import find_other_case, find_spellings
from embedarchive.library.posts import IN_KEYS, find_key, read_lines
from embedarchive.library.records import Lookup, PostLine
from embedarchive.library.rewriting import find_wrapped, write_otherwise
from embedarchive.library.rows import APPEARANCE, in_list, select
from embedarchive.library.search import search

if TYPE_CHECKING:  # the finder takes a tenth of a second to import, which only a lookup need wait
    from embedarchive.detect import Meaning

LONGEST_TEXT = 200_000
MOST_OF_A_HANDLE = 50
MOST_IDS = 20

_MARKUP = re.compile(r"<[a-zA-Z!]")
_BARE = re.compile(r"^@?[\w.-]{1,64}$")


def lookup(conn: sqlite3.Connection, text: str, limit: int = 20) -> Lookup:
    """What the archive has of anything pasted: a post's or an article's address in any form, a key, an id, a handle,
    embed markup, or words. `tried` says, line by line, what was looked for."""
    text = text.replace("\0", " ").strip()[:LONGEST_TEXT]
    if not text:
        return Lookup(text, "nothing")
    found = _look_up(conn, text, limit)
    for other in () if found.found else write_otherwise(text):
        again = _look_up(conn, other, limit)
        if again.found:
            return replace(again, text=text, tried=(*found.tried, *again.tried))
    return found


def _look_up(conn: sqlite3.Connection, text: str, limit: int) -> Lookup:
    """The same for a text exactly as it is written."""
    if len(text) <= LONGEST and (named := look_up_named(conn, text, limit)):
        return named
    from embedarchive.detect import identify_anything

    meaning = identify_anything(text)
    if _MARKUP.search(text):
        return _look_up_markup(conn, text, meaning, limit)
    if meaning.posts and not _BARE.match(text):
        looked = _look_up_posts(conn, text, meaning)
        if not looked.posts and "/" not in text and (named := look_up_beside(conn, text, limit)):
            return replace(named, tried=(*looked.tried, *named.tried))
        if looked.posts or not meaning.url:
            return looked
    if meaning.url and not _BARE.match(text):
        return _look_up_page(conn, text, meaning.url)
    return _look_up_name(conn, text, meaning, limit)


def _look_up_posts(conn: sqlite3.Connection, text: str, meaning: Meaning, understood: str = "a post") -> Lookup:
    keys = [post.key for post in meaning.posts]
    return Lookup(
        text,
        understood,
        posts=_lines(conn, keys),
        tried=tuple(f"the post {key}" for key in keys),
        url=meaning.posts[0].url,
        is_post=True,
    )


def _look_up_page(conn: sqlite3.Connection, text: str, url: str) -> Lookup:
    """An address that is no post's: an article's, or that of an account on a platform."""
    tried: tuple[str, ...] = (
        f"an article at {url}, in any edition of its site (www., m., amp) and with or without a final slash",
    )
    wrapped = find_wrapped(url)
    tried += tuple(f"the article that it is about, {each}" for each in wrapped)
    article_id = next(filter(None, (find_article(conn, each) for each in (url, *wrapped))), None)
    if article_id:
        lines = tuple(article_lines(conn, [article_id]).values())
        return Lookup(text, "an article", articles=lines, tried=tried, url=url)
    handle = find_handle(url)
    if handle:
        found = _look_up_handle(conn, text, handle)
        return replace(found, understood="an account", tried=(*tried, *found.tried))
    return Lookup(text, "an article", tried=tried, url=url)


def find_handle(url: str) -> str | None:
    """The handle that an account's address names: one path segment on a platform's own host, or `@name` on any."""
    from embedarchive.detect.identity import BY_HOST

    parts = split_url(url)
    if parts:
        segments = [each for each in parts.path.split("/") if each]
    else:
        segments = []
    if parts is None or len(segments) != 1 or not _BARE.match(segments[0]):
        return None
    known = segments[0].startswith("@") or any(host in BY_HOST for host in find_parents(host_of(parts)))
    if known:
        return segments[0].removeprefix("@")
    return None


def _look_up_markup(conn: sqlite3.Connection, text: str, meaning: Meaning, limit: int) -> Lookup:
    """Pasted embed code: the posts it names; for a byline that names none, what its author posted; else its words."""
    if meaning.posts:
        found = _look_up_posts(conn, text, meaning)
    else:
        found = Lookup(text, "")
    found = replace(found, understood="embed markup")
    if not found.found and meaning.handle:
        by = _look_up_handle(conn, text, meaning.handle)
        found = replace(found, posts=by.posts, embeds=by.embeds, tried=(*found.tried, *by.tried))
    if not found.found:
        words = re.sub(r"<[^>]*>", " ", text)
        found = replace(found, hits=search(conn, words, limit), tried=(*found.tried, "the words in the markup"))
    return found


def _look_up_name(conn: sqlite3.Connection, text: str, meaning: Meaning, limit: int) -> Lookup:
    """A bare id, a handle, or words; the first that finds something says what the text was."""
    keys = [*(post.key for post in meaning.posts), *_keys_of_id(conn, text)]
    posts = _lines(conn, keys)
    if posts:
        return Lookup(
            text, "a post", posts=posts, tried=(f"a post with the id {text}",), url=posts[0].url, is_post=True
        )
    tried: tuple[str, ...] = (f"a post with the id {text}",) if _BARE.match(text) else ()
    handle = meaning.handle or (text.removeprefix("@") if _BARE.match(text) else None)
    if handle:
        found = _look_up_handle(conn, text, handle)
        tried += found.tried
        if found.found:
            return replace(found, tried=tried)
    if dated := find_period(text):
        period, words = dated
        tried += (f"the words “{words}” in posts of {period.says}",)
        if hits := search(conn, words, limit, Filters(period=period), dates=False):
            return Lookup(text, f"words in posts of {period.says}", hits=hits, tried=tried)
    tried += ("the words in what posts said, in what articles say of them, in articles' titles, and in notes",)
    hits = search(conn, text.removeprefix("@"), limit, dates=False)
    if not (hits and hits[0].way == "words") and (named := look_up_beside(conn, text, limit)):
        return replace(named, tried=(*tried, *named.tried))
    understood = "words"
    if text.startswith("@") and not hits:
        understood = "a handle"
    near: tuple[tuple[PostLine, str], ...] = ()
    spelt: tuple[str, ...] = ()
    if not hits or hits[0].way in ("part", "similar") or text.startswith("@"):
        near, spelt = find_other_case(conn, text), find_spellings(conn, text)
    return Lookup(text, understood, hits=hits, tried=tried, near=near, spelt=spelt)


def _keys_of_id(conn: sqlite3.Connection, native_id: str) -> Sequence[str]:
    rows = select(
        conn,
        f"SELECT key FROM posts WHERE is_control = 0 AND native_id {IN_KEYS} LIMIT ?",
        in_list([native_id]),
        MOST_IDS,
    )
    return [row["key"] for row in rows]


def _look_up_handle(conn: sqlite3.Connection, text: str, handle: str) -> Lookup:
    """Posts by that author as we saw them, then as publishers name them, and embeds that name no post."""
    described = select(
        conn,
        "SELECT DISTINCT post_key FROM descriptions WHERE author_handle = ? COLLATE NOCASE LIMIT ?",
        handle,
        MOST_OF_A_HANDLE,
    )
    claimed = select(
        conn, APPEARANCE + "WHERE e.author_handle = ? COLLATE NOCASE LIMIT ?", handle, 4 * MOST_OF_A_HANDLE
    )
    keys = [row["post_key"] for row in (*described, *claimed) if row["post_key"]]
    bare = {(row["article_id"], row["text"]): row for row in claimed if not row["post_key"]}
    return Lookup(
        text,
        "a handle",
        posts=_newest_first(_lines(conn, keys))[:MOST_OF_A_HANDLE],
        embeds=place(conn, list(bare.values())),
        tried=(f"posts and embeds by @{handle}",),
    )


def _newest_first(lines: Iterable[PostLine]) -> tuple[PostLine, ...]:
    return tuple(sorted(lines, key=lambda each: each.posted_at or "", reverse=True))


def _lines(conn: sqlite3.Connection, keys: Iterable[str]) -> tuple[PostLine, ...]:
    return tuple(read_lines(conn, (find_key(conn, key) or key for key in keys)).values())
