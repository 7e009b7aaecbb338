"""The commands about collections: named sets of seeds, articles and posts."""

from __future__ import annotations

import getpass
from contextlib import closing

import click

from embedarchive.cli.groups import Group
from embedarchive.cli.options import archive_option
from embedarchive.core import clock
from embedarchive.core.errors import ExitCode, UsageError
from embedarchive.library.browse import CollectionLine, read_collections
from embedarchive.platforms import PLATFORMS
from embedarchive.show.words import say_count, say_number
from embedarchive.store import Archive, archive_path
from embedarchive.store.collections import (
    Member,
    drop_collection,
    drop_members,
    find_member,
    keep_members,
    refuse_unknown,
)
from embedarchive.store.sharing import open_shared


@click.group(cls=Group)
def collection() -> None:
    """Named sets of seeds, articles and posts: to count, search, check, export and publish by.

    A collection is given wherever posts are chosen: `search --collection NAME`, `check --collection NAME`, `watch
    --collection NAME`, and as `collection:NAME` to `export` and `publish`. A column `collection` of a list fills it, too.

    \b
    embedarchive collection add elections https://the-paper.example/2026/vote instagram:C79gQqLpkul
    embedarchive collection list
    embedarchive publish public.db collection:elections
    """


@collection.command(short_help="Put posts, articles, or all that a seed named into one.")
@click.argument("name")
@click.argument("things", nargs=-1, required=True, metavar="POST|ARTICLE|SEED...")
@archive_option
def add(name: str, things: tuple[str, ...], archive: str) -> int:
    """Put posts, articles, or all that a seed (a list, a sitemap, a feed) named into a collection."""
    with Archive(archive_path(archive), platforms=PLATFORMS) as writer:
        members = find_members(writer, things)
        with writer.transaction() as conn:
            new = keep_members(conn, name, members, getpass.getuser(), clock.now())
    click.echo(f"{name}: {say_number(new)} new in it.")
    return ExitCode.DONE


@collection.command()
@click.argument("name")
@click.argument("things", nargs=-1, metavar="[POST|ARTICLE|SEED]...")
@archive_option
@click.option("--all", "whole", is_flag=True, help="Forget the whole collection; what is in it stays in the archive.")
def remove(name: str, things: tuple[str, ...], archive: str, whole: bool) -> int:
    """Take something out of a collection. It stays in the archive."""
    if whole == bool(things):
        raise UsageError("Name what to take out, or give --all.")
    with Archive(archive_path(archive), platforms=PLATFORMS) as writer:
        refuse_unknown(writer.conn, name)
        members = find_members(writer, things)
        with writer.transaction() as conn:
            if whole:
                gone = drop_collection(conn, name)
            else:
                gone = drop_members(conn, name, members)
    click.echo(f"{name}: {say_number(gone)} taken out.")
    return ExitCode.DONE


@collection.command("list")
@click.argument("name", required=False)
@archive_option
def list_(name: str | None, archive: str) -> int:
    """Say how much is in each collection, or what is in one."""
    with closing(open_shared(archive_path(archive), "staff")) as conn:
        if name:
            refuse_unknown(conn, name)
            for kind, subject in conn.execute(
                "SELECT kind, subject FROM collections WHERE name = ? ORDER BY 1, 2", (name,)
            ):
                click.echo(f"{kind}\t{subject}")
            return ExitCode.DONE
        lines = read_collections(conn)
        if not lines:
            click.echo("There is no collection yet. Make one: embedarchive collection add NAME POST|ARTICLE…", err=True)
        for line in lines:
            click.echo(say_collection(line))
    return ExitCode.DONE


def say_collection(line: CollectionLine) -> str:
    """One collection on one line: how many posts, how many of those are gone, how many of them kept. Pure."""
    return (
        f"{line.name}: {say_count(line.posts, 'post')} ({say_number(line.gone)} gone, {say_number(line.kept)} kept) "
        f"of {say_count(line.members, 'member')}"
    )


def find_members(writer: Archive, things: tuple[str, ...]) -> list[Member]:
    """What the words name. Raises UsageError for the first that names nothing here."""
    from embedarchive.detect.identity import identify_pasted

    members = []
    for thing in things:
        post = identify_pasted(thing)
        member = find_member(writer.conn, thing) or (find_member(writer.conn, post.key) if post else None)
        if member is None:
            raise UsageError(f"The archive has no post, no article and no seed {thing}. Nothing was changed.")
        members.append(member)
    return members
