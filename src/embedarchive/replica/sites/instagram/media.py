"""Instagram's media hosts: a slide into its signed addresses, and a signed address back into bytes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache

from embedarchive.replica.assets import read
from embedarchive.replica.facts import Person, PostFact, Slide, number_from, shortcode_at
from embedarchive.replica.pictures import photo, resized
from embedarchive.replica.sites.instagram.posts import POSTS
from embedarchive.replica.wire import Reply, Request, html
from embedarchive.replica.world import World

HOST = "scontent-nrd1-1.cdninstagram.com"
_LIFETIME_S = 33 * 3600
_KEY = b"a signature needs a secret; this one protects nothing"
_MEDIA_HEADERS = (
    ("Access-Control-Allow-Origin", "*"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
    ("Cache-Control", "max-age=1209600, no-transform"),
    ("Timing-Allow-Origin", "*"),
)


@dataclass(frozen=True, slots=True)
class _File:
    slide: Slide
    post: PostFact | None
    video: bool = False


def child_code(post: PostFact, index: int) -> str:
    """Give the shortcode of a carousel's child (from 0); a single post is its own child."""
    if post.kind != "carousel":
        return post.key
    return shortcode_at(post.posted_at, f"{post.name}/{index}")


def avatar_url(person: Person) -> str:
    """Sign the address of an account's picture, 100 pixels wide."""
    return _sign(_path(f"avatar:{person.handle}", "t51.2885-19"), "stp=dst-jpg_s100x100_tt6&_nc_cat=101&ccb=7-5")


def image_url(post: PostFact, index: int, stp: str = "dst-jpg_e35_tt6") -> str:
    """Sign the address of a slide (from 0) in one of its sizes (`stp`)."""
    pk = PostFact("instagram", "", child_code(post, index), "", "", post.author, "", "").media_id
    second = ""
    if post.kind == "reel":
        second = str(number_from(f"clip:{post.key}", 10**17))
    cache_key = base64.b64encode(f"{pk}{second}".encode()).decode().replace("=", "%3D")
    rest = f"_nc_cat=10{index % 9}&ig_cache_key={cache_key}.3-ccb7-5&ccb=7-5&_nc_sid=58cdad&_nc_ht={HOST}"
    return _sign(_path(f"slide:{post.key}/{index}", "t51.82787-15"), f"stp={stp}&{rest}")


def video_url(post: PostFact, index: int) -> str:
    """Sign the address of a slide's video file."""
    return _sign(_video_path(post, index), f"_nc_cat=101&_nc_sid=5e9851&_nc_ht={HOST}&ccb=17-1&_nc_zt=28")


def sizes(slide: Slide) -> list[tuple[str, int, int]]:
    """Give every size the CDN offers as (`stp`, width, height): the original, smaller ones, then square crops."""
    tall = slide.width != slide.height
    out = [("dst-jpg_e35_tt6", slide.width, slide.height)]
    for width in (720, 640, 480, 320, 240):
        if width < slide.width:
            letter = "p" if tall else "s"
            extra = "_sh2.08" if width == 640 else ""
            height = round(slide.height * width / slide.width)
            out.append((f"dst-jpg_e35_{letter}{width}x{width}{extra}_tt6", width, height))
    side = min(slide.width, slide.height)
    top, left = (slide.height - side) // 2, (slide.width - side) // 2
    crop = ""
    if tall:
        crop = f"c{left}.{top}.{side}.{side}a_"
    return out + [
        (f"{crop}dst-jpg_e35_s{width}x{width}_tt6", width, width)
        for width in (1080, 750, 640, 480, 320, 240, 150)
        if width <= side
    ]


