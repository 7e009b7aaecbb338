"""Whoever is asked about -> every place of an archive that holds something of that person (GDPR 15). Read-only.

What is theirs (their posts and all that hangs on them) is found by indexes, what others said of them by the full-text
indexes, and what stands in small tables by reading these. A thorough search reads each text column and each file besides.
"""

from __future__ import annotations

import html
import re
import sqlite3
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import unquote

from embedarchive.core.errors import UsageError, WrongBytes
from embedarchive.core.grams import LONGEST, fold
from embedarchive.core.texts import cut_text
from embedarchive.library.articles import find_article
from embedarchive.library.fragments import CLOSE, OPEN, ask_for_fragment, mark
from embedarchive.library.lookup import find_handle
from embedarchive.library.posts import IN_KEYS, find_key
from embedarchive.library.rarest import FEW, sort_by_rarity
from embedarchive.library.rows import Row, in_list, read_strings, select
from embedarchive.library.search import find_words
from embedarchive.library.subjects import ACCOUNT, find_pictures
from embedarchive.store.cases import Subject
from embedarchive.store.fixity import read_blob
from embedarchive.store.rows import FULL_TEXT

Kind = Literal[
    "post", "description", "mention", "quote", "embed", "claim", "article", "address", "page", "visit", "picture",
    "file", "exchange", "observation", "standing", "change", "told", "replay", "note", "collection", "seed", "run", "export",
    "withdrawal", "opt-out", "opening", "hold", "erasure", "plan",
]  # fmt: skip
"""What a place is, in the order in which they are listed."""

WORDS: Mapping[str, tuple[str, ...]] = {
    "access": ("subject",),
    "article_urls": ("url",),
    "article_figures": ("outlet",),
    "articles": ("url", "outlet", "title", "site_name"),
    "artifacts": ("url", "alt", "truncated"),
    "browsing": ("post_key", "outlet", "author"),
    "browsing_due": ("post_key",),
    "browsing_totals": ("value",),
    "budgets": ("scope",),
    "captures": ("evidence", "visit_url", "final_url", "missing", "alterations", "environment"),
    "changes": ("post_key",),
    "checks": ("post_key", "reason"),
    "collections": ("name", "subject", "by"),
    "conclusions": ("post_key", "reason", "doubt", "lacking"),
    "crawls": ("options", "summary"),
    "consulted": ("subject", "asked", "final_url", "redirects", "headers"),
    "deliveries": ("channel", "answer"),
    "descriptions": (
        "author_name", "author_handle", "author_url", "collaborators", "title", "text", "text_html", "alt_text", "audio",
        "location", "quoted_url", "media", "sources",
    ),
    "embeds": ("url", "rule", "snippet", "author_name", "author_handle", "text"),
    "exchanges": ("url", "request_headers", "response_headers", "error"),
    "export_posts": ("post_key",),
    "exports": ("place", "options"),
    "fetches": ("url", "final_url", "reason", "headers", "redirects", "source", "alterations", "render_reason", "search_note"),
    "holds": ("host", "why", "released_by"),
    "imports": ("source",),
    "listings": ("url", "named_by", "truncated"),
    "mementos": ("post_key", "url", "place", "reason"),
    "merged_archives": ("place",),
    "merged_stamps": ("authority",),
    "notes": ("subject", "name", "value", "by"),
    "optouts": ("pattern", "source"),
    "openings": ("opened_by", "subject", "why"),
    "outlet_figures": ("outlet",),
    "page_files": ("url", "headers"),
    "page_places": ("file", "member"),
    "placements": ("post_key",),
    "posts": ("key", "url"),
    "redactions": ("row_id", "reason"),
    "replays": ("note",),
    "schedule": ("post_key", "account"),
    "searches": ("post_key", "reason"),
    "seeds": ("origin", "outlet"),
    "stamps": ("authority", "answer"),
    "targets": ("post_key",),
    "totals": ("value",),
    "withdrawals": ("reference", "basis", "decided_by", "note"),
}  # fmt: skip
"""Table -> its columns in which somebody may be named. All others hold numbers, hashes, times and words of ours."""

