"""A case that was decided to be erased -> all that it touches, said beforehand; and that done, in the caller's transaction.

What is erased is words and bytes. Rows stay, with their ids, times and outcomes: that something was kept can be told.
`ERASED` says for each column of each table what becomes of it, and `KEPT` why a column stays; every column with text or
bytes has its place in one of them (a test asks). The file itself is made anew afterwards, by `compacting.py`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from embedarchive.core.errors import DamagedArchive, UsageError, WrongBytes
from embedarchive.core.model import Embed, Found
from embedarchive.core.shell import say_command
from embedarchive.detect.bounded import search_bounded
from embedarchive.detect.cutting import PostTraces, cut_posts, holds_post, make_traces
from embedarchive.store import browsing, evidence, rows
from embedarchive.store.blobs import hash_bytes
from embedarchive.store.cases import Subject, Withdrawal, read_withdrawal, set_level
from embedarchive.store.conclusions import uncount
from embedarchive.store.fixity import LARGEST_IN_MEMORY, read_blob
from embedarchive.store.fulltext import INDEXES
from embedarchive.store.redactions import license_words, redact_file

ERASED: Mapping[str, Mapping[str, str | None]] = {
    "posts": {"url": ""},
    "captures": {"evidence": "[]", "visit_url": "", "final_url": "", "missing": "[]", "alterations": "[]", "environment": "{}"},
    "artifacts": {"url": None, "alt": None, "dhash": None},
    "exchanges": {
        "url": "", "content_type": None, "request_headers": "[]", "response_headers": "[]", "error": None,
    },
    "replays": {"note": None},
    "descriptions": {
        "kind": None, "author_name": None, "author_handle": None, "author_url": None, "author_verified": None,
        "author_followers": None, "collaborators": "[]", "title": None, "text": None, "text_html": None, "alt_text": None,
        "lang": None, "posted_at": None, "likes": None, "comments": None, "shares": None, "views": None, "audio": None,
        "location": None, "sensitive": None, "quoted_url": None, "media": "[]", "sources": "{}",
    },
    "embeds": {
        "url": None, "snippet": "", "author_name": None, "author_handle": None, "text": None, "posted_at": None, "lang": None,
    },
    "notes": {"value": None},
    "openings": {"why": ""},
    "articles": {"title": None, "site_name": None},
    "fetches": {"headers": "[]", "redirects": "[]", "alterations": "[]"},
}  # fmt: skip
"""Table -> column -> what stands there afterwards, in the rows that `SELECTED` names."""

_POSTS = "IN (SELECT value FROM json_each(:posts))"
_CAPTURES = "IN (SELECT value FROM json_each(:captures))"
_ARTICLES = "IN (SELECT value FROM json_each(:articles))"
_DRAWN = (
    f"SELECT id FROM fetches WHERE article_id {_ARTICLES} "
    f"OR article_id IN (SELECT article_id FROM embeds WHERE post_key {_POSTS})"
)
"""Pages that one of the posts is in: what such a page is drawn with may be a picture of the post."""

SELECTED: Mapping[str, str] = {
    "posts": f"key {_POSTS}",
    "captures": f"id {_CAPTURES}",
    "artifacts": f"capture_id {_CAPTURES}",
    "exchanges": f"capture_id {_CAPTURES}",
    "replays": f"capture_id {_CAPTURES}",
    "descriptions": f"post_key {_POSTS} OR capture_id {_CAPTURES}",
    "embeds": f"post_key {_POSTS} OR article_id {_ARTICLES} OR id IN (SELECT value FROM json_each(:embeds))",
    "notes": f"subject_kind IN ('post', 'posts') AND subject {_POSTS} OR subject_kind IN ('article', 'articles') "
    f"AND subject IN (SELECT url FROM article_urls WHERE article_id {_ARTICLES}) "
    "OR id IN (SELECT value FROM json_each(:notes))",
    "openings": f"subject {_POSTS}",
    "articles": f"id {_ARTICLES} OR id IN (SELECT value FROM json_each(:titles))",
    "fetches": f"article_id {_ARTICLES}",
}

DELETED: Mapping[str, str] = {
    "budgets": f"scope IN (SELECT account FROM schedule WHERE account IS NOT NULL AND post_key {_POSTS})",
    "conclusions": f"post_key {_POSTS}",
    "schedule": f"post_key {_POSTS}",
    "changes": f"post_key {_POSTS}",
    "searches": f"post_key {_POSTS}",
    "mementos": f"post_key {_POSTS} OR article_id {_ARTICLES}",
    "pending": f"capture_id {_CAPTURES}",
    "picture_marks": f"artifact_id IN (SELECT id FROM artifacts WHERE capture_id {_CAPTURES})",
    "targets": f"post_key {_POSTS}",
    "placements": f"post_key {_POSTS}",
    "page_files": f"fetch_id IN ({_DRAWN})",
    "page_places": f"fetch_id IN ({_DRAWN})",
}
"""What was derived of a post, or planned for it: its rows go. `budgets` first, for it asks the schedule."""

REPLACED = ("html_sha256", "dom_sha256", "screenshot_sha256")
"""Of `fetches`: the article's page as served, as rendered, and its picture. The pages become such without the post."""

