"""The code -> reference pages: schema.md, cli.md, platforms.md, reality.md, and the questions in researchers.md.

python docs/generate.py            writes them
python docs/generate.py --check    names those that are not what the code says, and exits with 1
"""

from __future__ import annotations

import inspect
import re
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import click

from embedarchive.cli import COMMANDS, CONTEXT, cli, load_command
from embedarchive.cli.finding import capabilities
from embedarchive.conformance.as_recorded import try_recorded
from embedarchive.core.errors import ExitCode
from embedarchive.library import functions
from embedarchive.library.questions import QUESTIONS
from embedarchive.platforms import PLATFORMS
from embedarchive.platforms.kit.specification import Assumption, Platform
from embedarchive.recovery.live import ASSUMED
from embedarchive.store.schema import apply_schema
from embedarchive.store.schema.meanings import describe_tables

DOCS = Path(__file__).resolve().parent
WRITTEN = "<!-- Written by docs/generate.py; change the code it is made from. -->"
BEGIN, END = "<!-- questions: written by docs/generate.py -->", "<!-- end of questions -->"
MOST_HOSTS = 4
DUE = "_to_"
"""What is in the name of every view of the first kind: what a run still has to do."""


# --------------------------------------------------------------------------------------------------------------- schema


def render_schema() -> str:
    """Every table and view with what its comments in the schema's steps and views.sql say."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        apply_schema(conn)
        described = describe_tables()
        tables = [name for name in described if kind_of(conn, name) == "table"]
        views = [name for name in described if kind_of(conn, name) == "view"]
        parts = [
            "# The tables",
            WRITTEN,
            "One archive is one SQLite file. Every time is ISO 8601 text in UTC (it sorts as it reads), every list is "
            "JSON text, every hash is sha256 in hex. Start with the views: they are the questions people ask.",
            "## Views to read",
            *(render_view(conn, name) for name in views if DUE not in name),
            "## Tables",
            *(render_table(conn, name) for name in tables),
            "## Views of what is due",
            "What a run still has to do; the crawler reads these, and so may you, to see what is missing.",
            *(render_view(conn, name) for name in views if DUE in name),
            "## Functions",
            "In `embedarchive query`, in the reading room's Datasette and from Python, SQL also knows:",
            render_functions(conn),
        ]
    return "\n\n".join(parts) + "\n"


def kind_of(conn: sqlite3.Connection, name: str) -> str:
    return str(conn.execute("SELECT type FROM sqlite_master WHERE name = ?", (name,)).fetchone()[0])


def render_view(conn: sqlite3.Connection, name: str) -> str:
    columns = ", ".join(f"`{row[1]}`" for row in conn.execute(f"PRAGMA table_info({name})"))
    return f"### {name}\n\n{describe_tables()[name]['description']}\n\n{columns}"


def render_table(conn: sqlite3.Connection, name: str) -> str:
    meaning = describe_tables()[name]
    leads = {row[3]: row[2] for row in conn.execute(f"PRAGMA foreign_key_list({name})")}
    rows = [
        f"| `{column}` | {kind.lower()} | {say_column(meaning['columns'].get(column, ''), leads.get(column), key)} |"
        for _, column, kind, _, _, key in conn.execute(f"PRAGMA table_info({name})")
    ]
    return "\n".join([f"### {name}\n", meaning["description"], "", "| column | type | |", "|---|---|---|", *rows])


def say_column(text: str, leads_to: str | None, key: int) -> str:
    """What a column means, where it leads, and whether it is part of the key."""
    said = [text, f"→ [`{leads_to}`](#{leads_to})" if leads_to else "", "Key." if key else ""]
    return " ".join(each for each in said if each)


def render_functions(conn: sqlite3.Connection) -> str:
    """Every SQL function that a connection knows once ours are registered, as its Python has it."""
    functions.register_functions(conn)
    names = sorted({row[0] for row in conn.execute("SELECT name FROM pragma_function_list WHERE NOT builtin")})
    return "\n".join(render_function(getattr(functions, name)) for name in names if hasattr(functions, name))


def render_function(function: Callable[..., object]) -> str:
    takes = ", ".join(inspect.signature(function).parameters)
    return f"- `{function.__name__}({takes})`: {' '.join((function.__doc__ or '').split())}"


# ------------------------------------------------------------------------------------------------------------- commands


def render_commands() -> str:
    """The help of every command, as it prints itself, and what each exit code means."""
    parts = ["# The commands", WRITTEN, "```text\n" + read_help("embedarchive", cli) + "\n```", *render_exit_codes()]
    for name in COMMANDS:
        command = load_command(name)
        parts += [f"## {name}", "```text\n" + read_help(f"embedarchive {name}", command) + "\n```"]
        for below, part in getattr(command, "commands", {}).items():
            parts += [f"### {name} {below}", "```text\n" + read_help(f"embedarchive {name} {below}", part) + "\n```"]
    return "\n\n".join(parts) + "\n"


def render_exit_codes() -> Iterator[str]:
    """The one table of exit codes, and where it begins."""
    yield "## Exit codes"
    yield "The same for every command, so that a script can tell what happened without reading what was printed."
    yield "\n".join(["| code | means |", "|---|---|", *(f"| {code} | {code.meaning} |" for code in ExitCode)])


def read_help(name: str, command: click.Command) -> str:
    settings = CONTEXT | {"terminal_width": 100}
    context = click.Context(command, info_name=name, **settings)  # type: ignore[arg-type]
    return "\n".join(line.rstrip() for line in click.unstyle(context.get_help()).splitlines())


# ------------------------------------------------------------------------------------------------------------ platforms


ABOUT_PLATFORMS = """\
The posts of {found} platforms are found in articles, in every form; those of {captured} are captured too. *Date from
id*: the date of a post can be told from its id alone, also after it is gone. *Second look*: the independent sources
that are asked before a post is called gone.
"""
MADE_OF = """
A platform is one file in `src/embedarchive/platforms/`; this table is made of these values, and the tests run the
examples in them.