WORDLESS = frozenset(
    ("article_figures_due", "blobs", "browsing_counts", "checkpoints", "held_by", "log", "log_keys", "merged_log", "pacing",
     "pending",
     "picture_marks", "platforms", "post_counts", "tree")
)  # fmt: skip
"""Tables without such a column. The bytes of `blobs` are read by a thorough search."""

SCANNED = (
    "access", "article_urls", "articles", "browsing_totals", "budgets", "collections", "consulted", "crawls", "deliveries",
    "exports",
    "holds", "imports", "listings", "mementos", "merged_archives", "merged_stamps", "notes", "openings", "optouts",
    "outlet_figures", "posts", "redactions", "schedule", "seeds", "stamps", "totals", "withdrawals",
)  # fmt: skip
"""Tables with short rows: reading all of them is no matter of seconds."""

BESIDE = ("collaborators", "audio", "location")
"""Columns of `descriptions` outside of the full-text index, which an index of their own holds."""

KIND_OF: Mapping[str, Kind] = {
    "access": "withdrawal", "article_urls": "address", "article_figures": "standing", "articles": "article",
    "artifacts": "file", "browsing": "standing",
    "browsing_due": "plan", "browsing_totals": "standing", "budgets": "plan", "captures": "visit", "changes": "change",
    "checks": "observation", "collections": "collection", "conclusions": "standing", "consulted": "observation",
    "crawls": "run", "deliveries": "told",
    "descriptions": "mention", "embeds": "claim", "exchanges": "exchange", "export_posts": "export", "exports": "export",
    "fetches": "page", "holds": "hold", "imports": "run", "listings": "seed", "mementos": "observation",
    "merged_archives": "run", "merged_stamps": "run", "notes": "note",
    "openings": "opening", "optouts": "opt-out", "outlet_figures": "standing", "page_files": "page", "page_places": "page",
    "placements": "plan",
    "posts": "post", "redactions": "erasure", "replays": "replay", "schedule": "standing",
    "searches": "plan", "seeds": "seed",
    "stamps": "run", "targets": "plan", "totals": "standing", "withdrawals": "withdrawal",
}  # fmt: skip

OF_POST: Mapping[str, Kind] = {
    "descriptions": "description", "captures": "visit", "checks": "observation", "conclusions": "standing",
    "schedule": "standing", "browsing": "standing", "changes": "change", "embeds": "embed", "targets": "plan",
    "placements": "plan", "browsing_due": "plan", "mementos": "observation", "searches": "plan",
}  # fmt: skip
"""Tables whose rows are of a post (`post_key`), and what such a row of theirs is."""

OF_CAPTURE: Mapping[str, Kind] = {
    "artifacts": "file", "exchanges": "exchange", "replays": "replay", "pending": "plan",
}  # fmt: skip
OF_ARTICLE: Mapping[str, Kind] = {
    "article_urls": "address", "article_figures": "standing", "fetches": "page", "seeds": "seed",
}  # fmt: skip

SAID: Mapping[str, tuple[str, ...]] = {
    **FULL_TEXT,
    "artifacts": ("alt",),
    "exports": ("form", "place"),
    "articles": ("title", "url"),
}
"""Columns of which a few words are shown."""

AT: Mapping[str, str] = {
    "access": "decided_at", "captures": "started_at", "changes": "by", "checks": "checked_at",
    "conclusions": "last_checked_at", "consulted": "asked_at", "crawls": "started_at", "exports": "made_at",
    "imports": "at", "merged_archives": "merged_at", "merged_stamps": "stamped_at", "optouts": "from_at",
    "deliveries": "noted_at", "descriptions": "described_at",
    "exchanges": "started_at", "fetches": "fetched_at", "holds": "since", "notes": "at", "openings": "opened_at",
    "posts": "posted_at", "redactions": "redacted_at", "replays": "checked_at", "schedule": "observe_after",
    "withdrawals": "received_at", "articles": "published_at", "listings": "read_at", "mementos": "seen_at",
    "page_files": "fetched_at", "searches": "asked_at",
}  # fmt: skip

