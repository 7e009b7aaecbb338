"""The commands about notes and tags: what people say of posts and articles, beside the evidence."""

from __future__ import annotations

import getpass
from contextlib import closing

import click

from embedarchive.cli.collecting import find_members
from embedarchive.cli.groups import Group
from embedarchive.cli.options import archive_option
from embedarchive.core import clock
from embedarchive.core.errors import ExitCode, UsageError
from embedarchive.platforms import PLATFORMS
from embedarchive.show.words import printable, say_date
from embedarchive.store import Archive, archive_path
from embedarchive.store.collections import Member
from embedarchive.store.sharing import open_shared

TABLE_OF = {"post": "posts", "article": "articles"}


@click.group(cls=Group)
def note() -> None:
    """Note something of a post or an article, or tag it. Found by `search`, exported as tables, shown in the reading room;
    never published, and never a part of the evidence. Columns of a list are notes as well, and its column `tags` tags.

    \b
    embedarchive note add instagram:C79gQqLpkul "Asked the author for consent, 3 March"
    embedarchive note tag https://the-paper.example/2026/vote elections 2026
    embedarchive search --tag elections
    """


@note.command()
@click.argument("thing", metavar="POST|ARTICLE")
@click.argument("text")
@archive_option
@click.option("--name", default="note", show_default=True, help="What is said under; of one name the newest counts.")
def add(thing: str, text: str, archive: str, name: str) -> int:
    """Say something of a post or an article."""
    return keep(thing, archive, {name: text})


@note.command()
@click.argument("thing", metavar="POST|ARTICLE")
@archive_option
@click.option("--name", default="note", show_default=True, help="What it was said under.")
def remove(thing: str, archive: str, name: str) -> int:
    """Take back what was said under a name."""
    return keep(thing, archive, {name: None})


@note.command()
@click.argument("thing", metavar="POST|ARTICLE")
@click.argument("tags", nargs=-1, required=True)
@archive_option
def tag(thing: str, tags: tuple[str, ...], archive: str) -> int:
    """Tag a post or an article."""
    return keep(thing, archive, {f"tag {each}": each for each in map(clean_tag, tags)})


@note.command()
@click.argument("thing", metavar="POST|ARTICLE")
@click.argument("tags", nargs=-1, required=True)
@archive_option
def untag(thing: str, tags: tuple[str, ...], archive: str) -> int:
    """Take tags away."""
    return keep(thing, archive, {f"tag {clean_tag(each)}": None for each in tags})


@note.command("list", short_help="Print every note and tag that counts, by whom and when.")
@archive_option
def list_(archive: str) -> int:
    """Print every note and tag that counts: of what, name, text, by whom, when; with tabs between."""
    sql = """SELECT post_key AS subject, name, value, by, at FROM current_post_notes
             UNION ALL SELECT article_url, name, value, by, at FROM current_notes ORDER BY 1, 2"""
    with closing(open_shared(archive_path(archive), "staff")) as conn:
        for subject, name, value, by, at in conn.execute(sql):
            click.echo("\t".join(printable(part) for part in (subject, name, value, by, say_date(at))))
    return ExitCode.DONE


def clean_tag(text: str) -> str:
    """A tag without the sign before it. Raises UsageError for an empty one. Pure."""
    tag = " ".join(text.split()).removeprefix("#")
    if not tag:
        raise UsageError("A tag needs a name.")
    return tag


def keep(thing: str, archive: str, said: dict[str, str | None]) -> int:
    """Keep what is said of something under each name. Raises UsageError for what the archive does not have."""
    with Archive(archive_path(archive), platforms=PLATFORMS) as writer:
        kind, subject = only_noted(find_members(writer, (thing,))[0])
        for name, value in said.items():
            writer.keep_remark(kind, subject, name, value, getpass.getuser(), clock.now())
    click.echo(f"Noted of {subject}.")
    return ExitCode.DONE


def only_noted(member: Member) -> tuple[str, str]:
    """The table and key of a post or an article. Raises UsageError for a seed."""
    kind, subject = member
    if kind not in TABLE_OF:
        raise UsageError(f"{subject} is a list of articles; notes are of posts and articles. Nothing was changed.")
    return TABLE_OF[kind], subject
