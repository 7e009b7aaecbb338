"""Pictures and videos of the replica's smaller platforms: an address into the file, by the post's facts."""

from __future__ import annotations

from collections.abc import Iterable

from embedarchive.replica.assets import read
from embedarchive.replica.facts import Person, PostFact
from embedarchive.replica.pictures import photo, resized
from embedarchive.replica.wire import Reply, Request, html
from embedarchive.replica.world import World

_HEADERS = (("Access-Control-Allow-Origin", "*"), ("Cross-Origin-Resource-Policy", "cross-origin"))


def picture_url(host: str, post: PostFact, index: int, query: str = "") -> str:
    """Give the address of a slide's picture (of a video: its poster)."""
    return f"https://{host}/{post.name}/{index}.jpg{query}"


def video_url(host: str, post: PostFact, index: int, query: str = "") -> str:
    """Give the address of a slide's video file."""
    return f"https://{host}/{post.name}/{index}.mp4{query}"


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
        return _jpeg(f"avatar:{stem}", 96, 96) if f"avatar:{stem}" in known else None
    post = next((post for post in posts if post.name == folder), None)
    if post is None or not stem.isdecimal() or int(stem) >= len(post.slides):
        return None
    if world.state(post).startswith("gone"):
        return html("Gone", 404)
    slide = post.slides[int(stem)]
    if kind == "mp4":
        return Reply(200, (("Content-Type", "video/mp4"), ("Accept-Ranges", "bytes"), *_HEADERS), read("clip.mp4"))
    return _jpeg(slide.picture, slide.width, slide.height)


def _jpeg(recipe: str, width: int, height: int) -> Reply:
    """A smaller size is cut from the picture that the replica paints anyway, so that nothing is painted twice."""
    kind = (("Content-Type", "image/jpeg"), *_HEADERS)
    if width * height < 1080 * 1350 and not recipe.startswith("avatar:"):
        full = (1920, 1080) if width > height else (1080, 1920) if height > 1.5 * width else (1080, 1350)
        return Reply(200, kind, lambda: resized(recipe, *full, (width, height)))
    return Reply(200, kind, lambda: photo(recipe, width, height))
