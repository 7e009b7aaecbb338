"""Checkpoints that are to be stamped -> the answers of authorities, through the door."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from cryptography import x509

from embedarchive.core import clock
from embedarchive.core.errors import EmbedArchiveError
from embedarchive.run.services import Services, Settings
from embedarchive.run.telling import say_answer, wait_after
from embedarchive.store import Archive
from embedarchive.store.stamps import DueStamp, keep_answer, keep_no_answer, read_due_stamps, want_stamps
from embedarchive.store.timestamps import REQUEST_TYPE, judge_stamp, make_stamp_request, read_roots

Note = Callable[[str], None]


async def stamp_newest(archive: Archive, settings: Settings, note: Note, *, at_once: bool = False) -> int:
    """Have the newest checkpoint stamped by the authorities of these settings; give how many did.

    Whoever does not answer is asked again by a later run, or now with `at_once`; `note` is told.
    Raises UsageError for a file without roots.
    """
    roots = read_roots(settings.tsa_root)
    with archive.transaction() as conn:
        want_stamps(conn, settings.tsa, clock.now(), at_once=at_once)
    due = [each for each in read_due_stamps(archive.conn, clock.now()) if each.authority in settings.tsa]
    if not due:
        return 0
    async with Services(settings) as services:
        done = await asyncio.gather(*(ask_authority(archive, services, each, roots, note) for each in due))
    return sum(done)


async def ask_authority(
    archive: Archive, services: Services, stamp: DueStamp, roots: Sequence[x509.Certificate], note: Note
) -> bool:
    """Ask one authority about one checkpoint, and keep what it answers; whether it stamped it."""
    data, why = stamp.note.encode(), "no_answer"
    with suppress(EmbedArchiveError):
        answer = await services.hand_over(stamp.authority, make_stamp_request(data), {"Content-Type": REQUEST_TYPE})
        why = say_answer(answer)
    if why != "ok":
        wait = wait_after(stamp.tried + 1, why)
        with archive.transaction() as conn:
            keep_no_answer(conn, stamp, why, clock.later(wait) if wait is not None else None)
        note(f"{stamp.authority} did not stamp the checkpoint ({why}); the next run asks again.")
        return False
    judged = await asyncio.to_thread(judge_stamp, answer.body, data, roots)
    with archive.transaction() as conn:
        keep_answer(conn, stamp.id, answer.body, judged)
    if judged.code != "stamped":
        note(f"The answer of {stamp.authority} is kept and proves nothing: {judged.says}.")
    return judged.code == "stamped"
