"""The place of a page in a web archive -> the page, read again from that file, if it still is the page that was found there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import IO
from zipfile import ZipFile

from embedarchive.core.errors import SourceError
from embedarchive.core.model import PagePlace
from embedarchive.sources.iterating import locate_file
from embedarchive.sources.records import DAMAGE, MAX_BYTES, find_url
from embedarchive.sources.warcs import PAGES, read_located, read_record


def read_again(place: PagePlace) -> bytes:
    """The page that stands there, decoded. Where it is not at its place any more it is looked for in the whole file.

    Raises SourceError where the file is not there or cannot be read, and where it holds no page of that digest.
    """
    path = Path(place.file)
    try:
        with path.open("rb") as file, ExitStack() as stack:
            for body in _read_candidates(_open_member(file, place.member, stack), place):
                if len(body) == place.size and hashlib.sha256(body).hexdigest() == place.sha256:
                    return body
    except FileNotFoundError as error:
        raise SourceError(
            f"The page is kept by reference, and its web archive is not there: {path}. Put the file back in its place, or "
            "crawl it again from where it is now."
        ) from error
    except (*DAMAGE, KeyError) as error:
        raise SourceError(
            f"The page is kept by reference, and its web archive cannot be read: {path} ({type(error).__name__}: {error})."
        ) from error
    raise SourceError(
        f"The page is kept by reference, and {path} does not hold it any more: no page in it has the digest "
        f"sha256:{place.sha256}. The file was changed or replaced; put back the one that was crawled."
    )


def _read_candidates(file: IO[bytes], place: PagePlace) -> Iterator[bytes]:
    """The page at that place, then every page of the file."""
    if place.offset is not None and place.length is not None and place.length <= MAX_BYTES:
        file.seek(place.offset)
        fetch = read_record(BytesIO(file.read(place.length)), place.file)
        if fetch:
            yield fetch.body
        file.seek(0)
    for found in locate_file(file):
        url = find_url(found.record)
        if url and found.record.rec_type in PAGES:
            yield read_located(found, url, place.file, Path(place.file)).body


def _open_member(file: IO[bytes], member: str, stack: ExitStack) -> IO[bytes]:
    """A file in a WACZ, or in one that is in it, by its names with `!` between; the file itself without a name."""
    for name in filter(None, member.split("!")):
        file = stack.enter_context(stack.enter_context(ZipFile(file)).open(name))
    return file