APPEND_ONLY = frozenset(("captures", "artifacts", "exchanges", "replays", "openings"))
"""Tables of which a row of `redactions` must license what is emptied."""

_NAMES = "names, numbers, times and outcomes"
_PLAN = "what was planned or asked for, by whom the archive is kept"
_PROOF = "hashes and signatures, no words; what enters a leaf does so with a salt"
KEPT: Mapping[str, tuple[str, str]] = {
    "access": (
        "the case: what is withheld by name cannot be withheld without",
        "kind subject platform level from_at until_at decided_at",
    ),
    "article_urls": ("the article's own address", "url"),
    "articles": (
        "the article's own address and dates",
        "url outlet lang published_at first_seen_at fetch_after reread_after forgotten_at",
    ),
    "artifacts": ("the hash names the file that is barred", "role sha256 content_type truncated"),
    "blobs": ("emptied by `redact_file`; its hash is what is barred", "sha256 encoding body"),
    "browsing": (
        "made anew by `browsing.refresh`, from rows that are emptied",
        "outlet platform status kept kind lang posted_at post_key author lost_in",
    ),
    "article_figures": ("made anew by `browsing.refresh`", "outlet"),
    "browsing_counts": ("counts", "outlet platform status kept kind lang month lost_in"),
    "browsing_due": ("empty after it", "post_key"),
    "browsing_totals": ("made anew by `browsing.refresh`", "facet value"),
    "captures": (_NAMES, "post_key outcome reason started_at finished_at uid origin purpose seen_at"),
    "checkpoints": (_PROOF, "note"),
    "checks": (_NAMES, "post_key checked_at outcome reason embedding"),
    "collections": ("a person's own list, of keys and addresses", "name kind subject by at"),
    "crawls": (_PLAN, "command started_at finished_at ended version options summary clock_suspect"),
    "deliveries": (
        "that something was told, by the number of the change",
        "change_id channel noted_at due_at delivered_at answer",
    ),
    "descriptions": (_NAMES, "post_key described_at"),
    "embeds": (
        "that the article embedded it, where and how",
        "kind platform post_key form layer rule seen_in",
    ),
    "exchanges": (
        "the hash names the file that is barred",
        "method resource_type body_sha256 remote_address started_at truncated",
    ),
    "export_posts": ("which copies there are", "post_key"),
    "exports": ("which copies there are", "made_at form place eyes options sha256 gone_at"),
    "fetches": (
        "the article's own address; its files are replaced",
        "url final_url fetched_at outcome reason content_type remote_address truncated source "
        "rendered_at render_reason search_note",
    ),
    "held_by": (_PROOF, "kind numbers"),
    "holds": (_PLAN, "platform host since until why released_at released_by"),
    "imports": ("where rows came from", "what at version source"),
    "listings": (_PLAN, "url kind read_at truncated named_by"),
    "log": (_PROOF, "kind leaf salt"),
    "log_keys": (_PROOF, "origin public_key since"),
    "merged_archives": ("where rows came from", "name merged_at place keys checkpoint"),
    "merged_log": (_PROOF, "kind leaf salt"),
    "merged_stamps": (_PROOF, "authority stamped_at note token root"),
    "notes": ("what it was about", "subject_kind subject name by at"),
    "openings": ("who opened it and when", "opened_at opened_by subject"),
    "optouts": (
        "what is not wanted is known by its name",
        "kind pattern platform from_at until_at source removed_at",
    ),
    "pacing": (_PLAN, "platform solved_on"),
    "platforms": ("what this version knows", "name title denial"),
    "outlet_figures": ("made anew by `browsing.refresh`", "outlet"),
    "post_counts": ("counts", "platform status kept"),
    "posts": (
        "the key by which it is known, and barred",
        "key platform native_id posted_at same_as first_seen_at capture_after forgotten_at",
    ),
    "redactions": ("what went, and why", "table_name row_id column_name sha256 reason redacted_at replaced_by"),
    "replays": (_NAMES, "checked_at"),
    "seeds": (_PLAN, "origin outlet fetch_after"),
    "stamps": (_PROOF, "authority state due_at stamped_at token root answer"),
    "totals": ("counts", "what value"),
    "tree": (_PROOF, "hash"),
    "withdrawals": (
        "the case; a person's name does not belong into it",
        "received_at reason reference due_at decision basis decided_by decided_at note hold_until erased_at",
    ),
}
"""Table -> why its other columns with text or bytes stay, and which these are. Tables of DELETED have none that stay."""

