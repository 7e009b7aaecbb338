"""Words -> a command that a reader may copy into a shell: what an archive says in it stays one word. Pure."""

from __future__ import annotations

import shlex


def say_command(*words: object) -> str:
    """The words as one command line, each quoted where a shell would make something else of it."""
    return shlex.join(map(str, words))


def say_heal(url: str, archive: str = "") -> str:
    """The command that closes an article's holes. Pure."""
    where = ("-a", archive) if archive else ()
    return say_command("embedarchive", "heal", url, *where, "-o", "healed.html")
