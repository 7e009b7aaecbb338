"""Find every social post an article embeds, capture what a reader saw, keep it in one SQLite file.

From Python: `open_archive` reads an archive, `find_embeds` finds the embeds of an HTML text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = ["EmbedArchiveError", "Library", "UsageError", "__version__", "find_embeds", "open_archive"]

if TYPE_CHECKING:
    from embedarchive.api import Library, open_archive
    from embedarchive.core.errors import EmbedArchiveError, UsageError
    from embedarchive.core.version import __version__
    from embedarchive.detect import find_embeds

_HOMES = {
    "EmbedArchiveError": "embedarchive.core.errors",
    "Library": "embedarchive.api",
    "UsageError": "embedarchive.core.errors",
    "__version__": "embedarchive.core.version",
    "find_embeds": "embedarchive.detect",
    "open_archive": "embedarchive.api",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: the core must not pay for what reads archives."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