HAS_BESIDE = "(collaborators <> '[]' OR audio IS NOT NULL OR location IS NOT NULL)"
AUTHOR, CO_AUTHOR = "author", "co-author"
PICTURED = ("screenshot", "media", "poster", "avatar", "thumbnail")
LONGEST_SAID = 160


@dataclass(frozen=True, slots=True)
class Trace:
    """One row that holds something of a person.

    `id` is its key in its table; `column` the one in which they are named, None where the row is theirs as a whole.
    """

    kind: Kind
    table: str
    id: str
    why: str
    column: str | None = None
    post: str | None = None
    article: str | None = None
    at: str | None = None
    says: str | None = None


@dataclass(frozen=True)
class Naming:
    """A handle or a name, and whether a text holds it."""

    text: str
    is_handle: bool = False
    platform: str | None = None

    @cached_property
    def folded(self) -> str:
        return fold(self.text)

    @cached_property
    def spellings(self) -> tuple[str, ...]:
        """A name folded, and with its last word first; of a handle its own spelling."""
        words = self.folded.split()
        turned = " ".join([words[-1], *words[:-1]])
        return tuple(dict.fromkeys((self.folded, turned)))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """A handle as a word of its own: `ann` is not named by `@ann.b` or `@ann_b`."""
        return re.compile(rf"(?<![\w]){re.escape(unicodedata.normalize('NFKC', self.text).casefold())}(?![\w]|[.-]\w)")

    def stands_in(self, text: str) -> bool:
        """Whether a text names them, however it is written: in an address, in JSON, as markup. Pure."""
        plain = unpack(text)
        if self.is_handle:
            return bool(self.pattern.search(unicodedata.normalize("NFKC", plain).casefold()))
        return any(self._named(fold(plain[at : at + LONGEST])) for at in range(0, max(1, len(plain)), LONGEST - 1000))

    def stands_in_bytes(self, body: bytes) -> bool:
        """Whether a file names them; of what is no text, whether it holds the very characters. Pure."""
        if b"\0" in body[:4096]:
            lowered, spelled = body.lower(), self.text.lower()
            return any(spelled.encode(coding) in lowered for coding in ("utf-8", "utf-16-le", "utf-16-be"))
        return self.stands_in(body.decode("utf-8", "replace"))

    def is_called(self, name: str) -> bool:
        """Whether that is their very handle or name. Pure."""
        if self.is_handle:
            return name.removeprefix("@").casefold() == self.text.casefold()
        return fold(name) in self.spellings

    def _named(self, folded: str) -> bool:
        if not self.folded.isascii():  # scripts without spaces have no end of a word
            return any(each in folded for each in self.spellings)
        return any(f" {each} " in f" {folded} " for each in self.spellings)


def unpack(text: str) -> str:
    """A text with what addresses, JSON and markup write otherwise written out. Pure."""
    if "\\u" in text:
        text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), text)
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if "&" in text:
        text = html.unescape(text)
    if "%" in text:
        return unquote(text)
    return text


@dataclass
class DataSubject:
    """What is asked about: who they are called, and what is known to be theirs."""

    wanted: tuple[Naming, ...] = ()
    posts: set[str] = field(default_factory=set)
    articles: set[int] = field(default_factory=set)
    pictures: set[str] = field(default_factory=set)