Fate = Literal["cut", "gone"]


@dataclass(frozen=True, slots=True)
class PageChange:
    """A file of one fetch of an article: what it was, and whether a page without the posts stands there instead.

    `cut` is the sha256 of that page; None: nothing stands there, `why` says so. The page itself is made when it is kept.
    """

    fetch_id: int
    url: str
    column: str
    sha256: str
    content_type: str | None
    cut: str | None = None
    why: str = ""

    @property
    def fate(self) -> Fate:
        if self.cut is None:
            return "gone"
        return "cut"


@dataclass(frozen=True, slots=True)
class Erasure:
    """All that an erasure touches: `words` "table.column" -> rows, `files` sha256 -> bytes, `shared` what others use, too."""

    case: int | None
    reason: str
    posts: tuple[str, ...]
    articles: tuple[int, ...]
    addresses: tuple[str, ...]
    captures: tuple[int, ...]
    given: Mapping[str, str]
    words: Mapping[str, int]
    files: Mapping[str, int]
    shared: tuple[str, ...]
    pages: tuple[PageChange, ...]
    wanted: PostTraces
    exports: tuple[str, ...] = ()
    outlets: tuple[str, ...] = ()
    accounts: tuple[Subject, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.words or self.files or self.pages)


# ------------------------------------------------------------------------------------------------------------- planning


def refuse_erasing(case: Withdrawal, now: str) -> None:
    """Raise UsageError where a case is not decided to be erased, or is under a hold."""
    if case.hold_until and case.hold_until > now:
        lift = say_command("embedarchive", "access", "hold", case.id, "--lift")
        raise UsageError(
            f"Case {case.id} is under a legal hold until {case.hold_until[:10]}: nothing of it can be erased. "
            f"Nothing was changed; when the hold is over: {lift}"
        )
    if case.decision != "erase":
        decides = say_command("embedarchive", "access", "decide", case.id, "erase", "--basis", "…", "--by", "…")
        raise UsageError(f"Case {case.id} is not decided to be erased. Nothing was changed; decide it with: {decides}")


def plan_erasure(conn: sqlite3.Connection, case: Withdrawal, *, thorough: bool = False) -> Erasure:
    """All that is to go for a case, and nothing done yet; `thorough` looks into the pages of every article."""
    posts, articles, embeds = resolve_case(conn, case)
    plan = plan_posts(conn, posts, articles, embeds, case.id, case.reason, thorough=thorough)
    outlets = tuple(each.name for each in case.subjects if each.kind == "outlet")
    return replace(plan, outlets=outlets, accounts=tuple(each for each in case.subjects if each.kind == "account"))


def plan_posts(
    conn: sqlite3.Connection,
    posts: Iterable[str],
    articles: Iterable[int] = (),
    embeds: Iterable[int] = (),
    case: int | None = None,
    reason: str = "request",
    *,
    thorough: bool = False,
) -> Erasure:
    """All that is to go with these posts, articles and embeds; `thorough` looks into the pages of every article."""
    keys = with_names(conn, posts)
    whole = tuple(sorted(set(articles)))
    captures = ids(conn, f"SELECT id FROM captures WHERE post_key {_POSTS}", posts=json.dumps(keys))
    given = {name: json.dumps(sorted(each)) for name, each in (
        ("posts", keys), ("captures", captures), ("articles", whole), ("embeds", set(embeds)))}  # fmt: skip
    given["thorough"] = str(int(thorough))
    wanted = make_traces(keys, read_texts(conn, given))
    given |= find_elsewhere(conn, wanted, given)
    pages = plan_pages(conn, wanted, given)
    files, shared = plan_files(conn, wanted, given, pages)
    addresses = tuple(row[0] for row in conn.execute(f"SELECT url FROM articles WHERE id {_ARTICLES}", given))
    exports = conn.execute(
        "SELECT DISTINCT e.form || ' ' || e.place || ', ' || substr(e.made_at, 1, 10) FROM exports e "
        f"JOIN exported_posts x ON x.export_id = e.id WHERE x.post_key {_POSTS} AND e.gone_at IS NULL ORDER BY e.id",
        given,
    )
    return Erasure(
        case, reason, tuple(keys), whole, addresses, tuple(captures), given, count_words(conn, given), files, shared, pages,
        wanted,
        tuple(row[0] for row in exports),
    )  # fmt: skip


