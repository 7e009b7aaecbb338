"""Make the sheets of the reading room's pages: each on a desk and on a telephone, by day and by night, and right to left.

usage: python docs/make_pages.py [ARCHIVE]

ARCHIVE is one that `embedarchive demo` made; without it, the demo runs.
"""

from __future__ import annotations

import io
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from make_pictures import IMAGES, LOADED, PORT, make_archive, wait_for_server
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Browser, Page, sync_playwright

from embedarchive.browser import find_browser
from embedarchive.store import open_reader

DESK, PHONE = (1280, 860), (390, 844)
HIGH, GAP, LABEL, ACROSS = 400, 16, 30, 3
SCHEMES = {"light": ((233, 231, 226), (60, 58, 54)), "dark": ((38, 36, 34), (210, 206, 200))}
"""The sheet's paper and ink."""

LOST = "SELECT l.key FROM lost_posts l JOIN descriptions d ON d.post_key = l.key WHERE preserved AND d.kind = 'photo'"
ARABIC = "SELECT key FROM preserved_posts WHERE text GLOB '*[\u0600-\u06ff]*' AND platform = 'instagram'"
ARABIC_ARTICLE = "SELECT id FROM articles WHERE title GLOB '*[\u0600-\u06ff]*'"
UNRESOLVED = "SELECT id FROM embeds WHERE post_key IS NULL"
PARTIAL = (
    "SELECT post_key FROM captures WHERE missing <> '[]' AND outcome = 'available' AND post_key NOT LIKE 'youtube:%'"
)
NOT_SHOWN = "SELECT key FROM post_status WHERE status = 'unavailable' AND key NOT IN (SELECT key FROM preserved_posts)"
VIDEO = "SELECT key FROM preserved_posts WHERE kind = 'video' AND status = 'available'"
VISIT = "SELECT c.id FROM captures c WHERE post_key = ? AND outcome = 'available'"
MOST = "SELECT article_id FROM embeds GROUP BY 1 ORDER BY count(*) DESC"


@dataclass(frozen=True)
class Shown:
    """A page and what it is called on its sheet."""

    title: str
    path: str


def choose_pages(conn: sqlite3.Connection) -> dict[str, tuple[Shown, ...]]:
    """Every kind of page, by the sheet that it is on."""

    def one(sql: str, *values: object) -> object:
        return conn.execute(f"{sql} LIMIT 1", values).fetchone()[0]

    lost, room = one(LOST), "/embeds/-"
    return {
        "whole": (
            Shown("The front page", f"{room}/archive"),
            Shown("Browse", f"{room}/browse"),
            Shown("Browse, narrowed", f"{room}/browse?platform=instagram&period=2026-02"),
            Shown("What was lost", f"{room}/lost"),
            Shown("The desk's page", f"{room}/desk"),
            Shown("Outlets", f"{room}/outlets"),
            Shown("An outlet", f"{room}/outlet/thelanternpost.example"),
            Shown("How long posts live", f"{room}/survival"),
            Shown("What is left in articles", f"{room}/rot"),
        ),
        "found": (
            Shown("Words", f"{room}/find?q=fog"),
            Shown("A date", f"{room}/find?q=11+February+2026"),
            Shown("Nearly", f"{room}/find?q=dum6l771dvl"),
            Shown("Nothing", f"{room}/find?q=zzyyxx"),
            Shown("A post, not kept", f"{room}/post/x:1"),
            Shown("An article", f"{room}/article/{one(MOST)}"),
            Shown("An embed that names no post", f"{room}/embed/{one(UNRESOLVED)}"),
            Shown("Datasette: the tables", "/embeds"),
        ),
        "post": (
            Shown("Gone, and kept", f"{room}/post/{lost}"),
            Shown("Online: a film", f"{room}/post/{one(VIDEO)}"),
            Shown("Kept in part", f"{room}/post/{one(PARTIAL)}"),
            Shown("Not shown to a reader", f"{room}/post/{one(NOT_SHOWN)}"),
            Shown("One visit", f"{room}/capture/{one(VISIT, lost)}"),
            Shown("What proves it", f"{room}/proof/{lost}"),
            Shown("Its card, alone", f"{room}/card/{lost}"),
            Shown("Check what somebody gave you", "/-/embedarchive/check"),
            Shown("The save button", f"{room}/save"),
        ),
        "right-to-left": (
            Shown("A post in Arabic", f"{room}/post/{one(ARABIC)}"),
            Shown("An article in Arabic", f"{room}/article/{one(ARABIC_ARTICLE)}"),
            Shown("Words in Arabic", f"{room}/find?q=%D8%B2%D9%8A%D8%AA%D9%88%D9%86"),
        ),
    }


