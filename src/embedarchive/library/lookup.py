"""Whatever someone pastes -> what the archive has of it. Read-only; any text is answered, none raises."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import chain
from typing import TYPE_CHECKING

from embedarchive.core.periods import LONGEST, find_period
from embedarchive.core.relative import read_relative
from embedarchive.core.urls import host_of, split_url
from embedarchive.library.articles import article_lines, find_article, find_numbered, place
from embedarchive.library.browse import Filters, list_posts
from embedarchive.library.bylines import LONGEST as LONGEST_TOLD
from embedarchive.library.bylines import Byline, read_byline, read_quoted, read_told
from embedarchive.library.named import find_outlet, look_up_beside, look_up_days, look_up_named
from embedarchive.library.nearly import find_other_case, find_spellings
from embedarchive.library.posts import IN_KEYS, find_key, read_lines
from embedarchive.library.records import Lookup, PostLine
from embedarchive.library.rewriting import (
    SURE_DIGITS,
    find_file_name,
    find_ids,
    find_wrapped,
    split_pieces,
    write_otherwise,
    write_page_otherwise,
)
from embedarchive.library.rows import APPEARANCE, in_list, select
from embedarchive.library.search import search

if TYPE_CHECKING:  # the finder takes a tenth of a second to import, which only a lookup need wait
    from embedarchive.detect import Meaning

LONGEST_TEXT = 200_000
MOST_OF_A_HANDLE = 50
MOST_IDS = 20
MOST_FILES = 200_000
"""Files whose names are compared: no index has them, and this many take a tenth of a second."""

OF_FILE = """SELECT c.post_key, a.url FROM (
    SELECT capture_id, url FROM artifacts WHERE role IN ('media', 'poster', 'thumbnail') ORDER BY id DESC LIMIT ?) a
  JOIN captures c ON c.id = a.capture_id WHERE instr(a.url, ?)"""
"""The posts of files in whose address a name stands, and that address."""

_MARKUP = re.compile(r"<[a-zA-Z!]")
_BARE = re.compile(r"^@?[\w.-]{1,64}$")


def lookup(conn: sqlite3.Connection, text: str, limit: int = 20, today: date | None = None) -> Lookup:
    """What the archive has of anything pasted: a post's or an article's address in any form, a key, an id, a handle,
    embed markup, a date, or words. `tried` says, line by line, what was looked for; `yesterday` is that before `today` (UTC,
    by default of the clock)."""
    text = text.replace("\0", " ").strip()[:LONGEST_TEXT]
    if not text:
        return Lookup(text, "nothing")
    several = _look_up_several(conn, text, limit)
    if several and several.found:
        return several
    found = _look_up_byline(conn, text, read_byline(text), limit) or _look_up(conn, text, limit)
    if is_sure(found):
        return found
    tried = found.tried
    for again in _look_up_otherwise(conn, text, limit, today or datetime.now(UTC).date()):
        tried += again.tried
        if is_sure(again):
            return replace(again, text=text, tried=tuple(dict.fromkeys(tried)))
        if again.near and not found.near:
            found = replace(found, near=again.near)
    return found


def is_sure(found: Lookup) -> bool:
    """Whether something was found that is what was asked for, not only like it or a part of it."""
    if found.hits and not (found.posts or found.articles or found.embeds):
        return found.hits[0].way not in ("part", "similar")
    return found.found


def _look_up_otherwise(conn: sqlite3.Connection, text: str, limit: int, today: date) -> Iterator[Lookup]:
    """What a text finds that is read in another way, the surest first."""
    if by_file := _look_up_file(conn, text):
        yield by_file
    yield from _look_up_ids(conn, text)
    period = read_relative(text, today)
    days = look_up_days(conn, text, period, limit) if period else None
    if days and days.found:
        yield days
    for other in write_otherwise(text):
        yield _look_up_byline(conn, other, read_byline(other), limit) or _look_up(conn, other, limit)
    if told := _look_up_byline(conn, text, read_told(text), limit):
        yield told
    if quoted := read_quoted(text):
        yield _look_up(conn, quoted, limit)
    if days:
        yield days


def _look_up_several(conn: sqlite3.Connection, text: str, limit: int) -> Lookup | None:
    """Each of the addresses, keys, ids and handles that a text lists, together; None where it is no list."""
    pieces = split_pieces(text)
    if not pieces:
        return None
    each = [lookup(conn, piece, limit) for piece in pieces]
    found = [one for one in each if is_sure(one)]
    missing = tuple(piece for piece, one in zip(pieces, each, strict=True) if not is_sure(one))
    return Lookup(
        text,
        f"{len(pieces)} things, of which {len(found)} were found",
        posts=tuple({line.key: line for one in found for line in one.posts}.values()),
        embeds=tuple(placed for one in found for placed in one.embeds),
        articles=tuple({line.id: line for one in found for line in one.articles}.values()),
        hits=tuple(hit for one in found for hit in one.hits),
        tried=tuple(said for one in each for said in one.tried),
        missing=missing,
    )


def _look_up_ids(conn: sqlite3.Connection, text: str) -> Iterator[Lookup]:
    """Posts of the archive whose ids stand in a text, such as a mirror's address, or `tweet 1234567890123456789`."""
    if len(text) > LONGEST_TOLD:
        return
    numbers_may_be_others = split_url(text) is not None
    keys: dict[str, bool] = {}
    for native_id in find_ids(text):
        sure = not (native_id.isdigit() and len(native_id) < SURE_DIGITS and numbers_may_be_others)
        keys |= dict.fromkeys(_keys_of_any(conn, native_id), sure)
    posts = _lines(conn, (key for key, sure in keys.items() if sure))
    near = tuple(
        (line, "its id stands there") for line in _lines(conn, (key for key, sure in keys.items() if not sure))
    )
    if posts or near:
        yield Lookup(
            text, "a post by its id", posts=posts, near=near, tried=("posts whose id stands in it",), is_post=True
        )


