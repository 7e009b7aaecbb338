"""A picture that comes around again, cut, framed, scaled or mirrored, finds its post; a stranger's picture finds none."""

from __future__ import annotations

import io
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont, ImageOps
from rich.console import Console

from archive_builder import NOW, SAMPLES, build_archive
from embedarchive.core.picture_marks import (
    MIRRORED,
    WORD_BITS,
    find_asked_marks,
    find_marks,
    find_size,
    find_step,
    make_asked_levels,
    read_place,
)
from embedarchive.core.picture_match import Agreement, Lay, Pair, compare, find_lay
from embedarchive.library.picture_search import Candidate, find_by_marks, find_pictures, look_closely
from embedarchive.library.pictures import is_meant_as_picture, lookup_picture, read_asked
from embedarchive.platforms import PLATFORMS
from embedarchive.show.terminal import render_lookup
from embedarchive.show.words import say_similarity
from embedarchive.store import Archive, open_reader
from embedarchive.store.fixity import read_blob
from embedarchive.store.marks import MOST_PICTURES_A_WORD, count_unmarked, keep_marks, mark_pictures, read_unmarked
from embedarchive.store.schema import read_sql

TOKYO = SAMPLES[1].post
MARK_ANEW = read_sql("020.sql")


def paint(seed: int, width: int = 640, height: int = 520) -> Image.Image:
    """A picture like no other: clouds, things in front of them, a line of words."""
    draw = random.Random(seed)
    field = Image.new("L", (width, height))
    for side in (4, 8, 16, 32, 64):
        cloud = Image.frombytes("L", (side, side), draw.randbytes(side * side)).resize(
            (width, height), Image.Resampling.BICUBIC
        )
        field = Image.blend(field, cloud, 0.4)
    pen = ImageDraw.Draw(field)
    for _ in range(14):
        x, y = draw.randrange(width), draw.randrange(height)
        pen.rectangle((x, y, x + draw.randrange(12, 90), y + draw.randrange(12, 90)), fill=draw.randrange(256))
    pen.text(
        (20, height - 40), " ".join(str(draw.random()) for _ in range(3)), font=ImageFont.load_default(20), fill=255
    )
    return field.convert("RGB")


def encode(image: Image.Image, quality: int = 85) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def cut(image: Image.Image) -> Image.Image:
    """Three fifths of it: the lower right corner."""
    return image.crop((round(image.width * 0.225), round(image.height * 0.225), image.width, image.height))


def frame(image: Image.Image) -> Image.Image:
    """What a phone shows around it."""
    wide = 1080
    phone = Image.new("RGB", (wide, 2340), "white")
    pen = ImageDraw.Draw(phone)
    pen.text((80, 40), "21:47", font=ImageFont.load_default(38), fill="black")
    phone.paste(image.resize((wide, round(image.height * wide / image.width))), (0, 260))
    for y in range(260 + round(image.height * wide / image.width) + 40, 2200, 170):
        pen.ellipse((50, y, 140, y + 90), fill=(90, 120, y % 255))
        pen.text((170, y), f"a reply of somebody, {y}", font=ImageFont.load_default(36), fill="black")
    return phone


def scale(image: Image.Image, factor: float) -> Image.Image:
    return image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.BICUBIC)


CHANGES: dict[str, Callable[[Image.Image], bytes]] = {
    "as it is": encode,
    "cut": lambda image: encode(cut(image)),
    "bars": lambda image: encode(ImageOps.expand(image, (60, 200), fill=(0, 0, 0))),
    "phone": lambda image: encode(frame(image)),
    "half": lambda image: encode(scale(image, 0.5)),
    "larger": lambda image: encode(scale(image, 1.6)),
    "JPEG at 30": lambda image: encode(image, 30),
    "mirrored": lambda image: encode(ImageOps.mirror(image)),
    "cut, mirrored, smaller": lambda image: encode(scale(ImageOps.mirror(cut(image)), 0.8), 60),
}


def mark_all(path: Path) -> None:
    """What the pass of a run does."""
    with Archive(path, platforms=PLATFORMS) as archive:
        for (capture,) in archive.conn.execute("SELECT id FROM captures_to_mark ORDER BY id").fetchall():
            archive.keep_marks(capture, mark_pictures(read_unmarked(archive.conn, capture)))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = build_archive(tmp_path_factory.mktemp("pictures") / "embeds.db")
    mark_all(path)
    return path


@pytest.fixture(scope="module")
def conn(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_reader(path)) as reader:
        yield reader


def picture_of(conn: sqlite3.Connection, key: str, role: str) -> Image.Image:
    (sha256,) = conn.execute(
        "SELECT a.sha256 FROM artifacts a JOIN captures c ON c.id = a.capture_id WHERE c.post_key = ? AND a.role = ? LIMIT 1",
        (key, role),
    ).fetchone()
    return Image.open(io.BytesIO(read_blob(conn, sha256) or b"")).convert("RGB")


