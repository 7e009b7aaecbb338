"""The researcher's commands: query, publish, rehydrate."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import chain, islice
from pathlib import Path
from typing import Any, TextIO

import click
from rich.table import Table
from rich.text import Text

from embedarchive.cli.console import open_console
from embedarchive.cli.damage import tell_damaged
from embedarchive.cli.options import archive_option
from embedarchive.core import clock
from embedarchive.core.errors import ExitCode, UsageError
from embedarchive.core.shell import say_command
from embedarchive.core.texts import cut_text
from embedarchive.export.atomic import drafting, refuse_existing
from embedarchive.export.csv import write_csv
from embedarchive.export.dehydrated import Rejoined
from embedarchive.export.dehydrated import rehydrate as rejoin_lines
from embedarchive.export.jsonl import to_line
from embedarchive.export.selection import find_selection
from embedarchive.library.asking import ask, read_value
from embedarchive.library.questions import QUESTIONS
from embedarchive.show.words import printable, say_count, say_size
from embedarchive.store import archive_path
from embedarchive.store.exports import HandedOut, describe_chosen, say_place
from embedarchive.store.handing_out import note_export
from embedarchive.store.sharing import open_shared

Row = tuple[Any, ...]
WIDEST_CELL = 400
_NAME = re.compile(r"[a-z0-9_-]+")
_PARAMETER = re.compile(r":(\w+)")


# ---------------------------------------------------------------------------------------------------------------- query


@click.command()
@click.argument("sql", required=False)
@archive_option
@click.option("-p", "--param", "params", type=(str, str), multiple=True, metavar="NAME VALUE",
              help="What :NAME in the question stands for.")  # fmt: skip
@click.option("--list", "list_saved", is_flag=True, help="List the saved questions.")
@click.option("--json", "form", flag_value="json", help="One JSON array (the default when not on a terminal).")
@click.option("--nl", "form", flag_value="nl", help="One JSON object a line.")
@click.option("--csv", "form", flag_value="csv", help="CSV that a spreadsheet can open without running anything.")
@click.option("-t", "--table", "form", flag_value="table", help="A table (the default on a terminal).")
@click.option("--raw", is_flag=True, help="With --csv: leave texts that spreadsheets would run as they are.")
@click.option("--limit", type=click.IntRange(1), default=100_000, show_default=True, help="At most so many rows.")
@click.option("--timeout", type=click.FloatRange(0.001), default=60.0, show_default=True, metavar="SECONDS",
              help="Stop a question that takes longer.")  # fmt: skip
def query(
    sql: str | None,
    archive: str,
    params: tuple[tuple[str, str], ...],
    list_saved: bool,
    form: str | None,
    raw: bool,
    limit: int,
    timeout: float,
) -> int:
    """Ask an archive a question: SQL that reads, or the name of a saved question; - reads SQL from standard input.

    Beside SQLite's functions there are post_key(url), canonical_url(url) and id_date(key). Nothing can be changed.
    Exits with 3 when there were more rows than --limit.

    \b
    embedarchive query --list
    embedarchive query lost-by-outlet
    embedarchive query posts-by-handle -p handle balenciaga --csv > posts.csv
    embedarchive query "select key, text from preserved_posts where status = 'gone'" --nl
    """
    form = form or ("table" if sys.stdout.isatty() else "json")
    if list_saved:
        names: tuple[str, ...] = ("name", "question", "needs")
        print_rows(names, iter(list_questions()), form, raw=raw)
        return ExitCode.DONE
    if not sql:
        raise UsageError("Say what to ask: embedarchive query SQL, or see embedarchive query --list")
    statement = find_question(sys.stdin.read() if sql == "-" else sql)
    values = {name.lstrip(":"): read_value(value) for name, value in params}
    asked = ask(archive_path(archive), statement, values, timeout)
    first = next(asked, None)
    rows = (row for _, row in chain([first] if first else [], asked))
    print_rows(first[0] if first else (), islice(rows, limit), form, raw=raw)
    if next(rows, None) is None:
        return ExitCode.DONE
    click.echo(f"There are more than these {say_count(limit, 'row')}: raise --limit, or ask for less.", err=True)
    return ExitCode.IN_PART


def find_question(text: str) -> str:
    """The SQL of a saved question if the text is a name, else the text. Raises UsageError for an unknown name."""
    if not _NAME.fullmatch(text.strip()):
        return text
    found = QUESTIONS.get(text.strip().replace("-", "_"))
    if found is None:
        raise UsageError(f"There is no saved question {text.strip()}. To see them: embedarchive query --list")
    return found["sql"]


def list_questions() -> list[Row]:
    """Each saved question with its title and the parameters it needs."""
    return [
        (name.replace("_", "-"), asked["title"], " ".join(dict.fromkeys(_PARAMETER.findall(asked["sql"]))))
        for name, asked in QUESTIONS.items()
    ]


def print_rows(names: tuple[str, ...], rows: Iterator[Row], form: str, *, raw: bool) -> None:
    """Print rows as they come, except in a table."""
    if form == "csv":
        write_csv(names, (tuple(map(plain, row)) for row in rows), sys.stdout, raw=raw)
    elif form == "nl":
        for row in rows:
            click.echo(to_line(dict(zip(names, map(plain, row), strict=True))))
    elif form == "json":
        print_array(names, rows)
    else:
        print_table(names, rows)


def print_array(names: tuple[str, ...], rows: Iterable[Row]) -> None:
    between = "["
    for row in rows:
        click.echo(between + to_line(dict(zip(names, map(plain, row), strict=True))), nl=False)
        between = ",\n "
    click.echo("[]" if between == "[" else "]")


def print_table(names: tuple[str, ...], rows: Iterable[Row]) -> None:
    """Print a table as wide as the terminal; nothing in a cell can speak to the terminal."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in names:
        table.add_column(Text(printable(name)), overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(show(value)), justify=justify(value)) for value in row))
    if names:
        open_console().print(table)
    else:
        click.echo("No rows.", err=True)


