"""What was erased in an archive -> erased in an older copy of it that takes its place."""

from __future__ import annotations

import contextlib
from contextlib import closing
from pathlib import Path

from embedarchive.core.errors import ArchiveError
from embedarchive.store.archive import Archive
from embedarchive.store.cases import Subject, set_level
from embedarchive.store.compacting import compact
from embedarchive.store.reading import open_reader

REFERENCE = "erased before a backup was restored"


def read_erased(path: Path) -> tuple[Subject, ...]:
    """The posts, accounts, articles and outlets that were erased in an archive; none where it cannot be read."""
    sql = "SELECT DISTINCT kind, subject, platform FROM access WHERE level = 'erased' ORDER BY kind, subject, platform"
    with contextlib.suppress(ArchiveError), closing(open_reader(path)) as conn:
        return tuple(Subject(row[0], row[1], row[2]) for row in conn.execute(sql))
    return ()


def carry_over(before: Path, path: Path, now: str) -> int:
    """Erase in the archive at `path` what was erased in the one `before` it and is not in this; give how much that was.

    It is a case of its own, decided as it was. Raises what erasing raises.
    """
    erased = set(read_erased(before)) - set(read_erased(path))
    if not erased:
        return 0
    with Archive(path) as archive:
        with archive.transaction() as conn:
            case = conn.execute(
                "INSERT INTO withdrawals (received_at, reason, reference, due_at, decision, decided_at) "
                "VALUES (?1, 'request', ?2, ?1, 'erase', ?1)",
                (now, REFERENCE),
            ).lastrowid
            number = int(case or 0)
            set_level(conn, number, sorted(erased, key=str), "sealed", now)
        archive.erase(number, now)
    compact(path, number, now)
    return len(erased)