# ----------------------------------------------------------------------------------------------------- marks, by themselves


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_picture_is_laid_where_it_belongs_and_agrees(change: str) -> None:
    """Without an archive: marks of the one and of the other, how they lie, and what both show."""
    kept = paint(1).convert("L")
    asked = read_asked(CHANGES[change](paint(1)))
    assert asked is not None
    words: dict[int, list[int]] = {}
    for mark in find_marks(kept):
        words.setdefault(mark.word, []).append(mark.place)
    mirrored = "mirrored" in change
    turned = MIRRORED if mirrored else 0
    pairs = []
    for mark in asked.marks:
        for place in (place for word in mark.spell() for place in words.get(word ^ turned, ())):
            x, y, step = read_place(place)
            ours = asked.grey.width - mark.x if mirrored else mark.x
            pairs.append(Pair(ours, mark.y, mark.size, x, y, find_size(step)))
    count, lay = find_lay(pairs)
    assert lay is not None, f"{count} of {len(pairs)} marks agree"
    shown = ImageOps.mirror(asked.grey) if mirrored else asked.grey
    assert compare(shown, kept, lay).is_same
    assert not compare(shown, paint(2).convert("L"), lay).is_same


def test_the_words_of_a_mirror_image_differ_in_the_same_bits() -> None:
    image = paint(3)
    words = {mark.word for mark in find_asked_marks(make_asked_levels(image))}
    mirrored = {mark.word ^ MIRRORED for mark in find_asked_marks(make_asked_levels(ImageOps.mirror(image)))}
    assert len(words & mirrored) > len(words) / 4
    assert max(words) < 1 << WORD_BITS


def test_a_place_is_read_as_it_was_kept() -> None:
    for mark in find_marks(paint(4, 2000, 1500)):
        x, y, step = read_place(mark.place)
        assert (abs(x - mark.x), abs(y - mark.y)) < (1, 1)
        assert step == mark.step
    assert find_size(find_step(1.7)) == pytest.approx(1.7, rel=0.05)


@pytest.mark.parametrize("size", [(1, 1), (3, 2000), (2000, 3), (70, 70)])
def test_no_shape_is_too_odd(size: tuple[int, int]) -> None:
    asked = read_asked(encode(paint(5).resize(size)))
    assert asked is None or isinstance(asked.marks, tuple)
    grey = paint(5).convert("L")
    assert compare(grey.resize(size), grey, Lay(1, 1, 0, 0)).share <= 1
    assert compare(grey, grey.resize(size), Lay(1, 1, 0, 0)).share <= 1