def answer_media(request: Request, world: World) -> Reply | None:
    """Serve a signed picture or video; 403 when the signature does not fit or has run out."""
    found = _index().get(request.path)
    if found is None:
        if world.stand_ins:
            return _stand_in(request)
        return None
    state = "live"
    if found.post:
        state = world.state(found.post)
    if state == "images_aborted":
        return Reply(ending="reset")
    if state == "images_403" or not _is_signed(request):
        return html("URL signature mismatch", 403)
    if int(request.param("oe") or "0", 16) < time.time():
        return html("URL signature expired", 403)
    if found.video:
        kind, extra = "video/mp4", (("Accept-Ranges", "bytes"),)
        return Reply(200, (("Content-Type", kind), *extra, *_MEDIA_HEADERS), _clip(request.path))
    return Reply(200, (("Content-Type", "image/jpeg"), *_MEDIA_HEADERS), _picture(found.slide, request.param("stp")))


def _picture(slide: Slide, stp: str) -> Callable[[], bytes]:
    crop = re.match(r"c\d", stp)
    match = re.search(r"_[ps](\d+)x\d+", stp)
    if not match or (int(match[1]) >= slide.width and not crop):
        return lambda: photo(slide.picture, slide.width, slide.height)
    width = int(match[1])
    if crop:
        height = width
    else:
        height = round(slide.height * width / slide.width)
    return lambda: resized(slide.picture, slide.width, slide.height, (width, height))


@cache
def _clip(path: str) -> bytes:
    # A `free` box holding the path makes each video its own file without changing what plays.
    note = path.encode()
    return read("clip.mp4") + (8 + len(note)).to_bytes(4, "big") + b"free" + note


def _stand_in(request: Request) -> Reply | None:
    """Give a picture of ours for one we do not have."""
    if not re.search(r"\.(jpe?g|png|webp|heic)$", request.path):
        return None
    match = re.search(r"_[ps](\d+)x(\d+)", request.param("stp"))
    side = 1080
    if match:
        side = min(int(match[1]), 1080)
    scene = ("mountains:dawn", "sea:harbour", "forest:mist", "city:neon", "dunes:gold", "stars:ridge")
    recipe = scene[number_from(request.path, len(scene))]
    return Reply(
        200, (("Content-Type", "image/jpeg"), *_MEDIA_HEADERS), lambda: resized(recipe, 1080, 1080, (side, side))
    )


@cache
def _index() -> dict[str, _File]:
    index = {}
    for post in POSTS:
        for person in filter(None, (post.author, post.collaborator)):
            avatar = Slide(person.picture, width=320, height=320)
            index[_path(f"avatar:{person.handle}", "t51.2885-19")] = _File(avatar, None)
        for number, slide in enumerate(post.slides):
            index[_path(f"slide:{post.key}/{number}", "t51.82787-15")] = _File(slide, post)
            if slide.video and not post.copyright_blocked:
                index[_video_path(post, number)] = _File(slide, post, video=True)
    return index


def _path(name: str, folder: str) -> str:
    a, b, c = (number_from(f"{name}#{i}", 10**n) for i, n in enumerate((9, 17, 19)))
    return f"/v/{folder}/{a}_{b}_{c}_n.jpg"


def _video_path(post: PostFact, index: int) -> str:
    name = base64.urlsafe_b64encode(hashlib.sha512(f"{post.key}/{index}".encode()).digest()).decode()
    return f"/o1/v/t2/f2/m86/AQ{name[:78]}.mp4"


def _sign(path: str, query: str) -> str:
    # Rounded, so that pages served within the same hour name the same address and a browser may use its cache.
    return _signed_until(path, query, f"{(int(time.time()) // 3600 * 3600) + _LIFETIME_S:X}")


@lru_cache(maxsize=4096)
def _signed_until(path: str, query: str, oe: str) -> str:
    return f"https://{HOST}{path}?{query}&oh={_signature(path, query, oe)}&oe={oe}"


def _signature(path: str, query: str, oe: str) -> str:
    digest = hmac.new(_KEY, f"{path}?{query}&{oe}".encode(), "sha256").digest()
    return "00_AQ" + base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _is_signed(request: Request) -> bool:
    match = re.fullmatch(r"(.*)&oh=([\w-]+)&oe=([0-9A-F]{8})", request.query)
    if not match:
        return False
    query, oh, oe = match.groups()
    return hmac.compare_digest(_signature(request.path, query, oe), oh)
