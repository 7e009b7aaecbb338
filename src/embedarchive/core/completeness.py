"""What a post consists of, and which of it captures hold: whole, or partial with what is missing and why. Pure.

Only the post's own content counts: its pictures, slides, films and sounds, and that it says anything at all. An avatar, a
poster or a preview is no part of it. What is missing is either passing (a fault of that hour: another visit may bring it)
or final (nobody is given it: rights, a stream, an attachment that this version cannot read).

Files of several captures may stand for one post only where it was the same post each time: the platform's own names of
its files, its words and the number of its files agree. An edit in between keeps them apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from embedarchive.core.model import Description, Media, Origin
from embedarchive.core.urls import split_anything

What = Literal["picture", "film", "recording", "file"]
"""What a file of a post is; `file` where that is not known, or where there are several kinds."""

FINAL = frozenset({
    "copyright_blocked", "only_streamed", "not_served", "withheld", "unknown_attachment", "too_many", "too_large",
    "not_read", "withdrawn", "not_recorded",
})  # fmt: skip
"""Reasons that no further visit changes. Every other one (`timeout`, `http_403` of a signed address …) may pass."""

NO_FILM = "no_film"
_CHOSEN = re.compile(rf"{NO_FILM}|over_\d+_bytes")
"""What whoever ran it did not want: nothing is due for it until a run does."""


def over_bytes(most: int) -> str:
    """The reason for a file that is larger than a run wanted."""
    return f"over_{most}_bytes"


_LINE = re.compile(r"(\w+)(?: (\d+))?: (\w+)")
"""How a capture writes down what it could not keep: `media 2: timeout`; more may follow the reason."""


def is_chosen(why: str) -> bool:
    """Whether a file is missing because the run was not to keep it; one that is may have it."""
    return _CHOSEN.fullmatch(why) is not None


@dataclass(frozen=True, slots=True)
class Lack:
    """One file of a post that is not held. `position` counts from 1; 0 is the post as such. `why` is a short code."""

    position: int
    why: str

    @property
    def passing(self) -> bool:
        """Whether another visit may still bring it."""
        return self.why.partition(":")[0] not in FINAL and not is_chosen(self.why)


@dataclass(frozen=True, slots=True)
class Content:
    """What one capture saw of a post and kept of it.

    `held` are the positions of its files that are kept whole, by capture order; `names` what the platform calls each file
    of the post (the last part of its address, without what is signed); `words` the text, or the title where there is none.
    """

    capture_id: int
    seen_at: str
    names: tuple[str, ...]
    words: str
    held: frozenset[int]
    lacking: tuple[Lack, ...]
    in_article: bool = False
    """Photographed in an article: what a visit to the post itself shows is the better view of it."""
    uid: str = ""
    origin: Origin = "visit"
    posters: int = 0
    """How many of its films' stills are kept: what is shown of a film that is not."""

    @property
    def age(self) -> tuple[bool, str, str, int]:
        """What puts captures in order, in every archive alike: those of the post itself last, the newest last."""
        return not self.in_article, self.seen_at, self.uid, self.capture_id

    def is_same_post(self, other: Content) -> bool:
        """Whether two captures saw the same, so that a file of one is a file of the other."""
        return bool(self.names) and all(self.names) and self.names == other.names and self.words == other.words


@dataclass(frozen=True, slots=True)
class Holding:
    """What an archive holds of one post: its best capture, and the files that others lend to it.

    `joined` maps a file's position to the capture that holds it, for those that the best one lacks.
    """

    best_capture_id: int
    expected: int
    held: int
    lacking: tuple[Lack, ...]
    joined: Mapping[int, int]

    @property
    def kept(self) -> str:
        """`whole` or `partial`."""
        if self.lacking:
            return "partial"
        return "whole"

    @property
    def passing(self) -> bool:
        """Whether something is missing that another visit may bring."""
        return any(lack.passing for lack in self.lacking)


