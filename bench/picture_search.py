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
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from itertools import cycle
from pathlib import Path

from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps

from embedarchive.core import clock
from embedarchive.core.image_hash import hash_picture
from embedarchive.core.model import Artifact, Capture, Post, Verdict
from embedarchive.core.version import __version__
from embedarchive.detect.identity import make_post
from embedarchive.library.pictures import lookup_picture, read_asked
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.replica.pictures import photo, recipes
from embedarchive.store import Archive, open_reader
from embedarchive.store.marks import MOST_PICTURES_A_WORD, mark_pictures, read_unmarked

SYLLABLES = ("ka", "ro", "min", "tel", "us", "the", "ver", "ing", "lo", "dan", "pe", "shi")
WORDS = ["".join(random.Random(n).choices(SYLLABLES, k=1 + n % 4)) for n in range(400)]
Colour = tuple[int, int, int]


ACCOUNTS, LAYOUTS = 25, 6
FORMS = ("words", "words and photograph", "photograph")


def colour(draw: random.Random) -> Colour:
    return draw.randrange(256), draw.randrange(256), draw.randrange(256)


@lru_cache(64)
def letters(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font


def say(draw: random.Random, count: int) -> str:
    return " ".join(draw.choice(WORDS) for _ in range(count))


PHOTOS = sorted(recipe for recipe in recipes() if not recipe.startswith("avatar"))
AVATARS = sorted(recipe for recipe in recipes() if recipe.startswith("avatar"))


def show_part(draw: random.Random, size: tuple[int, int]) -> Image.Image:
    """A part of one of the replica's paintings, as it is or mirrored."""
    side = 1080
    image = Image.open(io.BytesIO(photo(draw.choice(PHOTOS), side, side))).convert("RGB")
    width, height = (round(side * draw.uniform(0.45, 0.95)) for _ in range(2))
    left, top = draw.randrange(side - width), draw.randrange(side - height)
    part = image.resize(size, Image.Resampling.BICUBIC, box=(left, top, left + width, top + height))
    if draw.random() < 0.5:
        return ImageOps.mirror(part)
    return part


def paint_photo(draw: random.Random, width: int, height: int) -> Image.Image:
    """A photograph like no other: parts of two paintings, the one seen through the other."""
    both = Image.blend(show_part(draw, (width, height)), show_part(draw, (width, height)), draw.uniform(0.3, 0.7))
    return ImageEnhance.Brightness(ImageOps.autocontrast(both, cutoff=1)).enhance(draw.uniform(0.7, 1.2))


@dataclass(frozen=True)
class Account:
    """Who posts: each has a layout, a face and a name that are the same on every post."""

    number: int

    def paint(self, draw: random.Random, lines: list[str], shown: Image.Image | None) -> Image.Image:
        """A screenshot of a post of theirs: what it says, and its photograph if it has one."""
        own = random.Random(f"account {self.number}")
        layout = self.number % LAYOUTS
        first = shown and layout in (1, 3)
        paper, ink = ((21, 32, 43), (240, 240, 240)) if layout == 4 else ((255, 255, 255), (15, 20, 25))
        image = Image.new("RGB", (550, 170 + 26 * len(lines) + (shown.height + 8 if shown else 0)), paper)
        pen = ImageDraw.Draw(image)
        face = Image.open(io.BytesIO(photo(own.choice(AVATARS), 48, 48)))
        round_ = Image.new("L", face.size)
        ImageDraw.Draw(round_).ellipse((0, 0, 47, 47), fill=255)
        image.paste(face, (16, 14), round_)
        pen.text((76, 16), say(own, 2)[:26], font=letters(19), fill=ink)
        pen.text((76, 42), "@" + say(own, 1)[:12].lower(), font=letters(14), fill=(110, 110, 110))
        logo = random.Random(layout)
        for _ in range(4):
            x, y = 500 + logo.randrange(20), 16 + logo.randrange(20)
            pen.line((x, y, x + logo.randrange(-15, 20), y + logo.randrange(-10, 20)), fill=(29, 155, 240), width=4)
        y = 76
        for is_photo in (True, False) if first else (False, True):
            if is_photo and shown:
                image.paste(shown, (20 if layout % 2 else 0, y))
                y += shown.height + 8
            for line in () if is_photo else lines:
                pen.text((20, y), line, font=letters(18), fill=ink)
                y += 26
        for number, label in enumerate(("Reply", "Copy link", "Read more")):
            pen.text((40 + 150 * number, y + 14), label, font=letters(15), fill=(29, 155, 240))
            pen.ellipse((16 + 150 * number, y + 14, 32 + 150 * number, y + 30), outline=(110, 110, 110), width=2)
        when = f"{draw.randrange(24)}:{draw.randrange(60):02} - {draw.randrange(1, 29)} Feb 20{draw.randrange(15, 26)}"
        pen.text((20, y + 44), when, font=letters(13), fill=(110, 110, 110))
        return image


def paint(kind: str, number: int) -> Image.Image:
    """A post of an account, or a stranger's: the same account and layout, other words and another photograph.

    Of three, one is words only, one has a photograph as well, one is the photograph by itself.
    """
    draw = random.Random(f"{kind} {number}")
    what = FORMS[number % len(FORMS)]
    if what == "photograph":
        return paint_photo(draw, *draw.choice(((1080, 1080), (1080, 1350), (1080, 566), (640, 800))))
    account = Account(number // len(FORMS) % ACCOUNTS)
    lines = [say(draw, 7)[:58] for _ in range(draw.randrange(1, 7))]
    if what == "words":
        return account.paint(draw, lines, None)
    width = 510 if account.number % LAYOUTS % 2 else 550
    return account.paint(draw, lines, paint_photo(draw, width, draw.choice((310, 400, 510))))


def paint_twin(number: int) -> Image.Image:
    """The post of words with that number, but for one word: no picture can look more like another post's."""
    draw = random.Random(f"post {number}")
    lines = [say(draw, 7)[:58] for _ in range(draw.randrange(1, 7))]
    at, words = number % len(lines), lines[number % len(lines)].split()
    others = [word for word in WORDS if word != words[len(words) // 2]]
    words[len(words) // 2] = random.Random(f"twin {number}").choice(others)
    lines[at] = " ".join(words)
    return Account(number // len(FORMS) % ACCOUNTS).paint(draw, lines, None)


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
    body = encode(paint("post", number), 92)
    post, now = name_post(number), clock.now()
    artifact = Artifact("screenshot", body, "image/jpeg", dhash=hash_picture(body))
    capture = Capture(post, post.url, post.url, now, now, Verdict("available"), 200, artifacts=(artifact,))
    archive.keep_capture(capture, crawl)
    (capture_id,) = archive.conn.execute("SELECT max(id) FROM captures").fetchone()
    archive.keep_marks(capture_id, mark_pictures(read_unmarked(archive.conn, capture_id)))


def fill(archive: Archive, pictures: int) -> None:
    """Bring an archive to about so many pictures: the marks of those that are there again and again, a few bits turned.

    Only the index grows: that is what a search reads. No word is had by more pictures than a run would keep of it.
    """
    conn, draw = archive.conn, random.Random(1)
    turns = cycle([turn(draw) for _ in range(10_007)])
    conn.create_function("turned", 1, lambda word: word ^ next(turns))
    last = conn.execute("SELECT max(id) FROM artifacts").fetchone()[0]
    held = conn.execute("SELECT count(DISTINCT artifact_id) FROM picture_marks").fetchone()[0]
    by_word = conn.execute("SELECT sql FROM sqlite_schema WHERE name = 'picture_marks_word'").fetchone()[0]
    conn.execute("PRAGMA foreign_keys = OFF")
    conn.execute("PRAGMA cache_size = -500000")
    conn.execute("DROP INDEX picture_marks_word")  # made once at the end, it takes a tenth of the time
    with archive.transaction():
        for time_ in range(1, pictures // held):
            conn.execute(
                "INSERT OR IGNORE INTO picture_marks SELECT artifact_id + ?, turned(word), place FROM picture_marks "
                "WHERE artifact_id <= ?",
                (last * time_, last),
            )
        conn.execute(by_word)
        common = "SELECT word FROM picture_marks GROUP BY word HAVING count(*) > ?"
        conn.executemany(
            "DELETE FROM picture_marks WHERE word = ?1 AND artifact_id > max(?2, (SELECT artifact_id FROM picture_marks "
            "WHERE word = ?1 ORDER BY artifact_id LIMIT 1 OFFSET ?3))",
            [
                (word, last, MOST_PICTURES_A_WORD)
                for (word,) in conn.execute(common, (MOST_PICTURES_A_WORD,)).fetchall()
            ],
        )


def turn(draw: random.Random) -> int:
    """Up to four of the bits of a word."""
    return sum({1 << draw.randrange(24) for _ in range(draw.randrange(5))})


# ------------------------------------------------------------------------------------------------------------- judging

TWIN = "stranger: but for one word"
"""Not cut: the other word may be cut away."""

STRANGERS = {
    **{f"stranger: {form}": (lambda number: paint("stranger", number)) for form in FORMS},
    TWIN: paint_twin,
}
"""Whose pictures no kept post shows. The last are a third as many more: they are the hardest."""

Judged = tuple[str, int, bool, bool, bool, float]
"""Change, number, whether its post is the first found, whether another is found, whether its post is nearly found, CPU
seconds of the search."""


def judge(conn: sqlite3.Connection, name: str, number: int) -> Judged:
    if name in CHANGES:
        change, image = name, paint("post", number)
    else:
        changes = [change for change in CHANGES if "cut" not in change or name != TWIN]
        change, image = changes[number // len(FORMS) % len(changes)], STRANGERS[name](number)
    body = CHANGES[change](image, random.Random(f"{name} {change} {number}"))
    begun = time.process_time()
    found = lookup_picture(conn, read_asked(body))
    spent = time.process_time() - begun
    keys = [each.post.key for each in found.alike]
    right = name_post(number).key if name in CHANGES else ""
    nearly = any(line.key == right or not right for line, _ in found.near)
    return name, number, keys[:1] == [right], any(key != right for key in keys), nearly, spent


def list_searches(posts: int) -> list[tuple[str, int]]:
    """Every post by every change, as many strangers, and for each post of words one that is nearly it; in an order by lot."""
    asked = [(change, number) for number in range(posts) for change in CHANGES]
    asked += [(f"stranger: {FORMS[number % len(FORMS)]}", number) for number in range(posts)]
    asked += [(TWIN, number) for number in range(0, posts, len(FORMS))]
    random.Random(0).shuffle(asked)
    return asked


def judge_all(conn: sqlite3.Connection, args: argparse.Namespace) -> list[Judged]:
    until = time.monotonic() + 60 * args.minutes
    lines = args.into.read_text("utf-8").splitlines() if args.into and args.into.exists() else []
    judged: list[Judged] = [(*json.loads(line),) for line in lines]
    done = {(name, number) for name, number, *_ in judged}
    for name, number in list_searches(args.posts):
        if (name, number) not in done and name.startswith(args.only) and time.monotonic() < until:
            judged.append(judge(conn, name, number))
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
    parser.add_argument("--only", default="", help="only what begins with this: a change's name, or `stranger`")
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
    print("| change | found first | another found | nearly | searches |\n|---|---|---|---|---|")
    recall, strangers = [], 0
    for name in (*CHANGES, *STRANGERS):
        of_it = [each for each in judged if each[0] == name]
        if of_it:
            first, other, nearly = (sum(bool(each[at]) for each in of_it) for at in (2, 3, 4))
            print(f"| {name} | {first} | {other} | {nearly} | {len(of_it)} |")
            if name in CHANGES:
                recall.append(first / len(of_it))
            else:
                strangers += other
    spent = sorted(each[-1] for each in judged)
    print(json.dumps({
        "recall_min": round(min(recall, default=0), 3), "recall": round(statistics.mean(recall or [0]), 3),
        "strangers_found": strangers,
        "ms_median": round(1000 * statistics.median(spent or [0])),
        "ms_p95": round(1000 * [0, *spent][-1 - len(spent) // 20]),
        "pictures": pictures,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
