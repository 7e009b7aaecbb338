"""The main job, played against the replica: crawl a newsroom, lose some of its posts, read them all the same."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.text import Text

from embedarchive.core import clock
from embedarchive.replica import PostFact, Replica
from embedarchive.run.services import Settings
from embedarchive.run.session import Prepare
from embedarchive.store import Archive

Step = Callable[[str, Prepare, Settings, bool], int]
"""Runs one command (its name, what it is about, how it meets the world, whether to download media) to its exit code."""

LOSSES = ("gone", "gone", "private", "gone")


def play(path: Path, step: Step) -> int:
    """Run the demo into an archive; give the first exit code that is not 0, else 0."""
    console = Console(stderr=True, highlight=False)
    with Replica() as replica:
        settings = Settings(resolve=replica.resolve, ca_file=replica.ca_file, delay=0.0)
        say(
            console,
            f"A newsroom of {len(replica.article_urls)} articles, and the platforms they embed, on this machine.",
        )
        crawled = step("crawl", seeds_of(replica), settings, True)
        if crawled == 130:
            return crawled
        lost = choose_losses(replica)
        for post, state in zip(lost, LOSSES, strict=False):
            replica.set_state(post.key, state)
        say(console, f"Now {len(lost)} of the posts are taken down by their authors. Checking what is still there:")
        checked = step("check", check_all, settings, False)
    tell_where(console, path, lost[0])
    return checked


def seeds_of(replica: Replica) -> Prepare:
    def prepare(archive: Archive, crawl_id: int) -> None:
        for url in replica.article_urls:
            archive.keep_seed(crawl_id, url, "the bundled newsroom", clock.now(), clock.later(-86400))

    return prepare


def check_all(archive: Archive, crawl_id: int) -> None:
    archive.keep_check_targets(crawl_id, clock.now(), -1)


def choose_losses(replica: Replica) -> list[PostFact]:
    """Some of the newsroom's living Instagram posts, of different kinds first."""
    alive = [p for p in replica.posts if p.platform == "instagram" and p.state == "live"]
    kinds = {p.kind: p for p in reversed(alive)}
    return [*kinds.values(), *(p for p in alive if p not in kinds.values())][: len(LOSSES)]


def say(console: Console, text: str) -> None:
    console.print()
    console.print(Text(text, style="bold"), soft_wrap=True)
    console.print()


def tell_where(console: Console, path: Path, post: PostFact) -> None:
    ours, datasette = find_command("embedarchive"), find_command("datasette")
    where = "" if path.parent == Path("archive") else f" -a {path.parent}"
    say(console, "The posts are gone; the archive still has them. Look:")
    for command, what in (
        (f"{ours} lookup {post.url}{where}", "is it preserved?"),
        (f"{ours} show instagram:{post.key} --open{where}", "the post as readers saw it, one file, no scripts"),
        (f"{ours} serve{where}", "the whole archive in your browser"),
        (f"{datasette} {path}", "the same, with your own Datasette"),
    ):
        console.print(Text(f"  {what}", style="dim"))
        console.print(Text(f"    {command}", style="cyan"), soft_wrap=True)
    console.print()


def find_command(name: str) -> str:
    """How the user can call a command of this installation: by name if it is on the path, else by its place."""
    here = Path(sys.executable).with_name(name)
    if shutil.which(name) or not here.exists():
        return name
    return os.path.relpath(here)
