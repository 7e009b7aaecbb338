"""The command that carries out of an archive what others can open: export."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from embedarchive import clock
from embedarchive.cli.options import archive_option
from embedarchive.errors import UsageError
from embedarchive.export import Exported, count_selected, export_wacz, find_selection
from embedarchive.store import archive_path, open_reader


@click.command()
@click.option("--wacz", type=click.Path(path_type=Path, dir_okay=False), metavar="OUT", help="Write a web archive.")
@click.argument("selection", nargs=-1, metavar="[POST|ARTICLE]...")
@archive_option
@click.option("--overwrite", is_flag=True, help="Replace OUT if it is there.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object.")
def export(
    wacz: Path | None, selection: tuple[str, ...], archive: str, overwrite: bool, quiet: bool, as_json: bool
) -> int:
    """Write posts, with all that proves them, into a file that any web-archive player opens (WACZ).

    A POST is its key or its address in any form, and brings every visit to it. An ARTICLE is its address, and brings
    its downloads and the visits to the posts it embeds. Without any, everything is written.

    \b
    embedarchive export --wacz newsroom.wacz
    embedarchive export --wacz story.wacz https://news.example/story
    embedarchive export --wacz post.wacz "https://www.instagram.com/reel/C79gQqLpkul/?igsh=x"
    """
    if wacz is None:
        raise UsageError("Say what to write: embedarchive export --wacz OUT.wacz [POST|ARTICLE]...")
    if wacz.exists() and not overwrite:
        raise UsageError(f"{wacz} is there already and was left as it is. Name another file, or add --overwrite.")
    if not wacz.parent.is_dir():
        raise UsageError(f"There is no folder {wacz.parent}. Make it, or name another file.")
    conn = open_reader(archive_path(archive))
    try:
        chosen = find_selection(conn, selection)
        total = count_selected(conn, chosen)
        with Progress(console=Console(stderr=True), transient=True, disable=quiet or as_json) as progress:
            task = progress.add_task(wacz.name, total=total)
            done = export_wacz(
                conn, wacz, clock.now(), chosen, on_progress=lambda n: progress.update(task, completed=n)
            )
    finally:
        conn.close()
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(done) | {"path": str(wacz)}))
    elif not quiet:
        click.echo(describe(wacz, done), err=True)
    return 0


def describe(path: Path, done: Exported) -> str:
    """What was written, and how to look at it."""
    held = f"visits to posts: {done.visits}, downloads of articles: {done.articles}, {done.bytes / 1_000_000:.1f} MB"
    return f"{path} is written ({held}). Open it with any web-archive player, such as replayweb.page."