def photograph(page: Page, path: str) -> Image.Image:
    page.goto(f"http://127.0.0.1:{PORT}{path}", wait_until="load")
    page.wait_for_function(LOADED)
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    return image.resize((round(image.width * HIGH / image.height), HIGH), Image.Resampling.LANCZOS)


def photograph_all(browser: Browser, shown: Iterable[Shown], scheme: str) -> Iterator[tuple[str, list[Image.Image]]]:
    """Each page's title, and how it looks on a desk and on a telephone."""
    sizes = [{"width": width, "height": height} for width, height in (DESK, PHONE)]
    pages = [browser.new_page(viewport=size, color_scheme=scheme) for size in sizes]
    for each in shown:
        yield each.title, [photograph(page, each.path) for page in pages]
    for page in pages:
        page.close()


def lay_sheet(cells: list[tuple[str, list[Image.Image]]], scheme: str) -> Image.Image:
    """The pictures three pages a row, the page's title over each."""
    paper, ink = SCHEMES[scheme]
    across = sum(image.width for image in cells[0][1]) + 3 * GAP
    down = LABEL + HIGH + GAP
    rows = -(-len(cells) // ACROSS)
    sheet = Image.new("RGB", (across * ACROSS + GAP, down * rows + GAP), paper)
    pen = ImageDraw.Draw(sheet)
    for number, (title, images) in enumerate(cells):
        x, y = GAP + number % ACROSS * across, GAP + number // ACROSS * down
        pen.text((x, y), title, font=ImageFont.load_default(18), fill=ink)
        for image in images:
            sheet.paste(image, (x, y + LABEL))
            x += image.width + GAP // 2
    return sheet


@contextmanager
def serve(*archives: Path) -> Iterator[None]:
    command = [sys.executable, "-c", "from embedarchive.cli import main; main()"]
    options = ["--port", str(PORT), "--no-open", "--intake"]
    process = subprocess.Popen([*command, "serve", *archives, *options[: 3 if len(archives) > 1 else 4]])
    try:
        wait_for_server()
        yield
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    folder = Path(sys.argv[1]) if sys.argv[1:] else make_archive()
    with closing(open_reader(folder / "embeds.db")) as conn:
        sheets = choose_pages(conn)
    with tempfile.TemporaryDirectory() as room, sync_playwright() as playwright:
        choice = find_browser(None, {"PATH": "/usr/bin:/usr/local/bin"})
        browser = playwright.chromium.launch(executable_path=choice.path, channel=choice.channel)
        with serve(folder):
            made = {
                (name, scheme): list(photograph_all(browser, shown, scheme))
                for name, shown in sheets.items()
                for scheme in SCHEMES
            }
        other = Path(room) / "harbour.db"
        shutil.copy(folder / "embeds.db", other)
        with serve(folder, other):
            for scheme in SCHEMES:
                made["found", scheme] += photograph_all(browser, [Shown("Two archives", "/")], scheme)
        browser.close()
    for (name, scheme), cells in made.items():
        lay_sheet(cells, scheme).save(IMAGES / f"pages-{name}-{scheme}.webp", quality=66, method=6)


if __name__ == "__main__":
    main()
