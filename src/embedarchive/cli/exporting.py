"""The command that carries out of an archive what others can open: export."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress

from embedarchive.cli.options import archive_option
from embedarchive.core import clock
from embedarchive.core.errors import ExitCode, UsageError
from embedarchive.export import Exported, Selection, count_selected, export_wacz, find_selection
from embedarchive.export.atomic import atomic_write, drafting, refuse_existing
from embedarchive.export.dehydrated import export_dehydrated
from embedarchive.export.parquet import export_parquet
from embedarchive.export.tables import TABLES, export_csv, export_jsonl
from embedarchive.show.words import say_count
from embedarchive.store import archive_path, open_reader

OUT = click.Path(path_type=Path, dir_okay=False)
OUT_OR_DASH = click.Path(path_type=Path, dir_okay=False, allow_dash=True)


@click.command()
@click.option("--wacz", type=OUT, metavar="OUT", help="Write a web archive, with all that proves the posts.")
@click.option("--jsonl", type=OUT_OR_DASH, metavar="OUT", help="Write a table as one JSON object a line.")
@click.option("--csv", type=OUT_OR_DASH, metavar="OUT", help="Write a table as CSV, safe in a spreadsheet.")
@click.option("--parquet", type=OUT, metavar="OUT", help="Write a table as Parquet (needs pyarrow).")
@click.option("--dehydrated", type=OUT_OR_DASH, metavar="OUT",
              help="Write ids, places, times, outcomes and hashes, no content (rehydrate joins it).")  # fmt: skip
@click.option("--site", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="Write a web site of plain files, to browse from a disk or any host.")  # fmt: skip
@click.argument("selection", nargs=-1, metavar="[POST|ARTICLE]...")
@archive_option
@click.option("--table", type=click.Choice(list(TABLES)), default="posts", show_default=True,
              help="What --jsonl, --csv and --parquet write.")  # fmt: skip
@click.option("--raw", is_flag=True, help="With --csv: leave texts that spreadsheets would run as they are.")
@click.option("--thumbnails-only", is_flag=True, help="With --site: small pictures, no sound and video.")
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
    with closing(open_reader(path)) as conn:
        chosen = find_selection(conn, selection)
        done, said = CARRIERS[form](conn, path, out, chosen, values, quiet or as_json)
    if as_json:
        click.echo(json.dumps(done | {"path": str(out)}), err=str(out) == "-")
    elif not quiet:
        click.echo(said, err=True)
    return ExitCode.DONE


def take_target(values: dict[str, Any]) -> tuple[str, Path]:
    """Which form was asked for, and where it goes; exactly one."""
    named = {form: out for form in CARRIERS if (out := values.pop(form)) is not None}
    if len(named) != 1:
        raise UsageError(
            "Say what to write, one form at a time: embedarchive export --wacz OUT.wacz [POST|ARTICLE]... "
            "(or --jsonl, --csv, --parquet, --dehydrated, --site)"
        )
    return named.popitem()


Summary = tuple[dict[str, Any], str]


def write_wacz(
    conn: sqlite3.Connection, path: Path, out: Path, chosen: Selection, values: dict[str, Any], silent: bool
) -> Summary:
    refuse_existing(out, values["overwrite"])
    total = count_selected(conn, chosen)
    with Progress(console=Console(stderr=True), transient=True, disable=silent) as progress:
        task = progress.add_task(out.name, total=total)
        done = export_wacz(conn, out, clock.now(), chosen, on_progress=lambda n: progress.update(task, completed=n))
    return dataclasses.asdict(done), describe(out, done)


def describe(path: Path, done: Exported) -> str:
    """What was written, and how to look at it."""
    held = f"{done.visits} visits to posts and {done.articles} downloads of articles"
    size = f"{done.records} records, {done.shared} of them shared, {done.bytes / 1_000_000:.1f} MB"
    return f"{path} holds {held} ({size}). Open it with any web-archive player, such as replayweb.page."


def write_jsonl(
    conn: sqlite3.Connection, path: Path, out: Path, chosen: Selection, values: dict[str, Any], silent: bool
) -> Summary:
    with drafting(out, values["overwrite"]) as file:
        rows = export_jsonl(conn, values["table"], file, chosen)
    return say_rows(out, rows)


def write_csv(
    conn: sqlite3.Connection, path: Path, out: Path, chosen: Selection, values: dict[str, Any], silent: bool
) -> Summary:
    with drafting(out, values["overwrite"]) as file:
        rows = export_csv(conn, values["table"], file, chosen, raw=values["raw"])
    return say_rows(out, rows)


def write_parquet(
    conn: sqlite3.Connection, path: Path, out: Path, chosen: Selection, values: dict[str, Any], silent: bool
) -> Summary:
    with atomic_write(out, values["overwrite"]) as draft:
        rows = export_parquet(conn, values["table"], draft, chosen)
    return say_rows(out, rows)


def write_dehydrated(
    conn: sqlite3.Connection, path: Path, out: Path, chosen: Selection, values: dict[str, Any], silent: bool
) -> Summary:
    with drafting(out, values["overwrite"]) as file:
        rows = export_dehydrated(conn, file, chosen)
    return say_rows(out, rows)


def say_rows(out: Path, rows: int) -> Summary:
    return {"rows": rows}, f"{'Standard output' if str(out) == '-' else out} holds {say_count(rows, 'row')}."


def write_site(
    conn: sqlite3.Connection, path: Path, out: Path, chosen: Selection, values: dict[str, Any], silent: bool
) -> Summary:
    from embedarchive.export.site import export_site  # brings the reading room along

    done = export_site(path, out, clock.now(), chosen, thumbnails_only=values["thumbnails_only"])
    said = f"{out} holds {say_count(done.pages, 'page')} and {say_count(done.files, 'file')} ({done.written} written, "
    return dataclasses.asdict(done), f"{said}{done.removed} removed). Open {out / 'index.html'} in any browser."


Carrier = Callable[[sqlite3.Connection, Path, Path, Selection, dict[str, Any], bool], Summary]
CARRIERS: dict[str, Carrier] = {
    "wacz": write_wacz, "jsonl": write_jsonl, "csv": write_csv, "parquet": write_parquet,
    "dehydrated": write_dehydrated, "site": write_site,
}  # fmt: skip
