"""Every link that leads out of our pages goes through one function, and every command offered can be pasted into a shell."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from archive_builder import SAMPLES, build_archive
from conftest import ROOT
from embedarchive import open_archive
from embedarchive.cli import COMMANDS
from embedarchive.core.shell import say_command
from embedarchive.show.tags import link_header, link_outward, link_target
from embedarchive.store import open_reader
from in_process import run
from reading_room import open_room
from tampering import tamper

SOURCE = ROOT / "src" / "embedarchive"
TEMPLATES = sorted(
    path for room in ("show", "viewer", "export") for path in (SOURCE / room / "templates").rglob("*.html")
)
ATTRIBUTE = re.compile(r'(?:href|src|action|formaction|poster|data)="((?:\{\{.*?\}\}|\{%.*?%\}|[^"])*)"')
OURS = ("links.", "asset(", "href", "oembed_url", "page_url", "card_url", "canonical")
"""What a template may put into an attribute that leads somewhere: our own addresses. All others are `link_outward`'s."""

HOSTILE = {
    "a script": "javascript:alert(1)",
    "a script in capitals": "JaVaScRiPt:alert(1)",
    "a script behind a space": " javascript:alert(1)",
    "a script with a line break in its name": "java\nscript:alert(1)",
    "a script with a tab in its name": "java\tscript:alert(1)",
    "a script behind a control": "\x01javascript:alert(1)",
    "data": "data:text/html,<script>alert(1)</script>",
    "a file": "file:///etc/passwd",
    "visual basic": "vbscript:msgbox(1)",
    "a view of a source": "view-source:https://example.org/",
    "a blob": "blob:https://example.org/1",
    "an option": "--allow-private",
    "no host": "https:///x",
    "no scheme": "//evil.example/x",
    "an end of the attribute": '"><script>alert(1)</script>',
    "an end of the quotes": "x' onmouseover='alert(1)",
    "a command": "$(touch /tmp/x)",
}
SAFE = re.compile(
    r"^(https?://[^/]|/(?!/)|#|\?|\.\./|\./|[\w-]+(/[\w.%-]+)*\.(html|css|js|jpg|png)([?#]|$)|data:(image|video|audio)/)",
    re.I,
)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parents[2].name}-{path.parent.name}-{path.stem}")
def test_no_template_makes_a_link_of_what_an_archive_says(path: Path) -> None:
    text = path.read_text("utf-8")
    for value in ATTRIBUTE.findall(text):
        for number, said in enumerate(re.findall(r"\{\{ *(.*?) *\}\}", value)):
            assert said.startswith(OURS) or (number and said.endswith("|urlencode")), f"{path.name}: {value}"


@pytest.mark.parametrize("kind", HOSTILE)
def test_one_function_judges_every_address(kind: str) -> None:
    url = HOSTILE[kind]
    assert link_target(url) is None
    assert link_outward(url).startswith("<bdi>")
    assert link_header(url, "original") is None
    assert LexborHTMLParser(link_outward(url)).css_first("a, script") is None


def test_an_address_cannot_end_the_header_that_names_it() -> None:
    header = link_header('https://x.example/a>; rel="stylesheet", <https://evil.example/?q=ä%20b\r\nx: y', "original")
    assert header is not None
    assert header.count("<") == header.count(">") == 1
    assert header.isascii()
    assert header.isprintable()
    assert "%20b" in header


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("whole") / "embeds.db")


def poison(whole: Path, path: Path, url: str) -> Path:
    """An archive in which every address says the same, as far as it stays one."""
    nth = "? || substr('                    ', 1, rowid)"  # addresses of articles are told apart
    html = "'<a href=\"' || ? || '\">words</a>'"
    return tamper(
        whole, path,
        ("UPDATE posts SET url = ?", (url,)), (f"UPDATE articles SET url = {nth}", (url,)),
        ("UPDATE embeds SET url = ?, snippet = ?", (url, url)), ("UPDATE fetches SET url = ?, final_url = ?", (url, url)),
        ("UPDATE captures SET visit_url = ?, final_url = ?", (url, url)),
        ("UPDATE exchanges SET url = ?", (url,)), ("UPDATE artifacts SET url = ?", (url,)),
        (f"UPDATE descriptions SET author_url = ?, quoted_url = ?, text_html = {html}", (url, url, url)),
    )  # fmt: skip


def find_unsafe(html: str) -> list[str]:
    """Every address in a page that could do something else than lead to a page of the web or of ours."""
    tree = LexborHTMLParser(html)
    led = [
        (name, value or "")
        for node in tree.css("*")
        for name, value in node.attributes.items()
        if name in ("href", "src", "action", "formaction", "poster", "xlink:href", "data") or name.startswith("on")
    ]
    return [f"{name}={value}" for name, value in led if name.startswith("on") or not SAFE.match(value.strip())]


