"""access optout: who does not want to be archived, as a list that every run and every copy reads."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from embedarchive.cli.groups import Group
from embedarchive.cli.options import WORLD_OPTIONS, archive_option, read_day, take_settings, with_options
from embedarchive.core import clock
from embedarchive.core.errors import ExitCode, SourceError, UsageError
from embedarchive.core.shell import say_command
from embedarchive.library.optouts import identify_optout, read_list
from embedarchive.show.words import printable, say_count, say_date
from embedarchive.store import Archive, archive_path, open_reader
from embedarchive.store.optouts import ListedOptOut, OptOut, add_optouts, list_optouts, remove_optouts

if TYPE_CHECKING:
    from embedarchive.run.services import Settings

COMMAND_LINE = "the command line"
MOST_BYTES = 20_000_000


@click.group(cls=Group)
def optout() -> None:
    """Keep the list of who does not want to be archived.

    Nothing of it is fetched, visited, checked, watched or shown to the public from then on; what is kept already stays, for
    staff, until it is erased. Runs say how much they left alone. A line is a host (with all below it), @handle or
    platform:@handle, a post's key or address, or the beginning of an address.
    """


@optout.command()
@click.argument("lines", nargs=-1, required=True, metavar="LINE...")
@archive_option
@click.option("--until", metavar="DATE", help="It is over by itself on that day.")
def add(lines: tuple[str, ...], archive: str, until: str | None) -> None:
    """Put lines on the list.

    \b
    embedarchive access optout add news.example @maria.silva
    embedarchive access optout add https://news.example/private/
    """
    optouts, day = read_lines(lines), read_day(until)
    with Archive(archive_path(archive)) as held:
        new = add_optouts(held, optouts, clock.now(), COMMAND_LINE, day)
    say_changed(new, (), len(optouts))


@optout.command()
@click.argument("lines", nargs=-1, required=True, metavar="LINE...")
@archive_option
def remove(lines: tuple[str, ...], archive: str) -> None:
    """Take lines off the list, whoever put them there. That they stood on it is kept."""
    optouts, path = read_lines(lines), archive_path(archive)
    open_reader(path).close()
    with Archive(path) as held:
        gone = remove_optouts(held, optouts, clock.now())
    if not gone:
        raise UsageError(
            f"None of this is on the list (see: {say_command('embedarchive', 'access', 'optout', 'list')})."
        )
    say_changed((), gone, len(optouts))


@optout.command("list")
@archive_option
@click.option("--ever", is_flag=True, help="Also what was taken off, or is over.")
@click.option("--json", "as_json", is_flag=True, help="Print each line with its source and times, as one JSON object.")
def list_lines(archive: str, ever: bool, as_json: bool) -> None:
    """Print the list, as `optout import` takes it."""
    with closing(open_reader(archive_path(archive))) as conn:
        lines = list_optouts(conn)
    now = clock.now()
    for each in lines:
        if ever or holds(each, now):
            click.echo(json.dumps(asdict(each), ensure_ascii=False) if as_json else printable(say_line(each)))


@optout.command("import", short_help="Take over a list: a file, or what a peer publishes.")
@click.argument("source", metavar="FILE|URL")
@archive_option
@with_options(WORLD_OPTIONS)
def import_list(source: str, archive: str, **values: Any) -> None:
    """Take over a list: a file, or what a peer publishes under an address. `#` begins a comment.

    The list as it is now counts: what stood on it before, and does not any more, is taken off; lines from elsewhere stay.
    """
    if source.startswith(("http://", "https://")):
        text = fetch_list(take_settings(values), source)
    else:
        text = read_file(source)
    optouts, wrong = read_list(text)
    if wrong:
        some = ", ".join(map(printable, wrong[:5]))
        raise UsageError(f"{say_count(len(wrong), 'line')} of {source} name nothing that can be left alone: {some}. "
                         "Nothing was changed.")  # fmt: skip
    if not optouts:
        raise UsageError(f"{source} is an empty list. Nothing was changed.")
    now = clock.now()
    with Archive(archive_path(archive)) as held:
        stood = {each.optout for each in list_optouts(held.conn) if each.source == source and holds(each, now)}
        gone = remove_optouts(held, stood - set(optouts), now, source)
        new = add_optouts(held, optouts, now, source)
    say_changed(new, gone, len(optouts))


def read_lines(lines: Sequence[str]) -> list[OptOut]:
    """What lines name. Raises UsageError."""
    found = [(line, identify_optout(line)) for line in lines]
    if wrong := [line for line, named in found if named is None]:
        raise UsageError(
            f"{wrong[0]} is no host, account (@handle), post or beginning of an address. Nothing was changed."
        )
    return [named for _, named in found if named]


def read_file(source: str) -> str:
    """A list in a file. Raises UsageError."""
    path = Path(source)
    if not path.is_file() or path.stat().st_size > MOST_BYTES:
        raise UsageError(f"There is no list at {source}. Nothing was changed.")
    return path.read_bytes().decode("utf-8-sig", "replace")


def fetch_list(settings: Settings, url: str) -> str:
    """A list from the web, through the door. Raises SourceError."""
    from embedarchive.run.services import Services  # here, for the other commands need no network

    async def fetch() -> tuple[bytes, str | None]:
        async with Services(settings) as services:
            got = await services.fetch(url, robots=False)
        return got.body, (got.reason or got.outcome) if got.outcome != "ok" or got.truncated else None

    body, failure = asyncio.run(fetch())
    if failure:
        raise SourceError(f"{url} could not be read ({failure}). The list was left as it was.")
    return body.decode("utf-8-sig", "replace")


def holds(line: ListedOptOut, now: str) -> bool:
    return line.removed_at is None and (line.until_at is None or line.until_at > now)


def say_line(line: ListedOptOut) -> str:
    until = ""
    if line.until_at:
        until = f" until {say_date(line.until_at)}"
    removed = ""
    if line.removed_at:
        removed = f", taken off {say_date(line.removed_at)}"
    return f"{line.optout!s:40} # since {say_date(line.from_at)}{until}{removed}, {line.source}"


def say_changed(new: Collection[OptOut], gone: Collection[OptOut], named: int) -> ExitCode:
    click.echo(f"{say_count(len(new), 'line')} new, {len(gone)} taken off, of {named} that were named.", err=True)
    return ExitCode.DONE
