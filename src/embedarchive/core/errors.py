"""Every error a user can meet, in one tree, and every exit code of the command line, in one table. Pure.

EmbedArchiveError
├── UsageError             the call cannot be understood                exit 2
├── SourceError            a seed could not be read                     exit 2
├── FetchError             an article or media could not be fetched     (becomes an outcome, never an exit)
│   └── RefusedError       the door refused to connect there
├── BrowserError           the browser could not do its work            exit 1
│   ├── BrowserMissing     there is none that starts                    exit 4
│   └── BrowserCrashed     it died or hung, and was killed
├── NetworkDown            this machine reaches nothing at all          exit 11
├── IntakeError            pages that readers handed in cannot be had   exit 1
├── SigningError           a checkpoint could not be signed            exit 1
└── ArchiveError           the archive file cannot be used              exit 1
    ├── NotAnArchive       the file is something else; it was left untouched
    ├── NewerArchive       written by a newer embedarchive; it was left untouched
    ├── OlderArchive       too old for what was asked; it was left untouched
    ├── DamagedArchive     bytes of the file are wrong or missing       exit 7
    │   └── WrongBytes     kept bytes are not those of their sha256     exit 7
    ├── StrangeArchive     holds what could run or be read in place of ours; it was not written to
    ├── ArchiveLocked      another run is writing to it                 exit 9
    ├── ArchiveBusy        another program has it locked
    └── DiskFull           no space left, or the disk failed; what was acknowledged is kept   exit 5

BrowserMissing, NetworkDown and ArchiveError fail for the machine and for no article or post: they end a run at once. WrongBytes
does not: it is one file that failed.
"The post is gone" is an outcome, not an error. Messages say what happened, what was kept, and what to do next.
"""

from __future__ import annotations

import errno
from enum import IntEnum
from typing import Self


class ExitCode(IntEnum):
    """What any command ends with. `brief` is said in the help, `meaning` in the documentation.

    Those from 128 on are what shells use for signals: 128 and the signal's number.
    """

    brief: str
    meaning: str

    def __new__(cls, code: int, brief: str, meaning: str) -> Self:
        self = int.__new__(cls, code)
        self._value_ = code
        self.brief, self.meaning = brief, meaning
        return self

    DONE = 0, "done", "All that was asked for is done."
    ERROR = 1, "error", "An error; the message says what was kept. `lookup` and `search`: nothing was found."
    WRONG_USE = 2, "wrong use", "The call cannot be understood, or names what is not there; nothing was done."
    IN_PART = (
        3,
        "in part",
        "Some of it could not be done, or may still be had, and is named: articles, posts, files, holes.",
    )
    NO_BROWSER = 4, "no browser", "There is no browser to capture with; `embedarchive install` provides one."
    DISK_FULL = 5, "disk full", "There is no room left, or the disk failed; all that was reported as kept is kept."
    KEPT_OUT = 6, "kept out", "A platform kept us out; its posts stay due, and the same command goes on with them."
    DAMAGED = 7, "damaged", "Bytes of the archive are wrong or missing."
    NO_STAMP = (
        8,
        "no stamp",
        "`verify --require-stamp`: nothing is wrong, and no time stamp of the newest checkpoint holds.",
    )
    LOCKED = 9, "locked", "Another embedarchive is writing to the archive; nothing was changed."
    NEWLY_LOST = (
        10,
        "newly lost",
        "`watch` found posts gone that nobody was told of, and names them; this is said rather than 3 or 6.",
    )
    NO_NETWORK = (
        11,
        "no network",
        "This machine, or the proxy that it was given, reaches nothing at all; run the same command again when it does.",
    )
    INTERRUPTED = 130, "interrupted", "Ctrl-C; what is kept stays kept. `serve` is ended that way, and gives 0."
    ENDED = 143, "ended", "SIGTERM, as systemd and `kill` send it; what is kept stays kept."


class EmbedArchiveError(Exception):
    """Root of the tree; `exit_code` is what the command line exits with."""

    exit_code = ExitCode.ERROR
    ends_run = False
    """Whether it is no article or post that failed, so that every other would fail too."""


class UsageError(EmbedArchiveError):
    exit_code = ExitCode.WRONG_USE
    ends_run = True


class SigningError(EmbedArchiveError):
    """A checkpoint could not be signed or handed on; what was captured is kept all the same."""


class SourceError(EmbedArchiveError):
    exit_code = ExitCode.WRONG_USE


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
    exit_code = ExitCode.NO_BROWSER
    ends_run = True


class BrowserCrashed(BrowserError):
    pass


class NetworkDown(EmbedArchiveError):
    exit_code = ExitCode.NO_NETWORK
    ends_run = True


class ArchiveError(EmbedArchiveError):
    ends_run = True


class IntakeError(EmbedArchiveError):
    """The file of pages that readers handed in cannot be read or written; the archive itself is as it was."""


class NotAnArchive(ArchiveError):
    pass


class NewerArchive(ArchiveError):
    pass


class OlderArchive(ArchiveError):
    pass


class DamagedArchive(ArchiveError):
    """The bytes of an archive are not what was written."""

    exit_code = ExitCode.DAMAGED

    @classmethod
    def seen(cls, said: str, name: object = "The archive") -> Self:
        """The error for the archive called `name`, given away by what `said` tells."""
        return cls(
            f"{name} is damaged ({said}). It was left as it is; use a copy of it, "
            "or save what can still be read with SQLite's own: sqlite3 FILE .recover"
        )


class WrongBytes(DamagedArchive):
    """What an archive keeps under a sha256 are other bytes; `code` says how that shows, as `verify` does.

    It is one file that failed: a run names it and goes on with the others.
    """

    ends_run = False
    sha256 = ""
    code = ""

    @classmethod
    def of(cls, sha256: str, code: str, says: str, name: object = "The archive") -> Self:
        """The error for bytes that were to be those of `sha256`."""
        error = cls.seen(f"the bytes kept as sha256 {sha256} are not those: {says}", name)
        error.sha256, error.code = sha256, code
        return error


class StrangeArchive(ArchiveError):
    """Something in the file's schema could run, or be read, in place of what is ours."""


class ArchiveLocked(ArchiveError):
    exit_code = ExitCode.LOCKED


class ArchiveBusy(ArchiveError):
    pass


class DiskFull(ArchiveError):
    exit_code = ExitCode.DISK_FULL


def is_full(error: OSError) -> bool:
    """Whether it says that a disk is full, or what one may take of it."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)
