"""Which words the archive's columns may hold. Pure.

The tables themselves do not say it: SQLite cannot change a CHECK without writing its table anew, and the words grow. So the
writer looks here (`rows.insert`), and a test looks at all that was kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from embedarchive.core.changes import CHANGE_KINDS
from embedarchive.core.model import Embedding, Kind, Origin, Outcome, Purpose, Role, SeenIn

WORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "blobs": {"encoding": ("identity", "zlib")},
    "fetches": {"outcome": ("ok", "unchanged", "failed")},
    "embeds": {"kind": get_args(Kind), "seen_in": get_args(SeenIn)},
    "captures": {"outcome": get_args(Outcome), "origin": get_args(Origin), "purpose": get_args(Purpose)},
    "artifacts": {"role": get_args(Role)},
    "checks": {"outcome": get_args(Outcome), "embedding": get_args(Embedding)},
    "pending": {"work": ("describe", "mark", "replay", "replay later", "conclude")},
    "changes": {"change": CHANGE_KINDS},
    "log": {"kind": ("capture", "fetch", "rendering", "withdrawal", "import", "key", "stamp")},
    "imports": {"what": ("adopted", "merged")},
    "stamps": {"state": ("unstamped", "stamped", "refused")},
    "searches": {
        "source": ("archive", "files", "wayback", "articles", "commoncrawl", "cdn"),
        "answer": ("held", "none", "excluded", "refused", "error"),
    },
    "mementos": {"verdict": ("recovered", "claim", "gone", "wall", "other page", "unreadable", "lost")},
    "consulted": {"outcome": ("ok", "failed")},
    "schedule": {"observe_why": ("age", "often embedded", "account", "confirm", "wall", "gone")},
}
"""Table -> column -> its words."""


def check_words(table: str, row: Mapping[str, Any]) -> None:
    """Raise ValueError where a row is to hold a word that its column may not: a mistake of the caller, never of the world."""
    for column, allowed in WORDS.get(table, {}).items():
        word = row.get(column)
        if word is not None and word not in allowed:
            raise ValueError(f"{table}.{column} may be {', '.join(allowed)}, not {word!r}")
