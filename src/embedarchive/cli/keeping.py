"""The commands that keep an archive sound: verify, backup, restore."""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource
from rich.console import Console
from rich.progress import Progress

from embedarchive.cli.options import archive_option
from embedarchive.core.checkpoint import SignedNote, read_notes
from embedarchive.core.errors import EmbedArchiveError, ExitCode, UsageError
from embedarchive.core.shell import say_command
from embedarchive.show.words import printable, say_count, say_size
from embedarchive.store import archive_path, open_reader
from embedarchive.store.faults import FAULTS
from embedarchive.store.timestamps import read_roots
from embedarchive.store.verify import Flaw, VerifyScope
from embedarchive.store.verify import verify as find_faults
from embedarchive.store.verify_log import LogScope

if TYPE_CHECKING:
    from embedarchive.library.referred import ReferredPages
    from embedarchive.store.backup import Backup

PLACE = click.Path(path_type=Path)


@click.command()
@click.argument("pack", required=False, type=PLACE)
@archive_option
@click.option("--sample", type=click.FloatRange(0, 100, min_open=True), default=100.0, metavar="PERCENT",
              help="Read so much of the kept bytes, drawn by chance, and leave the structure of the file out.")  # fmt: skip
@click.option("--since", metavar="TIME", help="Read only bytes kept by visits and downloads since then (2026-03-20).")
@click.option("--against", multiple=True, type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
              help="Compare the log with checkpoints that were held elsewhere (a copy of embeds.checkpoints).")  # fmt: skip
