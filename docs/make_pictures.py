"""Make the pictures of the documentation: crawl the replica, lose some posts, photograph the reading room.

usage: python docs/make_pictures.py [ARCHIVE [NAME...]]

ARCHIVE is one that `embedarchive demo` made; without it, the demo runs. With NAMEs only these pictures are made.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from embedarchive.browser import find_browser
from embedarchive.store import open_reader

IMAGES = Path(__file__).resolve().parent / "images"
PORT = 8899
LOADED = """() => document.fonts.status === 'loaded' && [...document.images]
  .every(i => !i.checkVisibility() || i.getBoundingClientRect().top > innerHeight || (i.complete && i.naturalWidth))"""
"""Closed details and what is further down load their pictures only when they are seen."""


@dataclass(frozen=True)
class Shot:
    """One picture: which page (of the room, or a file), how large a window, light or dark, and how much of the page."""

    name: str
    path: str
    width: int = 1280
    height: int = 920
    dark: bool = False
    whole: bool = False


def shots(lost: str, article: int, card: str) -> tuple[Shot, ...]:
    return (
        Shot("gone-post", f"/-/embedarchive/post/{lost}", height=1000),
        Shot("gone-post-dark", f"/-/embedarchive/post/{lost}", height=1000, dark=True),
        Shot("gone-post-phone", f"/-/embedarchive/post/{lost}", width=390, height=844),
        Shot("front", "/-/embedarchive", height=1100),
        Shot("front-dark", "/-/embedarchive", height=1100, dark=True),
        Shot("article", f"/embeds/-/article/{article}", height=1000),
        Shot("lookup", "/embeds/-/find?q=fog", height=700),
        Shot("browse", "/embeds/-/browse", height=1100),
        Shot("browse-phone", "/embeds/-/browse?platform=instagram", width=390, height=844, dark=True),
        Shot("desk", "/embeds/-/desk", height=1000),
        Shot("proof", f"/embeds/-/proof/{lost}", height=1100),
        Shot("proof-dark", f"/embeds/-/proof/{lost}", height=1100, dark=True),
        Shot("proof-phone", f"/embeds/-/proof/{lost}", width=390, height=844),
        Shot("pack-card", card, width=720, whole=True),
    )


def photograph(browser: Browser, shot: Shot) -> None:
    scheme = "dark" if shot.dark else "light"
    page = browser.new_page(viewport={"width": shot.width, "height": shot.height}, color_scheme=scheme)
    base = "" if shot.path.startswith("file:") else f"http://127.0.0.1:{PORT}"
    page.goto(base + shot.path, wait_until="load")
    page.wait_for_function(LOADED)
    image = Image.open(io.BytesIO(page.screenshot(full_page=shot.whole))).convert("RGB")
    image.save(IMAGES / f"{shot.name}.webp", quality=84, method=6)  # a sixth of the bytes of a PNG
    page.close()


def make_archive() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="embedarchive-pictures-"))
    subprocess.run(
        [sys.executable, "-c", "from embedarchive.cli import main; main()", "demo", "-a", folder], check=False
    )
    return folder


def make_pack(folder: Path, post: str) -> str:
    """The first page of the evidence pack of a post, as the address of a file."""
    room = Path(tempfile.mkdtemp(prefix="embedarchive-pack-"))
    command = [sys.executable, "-c", "from embedarchive.cli import main; main()", "evidence", "pack", post]
    subprocess.run([*command, "-a", folder, "-o", room / "pack.zip", "--quiet"], check=True)
    shutil.unpack_archive(room / "pack.zip", room)
    return next(room.glob("*/data/card.html")).as_uri()


def wait_for_server() -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/-/versions.json").close()
            return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the reading room did not open")


def main() -> None:
    folder = Path(sys.argv[1]) if sys.argv[1:] else make_archive()
    wanted = sys.argv[2:]
    conn = open_reader(folder / "embeds.db")
    lost = conn.execute(
        "SELECT l.key FROM lost_posts l JOIN descriptions d ON d.post_key = l.key WHERE preserved AND d.kind = 'photo'"
    ).fetchone()[0]
    article = conn.execute("SELECT article_id FROM embeds GROUP BY 1 ORDER BY count(*) DESC LIMIT 1").fetchone()[0]
    IMAGES.mkdir(exist_ok=True)
    command = [sys.executable, "-c", "from embedarchive.cli import main; main()"]
    serving = subprocess.Popen([*command, "serve", "-a", folder, "--port", str(PORT), "--no-open"])
    try:
        wait_for_server()
        with sync_playwright() as playwright:
            choice = find_browser(None, {"PATH": "/usr/bin:/usr/local/bin"})
            browser = playwright.chromium.launch(executable_path=choice.path, channel=choice.channel)
            for shot in shots(lost, article, make_pack(folder, lost)):
                if shot.name in wanted or not wanted:
                    photograph(browser, shot)
            browser.close()
    finally:
        serving.terminate()
        serving.wait()


if __name__ == "__main__":
    main()