def _look_up_file(conn: sqlite3.Connection, text: str) -> Lookup | None:
    """The posts of which a file of that very name is kept, among the newest files; None where a text names no file."""
    name = find_file_name(text)
    if name is None:
        return None
    rows = select(conn, OF_FILE, MOST_FILES, name)
    same = (row["post_key"] for row in rows if find_file_name(row["url"]) == name)
    tried = f"the post of the file {name}, among the {MOST_FILES:,} newest"
    return Lookup(text, "a post by its file", posts=_lines(conn, dict.fromkeys(same)), tried=(tried,), is_post=True)


def _keys_of_any(conn: sqlite3.Connection, native_id: str) -> list[str]:
    """The keys of the archive's posts with that id, or with one that the number is another form of."""
    from embedarchive.detect import identify_anything

    keys = [post.key for post in identify_anything(native_id).posts]
    return [*_keys_of_id(conn, native_id), *(key for key in keys if find_key(conn, key))]


def _look_up_byline(conn: sqlite3.Connection, text: str, byline: Byline | None, limit: int) -> Lookup | None:
    """The posts of the account that a text names: those that say its words, those of its days, or all of them."""
    if byline is None or not byline.handle:
        return None
    author = Filters(author=byline.handle.lower())
    whose = f"posts by @{byline.handle}"
    if byline.words:
        hits = tuple(hit for hit in search(conn, byline.words, limit, author) if hit.way != "similar")
        if hits:
            return Lookup(text, whose, hits=hits, tried=(f"“{byline.words}” in {whose}",))
    found = _look_up_handle(conn, text, byline.handle)
    if byline.period and (days := list_posts(conn, replace(author, period=byline.period), most=limit).lines):
        return replace(found, posts=days, embeds=(), understood=f"{whose}, of {byline.period.says}")
    if found.found:
        return replace(found, understood=whose)
    return None


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
    others = tuple(chain.from_iterable(map(write_page_otherwise, (url, *wrapped))))
    tried += tuple(f"the article of which it may be a part or an edition, {each}" for each in others)
    asked = (url, *wrapped, *others)
    article_id = next(filter(None, (find_article(conn, each) for each in asked)), None) or find_numbered(conn, url)
    if article_id:
        lines = tuple(article_lines(conn, [article_id]).values())
        return Lookup(text, "an article", articles=lines, tried=tried, url=url)
    handle = find_handle(url)
    if handle:
        found = _look_up_handle(conn, text, handle)
        return replace(found, understood="an account", tried=(*tried, *found.tried))
    return Lookup(text, "an article", tried=tried, url=url, browse=_find_outlet_of(conn, url))


def _find_outlet_of(conn: sqlite3.Connection, url: str) -> Mapping[str, str] | None:
    """The outlet that an address is on, as what to browse by, where the archive has something of it."""
    parts = split_url(url)
    outlet = find_outlet(conn, host_of(parts)) if parts else None
    return {"outlet": outlet} if outlet else None


_ACCOUNT = re.compile(
    r"/(?:(?:profile|user|u|_u|c|stories|channel|people|i/user)/)?(@?[\w.-]{1,64})(?:/(?:with_replies|media|likes|highlights|"
    r"articles|reels?|tagged|channel|videos|shorts|streams|live|posts|about|photos|photos_by|feed|submitted|comments|\d+))?/?"
)
"""The path of an account: its name, behind what some sites put before it, with or without one of its tabs."""


def find_handle(url: str) -> str | None:
    """The handle that an account's address names on a platform's own host or a mirror of it, or `@name` on any."""
    from embedarchive.detect.identity import ANY_HOST, find_platforms

    parts = split_url(url)
    account = _ACCOUNT.fullmatch(parts.path) if parts else None
    if parts is None or account is None:
        return None
    known = any(ANY_HOST not in platform.hosts for platform in find_platforms(parts))
    if known or account[1].startswith("@"):
        return account[1].removeprefix("@")
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