def refuse_held(conn: sqlite3.Connection, plan: Erasure, now: str) -> None:
    """Raise UsageError where some of what a plan names is under the legal hold of another case."""
    held = conn.execute("SELECT id FROM withdrawals WHERE hold_until > ? AND id IS NOT ?", (now, plan.case)).fetchall()
    for (number,) in held:
        case = read_withdrawal(conn, number)
        posts, articles, _ = resolve_case(conn, case)
        if not (posts.isdisjoint(plan.posts) and articles.isdisjoint(plan.articles)):
            raise UsageError(
                f"Case {number} holds some of it until {(case.hold_until or '')[:10]}, so nothing was erased. "
                f"See it with: {say_command('embedarchive', 'access', 'list')}"
            )


def resolve_case(conn: sqlite3.Connection, case: Withdrawal) -> tuple[set[str], set[int], set[int]]:
    """The posts, whole articles, and embeds that name no post, which a case is about."""
    posts: set[str] = set()
    articles: set[int] = set()
    embeds: set[int] = set()
    for subject in case.subjects:
        of_posts, of_articles, of_embeds = resolve(conn, subject)
        posts |= of_posts
        articles |= of_articles
        embeds |= of_embeds
    return posts, articles, embeds


def resolve(conn: sqlite3.Connection, subject: Subject) -> tuple[set[str], set[int], set[int]]:
    """The posts, whole articles, and embeds that name no post, which a subject is about."""
    if subject.kind == "post":
        return {subject.name}, set(), set()
    if subject.kind == "account":
        given = {"name": subject.name, "platform": subject.platform}
        posts = conn.execute(
            "SELECT p.key FROM descriptions d JOIN posts p ON p.key = d.post_key WHERE d.author_handle = :name COLLATE NOCASE "
            "AND (:platform IS NULL OR p.platform = :platform) UNION "
            "SELECT p.key FROM embeds e JOIN posts p ON p.key = e.post_key WHERE e.author_handle = :name COLLATE NOCASE "
            "AND (:platform IS NULL OR p.platform = :platform)",
            given,
        ).fetchall()
        bare = ids(
            conn,
            "SELECT id FROM embeds WHERE author_handle = :name COLLATE NOCASE AND post_key IS NULL "
            "AND (:platform IS NULL OR platform IS NULL OR platform = :platform)",
            **given,
        )
        return {row[0] for row in posts}, set(), set(bare)
    if subject.kind == "picture":
        showing = conn.execute(
            "SELECT c.post_key FROM artifacts a JOIN captures c ON c.id = a.capture_id WHERE a.sha256 = ?",
            (subject.name,),
        ).fetchall()
        return {row[0] for row in showing}, set(), set()
    column = "outlet"
    if subject.kind == "article":
        column = "url"
    articles = ids(conn, f"SELECT id FROM articles WHERE {column} = :name", name=subject.name)
    only_there = conn.execute(
        f"SELECT DISTINCT e.post_key FROM embeds e WHERE e.article_id {_ARTICLES} AND e.post_key IS NOT NULL AND NOT EXISTS "
        f"(SELECT 1 FROM embeds o WHERE o.post_key = e.post_key AND o.article_id NOT {_ARTICLES})",
        {"articles": json.dumps(articles)},
    ).fetchall()
    return {row[0] for row in only_there}, set(articles), set()


def with_names(conn: sqlite3.Connection, posts: Iterable[str]) -> list[str]:
    """Posts with their other names: short links that lead to them, and what they are the same as."""
    given = json.dumps(sorted(posts))
    found = conn.execute(
        f"SELECT value FROM json_each(:posts) UNION SELECT same_as FROM posts WHERE key {_POSTS} AND same_as IS NOT NULL "
        f"UNION SELECT key FROM posts WHERE same_as {_POSTS} "
        f"UNION SELECT o.key FROM posts p JOIN posts o ON o.same_as = p.same_as WHERE p.key {_POSTS} ORDER BY 1",
        {"posts": given},
    )
    return [row[0] for row in found]


def ids(conn: sqlite3.Connection, sql: str, **given: object) -> list[int]:
    return [int(row[0]) for row in conn.execute(sql, given).fetchall()]


def read_texts(conn: sqlite3.Connection, given: Mapping[str, str]) -> list[str]:
    """What the posts are known to say, as seen and as publishers have it."""
    found = conn.execute(
        f"SELECT text FROM descriptions WHERE post_key {_POSTS} UNION SELECT title FROM descriptions WHERE post_key {_POSTS} "
        f"UNION SELECT alt_text FROM descriptions WHERE post_key {_POSTS} "
        f"UNION SELECT text FROM embeds WHERE post_key {_POSTS} "
        "UNION SELECT text FROM embeds WHERE id IN (SELECT value FROM json_each(:embeds)) "
        f"UNION SELECT alt FROM artifacts WHERE capture_id {_CAPTURES}",
        given,
    )
    return [row[0] for row in found if row[0]]


