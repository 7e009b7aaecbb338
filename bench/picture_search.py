"""Made-up posts, their pictures changed as people change them, and strangers -> how many find their post, and how soon.

Half of the pictures are screenshots of posts in six layouts, with the same buttons and other words, half are pictures of every
shape. Each is kept in an archive as a run keeps it. Strangers come in the same layouts.

python bench/picture_search.py                                   60 posts, two minutes
python bench/picture_search.py --posts 500 --into FILE --minutes 3   what the log holds, in slices: it goes on where FILE ends
python bench/picture_search.py --pictures 100000                 and the time of a search among so many
"""

from __future__ import annotations

import argparse
import io
import json
import random
import sqlite3
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from functools import lru_cache
from operator import xor
from pathlib import Path

from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps

from embedarchive.core import clock
from embedarchive.core.image_hash import hash_picture
from embedarchive.core.model import Artifact, Capture, Post, Verdict
from embedarchive.core.version import __version__
from embedarchive.detect.identity import make_post
from embedarchive.library.picture_search import find_pictures, read_asked
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.store import Archive, open_reader
from embedarchive.store.marks import MOST_PICTURES_A_WORD, mark_pictures, read_unmarked

SYLLABLES = ("ka", "ro", "min", "tel", "us", "the", "ver", "ing", "lo", "dan", "pe", "shi")
WORDS = ["".join(random.Random(n).choices(SYLLABLES, k=1 + n % 4)) for n in range(400)]
Colour = tuple[int, int, int]


def colour(draw: random.Random) -> Colour:
    return draw.randrange(256), draw.randrange(256), draw.randrange(256)


