"""Every error a user can meet, in one tree. Pure.

EmbedArchiveError
├── UsageError             the call cannot be understood                exit 2
├── SourceError            a seed could not be read                     exit 1
├── FetchError             an article or media could not be fetched     (becomes an outcome, never an exit)
│   └── RefusedError       the door refused to connect there
├── BrowserError           the browser could not do its work
│   ├── BrowserMissing     no browser was found                         exit 4
│   └── BrowserCrashed     it died or hung, and was killed
└── ArchiveError           the archive file cannot be used              exit 1
    ├── NotAnArchive       the file is something else; it was left untouched
    ├── NewerArchive       written by a newer embedarchive; it was left untouched
    ├── OlderArchive       too old for what was asked; it was left untouched
    ├── ArchiveLocked      another run is writing to it
    └── DiskFull           no space left; all that was acknowledged is kept   exit 5

"The post is gone" is an outcome, not an error. Messages say what happened, what was kept, and what to do next.
"""

from __future__ import annotations


class EmbedArchiveError(Exception):
    """Root of the tree; `exit_code` is what the command line exits with."""

    exit_code = 1


class UsageError(EmbedArchiveError):
    exit_code = 2


class SourceError(EmbedArchiveError):
    pass


class FetchError(EmbedArchiveError):
    """A fetch that did not end well. `reason` is a short code (`timeout`, `tls`, `dns`, `too_many_redirects` …)."""

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(message or reason)
        self.reason = reason


class RefusedError(FetchError):
    """The door refused: a forbidden scheme, port or address. Nothing was sent."""


class BrowserError(EmbedArchiveError):
    pass


class BrowserMissing(BrowserError):
    exit_code = 4


class BrowserCrashed(BrowserError):
    pass


class ArchiveError(EmbedArchiveError):
    pass


class NotAnArchive(ArchiveError):
    pass


class NewerArchive(ArchiveError):
    pass


class OlderArchive(ArchiveError):
    pass


class ArchiveLocked(ArchiveError):
    pass


class DiskFull(ArchiveError):
    exit_code = 5