def identify_person(conn: sqlite3.Connection, texts: Sequence[str]) -> DataSubject:
    """What texts say of who is meant: `@handle`, `platform:@handle`, an account's, a post's or an article's address, the
    file of a picture, or a name. Raises UsageError for an empty one and a picture that the archive does not hold."""
    from embedarchive.detect.identity import identify_pasted
    from embedarchive.platforms import BY_NAME

    person, wanted = DataSubject(), list[Naming]()
    for text in map(str.strip, texts):
        account, post = ACCOUNT.match(text), identify_pasted(text)
        handle = find_handle(text)
        if not find_words(text):
            raise UsageError(f"{text!r} names nobody. Nothing was looked for.")
        if Path(text).is_file():
            person.pictures |= {each.name for each in find_pictures(conn, Path(text))}
        elif account and account[1] in (None, *BY_NAME):
            wanted.append(Naming(account[2], is_handle=True, platform=account[1]))
        elif key := find_key(conn, text) or (post and (find_key(conn, post.key) or post.key)):
            person.posts.add(key)
        elif article := find_article(conn, text):
            person.articles.add(article)
        elif handle:
            wanted.append(Naming(handle, is_handle=True))
        else:
            wanted.append(Naming(text))
    person.wanted = tuple(wanted)
    return person


# -------------------------------------------------------------------------------------------------------------- finding


def find_traces(conn: sqlite3.Connection, person: DataSubject, *, thorough: bool = False) -> list[Trace]:
    """Every place that holds something of a person, each once, in the order of their kinds."""
    found: dict[tuple[str, str], Trace] = {}

    def add(places: Iterable[Trace]) -> None:
        for each in places:
            found.setdefault((each.table, each.id), each)

    named = [*find_named(conn, person.wanted), *scan(conn, SCANNED, person.wanted, FULL_TEXT)]
    person.posts |= {each.post for each in named if each.post and is_theirs(each)}
    person.posts |= find_pictured(conn, person.pictures)
    person.posts |= find_column(conn, f"SELECT key FROM posts WHERE same_as {IN_KEYS}", person.posts)
    add(find_own(conn, person.posts))
    add(find_quotes(conn, person.posts))
    add(named)
    add(find_of_articles(conn, person, found.values()))
    add(find_kept_of(conn, person.posts))
    if thorough:
        add(scan(conn, WORDS, person.wanted, {}))
        add(find_in_files(conn, person.wanted))
    order = {kind: n for n, kind in enumerate(get_args(Kind))}
    return sorted(veil(conn, found.values()), key=lambda each: (order[each.kind], each.at or "", each.table, each.id))


def is_theirs(place: Trace) -> bool:
    """Whether a post is the person's own: they are its author, or beside the author, or the publisher says so. Pure."""
    return place.why in (AUTHOR, CO_AUTHOR)


def find_named(conn: sqlite3.Connection, wanted: Iterable[Naming]) -> Iterator[Trace]:
    """Rows of the full-text indexes, and of the index beside them, that name one of them."""
    for each in wanted:
        for table in FULL_TEXT:
            ids = set(find_rowids(conn, table, each))
            if each.is_handle and "author_handle" in FULL_TEXT[table]:
                sql = f"SELECT id FROM {table} WHERE author_handle = ? COLLATE NOCASE"
                ids |= {row[0] for row in conn.execute(sql, (each.text,))}
            yield from read_named(conn, table, each, f"id {IN_KEYS}", in_list(ids))
        yield from find_beside(conn, each)


def find_rowids(conn: sqlite3.Connection, table: str, wanted: Naming) -> Iterator[int]:
    """Rows that a full-text index says may hold it, all of them."""
    for words in dict.fromkeys((" ".join(find_words(wanted.text)), *wanted.spellings)):
        sql = f"SELECT rowid FROM {table}_fts WHERE {table}_fts MATCH ?"
        yield from (row[0] for row in conn.execute(sql, (f'"{words}"',)))
    if not wanted.folded.isascii():
        grams = sort_by_rarity(conn, f"{table}_grams", ask_for_fragment(wanted.folded))[:FEW]
        sql = f"SELECT rowid FROM {table}_grams WHERE {table}_grams MATCH ?"
        if grams:
            yield from (row[0] for row in conn.execute(sql, (" AND ".join(grams),)))


