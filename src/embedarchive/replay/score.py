"""A capture and what its replay showed -> how much of the one is in the other.

The distance of two pictures is the share of a grid of fields that do not have the same colour. A difference hash was
measured beside it on replays with parts left out: it keeps only the direction of each step, so a card without style or
pictures was 0.15 to 0.35 away, where a reader sees, and the grid says, 0.3 to 0.8.
"""

from __future__ import annotations

import io
import math
import re
import unicodedata
from dataclasses import dataclass

from PIL import Image, ImageChops
from selectolax.lexbor import LexborHTMLParser

from embedarchive.browser.pictures import sniff
from embedarchive.core.model import Replay
from embedarchive.replay.kept import Replayable
from embedarchive.replay.stage import Shown

CAME = "card"  # how a visit calls it that the post is there
FIELDS = 32
EIGHTH = 8
TOLERANCE = 12
"""Of 255, in any colour of a field's mean: what image compression may do to it."""
LONGEST_NOTE = 500
_WORD = re.compile(r"\w+")


def score_replay(capture: Replayable, shown: Shown, now: str) -> Replay:
    """Compare a replay with its capture; 1.0 is the same picture, every word and every file.

    The score is the product of three shares, so that whatever is lost shows in it; what a capture has none of counts
    as all there. Where the post did not appear it is 0, whatever else is on the page.
    """
    distance = measure_distance(capture.screenshot, shown.screenshot)
    text = share_words(capture.text, capture.dom, shown.text)
    lost = [f"{role} {position}" for (role, position), body in capture.media.items() if not is_whole(body)]
    expected = len(capture.media) + shown.pictures
    found = expected - len(lost) - (shown.pictures - shown.whole)
    likeness = 1 - (distance or 0)
    words = 1 if text is None else text
    files = found / expected if expected else 1
    score = likeness * words * files
    came = shown.settled == CAME
    return Replay(round(score * came, 4), distance, text, found, expected, write_note(shown, lost, score < 1), now)


def fail_replay(now: str) -> Replay:
    """What is said of a capture that cannot be shown again, because no page of it is kept."""
    return Replay(0.0, None, None, 0, 0, "not replayable: no page is kept of it", now)


def write_note(shown: Shown, lost: list[str], worse: bool) -> str | None:
    """Say in words what went wrong, the gravest first; None when nothing did.

    A request without an answer is no fault by itself: pages also ask for what nobody sees.
    """
    said = []
    if shown.settled != CAME:
        said.append(f"the post did not appear ({shown.settled or 'no page'})")
    if lost:
        said.append(f"not held whole: {', '.join(lost)}")
    broken = shown.pictures - shown.whole
    if broken:
        said.append(f"{broken} of {shown.pictures} pictures not drawn")
    if shown.unanswered and (said or worse):
        said.append(f"{len(shown.unanswered)} requests without an answer: {shown.unanswered[0]}")
    return "; ".join(said)[:LONGEST_NOTE] or None


def measure_distance(before: bytes | None, after: bytes | None) -> float | None:
    """The share of two pictures that looks different, 0.0 to 1.0; None without a picture to compare with."""
    if before is None:
        return None
    one, other = open_picture(before), open_picture(after)
    if one is None:
        return None
    if other is None:
        return 1.0
    size = (max(one.width, other.width), max(one.height, other.height))
    difference = ImageChops.difference(reduce(one, size), reduce(other, size)).tobytes()
    fields = (max(difference[at : at + 3]) > TOLERANCE for at in range(0, len(difference), 3))
    return round(sum(fields) / FIELDS**2, 4)


@dataclass(frozen=True, slots=True)
class SmallPicture:
    """A picture of `width` by `height` pixels; `image` has one for `EIGHTH` by `EIGHTH` of them."""

    width: int
    height: int
    image: Image.Image


def reduce(picture: SmallPicture, size: tuple[int, int]) -> Image.Image:
    """A grid of mean colours, of the picture laid onto white of that size: a card of another height differs too."""
    width, height = size[0] / EIGHTH, size[1] / EIGHTH
    sheet = Image.new("RGB", (math.ceil(width), math.ceil(height)), "white")
    sheet.paste(picture.image)
    return sheet.resize((FIELDS, FIELDS), Image.Resampling.BOX, box=(0, 0, width, height))


def open_picture(body: bytes | None) -> SmallPicture | None:
    """The picture the bytes hold, decoded to its end; None if they hold none or not the whole.

    A JPEG is decoded at an eighth: it is read to its end all the same, and what that gives are the means of its blocks
    (17 ms for the two pictures of a replay, then 4). Any other picture is reduced to the same blocks.
    """
    try:
        with Image.open(io.BytesIO(body or b"")) as picture:
            width, height = picture.size
            picture.draft("RGB", (1, 1))
            drafted = max(1, round(width / picture.width))
            return SmallPicture(width, height, picture.convert("RGB").reduce(EIGHTH // drafted))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def is_whole(body: bytes | None) -> bool:
    """Whether a file is held, and decodes if it is a picture (a video would need a decoder of its own)."""
    if not body:
        return False
    is_picture = (sniff(body) or "").startswith("image/")
    return not is_picture or open_picture(body) is not None


def share_words(text: str, dom: str, shown: str) -> float | None:
    """The share of the post's words on show, of those the captured page showed; None if it showed none of them."""
    expected = find_words(text)
    if dom:
        expected &= find_words(read_visible(dom))
    if expected:
        return round(len(expected & find_words(shown)) / len(expected), 4)
    return None


def find_words(text: str) -> set[str]:
    return set(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def read_visible(html: str) -> str:
    """The text of a page as far as markup tells; scripts carry the post's text too, and prove nothing."""
    tree = LexborHTMLParser(html)
    tree.strip_tags(["script", "style", "template", "noscript", "head"])
    if tree.body:
        return tree.body.text(separator=" ")
    return ""
