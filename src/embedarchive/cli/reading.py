"""The commands that read an archive: lookup, show, search, serve."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
import sys
import tempfile
import webbrowser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import RenderableType

from embedarchive.cli.console import open_console
from embedarchive.cli.damage import tell_damaged
from embedarchive.cli.options import archive_option
from embedarchive.core.errors import ArchiveError, ExitCode, UsageError
from embedarchive.core.periods import Period, read_period
from embedarchive.core.relative import read_relative
from embedarchive.core.shell import say_command
from embedarchive.library import article_record, embed_record, find_article, lookup_picture, post_record
from embedarchive.library import lookup as look_up
from embedarchive.library import search as search_archive
from embedarchive.library.browse import STATES, Filters, count_facets, list_posts
from embedarchive.library.pictures import LARGEST_PICTURE, is_meant_as_picture, read_asked
from embedarchive.library.records import ArticleRecord, EmbedRecord, PostLine, PostRecord
from embedarchive.show.card import render_card
from embedarchive.show.terminal import render_hit, render_line, render_lookup, render_terminal
from embedarchive.show.words import say_post_status, say_size, say_tombstone
from embedarchive.store import archive_path, open_reader
from embedarchive.store.fixity import Checked
from embedarchive.store.handed_in import read_token
from embedarchive.store.sharing import find_tombstone, open_shared

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@contextmanager
def reading(archive: str) -> Iterator[sqlite3.Connection]:
    conn = open_shared(archive_path(archive), "staff")
    try:
        yield conn
    finally:
        conn.close()


def say(what: RenderableType) -> None:
    open_console().print(what)


def say_json(value: Any) -> None:
    """Print records as JSON; bytes never stand in records, only their hashes."""
    click.echo(json.dumps(make_plain(value), ensure_ascii=False, indent=1, default=dict))


def make_plain(value: Any) -> Any:
    """A record as JSON can hold it; each post also in words: `preserved`, and the sentence that lists have of it."""
    if isinstance(value, tuple):
        return [make_plain(each) for each in value]
    if not dataclasses.is_dataclass(value):
        return value
    plain = {each.name: make_plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, PostRecord | PostLine):
        return {"says": say_post_status(value), "preserved": value.preserved, **plain}
    return plain


@click.command()
@click.argument("anything", nargs=-1, required=True)
@archive_option
@json_option
def lookup(anything: tuple[str, ...], archive: str, as_json: bool) -> int:
    """Is it preserved? Takes anything: a post's or article's address in any form, an id, a handle, embed code, words,
    or a picture's file (a photo, a screenshot of a post).

    Exits with 1 when the archive has nothing of it.

    \b
    embedarchive lookup "https://www.instagram.com/reel/C79gQqLpkul/?igsh=x"
    embedarchive lookup @balenciaga
    embedarchive lookup screenshot.png
    embedarchive lookup - < embed-code.html
    """
    picture = None
    if len(anything) == 1:
        picture = read_picture(anything[0])
    if anything == ("-",):
        text = sys.stdin.read()
    else:
        text = " ".join(anything)
    with reading(archive) as conn:
        if picture is not None:
            found = lookup_picture(conn, read_asked(picture), text, body=picture)
        else:
            found = look_up(conn, text)
        if not found.found:
            refuse_withheld(conn, text)
    if as_json:
        say_json(found)
    else:
        say(render_lookup(found))
    if found.found:
        return ExitCode.DONE
    return ExitCode.ERROR


def refuse_withheld(conn: sqlite3.Connection, text: str) -> None:
    """Raise ArchiveError for a post that is there and that is not shown to whoever keeps the archive, either."""
    from embedarchive.detect.identity import identify_pasted

    post = identify_pasted(text)
    for key in (text, post.key if post else ""):
        if stone := find_tombstone(conn, key, "staff"):
            if stone.level == "erased":
                raise ArchiveError(say_tombstone(stone))
            opens = say_command("embedarchive", "access", "open", key, "--why", "…", "-o", "card.html")
            raise ArchiveError(f"{say_tombstone(stone)} To open it all the same, and have that noted: {opens}")


def read_picture(name: str) -> bytes | None:
    """The bytes of a file that is meant as a picture, if that is what a text names. Raises UsageError for one too large."""
    try:
        path = Path(name)
        if not path.is_file():
            return None
        with path.open("rb") as file:
            body = file.read(LARGEST_PICTURE + 1)
    except (OSError, ValueError):  # what is pasted may be no path at all
        return None
    if not is_meant_as_picture(name, body):
        return None
    if len(body) > LARGEST_PICTURE:
        raise UsageError(
            f"{name} has more than {say_size(LARGEST_PICTURE)}, and no larger picture is read. Nothing was looked for; a "
            "smaller copy of it finds the same."
        )
    return body


@click.command()
@click.argument("key")
@archive_option
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the HTML card there.")
@click.option("--base-url", metavar="URL", help="The address of your reading room, which the card then leads to.")
@click.option("--open", "open_card", is_flag=True, help="Write the HTML card and open it.")
@click.option(
    "--page",
    "as_page",
    is_flag=True,
    help="Give an article's page as it was served, to -o or standard output; one that is kept by reference is read "
    "again from its web archive, if it is there and still holds that very page.",
)
@json_option
def show(
    key: str, archive: str, output: Path | None, base_url: str | None, open_card: bool, as_page: bool, as_json: bool
) -> int:
    """Show one preserved post (by key or any address of it), an unresolved embed (embed:ID), or an article.

    The card is one HTML file without scripts: screenshot, media, text, and where each field comes from.
    """
    with reading(archive) as conn:
        record = find_record(conn, key)
        if record is None:
            refuse_withheld(conn, key)
            raise ArchiveError(
                f"{archive_path(archive)} has nothing at {key}. To look wider: {say_command('embedarchive', 'lookup', key)}"
            )
        if as_page:
            return write_page(conn, record, output)
        if output or open_card:
            return write_card(conn, record, output, base_url, open_card=open_card)
    if as_json:
        say_json(record)
    else:
        console = open_console()
        console.print(render_terminal(record, console.width if console.is_terminal else None))
    return ExitCode.DONE


def find_record(conn: sqlite3.Connection, key: str) -> PostRecord | EmbedRecord | ArticleRecord | None:
    """What a key or an address names: a post first, then an embed, then an article."""
    if key.startswith("embed:") and key[6:].isdigit():
        return embed_record(conn, int(key[6:]))
    if record := post_record(conn, key):
        return record
    found = look_up(conn, key)
    if len(found.posts) == 1:
        return post_record(conn, found.posts[0].key)
    article_id = find_article(conn, key)
    if article_id:
        return article_record(conn, article_id)
    return None


def write_page(conn: sqlite3.Connection, record: PostRecord | EmbedRecord | ArticleRecord, output: Path | None) -> int:
    """Give the page of an article as it was served. Raises ArchiveError for what is no article, and where there is no page."""
    if not isinstance(record, ArticleRecord):
        raise ArchiveError("--page is for articles: give the address of one. Nothing was written.")
    from embedarchive.library.pages import read_page

    body = read_page(conn, record)
    if output:
        output.write_bytes(body)
        click.echo(str(output))
    else:
        click.echo(body, nl=False)
    return ExitCode.DONE


def write_card(
    conn: sqlite3.Connection,
    record: PostRecord | EmbedRecord | ArticleRecord,
    output: Path | None,
    base_url: str | None,
    *,
    open_card: bool,
) -> int:
    """Write a record's card to a file, and open it if asked. Raises ArchiveError for an article, which has none."""
    if isinstance(record, ArticleRecord):
        raise ArchiveError("An article has no card; its embeds do. To see it in a browser: embedarchive serve")
    path = output or Path(tempfile.mkdtemp(prefix="embedarchive-")) / "card.html"
    files = Checked(conn)
    version_url = find_room_address(record, base_url)
    path.write_text(render_card(record, files.read, version_url=version_url), "utf-8")
    click.echo(str(path))
    if open_card:
        webbrowser.open(path.resolve().as_uri())
    return tell_damaged(files.damaged)


