"""A small archive of invented posts in every state and many scripts, made through the archive's own writer."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from embedarchive.core.image_hash import hash_picture
from embedarchive.core.model import (
    Artifact,
    Capture,
    Claim,
    Description,
    Embed,
    Exchange,
    Fetch,
    Found,
    Media,
    Outcome,
    Post,
    Rendering,
    Replay,
    Sign,
    Verdict,
)
from embedarchive.detect.identity import make_post
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.platforms.instagram import shortcode_of
from embedarchive.store import Archive

NOW = "2026-03-20T08:00:00.000Z"
ENVIRONMENT = {"browser": "HeadlessChrome/156.0", "viewport": "540x1000"}


@dataclass(frozen=True)
class Look:
    """One visit: when, and what it showed."""

    at: str
    outcome: Outcome = "available"
    reason: str | None = None
    says: Description | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sample:
    """An invented post, and what happened to it."""

    post: Post
    says: Description | None
    looks: tuple[Look, ...]
    scenes: tuple[str, ...] = ()
    alts: tuple[str, ...] = ()
    face: str = ""
    claim: Claim = field(default_factory=Claim)


def instagram(number: int) -> Post:
    return make_post(BY_NAME["instagram"], shortcode_of(number))


def x(number: int) -> Post:
    return make_post(BY_NAME["x"], str(number))


def day(text: str, hour: int = 9) -> str:
    return f"2026-{text}T{hour:02}:14:07.250Z"


SHIPS = Description(
    kind="carousel", author_name="Marit Solheim", author_handle="marit.solheim.foto", author_verified=True,
    author_url="https://www.instagram.com/marit.solheim.foto/", collaborators=("kystvakta.nord",),
    text="Three mornings at the mouth of the fjord. The ferry that links these islands was cancelled for good last "
    "week; this is what the quay looked like while people still waited for it.\n\n"
    "#fjord #lastferry with @kystvakta.nord",
    text_html='Three mornings at the mouth of the fjord. The ferry that links these islands was cancelled for good '
    'last week; this is what the quay looked like while people still waited for it.<br><br>'
    '<a href="https://www.instagram.com/explore/tags/fjord/">#fjord</a> '
    '<a href="https://www.instagram.com/explore/tags/lastferry/">#lastferry</a> with '
    '<a href="https://www.instagram.com/kystvakta.nord/">@kystvakta.nord</a>',
    posted_at="2026-02-26T06:41:12.000Z", likes=18_204, comments=412, location="Leirvik, Norway", lang="en",
    media=tuple(Media("media", n, f"https://cdn.example/{n}.jpg", 1080, 1350) for n in (1, 2, 3)),
    sources={"author_name": "contextJSON", "text": "contextJSON", "posted_at": "id", "likes": "contextJSON",
             "media": "contextJSON", "location": "contextJSON", "author_handle": "markup"},
)  # fmt: skip

EDITED = replace(
    SHIPS, likes=18_990, text_html=None,
    text=(SHIPS.text or "").replace("cancelled for good last week", "cancelled for good on Monday"),
)  # fmt: skip

TOKYO = Description(
    kind="photo", author_name="東京夜景部", author_handle="tokyo.yakei.bu", lang="ja",
    text="雨上がりの交差点。誰もいない五分間だけ、街が海のように光っていました。\n撮影：二月の終わり、午前二時。",
    posted_at="2026-02-27T17:05:00.000Z", likes=9_120, comments=88, sources={"text": "markup", "author_name": "markup"},
)  # fmt: skip

CAFE = Description(
    kind="photo", author_name="مقهى زيتونة", author_handle="maqha.zaytouna", lang="ar",
    text="نعود غدًا في السابعة صباحًا. الشاي على حسابنا لكل من ساعد في تنظيف الشارع بعد العاصفة 🌿",
    posted_at="2026-03-01T18:30:00.000Z", likes=1_804, sources={"text": "markup", "posted_at": "id"},
)  # fmt: skip

STATEMENT = Description(
    kind="text", author_name="Clara Whitcombe", author_handle="clara_writes", author_verified=True, lang="en",
    text="I was asked to delete this by Friday. I am not going to delete it. "
    "The minutes of the meeting say what they say.",
    posted_at="2026-03-02T21:09:33.000Z", shares=6_630, likes=21_411, comments=902,
    sources={"text": "og", "author_name": "og", "posted_at": "id"},
)  # fmt: skip

BOWL = Description(
    kind="photo", author_name="Studio Bergamot", author_handle="studio.bergamot", lang="en",
    text="Kiln opened this morning. Forty-one bowls, one crack, no regrets.", alt_text="A glazed bowl on a linen cloth",
    posted_at="2026-03-04T10:20:00.000Z", likes=312, comments=9, sources={"text": "markup", "alt_text": "markup"},
)  # fmt: skip

SAMPLES: tuple[Sample, ...] = (
    Sample(
        instagram(3_842_007_115_046_129_731), SHIPS,
        (Look(day("03-03")), Look(day("03-05", 7), says=EDITED),
         Look(day("03-07"), "blocked", "login_wall"), Look(day("03-09", 14), "gone", "not_found"),
         Look(day("03-16"), "gone", "not_found")),
        ("quay:1", "fjord:2", "storm:3"),
        ("People waiting on a quay in the first light", "The mouth of a fjord at dawn", "Waves over a jetty"),
        "avatar:fjord", Claim("Marit Solheim", "marit.solheim.foto", "Three mornings at the mouth of the fjord."),
    ),
    Sample(
        instagram(3_842_916_204_715_883_020), TOKYO, (Look(day("03-03", 10)), Look(day("03-18"))),
        ("neon:5",), ("Neon reflected on a wet, empty crossing",), "avatar:neon", Claim("東京夜景部", "tokyo.yakei.bu"),
    ),
    Sample(
        instagram(3_844_401_778_102_556_918), CAFE,
        (Look(day("03-04")), Look(day("03-15"), "unavailable", "private")),
        ("olive:2",), (), "avatar:olive", Claim("مقهى زيتونة", "maqha.zaytouna"),
    ),
    Sample(
        x(2_028_591_126_443_921_508), STATEMENT, (Look(day("03-03", 12)), Look(day("03-12"), "gone", "not_found")),
        (), (), "avatar:cloud",
        Claim("Clara Whitcombe", "clara_writes", "I was asked to delete this by Friday. I am not going to delete it."),
    ),
    Sample(
        instagram(3_846_310_550_913_005_467), BOWL,
        (Look(day("03-05"), missing=("the video of slide 2: the platform sent no file address",)),),
        ("bowl:1",), ("A glazed bowl on a linen cloth",), "avatar:bowl",
    ),
    Sample(
        instagram(3_839_120_006_713_440_112), None, (Look(day("03-03", 8), "gone", "not_found"),), (), (), "",
        Claim("Teatro della Lanterna", "teatro.della.lanterna",
              "Stasera si chiude. Dopo quarant’anni, l’ultima replica: grazie a chi ha riempito queste poltrone.",
              "2026-02-22T19:00:00.000Z", "it"),
    ),
    Sample(instagram(3_847_700_310_224_918_003), None, (Look(day("03-11"), "blocked", "login_wall"),)),
    Sample(instagram(3_848_100_000_000_000_001), None, ()),
)  # fmt: skip

FLOOD = Description(
    kind="photo", author_name="Ilse Maren", author_handle="ilse.maren", lang="en", sensitive=True,
    text="What the flood left of the lower town. Not for everyone.", posted_at="2026-03-06T12:00:00.000Z", likes=77,
    sources={"text": "markup", "sensitive": "markup"},
)  # fmt: skip

SENSITIVE = Sample(
    instagram(3_849_000_000_000_000_000), FLOOD, (Look(day("03-06")), Look(day("03-14"), "gone", "not_found")),
    ("ember:1", "ash:4"), ("A street under water",), "avatar:ember",
)  # fmt: skip
"""Marked as not for every eye; in none of the articles."""

BARE = Claim("Balladyna 🕊", "balladyna", "A post shared by Balladyna 🕊 (@balladyna)")

ARTICLES: tuple[tuple[str, str, str, str, tuple[int | None, ...]], ...] = (
    ("https://www.kuestenbote.example/reportage/letzte-faehre", "The last ferry out of Leirvik", "Küstenbote",
     "2026-03-02T05:00:00Z", (0, 2)),
    ("https://the-meridian.example/2026/03/what-the-council-deleted", "What the council deleted", "The Meridian",
     "2026-03-03T11:30:00Z", (3, 0, None, 6)),
    ("https://the-meridian.example/2026/03/night-in-five-cities",
     "Night in five cities, from people who do not sleep", "The Meridian", "2026-03-04T16:00:00Z", (1, 2, 5, 7)),
    ("https://forma.example/craft/kiln-day", "Kiln day: the potters who post everything", "Forma",
     "2026-03-05T09:45:00Z", (4, None)),
)  # fmt: skip


# --------------------------------------------------------------------------------------------------------------- making


Placed = tuple[int, int, Outcome, str | None]
"""A post photographed in an article: the number of each, from 0, and what was seen there."""


_BUILT: dict[str, bytes] = {}
"""Archives built so far in this process, by what they are of: one takes half a second, and is asked for a hundred times."""


def build_archive(path: Path, samples: tuple[Sample, ...] = SAMPLES, placed: tuple[Placed, ...] = ()) -> Path:
    """Write the archive file and give its path. Two of the same samples are copies of one."""
    key = repr((samples, placed))
    if key in _BUILT:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_BUILT[key])
        return path
    write_archive(path, samples, placed)
    _BUILT[key] = path.read_bytes()
    return path


def write_archive(path: Path, samples: tuple[Sample, ...], placed: tuple[Placed, ...]) -> None:
    fetches = []
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl = archive.start_crawl("crawl", day("03-03", 5), "0.1.0", {})
        for url, title, site, published, embedded in ARTICLES:
            article = archive.keep_seed(crawl, url, url, day("03-03", 5))
            html = f"<title>{title}</title>".encode()
            fetched = day("03-03", 6)
            fetch = archive.keep_fetch(
                article, crawl, Fetch(url, url, fetched, "ok", 200, content_type="text/html", body=html)
            )
            embeds = tuple(make_embed(n, samples[i] if i is not None else None) for n, i in enumerate(embedded, 1))
            found = Found(embeds, title=title, site_name=site, published_at=published, lang="en")
            rendering = Rendering(url, url, fetched, 200, dom=html.decode(), screenshot=draw_picture(url, (640, 900)))
            archive.keep_rendering(fetch or 0, rendering)
            archive.keep_opened(fetch or 0, crawl, (), rendering)
            archive.keep_found(fetch or 0, found, 1, fetched, crawl)
            fetches.append(fetch or 0)
        archive.keep_notes([(ARTICLES[0][0], "Desk", "Zettelkasten 7")], "sheet.csv", day("03-03", 5))
        for sample in samples:
            archive.keep_target(crawl, sample.post, day("03-03", 6), forced=False)
            for look in sample.looks:
                keep_look(archive, crawl, sample, look)
        for number, (article, sample, outcome, reason) in enumerate(placed):
            picture = Artifact(
                "screenshot", draw_picture(f"place:{number}", (540, 700)), "image/jpeg", 0, None, 540, 700
            )
            url, post, at = ARTICLES[article][0], samples[sample].post, day("03-06", number)
            seen = Capture(post, url, url, at, at, Verdict(outcome, reason), 200, (picture,))
            archive.keep_capture_in_place(seen, crawl, fetches[article])
        archive.conclude_all()
        archive.finish_crawl(crawl, NOW, "done", {})


def make_embed(position: int, sample: Sample | None) -> Embed:
    if sample is None:
        snippet = "<p>View this post on Instagram</p><p>A post shared by Balladyna 🕊 (@balladyna)</p>"
        return Embed(position, "embed", "instagram", None, None, "byline", "text", "byline", snippet, BARE)
    url = sample.post.url
    snippet = f'<blockquote class="instagram-media" data-instgrm-permalink="{url}"></blockquote>'
    return Embed(
        position, "embed", sample.post.platform, sample.post, url, "blockquote", "mark", "1", snippet, sample.claim
    )


def keep_look(archive: Archive, crawl: int, sample: Sample, look: Look) -> None:
    frame = sample.post.url + "embed/captioned/"
    seen = look.outcome == "available"
    capture = Capture(
        sample.post, frame, frame, look.at, look.at[:-4] + "900Z",
        Verdict(look.outcome, look.reason, (Sign("frame", frame, "card" if seen else str(look.reason)),)),
        200, make_artifacts(sample) if seen else (),
        (Exchange(frame, status=200, body=b"<html>served</html>", content_type="text/html", resource_type="document",
                  started_at=look.at, elapsed_ms=210),),
        ("waited for images", "clicked next slide 2 times"), look.missing, ENVIRONMENT,
    )  # fmt: skip
    number = archive.keep_capture(capture, crawl)
    if look.outcome == "gone":
        keep_control(archive, crawl, sample.post, look.at)
    says = look.says or sample.says
    if seen and says:
        archive.keep_description(number, sample.post.key, says, 1, look.at)
        if sample.post.platform != "x":  # that one still waits for its turn
            archive.keep_replay(number, Replay(0.98, 0.02, 1.0, 2, 2, None, look.at))


def keep_control(archive: Archive, crawl: int, doubted: Post, at: str) -> None:
    """Keep that another post of the platform was seen alive in that minute: without one no loss is believed."""
    known = archive.conn.execute(
        "SELECT platform, native_id, url FROM posts WHERE platform = ? AND key <> ?", (doubted.platform, doubted.key)
    ).fetchone()
    post = Post(*known) if known else Post(doubted.platform, "CONTROL", f"https://control.example/{doubted.platform}")
    archive.keep_control(Capture(post, post.url, post.url, at, at, Verdict("available"), 200), crawl)


def make_artifacts(sample: Sample) -> tuple[Artifact, ...]:
    pictures = [draw_picture(scene, (540, 675)) for scene in sample.scenes]
    alts = dict(enumerate(sample.alts, 1))
    made = [
        Artifact(
            "media",
            body,
            "image/jpeg",
            n,
            f"https://cdn.example/{n}.jpg",
            540,
            675,
            alts.get(n),
            None,
            hash_picture(body),
        )
        for n, body in enumerate(pictures, 1)
    ]
    if sample.face:
        made.append(
            Artifact(
                "avatar", draw_picture(sample.face, (150, 150)), "image/jpeg", 0, "https://cdn.example/a.jpg", 150, 150
            )
        )
    dom = f'<html><body onload="alert(1)"><iframe src="https://platform.example/x"></iframe><p>{sample.post.key}</p></body>'
    made.append(Artifact("dom", dom.encode(), "text/html"))
    shot = draw_screenshot(sample, pictures[0] if pictures else None)
    return (*made, Artifact("screenshot", shot, "image/png", 0, None, 540, 800, None, None, hash_picture(shot)))


@cache
def draw_picture(seed: str, size: tuple[int, int]) -> bytes:
    """A JPEG of soft light, another for each seed; `seed~` is much like `seed`, but for one place at its edge."""
    light = Image.frombytes("RGB", (4, 5), random.Random(seed.rstrip("~")).randbytes(60))
    if seed.endswith("~"):
        light.putpixel((0, 1), tuple(255 - level for level in light.getpixel((0, 1))))
    out = io.BytesIO()
    light.resize(size, Image.Resampling.BICUBIC).save(out, "JPEG", quality=80)
    return out.getvalue()


def draw_screenshot(sample: Sample, picture: bytes | None) -> bytes:
    """A plain picture of a card, as a platform would draw it."""
    card = Image.new("RGB", (540, 800 if picture else 260), "white")
    pen, font = ImageDraw.Draw(card), ImageFont.load_default(18)
    name = (sample.says.author_handle if sample.says else None) or "unknown"
    pen.ellipse((16, 14, 56, 54), fill="#c8bba0")
    pen.text((70, 24), name, fill="black", font=font)
    if picture:
        card.paste(Image.open(io.BytesIO(picture)).resize((540, 675)), (0, 68))
    else:
        pen.text((16, 90), f"A post by {name}", fill="black", font=font)
    out = io.BytesIO()
    card.save(out, "PNG")
    return out.getvalue()
