"""An archive -> a smaller copy for the public: the same tables, only what may be shown, nothing of how it was run.

A first copy is written from a list of what may leave. What is not on the list was never in the file, not even in a page
SQLite no longer uses. Onto an earlier copy only what changed is written (`renewing.py`): the rows of a new copy are made
beside it, and of files the new ones alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from embedarchive.core.errors import DamagedArchive, DiskFull, UsageError
from embedarchive.core.version import __version__
from embedarchive.export.renewing import NotRenewed, copy_file, find_held, renew
from embedarchive.export.selection import EVERYTHING, Selection
from embedarchive.export.thumbnails import copy_thumbnails
from embedarchive.store.browsing import refresh
from embedarchive.store.conclusions import RECOUNT
from embedarchive.store.faults import Connection
from embedarchive.store.fixity import DAMAGED, WRONG, Held, find_wrong
from embedarchive.store.reading import LONGEST_VALUE, open_reader
from embedarchive.store.rows import FULL_TEXT, index_grams
from embedarchive.store.schema import SCHEMA_VERSION, apply_schema, read_version, views_differ
from embedarchive.store.schema.meanings import read_disclosures
from embedarchive.store.schema.strangers import refuse_false_tables, refuse_strange
from embedarchive.store.sharing import fill_hidden

SHOWN = ("screenshot", "media", "poster", "avatar", "thumbnail", "subtitles")
"""Roles of files that a reader sees."""

ENVIRONMENT = (
    "tool", "tool_version", "browser", "browser_version", "headless", "operating_system", "user_agent", "viewport",
    "scale", "screenshot", "language", "time_zone", "fonts_missing", "logged_in",
    "seen_by", "source", "taken_over_at",
)  # fmt: skip
"""What of a visit's circumstances tells why the post looked as it did."""

POSTS = "post_key IN (SELECT key FROM chosen_posts)"
ARTICLES = "article_id IN (SELECT id FROM chosen_articles)"
CAPTURES = "capture_id IN (SELECT id FROM chosen_captures)"
LOGGED_IN = "json_valid(environment) AND json_extract(environment, '$.logged_in') IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Copied:
    """One table of a copy: the columns that leave, which rows, and what stands in place of a column that does not.

    Of columns that came later their step says whether they leave too, `public` or `private` at the head of the comment.
    """

    columns: str
    where: str = "TRUE"
    instead: Mapping[str, str] = field(default_factory=dict)


COPIED: Mapping[str, Copied] = {
    "crawls": Copied(
        "id command started_at finished_at ended version render in_article clock_suspect",
        "id IN (SELECT crawl_id FROM src.captures UNION SELECT crawl_id FROM src.fetches)",
    ),
    "platforms": Copied("name title rules visitable federated denial"),
    "articles": Copied(
        "id outlet title site_name lang published_at first_seen_at",
        "id IN (SELECT id FROM chosen_articles)",
        {"url": "public_url(url, id)"},
    ),
    "article_urls": Copied("url article_id", f"{ARTICLES} AND url NOT LIKE 'file:%'"),
    "fetches": Copied(
        "id article_id crawl_id fetched_at outcome reason status content_type elapsed_ms truncated rendered_at "
        "render_reason alterations searched_rules search_note",
        ARTICLES,
        {
            "url": "public_url(url, article_id)",
            "final_url": "public_url(final_url, article_id)",
            "source": "iif(source = 'network', source, 'a saved copy')",
        },
    ),
    "posts": Copied(
        "key platform native_id url posted_at resolved same_as first_seen_at",
        "key IN (SELECT key FROM chosen_posts)",
    ),
    "embeds": Copied(
        "id fetch_id article_id position kind platform post_key url form layer rule snippet seen_in author_name "
        "author_handle text posted_at lang",
        f"{ARTICLES} AND ({POSTS} OR {ARTICLES.replace('chosen', 'whole')}) AND id NOT IN (SELECT id FROM temp.hidden_embeds) "
        "AND (post_key IS NULL OR post_key NOT IN (SELECT id FROM temp.hidden_posts))",
    ),
    "captures": Copied(
        "id post_key crawl_id fetch_id outcome reason evidence visit_url final_url status started_at finished_at "
        "missing alterations uid origin purpose seen_at",
        "id IN (SELECT id FROM chosen_captures)",
        {"environment": "public_environment(environment)"},
    ),
    "descriptions": Copied(
        "id capture_id post_key rules described_at kind author_name author_handle author_url author_verified "
        "author_followers collaborators title text text_html alt_text lang posted_at likes comments shares views audio "
        "location sensitive quoted_url media sources",
        CAPTURES,
    ),
    "checks": Copied(
        "id post_key capture_id checked_at outcome reason embedding",
        f"{POSTS} AND ({CAPTURES} OR capture_id IS NULL)",
    ),
    "conclusions": Copied(
        "post_key status reason doubt last_checked_at last_available_at first_gone_at confirmed_at came_back_at embedding "
        "kept expected held lacking joined passing best_capture_id visits",
        f"{POSTS} AND post_key NOT IN (SELECT post_key FROM src.captures WHERE purpose <> 'control' "
        "AND id NOT IN (SELECT id FROM chosen_captures))",
    ),
    "changes": Copied(
        "id post_key change after by capture_before capture_by articles",
        f"{POSTS} AND post_key NOT IN (SELECT post_key FROM src.captures WHERE purpose <> 'control' "
        "AND id NOT IN (SELECT id FROM chosen_captures))",
    ),
    "replays": Copied(
        "id capture_id checked_at score distance text_found media_found media_expected", CAPTURES
    ),
}  # fmt: skip