_AROUND = f"""SELECT id FROM articles WHERE :thorough UNION SELECT article_id FROM embeds WHERE post_key {_POSTS}
  UNION SELECT article_id FROM embeds WHERE id IN (SELECT value FROM json_each(:embeds))"""
"""The articles in which the posts' words are looked for everywhere: those that embed them, or all."""


def find_elsewhere(conn: sqlite3.Connection, wanted: PostTraces, given: Mapping[str, str]) -> dict[str, str]:
    """The notes and titles of the articles around that hold the posts' words."""
    notes = conn.execute(
        "SELECT n.id, n.value FROM notes n JOIN article_urls u ON u.url = n.subject WHERE n.subject_kind = 'articles' "
        f"AND u.article_id IN ({_AROUND}) AND n.value IS NOT NULL",
        given,
    )
    held = [row[0] for row in notes.fetchall() if holds_post(row[1].encode("utf-8", "replace"), wanted)]
    titles = conn.execute(f"SELECT id, title, site_name FROM articles WHERE id IN ({_AROUND})", given)
    named = [row[0] for row in titles.fetchall() if holds_post(f"{row[1]} {row[2]}".encode("utf-8", "replace"), wanted)]
    return {"notes": json.dumps(held), "titles": json.dumps(named)}


def plan_pages(conn: sqlite3.Connection, wanted: PostTraces, given: Mapping[str, str]) -> tuple[PageChange, ...]:
    """What becomes of the pages and pictures of every article that embeds one of the posts, or is to go as a whole."""
    found = conn.execute(
        f"SELECT id, url, content_type, html_sha256, dom_sha256, screenshot_sha256, article_id {_ARTICLES} AS whole, "
        f"EXISTS (SELECT 1 FROM embeds e WHERE e.fetch_id = fetches.id AND e.post_key {_POSTS}) AS embeds "
        f"FROM fetches WHERE article_id {_ARTICLES} OR article_id IN ({_AROUND}) ORDER BY id",
        given,
    ).fetchall()
    return tuple(page for row in found for page in plan_fetch(conn, row, wanted))


def plan_fetch(conn: sqlite3.Connection, row: sqlite3.Row, wanted: PostTraces) -> list[PageChange]:
    fetch_id, url, content_type, html, dom, picture, whole = tuple(row)[:7]
    pages = [
        plan_page(conn, PageChange(fetch_id, url, column, sha256, kind), wanted, whole=bool(whole))
        for column, sha256, kind in (
            ("html_sha256", html, content_type),
            ("dom_sha256", dom, "text/html; charset=utf-8"),
        )
        if sha256
    ]
    held = [page for page in pages if page is not None]
    if picture and (held or whole or row["embeds"]):
        why = "a picture of the whole article shows it"
        held.append(PageChange(fetch_id, url, "screenshot_sha256", picture, None, why=why))
    return held


def plan_page(conn: sqlite3.Connection, page: PageChange, wanted: PostTraces, *, whole: bool) -> PageChange | None:
    """What becomes of one page; None for one that holds nothing of the posts."""
    if whole:
        return replace(page, why="the article is erased")
    try:
        body = read_blob(conn, page.sha256)
    except (WrongBytes, DamagedArchive):
        return replace(page, why="it is damaged")
    if body is None:
        return None
    cut = cut_posts(body, wanted, page.content_type)
    if cut is None:
        return replace(page, why="its place in the page could not be found")
    if cut == body:
        return None
    return replace(page, cut=hash_bytes(cut))


_USED = f"""SELECT sha256 FROM artifacts WHERE sha256 IN (SELECT value FROM json_each(:files)) AND capture_id NOT {_CAPTURES}
  UNION SELECT body_sha256 FROM exchanges
    WHERE body_sha256 IN (SELECT value FROM json_each(:files)) AND capture_id NOT {_CAPTURES}
  UNION SELECT sha256 FROM page_files WHERE sha256 IN (SELECT value FROM json_each(:files))
    AND fetch_id NOT IN ({_DRAWN})
  UNION SELECT j.value FROM fetches f, json_each(json_array(f.html_sha256, f.dom_sha256, f.screenshot_sha256)) j
    WHERE (f.html_sha256 IN (SELECT value FROM json_each(:files)) OR f.dom_sha256 IN (SELECT value FROM json_each(:files))
        OR f.screenshot_sha256 IN (SELECT value FROM json_each(:files)))
      AND f.id || j.key NOT IN (SELECT value FROM json_each(:replaced))"""