def read_content(
    capture_id: int,
    seen_at: str,
    said: Description,
    kept: Iterable[int],
    missing: Iterable[str],
    *,
    in_article: bool = False,
    uid: str = "",
    origin: Origin = "visit",
    posters: int = 0,
) -> Content:
    """What a capture holds of its post.

    `kept` are the positions of the media files that it holds whole, `missing` its lines about those it does not; `posters`
    is how many stills of films it holds.
    """
    files = sorted((m for m in said.media if m.role == "media"), key=lambda m: m.position)
    whys = read_reasons(missing)
    held = frozenset(kept) & {m.position for m in files}
    lacking = [
        Lack(m.position, m.missing or whys.get(m.position, "not_asked")) for m in files if m.position not in held
    ]
    words = said.text or said.title or ""
    if not files and not words:
        lacking.append(Lack(0, "not_read"))
    names = tuple(map(name_file, files))
    return Content(capture_id, seen_at, names, words, held, tuple(lacking), in_article, uid, origin, posters)


def read_reasons(missing: Iterable[str]) -> dict[int, str]:
    """Position -> short code of each line about a media file: `media 2: timeout`."""
    found = (_LINE.match(line) for line in missing)
    return {int(m[2] or 0): m[3] for m in found if m and m[1] == "media"}


_FILM = re.compile(r"\.(mp4|m4v|mov|webm|m3u8|mpd)$", re.I)
_RECORDING = re.compile(r"\.(mp3|m4a|aac|ogg|opus|wav|flac)$", re.I)
_PICTURE = re.compile(r"\.(jpe?g|png|gif|webp|avif|heic)$", re.I)
_NAMED: tuple[tuple[What, re.Pattern[str]], ...] = (("film", _FILM), ("recording", _RECORDING), ("picture", _PICTURE))
_KINDS: dict[str, What] = {
    "video": "film",
    "reel": "film",
    "audio": "recording",
    "track": "recording",
    "photo": "picture",
}


def tell_what(media: Media, said: Description) -> What:
    """What a file of a post is (picture, film, recording), from its name, its still, or what kind of post it is of.

    `file` where none of these says it.
    """
    name = name_file(media)
    for what, pattern in _NAMED:
        if pattern.search(name):
            return what
    if said.kind is None and media.duration_s is None:
        return "file"  # a page of a post whose frame is refused shows a still of it, be it of a film or of a picture
    by_kind = _KINDS.get(said.kind or "", "file")
    if media.duration_s is None and not any(m.role == "poster" and m.position == media.position for m in said.media):
        return by_kind
    if by_kind == "recording":
        return "recording"
    return "film"


def name_file(media: Media) -> str:
    """What the platform calls a file: the last part of its address, without query and size; '' where it has none."""
    return split_anything(media.url).path.rstrip("/").rpartition("/")[2]


ORIGINS: tuple[Origin, ...] = ("visit", "import", "memento")
"""Whose observation is shown first: what we saw ourselves, what a file holds that we were given, what an archive gave."""


def hold_best(seen: Sequence[Content]) -> Holding | None:
    """The best view of a post that these captures give: the newest whole one, else the one that holds most (`find_fullest`).

    None where there is none. What the best one lacks is lent by others that saw the same post. What others saw is never
    mixed with what we saw, and shown only where we saw nothing (`ORIGINS`).
    """
    contents = next((same for origin in ORIGINS if (same := [each for each in seen if each.origin == origin])), [])
    if not contents:
        return None
    whole = [each for each in contents if not each.lacking]
    if whole:
        best = max(whole, key=lambda each: each.age)
    else:
        best = find_fullest(contents)
    joined: dict[int, int] = {}
    for other in sorted(contents, key=lambda each: each.age, reverse=True):
        if other.is_same_post(best):
            for position in other.held - best.held - joined.keys():
                joined[position] = other.capture_id
    lacking = tuple(lack for lack in best.lacking if lack.position not in joined)
    held = len(best.held) + len(joined)
    return Holding(best.capture_id, len(best.names), held, lacking, joined)


def find_fullest(contents: Sequence[Content]) -> Content:
    """Of captures none of which is whole, the one that holds most files, the newest of equals.

    Where another holds as many and shows the same words, and has more of the stills that stand for the films, that one.
    """
    newest = max(contents, key=lambda each: (len(each.held), each.age))
    shown = (newest.in_article, newest.names, newest.words, len(newest.held))
    alike = [each for each in contents if (each.in_article, each.names, each.words, len(each.held)) == shown]
    return max(alike, key=lambda each: (each.posters, each.age))
