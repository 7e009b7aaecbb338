"""The command that closes the holes in an article: heal."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from embedarchive.cli.damage import tell_damaged
from embedarchive.cli.options import WORLD_OPTIONS, archive_option, take_settings, with_options
from embedarchive.core import clock
from embedarchive.core.errors import ExitCode, UsageError
from embedarchive.core.model import Embed, Fetch
from embedarchive.detect import find_embeds
from embedarchive.export.atomic import refuse_existing
from embedarchive.library import post_record
from embedarchive.library.records import PostRecord
from embedarchive.run.failures import find_advice
from embedarchive.run.services import Services, Settings
from embedarchive.show.card import render_inline
from embedarchive.show.heal import MARKER, Hole, is_lost, undo
from embedarchive.show.heal import heal as heal_html
from embedarchive.show.words import say_count, say_post_status, say_reason
from embedarchive.store import archive_path
from embedarchive.store.exports import HandedOut, say_place
from embedarchive.store.fixity import Checked
from embedarchive.store.handing_out import note_export
from embedarchive.store.sharing import open_shared

Records = dict[str, PostRecord | None]


@dataclasses.dataclass(frozen=True, slots=True)
class Treated:
    """One embed of the article: the post it names, what is known of that, and what is done."""

    position: int
    key: str
    form: str
    lost: bool
    replaced: bool
    why: str


@click.command()
@click.argument("article")
@archive_option
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), default=Path("-"),
              help="Where the article goes; - is standard output (the default).")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say what would be done, and write nothing.")
@click.option("--undo", "back", is_flag=True, help="Give a healed article back as it was.")
@click.option("--overwrite", is_flag=True, help="Replace the output if it is there.")
@click.option("--json", "as_json", is_flag=True, help="Say what was done as JSON, on standard error.")
@with_options(WORLD_OPTIONS)
def heal(
    article: str, archive: str, output: Path, dry_run: bool, back: bool, overwrite: bool, as_json: bool, **values: Any
) -> int:
    """Put the preserved post where an article shows a hole: each embed whose post is confirmed lost becomes its card.

    ARTICLE is a saved page, an address, or - for standard input. Every other byte stays as it is, embeds of posts that
    are only walled off or unknown too; --undo gives back the original exactly. Exits with 3 when a lost post has to
    stay a hole: nothing of it is kept, or only a script carries it.

    \b
    embedarchive heal story.html --dry-run
    embedarchive heal story.html -o healed.html
    embedarchive heal healed.html --undo -o story.html --overwrite
    """
    if not dry_run and str(output) != "-":
        refuse_existing(output, overwrite)
    path = archive_path(archive)
    if not back:
        open_shared(path, "public").close()  # that there is none is told before anybody is asked for a page
    html, content_type = read_article(article, take_settings(values))
    if back:
        write_article(output, undo(html), dry_run=dry_run)
        return ExitCode.DONE
    with closing(open_shared(path, "public")) as conn:
        files = Checked(conn)
        healed, treated = treat(files, html, content_type)
    write_article(output, healed, dry_run=dry_run)
    filled = tuple(dict.fromkeys(each.key for each in treated if each.replaced))
    if filled and not dry_run:
        note_export(path, HandedOut(clock.now(), "heal", say_place(output), posts=filled, count=len(filled)))
    say_treated(treated, dry_run=dry_run, as_json=as_json, before=MARKER in html)
    holes = any(each.lost and not each.replaced for each in treated)
    return tell_damaged(files.damaged) or (ExitCode.IN_PART if holes else ExitCode.DONE)


def read_article(article: str, settings: Settings) -> tuple[bytes, str | None]:
    """The bytes of a saved or a live page, and its media type if a server named one.

    Raises UsageError when the page does not come whole, or its file cannot be read.
    """
    if article == "-":
        return sys.stdin.buffer.read(), None
    if article.startswith(("https://", "http://")):
        fetch = asyncio.run(fetch_article(article, settings))
        if fetch.outcome != "ok" or fetch.truncated:
            reason = fetch.reason or fetch.truncated or ""
            to_do = find_advice(reason, fetch.outcome, "article")
            raise UsageError(
                f"{article} did not come whole ({say_reason(reason)}): {to_do}. Nothing was written; "
                "a saved page can be healed, too."
            )
        return fetch.body, fetch.content_type
    try:
        return Path(article).read_bytes(), None
    except OSError as error:
        raise UsageError(f"{article} cannot be read ({error.strerror}). Name a saved page or an address.") from error


async def fetch_article(url: str, settings: Settings) -> Fetch:
    async with Services(settings) as services:
        return await services.fetch(url)


def treat(files: Checked, html: bytes, content_type: str | None) -> tuple[bytes, list[Treated]]:
    """The healed article, and what became of each of its embeds, in reading order."""
    embeds = [e for e in find_embeds(html, content_type=content_type).embeds if e.kind == "embed" and e.post]
    records: Records = {
        key: post_record(files.conn, key) for key in dict.fromkeys(e.post.key for e in embeds if e.post)
    }
    cards = {key: render_inline(r, files.read) for key, r in records.items() if r and is_lost(r)}
    healed, holes = heal_html(html, cards, content_type)
    at = {hole.position: hole for hole in holes}
    return healed, [describe(embed, records, at.get(embed.position)) for embed in embeds]


def describe(embed: Embed, records: Records, hole: Hole | None) -> Treated:
    key = embed.post.key if embed.post else ""
    record, replaced = records.get(key), hole is not None and hole.start is not None
    lost = record is not None and record.status == "gone"
    return Treated(embed.position, key, embed.form, lost, replaced, find_reason(record, hole))


def find_reason(record: PostRecord | None, hole: Hole | None) -> str:
    """Why an embed is replaced or left."""
    if record is None:
        return "not in the archive"
    if record.status != "gone":
        return say_post_status(record)
    if record.best is None:
        return "lost, and nothing of it is kept"
    if hole is not None and hole.start is None:
        return "lost, but no element of its own carries it"
    return say_post_status(record)


def write_article(output: Path, html: bytes, *, dry_run: bool) -> None:
    """Write the article whole or not at all."""
    if dry_run:
        return
    if str(output) == "-":
        sys.stdout.buffer.write(html)
        return
    draft = output.with_name(f".{output.name}.part")
    try:
        draft.write_bytes(html)
        draft.replace(output)
    finally:
        draft.unlink(missing_ok=True)


def say_treated(treated: list[Treated], *, dry_run: bool, as_json: bool, before: bool) -> None:
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(each) for each in treated], ensure_ascii=False), err=True)
        return
    for line in say_lines(treated, dry_run=dry_run):
        click.echo(line, err=True)
    if before:
        click.echo("It was healed before; nothing more is done. To begin anew: --undo", err=True)


def say_lines(treated: list[Treated], *, dry_run: bool) -> Iterator[str]:
    done = "replaced"
    if dry_run:
        done = "would be replaced"
    for each in treated:
        what = done if each.replaced else "left"
        yield f"{each.position:>3}  {what:<{len(done)}}  {each.key}  {each.form}: {each.why}"
    count = sum(each.replaced for each in treated)
    yield f"{count} of {say_count(len(treated), 'embed')} {done}; every other byte stays as it is."