def find_room_address(record: PostRecord | EmbedRecord, base_url: str | None) -> str | None:
    """Where a reading room at an address shows a post; None where there is none, or the embed names no post."""
    if base_url is None or isinstance(record, EmbedRecord):
        return None
    return f"{base_url.rstrip('/')}/-/embedarchive/post/{record.post.url}"


def browse_options(command: Any) -> Any:
    """The options that say what posts are to be like, the same as the addresses of the reading room's page Browse have."""
    about = {
        "platform": "Posts of this platform.",
        "outlet": "Posts that this outlet (a host) embedded.",
        "author": "Posts by this handle.",
        "period": "Posts of that time: 2026, 2026-02-11, 'feb 2026', 2026-02-01..2026-02-11, 'last week'.",
        "state": "Posts in this state: " + ", ".join(STATES) + ".",
        "kind": "Posts of this kind: photo, video, carousel, text …",
        "lang": "Posts in this language: en, de, ar …",
        "collection": "Posts of this collection.",
        "tag": "Posts with this tag, and those in articles with it.",
    }
    for name, says in reversed(about.items()):
        kind = None
        if name == "state":
            kind = click.Choice(list(STATES))
        command = click.option(f"--{name}", type=kind, help=says)(command)
    return command


def read_filters(asked: Mapping[str, str | None]) -> Filters:
    """What the options ask for. Raises UsageError for a time that is none, or that means two days."""
    period = asked.get("period")
    if period and (since_today := read_relative(period, datetime.now(UTC).date())):
        return Filters.read({**asked, "period": since_today.key})
    if period and not isinstance(read := read_period(period), Period):
        also = ""
        if read:
            also = f" It may be {' or '.join(each.says for each in read.readings)}."
        raise click.UsageError(
            f"--period {period}: no time is meant by that.{also} Such are 2026-02-11, 'feb 2026', 2025..2026."
        )
    return Filters.read(asked)


