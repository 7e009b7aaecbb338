"""Files by name -> a folder that holds these and no older ones; what is as it was stays untouched."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from embedarchive.core.errors import DiskFull, UsageError, is_full

MARKER = "made-by-embedarchive.txt"
NOTE = b"Made by `embedarchive export --site`. Pages, media and assets here are replaced when it is made again.\n"
OURS = ("posts", "articles", "outlets", "embeds", "media", "assets")
_PAGE = re.compile(r"(index|search|lost|outlets|all(-\d+)?)\.html(\.part)?")


class Folder:
    """A folder that an export fills. Its own pages lie beside whatever else its owner puts at its root.

    Raises UsageError for a folder that holds something else, DiskFull.
    """

    def __init__(self, root: Path) -> None:
        if root.exists() and any(root.iterdir()) and not (root / MARKER).is_file():
            raise UsageError(f"{root} holds something else, and was left as it is. Name a new or empty folder.")
        self.root = root
        self.kept: set[str] = set()
        self.written = 0

    def begin(self) -> None:
        """Say in the folder whose it is; nothing was put there before."""
        self.write(MARKER, NOTE)

    def write(self, name: str, body: bytes) -> None:
        """Put a file there, unless it is there already with these bytes."""
        path = self._take(name)
        if not (path.is_file() and path.stat().st_size == len(body) and path.read_bytes() == body):
            self._put(path, [body])

    def write_once(self, name: str, size: int, pieces: Iterable[bytes]) -> None:
        """Put a file there whose name says what its bytes are, unless one of that name and size is there."""
        path = self._take(name)
        if not (path.is_file() and path.stat().st_size == size):
            self._put(path, pieces)

    def finish(self) -> int:
        """Remove what an earlier export made and this one did not; give how many files that were."""
        gone = [path for path in self._find_ours() if path.relative_to(self.root).as_posix() not in self.kept]
        for path in gone:
            path.unlink()
        for folder in sorted({path.parent for path in gone} - {self.root}, reverse=True):
            if not any(folder.iterdir()):
                folder.rmdir()
        return len(gone)

    def _take(self, name: str) -> Path:
        self.kept.add(name)
        return self.root / name

    def _put(self, path: Path, pieces: Iterable[bytes]) -> None:
        self.written += 1
        draft = path.with_name(path.name + ".part")
        with explaining(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("wb") as file:
                file.writelines(pieces)
            draft.replace(path)

    def _find_ours(self) -> Iterator[Path]:
        for name in OURS:
            yield from (path for path in (self.root / name).rglob("*") if path.is_file() or path.is_symlink())
        yield from (path for path in self.root.iterdir() if _PAGE.fullmatch(path.name))


@contextmanager
def explaining(path: Path) -> Iterator[None]:
    """Raises DiskFull, in words, for what the system says when there is no room left."""
    try:
        yield
    except OSError as error:
        if is_full(error) or error.errno == errno.EFBIG:
            raise DiskFull(f"There is no room for {path}. Make room and run the same command again.") from error
        raise
