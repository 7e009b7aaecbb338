"""Parts, one after another -> a WACZ package: a zip file that lists each of its parts with size and hash."""

from __future__ import annotations

import contextlib
import hashlib
import json
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast

from embedarchive.core.version import __version__

SOFTWARE = f"embedarchive {__version__}"
Sign = Callable[[str, str], Mapping[str, str]]
"""A digest `sha256:…` and the time of the package -> the signature that goes beside it (`signing.sign_digest`)."""

_DATE = ((0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19))  # where the numbers of an ISO time stand


@dataclass
class Part:
    """A file being written into the package: counts and hashes what passes."""

    file: IO[bytes]
    size: int = 0
    sha256: Any = field(default_factory=hashlib.sha256)

    def write(self, data: bytes) -> None:
        self.file.write(data)
        self.sha256.update(data)
        self.size += len(data)


class Package:
    """The zip file: everything is stored, not deflated, so that players can read it piece by piece from afar."""

    def __init__(self, path: Path, now: str) -> None:
        self.now = now
        self.resources: list[dict[str, Any]] = []
        # The time in UTC, as Info-ZIP writes it. It must be there: a part's size is not known when it is begun, so a
        # field of 64-bit sizes stands before it, which replayweb.page overlooks unless the directory has a field too.
        moment = int(datetime.fromisoformat(now).timestamp())
        self._time = struct.pack("<HHBL", 0x5455, 5, 1, moment)
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True)

    def __enter__(self) -> Package:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    @contextlib.contextmanager
    def part(self, path: str) -> Iterator[Part]:
        """Write one file of the package, which will be listed with its size and hash."""
        info = zipfile.ZipInfo(path, cast(Any, tuple(int(self.now[a:b]) for a, b in _DATE)))
        info.external_attr = 0o644 << 16
        info.extra = self._time
        with self._zip.open(info, "w", force_zip64=True) as file:
            part = Part(file)
            yield part
        name, digest = path.rpartition("/")[2].lower(), f"sha256:{part.sha256.hexdigest()}"
        self.resources.append({"name": name, "path": path, "hash": digest, "bytes": part.size})

    def finish(self, description: str, sign: Sign | None = None) -> None:
        """Write the list of all parts, and the hash of that list, signed where there is somebody to sign."""
        created = f"{self.now[:19]}Z"
        package = {
            "profile": "data-package", "wacz_version": "1.1.1", "software": SOFTWARE, "title": "Embedded posts",
            "description": description, "created": created, "resources": list(self.resources),
        }  # fmt: skip
        body = json.dumps(package, indent=1).encode()
        hashed = f"sha256:{hashlib.sha256(body).hexdigest()}"
        digest: dict[str, Any] = {"path": "datapackage.json", "hash": hashed}
        if sign:
            digest["signedData"] = dict(sign(hashed, created))
        for name, content in (("datapackage.json", body), ("datapackage-digest.json", json.dumps(digest).encode())):
            with self.part(name) as part:
                part.write(content)