def find_beside(conn: sqlite3.Connection, wanted: Naming) -> Iterator[Trace]:
    """Descriptions that name them outside of the full-text index."""
    named = " OR ".join(map(may_name, BESIDE))
    sql = f"SELECT id FROM descriptions WHERE {HAS_BESIDE} AND ({named})"
    ids = [row[0] for row in conn.execute(sql, {"like": make_like(wanted)})]
    yield from read_named(conn, "descriptions", wanted, f"id {IN_KEYS}", in_list(ids))


def find_coauthored(conn: sqlite3.Connection, subjects: Iterable[Subject]) -> tuple[Subject, ...]:
    """The posts that have one of these accounts beside their author: no level of an account reaches them by itself."""
    keys: set[str] = set()
    for each in subjects:
        if each.kind == "account":
            found = find_beside(conn, Naming(each.name, is_handle=True, platform=each.platform))
            keys |= {trace.post for trace in found if trace.post and trace.why == CO_AUTHOR}
    return tuple(Subject("post", key) for key in sorted(keys))


def find_quoting(conn: sqlite3.Connection, keys: set[str]) -> tuple[str, ...]:
    """The keys of others' posts that quote one of these."""
    return tuple(sorted({each.post for each in find_quotes(conn, keys) if each.post}))


def make_like(wanted: Naming) -> str:
    """What a text is like that names them and is written in plain ASCII; '' where none can."""
    longest = max(wanted.folded.split(), key=len)
    if longest.isascii():
        return f"%{longest}%"
    return ""


def may_name(column: str) -> str:
    """The SQL for whether a column may name somebody: what is not plain ASCII, or written otherwise, is looked at closely."""
    return (
        f"{column} LIKE :like OR length(CAST({column} AS BLOB)) > length({column}) OR instr({column}, '%') "
        f"OR instr({column}, '&') OR instr({column}, '\\u')"
    )


def scan(
    conn: sqlite3.Connection, tables: Iterable[str], wanted: Iterable[Naming], but: Mapping[str, tuple[str, ...]]
) -> Iterator[Trace]:
    """Read whole tables for what names one of them, `but` for columns that were looked through by an index."""
    for each in wanted:
        for table in tables:
            columns = [name for name in WORDS[table] if name not in but.get(table, ())]
            named = " OR ".join(may_name(f'"{name}"') for name in columns)
            yield from read_named(conn, table, each, named, {"like": make_like(each)})


def find_in_files(conn: sqlite3.Connection, wanted: Sequence[Naming]) -> Iterator[Trace]:
    """Read every file that is kept, unpacked; what is no text is looked through for the very characters."""
    for (sha256,) in conn.execute("SELECT sha256 FROM blobs WHERE length(body) > 0").fetchall():
        try:
            body = read_blob(conn, sha256) or b""
        except WrongBytes:
            continue  # `verify` tells of it
        for each in wanted:
            if each.stands_in_bytes(body):
                yield Trace("file", "blobs", sha256, "named", "body")
                break


# ------------------------------------------------------------------------------------------------------- what is theirs


def find_own(conn: sqlite3.Connection, keys: set[str]) -> Iterator[Trace]:
    """Their posts, and every row that is of one of them."""
    yield from read_rows(conn, "posts", "post", "their post", f"key {IN_KEYS}", keys)
    for table, kind in OF_POST.items():
        yield from read_rows(conn, table, kind, "of their post", f"post_key {IN_KEYS}", keys)
    captures = find_column(conn, f"SELECT id FROM captures WHERE post_key {IN_KEYS}", keys)
    for table, kind in OF_CAPTURE.items():
        yield from read_rows(conn, table, kind, "of a visit to their post", f"capture_id {IN_KEYS}", captures)
    told = f"change_id IN (SELECT id FROM changes WHERE post_key {IN_KEYS})"
    yield from read_rows(conn, "deliveries", "told", "a change of their post", told, keys)


