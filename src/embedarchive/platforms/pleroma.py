"""Pleroma and Akkoma: notes of any instance by their flake ids or the UUIDs of their objects, so the host is in the key. Pure.

As their source has it (git.pleroma.social/pleroma/pleroma): `router.ex` for the paths, `FlakeId` for the ids,
`embed_controller.ex` and the frontend's embed code for the frame. Found, and not visited.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult

from embedarchive.platforms.kit.ids import date_ms, match_path, read_digits
from embedarchive.platforms.kit.specification import Assumption, Example, MarkupExample, Platform, Selector

_FLAKE = r"[9AB][0-9A-Za-z]{17}"
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_NOTE = rf"/(?:notice|embed|@[\w.\-]{{1,64}}(?:@[\w.\-]{{3,100}})?)/({_FLAKE})"
_OBJECT = rf"/(objects/{_UUID})"
_PATH = re.compile(rf"^(?:{_NOTE}|{_OBJECT})/?$")
_HANDLE = re.compile(rf"^/@([\w.\-]{{1,64}}(?:@[\w.\-]{{3,100}})?)/{_FLAKE}")
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FIRST_MS, _LAST_MS = 1_451_606_400_000, 2_051_222_400_000  # 2016 … 2035: outside it an id is no flake


def identify(url: SplitResult) -> str | None:
    """`host/flake`, or `host/objects/UUID`: both mean something on their own instance only."""
    found = match_path(_PATH, url)
    if found is None or not ("/" in found or _FIRST_MS < read_ms(found) < _LAST_MS):
        return None
    return f"{(url.hostname or '').lower()}/{found}"


def read_ms(flake: str) -> int:
    """The upper half of a flake id, which is written in base 62."""
    return read_digits(flake, _DIGITS) >> 64


def canonical(native_id: str) -> str:
    """The address of the note, which needs no author; an object's is its own."""
    host, _, name = native_id.partition("/")
    return f"https://{host}/{name if '/' in name else f'notice/{name}'}"


def date(native_id: str) -> str | None:
    """A flake's upper half is milliseconds; a UUID tells none."""
    name = native_id.partition("/")[2]
    if "/" in name:
        return None
    return date_ms(read_ms(name))


def handle(url: SplitResult) -> str | None:
    """The author's handle, where the address carries it."""
    return match_path(_HANDLE, url)


SELECTORS = (Selector("iframe", "iframe.pleroma-embed, iframe.akkoma-embed", url=("@src", "@data-src")),)

EXAMPLES = (
    Example(
        "https://heath.example/notice/AcoUaA7EH1igiYKmFX",
        "heath.example/AcoUaA7EH1igiYKmFX",
        "https://heath.example/notice/AcoUaA7EH1igiYKmFX",
        "2023-12-14T22:00:52",
    ),
    Example(
        "https://heath.example/@kestrel/AcoUaA7EH1igiYKmFX",
        "heath.example/AcoUaA7EH1igiYKmFX",
        "https://heath.example/notice/AcoUaA7EH1igiYKmFX",
        "2023-12-14T22:00:52",
        handle="kestrel",
    ),
    Example(
        "https://heath.example/objects/ac523779-93d3-4315-ab8e-25b166574011",
        "heath.example/objects/ac523779-93d3-4315-ab8e-25b166574011",
        "https://heath.example/objects/ac523779-93d3-4315-ab8e-25b166574011",
    ),
)

MARKUP = (
    MarkupExample(
        '<iframe src="https://heath.example/embed/AcoUaA7EH1igiYKmFX" class="pleroma-embed" width="400" '
        'style="max-width: 100%; border: 0" allowfullscreen="allowfullscreen"></iframe>'
        '<script src="https://heath.example/embed.js" async="async"></script>'
        '<iframe class="akkoma-embed" data-src="https://heath.example/embed/AcoUaA7EH1igiYKmFX"></iframe>',
        ("heath.example/AcoUaA7EH1igiYKmFX",) * 2,
        "iframe",
    ),
)

ASSUMPTIONS = (
    Assumption(
        "Notes stand at `/notice/FLAKE` and `/@USER/FLAKE`, their objects at `/objects/UUID`, frames at `/embed/FLAKE`",
        "reported",
        source="its source code",
        check="open one",
    ),
)

PLATFORM = Platform(
    name="pleroma",
    title="Pleroma",
    hosts=("*",),
    path_pattern=rf"(?:{_NOTE}|{_OBJECT})",
    identify=identify,
    canonical=canonical,
    date=date,
    handle=handle,
    distinctive=False,
    services=("akkoma",),
    selectors=SELECTORS,
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=("https://heath.example/notice/kestrels-are-back", "https://heath.example/@kestrel/about"),
    not_embeds=('<iframe src="https://player.example/embed/AcoUaA7EH1igiYKmFX"></iframe>',),
    assumptions=ASSUMPTIONS,
)
