"""Places of pages in web archives -> the pages, read again from their file, if they still are those that were found there."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterator, Mapping
from contextlib import ExitStack
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import IO, TypeVar
from zipfile import ZipFile

from embedarchive.core.errors import SourceError
from embedarchive.core.model import PagePlace
from embedarchive.sources.iterating import locate_file
from embedarchive.sources.records import DAMAGE, MAX_BYTES, find_url
from embedarchive.sources.warcs import PAGES, read_located, read_record

Key = TypeVar("Key", bound=Hashable)


def read_again(place: PagePlace) -> bytes:
    """The page that stands there, decoded. Where it is not at its place any more it is looked for in the whole file.

    Raises SourceError where the file is not there or cannot be read, and where it holds no page of that digest.
    """
    for _, body in read_all_again(Path(place.file), {0: place}):
        return body
    raise SourceError(
        f"The page is kept by reference, and {place.file} does not hold it any more: no page in it has the digest "
        f"sha256:{place.sha256}. The file was changed or replaced; put back the one that was crawled."
    )


def read_all_again(path: Path, places: Mapping[Key, PagePlace]) -> Iterator[tuple[Key, bytes]]:
    """Give the pages that stand in one file, each under its key, in no order; none for one that it does not hold any more.

    Each is read at its place. If some are not there, the whole file is read once more for all of them. Raises SourceError
    where the file is not there or cannot be read.
    """
    members = sorted(places.items(), key=lambda pair: (pair[1].member, pair[1].offset or 0))
    try:
        if path.exists() and not path.is_file():
            raise SourceError(f"The page is kept by reference, and {path} is no file.")
        with path.open("rb") as file:
            for member, some in groupby(members, key=lambda pair: pair[1].member):
                with ExitStack() as stack:
                    yield from _read_member(path, _open_member(file, member, stack), dict(some))
    except FileNotFoundError as error:
        raise SourceError(
            f"The page is kept by reference, and its web archive is not there: {path}. Put the file back in its place, or "
            "crawl it again from where it is now."
        ) from error
    except (*DAMAGE, KeyError) as error:
        raise SourceError(
            f"The page is kept by reference, and its web archive cannot be read: {path} ({type(error).__name__}: {error})."
        ) from error


def _read_member(path: Path, file: IO[bytes], places: Mapping[Key, PagePlace]) -> Iterator[tuple[Key, bytes]]:
    """The pages of one file, or of one member of it: first at their places, then wherever they are."""
    missing = dict[tuple[str, int], list[Key]]()
    for key, place in places.items():
        body = _read_at(file, place)
        if body is not None and _name_page(body) == (place.sha256, place.size):
            yield key, body
        else:
            missing.setdefault((place.sha256, place.size), []).append(key)
    if not missing:
        return
    file.seek(0)
    for found in locate_file(file):
        url = find_url(found.record)
        if url and found.record.rec_type in PAGES:
            body = read_located(found, url, str(path), path).body
            for key in missing.pop(_name_page(body), ()):
                yield key, body
            if not missing:
                return


def _read_at(file: IO[bytes], place: PagePlace) -> bytes | None:
    """The page at that place, whatever it is; None where there is none."""
    if place.offset is None or place.length is None or place.length > MAX_BYTES:
        return None
    file.seek(place.offset)
    fetch = read_record(BytesIO(file.read(place.length)), place.file)
    if fetch is None:
        return None
    return fetch.body


def _name_page(body: bytes) -> tuple[str, int]:
    return hashlib.sha256(body).hexdigest(), len(body)


def _open_member(file: IO[bytes], member: str, stack: ExitStack) -> IO[bytes]:
    """A file in a WACZ, or in one that is in it, by its names with `!` between; the file itself without a name."""
    for name in filter(None, member.split("!")):
        file = stack.enter_context(stack.enter_context(ZipFile(file)).open(name))
    return file
