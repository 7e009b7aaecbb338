"""A copy that was made -> a note of it in the archive that it is of, or beside it while a run writes there."""

from __future__ import annotations

import logging
from contextlib import closing
from pathlib import Path

from embedarchive.core.errors import EmbedArchiveError
from embedarchive.store.archive import Archive
from embedarchive.store.exports import HandedOut, insert_export, let_wait
from embedarchive.store.reading import open_reader
from embedarchive.store.schema import SCHEMA_VERSION, read_version

log = logging.getLogger(__name__)

PATIENCE_S = 2.0
"""For other programs that read the archive. The copy is there already: nobody waits long for its note."""


def note_export(path: Path, made: HandedOut) -> None:
    """Note a copy of the archive at `path`. It was made whatever comes of its note, so what fails is told, and no error.

    An archive of an older schema is not brought up for a note: that waits.
    """
    try:
        if is_of_today(path):
            with Archive(path, patience_s=PATIENCE_S) as archive, archive.transaction() as conn:
                insert_export(conn, made)
            return
    except EmbedArchiveError as error:
        log.debug("%s cannot be written to (%s); the note of an export waits beside it", path, error)
    note_beside(path, made)


def note_beside(path: Path, made: HandedOut) -> None:
    """Let the note of a copy wait beside the archive: for whoever may not write to it, as a reading room. It raises nothing."""
    try:
        let_wait(path, made)
    except OSError as error:
        log.warning("That %s was handed out could not be noted in %s (%s).", made, path, error.strerror or error)


def is_of_today(path: Path) -> bool:
    with closing(open_reader(path)) as conn:
        return read_version(conn) == SCHEMA_VERSION
