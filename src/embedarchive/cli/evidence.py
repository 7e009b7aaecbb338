"""The commands that prove what was kept: the log, the keys that sign it, its checkpoints, packs for others."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import click

from embedarchive.cli.damage import tell_damaged
from embedarchive.cli.groups import Group
from embedarchive.cli.options import DOOR_OPTIONS, STAMP_OPTIONS, archive_option, take_settings, with_options
from embedarchive.core import clock
from embedarchive.core.checkpoint import public_bytes, write_verifier
from embedarchive.core.errors import ExitCode
from embedarchive.show.words import printable, say_count, say_size
from embedarchive.store import Archive, archive_path, open_reader
from embedarchive.store.checkpoints import checkpoints_path, make_checkpoint, read_keys
from embedarchive.store.exports import HandedOut, say_place
from embedarchive.store.handing_out import note_export
from embedarchive.store.keyring import Keyring
from embedarchive.store.sharing import Eyes, open_shared
from embedarchive.store.stamps import is_stamped, judge_refused
from embedarchive.store.timestamps import read_roots


@click.group(cls=Group)
def evidence() -> None:
    """Prove what was kept: a log that nobody can change unnoticed, signed, for others to check.

    \b
    embedarchive evidence log          what was written down, in order
    embedarchive evidence checkpoint   sign it now, and print what to give away
    embedarchive evidence pack POST    hand over a post with what proves it
    embedarchive verify                recompute all of it
    """


@evidence.command("log", short_help="List what the log holds, oldest first.")
@archive_option
@click.option("--last", type=click.IntRange(min=1), default=20, show_default=True, metavar="N", help="So many entries.")
@click.option("--all", "every", is_flag=True, help="All of them.")
@click.option("--json", "as_json", is_flag=True, help="Print each entry as one JSON object a line.")
def list_log(archive: str, last: int, every: bool, as_json: bool) -> None:
    """List what the log holds, oldest first: place, kind, number in its table, hash."""
    sql = "SELECT * FROM (SELECT seq, kind, subject, lower(hex(leaf)) AS leaf FROM log ORDER BY seq DESC LIMIT ?) ORDER BY seq"
    with closing(open_reader(archive_path(archive))) as conn:
        rows = conn.execute(sql, (-1 if every else last,)).fetchall()
        total = conn.execute("SELECT count(*) FROM log").fetchone()[0]
    for row in rows:
        if as_json:
            click.echo(json.dumps(dict(row)))
        else:
            click.echo(printable(f"{row['seq']:>8}  {row['kind']:10} {row['subject']:>8}  {row['leaf']}"))
    shown = ""
    if len(rows) != total:
        shown = f"; these are the last {len(rows):,} (--all)"
    click.echo(f"{say_count(total, 'entry', 'entries')}{shown}.", err=True)


@evidence.command(short_help="Sign what the log is now, and print that to give away.")
@archive_option
def checkpoint(archive: str) -> int:
    """Sign what the log is now, and print that: mail it, print it, let somebody keep it.

    Rows from before there was a log are put into it first.
    """
    path = archive_path(archive)
    open_reader(path).close()
    with Archive(path) as held:
        taken = 0
        while done := held.adopt():
            taken += done
        note = make_checkpoint(held, Keyring(), clock.now())
    if note is None:
        click.echo("The log is empty: nothing was captured yet.", err=True)
        return ExitCode.ERROR
    click.echo(str(note), nl=False)
    before = ""
    if taken:
        before = f"{say_count(taken, 'row')} from before the log were put into it. "
    click.echo(
        f"{before}It is in {checkpoints_path(path)} too. Give it away: verify --against finds later changes.", err=True
    )
    return ExitCode.DONE


@evidence.command(short_help="Have the log stamped with the time by authorities.")
@archive_option
@with_options(DOOR_OPTIONS)
@with_options(STAMP_OPTIONS)
def stamp(archive: str, **values: Any) -> int:
    """Have what the log is now stamped with the time by authorities (RFC 3161), named by --tsa.

    They are sent a hash and nothing else. Answers that were not believed are judged again, as with another --tsa-root.

    \b
    embedarchive evidence stamp --tsa http://timestamp.digicert.com --tsa https://freetsa.org/tsr --tsa-root roots.pem
    """
    from embedarchive.run.session import run_apart
    from embedarchive.run.stamping import stamp_newest

    settings = take_settings(values)
    path = archive_path(archive)
    open_reader(path).close()
    with Archive(path) as held:
        if make_checkpoint(held, Keyring(), clock.now()) is None:
            click.echo("The log is empty: nothing was captured yet.", err=True)
            return ExitCode.ERROR
        with held.transaction() as conn:
            again = judge_refused(conn, read_roots(settings.tsa_root))
        done = run_apart(stamp_newest(held, settings, partial(click.echo, err=True), at_once=True))
        lacking = [each for each in settings.tsa if not is_stamped(held.conn, each)]
    click.echo(f"{say_count(done + again, 'stamp')} more. {say_lacking(lacking)}", err=True)
    if lacking:
        return ExitCode.IN_PART
    return ExitCode.DONE


def say_lacking(authorities: list[str]) -> str:
    """Who has not stamped the newest checkpoint. Pure."""
    if authorities:
        return printable(f"Not stamped by {', '.join(authorities)}; the same command asks again.")
    return "Everybody who was asked has stamped the newest checkpoint."


@evidence.group(cls=Group, short_help="The key that signs: where it is, a new one, one you have.")
def key() -> None:
    """The key that signs checkpoints: where it is, another one, one that you have."""


@key.command(short_help="Say where the signing key is; print the public keys.")
@archive_option
def show(archive: str) -> None:
    """Say where the signing key is, and print the public keys of the archive, as tools for signed notes take them."""
    ring = Keyring()
    if ring.path.exists():
        public = public_bytes(ring.current())
        click.echo(f"The key that signs is {ring.path}; its public half is {public.hex()}.", err=True)
    else:
        click.echo(f"There is no key yet. The first run makes one: {ring.path}", err=True)
    path = archive_path(archive)
    if not path.exists():
        return
    with closing(open_reader(path)) as conn:
        for origin, each in read_keys(conn):
            click.echo(printable(write_verifier(origin, each)))


@key.command()
def rotate() -> None:
    """Make another key the one that signs. Each archive's next checkpoint is signed by both."""
    ring = Keyring()
    public = public_bytes(ring.rotate())
    click.echo(f"{ring.path} is a new key, {public.hex()}. The former stays beside it, to sign for this one.", err=True)