Lemmy is none of them: it has no embed code (its developers were asked for one, lemmy-ui#3609), so that an article can
only link there.
"""


def render_platforms() -> str:
    """What is known of each platform, from its one value in `platforms/`."""
    rows = [render_platform(platform) for platform in sorted(PLATFORMS, key=lambda p: p.title.lower())]
    captured = sum(platform.visit is not None for platform in PLATFORMS)
    return "\n".join(
        [
            "# Platforms\n",
            WRITTEN + "\n",
            ABOUT_PLATFORMS.format(found=len(PLATFORMS), captured=captured),
            "| platform | hosts | date from id | captured | second look | short links |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
            *render_recorded(),
            MADE_OF,
        ]
    )


def render_platform(platform: Platform) -> str:
    can = capabilities(platform)
    probes = ", ".join(dict.fromkeys(f"`{probe.name}`" for probe in platform.visit.probes)) if platform.visit else ""
    hosts = ", ".join(platform.hosts[:MOST_HOSTS]) + (" …" if len(platform.hosts) > MOST_HOSTS else "")
    cells = (
        f"**{platform.title}** (`{platform.name}`)",
        hosts if platform.hosts not in ((), ("*",)) else "any",
        "yes" if can["dates_from_id"] else "–",
        "yes" if can["captured"] else "–",
        probes or "–",
        "followed" if has_short_links(platform) else "–",
    )
    return "| " + " | ".join(cells) + " |"


ABOUT_RECORDED = """\
## As others recorded it

What `import` and `recover` read of a post in what others wrote down: its frame as it was served, before scripts ran; its own
page, where that says of itself that it is this post's (`kit/public_page.py`); answers of services. *alone*: it shows the
post by itself. Else the frame is read as it was drawn (a crawler's DOM, a page that a browser saved), or together with an
answer.
"""


def render_recorded() -> Iterator[str]:
    """Which things that others recorded of a post show it, platform by platform."""
    yield ABOUT_RECORDED
    yield "| platform | frame | its own page | answers |"
    yield "|---|---|---|---|"
    for platform in sorted(PLATFORMS, key=lambda each: each.title.lower()):
        if found := try_recorded(platform):
            frame = "alone" if found.frame else "with an answer, or drawn"
            answers = ", ".join(f"`{name}`" for name in found.answers) or "–: they tell too little"
            yield f"| {platform.title} | {frame} | {found.page} | {answers} |"
    yield ""


def has_short_links(platform: Platform) -> bool:
    """Whether the platform's value says how to tell a redirecting link, beyond the default that there are none."""
    return platform.is_short is not Platform.__dataclass_fields__["is_short"].default


# -------------------------------------------------------------------------------------------------------------- reality


ABOUT_REALITY = """\
Platforms do not document what their embeds serve, and change it without notice. This page says how far each assumption
of the code can be trusted, so that whoever has the internet at hand can check the cheapest first. **Verified**: read in
a saved real page, answer or source code. **Reported**: stated by others who run against the live platform. **Guess**:
general knowledge only. What is true in parts has the trust of its weakest part, and says so.

Everything here that is not verified was never tried on a live site by us. What is marked `doctor --live` is asked by
`embedarchive doctor --live`: it prints which of these assumptions hold, which do not (exit code 1), and which could not
be asked (exit code 3). With `-a ARCHIVE` it asks about posts of yours; `--platform NAME` asks one platform.

Where nothing of a frame's markup is known, it must hold the title, words or picture that another source tells of the
post: this is a rule of ours, not an assumption.
"""
ASSUMED_OF = """\
Each line stands in the platform's file in `src/embedarchive/platforms/`, beside the code that relies on it; those of web
archives, at the end, in `src/embedarchive/recovery/`.
"""


HEADS = ["| what the code relies on | trust | source | the cheapest live check |", "|---|---|---|---|"]


def render_reality() -> str:
    """What is taken for granted of each platform, and what cannot be had from it."""
    parts = ["# What is known of the real platforms", WRITTEN, ABOUT_REALITY.strip(), ASSUMED_OF.strip()]
    for platform in sorted(PLATFORMS, key=lambda p: p.title.lower()):
        rows = [render_assumption(assumption) for assumption in platform.assumptions]
        parts += [f"## {platform.title}", "\n".join([*HEADS, *rows])]
        parts += (
            ["\n".join(f"- Not to be had: {gap.says}; {gap.so}." for gap in platform.gaps)] if platform.gaps else []
        )
    for title, assumptions in ASSUMED.values():
        rows = [render_assumption(assumption) for assumption in assumptions]
        parts += [f"## {title}", "\n".join([*HEADS, *rows])]
    return "\n\n".join(parts) + "\n"


def render_assumption(assumption: Assumption) -> str:
    asked = " ".join(filter(None, [assumption.check, "(`doctor --live`)" if assumption.live else ""]))
    cells = (assumption.says, assumption.trust, assumption.source or "–", asked or "–")
    return "| " + " | ".join(cells) + " |"


# ------------------------------------------------------------------------------------------------------------ questions


def render_questions() -> str:
    """The saved questions, each with its SQL."""
    return "\n\n".join([BEGIN, *(render_question(name, asked) for name, asked in QUESTIONS.items()), END])


def render_question(name: str, asked: dict[str, str]) -> str:
    command = f"`embedarchive query {name.replace('_', '-')}{say_needs(asked)}`"
    return f"### {asked['title']}\n\n{asked['description']} {command}\n\n```sql\n{break_lines(asked['sql'])}\n```"


def say_needs(asked: dict[str, str]) -> str:
    return "".join(f" -p {name} …" for name in dict.fromkeys(re.findall(r":(\w+)", asked["sql"])))


def break_lines(sql: str) -> str:
    """One clause a line, so that it reads."""
    return re.sub(r" (FROM|(?:LEFT )?JOIN|WHERE|GROUP BY|ORDER BY|HAVING|UNION ALL|LIMIT)\b", r"\n\1", sql)


def renew_questions(text: str) -> str:
    """A page with its part about saved questions made anew."""
    before, _, rest = text.partition(BEGIN)
    return before + render_questions() + rest.partition(END)[2] if rest else text


# ------------------------------------------------------------------------------------------------------------------ run


def render_all() -> Iterator[tuple[Path, str]]:
    """Every generated page with what it should be."""
    yield DOCS / "schema.md", render_schema()
    yield DOCS / "cli.md", render_commands()
    yield DOCS / "platforms.md", render_platforms()
    yield DOCS / "reality.md", render_reality()
    researchers = DOCS / "researchers.md"
    yield researchers, renew_questions(researchers.read_text("utf-8"))


def find_stale() -> list[Path]:
    """The pages that are not what the code says."""
    return [path for path, text in render_all() if not path.exists() or path.read_text("utf-8") != text]


def main() -> int:
    stale = find_stale()
    if "--check" in sys.argv:
        print("".join(f"{path.name} is stale: run python docs/generate.py\n" for path in stale), end="")
        return 1 if stale else 0
    for path, text in render_all():
        path.write_text(text, "utf-8")
    print("".join(f"{path.name} written\n" for path in stale), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