def save(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


UNREAD = {
    "empty": (b"", "empty"),
    "pdf": (b"%PDF-1.7\n%", "PDF"),
    "heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
    "film": (b"\0\0\0\x20ftypisom\0\0\2\0", "film"),
    "svg": (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
    "words": (b"not a picture", "JPEG, PNG"),
    "tiff": (save(paint(5, 80, 80), "TIFF"), "TIFF"),
    "one colour": (save(Image.new("RGB", (80, 80), "red"), "PNG"), "one colour"),
    "huge": (save(Image.new("1", (20_000, 3_000)), "PNG"), "pixels"),
    "cut off": (save(paint(5, 80, 80), "PNG")[:2000], "breaks off"),
    "head only": (save(paint(5, 80, 80), "PNG")[:40], "breaks off"),
    "half a photograph": (encode(paint(5))[:9000], "breaks off"),
}


@pytest.mark.parametrize("kind", UNREAD)
def test_what_is_no_picture_that_is_read_is_told_with_what_to_do(conn: sqlite3.Connection, kind: str) -> None:
    """Never as words that nothing was found for, nor as a picture that is not there."""
    body, why = UNREAD[kind]
    assert read_asked(body) is None
    assert is_meant_as_picture("sent.png", body)
    looked = lookup_picture(conn, None, "sent.png", body=body)
    console = Console(file=io.StringIO(), width=200)
    console.print(render_lookup(looked))
    said = console.file.getvalue()
    assert said.startswith("Nothing was looked for by sent.png: ")
    assert why in said


def test_embed_code_and_words_in_a_file_are_not_meant_as_a_picture() -> None:
    for body in (b"<blockquote class='instagram-media'>", b"", b'<?xml version="1.0"?><html><svg/></html>'):
        assert not is_meant_as_picture("embed.html", body)


def test_a_picture_is_looked_for_as_it_is_looked_at(conn: sqlite3.Connection) -> None:
    """Turned as the camera said, what is transparent on white, past a blank first frame."""
    card = picture_of(conn, TOKYO.key, "screenshot")
    exif = Image.Exif()
    exif[0x112] = 6
    clear = card.convert("RGBA")
    clear.putalpha(ImageOps.invert(card.convert("L")).point(lambda level: 255 * (level > 8)))
    for body in (save(card.rotate(90, expand=True), "JPEG", exif=exif), save(clear, "PNG")):
        assert [each.post.key for each in lookup_picture(conn, read_asked(body)).alike] == [TOKYO.key]
    blank = Image.new("P", card.size)
    later = card.convert("P", palette=Image.Palette.ADAPTIVE)
    looked = lookup_picture(conn, read_asked(save(blank, "GIF", save_all=True, append_images=[later])))
    posts = [
        *(each.post for each in looked.alike),
        *(line for line, _ in looked.near),
    ]  # its 256 colours are not the card's
    assert [post.key for post in posts] == [TOKYO.key]


def test_what_is_blank_agrees_with_nothing() -> None:
    blank = Image.new("L", (300, 300), 255)
    assert compare(blank, blank, Lay(1, 1, 0, 0)) == Agreement()
    assert not compare(blank, paint(6).convert("L"), Lay(1, 1, 0, 0)).is_same


# ------------------------------------------------------------------------------------------------------- in an archive


@pytest.mark.parametrize(
    ("change", "role"),
    [(change, role) for change in CHANGES for role in ("screenshot", "media") if (change, role) != ("phone", "media")],
)  # soft light alone has no spot that would tell it from the rest of a phone's screen
def test_a_part_of_a_picture_finds_its_post(conn: sqlite3.Connection, change: str, role: str) -> None:
    asked = read_asked(CHANGES[change](picture_of(conn, TOKYO.key, role)))
    found = lookup_picture(conn, asked).alike
    assert [each.post.key for each in found] == [TOKYO.key]
    assert found[0].mirrored == ("mirrored" in change)


@pytest.mark.parametrize("seed", range(8))
def test_a_strangers_picture_finds_none(conn: sqlite3.Connection, seed: int) -> None:
    change = list(CHANGES)[seed % len(CHANGES)]
    asked = read_asked(CHANGES[change](paint(100 + seed)))
    assert not lookup_picture(conn, asked).found


def test_another_post_in_the_same_layout_is_not_taken_for_it(conn: sqlite3.Connection) -> None:
    """A screenshot of which only the platform's frame is the same: the words and the picture are others."""
    card = picture_of(conn, TOKYO.key, "screenshot")
    pen = ImageDraw.Draw(card)
    pen.rectangle((0, card.height // 8, card.width, card.height), fill="white")
    card.paste(paint(7, card.width, card.height // 2), (0, card.height // 3))
    assert TOKYO.key not in [each.post.key for each in lookup_picture(conn, read_asked(encode(card))).alike]


def paint_card(words: str) -> Image.Image:
    """A post of words in a layout that all have, with the same author and buttons."""
    card = Image.new("RGB", (550, 300), "white")
    pen = ImageDraw.Draw(card)
    card.paste(paint(20, 48, 48), (16, 14))
    pen.text((76, 22), "Kuestenblatt Hafenredaktion", font=ImageFont.load_default(19), fill="black")
    for number in range(5):
        line = f"{random.Random(number).getrandbits(90):x} ships wait off the port"
        pen.text((20, 80 + 26 * number), words if number == 3 else line, font=ImageFont.load_default(18), fill="black")
    for number, label in enumerate(("Reply", "Copy link", "Read more")):
        pen.text((40 + 150 * number, 240), label, font=ImageFont.load_default(15), fill=(29, 155, 240))
    return card


@pytest.mark.parametrize("change", [change for change in CHANGES if "cut" not in change])
def test_a_post_that_says_one_other_word_is_only_nearly_it(change: str) -> None:
    kept = paint_card("the harbour opens at seven in the morning").convert("L")
    same, other = (
        ImageOps.mirror(asked.grey) if "mirrored" in change else asked.grey
        for said in ("seven", "eleven")
        if (asked := read_asked(CHANGES[change](paint_card(f"the harbour opens at {said} in the morning"))))
    )
    lay = {"bars": Lay(1, 1, -60, -200), "phone": Lay(550 / 1080, 550 / 1080, 0, -260 * 550 / 1080)}
    lay_ = lay.get(change, Lay(550 / same.width, 550 / same.width, 0, 0))
    assert compare(same, kept, lay_).is_same
    agreement = compare(other, kept, lay_)
    assert (agreement.is_alike, agreement.is_same) == (True, False)


def test_what_is_nearly_found_is_never_found(conn: sqlite3.Connection) -> None:
    """A screenshot over which something lies may be of another post: it is offered with why, not counted."""
    card = picture_of(conn, TOKYO.key, "screenshot")
    card.paste(paint_card("breaking").crop((0, 60, 300, 120)), (120, 180))
    looked = lookup_picture(conn, read_asked(encode(card)))
    assert not looked.found
    assert [line.key for line, _ in looked.near] == [TOKYO.key]
    assert "compare the words" in looked.near[0][1]
    console = Console(file=io.StringIO(), width=100)
    console.print(render_lookup(looked))
    said = console.file.getvalue()
    assert "Perhaps in this archive" in said
    assert said.index("Nearly, it looks alike") < said.index("Looked for")


def test_every_picture_of_a_post_is_marked_once(path: Path) -> None:
    """Observed again and again it looks the same: it is not kept again, and nothing stays due."""
    with Archive(path, platforms=PLATFORMS) as archive:
        assert not archive.conn.execute("SELECT 1 FROM captures_to_mark").fetchall()
        again = archive.conn.execute(
            "SELECT DISTINCT a.capture_id FROM picture_marks m JOIN artifacts a ON a.id = m.artifact_id"
        ).fetchall()
        assert again
        assert not any(read_unmarked(archive.conn, capture) for (capture,) in again)


def test_marks_of_an_older_rule_serve_until_they_are_made_anew(path: Path, tmp_path: Path) -> None:
    """A step makes every capture due again; each picture is then marked once, and what the older rule found is gone."""
    copy = tmp_path / "embeds.db"
    shutil.copy(path, copy)
    with Archive(copy, platforms=PLATFORMS) as archive:
        before = archive.conn.execute("SELECT * FROM picture_marks ORDER BY 1, 2, 3").fetchall()
        with archive.transaction() as writing:
            writing.execute("UPDATE picture_marks SET place = place + 1")
            writing.execute(MARK_ANEW)
        asked = read_asked(encode(cut(picture_of(archive.conn, TOKYO.key, "screenshot"))))
        assert lookup_picture(archive.conn, asked).found
        assert count_unmarked(archive.conn)
    mark_all(copy)
    with closing(open_reader(copy)) as conn:
        assert conn.execute("SELECT * FROM picture_marks ORDER BY 1, 2, 3").fetchall() == before


@pytest.fixture
def own(path: Path, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A copy of the archive, to be written to."""
    copy = tmp_path / "embeds.db"
    shutil.copy(path, copy)
    with Archive(copy, platforms=PLATFORMS) as archive, archive.transaction() as writing:
        yield writing


def test_what_is_withdrawn_or_erased_is_found_no_more(own: sqlite3.Connection) -> None:
    (first, sha256), (second, _) = own.execute(
        "SELECT a.id, a.sha256 FROM artifacts a JOIN picture_marks m ON m.artifact_id = a.id GROUP BY a.sha256 LIMIT 2"
    ).fetchall()
    own.executemany(
        "INSERT INTO redactions (table_name, row_id, column_name, reason, redacted_at) VALUES (?, ?, ?, 'test', ?)",
        [("blobs", sha256, "body", NOW), ("artifacts", str(second), "dhash", NOW)],
    )
    own.execute("UPDATE artifacts SET dhash = NULL WHERE id = ?", (second,))
    left = {row[0] for row in own.execute("SELECT DISTINCT artifact_id FROM picture_marks")}
    assert left
    assert not left & {first, second}


def test_a_word_that_is_everywhere_is_kept_no_more(own: sqlite3.Connection) -> None:
    (artifact,) = own.execute("SELECT artifact_id FROM picture_marks LIMIT 1").fetchone()
    mark = find_marks(paint(8))[0]
    for place in range(MOST_PICTURES_A_WORD):
        own.execute("INSERT OR IGNORE INTO picture_marks VALUES (?, ?, ?)", (artifact, mark.word, place))
    before = own.execute("SELECT count(*) FROM picture_marks").fetchone()
    keep_marks(own, 0, {artifact: [mark]})
    assert own.execute("SELECT count(*) FROM picture_marks").fetchone() == before


def test_the_search_by_marks_is_answered_by_an_index(conn: sqlite3.Connection) -> None:
    plan = conn.execute(
        "EXPLAIN QUERY PLAN SELECT artifact_id, place FROM picture_marks WHERE word IN (SELECT value FROM json_each('[1]'))"
    ).fetchall()
    assert any("picture_marks_word (word=?)" in row[-1] for row in plan)


def test_a_picture_that_is_kept_no_more_agrees_with_nothing(conn: sqlite3.Connection) -> None:
    asked = read_asked(encode(picture_of(conn, TOKYO.key, "screenshot")))
    assert asked is not None
    candidate = next(iter(find_by_marks(conn, asked)))
    assert isinstance(candidate, Candidate)
    assert look_closely(conn, asked, candidate, "0" * 64) == Agreement()
    assert find_pictures(conn, asked)


def test_what_was_found_is_said_in_words() -> None:
    said = {say_similarity(distance, mirrored) for distance in (0, 7, 40) for mirrored in (False, True)}
    assert len(said) == 4
