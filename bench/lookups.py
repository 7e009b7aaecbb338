"""What a journalist holds in her hand -> is its post found? 58 starting points, each asked of `embedarchive lookup`.

usage: python bench/lookups.py [ARCHIVE]

ARCHIVE is one that `embedarchive demo` made; without it, the demo runs (half a minute). It is copied, and the
copy's pictures are marked, as a run does while its visits wait. An address, an id, a piece of embed code or a
picture must give its post and no other before it; words and a name must give it among the first three; a date, a
platform, an outlet, a handle or a hashtag among the first twenty. Nothing is fetched. The last line is one JSON
object.
"""

from __future__ import annotations

import io
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from embedarchive.platforms import PLATFORMS
from embedarchive.store import Archive, open_reader
from embedarchive.store.fixity import read_blob
from embedarchive.store.marks import mark_pictures, read_unmarked
from in_process import run

FIRST, SOON, LISTED = 1, 3, 20
"""How far down the answer it may stand."""

FOG, BEES, FILM = "instagram:DUm6L771dVL", "instagram:DMScS1D_-2C", "instagram:DVZgVRPmoer"
SHIP, VIDEO, TIKTOK = "x:2028598996631503871", "youtube:q7ZxLrT2fNo", "tiktok:7615194188579503058"
OLIVES, TRAM, RAIN, HANOK = (
    f"instagram:{code}" for code in ("DQb55qv3Bgn", "DQrtdiT5NCE", "DRZihHL-vbd", "DPkLq5fzXml")
)
LANTERN = "https://www.thelanternpost.example/2026/02/12/the-woman-who-waits-for-fog"
NIGHT_MARKET = "https://www.thelanternpost.example/amp/2025/12/21/the-night-market-that-was-not-there"
ROOF = "https://www.kuestenblatt.example/kultur/ein-neues-dach-fuer-die-lanterna-1852291.html"
POST = "https://www.instagram.com/p/DUm6L771dVL/"
CODE = f"""<blockquote class="instagram-media" data-instgrm-permalink="{POST}?utm_source=ig_embed&amp;utm_campaign=loading"
 data-instgrm-version="14"><a href="{POST}?utm_source=ig_embed">View this post on Instagram</a></blockquote>
<script async src="//www.instagram.com/embed.js"></script>"""


@dataclass(frozen=True)
class Start:
    """One starting point: its kind, what exactly is pasted, what must be found, and how far down it may stand."""

    kind: str
    what: str
    pasted: str
    right: str
    within: int = FIRST