@pytest.mark.parametrize("kind", HOSTILE)
async def test_no_page_card_or_header_leads_where_a_browser_would_act(kind: str, whole: Path, tmp_path: Path) -> None:
    path = poison(whole, tmp_path / "embeds.db", HOSTILE[kind])
    room = await open_room(path)
    with open_reader(path) as conn:
        keys = [row[0] for row in conn.execute("SELECT key FROM posts WHERE is_control = 0")]
        articles = [row[0] for row in conn.execute("SELECT id FROM articles")]
    db = "/embeds/-"
    pages = ["/-/embedarchive", f"{db}/archive", f"{db}/lost", f"{db}/outlets", f"{db}/find?q=fjord",
             f"{db}/embed/4", f"{db}/capture/1", f"{db}/outlet/forma.example",
             f"{db}/find?q=https://www.instagram.com/p/ZZZZZZZZZZZ/"]  # fmt: skip
    pages += [f"{db}/{page}/{key}" for key in keys for page in ("post", "card")]
    pages += [f"{db}/article/{number}" for number in articles]
    for page in pages:
        answer = await room.client.get(page, follow_redirects=True)
        assert answer.status_code == 200, (page, answer.text)
        assert find_unsafe(answer.text) == [], page
        for shown in LexborHTMLParser(answer.text).css(".command code"):
            assert_harmless(shown.text())
    answer = await room.client.get(f"/timegate/{SAMPLES[0].post.url}")
    assert "link" not in answer.headers
    assert (await room.client.get(f"/-/embedarchive/oembed?url={SAMPLES[0].post.url}")).json()["author_url"] is None


def assert_harmless(command: str) -> None:
    program, verb, *words = shlex.split(command)
    assert program == "embedarchive"
    assert verb in ("capture", "crawl", "lookup", "check")
    assert all(link_target(word) for word in words)


@pytest.mark.parametrize("kind", ["a script", "an end of the attribute", "data"])
def test_no_exported_page_does_either(kind: str, whole: Path, tmp_path: Path) -> None:
    path = poison(whole, tmp_path / "embeds.db", HOSTILE[kind])
    assert run("export", "--site", tmp_path / "site", "-a", path).code == 0
    for page in (tmp_path / "site").rglob("*.html"):
        assert find_unsafe(page.read_text("utf-8")) == [], page
    with open_archive(path) as library:
        assert find_unsafe(library.card(SAMPLES[0].post.key)) == []


HARD = ("a b", "it's", '"', "$(x)", "`x`", "a;b", "a\nb", "*", "~", "#x", "\\", "é", "", "-x", "a&b", "!x")


@pytest.mark.parametrize("word", HARD)
def test_a_command_has_the_words_that_it_was_made_of(word: str) -> None:
    assert shlex.split(say_command("embedarchive", "lookup", word)) == ["embedarchive", "lookup", word]


def test_what_a_command_line_offers_is_quoted(whole: Path, tmp_path: Path) -> None:
    key = "nobody's; rm -rf ~ $(x)"
    offered = run("show", key, "-a", whole).err.partition("To look wider: ")[2].strip()
    assert shlex.split(offered) == ["embedarchive", "lookup", key]
    folder = tmp_path / "a; b's $(x)"
    offered = run("stats", "-a", folder).err.partition("Make one with: ")[2].strip()
    assert shlex.split(offered) == ["embedarchive", "crawl", "URL", "-a", str(folder)]
    url = "https://news.example/it's$(x);y"
    shown = run("lookup", url, "-a", whole, COLUMNS="400").out
    assert shlex.split(shown.partition("To bring it in: ")[2].strip())[:2] == ["embedarchive", "crawl"]


def test_no_command_is_put_together_anywhere_else() -> None:
    """A line that offers one of our commands with something of the user's or the archive's in it uses `say_command`."""
    verbs = "|".join(COMMANDS)
    programs = rf"(?:embedarchive (?:{verbs})|datasette -i|datasette serve|sqlite3)"
    offered = re.compile(programs + r"(?: [\w-]+)* ['\"]?\{(?!shlex\.quote)")
    found = [
        path.relative_to(SOURCE).as_posix()
        for path in [*SOURCE.rglob("*.py"), *TEMPLATES]
        if "replica" not in path.parts and offered.search(path.read_text("utf-8"))
    ]
    assert found == ["cli/exporting.py"]  # of the options that it knows itself
