"""The main job, played against the replica: crawl a newsroom, lose some of its posts, read them all the same."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console
from rich.text import Text

from embedarchive.api.commands import check, crawl
from embedarchive.replica import PostFact, Replica
from embedarchive.run.report import Report


class ShownRun(Protocol):
    """Calls a function that runs a command, shows what happens, and gives its report."""

    def __call__(self, call: Callable[..., Report], command: str, **given: Any) -> Report: ...


LOSSES = ("gone", "gone", "private", "gone")


def play(path: Path, step: ShownRun) -> int:
    """Run the demo into an archive; give the exit code of its last run."""
    console = Console(stderr=True, highlight=False)
    console.print()
    console.print(Text("Starting a newsroom, and the platforms it embeds, on this machine.", style="bold"))
    with Replica() as replica:
        world: dict[str, Any] = {"resolve": replica.resolve, "ca_file": replica.ca_file, "delay": 0.0}
        say(console, f"Crawling its {len(replica.article_urls)} articles:")
        step(partial(crawl, *replica.article_urls), "crawl", **world)
        lost = choose_losses(replica)
        for post, state in zip(lost, LOSSES, strict=False):
            replica.set_state(post.key, state)
        say(console, f"Now {len(lost)} of the posts are taken down by their authors. Checking what is still there:")
        checked = step(check, "check", **world)
    tell_where(console, path, lost[0])
    return checked.exit_code


def choose_losses(replica: Replica) -> list[PostFact]:
    """Some of the newsroom's living Instagram posts, of different kinds first."""
    alive = [p for p in replica.posts if p.platform == "instagram" and p.state == "live"]
    kinds = {p.kind: p for p in reversed(alive)}
    return [*kinds.values(), *(p for p in alive if p not in kinds.values())][: len(LOSSES)]


def say(console: Console, text: str) -> None:
    console.print()
    console.print(Text(text, style="bold"), soft_wrap=not console.is_terminal)
    console.print()


def tell_where(console: Console, path: Path, post: PostFact) -> None:
    ours, datasette = find_command("embedarchive"), find_command("datasette")
    where = ""
    if path.parent != Path("archive"):
        where = f" -a {path.parent}"
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