STARTS = (
    Start("address of the post", "with tracking", f"{POST}?igsh=MzRlODBiNWFlZA==&utm_source=ig_web_copy_link", FOG),
    Start("address of the post", "reel", "https://www.instagram.com/reel/DMScS1D_-2C/", BEES),
    Start("address of the post", "tv", "https://www.instagram.com/tv/DVZgVRPmoer/", FILM),
    Start("address of the post", "short link, youtu.be", "https://youtu.be/q7ZxLrT2fNo?si=abc", VIDEO),
    Start("address of the post", "short link, vm.tiktok.com", "https://vm.tiktok.com/ZNdQ7bandkm/", TIKTOK),
    Start("address of the post", "share link", "https://www.instagram.com/share/p/BAfogFOGf9", FOG),
    Start("address of the post", "l.instagram.com",
          "https://l.instagram.com/?u=https%3A%2F%2Fwww.instagram.com%2Fp%2FDUm6L771dVL%2F&e=AT0x", FOG),
    Start("address of the post", "mobile host", "https://mobile.twitter.com/kystvakta/status/2028598996631503871", SHIP),
    Start("address of the post", "mirror, nitter", "https://nitter.net/kystvakta/status/2028598996631503871#m", SHIP),
    Start("address of the post", "mirror, fxtwitter", "https://fxtwitter.com/kystvakta/status/2028598996631503871/en", SHIP),
    Start("address of the post", "mirror, ddinstagram", "https://www.ddinstagram.com/p/DUm6L771dVL/", FOG),
    Start("address of the post", "Wayback, with date", f"https://web.archive.org/web/20260301120000/{POST}", FOG),
    Start("address of the post", "Wayback, without date", f"https://web.archive.org/web/{POST}", FOG),
    Start("address of the post", "archive.ph", f"https://archive.ph/newest/{POST}", FOG),
    Start("address of the post", "syndication address",
          "https://cdn.syndication.twimg.com/tweet-result?id=2028598996631503871&lang=en&token=4a", SHIP),
    Start("embed code", "whole", CODE, FOG),
    Start("embed code", "cut off", CODE[: CODE.index("View this")], FOG),
    Start("embed code", "cut at the front", CODE[CODE.index("permalink=") :], FOG),
    Start("id", "numeric id", "2028598996631503871", SHIP),
    Start("id", "shortcode alone", "DUm6L771dVL", FOG),
    Start("id", "shortcode, wrong case", "dum6l771dvl", FOG),
    Start("who", "handle with @", "@kystvakta", SHIP, LISTED),
    Start("who", "handle without @", "marit.solheim.foto", FOG, LISTED),
    Start("who", "a person's name", "Lena Okafor", "x:2030557757572033538", SOON),
    Start("who", "a name in another script", "東京夜景部", "telegram:yakei_channel/1208", SOON),
    Start("article", "address with m.", ROOF.replace("www.", "m."), ROOF),
    Start("article", "address with tracking", f"{LANTERN}?utm_source=newsletter&fbclid=IwAR0x", LANTERN),
    Start("article", "AMP address", LANTERN.replace(".example/", ".example/amp/"), LANTERN),
    Start("article", "the address of one kept as AMP", NIGHT_MARKET.replace("/amp/", "/"), NIGHT_MARKET),
    Start("article", "headline", "The woman who waits for fog", LANTERN, SOON),
    Start("article", "headline, German, typed without umlauts", "Ein neues Dach fur die Lanterna", ROOF, SOON),
    Start("words", "a letter missing", "the fog lifed for six minutes", FOG, SOON),
    Start("words", "two letters swapped", "vessel in distrses", SHIP, SOON),
    Start("words", "remembered in another order", "six minutes lifted fog", FOG, SOON),
    Start("words", "Arabic, with diacritics", "شجرةٍ أكبرَ من البيت", OLIVES, SOON),
    Start("words", "Arabic, without", "شجرة أكبر من البيت", OLIVES, SOON),
    Start("words", "Japanese, without spaces", "街の灯りが戻って", RAIN, SOON),
    Start("words", "Cyrillic, inflected", "вагони співали", TRAM, SOON),
    Start("words", "Korean, with a particle", "안개는", HANOK, SOON),
    Start("words", "hashtag", "#slowphotography", FOG, LISTED),
    Start("words", "hashtag, Japanese", "#雨の日", RAIN, LISTED),
    Start("words", "emoji", "🏔️", FOG, LISTED),
    Start("when", "11 February 2026", "11 February 2026", FOG, LISTED),
    Start("when", "2026-02-11", "2026-02-11", FOG, LISTED),
    Start("when", "Feb 11, 2026", "Feb 11, 2026", FOG, LISTED),
    Start("when", "feb 2026", "feb 2026", FOG, LISTED),
    Start("when", "11. Februar 2026", "11. Februar 2026", FOG, LISTED),
    Start("when", "a range", "feb to april 2026", FOG, LISTED),
    Start("where", "the platform's word", "youtube", VIDEO, LISTED),
    Start("where", "the outlet's word", "Küstenblatt", ROOF, LISTED),
    Start("in a text", "a sentence with an address inside", f"have you seen this? {POST} it is gone now", FOG),
    Start("in a text", "Markdown link", f"[the fog post]({POST})", FOG),
)  # fmt: skip

LEADS_ELSEWHERE = "only the platform knows where it leads, and a lookup asks nobody"
MISSES = {
    "short link, vm.tiktok.com": LEADS_ELSEWHERE,
    "share link": LEADS_ELSEWHERE,
    "photographed from a monitor": "too unsharp to compare its words; the post is offered as nearly, with why",
    "shortcode, wrong case": "another id; the post is offered as nearly, with why",
}
"""What is not found, and why."""


# ---------------------------------------------------------------------------------------------------------- screenshots


def cut(image: Image.Image) -> Image.Image:
    """Its middle, 60 % of its area."""
    width, height = round(image.width * 0.775), round(image.height * 0.775)
    x, y = (image.width - width) // 2, (image.height - height) // 3
    return image.crop((x, y, x + width, y + height))