"""Which files something else uses: another post's visit, another page. One walk through the fetches, for all of them."""

_STATIC = frozenset(("stylesheet", "font", "script"))
"""What platforms serve alike for every post: it goes only where it holds the post."""


def plan_files(
    conn: sqlite3.Connection, wanted: PostTraces, given: Mapping[str, str], pages: Iterable[PageChange]
) -> tuple[dict[str, int], tuple[str, ...]]:
    """The files to empty, with their sizes, and those that stay because others use them as well."""
    kinds: dict[str, set[str]] = {page.sha256: {"page"} for page in pages}
    for sha256, kind in conn.execute(
        f"SELECT sha256, 'artifact' FROM artifacts WHERE capture_id {_CAPTURES} UNION "
        f"SELECT body_sha256, resource_type FROM exchanges WHERE capture_id {_CAPTURES} AND body_sha256 IS NOT NULL UNION "
        f"SELECT sha256, 'page file' FROM page_files WHERE {DELETED['page_files']}",
        given,
    ):
        kinds.setdefault(sha256, set()).add(kind)
    replaced = [f"{page.fetch_id}{REPLACED.index(page.column)}" for page in pages]
    asked = {**given, "files": json.dumps(sorted(kinds)), "replaced": json.dumps(replaced)}
    used = {row[0] for row in conn.execute(_USED, asked)}
    files: dict[str, int] = {}
    shared = []
    for sha256, of in sorted(kinds.items()):
        held = conn.execute("SELECT size FROM blobs WHERE sha256 = ? AND length(body) > 0", (sha256,)).fetchone()
        if held is None or (of <= _STATIC and not names_posts(conn, sha256, wanted)):
            continue
        if sha256 in used:
            shared.append(sha256)
        else:
            files[sha256] = int(held[0])
    return files, tuple(shared)


def names_posts(conn: sqlite3.Connection, sha256: str, wanted: PostTraces) -> bool:
    try:
        body = read_blob(conn, sha256, LARGEST_IN_MEMORY)
    except (WrongBytes, DamagedArchive):
        return True
    return body is None or holds_post(body, wanted)


def count_words(conn: sqlite3.Connection, given: Mapping[str, str]) -> dict[str, int]:
    """How many rows hold something in each column that is to be emptied: "table.column" -> rows."""
    counted: dict[str, int] = {}
    for table, columns in ERASED.items():
        sums = ", ".join(f"sum({column} IS NOT {literal(empty)})" for column, empty in columns.items())
        row = conn.execute(f"SELECT {sums} FROM {table} WHERE {SELECTED[table]}", given).fetchone()
        counted |= {f"{table}.{name}": int(count) for name, count in zip(columns, row, strict=True) if count}
    return counted


def literal(value: str | None) -> str:
    """A value of ERASED as SQL. Pure."""
    if value is None:
        return "NULL"
    return f"'{value}'"


# -------------------------------------------------------------------------------------------------------------- erasing


def erase_rows(conn: sqlite3.Connection, plan: Erasure, now: str) -> None:
    """Empty all that a plan names, in the caller's transaction, and bar it from coming again. Done twice, it is done once."""
    bar(conn, plan, now)
    for page in plan.pages:
        replace_page(conn, page, plan, now)
    replaced = {page.sha256: page.cut for page in plan.pages if page.cut is not None}
    for sha256 in plan.files:
        redact_file(conn, sha256, plan.reason, now, plan.case, replaced.get(sha256))
    emptied = {table: empty_rows(conn, table, columns, plan, now) for table, columns in ERASED.items()}
    for key in plan.posts:
        uncount(conn, key)
    referred = conn.execute(f"SELECT fetch_id FROM page_places WHERE {DELETED['page_places']}", plan.given).fetchall()
    emptied["fetches"] = [*emptied["fetches"], *(row[0] for row in referred)]
    for table, which in DELETED.items():
        conn.execute(f"DELETE FROM {table} WHERE {which}", plan.given)
    conn.execute(f"UPDATE posts SET capture_after = NULL WHERE key {_POSTS}", plan.given)
    while browsing.refresh(conn):
        pass
    for index in INDEXES:
        conn.execute(f"INSERT INTO {index}({index}) VALUES ('optimize')")
    log_erasure(conn, plan, emptied)


