"""The command that makes two archives one, as a plain function: merge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from embedarchive.core import clock
from embedarchive.core.errors import SigningError, UsageError
from embedarchive.core.version import __version__
from embedarchive.platforms import PLATFORMS
from embedarchive.run.deriving import Derived, derive_all
from embedarchive.store import Archive, archive_path, open_reader
from embedarchive.store.checkpoints import make_checkpoint
from embedarchive.store.compacting import compact, find_half_erased
from embedarchive.store.keyring import Keyring
from embedarchive.store.merging.counting import MergePlan, plan_merge
from embedarchive.store.merging.union import Merged, merge_archive, refuse_itself
from embedarchive.store.schema import check_identity
from embedarchive.store.sidefiles import hold_archive


@dataclass
class MergeReport:
    """What was merged into an archive, one of `merged` for each other, and what was derived of it."""

    archive: Path
    merged: list[Merged] = field(default_factory=list)
    derived: Derived = field(default_factory=Derived)
    unsigned: str = ""
    """Why no checkpoint of the log could be signed, if so."""


def merge(
    *others: str | Path, archive: str | Path = "archive", on_step: Callable[[MergeReport], None] = lambda _: None
) -> MergeReport:
    """Make archives a part of another: all that they hold and it does not. Those are only read, and stay as they are.

    What any of them withholds, opted out or erased is withheld first; what was observed is united, what is derived made anew. A
    second time changes nothing, and broken off and begun again it is done once. The archive is made if there is none.

    Raises UsageError where one of them is the archive itself, or where what one erased is under a legal hold in another;
    NotAnArchive, NewerArchive, DamagedArchive, StrangeArchive for a file that cannot be read, ArchiveLocked, DiskFull.
    """
    path, places = archive_path(archive), [archive_path(each) for each in others]
    refuse_all(path, places)
    report = MergeReport(path)
    with Archive(path, platforms=PLATFORMS) as held:
        crawl_id = held.start_crawl("merge", clock.now(), __version__, {"from": list(map(str, places))})
        for place in places:
            done = Merged(place)
            report.merged.append(done)

            def step(_: Merged) -> None:
                if names_accounts(held):  # what is theirs is known only when it is described
                    derive_all(held, crawl_id, report.derived)
                on_step(report)

            merge_archive(held, done, clock.now(), step)
        derive_all(held, crawl_id, report.derived, lambda: on_step(report))
        held.refresh_browsing()
        report.unsigned = sign(held)
        summary = {"merged": [tell(each) for each in report.merged], **asdict(report.derived)}
        held.finish_crawl(crawl_id, clock.now(), "done", summary)
        half_erased = find_half_erased(held.conn)
    if half_erased:
        compact(path, half_erased[0], clock.now(), half_erased[1:])
    return report


def plan(*others: str | Path, archive: str | Path = "archive") -> list[MergePlan]:
    """What each of these would bring, counted; nothing is written. Raises what `merge` raises for files that cannot be read."""
    path, places = archive_path(archive), [archive_path(each) for each in others]
    refuse_all(path, places)
    return [plan_merge(path, place) for place in places]


def refuse_all(path: Path, places: list[Path]) -> None:
    """Raise UsageError where nothing was named, or an archive itself; what opening them raises, before anything is written."""
    if not places:
        raise UsageError("Name the archives to merge. Nothing was changed.")
    if path.exists():
        check_identity(path)
        with hold_archive(path):  # nobody writes to it: what is wrong with it is told before what is with the others
            pass
    for place in places:
        refuse_itself(path, place)
        open_reader(place).close()


def names_accounts(held: Archive) -> bool:
    """Whether anything is withheld by an account's name."""
    sql = "SELECT 1 FROM access WHERE kind = 'account' UNION ALL SELECT 1 FROM optouts WHERE kind = 'account' LIMIT 1"
    return held.conn.execute(sql).fetchone() is not None


def sign(held: Archive) -> str:
    try:
        make_checkpoint(held, Keyring(), clock.now())
    except SigningError as error:
        return str(error)
    return ""


def tell(done: Merged) -> dict[str, object]:
    """What a merge did, as JSON has it. Pure."""
    told = asdict(done) | {"place": str(done.place)}
    return {name: value for name, value in told.items() if name != "erased"}