FILES = Copied(
    "id capture_id role position sha256 content_type size url width height alt truncated dhash",
    f"{CAPTURES} AND role IN (SELECT value FROM json_each(:roles))",
)
MARKS = Copied("artifact_id word place", "artifact_id IN (SELECT id FROM main.artifacts)")
WITHDRAWN = Copied(
    "sha256 size redacted_at",
    "sha256 IN (SELECT sha256 FROM main.blobs)",
    {"table_name": "'blobs'", "row_id": "sha256", "column_name": "'body'", "reason": "'withdrawn'"},
)  # fmt: skip

LEFT_OUT = frozenset(
    ("seeds", "listings", "targets", "placements", "pending", "exchanges", "notes", "holds", "schedule", "deliveries",
     "budgets", "pacing", "withdrawals", "access", "openings", "log", "tree", "log_keys", "imports", "checkpoints", "stamps",
     "optouts", "exports", "export_posts", "collections", "searches", "mementos", "consulted", "page_files",
     "page_places", "held_by", "merged_archives", "merged_log", "merged_stamps")
)  # fmt: skip
"""Tables that stay empty: what was asked for, what is due, what went over the network, what somebody noted, what was
withheld when and from whom, who was told what, what it may cost; the log, which is of the whole archive and proves that;
which copies there are; whom we asked what they hold."""


@dataclass(frozen=True, slots=True)
class Published:
    """What a public copy holds, and how many visits of someone logged in it leaves out.

    `renewed` says that an earlier copy was brought up to date. `damaged` are the files that it lacks because they are not
    what their sha256 names: sha256 -> what is wrong with them.
    """

    posts: int
    visits: int
    articles: int
    files: int
    bytes: int
    withheld: int = 0
    damaged: Mapping[str, str] = field(default_factory=dict)
    renewed: bool = False


def publish(
    source: Path,
    out: Path,
    now: str,
    selection: Selection = EVERYTHING,
    *,
    thumbnails_only: bool = False,
    with_dom: bool = False,
    with_logged_in: bool = False,
) -> Published:
    """Write a public copy of the archive at `source` to `out`, whole or not at all, as of one moment.

    An earlier copy at `out` is brought up to date in place: files that it holds are not copied again, and what was withdrawn
    or is not selected any more is taken out of its bytes.

    `thumbnails_only` makes every picture small and leaves sound and video out; `with_dom` adds the pages as rendered;
    `with_logged_in` adds what was seen by someone logged in, which may not have been meant for everybody.
    Raises UsageError when `out` is the archive itself, DamagedArchive when it refers to what is not there, DiskFull
    when there is no room for the copy.
    """
    if out.exists() and out.samefile(source):
        raise UsageError(f"{out} is the archive itself, and was left as it is. Name another file.")
    told = {"thumbnails_only": thumbnails_only, "with_dom": with_dom, "with_logged_in": with_logged_in}
    held = None
    if not thumbnails_only:
        held = find_held(out)
    if held is not None:
        with contextlib.suppress(NotRenewed):
            return write(source, out, now, selection, held, **told)
    return write(source, out, now, selection, None, **told)


