"""Find every social post an article embeds, capture what a reader saw, keep it in one SQLite file.

From Python:

    find_embeds    an article's HTML -> the posts it embeds
    capture        addresses of posts -> captures in an archive
    crawl          articles -> the posts they embed, captured in an archive
    check          an archive -> which of its posts are still there
    recover        posts that are gone -> what others still hold of them
    open_archive   an archive -> a library to ask
"""

from __future__ import annotations

from pkgutil import extend_path
from typing import TYPE_CHECKING, Any

# Platforms and their replica sites may stand in another folder of the import path (docs/adding-a-platform.md).
__path__ = extend_path(__path__, __name__)

if TYPE_CHECKING:
    from embedarchive.api.commands import capture, check, crawl, recover
    from embedarchive.api.library import Library, open_archive
    from embedarchive.core.errors import EmbedArchiveError, ExitCode, UsageError
    from embedarchive.core.version import __version__
    from embedarchive.detect import find_embeds
    from embedarchive.run.report import Captured, Report

_HOMES = {
    "EmbedArchiveError": "embedarchive.core.errors",
    "ExitCode": "embedarchive.core.errors",
    "UsageError": "embedarchive.core.errors",
    "__version__": "embedarchive.core.version",
    "Library": "embedarchive.api.library",
    "open_archive": "embedarchive.api.library",
    "Captured": "embedarchive.run.report",
    "Report": "embedarchive.run.report",
    "capture": "embedarchive.api.commands",
    "check": "embedarchive.api.commands",
    "crawl": "embedarchive.api.commands",
    "recover": "embedarchive.api.commands",
    "find_embeds": "embedarchive.detect",
}

__all__ = [
    "Captured",
    "EmbedArchiveError",
    "ExitCode",
    "Library",
    "Report",
    "UsageError",
    "__version__",
    "capture",
    "check",
    "crawl",
    "find_embeds",
    "open_archive",
    "recover",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: whoever only finds embeds must not pay for a browser's library."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
