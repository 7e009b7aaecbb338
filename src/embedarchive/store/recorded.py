"""What others saw of a post -> kept as theirs: it is no check, and nothing is due of it; it is held, and shown as theirs."""

from __future__ import annotations

from embedarchive.core.model import Capture
from embedarchive.store import evidence, rows
from embedarchive.store.archive import Archive
from embedarchive.store.optouts import is_barred, read_optouts


def keep_recorded(archive: Archive, capture: Capture, crawl_id: int, now: str) -> int:
    """Keep what others saw of a post (`Capture.origin`) with all its bytes, in one transaction; give its number.

    Kept twice, it is there once. Nothing is kept (0) of a post that was erased or does not want to be archived, nor of what is
    dated after `now` (ISO 8601), which nobody can have seen.
    """
    with archive.transaction() as conn:
        unwanted = is_barred(conn, read_optouts(conn, now), capture.post.key, capture.post.url)
        if unwanted or rows.is_barred(conn, capture.post.key) or capture.started_at > now:
            return 0
        if (known := rows.find_capture(conn, capture)) is not None:
            return known
        rows.keep_post_of_others(conn, capture.post, now)
        capture_id = rows.keep_visit(conn, capture, crawl_id, None)
        evidence.append(conn, "capture", capture_id)
        return capture_id