def log_erasure(conn: sqlite3.Connection, plan: Erasure, emptied: Mapping[str, list[Any]]) -> None:
    """Log that what was kept is no longer as it was: of each visit and page that lost something."""
    of_parts = {
        row[0]
        for table in ("artifacts", "exchanges")
        for row in conn.execute(
            f"SELECT capture_id FROM {table} WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(emptied[table]),),
        )
    }
    for capture_id in sorted(of_parts.union(emptied["captures"])):
        evidence.append_withdrawal(conn, "capture", capture_id)
    served = {page.fetch_id for page in plan.pages if page.column == "html_sha256"}
    rendered = {page.fetch_id for page in plan.pages if page.column != "html_sha256"}
    for fetch_id in sorted(served.union(emptied["fetches"])):
        evidence.append_withdrawal(conn, "fetch", fetch_id)
    for fetch_id in sorted(rendered.union(emptied["fetches"])):
        evidence.append_withdrawal(conn, "rendering", fetch_id)


def bar(conn: sqlite3.Connection, plan: Erasure, now: str) -> None:
    """Give posts, accounts and articles the level `erased`, for good: the view `barred_posts` is what everything asks.

    Runs leave alone what is on the list of opt-outs: the posts, and all that is known to be of the accounts.
    """
    subjects = [Subject("post", key) for key in plan.posts] + [Subject("article", url) for url in plan.addresses]
    subjects += [Subject("outlet", host) for host in plan.outlets]
    subjects += plan.accounts
    known = "SELECT 1 FROM access WHERE kind = ? AND subject = ? AND platform IS ? AND level = 'erased'"
    new = [each for each in subjects if not conn.execute(known, (each.kind, each.name, each.platform)).fetchone()]
    set_level(conn, plan.case, new, "erased", now)
    conn.executemany(
        "INSERT INTO optouts (kind, pattern, platform, from_at, source, withdrawal_id) VALUES (?, ?, ?, ?, 'withdrawal', ?)",
        [(each.kind, each.name, each.platform, now, plan.case) for each in new if each.kind in ("post", "account")],
    )


def replace_page(conn: sqlite3.Connection, page: PageChange, plan: Erasure, now: str) -> None:
    """Let a fetch name the page without the post, or none; the page itself goes with the files."""
    if page.cut is not None:
        keep_cut(conn, page, plan.wanted)
        if page.column == "html_sha256":
            note_places(conn, page, now)
    conn.execute(
        "INSERT OR IGNORE INTO redactions (table_name, row_id, column_name, reason, redacted_at, withdrawal_id, replaced_by) "
        "VALUES ('fetches', ?, ?, ?, ?, ?, ?)",
        (str(page.fetch_id), page.column, plan.reason, now, plan.case, page.cut),
    )
    conn.execute(f"UPDATE fetches SET {page.column} = ? WHERE id = ?", (page.cut, page.fetch_id))


def note_places(conn: sqlite3.Connection, page: PageChange, now: str) -> None:
    """Keep where a page that was not looked through yet embeds what is cut out of it: afterwards nothing tells."""
    article_id, searched = conn.execute(
        "SELECT article_id, searched_rules FROM fetches WHERE id = ?", (page.fetch_id,)
    ).fetchone()
    if searched is None:
        cut = without_barred(conn, read_blob(conn, page.sha256) or b"", page.content_type).cut
        keep_places(conn, page.fetch_id, article_id, cut, now)


def keep_cut(conn: sqlite3.Connection, page: PageChange, wanted: PostTraces) -> None:
    """Keep a page without the posts, unless it is there already: one at a time, for a plan may name thousands."""
    if conn.execute("SELECT 1 FROM blobs WHERE sha256 = ?", (page.cut,)).fetchone():
        return
    cut = cut_posts(read_blob(conn, page.sha256) or b"", wanted, page.content_type)
    assert cut is not None, "it could be cut when that was planned"
    rows.keep_blob(conn, cut, page.content_type)


def empty_rows(
    conn: sqlite3.Connection, table: str, columns: Mapping[str, str | None], plan: Erasure, now: str
) -> list[Any]:
    """Empty columns of a table's rows where they hold something; give the keys of those that did."""
    key = "key" if table == "posts" else "id"
    filled = " OR ".join(f"{name} IS NOT {literal(empty)}" for name, empty in columns.items())
    found = conn.execute(f"SELECT {key} FROM {table} WHERE ({SELECTED[table]}) AND ({filled})", plan.given)
    numbers = [row[0] for row in found.fetchall()]
    if table in APPEND_ONLY:
        license_words(conn, table, numbers, columns, plan.reason, now, plan.case)
    sets = ", ".join(f"{name} = {literal(empty)}" for name, empty in columns.items())
    for number in numbers:
        if table in rows.FULL_TEXT:
            rows.index(conn, table, number, remove=True)
        conn.execute(f"UPDATE {table} SET {sets} WHERE {key} = ?", (number,))
        if table in rows.FULL_TEXT:
            rows.index(conn, table, number)
    return numbers


