"""access tombstones: what an archive withholds, for its mirrors, and theirs for it."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import click

from embedarchive.cli.groups import Group
from embedarchive.cli.options import Age, archive_option
from embedarchive.core import clock
from embedarchive.core.errors import UsageError
from embedarchive.core.shell import say_command
from embedarchive.export.atomic import drafting
from embedarchive.show.words import printable, say_count, say_date
from embedarchive.store import Archive, archive_path, open_reader
from embedarchive.store.tombstones import TakenOver, read_lines, read_tombstones, take_over, write_header, write_line

MOST_BYTES = 500_000_000


@click.group(cls=Group, short_help="Tell mirrors what is withheld; withhold what they do.")
def tombstones() -> None:
    """Tell mirrors what is withheld here, and withhold what they do: keys, hashes, levels, reasons and dates, nothing else."""


@tombstones.command("export", short_help="Write what is withheld by a decision, for mirrors.")
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@archive_option
@click.option("--overwrite", is_flag=True, help="Replace OUT if it is there.")
def write_tombstones(out: Path, archive: str, overwrite: bool) -> None:
    """Write what is withheld by a decision, one JSON object a line: posts' keys and files' sha256.

    No content, no names: of an account that is withheld the keys of its posts. OUT may be - for standard output.
    """
    with closing(open_reader(archive_path(archive))) as conn:
        lines = list(read_tombstones(conn))
    with drafting(out, overwrite) as file:
        file.writelines(f"{line}\n" for line in (write_header(clock.now()), *map(write_line, lines)))
    click.echo(f"{out} holds {say_count(len(lines), 'tombstone')}.", err=True)


@tombstones.command("import", short_help="Withhold at least as strictly as a mirror does.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@archive_option
@click.option("--due", type=Age(), default="7d", show_default=True, metavar="AGE", help="How soon it is to be decided.")
def take_tombstones(file: Path, archive: str, due: timedelta) -> None:
    """Withhold at least as strictly as a mirror does, at once; capture none of these posts again.

    What is erased there is sealed here, and named: erasing is your decision. The same file again changes nothing.
    """
    if not file.is_file() or file.stat().st_size > MOST_BYTES:
        raise UsageError(f"There is no file of tombstones at {file}. Nothing was changed.")
    lines = read_lines(file.read_text("utf-8-sig", "replace").splitlines())
    due_at = clock.later(due.total_seconds())
    with Archive(archive_path(archive)) as held:
        done = take_over(held, lines, clock.now(), due_at, file.name)
    click.echo(say_taken(done, due_at), err=True)


def say_taken(done: TakenOver, due_at: str) -> str:
    """What an import did, and what is left to do."""
    told = f"{say_count(done.lines, 'tombstone')}, {done.new} of them new."
    for case in done.cases:
        told += f" Case {case} is to be decided by {say_date(due_at)}."
    if done.to_erase:
        some = ", ".join(map(printable, done.to_erase[:5]))
        told += (
            f" Erased where they come from, sealed here: {say_count(len(done.to_erase), 'post or file', 'posts or files')} "
            f"({some}). To erase them here too: {say_command('embedarchive', 'access', 'decide', done.cases[0], 'erase')}"
        )
    return told