def put_bars(image: Image.Image) -> Image.Image:
    return ImageOps.expand(image, (0, image.height // 5, 0, image.height // 5), fill=(0, 0, 0))


def photograph(image: Image.Image) -> Image.Image:
    """As a phone sees a monitor: from the side, the desk around it, a grid of pixels, a lamp's shine, a little out of focus."""
    width, height = image.size
    pen = ImageDraw.Draw(image)
    for y in range(0, height, 3):
        pen.line((0, y, width, y), fill=(150, 150, 150))
    scene = ImageOps.expand(image, width // 8, fill=(34, 30, 28))
    wide, high = scene.size
    corners = (-0.02 * wide, -0.01 * high, 0, high, wide, 1.03 * high, 1.04 * wide, -0.05 * high)
    scene = scene.transform(scene.size, Image.Transform.QUAD, corners, Image.Resampling.BICUBIC)
    shine = Image.radial_gradient("L").resize(scene.size)
    scene = Image.composite(scene, ImageEnhance.Brightness(scene).enhance(1.3), shine)
    noise = Image.frombytes("L", scene.size, random.Random(1).randbytes(wide * high)).convert("RGB")
    return Image.blend(scene.filter(ImageFilter.GaussianBlur(1)), noise, 0.06)


PICTURES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "whole": lambda image: image,
    "cut to 60 %": cut,
    "with black bars": put_bars,
    "mirrored": ImageOps.mirror,
    "recompressed, JPEG at 40": lambda image: image,
    "photographed from a monitor": photograph,
}  # fmt: skip
if len(STARTS) + len(PICTURES) != 58:
    raise SystemExit(f"{len(STARTS) + len(PICTURES)} starting points")


def write_pictures(archive: Path, folder: Path) -> Iterator[Start]:
    """The screenshot of a post that is gone, as people pass one on, each a file."""
    with closing(open_reader(archive)) as conn:
        (sha256,) = conn.execute(
            "SELECT a.sha256 FROM artifacts a JOIN captures c ON c.id = a.capture_id "
            "WHERE c.post_key = ? AND a.role = 'screenshot' ORDER BY c.id LIMIT 1", (FOG,)
        ).fetchone()  # fmt: skip
        body = read_blob(conn, sha256)
        assert body is not None
        image = Image.open(io.BytesIO(body)).convert("RGB")
    for number, (name, change) in enumerate(PICTURES.items()):
        path = folder / f"shot-{number}.jpg"
        change(image.copy()).save(path, quality=40 if "40" in name else 85)
        yield Start("a screenshot's file", name, str(path), FOG)


def copy_archive(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as conn:
        conn.execute("VACUUM INTO ?", (str(target),))


def mark(archive: Path) -> None:
    """Mark the pictures that a run would mark while its visits wait."""
    with Archive(archive, platforms=PLATFORMS) as opened:
        due = opened.conn.execute("SELECT id FROM captures_to_mark ORDER BY id").fetchall()
        for (capture_id,) in due:
            opened.keep_marks(capture_id, mark_pictures(read_unmarked(opened.conn, capture_id)))


# --------------------------------------------------------------------------------------------------------------- asking


def ask(start: Start, archive: Path) -> tuple[int | None, float]:
    """How far down the answer the right thing stands (None: it does not), and the seconds that the command took."""
    begun = time.perf_counter()
    done = run("lookup", start.pasted, "--json", "--archive", archive)
    seconds = time.perf_counter() - begun
    names = list(dict.fromkeys(read_names(json.loads(done.out)))) if done.code == 0 else []
    return (names.index(start.right) + 1 if start.right in names else None), seconds


def read_names(answer: dict[str, object]) -> Iterator[str | None]:
    """Keys of posts and addresses of articles, in the order in which they are shown."""
    for part in ("posts", "alike", "embeds", "articles", "hits"):
        for each in answer[part]:  # type: ignore[attr-defined]
            post, article = each.get("post"), each.get("article")
            if part == "posts":
                post = each
            if part == "articles":
                article = each
            if post:
                yield post["key"]
            if article:
                yield article["url"]


def make_archive(folder: Path) -> Path:
    command = [sys.executable, "-c", "from embedarchive.cli import main; main()", "demo", "-a", str(folder)]
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
    return folder


def main() -> None:
    with tempfile.TemporaryDirectory() as room:
        given = Path(sys.argv[1]) if sys.argv[1:] else make_archive(Path(room) / "demo")
        archive = Path(room) / "embeds.db"
        copy_archive(given / "embeds.db", archive)
        mark(archive)
        starts = [*STARTS, *write_pictures(archive, Path(room))]
        answers = {start.what: ask(start, archive) for start in starts}
    print("| kind | asked | found | not found |\n|---|---|---|---|")
    found = 0
    for kind, group in groupby(starts, key=lambda start: start.kind):
        members = list(group)
        missed = [each for each in members if not is_found(each, answers[each.what][0])]
        found += len(members) - len(missed)
        told = "; ".join(tell_miss(each, answers[each.what][0]) for each in missed)
        print(f"| {kind} | {len(members)} | {len(members) - len(missed)} | {told} |")
    slowest = max(seconds for _, seconds in answers.values())
    print(json.dumps({"asked": len(starts), "found": found, "slowest_s": round(slowest, 2)}))


def is_found(start: Start, place: int | None) -> bool:
    return place is not None and place <= start.within


def tell_miss(start: Start, place: int | None) -> str:
    if place is not None:
        return f"{start.what}: only {place}. of the answer"
    return f"{start.what}: {MISSES.get(start.what, 'no reason known')}"


if __name__ == "__main__":
    main()