@lru_cache(64)
def letters(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font


def say(draw: random.Random, count: int) -> str:
    return " ".join(draw.choice(WORDS) for _ in range(count))


def paint_photo(draw: random.Random, width: int, height: int) -> Image.Image:
    """Clouds of several sizes in three colours, with things in front of them."""
    field: Image.Image | None = None
    for octave in range(2, 8):
        side = 2**octave
        part = Image.frombytes("L", (side, side), draw.randbytes(side * side)).resize(
            (width, height), Image.Resampling.BICUBIC
        )
        field = part if field is None else Image.blend(field, part, draw.uniform(0.2, 0.45))
    assert field is not None
    image = ImageOps.colorize(ImageOps.autocontrast(field, cutoff=1), colour(draw), colour(draw), mid=colour(draw))
    pen = ImageDraw.Draw(image)
    for _ in range(draw.randrange(12)):
        x, y, size = draw.randrange(width), draw.randrange(height), draw.randrange(8, max(9, width // 5))
        shape = draw.choice((pen.ellipse, pen.rectangle))
        shape((x, y, x + size, y + int(size * draw.uniform(0.3, 1.8))), fill=colour(draw))
    return ImageEnhance.Brightness(image).enhance(draw.uniform(0.6, 1.2))


def paint_card(draw: random.Random) -> Image.Image:
    """A screenshot of a post: in one of six layouts, whose logo and buttons are the same on each."""
    layout, dark = draw.randrange(6), False
    dark = layout == 4
    paper, ink = ((21, 32, 43), (240, 240, 240)) if dark else ((255, 255, 255), (15, 20, 25))
    lines = [say(draw, 7)[:58] for _ in range(draw.randrange(1, 8))]
    photo = paint_photo(draw, 510 if layout % 2 else 550, draw.choice((310, 400, 510))) if draw.random() < 0.7 else None
    height = 170 + 26 * len(lines) + (photo.height + 8 if photo else 0)
    image = Image.new("RGB", (550, height), paper)
    pen = ImageDraw.Draw(image)
    pen.ellipse((16, 14, 64, 62), fill=colour(draw))
    pen.text((76, 16), say(draw, 2)[:26], font=letters(19), fill=ink)
    pen.text((76, 42), "@" + say(draw, 1)[:12].lower(), font=letters(14), fill=(110, 110, 110))
    logo = random.Random(layout)
    for _ in range(4):
        x, y = 500 + logo.randrange(20), 16 + logo.randrange(20)
        pen.line((x, y, x + logo.randrange(-15, 20), y + logo.randrange(-10, 20)), fill=(29, 155, 240), width=4)
    y = 76
    if photo and layout in (1, 3):
        image.paste(photo, (20 if layout % 2 else 0, y))
        y += photo.height + 8
    for line in lines:
        pen.text((20, y), line, font=letters(18), fill=ink)
        y += 26
    if photo and layout not in (1, 3):
        image.paste(photo, (20 if layout % 2 else 0, y))
        y += photo.height + 8
    for number, label in enumerate(("Reply", "Copy link", "Read more")):
        pen.text((40 + 150 * number, y + 14), label, font=letters(15), fill=(29, 155, 240))
        pen.ellipse((16 + 150 * number, y + 14, 32 + 150 * number, y + 30), outline=(110, 110, 110), width=2)
    when = f"{draw.randrange(24)}:{draw.randrange(60):02} - {draw.randrange(1, 29)} Feb 20{draw.randrange(15, 26)}"
    pen.text((20, y + 44), when, font=letters(13), fill=(110, 110, 110))
    return image


def paint(draw: random.Random) -> Image.Image:
    if draw.random() < 0.5:
        return paint_card(draw)
    return paint_photo(draw, *draw.choice(((1080, 1080), (1080, 1350), (1080, 566), (640, 800))))


# ------------------------------------------------------------------------------------------------------ what people do


def encode(image: Image.Image, quality: int = 88) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def cut(image: Image.Image, draw: random.Random, share: float) -> Image.Image:
    """A part of that share of the area."""
    width, height = round(image.width * share**0.5), round(image.height * share**0.5)
    x, y = draw.randrange(image.width - width + 1), draw.randrange(image.height - height + 1)
    return image.crop((x, y, x + width, y + height))


def put_bars(image: Image.Image, draw: random.Random) -> Image.Image:
    above, beside = int(image.height * draw.uniform(0.1, 0.35)), int(image.width * draw.uniform(0, 0.2))
    return ImageOps.expand(image, (beside, above, beside, above), fill=(0, 0, 0))


def frame(image: Image.Image, draw: random.Random) -> Image.Image:
    """What a phone shows around a post: the hour, a title, other people's replies, five buttons."""
    width, height = draw.choice(((1080, 2340), (750, 1334), (1170, 2532)))
    paper, ink = ((0, 0, 0), (230, 230, 230)) if draw.random() < 0.5 else ((255, 255, 255), (20, 20, 20))
    phone = Image.new("RGB", (width, height), paper)
    pen = ImageDraw.Draw(phone)
    pen.text(
        (width // 14, height // 60),
        f"{draw.randrange(24)}:{draw.randrange(60):02}",
        font=letters(width // 28),
        fill=ink,
    )
    pen.rectangle(
        (width - width // 8, height // 60, width - width // 20, height // 60 + width // 36), outline=ink, width=3
    )
    pen.text((width // 14, height // 16), "<  Post", font=letters(width // 22), fill=ink)
    wide = draw.choice((width, int(width * 0.9)))
    shown = image.resize((wide, round(image.height * wide / image.width)), Image.Resampling.BICUBIC)
    phone.paste(shown, ((width - wide) // 2, height // 9))
    for y in range(height // 9 + shown.height + 20, height - height // 12, width // 6):
        pen.ellipse((width // 20, y, width // 20 + width // 12, y + width // 12), fill=colour(draw))
        pen.text((width // 6, y), say(draw, 4)[:40], font=letters(width // 30), fill=ink)
    pen.rectangle((0, height - height // 14, width, height), fill=(128, 128, 128))
    for x in range(width // 12, width, width // 5):
        pen.ellipse(
            (x, height - height // 20, x + width // 20, height - height // 20 + width // 20), outline=ink, width=4
        )
    return phone


def scale(image: Image.Image, factor: float) -> Image.Image:
    return image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.BICUBIC)


CHANGES: dict[str, Callable[[Image.Image, random.Random], bytes]] = {
    "as it is": lambda image, draw: encode(image),
    "cut to 60 %": lambda image, draw: encode(cut(image, draw, 0.6)),
    "cut to 36 %": lambda image, draw: encode(cut(image, draw, 0.36)),
    "black bars": lambda image, draw: encode(put_bars(image, draw)),
    "a phone's frame": lambda image, draw: encode(frame(image, draw)),
    "half as wide": lambda image, draw: encode(scale(image, 0.5)),
    "a third as wide": lambda image, draw: encode(scale(image, 0.33)),
    "larger": lambda image, draw: encode(scale(image, 1.7)),
    "JPEG at 30": lambda image, draw: encode(image, 30),
    "mirrored": lambda image, draw: encode(ImageOps.mirror(image)),
    "cut to 60 %, smaller, JPEG at 50": lambda image, draw: encode(scale(cut(image, draw, 0.6), 0.7), 50),
    "mirrored, bars, JPEG at 60": lambda image, draw: encode(put_bars(ImageOps.mirror(image), draw), 60),
}


# ------------------------------------------------------------------------------------------------------------- keeping


def name_post(number: int) -> Post:
    return make_post(BY_NAME["x"], str(10**17 + number))


def keep(archive: Archive, crawl: int, number: int) -> None:
    """Keep a post with its picture, and mark it, as a run does."""
    body = encode(paint(random.Random(f"post {number}")), 92)
    post, now = name_post(number), clock.now()
    artifact = Artifact("screenshot", body, "image/jpeg", dhash=hash_picture(body))
    capture = Capture(post, post.url, post.url, now, now, Verdict("available"), 200, artifacts=(artifact,))
    archive.keep_capture(capture, crawl)
    (capture_id,) = archive.conn.execute("SELECT max(id) FROM captures").fetchone()
    archive.keep_marks(capture_id, mark_pictures(read_unmarked(archive.conn, capture_id)))


def fill(archive: Archive, pictures: int) -> None:
    """Bring an archive to so many pictures: their marks are drawn from those that are there, every second a little turned.

    Only the index grows: that is what a search reads.
    """
    conn, draw = archive.conn, random.Random(1)
    words = [row[0] for row in conn.execute("SELECT word FROM picture_marks")]
    first = conn.execute("SELECT max(id) + 1 FROM artifacts").fetchone()[0]
    held = conn.execute("SELECT count(DISTINCT artifact_id) FROM picture_marks").fetchone()[0]
    by_word = conn.execute("SELECT sql FROM sqlite_schema WHERE name = 'picture_marks_word'").fetchone()[0]
    conn.execute("PRAGMA foreign_keys = OFF")
    conn.execute("DROP INDEX picture_marks_word")  # made once at the end, it takes a tenth of the time
    a_picture = len(words) // held
    turns = [turn(draw) for _ in range(10_000)]
    having = Counter(words)
    with archive.transaction():
        for number in range(pictures - held):
            theirs = map(xor, draw.choices(words, k=a_picture), draw.choices(turns, k=a_picture))
            rare = sorted(word for word in theirs if having[word] < MOST_PICTURES_A_WORD)
            having.update(rare)
            rows = [(first + number, word, draw.getrandbits(30) << 8 | 64) for word in rare]
            conn.executemany("INSERT OR IGNORE INTO picture_marks VALUES (?, ?, ?)", rows)
        conn.execute(by_word)


def turn(draw: random.Random) -> int:
    """Up to four of the bits of a word."""
    return sum({1 << draw.randrange(24) for _ in range(draw.randrange(5))})


# ------------------------------------------------------------------------------------------------------------- judging

Judged = tuple[str, int, bool, bool, float]
"""Change, number, whether its post is the first that is found, whether another is found, CPU seconds of the search."""


def judge(conn: sqlite3.Connection, change: str, number: int, *, stranger: bool) -> Judged:
    kind = "stranger" if stranger else "post"
    image = paint(random.Random(f"{kind} {number}"))
    body = CHANGES[change](image, random.Random(f"{kind} {change} {number}"))
    begun = time.process_time()
    asked = read_asked(body)
    found = find_pictures(conn, asked) if asked else ()
    spent = time.process_time() - begun
    keys = [each.post.key for each in found]
    right = name_post(number).key
    first = bool(keys) and keys[0] == right and not stranger
    return "stranger" if stranger else change, number, first, any(key != right or stranger for key in keys), spent


def judge_all(conn: sqlite3.Connection, args: argparse.Namespace) -> list[Judged]:
    until = time.monotonic() + 60 * args.minutes
    lines = args.into.read_text("utf-8").splitlines() if args.into and args.into.exists() else []
    judged: list[Judged] = [(*json.loads(line),) for line in lines]
    done = {(change, number) for change, number, *_ in judged}
    names = list(CHANGES)
    asked = [(change, number, False) for number in range(args.posts) for change in names]
    asked += [(names[number % len(names)], number, True) for number in range(args.posts)]
    random.Random(0).shuffle(asked)
    for change, number, stranger in asked:
        name = "stranger" if stranger else change
        if (name, number) not in done and time.monotonic() < until:
            judged.append(judge(conn, change, number, stranger=stranger))
            if args.into:
                with args.into.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(judged[-1]) + "\n")
    return judged


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=60)
    parser.add_argument("--pictures", type=int, default=0, help="fill the index up to so many")
    parser.add_argument("--archive", type=Path, help="where the archive is, or is made, to be used again")
    parser.add_argument("--into", type=Path, help="a file of searches already judged, made longer")
    parser.add_argument("--minutes", type=float, default=1e6, help="begin no search after so many")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as room:
        path = args.archive or Path(room) / "embeds.db"
        if not path.exists():
            with Archive(path, platforms=PLATFORMS) as archive:
                crawl = archive.start_crawl("bench", clock.now(), __version__, {})
                for number in range(args.posts):
                    keep(archive, crawl, number)
                rows = archive.conn.execute("SELECT count(*) FROM picture_marks").fetchone()[0]
                print(f"{args.posts} posts, {rows / args.posts:.0f} marks each")
                if args.pictures:
                    fill(archive, args.pictures)
        with closing(open_reader(path)) as conn:
            judged = judge_all(conn, args)
            pictures = conn.execute("SELECT count(DISTINCT artifact_id) FROM picture_marks").fetchone()[0]
    print("| change | found first | another found | searches |\n|---|---|---|---|")
    recall = []
    for change in (*CHANGES, "stranger"):
        of_it = [each for each in judged if each[0] == change]
        if of_it:
            first = sum(each[2] for each in of_it) / len(of_it)
            other = sum(each[3] for each in of_it) / len(of_it)
            print(f"| {change} | {first:.3f} | {other:.3f} | {len(of_it)} |")
            recall += [first] if change != "stranger" else []
    spent = sorted(each[4] for each in judged)
    print(json.dumps({
        "recall_min": round(min(recall), 3), "recall": round(statistics.mean(recall), 3),
        "strangers_found": sum(each[3] for each in judged if each[0] == "stranger"),
        "ms_median": round(1000 * statistics.median(spent)), "ms_p95": round(1000 * spent[len(spent) * 95 // 100]),
        "pictures": pictures,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