def find_pictured(conn: sqlite3.Connection, pictures: set[str]) -> set[str]:
    """The posts that show one of these files."""
    sql = f"SELECT DISTINCT c.post_key FROM artifacts a CROSS JOIN captures c ON c.id = a.capture_id WHERE a.sha256 {IN_KEYS}"
    return find_column(conn, sql, pictures)


def find_quotes(conn: sqlite3.Connection, keys: set[str]) -> Iterator[Trace]:
    """What others wrote that quotes one of their posts."""
    ids = {key.partition(":")[2].rpartition("/")[2] for key in keys}
    if not ids:
        return
    sql = "SELECT id, post_key, quoted_url FROM descriptions WHERE quoted_url IS NOT NULL"
    quoting = {
        row["id"]
        for row in select(conn, sql)
        if row["post_key"] not in keys and ids.intersection(re.split(r"[^\w-]+", row["quoted_url"]))
    }
    yield from read_rows(conn, "descriptions", "quote", "quotes their post", f"id {IN_KEYS}", quoting)


def find_of_articles(conn: sqlite3.Connection, person: DataSubject, found: Iterable[Trace]) -> list[Trace]:
    """The articles that embed or name them, with every address and download of each."""
    found = list(found)
    ids = person.articles | {int(each.id) for each in found if each.table == "articles"}
    embeds = [int(each.id) for each in found if each.table == "embeds"]
    ids |= find_column(conn, f"SELECT DISTINCT article_id FROM embeds WHERE id {IN_KEYS}", embeds)
    places = list(read_rows(conn, "articles", "article", "embeds or names them", f"id {IN_KEYS}", ids))
    for table, kind in OF_ARTICLE.items():
        places += read_rows(conn, table, kind, "of such an article", f"article_id {IN_KEYS}", ids)
    urls = find_column(conn, f"SELECT url FROM article_urls WHERE article_id {IN_KEYS}", ids)
    places += read_rows(conn, "notes", "note", "on such an article", f"subject {IN_KEYS}", urls)
    return places


def find_kept_of(conn: sqlite3.Connection, keys: set[str]) -> Iterator[Trace]:
    """What is remembered of what was done with their posts: cases, openings, notes."""
    copies = f"id IN (SELECT export_id FROM exported_posts WHERE post_key {IN_KEYS})"
    yield from read_rows(conn, "exports", "export", "a copy that holds their post, or may", copies, keys)
    yield from read_rows(conn, "access", "withdrawal", "about their post", f"subject {IN_KEYS}", keys)
    cases = f"id IN (SELECT withdrawal_id FROM access WHERE subject {IN_KEYS})"
    yield from read_rows(conn, "withdrawals", "withdrawal", "about their post", cases, keys)
    yield from read_rows(conn, "openings", "opening", "of their post", f"subject {IN_KEYS}", keys)
    optouts = f"kind = 'post' AND pattern {IN_KEYS}"
    yield from read_rows(conn, "optouts", "opt-out", "about their post", optouts, keys)
    yield from read_rows(conn, "redactions", "erasure", "of their post", f"row_id {IN_KEYS}", keys)
    yield from read_rows(conn, "notes", "note", "on their post", f"subject {IN_KEYS}", keys)
    yield from read_rows(
        conn, "collections", "collection", "has their post", f"kind = 'post' AND subject {IN_KEYS}", keys
    )


# ---------------------------------------------------------------------------------------------------- rows into places


def find_key_columns(conn: sqlite3.Connection, table: str) -> str:
    """The SQL of a row's key: its columns with a space between."""
    rows = conn.execute("SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", (table,))
    return " || ' ' || ".join(f'"{row[0]}"' for row in rows)


