"""The command that carries out of an archive what others can open: export."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress

from embedarchive.cli.damage import tell_damaged
from embedarchive.cli.options import Command, archive_option, with_options
from embedarchive.core import clock
from embedarchive.core.errors import UsageError
from embedarchive.export import find_selection
from embedarchive.export.formats import FORMATS, ExportFormat, ExportJob, load_writer
from embedarchive.export.tables import TABLES
from embedarchive.store import archive_path
from embedarchive.store.exports import HandedOut, describe_chosen, say_place
from embedarchive.store.handing_out import note_export
from embedarchive.store.sharing import open_shared


def make_option(name: str, form: ExportFormat) -> Callable[[Command], Command]:
    """The option that asks for a form of export."""
    if form.goes_to == "folder":
        return click.option(
            f"--{name}", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help=form.says
        )
    file = click.Path(path_type=Path, dir_okay=False, allow_dash=form.goes_to == "text")
    return click.option(f"--{name}", type=file, metavar="OUT", help=form.says)


@click.command()
@with_options(tuple(make_option(name, form) for name, form in FORMATS.items()))
@click.argument("selection", nargs=-1, metavar="[POST|ARTICLE]...")
@archive_option
@click.option("--table", type=click.Choice(list(TABLES)), default="posts", show_default=True,
              help="What --jsonl, --csv and --parquet write.")  # fmt: skip
@click.option("--raw", is_flag=True, help="With --csv: leave texts that spreadsheets would run as they are.")
@click.option("--thumbnails-only", is_flag=True, help="With --site: small pictures, no sound and video.")
@click.option("--key", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="With --pseudonymised: the secret that pseudonyms are made with; made if it is not there. Without it they "
                   "are of this one export.")  # fmt: skip
@click.option("--base-url", metavar="URL", help="With --site: the address at which it will stand, for citations.")
@click.option("--overwrite", is_flag=True, help="Replace OUT if it is there.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object.")
def export(selection: tuple[str, ...], archive: str, quiet: bool, as_json: bool, **values: Any) -> int:
    """Write posts into a form that others open: a web archive (WACZ), a table, a web site.

    A POST is its key or its address in any form, and brings every visit to it. An ARTICLE is its address, and brings
    its downloads and the visits to the posts it embeds. Without any, everything is written. OUT may be - for standard
    output, where it is text.

    \b
    embedarchive export --wacz newsroom.wacz
    embedarchive export --wacz post.wacz "https://www.instagram.com/reel/C79gQqLpkul/?igsh=x"
    embedarchive export --csv embeds.csv --table embeds https://news.example/story
    embedarchive export --site public/
    """
    form, out = take_target(values)
    path = archive_path(archive)
    with closing(open_shared(path, "public")) as conn, show_progress(out.name, silent=quiet or as_json) as on_progress:
        chosen = find_selection(conn, selection)
        now, table = clock.now(), values["table"]
        done = load_writer(form)(ExportJob(conn, path, out, chosen, now, on_progress=on_progress, **values))
        posts, count = describe_chosen(conn, chosen.posts)
    note_export(path, HandedOut(now, form, say_place(out), posts=posts, count=count, options={"table": table}))
    if as_json:
        click.echo(json.dumps({**done.summary, "path": str(out)}), err=str(out) == "-")
    elif not quiet:
        click.echo(done.says, err=True)
    return tell_damaged(done.damaged)


def take_target(values: dict[str, Any]) -> tuple[str, Path]:
    """Which form was asked for, and where it goes. Raises UsageError unless it is exactly one."""
    named = {form: out for form in FORMATS if (out := values.pop(form)) is not None}
    if len(named) != 1:
        first, *others = (f"--{form}" for form in FORMATS)
        raise UsageError(
            f"Say what to write, one form at a time: embedarchive export {first} OUT [POST|ARTICLE]... "
            f"(or {', '.join(others)})"
        )
    return named.popitem()


@contextmanager
def show_progress(name: str, *, silent: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error as soon as there is progress to show; standard output may be what is written."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=silent, redirect_stdout=False) as progress:
        task = progress.add_task(name, visible=False)
        yield lambda done, total: progress.update(task, completed=done, total=total, visible=True)
