"""Misskey and its kin (Sharkey, Firefish, CherryPick): notes of any instance, so the host is in the key. Pure.

As its source has it (github.com/misskey-dev/misskey): `packages/backend/src/misc/id/aid.ts` and `aidx.ts` for the ids,
`packages/frontend/src/utility/get-embed-code.ts` for the embed code. Found, and not visited.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult

from embedarchive.platforms.kit.ids import date_ms, match_path
from embedarchive.platforms.kit.specification import Assumption, Example, MarkupExample, Platform, Selector

_NOTE = r"/(?:embed/)?notes/([0-9a-z]{16}|[0-9a-z]{10})"
_PATH = re.compile(rf"^{_NOTE}/?$")
_EPOCH_MS = 946_684_800_000
"""2000-01-01, from which ids count."""
_FIRST_MS, _LAST_MS = 1_388_534_400_000, 2_051_222_400_000  # 2014 … 2035: outside it a word is no id


def identify(url: SplitResult) -> str | None:
    """`host/id`: an id means something on its own instance only."""
    found = match_path(_PATH, url)
    if found is None or not _FIRST_MS < read_ms(found) < _LAST_MS:
        return None
    return f"{(url.hostname or '').lower()}/{found}"


def read_ms(note: str) -> int:
    """The first eight letters of an id are milliseconds in base 36."""
    return int(note[:8], 36) + _EPOCH_MS


def canonical(native_id: str) -> str:
    """The note's page."""
    host, _, note = native_id.rpartition("/")
    return f"https://{host}/notes/{note}"


def date(native_id: str) -> str | None:
    """When the instance got the note."""
    return date_ms(read_ms(native_id.rpartition("/")[2]))


def is_frame(url: SplitResult) -> bool:
    """`/embed/notes/ID`; the host says nothing here, so the path must be whole."""
    return url.path.startswith("/embed/notes/") and identify(url) is not None


SELECTORS = (Selector("iframe", "iframe[data-misskey-embed-id]", url=("@src",)),)

EXAMPLES = (
    Example(
        "https://heath.example/notes/9qppkxzyd1ee3i9x",
        "heath.example/9qppkxzyd1ee3i9x",
        "https://heath.example/notes/9qppkxzyd1ee3i9x",
        "2024-03-10T23:27:19",
    ),
    Example(
        "https://heath.example/embed/notes/9qppkxzyd1?maxHeight=700",
        "heath.example/9qppkxzyd1",
        "https://heath.example/notes/9qppkxzyd1",
        "2024-03-10T23:27:19",
        frame=True,
    ),
)

MARKUP = (
    MarkupExample(
        '<iframe src="https://heath.example/embed/notes/9qppkxzyd1ee3i9x" data-misskey-embed-id="v1_0d3c" loading="lazy" '
        'referrerpolicy="strict-origin-when-cross-origin" style="border: none; width: 100%; max-width: 500px; height: 300px; '
        'color-scheme: light dark;"></iframe><script defer src="https://heath.example/embed.js"></script>',
        ("heath.example/9qppkxzyd1ee3i9x",),
        "iframe",
    ),
)

ASSUMPTIONS = (
    Assumption(
        "Notes stand at `/notes/ID`, their frames (since 2024.9) at `/embed/notes/ID`; ids begin with milliseconds since 2000",
        "reported",
        source="its source code",
        check="open one",
    ),
)

PLATFORM = Platform(
    name="misskey",
    title="Misskey",
    hosts=("*",),
    path_pattern=_NOTE,
    identify=identify,
    canonical=canonical,
    date=date,
    is_frame=is_frame,
    distinctive=False,
    selectors=SELECTORS,
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=("https://heath.example/notes/kestrels", "https://heath.example/notes/zzzzzzzzzz"),
    assumptions=ASSUMPTIONS,
    archived=(
        "https://{host}/notes/{name}",
        "https://{host}/embed/notes/{name}",
    ),
)
