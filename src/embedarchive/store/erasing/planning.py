"""A case that was decided to be erased -> all that it touches, said beforehand, and nothing done yet."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from embedarchive.core.errors import DamagedArchive, UsageError, WrongBytes
from embedarchive.core.shell import say_command
from embedarchive.detect.cutting import PostTraces, cut_posts, holds_post, make_traces
from embedarchive.store.blobs import hash_bytes
from embedarchive.store.cases import Subject, Withdrawal, read_withdrawal
from embedarchive.store.erasing.columns import (
    ARTICLES,
    CAPTURES,
    DELETED,
    DRAWN,
    ERASED,
    POSTS,
    REPLACED,
    SELECTED,
    literal,
)
from embedarchive.store.erasing.subjects import ids, resolve_case, with_names
from embedarchive.store.fixity import LARGEST_IN_MEMORY, read_blob


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
    def fate(self) -> Literal["cut", "gone"]:
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
    captures = ids(conn, f"SELECT id FROM captures WHERE post_key {POSTS}", posts=json.dumps(keys))
    given = {name: json.dumps(sorted(each)) for name, each in (
        ("posts", keys), ("captures", captures), ("articles", whole), ("embeds", set(embeds)))}  # fmt: skip
    given["thorough"] = str(int(thorough))
    wanted = make_traces(keys, read_texts(conn, given))
    given |= find_elsewhere(conn, wanted, given)
    pages = plan_pages(conn, wanted, given)
    files, shared = plan_files(conn, wanted, given, pages)
    addresses = tuple(row[0] for row in conn.execute(f"SELECT url FROM articles WHERE id {ARTICLES}", given))
    exports = conn.execute(
        "SELECT DISTINCT e.form || ' ' || e.place || ', ' || substr(e.made_at, 1, 10) FROM exports e "
        f"JOIN exported_posts x ON x.export_id = e.id WHERE x.post_key {POSTS} AND e.gone_at IS NULL ORDER BY e.id",
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


def read_texts(conn: sqlite3.Connection, given: Mapping[str, str]) -> list[str]:
    """What the posts are known to say, as seen and as publishers have it."""
    found = conn.execute(
        f"SELECT text FROM descriptions WHERE post_key {POSTS} UNION SELECT title FROM descriptions WHERE post_key {POSTS} "
        f"UNION SELECT alt_text FROM descriptions WHERE post_key {POSTS} "
        f"UNION SELECT text FROM embeds WHERE post_key {POSTS} "
        "UNION SELECT text FROM embeds WHERE id IN (SELECT value FROM json_each(:embeds)) "
        f"UNION SELECT alt FROM artifacts WHERE capture_id {CAPTURES}",
        given,
    )
    return [row[0] for row in found if row[0]]


_AROUND = f"""SELECT id FROM articles WHERE :thorough UNION SELECT article_id FROM embeds WHERE post_key {POSTS}
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
        f"SELECT id, url, content_type, html_sha256, dom_sha256, screenshot_sha256, article_id {ARTICLES} AS whole, "
        f"EXISTS (SELECT 1 FROM embeds e WHERE e.fetch_id = fetches.id AND e.post_key {POSTS}) AS embeds "
        f"FROM fetches WHERE article_id {ARTICLES} OR article_id IN ({_AROUND}) ORDER BY id",
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


_USED = f"""SELECT sha256 FROM artifacts WHERE sha256 IN (SELECT value FROM json_each(:files)) AND capture_id NOT {CAPTURES}
  UNION SELECT body_sha256 FROM exchanges
    WHERE body_sha256 IN (SELECT value FROM json_each(:files)) AND capture_id NOT {CAPTURES}
  UNION SELECT sha256 FROM page_files WHERE sha256 IN (SELECT value FROM json_each(:files))
    AND fetch_id NOT IN ({DRAWN})
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
        f"SELECT sha256, 'artifact' FROM artifacts WHERE capture_id {CAPTURES} UNION "
        f"SELECT body_sha256, resource_type FROM exchanges WHERE capture_id {CAPTURES} AND body_sha256 IS NOT NULL UNION "
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
