"""Files, one after another -> a BagIt bag in one zip file, the same bytes for the same files.

BagIt 1.0 (RFC 8493): `data/` holds what is handed over, `manifest-sha256.txt` the sha256 of each file in it, as
`sha256sum -c` reads it; `tagmanifest-sha256.txt` the same of all that lies beside `data/`. Nothing in the zip is compressed
and every time in it is one that is given, so that it depends on nothing but what is in it.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

PAYLOAD = "data/"
BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MANIFEST, TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"
LONGEST_AT_ONCE = 1_000_000
_DATE = ((0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19))  # where the numbers of an ISO time stand


class Bag:
    """A bag being written to `path`, unpacked as one folder `name`; `moment` (ISO 8601) is the time of all its files."""

    def __init__(self, path: Path, name: str, moment: str) -> None:
        self.name = name
        self.sizes: dict[str, int] = {}
        self._hashes: dict[str, str] = {}
        self._time = tuple(int(moment[a:b]) for a, b in _DATE)
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_STORED)

    def __enter__(self) -> Bag:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def add(self, name: str, pieces: bytes | Iterable[bytes]) -> str:
        """Write one file; give its sha256. A name within `data/` is what is handed over, any other is about the bag."""
        info = zipfile.ZipInfo(f"{self.name}/{name}", cast(Any, self._time))
        info.external_attr = 0o644 << 16
        digest, size = hashlib.sha256(), 0
        with self._zip.open(info, "w", force_zip64=True) as file:
            for piece in (pieces,) if isinstance(pieces, bytes) else pieces:
                file.write(piece)
                digest.update(piece)
                size += len(piece)
        self._hashes[name], self.sizes[name] = digest.hexdigest(), size
        return self._hashes[name]

    def hashes(self) -> dict[str, str]:
        """The sha256 of each file so far that is handed over."""
        return {name: sha256 for name, sha256 in self._hashes.items() if name.startswith(PAYLOAD)}

    def finish(self, about: Mapping[str, str]) -> None:
        """Write what is said of the bag (`bag-info.txt`) and the lists of its files."""
        held = {name: size for name, size in self.sizes.items() if name.startswith(PAYLOAD)}
        told = {**about, "Payload-Oxum": f"{sum(held.values())}.{len(held)}"}
        self.add("bagit.txt", BAGIT)
        self.add("bag-info.txt", "".join(f"{label}: {one_line(value)}\n" for label, value in told.items()).encode())
        self.add(MANIFEST, self._list(name for name in self._hashes if name.startswith(PAYLOAD)))
        self.add(TAG_MANIFEST, self._list(name for name in self._hashes if not name.startswith(PAYLOAD)))

    def _list(self, names: Iterable[str]) -> bytes:
        return "".join(f"{self._hashes[name]}  {name}\n" for name in sorted(names)).encode()


def one_line(text: str) -> str:
    """A text as the value of a label, which ends with its line. Pure."""
    return " ".join(text.split())


def copy_file(path: Path) -> Iterable[bytes]:
    """The bytes of a file on disk, in pieces."""
    with path.open("rb") as file:
        while piece := file.read(LONGEST_AT_ONCE):
            yield piece
