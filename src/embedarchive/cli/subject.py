"""access subject: whoever asks what is kept of them -> every place, as lines, JSON or CSV."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, fields
from itertools import groupby

import click

from embedarchive.cli.options import archive_option
from embedarchive.core.errors import ExitCode
from embedarchive.export.csv import write_csv
from embedarchive.library.subject_access import Trace, find_traces, identify_person
from embedarchive.show.words import printable, say_count, say_date
from embedarchive.store import archive_path, open_reader

FEW = 5
"""Places of one kind that are shown, where all of them are not asked for."""


@click.command(short_help="List everything that the archive keeps of a person.")
@click.argument("who", nargs=-1, required=True, metavar="WHO...")
@archive_option
@click.option("--thorough", is_flag=True, help="Read every text column and every file, too: as long as verify takes.")
@click.option("--all", "show_all", is_flag=True, help="Print every place, not the first five of each kind.")
@click.option("--json", "form", flag_value="json", help="Print each place as one JSON object a line.")
@click.option("--csv", "form", flag_value="csv", help="Print a table, a line for each place.")
def subject(who: tuple[str, ...], archive: str, thorough: bool, show_all: bool, form: str | None) -> int:
    """List everything that the archive keeps of a person: what Article 15 of the GDPR gives a right to.

    WHO is @handle or platform:@handle, a name in quotes, an account's or a post's address, or the file of a picture; all that
    is given is taken for one person. It lists their posts with all that hangs on them, what others and publishers say of them,
    the articles, notes, cases, openings, and the copies that were given away.

    \b
    embedarchive access subject @maria.silva "Maria Silva"
    embedarchive access subject @maria.silva --thorough --csv > request-2026-041.csv
    """
    with closing(open_reader(archive_path(archive))) as conn:
        places = find_traces(conn, identify_person(conn, who), thorough=thorough)
    if form == "json":
        for each in places:
            click.echo(json.dumps(asdict(each), ensure_ascii=False))
    elif form == "csv":
        write_csv([each.name for each in fields(Trace)], (asdict(each).values() for each in places), sys.stdout)
    else:
        for line in say_traces(places, len(places) if show_all else FEW):
            click.echo(line)
    click.echo(say_extent(places, who, thorough=thorough), err=True)
    if places:
        return ExitCode.DONE
    return ExitCode.ERROR


def say_traces(places: Iterable[Trace], most: int) -> Iterator[str]:
    """The places by their kinds, at most so many of each. Pure."""
    for kind, group in groupby(places, key=lambda each: each.kind):
        some = list(group)
        yield f"{kind}  {len(some)}"
        yield from map(say_trace, some[:most])
        if len(some) > most:
            yield f"    … and {len(some) - most} more (--all)"


def say_trace(place: Trace) -> str:
    """A place in one line. Pure."""
    of = place.post or place.article or f"{place.table} {place.id}"
    parts = [of, say_date(place.at) if place.at else "", f"{place.why} ({place.column})" if place.column else place.why]
    said = f"“{place.says}”" if place.says else ""
    return "    " + printable("  ".join(filter(None, [*parts, said])))


def say_extent(places: Iterable[Trace], who: Iterable[str], *, thorough: bool) -> str:
    """How much was found, and what was not looked through. Pure."""
    found = list(places)
    kinds = len({each.kind for each in found})
    told = f"{say_count(len(found), 'place')} of {say_count(kinds, 'kind')} hold something of {', '.join(who)}."
    if not thorough:
        told += (
            " What others' pages, files and network traffic say of them beside the post and the publisher's words was not "
            "looked through: --thorough reads every byte."
        )
    return told + " Bytes of pictures are not read for faces: give the file of a picture to find where it is shown."
