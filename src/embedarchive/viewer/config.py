"""What the tables mean and what may be asked of them -> a datasette.yaml, to serve an archive anywhere."""

from __future__ import annotations

from typing import Any

import yaml  # type: ignore[import-untyped]

from embedarchive.core.shell import say_command
from embedarchive.library.questions import ADDRESSED
from embedarchive.store.schema.meanings import describe_database, describe_tables
from embedarchive.viewer.bounds import LARGEST_HEAP_MB

HEAD = """\
# Written by embedarchive, to be changed by you. Serve the archive with it, read-only:
#   {command}
"""

ARRANGED: dict[str, dict[str, Any]] = {
    "articles": {"label_column": "title", "facets": ["outlet", "lang"], "sort_desc": "first_seen_at"},
    "posts": {"label_column": "key", "facets": ["platform"], "sort_desc": "first_seen_at"},
    "embeds": {"label_column": "url", "facets": ["platform", "kind", "form", "seen_in"]},
    "captures": {"label_column": "started_at", "facets": ["outcome", "reason"], "sort_desc": "started_at"},
    "checks": {"facets": ["outcome", "reason"], "sort_desc": "checked_at"},
    "descriptions": {"label_column": "post_key", "facets": ["kind", "lang", "author_handle"]},
    "artifacts": {"facets": ["role", "content_type"]},
    "fetches": {"label_column": "final_url", "facets": ["outcome", "source"], "sort_desc": "fetched_at"},
    "crawls": {"label_column": "command", "facets": ["command", "ended"], "sort_desc": "started_at"},
    "exchanges": {"label_column": "url", "facets": ["resource_type", "status"]},
    "post_status": {"facets": ["platform", "status"]},
    "preserved_posts": {"facets": ["platform", "status"]},
    "lost_posts": {"facets": ["platform"]},
}
"""How Datasette shows a table: what stands for a row, what to count, what comes first."""


def render_config(database: str, file: str, config: str) -> str:
    """The whole file, for an archive that Datasette calls `database`."""
    tables = describe_tables()
    arranged = {name: {**tables[name], **ARRANGED.get(name, {})} for name in tables}
    about = {"description": describe_database(), "tables": arranged, "queries": ADDRESSED}
    # The names under which others reach it go into `hosts`: then it answers to no other.
    whole = {
        "title": "embedarchive",
        "description": describe_database(),
        "databases": {database: about},
        "plugins": {"embedarchive": {"hosts": [], "memory_mb": LARGEST_HEAP_MB}},
    }
    command = say_command("datasette", "serve", "-i", file, "-m", config)
    return HEAD.format(command=" ".join(command.splitlines())) + str(
        yaml.safe_dump(whole, sort_keys=False, allow_unicode=True, width=110)
    )