@key.command("import", short_help="Sign with the Ed25519 key in a file from now on.")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def bring(file: Path) -> None:
    """Make the Ed25519 key in FILE (PEM, without a password) the one that signs, as on another machine of yours."""
    ring = Keyring()
    public = public_bytes(ring.bring(file))
    click.echo(f"{ring.path} is that key now, {public.hex()}. What was there stays beside it.", err=True)


@evidence.command(short_help="Write a zip of a post and what proves it, to hand over.")
@click.argument("thing", metavar="POST|ARTICLE")
@archive_option
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Where to write it; else evidence-NAME.zip in this folder.")  # fmt: skip
@click.option("--all", "every", is_flag=True, help="Every capture of each post, not only the one that shows it best.")
@click.option("--staff", is_flag=True, help="Also what is for staff alone (access levels); say whom you hand it to.")
@click.option("--overwrite", is_flag=True, help="Replace FILE if it is there.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object.")
def pack(
    thing: str, archive: str, output: Path | None, every: bool, staff: bool, overwrite: bool, quiet: bool, as_json: bool
) -> int:
    """Write an evidence pack: the post, and what proves it, in one zip that an expert checks without us.

    POST is its key or its address in any form, ARTICLE its address. In the pack are a page of plain words that says how to
    check it, the card, the picture, the media, a signed web archive, the proof from the files to the signature and its time
    stamps, and a script for that. The same pack twice is the same bytes. Files of two captures are never joined.

    \b
    embedarchive evidence pack instagram:CpQ9x1mNq8r
    embedarchive evidence pack https://news.example/story -o story.zip --all
    embedarchive verify story.zip
    """
    from embedarchive.export.exhibits import find_exhibits
    from embedarchive.export.pack import make_name, write_pack
    from embedarchive.export.signing import find_signer

    eyes: Eyes = "staff" if staff else "public"
    path = archive_path(archive)
    with closing(open_shared(path, eyes)) as conn:
        chosen = find_exhibits(conn, thing, every=every)
        out = output or Path(f"evidence-{make_name(chosen.name)}.zip")
        done = write_pack(conn, out, chosen, find_signer(), overwrite=overwrite)
    posts = chosen.posts
    note_export(path, HandedOut(clock.now(), "pack", say_place(out), eyes, posts=posts, count=len(posts)))
    if as_json:
        click.echo(json.dumps({**asdict(done), "path": str(out)}))
    elif not quiet:
        held = f"{say_count(done.captures, 'capture')} and {say_count(done.downloads, 'download')}"
        click.echo(f"{out} holds {held} ({say_count(done.files, 'file')}, {say_size(done.bytes)}). Begin with "
                   "READ-ME-FIRST.txt in it.", err=True)  # fmt: skip
    return tell_damaged(done.damaged)