def say_nothing(conn: sqlite3.Connection, filters: Filters, words: str = "") -> str:
    """That there is no such post, and how many there are without one of what was asked for."""
    asked = filters.tell()
    if not asked:
        return (
            f"Nothing found. To read it as an address, a date or a name: {say_command('embedarchive', 'lookup', words)}"
        )
    without = []
    for name in asked:
        others = Filters.read({**asked, name: None})
        if words:
            found = bool(search_archive(conn, words, 1, others))
        else:
            found = others != Filters() and count_facets(conn, others).posts > 0
        if found:
            without.append(f"--{name}")
    if without:
        return f"Nothing found. There is something without {' or without '.join(without)}."
    return "Nothing found, nor without any one of these options."


def tell_posts(conn: sqlite3.Connection, filters: Filters, limit: int, *, as_json: bool) -> int:
    """Print the newest posts that are as asked for, and how many there are."""
    page, total = list_posts(conn, filters, most=limit), count_facets(conn, filters).posts
    if as_json:
        say_json(page.lines)
    else:
        for line in page.lines:
            say(render_line(line))
        if total > len(page.lines):
            click.echo(f"The newest {len(page.lines)} of {total:,}; --limit shows more.", err=True)
        if not page.lines:
            click.echo(say_nothing(conn, filters), err=True)
    if page.lines:
        return ExitCode.DONE
    return ExitCode.ERROR


@click.command()
@click.argument("words", nargs=-1)
@archive_option
@browse_options
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@json_option
def search(words: tuple[str, ...], archive: str, limit: int, as_json: bool, **asked: str | None) -> int:
    """Search what posts said, what publishers say of them, and articles' titles; best first. Exits with 1 for nothing.

    With filters it is about posts as they ask for; without words it lists them, newest first. A date among the words is
    that of the posts.

    \b
    embedarchive search lighthouse storm
    embedarchive search ferry february 2026
    embedarchive search --outlet the-meridian.example --state gone-lost
    """
    filters = read_filters(asked)
    if not words and filters == Filters():
        raise click.UsageError(
            "Give words, or what posts are to be like: --platform, --outlet, --state … (see --help)."
        )
    with reading(archive) as conn:
        if not words:
            return tell_posts(conn, filters, limit, as_json=as_json)
        hits = search_archive(conn, " ".join(words), limit, filters)
        if not (hits or as_json):
            click.echo(say_nothing(conn, filters, " ".join(words)), err=True)
    if as_json:
        say_json(hits)
    else:
        for hit in hits:
            say(render_hit(hit))
    if hits:
        return ExitCode.DONE
    return ExitCode.ERROR


@click.command()
@click.argument("archives", nargs=-1, metavar="[ARCHIVE]...")
@archive_option
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8001, show_default=True, help="0 takes any free one.")
@click.option(
    "--base-url", metavar="URL", help="The address at which others reach it, when it is not this machine's own."
)
@click.option(
    "--intake", is_flag=True, help="Take in pages that readers hand in with the save button (its page: Save)."
)
@click.option(
    "--new-token", is_flag=True, help="With --intake: make the save buttons that were given out until now void."
)
@click.option("--open/--no-open", "open_browser", default=True, help="Open it in a browser, where there is a screen.")
@click.option("--write-config", "config", type=click.Path(path_type=Path, dir_okay=False), metavar="PATH",
              help="Write a datasette.yaml that says what everything means, and serve nothing.")  # fmt: skip
def serve(
    archives: tuple[str, ...],
    archive: str,
    host: str,
    port: int,
    base_url: str | None,
    intake: bool,
    new_token: bool,
    open_browser: bool,
    config: Path | None,
) -> None:
    """Read the archive in a browser: Datasette with the reading room as its front page.

    Of several archives there is a page, where all are looked up at once. It answers to this machine's own names, to
    --host and to the name in --base-url, and to no other.

    \b
    embedarchive serve
    embedarchive serve culture/ politics/ sport.db
    """
    paths = [archive_path(each) for each in archives or (archive,)]
    for path in paths:
        open_reader(path).close()
    if config:
        write_config(paths[0], config)
        return
    for path in paths if intake else ():
        read_token(path, renew=new_token)
    from embedarchive.viewer.serve import serve as serve_archives

    serve_archives(
        *paths,
        host=host,
        port=port,
        open_browser=open_browser,
        base_url=base_url,
        intake=intake,
        on_ready=partial(say_address, base_url),
    )


def say_address(base_url: str | None, url: str) -> None:
    others = ""
    if base_url:
        others = f", for others at {base_url}"
    click.echo(f"The reading room is at {url}{others} (Ctrl-C closes it).", err=True)


def write_config(archive: Path, config: Path) -> None:
    from embedarchive.export.atomic import refuse_existing
    from embedarchive.viewer.config import render_config

    refuse_existing(config, overwrite=False)
    config.write_text(render_config(archive.stem, str(archive), str(config)), "utf-8")
    command = say_command("datasette", "serve", "-i", archive, "-m", config)
    click.echo(f"{config} is written. Serve with it: {command}", err=True)