@click.option("--require-stamp", is_flag=True, help="Exit with 8 where no time stamp of the newest checkpoint holds.")
@click.option("--tsa-root", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
              help="Believe time stamps by these certificates (PEM) only, not by those kept with them.")  # fmt: skip
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but what is wrong.")
@click.option("--json", "as_json", is_flag=True, help="Print each finding as one JSON object a line.")
def verify(
    pack: Path | None,
    archive: str,
    sample: float,
    since: str | None,
    against: tuple[Path, ...],
    require_stamp: bool,
    tsa_root: Path | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Read every byte and row of the archive, or of an evidence PACK, offline, and say what is not as it was kept.

    Each finding is one line: its code, what it is about, what is wrong. Exits with 7 when there are any. Bytes are
    compared with their sha256, rows with what their columns may hold and with the log, the log with its signed
    checkpoints, tables with how they were made. Nothing is written. What was withdrawn on purpose is no finding. Pages kept by
    reference are read in their web archives; one that is not there is told, and is no finding.

    \b
    embedarchive verify
    embedarchive verify --sample 5 --since 2026-03-20
    embedarchive verify --against /mnt/elsewhere/embeds.checkpoints
    embedarchive verify evidence-instagram-CpQ9x1mNq8r.zip
    """
    if pack:
        refuse_of_archives(click.get_current_context(), pack)
        return verify_pack(pack, against, tsa_root, require_stamp=require_stamp, quiet=quiet, as_json=as_json)
    roots = None
    if tsa_root:
        roots = read_roots(tsa_root)
    log = LogScope(against=against, roots=roots)
    scope = VerifyScope(sample / 100, read_time(since), secrets.randbits(32), log=log)
    started, found = time.monotonic(), 0
    with closing(open_reader(archive_path(archive))) as conn, watching(scope, silent=quiet or as_json):
        for finding in find_faults(conn, scope):
            found += 1
            click.echo(json.dumps(asdict(finding)) if as_json else say_finding(finding))
        referred = look_for_pages(conn, scope)
        for finding in find_changed(referred):
            found += 1
            click.echo(json.dumps(asdict(finding)) if as_json else say_finding(finding))
    if not quiet:
        click.echo(say_result(scope, found, time.monotonic() - started), err=True)
        click.echo(say_log(scope.log), err=True)
        if referred.pages:
            click.echo(say_referred(referred), err=True)
    if found:
        return ExitCode.DAMAGED
    if require_stamp and not log.stamped_by:
        click.echo("No time stamp of the newest checkpoint: embedarchive evidence stamp --tsa URL", err=True)
        return ExitCode.NO_STAMP
    return ExitCode.DONE


MOST_ABSENT = 20
"""Web archives that are not there, and are named."""

OF_ARCHIVES = {"archive": "--archive", "sample": "--sample", "since": "--since"}
"""Options of `verify` that say nothing about a pack."""


def refuse_of_archives(context: click.Context, pack: Path) -> None:
    """Raise UsageError where somebody wrote an option that is about archives beside a pack, which is always read whole."""
    given = (name for name in OF_ARCHIVES if context.get_parameter_source(name) is ParameterSource.COMMANDLINE)
    named = [OF_ARCHIVES[name] for name in given]
    if named:
        raise UsageError(
            f"{' and '.join(named)} is of archives, and {pack} is a pack, which is always read whole. Nothing was checked; "
            f"leave it out: {say_command('embedarchive', 'verify', pack)}"
        )


def verify_pack(
    path: Path, against: tuple[Path, ...], tsa_root: Path | None, *, require_stamp: bool, quiet: bool, as_json: bool
) -> int:
    """Tell what is wrong with an evidence pack, as its own verify.py does. Raises UsageError where there is none."""
    from embedarchive.export.checking import TOLD, check_pack, count_unstamped

    if not path.exists():
        raise UsageError(f"There is no {path}. Name an evidence pack, or with -a an archive.")
    found = 0
    notes = [note for file in against for note in read_held(file)]
    for finding in check_pack(path, notes, read_roots(tsa_root) if tsa_root else None):
        found += finding.code not in TOLD
        click.echo(json.dumps(asdict(finding)) if as_json else say_finding(finding))
    if not quiet:
        result = "Nothing is wrong with it."
        if found:
            result = f"{say_count(found, 'finding')}."
        click.echo(f"Read {path}. {result}", err=True)
    if found:
        return ExitCode.DAMAGED
    if require_stamp and count_unstamped(path):
        click.echo("No authority has stamped its checkpoint.", err=True)
        return ExitCode.NO_STAMP
    return ExitCode.DONE


def read_held(path: Path) -> list[SignedNote]:
    """The checkpoints in a file that was held elsewhere. Raises UsageError for a file of something else."""
    try:
        return list(read_notes(path.read_text("utf-8")))
    except ValueError as error:
        raise UsageError(f"{path} holds no checkpoints ({error}). Nothing was checked.") from None


@click.command()
@click.argument("place", metavar="DEST", type=PLACE)
@archive_option
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def backup(archive: str, place: Path, quiet: bool) -> None:
    """Copy the archive to DEST, a folder or a .db file, and read the copy back; also while a run writes.

    The copy is one committed state. Where DEST is an earlier backup of this archive, only what is new is written, in one
    transaction; anything else that is there is left alone. An archive that is not sound is not copied over a sound backup.

    \b
    embedarchive backup /mnt/backup
    embedarchive backup /mnt/backup/$(date +%a)      seven of them, one for each day of the week
    """
    from embedarchive.store.backup import back_up

    made = back_up(archive_path(archive), archive_path(place))
    if not quiet:
        click.echo(say_backup(made), err=True)


@click.command()
@click.argument("place", metavar="BACKUP", type=PLACE)
@archive_option
def restore(archive: str, place: Path) -> None:
    """Put a backup in the place of the archive, verified; what was there is kept beside it under another name.

    What was erased since the backup was made is erased in it, too.

    Not while a run writes to the archive. What a killed run left beside it goes with the file it belongs to.

    \b
    embedarchive restore /mnt/backup -a archive
    """
    from embedarchive.core import clock
    from embedarchive.store.backup import restore as put_back
    from embedarchive.store.carrying import carry_over

    done = put_back(archive_path(place), archive_path(archive))
    click.echo(
        f"{done.path} is restored from {archive_path(place)}, and was read back: nothing is wrong with it.", err=True
    )
    if done.replaced:
        erased = carry_over(done.replaced, done.path, clock.now())
        if erased:
            click.echo(f"Erased in it, for that was done since it was made: {say_count(erased, 'thing')}.", err=True)
        click.echo(f"What was there before is {done.replaced}. Delete it when you need it no more.", err=True)


def say_backup(made: Backup) -> str:
    """What a backup wrote. Pure."""
    if made.whole:
        return f"{made.path} is a whole copy of the archive, {say_size(made.size)}. It was read back: nothing is wrong with it."
    if not made.rows:
        return f"{made.path} is up to date; nothing was written."
    new = f"{say_count(made.rows, 'row')} and {say_count(made.files, 'file')} ({say_size(made.size)})"
    return f"{made.path} is up to date: {new} were written, and the files read back."


def read_time(text: str | None) -> str | None:
    """A time as the archive writes it, cut where the user cut it. Raises UsageError."""
    if text is None or (text[:4].isdigit() and text[4:5] == "-" and text[:10].count("-") == 2):
        return text
    raise UsageError(f"{text} is no time. Write it as 2026-03-20 or 2026-03-20T08:00:00Z.")


def say_finding(finding: Flaw) -> str:
    return printable(f"{finding.code} {finding.what}: {finding.says}")


def say_result(scope: VerifyScope, findings: int, seconds: float) -> str:
    """How much was read, and what came of it. Pure."""
    read = f"{say_count(scope.blobs, 'file')} ({say_size(scope.bytes)}) and {say_count(scope.rows, 'row')}"
    result = "Nothing is wrong with them."
    if findings:
        result = f"{say_count(findings, 'finding')}."
    left_out = " Neither all bytes nor the structure of the file were looked at."
    if scope.is_whole:
        left_out = ""
    return f"Read {read} in {seconds:.1f} s. {result}{left_out}"


def look_for_pages(conn: sqlite3.Connection, scope: VerifyScope) -> ReferredPages:
    """Look for pages that are kept by reference; for none where the archive is too damaged, which was found before."""
    from embedarchive.library.referred import ReferredPages, look_for_referred  # it brings warcio

    try:
        return look_for_referred(conn, sample=scope.sample, since=scope.since, seed=scope.seed)
    except (*FAULTS, EmbedArchiveError):
        return ReferredPages()


def find_changed(referred: ReferredPages) -> Iterator[Flaw]:
    """A flaw for each page that its web archive does not hold any more. Pure."""
    for number, file in referred.changed:
        yield Flaw(
            "referred_changed", f"fetches {number}", f"{file} does not hold the page of download {number} any more"
        )


def say_referred(referred: ReferredPages) -> str:
    """How many pages that are kept by reference are there and agree, and which files are not there. Pure."""
    told = f"By reference: {referred.agree:,} of {say_count(referred.pages, 'page')} are there and agree."
    absent = sorted(referred.absent.items())
    for file, pages in absent[:MOST_ABSENT]:
        told += f" {printable(file)} is not there or cannot be read ({say_count(pages, 'page')})."
    if len(absent) > MOST_ABSENT:
        told += f" {say_count(len(absent) - MOST_ABSENT, 'more file')} as well."
    return told


def say_log(log: LogScope) -> str:
    """What is in the log, and how far it is signed. Pure."""
    if not log.entries:
        return f"Log: empty; {say_count(log.unlogged, 'row')} not in it yet (a run puts them there)."
    said = [say_count(log.entries, "entry", "entries")]
    if log.withdrawn:
        said.append(f"{log.withdrawn:,} of them withdrawals")
    said.append(say_count(log.checkpoints, "checkpoint"))
    told = f"Log: {', '.join(said)}."
    if log.stamped_by:
        told += f" The newest is stamped by {', '.join(f'{name} on {at}' for name, at in log.stamped_by)}."
    if log.unsigned:
        told += (
            f" {say_count(log.unsigned, 'entry is', 'entries are')} not signed yet (embedarchive evidence checkpoint)."
        )
    if log.unlogged:
        told += f" {say_count(log.unlogged, 'row is', 'rows are')} not in it yet."
    for public in log.strangers:
        told += f" The key {public[:16]} took over without a signature of the one before: ask whose it is."
    return told


@contextmanager
def watching(scope: VerifyScope, *, silent: bool) -> Iterator[None]:
    """A bar on standard error for as long as the bytes are read."""
    console = Console(stderr=True)
    silent = silent or not console.is_terminal
    with Progress(console=console, transient=True, disable=silent, redirect_stdout=False) as progress:
        task = progress.add_task("files", visible=False)
        scope.on_progress = lambda done, total: progress.update(task, completed=done, total=total, visible=True)
        yield