def justify(value: Any) -> Any:
    if isinstance(value, int | float):
        return "right"
    return "left"


def show(value: Any) -> str:
    if isinstance(value, bytes):
        return f"<{say_size(len(value))}>"
    if value is None:
        return ""
    return cut_text(" ".join(str(value).split()), WIDEST_CELL)


def plain(value: Any) -> Any:
    """A value that JSON and CSV can hold: bytes as base64."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return value


# -------------------------------------------------------------------------------------------------------------- publish


@click.command()
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("selection", nargs=-1, metavar="[POST|ARTICLE]...")
@archive_option
@click.option("--thumbnails-only", is_flag=True, help="Make every picture small; leave sound and video out.")
@click.option("--with-dom", is_flag=True, help="Add each post's page as rendered.")
@click.option("--with-logged-in", is_flag=True, help="Add what was seen by someone logged in.")
@click.option("--overwrite", is_flag=True, help="Bring OUT up to date if it is there.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object.")
def publish(
    out: Path, selection: tuple[str, ...], archive: str, thumbnails_only: bool, with_dom: bool, with_logged_in: bool,
    overwrite: bool, as_json: bool,
) -> int:  # fmt: skip
    """Write a copy of the archive for the public: posts, articles' embeds and files, nothing of how it was run.

    Left out are requests and responses, articles' HTML, options, paths on this machine, what was withdrawn, and what
    someone logged in saw (`--storage-state`): it may not have been meant for everybody. The reading room,
    `datasette -i OUT.db` and every command that reads take the copy like the archive itself. A POST is its
    key or its address in any form, an ARTICLE its address; without any, everything is copied.

    Onto an earlier copy (`--overwrite`) only what changed is written, and what was withdrawn since is taken out of it, in
    one transaction; with `--thumbnails-only`, and over anything else, OUT is written anew.

    \b
    embedarchive publish public.db
    embedarchive publish story.db https://news.example/story --thumbnails-only
    """
    refuse_existing(out, overwrite)
    source = archive_path(archive)
    with closing(open_shared(source, "public")) as conn:
        chosen = find_selection(conn, selection)
        posts, _ = describe_chosen(conn, chosen.posts)
    from embedarchive.export.publish import publish as publish_copy  # it brings what pictures need

    options = {"thumbnails_only": thumbnails_only, "with_dom": with_dom, "with_logged_in": with_logged_in}
    now = clock.now()
    done = publish_copy(source, out, now, chosen, **options)
    note_export(source, HandedOut(now, "publish", say_place(out), posts=posts, count=done.posts, options={**options}))
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(done) | {"path": str(out)}))
        return tell_damaged(done.damaged)
    held = ", ".join(
        (say_count(done.posts, "post"), say_count(done.articles, "article"), say_count(done.files, "file"))
    )
    if done.withheld:
        visits = say_count(done.withheld, "visit")
        click.echo(f"Left out: {visits} by someone logged in (--with-logged-in adds them).", err=True)
    if done.renewed:
        click.echo("Brought up to date: only what changed was written.", err=True)
    click.echo(
        f"{out} holds {held} ({say_size(done.bytes)}). Look at it with: {say_command('datasette', '-i', out)}", err=True
    )
    return tell_damaged(done.damaged)


# ------------------------------------------------------------------------------------------------------------ rehydrate


@click.command()
@click.argument("source", type=click.File("r", encoding="utf-8", errors="replace"), metavar="IN.jsonl")
@archive_option
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), required=True,
              help="Where the joined lines go; - is standard output.")  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace the output if it is there.")
def rehydrate(source: TextIO, archive: str, output: Path, overwrite: bool) -> int:
    """Join a dehydrated export with an archive you hold: each line with its content, and whether it is held.

    Exits with 3 when the archive does not hold everything.

    \b
    embedarchive rehydrate shared.jsonl -a archive -o study.jsonl
    """
    with closing(open_shared(archive_path(archive), "public")) as conn, drafting(output, overwrite) as out:
        done = rejoin_lines(conn, source, out)
    for line in describe(done):
        click.echo(line, err=True)
    if done.complete:
        return ExitCode.DONE
    return ExitCode.IN_PART


def describe(done: Rejoined) -> Iterator[str]:
    """What could be joined, and what the archive does not hold."""
    yield (
        f"Held: {done.posts_held} of {say_count(done.posts, 'post')}, {done.embeds_held} of "
        f"{say_count(done.embeds, 'embed')}, {done.files_held} of {say_count(done.files, 'file')}."
    )
    for key in done.not_held[:20]:
        yield f"  not held: {printable(key)}"
    if len(done.not_held) > 20:
        yield f"  and {len(done.not_held) - 20} more; their lines say held: false"
