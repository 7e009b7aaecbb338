"""What becomes of each column of each table when posts are erased. Pure.

`ERASED` says what stands there afterwards, `DELETED` of which tables rows go, `KEPT` why a column stays; every column with
text or bytes has its place in one of them (a test asks). Conditions are over named parameters: `:posts` (keys), `:captures`,
`:articles`, `:embeds`, `:notes` and `:titles` (numbers), each a JSON list.
"""

from __future__ import annotations

from collections.abc import Mapping

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

POSTS = "IN (SELECT value FROM json_each(:posts))"
CAPTURES = "IN (SELECT value FROM json_each(:captures))"
ARTICLES = "IN (SELECT value FROM json_each(:articles))"
DRAWN = (
    f"SELECT id FROM fetches WHERE article_id {ARTICLES} "
    f"OR article_id IN (SELECT article_id FROM embeds WHERE post_key {POSTS})"
)
"""Pages that one of the posts is in: what such a page is drawn with may be a picture of the post."""

SELECTED: Mapping[str, str] = {
    "posts": f"key {POSTS}",
    "captures": f"id {CAPTURES}",
    "artifacts": f"capture_id {CAPTURES}",
    "exchanges": f"capture_id {CAPTURES}",
    "replays": f"capture_id {CAPTURES}",
    "descriptions": f"post_key {POSTS} OR capture_id {CAPTURES}",
    "embeds": f"post_key {POSTS} OR article_id {ARTICLES} OR id IN (SELECT value FROM json_each(:embeds))",
    "notes": f"subject_kind IN ('post', 'posts') AND subject {POSTS} OR subject_kind IN ('article', 'articles') "
    f"AND subject IN (SELECT url FROM article_urls WHERE article_id {ARTICLES}) "
    "OR id IN (SELECT value FROM json_each(:notes))",
    "openings": f"subject {POSTS}",
    "articles": f"id {ARTICLES} OR id IN (SELECT value FROM json_each(:titles))",
    "fetches": f"article_id {ARTICLES}",
}

DELETED: Mapping[str, str] = {
    "budgets": f"scope IN (SELECT account FROM schedule WHERE account IS NOT NULL AND post_key {POSTS})",
    "conclusions": f"post_key {POSTS}",
    "schedule": f"post_key {POSTS}",
    "changes": f"post_key {POSTS}",
    "searches": f"post_key {POSTS}",
    "mementos": f"post_key {POSTS} OR article_id {ARTICLES}",
    "consulted": f"subject {POSTS} OR subject IN (SELECT url FROM article_urls WHERE article_id {ARTICLES})",
    "pending": f"capture_id {CAPTURES}",
    "picture_marks": f"artifact_id IN (SELECT id FROM artifacts WHERE capture_id {CAPTURES})",
    "targets": f"post_key {POSTS}",
    "placements": f"post_key {POSTS}",
    "page_files": f"fetch_id IN ({DRAWN})",
    "page_places": f"fetch_id IN ({DRAWN})",
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


def literal(value: str | None) -> str:
    """A value of ERASED as SQL."""
    if value is None:
        return "NULL"
    return f"'{value}'"
