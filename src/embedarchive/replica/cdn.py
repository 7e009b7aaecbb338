"""Pictures and videos of the replica's smaller platforms: an address into the file, by the post's facts."""

from __future__ import annotations

from collections.abc import Iterable

from embedarchive.replica.assets import read
from embedarchive.replica.facts import Person, PostFact
from embedarchive.replica.pictures import photo
from embedarchive.replica.wire import Reply, Request, html
from embedarchive.replica.world import World

_HEADERS = (("Access-Control-Allow-Origin", "*"), ("Cross-Origin-Resource-Policy", "cross-origin"))


def picture_url(host: str, post: PostFact, index: int, query: str = "") -> str:
    """Give the address of a slide's picture (of a video: its poster)."""
    return f"https://{host}/{post.name}/{index}.jpg{query}"


def video_url(host: str, post: PostFact, index: int, query: str = "") -> str:
    """Give the address of a slide's video file."""
    return f"https://{host}/{post.name}/{index}.mp4{query}"


def words_url(host: str, post: PostFact, index: int) -> str:
    """Give the address of the subtitles of a slide's video."""
    return f"https://{host}/{post.name}/{index}.vtt"


def avatar_url(host: str, person: Person) -> str:
    """Give the address of an account's picture."""
    return f"https://{host}/face/{person.picture[7:]}.jpg"


def answer_media(request: Request, world: World, posts: Iterable[PostFact]) -> Reply | None:
    """Serve what the addresses above name; a post that is gone takes its files along."""
    folder, _, file = request.path.strip("/").partition("/")
    stem, _, kind = file.partition(".")
    posts = tuple(posts)
    if folder == "face":
        known = {post.author.picture for post in posts}
        if f"avatar:{stem}" in known:
            return _jpeg(f"avatar:{stem}", 96, 96)
        return None
    post = next((post for post in posts if post.name == folder), None)
    if post is None or not stem.isdecimal() or int(stem) >= len(post.slides):
        return None
    if world.state(post).startswith("gone"):
        return html("Gone", 404)
    slide = post.slides[int(stem)]
    if kind == "mp4":
        return Reply(200, (("Content-Type", "video/mp4"), ("Accept-Ranges", "bytes"), *_HEADERS), read("clip.mp4"))
    if kind == "vtt":
        return Reply(200, (("Content-Type", "text/vtt"), *_HEADERS), make_words(post))
    return _jpeg(slide.picture, slide.width, slide.height)


def make_words(post: PostFact) -> bytes:
    """Give the subtitles of a post's video: its caption, for as long as the replica's film lasts."""
    return f"WEBVTT\n\n00:00.000 --> 00:02.000\n{post.caption}\n".encode()


def _jpeg(recipe: str, width: int, height: int) -> Reply:
    return Reply(200, (("Content-Type", "image/jpeg"), *_HEADERS), lambda: photo(recipe, width, height))