def ask_for_rows(conn: sqlite3.Connection, table: str, where: str) -> str:
    """The question for rows with their key, and the post and the article that each is of."""
    columns = {row[0] for row in conn.execute("SELECT name FROM pragma_table_info(?)", (table,))}
    of = [f"{find_key_columns(conn, table)} AS place_id"]
    if "capture_id" in columns and "post_key" not in columns:
        of.append("(SELECT c.post_key FROM captures c WHERE c.id = capture_id) AS post_key")
    if "article_id" in columns:
        of.append("(SELECT a.url FROM articles a WHERE a.id = article_id) AS article_url")
    return f"SELECT {', '.join(of)}, t.* FROM {table} t WHERE {where}"


def find_column(conn: sqlite3.Connection, sql: str, values: Iterable[object]) -> set[Any]:
    """What a question on a list of values gives."""
    return {row[0] for row in conn.execute(sql, (in_list(values),))}


def read_rows(
    conn: sqlite3.Connection, table: str, kind: Kind, why: str, where: str, values: Iterable[object]
) -> Iterator[Trace]:
    """The rows of a table that a condition on a list of values picks: theirs as a whole."""
    chosen = in_list(values)
    if chosen == "[]":
        return
    for row in select(conn, ask_for_rows(conn, table, where), chosen):
        says = " · ".join(str(row[name]) for name in SAID.get(table, ()) if row[name])
        yield make_trace(table, row, kind, why, None, says)


def read_named(conn: sqlite3.Connection, table: str, wanted: Naming, where: str, values: Any) -> Iterator[Trace]:
    """Of the rows that a condition picks those that name somebody, each with the first column that does."""
    if not isinstance(values, dict):
        values = (values,)
    cursor = conn.execute(ask_for_rows(conn, table, where), values)
    names = [column[0] for column in cursor.description]
    for values in cursor:
        row = dict(zip(names, tuple(values), strict=True))
        named = [name for name in WORDS[table] if isinstance(row[name], str) and wanted.stands_in(row[name])]
        if named:
            says = mark(row[named[0]], wanted.text, wanted.folded).replace(OPEN, "").replace(CLOSE, "")
            yield make_trace(table, row, KIND_OF[table], say_why(row, named, wanted), named[0], says)


def say_why(row: Row, named: Sequence[str], wanted: Naming) -> str:
    """As what somebody is named in a row: as its author, beside the author, or just so. Pure."""
    if "native_id" in row and wanted.is_handle:  # a post whose address has their handle
        return AUTHOR
    post = row.get("post_key") or ""
    if wanted.platform is None or post.startswith(f"{wanted.platform}:"):
        if any(column in named and wanted.is_called(row[column]) for column in ("author_handle", "author_name")):
            return AUTHOR
        if "collaborators" in named and any(map(wanted.is_called, read_strings(row["collaborators"]))):
            return CO_AUTHOR
    return "named"


def make_trace(table: str, row: Row, kind: Kind, why: str, column: str | None, says: str) -> Trace:
    if table == "artifacts" and row["role"] in PICTURED:
        kind = "picture"
    post, article = row.get("post_key"), row.get("article_url")
    if table == "posts":
        post = row["key"]
    if table == "articles":
        article = row["url"]
    at = row.get(AT.get(table, ""))
    said = cut_text(" ".join(says.split()), LONGEST_SAID)
    return Trace(kind, table, str(row["place_id"]), why, column, post, article, at, said or None)


def veil(conn: sqlite3.Connection, places: Iterable[Trace]) -> Iterator[Trace]:
    """The same places, without the words of posts that nobody sees but by an opening."""
    sealed = {row[0] for row in conn.execute("SELECT key FROM withheld_posts WHERE strictness >= 2")}
    for each in places:
        yield replace(each, says=None) if each.post in sealed else each
