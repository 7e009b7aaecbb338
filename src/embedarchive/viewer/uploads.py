"""A form with a file in it -> its fields, never more bytes than allowed, and a picture to look for, never many at once."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

from embedarchive.library.pictures import LARGEST_PICTURE, read_asked

LARGEST_FORM = LARGEST_PICTURE + 100_000
if TYPE_CHECKING:
    from embedarchive.library.picture_search import AskedPicture

_BOUNDARY = re.compile(r'multipart/form-data\s*;.*?boundary="?([^";,]+)', re.I)
_NAME = re.compile(rb'(?i)^content-disposition:[^\r\n]*?[; ]name="([^"\r\n]*)"', re.M)
_decoding = asyncio.Semaphore(2)


class TooLarge(Exception):
    """More bytes came than a form may have."""


async def read_form(request: Any, largest: int = LARGEST_FORM) -> dict[str, bytes]:
    """The fields of a multipart form (https://www.rfc-editor.org/rfc/rfc7578) of at most `largest` bytes.

    Raises TooLarge; nonsense is empty.
    """
    boundary = _BOUNDARY.search(request.headers.get("content-type", ""))
    body = await read_body(request, largest)
    if boundary is None:
        return {}
    fields: dict[str, bytes] = {}
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary[1].encode())[1:-1]:
        head, _, value = part.partition(b"\r\n\r\n")
        if name := _NAME.search(head.strip()):
            fields.setdefault(name[1].decode("utf-8", "replace"), value)
    return fields


async def read_body(request: Any, largest: int = LARGEST_FORM) -> bytes:
    """What was posted, whole. Raises TooLarge beyond `largest` bytes."""
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await request.receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > largest:
            raise TooLarge
        more = message.get("more_body", False)
    return b"".join(parts)


async def read_upload(body: bytes) -> AskedPicture | None:
    """A picture that someone sent, to be looked for."""
    async with _decoding:
        return await asyncio.to_thread(read_asked, body)