# ------------------------------------------------------------------------------------------------------ what comes again


def find_account(conn: sqlite3.Connection, platform: str, handles: Iterable[str | None]) -> Subject | None:
    """The account that was erased, of those whom a post is of."""
    named = [each.removeprefix("@") for each in handles if each]
    found = conn.execute(
        "SELECT kind, subject, platform FROM access WHERE kind = 'account' AND level = 'erased' "
        "AND (platform IS NULL OR platform = ?) AND EXISTS (SELECT 1 FROM json_each(?) j "
        "WHERE j.value = access.subject COLLATE NOCASE) LIMIT 1",
        (platform, json.dumps(named)),
    ).fetchone()
    if found:
        return Subject(*found)
    return None


def erase_again(
    conn: sqlite3.Connection, key: str, now: str, also: Iterable[str] = (), account: Subject | None = None
) -> None:
    """Erase what came again of a post that is barred, under another of its names; `also` are such as were just learnt.

    `account` is the erased one that the post turned out to be of.
    """
    conn.execute("PRAGMA secure_delete = ON")
    names = with_names(conn, {key, *also})
    case = conn.execute(
        "SELECT withdrawal_id FROM access WHERE level = 'erased' AND (kind = 'post' "
        "AND subject IN (SELECT value FROM json_each(?)) OR kind = 'account' AND subject = ? AND platform IS ?) "
        "ORDER BY id LIMIT 1",
        (json.dumps(names), account and account.name, account and account.platform),
    ).fetchone()
    plan = plan_posts(conn, names, case=case[0] if case else None)
    if not plan.is_empty:
        erase_rows(conn, plan, now)


def cut_found(conn: sqlite3.Connection, fetch_id: int, found: Found, now: str) -> None:
    """Cut posts that were erased out of a page that was here before, and is looked through only now, or now by better rules.

    Other downloads of the same page lose it with this one, and keep where it embedded them.
    """
    if not has_barred(conn):
        return
    barred = tuple(each for each in found.embeds if each.post and rows.is_barred(conn, each.post.key))
    if not barred:
        return
    same = (
        "SELECT o.id, o.article_id FROM fetches f JOIN fetches o ON o.html_sha256 = f.html_sha256 AND o.id <> f.id "
        "WHERE f.id = ?"
    )
    for other, article_id in conn.execute(same, (fetch_id,)).fetchall():
        keep_places(conn, other, article_id, barred, now)
    for key in sorted({each.post.key for each in barred if each.post}):
        erase_again(conn, key, now)


@dataclass(frozen=True, slots=True)
class Allowed:
    """A page as it may be kept: `body` None where it may not; `cut` are the embeds that are no longer in it."""

    body: bytes | None
    cut: tuple[Embed, ...] = ()


def without_barred(conn: sqlite3.Connection, body: bytes, content_type: str | None) -> Allowed:
    """A page as it may be kept: posts that were erased are cut out of it."""
    if not has_barred(conn):
        return Allowed(body)
    found = search_bounded(body, content_type=content_type, mentions=True).embeds
    keys = {e.post.key for e in found if e.post and rows.is_barred(conn, e.post.key)}
    if not keys:
        return Allowed(body)
    shown = (replace(e, position=n) for n, e in enumerate((e for e in found if e.kind == "embed"), 1))
    cut = tuple(e for e in shown if e.post and e.post.key in keys)
    return Allowed(cut_posts(body, make_traces(keys), content_type), cut)


def keep_places(conn: sqlite3.Connection, fetch_id: int, article_id: int, cut: Iterable[Embed], now: str) -> None:
    """Keep that a page embedded posts which were erased, and where; nothing of what it said of them."""
    for embed in cut:
        row = rows.embed_row(conn, embed, now) | {"fetch_id": fetch_id, "article_id": article_id}
        known = "SELECT 1 FROM embeds WHERE fetch_id = ? AND (post_key = ? OR position = ?)"
        if not conn.execute(known, (fetch_id, row["post_key"], embed.position)).fetchone():
            rows.insert(conn, "embeds", row)


def embeds_barred(conn: sqlite3.Connection, fetch_id: int) -> bool:
    """Whether a fetch of an article embeds a post that was erased: no picture of it is kept."""
    sql = "SELECT 1 FROM embeds e JOIN barred_posts b ON b.key = e.post_key WHERE e.fetch_id = ? LIMIT 1"
    return has_barred(conn) and conn.execute(sql, (fetch_id,)).fetchone() is not None


def has_barred(conn: sqlite3.Connection) -> bool:
    """Whether anything was erased here, or where a tombstone came from."""
    return conn.execute("SELECT 1 FROM access WHERE level = 'erased' LIMIT 1").fetchone() is not None