def write(
    source: Path,
    out: Path,
    now: str,
    selection: Selection,
    held: frozenset[str] | None,
    *,
    thumbnails_only: bool,
    with_dom: bool,
    with_logged_in: bool,
) -> Published:
    """Write a copy beside `out`, and let it take that place; or where `held` is given bring the earlier copy there up to it.

    Raises DamagedArchive, DiskFull, NotRenewed.
    """
    draft = out.with_name(f".{out.name}.part")
    draft.unlink(missing_ok=True)
    try:
        with of_newest_schema(source, draft) as whole, contextlib.closing(open_copy(draft, whole)) as conn:
            conn.name = source
            choose(conn, selection, with_logged_in=with_logged_in)
            candidates = conn.execute(
                f"SELECT count(*) FROM src.captures WHERE {POSTS} AND purpose <> 'control'"
            ).fetchone()[0]
            damaged = copy(conn, now, thumbnails_only=thumbnails_only, with_dom=with_dom, held=held)
            done = replace(count(conn, draft, candidates), damaged=damaged, renewed=held is not None)
        if held is not None:
            renew(out, draft)
            return replace(done, bytes=out.stat().st_size)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(out)
    except sqlite3.IntegrityError as error:
        lacks = ""
        if "FOREIGN KEY" in str(error):
            lacks = ": it refers to what is not there"
        raise DamagedArchive.seen(f"{error}{lacks}", source) from error
    except DiskFull as error:
        raise DiskFull(
            f"{out} could not be written whole ({error.__cause__}), so nothing was. "
            "Make room and run the same command again."
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    return done


@contextlib.contextmanager
def of_newest_schema(source: Path, draft: Path) -> Iterator[Path]:
    """The archive itself, or for as long as this lasts a copy of it, beside `draft`, that has taken the newest steps."""
    with contextlib.closing(open_reader(source)) as reader:
        if read_version(reader) == SCHEMA_VERSION and not views_differ(reader):
            refuse_false_tables(reader)
            yield source
            return
        copied = draft.with_name(f"{draft.name}.source")
        copied.unlink(missing_ok=True)
        try:
            with contextlib.closing(sqlite3.connect(copied, isolation_level=None, factory=Connection)) as conn:
                conn.name = source
                reader.backup(conn)
                refuse_strange(conn)
                apply_schema(conn)
            yield copied
        finally:
            copied.unlink(missing_ok=True)


def open_copy(draft: Path, source: Path) -> Connection:
    """A new, empty archive with the source attached to it, read-only, as `src`."""
    conn = sqlite3.connect(f"file:{quote(str(draft))}", uri=True, isolation_level=None, factory=Connection)
    for pragma in ("page_size = 8192", "journal_mode = OFF", "synchronous = OFF", "trusted_schema = OFF"):
        conn.execute(f"PRAGMA {pragma}")
    apply_schema(conn)
    conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
    conn.execute("PRAGMA foreign_keys = OFF")  # `check_references` looks at all of them at the end
    conn.create_function("public_url", 2, public_url, deterministic=True)
    conn.create_function("public_environment", 1, public_environment, deterministic=True)
    conn.execute("ATTACH ? AS src", (f"file:{quote(str(source.resolve()))}?mode=ro",))
    return conn


def public_url(url: Any, article_id: int) -> Any:
    """An article's address; of a file on our disk only its name. What is no text stays what it is. Pure."""
    if not isinstance(url, str) or not url.lower().startswith("file:"):
        return url
    return f"file:///saved/{article_id}/{url.rstrip('/').rpartition('/')[2]}"


def public_environment(text: str) -> str:
    """The circumstances of a visit that anyone may know. Pure."""
    try:
        known = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        known = None
    if isinstance(known, dict):
        picked = {name: known[name] for name in ENVIRONMENT if name in known}
    else:
        picked = {}
    return json.dumps(picked, ensure_ascii=False)


# -------------------------------------------------------------------------------------------------------------- copying


def copy(
    conn: sqlite3.Connection, now: str, *, thumbnails_only: bool, with_dom: bool, held: frozenset[str] | None
) -> dict[str, str]:
    """Fill an empty archive with what was chosen of the one attached to it, in one transaction; give what is damaged.

    Where `held` is given an earlier copy has the bytes of those files, and its full-text indexes follow by themselves.
    """
    conn.execute("BEGIN")
    conn.execute("DELETE FROM platforms")
    for table, copied in COPIED.items():
        copy_rows(conn, table, copied)
    roles = json.dumps([*SHOWN, *(["dom"] if with_dom else [])])
    if thumbnails_only:
        damaged = copy_thumbnails(
            conn, f"SELECT {FILES.columns.replace(' ', ', ')} FROM src.artifacts WHERE {FILES.where}", roles
        )
    else:
        copy_rows(conn, "artifacts", FILES, roles)
        copy_rows(conn, "picture_marks", MARKS)
        damaged = copy_files(conn, held or frozenset())
    copy_rows(conn, "redactions", WITHDRAWN)
    mark_damaged(conn, damaged, now)
    conn.execute(RECOUNT)
    while refresh(conn):
        pass
    conn.execute(
        "INSERT INTO crawls (command, started_at, finished_at, ended, version, options) VALUES (?, ?, ?, ?, ?, ?)",
        ("publish", now, now, "done", __version__, json.dumps({"thumbnails_only": thumbnails_only})),
    )
    if held is None:
        for table in FULL_TEXT:
            conn.execute(f"INSERT INTO {table}_fts({table}_fts) VALUES ('rebuild')")
            index_grams(conn, table)
    check_references(conn)
    conn.execute("COMMIT")
    conn.execute("DETACH src")
    conn.execute("PRAGMA optimize")
    return damaged


def check_references(conn: sqlite3.Connection) -> None:
    """Raise IntegrityError where a row of the copy refers to one that is not there.

    Were SQLite to watch over that row by row, it would look for whoever waits for a file through whole tables, once for each
    file: what refers to files comes before them, and has no index for all of it.
    """
    for table, *_ in conn.execute("PRAGMA main.foreign_key_check"):
        raise sqlite3.IntegrityError(f"FOREIGN KEY constraint failed in {table}")


def copy_files(conn: sqlite3.Connection, held: frozenset[str]) -> dict[str, str]:
    """Copy the bytes of every artifact, looked through before; what was withdrawn or is damaged leaves its row empty.

    So does what is `held` already: it is neither read nor written.
    """
    wanted = (
        "SELECT sha256, rowid, encoding, size, length(body), sha256 IN (SELECT sha256 FROM src.redactions) "
        "FROM src.blobs WHERE sha256 IN (SELECT sha256 FROM main.artifacts) ORDER BY rowid"
    )
    damaged: dict[str, str] = {}
    for *row, withdrawn in conn.execute(wanted).fetchall():
        file = Held(*row)
        empty = withdrawn or not file.stored or file.sha256 in held
        code = None
        if not empty:
            code = find_wrong(conn, file, "src")
        if code:
            damaged[file.sha256] = code
        copy_file(conn, replace(file, stored=0) if empty or code else file)
    return damaged


def mark_damaged(conn: sqlite3.Connection, damaged: Mapping[str, str], now: str) -> None:
    """Let the copy say of damaged files, as of withdrawn ones, that their bytes are not there and why."""
    conn.executemany(
        "INSERT OR REPLACE INTO main.redactions (table_name, row_id, column_name, sha256, size, redacted_at, reason) "
        "SELECT 'blobs', sha256, 'body', sha256, size, ?, ? FROM main.blobs WHERE sha256 = ?",
        [(now, f"{DAMAGED}{WRONG[code]}", sha256) for sha256, code in damaged.items()],
    )


def choose(conn: sqlite3.Connection, selection: Selection, *, with_logged_in: bool) -> None:
    """Note what leaves: posts and articles (see `choose_posts`), and of the visits those that anyone could have made."""
    choose_posts(conn, selection)
    leave_withheld(conn)
    unfit = "FALSE" if with_logged_in else LOGGED_IN
    conn.execute("CREATE TEMP TABLE chosen_captures (id INTEGER PRIMARY KEY)")
    conn.execute(
        f"INSERT INTO chosen_captures SELECT id FROM src.captures WHERE {POSTS} AND purpose <> 'control' AND NOT ({unfit}) "
        "AND coalesce(fetch_id NOT IN (SELECT id FROM src.fetches WHERE article_id IN (SELECT id FROM hidden_articles)), TRUE)"
    )


def leave_withheld(conn: sqlite3.Connection) -> None:
    """Take out of what was chosen all that may not be shown to everybody."""
    fill_hidden(conn, "public", "src")
    conn.execute("DELETE FROM chosen_posts WHERE key IN (SELECT id FROM hidden_posts)")
    for table in ("whole_articles", "chosen_articles"):
        conn.execute(f"DELETE FROM {table} WHERE id IN (SELECT id FROM hidden_articles)")


def choose_posts(conn: sqlite3.Connection, selection: Selection) -> None:
    """Note which posts leave (with the short links that name them), which articles, and of which all embeds leave."""
    for line in (
        "CREATE TEMP TABLE chosen_posts (key TEXT PRIMARY KEY) WITHOUT ROWID",
        "CREATE TEMP TABLE whole_articles (id INTEGER PRIMARY KEY)",
        "CREATE TEMP TABLE chosen_articles (id INTEGER PRIMARY KEY)",
    ):
        conn.execute(line)
    if selection.posts is None:
        conn.execute("INSERT INTO chosen_posts SELECT key FROM src.posts WHERE is_control = 0")
        conn.execute("INSERT INTO whole_articles SELECT id FROM src.articles")
        conn.execute("INSERT INTO chosen_articles SELECT id FROM src.articles")
        return
    conn.execute("INSERT INTO chosen_posts SELECT value FROM json_each(?)", (json.dumps(selection.posts),))
    conn.execute(
        "INSERT OR IGNORE INTO chosen_posts SELECT key FROM src.posts WHERE same_as IN (SELECT key FROM chosen_posts) "
        "UNION SELECT same_as FROM src.posts WHERE key IN (SELECT key FROM chosen_posts) AND same_as IS NOT NULL"
    )
    conn.execute("INSERT INTO whole_articles SELECT value FROM json_each(?)", (json.dumps(selection.articles or ()),))
    conn.execute(
        "INSERT INTO chosen_articles SELECT id FROM whole_articles "
        f"UNION SELECT article_id FROM src.embeds WHERE {POSTS} "
        f"UNION SELECT f.article_id FROM src.captures c JOIN src.fetches f ON f.id = c.fetch_id WHERE c.{POSTS}"
    )


def copy_rows(conn: sqlite3.Connection, table: str, copied: Copied, roles: str = "[]") -> None:
    """Copy what may leave of one table."""
    columns = [*copied.columns.split(), *read_public(table)]
    into, values = ", ".join([*columns, *copied.instead]), ", ".join([*columns, *copied.instead.values()])
    sql = f"INSERT INTO main.{table} ({into}) SELECT {values} FROM src.{table} WHERE {copied.where}"
    conn.execute(sql, {"roles": roles})


def read_public(table: str) -> list[str]:
    """The columns that newer steps gave a table, and say of that they may leave."""
    return [column for column, said in read_disclosures().get(table, {}).items() if said == "public"]


def count(conn: sqlite3.Connection, out: Path, candidates: int) -> Published:
    """What the copy holds, of so many visits that could have been in it."""
    tables = ("posts WHERE same_as IS NULL", "captures", "articles", "artifacts")
    posts, visits, articles, files = (
        int(conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in tables
    )
    return Published(posts, visits, articles, files, out.stat().st_size, candidates - visits)
